//! The life of one job, from `blocked` to an outcome.
//!
//! [`advance`] is the machine of a job, [`advance_task`] that of one of its parallel runs. A job
//! changes only here. `docs/states.md` shows the diagrams, drawn from this very code.
//!
//! Its invariants, checked at every change (`invariants` has all of them):
//!
//! - **J1** An outcome is final. A rerun is a new job.
//! - **J2** A task is claimed at most once, because a deploy that ran twice is worse than one that
//!   failed. A second try is a new job.
//! - **J3** A task holds a lease exactly while it is running (the type says so).
//! - **J4** A job whose contexts do not all exist never runs.
//! - **J5** Only a job that is blocked can be skipped or denied.
//!
//! Deliberately absent: the order of jobs (`workflow`), steps (runner).

use roundel_model::{
    id::{JobId, LeaseId},
    kind::JobKind,
    name::JobName,
    plan::PlannedJobKind,
    status::{JobStatus, Outcome},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::illegal::IllegalEvent;

/// One job of a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub id: JobId,
    pub name: JobName,
    pub kind: Kind,
    /// The jobs that must have ended first.
    pub needs: Vec<Dependency>,
    /// Contexts that it asks for and that do not exist. With any, it ends as `unauthorized` where it
    /// would have become ready.
    pub missing_contexts: Vec<String>,
    pub status: Status,
}

impl Job {
    /// Returns why it is not authorized, naming every context that is missing.
    pub fn why_unauthorized(&self) -> String {
        let names: Vec<String> = self.missing_contexts.iter().map(|it| format!("`{it}`")).collect();
        match names.as_slice() {
            [one] => format!("context {one} does not exist"),
            _ => format!("contexts {} do not exist", names.join(", ")),
        }
    }
}

/// What a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Runs steps, in this many parallel tasks (at least 1).
    Build {
        /// `parallelism`.
        tasks: u32,
    },
    /// Waits for a person.
    Approval,
    /// Succeeds at once.
    NoOp,
}

/// A requirement: another job, and the outcomes that satisfy it (`RUN` §1.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    pub job: JobId,
    /// The outcomes that meet it.
    pub accepts: Vec<Outcome>,
}

/// Where a job is. Data that a status needs lives in it: no lease without a running task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for what it needs.
    Blocked,
    /// Ready: every task waits for a runner.
    NotRunning,
    /// At least one task was claimed.
    Running {
        /// One for each task.
        tasks: Vec<TaskStatus>,
    },
    /// An approval job that waits for a person.
    OnHold,
    /// Final: an ended job never changes again.
    Ended(Outcome),
}

/// Where one task of a running job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Waits for a runner.
    Waiting,
    /// A runner has it.
    Running { lease: LeaseId, expires_at: Timestamp },
    /// Final: an ended task never changes again.
    Ended(Outcome),
}

impl Status {
    /// Returns the status that the API and pages show.
    pub fn public(&self) -> JobStatus {
        match self {
            Self::Blocked => JobStatus::Blocked,
            Self::NotRunning => JobStatus::NotRunning,
            Self::Running { .. } => JobStatus::Running,
            Self::OnHold => JobStatus::OnHold,
            Self::Ended(outcome) => JobStatus::from(*outcome),
        }
    }
}

impl Kind {
    /// Returns the kind of a planned job. A job without steps has nothing to wait for;
    /// the compiler refuses locks and releases, so none comes this far.
    pub fn of(plan: &PlannedJobKind) -> Self {
        match plan {
            PlannedJobKind::Build(body) => Self::Build { tasks: body.parallelism },
            PlannedJobKind::Approval => Self::Approval,
            PlannedJobKind::NoOp
            | PlannedJobKind::Release { .. }
            | PlannedJobKind::Lock { .. }
            | PlannedJobKind::Unlock { .. } => Self::NoOp,
        }
    }

    /// Returns the kind that the API and pages show.
    pub const fn public(self) -> JobKind {
        match self {
            Self::Build { .. } => JobKind::Build,
            Self::Approval => JobKind::Approval,
            Self::NoOp => JobKind::NoOp,
        }
    }

    /// Returns how many tasks it has.
    pub const fn tasks(self) -> u32 {
        match self {
            Self::Build { tasks } => tasks,
            Self::Approval | Self::NoOp => 0,
        }
    }
}

/// Something that happened to one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEvent {
    /// Everything that it needs is met.
    Ready,
    /// Everything that it needs is met, but it asks for what it may not use.
    Denied,
    /// Something that it needs can no longer be met.
    Skipped,
    Approved,
    /// It is to end.
    Canceled,
    /// Something happened to one of its tasks.
    Task {
        index: u32,
        event: TaskEvent,
    },
    /// Time has passed.
    Tick,
}

/// Something that happened to one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskEvent {
    /// A runner takes it.
    Claimed { lease: LeaseId, expires_at: Timestamp },
    /// The runner is still there.
    Renewed { lease: LeaseId, expires_at: Timestamp },
    /// The runner reports the outcome.
    Finished { lease: LeaseId, outcome: Outcome },
}

/// What an event leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<S> {
    /// The status that follows. May be equal to the one before, when a renewal names the same time.
    To(S),
    /// A late or repeated event.
    Ignored,
}

impl JobEvent {
    /// Returns its name, for messages.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Denied => "denied",
            Self::Skipped => "skipped",
            Self::Approved => "approved",
            Self::Canceled => "canceled",
            Self::Task { event, .. } => event.name(),
            Self::Tick => "tick",
        }
    }
}

impl TaskEvent {
    /// Returns its name, for messages.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Claimed { .. } => "claimed",
            Self::Renewed { .. } => "renewed",
            Self::Finished { .. } => "finished",
        }
    }
}

/// Applies one event to a job.
///
/// Runners retry, and a cancel can cross a finish on the wire, so late and repeated events are part
/// of the protocol: they come back as [`Change::Ignored`]. So does the outcome from a runner whose
/// lease was lost, even if it was right.
///
/// # Errors
///
/// [`IllegalEvent`], if the caller broke the protocol or the order of jobs is wrong. The job is as it
/// was.
pub fn advance(
    kind: Kind,
    status: &Status,
    event: JobEvent,
    now: Timestamp,
) -> Result<Change<Status>, IllegalEvent> {
    use {JobEvent as E, Kind as K, Status as S};

    Ok(match (status, event) {
        (S::Blocked, E::Ready) => Change::To(match kind {
            K::Build { .. } => S::NotRunning,
            K::Approval => S::OnHold,
            K::NoOp => S::Ended(Outcome::Success),
        }),
        (S::Blocked, E::Denied) => Change::To(S::Ended(Outcome::Unauthorized)),
        (S::Blocked, E::Skipped) => Change::To(S::Ended(Outcome::NotRun)),
        (S::OnHold, E::Approved) => Change::To(S::Ended(Outcome::Success)),
        (S::Blocked | S::NotRunning | S::Running { .. } | S::OnHold, E::Canceled) => {
            Change::To(S::Ended(Outcome::Canceled))
        }
        (S::NotRunning, E::Task { index, event }) => {
            let waiting: Vec<_> = (0..kind.tasks()).map(|_| TaskStatus::Waiting).collect();
            in_task(&waiting, index, event)?
        }
        (S::Running { tasks }, E::Task { index, event }) => in_task(tasks, index, event)?,
        (S::Running { tasks }, E::Tick) => expire(tasks, now),

        // A late or repeated event, whatever the status.
        (S::Blocked | S::NotRunning | S::OnHold | S::Ended(_), E::Tick) => Change::Ignored,
        (S::NotRunning | S::Running { .. } | S::OnHold, E::Ready) => Change::Ignored,
        (
            S::Ended(_),
            E::Ready | E::Denied | E::Skipped | E::Canceled | E::Approved | E::Task { .. },
        ) => Change::Ignored,

        // Only the workflow sends these, and only to a job that is blocked (J5).
        (S::NotRunning | S::Running { .. } | S::OnHold, E::Skipped | E::Denied) => {
            let broken = format!("J5: a job that is `{}` cannot be held back", status.public());
            return Err(IllegalEvent::Invariant { event: event.name(), broken });
        }
        (S::Blocked, E::Approved) => {
            return Err(refuse(&event, status, "it does not wait for approval yet"));
        }
        (S::NotRunning | S::Running { .. }, E::Approved) => {
            return Err(refuse(&event, status, "it is not an approval job"));
        }
        (S::Blocked | S::OnHold, E::Task { .. }) => {
            return Err(refuse(&event, status, "it is not offered to runners"));
        }
    })
}

fn refuse(event: &JobEvent, status: &Status, reason: &'static str) -> IllegalEvent {
    IllegalEvent::Protocol { event: event.name(), status: Some(status.public()), reason }
}

/// Applies one event to a task.
///
/// # Errors
///
/// [`IllegalEvent::Protocol`], if the caller broke the protocol.
pub fn advance_task(
    status: TaskStatus,
    event: TaskEvent,
) -> Result<Change<TaskStatus>, IllegalEvent> {
    use {TaskEvent as E, TaskStatus as S};

    Ok(match (status, event) {
        (S::Waiting, E::Claimed { lease, expires_at }) => {
            Change::To(S::Running { lease, expires_at })
        }
        (S::Running { lease, .. }, E::Renewed { lease: from, expires_at }) if lease == from => {
            Change::To(S::Running { lease, expires_at })
        }
        (S::Running { lease, .. }, E::Finished { lease: from, outcome }) if lease == from => {
            match outcome {
                Outcome::Success
                | Outcome::Failed
                | Outcome::Timedout
                | Outcome::InfrastructureFail
                | Outcome::Canceled => Change::To(S::Ended(outcome)),
                Outcome::NotRun | Outcome::Unauthorized => {
                    return Err(refuse_task(event, "a runner cannot report this outcome"));
                }
            }
        }

        // Two servers may offer the same task: the second claim comes too late.
        (S::Running { .. } | S::Ended(_), E::Claimed { .. }) => Change::Ignored,
        // A lease that was lost has no say.
        (S::Running { .. } | S::Ended(_), E::Renewed { .. } | E::Finished { .. }) => {
            Change::Ignored
        }

        (S::Waiting, E::Renewed { .. } | E::Finished { .. }) => {
            return Err(refuse_task(event, "no runner has claimed the task"));
        }
    })
}

fn refuse_task(event: TaskEvent, reason: &'static str) -> IllegalEvent {
    IllegalEvent::Protocol { event: event.name(), status: Some(JobStatus::Running), reason }
}

/// Applies an event to one of several tasks, and rolls them up.
fn in_task(
    tasks: &[TaskStatus],
    index: u32,
    event: TaskEvent,
) -> Result<Change<Status>, IllegalEvent> {
    let position = usize::try_from(index).unwrap_or(usize::MAX);
    let &task = tasks.get(position).ok_or_else(|| refuse_task(event, "there is no such task"))?;
    Ok(match advance_task(task, event)? {
        Change::Ignored => Change::Ignored,
        Change::To(next) => {
            let mut tasks = tasks.to_vec();
            tasks[position] = next;
            Change::To(roll_up(tasks))
        }
    })
}

/// Ends the tasks whose lease is over: their runner is gone, and how far it came is unknown.
fn expire(tasks: &[TaskStatus], now: Timestamp) -> Change<Status> {
    let is_over = |task: &TaskStatus| matches!(task, TaskStatus::Running { expires_at, .. } if *expires_at <= now);
    if !tasks.iter().any(is_over) {
        return Change::Ignored;
    }
    let lost = TaskStatus::Ended(Outcome::InfrastructureFail);
    Change::To(roll_up(tasks.iter().map(|task| if is_over(task) { lost } else { *task }).collect()))
}

/// A job runs until its last task ends; a task that failed does not stop the others (`RUN` §1.9).
fn roll_up(tasks: Vec<TaskStatus>) -> Status {
    let mut outcomes = Vec::with_capacity(tasks.len());
    for task in &tasks {
        let TaskStatus::Ended(outcome) = task else { return Status::Running { tasks } };
        outcomes.push(*outcome);
    }
    let worst_first = [
        Outcome::Failed,
        Outcome::Timedout,
        Outcome::InfrastructureFail,
        Outcome::Canceled,
        Outcome::Unauthorized,
        Outcome::NotRun,
    ];
    let worst = worst_first.into_iter().find(|outcome| outcomes.contains(outcome));
    Status::Ended(worst.unwrap_or(Outcome::Success))
}

impl Dependency {
    /// Returns whether an outcome meets it. What the runner or we lost counts as failed (`RUN` §1.5).
    pub fn is_met_by(&self, outcome: Outcome) -> bool {
        let counts_as = match outcome {
            Outcome::Timedout | Outcome::InfrastructureFail => Outcome::Failed,
            Outcome::Success
            | Outcome::Failed
            | Outcome::Canceled
            | Outcome::NotRun
            | Outcome::Unauthorized => outcome,
        };
        self.accepts.contains(&outcome) || self.accepts.contains(&counts_as)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: Timestamp = Timestamp::from_micros(1_000_000);
    const BUILD: Kind = Kind::Build { tasks: 1 };

    fn lease(number: u128) -> LeaseId {
        LeaseId::from_u128(number)
    }

    fn running(number: u128) -> Status {
        let expires_at = START.plus(Duration::from_secs(30));
        Status::Running { tasks: vec![TaskStatus::Running { lease: lease(number), expires_at }] }
    }

    fn finished(number: u128, outcome: Outcome) -> JobEvent {
        JobEvent::Task { index: 0, event: TaskEvent::Finished { lease: lease(number), outcome } }
    }

    /// It is unknown whether the lost runner was the last to change anything outside.
    #[test]
    fn a_lost_lease_has_no_outcome() {
        let late = finished(2, Outcome::Success);
        assert_eq!(advance(BUILD, &running(1), late, START), Ok(Change::Ignored));
    }

    #[test]
    fn a_lease_that_is_not_renewed_ends_the_job_as_our_fault() {
        let late = START.plus(Duration::from_secs(30));
        assert_eq!(
            advance(BUILD, &running(1), JobEvent::Tick, late),
            Ok(Change::To(Status::Ended(Outcome::InfrastructureFail)))
        );
        assert_eq!(advance(BUILD, &running(1), JobEvent::Tick, START), Ok(Change::Ignored));
    }

    #[test]
    fn an_outcome_after_a_cancel_changes_nothing() {
        let canceled = Status::Ended(Outcome::Canceled);
        let late = finished(1, Outcome::Success);
        assert_eq!(advance(BUILD, &canceled, late, START), Ok(Change::Ignored));
    }

    #[test]
    fn a_failed_task_does_not_stop_its_siblings_but_fails_the_job() {
        let both = Kind::Build { tasks: 2 };
        let claim = |index, number| JobEvent::Task {
            index,
            event: TaskEvent::Claimed {
                lease: lease(number),
                expires_at: START.plus(Duration::from_secs(9)),
            },
        };
        let ends = |index, number, outcome| JobEvent::Task {
            index,
            event: TaskEvent::Finished { lease: lease(number), outcome },
        };
        let mut status = Status::NotRunning;
        for event in [claim(0, 1), ends(0, 1, Outcome::Failed), claim(1, 2)] {
            let Ok(Change::To(next)) = advance(both, &status, event, START) else {
                panic!("{event:?} must change {status:?}");
            };
            status = next;
            assert_eq!(status.public(), JobStatus::Running);
        }
        assert_eq!(
            advance(both, &status, ends(1, 2, Outcome::Success), START),
            Ok(Change::To(Status::Ended(Outcome::Failed)))
        );
    }

    #[test]
    fn what_timed_out_counts_as_failed_for_jobs_that_require_a_failure() {
        let need = Dependency { job: JobId::from_u128(1), accepts: vec![Outcome::Failed] };
        assert!(need.is_met_by(Outcome::Timedout));
        assert!(need.is_met_by(Outcome::InfrastructureFail));
        assert!(!need.is_met_by(Outcome::Canceled));
    }
}
