//! Runs the phases in order and holds what they share.
//!
//! A phase reports what it finds and goes on; what cannot be known becomes
//! [`crate::language::data::Data::Unknown`], which every later phase passes over in silence. So one push
//! shows all mistakes of a file, each once.

use roundel_model::plan::Plan;

use crate::{
    api::{
        compiled::Compiled,
        inputs::Inputs,
        orbs::{OrbSet, Resolution},
    },
    codes,
    context::Context,
    language::{
        data::{Data, Value},
        orb_reference::OrbReference,
    },
    read::{
        source::{Source, Sources},
        yaml::{At, View},
    },
    resolve::version::Version,
    text::{
        place::{FileId, Place, Span},
        problem::Problem,
    },
};

/// What a compilation comes to, before it is plain data.
pub(crate) struct Outcome {
    pub(crate) compiled: Compiled,
    /// The compiled document with places and trails.
    pub(crate) document: Option<Value>,
}

/// Compiles a configuration (CFG §7). Never fails, never panics, never runs away.
pub fn compile(text: &str, inputs: &Inputs) -> Compiled {
    let sources = Sources::new(Source::config(&inputs.path, text));
    let mut outcome = run(&sources, inputs, false);
    outcome.compiled.document = outcome.document.as_ref().map(Value::node);
    outcome.compiled
}

/// Runs the phases over texts of which the configuration is the first.
pub(crate) fn run<'d>(sources: &'d Sources, inputs: &'d Inputs, tracing: bool) -> Outcome {
    let mut context = Context::new(sources, inputs);
    context.tracing = tracing;
    for problem in &sources.file(FileId::CONFIG).problems {
        context.report.add(problem.clone());
    }
    context.name_git_ref();
    let root = sources.root(FileId::CONFIG);
    let made = root.and_then(|root| context.phases(root));
    if root.is_none() && context.report.errors() == 0 {
        context.not_a_mapping(Place::default());
    }
    // While orbs are missing nothing is certain.
    let made = made.filter(|_| context.report.errors() == 0 && context.wanted.is_empty());
    let (plan, document) = made.unzip();
    let (diagnostics, unsupported) = context.report.finish();
    let compiled = Compiled {
        plan,
        document: None,
        diagnostics,
        unsupported,
        orbs: context.resolved_orbs,
        wanted: context.wanted,
        setup: context.setup,
        schedules: context.schedules,
    };
    Outcome { compiled, document }
}

impl Context<'_> {
    fn phases(&mut self, root: At) -> Option<(Plan, Value)> {
        let place = self.doc.place(root);
        match self.doc.view(root) {
            View::Map(_) => {}
            View::Broken => return None,
            View::Scalar(..) | View::Seq(_) => {
                self.not_a_mapping(place);
                return None;
            }
        }
        let version = self.check_version(root)?;
        self.templates = version == Version::V2_1;
        self.check_setup(root, version);
        self.check_top_level(root);
        self.bind_pipeline_parameters(root);
        if self.templates {
            self.import_all(root);
        }
        self.define(root);
        self.check_shapes();
        let made = self.plan(root);
        self.check_dormant(root);
        self.lint_definitions(root);
        made
    }

    /// Supplies `git.branch` or `git.tag` where the caller left them out.
    fn name_git_ref(&mut self) {
        let Some(git_ref) = &self.inputs.git_ref else { return };
        let name = if git_ref.tag().is_some() { "git.tag" } else { "git.branch" };
        self.pipeline.entry(name.to_owned()).or_insert_with(|| Data::text(git_ref.name()));
    }

    fn not_a_mapping(&mut self, place: Place) {
        let span = Span { end: place.span.start.saturating_add(1), ..place.span };
        let place = place.with_span(span);
        let problem = Problem::error(codes::NOT_A_MAPPING, place, "the config must be a mapping");
        self.report.add(problem.help("start with `version: 2.1`"));
    }
}

impl OrbSet {
    /// Compiles again and again, asking `find` for every orb that is wanted, until none is.
    pub fn complete(
        text: &str,
        mut inputs: Inputs,
        find: &mut dyn FnMut(&OrbReference) -> Resolution,
    ) -> (Compiled, Inputs) {
        loop {
            let compiled = compile(text, &inputs);
            let before = inputs.orbs.len();
            for reference in &compiled.wanted {
                let resolution = find(reference);
                inputs.orbs.insert(reference, resolution);
            }
            if inputs.orbs.len() == before {
                return (compiled, inputs);
            }
        }
    }
}
