//! Where results and remarks go, and whether they may have colours.

use std::io::{self, Write as _};

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context as _, Result};

/// Writes to standard output. A reader that has seen enough (`| head`) is no trouble.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("failed to write to standard output"),
    }
}

/// Writes to standard error, as far as it goes.
pub(crate) fn remark(text: &str) {
    let written = io::stderr().lock().write_all(text.as_bytes());
    if let Err(error) = written {
        tracing::debug!(%error, "standard error is closed");
    }
}

/// Tells whether standard output may have colours: it is a terminal, and `NO_COLOR` is unset.
pub(crate) fn colors() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// The same of standard error.
pub(crate) fn remark_colors() -> bool {
    AutoStream::choice(&io::stderr()) != ColorChoice::Never
}

/// Puts a style around a text, if there may be colours.
pub(crate) fn styled(text: &str, style: anstyle::Style, colors: bool) -> String {
    if colors { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// Adds a line to a text.
pub(crate) fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// `1 error`, `2 errors`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
