//! Email: building an email, and handing it to an SMTP server (`VCS` §10.1).
//!
//! Plain text and HTML, no picture and nothing from elsewhere; the status is a word and a color. One
//! thread for each branch. Names come from commits: header values are encoded, line breaks never reach
//! them, and no value of the text can add a line.

pub(crate) mod preference;
mod status;
pub(super) mod tail;

use std::{fmt, time::Duration};

use askama::{Template, filters::Escaper};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, MultiPart, header},
};
use roundel_model::{
    forge::ProjectSlug,
    id::{AccountId, ProjectId},
    secret::Secret,
    status::JobStatus,
    text::{one_line, visible},
};
use sha2::{Digest as _, Sha256};

use crate::{app::EmailSettings, links::Links, markup::capitalized};

pub(super) use status::EmailStatus;
use status::shown_of_job;

/// How long one conversation with the server may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Characters of a subject line.
const SUBJECT_CHARS: usize = 200;

/// What one email says, to one person.
pub(super) struct Email {
    pub(super) account: AccountId,
    pub(super) to: Mailbox,
    pub(super) project: ProjectId,
    pub(super) slug: ProjectSlug,
    pub(super) branch: String,
    /// What the pipeline is for: "branch" or "tag".
    pub(super) ref_kind: &'static str,
    pub(super) number: u64,
    pub(super) sha: String,
    pub(super) subject: String,
    pub(super) author: Option<String>,
    pub(super) status: EmailStatus,
    pub(super) title: String,
    /// Names what happened; part of the message's id.
    pub(super) event: String,
    pub(super) link: String,
    pub(super) errors: Vec<String>,
    pub(super) failures: Vec<FailedJob>,
}

#[derive(Clone)]
pub(super) struct FailedJob {
    pub(super) job: String,
    pub(super) status: JobStatus,
    pub(super) reason: Option<String>,
    pub(super) step: Option<String>,
    pub(super) tail: Vec<String>,
    pub(super) link: Option<String>,
}

impl FailedJob {
    fn label(&self) -> &'static str {
        shown_of_job(self.status)
    }

    /// Why, as a line of its own.
    fn reason(&self) -> Option<String> {
        self.reason.as_deref().map(capitalized)
    }

    /// What to do about it, as the page of the job says.
    fn remedy(&self) -> Option<&'static str> {
        (self.status == JobStatus::Unauthorized).then_some(
            "This release has no contexts yet: set the variables in the project's settings, and remove \
             `context`.",
        )
    }
}

/// Why an email was not sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// This address will never take it.
    #[error("refused: {0}")]
    Rejected(String),
    /// The server is unavailable: try again.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The email cannot be written, or the settings cannot be used.
    #[error("malformed: {0}")]
    Malformed(String),
}

impl EmailSettings {
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
            Err(_) => Err("not an email address such as `Roundel <ci@example.org>`".to_owned()),
        }
    }
}

/// Writes emails and hands them to the SMTP server.
pub(super) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    links: Links,
    /// Signs the links to preferences.
    instance_key: Secret<Vec<u8>>,
}

impl Mailer {
    /// Reads the settings. Does not connect.
    pub(super) fn open(
        settings: &EmailSettings,
        links: Links,
        instance_key: Secret<Vec<u8>>,
    ) -> Result<Self, SendError> {
        let malformed = |what: &str, error: &dyn fmt::Display| {
            SendError::Malformed(format!("the email settings have no usable {what}: {error}"))
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.smtp_url.expose())
            .map_err(|error| malformed("address of the server", &error))?
            .timeout(Some(TIMEOUT))
            .build();
        let from = settings.from.parse().map_err(|error| malformed("sender", &error))?;
        Ok(Self { transport, from, links, instance_key })
    }

    /// Asks the mail server whether it would take email.
    ///
    /// # Errors
    ///
    /// [`SendError::Unavailable`] with what it said, or with why it was not reached.
    pub(super) async fn check(&self) -> Result<(), SendError> {
        match tokio::time::timeout(TIMEOUT, self.transport.test_connection()).await {
            Err(_) => Err(SendError::Unavailable("it did not answer in time".to_owned())),
            Ok(Err(error)) => Err(SendError::Unavailable(error.to_string())),
            Ok(Ok(false)) => Err(SendError::Unavailable("it closed the connection".to_owned())),
            Ok(Ok(true)) => Ok(()),
        }
    }

    /// Sends one email.
    pub(super) async fn send(&self, email: &Email) -> Result<(), SendError> {
        let message =
            compose(self, email).map_err(|error| SendError::Malformed(error.to_string()))?;
        // The library's time-out is for each step of the conversation; this one is for all.
        match tokio::time::timeout(TIMEOUT, self.transport.send(message)).await {
            Err(_) => Err(SendError::Unavailable("it did not answer in time".to_owned())),
            Ok(Err(error)) if error.is_permanent() => Err(SendError::Rejected(error.to_string())),
            Ok(Err(error)) => Err(SendError::Unavailable(error.to_string())),
            Ok(Ok(_)) => Ok(()),
        }
    }
}

/// What templates of plain text do with a value: it stays on its line, and nothing is hidden in it. A
/// name must not be able to add a line, such as another link.
#[derive(Clone, Copy)]
pub(crate) struct OneLine;

impl Escaper for OneLine {
    fn write_escaped_str<W: fmt::Write>(&self, mut to: W, text: &str) -> fmt::Result {
        to.write_str(&one_line(text))
    }
}

#[derive(Template)]
#[template(path = "email/workflow.html")]
struct HtmlBody<'a> {
    email: &'a Email,
    status: &'static str,
    color: &'static str,
    preferences: &'a str,
}

#[derive(Template)]
#[template(path = "email/workflow.txt")]
struct TextBody<'a> {
    email: &'a Email,
    status: &'static str,
    preferences: &'a str,
}

#[derive(Debug, thiserror::Error)]
enum ComposeError {
    #[error("an email could not be rendered")]
    Template(#[from] askama::Error),
    #[error("an email could not be built")]
    Email(#[from] lettre::error::Error),
    #[error("an email has a header with an invalid name")]
    Header(#[from] header::InvalidHeaderName),
}

fn compose(mailer: &Mailer, email: &Email) -> Result<Message, ComposeError> {
    let signature = preference::signature(&mailer.instance_key, email.account, email.project);
    let preferences = mailer.links.email_preferences(email.project, email.account, &signature);
    let preferences = preferences.as_str();
    let status = email.status.shown();
    let to = Mailbox {
        name: email.to.name.as_deref().map(|name| one_line(name).into_owned()),
        email: email.to.email.clone(),
    };
    let text = TextBody { email, status, preferences }.render()?;
    let html = html_body(email, status, preferences)?;
    let host = mailer.links.host().unwrap_or("localhost");
    let branch = hex::encode(Sha256::digest(email.branch.as_bytes()));
    let thread =
        format!("<thread.{}.{}@{host}>", email.project, branch.get(..16).unwrap_or_default());
    let mut builder = Message::builder()
        .from(mailer.from.clone())
        .to(to)
        .subject(subject(email))
        .message_id(Some(format!("<{}@{host}>", email.event.replace(' ', "-"))))
        .in_reply_to(thread.clone())
        .references(thread);
    let slug = &email.slug;
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
        ("X-Roundel-Branch", &email.branch),
        ("X-Roundel-Status", email.status.as_str()),
        ("X-Roundel-Reason", "follows the project"),
    ] {
        let name = header::HeaderName::new_from_ascii(name.to_owned())?;
        builder = builder.raw_header(header::HeaderValue::new(name, one_line(value).into_owned()));
    }
    Ok(builder.multipart(MultiPart::alternative_plain_html(text, html))?)
}

fn html_body(
    email: &Email,
    status: &'static str,
    preferences: &str,
) -> Result<String, askama::Error> {
    let body = HtmlBody { email, status, color: email.status.color(), preferences };
    Ok(visible(&body.render()?).into_owned())
}

/// `[acme/web] failed: workflow build-and-test on branch main (4f2c1ab)`
fn subject(email: &Email) -> String {
    let Email { slug, title, branch, ref_kind, sha, .. } = email;
    let status = email.status.shown();
    let subject =
        format!("[{}] {status}: {title} on {ref_kind} {branch} ({sha})", slug.full_name());
    one_line(&subject).chars().take(SUBJECT_CHARS).collect()
}

fn domain_part(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(keep).collect()
}

#[cfg(test)]
mod tests {
    use roundel_model::text;

    use super::*;

    #[test]
    fn a_list_is_named_after_the_project_in_letters_that_a_domain_takes() {
        assert_eq!(domain_part("My_Repo.rs"), "my-repo-rs");
    }

    /// An email in which every text from outside would end a line, set a title and turn itself around.
    fn hostile() -> Email {
        let trick = |name: &str| format!("{name}\u{202E}\x1b]0;x\x07\u{9b}\r\nBcc: everyone@y.org");
        Email {
            account: AccountId::from_u128(1),
            to: Mailbox::new(Some(trick("Ada")), "ada@example.org".parse().unwrap()),
            project: ProjectId::from_u128(2),
            slug: ProjectSlug {
                forge: roundel_model::forge::ForgeKind::GitHub,
                owner: "acme".to_owned(),
                repository: "web".to_owned(),
            },
            branch: trick("main"),
            ref_kind: "branch",
            number: 3,
            sha: "4f2c1ab".to_owned(),
            subject: trick("Add a door"),
            author: Some(trick("שרה")),
            status: EmailStatus::Failed,
            title: trick("build"),
            event: "1.failed".to_owned(),
            link: "https://ci.example.org/1".to_owned(),
            errors: vec![trick("error")],
            failures: vec![FailedJob {
                job: trick("test"),
                status: JobStatus::Failed,
                reason: Some(trick("reason")),
                step: Some(trick("step")),
                tail: vec![trick("tail")],
                link: None,
            }],
        }
    }

    #[test]
    fn code_in_an_email_is_code_in_html_and_quoted_in_plain_text() {
        let mut email = hostile();
        email.errors = vec!["unknown job key `<step>`".to_owned()];
        if let Some(failure) = email.failures.first_mut() {
            failure.reason = Some("context `aws` does not exist".to_owned());
            failure.status = JobStatus::Unauthorized;
        }
        let html = html_body(&email, "failed", "https://ci.example.org/mail").unwrap();
        assert!(html.contains("<p>unknown job key <code>&lt;step&gt;</code></p>"), "{html}");
        assert!(html.contains(">Context <code>aws</code> does not exist</p>"), "{html}");
        let preferences = "https://ci.example.org/mail";
        let text = TextBody { email: &email, status: "failed", preferences }.render().unwrap();
        assert!(text.contains("\nunknown job key \"<step>\"\n"), "{text}");
        assert!(text.contains("\nContext \"aws\" does not exist\n"), "{text}");
        assert!(!html.contains('`') && !text.contains('`'));
        // Who reads only the email must not have to guess what to do.
        assert!(html.contains("settings, and remove <code>context</code>.</p>"), "{html}");
        assert!(text.contains("settings, and remove \"context\".\n"), "{text}");
    }

    /// A branch may be named so that it would end a header and begin another, and a job so that it
    /// would write a line of the text.
    #[tokio::test]
    async fn no_name_ends_its_line_or_hides_anything_in_an_email() {
        let links = Links::new("https://ci.example.org".parse().unwrap());
        let settings = EmailSettings {
            smtp_url: Secret::new("smtp://127.0.0.1:1".to_owned()),
            from: "Roundel <ci@example.org>".to_owned(),
        };
        let mailer = Mailer::open(&settings, links, Secret::new(vec![7; 32])).unwrap();
        let email = hostile();
        let subject = subject(&email);
        assert!(!subject.contains(text::is_hidden), "{subject:?}");
        assert!(subject.starts_with("[acme/web] failed: build⟦U+202E⟧␛]0;x␇⟦U+009B⟧ Bcc:"));
        let message = compose(&mailer, &email).unwrap();
        for (header, value) in [("To", "ada@example.org"), ("X-Roundel-Branch", "main")] {
            let raw = message.headers().get_raw(header).unwrap();
            assert!(raw.contains(value) && !raw.contains(text::is_hidden), "{header}: {raw:?}");
        }
        let status = "failed";
        let preferences = "https://ci.example.org/mail";
        let text = TextBody { email: &email, status, preferences }.render().unwrap();
        assert!(!text.contains(|c| text::is_hidden(c) && c != '\n'), "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
        assert!(text.contains("by שרה⟦U+202E⟧"), "{text}");
        let html = html_body(&email, status, preferences).unwrap();
        assert!(!html.contains(|c| text::is_hidden(c) && !matches!(c, '\r' | '\n')), "{html:?}");
        assert!(html.contains("by שרה⟦U+202E⟧"), "{html}");
    }
}
