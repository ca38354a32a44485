//! The keys of an installation: files that the server makes at its first start and then reads.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::{Context as _, Result, bail};

/// Makes a key of 32 random bytes, as a line of hex in a file that only its owner may read.
/// Returns the line; if the file exists already, the one that it holds.
pub(crate) fn ensure(directory: &Path, name: &str) -> Result<String> {
    fs::create_dir_all(directory)
        .with_context(|| format!("failed to create `{}`", directory.display()))?;
    let path = directory.join(name);
    let failed = || format!("failed to create `{}`", path.display());
    // Before the file: what cannot be made must not leave an empty one.
    let line = hex::encode(rand::random::<[u8; 32]>());
    let opened = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return existing(&path),
        Err(error) => return Err(error).with_context(failed),
    };
    writeln!(file, "{line}").with_context(failed)?;
    file.sync_all().with_context(failed)?;
    Ok(line)
}

fn existing(path: &Path) -> Result<String> {
    let shown = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("failed to read `{shown}`"))?;
    let line = text.trim();
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
