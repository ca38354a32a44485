//! Values that go into a statement and come out of a row, the same for both databases.
//!
//! Three kinds are enough: integers, text and bytes. A missing value knows its kind,
//! because PostgreSQL needs the type of a null.
//!
//! Deliberately absent: floating point, native UUID, JSON and time types. They differ between the
//! databases, and text and integers do not.

use roundel_model::{
    actor::Actor,
    forge::{ForgeKind, ForgeUserId, RepositoryId},
    id::{
        AccountId, CheckoutKeyId, DeliveryId, EffectId, HookId, JobId, LeaseId, OrganizationId,
        PipelineId, ProjectId, WorkflowId,
    },
    kind::{Architecture, ExecutorKind, JobKind, StepKind},
    name::{CommitSha, JobName, WorkflowName},
    status::{JobStatus, Outcome, PipelineErrorKind, PipelineStatus, StepStatus, WorkflowStatus},
    time::Timestamp,
    word::Word,
};
use serde::de::DeserializeOwned;
use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};

use crate::error::StoreError;

/// One parameter of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Blob(Option<Vec<u8>>),
}

/// A type whose values can be parameters.
pub(crate) trait ToValue {
    /// The missing value of this kind.
    const NULL: Value;
    /// Turns it into a parameter.
    fn to_value(self) -> Value;
}

/// Makes the list of parameters of a statement.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::value::ToValue::to_value($value)),*] };
}
pub(crate) use values;

macro_rules! to_value {
    ($kind:ident: $($type:ty => $convert:expr),* $(,)?) => {$(
        impl ToValue for $type {
            const NULL: Value = Value::$kind(None);
            fn to_value(self) -> Value {
                let convert: fn(Self) -> _ = $convert;
                Value::$kind(Some(convert(self)))
            }
        }
    )*};
}

to_value! { Int:
    i64 => |number| number,
    i32 => i64::from,
    u32 => i64::from,
    bool => i64::from,
    // None of our counters comes near the end; one that did would stop growing, not turn negative.
    u64 => |number| i64::try_from(number).unwrap_or(i64::MAX),
    usize => |number| i64::try_from(number).unwrap_or(i64::MAX),
    Timestamp => |time| time.as_micros(),
}
to_value! { Text:
    String => |text| text,
    &str => str::to_owned,
    &String => String::clone,
    ForgeKind => |forge| forge.long_slug().to_owned(),
    &ForgeUserId => |id| id.0.clone(),
    &RepositoryId => |id| id.0.clone(),
    &CommitSha => |sha| sha.as_str().to_owned(),
    &JobName => |name| name.as_str().to_owned(),
    &WorkflowName => |name| name.as_str().to_owned(),
    Actor => |actor| actor.to_string(),
    JobKind => |kind| kind.as_str().to_owned(),
    ExecutorKind => |kind| kind.as_str().to_owned(),
    Architecture => |one| one.as_str().to_owned(),
    JobStatus => |status| status.as_str().to_owned(),
    Outcome => |outcome| outcome.as_str().to_owned(),
    PipelineStatus => |status| status.as_str().to_owned(),
    PipelineErrorKind => |kind| kind.as_str().to_owned(),
    StepStatus => |status| status.as_str().to_owned(),
    WorkflowStatus => |status| status.as_str().to_owned(),
}
to_value! { Blob:
    Vec<u8> => |bytes| bytes,
    &[u8] => <[u8]>::to_vec,
}

impl<T: ToValue> ToValue for Option<T> {
    const NULL: Value = T::NULL;

    fn to_value(self) -> Value {
        self.map_or(T::NULL, T::to_value)
    }
}

impl ToValue for Value {
    const NULL: Self = Self::Text(None);

    fn to_value(self) -> Value {
        self
    }
}

/// One row of an answer.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// A type whose values can be read from a column.
pub(crate) trait FromColumn: Sized {
    /// Reads it; a missing value is `None`.
    fn from_column(row: &Row, column: &str) -> Result<Option<Self>, Unreadable>;
}

/// The column is not there, or holds something else.
pub(crate) struct Unreadable;

impl Row {
    /// Reads a column that always has a value.
    pub(crate) fn get<T: FromColumn>(&self, column: &str) -> Result<T, StoreError> {
        self.opt(column)?.ok_or_else(|| StoreError::Unreadable { what: column.to_owned() })
    }

    /// Reads a column that may be empty.
    pub(crate) fn opt<T: FromColumn>(&self, column: &str) -> Result<Option<T>, StoreError> {
        T::from_column(self, column)
            .map_err(|Unreadable| StoreError::Unreadable { what: column.to_owned() })
    }

    /// Reads a column that holds JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        serde_json::from_str(&self.get::<String>(column)?)
            .map_err(|_| StoreError::Unreadable { what: column.to_owned() })
    }
}

macro_rules! native {
    ($($type:ty),*) => {$(
        impl FromColumn for $type {
            fn from_column(row: &Row, column: &str) -> Result<Option<Self>, Unreadable> {
                match row {
                    Row::Sqlite(row) => row.try_get(column),
                    Row::Postgres(row) => row.try_get(column),
                }
                .map_err(|_| Unreadable)
            }
        }
    )*};
}
native!(i64, String, Vec<u8>);

macro_rules! from_column {
    ($raw:ty: $($type:ty => $convert:expr),* $(,)?) => {$(
        impl FromColumn for $type {
            fn from_column(row: &Row, column: &str) -> Result<Option<Self>, Unreadable> {
                let convert: fn($raw) -> Option<Self> = $convert;
                match <$raw>::from_column(row, column)? {
                    Some(raw) => convert(raw).map(Some).ok_or(Unreadable),
                    None => Ok(None),
                }
            }
        }
    )*};
}

from_column! { i64:
    u64 => |number| u64::try_from(number).ok(),
    u32 => |number| u32::try_from(number).ok(),
    i32 => |number| i32::try_from(number).ok(),
    bool => |number| Some(number != 0),
    Timestamp => |micros| Some(Timestamp::from_micros(micros)),
}
from_column! { String:
    ForgeKind => |text| text.parse().ok(),
    ForgeUserId => |text| Some(Self(text)),
    RepositoryId => |text| Some(Self(text)),
    CommitSha => |text| Some(Self::from(text)),
    JobName => |text| Some(Self::from(text)),
    WorkflowName => |text| Some(Self::from(text)),
    Actor => |text| text.parse().ok(),
    JobKind => |text| text.parse().ok(),
    Word<ExecutorKind> => |text| Some(text.parse().map_or(Word::Other(text), Word::Known)),
    Word<Architecture> => |text| Some(text.parse().map_or(Word::Other(text), Word::Known)),
    Word<StepKind> => |text| Some(text.parse().map_or(Word::Other(text), Word::Known)),
    JobStatus => |text| text.parse().ok(),
    Outcome => |text| text.parse().ok(),
    PipelineStatus => |text| text.parse().ok(),
    PipelineErrorKind => |text| text.parse().ok(),
    StepStatus => |text| text.parse().ok(),
    WorkflowStatus => |text| text.parse().ok(),
}

macro_rules! ids {
    ($($id:ident),* $(,)?) => {
        to_value! { Text: $($id => |id| id.to_string()),* }
        from_column! { String: $($id => |text| text.parse().ok()),* }
    };
}
ids! {
    AccountId, CheckoutKeyId, DeliveryId, EffectId, HookId, JobId, LeaseId, OrganizationId,
    PipelineId, ProjectId, WorkflowId,
}

/// Gives an enum the words that its column holds.
macro_rules! words {
    ($type:ty { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $crate::db::value::ToValue for $type {
            const NULL: $crate::db::Value = $crate::db::Value::Text(None);
            fn to_value(self) -> $crate::db::Value {
                let word = match self { $(Self::$variant => $word,)* };
                $crate::db::Value::Text(Some(word.to_owned()))
            }
        }

        impl $crate::db::value::FromColumn for $type {
            fn from_column(
                row: &$crate::db::Row,
                column: &str,
            ) -> Result<Option<Self>, $crate::db::value::Unreadable> {
                match String::from_column(row, column)?.as_deref() {
                    $(Some($word) => Ok(Some(Self::$variant)),)*
                    Some(_) => Err($crate::db::value::Unreadable),
                    None => Ok(None),
                }
            }
        }
    };
}
pub(crate) use words;

/// Turns lists and small structures into the JSON that a text column holds.
pub(crate) fn to_json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|source| StoreError::Unreadable { what: format!("JSON ({source})") })
}
