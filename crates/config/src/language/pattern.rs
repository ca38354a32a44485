//! Regular expressions as the hosted service reads them: Java's, matched in full (CFG §6.5).
//!
//! A pattern is read by our parser and written again for the engines: the linear one
//! wherever possible, and one that backtracks only where look-around, back-references or possessive
//! quantifiers force it, and then within a limit, so that no pattern runs away. The profile `next`
//! knows the linear one only.

mod backtracking;
mod class;
mod emit;
pub(crate) mod error;
mod examples;
mod flags;
mod java;
mod parser;
mod properties;
pub(crate) mod reach;
pub(crate) mod slashes;
mod tree;

use backtracking::Backtracking;
use emit::Anchors;
use error::PatternError;
use fancy_regex::CompileError;

use crate::language::profile::Profile;

/// Longest pattern, in bytes. Real ones have some tens of characters.
const LENGTH: usize = 2_000;

/// Longest pattern under `next`, in characters.
const NEXT_LENGTH: usize = 128;

/// Steps back that one match may take.
const BACKTRACKS: usize = 20_000;

/// Bytes of a compiled pattern.
const COMPILED_BYTES: usize = 1 << 20;

/// Longest text that is matched with backtracking, in bytes.
const BACKTRACKED_TEXT: usize = 4_096;

/// Size of a pattern times length of a string: what the linear engine does in some tens of
/// milliseconds.
const LINEAR_WORK: u64 = 20_000_000;

/// A pattern that must match a whole text.
#[derive(Debug)]
pub(crate) struct Pattern {
    engine: Engine,
    tree: tree::Node,
    weight: u64,
    backtracking: Option<Backtracking>,
    characters: usize,
}

#[derive(Debug)]
enum Engine {
    Linear(regex::Regex),
    Backtracking(Box<fancy_regex::Regex>),
}

impl Pattern {
    /// Compiles a pattern.
    pub(crate) fn new(source: &str, profile: Profile) -> Result<Self, PatternError> {
        let characters = source.chars().count();
        if source.len() > LENGTH {
            let message = format!("the pattern is longer than {LENGTH} bytes");
            return Err(PatternError::whole(message).help("split it into several entries"));
        }
        if profile == Profile::Next && characters > NEXT_LENGTH {
            let message = format!(
                "the pattern has {characters} characters; the `next` profile allows at most \
                 {NEXT_LENGTH}"
            );
            return Err(PatternError::whole(message).help("split it into several entries"));
        }
        let parsed = java::parse(source)?;
        if let (Profile::Next, Some(first)) = (profile, &parsed.backtracking) {
            let message = unsupported(first.what);
            return Err(PatternError::at(first.span.clone(), message).help(first.what.advice()));
        }
        let anchors = match profile {
            Profile::Legacy => Anchors::Java,
            Profile::Next => Anchors::Linear,
        };
        let written = emit::emit(&parsed.node, parsed.groups, anchors);
        let engine =
            if written.backtracks { backtracking(&written.text) } else { linear(&written.text) }?;
        Ok(Self {
            engine,
            weight: parsed.node.weight(),
            tree: parsed.node,
            backtracking: parsed.backtracking.map(|first| first.what),
            characters,
        })
    }

    /// Returns whether the whole text matches.
    pub(crate) fn matches(&self, text: &str) -> Result<bool, PatternError> {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let too_slow = || {
            let shown: String = text.chars().take(40).collect();
            PatternError::whole(format!("matching `{shown}` takes too long"))
                .help("simplify the pattern: avoid nested repetitions and look-around")
        };
        match &self.engine {
            Engine::Linear(_) if self.weight.saturating_mul(length) > LINEAR_WORK => {
                Err(too_slow())
            }
            Engine::Linear(regex) => Ok(regex.is_match(text)),
            Engine::Backtracking(_) if text.len() > BACKTRACKED_TEXT => Err(too_slow()),
            Engine::Backtracking(regex) => regex.is_match(text).map_err(|_| too_slow()),
        }
    }

    /// Returns why `next` refuses it; `None` if it does not (W-18).
    pub(crate) fn refused_by_next(&self) -> Option<PatternError> {
        if let Some(what) = self.backtracking {
            return Some(PatternError::whole(unsupported(what)).help(what.advice()));
        }
        (self.characters > NEXT_LENGTH).then(|| {
            let message = format!("the `next` profile allows at most {NEXT_LENGTH} characters");
            PatternError::whole(message).help("split it into several entries")
        })
    }
}

fn unsupported(what: Backtracking) -> String {
    format!("the `next` profile does not support {what}s")
}

fn linear(text: &str) -> Result<Engine, PatternError> {
    let built = regex::RegexBuilder::new(text)
        .size_limit(COMPILED_BYTES)
        .dfa_size_limit(COMPILED_BYTES)
        .build();
    built.map(Engine::Linear).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => too_large(),
        _ => PatternError::whole("invalid pattern"),
    })
}

fn backtracking(text: &str) -> Result<Engine, PatternError> {
    let built = fancy_regex::RegexBuilder::new(text)
        .backtrack_limit(BACKTRACKS)
        .delegate_size_limit(COMPILED_BYTES)
        .build();
    built.map(|regex| Engine::Backtracking(Box::new(regex))).map_err(|error| match error {
        fancy_regex::Error::CompileError(error) => refused(&error),
        _ => PatternError::whole("invalid pattern"),
    })
}

/// Says why the engine that backtracks does not take a pattern that Java takes.
fn refused(error: &CompileError) -> PatternError {
    match error {
        CompileError::InnerError(inner) if inner.size_limit().is_some() => too_large(),
        CompileError::PatternTooComplex => too_large(),
        CompileError::LookBehindNotConst | CompileError::VariableLookBehindRequiresFeature => {
            PatternError::whole("the look-behind has unbounded length")
                .help("use `{0,20}` instead of `*` in it")
        }
        // A look-behind of variable length is an automaton that runs backwards, which knows no
        // `\b` and has a limit to its size.
        CompileError::DfaBuildError(..) => PatternError::whole("the look-behind is too complex")
            .help("shorten it, and do not use `\\b` or `\\B` in it"),
        _ => PatternError::whole("invalid pattern"),
    }
}

fn too_large() -> PatternError {
    PatternError::whole("the pattern is too large once its repetitions are expanded")
        .help("use smaller numbers in `{…}`")
}

#[cfg(test)]
mod tests;
