//! Tags of nodes: those of YAML do no harm, and others are reported.

use granit_parser::Tag;

use super::Builder;
use crate::{
    codes,
    text::{
        place::{Place, Span},
        problem::Problem,
    },
};

impl Builder<'_> {
    pub(super) fn check_tag(&mut self, tag: Option<&Tag>, at: Span) {
        let Some(tag) = tag.filter(|tag| tag.is_custom()) else { return };
        let (handle, suffix) = tag.parts();
        if handle.is_empty() && suffix.is_empty() || suffix.is_empty() && handle == "!" {
            return;
        }
        // `!!set`, `!!timestamp` and other tags of YAML 1.1 do no harm.
        if handle.starts_with("tag:yaml.org") {
            return;
        }
        let message = format!("unknown YAML tag `!{}`", suffix.trim_start_matches('!'));
        let problem = Problem::error(codes::UNKNOWN_TAG, Place::direct(at), message);
        self.problems.push(
            problem.help("quote a value that starts with `!`; in an expression, write `not`"),
        );
    }
}
