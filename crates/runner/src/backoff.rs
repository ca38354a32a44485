//! Pauses between attempts to reach the server: growing, with jitter, without end.
//!
//! Why this is not shared with other crates: `docs/decisions/0014-one-backoff-per-crate.md`.

use std::time::Duration;

use backon::ExponentialBuilder;

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// Returns the pauses of one series of failures. The caller decides when to stop. The jitter keeps a
/// hundred runners from coming back at the same moment.
pub(crate) fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(SHORTEST)
        .with_max_delay(LONGEST)
        .with_jitter()
        .without_max_times()
}

#[cfg(test)]
mod tests {
    use backon::BackoffBuilder as _;

    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_never_end() {
        let mut pauses = backoff().build();
        let first = pauses.next().unwrap();
        assert!(first >= SHORTEST && first <= SHORTEST * 2, "{first:?}");
        let later = (0..50).map(|_| pauses.next().unwrap()).last().unwrap();
        assert!(later >= LONGEST && later <= LONGEST * 2, "{later:?}");
    }
}
