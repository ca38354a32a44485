//! Who did something: a person, or Roundel itself.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{id::AccountId, word::UnknownWord};

/// The word that is stored for Roundel itself.
const SYSTEM: &str = "system";

/// Who canceled or approved something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person who is signed in.
    Account(AccountId),
    /// Roundel itself, by a rule.
    System,
}

impl Actor {
    /// Returns the account, if it is a person.
    pub const fn account(self) -> Option<AccountId> {
        match self {
            Self::Account(account) => Some(account),
            Self::System => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) => account.fmt(f),
            Self::System => f.write_str(SYSTEM),
        }
    }
}

impl FromStr for Actor {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == SYSTEM {
            return Ok(Self::System);
        }
        text.parse().map(Self::Account).map_err(|_| UnknownWord::new("actor", text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_read_back_from_its_text() {
        for actor in [Actor::System, Actor::Account(AccountId::from_u128(7))] {
            assert_eq!(actor.to_string().parse(), Ok(actor));
        }
        assert!("someone".parse::<Actor>().is_err());
    }
}
