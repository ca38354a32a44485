//! One liberty of the hosted service's parser that ours does not take: a block scalar's `|` on a
//! line of its own, no deeper than its key.
//!
//! ```yaml
//! - run:
//!   |
//!     make
//! ```
//!
//! The line break before it becomes a blank. Nothing moves, so every place stays right.

use granit_parser::{Parser, options};

/// Repairs of one text.
const REPAIRS: usize = 20;

/// Returns the text with such line breaks as blanks; `None` if there is nothing to repair, which
/// is seen without parsing.
pub(crate) fn repaired(text: &str) -> Option<String> {
    let mut before = "";
    let suspicious = text.lines().any(|line| {
        let late = is_indicator(line) && before.trim_end().ends_with(':');
        before = line;
        late
    });
    if !suspicious {
        return None;
    }
    let mut repaired = None;
    for _ in 0..REPAIRS {
        let current = repaired.as_deref().unwrap_or(text);
        let Some(better) = first_error(current).and_then(|at| join(current, at)) else { break };
        repaired = Some(better);
    }
    // A text that stays wrong is told as it was written.
    repaired.filter(|repaired| first_error(repaired).is_none())
}

fn is_indicator(line: &str) -> bool {
    let mut signs = line.trim().chars();
    signs.next().is_some_and(|c| matches!(c, '|' | '>'))
        && signs.clone().count() <= 2
        && signs.all(|c| matches!(c, '+' | '-' | '1'..='9'))
}

fn first_error(text: &str) -> Option<usize> {
    let options = options! { emit_unresolved_aliases: true };
    let error = Parser::new_from_str_with_options(text, options).find_map(Result::err)?;
    error.marker().byte_offset()
}

/// Joins the line of a position to the one before, if that may be what is wrong with it.
fn join(text: &str, at: usize) -> Option<String> {
    let start = text.get(..at)?.rfind('\n')? + 1;
    let line = text.get(start..)?.lines().next()?;
    let before = text.get(..start)?.trim_end();
    if !is_indicator(line) || !before.ends_with(':') {
        return None;
    }
    let blanks = " ".repeat(start - before.len());
    Some([before, &blanks, text.get(start..)?].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_indicator_is_moved_up_and_nothing_else() {
        let text = "steps:\n  - run:\n    |\n      make\n  - run: |\n      x:\n      |\n";
        let repaired = repaired(text).unwrap();
        assert_eq!(repaired.len(), text.len());
        assert_eq!(repaired, "steps:\n  - run:     |\n      make\n  - run: |\n      x:\n      |\n");
    }

    #[test]
    fn what_is_fine_or_wrong_otherwise_is_left_alone() {
        assert_eq!(repaired("a:\n  |\n   text\n"), None);
        assert_eq!(repaired("a: 1\n  b: 2\n"), None);
        assert_eq!(repaired("a: [\nb:\n |\n"), None);
    }
}
