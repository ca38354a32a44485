//! What the checks have available, those of a configuration and those of an orb.

use crate::{
    expand::{Expander, progress::Progress},
    render::Renderer,
    resolve::{lookup::Lookup, modules::Modules},
};

/// Checks what the plan leaves out.
pub(crate) struct Checker<'c, 'd> {
    pub(super) render: &'c mut Renderer<'d>,
    pub(super) modules: &'c mut Modules<'d>,
    progress: Progress,
}

impl<'c, 'd> Checker<'c, 'd> {
    /// Begins with what was compiled before.
    pub(crate) fn new(
        render: &'c mut Renderer<'d>,
        modules: &'c mut Modules<'d>,
        progress: Progress,
    ) -> Self {
        Self { render, modules, progress }
    }

    pub(super) fn expander(&mut self) -> Expander<'_, 'd> {
        Expander::new(self.render, self.modules, &mut self.progress)
    }

    pub(super) fn lookup(&mut self) -> Lookup<'_, 'd> {
        Lookup::new(self.render, self.modules)
    }
}
