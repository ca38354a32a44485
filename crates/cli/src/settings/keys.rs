//! The keys of an installation: files that the server makes at its first start and then reads.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result, bail};
use tempfile::NamedTempFile;

/// Makes a key of 32 random bytes, as a line of hex in a file that only its owner may read.
/// Returns the line; if the file exists already, the one that it holds.
pub(crate) fn ensure(directory: &Path, name: &str) -> Result<String> {
    fs::create_dir_all(directory)
        .with_context(|| format!("failed to create `{}`", directory.display()))?;
    let path = directory.join(name);
    let failed = || format!("failed to create `{}`", path.display());
    if path.exists() {
        return existing(&path);
    }
    let line = hex::encode(rand::random::<[u8; 32]>());
    // Written aside and then given its name: a full disk must not leave an empty key behind, and of two
    // servers that start at once the second reads the key of the first.
    let mut file = NamedTempFile::new_in(directory).with_context(failed)?;
    writeln!(file, "{line}").with_context(failed)?;
    file.as_file().sync_all().with_context(failed)?;
    match file.persist_noclobber(&path) {
        Ok(_) => Ok(line),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => existing(&path),
        Err(error) => Err(error.error).with_context(failed),
    }
}

fn existing(path: &Path) -> Result<String> {
    let shown = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("failed to read `{shown}`"))?;
    let line = text.trim();
    if line.is_empty() {
        bail!(
            "`{shown}` is empty: restore it from a backup, or delete it if this server never ran"
        );
    }
    match hex::decode(line) {
        Ok(bytes) if bytes.len() == 32 => Ok(line.to_owned()),
        Ok(bytes) => bail!("`{shown}` holds {} bytes instead of 32", bytes.len()),
        Err(_) => bail!("`{shown}` does not hold a key in hex"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_may_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let first = ensure(directory.path(), "instance.key").unwrap();
        assert_eq!(ensure(directory.path(), "instance.key").unwrap(), first);
        let metadata = fs::metadata(directory.path().join("instance.key")).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn an_empty_key_says_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("instance.key"), "").unwrap();
        let error = ensure(directory.path(), "instance.key").unwrap_err().to_string();
        assert!(error.contains("is empty: restore it from a backup"), "{error}");
    }

    /// A key that was cut short by a full disk must not become another key.
    #[test]
    fn a_damaged_key_is_an_error_and_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("instance.key");
        fs::write(&path, "abcd").unwrap();
        let error = ensure(directory.path(), "instance.key").unwrap_err().to_string();
        assert!(error.contains("2 bytes instead of 32"), "{error}");
        assert_eq!(fs::read_to_string(path).unwrap(), "abcd");
    }
}
