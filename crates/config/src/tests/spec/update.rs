//! Renews the blocks of text of the specification, when `INSTA_UPDATE=always` asks for it.

use std::{collections::BTreeMap, fs};

use super::case::{self, Part};

/// New contents of blocks, by file and first line.
#[derive(Default)]
pub(super) struct Update {
    texts: BTreeMap<(String, usize), String>,
}

impl Update {
    /// Keeps the text that a failed check asks for; `false` if nothing is to be renewed.
    pub(super) fn renews(&mut self, file: &str, part: &Part, failure: &str) -> bool {
        if std::env::var("INSTA_UPDATE").as_deref() != Ok("always") {
            return false;
        }
        let Some((kind, actual)) = failure.split_once('\n') else { return false };
        let Some(kind) = kind.strip_prefix("--- ").filter(|kind| kind.starts_with("text ")) else {
            return false;
        };
        let (Some(block), Some(old)) = (part.find(kind), part.block(kind)) else { return false };
        let cut = kind != "text rendered";
        let old: Vec<&str> = old.lines().collect();
        let lines = actual.trim_end_matches('\n').lines().enumerate().map(|(index, line)| {
            let old = old.get(index).copied().unwrap_or("");
            if !cut || old.ends_with(')') || old.is_empty() { line } else { without_help(line) }
        });
        let text: String = lines.flat_map(|line| [line, "\n"]).collect();
        self.texts.insert((file.to_owned(), block.line), text);
        true
    }

    /// Writes the files.
    pub(super) fn write(&self) {
        // From the end, so that lines above keep their numbers.
        for ((file, line), text) in self.texts.iter().rev() {
            let path = case::directory().join(file);
            let markdown = fs::read_to_string(&path).unwrap();
            let lines: Vec<&str> = markdown.lines().collect();
            let end = lines[*line..].iter().position(|line| *line == "```").unwrap() + line;
            let mut new: Vec<&str> = lines[..*line].to_vec();
            new.extend(text.lines());
            new.extend(&lines[end..]);
            fs::write(&path, new.join("\n") + "\n").unwrap();
        }
    }
}

/// Cuts the help off a line: `4:7 error slug: message (help)`.
fn without_help(line: &str) -> &str {
    line.strip_suffix(')').and_then(|line| line.rsplit_once(" (")).map_or(line, |(line, _)| line)
}
