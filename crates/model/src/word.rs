//! Enums whose values are words: spelled once, the same in the database, on the wire and in messages.
//!
//! A [`Word`] is one that may also be unknown here, because a newer release wrote it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A string that is not one of the words of its kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{text}` is not a valid {kind}")]
pub struct UnknownWord {
    kind: &'static str,
    text: String,
}

impl UnknownWord {
    /// Names the text and what it was to be.
    pub fn new(kind: &'static str, text: &str) -> Self {
        Self { kind, text: text.to_owned() }
    }
}

/// A word of a list that grows: one that this release knows, or the text of a newer peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Word<T> {
    /// A known word.
    Known(T),
    /// Written by a release that knows more words.
    Other(String),
}

impl<T: Copy + PartialEq> Word<T> {
    /// Returns whether it is exactly this one.
    pub fn is(&self, known: T) -> bool {
        matches!(self, Self::Known(word) if *word == known)
    }
}

impl<T> From<T> for Word<T> {
    fn from(known: T) -> Self {
        Self::Known(known)
    }
}

impl<T: fmt::Display> fmt::Display for Word<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(word) => word.fmt(f),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// Defines enums whose values are words, read and written the same everywhere: `Display`, `FromStr`,
/// serde, `as_str` and `ALL`. The text in parentheses names the kind in errors.
#[macro_export]
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident ($kind:literal) { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize,
        )]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every value, in the order of the definition.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the word that the API and the database use.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::word::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    _ => Err($crate::word::UnknownWord::new($kind, text)),
                }
            }
        }
    )*};
}
