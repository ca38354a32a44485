//! Logs that the server cannot be reached: when that begins, now and then, and when it is over.
//!
//! A runner repeats its requests several times a second; a line for each attempt would hide
//! everything else.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How often a lasting outage is logged again.
const REMINDER: Duration = Duration::from_mins(1);

/// Logs that the server is unreachable, once. All requests of a runner share one.
#[derive(Default)]
pub(crate) struct Outage {
    current: Mutex<Option<Current>>,
}

#[derive(Clone, Copy)]
struct Current {
    since: Instant,
    logged_at: Instant,
}

impl Outage {
    /// A request failed and will be repeated after a pause.
    pub(crate) fn failed(&self, error: &dyn std::fmt::Display, pause: Duration) {
        if self.is_due(Instant::now()) {
            tracing::warn!("{error}; retrying in {}", shown(pause));
        } else {
            tracing::debug!("{error}; retrying in {}", shown(pause));
        }
    }

    /// Notes that a request succeeded, and logs the end of an outage.
    pub(crate) fn over(&self) {
        let ended = self.current.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(ended) = ended {
            tracing::info!("the server responds again after {}", shown(ended.since.elapsed()));
        }
    }

    #[cfg(test)]
    pub(crate) fn is_on(&self) -> bool {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn is_due(&self, now: Instant) -> bool {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *current {
            Some(current) if now.duration_since(current.logged_at) < REMINDER => false,
            Some(current) => {
                current.logged_at = now;
                true
            }
            None => {
                *current = Some(Current { since: now, logged_at: now });
                true
            }
        }
    }
}

fn shown(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.0} s", duration.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_logged_when_it_begins_and_once_a_minute() {
        let outage = Outage::default();
        let start = Instant::now();
        let logged: Vec<u64> =
            (0..150).filter(|second| outage.is_due(start + Duration::from_secs(*second))).collect();
        assert_eq!(logged, [0, 60, 120]);
        outage.over();
        assert!(
            outage.is_due(start + Duration::from_secs(151)),
            "the next outage is logged at once"
        );
    }

    #[test]
    fn pauses_are_shown_in_one_unit() {
        assert_eq!(shown(Duration::from_millis(150)), "150 ms");
        assert_eq!(shown(Duration::from_millis(2_040)), "2 s");
    }
}
