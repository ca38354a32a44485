//! Deploy keys: generation and fingerprints (`VCS` §5.2).

use roundel_model::secret::Secret;

/// A fresh ed25519 pair.
#[derive(Clone, Debug)]
pub struct KeyPair {
    /// OpenSSH format, unencrypted.
    pub private: Secret<String>,
    /// One line with the comment.
    pub public: String,
    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// `aa:bb:…`, as `ssh-keygen -l -E md5` prints it after `MD5:`.
    pub fingerprint_md5: String,
}

/// Generates a pair in process.
pub fn generate(comment: &str) -> Result<KeyPair, String> { let _ = comment; todo!() }
