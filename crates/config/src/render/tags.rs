//! Where tags are in the source, and what is said of one that is malformed (CFG §4.4).

use crate::{
    codes,
    language::template::{self, Malformation, Malformed, Tag},
    read::source::Sources,
    text::{
        place::{Place, Span},
        problem::Problem,
    },
};

pub(super) const ESCAPE_HELP: &str = "in version 2.1, escape a literal `<<`, for example of a \
                           here-document, as `\\<<`";

/// Says what shell text a `<<` of a scalar begins, if it does.
pub(super) fn shell_help(doc: &Sources, place: Place, opening: usize) -> Option<String> {
    template::not_a_tag(doc.written(place), opening)
}

pub(super) fn malformed(doc: &Sources, malformed: Malformed, place: Place) -> Problem {
    let help = shell_help(doc, place, malformed.opening);
    let scalar = place;
    let place = opening_place(doc, place, malformed.opening);
    if help.is_none()
        && let Some(problem) = unclosed(doc, malformed, scalar)
    {
        return problem;
    }
    let message = match malformed.kind {
        Malformation::Unclosed => {
            "unclosed `<<` tag (`<<` must be escaped as `\\<<` in config v2.1+)"
        }
        Malformation::Empty => "this tag is empty",
        Malformation::Section => "this section tag does not match its counterpart",
        Malformation::TooDeep => "sections are nested too deeply",
    };
    Problem::error(codes::BAD_TEMPLATE, place, message).help(ESCAPE_HELP).maybe_help(help)
}

/// A tag that names a value, and so was hardly meant as shell text, but is not closed.
pub(super) fn unclosed(doc: &Sources, malformed: Malformed, scalar: Place) -> Option<Problem> {
    let from = opening_place(doc, scalar, malformed.opening);
    let source = doc.file(from.file).text.get(from.span.start()..scalar.span.end())?;
    let tag = template::head(source)?;
    let span = Span::new(from.span.start(), from.span.start() + tag.length);
    let place = from.with_span(span);
    let name = tag.name;
    let (message, help) = match (malformed.kind, tag.mark) {
        (Malformation::Unclosed, "/") => {
            ("this tag is not closed", format!("write `<</ {name} >>`"))
        }
        (Malformation::Unclosed, mark) => {
            ("this tag is not closed", format!("write `<<{mark} {name} >>`"))
        }
        (Malformation::Section, "/") => (
            "this section tag does not match its counterpart",
            format!("a section begins with `<<# {name} >>`, or with `<<^ {name} >>`"),
        ),
        (Malformation::Section, _) => {
            ("this section is not closed", format!("after its text, write `<</ {name} >>`"))
        }
        (Malformation::Empty | Malformation::TooDeep, _) => return None,
    };
    Some(Problem::error(codes::BAD_TEMPLATE, place, message).help(help))
}

/// Finds the text of a tag in the source, through quotes and indentation.
pub(super) fn tag_place(doc: &Sources, place: Place, tag: &Tag<'_>) -> Place {
    opening_place(doc, place, tag.opening)
}

/// Finds the n-th `<<` of a scalar in the source: styles change spaces, but never these.
pub(super) fn opening_place(doc: &Sources, place: Place, opening: usize) -> Place {
    const UNDERLINED: usize = 120;
    let span = place.span;
    let text = &doc.file(place.file).text;
    let source = text.get(span.start()..span.end()).unwrap_or("");
    let Some((at, _)) = source.match_indices("<<").nth(opening) else { return place };
    let rest = &source[at..];
    let line = rest.lines().next().unwrap_or(rest);
    let end = line.find(">>").map_or(line.len(), |end| end + 2).min(UNDERLINED);
    place.with_span(Span::new(span.start() + at, span.start() + at + end))
}

pub(super) fn shorten(text: &str) -> String {
    const SHOWN: usize = 60;
    let line = text.lines().next().unwrap_or("");
    let short: String = line.chars().take(SHOWN).collect();
    if short.len() < text.len() { format!("{short} …") } else { short }
}
