//! Times and durations as pages show them. Everything takes `now`; scripts of a page keep both up to
//! date, in the reader's time zone. Lists have the exact time in the title, which a mouse shows; the page
//! of one thing has it in its text ([`TimeAgo::in_full`]).

use std::{fmt, time::Duration};

use askama::filters::HtmlSafe;
use roundel_model::{kind::JobKind, time::Timestamp};
use roundel_store::reading::JobRow;

/// A point in time as a distance from now, with the exact time as its title.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeAgo {
    at: Timestamp,
    now: Timestamp,
}

impl TimeAgo {
    /// Says how long ago `at` was.
    pub(crate) const fn new(at: Timestamp, now: Timestamp) -> Self {
        Self { at, now }
    }

    /// With the exact time as text, for the page of one thing: not all readers have a mouse.
    pub(crate) const fn in_full(self) -> FullTime {
        FullTime(self)
    }
}

/// A point in time as a distance from now, and exactly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FullTime(TimeAgo);

impl fmt::Display for FullTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.0.at;
        write!(
            f,
            r#"{} <span class="quiet">(<time datetime="{at}" data-exact>{}</time>)</span>"#,
            self.0,
            exact(at)
        )
    }
}

impl HtmlSafe for FullTime {}

impl fmt::Display for TimeAgo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            r#"<time datetime="{}" title="{}" data-ago>{}</time>"#,
            self.at,
            exact(self.at),
            ago(self.at, self.now)
        )
    }
}

impl HtmlSafe for TimeAgo {}

/// How long something took, or has been running.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elapsed {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    /// What does not count of the time between.
    idle: Duration,
    now: Timestamp,
}

impl Elapsed {
    /// From `from` to `to`, or to now while there is no `to`.
    pub(crate) const fn new(
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        Self { from, to, idle: Duration::ZERO, now }
    }

    /// The time in which some of these jobs were queued or ran. While nothing but an approval is
    /// waited for, it stands still.
    pub(crate) fn of_jobs<'a>(jobs: impl IntoIterator<Item = &'a JobRow>, now: Timestamp) -> Self {
        let jobs = jobs.into_iter().filter(|job| job.kind != JobKind::Approval);
        Self::of_spans(jobs.filter_map(|job| Some((job.queued_at?, job.stopped_at))).collect(), now)
    }

    /// Returns whether there is anything to show.
    pub(crate) const fn has_begun(&self) -> bool {
        self.from.is_some()
    }

    /// Of spans that may overlap, the time that is in any of them. A span without an end is still open.
    fn of_spans(mut spans: Vec<(Timestamp, Option<Timestamp>)>, now: Timestamp) -> Self {
        spans.sort_unstable();
        let Some(&(from, _)) = spans.first() else { return Self::new(None, None, now) };
        let (mut end, mut idle) = (from, Duration::ZERO);
        for &(from, to) in &spans {
            if from > end {
                idle += from.since(end);
            }
            end = end.max(to.unwrap_or(now));
        }
        let going = spans.iter().any(|(_, to)| to.is_none());
        Self { from: Some(from), to: (!going).then_some(end), idle, now }
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of what never ran, no duration is shown.
        let Some(from) = self.from else { return Ok(()) };
        let counted_from = from.plus(self.idle);
        let text = duration(self.to.unwrap_or(self.now).since(counted_from));
        match self.to {
            Some(to) => {
                write!(
                    f,
                    r#"<span class="dur" data-from="{from}" data-to="{to}" title="{} to {}">{text}</span>"#,
                    exact(from),
                    exact(to)
                )
            }
            None => write!(f, r#"<span class="dur" data-since="{counted_from}">{text}</span>"#),
        }
    }
}

impl HtmlSafe for Elapsed {}

/// Writes a duration in its two largest units: `0.8s`, `42s`, `3m 07s`, `1h 02m`.
pub(crate) fn duration(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match seconds {
        0..10 => {
            let tenths = elapsed.as_millis() / 100;
            format!("{}.{}s", tenths / 10, tenths % 10)
        }
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Writes how long ago something was, in its largest unit.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.since(at).as_secs();
    match seconds {
        0..5 => "just now".to_owned(),
        5..60 => format!("{seconds} s ago"),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// Writes a time exactly, with its zone: `2026-11-22 07:40:12 UTC`. Scripts write it in the reader's.
fn exact(at: Timestamp) -> String {
    match jiff::Timestamp::from_microsecond(at.as_micros()) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => at.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_at_most_two_units() {
        let cases = [(350, "0.3s"), (9_900, "9.9s"), (42_000, "42s"), (187_000, "3m 07s")];
        for (millis, text) in cases {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
        assert_eq!(duration(Duration::from_mins(62)), "1h 02m");
    }

    /// "12m 40s" for a minute of work and the rest of waiting for a person would not be a duration.
    #[test]
    fn waiting_for_an_approval_does_not_count() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let shown = |spans: &[(i64, Option<i64>)], now: i64| {
            let spans = spans.iter().map(|&(from, to)| (at(from), to.map(at))).collect();
            Elapsed::of_spans(spans, at(now)).to_string()
        };
        let held = shown(&[(0, Some(20)), (5, Some(30))], 760);
        assert!(held.ends_with(">30s</span>") && !held.contains("data-since"), "{held}");
        let resumed = shown(&[(0, Some(30)), (700, None)], 740);
        assert!(resumed.ends_with(">1m 10s</span>"), "{resumed}");
        assert!(resumed.contains(&format!("data-since=\"{}\"", at(670))), "{resumed}");
        assert!(shown(&[(0, Some(30)), (700, Some(740))], 900).ends_with(">1m 10s</span>"));
        assert_eq!(shown(&[], 5), Elapsed::new(None, None, at(5)).to_string());
    }
}
