//! Why the store could not do what it was asked.
//!
//! The lowest file of the crate: every other one may answer with a [`StoreError`].

/// What the driver of the database says.
pub use sqlx::Error as DriverError;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("the database could not {action}")]
    Database {
        /// What was tried: "record a delivery".
        action: &'static str,
        /// What it said.
        #[source]
        source: DriverError,
    },
    /// PostgreSQL did not let us in: it is not there, or it refuses.
    #[error("cannot connect to PostgreSQL at {address}: {cause}")]
    Unreachable {
        /// Host and port, or the path of its socket.
        address: String,
        /// What the system or the database said: "connection refused".
        cause: String,
    },
    /// A row holds what no release of ours wrote.
    #[error("the database holds an unreadable {what}")]
    Unreadable {
        /// Which kind of value, and of which row.
        what: String,
    },
    /// A sealed value could not be opened: the instance key is another one.
    #[error(
        "a sealed value ({what}) does not open with this instance key; start the server with the \
         instance key that this database was made with, from its key file or from a backup of it"
    )]
    Sealed {
        /// Which kind of value.
        what: String,
    },
    /// The instance key has the wrong size.
    #[error("the instance key has {bytes} bytes instead of 32")]
    InstanceKey {
        /// How many it has.
        bytes: usize,
    },
    /// The system has no random numbers to give.
    #[error("the system gave no random numbers")]
    NoRandomness,
    /// There is no such row.
    #[error("there is no such {0}")]
    Missing(&'static str),
}
