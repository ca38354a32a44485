//! The state diagrams, drawn from the code: every status is tried with every event, and what comes
//! out is the drawing. `cargo xtask gen` writes it to `docs/states.md`; a test fails when that is
//! stale.

use std::{collections::BTreeMap, fmt::Write as _};

use roundel_model::{id::LeaseId, status::Outcome, time::Timestamp};

use crate::job::{self, Change, JobEvent, Kind, Status, TaskEvent, TaskStatus};

const NOW: Timestamp = Timestamp::from_micros(1_000);
const LATER: Timestamp = Timestamp::from_micros(2_000);
const LEASE: LeaseId = LeaseId::from_u128(1);

/// Outcomes that a runner may report.
const OUTCOMES: [Outcome; 5] = [
    Outcome::Success,
    Outcome::Failed,
    Outcome::Timedout,
    Outcome::InfrastructureFail,
    Outcome::Canceled,
];

/// Returns the page with both diagrams, as Markdown with Mermaid.
pub fn page() -> String {
    let mut page = String::from(
        "# States\n\nDrawn from the code by `cargo xtask gen`; do not edit by hand. What is not drawn is ignored or refused.\n\n## A job\n\n",
    );
    page.push_str(&mermaid(&job_edges(), "blocked"));
    page.push_str("\n## A task: one of the parallel runs of a job\n\n");
    page.push_str(&mermaid(&task_edges(), "waiting"));
    page
}

/// (from, to) with the names of the events that lead there.
type Edges = BTreeMap<(String, String), Vec<String>>;

fn mermaid(edges: &Edges, start: &str) -> String {
    let mut text = format!("```mermaid\nstateDiagram-v2\n    [*] --> {start}\n");
    for ((from, to), events) in edges {
        // Writing to a string cannot fail.
        let _infallible = writeln!(text, "    {from} --> {to}: {}", events.join(", "));
    }
    text.push_str("```\n");
    text
}

fn job_edges() -> Edges {
    let running = TaskStatus::Running { lease: LEASE, expires_at: LATER };
    let build = Kind::Build { tasks: 1 };
    let mut edges = Edges::new();
    for kind in [build, Kind::Approval, Kind::NoOp] {
        for status in [
            Status::Blocked,
            Status::NotRunning,
            Status::Running { tasks: vec![running] },
            Status::OnHold,
        ] {
            let is_of_a_build = matches!(status, Status::NotRunning | Status::Running { .. });
            let is_of_an_approval = status == Status::OnHold;
            if (is_of_a_build && kind != build) || (is_of_an_approval && kind != Kind::Approval) {
                continue;
            }
            for (name, event, now) in job_events() {
                let Ok(Change::To(next)) = job::advance(kind, &status, event, now) else {
                    continue;
                };
                let label = match (status.public() == next.public(), kind) {
                    (true, _) => continue,
                    (false, Kind::Approval) if status == Status::Blocked && name == "ready" => {
                        "ready (approval)".to_owned()
                    }
                    (false, Kind::NoOp) if name == "ready" => "ready (no-op)".to_owned(),
                    (false, _) => name,
                };
                add(&mut edges, status.public().as_str(), next.public().as_str(), label);
            }
        }
    }
    edges
}

fn job_events() -> Vec<(String, JobEvent, Timestamp)> {
    let mut events = vec![
        ("ready".to_owned(), JobEvent::Ready, NOW),
        ("denied".to_owned(), JobEvent::Denied, NOW),
        ("skipped".to_owned(), JobEvent::Skipped, NOW),
        ("approved".to_owned(), JobEvent::Approved, NOW),
        ("canceled".to_owned(), JobEvent::Canceled, NOW),
        ("lease lost".to_owned(), JobEvent::Tick, LATER),
    ];
    for (name, event) in task_events() {
        events.push((name, JobEvent::Task { index: 0, event }, NOW));
    }
    events
}

fn task_events() -> Vec<(String, TaskEvent)> {
    let mut events = vec![
        ("claimed".to_owned(), TaskEvent::Claimed { lease: LEASE, expires_at: LATER }),
        ("renewed".to_owned(), TaskEvent::Renewed { lease: LEASE, expires_at: LATER }),
    ];
    for outcome in OUTCOMES {
        let event = TaskEvent::Finished { lease: LEASE, outcome };
        events.push(("finished".to_owned(), event));
    }
    events
}

fn task_edges() -> Edges {
    let running = TaskStatus::Running { lease: LEASE, expires_at: LATER };
    let name = |status: TaskStatus| match status {
        TaskStatus::Waiting => "waiting".to_owned(),
        TaskStatus::Running { .. } => "running".to_owned(),
        TaskStatus::Ended(outcome) => outcome.to_string(),
    };
    let mut edges = Edges::new();
    for status in [TaskStatus::Waiting, running] {
        for (event_name, event) in task_events() {
            if let Ok(Change::To(next)) = job::advance_task(status, event) {
                add(&mut edges, &name(status), &name(next), event_name);
            }
        }
    }
    let job = Status::Running { tasks: vec![running] };
    let build = Kind::Build { tasks: 1 };
    if let Ok(Change::To(Status::Ended(outcome))) = job::advance(build, &job, JobEvent::Tick, LATER)
    {
        add(&mut edges, "running", outcome.as_str(), "lease lost".to_owned());
    }
    edges
}

fn add(edges: &mut Edges, from: &str, to: &str, event: String) {
    let events = edges.entry((from.to_owned(), to.to_owned())).or_default();
    if !events.contains(&event) {
        events.push(event);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_drawing_in_the_docs_is_not_stale() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/states.md");
        let stored = std::fs::read_to_string(path).expect("docs/states.md exists");
        assert_eq!(stored, super::page(), "run `cargo xtask gen`");
    }
}
