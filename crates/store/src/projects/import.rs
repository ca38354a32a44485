//! Copies variables of one project to another.
//!
//! Each value is opened with the key of the project that it comes from and sealed with the key of the
//! other. Values stay inside this function: what comes back are names.
//!
//! Deliberately absent: who may do it, and which names a variable may have (the server).

use std::collections::BTreeSet;

use roundel_model::{id::ProjectId, limits, time::Timestamp};

use super::sealed::{VALUE, hint};
use crate::{
    db::{Row, values},
    error::StoreError,
    store::Store,
    vault::Scope,
};

/// The result of an import of variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableImport {
    /// The variables, by what happened to them.
    Done(ImportedVariables),
    /// The project would have more variables than it may have. Nothing was changed.
    Full,
}

/// Names of variables of the other project, each in the order of the alphabet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedVariables {
    /// The project has them from now on.
    pub added: Vec<String>,
    /// The project had a variable of this name, which keeps its value.
    pub kept: Vec<String>,
    /// Their values are longer than a value may be.
    pub too_long: Vec<String>,
}

impl Store {
    /// Copies the variables of these names to another project, all of them or none. A variable that
    /// the project has keeps its value.
    pub async fn import_variables(
        &self,
        from: ProjectId,
        to: ProjectId,
        names: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<VariableImport, StoreError> {
        let source_key = self.vault.unlock(&self.db, Scope::Project(from)).await?;
        let target_key = self.vault.unlock(&self.db, Scope::Project(to)).await?;
        let mut session = self.db.write("import variables").await?;
        // Of two imports at once, the second counts after the first.
        session.take_turn(&format!("variables of {to}")).await?;
        if session.row("SELECT id FROM projects WHERE id = $1", values![to]).await?.is_none() {
            return Err(StoreError::Missing("project"));
        }
        let sql = "SELECT name FROM variables WHERE project = $1";
        let known = session.rows(sql, values![to]).await?;
        let known = known
            .iter()
            .map(|row| row.get("name"))
            .collect::<Result<BTreeSet<String>, StoreError>>()?;
        let sql = "SELECT name, sealed_value FROM variables WHERE project = $1";
        let mut found = session
            .rows(sql, values![from])
            .await?
            .iter()
            .map(|row: &Row| Ok((row.get("name")?, row.get("sealed_value")?)))
            .collect::<Result<Vec<(String, Vec<u8>)>, StoreError>>()?;
        found.retain(|(name, _)| names.contains(name));
        found.sort();
        let mut imported = ImportedVariables::default();
        for (name, sealed) in found {
            if known.contains(&name) {
                imported.kept.push(name);
                continue;
            }
            let value = source_key.open(VALUE, &name, &sealed)?;
            if value.expose().len() > limits::VARIABLE_VALUE_BYTES {
                imported.too_long.push(name);
                continue;
            }
            if known.len() + imported.added.len() >= limits::VARIABLES_PER_PROJECT {
                return Ok(VariableImport::Full);
            }
            let sealed = target_key.seal(VALUE, &name, &value)?;
            // One that another request has set meanwhile is kept, too.
            let sql = "INSERT INTO variables (project, name, sealed_value, hint, updated_at)
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (project, name) DO NOTHING";
            let hint = hint(value.expose());
            let values = values![to, &name, sealed, hint.as_deref(), now];
            match session.run(sql, values).await? {
                0 => imported.kept.push(name),
                _ => imported.added.push(name),
            }
        }
        session.commit().await?;
        Ok(VariableImport::Done(imported))
    }
}
