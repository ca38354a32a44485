//! Phase 6: what nothing runs, and orbs by themselves.

pub(crate) mod check_orb;
pub(crate) mod dormant;
pub(crate) mod lints;

use crate::{
    expand::{Expander, SeenScripts},
    read::yaml::At,
    render::Renderer,
    resolve::{Resolver, modules::Modules},
};

/// Looks at what the plan leaves out.
pub(crate) struct Checker<'c, 'd> {
    pub(crate) render: &'c mut Renderer<'d>,
    pub(crate) modules: &'c mut Modules<'d>,
    scripts: SeenScripts,
}

impl<'c, 'd> Checker<'c, 'd> {
    pub(crate) fn new(render: &'c mut Renderer<'d>, modules: &'c mut Modules<'d>) -> Self {
        Self { render, modules, scripts: SeenScripts::default() }
    }

    /// Checks what does not run today, and lints all definitions.
    pub(crate) fn check(&mut self, root: At) {
        self.check_dormant(root);
        self.lint_definitions(root);
    }

    fn expander(&mut self) -> Expander<'_, 'd> {
        Expander { render: self.render, modules: self.modules, scripts: &mut self.scripts }
    }

    fn resolver(&mut self) -> Resolver<'_, 'd> {
        Resolver { render: self.render, modules: self.modules }
    }
}
