//! What a terminal shows of the [decision](roundel_config::Decision) about a configuration. `config` decides.

use roundel_config::{
    Compiled,
    listing::{Entry, Listing, Notes},
};
use roundel_model::text::one_line;

use crate::terminal;

/// Writes, in indented lines, what this release refuses of a configuration that is right, and what
/// has no effect in it. Empty if there is nothing of either.
pub(crate) fn listed(compiled: &Compiled, notes: Notes, width: Option<usize>) -> String {
    let mut text = String::new();
    let Listing { preface, entries } = Listing::of(compiled, notes);
    if let Some(preface) = preface {
        terminal::line(&mut text, preface);
    }
    for Entry { line, help } in entries {
        let line = one_line(&line);
        terminal::line(&mut text, &format!("  - {}", terminal::wrapped(&line, 4, width)));
        if let Some(help) = help {
            terminal::line(&mut text, &format!("    {}", terminal::wrapped(&help, 4, width)));
        }
    }
    text
}

#[cfg(test)]
mod tests;
