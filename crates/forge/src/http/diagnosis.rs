//! What an error response means, and the sentence that people read about it.

use roundel_model::forge::ForgeKind;

use super::{call::Answer, retry_after::retry_after};
use crate::error::{ErrorClass, ForgeError};

/// The forge's own words in an error response.
pub(crate) struct Words(pub(crate) Vec<String>);

impl Words {
    /// Tells whether one of them contains a text; both forges change their capitals.
    pub(crate) fn say(&self, text: &str) -> bool {
        self.0.iter().any(|word| word.to_lowercase().contains(text))
    }
}

/// An error response, understood.
pub(crate) struct Diagnosis {
    class: ErrorClass,
    words: Words,
    /// What to do, as a sentence.
    hint: Option<String>,
}

/// How many of the forge's words are kept, and how long each may be: they end in messages.
const WORDS: usize = 12;
const WORD_CHARS: usize = 300;

impl Diagnosis {
    /// Notes what the response means and, where that is known, what to do about it.
    pub(crate) fn new(class: ErrorClass, words: Words, hint: Option<impl Into<String>>) -> Self {
        Self { class, words, hint: hint.map(Into::into) }
    }

    /// Writes the error.
    pub(super) fn into_error(self, kind: ForgeKind, what: &str, answer: &Answer) -> ForgeError {
        let mut details = self.words.0;
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
            retry_after: retry_after(self.class, &answer.headers),
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
        ErrorClass::Unavailable => "the forge is unavailable",
        ErrorClass::Broken => "the answer is not what we expect",
    }
}

/// Finds the words of a body that is not JSON: plain text as it is, of HTML only the title. Proxies
/// and overloaded front ends answer so (`VCS` §4.1).
pub(crate) fn plain_words(answer: &Answer) -> Words {
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
    if words.is_empty() {
        return Words(Vec::new());
    }
    Words(vec![words.chars().take(WORD_CHARS).collect()])
}
