//! What each pipeline was compiled with, so that it compiles to the same years later.

use roundel_model::{id::PipelineId, time::Timestamp};

use super::sources::{keep_source, prepare, source_from};
use crate::{db::values, error::StoreError, store::Store};

/// An orb that a pipeline was compiled with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineOrb {
    /// The reference as it is written: `acme/tools@1`.
    pub requested: String,
    /// `namespace/name`; the address, for an orb from a URL.
    pub name: String,
    /// The exact version; empty for an orb from a URL.
    pub version: String,
    /// Packed source of the orb.
    pub text: String,
    /// The place where it was found, for people.
    pub origin: String,
    /// A note for its users.
    pub notice: Option<String>,
    /// Imported by another orb, not by the configuration itself.
    pub transitive: bool,
}

impl Store {
    /// Records what a pipeline is compiled with. What was recorded before stays as it is: a pipeline
    /// that is compiled again must not get another orb for the same reference.
    pub async fn record_pipeline_orbs(
        &self,
        pipeline: PipelineId,
        orbs: &[PipelineOrb],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if orbs.is_empty() {
            return Ok(());
        }
        let mut prepared = Vec::with_capacity(orbs.len());
        for orb in orbs {
            prepared.push((orb, prepare(&orb.text).await));
        }
        // Two that keep the same sources must take them in one order.
        prepared.sort_by(|(_, (a, _)), (_, (b, _))| a.cmp(b));
        let mut session = self.db.write("record the orbs of a pipeline").await?;
        let mut rows = Vec::with_capacity(orbs.len());
        for (orb, (digest, packed)) in prepared {
            keep_source(&mut session, &digest, orb.text.len(), packed, now).await?;
            rows.push(values![
                pipeline,
                &orb.requested,
                &orb.name,
                &orb.version,
                digest,
                &orb.origin,
                orb.notice.as_deref(),
                orb.transitive,
            ]);
        }
        let head = "INSERT INTO pipeline_orbs (pipeline, requested, name, version, digest, origin,
             notice, transitive)";
        session.insert_all(head, rows, "ON CONFLICT (pipeline, requested) DO NOTHING").await?;
        session.commit().await
    }

    /// Lists what a pipeline was compiled with, by reference.
    pub async fn pipeline_orbs(
        &self,
        pipeline: PipelineId,
    ) -> Result<Vec<PipelineOrb>, StoreError> {
        let mut session = self.db.read("read the orbs of a pipeline").await?;
        let sql = "SELECT p.requested, p.name, p.version, p.origin, p.notice, p.transitive,
                s.digest, s.size_bytes, s.body
             FROM pipeline_orbs p JOIN orb_sources s ON s.digest = p.digest
             WHERE p.pipeline = $1 ORDER BY p.requested";
        let rows = session.rows(sql, values![pipeline]).await?;
        rows.iter()
            .map(|row| {
                Ok(PipelineOrb {
                    requested: row.get("requested")?,
                    name: row.get("name")?,
                    version: row.get("version")?,
                    text: source_from(row)?,
                    origin: row.get("origin")?,
                    notice: row.opt("notice")?,
                    transitive: row.get("transitive")?,
                })
            })
            .collect()
    }
}
