//! How pages say things: a status as colour, shape and word; times and durations; people.
//!
//! Everything in here is pure and takes `now`. Types that write HTML escape what they were given,
//! and are marked [`HtmlSafe`] so that templates do not escape it again. Deliberately absent:
//! reading rows (each page does that) and layout (templates).

use std::{
    fmt::{self, Write as _},
    time::Duration,
};

use askama::filters::HtmlSafe;
use roundel_model::{
    kind::JobKind,
    status::{JobStatus, PipelineErrorKind, PipelineStatus, StepStatus, WorkflowStatus},
    time::Timestamp,
};
use roundel_store::{
    pipelines::{CommitInfo, TriggerKind},
    reading::{JobRow, PipelineRow, WorkflowRow},
};

/// A status as people see it: one roundel, with a ring, a glyph and a word of its own. Colour alone
/// never tells two marks apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Ended well.
    Passed,
    /// A step failed, or the configuration does.
    Failed,
    /// A runner has it.
    Running,
    /// Something failed, something still runs.
    Failing,
    /// Ready, waits for a runner.
    Queued,
    /// Waits for other jobs.
    Blocked,
    /// Waits for a person.
    Hold,
    /// Stopped by a person or a rule.
    Canceled,
    /// Never started.
    NotRun,
    /// Took too long.
    TimedOut,
    /// Our fault.
    Infrastructure,
    /// Not allowed.
    Unauthorized,
    /// The configuration could not be compiled.
    ConfigError,
    /// The configuration is right, and asks for what this release cannot run.
    NotSupported,
    /// The configuration is being compiled.
    Compiling,
    /// There is nothing to run.
    Nothing,
}

/// The worst news first; what still runs hides what ended well.
const ORDER: [WorkflowStatus; 9] = [
    WorkflowStatus::Failing,
    WorkflowStatus::Running,
    WorkflowStatus::Failed,
    WorkflowStatus::Error,
    WorkflowStatus::Unauthorized,
    WorkflowStatus::OnHold,
    WorkflowStatus::Canceled,
    WorkflowStatus::Success,
    WorkflowStatus::NotRun,
];

impl Mark {
    /// Returns the word for people.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Passed => "Passed",
            Self::Failed => "Failed",
            Self::Running => "Running",
            Self::Failing => "Failing",
            Self::Queued => "Queued",
            Self::Blocked => "Blocked",
            Self::Hold => "Needs approval",
            Self::Canceled => "Canceled",
            Self::NotRun => "Not run",
            Self::TimedOut => "Timed out",
            Self::Infrastructure => "Infrastructure failure",
            Self::Unauthorized => "Unauthorized",
            Self::ConfigError => "Config error",
            Self::NotSupported => "Not supported",
            Self::Compiling => "Compiling",
            Self::Nothing => "Nothing to run",
        }
    }

    /// Returns the name of its symbol and of its class.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Running => "running",
            Self::Failing => "failing",
            Self::Queued => "queued",
            Self::Blocked => "blocked",
            Self::Hold => "hold",
            Self::Canceled => "canceled",
            Self::NotRun => "notrun",
            Self::TimedOut => "timedout",
            Self::Infrastructure => "infra",
            Self::Unauthorized => "unauthorized",
            // Its symbol is that of a config error: both ask for another configuration.
            Self::ConfigError => "configerror",
            Self::NotSupported => "notsupported",
            Self::Compiling => "compiling",
            Self::Nothing => "nothing",
        }
    }

    /// Returns the family that decides on the favicon: `ok`, `bad`, `busy`, `hold`, `none`.
    pub(crate) const fn family(self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::Failed
            | Self::Failing
            | Self::TimedOut
            | Self::Infrastructure
            | Self::Unauthorized
            | Self::ConfigError
            | Self::NotSupported => "bad",
            Self::Running | Self::Queued | Self::Blocked | Self::Compiling => "busy",
            Self::Hold => "hold",
            Self::Canceled | Self::NotRun | Self::Nothing => "none",
        }
    }

    /// Returns the roundel alone, hidden from screen readers: for places that say the word beside it.
    pub(crate) const fn icon(self) -> Icon {
        Icon(self)
    }

    /// Returns the mark of a whole pipeline.
    pub(crate) fn of_pipeline(row: &PipelineRow, workflows: &[WorkflowRow]) -> Self {
        match row.status {
            PipelineStatus::Pending => return Self::Compiling,
            PipelineStatus::Errored if row.error_kind == Some(PipelineErrorKind::Unsupported) => {
                return Self::NotSupported;
            }
            PipelineStatus::Errored => return Self::ConfigError,
            PipelineStatus::Created => {}
        }
        let has = |status| workflows.iter().any(|workflow| workflow.status == status);
        if has(WorkflowStatus::Running) && has(WorkflowStatus::Failed) {
            return Self::Failing;
        }
        ORDER.into_iter().find(|&status| has(status)).map_or(Self::Nothing, Self::from)
    }
}

/// The roundel with its word, for places where the word stands beside it.
impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            r#"<span class="status s-{}">{}{}</span>"#,
            self.class(),
            Icon(*self),
            self.word()
        )
    }
}

impl HtmlSafe for Mark {}

/// A roundel without a word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Icon(Mark);

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = self.0.class();
        write!(
            f,
            r##"<svg class="mark m-{class}" viewBox="0 0 24 24" aria-hidden="true"><use href="#m-{class}"/></svg>"##
        )
    }
}

impl HtmlSafe for Icon {}

impl From<JobStatus> for Mark {
    fn from(status: JobStatus) -> Self {
        match status {
            JobStatus::Blocked => Self::Blocked,
            JobStatus::NotRunning => Self::Queued,
            JobStatus::Running => Self::Running,
            JobStatus::OnHold => Self::Hold,
            JobStatus::Success => Self::Passed,
            JobStatus::Failed => Self::Failed,
            JobStatus::Timedout => Self::TimedOut,
            JobStatus::InfrastructureFail => Self::Infrastructure,
            JobStatus::Canceled => Self::Canceled,
            JobStatus::NotRun => Self::NotRun,
            JobStatus::Unauthorized => Self::Unauthorized,
        }
    }
}

impl From<WorkflowStatus> for Mark {
    fn from(status: WorkflowStatus) -> Self {
        match status {
            WorkflowStatus::Running => Self::Running,
            WorkflowStatus::Failing => Self::Failing,
            WorkflowStatus::OnHold => Self::Hold,
            WorkflowStatus::Success => Self::Passed,
            WorkflowStatus::Failed => Self::Failed,
            WorkflowStatus::Error => Self::Infrastructure,
            WorkflowStatus::Canceled => Self::Canceled,
            WorkflowStatus::Unauthorized => Self::Unauthorized,
            WorkflowStatus::NotRun => Self::NotRun,
        }
    }
}

impl From<StepStatus> for Mark {
    fn from(status: StepStatus) -> Self {
        match status {
            StepStatus::Running => Self::Running,
            StepStatus::Success => Self::Passed,
            StepStatus::Failed => Self::Failed,
            StepStatus::Canceled => Self::Canceled,
            StepStatus::Timedout => Self::TimedOut,
            StepStatus::InfrastructureFail => Self::Infrastructure,
        }
    }
}

/// A point in time as a distance from now, with the exact time as its title.
#[derive(Clone, Copy, Debug)]
pub(crate) struct When {
    at: Timestamp,
    now: Timestamp,
}

impl When {
    /// Says how long ago `at` was.
    pub(crate) const fn new(at: Timestamp, now: Timestamp) -> Self {
        Self { at, now }
    }
}

impl fmt::Display for When {
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

impl HtmlSafe for When {}

/// How long something took, or has been going on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lasting {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    /// What does not count of the time between.
    idle: Duration,
    now: Timestamp,
}

impl Lasting {
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

    /// Of spans that may overlap, the time that is in any of them. One without an end goes on.
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

impl fmt::Display for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(from) = self.from else { return f.write_str(r#"<span class="dur">–</span>"#) };
        let counted_from = from.plus(self.idle);
        let text = duration(self.to.unwrap_or(self.now).since(counted_from));
        match self.to {
            Some(to) => {
                write!(
                    f,
                    r#"<span class="dur" title="{} to {}">{text}</span>"#,
                    exact(from),
                    exact(to)
                )
            }
            None => write!(f, r#"<span class="dur" data-since="{counted_from}">{text}</span>"#),
        }
    }
}

impl HtmlSafe for Lasting {}

/// Writes a duration in its two largest units: `0.8s`, `42s`, `3m 07s`, `1h 02m`.
pub(crate) fn duration(lasting: Duration) -> String {
    let seconds = lasting.as_secs();
    match seconds {
        0..10 => {
            let tenths = lasting.as_millis() / 100;
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

/// Writes a time for titles: `2026-11-22 07:40:12 UTC`.
pub(crate) fn exact(at: Timestamp) -> String {
    match jiff::Timestamp::from_microsecond(at.as_micros()) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => at.to_string(),
    }
}

/// Writes a size in bytes for people.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{}.{} KiB", bytes / 1024, bytes % 1024 * 10 / 1024),
        _ => format!("{}.{} MiB", bytes / 1_048_576, bytes % 1_048_576 * 10 / 1_048_576),
    }
}

/// A person: picture when there is one, initials otherwise, and the name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Person {
    /// The name that is shown.
    pub(crate) name: String,
    /// Address of a picture.
    pub(crate) avatar: Option<String>,
}

impl Person {
    /// The author of a commit, as far as the forge told.
    pub(crate) fn author(commit: &CommitInfo, actor: Option<&str>) -> Self {
        let name = commit
            .author_name
            .as_deref()
            .or(commit.author_login.as_deref())
            .or(actor)
            .unwrap_or("unknown author");
        Self { name: name.to_owned(), avatar: commit.author_avatar.clone() }
    }

    /// At most two initials.
    pub(crate) fn initials(&self) -> String {
        self.name
            .split_whitespace()
            .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()))
            .take(2)
            .flat_map(char::to_uppercase)
            .collect()
    }

    /// One of eight tints, always the same for the same name.
    fn tint(&self) -> u32 {
        self.name.chars().fold(7_u32, |sum, c| sum.wrapping_mul(31).wrapping_add(u32::from(c))) % 8
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let safe = self
            .avatar
            .as_deref()
            .filter(|url| url.starts_with("https://") || url.starts_with("http://127.0.0.1:"));
        match safe {
            Some(url) => write!(
                f,
                r#"<img class="face" src="{}" alt="" width="20" height="20" loading="lazy" referrerpolicy="no-referrer">"#,
                escape(url)
            ),
            None => write!(
                f,
                r#"<span class="face tint-{}" aria-hidden="true">{}</span>"#,
                self.tint(),
                escape(&self.initials())
            ),
        }
    }
}

impl HtmlSafe for Person {}

/// Returns why a pipeline was started, for people.
pub(crate) const fn trigger(kind: TriggerKind) -> &'static str {
    match kind {
        TriggerKind::Push => "push",
        TriggerKind::Tag => "tag",
        TriggerKind::PullRequest => "pull request",
        TriggerKind::Setup => "initial setup",
        TriggerKind::Manual => "manual",
    }
}

/// Names that a sentence lists.
const NAMED: usize = 4;

/// Says why a job waits (invariant 8), or nothing when it does not.
pub(crate) fn why_waiting(job: &JobRow, siblings: &[JobRow]) -> Option<String> {
    match job.status {
        JobStatus::Blocked => {
            let open: Vec<String> = siblings
                .iter()
                .filter(|other| job.needs.contains(&other.id) && !other.status.is_final())
                .map(|other| format!("`{}`", other.name))
                .collect();
            Some(match open.as_slice() {
                [] => "Waiting for dependencies to be re-evaluated.".to_owned(),
                names => format!("Waiting for {} to finish.", join(names)),
            })
        }
        JobStatus::NotRunning => Some(
            "Queued: waiting for a free runner with its resource class and executor.".to_owned(),
        ),
        JobStatus::OnHold => Some("Waiting for approval by someone with write access.".to_owned()),
        JobStatus::Running
        | JobStatus::Success
        | JobStatus::Failed
        | JobStatus::Timedout
        | JobStatus::InfrastructureFail
        | JobStatus::Canceled
        | JobStatus::NotRun
        | JobStatus::Unauthorized => None,
    }
}

/// Lists names; of many, the first few and how many there are besides.
fn join(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] if names.len() <= NAMED => format!("{} and {last}", first.join(", ")),
        _ => {
            let first = names.iter().take(NAMED - 1).cloned().collect::<Vec<_>>().join(", ");
            format!("{first} and {} more jobs", names.len() + 1 - NAMED)
        }
    }
}

/// Escapes text for HTML, attributes included, and makes characters that reorder or hide text
/// visible: a commit message must not be able to look like something else.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        push_escaped(&mut out, c);
    }
    out
}

/// Escapes one character ([`escape`]).
pub(crate) fn push_escaped(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        _ if is_trick(c) => {
            let _ = write!(out, "⟦U+{:04X}⟧", u32::from(c));
        }
        _ => out.push(c),
    }
}

/// Characters that change the direction of text, or are invisible without need.
const fn is_trick(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{FEFF}')
}

/// Text from outside (a commit message, a name), escaped by [`escape`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Foreign(pub(crate) String);

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(&self.0))
    }
}

impl HtmlSafe for Foreign {}

/// HTML that one of our own files wrote, from parts that it escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Html(pub(crate) String);

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

/// Turns back-quoted words of a sentence of ours into code.
pub(crate) fn sentence(text: &str) -> Html {
    let mut out = String::with_capacity(text.len() + 16);
    let mut open = false;
    for c in text.chars() {
        if c == '`' {
            out.push_str(if open { "</code>" } else { "<code>" });
            open = !open;
        } else {
            push_escaped(&mut out, c);
        }
    }
    if open {
        out.push_str("</code>");
    }
    Html(out)
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

    /// "12m 40s" for a minute of work and the rest of waiting for a person would be no duration.
    #[test]
    fn waiting_for_an_approval_does_not_count() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let shown = |spans: &[(i64, Option<i64>)], now: i64| {
            let spans = spans.iter().map(|&(from, to)| (at(from), to.map(at))).collect();
            Lasting::of_spans(spans, at(now)).to_string()
        };
        let held = shown(&[(0, Some(20)), (5, Some(30))], 760);
        assert!(held.ends_with(">30s</span>") && !held.contains("data-since"), "{held}");
        let resumed = shown(&[(0, Some(30)), (700, None)], 740);
        assert!(resumed.ends_with(">1m 10s</span>"), "{resumed}");
        assert!(resumed.contains(&format!("data-since=\"{}\"", at(670))), "{resumed}");
        assert!(shown(&[(0, Some(30)), (700, Some(740))], 900).ends_with(">1m 10s</span>"));
        assert_eq!(shown(&[], 5), Lasting::new(None, None, at(5)).to_string());
    }

    #[test]
    fn a_sentence_names_a_few_of_many() {
        let names = |count: usize| (1..=count).map(|n| format!("j{n}")).collect::<Vec<_>>();
        assert_eq!(join(&names(1)), "j1");
        assert_eq!(join(&names(4)), "j1, j2, j3 and j4");
        assert_eq!(join(&names(60)), "j1, j2, j3 and 57 more jobs");
    }

    /// A hostile commit message must stay text, and must not be able to turn itself around.
    #[test]
    fn a_hostile_text_stays_text() {
        assert_eq!(escape("<img src=x onerror='x'>"), "&lt;img src=x onerror=&#39;x&#39;&gt;");
        assert_eq!(escape("a\u{202E}b"), "a⟦U+202E⟧b");
        assert_eq!(sentence("use `a<b` now").0, "use <code>a&lt;b</code> now");
    }

    #[test]
    fn a_picture_from_a_strange_address_is_not_loaded() {
        let person =
            Person { name: "Ada Lovelace".into(), avatar: Some("javascript:alert(1)".into()) };
        assert!(person.to_string().contains(">AL<"), "{person}");
        let person = Person { avatar: Some("https://a.test/?\"><script>".into()), ..person };
        assert!(person.to_string().contains("?&quot;&gt;&lt;script&gt;"), "{person}");
    }

    #[test]
    fn every_mark_has_a_word_and_a_shape_of_its_own() {
        let marks: Vec<Mark> = JobStatus::ALL.iter().map(|&status| Mark::from(status)).collect();
        for (index, one) in marks.iter().enumerate() {
            for other in &marks[index + 1..] {
                assert_ne!((one.word(), one.class()), (other.word(), other.class()));
            }
        }
    }
}
