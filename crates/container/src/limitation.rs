//! What a host cannot do or enforce for environments.
//!
//! A limitation says three things once: what it means for environments, why it is so, and what to do
//! about it. Callers choose the words for what they run ("Jobs on this runner") as the subject.

use serde::{Deserialize, Serialize};

/// Something that environments on this host lack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limitation {
    pub kind: LimitationKind,
    /// Why: a fragment such as ``"`nft` is not installed"``.
    pub cause: String,
    /// What to do about it, where something can be done: a fragment such as
    /// ``"install the package `nftables`"``.
    pub remedy: Option<String>,
}

/// The kinds of [`Limitation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LimitationKind {
    /// No connection leaves the environment.
    Network,
    /// Processes inside cannot reach each other over `127.0.0.1` either.
    Loopback,
    /// The memory limit does not apply.
    MemoryLimit,
    /// The CPU limit does not apply.
    CpuLimit,
    /// The limit on processes does not apply.
    ProcessLimit,
    /// The disk limit does not apply.
    DiskLimit,
    /// User ids inside are the host's own.
    SharedUserIds,
    /// Only root exists inside.
    SingleUser,
    /// `/usr` and `/opt` of the host's toolchain cannot be written to.
    ReadOnlyToolchain,
    /// Setuid programs are allowed but gain nothing.
    Setuid,
    /// Small environments write to disk instead of memory.
    SlowScratch,
    /// Files of a layer or a bind appear to belong to `nobody`.
    ForeignOwners,
    /// `/sys` is missing.
    Sysfs,
    /// System calls are not filtered.
    SystemCallFilter,
}

impl LimitationKind {
    /// Returns its effect, as the predicate of a sentence about several environments.
    fn effect(self) -> &'static str {
        match self {
            Self::Network => "have no network",
            Self::Loopback => "have no loopback interface",
            Self::MemoryLimit => "have no memory limit",
            Self::CpuLimit => "have no CPU limit",
            Self::ProcessLimit => "have no limit on the number of processes",
            Self::DiskLimit => "have no disk limit",
            Self::SharedUserIds => "share user IDs with the host, without its capabilities",
            Self::SingleUser => "have only one user, root",
            Self::ReadOnlyToolchain => "can read but not change `/usr` and `/opt`",
            Self::Setuid => "cannot use setuid programs such as `sudo`, although they are allowed",
            Self::SlowScratch => "write to disk even if they are small",
            Self::ForeignOwners => "see some files as owned by `nobody`",
            Self::Sysfs => "have no `/sys`",
            Self::SystemCallFilter => "run without a system call filter",
        }
    }
}

impl Limitation {
    pub(crate) fn new(kind: LimitationKind, cause: impl Into<String>) -> Self {
        Self { kind, cause: cause.into(), remedy: None }
    }

    pub(crate) fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// Returns what it means and why, about `subject`, a plural such as "Jobs on this runner".
    pub fn sentence(&self, subject: &str) -> String {
        format!("{subject} {}: {}", self.kind.effect(), self.cause)
    }
}

/// Adds a limitation unless one of its kind is there: the first cause found is the one to fix.
pub(crate) fn add(known: &mut Vec<Limitation>, found: impl IntoIterator<Item = Limitation>) {
    for limitation in found {
        if known.iter().all(|other| other.kind != limitation.kind) {
            known.push(limitation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limitation_reads_as_a_sentence_about_what_the_caller_runs() {
        let network = Limitation::new(
            LimitationKind::Network,
            "neither `nft` nor `slirp4netns` is installed",
        );
        assert_eq!(
            network.sentence("Jobs on this runner"),
            "Jobs on this runner have no network: neither `nft` nor `slirp4netns` is installed"
        );
    }

    #[test]
    fn each_kind_is_reported_once() {
        let mut known = Vec::new();
        let found = ["first", "second"].map(|cause| Limitation::new(LimitationKind::Sysfs, cause));
        add(&mut known, found);
        assert_eq!(known.len(), 1);
        assert_eq!(known[0].cause, "first");
    }
}
