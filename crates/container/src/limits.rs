//! Limits on an environment. How they are enforced is the cgroups' and the scratch space's affair.

/// What an environment may use. `None`: what the host has.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// Memory of all processes together, with what they write to memory file systems.
    pub memory_bytes: Option<u64>,
    /// Thousandths of a core.
    pub cpu_millis: Option<u32>,
    /// Processes and threads at a time.
    pub processes: Option<u32>,
    /// Bytes written to the file system.
    pub disk_bytes: Option<u64>,
}
