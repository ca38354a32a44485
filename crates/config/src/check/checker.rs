//! What the checks have available, those of a configuration and those of an orb.

use crate::{
    expand::{Expander, SeenScripts},
    render::Renderer,
    resolve::{Resolver, modules::Modules},
};

/// Looks at what the plan leaves out.
pub(crate) struct Checker<'c, 'd> {
    pub(super) render: &'c mut Renderer<'d>,
    pub(super) modules: &'c mut Modules<'d>,
    scripts: SeenScripts,
}

impl<'c, 'd> Checker<'c, 'd> {
    pub(crate) fn new(render: &'c mut Renderer<'d>, modules: &'c mut Modules<'d>) -> Self {
        Self { render, modules, scripts: SeenScripts::default() }
    }

    pub(super) fn expander(&mut self) -> Expander<'_, 'd> {
        Expander { render: self.render, modules: self.modules, scripts: &mut self.scripts }
    }

    pub(super) fn resolver(&mut self) -> Resolver<'_, 'd> {
        Resolver { render: self.render, modules: self.modules }
    }
}
