//! Public keys as texts: what is accepted, how they are compared.

use russh::keys::{HashAlg, PublicKey};

/// A public key that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReadKey {
    /// Algorithm and base64: what two keys are compared by.
    pub(crate) key: String,
    pub(crate) comment: String,
}

/// Reads a line of an OpenSSH public key.
pub(crate) fn read(line: &str) -> Option<ReadKey> {
    let key = PublicKey::from_openssh(line.trim()).ok()?;
    let comment = line.split_whitespace().skip(2).collect::<Vec<_>>().join(" ");
    Some(ReadKey { key: canonical(&key)?, comment })
}

/// Returns algorithm and base64 of a key.
pub(crate) fn canonical(key: &PublicKey) -> Option<String> {
    let line = key.to_openssh().ok()?;
    let mut words = line.split_whitespace();
    Some(format!("{} {}", words.next()?, words.next()?))
}

/// Returns `SHA256:` and base64.
pub(crate) fn fingerprint(line: &str) -> String {
    PublicKey::from_openssh(line)
        .map(|key| key.fingerprint(HashAlg::Sha256).to_string())
        .unwrap_or_default()
}
