//! Phase 3: the version, parameters, imports and definitions: what each name means.

mod definitions;
mod headers;
mod images;
mod imports;
pub(crate) mod lookup;
pub(crate) mod misindented_keys;
mod misspelled;
pub(crate) mod modules;
pub(crate) mod parameters;
mod pipeline_parameters;
pub(crate) mod section;
pub(crate) mod shape;
pub(crate) mod unnested;
mod version;

use crate::{
    api::inputs::Inputs,
    codes,
    language::{data::ModuleId, definition::Users, version::Version},
    read::yaml::At,
    render::Renderer,
    resolve::{
        lookup::Lookup,
        misindented_keys::{check_keys_of_orb, take_unindented_workflows},
        modules::Modules,
        section::{first_key, section},
        shape::check_shapes,
    },
    text::problem::Problem,
};

/// What the phase makes of a configuration.
pub(crate) struct Resolved<'d> {
    pub(crate) modules: Modules<'d>,
    /// It is a setup configuration (CFG §8.1).
    pub(crate) is_setup: bool,
}

/// Reads everything but the workflows of a configuration; `None` if its version is not supported.
pub(crate) fn resolve<'d>(
    render: &mut Renderer<'d>,
    root: At,
    inputs: &'d Inputs,
) -> Option<Resolved<'d>> {
    let mut modules = Modules::new(Some(root), &inputs.orbs);
    let is_setup = Resolver { render, modules: &mut modules }.configuration(root, inputs)?;
    Some(Resolved { modules, is_setup })
}

/// Reads an orb by itself.
pub(crate) fn resolve_orb<'d>(
    render: &mut Renderer<'d>,
    root: At,
    inputs: &'d Inputs,
) -> Modules<'d> {
    let mut modules = Modules::new(Some(root), &inputs.orbs);
    Resolver { render, modules: &mut modules }.orb(root);
    modules
}

/// Finds out what names mean, and checks what they mean by itself.
struct Resolver<'c, 'd> {
    render: &'c mut Renderer<'d>,
    modules: &'c mut Modules<'d>,
}

impl Resolver<'_, '_> {
    /// Returns whether it is a setup configuration.
    fn configuration(&mut self, root: At, inputs: &Inputs) -> Option<bool> {
        let version = self.check_version(root)?;
        self.render.set_version(version);
        let is_setup = self.read_setup(root, version, inputs);
        self.bind_pipeline_parameters(root, &inputs.parameters);
        if self.render.has_templates() {
            self.import_all(root);
        }
        self.define(root, Users::ThisFile);
        take_unindented_workflows(self.render, self.modules, root);
        self.check_top_level(root);
        check_shapes(self.render, self.modules);
        Some(is_setup)
    }

    fn orb(&mut self, root: At) {
        if self.check_version(root) == Some(Version::V2_0) {
            let place = first_key(self.render.doc(), root);
            let problem = Problem::error(codes::ORB_INVALID, place, "an orb needs version 2.1");
            self.render.report().add(problem.help("write `version: 2.1`"));
        }
        self.import_all(root);
        self.define(root, Users::OtherFiles);
        check_keys_of_orb(self.render, self.modules, root);
        let entries = self.render.doc().entries(root);
        for unused in ["workflows", "parameters", "setup"] {
            if let Some(entry) = entries.get(unused) {
                let message = format!("`{unused}` has no effect in an orb");
                self.render.report().add(Problem::warning(codes::IGNORED, entry.key, message));
            }
        }
        check_shapes(self.render, self.modules);
    }

    /// Checks every import.
    fn import_all(&mut self, root: At) {
        for entry in section(self.render, root, "orbs") {
            self.render.report_blank_name("orb", entry.name, entry.key);
            Lookup::new(self.render, self.modules).import(ModuleId::CONFIG, entry.name);
        }
    }
}
