//! What the phases share while one configuration is compiled.
//!
//! A phase reports what it finds and goes on; what cannot be known becomes
//! [`Data::Unknown`], which every later phase passes over in silence. So one push
//! shows all mistakes of a file, each once.

pub(crate) mod budget;

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use indexmap::IndexMap;

use crate::{
    api::{compiled::Schedule, inputs::Inputs, orbs::ResolvedOrb},
    codes,
    context::budget::{Budget, Draw},
    language::{
        data::{Data, ModuleId, Trail},
        definition::{JobsSection, Module},
        orb_reference::OrbReference,
        pattern::{Pattern, error::PatternError},
        pipeline_values::data,
    },
    read::{report::Report, source::Sources},
    text::{
        place::{FileId, Place},
        problem::Problem,
    },
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

    pub(crate) fn module(&self, id: ModuleId) -> &Module<'d> {
        self.modules.get(id.index()).unwrap_or(&self.nowhere)
    }

    pub(crate) fn module_mut(&mut self, id: ModuleId) -> &mut Module<'d> {
        match self.modules.get_mut(id.index()) {
            Some(module) => module,
            None => &mut self.nowhere,
        }
    }

    /// Adds a module.
    pub(crate) fn add_module(&mut self, module: Module<'d>) -> Option<ModuleId> {
        let id = ModuleId::new(self.modules.len())?;
        self.modules.push(module);
        Some(id)
    }

    /// Compiles a regular expression, once.
    pub(crate) fn pattern(&mut self, source: &str) -> Result<Rc<Pattern>, PatternError> {
        const VISITS: usize = 30_000;
        if !self.patterns.contains_key(source) && !self.budget.take(Draw::Visits, VISITS) {
            return Err(PatternError::whole(
                "the configuration contains too many regular expressions",
            ));
        }
        let compiled = self.patterns.entry(source.to_owned()).or_insert_with(|| {
            let pattern = Pattern::new(source, self.inputs.profile);
            pattern.map(Rc::new)
        });
        compiled.clone()
    }

    /// Draws from the budget; tells once when it is used up. A full report ends everything too:
    /// nobody reads what comes after it.
    pub(crate) fn afford(&mut self, what: Draw, amount: usize, place: Place) -> bool {
        if self.report.is_full() {
            return false;
        }
        let enough = self.budget.take(what, amount);
        if !enough && !self.exhausted {
            self.exhausted = true;
            let message = "the configuration exceeds the expansion limit";
            let help = "use fewer nested commands or aliases, or a smaller matrix";
            self.report.add(Problem::error(codes::EXPANDS_TOO_FAR, place, message).help(help));
        }
        enough
    }
}
