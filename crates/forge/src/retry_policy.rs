//! How patient the client of a forge is with one call.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};

/// How long a request may take and how often it is repeated.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// One request, from connecting to the last byte. GitHub ends its own requests after 10 s.
    pub timeout: Duration,
    /// Before the first repeat; the next waits four times as long.
    pub first_delay: Duration,
    /// Repeats of what is safe to repeat. Few: the caller has its own, longer back-off.
    pub repeats: usize,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            first_delay: Duration::from_millis(250),
            repeats: 2,
        }
    }
}

impl RetryPolicy {
    /// Returns the waits before each repeat.
    pub(crate) fn delays(&self) -> impl Iterator<Item = Duration> {
        ExponentialBuilder::default()
            .with_min_delay(self.first_delay)
            .with_factor(4.0)
            .with_max_times(self.repeats)
            .with_jitter()
            .build()
    }
}
