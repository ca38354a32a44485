//! Entries of a workflow that does not run: what they say of each other, without the jobs themselves.
//!
//! A job's body depends on parameters that have other values once the workflow runs, so it is not
//! compiled; nor is anything judged here that a tag decides.

use super::entry::{Depth, Invocation};
use crate::{
    expand::Expander,
    read::yaml::{At, View},
    render::budget::Resource,
};

impl Expander<'_, '_> {
    /// Leaves out of an outline what a tag decides; without the names of its jobs, all of it.
    pub(super) fn keep_certain(&mut self, invocation: &mut Invocation<'_>) {
        if invocation.depth == Depth::Whole {
            return;
        }
        let fields = std::mem::take(&mut invocation.fields);
        for field in fields {
            if self.is_certain(field.value) {
                invocation.fields.push(field);
            } else if matches!(field.name, "name" | "matrix") {
                invocation.broken = true;
            }
        }
    }

    /// Returns whether a value has no tags but those of its own matrix.
    fn is_certain(&mut self, at: At) -> bool {
        let mut open = vec![at];
        while let Some(at) = open.pop() {
            if !self.render.afford(Resource::Visits, 1, self.render.doc().place(at)) {
                return false;
            }
            match self.render.doc().view(at) {
                View::Scalar(text, _) if !has_only_matrix_tags(text) => return false,
                View::Scalar(..) => {}
                View::Seq(items) => open.extend(items.iter()),
                View::Map(entries) => {
                    if entries.iter().any(|entry| !has_only_matrix_tags(entry.name)) {
                        return false;
                    }
                    open.extend(entries.iter().map(|entry| entry.value));
                }
                View::Broken => return false,
            }
        }
        true
    }
}

fn has_only_matrix_tags(text: &str) -> bool {
    text.split("<<").skip(1).all(|tag| tag.trim_start().starts_with("matrix."))
}
