//! Why a source is not YAML: the usual mistakes, most frequent first.
//!
//! The parser says what it expected when it gave up, in words of its grammar. Here the lines around
//! that place are read as a person reads them: tabs, quotes, colons, and above all indentation.
//! Deliberately absent: parsing. A guess that does not fit is dropped, and the parser's words stay.

use granit_parser::ErrorKind;

use super::{
    culprit::unsigned,
    quoting::{Misquoted, Stop, misquoted, wrong_escape},
    repair::may_begin,
    unquoted::unquoted,
};
use crate::text::place::Span;

/// Lines above the place that are examined. The line to blame is rarely further away.
const LINES: usize = 500;

/// The cause of a syntax error.
pub(super) struct Cause {
    /// The place of the mistake, if it is not the parser's.
    pub(super) span: Option<Span>,
    /// The message, in place of the parser's.
    pub(super) message: Option<String>,
    pub(super) help: String,
    /// A line that is related to it.
    pub(super) related: Option<(Span, &'static str)>,
    /// It is the mistake, whatever bracket is still open around it.
    pub(super) is_certain: bool,
}

impl Cause {
    fn help(help: impl Into<String>) -> Self {
        Self { span: None, message: None, help: help.into(), related: None, is_certain: false }
    }
}

/// A line of the text.
#[derive(Clone, Copy)]
struct Line<'t> {
    /// Its first byte.
    start: usize,
    /// Counted from 1.
    number: usize,
    text: &'t str,
}

impl<'t> Line<'t> {
    fn indentation(self) -> &'t str {
        &self.text[..self.text.len() - self.text.trim_start().len()]
    }

    fn column(self) -> usize {
        self.indentation().len()
    }

    fn content(self) -> &'t str {
        self.text.trim()
    }

    fn is_dash(self) -> bool {
        self.content() == "-" || self.content().starts_with("- ")
    }

    /// Returns whether it is a key with a value that ends on the line.
    fn has_whole_value(self) -> bool {
        let Some((_, value)) = self.content().split_once(": ") else { return false };
        let value = value.trim_start();
        let closed = |open: char, close: char| {
            !value.starts_with(open) || value.len() > 1 && value.ends_with(close)
        };
        !value.starts_with(['|', '>', '&', '!'])
            && [('"', '"'), ('\'', '\''), ('[', ']'), ('{', '}')]
                .into_iter()
                .all(|(open, close)| closed(open, close))
    }

    /// Returns the alias that is all of the line's value, or all of the line.
    fn alias(self) -> Option<&'t str> {
        let content = self.content();
        let value = content.split_once(": ").map_or(content, |(_, value)| value.trim_start());
        let is_alias = value.len() > 1 && value.starts_with('*') && !value.contains([' ', ':']);
        is_alias.then_some(value)
    }

    /// Returns the key of the line, or its first word.
    fn word(self) -> &'t str {
        self.content().split([':', ' ']).next().unwrap_or("")
    }

    /// Returns the place of what begins the line: its key, its dash, its first word.
    fn span(self) -> Span {
        let content = self.content();
        let word = content.find([':', ' ']).filter(|&at| at > 0).unwrap_or(content.len());
        let start = self.start + self.column();
        Span::new(start, start + word)
    }
}

/// Guesses the cause of an error. `known` is the last thing that was understood.
pub(super) fn cause(text: &str, known: Span, stop: Stop<'_>) -> Cause {
    let Stop { mark, kind, .. } = stop;
    let lines = lines(text, mark);
    let Some(&line) = lines.last() else {
        return Cause::help("check the indentation of the lines above");
    };
    if let Some(tab) = tab(text, line, kind) {
        let help = "indent with spaces: YAML does not allow tabs there".to_owned();
        let message = Some("a tab in the indentation".to_owned());
        return Cause { span: Some(tab), message, ..Cause::help(help) };
    }
    if let Some((sign, help)) = foreign_space(text, line) {
        let message =
            Some("this is not an ordinary space, and YAML cannot be indented with it".to_owned());
        return Cause { span: Some(sign), message, ..Cause::help(help) };
    }
    if let Some(found) = misplaced_sign(text, line, mark) {
        return found;
    }
    let quoted = |Misquoted { span, message, help }| {
        let (span, message) = (Some(span), Some(message));
        Cause { span, message, is_certain: true, ..Cause::help(help) }
    };
    if let Some(found) = wrong_escape(text, stop) {
        return quoted(found);
    }
    if let Some(quote) = open_quote(text, known.end(), line) {
        let message = Some("this quote is not closed on the same line".to_owned());
        let help = "close it; for longer text, use a block that starts with `|`".to_owned();
        return Cause { span: Some(quote), message, ..Cause::help(help) };
    }
    if let Some(found) = alias_alone(&lines).filter(|_| !stop.is_bracketed) {
        return found;
    }
    if let Some(found) = misquoted(text, line.start, stop) {
        return quoted(found);
    }
    if let Some(Misquoted { span, message, help }) = unquoted(text, line.start, mark) {
        let message = Some(message);
        return Cause { span: Some(span), message, is_certain: true, ..Cause::help(help) };
    }
    if matches!(kind, ErrorKind::MisplacedFlowCollectionEnd) {
        return Cause::help("remove the bracket, or open it before");
    }
    if matches!(kind, ErrorKind::UnclosedQuotedScalar) {
        return Cause::help("close the quote");
    }
    if let (ErrorKind::MappingValueNotAllowed, Some(found)) = (kind, swallowed(text, known, line)) {
        return found;
    }
    if let Some(found) = list_without_key(&lines) {
        return found;
    }
    if let Some(found) = below_its_block(&lines) {
        return found;
    }
    // Where a character is missing, the indentation only seems to be wrong.
    if let Some(help) = unsigned(text, mark, kind) {
        return Cause::help(help);
    }
    if let Some(found) = indentation(&lines) {
        return found;
    }
    let after_key = line.text.split_once(": ").map_or("", |(_, value)| value);
    if after_key.contains(": ") || after_key.ends_with(':') {
        let help = "quote a string that contains `: `, or use a block that starts with `|`";
        let message = matches!(kind, ErrorKind::MappingValueNotAllowed)
            .then(|| "`: ` inside an unquoted string".to_owned());
        return Cause { message, ..Cause::help(help) };
    }
    Cause::help("check the indentation of this line and of the lines above it")
}

/// The lines with something on them, up to the one that holds the place.
fn lines(text: &str, mark: usize) -> Vec<Line<'_>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for (index, text) in text.split_inclusive('\n').enumerate() {
        if start > mark {
            break;
        }
        let line = Line { start, number: index + 1, text: text.trim_end() };
        start += text.len();
        let empty = line.content().is_empty() || line.content().starts_with('#');
        if !empty || start > mark {
            lines.push(line);
        }
    }
    lines
}

/// The quote that begins what was not understood, if it continues over the end of its line and
/// reaches the last one.
fn open_quote(text: &str, known: usize, last: Line<'_>) -> Option<Span> {
    let rest = text.get(known..)?;
    let mut quotes = rest.match_indices(['"', '\'']).take(LINES);
    let (at, quote) = quotes.find(|&(at, _)| may_begin(text, known + at))?;
    let start = known + at;
    let mut escaped = false;
    let close = rest[at + 1..].char_indices().find(|&(_, c)| {
        let closes = !escaped && quote.starts_with(c);
        escaped = c == '\\' && !escaped && quote == "\"";
        closes
    });
    let end = close.map_or(text.len(), |(length, _)| start + 1 + length);
    let continues = text[start..end].contains('\n') && end >= last.start;
    (continues && start <= last.start + last.text.len()).then(|| Span::new(start, start + 1))
}

/// A plain scalar continues over lines, so one that was not meant as a string swallows those
/// below it: a colon is missing after it, or a dash before it.
fn swallowed(text: &str, known: Span, last: Line<'_>) -> Option<Cause> {
    let (start, end) = (known.start(), known.end());
    if start >= last.start || end < last.start || !text.get(start..end)?.contains('\n') {
        return None;
    }
    let lines = lines(text, last.start);
    let at = lines.iter().rposition(|line| line.start <= start)?;
    let (&first, &next) = (lines.get(at)?, lines.get(at + 1)?);
    let before = text.get(first.start..start)?.trim();
    if !before.is_empty() && before != "-" {
        return None;
    }
    let is_dash = first.is_dash();
    if is_dash && next.is_dash() {
        // The second one is indented too deeply.
        return None;
    }
    let content = first.content();
    let written = content.trim_start_matches("- ").trim_start();
    let place = |message: String, help: String| Cause {
        span: Some(Span::new(start, start + written.len())),
        message: Some(message),
        related: Some((last.span(), "the string continues up to here")),
        ..Cause::help(help)
    };
    if let Some(found) = unspaced(written, start).filter(|_| written.starts_with('-')) {
        return Some(found);
    }
    if next.is_dash() && !is_dash && next.column() <= first.column() {
        let message = format!("a dash is missing before `{written}`");
        return Some(place(
            message,
            format!("write `- {written}` in the column of the other dashes"),
        ));
    }
    if written.starts_with("<<") && written.contains(">>") {
        // With a colon it would be a merge key, and its value is not a mapping.
        let mut above = lines[..at].iter().rev();
        let parent = above.find(|line| line.column() < first.column());
        let parent = parent.map(|line| line.content().trim_start_matches("- ").trim_end());
        let key = match parent {
            Some("when:" | "unless:") => "condition",
            _ => "key",
        };
        let message = format!("a key is missing before `{written}`");
        return Some(place(message, format!("write `{key}: {written}`")));
    }
    if let Some(found) = unspaced(written, start).or_else(|| below_its_block(&lines[..=at])) {
        return Some(found);
    }
    if let Some(alias) = written.strip_prefix("<<*").filter(|alias| !alias.contains(' ')) {
        let message = "a colon and a space are missing after `<<`".to_owned();
        return Some(place(message, format!("write `<<: *{}`", alias.trim_end_matches(':'))));
    }
    let key = written.split(' ').next().unwrap_or(written);
    let rest = &written[key.len()..];
    let message = format!("a colon is missing after `{key}`");
    Some(place(message, format!("write `{key}:{rest}`")))
}

/// A colon or a dash without a space after it is a part of the string: `machine:true`, `-checkout`.
fn unspaced(written: &str, start: usize) -> Option<Cause> {
    let key = written.split(' ').next().unwrap_or(written);
    let (sign, help) = match (written.strip_prefix('-'), key.split_once(':')) {
        (Some(item), _) => ("-", format!("put a space after the dash: `- {item}`")),
        (None, Some((name, value))) if !name.is_empty() && !value.starts_with("//") => {
            (":", format!("write `{name}: {}`", &written[name.len() + 1..]))
        }
        (None, _) => return None,
    };
    Some(Cause {
        span: Some(Span::new(start, start + written.len())),
        message: Some(format!("a space is missing after `{sign}`")),
        ..Cause::help(help)
    })
}

/// A mapping is not merged by its alias alone, neither above the keys next to it nor below them.
fn alias_alone(lines: &[Line<'_>]) -> Option<Cause> {
    let (&line, above) = lines.split_last()?;
    let is_alone = |line: Line<'_>| line.alias() == Some(line.content());
    let is_key = |other: &Line<'_>| other.column() == line.column() && !other.is_dash();
    let at =
        if is_alone(line) && levels(above).iter().any(is_key) { line } else { *above.last()? };
    let alias = at.alias()?;
    let start = at.start + at.text.find(alias)?;
    let (message, help) = if is_alone(at) && at.column() == line.column() && !line.is_dash() {
        (format!("`{alias}` is next to keys, but merges nothing"), format!("write `<<: {alias}`"))
    } else if is_alone(at) || at.column() >= line.column() {
        return None;
    } else {
        let message = format!("`{alias}` is the whole value: nothing can be added below it");
        let help = if line.is_dash() {
            "lists cannot be spliced into lists: repeat its items, or use a command".to_owned()
        } else {
            format!("move `{alias}` to a line of its own above the keys, as `<<: {alias}`")
        };
        (message, help)
    };
    let (span, message) = (Some(Span::new(start, start + alias.len())), Some(message));
    Some(Cause { span, message, ..Cause::help(help) })
}

/// A list among the keys of a job, a command or a workflow is the value of a key that is missing.
fn list_without_key(lines: &[Line<'_>]) -> Option<Cause> {
    let (&line, above) = lines.split_last()?;
    let levels = levels(above);
    let at = levels.iter().position(|other| other.column() == line.column())?;
    let [same, .., section] = levels.get(at..at + 3)? else { return None };
    let key = match section.content() {
        "jobs:" | "commands:" => "steps",
        "workflows:" => "jobs",
        _ => return None,
    };
    let is_image = line.content().trim_start_matches("- ").trim_start().starts_with("image:");
    let continues = same.content().ends_with(':') && (same.content() != "docker:" || is_image);
    if !line.is_dash() || same.is_dash() || continues {
        return None;
    }
    let place = Span::new(line.start + line.column(), line.start + line.text.len());
    Some(Cause {
        span: Some(place),
        message: Some(format!("`{key}:` is missing above this list")),
        ..Cause::help(format!("write `{key}:` in the line above, in the same column"))
    })
}

/// The first tab in the indentation, here or on the next line, where the parser looks ahead to.
fn tab(text: &str, line: Line<'_>, kind: &ErrorKind) -> Option<Span> {
    let is_tab = matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
    );
    let mut start = line.start;
    for next in text.get(line.start..)?.split_inclusive('\n').take(if is_tab { 2 } else { 1 }) {
        let indentation = &next[..next.len() - next.trim_start().len()];
        if let Some(at) = indentation.find('\t') {
            return Some(Span::new(start + at, start + at + 1));
        }
        start += next.len();
    }
    None
}

/// Finds a space that is not the ordinary one in the indentation of a line, and says which it is.
fn foreign_space(text: &str, line: Line<'_>) -> Option<(Span, String)> {
    let mut start = line.start;
    // The parser may look ahead to the next line.
    for next in text.get(line.start..)?.split_inclusive('\n').take(2) {
        let indentation = &next[..next.len() - next.trim_start().len()];
        let foreign = |c: char| !matches!(c, ' ' | '\t' | '\r' | '\n');
        if let Some((at, sign)) = indentation.char_indices().find(|&(_, c)| foreign(c)) {
            let number = u32::from(sign);
            let name = if sign == '\u{a0}' { ", a no-break space" } else { "" };
            let help = format!("replace it by an ordinary space: it is U+{number:04X}{name}");
            return Some((Span::new(start + at, start + at + sign.len_utf8()), help));
        }
        start += next.len();
    }
    None
}

/// A space after the sign of an anchor or an alias, or a sign of a block that is doubled: `x: & a`,
/// `run: >>`.
fn misplaced_sign(text: &str, line: Line<'_>, mark: usize) -> Option<Cause> {
    let (_, value) = line.content().split_once(": ")?;
    let value = value.trim_start();
    let start = line.start + line.text.rfind(value)?;
    if mark < start || mark > start + value.len() || text.get(start..)?.is_empty() {
        return None;
    }
    let at = |length: usize, message: &str, help: String| Cause {
        span: Some(Span::new(start, start + length)),
        message: Some(message.to_owned()),
        is_certain: true,
        ..Cause::help(help)
    };
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    if let Some((sign, name)) = value.split_once(' ')
        && matches!(sign, "&" | "*")
        && name.trim_start().chars().all(is_name)
    {
        let name = name.trim_start();
        let message = format!("a name must follow `{sign}` directly");
        return Some(at(value.len(), &message, format!("write `{sign}{name}`")));
    }
    let signs = value.trim_end_matches(|c| c != '|' && c != '>');
    let is_doubled = matches!(value, ">>" | "||" | ">>-" | "||-");
    is_doubled.then(|| {
        let message = "one sign begins a block".to_owned();
        at(signs.len(), &message, format!("write `{}`", &value[1..]))
    })
}

/// A text that is indented less than the block that it should be the end of, such as the last line of a
/// here-document.
fn below_its_block(lines: &[Line<'_>]) -> Option<Cause> {
    let (&line, above) = lines.split_last()?;
    if line.is_dash() || line.content().contains(": ") || line.content().ends_with(':') {
        return None;
    }
    let is_block = |line: &Line<'_>| {
        let content = line.content();
        let value = content.rsplit_once(": ").or_else(|| content.rsplit_once("- "));
        value.is_some_and(|(_, value)| value.starts_with(['|', '>']) && value.len() <= 3)
    };
    let at = (0..above.len().checked_sub(1)?).find(|&at| {
        is_block(&above[at])
            && above[at + 1..].iter().all(|inner| inner.column() > above[at].column())
    })?;
    let (block, first) = (above[at], above[at + 1]);
    if line.column() >= first.column() {
        return None;
    }
    let header = block.content().trim_start_matches("- ");
    Some(Cause {
        span: Some(Span::new(line.start + line.column(), line.start + line.text.len())),
        message: Some(format!("this text is indented less than the block that `{header}` begins")),
        related: Some((block.span(), "the block begins here")),
        ..Cause::help(as_line(first))
    })
}

/// Compares the last line's column with those of the lines that it can belong to.
fn indentation(lines: &[Line<'_>]) -> Option<Cause> {
    let (&line, above) = lines.split_last()?;
    let levels = levels(above);
    let previous = *levels.first()?;
    if let Some(found) = without_dash(line, &levels).or_else(|| at_its_section(line, above)) {
        return Some(found);
    }
    let column = line.column();
    let say = |message: &str, other: Line<'_>, text: &'static str, help: String| Cause {
        span: Some(line.span()),
        message: Some(message.to_owned()),
        related: Some((other.span(), text)),
        ..Cause::help(help)
    };
    let same = levels.iter().find(|other| other.column() == column);
    match same {
        Some(same) if line.is_dash() && !same.is_dash() => {
            // A dash in the column of a key continues the list below that key, if there is one.
            let deeper = levels.iter().find(|other| other.is_dash() && other.column() > column);
            let Some(list) = deeper else {
                let outer =
                    levels.iter().find(|other| other.is_dash() && other.column() < column)?;
                let message = "this dash is among the keys of the item above";
                return previous
                    .has_whole_value()
                    .then(|| say(message, *outer, "the list", as_line(*outer)));
            };
            Some(say("this dash is indented less than its list", *list, "the list", as_line(*list)))
        }
        None if column > previous.column() => {
            if line.is_dash() && previous.is_dash() && !previous.content().ends_with(':') {
                let message = "this dash is indented deeper than its list";
                return Some(say(message, previous, "the list", as_line(previous)));
            }
            let message = "unexpected indentation: the line above cannot have anything nested \
                           below it";
            let help = if previous.is_dash() {
                let column = previous.column() + 2;
                format!("indent it by {column} spaces, to align it with the text after the dash")
            } else {
                as_line(previous)
            };
            let whole = previous.has_whole_value();
            whole.then(|| say(message, previous, "this already has a value", help))
        }
        None => {
            let distance = |other: &&Line<'_>| other.column().abs_diff(column);
            let alike = levels.iter().filter(|other| other.is_dash() == line.is_dash());
            let nearest =
                *alike.min_by_key(distance).or_else(|| levels.iter().min_by_key(distance))?;
            let message = "inconsistent indentation: no line above is indented like this";
            let deeper = nearest.column() > column;
            let mut beyond = levels.iter().filter(|other| {
                other.is_dash() == line.is_dash() && (other.column() > column) != deeper
            });
            let help = beyond.next().map_or_else(
                || as_line(nearest),
                |other| {
                    let (column, number) = (other.column(), other.number);
                    format!("{}, or by {column}, like line {number}", as_line(nearest))
                },
            );
            Some(say(message, nearest, "closest level", help))
        }
        Some(_) => None,
    }
}

fn as_line(other: Line<'_>) -> String {
    let column = other.column();
    let spaces = if column == 1 { "space" } else { "spaces" };
    format!("indent it by {column} {spaces}, like line {}", other.number)
}

/// A key in the column of a list's dashes is another item, or belongs to the last one or to the key that
/// has the list.
fn without_dash(line: Line<'_>, levels: &[Line<'_>]) -> Option<Cause> {
    let column = line.column();
    let same = levels.iter().find(|other| other.column() == column && other.is_dash())?;
    let previous = levels.first().filter(|other| other.column() > column && !other.is_dash());
    let owner = previous.or_else(|| levels.iter().find(|other| other.column() < column))?;
    if line.is_dash() {
        return None;
    }
    Some(Cause {
        span: Some(line.span()),
        message: Some(format!("`{}` is in the column of the dashes, but has no dash", line.word())),
        related: Some((same.span(), "the list")),
        ..Cause::help(format!("put a dash before it, or {}", as_line(*owner)))
    })
}

/// A key in the column of an empty section, with the section's entries below it, belongs to them.
fn at_its_section(line: Line<'_>, above: &[Line<'_>]) -> Option<Cause> {
    let [.., section, key] = above else { return None };
    let is_left = is_empty_key(*section, *key) && line.column() > key.column() && !line.is_dash();
    let (key_word, section) = (key.word(), section.word());
    is_left.then(|| Cause {
        span: Some(key.span()),
        message: Some(format!(
            "`{key_word}` is next to `{section}`, which has nothing below it but what follows"
        )),
        related: Some((line.span(), "this is indented deeper")),
        ..Cause::help(as_line(line))
    })
}

/// Returns whether a line above another one, in its column, is a key without a value.
fn is_empty_key(key: Line<'_>, below: Line<'_>) -> bool {
    let is_key = key.content().ends_with(':') && !key.is_dash() && !below.is_dash();
    is_key && key.column() == below.column() && below.has_whole_value()
}

/// The lines that a next line can continue, innermost first: each is indented less than those
/// before it.
fn levels<'t>(above: &[Line<'t>]) -> Vec<Line<'t>> {
    let mut levels: Vec<Line<'t>> = Vec::new();
    for &line in above.iter().rev().take(LINES) {
        if levels.last().is_none_or(|last| line.column() < last.column()) {
            levels.push(line);
        }
        // A key after a dash is in its own column, and a dash may be in its key's.
        if line.column() == 0 && !line.is_dash() {
            break;
        }
    }
    levels
}
