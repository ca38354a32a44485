//! Colors of our own, told apart from those that a text brings along.
//!
//! What is printed is put together from our words and from names of jobs, branches and files, which
//! come from everyone who can push. A name may hold a sequence that hides the text behind it or
//! recolors an error. So each of our sequences is marked while a text is put together, and
//! [`on_screen`], the last step before writing, lets only marked ones pass. The mark is random,
//! chosen when the program starts: no file can be written to contain it.
//!
//! ```text
//! styled("error:")    MARK ESC[1m MARK ESC[31m error: MARK ESC[0m  ─▶  ESC[1mESC[31merror:ESC[0m
//! a job's name        ESC[8m                                       ─▶  ␛[8m
//! ```

use std::{borrow::Cow, sync::LazyLock};

use rand::random_range;
use roundel_config::{Diagnostic, Layout};
use roundel_model::text;

/// In front of each of our sequences. Two of 65,000 characters for private use: a file of the largest
/// size holds a vanishing part of the pairs.
static MARK: LazyLock<String> = LazyLock::new(|| {
    let draw = || char::from_u32(random_range(0x10_0000..=0x10_FFFD)).unwrap_or('\u{10_0000}');
    String::from_iter([draw(), draw()])
});

/// What begins a sequence.
const ESCAPE: char = '\u{1b}';

/// Puts a style around a string, if the layout has colors.
pub(crate) fn styled(text: &str, style: anstyle::Style, layout: Layout) -> String {
    if layout.colors {
        format!("{}{text}{}", marked(&style.render()), marked(&style.render_reset()))
    } else {
        text.to_owned()
    }
}

/// Renders diagnostics as [`roundel_config::render`] does, which shows what their names hide.
pub(crate) fn rendered(text: &str, diagnostics: &[Diagnostic], layout: Layout) -> String {
    let rendered = roundel_config::render(text, diagnostics, layout);
    if layout.colors { marked(&rendered) } else { rendered }
}

/// Marks all sequences of a text, in which there are only ours.
fn marked(text: &impl ToString) -> String {
    text.to_string().replace(ESCAPE, &format!("{}{ESCAPE}", *MARK))
}

/// Returns the text as it is written to a terminal or a file: marked sequences without the mark, and
/// any other character that controls, hides or turns text around by its picture or number. Line ends
/// and tabs pass.
pub(super) fn on_screen(text: &str) -> Cow<'_, str> {
    let is_harmful = |c: char| text::is_hidden(c) && !matches!(c, '\n' | '\t');
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Color(sequence) => shown.push_str(sequence),
            Piece::Text(text) => {
                for c in text.chars() {
                    if is_harmful(c) {
                        text::push_shown(&mut shown, c);
                    } else {
                        shown.push(c);
                    }
                }
            }
        }
    }
    Cow::Owned(shown)
}

/// Breaks a string into lines that fit into a width, as [`text::wrapped`] does; colors take no room.
pub(crate) fn wrapped(text: &str, indent: usize, width: Option<usize>) -> String {
    if !text.contains(MARK.as_str()) {
        return text::wrapped(text, indent, width);
    }
    let plain: String = pieces(text)
        .filter_map(|piece| match piece {
            Piece::Text(text) => Some(text),
            Piece::Color(_) => None,
        })
        .collect();
    let broken = text::wrapped(&plain, indent, width);
    if broken == plain {
        return text.to_owned();
    }
    // Both have the same characters; where a line ends, a space was.
    let mut broken = broken.chars();
    let mut woven = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Color(sequence) => woven.push_str(&marked(&sequence)),
            Piece::Text(text) => {
                for _ in text.chars() {
                    let Some(c) = broken.next() else { break };
                    woven.push(c);
                    if c == '\n' {
                        woven.extend(broken.by_ref().take(indent));
                    }
                }
            }
        }
    }
    woven
}

/// A part of a text.
enum Piece<'t> {
    /// One of our sequences, without its mark.
    Color(&'t str),
    Text(&'t str),
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut parts = text.split(MARK.as_str());
    let first = parts.next().map(Piece::Text);
    let marked = parts.flat_map(|part| {
        let (color, text) = part.split_at(color(part));
        [Piece::Color(color), Piece::Text(text)]
    });
    first.into_iter().chain(marked)
}

/// Returns how many bytes of the text are a sequence that sets a color, if it begins with one.
fn color(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\x1b[") else { return 0 };
    let digits = parameters.bytes().take_while(|b| b.is_ascii_digit() || *b == b';').count();
    if parameters[digits..].starts_with('m') { "\x1b[".len() + digits + "m".len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use anstyle::AnsiColor;

    use super::*;

    const COLORED: Layout = Layout { colors: true, width: None };

    #[test]
    fn what_is_printed_moves_no_cursor_and_turns_no_text_around() {
        assert_eq!(on_screen("plain\ttext\n"), "plain\ttext\n");
        assert_eq!(on_screen("a\x1b]0;title\x07b\r\x1b[2J"), "a␛]0;title␇b␍␛[2J");
        assert_eq!(on_screen("\u{9b}31m \u{202E}abc\u{7f}"), "⟦U+009B⟧31m ⟦U+202E⟧abc␡");
        assert_eq!(on_screen("\x1b[31"), "␛[31");
    }

    /// A job named `build ESC [8m` would hide the rest of the line.
    #[test]
    fn a_color_passes_only_if_it_is_ours() {
        let red = AnsiColor::Red.on_default().bold();
        let text = format!("{} \x1b[8mb", styled("\x1b[31ma", red, COLORED));
        assert_eq!(on_screen(&text), "\x1b[1m\x1b[31m␛[31ma\x1b[0m ␛[8mb");
        assert_eq!(on_screen(&styled("\x1b[31ma", red, Layout::default())), "␛[31ma");
    }

    #[test]
    fn colors_take_no_room() {
        let red = AnsiColor::Red.on_default().bold();
        let text = format!(
            "{} of {} words in all",
            styled("some", red, COLORED),
            styled("9", red, COLORED)
        );
        assert_eq!(
            on_screen(&wrapped(&text, 2, Some(22))),
            "\x1b[1m\x1b[31msome\x1b[0m of \x1b[1m\x1b[31m9\x1b[0m words in\n  all"
        );
        assert_eq!(wrapped(&text, 2, Some(80)), text);
    }
}
