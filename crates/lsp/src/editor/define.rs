//! Where a name comes from and where it is used.

use std::sync::Arc;

use roundel_config::{Compiled, Inputs};

use super::{
    document::Document,
    environment::Environment,
    index::{Symbol, Word, opened_by},
    library::Source,
    rename_error::RenameError,
    schema::{BUILT_IN, shape::Kind},
    spot::Callee,
    tree::node::Span,
    verify::Trial,
};

/// Things that change together at most.
const RELATED: usize = 200;

/// A place that a name leads to.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The orb whose source it is in; `None`: the document itself.
    pub(crate) source: Option<Arc<Source>>,
    /// The bytes of the name.
    pub(crate) name: Span,
    /// The bytes of the whole definition.
    pub(crate) whole: Span,
}

/// Returns where the word at `offset` is defined.
pub(crate) fn definition(
    document: &Document,
    offset: usize,
    environment: &Environment<'_>,
) -> Vec<Target> {
    let Some(word) = document.index.at(offset) else { return Vec::new() };
    let here: Vec<Target> = document
        .index
        .all(&word.symbol)
        .filter(|found| found.defines)
        .map(|found| target(document, None, found))
        .collect();
    if !here.is_empty() && !is_imported_orb(document, &word.symbol) {
        return here;
    }
    in_orb(&word.symbol, environment).map_or(here, |found| vec![found])
}

/// An alias is defined by its key; when the orb's source is available, that is where people want to
/// go, except from the key itself.
fn is_imported_orb(document: &Document, symbol: &Symbol) -> bool {
    let Symbol::Element(Callee { scope, kind: Kind::Orb, name }) = symbol else { return false };
    let item = document.outline.item(scope, Kind::Orb, name);
    item.is_some_and(|item| item.reference.is_some())
}

fn in_orb(symbol: &Symbol, environment: &Environment<'_>) -> Option<Target> {
    let (callee, parameter) = match symbol {
        Symbol::Element(callee) => (callee, None),
        Symbol::Parameter(callee, name) => (callee, Some(name)),
        _ => return None,
    };
    if callee.kind == Kind::Orb {
        let source = environment.library.source(&opened_by(callee))?;
        return Some(Target { source: Some(Arc::clone(source)), name: 0..0, whole: 0..0 });
    }
    let (source, item) = environment.library.item(&callee.scope, callee.kind, &callee.name)?;
    let (name, whole) = match parameter {
        Some(name) => {
            let found = item.parameters.iter().find(|parameter| parameter.name == *name)?;
            (found.name_span.clone(), found.name_span.clone())
        }
        None => (item.name_span.clone(), item.span.clone()),
    };
    Some(Target { source: Some(Arc::clone(source)), name, whole })
}

fn target(document: &Document, source: Option<Arc<Source>>, word: &Word) -> Target {
    let items = document.outline.items.iter();
    let mut whole = items.filter(|item| item.name_span == word.span).map(|item| item.span.clone());
    let whole = whole.next_back().unwrap_or_else(|| word.span.clone());
    Target { source, name: word.span.clone(), whole }
}

/// Returns every place in the document that means the same as the word at `offset`, and whether it
/// is a definition.
pub(crate) fn occurrences(document: &Document, offset: usize) -> Vec<(Span, bool)> {
    let Some(word) = document.index.at(offset) else { return Vec::new() };
    let mut found: Vec<(Span, bool)> = related(document, &word.symbol)
        .iter()
        .flat_map(|symbol| document.index.all(symbol))
        .map(|word| (word.span.clone(), word.defines))
        .collect();
    found.sort_by_key(|(span, defines)| (span.start, span.end, !defines));
    found.dedup_by(|a, b| a.0 == b.0);
    found
}

/// A word can stand for several things: an entry of a workflow for a job and for what `requires` names, a key
/// of a matrix for the job's parameter, a block that aliases share for what each of them makes of it. They all
/// change together.
fn related(document: &Document, symbol: &Symbol) -> Vec<Symbol> {
    let mut all = vec![symbol.clone()];
    let mut next = 0;
    while let Some(one) = all.get(next).cloned().filter(|_| all.len() < RELATED) {
        next += 1;
        for word in document.index.all(&one) {
            for other in document.index.meanings(&word.span) {
                let is_name = !matches!(other.symbol, Symbol::Key(..) | Symbol::PipelineValue(_));
                if is_name && !all.iter().any(|known| known.is(&other.symbol)) {
                    all.push(other.symbol.clone());
                }
            }
        }
    }
    all
}

/// Returns the places that a rename of what is at `offset` would change, or `None` if it cannot be
/// renamed: it is not defined in this document.
pub(crate) fn renamed_places(document: &Document, offset: usize) -> Option<Vec<Span>> {
    let word = document.index.at(offset)?;
    if matches!(word.symbol, Symbol::Key(..) | Symbol::PipelineValue(_)) {
        return None;
    }
    let is_ours = related(document, &word.symbol).iter().all(|symbol| match symbol {
        // The name of an entry that is made of others is not one word.
        Symbol::Invocation(_, name) if name.contains('/') || name.contains("<<") => false,
        // An approval has no definition but its entry.
        Symbol::Element(Callee { scope, kind: Kind::Job, .. }) if scope.is_empty() => true,
        symbol => document.index.all(symbol).any(|found| found.defines),
    });
    let found = occurrences(document, offset);
    let is_ours = is_ours && found.iter().any(|(_, defines)| *defines);
    is_ours.then(|| found.into_iter().map(|(span, _)| span).collect())
}

/// Returns the places to change so that what is at `offset` is called `to`. The rename is tried with
/// `compile` first.
///
/// # Errors
///
/// [`RenameError`] if that would not be a name, or if anything would change but the name.
pub(crate) fn rename(
    document: &Document,
    offset: usize,
    to: &str,
    inputs: &Inputs,
    compile: Compile,
) -> Result<Vec<Span>, RenameError> {
    let places = renamed_places(document, offset).ok_or(RenameError::NotDefinedHere)?;
    let word = document.index.at(offset).ok_or(RenameError::NotDefinedHere)?;
    if !is_name(to) {
        return Err(RenameError::NotAName(to.to_owned()));
    }
    for symbol in related(document, &word.symbol) {
        let new = symbol.called(to);
        if matches!(&new, Symbol::Element(Callee { kind: Kind::Command, .. }))
            && BUILT_IN.key(to).is_some()
        {
            return Err(RenameError::BuiltIn(to.to_owned()));
        }
        let is_itself = new.is(&symbol);
        let taken = new
            .rivals()
            .into_iter()
            .find(|rival| !is_itself && document.index.all(rival).any(|found| found.defines));
        if let Some(rival) = taken {
            return Err(RenameError::Taken { what: rival.what(), name: to.to_owned() });
        }
    }
    let symbol = &word.symbol;
    let trial = Trial {
        text: &document.text,
        places: &places,
        from: symbol.name(),
        to,
        is_in_plans: related(document, symbol).iter().any(Symbol::is_in_plans),
        inputs,
        compile: &|text, name| match symbol {
            Symbol::PipelineParameter(from) => compile(text, &renamed(inputs, from, name)),
            _ => compile(text, inputs),
        },
    };
    trial.run()?;
    Ok(places)
}

/// Compiles a text: as a configuration, or as an orb.
pub(crate) type Compile = fn(&str, &Inputs) -> Compiled;

/// The settings' values are for the parameter whatever it is called.
fn renamed(inputs: &Inputs, from: &str, to: &str) -> Inputs {
    let mut inputs = inputs.clone();
    for (name, _) in inputs.parameters.iter_mut().filter(|(name, _)| name == from) {
        to.clone_into(name);
    }
    inputs
}

impl Symbol {
    fn name(&self) -> &str {
        match self {
            Self::Element(callee) => &callee.name,
            Self::Parameter(_, name)
            | Self::PipelineParameter(name)
            | Self::PipelineValue(name)
            | Self::Matrix(_, _, name)
            | Self::Invocation(_, name)
            | Self::Anchor(name) => name,
            Self::Key(key, _) => key.name,
        }
    }

    /// Returns whether its name is in compiled configurations: jobs and workflows are, and the alias
    /// of an orb in names of its jobs.
    fn is_in_plans(&self) -> bool {
        match self {
            Self::Element(callee) => {
                matches!(callee.kind, Kind::Job | Kind::Group | Kind::Workflow | Kind::Orb)
            }
            Self::Invocation(..) => true,
            _ => false,
        }
    }

    /// Returns what it would be under another name.
    fn called(&self, to: &str) -> Self {
        let to = to.to_owned();
        match self {
            Self::Element(callee) => Self::Element(Callee { name: to, ..callee.clone() }),
            Self::Parameter(callee, _) => Self::Parameter(callee.clone(), to),
            Self::PipelineParameter(_) => Self::PipelineParameter(to),
            Self::Matrix(within, entry, _) => Self::Matrix(within.clone(), *entry, to),
            Self::Invocation(within, _) => Self::Invocation(within.clone(), to),
            Self::Anchor(_) => Self::Anchor(to),
            Self::Key(..) | Self::PipelineValue(_) => self.clone(),
        }
    }

    /// Returns what cannot exist at the same time: jobs and groups of jobs share their names.
    fn rivals(&self) -> Vec<Self> {
        match self {
            Self::Element(callee @ Callee { kind: Kind::Job | Kind::Group, .. }) => {
                let of = |kind| Self::Element(Callee { kind, ..callee.clone() });
                vec![of(Kind::Job), of(Kind::Group)]
            }
            _ => vec![self.clone()],
        }
    }

    /// Says what it is, with its article.
    const fn what(&self) -> &'static str {
        match self {
            Self::Element(callee) => match callee.kind {
                Kind::Job => "a job",
                Kind::Command => "a command",
                Kind::Executor => "an executor",
                Kind::Group => "a job group",
                Kind::Workflow => "a workflow",
                Kind::Orb => "an orb",
                Kind::Parameter => "a parameter",
            },
            Self::Parameter(..) | Self::PipelineParameter(_) | Self::Matrix(..) => "a parameter",
            Self::Invocation(..) => "a job in this workflow called",
            Self::Anchor(_) => "an anchor",
            Self::Key(..) | Self::PipelineValue(_) => "a word of the language",
        }
    }
}

/// Names as they are written without quotes (CFG §2.1).
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}
