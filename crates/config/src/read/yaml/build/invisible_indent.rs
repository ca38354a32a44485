//! Strings that begin with a space which is not the ordinary one: the line is indented otherwise than it looks.
//!
//! Deliberately absent: lines that are not YAML for it.

use super::Builder;
use crate::{
    codes,
    read::invisible_characters,
    text::{
        place::{Place, Span},
        problem::Problem,
    },
};

impl Builder<'_> {
    /// Warns of a string that is not quoted and begins a line with such a character.
    pub(super) fn check_first_character(&mut self, at: Span) {
        let Some(written) = self.text.get(at.start()..at.end()) else { return };
        if written.starts_with(|c: char| c.is_ascii()) {
            return;
        }
        let before = self.text.get(..at.start()).unwrap_or("");
        // Not from the start of the line: a long one may have a hundred thousand strings.
        let before = before.trim_end_matches([' ', '-']);
        let is_first = before.is_empty() || before.ends_with('\n');
        let Some(found) = invisible_characters::of_start(written).filter(|_| is_first) else {
            return;
        };
        let start = at.start() + found.range.start;
        let place = Place::direct(Span::new(start, start + found.range.len()));
        let problem = Problem::warning(codes::SPECIAL_CHARACTER, place, found.message);
        self.problems.push(problem.help(found.help));
    }
}
