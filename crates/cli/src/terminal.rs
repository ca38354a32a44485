//! The terminal: the log, error messages, signals to stop.

mod color;

use std::{
    fmt,
    io::{self, IsTerminal as _, Write as _},
};

pub(crate) use self::color::{rendered, styled, wrapped};
use anstream::{AutoStream, ColorChoice};
use anstyle::AnsiColor;
use anyhow::{Context as _, Result};
use roundel_config::Layout;
use roundel_model::text;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::{
    EnvFilter,
    field::RecordFields,
    fmt::{
        FormatFields,
        format::{DefaultFields, Writer},
    },
};

/// Starts the log on standard error. The filter was checked before.
pub(crate) fn start_log(filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_default();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .fmt_fields(Harmless(DefaultFields::new()))
        // Standard error may be closed (`2>&1 | head`); saying so there would end the program.
        .log_internal_errors(false)
        .init();
}

/// Writes the fields of a line of the log so that they stay on it: names of jobs and branches come from
/// everyone who can push, and must not make lines of their own, or speak to the terminal.
struct Harmless(DefaultFields);

impl<'writer> FormatFields<'writer> for Harmless {
    fn format_fields<R: RecordFields>(&self, mut to: Writer<'writer>, fields: R) -> fmt::Result {
        let mut line = String::new();
        self.0.format_fields(Writer::new(&mut line), fields)?;
        to.write_str(&text::one_line(&line))
    }
}

/// Writes to standard output. A reader that has seen enough (`| head`) is not an error.
pub(crate) fn print(text: &str) -> Result<()> {
    unless_closed(print_all(text))
}

/// Writes a document for programs to standard output, as it is.
pub(crate) fn print_data(text: &str) -> Result<()> {
    unless_closed(write(text))
}

/// Writes a value to standard output as JSON, for programs. On a terminal it is harmless, too: a
/// character that controls it is written as an escape, which reads as the same character.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<()> {
    print_data(&json(value)?)
}

/// Writes a value as JSON, with escapes for all hidden characters.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String> {
    use std::fmt::Write as _;

    let text = serde_json::to_string_pretty(value)? + "\n";
    let is_hidden = |c: char| text::is_hidden(c) && c != '\n';
    if !text.contains(is_hidden) {
        return Ok(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        // Only strings hold them, and all are of the plane that an escape names.
        if is_hidden(c) {
            write!(escaped, "\\u{:04x}", u32::from(c))?;
        } else {
            escaped.push(c);
        }
    }
    Ok(escaped)
}

/// Writes to standard output, for a program that has no reason to continue without a reader.
///
/// # Errors
///
/// [`OutputClosed`] if the reader has gone; otherwise what the system says.
pub(crate) fn print_all(text: &str) -> Result<()> {
    write(&color::on_screen(text))
}

fn unless_closed(printed: Result<()>) -> Result<()> {
    match printed {
        Err(error) if error.is::<OutputClosed>() => Ok(()),
        printed => printed,
    }
}

fn write(text: &str) -> Result<()> {
    let mut output = io::stdout().lock();
    written(output.write_all(text.as_bytes()).and_then(|()| output.flush()))
}

/// Says what writing to standard output came to.
///
/// # Errors
///
/// [`OutputClosed`] if the reader has gone; otherwise what the system says.
pub(crate) fn written(result: io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(OutputClosed.into()),
        written => written.context("failed to write to standard output"),
    }
}

/// Writes to standard error, as far as it goes.
pub(crate) fn remark(text: &str) {
    let written = io::stderr().lock().write_all(color::on_screen(text).as_bytes());
    if let Err(error) = written {
        tracing::debug!(%error, "standard error is closed");
    }
}

/// Returns whether standard output may have colors: it is a terminal, and `NO_COLOR` is unset.
fn colors() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// The same of standard error.
fn remark_colors() -> bool {
    AutoStream::choice(&io::stderr()) != ColorChoice::Never
}

/// Returns how diagnostics are laid out on standard output.
pub(crate) fn layout() -> Layout {
    Layout { colors: colors(), width: width() }
}

/// The same of standard error.
pub(crate) fn remark_layout() -> Layout {
    Layout { colors: remark_colors(), width: remark_width() }
}

/// Adds a line to a string.
pub(crate) fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// Returns how many columns standard output has, if it is a terminal, or if `COLUMNS` says so.
pub(crate) fn width() -> Option<usize> {
    columns()
        .or_else(|| terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.into()))
}

/// The same of standard error.
pub(crate) fn remark_width() -> Option<usize> {
    columns()
        .or_else(|| terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| width.0.into()))
}

fn columns() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0)
}

/// The reader of standard output is gone.
#[derive(Debug, thiserror::Error)]
#[error("standard output is closed")]
pub(crate) struct OutputClosed;

/// Prints an error with every cause, outermost first.
pub(crate) fn print_error(error: &anyhow::Error) {
    let label = styled("error:", AnsiColor::Red.on_default().bold(), remark_layout());
    let fit = |text: &dyn fmt::Display, indent| wrapped(&text.to_string(), indent, remark_width());
    let mut causes = causes(error).into_iter();
    let first = causes.next().unwrap_or_default();
    let mut text = format!("{label} {}\n", fit(&first, "error: ".len()));
    for cause in causes {
        line(&mut text, &format!("  because {}", fit(&cause, "  because ".len())));
    }
    remark(&text);
}

/// The words of an error and of its causes, each once. Libraries repeat the cause in their own words
/// (`error returned from database: (code: 13) …`), with numbers that mean nothing to a reader.
fn causes(error: &anyhow::Error) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for cause in error.chain() {
        let words = plain(&cause.to_string());
        // A cause that the text before it ends with is not repeated, whatever its first letter.
        let is_said =
            said.iter().any(|before| before.to_lowercase().ends_with(&words.to_lowercase()));
        if !words.is_empty() && !is_said {
            said.push(words);
        }
    }
    said
}

/// A cause without what `sqlx` 0.9 and the standard library put around it.
fn plain(words: &str) -> String {
    const AROUND: [&str; 3] = [
        "error returned from database: ",
        "error communicating with database: ",
        "error with configuration: ",
    ];
    let mut words = words;
    for prefix in AROUND {
        words = words.strip_prefix(prefix).unwrap_or(words);
    }
    if let Some((number, rest)) =
        words.strip_prefix("(code: ").and_then(|rest| rest.split_once(')'))
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        words = rest.trim_start();
    }
    match words.rsplit_once(" (os error ") {
        Some((before, number))
            if number
                .strip_suffix(')')
                .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit())) =>
        {
            before.to_owned()
        }
        _ => words.to_owned(),
    }
}

/// Asks to stop on the first Ctrl-C or SIGTERM, and to stop now on the second.
pub(crate) fn stop_signals() -> (CancellationToken, CancellationToken) {
    let (gently, now) = (CancellationToken::new(), CancellationToken::new());
    let (on_first, on_second) = (gently.clone(), now.clone());
    // From here on, and not only once the task begins: a signal in between would end the program.
    match Signals::listen() {
        Ok(mut signals) => {
            // Ends with the process.
            let _watcher = tokio::spawn(async move {
                for token in [on_first, on_second] {
                    signals.next().await;
                    token.cancel();
                }
            });
        }
        Err(error) => tracing::warn!(%error, "signals end the program at once"),
    }
    (gently, now)
}

/// Waits for Ctrl-C or SIGTERM outside of any runtime; `false` if that is not possible.
pub(crate) fn wait_for_signal() -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let wait = async {
        Signals::listen()?.next().await;
        Ok(())
    };
    runtime.and_then(|runtime| runtime.block_on(wait)).is_ok()
}

/// Ctrl-C, SIGTERM and a terminal that is closed, which no longer end the program by themselves.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// `None` under `nohup`, where the program is to survive its terminal.
    hangup: Option<Signal>,
}

impl Signals {
    /// Begins to listen, in a runtime.
    fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) },
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = async {
                match &mut self.hangup {
                    Some(hangup) => hangup.recv().await,
                    None => std::future::pending().await,
                }
            } => {}
        }
    }
}

/// Returns whether this program was started with SIGHUP ignored (signal 1, the lowest bit).
fn ignores_hangup() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| {
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask & 1 == 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("error returned from database: {0}")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("(code: 13) {0}")]
    struct Inner(&'static str);

    #[derive(Clone, Default)]
    struct Lines(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Anyone who can push names jobs.
    #[test]
    fn a_name_with_line_ends_makes_no_line_of_the_log() {
        let lines = Lines::default();
        let to = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .fmt_fields(Harmless(DefaultFields::new()))
            .with_writer(move || to.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let name = "x\n2026-11-30T09:00:00Z ERROR forged\u{1b}[31m\u{202e}";
            let _span = tracing::info_span!("job", job.name = %name).entered();
            tracing::warn!(job.name = %name, "a job named {name} ended");
        });
        let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.contains("x 2026-11-30T09:00:00Z ERROR forged"), "{log}");
        assert!(!log.contains(['\u{1b}', '\u{202e}']), "{log}");
    }

    /// A library's error says its cause, and then there is the cause.
    #[test]
    fn a_cause_is_said_once_and_without_numbers() {
        let error = anyhow::Error::new(Outer(Inner("database or disk is full")));
        let error = error.context("the database could not keep a step");
        assert_eq!(
            causes(&error),
            ["the database could not keep a step", "database or disk is full"]
        );
        let denied = std::io::Error::from_raw_os_error(13);
        let error = anyhow::Error::new(denied).context("failed to read `/x`");
        assert_eq!(causes(&error), ["failed to read `/x`", "Permission denied"]);
        let full = std::io::Error::from_raw_os_error(28);
        let error = anyhow::Error::new(full).context("it failed: no space left on device");
        assert_eq!(causes(&error), ["it failed: no space left on device"]);
        let error = anyhow::Error::new(Outer(Inner(""))).context("it failed");
        assert_eq!(causes(&error), ["it failed"]);
        let kept = anyhow::anyhow!("see (os error codes)").context("a (code: x) b");
        assert_eq!(causes(&kept), ["a (code: x) b", "see (os error codes)"]);
    }
}
