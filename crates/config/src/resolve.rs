//! Phase 3: the version, parameters, imports and definitions: what each name means.

pub(crate) mod definitions;
pub(crate) mod imports;
pub(crate) mod lookup;
pub(crate) mod modules;
pub(crate) mod parameters;
pub(crate) mod pipeline_parameters;
mod section;
pub(crate) mod shape;
pub(crate) mod strays;
pub(crate) mod version;

use crate::{
    api::inputs::Inputs,
    language::{definition::Users, version::Version},
    read::yaml::At,
    render::Renderer,
    resolve::modules::Modules,
};

/// Finds out what names mean, and checks what they mean by itself.
pub(crate) struct Resolver<'c, 'd> {
    pub(crate) render: &'c mut Renderer<'d>,
    pub(crate) modules: &'c mut Modules<'d>,
}

impl<'c, 'd> Resolver<'c, 'd> {
    pub(crate) fn new(render: &'c mut Renderer<'d>, modules: &'c mut Modules<'d>) -> Self {
        Self { render, modules }
    }

    /// Reads everything but the workflows. Returns whether it is a setup configuration (CFG §8.1);
    /// `None` if its version is not supported.
    pub(crate) fn resolve(&mut self, root: At, inputs: &Inputs) -> Option<bool> {
        let version = self.check_version(root)?;
        self.render.templates = version == Version::V2_1;
        let is_setup = self.read_setup(root, version, inputs);
        self.bind_pipeline_parameters(root, &inputs.parameters);
        if self.render.templates {
            self.import_all(root);
        }
        self.define(root, Users::ThisFile);
        self.take_unindented_workflows(root);
        self.check_top_level(root);
        self.check_shapes();
        Some(is_setup)
    }
}
