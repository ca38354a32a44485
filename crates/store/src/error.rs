//! Why the store could not do what it was asked.
//!
//! The lowest file of the crate: every other one may answer with a [`StoreError`].

use std::path::PathBuf;

use roundel_model::cause;

/// What the driver of the database says.
pub use sqlx::Error as DriverError;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached. Its text repeats the source, once: wherever it is
    /// logged, "database or disk is full" must be there.
    #[error("the database could not {action}: {}", reason(source))]
    Database {
        /// The action that failed: "record a delivery".
        action: &'static str,
        #[source]
        source: DriverError,
    },
    /// SQLite would have to make a directory first: the path is wrong, more likely than not.
    #[error(
        "the directory `{}` of the database `{}` does not exist; create it, or correct the path",
        directory.display(), database.display()
    )]
    NoDirectory {
        database: PathBuf,
        /// The directory in which it would be.
        directory: PathBuf,
    },
    /// The file of a SQLite database could not be opened.
    #[error("failed to open the database `{}`", path.display())]
    File {
        path: PathBuf,
        /// What SQLite or the system said.
        #[source]
        source: DriverError,
    },
    /// PostgreSQL could not be connected to: it is not there, or it refuses.
    #[error("cannot connect to PostgreSQL at {address}: {cause}")]
    Unreachable {
        /// Host and port, or the path of its socket.
        address: String,
        /// What the system or the database said: "connection refused".
        cause: String,
    },
    /// A row holds what none of our releases wrote.
    #[error("the database holds an unreadable {what}")]
    Unreadable {
        /// Which kind of value, and of which row.
        what: String,
    },
    /// A sealed value could not be opened: the instance key is another one.
    #[error(
        "the database cannot be decrypted, because the instance key does not match it ({what} was \
         encrypted with another one); restore the instance key that this database was made with: \
         `instance.key` in a backup of its data directory"
    )]
    Sealed {
        /// Which kind of value.
        what: String,
    },
    /// The instance key has the wrong size.
    #[error("the instance key has {bytes} bytes instead of 32")]
    InstanceKey {
        /// Size of the value.
        bytes: usize,
    },
    /// The system has no random numbers to give.
    #[error("the system gave no random numbers")]
    NoRandomness,
    /// There is no such row.
    #[error("there is no such {0}")]
    Missing(&'static str),
}

/// Codes of PostgreSQL that say that it is starting, stopping, or has no connection or disk left; and
/// SQLite's for a full disk.
const UNAVAILABLE_CODES: [&str; 6] = ["57P01", "57P02", "57P03", "53300", "53100", "13"];

impl StoreError {
    /// Returns whether the database is not there, for the moment: the same request may succeed later.
    pub fn is_unavailable(&self) -> bool {
        let Self::Database { source, .. } = self else {
            return matches!(self, Self::Unreachable { .. });
        };
        let is_gone = matches!(
            source,
            DriverError::Io(_)
                | DriverError::Tls(_)
                | DriverError::PoolTimedOut
                | DriverError::PoolClosed
                | DriverError::WorkerCrashed
        );
        let Some(error) = source.as_database_error() else { return is_gone };
        error.code().is_some_and(|code| UNAVAILABLE_CODES.contains(&code.as_ref()))
    }
}

/// What went wrong, without the words around it and without the system's number for it.
pub(crate) fn reason(error: &DriverError) -> String {
    if let DriverError::Io(error) = error {
        return cause::of_system(error);
    }
    error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logs show an error's text, and not what caused it.
    #[test]
    fn the_text_says_what_the_database_said() {
        let source = DriverError::Io(std::io::Error::from_raw_os_error(28));
        let error = StoreError::Database { action: "note a runner", source };
        let words = "the database could not note a runner: no space left on device";
        assert_eq!(error.to_string(), words);
    }
}
