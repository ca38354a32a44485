//! Signatures of webhooks: HMAC-SHA256 over the raw bytes, compared in constant time (`VCS` §3.1, §4.7).
//!
//! Both forges sign the same way, GitHub in `X-Hub-Signature-256`, Bitbucket in `X-Hub-Signature`.
//! GitHub's header of that shorter name is SHA-1 and never used.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Returns whether `header` (`sha256=<hex>`) signs `body` under `secret`.
///
/// How long it takes depends on the body's length only, never on how much of a guess is right. An
/// empty secret signs nothing: anyone could.
pub fn verify(secret: &[u8], body: &[u8], header: &str) -> bool {
    if secret.is_empty() {
        return false;
    }
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return false };
    mac.update(body);
    let Some(claimed) = header.trim().strip_prefix("sha256=") else { return false };
    let Ok(claimed) = hex::decode(claimed) else { return false };
    mac.verify_slice(&claimed).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"It's a Secret to Everybody";
    const SIGNED: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    #[test]
    fn the_published_vector_verifies() {
        assert!(verify(SECRET, b"Hello, World!", SIGNED));
    }

    #[test]
    fn one_changed_bit_anywhere_is_noticed() {
        assert!(!verify(SECRET, b"Hello, World?", SIGNED));
        assert!(!verify(b"It's a secret to everybody", b"Hello, World!", SIGNED));
        for at in "sha256=".len()..SIGNED.len() {
            let mut forged = SIGNED.as_bytes().to_vec();
            forged[at] = if forged[at] == b'0' { b'1' } else { b'0' };
            let forged = String::from_utf8(forged).unwrap();
            assert!(!verify(SECRET, b"Hello, World!", &forged), "digit {at}");
        }
    }

    #[test]
    fn a_text_that_is_not_a_signature_verifies_nothing() {
        let sha1 = "sha1=0123456789012345678901234567890123456789";
        for header in ["", "sha256=", "sha256=xyz", sha1, &SIGNED[7..], &SIGNED[..70]] {
            assert!(!verify(SECRET, b"Hello, World!", header), "{header}");
        }
    }

    #[test]
    fn an_empty_secret_verifies_nothing() {
        let mac = Hmac::<Sha256>::new_from_slice(b"").unwrap().chain_update(b"body");
        let header = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        assert!(!verify(b"", b"body", &header));
    }
}
