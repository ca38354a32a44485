//! Compiles a pipeline's configuration with the orbs that it names.
//!
//! The compiler is pure: it says which orbs it wants, they are looked for, and it is asked again.
//! What was found is recorded with the pipeline before anything else comes of it, so that a pipeline
//! which is compiled again, after a crash or years later, gets the same orbs.

use std::{collections::HashMap, sync::Arc};

use roundel_config::{
    Compiled, Inputs,
    orbs::{Orb, OrbReference, Resolution},
};
use roundel_model::{
    id::{OrganizationId, PipelineId},
    time::Timestamp,
};
use roundel_store::{
    Store, StoreError,
    orbs::{OrbReader, PipelineOrb},
};

use crate::orbs;

/// Compilations of one configuration: each finds what the orbs of the one before import. The compiler
/// itself refuses orbs that import each other too deep.
pub(super) const ROUNDS: usize = 20;

/// What is compiled, and for whom.
pub(super) struct Source<'a> {
    pub(super) pipeline: PipelineId,
    /// Whose private orbs may be used.
    pub(super) organization: OrganizationId,
    pub(super) text: &'a str,
    pub(super) inputs: Inputs,
}

/// Why a configuration was not compiled.
pub(super) enum CompileError {
    /// Orbs could not be looked up or recorded: try again.
    Store(StoreError),
    /// The compiler panicked. The panic is in the log.
    Panicked,
    /// After [`ROUNDS`] compilations it still needs orbs.
    OrbsTooDeep,
}

impl From<StoreError> for CompileError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Compiles with every orb that can be found.
pub(super) async fn compile(
    store: &Store,
    sources: &orbs::Sources,
    source: Source<'_>,
) -> Result<Compiled, CompileError> {
    let Source { pipeline, organization, text, mut inputs } = source;
    let recorded = recorded(store, pipeline).await?;
    for (reference, orb) in parsed(&recorded) {
        inputs.orbs.insert(&reference, Resolution::Found(orb));
    }
    let mut search = sources.search(OrbReader::Project(organization), recorded);
    let mut found = Vec::new();
    for _ in 0..ROUNDS {
        let compiled = once(pipeline, text, &inputs).await?;
        let known = inputs.orbs.len();
        for (reference, resolution) in search.find(&compiled.unresolved_orbs).await? {
            if let Resolution::Found(orb) = &resolution {
                found.push((reference.clone(), Arc::clone(orb)));
            }
            inputs.orbs.insert(&reference, resolution);
        }
        if inputs.orbs.len() == known {
            record(store, pipeline, &found, &compiled).await?;
            return Ok(compiled);
        }
    }
    tracing::error!(pipeline.id = %pipeline, "a configuration still needs more orbs after the last round");
    Err(CompileError::OrbsTooDeep)
}

/// Compiling is bounded but may take a while: other requests must not wait for it.
async fn once(pipeline: PipelineId, text: &str, inputs: &Inputs) -> Result<Compiled, CompileError> {
    let (text, inputs) = (text.to_owned(), inputs.clone());
    tokio::task::spawn_blocking(move || roundel_config::compile(&text, &inputs)).await.map_err(
        |error| {
            tracing::error!(pipeline.id = %pipeline, %error, "the compiler panicked");
            CompileError::Panicked
        },
    )
}

/// Reads what a pipeline was compiled with before.
async fn recorded(
    store: &Store,
    pipeline: PipelineId,
) -> Result<HashMap<String, Arc<Orb>>, StoreError> {
    let rows = store.pipeline_orbs(pipeline).await?;
    let orb = |row: PipelineOrb| {
        let digest = orbs::digest(&row.text);
        let PipelineOrb { requested, name, version, text, origin, notice, .. } = row;
        (requested, Arc::new(Orb { name, version, origin, text: text.into(), digest, notice }))
    };
    Ok(rows.into_iter().map(orb).collect())
}

fn parsed(
    recorded: &HashMap<String, Arc<Orb>>,
) -> impl Iterator<Item = (OrbReference, Arc<Orb>)> + '_ {
    recorded.iter().filter_map(|(text, orb)| Some((text.parse().ok()?, Arc::clone(orb))))
}

async fn record(
    store: &Store,
    pipeline: PipelineId,
    found: &[(OrbReference, Arc<Orb>)],
    compiled: &Compiled,
) -> Result<(), StoreError> {
    let is_transitive = |requested: &str| {
        let of = |text: &str| text.parse::<OrbReference>().map(|it| it.to_string());
        let used = compiled.orbs.iter().find(|orb| of(&orb.requested).as_deref() == Ok(requested));
        used.is_some_and(|orb| orb.transitive)
    };
    let row = |(reference, orb): &(OrbReference, Arc<Orb>)| {
        let requested = reference.to_string();
        PipelineOrb {
            transitive: is_transitive(&requested),
            requested,
            name: orb.name.clone(),
            version: orb.version.clone(),
            text: orb.text.to_string(),
            origin: orb.origin.clone(),
            notice: orb.notice.clone(),
        }
    };
    let rows: Vec<PipelineOrb> = found.iter().map(row).collect();
    store.record_pipeline_orbs(pipeline, &rows, Timestamp::now()).await
}
