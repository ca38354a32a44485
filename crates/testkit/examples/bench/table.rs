//! Rows of the table, and the percentiles in them.

use std::{fmt::Write as _, time::Duration};

const TITLES: [&str; 6] = ["what", "ours", "peer", "ratio", "target", "load before/after"];

/// One line of the table.
pub(crate) struct Row {
    cells: [String; 6],
}

impl Row {
    /// Begins a line.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        let mut cells = [const { String::new() }; 6];
        for cell in &mut cells {
            cell.push('–');
        }
        let mut row = Self { cells };
        row.set(0, what.into());
        row
    }

    fn set(&mut self, index: usize, text: String) {
        if let Some(cell) = self.cells.get_mut(index) {
            *cell = text;
        }
    }

    /// What was measured.
    pub(crate) fn ours(mut self, text: impl Into<String>) -> Self {
        self.set(1, text.into());
        self
    }

    /// What the peer measured.
    pub(crate) fn peer(mut self, text: impl Into<String>) -> Self {
        self.set(2, text.into());
        self
    }

    /// How many times faster than the peer: by the medians, and by the least times, which the rest
    /// of the machine disturbs least.
    pub(crate) fn ratio(mut self, ours: &Times, peer: &Times) -> Self {
        let [middle, least] = [50, 0].map(|percent| {
            let (ours, peer) = (ours.share(percent), peer.share(percent));
            peer.as_secs_f64() / ours.max(Duration::from_nanos(1)).as_secs_f64()
        });
        if peer.count() > 0 {
            self.set(3, format!("{middle:.1}× (min {least:.1}×)"));
        }
        self
    }

    /// The target that was set for the measurement.
    pub(crate) fn target(mut self, text: &str) -> Self {
        self.set(4, text.to_owned());
        self
    }

    /// How busy the machine was.
    pub(crate) fn at(mut self, before: &str, after: &str) -> Self {
        self.set(5, format!("{before} / {after}"));
        self
    }
}

/// Draws the table, in Markdown that is also readable as it stands.
pub(crate) fn render(rows: &[Row]) -> String {
    let titles = TITLES.map(str::to_owned);
    let mut widths = titles.each_ref().map(|title| title.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(&row.cells) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let rule = widths.map(|width| "-".repeat(width));
    for cells in [&titles, &rule].into_iter().chain(rows.iter().map(|row| &row.cells)) {
        for (cell, width) in cells.iter().zip(widths) {
            // Writing to a string cannot fail.
            let _infallible = write!(text, "| {cell:<width$} ");
        }
        text.push_str("|\n");
    }
    text
}

/// How long something took, again and again.
#[derive(Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Adds one.
    pub(crate) fn push(&mut self, time: Duration) {
        let at = self.0.partition_point(|other| *other <= time);
        self.0.insert(at, time);
    }

    /// Takes all of many.
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that so many per cent stay within.
    pub(crate) fn share(&self, percent: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        self.0.get((self.0.len() * percent / 100).min(last)).copied().unwrap_or_default()
    }

    /// `p50 3.2 / p95 4.4 ms (min 2.5, n=100)`
    pub(crate) fn shown(&self) -> String {
        let [middle, high, low] = [self.share(50), self.share(95), self.share(0)].map(millis);
        format!("p50 {middle} / p95 {high} ms (min {low}, n={})", self.count())
    }
}

/// Milliseconds, with as many digits as mean something.
pub(crate) fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    if millis < 100.0 { format!("{millis:.1}") } else { format!("{millis:.0}") }
}
