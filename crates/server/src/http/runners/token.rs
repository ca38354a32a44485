//! Tokens of tasks: derived from the instance key, so that none is stored and each opens one task.

use hmac::{Hmac, Mac as _};
use roundel_model::{
    id::{JobId, LeaseId},
    secret::Secret,
};
use sha2::Sha256;

use crate::signing;

/// Separates these tokens from everything else that the instance key signs.
const PURPOSE: &[u8] = b"roundel task token v1\0";

/// Makes the token of a task under a lease.
pub(super) fn issue(
    key: &Secret<Vec<u8>>,
    job: JobId,
    index: u32,
    lease: LeaseId,
) -> Secret<String> {
    Secret::new(hex::encode(mac(key, job, index, lease).finalize().into_bytes()))
}

/// Returns whether a token opens a task, in constant time.
pub(super) fn fits(
    key: &Secret<Vec<u8>>,
    given: &str,
    job: JobId,
    index: u32,
    lease: LeaseId,
) -> bool {
    let Ok(given) = hex::decode(given) else { return false };
    mac(key, job, index, lease).verify_slice(&given).is_ok()
}

fn mac(key: &Secret<Vec<u8>>, job: JobId, index: u32, lease: LeaseId) -> Hmac<Sha256> {
    signing::mac(key, PURPOSE)
        .chain_update(job.as_uuid().as_bytes())
        .chain_update(index.to_be_bytes())
        .chain_update(lease.as_uuid().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A job may leak its own token; that must not open the task next to it.
    #[test]
    fn a_token_opens_one_task_under_one_lease() {
        let key = Secret::new(vec![7; 32]);
        let (job, lease) = (JobId::from_u128(1), LeaseId::from_u128(2));
        let token = issue(&key, job, 0, lease);
        assert!(fits(&key, token.expose(), job, 0, lease));
        assert!(!fits(&key, token.expose(), job, 1, lease));
        assert!(!fits(&key, token.expose(), JobId::from_u128(9), 0, lease));
        assert!(!fits(&key, token.expose(), job, 0, LeaseId::from_u128(3)));
        assert!(!fits(&Secret::new(vec![8; 32]), token.expose(), job, 0, lease));
        assert!(!fits(&key, "", job, 0, lease));
    }
}
