//! What a checkout leaves in `~/.ssh` (RUN §4.3, VCS §5.9): the project's key, and the pinned host
//! keys in front of whatever the image has.

use roundel_protocol::CheckoutSpec;

use crate::{job_environment::JobEnvironment, task_error::TaskError};

/// Bytes of an image's own `known_hosts` that are kept.
const KNOWN_HOSTS_BYTES: usize = 1 << 20;

/// Writes key files and known hosts.
pub(super) async fn install(
    environment: &JobEnvironment,
    checkout: &CheckoutSpec,
) -> Result<(), TaskError> {
    let directory = environment.user.home.join(".ssh");
    environment.make_dir(&directory, 0o700).await?;
    let path = directory.join("known_hosts");
    let present = environment.read_file(&path, KNOWN_HOSTS_BYTES).await?.unwrap_or_default();
    if let Some(bytes) = with_pinned(&checkout.known_hosts, &present) {
        environment.write_file(&path, bytes, 0o600).await?;
    }
    if let Some(key) = &checkout.key {
        // The name is `id_rsa` whatever the type: scripts depend on it.
        let private = format!("{}\n", key.private.expose().trim_end_matches('\n'));
        environment.write_file(&directory.join("id_rsa"), private.into_bytes(), 0o600).await?;
        let public = format!("{}\n", key.public.trim_end());
        environment.write_file(&directory.join("id_rsa.pub"), public.into_bytes(), 0o644).await?;
    }
    Ok(())
}

/// Puts the pinned lines first; `None` if they are there already.
fn with_pinned(pinned: &str, present: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = pinned.trim_end().as_bytes().to_vec();
    bytes.push(b'\n');
    if present.starts_with(&bytes) {
        return None;
    }
    bytes.extend_from_slice(present);
    Some(bytes)
}

/// The two ways to name a forge, for git's `insteadOf`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rewrite {
    /// `ssh://git@github.com`
    pub(super) ssh: String,
    /// `https://github.com`
    pub(super) https: String,
}

/// Returns the rewrite that makes HTTPS addresses of the same forge use the key; `None` if the
/// code does not come over SSH.
pub(super) fn rewrite(url: &str) -> Option<Rewrite> {
    if let Some(rest) = url.strip_prefix("ssh://") {
        let authority = rest.split('/').next().filter(|authority| !authority.is_empty())?;
        let host = authority.rsplit('@').next()?;
        let host = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        return Some(Rewrite {
            ssh: format!("ssh://{authority}"),
            https: format!("https://{host}"),
        });
    }
    if url.contains("://") {
        return None;
    }
    let (authority, _path) = url.split_once(':')?;
    if authority.contains('/') {
        return None;
    }
    let host = authority.rsplit('@').next()?;
    Some(Rewrite { ssh: format!("ssh://{authority}"), https: format!("https://{host}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_addresses_of_the_forge_are_sent_over_ssh() {
        let of = |url| rewrite(url).map(|rewrite| (rewrite.ssh, rewrite.https));
        let pair = |ssh: &str, https: &str| Some((ssh.to_owned(), https.to_owned()));
        assert_eq!(
            of("git@github.com:acme/web.git"),
            pair("ssh://git@github.com", "https://github.com")
        );
        assert_eq!(
            of("ssh://git@127.0.0.1:2222/acme/web.git"),
            pair("ssh://git@127.0.0.1:2222", "https://127.0.0.1")
        );
        assert_eq!(of("https://github.com/acme/web.git"), None);
        assert_eq!(of("/srv/git/web.git"), None);
    }

    #[test]
    fn pinned_host_keys_come_first_and_once() {
        let first = with_pinned("github.com ssh-ed25519 AAAA\n", b"old line\n").unwrap();
        assert_eq!(first, b"github.com ssh-ed25519 AAAA\nold line\n");
        assert_eq!(with_pinned("github.com ssh-ed25519 AAAA", &first), None);
    }
}
