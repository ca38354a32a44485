//! Entries of a workflow's `jobs`: each names a job or a job group (CFG §5.2, §5.11).

mod entry;
mod group;
mod key_advice;
mod outline;
mod requirements;
mod standalone;
mod unknown;
mod version_2;

pub(crate) use entry::{Draft, Presence, invoked_name};
pub(crate) use requirements::{NamePart, RequiredJob, is_status};

use entry::Depth;

use crate::{
    expand::Expander,
    language::data::{ModuleId, Scope},
    read::yaml::At,
    render::budget::Resource,
};

impl Expander<'_, '_> {
    /// Compiles one entry of a workflow's `jobs` into its jobs.
    pub(crate) fn invoke(&mut self, item: At, entry: usize, workflow: &str) -> Vec<Draft> {
        self.invoke_to(Depth::Whole, item, entry, workflow)
    }

    /// Reads an entry of a workflow that does not run.
    pub(crate) fn outline(&mut self, item: At, entry: usize, workflow: &str) -> Vec<Draft> {
        self.invoke_to(Depth::Outline, item, entry, workflow)
    }

    fn invoke_to(&mut self, depth: Depth, item: At, entry: usize, workflow: &str) -> Vec<Draft> {
        let Some(mut invocation) = self.invocation(item, entry, depth) else { return Vec::new() };
        self.keep_certain(&mut invocation);
        if !self.render.afford(Resource::Calls, 1, invocation.key) {
            return Vec::new();
        }
        let outer = Scope::outer(format!("workflow `{workflow}`"), ModuleId::CONFIG);
        let group = self.modules.get(ModuleId::CONFIG).groups.get(invocation.name).cloned();
        match group {
            Some(group) if !invocation.broken => self.invoke_group(&invocation, &group, &outer),
            _ => self.invoke_entry(&invocation, &outer),
        }
    }
}
