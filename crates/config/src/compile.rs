//! Runs the phases in order and holds what they share.
//!
//! A phase reports what it finds and goes on; what cannot be known becomes
//! [`crate::value::Data::Unknown`], which every later phase passes over in silence. So one push
//! shows all mistakes of a file, each once.

use std::{collections::HashMap, rc::Rc};

use indexmap::IndexMap;
use roundel_model::{limits, plan::Plan};

use crate::{
    Compiled, Inputs, PipelineValue,
    budget::{Budget, Draw},
    codes,
    definitions::Definitions,
    pattern::Pattern,
    report::{Problem, Report},
    source::{Place, Span},
    value::Data,
    version::Version,
    yaml::{self, At, Doc, View},
};

/// What the phases share.
pub(crate) struct Context<'d> {
    pub(crate) doc: &'d Doc<'d>,
    pub(crate) text: &'d str,
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
    pub(crate) definitions: Definitions<'d>,
    /// Compiled regular expressions, for matrices repeat them.
    pub(crate) patterns: HashMap<String, Result<Rc<Pattern>, String>>,
}

/// Compiles a configuration.
pub(crate) fn compile(text: &str, inputs: &Inputs) -> Compiled {
    let mut report = Report::new(text, &inputs.path);
    if text.len() > limits::CONFIG_BYTES {
        let message = format!("the configuration is larger than {} bytes", limits::CONFIG_BYTES);
        report.add(Problem::error(codes::TOO_LARGE, Place::default(), message));
        return Compiled { diagnostics: report.finish(), ..Compiled::default() };
    }
    let repaired = yaml::repaired(text);
    let doc = yaml::parse(repaired.as_deref().unwrap_or(text), &mut report);
    let pipeline = inputs.pipeline_values.iter().map(|(name, value)| (name.clone(), data(value)));
    let mut context = Context {
        doc: &doc,
        text,
        inputs,
        report,
        budget: Budget::default(),
        exhausted: false,
        templates: true,
        pipeline: pipeline.collect(),
        definitions: Definitions::default(),
        patterns: HashMap::new(),
    };
    context.name_git_ref();
    let plan = doc.root().and_then(|root| context.phases(root));
    if doc.root().is_none() && context.report.errors() == 0 {
        context.not_a_mapping(Place::default());
    }
    let plan = plan.filter(|_| context.report.errors() == 0);
    Compiled { plan, diagnostics: context.report.finish(), ..Compiled::default() }
}

impl<'d> Context<'d> {
    fn phases(&mut self, root: At) -> Option<Plan> {
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
        self.define(root);
        self.check_shapes();
        self.plan(root)
    }

    /// Supplies `git.branch` or `git.tag` where the caller left them out.
    fn name_git_ref(&mut self) {
        let Some(git_ref) = &self.inputs.git_ref else { return };
        let name = if git_ref.tag().is_some() { "git.tag" } else { "git.branch" };
        self.pipeline.entry(name.to_owned()).or_insert_with(|| Data::text(git_ref.name()));
    }

    fn not_a_mapping(&mut self, place: Place) {
        let place =
            Place { span: Span { end: place.span.start.saturating_add(1), ..place.span }, ..place };
        let problem = Problem::error(codes::NOT_A_MAPPING, place, "the config must be a mapping");
        self.report.add(problem.help("begin with `version: 2.1`"));
    }

    /// Returns the text of a place as it is written.
    pub(crate) fn source(&self, place: Place) -> &'d str {
        self.text.get(place.span.start()..place.span.end()).unwrap_or("").trim()
    }

    /// Compiles a regular expression, once.
    pub(crate) fn pattern(&mut self, source: &str) -> Result<Rc<Pattern>, String> {
        const VISITS: usize = 30_000;
        if !self.patterns.contains_key(source) && !self.budget.take(Draw::Visits, VISITS) {
            return Err("there are too many patterns".to_owned());
        }
        let compiled = self
            .patterns
            .entry(source.to_owned())
            .or_insert_with(|| Pattern::new(source).map(Rc::new));
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
