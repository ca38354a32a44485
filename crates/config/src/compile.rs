//! Runs the phases in order and holds what they share.
//!
//! A phase reports what it finds and goes on; what cannot be known becomes
//! [`crate::value::Data::Unknown`], which every later phase passes over in silence. So one push
//! shows all mistakes of a file, each once.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use indexmap::IndexMap;
use roundel_model::{limits, plan::Plan};

use crate::{
    Compiled, Inputs, PipelineValue, Schedule,
    budget::{Budget, Draw},
    codes,
    definitions::JobsSection,
    explain::Trail,
    modules::{Module, ModuleId},
    orbs::{OrbReference, ResolvedOrb},
    pattern::{Pattern, PatternError},
    report::{Problem, Report},
    source::{FileId, Place, Source, Sources, Span},
    value::{Data, Value},
    version::Version,
    yaml::{At, View},
};

/// What the phases share.
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one compilation")]
pub(crate) struct Context<'d> {
    /// The texts and their trees.
    pub(crate) doc: &'d Sources,
    pub(crate) inputs: &'d Inputs,
    pub(crate) report: Report<'d>,
    pub(crate) budget: Budget,
    /// The budget's end was told.
    pub(crate) exhausted: bool,
    /// Version 2.1: tags, commands, executors and conditions exist.
    pub(crate) templates: bool,
    /// `pipeline.*` by full path without `pipeline.`: `git.branch` is a value *and* the beginning
    /// of `git.branch.is_default`, so this is no tree (CFG §4.5).
    pub(crate) pipeline: IndexMap<String, Data>,
    /// The configuration and its orbs.
    pub(crate) modules: Vec<Module<'d>>,
    /// Stands in for a module that does not exist.
    pub(crate) nowhere: Module<'d>,
    /// Orbs by name and version.
    pub(crate) loaded_orbs: HashMap<String, ModuleId>,
    pub(crate) resolved_orbs: Vec<ResolvedOrb>,
    pub(crate) wanted: Vec<OrbReference>,
    pub(crate) url_orbs: usize,
    pub(crate) jobs_section: JobsSection,
    /// There is at least one workflow.
    pub(crate) has_workflows: bool,
    /// It is a setup configuration.
    pub(crate) setup: bool,
    pub(crate) schedules: Vec<Schedule>,
    /// All contexts that live workflows use.
    pub(crate) contexts: HashSet<String>,
    /// Compiled regular expressions, for matrices repeat them.
    pub(crate) patterns: HashMap<String, Result<Rc<Pattern>, PatternError>>,
    /// Somebody wants to know how values came to be.
    pub(crate) tracing: bool,
    /// Of the scalar that is being rendered.
    pub(crate) trails: Vec<Rc<Trail>>,
}

/// What a compilation comes to, before it is plain data.
pub(crate) struct Outcome {
    pub(crate) compiled: Compiled,
    /// The compiled document with places and trails.
    pub(crate) document: Option<Value>,
}

/// Compiles a configuration.
pub(crate) fn compile(text: &str, inputs: &Inputs) -> Compiled {
    let sources = Sources::new(source(text, inputs));
    let mut outcome = run(&sources, inputs, false);
    outcome.compiled.document = outcome.document.as_ref().map(Value::node);
    outcome.compiled
}

/// Parses a configuration, unless it is too large.
pub(crate) fn source(text: &str, inputs: &Inputs) -> Source {
    if text.len() > limits::CONFIG_BYTES {
        return Source::too_large(&inputs.path);
    }
    Source::parse(&*inputs.path, text.into())
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

impl<'d> Context<'d> {
    pub(crate) fn new(sources: &'d Sources, inputs: &'d Inputs) -> Self {
        let pipeline =
            inputs.pipeline_values.iter().map(|(name, value)| (name.clone(), data(value)));
        Context {
            doc: sources,
            inputs,
            report: Report::new(sources),
            budget: Budget::default(),
            exhausted: false,
            templates: true,
            pipeline: pipeline.collect(),
            modules: vec![Module::new("the configuration", sources.root(FileId::CONFIG), 0)],
            nowhere: Module::new("", None, 0),
            loaded_orbs: HashMap::new(),
            resolved_orbs: Vec::new(),
            wanted: Vec::new(),
            url_orbs: 0,
            jobs_section: JobsSection::default(),
            has_workflows: false,
            setup: false,
            schedules: Vec::new(),
            contexts: HashSet::new(),
            patterns: HashMap::new(),
            tracing: false,
            trails: Vec::new(),
        }
    }

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
        self.report.add(problem.help("begin with `version: 2.1`"));
    }

    /// Compiles a regular expression, once.
    pub(crate) fn pattern(&mut self, source: &str) -> Result<Rc<Pattern>, PatternError> {
        const VISITS: usize = 30_000;
        if !self.patterns.contains_key(source) && !self.budget.take(Draw::Visits, VISITS) {
            return Err(PatternError::whole("there are too many patterns"));
        }
        let compiled = self.patterns.entry(source.to_owned()).or_insert_with(|| {
            let pattern = Pattern::new(source, self.inputs.profile);
            pattern.map(Rc::new)
        });
        compiled.clone()
    }
}

/// Turns an input into a value.
pub(crate) fn data(value: &PipelineValue) -> Data {
    match value {
        PipelineValue::Text(text) => Data::text(text),
        PipelineValue::Integer(value) => Data::Int(*value),
        PipelineValue::Boolean(value) => Data::Bool(*value),
    }
}
