//! What compiling returns.

use roundel_model::plan::Plan;

use crate::{
    api::orbs::ResolvedOrb, language::orb_reference::OrbReference, read::document::Node,
    text::diagnostic::Diagnostic,
};

/// What compiling found.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    /// The plan, if there is one to run. `None` whenever a diagnostic is an error.
    pub plan: Option<Plan>,
    /// The same as a document in the shape of version 2.0, as `config process` prints it
    /// (CFG §7.4). Filters are kept in it. `None` whenever `plan` is.
    pub document: Option<Node>,
    /// Everything that was found, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// What is right, and what this release cannot run yet: errors for what keeps the plan from
    /// running, warnings for options that have no effect, and for what only jobs outside the plan
    /// have. For one branch or tag, only what it runs is listed.
    /// [`Compiled::support`] decides.
    pub unsupported: Vec<Diagnostic>,
    /// The orbs that were used.
    pub orbs: Vec<ResolvedOrb>,
    /// Orbs that [`Inputs::orbs`] knows nothing about. Everything that depends on them is passed
    /// over silently, so the diagnostics are incomplete while there are any.
    pub unresolved_orbs: Vec<OrbReference>,
    /// It is a setup configuration: a job of it posts the continuation (CFG §8).
    pub setup: bool,
    /// Workflows that run on a schedule (CFG §5.8).
    pub schedules: Vec<Schedule>,
    /// Names of the workflows whose condition does not hold, in the order of the text (CFG §5.1.3). Empty if
    /// all workflows are compiled ([`Inputs::all_workflows`]).
    pub inactive_workflows: Vec<String>,
}

/// A workflow that runs on a schedule, on the branch that its file is on (CFG §5.8).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Schedule {
    pub workflow: String,
    /// Five fields, in UTC.
    pub cron: String,
    /// Whether the branch in [`Inputs::git_ref`] passes the schedule's filters; `true` without one.
    pub applies: bool,
}
