//! Projects: what was added, with its key, its hook, its variables and the record of its set-up.

use roundel_model::{forge::{ForgeKind, ProjectSlug, RepositoryId}, id::{AccountId, CheckoutKeyId, HookId, OrganizationId, ProjectId}, secret::Secret, time::Timestamp};
use crate::{Store, StoreError};

/// A repository that somebody added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    pub id: ProjectId, pub slug: ProjectSlug, pub organization: OrganizationId,
    /// The forge's immutable id: the identity (`VCS` §0 rule 1).
    pub repository: RepositoryId,
    pub default_branch: String, pub private: bool, pub ssh_url: String, pub web_url: String,
    /// Whose token is used for what must work unattended.
    pub integration: AccountId,
    /// Set-up has ended well; pushes are built.
    pub active: bool, pub created_at: Timestamp,
}

/// What is known of a repository when it is added or seen again.
#[derive(Clone, Debug)]
pub struct NewProject {
    pub slug: ProjectSlug, pub repository: RepositoryId, pub organization_forge_id: String,
    pub default_branch: String, pub private: bool, pub ssh_url: String, pub web_url: String, pub integration: AccountId,
}

/// The record of a set-up (`VCS` §8.1): survives a crash, shown as a list of steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    pub project: ProjectId, pub actor: AccountId, pub state: SetupState,
    pub steps: Vec<SetupStep>, pub started_at: Timestamp, pub updated_at: Timestamp,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetupState { Running, Done, Failed, Compensating, Abandoned }
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SetupStep { pub key: String, pub title: String, pub status: SetupStepStatus, pub detail: Option<String> }
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetupStepStatus { Waiting, Running, Done, Warning, Failed, Undone }

/// The key pair of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutKey {
    pub id: CheckoutKeyId, pub project: ProjectId, pub state: KeyState,
    /// The forge's id of it, once it is there.
    pub forge_id: Option<String>,
    /// One line: `ssh-ed25519 AAAA… comment`.
    pub public: String,
    /// `SHA256:…`
    pub fingerprint: String,
    pub private: Secret<String>, pub created_at: Timestamp, pub last_used_at: Option<Timestamp>,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState { Pending, Active, Gone }

/// Our webhook at a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    pub id: HookId, pub project: ProjectId, pub forge: ForgeKind, pub forge_id: Option<String>,
    pub secret: Secret<String>,
    /// Still accepted for a while after a rotation.
    pub previous_secret: Option<Secret<String>>,
    pub state: HookState, pub created_at: Timestamp,
    /// The newest delivery with a right signature.
    pub last_delivery_at: Option<Timestamp>,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookState { Pending, Active, Missing, Gone }

impl Store {
    /// Finds or makes the project of a repository, by the forge's id; refreshes the names.
    pub async fn upsert_project(&self, new: &NewProject, now: Timestamp) -> Result<Project, StoreError> { todo!() }
    pub async fn project(&self, id: ProjectId) -> Result<Option<Project>, StoreError> { todo!() }
    /// Finds by name, in any case; an old name of a renamed repository finds it too.
    pub async fn project_by_slug(&self, slug: &ProjectSlug) -> Result<Option<Project>, StoreError> { todo!() }
    pub async fn project_by_repository(&self, forge: ForgeKind, repository: &RepositoryId) -> Result<Option<Project>, StoreError> { todo!() }
    pub async fn projects(&self) -> Result<Vec<Project>, StoreError> { todo!() }
    pub async fn followed_projects(&self, account: AccountId) -> Result<Vec<Project>, StoreError> { todo!() }
    pub async fn set_project_active(&self, id: ProjectId, active: bool) -> Result<(), StoreError> { todo!() }
    /// After a rename, transfer or change of default branch. `None` leaves a value.
    pub async fn rename_project(&self, id: ProjectId, slug: Option<&ProjectSlug>, default_branch: Option<&str>, private: Option<bool>) -> Result<(), StoreError> { todo!() }
    pub async fn follow(&self, account: AccountId, project: ProjectId, now: Timestamp) -> Result<(), StoreError> { todo!() }
    pub async fn unfollow(&self, account: AccountId, project: ProjectId) -> Result<(), StoreError> { todo!() }
    /// Everybody who follows a project.
    pub async fn followers(&self, project: ProjectId) -> Result<Vec<AccountId>, StoreError> { todo!() }

    pub async fn setup(&self, project: ProjectId) -> Result<Option<Setup>, StoreError> { todo!() }
    pub async fn save_setup(&self, setup: &Setup) -> Result<(), StoreError> { todo!() }
    /// Set-ups that a crash may have interrupted.
    pub async fn unfinished_setups(&self) -> Result<Vec<Setup>, StoreError> { todo!() }

    pub async fn insert_checkout_key(&self, key: &CheckoutKey) -> Result<(), StoreError> { todo!() }
    /// The newest key that is not gone.
    pub async fn checkout_key(&self, project: ProjectId) -> Result<Option<CheckoutKey>, StoreError> { todo!() }
    pub async fn update_checkout_key(&self, id: CheckoutKeyId, state: KeyState, forge_id: Option<&str>) -> Result<(), StoreError> { todo!() }
    pub async fn touch_checkout_key(&self, project: ProjectId, now: Timestamp) -> Result<(), StoreError> { todo!() }

    pub async fn insert_hook(&self, hook: &Hook) -> Result<(), StoreError> { todo!() }
    pub async fn hook(&self, id: HookId) -> Result<Option<Hook>, StoreError> { todo!() }
    /// The newest hook of a project that is not gone.
    pub async fn hook_of(&self, project: ProjectId) -> Result<Option<Hook>, StoreError> { todo!() }
    pub async fn update_hook(&self, id: HookId, state: HookState, forge_id: Option<&str>) -> Result<(), StoreError> { todo!() }

    pub async fn set_variable(&self, project: ProjectId, name: &str, value: &Secret<String>, now: Timestamp) -> Result<(), StoreError> { todo!() }
    pub async fn delete_variable(&self, project: ProjectId, name: &str) -> Result<bool, StoreError> { todo!() }
    /// Names and values, by name.
    pub async fn variables(&self, project: ProjectId) -> Result<Vec<(String, Secret<String>)>, StoreError> { todo!() }
}
