//! Diagnostics as text, with the source underlined.

use annotate_snippets::{AnnotationKind, Element, Group, Level, Renderer, Snippet};

use crate::{Diagnostic, Severity, codes};

/// Longest help that stands beside the underlined text; longer ones get a line of their own.
const LABEL_CHARS: usize = 50;

/// Renders diagnostics, one after another.
pub(crate) fn render(text: &str, diagnostics: &[Diagnostic], color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut output = String::new();
    for diagnostic in diagnostics {
        output.push_str(&renderer.render(&[group(text, diagnostic)]));
        output.push_str("\n\n");
    }
    output.truncate(output.trim_end_matches('\n').len());
    if !output.is_empty() {
        output.push('\n');
    }
    output
}

fn group<'a>(text: &'a str, diagnostic: &'a Diagnostic) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let number = codes::code(&diagnostic.code).and_then(|code| code.number);
    let id = number
        .map_or_else(|| diagnostic.code.clone(), |number| format!("{number} {}", diagnostic.code));
    let help = diagnostic.help.as_deref();
    let short = help.filter(|help| help.chars().count() <= LABEL_CHARS);
    let primary = AnnotationKind::Primary.span(within(text, diagnostic.start, diagnostic.end));
    let mut snippet = Snippet::source(text).path(diagnostic.path.as_str()).fold(true);
    snippet = snippet.annotation(match short {
        Some(help) => primary.label(help),
        None => primary,
    });
    for (start, end, _, _, label) in &diagnostic.related {
        let context = AnnotationKind::Context.span(within(text, *start, *end));
        snippet = snippet.annotation(context.label(label.as_str()));
    }
    let mut elements: Vec<Element<'a>> = vec![snippet.into()];
    if let (Some(help), None) = (help, short) {
        elements.push(Level::HELP.message(help).into());
    }
    level.primary_title(diagnostic.message.as_str()).id(id).elements(elements)
}

/// A range that lies within the text, on borders of characters and on one line: a diagnostic may
/// have been stored beside another version of the text, and an underlined page helps nobody.
fn within(text: &str, start: usize, end: usize) -> std::ops::Range<usize> {
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
