//! The host keys of the two public forges, as data shipped with the server (`VCS` §5.9).
//!
//! They are pinned: no code here ever asks a host for its key and believes the answer. An
//! operator's own `known_hosts` lines win over these ([`crate::ForgeSettings::known_hosts`]).

use roundel_model::forge::ForgeKind;

/// Returns the `known_hosts` lines of github.com or bitbucket.org.
pub const fn pinned(kind: ForgeKind) -> &'static str {
    match kind {
        ForgeKind::GitHub => include_str!("host_keys/github.com"),
        ForgeKind::Bitbucket => include_str!("host_keys/bitbucket.org"),
    }
}

#[cfg(test)]
mod tests {
    use russh::keys::{HashAlg, PublicKey};

    use super::*;

    fn fingerprints(kind: ForgeKind, host: &str) -> Vec<String> {
        let lines = pinned(kind).lines().map(|line| {
            let key = line.strip_prefix(host).and_then(|rest| rest.strip_prefix(' ')).unwrap();
            PublicKey::from_openssh(key).unwrap().fingerprint(HashAlg::Sha256).to_string()
        });
        lines.collect()
    }

    // A wrong line here would either stop every checkout or trust a stranger.
    #[test]
    fn the_pinned_keys_have_the_fingerprints_that_the_forges_publish() {
        assert_eq!(
            fingerprints(ForgeKind::GitHub, "github.com"),
            [
                "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
                "SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM",
                "SHA256:uNiVztksCsDhcc0u9e8BujQXVUpKZIDTMczCvj3tD2s",
            ]
        );
        assert_eq!(
            fingerprints(ForgeKind::Bitbucket, "bitbucket.org"),
            [
                "SHA256:ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM",
                "SHA256:FC73VB6C4OQLSCrjEayhMp9UMxS97caD/Yyi2bhW/J0",
                "SHA256:46OSHA1Rmj8E8ERTC6xkNcmGOw9oFxYr0WF6zWW8l1E",
            ]
        );
    }
}
