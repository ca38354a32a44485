//! Runs the phases in order: read ▸ resolve ▸ plan, which expands the entries of each workflow ▸ check.

use crate::{
    api::{
        compiled::Compiled,
        inputs::Inputs,
        orbs::{Resolution, ResolvedOrb},
    },
    check::Checker,
    codes,
    language::{data::Value, orb_reference::OrbReference},
    plan::{Planned, Planner},
    read::{
        report::{Findings, Unplanned},
        source::{Source, Sources},
        yaml::{At, View},
    },
    render::{Renderer, Tracing},
    resolve::{Resolved, resolve},
    text::{
        place::{FileId, Place, Span},
        problem::Problem,
    },
};

/// The result of a compilation, before it is plain data.
pub(crate) struct Outcome {
    pub(crate) compiled: Compiled,
    /// The compiled document with places and trails.
    pub(crate) document: Option<Value>,
}

/// Compiles a configuration (CFG §7). Never fails, never panics, never runs away.
pub fn compile(text: &str, inputs: &Inputs) -> Compiled {
    let sources = Sources::new(Source::config(&inputs.path, text));
    let mut outcome = run(&sources, inputs, Tracing::Off);
    outcome.compiled.document = outcome.document.as_ref().map(Value::node);
    outcome.compiled
}

/// Compiles again and again, asking `find` for every orb that is wanted, until none is. Returns the inputs
/// with the orbs that were found, too.
pub fn compile_with_orbs(
    text: &str,
    mut inputs: Inputs,
    find: &mut dyn FnMut(&OrbReference) -> Resolution,
) -> (Compiled, Inputs) {
    loop {
        let compiled = compile(text, &inputs);
        let before = inputs.orbs.len();
        for reference in &compiled.unresolved_orbs {
            let resolution = find(reference);
            inputs.orbs.insert(reference, resolution);
        }
        if inputs.orbs.len() == before {
            return (compiled, inputs);
        }
    }
}

/// Runs the phases over sources of which the configuration is the first.
pub(crate) fn run<'d>(sources: &'d Sources, inputs: &'d Inputs, tracing: Tracing) -> Outcome {
    let mut render = Renderer::new(sources, inputs, tracing);
    let (planned, (resolved, unresolved)) = phases(&mut render, inputs).unwrap_or_default();
    render.report_misspelled_parameters();
    let errors = render.found().errors();
    // While orbs are missing nothing is certain.
    let made = planned.made.filter(|_| errors == 0 && unresolved.is_empty());
    if made.is_some() {
        let unplanned = if inputs.git_ref.is_some() { Unplanned::Dropped } else { Unplanned::Kept };
        render.report().unsupported().settle_unplanned(unplanned);
    }
    let (plan, document) = made.unzip();
    let Findings { diagnostics, unsupported } = render.finish();
    let compiled = Compiled {
        plan,
        document: None,
        diagnostics,
        unsupported,
        orbs: resolved,
        unresolved_orbs: unresolved,
        setup: planned.is_setup,
        schedules: planned.schedules,
        inactive_workflows: planned.inactive,
    };
    Outcome { compiled, document }
}

/// The orbs that were read, and those that the caller should look for.
type Orbs = (Vec<ResolvedOrb>, Vec<OrbReference>);

/// Runs the phases; `None` if there is no mapping, or if it has an unsupported version.
fn phases<'d>(render: &mut Renderer<'d>, inputs: &'d Inputs) -> Option<(Planned, Orbs)> {
    let root = mapping(render)?;
    let Resolved { mut modules, is_setup } = resolve(render, root, inputs)?;
    let mut planned = Planner::new(render, &mut modules, inputs, is_setup).plan(root);
    let progress = std::mem::take(&mut planned.progress);
    Checker::new(render, &mut modules, progress).check(root);
    Some((planned, modules.into_orbs()))
}

/// Reports what is wrong with the YAML; returns the root if it is a mapping.
fn mapping(render: &mut Renderer<'_>) -> Option<At> {
    let doc = render.doc();
    for problem in &doc.file(FileId::CONFIG).problems {
        render.report().add(problem.clone());
    }
    let root = doc.root(FileId::CONFIG);
    let place = match root.map(|root| (root, doc.view(root))) {
        Some((root, View::Map(_))) => return Some(root),
        Some((_, View::Broken)) => return None,
        Some((root, View::Scalar(..) | View::Seq(_))) => doc.place(root),
        None if render.found().errors() > 0 => return None,
        None => Place::default(),
    };
    let span = Span { end: place.span.start.saturating_add(1), ..place.span };
    let place = place.with_span(span);
    let problem = Problem::error(codes::NOT_A_MAPPING, place, "the config must be a mapping");
    render.report().add(problem.help("start with `version: 2.1`"));
    None
}
