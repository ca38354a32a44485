//! Mail: building a letter, and handing it to an SMTP server (`VCS` §10.1).
//!
//! Plain text and HTML, no picture and nothing from elsewhere; the status is a word and a colour. One
//! thread for each branch. Names come from commits: header values are encoded, and line breaks never
//! reach them.

pub(crate) mod preference;
pub(super) mod tail;

use std::time::Duration;

use askama::Template;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, MultiPart, header},
};
use roundel_model::{
    forge::ProjectSlug,
    id::{AccountId, ProjectId},
    secret::Secret,
};
use sha2::{Digest as _, Sha256};

use crate::{app::MailSettings, links::Links};

/// How long one conversation with the server may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Characters of a subject line.
const SUBJECT_CHARS: usize = 200;

/// What one mail says, to one person.
pub(super) struct Letter {
    pub(super) account: AccountId,
    pub(super) to: Mailbox,
    pub(super) project: ProjectId,
    pub(super) slug: ProjectSlug,
    pub(super) branch: String,
    pub(super) number: u64,
    pub(super) sha: String,
    pub(super) subject: String,
    pub(super) author: Option<String>,
    pub(super) status: &'static str,
    pub(super) title: String,
    /// Names what happened; part of the message's id.
    pub(super) event: String,
    pub(super) link: String,
    pub(super) errors: Vec<String>,
    pub(super) failures: Vec<Failure>,
}

/// A job that failed.
#[derive(Clone)]
pub(super) struct Failure {
    pub(super) job: String,
    pub(super) status: &'static str,
    pub(super) reason: Option<String>,
    pub(super) step: Option<String>,
    pub(super) tail: Vec<String>,
    pub(super) link: Option<String>,
}

impl Failure {
    fn word(&self) -> &'static str {
        shown(self.status)
    }
}

/// Why a letter was not sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// This address will never take it.
    #[error("refused: {0}")]
    Refused(String),
    /// The server is unavailable: try again.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The letter cannot be written, or the settings cannot be used.
    #[error("malformed: {0}")]
    Malformed(String),
}

impl MailSettings {
    /// Checks an address of a mail server.
    ///
    /// # Errors
    ///
    /// Completes "which is …".
    pub fn check_smtp_url(text: &str) -> Result<(), String> {
        let no_url = "not the address of a mail server such as `smtps://USER:PASSWORD@HOST`";
        match AsyncSmtpTransport::<Tokio1Executor>::from_url(text) {
            Ok(_) => Ok(()),
            Err(_) => Err(no_url.to_owned()),
        }
    }

    /// Checks a sender.
    ///
    /// # Errors
    ///
    /// Completes "which is …".
    pub fn check_sender(text: &str) -> Result<(), String> {
        match text.parse::<Mailbox>() {
            Ok(_) => Ok(()),
            Err(_) => Err("not a mail address such as `Roundel <ci@example.org>`".to_owned()),
        }
    }
}

/// Writes letters and hands them to the SMTP server.
pub(super) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    links: Links,
    /// Signs the links to preferences.
    instance_key: Secret<Vec<u8>>,
}

impl Mailer {
    /// Reads the settings. Connects only when there is something to send.
    pub(super) fn open(
        settings: &MailSettings,
        links: Links,
        instance_key: Secret<Vec<u8>>,
    ) -> Result<Self, SendError> {
        let malformed = |what: &str, error: &dyn std::fmt::Display| {
            SendError::Malformed(format!("the mail settings have no usable {what}: {error}"))
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.smtp_url.expose())
            .map_err(|error| malformed("address of the server", &error))?
            .timeout(Some(TIMEOUT))
            .build();
        let from = settings.from.parse().map_err(|error| malformed("sender", &error))?;
        Ok(Self { transport, from, links, instance_key })
    }

    /// Sends one letter.
    pub(super) async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        let message =
            compose(self, letter).map_err(|error| SendError::Malformed(error.to_string()))?;
        // The library's time-out is for each step of the conversation; this one is for all.
        match tokio::time::timeout(TIMEOUT, self.transport.send(message)).await {
            Err(_) => Err(SendError::Unavailable("it did not answer in time".to_owned())),
            Ok(Err(error)) if error.is_permanent() => Err(SendError::Refused(error.to_string())),
            Ok(Err(error)) => Err(SendError::Unavailable(error.to_string())),
            Ok(Ok(_)) => Ok(()),
        }
    }
}

#[derive(Template)]
#[template(path = "mail/workflow.html")]
struct HtmlBody<'a> {
    letter: &'a Letter,
    status: &'static str,
    colour: &'static str,
    preferences: &'a str,
}

#[derive(Template)]
#[template(path = "mail/workflow.txt")]
struct TextBody<'a> {
    letter: &'a Letter,
    status: &'static str,
    preferences: &'a str,
}

#[derive(Debug, thiserror::Error)]
enum ComposeError {
    #[error("a mail could not be rendered")]
    Template(#[from] askama::Error),
    #[error("a mail could not be built")]
    Mail(#[from] lettre::error::Error),
    #[error("a mail has a header with an invalid name")]
    Header(#[from] header::InvalidHeaderName),
}

fn compose(mailer: &Mailer, letter: &Letter) -> Result<Message, ComposeError> {
    let signature = preference::signature(&mailer.instance_key, letter.account, letter.project);
    let preferences = mailer.links.mail_preferences(letter.project, letter.account, &signature);
    let preferences = preferences.as_str();
    let status = shown(letter.status);
    let text = TextBody { letter, status, preferences }.render()?;
    let html = HtmlBody { letter, status, colour: colour(letter.status), preferences }.render()?;
    let host = mailer.links.host().unwrap_or("localhost");
    let branch = hex::encode(Sha256::digest(letter.branch.as_bytes()));
    let thread =
        format!("<thread.{}.{}@{host}>", letter.project, branch.get(..16).unwrap_or_default());
    let mut builder = Message::builder()
        .from(mailer.from.clone())
        .to(letter.to.clone())
        .subject(subject(letter))
        .message_id(Some(format!("<{}@{host}>", letter.event.replace(' ', "-"))))
        .in_reply_to(thread.clone())
        .references(thread);
    let slug = &letter.slug;
    let list = format!(
        "{} <{}.{}.{host}>",
        slug.full_name(),
        domain_part(&slug.repository),
        domain_part(&slug.owner)
    );
    for (name, value) in [
        ("List-Id", list.as_str()),
        ("List-Unsubscribe", &format!("<{preferences}>")),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Auto-Submitted", "auto-generated"),
        ("Precedence", "bulk"),
        ("X-Roundel-Project", &slug.to_string()),
        ("X-Roundel-Branch", &letter.branch),
        ("X-Roundel-Status", letter.status),
        ("X-Roundel-Reason", "follows the project"),
    ] {
        let name = header::HeaderName::new_from_ascii(name.to_owned())?;
        builder = builder.raw_header(header::HeaderValue::new(name, one_line(value)));
    }
    Ok(builder.multipart(MultiPart::alternative_plain_html(text, html))?)
}

/// `[acme/web] failed: build-and-test on main (4f2c1ab)`
fn subject(letter: &Letter) -> String {
    let Letter { slug, title, branch, sha, .. } = letter;
    let status = shown(letter.status);
    let subject = format!("[{}] {status}: {title} on {branch} ({sha})", slug.full_name());
    one_line(&subject).chars().take(SUBJECT_CHARS).collect()
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn domain_part(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(keep).collect()
}

/// The word that pages use for a status.
fn shown(status: &'static str) -> &'static str {
    match status {
        "success" => "passed",
        "on hold" => "needs approval",
        "error" => "infrastructure failure",
        "timedout" => "timed out",
        "infrastructure_fail" => "infrastructure failure",
        other => other,
    }
}

fn colour(status: &str) -> &'static str {
    match status {
        "success" | "fixed" => "#1a7f37",
        "on hold" => "#8250df",
        "canceled" => "#57606a",
        _ => "#cf222e",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_uses_the_words_of_pages() {
        let words = ["timedout", "infrastructure_fail", "success", "on hold", "failed"].map(shown);
        assert_eq!(
            words,
            ["timed out", "infrastructure failure", "passed", "needs approval", "failed"]
        );
    }

    /// A branch may be named so that it would end a header and begin another.
    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        assert_eq!(
            one_line("main\r\nBcc: everybody@example.org"),
            "main  Bcc: everybody@example.org"
        );
        assert_eq!(domain_part("My_Repo.rs"), "my-repo-rs");
    }
}
