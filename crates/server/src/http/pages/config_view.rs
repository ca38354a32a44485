//! The configuration of a pipeline as it was read, with what is wrong with it underlined.

use std::{fmt::Write as _, ops::Range};

use roundel_config::{Consequence, Diagnostic, JobRefusal, Related, Severity, codes};
use roundel_model::{id::PipelineId, limits};

use crate::markup::{Html, Untrusted, escape, sentence};

/// Where the pages of codes are.
pub(crate) const DOCS: &str = "/docs/diagnostics";
/// Lines around a diagnostic that its excerpt shows.
const CONTEXT: usize = 2;
/// Lines of an excerpt, at most: a span may be a whole file.
const EXCERPT: usize = 12;

/// A diagnostic for a page.
pub(crate) struct DiagnosticView {
    pub(crate) kind: DiagnosticKind,
    pub(crate) code: Untrusted,
    /// The address of the page about the code.
    pub(crate) docs: Option<String>,
    pub(crate) message: Html,
    pub(crate) place: Untrusted,
    /// Where that is in the configuration: `jobs.build.steps[2]`.
    pub(crate) at: Untrusted,
    /// How one gets there: workflow, job, command.
    pub(crate) via: Option<Html>,
    pub(crate) line: u32,
    pub(crate) excerpt: Html,
    pub(crate) related: Vec<RelatedView>,
    pub(crate) help: Option<Html>,
}

/// What a diagnostic means for the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiagnosticKind {
    /// The configuration is wrong.
    Error,
    /// It is right, and this release does not start its pipeline.
    PipelineRefused,
    /// It is right, and this release never starts one of its workflows.
    NeverStarted,
    /// It is right, and this release refuses jobs that have it.
    JobsRefused(JobRefusal),
    /// It keeps nothing from running.
    Warning,
}

impl DiagnosticKind {
    fn of(diagnostic: &Diagnostic) -> Self {
        let consequence = diagnostic.is_about_this_release().then(|| diagnostic.consequence());
        match (consequence, diagnostic.severity) {
            (Some(Consequence::PipelineRefused), _) => Self::PipelineRefused,
            (Some(Consequence::NeverStarted), _) => Self::NeverStarted,
            (Some(Consequence::JobsRefused(why)), _) => Self::JobsRefused(why),
            (Some(Consequence::Ignored) | None, Severity::Error) => Self::Error,
            (Some(Consequence::Ignored) | None, Severity::Warning) => Self::Warning,
        }
    }

    /// The word before the message.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Error => "Error",
            Self::JobsRefused(JobRefusal::Context) => "Unauthorized",
            Self::PipelineRefused
            | Self::NeverStarted
            | Self::JobsRefused(JobRefusal::ServiceContainer | JobRefusal::ContainerProgram) => {
                "Not supported"
            }
            Self::Warning => "Warning",
        }
    }

    /// The name of its class: of the card (`is-`), and of the mark in the source (`sq-`).
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::PipelineRefused | Self::NeverStarted | Self::JobsRefused(_) => "unsupported",
            Self::Warning => "warning",
        }
    }

    /// The class of a notice about it.
    pub(crate) const fn notice(self) -> &'static str {
        match self {
            Self::Error => "bad",
            Self::PipelineRefused | Self::NeverStarted | Self::JobsRefused(_) => "not-supported",
            Self::Warning => "warn",
        }
    }

    /// Says in a word what keeps a job from running.
    pub(crate) const fn refusal(self) -> Option<&'static str> {
        match self {
            Self::JobsRefused(JobRefusal::Context) => Some("Unauthorized"),
            Self::PipelineRefused
            | Self::NeverStarted
            | Self::JobsRefused(JobRefusal::ServiceContainer | JobRefusal::ContainerProgram) => {
                Some("Not supported")
            }
            Self::Error | Self::Warning => None,
        }
    }

    /// Returns whether the configuration is right, and this release does not run all of it.
    pub(crate) const fn is_about_this_release(self) -> bool {
        match self {
            Self::PipelineRefused | Self::NeverStarted | Self::JobsRefused(_) => true,
            Self::Error | Self::Warning => false,
        }
    }
}

/// A further place.
pub(crate) struct RelatedView {
    /// Its line, if it is in the same text.
    pub(crate) line: Option<u32>,
    /// `line 4`, or the file of an orb with line and column.
    pub(crate) place: Untrusted,
    pub(crate) text: Html,
}

impl RelatedView {
    fn of(related: &Related) -> Self {
        let place = match &related.path {
            Some(path) => format!("{path}:{}:{}", related.line, related.column),
            None => format!("line {}", related.line),
        };
        Self {
            line: related.path.is_none().then_some(related.line),
            place: Untrusted(place),
            text: sentence(&related.text),
        }
    }
}

/// Something that this release does not run, and all lines that ask for it.
pub(crate) struct UnsupportedPart {
    pub(crate) lines: Vec<u32>,
    pub(crate) message: Html,
    pub(crate) code: Untrusted,
    pub(crate) docs: Option<String>,
    pub(crate) help: Option<Html>,
}

/// Groups what is said in the same words: a configuration with ten caches lacks one thing.
pub(crate) fn grouped(unsupported: Vec<DiagnosticView>) -> Vec<UnsupportedPart> {
    let mut parts: Vec<UnsupportedPart> = Vec::new();
    for one in unsupported {
        match parts.iter_mut().find(|part| part.message.0 == one.message.0) {
            Some(part) if part.lines.contains(&one.line) => {}
            Some(part) => part.lines.push(one.line),
            None => parts.push(UnsupportedPart {
                lines: vec![one.line],
                message: one.message,
                code: one.code,
                docs: one.docs,
                help: one.help,
            }),
        }
    }
    parts
}

/// Reads stored diagnostics. What cannot be read is left out and logged: the sentences of the pipeline remain.
pub(crate) fn read(pipeline: PipelineId, json: Option<&str>) -> Vec<Diagnostic> {
    let Some(json) = json else { return Vec::new() };
    serde_json::from_str(json).unwrap_or_else(|error| {
        tracing::warn!(pipeline.id = %pipeline, %error, "stored diagnostics cannot be read");
        Vec::new()
    })
}

/// The diagnostics of a page: no more than [`limits::DIAGNOSTICS_PER_PAGE`].
pub(crate) struct Views {
    pub(crate) shown: Vec<DiagnosticView>,
    /// How many there are besides, and where to see them.
    pub(crate) more: Option<Html>,
}

/// Makes the view of diagnostics over their text: warnings after what keeps something from running. Where
/// there are too many, errors come first.
pub(crate) fn views(text: &str, diagnostics: &[Diagnostic]) -> Views {
    let mut shown: Vec<(usize, &Diagnostic)> = diagnostics.iter().enumerate().collect();
    if shown.len() > limits::DIAGNOSTICS_PER_PAGE {
        shown
            .sort_by_key(|(_, one)| (one.severity != Severity::Error, one.is_about_this_release()));
        shown.truncate(limits::DIAGNOSTICS_PER_PAGE);
        shown.sort_by_key(|(position, _)| *position);
    }
    shown.sort_by_key(|(_, one)| DiagnosticKind::of(one) == DiagnosticKind::Warning);
    let lines = lines(text);
    let more = diagnostics.len() - shown.len();
    Views {
        shown: shown.iter().map(|(_, diagnostic)| view(text, &lines, diagnostic)).collect(),
        more: (more > 0)
            .then(|| sentence(&format!("and {more} more; `roundel config validate` shows all"))),
    }
}

/// `E-033 unknown-parameter`, as terminals show it.
fn name(slug: &str) -> String {
    let number = codes::code(slug).and_then(|code| code.number);
    number.map_or_else(|| slug.to_owned(), |number| format!("{number} {slug}"))
}

/// The address of a code's page.
pub(crate) fn address(slug: &str) -> String {
    format!("{DOCS}/{slug}")
}

fn view(text: &str, lines: &[Range<usize>], diagnostic: &Diagnostic) -> DiagnosticView {
    let first = usize::try_from(diagnostic.line).unwrap_or(1).saturating_sub(1);
    let last = lines
        .iter()
        .rposition(|line| line.start < diagnostic.end)
        .unwrap_or(first)
        .clamp(first, first + EXCERPT);
    let shown = first.saturating_sub(CONTEXT)..(last + CONTEXT + 1).min(lines.len());
    let mut excerpt = String::new();
    for number in shown {
        if let Some(whole) = lines.get(number).cloned() {
            let shown = around(text, &whole, diagnostic);
            let line = Line { number: number + 1, whole, shown };
            push_line(&mut excerpt, text, &line, std::slice::from_ref(diagnostic));
        }
    }
    DiagnosticView {
        kind: DiagnosticKind::of(diagnostic),
        code: Untrusted(name(&diagnostic.code)),
        docs: codes::code(&diagnostic.code).map(|code| address(code.slug)),
        message: sentence(&diagnostic.message),
        place: Untrusted(format!("{}:{}:{}", diagnostic.path, diagnostic.line, diagnostic.column)),
        at: Untrusted(diagnostic.at.clone()),
        // The place names a workflow already.
        via: (diagnostic.via.len() > 1).then(|| sentence(&diagnostic.via.join(" → "))),
        line: diagnostic.line,
        excerpt: Html(excerpt),
        related: diagnostic.related.iter().map(RelatedView::of).collect(),
        help: diagnostic.help.as_deref().map(sentence),
    }
}

/// The whole file, each line with an address (`#L12`).
pub(crate) fn source(text: &str, diagnostics: &[Diagnostic]) -> Html {
    let mut out = String::with_capacity(text.len() * 2);
    for (number, whole) in lines(text).into_iter().enumerate() {
        let line = Line { number: number + 1, shown: whole.clone(), whole };
        push_line(&mut out, text, &line, diagnostics);
    }
    Html(out)
}

fn lines(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        lines.push(start..start + line.trim_end_matches(['\n', '\r']).len());
        start += line.len();
    }
    lines
}

/// A line of the text, and the part of it that is shown.
struct Line {
    number: usize,
    whole: Range<usize>,
    shown: Range<usize>,
}

/// Returns the part of a line around what a diagnostic underlines in it, or else its beginning.
fn around(text: &str, line: &Range<usize>, diagnostic: &Diagnostic) -> Range<usize> {
    let side = limits::EXCERPT_SIDE_BYTES;
    let start = if line.contains(&diagnostic.start) { diagnostic.start } else { line.start };
    let end = diagnostic.end.clamp(start, line.end).min(start + 2 * side);
    let first = start.saturating_sub(side).max(line.start);
    let last = (end + side).min(line.end);
    text.floor_char_boundary(first)..text.floor_char_boundary(last)
}

fn push_line(out: &mut String, text: &str, line: &Line, diagnostics: &[Diagnostic]) {
    let Line { number, whole, shown } = line;
    let _ = write!(
        out,
        "<span class=\"src-line\"><span class=\"src-no\" data-no=\"{number}\"></span><code>"
    );
    if shown.start > whole.start {
        out.push('…');
    }
    let mut at = shown.start;
    for (span, kind) in spans(shown, diagnostics) {
        let span = span.start.max(at)..span.end;
        let (Some(before), Some(inside)) = (text.get(at..span.start), text.get(span.clone()))
        else {
            continue;
        };
        if inside.is_empty() {
            continue;
        }
        let class = kind.class();
        let _ = write!(
            out,
            "{}<mark class=\"sq sq-{class}\">{}</mark>",
            escape(before),
            escape(inside)
        );
        at = span.end;
    }
    out.push_str(&escape(text.get(at..shown.end).unwrap_or_default()));
    if shown.end < whole.end {
        out.push('…');
    }
    out.push_str("</code></span>");
}

/// The parts of a line that diagnostics mean, in order.
fn spans(line: &Range<usize>, diagnostics: &[Diagnostic]) -> Vec<(Range<usize>, DiagnosticKind)> {
    let mut spans: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| {
            let start = diagnostic.start.max(line.start);
            (start..diagnostic.end.min(line.end), DiagnosticKind::of(diagnostic))
        })
        .filter(|(span, _)| span.start < span.end)
        .collect();
    spans.sort_by_key(|(span, _)| (span.start, span.end));
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page without the diagnostics looks as if there were none.
    #[test]
    fn stored_diagnostics_that_cannot_be_read_are_logged() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let file = log.reopen().unwrap();
        let writer = move || file.try_clone().unwrap();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(writer).finish();
        let pipeline = PipelineId::fresh();
        tracing::subscriber::with_default(subscriber, || {
            assert_eq!(read(pipeline, None), []);
            assert_eq!(read(pipeline, Some("[]")), []);
            assert_eq!(read(pipeline, Some("[{}]")), []);
        });
        let lines = std::fs::read_to_string(log.path()).unwrap();
        assert_eq!(lines.matches("stored diagnostics cannot be read").count(), 1, "{lines}");
        assert!(lines.contains(&pipeline.to_string()), "{lines}");
    }

    fn diagnostic(text: &str, part: &str) -> Diagnostic {
        let start = text.find(part).unwrap();
        let before = &text[..start];
        Diagnostic {
            code: "unknown-key".into(),
            severity: Severity::Error,
            message: "no key `verison`".into(),
            path: ".circleci/config.yml".into(),
            start,
            end: start + part.len(),
            line: u32::try_from(before.matches('\n').count()).unwrap() + 1,
            column: 1,
            at: String::new(),
            via: Vec::new(),
            related: Vec::new(),
            help: None,
            replacement: None,
            orb: None,
            jobs: Vec::new(),
            more_jobs: 0,
        }
    }

    #[test]
    fn what_is_wrong_is_underlined_and_nothing_else() {
        let text = "a: 1\nverison: <b>\nc: 3\n";
        let html = source(text, &[diagnostic(text, "verison")]).0;
        assert!(html.contains("<mark class=\"sq sq-error\">verison</mark>: &lt;b&gt;"), "{html}");
        assert_eq!(html.matches("<mark").count(), 1);
        let view = view(text, &lines(text), &diagnostic(text, "verison"));
        assert_eq!(view.message.0, "no key <code>verison</code>");
        assert_eq!(view.code.0, "E-024 unknown-key");
        assert_eq!(view.docs.as_deref(), Some("/docs/diagnostics/unknown-key"));
    }

    /// Line 12 of an orb is not a line of the configuration: there is nothing to link to.
    #[test]
    fn the_way_there_is_shown_and_places_in_orbs_lead_nowhere() {
        let text = "a: 1\n";
        let mut one = diagnostic(text, "1");
        one.via = vec!["workflow `w`".into(), "job `x`".into()];
        let related = |path: Option<&str>| Related {
            path: path.map(str::to_owned),
            start: 0,
            end: 1,
            line: 12,
            column: 3,
            text: "here".into(),
        };
        one.related = vec![related(None), related(Some("acme/tools@1.0.0"))];
        let view = view(text, &lines(text), &one);
        assert_eq!(view.via.unwrap().0, "workflow <code>w</code> → job <code>x</code>");
        let places: Vec<_> =
            view.related.iter().map(|related| (related.line, related.place.0.as_str())).collect();
        assert_eq!(places, [(Some(12), "line 12"), (None, "acme/tools@1.0.0:12:3")]);
    }

    /// Spans come from a database; none may make a page fail.
    #[test]
    fn a_span_that_is_not_in_the_text_is_left_out() {
        let text = "é: 1\n";
        let mut bad = diagnostic(text, "1");
        (bad.start, bad.end, bad.line) = (1, 500, 700);
        assert!(source(text, &[bad.clone()]).0.contains("é: 1"));
        assert_eq!(view(text, &lines(text), &bad).excerpt.0, "");
    }

    /// A configuration that is one line of JSON, with something wrong everywhere, made pages of megabytes.
    #[test]
    fn a_page_grows_neither_with_the_line_nor_with_the_number_of_diagnostics() {
        let text = format!("{{{}\"é\": end}}", "\"verison\": é, ".repeat(2_000));
        let first = diagnostic(&text, "verison");
        let mut all = vec![first.clone(); 2_000];
        for (one, (start, part)) in all.iter_mut().zip(text.match_indices("verison")) {
            (one.start, one.end) = (start, start + part.len());
            one.severity = Severity::Warning;
        }
        all[1_999].severity = Severity::Error;
        let Views { shown, more } = views(&text, &all);
        assert_eq!(shown.len(), limits::DIAGNOSTICS_PER_PAGE);
        assert_eq!(
            more.unwrap().0,
            "and 1950 more; <code>roundel config validate</code> shows all"
        );
        let bytes: usize = shown.iter().map(|view| view.excerpt.0.len()).sum();
        assert!(bytes < 50_000, "{bytes}");
        // The only error is not among those that are left out: it is the first.
        assert_eq!(shown[0].kind, DiagnosticKind::Error);
        let marked = "<mark class=\"sq sq-error\">verison</mark>";
        let excerpt = &shown[0].excerpt.0;
        assert!(excerpt.contains("<code>…") && excerpt.contains(marked), "{excerpt}");
        assert!(shown[1].excerpt.0.contains("…</code>"), "{}", shown[1].excerpt.0);
        assert!(views(&text, &all[..3]).more.is_none());
    }

    /// A mark of a whole line is cut, too, and between characters.
    #[test]
    fn a_mark_that_is_longer_than_an_excerpt_is_cut() {
        let text = "é".repeat(10_000);
        let view = view(&text, &lines(&text), &diagnostic(&text, &text));
        assert!(view.excerpt.0.contains("é</mark>…</code>"), "{}", view.excerpt.0);
        assert!(view.excerpt.0.len() < 1_000);
    }
}
