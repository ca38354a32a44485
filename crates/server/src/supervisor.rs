//! Keeps the loops running: one that panics is logged by its name and restarted after a pause.
//!
//! A panic is a bug, but a loop that is gone would stop every push, report or lease until someone restarts
//! the server, while `/healthz` stays `ok`. The loops keep nothing that the database does not have: what one
//! had taken falls due again, as after a crash of the whole server.

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;

/// The pause before a loop is restarted. What makes it panic is most often still there.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs a loop until it returns, and begins it again each time it panics before the server stops.
pub(crate) async fn keep_running<F>(
    name: &'static str,
    stopping: CancellationToken,
    begin: impl Fn() -> F,
) where
    F: Future<Output = ()>,
{
    loop {
        // Making its parts may panic too.
        let turn = AssertUnwindSafe(async { begin().await });
        let Err(panic) = turn.catch_unwind().await else { return };
        let cause = cause(panic.as_ref());
        tracing::error!(loop.name = name, cause, "a loop of the server panicked and is restarted");
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Returns what a panic says.
fn cause(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// One bad row must not end a loop until someone restarts the server.
    #[tokio::test]
    async fn a_loop_that_panics_begins_again_until_it_returns() {
        let turns = AtomicU32::new(0);
        let begin = async || match turns.fetch_add(1, Ordering::Relaxed) {
            0 => panic!("on purpose"),
            _ => tokio::task::yield_now().await,
        };
        keep_running("test", CancellationToken::new(), begin).await;
        assert_eq!(turns.load(Ordering::Relaxed), 2);
    }

    /// A server that stops does not wait for a loop that only panics.
    #[tokio::test]
    async fn a_loop_that_panics_does_not_outlive_the_server() {
        let stopping = CancellationToken::new();
        let turns = AtomicU32::new(0);
        let begin = async || {
            turns.fetch_add(1, Ordering::Relaxed);
            stopping.cancel();
            panic!("on {}", "purpose");
        };
        keep_running("test", stopping.clone(), begin).await;
        assert_eq!(turns.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn the_log_has_the_message_of_a_panic() {
        assert_eq!(cause(&"a row is broken"), "a row is broken");
        assert_eq!(cause(&"row 7 is broken".to_owned()), "row 7 is broken");
        assert_eq!(cause(&7_u32), "no message");
    }
}
