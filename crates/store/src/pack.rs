//! How bytes are stored in a row: compressed when that makes them smaller.
//!
//! One byte says how, then come the bytes. A short piece of a log often grows when it is compressed,
//! so it is kept as it is.
//!
//! Deliberately absent: encryption (`vault`).

use crate::error::StoreError;

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;

/// Fast enough to sit in a request: about 0.1 ms for a webhook of 20 KB.
const LEVEL: i32 = 1;

/// From this size on the work moves to a thread where it may block.
const BLOCKING_BYTES: usize = 64 * 1024;

/// Below this size no compressor gains anything.
const WORTHWHILE_BYTES: usize = 64;

/// Packs bytes for a row, without holding up other tasks.
pub(crate) async fn pack(bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() < BLOCKING_BYTES {
        return pack_now(&bytes);
    }
    let shared = std::sync::Arc::new(bytes);
    let for_thread = std::sync::Arc::clone(&shared);
    match tokio::task::spawn_blocking(move || pack_now(&for_thread)).await {
        Ok(packed) => packed,
        // The runtime is shutting down: store the bytes uncompressed.
        Err(_) => plain(&shared),
    }
}

/// Packs bytes at once.
pub(crate) fn pack_now(bytes: &[u8]) -> Vec<u8> {
    if bytes.len() < WORTHWHILE_BYTES {
        return plain(bytes);
    }
    match zstd::bulk::compress(bytes, LEVEL) {
        Ok(packed) if packed.len() < bytes.len() => [&[ZSTD][..], &packed].concat(),
        Ok(_) | Err(_) => plain(bytes),
    }
}

fn plain(bytes: &[u8]) -> Vec<u8> {
    [&[PLAIN][..], bytes].concat()
}

/// Unpacks the bytes of a row. `size` is what is known of their length, and a limit.
pub(crate) fn unpack(packed: &[u8], size: usize) -> Result<Vec<u8>, StoreError> {
    let unreadable = || StoreError::Unreadable { what: "packed value".to_owned() };
    let bytes = match packed.split_first() {
        Some((&PLAIN, bytes)) => bytes.to_vec(),
        Some((&ZSTD, bytes)) => zstd::bulk::decompress(bytes, size).map_err(|_| unreadable())?,
        Some(_) | None => return Err(unreadable()),
    };
    if bytes.len() > size { Err(unreadable()) } else { Ok(bytes) }
}

/// Unpacks text whose length is not stored with it.
pub(crate) fn unpack_text(packed: &[u8]) -> Result<String, StoreError> {
    String::from_utf8(unpack(packed, TEXT_BYTES)?)
        .map_err(|_| StoreError::Unreadable { what: "packed text".to_owned() })
}

/// Bytes of one packed text: a job's body after every command is expanded, or all diagnostics of a
/// configuration. A row that claims more is damaged.
const TEXT_BYTES: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_bytes_come_back_and_never_grow_by_more_than_a_byte() {
        for bytes in [vec![], b"short".to_vec(), vec![7; 100_000], (0..=255).collect()] {
            let packed = pack_now(&bytes);
            assert!(packed.len() <= bytes.len() + 1);
            assert_eq!(unpack(&packed, bytes.len()).unwrap(), bytes);
        }
    }

    #[test]
    fn a_row_that_claims_more_than_it_may_hold_is_refused() {
        let packed = pack_now(&vec![0; 1_000_000]);
        for (packed, size) in [(&packed[..], 999_999), (&[], 10), (&[9, 9], 10)] {
            let error = unpack(packed, size).unwrap_err();
            assert!(matches!(error, StoreError::Unreadable { .. }), "{error}");
        }
        assert_eq!(unpack(&packed, 1_000_000).unwrap().len(), 1_000_000);
    }
}
