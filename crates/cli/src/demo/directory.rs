//! Whether a demo can begin, or continue, in the directory that it was given.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

use super::ports;
use crate::exit::UsageError;

/// The key of the instance, within the directory.
pub(super) const INSTANCE_KEY: &str = "instance.key";

/// The database.
pub(super) const DATABASE: &str = "roundel.db";

/// Refuses a directory with something in it that no demo has made, such as the data of a real server: a demo
/// would continue with its database. A demo that has lost its ports cannot continue either, for its webhooks lead
/// to them; nor can one that has lost its key, for which a new one would be taken from then on.
///
/// # Errors
///
/// [`UsageError`] if it is refused. Otherwise the directory cannot be read.
pub(super) fn check(directory: &Path) -> Result<()> {
    let shown = directory.display();
    let mut entries =
        fs::read_dir(directory).with_context(|| format!("failed to read `{shown}`"))?;
    let has = |name| directory.join(name).exists();
    let message = if entries.next().is_some() && !has(ports::FILE) {
        format!(
            "`{shown}` is not empty, and not the directory of a demo, for it has no `{}`: give a new directory \
             as --data, or leave it out",
            ports::FILE
        )
    } else if has(DATABASE) && !has(INSTANCE_KEY) {
        format!(
            "`{}` is missing, and the database next to it cannot be decrypted without it: restore the file, or \
             start a new demo in another directory",
            directory.join(INSTANCE_KEY).display()
        )
    } else {
        return Ok(());
    };
    Err(UsageError(message).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_with_something_else_in_it_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        check(directory.path()).unwrap();
        fs::write(directory.path().join(DATABASE), "of a real server").unwrap();
        let error = check(directory.path()).unwrap_err();
        assert!(error.is::<UsageError>(), "{error}");
        let error = error.to_string();
        assert!(error.contains("is not empty, and not the directory of a demo"), "{error}");
        fs::write(directory.path().join(ports::FILE), "{}").unwrap();
        let error = check(directory.path()).unwrap_err().to_string();
        assert!(error.contains("cannot be decrypted without it"), "{error}");
        fs::write(directory.path().join(INSTANCE_KEY), "a key").unwrap();
        check(directory.path()).unwrap();
    }
}
