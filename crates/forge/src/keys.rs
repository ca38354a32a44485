//! Deploy keys: generation and fingerprints (`VCS` §5.2).
//!
//! Deliberately absent: where keys are kept, which key serves what, and keys that people paste.

use roundel_model::secret::Secret;
use russh::keys::{
    Algorithm, HashAlg, PrivateKey, PublicKey,
    ssh_key::{LineEnding, public::KeyData},
};

/// A fresh ed25519 pair.
#[derive(Clone, Debug)]
pub struct KeyPair {
    /// OpenSSH format, unencrypted.
    pub private: Secret<String>,
    /// One line with the comment.
    pub public: String,
    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
}

/// Generates a pair in process, with randomness from the operating system. A comment is one line:
/// control characters become spaces.
///
/// # Errors
/// A sentence, if the pair cannot be encoded; it never holds key material.
pub fn generate(comment: &str) -> Result<KeyPair, String> {
    let comment: String =
        comment.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let mut key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519)
        .map_err(|error| format!("failed to generate a key: {error}"))?;
    key.set_comment(comment.trim());
    let private = key
        .to_openssh(LineEnding::LF)
        .map_err(|error| format!("failed to encode a key: {error}"))?;
    let public = key
        .public_key()
        .to_openssh()
        .map_err(|error| format!("failed to encode a public key: {error}"))?;
    Ok(KeyPair {
        // One copy only: `Zeroizing` wipes its own when it is dropped.
        private: Secret::new(String::clone(&private)),
        fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
        public,
    })
}

/// Returns whether two public key lines hold the same key, whatever their comments. Forges drop or
/// change the comment (`VCS` §4.5).
pub fn is_same_key(one: &str, other: &str) -> bool {
    let data = |line: &str| -> Option<KeyData> {
        PublicKey::from_openssh(line.trim()).ok().map(|key| key.key_data().clone())
    };
    data(one).is_some_and(|key| data(other) == Some(key))
}

#[cfg(test)]
mod tests;
