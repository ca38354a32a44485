//! Text on pages and in emails: what comes from outside is escaped, our sentences may hold code,
//! sizes have units. Types that write HTML implement [`HtmlSafe`], so that templates do not escape it
//! again.

use std::{borrow::Cow, fmt};

use askama::{Template, filters::HtmlSafe};
use roundel_model::{
    limits,
    text::{self, cut},
};

/// Escapes text for HTML, attributes included, and makes characters that reorder or hide text
/// visible: a commit message must not be able to look like something else.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        push_escaped(&mut out, c);
    }
    out
}

/// Escapes one character ([`escape`]).
pub(crate) fn push_escaped(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        '\n' | '\r' | '\t' => out.push(c),
        _ if text::is_hidden(c) => text::push_shown(out, c),
        _ => out.push(c),
    }
}

/// Renders a template, and shows what is hidden wherever a string came to: a title, an attribute, a part
/// that no [`Untrusted`] went through.
pub(crate) fn render(template: &impl Template) -> askama::Result<String> {
    let html = template.render()?;
    let shown = match text::visible(&html) {
        Cow::Borrowed(_) => None,
        Cow::Owned(shown) => Some(shown),
    };
    Ok(shown.unwrap_or(html))
}

/// Text from outside (a commit message, a name), escaped by [`escape`]. As long as it is: where many of
/// them stand, [`Brief`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Untrusted(pub(crate) String);

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(&self.0))
    }
}

impl HtmlSafe for Untrusted {}

/// A name or a subject from outside where many of them stand: in lists, graphs and titles. One that is
/// cut ends with an ellipsis; the page of the thing itself has all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Brief {
    shown: String,
    /// More of it, if it was cut.
    more: Option<String>,
}

impl Brief {
    /// Makes a name brief.
    pub(crate) fn name(text: &str) -> Self {
        Self::of(text, limits::LISTED_NAME_CHARS)
    }

    /// Makes the subject of a commit brief.
    pub(crate) fn subject(text: &str) -> Self {
        Self::of(text, limits::LISTED_SUBJECT_CHARS)
    }

    fn of(text: &str, most: usize) -> Self {
        match cut(text, most) {
            Cow::Borrowed(all) => Self { shown: all.to_owned(), more: None },
            Cow::Owned(shown) => {
                Self { shown, more: Some(cut(text, limits::TOOLTIP_CHARS).into_owned()) }
            }
        }
    }

    /// The attribute that shows more of what was cut: ` title="…"`, or nothing.
    pub(crate) fn tooltip(&self) -> Html {
        let attribute = |more: &String| format!(" title=\"{}\"", escape(more));
        Html(self.more.as_ref().map(attribute).unwrap_or_default())
    }
}

impl fmt::Display for Brief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(&self.shown))
    }
}

impl HtmlSafe for Brief {}

/// HTML that one of our own files wrote, from parts that it escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Html(pub(crate) String);

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

/// Returns a text that begins with a capital letter, if it begins with a letter.
pub(crate) fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    first + chars.as_str()
}

/// Turns back-quoted words of one of our sentences into code.
pub(crate) fn sentence(text: &str) -> Html {
    let mut out = String::with_capacity(text.len() + 16);
    let mut open = false;
    for c in text.chars() {
        if c == '`' {
            out.push_str(if open { "</code>" } else { "<code>" });
            open = !open;
        } else {
            push_escaped(&mut out, c);
        }
    }
    if open {
        out.push_str("</code>");
    }
    Html(out)
}

/// Turns back-quoted words of one of our sentences into quoted ones, for text that shows no code: plain
/// email, the descriptions of commit statuses.
pub(crate) fn plain_sentence(text: &str) -> String {
    text.replace('`', "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hostile commit message must stay text, and must not be able to turn itself around.
    #[test]
    fn a_hostile_text_stays_text() {
        assert_eq!(escape("<img src=x onerror='x'>"), "&lt;img src=x onerror=&#39;x&#39;&gt;");
        assert_eq!(escape("a\u{202E}b"), "a⟦U+202E⟧b");
        assert_eq!(sentence("use `a<b` now").0, "use <code>a&lt;b</code> now");
    }
}
