//! The configuration and the orbs that it imports, as far as they are known.
//!
//! Only this phase writes them. What orbs define is read when it is first used, so later phases ask for it
//! with a [`Lookup`](super::lookup::Lookup), which is the one way in which modules grow after this phase.

use std::collections::{HashMap, HashSet};

use crate::{
    api::orbs::{OrbSet, ResolvedOrb},
    language::{
        data::ModuleId,
        definition::{Element, JobsSection, Module},
        orb_reference::OrbReference,
    },
    read::yaml::{At, Entry},
    render::Renderer,
    text::place::Place,
};

/// The modules of one compilation: the configuration is the first, orbs follow.
pub(crate) struct Modules<'d> {
    list: Vec<Module<'d>>,
    /// Stands in for a module that does not exist.
    nowhere: Module<'d>,
    pub(super) orbs: Orbs<'d>,
    pub(super) jobs_section: JobsSection,
    /// Names in the column of the section that they belong to, which were reported.
    pub(super) unindented: HashSet<Place>,
    /// Sections that are not there, each with the key that was probably meant as it.
    pub(super) misspelled: HashMap<&'static str, Option<Entry<'d>>>,
}

/// The orbs that the modules name.
pub(super) struct Orbs<'d> {
    /// What the caller knows of orbs.
    pub(super) given: &'d OrbSet,
    /// Those that were read, by name and version.
    pub(super) loaded: HashMap<String, ModuleId>,
    pub(super) resolved: Vec<ResolvedOrb>,
    /// Those that the caller should look for.
    pub(super) unresolved: Vec<OrbReference>,
    /// References that are addresses.
    pub(super) addresses: usize,
}

impl<'d> Modules<'d> {
    /// Begins with the configuration, of which `root` is the root.
    pub(super) fn new(root: Option<At>, given: &'d OrbSet) -> Self {
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
            unindented: HashSet::new(),
            misspelled: HashMap::new(),
        }
    }

    pub(crate) fn get(&self, id: ModuleId) -> &Module<'d> {
        self.list.get(id.index()).unwrap_or(&self.nowhere)
    }

    /// Returns the facts about the section `jobs` of the configuration other than its jobs.
    pub(crate) fn jobs_section(&self) -> &JobsSection {
        &self.jobs_section
    }

    /// Returns the names that a module defines, for suggestions; none once they are not shown, for
    /// each of thousands of mistakes would be compared with thousands of names.
    pub(crate) fn names(
        &self,
        render: &Renderer<'d>,
        module: ModuleId,
        element: Element,
    ) -> Vec<&'d str> {
        if !render.found().shows_more() {
            return Vec::new();
        }
        let module = self.get(module);
        let section = module.root.and_then(|root| render.doc().get(root, element.section()));
        section
            .map(|section| {
                render.doc().entries(section.value).iter().map(|entry| entry.name).collect()
            })
            .unwrap_or_default()
    }

    /// Returns the orbs that were named: those that were read, and those that the caller should look for.
    pub(crate) fn into_orbs(self) -> (Vec<ResolvedOrb>, Vec<OrbReference>) {
        (self.orbs.resolved, self.orbs.unresolved)
    }

    pub(super) fn get_mut(&mut self, id: ModuleId) -> &mut Module<'d> {
        match self.list.get_mut(id.index()) {
            Some(module) => module,
            None => &mut self.nowhere,
        }
    }

    /// Adds a module; `None` beyond any sensible number of them.
    pub(super) fn add(&mut self, module: Module<'d>) -> Option<ModuleId> {
        let id = ModuleId::new(self.list.len())?;
        self.list.push(module);
        Some(id)
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }
}
