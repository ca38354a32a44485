//! Diagnostics as text, with the source underlined.
//!
//! ```text
//! error[E-033 unknown-parameter]: command `install` has no parameter `verison`
//!  --> .circleci/config.yml:14:20  jobs.build.steps[2].install.verison
//!    |
//! 14 |       - install: { verison: "20" }
//!    |                    ^^^^^^^ did you mean `version`?
//!    |
//!    = via: workflow `main` → job `build`
//! ```
//!
//! Messages are broken into lines where a width is given; the source never is.
//!
//! Deliberately absent: the sources of orbs, of which a diagnostic has the place alone.

use std::{borrow::Cow, ops::Range};

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet, Title,
};

use roundel_model::text::{one_line, visible, wrapped};

use crate::{
    codes,
    text::diagnostic::{Diagnostic, Related, Severity},
};

/// Longest help that is next to the underlined text; longer ones, and those that would not fit there, get a
/// line of their own.
const LABEL_CHARS: usize = 50;

/// Places that are further apart are shown in separate snippets.
const NEAR_BYTES: usize = 8_192;

/// Bytes of the lines that are shown at most.
const EXCERPT_BYTES: usize = 32_768;

/// How diagnostics are laid out. The default suits a file: no colors, and a message is one line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layout {
    pub colors: bool,
    /// The columns of the terminal.
    pub width: Option<usize>,
}

impl Layout {
    /// Breaks a message that stands behind a label into lines.
    fn wrap<'a>(self, message: impl Into<Cow<'a, str>>, label_chars: usize) -> Cow<'a, str> {
        let message = message.into();
        let Some(width) = self.width else { return message };
        // The renderer adds the indent.
        let room = width.saturating_sub(label_chars);
        Cow::Owned(wrapped(&message, 0, Some(room)))
    }
}

/// Renders diagnostics, one after another. Names in them may hold characters that control a terminal:
/// these are shown, so that the only sequences are those of the colors.
pub fn render(text: &str, diagnostics: &[Diagnostic], layout: Layout) -> String {
    let renderer = if layout.colors { Renderer::styled() } else { Renderer::plain() };
    let mut output = String::new();
    for diagnostic in diagnostics {
        let diagnostic = &harmless(diagnostic);
        let shown = renderer.render(&[group(text, diagnostic, layout)]);
        for line in with_path(&shown, diagnostic).lines() {
            output.push_str(line.trim_end());
            output.push('\n');
        }
        output.push('\n');
    }
    output.truncate(output.trim_end_matches('\n').len());
    if !output.is_empty() {
        output.push('\n');
    }
    output
}

/// The renderer shows the controls of the source and of the title, and passes on all others.
fn harmless(diagnostic: &Diagnostic) -> Diagnostic {
    let line = |text: &String| one_line(text).into_owned();
    let related = |related: &Related| Related {
        path: related.path.as_ref().map(line),
        text: line(&related.text),
        ..related.clone()
    };
    Diagnostic {
        code: line(&diagnostic.code),
        message: visible(&diagnostic.message).into_owned(),
        path: line(&diagnostic.path),
        at: line(&diagnostic.at),
        via: diagnostic.via.iter().map(line).collect(),
        related: diagnostic.related.iter().map(related).collect(),
        help: diagnostic.help.as_ref().map(line),
        ..diagnostic.clone()
    }
}

fn group<'a>(text: &'a str, diagnostic: &'a Diagnostic, layout: Layout) -> Group<'a> {
    let (level, word) = match diagnostic.severity {
        Severity::Error => (Level::ERROR, "error"),
        Severity::Warning => (Level::WARNING, "warning"),
    };
    let number = codes::code(&diagnostic.code).and_then(|code| code.number);
    let id = number
        .map_or_else(|| diagnostic.code.clone(), |number| format!("{number} {}", diagnostic.code));
    let label_chars = word.len() + "[]: ".len() + id.chars().count();
    let title = level.primary_title(layout.wrap(&diagnostic.message, label_chars)).id(id);
    let help = diagnostic.help.as_deref();
    let start = within(text, diagnostic.start, diagnostic.end);
    let room = layout.width.map_or(LABEL_CHARS, |width| {
        LABEL_CHARS.min(width.saturating_sub(margin(text) + underline_end(text, &start)))
    });
    let short = help.filter(|help| help.chars().count() <= room);
    let near = |range: &Range<usize>| start.start.abs_diff(range.start) <= NEAR_BYTES;
    let related = || {
        let related = diagnostic.related.iter();
        related
            .filter(|related| related.path.is_none())
            .map(|related| (within(text, related.start, related.end), related.text.as_str()))
    };
    // The renderer reads all of the source that it is given, so it gets no more than it shows.
    let close: Vec<_> = related().filter(|(range, _)| near(range)).collect();
    let shown = lines_around(text, std::iter::once(&start).chain(close.iter().map(|(r, _)| r)));
    if shown.len() > EXCERPT_BYTES || text.is_empty() {
        return without_source(diagnostic, title, layout);
    }
    let primary = AnnotationKind::Primary.span(shift(&start, &shown));
    let mut snippet = excerpt(text, &shown, diagnostic).annotation(match short {
        Some(help) => primary.label(help),
        None => primary,
    });
    for (range, label) in &close {
        let context = AnnotationKind::Context.span(shift(range, &shown));
        snippet = snippet.annotation(context.label(*label));
    }
    let mut elements: Vec<Element<'a>> = vec![snippet.into()];
    for (range, label) in related().filter(|(range, _)| !near(range)) {
        let shown = lines_around(text, std::iter::once(&range));
        if shown.len() > EXCERPT_BYTES {
            continue;
        }
        let context = AnnotationKind::Context.span(shift(&range, &shown)).label(label);
        elements.push(excerpt(text, &shown, diagnostic).annotation(context).into());
    }
    let help = help.filter(|_| short.is_none());
    elements.extend(remarks(diagnostic, help, margin(text), layout));
    title.elements(elements)
}

/// The place alone, where there is no text, or a line is too long to be shown.
fn without_source<'a>(diagnostic: &'a Diagnostic, title: Title<'a>, layout: Layout) -> Group<'a> {
    let line = usize::try_from(diagnostic.line).unwrap_or(usize::MAX);
    let column = usize::try_from(diagnostic.column).unwrap_or(usize::MAX);
    let origin = Origin::path(diagnostic.path.as_str()).line(line).char_column(column);
    let origin: Element<'a> = origin.into();
    let remarks = remarks(diagnostic, diagnostic.help.as_deref(), MARGIN, layout);
    title.elements(std::iter::once(origin).chain(remarks))
}

/// Characters in front of the label of a remark, without those that line numbers take: ` = `.
const MARGIN: usize = 3;

/// Returns the column in which the text next to an underlined range begins.
fn underline_end(text: &str, range: &Range<usize>) -> usize {
    let line = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let under = text[range.clone()].chars().count().max(1);
    text[line..range.start].chars().count() + under + 1
}

/// Returns how many characters are in front of the label of a remark, at most.
fn margin(text: &str) -> usize {
    (text.lines().count() + 1).to_string().len() + MARGIN
}

/// Returns the lines below the source: places in orbs, the way there, what to do.
fn remarks<'a>(
    diagnostic: &'a Diagnostic,
    help: Option<&'a str>,
    margin: usize,
    layout: Layout,
) -> Vec<Element<'a>> {
    let wrap = |message: Cow<'a, str>, name: &str| layout.wrap(message, margin + name.len());
    let mut remarks: Vec<Element<'a>> = Vec::new();
    for related in &diagnostic.related {
        let Some(path) = &related.path else { continue };
        let text = format!("{path}:{}:{}: {}", related.line, related.column, related.text);
        remarks.push(Level::NOTE.with_name("orb").message(wrap(text.into(), "orb: ")).into());
    }
    // The place names the workflow already.
    if diagnostic.via.len() > 1 {
        let via = wrap(diagnostic.via.join(" → ").into(), "via: ");
        remarks.push(Level::NOTE.with_name("via").message(via).into());
    }
    remarks.extend(help.map(|help| Level::HELP.message(wrap(help.into(), "help: ")).into()));
    remarks
}

/// Adds the place within the configuration to the first line that has the one in the file.
fn with_path(rendered: &str, diagnostic: &Diagnostic) -> String {
    let place = format!("{}:{}:{}", diagnostic.path, diagnostic.line, diagnostic.column);
    let arrow = rendered.find("--> ").filter(|_| !diagnostic.at.is_empty());
    let found = arrow.and_then(|at| Some(at + rendered.get(at..)?.find(&place)? + place.len()));
    let Some(end) = found else { return rendered.to_owned() };
    let line_end = rendered[end..].find('\n').map_or(rendered.len(), |at| end + at);
    format!("{}  {}{}", &rendered[..line_end], diagnostic.at, &rendered[line_end..])
}

/// The lines of a range of the text, as the renderer wants them.
fn excerpt<'a>(
    text: &'a str,
    shown: &Range<usize>,
    diagnostic: &'a Diagnostic,
) -> Snippet<'a, Annotation<'a>> {
    let before = text[..shown.start].bytes().filter(|&byte| byte == b'\n').count();
    let source = Snippet::source(&text[shown.clone()]).line_start(before + 1);
    source.path(diagnostic.path.as_str()).fold(true)
}

/// Returns the range of the lines that hold all of the ranges.
fn lines_around<'r>(text: &str, ranges: impl Iterator<Item = &'r Range<usize>>) -> Range<usize> {
    let (mut start, mut end) = (usize::MAX, 0);
    for range in ranges {
        start = start.min(range.start);
        end = end.max(range.end);
    }
    let start = start.min(end);
    let first = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let last = text[end..].find('\n').map_or(text.len(), |at| end + at);
    first..last
}

fn shift(range: &Range<usize>, shown: &Range<usize>) -> Range<usize> {
    range.start - shown.start..range.end - shown.start
}

/// A range that lies within the text, on borders of characters and on one line: a diagnostic may
/// have been stored next to another version of the text, and an underlined page is of no help.
fn within(text: &str, start: usize, end: usize) -> Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(start);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    start..floor(end).clamp(start, line_end)
}

#[cfg(test)]
mod tests;
