//! What the program says on a terminal: its log, its complaints, how to be stopped.

use std::io::IsTerminal as _;

use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::Command;

/// Starts the log on stderr. Programs that show progress of their own log warnings only.
pub(crate) fn start_log(filter: Option<&str>, command: &Command) {
    let default = match command {
        Command::Serve(_) | Command::Runner(_) => "info",
        Command::Demo(_)
        | Command::Config(_)
        | Command::Doctor(_)
        | Command::Lsp(_)
        | Command::Orb(_) => "error",
    };
    let filter =
        EnvFilter::try_new(filter.unwrap_or(default)).unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
}

/// Says what went wrong, with every cause, outermost first.
pub(crate) fn complain(error: &anyhow::Error) {
    let style = anstyle::AnsiColor::Red.on_default().bold();
    anstream::eprintln!("{style}error:{style:#} {error}");
    for cause in error.chain().skip(1) {
        anstream::eprintln!("  because {cause}");
    }
}

/// Asks to stop on the first Ctrl-C or SIGTERM, and to stop now on the second.
pub(crate) fn stop_signals() -> (CancellationToken, CancellationToken) {
    let (gently, now) = (CancellationToken::new(), CancellationToken::new());
    let (on_first, on_second) = (gently.clone(), now.clone());
    // Ends with the process.
    let _watcher = tokio::spawn(async move {
        for token in [on_first, on_second] {
            one_signal().await;
            token.cancel();
        }
    });
    (gently, now)
}

async fn one_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
