//! Limits on an environment. Their enforcement is in `cgroup` and `scratch`.

/// The resources that an environment may use. `None`: all that the host has.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// Memory of all processes together, with what they write to memory file systems.
    pub memory_bytes: Option<u64>,
    /// CPU time, in thousandths of a core.
    pub cpu_millis: Option<u32>,
    /// Processes and threads at once.
    pub processes: Option<u32>,
    /// Space that its writes may occupy, in bytes.
    pub disk_bytes: Option<u64>,
}
