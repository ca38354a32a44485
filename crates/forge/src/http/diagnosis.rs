//! What an error response means, and the sentence that people read about it.

use roundel_model::forge::ForgeKind;

use super::{
    call::{Answer, Call},
    retry_after::retry_after,
    web_page::is_page_type,
};
use crate::error::{ErrorClass, ForgeError};

/// The forge's own messages in an error response.
pub(crate) struct Messages(pub(crate) Vec<String>);

impl Messages {
    /// Returns whether one of them contains a text; both forges change their capitals.
    pub(crate) fn contain(&self, text: &str) -> bool {
        self.0.iter().any(|word| word.to_lowercase().contains(text))
    }
}

/// The meaning of an error response.
pub(crate) struct Diagnosis {
    class: ErrorClass,
    messages: Messages,
    /// What to do, as a sentence.
    hint: Option<String>,
}

/// How many of the forge's messages are kept, and how long each may be: they end in messages.
const MESSAGES: usize = 12;
const MESSAGE_CHARS: usize = 300;

impl Diagnosis {
    /// Takes what the response means and, where that is known, what to do about it.
    pub(crate) fn new(
        class: ErrorClass,
        messages: Messages,
        hint: Option<impl Into<String>>,
    ) -> Self {
        Self { class, messages, hint: hint.map(Into::into) }
    }

    /// Takes an error response that the forge itself did not give: proxies, firewalls and sign-in pages
    /// of a network refuse calls, too. Whatever it says is about the way to the forge, so it passes.
    pub(crate) fn not_from_the_forge(kind: ForgeKind, messages: Messages) -> Self {
        let hint = format!(
            "This is not how {kind} answers: check the proxy or firewall between this server and {kind}"
        );
        Self::new(ErrorClass::Unavailable, messages, Some(hint))
    }

    /// Writes the error of a call.
    pub(super) fn into_error(self, kind: ForgeKind, call: &Call, answer: &Answer) -> ForgeError {
        let mut details = self.messages.0;
        details.truncate(MESSAGES);
        for word in &mut details {
            // Masked first: a secret that is cut is not found any more.
            *word = call.masked(word).chars().take(MESSAGE_CHARS).collect();
        }
        let said = if details.is_empty() { generic(self.class) } else { &details.join("; ") };
        let status = answer.status;
        let mut reason = format!("{said} (HTTP {status})");
        let retry_after = retry_after(self.class, &answer.headers);
        if let Some(wait) = retry_after {
            let seconds = wait.as_secs();
            let wait = match seconds.div_ceil(60) {
                0 | 1 => format!("{seconds} s"),
                minutes => format!("{minutes} min"),
            };
            reason.extend(["; ask again in ", &wait]);
        }
        if let Some(hint) = self.hint {
            reason.push_str(". ");
            reason.push_str(&hint);
        }
        // People quote it to the forge's support.
        let request_id = call.masked(answer.header("x-github-request-id"));
        if !request_id.is_empty() {
            reason.extend([" [request ", &request_id, "]"]);
        }
        let error = ForgeError::of_call(self.class, call.what, kind, reason);
        ForgeError { status: Some(status), retry_after, details, ..error }
    }
}

/// Returns the text for a response without a message.
fn generic(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Unauthorized => "the token is not accepted",
        ErrorClass::Forbidden => "it is not allowed",
        ErrorClass::NotFound => "it does not exist, or the token gives no access to it",
        ErrorClass::Invalid => "the request was refused",
        ErrorClass::RateLimited => "too many requests",
        ErrorClass::Unavailable => "the Git provider is unavailable",
        ErrorClass::Broken => "unexpected response",
    }
}

/// Finds the messages of a body that is not JSON: plain text as it is, of HTML only the title. Proxies
/// and overloaded front ends answer so (`VCS` §4.1).
pub(crate) fn plain_messages(answer: &Answer) -> Messages {
    let text = String::from_utf8_lossy(&answer.body);
    let lower = text.to_ascii_lowercase();
    let is_page =
        is_page_type(answer) || lower.trim_start().starts_with('<') || lower.contains("<html");
    let messages = if is_page {
        // Lower-casing ASCII keeps every offset.
        let start = lower.find("<title>").map(|at| at + "<title>".len());
        let end = lower.find("</title>");
        start.zip(end).and_then(|(start, end)| text.get(start..end)).unwrap_or_default()
    } else {
        &text
    };
    let messages = messages.split_whitespace().collect::<Vec<_>>().join(" ");
    if messages.is_empty() {
        return Messages(Vec::new());
    }
    Messages(vec![messages])
}
