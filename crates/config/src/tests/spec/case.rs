//! Reads the cases of the specification from its Markdown.

use std::{fs, path::Path};

/// One heading with its blocks.
#[derive(Default)]
pub(super) struct Case {
    pub(super) file: String,
    /// As it is written, with the rows in front.
    pub(super) title: String,
    /// The configuration, with a version.
    pub(super) config: String,
    /// Orbs that are at hand, by `ns/name@1.2.3`.
    pub(super) orbs: Vec<(String, String)>,
    /// Compilations of the config, each with its inputs and what is expected.
    pub(super) parts: Vec<Part>,
}

/// The blocks of one compilation.
#[derive(Default)]
pub(super) struct Part {
    blocks: Vec<(String, String)>,
}

impl Part {
    pub(super) fn block(&self, kind: &str) -> Option<&str> {
        let found = self.blocks.iter().find(|(name, _)| name == kind);
        found.map(|(_, text)| text.as_str())
    }

    pub(super) fn mentions(&self, code: &str) -> bool {
        let names = |text: &str| text.lines().any(|line| line.contains(&format!(" {code}")));
        self.blocks.iter().any(|(kind, text)| match kind.as_str() {
            "text diagnostics" => names(text),
            "text rendered" => text.contains(code),
            _ => false,
        })
    }
}

impl Case {
    /// What a link to the heading ends in.
    pub(super) fn anchor(&self) -> String {
        let lower = self.title.to_lowercase();
        let kept = lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    }

    fn add(&mut self, kind: String, text: String) {
        if let Some(name) = kind.strip_prefix("yaml orb ") {
            self.orbs.push((name.to_owned(), text));
            return;
        }
        match kind.as_str() {
            "yaml config" => self.config = with_version(text),
            "yaml config raw" => self.config = text,
            _ => {
                if self.parts.is_empty() || kind == "yaml inputs" {
                    self.parts.push(Part::default());
                }
                let part = self.parts.last_mut().expect("one was added");
                part.blocks.push((kind, text));
            }
        }
    }
}

fn with_version(text: String) -> String {
    let has_one = text.lines().any(|line| line.starts_with("version:"));
    if has_one { text } else { text + "version: 2.1\n" }
}

/// Every case of the specification.
pub(super) fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec");
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    let read = |path: &Path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        cases(&name, &fs::read_to_string(path).unwrap())
    };
    files.iter().flat_map(|path| read(path)).collect()
}

fn cases(file: &str, markdown: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut fence: Option<(String, String)> = None;
    for line in markdown.lines() {
        match &mut fence {
            Some((kind, text)) if line == "```" => {
                let (kind, text) = (std::mem::take(kind), std::mem::take(text));
                cases.last_mut().expect("a heading before the first block").add(kind, text);
                fence = None;
            }
            Some((_, text)) => {
                text.push_str(line);
                text.push('\n');
            }
            None => {
                if let Some(kind) = line.strip_prefix("```") {
                    fence = Some((kind.trim().to_owned(), String::new()));
                } else if let Some(title) = line.strip_prefix("## ") {
                    let (file, title) = (file.to_owned(), title.to_owned());
                    cases.push(Case { file, title, ..Case::default() });
                }
            }
        }
    }
    assert!(fence.is_none(), "{file}: a block is not closed");
    cases.retain(|case| !case.config.is_empty());
    cases
}
