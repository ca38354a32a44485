//! The page of a diagnostic code: its doc comment, what the wrong example makes the compiler say,
//! and how it looks fixed.
//!
//! The same page is a file of the documentation, an answer of the dashboard, and what
//! `roundel config code` prints. Deliberately absent: HTML, which belongs to the crate that serves it.

use crate::{
    api::{
        compiled::Compiled,
        inputs::Inputs,
        orbs::{Missing, Orb, Resolution},
        support::Support,
    },
    codes::{AREAS, Area, Code, Entry, NOT_GIVEN, all},
    compile::compile_with_orbs,
    language::{orb_reference::OrbReference, pipeline_values::PipelineValue},
    listing::{self, Listing, NOT_ALL_RUNS, NOT_SUPPORTED, Notes},
    read::{
        document::{Node, from_yaml},
        snippet::{Layout, render},
    },
    text::{diagnostic::Diagnostic, suggest},
};
use roundel_model::{name::GitRef, text::counted};

/// Where examples pretend to be.
const PATH: &str = ".circleci/config.yml";

/// Slugs of earlier releases, which stored pipelines and links still have, with today's.
const RENAMED: &[(&str, &str)] = &[("misspelt-section", "misspelled-section")];

/// A page about a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub code: Code,
    /// The part of the catalogue that it belongs to: "Steps".
    pub area: &'static str,
    /// The content, from top to bottom.
    pub parts: Vec<Part>,
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Sentences; words in backticks are code.
    Paragraph(String),
    /// Source or output, shown as it is.
    Block {
        /// The heading: "Wrong", "Right".
        title: String,
        /// `yaml` or `text`.
        language: &'static str,
        /// The text, with its last line break.
        text: String,
    },
}

/// One example of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExampleKind {
    /// The one that gives the code.
    Wrong,
    /// The one that does not.
    Right,
}

/// Makes the page of a code, by its slug or its number (`unknown-parameter`, `E-033`, `e33`).
///
/// A number that several codes share finds the first of them.
pub fn page(name: &str) -> Option<Page> {
    let renamed = RENAMED.iter().find(|(old, _)| *old == name);
    let name = renamed.map_or(name, |(_, new)| new);
    let wanted = number(name);
    let find = |test: &dyn Fn(&Code) -> bool| {
        AREAS.iter().find_map(|area| Some((area, area.codes.iter().find(|code| test(code))?)))
    };
    let found = find(&|code| code.slug == name);
    let (area, code) = found
        .or_else(|| find(&|code| wanted.is_some() && code.number.and_then(number) == wanted))?;
    Some(Page::new(area, *code))
}

/// Returns the slug that is nearest to a name that no page has.
pub fn nearest(name: &str) -> Option<&'static str> {
    suggest::nearest(name, all().map(|code| code.slug))
}

/// Makes all pages, in the order of the catalogue.
pub fn pages() -> impl Iterator<Item = Page> {
    AREAS.iter().flat_map(|area| area.codes.iter().map(|code| Page::new(area, *code)))
}

/// Returns the letter and the value of `E-033`, `e033`, `E33`.
fn number(text: &str) -> Option<(char, u16)> {
    let mut chars = text.chars();
    let letter = chars.next()?.to_ascii_uppercase();
    let digits = chars.as_str();
    let digits = digits.strip_prefix('-').unwrap_or(digits);
    matches!(letter, 'E' | 'W').then_some((letter, digits.parse().ok()?))
}

impl Page {
    fn new(area: &'static Area, code: Code) -> Self {
        let mut parts = vec![Part::Paragraph(code.about.to_owned())];
        let source = Source::of(code);
        parts.extend(source.paragraphs.iter().map(|text| Part::Paragraph(text.clone())));
        for (name, text) in &source.orbs {
            parts.push(block(format!("The orb `{name}`"), "yaml", text));
        }
        if let Some(inputs) = &source.inputs {
            parts.push(block("Pipeline values", "yaml", inputs));
        }
        if let Some(wrong) = &source.wrong {
            parts.push(block("Wrong", "yaml", wrong));
            let output = source.output(code, wrong);
            if !output.is_empty() {
                parts.push(block("Output", "text", &output));
            }
        }
        if let Some(right) = &source.right {
            parts.push(block("Right", "yaml", right));
        }
        Self { code, area: area.title, parts }
    }

    /// Writes it as Markdown.
    pub fn markdown(&self) -> String {
        use std::fmt::Write as _;

        let mut text = String::new();
        let number = self.code.number.map_or_else(String::new, |number| format!(" ({number})"));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# `{}`{number}", self.code.slug);
        for part in &self.parts {
            let _ = match part {
                Part::Paragraph(paragraph) => write!(text, "\n{paragraph}\n"),
                Part::Block { title, language, text: block } => {
                    write!(text, "\n## {title}\n\n```{language}\n{block}```\n")
                }
            };
        }
        text
    }
}

/// Compiles an example of a code; `None` if it has none.
pub fn example(code: Code, which: ExampleKind) -> Option<(String, Compiled)> {
    let source = Source::of(code);
    let text = match which {
        ExampleKind::Wrong => source.wrong.clone(),
        ExampleKind::Right => source.right.clone(),
    }?;
    let compiled = source.compile(&text);
    Some((text, compiled))
}

/// Compiles a source with what the page of a code says that the pipeline is started with.
#[cfg(test)]
pub(crate) fn compile_like(code: Code, text: &str) -> Compiled {
    Source::of(code).compile(text)
}

fn block(title: impl Into<String>, language: &'static str, text: &str) -> Part {
    Part::Block { title: title.into(), language, text: text.to_owned() }
}

/// A doc comment, taken apart.
#[derive(Default)]
struct Source {
    paragraphs: Vec<String>,
    inputs: Option<String>,
    orbs: Vec<(String, String)>,
    wrong: Option<String>,
    right: Option<String>,
}

impl Source {
    fn of(code: Code) -> Self {
        let mut source = Self::default();
        let mut paragraph = String::new();
        let mut fence: Option<(&str, String)> = None;
        // A last empty line ends the last paragraph.
        for line in code.text.lines().chain(std::iter::once("")) {
            let line = line.strip_prefix(' ').unwrap_or(line);
            match fence.take() {
                Some((kind, text)) if line == "```" => source.keep(kind, text),
                Some((kind, text)) => fence = Some((kind, text + line + "\n")),
                None if line.starts_with("```") => {
                    fence = Some((line.trim_start_matches('`'), String::new()));
                }
                None if line.is_empty() => {
                    if !paragraph.is_empty() {
                        source.paragraphs.push(std::mem::take(&mut paragraph));
                    }
                }
                None => {
                    if !paragraph.is_empty() {
                        paragraph.push('\n');
                    }
                    paragraph.push_str(line);
                }
            }
        }
        source
    }

    fn keep(&mut self, kind: &str, text: String) {
        match kind.trim_start_matches("yaml").trim() {
            "wrong" => self.wrong = Some(text),
            "right" => self.right = Some(text),
            "inputs" => self.inputs = Some(text),
            other => {
                if let Some(name) = other.strip_prefix("orb ") {
                    self.orbs.push((name.to_owned(), text));
                }
            }
        }
    }

    /// Compiles with what the page says the pipeline is started with, and with its orbs alone.
    fn compile(&self, text: &str) -> Compiled {
        let given = self.inputs.as_deref().and_then(|text| from_yaml(text).ok());
        let inputs = inputs(&given.unwrap_or(Node::Null));
        let mut find = |reference: &OrbReference| self.orb(reference);
        compile_with_orbs(text, inputs, &mut find).0
    }

    fn orb(&self, reference: &OrbReference) -> Resolution {
        let wanted = reference.to_string();
        let plain = |known: &str| known.split(" from ").next() == Some(&wanted);
        let Some((known, text)) = self.orbs.iter().find(|(known, _)| plain(known)) else {
            let looked_in = vec!["the directory `orbs`".to_owned()];
            let help = Some(reference.how_to_provide());
            return Resolution::Missing(Missing { looked_in, help, ..Missing::default() });
        };
        let (name, version) = wanted.split_once('@').unwrap_or((&wanted, ""));
        let stand_in = known.split_once(" from ");
        let orb = Orb {
            name: name.to_owned(),
            version: version.to_owned(),
            origin: "the directory `orbs`".to_owned(),
            text: text.as_str().into(),
            digest: String::new(),
            notice: stand_in
                .map(|(_, other)| format!("`{name}@{other}` is used in place of {wanted}")),
        };
        Resolution::Found(orb.into())
    }

    /// Returns what `roundel config validate` prints about the wrong example: the diagnostics of the code,
    /// or that it is right and not supported.
    fn output(&self, code: Code, wrong: &str) -> String {
        let compiled = self.compile(wrong);
        if compiled.unsupported.iter().any(|found| found.code == code.slug) {
            return unsupported_output(wrong, &compiled);
        }
        let of_code = |found: &Diagnostic| found.code == code.slug;
        let found: Vec<Diagnostic> = compiled.diagnostics.into_iter().filter(of_code).collect();
        if found.is_empty() { String::new() } else { render(wrong, &found, Layout::default()) }
    }
}

/// Writes what `roundel config validate` prints about a configuration that is right and that this release
/// does not run.
fn unsupported_output(text: &str, compiled: &Compiled) -> String {
    use std::fmt::Write as _;

    let warnings = compiled.diagnostics.as_slice();
    let mut output = String::new();
    if !warnings.is_empty() {
        output = render(text, warnings, Layout::default()) + "\n";
    }
    let refuses_some =
        compiled.refusals().next().is_some() || compiled.never_started().next().is_some();
    let (verdict, colon) = match compiled.support() {
        Support::Unsupported => (NOT_SUPPORTED, ":"),
        Support::Runs if refuses_some => (NOT_ALL_RUNS, ":"),
        Support::Runs | Support::Invalid => ("valid", ""),
    };
    let warned = match warnings.len() {
        0 => String::new(),
        count => format!(", {}", counted(count, "warning")),
    };
    // Writing to a string cannot fail.
    let _ = writeln!(output, "{PATH}: {verdict}{warned}{colon}");
    for listing::Entry { line, help } in Listing::of(compiled, Notes::Listed).entries {
        let _ = writeln!(output, "  - {line}");
        if let Some(help) = help {
            let _ = writeln!(output, "    {help}");
        }
    }
    output
}

/// `branch`, `parameters`, `continuation`.
fn inputs(given: &Node) -> Inputs {
    let parameters = match given.get("parameters") {
        Some(Node::Map(parameters)) => parameters.as_slice(),
        _ => &[],
    };
    let parameters = parameters
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), pipeline_value(value.clone())?)));
    let branch = given.get("branch").and_then(Node::as_text);
    Inputs {
        path: PATH.to_owned(),
        parameters: parameters.collect(),
        git_ref: branch.map(|name| GitRef::Branch(name.into())),
        continuation: given.get("continuation") == Some(&Node::Bool(true)),
        ..Inputs::default()
    }
}

fn pipeline_value(node: Node) -> Option<PipelineValue> {
    Some(match node {
        Node::Text(text) => PipelineValue::Text(text),
        Node::Int(value) => PipelineValue::Integer(value),
        Node::Bool(value) => PipelineValue::Boolean(value),
        Node::Null | Node::Float(_) | Node::List(_) | Node::Map(_) => return None,
    })
}

/// Writes the list of all pages as Markdown.
pub fn index() -> String {
    use std::fmt::Write as _;

    let mut text = String::from(
        "# Diagnostics\n\nEvery diagnostic of the compiler, with a page for each: what it means \
         and how to fix it. `roundel config code` shows them in a terminal. Each \
         message says whether it is an error, which prevents a pipeline from starting, or a warning. \
         Most numbers that start with `E` are errors; where what is wrong does not run, such as in a \
         job that no workflow uses, some of them are warnings. Most that start with `W` are warnings; \
         the `next` profile makes errors of some.\n",
    );
    // Writing to a string cannot fail.
    for area in AREAS {
        let _ = write!(text, "\n## {}\n\n| code | number | |\n|---|---|---|\n", area.title);
        for code in area.codes {
            let Entry { slug, number, about, .. } = &**code;
            let number = number.unwrap_or("");
            let _ = writeln!(text, "| [`{slug}`]({slug}.md) | {number} | {about} |");
        }
    }
    text.push_str("\n## By number\n\n| number | code |\n|---|---|\n");
    let numbered = all().filter_map(|code| Some((code.number?, code.slug)));
    let mut numbered: Vec<_> = numbered.collect();
    numbered.sort_unstable();
    for (number, slug) in numbered {
        let _ = writeln!(text, "| {number} | [`{slug}`]({slug}.md) |");
    }
    text.push_str("\n## Unused numbers\n\n| number | why |\n|---|---|\n");
    for (number, why) in NOT_GIVEN {
        let _ = writeln!(text, "| {number} | {why} |");
    }
    text
}
