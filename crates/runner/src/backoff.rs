//! Pauses between attempts to reach the server: growing, with jitter, without end.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// The pauses of one series of failures.
pub(crate) struct Backoff {
    pauses: Option<ExponentialBackoff>,
}

impl Backoff {
    /// Starts without a failure.
    pub(crate) fn new() -> Self {
        Self { pauses: None }
    }

    /// Forgets the failures: the server answered.
    pub(crate) fn reset(&mut self) {
        self.pauses = None;
    }

    /// Returns how long to wait after one more failure. The jitter keeps a hundred runners from
    /// coming back at the same moment.
    pub(crate) fn next(&mut self) -> Duration {
        self.pauses
            .get_or_insert_with(|| {
                ExponentialBuilder::default()
                    .with_min_delay(SHORTEST)
                    .with_max_delay(LONGEST)
                    .with_jitter()
                    .without_max_times()
                    .build()
            })
            .next()
            .unwrap_or(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_start_small_after_success() {
        let mut backoff = Backoff::new();
        let first = backoff.next();
        assert!(first >= SHORTEST && first <= SHORTEST * 2, "{first:?}");
        let later = (0..50).map(|_| backoff.next()).last().unwrap();
        assert!(later >= LONGEST && later <= LONGEST * 2, "{later:?}");
        backoff.reset();
        assert!(backoff.next() <= SHORTEST * 2);
    }
}
