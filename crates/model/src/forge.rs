//! What every part of Roundel must know of a forge: which one, and how a project is named there.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::limits;

/// The kind of a forge. Data Center and Enterprise Server are of the kind whose API they speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ForgeKind {
    /// github.com or GitHub Enterprise Server.
    GitHub,
    /// Bitbucket Cloud.
    Bitbucket,
}

impl ForgeKind {
    /// All kinds, in the order in which pages list them.
    pub const ALL: [Self; 2] = [Self::GitHub, Self::Bitbucket];

    /// Returns the short form used in addresses: `gh`, `bb`.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::GitHub => "gh",
            Self::Bitbucket => "bb",
        }
    }

    /// Returns the long form used in addresses: `github`, `bitbucket`.
    pub const fn long_slug(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::Bitbucket => "bitbucket",
        }
    }

    /// Returns the name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub",
            Self::Bitbucket => "Bitbucket",
        }
    }

    /// Returns what the forge itself calls a key that opens one repository, in the middle of a
    /// sentence: the word that users have to look for on its pages.
    pub const fn key_name(self) -> &'static str {
        match self {
            Self::GitHub => "deploy key",
            Self::Bitbucket => "access key",
        }
    }

    /// Returns [`Self::key_name`] at the beginning of a sentence.
    pub const fn key_title(self) -> &'static str {
        match self {
            Self::GitHub => "Deploy key",
            Self::Bitbucket => "Access key",
        }
    }
}

impl fmt::Display for ForgeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// A string that names no forge that we know.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a forge that Roundel knows; use gh, github, bb or bitbucket")]
pub struct UnknownForge(pub String);

impl FromStr for ForgeKind {
    type Err = UnknownForge;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "gh" | "github" => Ok(Self::GitHub),
            "bb" | "bitbucket" => Ok(Self::Bitbucket),
            _ => Err(UnknownForge(text.to_owned())),
        }
    }
}

/// How people name a project: `gh/acme/web`. Display data: identity is the forge's own id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProjectSlug {
    pub forge: ForgeKind,
    /// The organization (GitHub) or workspace (Bitbucket).
    pub owner: String,
    /// The repository's name.
    pub repository: String,
}

impl ProjectSlug {
    /// Makes a slug of two names that come from outside.
    ///
    /// # Errors
    ///
    /// [`InvalidSlug`], if no forge can have such a name: it is empty, longer than
    /// [`limits::REPOSITORY_NAME_CHARS`] or holds a slash.
    pub fn new(forge: ForgeKind, owner: &str, repository: &str) -> Result<Self, InvalidSlug> {
        let is_name = |name: &str| {
            !name.is_empty()
                && !name.contains('/')
                && name.chars().count() <= limits::REPOSITORY_NAME_CHARS
        };
        if !is_name(owner) || !is_name(repository) {
            return Err(InvalidSlug);
        }
        Ok(Self { forge, owner: owner.to_owned(), repository: repository.to_owned() })
    }

    /// Returns `owner/repository`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.repository)
    }
}

impl fmt::Display for ProjectSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.forge.slug(), self.owner, self.repository)
    }
}

/// A string that cannot be the slug of a project. It is not repeated: it may be of any length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it does not name a project; write FORGE/OWNER/REPOSITORY, such as `gh/acme/web`")]
pub struct InvalidSlug;

impl FromStr for ProjectSlug {
    type Err = InvalidSlug;

    /// Reads `gh/acme/web` and `github/acme/web`.
    fn from_str(text: &str) -> Result<Self, InvalidSlug> {
        let mut parts = text.splitn(3, '/');
        let (Some(forge), Some(owner), Some(repository)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidSlug);
        };
        let forge = forge.parse().map_err(|UnknownForge(_)| InvalidSlug)?;
        Self::new(forge, owner, repository)
    }
}

/// A forge's own, immutable id of a repository: a number on GitHub, `{uuid}` on Bitbucket
/// (`VCS` §0 rule 1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepositoryId(pub String);

/// A forge's own, immutable id of a user: a number on GitHub, `{uuid}` on Bitbucket
/// (`VCS` §0 rule 2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ForgeUserId(pub String);

/// What a user may do with a repository, as the forge reports it. Ordered: more is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May see it.
    Read,
    /// May push to it.
    Write,
    /// May add keys and hooks.
    Admin,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_read_as_it_is_written() {
        for text in ["gh/acme/web", "bb/a.b/c-d"] {
            assert_eq!(
                text.parse::<ProjectSlug>().map(|slug| slug.to_string()),
                Ok(text.to_owned())
            );
        }
        let long_form: ProjectSlug = "github/acme/web".parse().unwrap();
        assert_eq!(long_form.to_string(), "gh/acme/web");
    }

    #[test]
    fn what_no_forge_can_have_is_not_a_slug() {
        let long = "x".repeat(limits::REPOSITORY_NAME_CHARS + 1);
        for text in [
            "",
            "gh",
            "gh/acme",
            "gl/acme/web",
            "gh//web",
            "gh/acme/",
            "gh/acme/web/tree",
            &format!("gh/acme/{long}"),
            &format!("gh/{long}/web"),
        ] {
            assert_eq!(text.parse::<ProjectSlug>(), Err(InvalidSlug), "{text}");
        }
    }
}
