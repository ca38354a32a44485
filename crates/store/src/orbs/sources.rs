//! The sources of orbs: kept once, packed, by the SHA-256 of their text.
//!
//! Deliberately absent: forgetting them (`orbs` does it once nothing refers to them).

use roundel_model::time::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::{
    db::{Row, Session, values},
    error::StoreError,
    pack,
};

/// Bytes of one source; the caller refuses more. A row that claims more is damaged.
const SOURCE_BYTES: usize = 8 << 20;

/// Computes what is stored of a source.
pub(super) async fn prepare(text: &str) -> (String, Vec<u8>) {
    let digest = hex::encode(Sha256::digest(text));
    (digest, pack::pack(text.as_bytes().to_vec()).await)
}

/// Keeps a source, or notes that it is still of use.
pub(super) async fn keep_source(
    session: &mut Session,
    digest: &str,
    size_bytes: usize,
    packed: Vec<u8>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO orb_sources (digest, size_bytes, stored_at, body)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (digest) DO UPDATE SET stored_at = excluded.stored_at";
    session.run(sql, values![digest, size_bytes, now, packed]).await.map(drop)
}

/// Reads a source from a row with `digest`, `size_bytes` and `body`, and checks the digest.
pub(super) fn source_from(row: &Row) -> Result<String, StoreError> {
    let digest: String = row.get("digest")?;
    let unreadable = || StoreError::Unreadable { what: format!("orb source {digest}") };
    let size = usize::try_from(row.get::<u64>("size_bytes")?).map_err(|_| unreadable())?;
    let bytes = pack::unpack(&row.get::<Vec<u8>>("body")?, size.min(SOURCE_BYTES))?;
    if hex::encode(Sha256::digest(&bytes)) != digest {
        return Err(unreadable());
    }
    String::from_utf8(bytes).map_err(|_| unreadable())
}
