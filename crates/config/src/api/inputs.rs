//! What a configuration is compiled with.

use roundel_model::name::GitRef;

use crate::{
    api::orbs::OrbSet,
    language::{pipeline_values::PipelineValue, profile::Profile},
};

/// What a configuration is compiled with.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Where the text comes from, for messages.
    pub path: String,
    /// `<< pipeline.x >>` values by their name without `pipeline.`: `number`, `git.branch`, …
    pub pipeline_values: Vec<(String, PipelineValue)>,
    /// Arguments for the pipeline's parameters.
    pub parameters: Vec<(String, PipelineValue)>,
    /// What the pipeline was started for: filters are applied to it. `None`: no filtering.
    pub git_ref: Option<GitRef>,
    /// How strictly it is read (CFG §10.1).
    pub profile: Profile,
    /// The orbs that it names, as far as they are known.
    pub orbs: OrbSet,
    /// It was posted by a setup configuration's job (CFG §8).
    pub continuation: bool,
    /// The workflow whose schedule starts the pipeline; otherwise scheduled workflows do not run
    /// (CFG §5.8).
    pub scheduled: Option<String>,
    /// Workflows whose condition is false are compiled too, for checking; their problems are reported
    /// as warnings (CFG §5.1).
    pub all_workflows: bool,
    /// Pipeline values that may be anything, by their name without `pipeline.`: a condition that
    /// only they decide counts as true, and so does its opposite.
    pub unknown_values: Vec<&'static str>,
}
