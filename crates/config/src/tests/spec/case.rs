//! Reads the cases of the specification from its Markdown.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// One heading with its blocks.
#[derive(Default)]
pub(in crate::tests) struct Case {
    pub(in crate::tests) file: String,
    /// As it is written, with the rows in front.
    pub(in crate::tests) title: String,
    /// The configuration, with a version.
    pub(in crate::tests) config: String,
    /// Orbs that are available, by `ns/name@1.2.3`.
    pub(in crate::tests) orbs: Vec<(String, String)>,
    /// Compilations of the config, each with its inputs and what is expected.
    pub(in crate::tests) parts: Vec<Part>,
}

/// The blocks of one compilation.
#[derive(Default)]
pub(in crate::tests) struct Part {
    blocks: Vec<Block>,
}

/// A fenced block: `text diagnostics` and what is in it.
pub(in crate::tests) struct Block {
    kind: String,
    text: String,
    /// The line of its first line of text in the file, counted from 0.
    pub(in crate::tests) line: usize,
}

impl Part {
    pub(in crate::tests) fn block(&self, kind: &str) -> Option<&str> {
        self.find(kind).map(|block| block.text.as_str())
    }

    pub(in crate::tests) fn find(&self, kind: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.kind == kind)
    }

    pub(in crate::tests) fn mentions(&self, code: &str) -> bool {
        let names = |text: &str| text.lines().any(|line| line.contains(&format!(" {code}")));
        self.blocks.iter().any(|block| match block.kind.as_str() {
            "text diagnostics" => names(&block.text),
            "text rendered" => block.text.contains(code),
            _ => false,
        })
    }
}

impl Case {
    /// What a link to the heading ends in.
    pub(in crate::tests) fn anchor(&self) -> String {
        let lower = self.title.to_lowercase();
        let kept = lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    }

    fn add(&mut self, block: Block) {
        let Block { kind, text, line } = block;
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
                part.blocks.push(Block { kind, text, line });
            }
        }
    }
}

fn with_version(text: String) -> String {
    let has_one = text.lines().any(|line| line.starts_with("version:"));
    if has_one { text } else { text + "version: 2.1\n" }
}

/// Where the specification is.
pub(in crate::tests) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("spec")
}

/// Every case of the specification.
pub(in crate::tests) fn all() -> Vec<Case> {
    let entries = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path());
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
    let mut fence: Option<Block> = None;
    for (index, line) in markdown.lines().enumerate() {
        match fence.take() {
            Some(block) if line == "```" => {
                cases.last_mut().expect("a heading before the first block").add(block);
            }
            Some(block) => fence = Some(Block { text: block.text + line + "\n", ..block }),
            None => {
                if let Some(kind) = line.strip_prefix("```") {
                    let kind = kind.trim().to_owned();
                    fence = Some(Block { kind, text: String::new(), line: index + 1 });
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
