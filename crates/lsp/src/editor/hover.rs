//! What the word under the cursor is, and what it compiles to.

use std::fmt::Write as _;

use super::{
    describe,
    document::Document,
    environment::Environment,
    index::{Symbol, Within, Word, opened_by},
    outline::{Invocation, Item, Parameter, split},
    schema::{shape::Kind, values},
    spot::Callee,
    tree::node::Span,
};

mod compiled;

/// Lines of source or of compiled YAML that are shown.
const LINES: usize = 40;

/// Elements of an orb that are listed of each kind.
const ELEMENTS: usize = 25;

/// What can be said about a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hover {
    /// Bytes of the word that the text is about.
    pub(crate) span: Span,
    /// The text, in Markdown.
    pub(crate) markdown: String,
}

/// Returns what the word at `offset` is.
pub(crate) fn hover(
    document: &Document,
    offset: usize,
    environment: &Environment<'_>,
) -> Option<Hover> {
    let word = document.index.at(offset)?;
    let about = About { document, environment, word };
    let markdown = about.symbol(&word.symbol)?;
    Some(Hover { span: word.span.clone(), markdown })
}

struct About<'a> {
    document: &'a Document,
    environment: &'a Environment<'a>,
    word: &'a Word,
}

impl About<'_> {
    fn symbol(&self, symbol: &Symbol) -> Option<String> {
        match symbol {
            Symbol::Key(key, of) => {
                let step = self.step();
                Some(
                    [describe::key(key, of)]
                        .into_iter()
                        .chain(step)
                        .collect::<Vec<_>>()
                        .join("\n\n"),
                )
            }
            Symbol::Element(callee) if callee.kind == Kind::Orb => Some(self.orb(callee)),
            Symbol::Element(callee) => self.element(callee),
            Symbol::Parameter(callee, name) => {
                let parameter = self.parameter(callee, name)?;
                let of = format!("A parameter of {} `{}`.", callee.kind.word(), callee.name);
                Some(format!("{}\n\n{of}", describe::brief(&parameter)))
            }
            Symbol::PipelineParameter(name) => {
                let mut parameters = self.document.outline.parameters.iter();
                let parameter = parameters.find(|parameter| parameter.name == *name)?;
                Some(format!("{}\n\nA pipeline parameter.", describe::brief(parameter)))
            }
            Symbol::PipelineValue(name) => {
                values::pipeline_value(name).map(describe::pipeline_value)
            }
            Symbol::Matrix(within, entry, name) => self.matrix(within, *entry, name),
            Symbol::Invocation(within, name) => self.invocation(within, name),
            Symbol::Anchor(name) => {
                let lookup = super::tree::node::Lookup::new(&self.document.root);
                let node = lookup.anchored(name)?;
                let source = source(&self.document.text, &node.span);
                Some(format!("anchor `{name}`\n\n{source}"))
            }
        }
    }

    fn item(&self, callee: &Callee) -> Option<(&str, &Item)> {
        let Callee { scope, kind, name } = callee;
        if let Some(item) = self.document.outline.item(scope, *kind, name) {
            return Some((&self.document.text, item));
        }
        let (source, item) = self.environment.library.item(scope, *kind, name)?;
        Some((source.document.text(), item))
    }

    fn parameter(&self, callee: &Callee, name: &str) -> Option<Parameter> {
        let (_, item) = self.item(callee)?;
        item.parameters.iter().find(|parameter| parameter.name == name).cloned()
    }

    fn element(&self, callee: &Callee) -> Option<String> {
        let (text, item) = self.item(callee)?;
        let shown = match callee.scope.rsplit('/').next() {
            Some(alias) if !alias.is_empty() => format!("{alias}/{}", callee.name),
            _ => callee.name.clone(),
        };
        let mut parts = vec![describe::item(item, &shown)];
        if let Some(source) = self.environment.library.source(&callee.scope) {
            parts.push(format!("From {}@{}.", source.orb.name, source.orb.version));
        }
        let compiled = match callee.kind {
            Kind::Job => self.compiled_job(callee),
            Kind::Command => self.step(),
            _ => None,
        };
        parts.push(compiled.unwrap_or_else(|| source(text, &item.span)));
        Some(parts.join("\n\n"))
    }

    /// The step that the word names, compiled by itself.
    fn step(&self) -> Option<String> {
        let yaml = compiled::step(self.document, &self.word.span, self.environment)?;
        Some(format!("Compiles to:\n\n{}", describe::yaml(&yaml, LINES)))
    }

    /// The job as the word's invocation compiles it, or as any does where it is defined.
    fn compiled_job(&self, callee: &Callee) -> Option<String> {
        let outline = &self.document.outline;
        let runs_it = |found: &&Invocation| {
            split(&found.scope, &found.job) == (callee.scope.clone(), callee.name.clone())
        };
        let here = outline.invocations.iter().filter(runs_it);
        let within = |found: &&Invocation| {
            found.span.start <= self.word.span.start && self.word.span.end <= found.span.end
        };
        let one: Vec<_> = here.clone().filter(within).collect();
        let all = if one.is_empty() { here.collect() } else { one };
        self.compiled_invocations(&all)
    }

    fn compiled_invocations(&self, invocations: &[&Invocation]) -> Option<String> {
        let (name, yaml, others) = compiled::jobs(self.environment.compiled?, invocations)?;
        let mut text = format!("Compiles to job `{name}`:\n\n{}", describe::yaml(&yaml, LINES));
        if !others.is_empty() {
            text.push_str("\n\nAnd to ");
            text.push_str(&list(&others));
            text.push('.');
        }
        Some(text)
    }

    fn invocation(&self, within: &Within, name: &str) -> Option<String> {
        let entries = self.document.outline.invocations_of(&within.scope, within.list.as_ref()?);
        let named = |found: &&Invocation| {
            found.name == name || found.alias.as_ref().is_some_and(|(alias, _)| alias == name)
        };
        let entries: Vec<_> = entries.into_iter().filter(named).collect();
        let first = entries.first()?;
        if first.is_approval {
            return Some(format!("`{name}` waits for a manual approval."));
        }
        let (scope, job) = split(&within.scope, &first.job);
        let item = self.item(&Callee { scope, kind: Kind::Job, name: job });
        let item = item.map_or_else(
            || format!("job `{}`", first.job),
            |(_, item)| describe::item(item, &first.job),
        );
        let compiled = self.compiled_invocations(&entries);
        Some([item].into_iter().chain(compiled).collect::<Vec<_>>().join("\n\n"))
    }

    fn matrix(&self, within: &Within, entry: usize, name: &str) -> Option<String> {
        let entries = self.document.outline.invocations_of(&within.scope, within.list.as_ref()?);
        let found = entries.into_iter().find(|found| found.index == entry)?;
        let (_, span) = found.matrix.iter().find(|(known, _)| known == name)?;
        let line_end = super::tree::node::line_end(&self.document.text, span.start);
        let line = self.document.text.get(span.start..line_end).unwrap_or_default();
        Some(format!("`{}`: a value of the matrix of `{}`.", line.trim(), found.job))
    }

    fn orb(&self, callee: &Callee) -> String {
        let alias = opened_by(callee);
        if let Some((reference, missing)) = self.environment.library.missing(&alias) {
            let mut text = format!("orb `{}`: not found.", reference.orb());
            if let Some(error) = &missing.error {
                add(&mut text, format_args!(" {error}."));
            }
            if !missing.looked_in.is_empty() {
                add(&mut text, format_args!("\n\nLooked in {}.", missing.looked_in.join(", ")));
            }
            if !missing.versions.is_empty() {
                add(&mut text, format_args!("\n\nAvailable: {}.", list(&missing.versions)));
            }
            if let Some(help) = &missing.help {
                add(&mut text, format_args!("\n\n{help}"));
            }
            return text;
        }
        let (title, outline, scope) = match self.environment.library.source(&alias) {
            Some(source) => {
                let orb = &source.orb;
                let title = format!("orb `{}@{}`, from {}", orb.name, orb.version, orb.origin);
                (title, &source.document, String::new())
            }
            None => (format!("orb `{}`", callee.name), self.document, alias),
        };
        let mut text = title;
        let about = scope.is_empty().then(|| outline.root.get("description")).flatten();
        if let Some(about) = about.and_then(super::tree::node::Node::text) {
            add(&mut text, format_args!("\n\n{}", about.trim()));
        }
        for (kind, plural) in
            [(Kind::Job, "Jobs"), (Kind::Command, "Commands"), (Kind::Executor, "Executors")]
        {
            let names: Vec<_> =
                outline.outline.of_kind(&scope, kind).map(|item| item.name.clone()).collect();
            if !names.is_empty() {
                add(&mut text, format_args!("\n\n{plural}: {}.", list(&names)));
            }
        }
        text
    }
}

fn list(names: &[String]) -> String {
    let mut shown: Vec<_> = names.iter().take(ELEMENTS).map(|name| format!("`{name}`")).collect();
    if names.len() > ELEMENTS {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}

/// A part of a document as a block of YAML, as it is indented there.
fn source(text: &str, span: &Span) -> String {
    let start = super::tree::node::line_start(text, span.start);
    let lead = text.get(start..span.start).unwrap_or_default();
    let lead = if lead.trim().is_empty() { start } else { span.start };
    let part = text.get(lead..span.end).unwrap_or_default();
    let margin = part.lines().filter(|line| !line.trim().is_empty());
    let margin = margin.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    let lines = part.lines().map(|line| line.get(margin..).unwrap_or_default());
    describe::yaml(&lines.collect::<Vec<_>>().join("\n"), LINES)
}

fn add(text: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _written = text.write_fmt(more);
}
