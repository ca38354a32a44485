//! The configuration and the orbs that it imports, as far as they are known.

use std::collections::{HashMap, HashSet};

use crate::{
    api::orbs::{OrbSet, ResolvedOrb},
    language::{
        data::ModuleId,
        definition::{JobsInDoubt, JobsSection, Module},
        orb_reference::OrbReference,
    },
    read::yaml::At,
    text::place::Place,
};

/// The modules of one compilation: the configuration is the first, orbs follow.
pub(crate) struct Modules<'d> {
    list: Vec<Module<'d>>,
    /// Stands in for a module that does not exist.
    nowhere: Module<'d>,
    pub(crate) orbs: Orbs<'d>,
    pub(crate) jobs_section: JobsSection,
    pub(crate) jobs_in_doubt: JobsInDoubt,
    /// Names in the column of the section that they belong to, which were reported.
    pub(crate) unindented: HashSet<Place>,
    /// The configuration has at least one workflow.
    pub(crate) has_workflows: bool,
}

/// The orbs that the modules name.
pub(crate) struct Orbs<'d> {
    /// What the caller knows of orbs.
    pub(crate) given: &'d OrbSet,
    /// Those that were read, by name and version.
    pub(crate) loaded: HashMap<String, ModuleId>,
    pub(crate) resolved: Vec<ResolvedOrb>,
    /// Those that the caller should look for.
    pub(crate) unresolved: Vec<OrbReference>,
    /// References that are addresses.
    pub(crate) addresses: usize,
}

impl<'d> Modules<'d> {
    /// Begins with the configuration, of which `root` is the root.
    pub(crate) fn new(root: Option<At>, given: &'d OrbSet) -> Self {
        Self {
            list: vec![Module::new("the configuration", root, 0)],
            nowhere: Module::new("", None, 0),
            orbs: Orbs {
                given,
                loaded: HashMap::new(),
                resolved: Vec::new(),
                unresolved: Vec::new(),
                addresses: 0,
            },
            jobs_section: JobsSection::default(),
            jobs_in_doubt: JobsInDoubt::default(),
            unindented: HashSet::new(),
            has_workflows: false,
        }
    }

    pub(crate) fn get(&self, id: ModuleId) -> &Module<'d> {
        self.list.get(id.index()).unwrap_or(&self.nowhere)
    }

    pub(crate) fn get_mut(&mut self, id: ModuleId) -> &mut Module<'d> {
        match self.list.get_mut(id.index()) {
            Some(module) => module,
            None => &mut self.nowhere,
        }
    }

    /// Adds a module; `None` beyond any sensible number of them.
    pub(crate) fn add(&mut self, module: Module<'d>) -> Option<ModuleId> {
        let id = ModuleId::new(self.list.len())?;
        self.list.push(module);
        Some(id)
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}
