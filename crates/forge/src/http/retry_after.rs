//! How long to wait before asking again (`VCS` §2.12, §4.11).

use std::time::Duration;

use reqwest::header::HeaderMap;
use roundel_model::time::Timestamp;

use crate::error::ErrorClass;

/// When the forge says "slow down" and not for how long.
const DEFAULT: Duration = Duration::from_mins(1);

/// Longest wait that we believe: primary limits are renewed every hour.
const LONGEST: Duration = Duration::from_hours(1);

/// Reads how long to wait: `Retry-After` first, then the end of an exhausted window.
pub(super) fn retry_after(class: ErrorClass, headers: &HeaderMap) -> Option<Duration> {
    let limited = class == ErrorClass::RateLimited;
    if !limited && class != ErrorClass::Unavailable {
        return None;
    }
    let asked = asked_for(headers, now(headers));
    let wait = if limited { Some(asked.unwrap_or(DEFAULT)) } else { asked };
    wait.map(|wait| wait.min(LONGEST))
}

fn asked_for(headers: &HeaderMap, now: i64) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let number = |name| text(name).and_then(|text| text.parse::<i64>().ok());
    let until = |time: i64| u64::try_from(time.saturating_sub(now)).unwrap_or(0);
    if let Some(after) = text("retry-after") {
        let seconds = after.parse().ok().or_else(|| http_date(after).map(until));
        if let Some(seconds) = seconds {
            return Some(Duration::from_secs(seconds));
        }
    }
    if number("x-ratelimit-remaining") == Some(0) {
        // One second more: the window ends during the second that is named.
        return number("x-ratelimit-reset").map(|at| Duration::from_secs(until(at) + 1));
    }
    None
}

/// The forge's own clock, for its times are meant by it; ours if it does not say.
fn now(headers: &HeaderMap) -> i64 {
    let date = headers.get("date").and_then(|value| value.to_str().ok()).and_then(http_date);
    date.unwrap_or_else(|| Timestamp::now().as_micros() / 1_000_000)
}

fn http_date(text: &str) -> Option<i64> {
    jiff::fmt::rfc2822::parse(text).ok().map(|time| time.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn wait(class: ErrorClass, headers: &[(&'static str, &'static str)]) -> Option<u64> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        retry_after(class, &headers.collect()).map(|wait| wait.as_secs())
    }

    const DATE: (&str, &str) = ("date", "Sun, 22 Nov 2026 08:00:00 GMT");

    #[test]
    fn retry_after_is_obeyed_as_seconds_and_as_a_date() {
        assert_eq!(wait(ErrorClass::RateLimited, &[("retry-after", "7")]), Some(7));
        let date = ("retry-after", "Sun, 22 Nov 2026 08:02:00 GMT");
        assert_eq!(wait(ErrorClass::RateLimited, &[DATE, date]), Some(120));
        assert_eq!(wait(ErrorClass::Unavailable, &[("retry-after", "9")]), Some(9));
    }

    #[test]
    fn an_exhausted_window_is_waited_for_by_the_clock_of_the_forge() {
        let reset = ("x-ratelimit-reset", "1795334430");
        let exhausted = ("x-ratelimit-remaining", "0");
        assert_eq!(wait(ErrorClass::RateLimited, &[DATE, exhausted, reset]), Some(31));
        // A window that is not exhausted says nothing about a secondary limit.
        let left = ("x-ratelimit-remaining", "4000");
        assert_eq!(wait(ErrorClass::RateLimited, &[DATE, left, reset]), Some(60));
    }

    #[test]
    fn a_wait_is_never_longer_than_an_hour() {
        assert_eq!(wait(ErrorClass::RateLimited, &[("retry-after", "99999999")]), Some(3_600));
    }

    #[test]
    fn other_errors_ask_for_no_wait() {
        assert_eq!(wait(ErrorClass::Unavailable, &[]), None);
        assert_eq!(wait(ErrorClass::Forbidden, &[("retry-after", "7")]), None);
    }
}
