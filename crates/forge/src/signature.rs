//! Signatures of webhooks: HMAC-SHA256 over the raw bytes, compared in constant time (`VCS` §3.1, §4.7).

/// Tells whether `header` (`sha256=<hex>`) signs `body` under `secret`.
pub fn verify(secret: &[u8], body: &[u8], header: &str) -> bool { let _ = (secret, body, header); todo!() }
