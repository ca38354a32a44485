//! The visitor's mailbox: a small SMTP server that keeps what it gets, and a page that shows it.
//!
//! It takes email for every address and delivers it nowhere. Loopback only.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Result;
use axum::{Router, extract::State, http::header, response::Html, routing::get};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Emails that are kept; older ones go.
const KEPT: usize = 200;
/// Bytes of one email, and of one line of the conversation.
const EMAIL_BYTES: usize = 1 << 20;
const LINE_BYTES: u64 = 4096;
/// A client that says nothing for so long is gone.
const TIMEOUT: Duration = Duration::from_mins(1);

/// An email that came.
#[derive(Clone, Debug)]
pub(crate) struct Email {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// How many came up to it: its place on the page.
    number: usize,
}

type Emails = Arc<Mutex<Vec<Email>>>;

/// A running mailbox. Dropping it stops it.
pub(crate) struct Mailbox {
    emails: Emails,
    smtp: SocketAddr,
    page: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Mailbox {
    /// Starts listening on two free ports of loopback.
    pub(crate) async fn start() -> Result<Self> {
        let any = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let smtp_listener = TcpListener::bind(any).await?;
        let page_listener = TcpListener::bind(any).await?;
        let (smtp, page) = (smtp_listener.local_addr()?, page_listener.local_addr()?);
        let emails = Emails::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(receive(smtp_listener, Arc::clone(&emails)));
        let icon = || async { ([(header::CONTENT_TYPE, "image/svg+xml")], roundel_server::ICON) };
        let router = Router::new()
            .route("/", get(show))
            .route("/favicon.ico", get(icon))
            .with_state(Arc::clone(&emails));
        tasks.spawn(async move {
            if let Err(error) = axum::serve(page_listener, router).await {
                tracing::warn!(%error, "the mailbox page stopped");
            }
        });
        Ok(Self { emails, smtp, page, _tasks: tasks })
    }

    /// Returns where email is sent to.
    pub(crate) fn smtp_url(&self) -> String {
        format!("smtp://{}", self.smtp)
    }

    /// Returns where people look.
    pub(crate) fn page_url(&self) -> String {
        format!("http://{}/", self.page)
    }

    /// Returns what came so far, oldest first.
    pub(crate) fn emails(&self) -> Vec<Email> {
        self.emails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn receive(listener: TcpListener, emails: Emails) {
    let mut conversations = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let emails = Arc::clone(&emails);
        conversations.spawn(async move {
            if let Err(error) = converse(stream, &emails).await {
                tracing::debug!(%error, "an SMTP conversation broke off");
            }
        });
        while conversations.try_join_next().is_some() {}
    }
}

/// Speaks SMTP (RFC 5321), as much of it as a sender without extensions needs.
async fn converse(stream: TcpStream, emails: &Emails) -> Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mailbox ESMTP\r\n").await?;
    let mut to = Vec::new();
    loop {
        let mut line = String::new();
        let mut limited = (&mut stream).take(LINE_BYTES);
        if tokio::time::timeout(TIMEOUT, limited.read_line(&mut line)).await?? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or("").to_ascii_uppercase();
        let answer: &[u8] = match verb.as_str() {
            "EHLO" | "HELO" => b"250-mailbox\r\n250 8BITMIME\r\n",
            "MAIL" | "NOOP" => b"250 OK\r\n",
            "RCPT" => {
                to.push(line.split(['<', '>']).nth(1).unwrap_or("").to_owned());
                b"250 OK\r\n"
            }
            "RSET" => {
                to.clear();
                b"250 OK\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 send the message\r\n").await?;
                let data = read_data(&mut stream).await?;
                keep(emails, &to.join(", "), &data);
                to.clear();
                b"250 kept\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"502 not here\r\n",
        };
        stream.write_all(answer).await?;
    }
}

/// Reads up to the lone dot, and takes the dots away that protect lines (RFC 5321 §4.5.2).
async fn read_data(stream: &mut BufReader<TcpStream>) -> Result<Vec<u8>> {
    let mut data = Vec::new();
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut *stream).take(EMAIL_BYTES.try_into().unwrap_or(u64::MAX));
        let read = tokio::time::timeout(TIMEOUT, limited.read_until(b'\n', &mut line)).await??;
        if read == 0 || line == b".\r\n" {
            return Ok(data);
        }
        anyhow::ensure!(data.len() + read <= EMAIL_BYTES, "the email is too large");
        data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

fn keep(emails: &Emails, to: &str, data: &[u8]) {
    let Some(parsed) = mail_parser::MessageParser::default().parse(data) else { return };
    let mut emails = emails.lock().unwrap_or_else(PoisonError::into_inner);
    let email = Email {
        number: emails.last().map_or(1, |last| last.number + 1),
        to: to.to_owned(),
        subject: parsed.subject().unwrap_or("(no subject)").to_owned(),
        text: parsed.body_text(0).unwrap_or_default().into_owned(),
    };
    if emails.len() == KEPT {
        emails.remove(0);
    }
    emails.push(email);
}

async fn show(State(emails): State<Emails>) -> Html<String> {
    let emails = emails.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Html(page(&emails))
}

/// Writes the page, the newest email first.
fn page(emails: &[Email]) -> String {
    let mut list = String::new();
    for email in emails.iter().rev() {
        let [subject, to] = [&email.subject, &email.to].map(|text| escape(text));
        let text = linked(&email.text);
        let id = format!("email-{}", email.number);
        for piece in [
            "<article id=\"",
            &id,
            "\"><h2>",
            &subject,
            "</h2><p>to ",
            &to,
            "</p><pre>",
            &text,
            "</pre></article>",
        ] {
            list.push_str(piece);
        }
    }
    let none = if list.is_empty() { "" } else { " hidden" };
    PAGE.replace("{none}", none).replace("{emails}", &list)
}

/// Escapes a string, and makes links of the web addresses in it.
fn linked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(|c: char| c.is_whitespace() || "<>\"".contains(c)) {
        let begin = ["http://", "https://"].iter().filter_map(|scheme| piece.find(scheme)).min();
        let (before, rest) = piece.split_at(begin.unwrap_or(piece.len()));
        // A full stop or a bracket after an address belongs to the sentence.
        let ends = |c: char| c.is_whitespace() || "<>\".,;:!?)]'".contains(c);
        let address = rest.trim_end_matches(ends);
        let (address, after) = rest.split_at(address.len());
        out.push_str(&escape(before));
        if !address.is_empty() {
            let address = escape(address);
            out.extend(["<a href=\"", &address, "\" rel=\"noreferrer\">", &address, "</a>"]);
        }
        out.push_str(&escape(after));
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const PAGE: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Mailbox of the demo</title>
<meta name=\"viewport\" content=\"width=device-width\">
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
article { border: 1px solid color-mix(in srgb, currentcolor 20%, transparent); border-radius: .6rem; padding: .5rem 1rem; margin: 1rem 0 }
h2 { font-size: 1rem; margin: .3rem 0 } p { margin: 0; opacity: .75 } pre { white-space: pre-wrap; overflow-wrap: anywhere }
</style></head><body><main><h1>Mailbox of the demo</h1>
<p id=\"news\" role=\"status\"></p><noscript><p><a href=\"/\">Look for new email</a></p></noscript>
<p id=\"none\"{none}>No email yet. Push something.</p><div id=\"emails\">{emails}</div></main>
<script>
// New email is added above what is there: a reader keeps their place, and so does the focus.
setInterval(async () => {
  const answer = await fetch('/').catch(() => null);
  if (!answer || !answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const added = [...fresh.querySelectorAll('article')].filter((one) => !document.getElementById(one.id));
  if (!added.length) return;
  document.getElementById('emails').prepend(...added);
  document.getElementById('none').hidden = true;
  document.getElementById('news').textContent = added.length === 1 ? '1 new email' : added.length + ' new emails';
}, 3000);
</script></body></html>";

#[cfg(test)]
mod tests {
    use super::*;

    /// The links of an email are what a visitor of the demo wants to follow; what a commit says stays text.
    #[test]
    fn addresses_in_an_email_are_links_and_nothing_else_is() {
        let link =
            |address: &str| format!("<a href=\"{address}\" rel=\"noreferrer\">{address}</a>");
        let to = "http://127.0.0.1:9/gh/acme/web/1";
        assert_eq!(linked(&format!("See {to}.\n\n{to}\n")), format!("See {0}.\n\n{0}\n", link(to)));
        let query = linked("(https://ci.test/?a=1&b=2)");
        assert_eq!(query, format!("({})", link("https://ci.test/?a=1&amp;b=2")));
        for text in ["javascript:alert(1)", "<script>", "ftp://x", "http", "\"onclick=x"] {
            assert_eq!(linked(text), escape(text));
        }
        let hostile = linked("http://x\"onmouseover=alert(1)><img src=x>");
        assert_eq!(
            hostile,
            format!("{}&quot;onmouseover=alert(1)&gt;&lt;img src=x&gt;", link("http://x"))
        );
    }

    /// A page that reloads itself takes the reader's place away, and what a screen reader reads.
    #[test]
    fn the_page_has_a_main_landmark_and_does_not_reload() {
        let emails = Emails::default();
        let page = || {
            let kept = emails.lock().unwrap();
            page(&kept)
        };
        assert!(page().contains("<main>") && !page().contains("http-equiv"), "{}", page());
        assert!(page().contains("<p id=\"none\">No email yet"), "{}", page());
        for subject in ["one", "two"] {
            let data = format!("Subject: {subject}\r\n\r\nHello\r\n");
            keep(&emails, "you@example.org", data.as_bytes());
        }
        let newest_first = "<article id=\"email-2\"><h2>two</h2>";
        assert!(page().contains(&format!("<div id=\"emails\">{newest_first}")), "{}", page());
        assert!(page().contains("<article id=\"email-1\"><h2>one</h2>"), "{}", page());
        assert!(page().contains("<p id=\"none\" hidden>"), "{}", page());
    }

    /// Browsers ask for it by themselves, and show an empty page in its place.
    #[tokio::test]
    async fn the_page_has_an_icon() {
        let mailbox = Mailbox::start().await.unwrap();
        let mut stream = TcpStream::connect(mailbox.page).await.unwrap();
        let request = b"GET /favicon.ico HTTP/1.1\r\nhost: demo\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("content-type: image/svg+xml\r\n"), "{answer}");
        assert!(answer.ends_with(roundel_server::ICON), "{answer}");
    }

    #[tokio::test]
    async fn an_email_is_kept_with_its_subject_and_text() {
        let mailbox = Mailbox::start().await.unwrap();
        let stream = TcpStream::connect(mailbox.smtp).await.unwrap();
        let mut stream = BufReader::new(stream);
        for (say, expect) in [
            ("", "220"),
            ("EHLO here\r\n", "250-"),
            ("", "250 "),
            ("MAIL FROM:<ci@example.org>\r\n", "250"),
            ("RCPT TO:<you@example.org>\r\n", "250"),
            ("DATA\r\n", "354"),
            ("Subject: green\r\n\r\nAll\r\n..dots\r\n.\r\n", "250"),
            ("QUIT\r\n", "221"),
        ] {
            stream.write_all(say.as_bytes()).await.unwrap();
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            assert!(line.starts_with(expect), "{say:?} was answered with {line:?}");
        }
        let emails = mailbox.emails();
        assert_eq!(emails.len(), 1);
        assert_eq!(emails[0].subject, "green");
        assert_eq!(emails[0].to, "you@example.org");
        assert_eq!(emails[0].text.replace('\r', ""), "All\n.dots\n");
    }
}
