//! Identities: one newtype for each kind of thing, so that a job's id cannot be handed to something
//! that wants a pipeline's.
//!
//! Ids are made at the boundary (server, runner, tests) and passed in; nothing in here makes one up
//! except [`fresh`](JobId::fresh), which only those call. They are UUIDs of version 7, so that they
//! sort by the time at which they were made.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new id. Not for `engine` and `config`, which draw no random numbers.
            pub fn fresh() -> Self {
                Self(Uuid::now_v7())
            }

            /// Wraps a number as an id: for tests and simulations that want stable names.
            pub const fn from_u128(number: u128) -> Self {
                Self(Uuid::from_u128(number))
            }

            /// Returns the id as a UUID.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// A person who signed in, with one identity for each forge.
    AccountId,
    /// An owner of repositories on a forge, as we know it.
    OrganizationId,
    /// A repository that was added.
    ProjectId,
    /// One webhook request, as stored.
    DeliveryId,
    /// A webhook that we created at a forge. Part of its address; not a secret.
    HookId,
    /// A key pair that opens one repository.
    CheckoutKeyId,
    /// One reading of the configuration, with what it started.
    PipelineId,
    /// One workflow of a pipeline. A rerun is a new one.
    WorkflowId,
    /// One job of a workflow.
    JobId,
    /// The right of one runner to one task, until a time (the fencing token of invariant 2).
    LeaseId,
    /// An effect in the outbox.
    EffectId,
    /// A process that claims and runs jobs.
    RunnerId,
}
