//! Terminal output as lines of styled cells, and those as HTML.
//!
//! A step writes for a terminal: it colors, returns to the start of a line, goes up some lines and
//! writes them again. [`Block`] plays the small part of a terminal that logs use, line by line:
//! SGR, `\r`, `\b`, tab, erase in line, and moves of the cursor within what the block still holds.
//! Everything else (titles, links, modes) is read and dropped. Every line that comes out is
//! self-contained: its spans open and close within it.
//!
//! A block is bounded in bytes, lines and cells, so that no output can make it grow.

use std::fmt::Write as _;

use anstyle_parse::{Params, Parser, Perform, Utf8Parser};

use crate::markup::push_escaped;

/// Lines after which a block ends at the next chance.
pub(crate) const BLOCK_LINES: usize = 1_000;
/// Bytes after which a block ends at the next new line.
pub(crate) const BLOCK_BYTES: u64 = 256 * 1024;
/// Bytes after which a block ends in any case, in the middle of a line if need be.
pub(crate) const BLOCK_BYTES_HARD: u64 = 512 * 1024;
/// Characters of one line that are shown; the raw log has the rest.
const LINE_CELLS: usize = 4_096;
/// Cells of one block: a few bytes of cursor movement must not become gigabytes of spaces.
const BLOCK_CELLS: usize = 600_000;
/// How far up a cursor may go to rewrite lines.
const REWRITTEN_LINES: usize = 200;

/// Colors and attributes of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// 0 is the default color; otherwise one more than the index in the palette of 256.
    foreground: u16,
    background: u16,
    flags: u8,
}

const BOLD: u8 = 1;
const DIM: u8 = 2;
const ITALIC: u8 = 4;
const UNDERLINE: u8 = 8;
const INVERSE: u8 = 16;
const STRIKE: u8 = 32;

/// One line of output.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    cells: Vec<(char, Style)>,
    /// Where in the log it begins.
    pub(crate) offset: u64,
    /// Not all of it is held.
    cut: bool,
}

impl Line {
    fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Returns its text without styles.
    pub(crate) fn text(&self) -> String {
        self.cells.iter().map(|&(c, _)| c).collect()
    }

    /// Writes it as HTML: text in spans with classes, addresses as links.
    pub(crate) fn html(&self) -> String {
        let mut out = String::with_capacity(self.cells.len() + 16);
        let mut rest = self.cells.as_slice();
        while let Some(&(_, style)) = rest.first() {
            let end = rest.iter().position(|&(_, other)| other != style).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            let run: String = run.iter().map(|&(c, _)| c).collect();
            push_run(&mut out, &run, style);
            rest = after;
        }
        if self.cut {
            out.push_str("<i class=\"cut\">… line cut here; the raw log has all of it</i>");
        }
        out
    }
}

fn push_run(out: &mut String, run: &str, style: Style) {
    let classes = style.classes();
    if !classes.is_empty() {
        let _ = write!(out, "<span class=\"{classes}\">");
    }
    push_linked(out, run);
    if !classes.is_empty() {
        out.push_str("</span>");
    }
}

/// Writes text, with what looks like a web address as a link.
fn push_linked(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(start) = next_address(rest) {
        let (before, from) = rest.split_at(start);
        push_text(out, before);
        let end = from
            .find(|c: char| c.is_whitespace() || c.is_control() || "<>\"'`|)]}".contains(c))
            .unwrap_or(from.len());
        let address = from[..end].trim_end_matches(['.', ',', ';', ':', '!', '?']);
        let mut escaped = String::with_capacity(address.len());
        push_text(&mut escaped, address);
        let _ = write!(
            out,
            "<a href=\"{escaped}\" rel=\"nofollow noopener noreferrer\" target=\"_blank\">{escaped}</a>"
        );
        rest = &from[address.len()..];
    }
    push_text(out, rest);
}

fn next_address(text: &str) -> Option<usize> {
    let plain = text.find("https://").into_iter().chain(text.find("http://")).min()?;
    let scheme = if text[plain..].starts_with("https://") { 8 } else { 7 };
    // A scheme without a host is not an address, and a link of nothing would loop.
    text[plain + scheme..].starts_with(|c: char| c.is_ascii_alphanumeric()).then_some(plain)
}

fn push_text(out: &mut String, text: &str) {
    for c in text.chars() {
        push_escaped(out, c);
    }
}

impl Style {
    fn classes(self) -> String {
        let (mut foreground, mut background) = (self.foreground, self.background);
        let mut out = String::new();
        if self.flags & INVERSE != 0 {
            if foreground == 0 && background == 0 {
                out.push_str("inv ");
            }
            (foreground, background) = (background, foreground);
        }
        if foreground > 0 {
            let _ = write!(out, "f{} ", foreground - 1);
        }
        if background > 0 {
            let _ = write!(out, "b{} ", background - 1);
        }
        for (flag, class) in
            [(BOLD, "bo "), (DIM, "di "), (ITALIC, "it "), (UNDERLINE, "un "), (STRIKE, "st ")]
        {
            if self.flags & flag != 0 {
                out.push_str(class);
            }
        }
        out.truncate(out.trim_end().len());
        out
    }

    /// Applies one SGR sequence.
    fn apply(&mut self, params: &Params) {
        let mut params = params.iter();
        while let Some(param) = params.next() {
            match param.first().copied().unwrap_or(0) {
                0 => *self = Self::default(),
                1 => self.flags |= BOLD,
                2 => self.flags |= DIM,
                3 => self.flags |= ITALIC,
                4 if param.get(1) == Some(&0) => self.flags &= !UNDERLINE,
                4 | 21 => self.flags |= UNDERLINE,
                7 => self.flags |= INVERSE,
                9 => self.flags |= STRIKE,
                22 => self.flags &= !(BOLD | DIM),
                23 => self.flags &= !ITALIC,
                24 => self.flags &= !UNDERLINE,
                27 => self.flags &= !INVERSE,
                29 => self.flags &= !STRIKE,
                code @ 30..=37 => self.foreground = code - 30 + 1,
                39 => self.foreground = 0,
                code @ 40..=47 => self.background = code - 40 + 1,
                49 => self.background = 0,
                code @ 90..=97 => self.foreground = code - 90 + 8 + 1,
                code @ 100..=107 => self.background = code - 100 + 8 + 1,
                which @ (38 | 48) => {
                    if let Some(index) = extended(param, &mut params) {
                        let slot =
                            if which == 38 { &mut self.foreground } else { &mut self.background };
                        *slot = index + 1;
                    }
                }
                _ => {}
            }
        }
    }
}

/// Reads `38;5;N`, `38:5:N`, `38;2;R;G;B` and `38:2::R:G:B` after the 38.
fn extended<'a>(param: &[u16], rest: &mut impl Iterator<Item = &'a [u16]>) -> Option<u16> {
    let mut next = |index: usize| -> Option<u16> {
        if param.len() > 1 { param.get(index).copied() } else { rest.next()?.first().copied() }
    };
    match next(1)? {
        5 => next(2).filter(|&index| index < 256),
        2 => {
            // With colons a color space is before the three numbers, when there are six.
            let skip = usize::from(param.len() > 5);
            let (r, g, b) = (next(2 + skip)?, next(3 + skip)?, next(4 + skip)?);
            Some(nearest(r.min(255), g.min(255), b.min(255)))
        }
        _ => None,
    }
}

/// The palette's color next to a true color: a strict content policy leaves no room for inline
/// styles, and 256 classes are enough for a log.
fn nearest(r: u16, g: u16, b: u16) -> u16 {
    if r.abs_diff(g) < 10 && g.abs_diff(b) < 10 {
        return match r {
            0..=7 => 16,
            8..=243 => 232 + (r - 8) / 10,
            _ => 231,
        };
    }
    let level = |value: u16| match value {
        0..=47 => 0,
        48..=114 => 1,
        _ => (value - 35) / 40,
    };
    16 + 36 * level(r) + 6 * level(g) + level(b)
}

/// A piece of a log that is played on its own: it begins on an empty line with a known style, and
/// no cursor leaves it upwards.
#[derive(Clone)]
pub(crate) struct Block {
    parser: Parser<Utf8Parser>,
    screen: Screen,
    /// Where in the log it begins.
    pub(crate) start: u64,
    /// Where in the log it has been read to.
    pub(crate) end: u64,
}

#[derive(Clone)]
struct Screen {
    lines: Vec<Line>,
    row: usize,
    column: usize,
    style: Style,
    cells: usize,
    /// Where in the log the next byte is.
    offset: u64,
    /// Bytes that the character under way still needs.
    pending: u8,
}

impl Block {
    /// Begins a block.
    pub(crate) fn new(start: u64, style: Style) -> Self {
        let first = Line { offset: start, ..Line::default() };
        let screen = Screen {
            lines: vec![first],
            row: 0,
            column: 0,
            style,
            cells: 0,
            offset: start,
            pending: 0,
        };
        Self { parser: Parser::<Utf8Parser>::default(), screen, start, end: start }
    }

    /// Plays bytes until the block is full; returns how many it took.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> usize {
        for (index, &byte) in bytes.iter().enumerate() {
            if self.is_full() {
                return index;
            }
            self.screen.offset = self.end;
            if self.screen.is_stray(byte) {
                // The parser drops what cannot begin a character; a reader must see that it was there.
                self.screen.put('\u{FFFD}');
            } else {
                self.parser.advance(&mut self.screen, byte);
            }
            self.end += 1;
        }
        bytes.len()
    }

    /// Returns whether the next byte belongs to the next block.
    pub(crate) fn is_full(&self) -> bool {
        let size = self.end - self.start;
        size >= BLOCK_BYTES_HARD
            || (self.screen.at_fresh_line()
                && (size >= BLOCK_BYTES || self.screen.lines.len() > BLOCK_LINES))
    }

    /// Returns its lines. An empty last line is the beginning of a line that has not come yet.
    pub(crate) fn lines(&self) -> &[Line] {
        match self.screen.lines.split_last() {
            Some((last, before)) if last.is_empty() => before,
            _ => &self.screen.lines,
        }
    }

    /// Returns the style that the next block begins with.
    pub(crate) const fn style(&self) -> Style {
        self.screen.style
    }
}

impl Screen {
    /// Returns whether a byte is part of no valid character.
    fn is_stray(&mut self, byte: u8) -> bool {
        let (needs, stray) = match byte {
            0x00..=0x7F => (0, false),
            0x80..=0xBF => (self.pending.saturating_sub(1), self.pending == 0),
            0xC2..=0xDF => (1, false),
            0xE0..=0xEF => (2, false),
            0xF0..=0xF4 => (3, false),
            0xC0 | 0xC1 | 0xF5..=0xFF => (0, true),
        };
        self.pending = needs;
        stray
    }

    fn at_fresh_line(&self) -> bool {
        self.row + 1 == self.lines.len()
            && self.column == 0
            && self.lines.last().is_some_and(Line::is_empty)
    }

    fn new_line(&mut self) {
        self.row += 1;
        self.column = 0;
        if self.row == self.lines.len() {
            self.lines.push(Line { offset: self.offset + 1, ..Line::default() });
        }
    }

    fn put(&mut self, c: char) {
        let (column, style) = (self.column, self.style);
        let room = self.cells < BLOCK_CELLS;
        let Some(line) = self.lines.get_mut(self.row) else { return };
        self.column += 1;
        if let Some(cell) = line.cells.get_mut(column) {
            *cell = (c, style);
            return;
        }
        if column >= LINE_CELLS || !room {
            line.cut = true;
            return;
        }
        let before = line.cells.len();
        line.cells.resize(column, (' ', Style::default()));
        line.cells.push((c, style));
        self.cells += line.cells.len() - before;
    }

    fn erase_in_line(&mut self, how: u16) {
        let column = self.column;
        let Some(line) = self.lines.get_mut(self.row) else { return };
        let before = line.cells.len();
        match how {
            0 => line.cells.truncate(column),
            1 => line
                .cells
                .iter_mut()
                .take(column + 1)
                .for_each(|cell| *cell = (' ', Style::default())),
            2 => line.cells.clear(),
            _ => {}
        }
        line.cut &= !line.cells.is_empty();
        self.cells = self.cells.saturating_sub(before - line.cells.len());
    }

    fn erase_below(&mut self) {
        self.erase_in_line(0);
        for line in self.lines.iter_mut().skip(self.row + 1) {
            self.cells = self.cells.saturating_sub(line.cells.len());
            line.cells.clear();
        }
    }

    fn move_up(&mut self, by: usize) {
        let floor = self.lines.len().saturating_sub(REWRITTEN_LINES);
        self.row = self.row.saturating_sub(by).max(floor.min(self.row));
    }

    fn move_down(&mut self, by: usize) {
        self.row = (self.row + by).min(self.lines.len().saturating_sub(1));
    }
}

impl Perform for Screen {
    fn print(&mut self, c: char) {
        self.put(c);
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' | 0x0b | 0x0c => self.new_line(),
            b'\r' => self.column = 0,
            b'\t' => self.put('\t'),
            0x08 => self.column = self.column.saturating_sub(1),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: u8) {
        if ignore || !intermediates.is_empty() {
            return;
        }
        let first = params.iter().next().and_then(|param| param.first().copied()).unwrap_or(0);
        let count = usize::from(first.max(1));
        match action {
            b'm' => self.style.apply(params),
            b'K' => self.erase_in_line(first),
            b'J' if first == 0 => self.erase_below(),
            b'A' => self.move_up(count),
            b'B' => self.move_down(count),
            b'C' => self.column = (self.column + count).min(LINE_CELLS),
            b'D' => self.column = self.column.saturating_sub(count),
            b'E' => {
                self.move_down(count);
                self.column = 0;
            }
            b'F' => {
                self.move_up(count);
                self.column = 0;
            }
            b'G' => self.column = (count - 1).min(LINE_CELLS),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(bytes: &[u8]) -> Vec<String> {
        let mut block = Block::new(0, Style::default());
        assert_eq!(block.feed(bytes), bytes.len());
        block.lines().iter().map(Line::html).collect()
    }

    #[test]
    fn color_is_closed_at_the_end_of_a_line_and_continues_in_the_next() {
        assert_eq!(
            html(b"\x1b[31mred\nstill\x1b[0m not\n"),
            ["<span class=\"f1\">red</span>", "<span class=\"f1\">still</span> not"]
        );
    }

    #[test]
    fn every_way_to_name_a_color_is_understood() {
        let cases: [(&[u8], &str); 6] = [
            (b"\x1b[1;38;5;208mx", "f208 bo"),
            (b"\x1b[38:5:208mx", "f208"),
            (b"\x1b[48;2;255;0;0mx", "b196"),
            (b"\x1b[38:2::0:0:255mx", "f21"),
            (b"\x1b[97;100mx", "f15 b8"),
            (b"\x1b[7mx", "inv"),
        ];
        for (bytes, class) in cases {
            assert_eq!(html(bytes), [format!("<span class=\"{class}\">x</span>")]);
        }
    }

    #[test]
    fn a_progress_bar_is_one_line_that_ends_with_its_last_text() {
        assert_eq!(html(b"10%\r50%\r100%\ndone\n"), ["100%", "done"]);
        assert_eq!(html(b"a long line\rshort\x1b[K\n"), ["short"]);
        assert_eq!(html(b"one\ntwo\n\x1b[2A\x1b[2KONE\x1b[2B\rend\n"), ["ONE", "two", "end"]);
    }

    #[test]
    fn hostile_bytes_stay_text() {
        assert_eq!(
            html(b"<script>alert(1)</script>&\n"),
            ["&lt;script&gt;alert(1)&lt;/script&gt;&amp;"]
        );
        assert_eq!(html(b"\x1b]8;;javascript:alert(1)\x07x\x1b]8;;\x07\n"), ["x"]);
        assert_eq!(html(b"bad \xff\xfe utf8\n"), ["bad \u{FFFD}\u{FFFD} utf8"]);
        assert_eq!(html("a\u{202E}b\n".as_bytes()), ["a⟦U+202E⟧b"]);
    }

    #[test]
    fn an_address_is_a_link_without_its_punctuation() {
        let lines = html(b"see https://a.test/x?y=1&z=2. And http:// alone\n");
        assert_eq!(
            lines,
            ["see <a href=\"https://a.test/x?y=1&amp;z=2\" rel=\"nofollow noopener noreferrer\" \
              target=\"_blank\">https://a.test/x?y=1&amp;z=2</a>. And http:// alone"]
        );
    }

    /// Four bytes that move the cursor by thousands must not cost thousands of cells each.
    #[test]
    fn no_output_makes_a_block_grow_without_end() {
        let mut block = Block::new(0, Style::default());
        let bytes = b"\x1b[4000Cx\n".repeat(60_000);
        let taken = block.feed(&bytes);
        assert!(block.is_full() && taken < bytes.len());
        assert!(block.screen.cells <= BLOCK_CELLS + LINE_CELLS);

        let mut block = Block::new(0, Style::default());
        let endless = vec![b'x'; 2 << 20];
        assert_eq!(block.feed(&endless), 512 * 1024, "a line without end fills a block");
        assert!(block.lines()[0].html().ends_with("has all of it</i>"));
    }

    #[test]
    fn any_bytes_in_any_pieces_give_the_same_lines() {
        let text = "α\x1b[1mβ\r\nγ\x1b[0;4mδ\x1b[1Aε\n\u{1F600}\n".as_bytes();
        let whole = html(text);
        for cut in 0..text.len() {
            let mut block = Block::new(0, Style::default());
            block.feed(&text[..cut]);
            block.feed(&text[cut..]);
            assert_eq!(block.lines().iter().map(Line::html).collect::<Vec<_>>(), whole);
        }
    }
}
