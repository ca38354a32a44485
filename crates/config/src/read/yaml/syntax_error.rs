//! Reports a syntax error where it was made, as far as that can be guessed.
//!
//! Deliberately absent: the guesses ([`super::cause`], [`super::culprit`]).

use granit_parser::{ErrorKind, ScanError};

use super::{cause::cause, culprit::culprits, quoting::Stop};
use crate::{
    codes,
    text::{
        place::{Place, Span},
        problem::Problem,
    },
};

/// A syntax error, and what was read up to it.
pub(super) struct SyntaxError<'t> {
    pub(super) text: &'t str,
    pub(super) error: &'t ScanError,
    /// The last node that was understood.
    pub(super) known: Span,
    /// The innermost bracket or brace that is open.
    pub(super) bracket: Option<Bracket>,
}

/// A bracket or a brace that begins a list or a mapping.
#[derive(Clone, Copy)]
pub(super) struct Bracket {
    /// Byte offset in the text.
    pub(super) start: u32,
    pub(super) is_map: bool,
}

impl SyntaxError<'_> {
    /// Returns the character at which the parser gave up.
    pub(super) fn stopped_at(&self) -> Span {
        let mark = self.mark();
        let next = self.text.get(mark..).and_then(|rest| rest.chars().next());
        Span::new(mark, next.map_or(mark, |c| mark + c.len_utf8()))
    }

    fn mark(&self) -> usize {
        let end = self.text.len();
        self.error.marker().byte_offset().unwrap_or(end).min(end)
    }

    /// Returns what is reported.
    pub(super) fn problem(&self) -> Problem {
        let Self { text, error, bracket, .. } = *self;
        let (mark, parser) = (self.mark(), self.stopped_at());
        let stop = Stop { mark, kind: error.kind(), is_bracketed: bracket.is_some() };
        let cause = cause(text, self.known, stop);
        if let (ErrorKind::MismatchedFlowCollectionEnd { open, close }, false) =
            (error.kind(), cause.is_certain)
        {
            return not_closed(*open, *close, parser);
        }
        let explained = cause.message.is_some();
        let what = cause.message.unwrap_or_else(|| error.info().clone());
        let message = format!("invalid YAML: {what}");
        let mut place = cause.span.unwrap_or(parser);
        let mut related: Vec<(Span, String)> = Vec::new();
        let mut help = cause.help;
        let mut limit = match (explained, cause.is_certain) {
            (true, true) => 0,
            (true, false) => 1,
            (false, _) => 3,
        };
        if let Some(open) = bracket.filter(|_| !cause.is_certain) {
            let span = Span { start: open.start, end: open.start.saturating_add(1) };
            let what = if open.is_map { "mapping" } else { "list" };
            if span.start != place.start {
                related.push((span, format!("inside this unclosed {what}")));
            }
            let bracket = if open.is_map { '}' } else { ']' };
            help = format!("close the {what} with `{bracket}`, and put commas between its entries");
            limit = 0;
        } else if let Some((span, what)) = cause.related {
            related.push((span, what.to_owned()));
            // Of two dashes, and of a line above, everything is reported.
            let here = line_start(text, place) == line_start(text, parser);
            let is_dash = text.get(place.start()..).is_some_and(|rest| rest.starts_with('-'));
            limit = usize::from(here && !is_dash);
        }
        for culprit in culprits(text, mark, error.kind()) {
            let span = Span::new(culprit.place.start, culprit.place.end);
            let same = |other: Span| line_start(text, other) == line_start(text, span);
            let is_known = same(place) || related.iter().any(|(other, _)| same(*other));
            let is_wanted = limit > 0 && (!explained || !culprit.vague);
            if culprit.certain && !explained {
                (place, help) = (span, culprit.help.map_or(help, str::to_owned));
            } else if is_wanted && !is_known {
                limit -= 1;
                related.push((span, culprit.what.to_owned()));
            }
        }
        let problem = Problem::error(codes::SYNTAX, Place::direct(place), message).help(help);
        let related = related.into_iter();
        related.fold(problem, |problem, (span, what)| problem.related(Place::direct(span), what))
    }
}

/// Reports a bracket that is open where another one closes.
fn not_closed(open: char, close: char, at: Span) -> Problem {
    let (what, bracket) = if open == '{' { ("mapping", '}') } else { ("list", ']') };
    let message =
        format!("invalid YAML: the {what} that begins here is not closed before a `{close}`");
    let help = format!("close the {what} with `{bracket}`, and put commas between its entries");
    Problem::error(codes::SYNTAX, Place::direct(at), message).help(help)
}

fn line_start(text: &str, at: Span) -> usize {
    text.get(..at.start()).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}
