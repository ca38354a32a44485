//! Limits on an environment, in cgroups v2 or v1, degrading one by one.

/// What an environment may use. `None`: what the host has.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    pub memory_bytes: Option<u64>,
    /// Thousandths of a core.
    pub cpu_millis: Option<u32>,
    pub processes: Option<u32>,
    /// Bytes written to the file system.
    pub disk_bytes: Option<u64>,
}
