//! The kinds of limits, and the files that set them in either version of cgroups.

use std::path::PathBuf;

use crate::{limitation::LimitationKind, limits::Limits};

/// PID 1 counts too.
const OWN_PROCESSES: u32 = 1;
const CPU_PERIOD_US: u64 = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

/// A kind of limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Controller {
    Memory,
    Cpu,
    Pids,
}

impl Controller {
    pub(super) const ALL: [Self; 3] = [Self::Memory, Self::Cpu, Self::Pids];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cpu => "cpu",
            Self::Pids => "pids",
        }
    }

    /// What environments lack without it.
    pub(super) fn limitation(self) -> LimitationKind {
        match self {
            Self::Memory => LimitationKind::MemoryLimit,
            Self::Cpu => LimitationKind::CpuLimit,
            Self::Pids => LimitationKind::ProcessLimit,
        }
    }

    /// The file and the text that set the limit.
    pub(super) fn setting(
        self,
        version: Version,
        limits: &Limits,
    ) -> Option<(&'static str, String)> {
        Some(match (self, version) {
            (Self::Memory, Version::One) => {
                ("memory.limit_in_bytes", limits.memory_bytes?.to_string())
            }
            (Self::Memory, Version::Two) => ("memory.max", limits.memory_bytes?.to_string()),
            (Self::Cpu, Version::One) => ("cpu.cfs_quota_us", quota(limits.cpu_millis?)),
            (Self::Cpu, Version::Two) => {
                ("cpu.max", format!("{} {CPU_PERIOD_US}", quota(limits.cpu_millis?)))
            }
            (Self::Pids, _) => {
                ("pids.max", limits.processes?.saturating_add(OWN_PROCESSES).to_string())
            }
        })
    }

    /// Settings that make the limit stricter where the kernel has them; swap is memory too.
    pub(super) fn extra(self, version: Version, limits: &Limits) -> Option<(&'static str, String)> {
        match (self, version) {
            (Self::Memory, Version::One) => {
                Some(("memory.memsw.limit_in_bytes", limits.memory_bytes?.to_string()))
            }
            (Self::Memory, Version::Two) => Some(("memory.swap.max", "0".to_owned())),
            (Self::Cpu | Self::Pids, _) => None,
        }
    }
}

fn quota(cpu_millis: u32) -> String {
    // The kernel takes no quota below a millisecond.
    (u64::from(cpu_millis) * CPU_PERIOD_US / 1000).max(1000).to_string()
}

/// A directory in which groups for one controller can be made.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) controller: Controller,
    pub(super) version: Version,
    pub(super) directory: PathBuf,
}
