//! The secrets of a project: its key pair, its hook's secret, its variables.
//!
//! Each value is sealed with the project's data key before it is written (`vault`).
//!
//! Deliberately absent: making keys and secrets (`forge`), showing them (no page does).

use roundel_model::{
    forge::ForgeKind,
    id::{CheckoutKeyId, HookId, ProjectId},
    secret::Secret,
    time::Timestamp,
};

use crate::{
    db::{Row, values, words},
    error::StoreError,
    store::Store,
    vault::{DataKey, Scope},
};

/// The key pair of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutKey {
    pub id: CheckoutKeyId,
    pub project: ProjectId,
    /// Whether the forge has it.
    pub state: KeyState,
    /// The forge's id of it, once it is there.
    pub forge_id: Option<String>,
    /// One line: `ssh-ed25519 AAAA… comment`.
    pub public: String,
    /// `SHA256:…`
    pub fingerprint: String,
    /// The private key, in OpenSSH format.
    pub private: Secret<String>,
    pub created_at: Timestamp,
    /// When a job last got it.
    pub last_used_at: Option<Timestamp>,
}

/// Where a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Made; the forge may not have it yet.
    Pending,
    /// The forge has it.
    Active,
    /// It was taken back or replaced.
    Gone,
}

/// Our webhook at a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Its id, part of its address.
    pub id: HookId,
    pub project: ProjectId,
    pub forge: ForgeKind,
    /// The forge's id of it, once it is there.
    pub forge_id: Option<String>,
    /// What deliveries are signed with.
    pub secret: Secret<String>,
    /// Whether the forge has it.
    pub state: HookState,
    pub created_at: Timestamp,
    /// The newest delivery with a valid signature.
    pub last_delivery_at: Option<Timestamp>,
}

/// Where a hook is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookState {
    /// Made; the forge may not have it yet.
    Pending,
    /// The forge has it.
    Active,
    /// It vanished at the forge.
    Missing,
    /// It was taken back or replaced.
    Gone,
}

words!(KeyState { Pending = "pending", Active = "active", Gone = "gone" });
words!(HookState { Pending = "pending", Active = "active", Missing = "missing", Gone = "gone" });

const PRIVATE: &str = "checkout_keys.private";
const SECRET: &str = "hooks.secret";
pub(super) const VALUE: &str = "variables.value";

/// A variable, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableRow {
    pub name: String,
    /// The last four characters of the value, if it is long enough to show a part of it. None in
    /// rows of earlier releases, too.
    pub hint: Option<String>,
    /// When the value was set.
    pub updated_at: Timestamp,
}

/// The least characters of a value of which the last four are shown.
const HINTED_CHARS: usize = 8;

/// The columns of a hook that are used. `sealed_previous_secret` stays empty: it is in the table for
/// earlier releases, which name it in their queries.
const HOOK_COLUMNS: &str = "id, project, forge, forge_id, sealed_secret, state, created_at,
    last_delivery_at";

impl Store {
    /// Keeps a new key pair.
    pub async fn insert_checkout_key(&self, key: &CheckoutKey) -> Result<(), StoreError> {
        let data_key = self.vault.unlock(&self.db, Scope::Project(key.project)).await?;
        let sealed = data_key.seal(PRIVATE, &key.id.to_string(), &key.private)?;
        let mut session = self.db.write("keep a checkout key").await?;
        let sql = "INSERT INTO checkout_keys (id, project, state, forge_id, public, fingerprint,
                sealed_private, created_at, last_used_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let values = values![
            key.id,
            key.project,
            key.state,
            key.forge_id.as_deref(),
            &key.public,
            &key.fingerprint,
            sealed,
            key.created_at,
            key.last_used_at,
        ];
        session.run(sql, values).await?;
        session.commit().await
    }

    /// The newest key that is not gone.
    pub async fn checkout_key(
        &self,
        project: ProjectId,
    ) -> Result<Option<CheckoutKey>, StoreError> {
        let sql = "SELECT id, project, state, forge_id, public, fingerprint, sealed_private,
                created_at, last_used_at
             FROM checkout_keys WHERE project = $1 AND state <> $2
             ORDER BY created_at DESC, id DESC LIMIT 1";
        let values = values![project, KeyState::Gone];
        let row = self.db.read("read a checkout key").await?.row(sql, values).await?;
        let Some(row) = row else { return Ok(None) };
        let data_key = self.vault.unlock(&self.db, Scope::Project(project)).await?;
        key_from(&row, &data_key).map(Some)
    }

    /// Records the state of a key. A `forge_id` of `None` leaves what is known.
    pub async fn update_checkout_key(
        &self,
        id: CheckoutKeyId,
        state: KeyState,
        forge_id: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write("update a checkout key").await?;
        let sql = "UPDATE checkout_keys SET state = $1, forge_id = COALESCE($2, forge_id)
             WHERE id = $3";
        let changed = session.run(sql, values![state, forge_id, id]).await?;
        session.commit().await?;
        if changed == 0 { Err(StoreError::Missing("checkout key")) } else { Ok(()) }
    }

    /// Notes that the key of a project was used.
    pub async fn touch_checkout_key(
        &self,
        project: ProjectId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write("note the use of a checkout key").await?;
        let sql = "UPDATE checkout_keys SET last_used_at = $1 WHERE id = (SELECT k.id
             FROM checkout_keys k WHERE k.project = $2 AND k.state <> $3
             ORDER BY k.created_at DESC, k.id DESC LIMIT 1)";
        session.run(sql, values![now, project, KeyState::Gone]).await?;
        session.commit().await
    }

    /// Keeps a new hook.
    pub async fn insert_hook(&self, hook: &Hook) -> Result<(), StoreError> {
        let data_key = self.vault.unlock(&self.db, Scope::Project(hook.project)).await?;
        let row = hook.id.to_string();
        let secret = data_key.seal(SECRET, &row, &hook.secret)?;
        let mut session = self.db.write("keep a hook").await?;
        let sql =
            format!("INSERT INTO hooks ({HOOK_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
        let values = values![
            hook.id,
            hook.project,
            hook.forge,
            hook.forge_id.as_deref(),
            secret,
            hook.state,
            hook.created_at,
            hook.last_delivery_at,
        ];
        session.run(sql, values).await?;
        session.commit().await
    }

    /// Finds a hook.
    pub async fn hook(&self, id: HookId) -> Result<Option<Hook>, StoreError> {
        let sql = format!("SELECT {HOOK_COLUMNS} FROM hooks WHERE id = $1");
        let row = self.db.read("read a hook").await?.row(sql, values![id]).await?;
        self.opened_hook(row).await
    }

    /// The newest hook of a project that is not gone.
    pub async fn hook_of(&self, project: ProjectId) -> Result<Option<Hook>, StoreError> {
        let sql = format!(
            "SELECT {HOOK_COLUMNS} FROM hooks WHERE project = $1 AND state <> $2
             ORDER BY created_at DESC, id DESC LIMIT 1"
        );
        let values = values![project, HookState::Gone];
        let row = self.db.read("read a hook").await?.row(sql, values).await?;
        self.opened_hook(row).await
    }

    async fn opened_hook(&self, row: Option<Row>) -> Result<Option<Hook>, StoreError> {
        let Some(row) = row else { return Ok(None) };
        let data_key = self.vault.unlock(&self.db, Scope::Project(row.get("project")?)).await?;
        hook_from(&row, &data_key).map(Some)
    }

    /// Records the state of a hook. A `forge_id` of `None` leaves what is known.
    pub async fn update_hook(
        &self,
        id: HookId,
        state: HookState,
        forge_id: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write("update a hook").await?;
        let sql = "UPDATE hooks SET state = $1, forge_id = COALESCE($2, forge_id) WHERE id = $3";
        let changed = session.run(sql, values![state, forge_id, id]).await?;
        session.commit().await?;
        if changed == 0 { Err(StoreError::Missing("hook")) } else { Ok(()) }
    }

    /// A hook that was missing has answered: it is active again. A pending one stays pending: its
    /// setup activates it. Gives false if there is no such hook.
    pub async fn hook_answered(
        &self,
        id: HookId,
        forge_id: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut session = self.db.write("note that a hook answered").await?;
        let sql = "UPDATE hooks SET state = CASE WHEN state = $1 THEN $2 ELSE state END,
             forge_id = COALESCE($3, forge_id) WHERE id = $4";
        let values = values![HookState::Missing, HookState::Active, forge_id, id];
        let changed = session.run(sql, values).await?;
        session.commit().await?;
        Ok(changed > 0)
    }

    /// Keeps a variable, in place of one of the same name.
    pub async fn set_variable(
        &self,
        project: ProjectId,
        name: &str,
        value: &Secret<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let data_key = self.vault.unlock(&self.db, Scope::Project(project)).await?;
        let sealed = data_key.seal(VALUE, name, value)?;
        let mut session = self.db.write("keep a variable").await?;
        let sql = "INSERT INTO variables (project, name, sealed_value, hint, updated_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (project, name) DO UPDATE SET sealed_value = excluded.sealed_value,
                hint = excluded.hint, updated_at = excluded.updated_at";
        let hint = hint(value.expose());
        session.run(sql, values![project, name, sealed, hint.as_deref(), now]).await?;
        session.commit().await
    }

    /// Deletes a variable. Returns whether there was one.
    pub async fn delete_variable(
        &self,
        project: ProjectId,
        name: &str,
    ) -> Result<bool, StoreError> {
        let mut session = self.db.write("delete a variable").await?;
        let sql = "DELETE FROM variables WHERE project = $1 AND name = $2";
        let deleted = session.run(sql, values![project, name]).await?;
        session.commit().await?;
        Ok(deleted > 0)
    }

    /// Lists variables by name. Opens no value.
    pub async fn variable_rows(&self, project: ProjectId) -> Result<Vec<VariableRow>, StoreError> {
        let sql = "SELECT name, hint, updated_at FROM variables WHERE project = $1";
        let rows = self.db.read("list variables").await?.rows(sql, values![project]).await?;
        let variable = |row: &Row| {
            Ok(VariableRow {
                name: row.get("name")?,
                hint: row.opt("hint")?,
                updated_at: row.get("updated_at")?,
            })
        };
        let mut variables =
            rows.iter().map(variable).collect::<Result<Vec<VariableRow>, StoreError>>()?;
        variables.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(variables)
    }

    /// Names and values, by name.
    pub async fn variables(
        &self,
        project: ProjectId,
    ) -> Result<Vec<(String, Secret<String>)>, StoreError> {
        let sql = "SELECT name, sealed_value FROM variables WHERE project = $1";
        let rows = self.db.read("list variables").await?.rows(sql, values![project]).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let data_key = self.vault.unlock(&self.db, Scope::Project(project)).await?;
        let mut variables = rows
            .iter()
            .map(|row| {
                let name: String = row.get("name")?;
                let value = data_key.open(VALUE, &name, &row.get::<Vec<u8>>("sealed_value")?)?;
                Ok((name, value))
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        // Databases sort text by their own rules; bytes sort the same everywhere.
        variables.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(variables)
    }
}

fn key_from(row: &Row, data_key: &DataKey) -> Result<CheckoutKey, StoreError> {
    let id: CheckoutKeyId = row.get("id")?;
    let sealed: Vec<u8> = row.get("sealed_private")?;
    Ok(CheckoutKey {
        id,
        project: row.get("project")?,
        state: row.get("state")?,
        forge_id: row.opt("forge_id")?,
        public: row.get("public")?,
        fingerprint: row.get("fingerprint")?,
        private: data_key.open(PRIVATE, &id.to_string(), &sealed)?,
        created_at: row.get("created_at")?,
        last_used_at: row.opt("last_used_at")?,
    })
}

fn hook_from(row: &Row, data_key: &DataKey) -> Result<Hook, StoreError> {
    let id: HookId = row.get("id")?;
    let secret: Vec<u8> = row.get("sealed_secret")?;
    Ok(Hook {
        id,
        project: row.get("project")?,
        forge: row.get("forge")?,
        forge_id: row.opt("forge_id")?,
        secret: data_key.open(SECRET, &id.to_string(), &secret)?,
        state: row.get("state")?,
        created_at: row.get("created_at")?,
        last_delivery_at: row.opt("last_delivery_at")?,
    })
}

/// Returns the part of a value that may be shown.
pub(super) fn hint(value: &str) -> Option<String> {
    let count = value.chars().count();
    let hint: String = value.chars().skip(count.saturating_sub(4)).collect();
    let shown = count >= HINTED_CHARS && !hint.contains(char::is_control);
    shown.then_some(hint)
}

#[cfg(test)]
mod tests {
    use roundel_model::id::{AccountId, OrganizationId};

    use super::*;
    use crate::store::Settings;

    /// Invariant 7: what lists names must not need the values. A value that does not open shows it.
    #[tokio::test]
    async fn names_of_variables_are_listed_without_opening_a_value() {
        let instance_key = Secret::new(vec![7; 32]);
        let settings = Settings { url: "sqlite::memory:".to_owned(), instance_key };
        let store = Store::open(&settings).await.unwrap();
        let (account, organization, project) =
            (AccountId::fresh(), OrganizationId::fresh(), ProjectId::fresh());
        let mut session = store.db.write("add a project").await.unwrap();
        let sql = "INSERT INTO accounts (id, name, created_at) VALUES ($1, 'ada', 1)";
        session.run(sql, values![account]).await.unwrap();
        let sql = "INSERT INTO organizations (id, forge, forge_id, login) VALUES ($1, 'github', '7', 'acme')";
        session.run(sql, values![organization]).await.unwrap();
        let sql = "INSERT INTO projects (id, forge, repository_id, organization, owner, repository,
                path, named_seq, default_branch, private, ssh_url, web_url, integration, created_at)
             VALUES ($1, 'github', '9', $2, 'acme', 'web', 'acme/web', 1, 'main', 1, '', '', $3, 1)";
        session.run(sql, values![project, organization, account]).await.unwrap();
        session.commit().await.unwrap();

        let now = Timestamp::from_micros(5);
        store.set_variable(project, "TOKEN", &"value".into(), now).await.unwrap();
        let mut session = store.db.write("damage a value").await.unwrap();
        let damaged = b"damaged".to_vec();
        session.run("UPDATE variables SET sealed_value = $1", values![damaged]).await.unwrap();
        session.commit().await.unwrap();
        // The value does not open.
        let error = store.variables(project).await.unwrap_err().to_string();
        assert!(error.contains("variables.value was encrypted with another one"), "{error}");
        let rows = store.variable_rows(project).await.unwrap();
        let row = VariableRow { name: "TOKEN".to_owned(), hint: None, updated_at: now };
        assert_eq!(rows, [row]);
    }

    #[test]
    fn a_hint_shows_no_large_part_of_a_value() {
        assert_eq!(hint("1234567"), None);
        assert_eq!(hint("12345678").as_deref(), Some("5678"));
        assert_eq!(hint("ghp_16C7e42Fß").as_deref(), Some("e42Fß".get(1..).unwrap()));
        assert_eq!(hint("-----BEGIN-----\nMII\n"), None, "lines cannot be compared by their ends");
    }
}
