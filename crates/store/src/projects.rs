//! Projects: what was added, and who follows it.
//!
//! A project is its forge's id of the repository; names are display data that change. Its key, its
//! hook and its variables are in [`sealed`], what copies variables in [`import`], the record of its
//! setup in [`setups`].
//!
//! Deliberately absent: deleting a project.

mod import;
mod sealed;
mod setups;

use roundel_model::{
    forge::{ProjectSlug, RepositoryId},
    id::{AccountId, OrganizationId, ProjectId},
    time::Timestamp,
};

use crate::{
    db::{Row, Session, values},
    error::StoreError,
    runners::write_setting,
    store::Store,
    vault::Scope,
};

pub use import::{ImportedVariables, VariableImport};
pub use sealed::{CheckoutKey, Hook, HookState, KeyState, VariableRow};
pub use setups::{Setup, SetupState, SetupStep, SetupStepStatus};

/// What a user changes at once about the projects that they follow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FollowerChanges {
    /// Settings of theirs, as [`Store::put_setting`] keeps them.
    pub settings: Vec<(String, String)>,
    pub follow: Vec<ProjectId>,
    pub unfollow: Vec<ProjectId>,
}

/// A repository that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Ours; the forge's is `repository`.
    pub id: ProjectId,
    /// The name that people use; it may change.
    pub slug: ProjectSlug,
    /// The id of the row of the owner at the forge.
    pub organization: OrganizationId,
    /// The forge's immutable id: the identity (`VCS` §0 rule 1).
    pub repository: RepositoryId,
    /// The branch that pages and badges show.
    pub default_branch: String,
    /// Only those whom the forge lets read it may see it.
    pub private: bool,
    /// Where git fetches from.
    pub ssh_url: String,
    /// Its page at the forge.
    pub web_url: String,
    /// Whose token is used for what must work unattended.
    pub integration: AccountId,
    /// Setup has ended well; pushes are built.
    pub active: bool,
    pub created_at: Timestamp,
}

/// The facts about a repository when it is added or seen again.
#[derive(Clone, Debug)]
pub struct NewProject {
    pub slug: ProjectSlug,
    /// The forge's immutable id of it.
    pub repository: RepositoryId,
    /// The forge's immutable id of its owner.
    pub organization_forge_id: String,
    /// The branch that pages and badges show.
    pub default_branch: String,
    /// Only those whom the forge lets read it may see it.
    pub private: bool,
    /// Where git fetches from.
    pub ssh_url: String,
    /// Its page at the forge.
    pub web_url: String,
    /// The account that adds it.
    pub integration: AccountId,
}

/// What changed of a project's repository at its forge. `None` leaves a value as it is.
#[derive(Clone, Debug, Default)]
pub struct RepositoryChanges {
    /// Its new name; the old one still finds the project until another takes it.
    pub slug: Option<ProjectSlug>,
    pub default_branch: Option<String>,
    pub private: Option<bool>,
    /// Where jobs clone it from. A forge may not redirect the old address.
    pub ssh_url: Option<String>,
    /// URL of its page.
    pub web_url: Option<String>,
}

/// Every column of a project, for `SELECT`.
const COLUMNS: &str = "p.id, p.forge, p.owner, p.repository, p.organization, p.repository_id,
    p.default_branch, p.private, p.ssh_url, p.web_url, p.integration, p.active, p.created_at";

impl Store {
    /// Finds or makes the project of a repository, by the forge's id; refreshes the names.
    ///
    /// The account that adds a project which is not active becomes its integration; an active one keeps the
    /// integration that works.
    pub async fn upsert_project(
        &self,
        new: &NewProject,
        now: Timestamp,
    ) -> Result<Project, StoreError> {
        let mut session = self.db.write("add a project").await?;
        let forge = new.slug.forge;
        session.take_turn(&format!("repository {forge} {}", new.repository.0)).await?;
        let organization = upsert_organization(&mut session, new).await?;
        let found = session
            .row(
                "SELECT id FROM projects WHERE forge = $1 AND repository_id = $2",
                values![forge, &new.repository],
            )
            .await?
            .map(|row| row.get::<ProjectId>("id"))
            .transpose()?;
        let id = match found {
            Some(id) => {
                refresh(&mut session, id, new, organization).await?;
                id
            }
            None => insert(&mut session, new, organization, now).await?,
        };
        rename(&mut session, id, &new.slug).await?;
        let project = by_id(&mut session, id).await?.ok_or(StoreError::Missing("project"))?;
        session.commit().await?;
        Ok(project)
    }

    /// Finds a project.
    pub async fn project(&self, id: ProjectId) -> Result<Option<Project>, StoreError> {
        by_id(&mut self.db.read("read a project").await?, id).await
    }

    /// Finds by name, in any case; an old name of a renamed repository finds it too.
    pub async fn project_by_slug(&self, slug: &ProjectSlug) -> Result<Option<Project>, StoreError> {
        let mut session = self.db.read("find a project").await?;
        // A name in use goes before one that was left, and who took it last before who had it first.
        let sql = format!(
            "SELECT {COLUMNS} FROM projects p WHERE p.id IN (
                SELECT n.id FROM projects n WHERE n.forge = $1 AND n.path = $2
                UNION ALL
                SELECT a.project FROM project_aliases a WHERE a.forge = $1 AND a.path = $2)
             ORDER BY CASE WHEN p.path = $2 THEN 0 ELSE 1 END, p.named_seq DESC LIMIT 1"
        );
        let row = session.row(sql, values![slug.forge, path_of(slug)]).await?;
        row.as_ref().map(project_from).transpose()
    }

    /// Lists all projects, by name.
    pub async fn projects(&self) -> Result<Vec<Project>, StoreError> {
        let mut session = self.db.read("list projects").await?;
        let sql = format!("SELECT {COLUMNS} FROM projects p ORDER BY p.path, p.forge");
        session.rows(sql, values![]).await?.iter().map(project_from).collect()
    }

    /// Lists the projects that an account follows, by name.
    pub async fn followed_projects(&self, account: AccountId) -> Result<Vec<Project>, StoreError> {
        let mut session = self.db.read("list followed projects").await?;
        let sql = format!(
            "SELECT {COLUMNS} FROM projects p JOIN follows f ON f.project = p.id
             WHERE f.account = $1 ORDER BY p.path, p.forge"
        );
        session.rows(sql, values![account]).await?.iter().map(project_from).collect()
    }

    /// Lists the projects with variables that an account follows, by name, but not this one.
    pub async fn projects_with_variables(
        &self,
        account: AccountId,
        but: ProjectId,
        most: usize,
    ) -> Result<Vec<Project>, StoreError> {
        let mut session = self.db.read("list projects with variables").await?;
        let sql = format!(
            "SELECT {COLUMNS} FROM projects p JOIN follows f ON f.project = p.id
             WHERE f.account = $1 AND p.id <> $2
                AND EXISTS (SELECT v.name FROM variables v WHERE v.project = p.id)
             ORDER BY p.path, p.forge LIMIT $3"
        );
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        session.rows(sql, values![account, but, most]).await?.iter().map(project_from).collect()
    }

    /// Makes pushes to a project start pipelines.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] if there is no such project.
    pub async fn start_building(&self, id: ProjectId) -> Result<(), StoreError> {
        self.set_active(id, true).await
    }

    /// Makes pushes to a project start nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] if there is no such project.
    pub async fn stop_building(&self, id: ProjectId) -> Result<(), StoreError> {
        self.set_active(id, false).await
    }

    async fn set_active(&self, id: ProjectId, active: bool) -> Result<(), StoreError> {
        let mut session = self.db.write("activate a project").await?;
        let sql = "UPDATE projects SET active = $1 WHERE id = $2";
        let changed = session.run(sql, values![active, id]).await?;
        session.commit().await?;
        if changed == 0 { Err(StoreError::Missing("project")) } else { Ok(()) }
    }

    /// After a rename, a transfer, or a change of default branch or visibility.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] if there is no such project.
    pub async fn update_repository(
        &self,
        id: ProjectId,
        changes: &RepositoryChanges,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write("update a repository").await?;
        let sql = "UPDATE projects SET default_branch = COALESCE($1, default_branch),
                private = COALESCE($2, private), ssh_url = COALESCE($3, ssh_url),
                web_url = COALESCE($4, web_url) WHERE id = $5";
        let RepositoryChanges { slug, default_branch, private, ssh_url, web_url } = changes;
        let values = values![
            default_branch.as_deref(),
            *private,
            ssh_url.as_deref(),
            web_url.as_deref(),
            id
        ];
        if session.run(sql, values).await? == 0 {
            return Err(StoreError::Missing("project"));
        }
        if let Some(slug) = slug {
            rename(&mut session, id, slug).await?;
        }
        session.commit().await
    }

    /// Lets an account follow a project. Again changes nothing.
    pub async fn follow(
        &self,
        account: AccountId,
        project: ProjectId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write("follow a project").await?;
        follow(&mut session, account, project, now).await?;
        session.commit().await
    }

    /// Lets an account follow a project no longer.
    pub async fn unfollow(&self, account: AccountId, project: ProjectId) -> Result<(), StoreError> {
        let mut session = self.db.write("unfollow a project").await?;
        unfollow(&mut session, account, project).await?;
        session.commit().await
    }

    /// Changes what an account follows and the settings that belong to it: all of it or, after an
    /// error, nothing.
    pub async fn change_follower(
        &self,
        account: AccountId,
        changes: &FollowerChanges,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let data_key = self.vault.unlock(&self.db, Scope::Instance).await?;
        let mut session = self.db.write("change a follower").await?;
        for (key, value) in &changes.settings {
            write_setting(&mut session, &data_key, key, value).await?;
        }
        for &project in &changes.follow {
            follow(&mut session, account, project, now).await?;
        }
        for &project in &changes.unfollow {
            unfollow(&mut session, account, project).await?;
        }
        session.commit().await
    }

    /// Every account that follows a project, in the order in which they began.
    pub async fn followers(&self, project: ProjectId) -> Result<Vec<AccountId>, StoreError> {
        let mut session = self.db.read("list followers").await?;
        let sql = "SELECT account FROM follows WHERE project = $1 ORDER BY created_at, account";
        session.rows(sql, values![project]).await?.iter().map(|row| row.get("account")).collect()
    }
}

async fn follow(
    session: &mut Session,
    account: AccountId,
    project: ProjectId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO follows (account, project, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (account, project) DO NOTHING";
    session.run(sql, values![account, project, now]).await.map(drop)
}

async fn unfollow(
    session: &mut Session,
    account: AccountId,
    project: ProjectId,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM follows WHERE account = $1 AND project = $2";
    session.run(sql, values![account, project]).await.map(drop)
}

async fn upsert_organization(
    session: &mut Session,
    new: &NewProject,
) -> Result<OrganizationId, StoreError> {
    let sql = "INSERT INTO organizations (id, forge, forge_id, login) VALUES ($1, $2, $3, $4)
         ON CONFLICT (forge, forge_id) DO UPDATE SET login = excluded.login RETURNING id";
    let values = values![
        OrganizationId::fresh(),
        new.slug.forge,
        &new.organization_forge_id,
        &new.slug.owner,
    ];
    session.row(sql, values).await?.ok_or(StoreError::Missing("organization"))?.get("id")
}

async fn insert(
    session: &mut Session,
    new: &NewProject,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<ProjectId, StoreError> {
    let id = ProjectId::fresh();
    let sql = "INSERT INTO projects (id, forge, repository_id, organization, owner, repository,
            path, named_seq, default_branch, private, ssh_url, web_url, integration, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10, $11, $12, $13)";
    let values = values![
        id,
        new.slug.forge,
        &new.repository,
        organization,
        &new.slug.owner,
        &new.slug.repository,
        path_of(&new.slug),
        &new.default_branch,
        new.private,
        &new.ssh_url,
        &new.web_url,
        new.integration,
        now,
    ];
    session.run(sql, values).await?;
    Ok(id)
}

async fn refresh(
    session: &mut Session,
    id: ProjectId,
    new: &NewProject,
    organization: OrganizationId,
) -> Result<(), StoreError> {
    let sql = "UPDATE projects SET organization = $1, default_branch = $2, private = $3,
            ssh_url = $4, web_url = $5,
            integration = CASE WHEN active = 0 THEN $6 ELSE integration END
         WHERE id = $7";
    let values = values![
        organization,
        &new.default_branch,
        new.private,
        &new.ssh_url,
        &new.web_url,
        new.integration,
        id,
    ];
    session.run(sql, values).await.map(drop)
}

/// Gives a project a name, and keeps the one that it leaves as an alias.
async fn rename(
    session: &mut Session,
    id: ProjectId,
    slug: &ProjectSlug,
) -> Result<(), StoreError> {
    let path = path_of(slug);
    let sql = "INSERT INTO project_aliases (forge, path, project)
         SELECT forge, path, id FROM projects WHERE id = $1 AND path <> $2
         ON CONFLICT (forge, path) DO UPDATE SET project = excluded.project";
    session.run(sql, values![id, &path]).await?;
    let sql = "DELETE FROM project_aliases WHERE forge = $1 AND path = $2";
    session.run(sql, values![slug.forge, &path]).await?;
    let sql = "UPDATE projects SET owner = $1, repository = $2, path = $3,
            named_seq = (SELECT COALESCE(MAX(n.named_seq), 0) + 1 FROM projects n)
         WHERE id = $4 AND (owner <> $1 OR repository <> $2 OR named_seq = 0)";
    session.run(sql, values![&slug.owner, &slug.repository, &path, id]).await.map(drop)
}

async fn by_id(session: &mut Session, id: ProjectId) -> Result<Option<Project>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM projects p WHERE p.id = $1");
    let row = session.row(sql, values![id]).await?;
    row.as_ref().map(project_from).transpose()
}

fn path_of(slug: &ProjectSlug) -> String {
    slug.full_name().to_lowercase()
}

fn project_from(row: &Row) -> Result<Project, StoreError> {
    Ok(Project {
        id: row.get("id")?,
        slug: ProjectSlug {
            forge: row.get("forge")?,
            owner: row.get("owner")?,
            repository: row.get("repository")?,
        },
        organization: row.get("organization")?,
        repository: row.get("repository_id")?,
        default_branch: row.get("default_branch")?,
        private: row.get("private")?,
        ssh_url: row.get("ssh_url")?,
        web_url: row.get("web_url")?,
        integration: row.get("integration")?,
        active: row.get("active")?,
        created_at: row.get("created_at")?,
    })
}
