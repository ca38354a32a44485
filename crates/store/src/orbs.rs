//! Orbs that were published to this instance: namespaces, versions, sources.
//!
//! A namespace has one owner: an organization, or the instance itself. Who may see its orbs is its
//! [`Visibility`]. A released version never changes; a label (`dev:x`) is overwritten and ends after
//! a while. Sources are kept once, by digest: what a pipeline was compiled with is in [`used`], what
//! a registry answered in [`answers`].
//!
//! Deliberately absent: whether a source is a sound orb, and what a version means (`server::orbs`).

mod answers;
mod sources;
mod used;

use roundel_model::{forge::ForgeKind, id::OrganizationId, time::Timestamp};

use crate::{
    db::{Row, Session, Value, values, words},
    error::StoreError,
    store::Store,
};

use sources::{keep_source, prepare, source_from};

pub use answers::{OrbAnswer, OrbText};
pub use used::PipelineOrb;

/// Versions of one orb. To publish from every commit, use a label.
const VERSIONS: u64 = 10_000;

/// Versions that one list shows, of all orbs together.
const LISTED: u32 = 100_000;

/// For how long a source without a reference is kept: it may have been stored a moment ago.
const ORPHAN: std::time::Duration = std::time::Duration::from_hours(24);

/// Who may see the orbs of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Projects of the organization that owns it.
    Organization,
    /// All projects of this instance.
    Instance,
    /// Everyone who can reach this server, also without signing in.
    Everyone,
}

words!(Visibility {
    Organization = "organization",
    Instance = "instance",
    Everyone = "everyone",
});

/// Who looks for an orb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrbReader {
    /// An administrator of the instance.
    Administrator,
    /// A project of an organization.
    Project(OrganizationId),
    /// A caller of whom nothing is known.
    Anonymous,
}

/// The first half of orb names: `acme` in `acme/deploy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    pub name: String,
    /// The organization that owns it; `None`: the instance itself.
    pub organization: Option<OrganizationId>,
    /// Who may see its orbs.
    pub visibility: Visibility,
}

impl Namespace {
    /// Returns whether a reader may know of it.
    pub fn is_seen_by(&self, reader: OrbReader) -> bool {
        match (reader, self.visibility) {
            (OrbReader::Administrator, _) | (_, Visibility::Everyone) => true,
            (OrbReader::Project(_), Visibility::Instance) => true,
            (OrbReader::Project(organization), Visibility::Organization) => {
                self.organization == Some(organization)
            }
            (OrbReader::Anonymous, Visibility::Instance | Visibility::Organization) => false,
        }
    }
}

/// A version that is to be published.
#[derive(Clone, Debug)]
pub struct NewOrb {
    /// The namespace. It is made if it is not there.
    pub namespace: String,
    /// The orb's name within it.
    pub name: String,
    /// The exact version, or a label.
    pub version: String,
    /// Its packed source.
    pub text: String,
    /// The owner that the namespace gets or must have; `None`: the one that it has.
    pub organization: Option<OrganizationId>,
    /// Who may see the namespace from now on; `None`: as it was.
    pub visibility: Option<Visibility>,
    /// Who publishes it.
    pub published_by: String,
    /// When a label ends. Released versions do not.
    pub expires_at: Option<Timestamp>,
}

/// What publishing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// It is there now.
    New,
    /// It was there already, with the same source.
    Same,
    /// The label stands for it now.
    Replaced,
    /// The version is there with another source, and stays as it is.
    Differs {
        /// The digest of what is there.
        digest: String,
    },
    /// The namespace is not there, and no owner was named.
    NoOwner,
    /// The namespace belongs to another owner.
    OtherOwner,
    /// The orb has too many versions.
    Full,
}

/// A published version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrbVersionRow {
    pub namespace: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// The organization that owns it, as `github/acme`; `None`: the instance.
    pub owner: Option<String>,
    /// The orb's name within it.
    pub name: String,
    /// The exact version, or a label.
    pub version: String,
    /// Lower-case hex SHA-256 of its source.
    pub digest: String,
    pub size_bytes: u64,
    pub published_at: Timestamp,
    /// Name of the user or project that published it.
    pub published_by: String,
    /// When it ends, if it is a label.
    pub expires_at: Option<Timestamp>,
}

impl Store {
    /// Finds an organization that owns a project here, by its name in any case.
    pub async fn organization_by_login(
        &self,
        forge: ForgeKind,
        login: &str,
    ) -> Result<Option<OrganizationId>, StoreError> {
        let mut session = self.db.read("find an organization").await?;
        let sql = "SELECT id FROM organizations WHERE forge = $1 AND LOWER(login) = $2
             ORDER BY id LIMIT 1";
        let row = session.row(sql, values![forge, login.to_lowercase()]).await?;
        row.map(|row| row.get("id")).transpose()
    }

    /// Publishes a version. A released version never changes; a label moves.
    pub async fn publish_orb(&self, new: &NewOrb, now: Timestamp) -> Result<Published, StoreError> {
        let (digest, packed) = prepare(&new.text).await;
        let mut session = self.db.write("publish an orb").await?;
        session.take_turn(&format!("orb namespace {}", new.namespace)).await?;
        if let Some(refusal) = find_or_create_namespace(&mut session, new, now).await? {
            return Ok(refusal);
        }
        forget_labels(&mut session, now).await?;
        let key = values![&new.namespace, &new.name, &new.version];
        let sql = "SELECT digest FROM orb_versions
             WHERE namespace = $1 AND name = $2 AND version = $3";
        let before = session.row(sql, key.clone()).await?;
        let before = before.map(|row| row.get::<String>("digest")).transpose()?;
        let answer = match before {
            Some(before) if before == digest && new.expires_at.is_none() => Published::Same,
            Some(digest_there) if new.expires_at.is_none() => {
                return Ok(Published::Differs { digest: digest_there });
            }
            Some(_) => Published::Replaced,
            None if is_full(&mut session, new).await? => return Ok(Published::Full),
            None => Published::New,
        };
        if answer != Published::Same {
            keep_source(&mut session, &digest, new.text.len(), packed, now).await?;
            let sql = "INSERT INTO orb_versions (namespace, name, version, digest, published_at,
                    published_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (namespace, name, version) DO UPDATE SET digest = excluded.digest,
                    published_at = excluded.published_at, published_by = excluded.published_by,
                    expires_at = excluded.expires_at";
            let rest = values![&digest, now, &new.published_by, new.expires_at];
            session.run(sql, [key, rest].concat()).await?;
        }
        session.commit().await?;
        Ok(answer)
    }

    /// Finds a namespace, without regard to who may see it.
    pub async fn orb_namespace(&self, name: &str) -> Result<Option<Namespace>, StoreError> {
        namespace(&mut self.db.read("find a namespace").await?, name).await
    }

    /// Lists the versions of one orb that a reader may see, in no order that means anything.
    pub async fn orb_versions(
        &self,
        reader: OrbReader,
        namespace: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<Vec<OrbVersionRow>, StoreError> {
        let mut session = self.db.read("list the versions of an orb").await?;
        let sql =
            format!("{SELECT} AND n.name = $4 AND v.name = $5 ORDER BY v.version LIMIT {LISTED}");
        let values = [visible(reader, now), values![namespace, name]].concat();
        session.rows(sql, values).await?.iter().map(OrbVersionRow::read).collect()
    }

    /// Lists the versions of all orbs that a reader may see, or of those in one namespace.
    pub async fn orbs(
        &self,
        reader: OrbReader,
        namespace: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<OrbVersionRow>, StoreError> {
        let mut session = self.db.read("list orbs").await?;
        let sql = format!(
            "{SELECT} AND (n.name = $4 OR $4 IS NULL)
             ORDER BY n.name, v.name, v.version LIMIT {LISTED}"
        );
        let values = [visible(reader, now), values![namespace]].concat();
        session.rows(sql, values).await?.iter().map(OrbVersionRow::read).collect()
    }

    /// Reads a source by its digest.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unreadable`] if what is there has another digest: nothing is built from it.
    pub async fn orb_source(&self, digest: &str) -> Result<Option<String>, StoreError> {
        let mut session = self.db.read("read an orb").await?;
        let sql = "SELECT digest, size_bytes, body FROM orb_sources WHERE digest = $1";
        session.row(sql, values![digest]).await?.as_ref().map(source_from).transpose()
    }
}

/// Every version with its namespace, restricted to what may be seen by `$1`, `$2` at `$3`.
const SELECT: &str = "SELECT n.name AS namespace, n.visibility, o.forge, o.login, v.name,
        v.version, v.digest, s.size_bytes, v.published_at, v.published_by, v.expires_at
     FROM orb_versions v
        JOIN orb_namespaces n ON n.name = v.namespace
        JOIN orb_sources s ON s.digest = v.digest
        LEFT JOIN organizations o ON o.id = n.organization
     WHERE ($1 = 'administrator' OR n.visibility = 'everyone'
            OR ($1 = 'project' AND (n.visibility = 'instance' OR n.organization = $2)))
        AND (v.expires_at IS NULL OR v.expires_at > $3)";

fn visible(reader: OrbReader, now: Timestamp) -> Vec<Value> {
    match reader {
        OrbReader::Administrator => values!["administrator", None::<OrganizationId>, now],
        OrbReader::Project(organization) => values!["project", Some(organization), now],
        OrbReader::Anonymous => values!["anonymous", None::<OrganizationId>, now],
    }
}

impl OrbVersionRow {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let forge: Option<ForgeKind> = row.opt("forge")?;
        let login: Option<String> = row.opt("login")?;
        Ok(Self {
            namespace: row.get("namespace")?,
            visibility: row.get("visibility")?,
            owner: forge.zip(login).map(|(forge, login)| format!("{}/{login}", forge.long_slug())),
            name: row.get("name")?,
            version: row.get("version")?,
            digest: row.get("digest")?,
            size_bytes: row.get("size_bytes")?,
            published_at: row.get("published_at")?,
            published_by: row.get("published_by")?,
            expires_at: row.opt("expires_at")?,
        })
    }
}

/// Finds or makes the namespace of a version. Returns why it cannot be published there.
async fn find_or_create_namespace(
    session: &mut Session,
    new: &NewOrb,
    now: Timestamp,
) -> Result<Option<Published>, StoreError> {
    let Some(found) = namespace(session, &new.namespace).await? else {
        // Without an organization there is no one to whom it could be private.
        let visibility = new.visibility.unwrap_or(Visibility::Organization);
        if new.organization.is_none() && visibility == Visibility::Organization {
            return Ok(Some(Published::NoOwner));
        }
        let sql = "INSERT INTO orb_namespaces (name, organization, visibility, created_at)
             VALUES ($1, $2, $3, $4)";
        session.run(sql, values![&new.namespace, new.organization, visibility, now]).await?;
        return Ok(None);
    };
    if new.organization.is_some() && found.organization != new.organization {
        return Ok(Some(Published::OtherOwner));
    }
    let Some(visibility) = new.visibility else { return Ok(None) };
    if found.organization.is_none() && visibility == Visibility::Organization {
        return Ok(Some(Published::NoOwner));
    }
    let sql = "UPDATE orb_namespaces SET visibility = $1 WHERE name = $2";
    session.run(sql, values![visibility, &new.namespace]).await?;
    Ok(None)
}

async fn namespace(session: &mut Session, name: &str) -> Result<Option<Namespace>, StoreError> {
    let sql = "SELECT name, organization, visibility FROM orb_namespaces WHERE name = $1";
    let Some(row) = session.row(sql, values![name]).await? else { return Ok(None) };
    Ok(Some(Namespace {
        name: row.get("name")?,
        organization: row.opt("organization")?,
        visibility: row.get("visibility")?,
    }))
}

async fn is_full(session: &mut Session, new: &NewOrb) -> Result<bool, StoreError> {
    let sql = "SELECT COUNT(*) AS versions FROM orb_versions WHERE namespace = $1 AND name = $2";
    let row = session.row(sql, values![&new.namespace, &new.name]).await?;
    let versions = row.map(|row| row.get::<u64>("versions")).transpose()?;
    Ok(versions.is_some_and(|versions| versions >= VERSIONS))
}

async fn forget_labels(session: &mut Session, now: Timestamp) -> Result<(), StoreError> {
    let sql = "DELETE FROM orb_versions WHERE expires_at IS NOT NULL AND expires_at <= $1";
    session.run(sql, values![now]).await.map(drop)
}

/// Forgets labels that ended, the oldest answers, and sources without a reference.
pub(crate) async fn forget(session: &mut Session, now: Timestamp) -> Result<(), StoreError> {
    forget_labels(session, now).await?;
    answers::forget_oldest(session).await?;
    let sql = "DELETE FROM orb_sources WHERE stored_at <= $1
         AND NOT EXISTS (SELECT 1 FROM orb_versions v WHERE v.digest = orb_sources.digest)
         AND NOT EXISTS (SELECT 1 FROM orb_answers a WHERE a.digest = orb_sources.digest)
         AND NOT EXISTS (SELECT 1 FROM pipeline_orbs p WHERE p.digest = orb_sources.digest)";
    session.run(sql, values![now.minus(ORPHAN)]).await.map(drop)
}
