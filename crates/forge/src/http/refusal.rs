//! What a forge's "no" means, and the sentence that people read about it.

use roundel_model::forge::ForgeKind;

use super::{Answer, waiting};
use crate::{ErrorClass, ForgeError};

/// A forge's refusal, understood.
pub(crate) struct Refusal {
    pub(crate) class: ErrorClass,
    /// Its own words.
    pub(crate) words: Vec<String>,
    /// The way out, as a sentence.
    pub(crate) hint: Option<String>,
}

/// How many of the forge's words are kept, and how long each may be: they end in messages.
const WORDS: usize = 12;
const WORD_CHARS: usize = 300;

impl Refusal {
    /// A refusal without a way out.
    pub(crate) fn new(class: ErrorClass, words: Vec<String>) -> Self {
        Self { class, words, hint: None }
    }

    /// Adds the way out.
    #[must_use]
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Writes the error.
    pub(super) fn into_error(self, kind: ForgeKind, what: &str, answer: &Answer) -> ForgeError {
        let mut details = self.words;
        details.truncate(WORDS);
        for word in &mut details {
            *word = word.chars().take(WORD_CHARS).collect();
        }
        let said = if details.is_empty() { generic(self.class) } else { &details.join("; ") };
        let mut message = format!("could not {what} on {kind}: {said} (HTTP {})", answer.status);
        if let Some(hint) = self.hint {
            message.push_str(". ");
            message.push_str(&hint);
        }
        // People quote it to the forge's support.
        let request_id = answer.header("x-github-request-id");
        if !request_id.is_empty() {
            message.extend([" [request ", request_id, "]"]);
        }
        ForgeError {
            class: self.class,
            message,
            status: Some(answer.status),
            retry_after: waiting::retry_after(self.class, &answer.headers),
            details,
        }
    }
}

/// What to say when the forge says nothing.
fn generic(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Unauthorized => "the token is not accepted",
        ErrorClass::Forbidden => "it is not allowed",
        ErrorClass::NotFound => "it is not there, or may not be seen",
        ErrorClass::Invalid => "the request was refused",
        ErrorClass::RateLimited => "too many requests",
        ErrorClass::Unavailable => "the forge has trouble of its own",
        ErrorClass::Broken => "the answer makes no sense",
    }
}

/// The words of a body that is no JSON: plain text as it is, of HTML only the title. Proxies and
/// overloaded front ends answer so (`VCS` §4.1).
pub(crate) fn plain_words(answer: &Answer) -> Vec<String> {
    let text = String::from_utf8_lossy(&answer.body);
    let lower = text.to_ascii_lowercase();
    let words = if lower.contains("<html") || lower.trim_start().starts_with("<!doctype") {
        // Lower-casing ASCII keeps every offset.
        let start = lower.find("<title>").map(|at| at + "<title>".len());
        let end = lower.find("</title>");
        start.zip(end).and_then(|(start, end)| text.get(start..end)).unwrap_or_default()
    } else {
        &text
    };
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() { Vec::new() } else { vec![words.chars().take(WORD_CHARS).collect()] }
}
