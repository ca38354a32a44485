//! Message authentication codes under the instance key: tokens of tasks, links in emails, badges.

use hmac::{Hmac, KeyInit as _, Mac as _};
use roundel_model::secret::Secret;
use sha2::{Digest as _, Sha256};

/// Bytes of a block of SHA-256, which is what the key of an HMAC fills.
const BLOCK_BYTES: usize = 64;

/// Begins a code for one purpose: what was signed for one purpose is not valid for another.
pub(crate) fn mac(key: &Secret<Vec<u8>>, purpose: &[u8]) -> Hmac<Sha256> {
    // As HMAC itself does it: a longer key is hashed, a shorter one filled up with zeros. Done here
    // because it cannot fail, where the library's way for keys of any length may.
    let hashed;
    let key = if key.expose().len() > BLOCK_BYTES {
        hashed = Sha256::digest(key.expose());
        hashed.as_slice()
    } else {
        key.expose()
    };
    let mut block = [0_u8; BLOCK_BYTES];
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    Hmac::<Sha256>::new(&block.into()).chain_update(purpose)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes that were handed out before must stay valid: links in old emails, badges in readmes.
    #[test]
    fn a_code_is_that_of_the_library_for_a_key_of_any_length() {
        for bytes in [0, 1, 32, 64, 65, 200] {
            let key = vec![7; bytes];
            let mut theirs = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            theirs.update(b"purpose and text");
            let ours = mac(&Secret::new(key), b"purpose").chain_update(b" and text");
            assert_eq!(ours.finalize().into_bytes(), theirs.finalize().into_bytes(), "{bytes}");
        }
    }
}
