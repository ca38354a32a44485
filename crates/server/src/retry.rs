//! How long to wait before another try: one policy for deliveries, effects and setups.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use roundel_forge::ForgeError;
use roundel_model::limits;

/// Whether there will be another attempt at something that fails for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// It is tried again later.
    Repeatable,
    /// It is not tried again: what fails now is reported to people.
    Last,
}

impl Attempt {
    /// Returns which attempt it is at something that has been due for this long.
    pub(crate) fn after(age: Duration, pace: RetryPace) -> Self {
        if age > pace.give_up_after { Self::Last } else { Self::Repeatable }
    }

    /// Returns whether an error means to wait: it may go away, and there is time to wait.
    pub(crate) const fn postpones(self, error: &ForgeError) -> bool {
        matches!(self, Self::Repeatable) && error.is_transient()
    }
}

/// How fast the server looks for work and tries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPace {
    /// How often the first two loops look by themselves. It makes up for a missed wake-up, and finds
    /// what is due again.
    pub period: Duration,
    /// The shortest pause before the second try. Each further one is twice as long. Random jitter
    /// makes every pause up to twice as long again, so that what waits for the same forge is not retried at
    /// the same moment.
    pub min_backoff: Duration,
    /// A file that the forge fails to return for this long, while it answers other requests, is given up.
    pub give_up_file_after: Duration,
    /// After this long, what needs a forge ends with an error that people see.
    pub give_up_after: Duration,
}

impl Default for RetryPace {
    fn default() -> Self {
        Self {
            period: Duration::from_secs(1),
            min_backoff: Duration::from_millis(500),
            give_up_file_after: limits::FILE_RETRY,
            give_up_after: limits::DELIVERY_RETRY,
        }
    }
}

/// What pauses grow to, before chance makes them longer: five minutes at most.
const MAX_BACKOFF: Duration = Duration::from_secs(150);

/// Doublings until the longest pause is reached.
const DOUBLINGS: u32 = 16;

/// Returns the pause after a number of failures before this one: doubling, with jitter, up to five
/// minutes, and never less than the other side asked for.
pub(crate) fn pause(pace: RetryPace, failures: u32, asked: Option<Duration>) -> Duration {
    let mut pauses = ExponentialBuilder::new()
        .with_min_delay(pace.min_backoff)
        .with_max_delay(MAX_BACKOFF)
        .with_factor(2.0)
        .with_jitter()
        .without_max_times()
        .build();
    let before = usize::try_from(failures.min(DOUBLINGS)).unwrap_or(0);
    let pause = pauses.nth(before).unwrap_or(MAX_BACKOFF);
    asked.map_or(pause, |asked| asked.max(pause))
}

#[cfg(test)]
mod tests {
    use super::{Duration, RetryPace};

    fn pause(failures: u32, asked: Option<Duration>) -> Duration {
        super::pause(RetryPace::default(), failures, asked)
    }

    #[test]
    fn pauses_grow_but_not_forever_and_respect_the_other_side() {
        assert!(pause(0, None) >= Duration::from_millis(500));
        assert!(pause(0, None) <= Duration::from_secs(1));
        assert!(pause(5, None) >= Duration::from_secs(16));
        assert!(pause(u32::MAX, None) >= Duration::from_secs(150));
        assert!(pause(u32::MAX, None) <= Duration::from_mins(5));
        assert_eq!(pause(0, Some(Duration::from_mins(30))), Duration::from_mins(30));
    }
}
