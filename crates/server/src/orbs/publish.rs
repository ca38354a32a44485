//! Publishing an orb to this instance: what is published must be sound, and stays what it is.
//!
//! Used by the HTTP interface and by `roundel orb publish --data`, so that both say the same.

use std::time::Duration;

use roundel_config::{
    Inputs, Severity,
    orbs::{OrbReference, OrbVersion, ReferenceError},
};
use roundel_model::{forge::ForgeKind, time::Timestamp};
use roundel_store::{
    Store, StoreError,
    orbs::{NewOrb, Published, Visibility},
};

use super::{
    answer::{ORB_BYTES, digest},
    wire::{OrbOutcome, OrbPublished},
};

/// How long a label lives after it was last published (CFG §4.13.1).
const LABEL_LIFE: Duration = Duration::from_hours(90 * 24);

/// Characters of the publisher's name.
const NAME_CHARS: usize = 100;

/// What is to be published.
#[derive(Clone, Debug)]
pub struct Publication {
    /// `namespace/name@version`
    pub orb: String,
    /// Its packed source.
    pub text: String,
    /// The organization that owns the namespace: `github/acme`. `None`: the one that it has.
    pub organization: Option<String>,
    /// Who may see the namespace from now on: `organization`, `instance` or `everyone`. `None`: as
    /// it was.
    pub visibility: Option<String>,
    /// Who publishes it, as they call themselves.
    pub published_by: String,
}

/// Why something was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The name is not a valid orb name.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The version is a range.
    #[error("`{0}` is not one version; publish an exact one (1.4.2) or a label (dev:mine)")]
    Version(String),
    /// The source is too large.
    #[error("the packed source has more than {ORB_BYTES} bytes, which is the limit")]
    Size,
    /// The source is not a valid orb.
    #[error("`{orb}` has {}", match errors { 1 => "1 error".to_owned(), count => format!("{count} errors") })]
    Unsound {
        /// What was to be published.
        orb: String,
        /// How many errors there are.
        errors: usize,
        /// All that was found, with the source underlined.
        rendered: String,
    },
    /// The visibility is unknown.
    #[error("`{0}` is not a valid visibility; use organization, instance or everyone")]
    Visibility(String),
    /// There is no such organization.
    #[error(
        "`{0}` is not an organization with a project here; write it as github/NAME or bitbucket/NAME, \
         and add one of its projects first"
    )]
    Organization(String),
    /// The version is there with another source.
    #[error(
        "`{orb}` is published with another source (digest {digest}), and a released version never \
         changes; publish it as another version"
    )]
    Differs {
        /// What was to be published.
        orb: String,
        /// The digest of what is there.
        digest: String,
    },
    /// No owner of the namespace was named.
    #[error(
        "the namespace `{0}` has no owner; name the organization that owns it with \
         `--org github/NAME`, or make it visible to all projects on this server with `--visibility instance`"
    )]
    NoOwner(String),
    /// The namespace belongs to another organization.
    #[error("the namespace `{0}` belongs to another owner")]
    OtherOwner(String),
    /// There are too many versions.
    #[error("`{0}` has too many versions; publish labels (dev:mine) from branches")]
    Full(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Publishes a version of an orb.
///
/// # Errors
///
/// [`PublishError`] says why not, and what to do.
pub async fn publish(
    store: &Store,
    publication: Publication,
    now: Timestamp,
) -> Result<OrbPublished, PublishError> {
    let reference: OrbReference = publication.orb.parse()?;
    let expires_at = match &reference.version {
        OrbVersion::Exact(_) => None,
        OrbVersion::Dev(_) => Some(now.plus(LABEL_LIFE)),
        OrbVersion::Minor(..) | OrbVersion::Major(_) | OrbVersion::Volatile | OrbVersion::Url => {
            return Err(PublishError::Version(publication.orb));
        }
    };
    let organization = organization(store, publication.organization.as_deref()).await?;
    let visibility = publication.visibility.as_deref().map(visibility).transpose()?;
    let warnings = check(&reference, &publication.text).await?;
    let new = NewOrb {
        namespace: reference.namespace.clone(),
        name: reference.name.clone(),
        version: reference.version.to_string(),
        organization,
        visibility,
        published_by: publication.published_by.chars().take(NAME_CHARS).collect(),
        expires_at,
        text: publication.text,
    };
    let orb = reference.to_string();
    let outcome = match store.publish_orb(&new, now).await? {
        Published::New => OrbOutcome::New,
        Published::Same => OrbOutcome::Same,
        Published::Replaced => OrbOutcome::Replaced,
        Published::Differs { digest } => return Err(PublishError::Differs { orb, digest }),
        Published::NoOwner => return Err(PublishError::NoOwner(reference.namespace)),
        Published::OtherOwner => return Err(PublishError::OtherOwner(reference.namespace)),
        Published::Full => return Err(PublishError::Full(reference.orb())),
    };
    tracing::info!(%orb, %outcome, by = %new.published_by, "an orb was published");
    Ok(OrbPublished { orb, outcome: outcome.into(), sha256: digest(&new.text), warnings })
}

async fn organization(
    store: &Store,
    wanted: Option<&str>,
) -> Result<Option<roundel_model::id::OrganizationId>, PublishError> {
    let Some(wanted) = wanted else { return Ok(None) };
    let unknown = || PublishError::Organization(wanted.to_owned());
    let (forge, login) = wanted.split_once('/').ok_or_else(unknown)?;
    let forge: ForgeKind = forge.parse().map_err(|_| unknown())?;
    let found = store.organization_by_login(forge, login).await?;
    found.map(Some).ok_or_else(unknown)
}

fn visibility(word: &str) -> Result<Visibility, PublishError> {
    match word {
        "organization" => Ok(Visibility::Organization),
        "instance" => Ok(Visibility::Instance),
        "everyone" => Ok(Visibility::Everyone),
        _ => Err(PublishError::Visibility(word.to_owned())),
    }
}

/// Returns the word for who may see a namespace.
pub(crate) const fn word(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Organization => "organization",
        Visibility::Instance => "instance",
        Visibility::Everyone => "everyone",
    }
}

/// Checks that a source is a sound orb. Returns its warnings, rendered. What it imports itself is
/// checked when a pipeline uses it.
async fn check(reference: &OrbReference, text: &str) -> Result<String, PublishError> {
    if u64::try_from(text.len()).is_ok_and(|bytes| bytes > ORB_BYTES) {
        return Err(PublishError::Size);
    }
    let inputs = Inputs { path: reference.to_string(), ..Inputs::default() };
    let source = text.to_owned();
    let checked = tokio::task::spawn_blocking(move || {
        let found = roundel_config::check_orb(&source, &inputs);
        let errors = found.iter().filter(|found| found.severity == Severity::Error).count();
        (errors, roundel_config::render(&source, &found, roundel_config::Layout::default()))
    });
    let orb = reference.to_string();
    let (errors, rendered) = checked.await.map_err(|error| {
        tracing::error!(%orb, %error, "the compiler panicked on an orb");
        StoreError::Unreadable {
            what: format!(
                "internal error: the compiler crashed on orb {orb}; this is a bug in Roundel"
            ),
        }
    })?;
    if errors > 0 {
        return Err(PublishError::Unsound { orb, errors, rendered });
    }
    Ok(rendered)
}
