//! The terminal: the log, error messages, signals to stop.

use std::io::IsTerminal as _;

use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// Starts the log on standard error.
pub(crate) fn start_log(filter: Option<&str>, default: &str) {
    let filter =
        EnvFilter::try_new(filter.unwrap_or(default)).unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
}

/// Prints an error with every cause, outermost first.
pub(crate) fn print_error(error: &anyhow::Error) {
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
