//! Which runners are connected, and which jobs they can run.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use roundel_model::{
    id::{JobId, PipelineId},
    kind::{Architecture, ExecutorKind},
    time::Timestamp,
    word::Word,
};
use roundel_protocol::ClaimRequest;
use roundel_store::{Store, StoreError, pipelines::OfferedTask, runners::RunnerRow};

use crate::resource_class;

/// A runner that runs no job claims at least this often; one that has not, and did not sign off, was killed
/// or is cut off.
const OFFLINE: Duration = Duration::from_mins(2);

/// What a runner offers to run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capabilities<'a> {
    /// Executors; none means all that its own release knows.
    executors: &'a [Word<ExecutorKind>],
    /// Resource classes; none means all.
    resource_classes: &'a [String],
    /// What its programs are made for. A runner of an earlier release does not say.
    architecture: Option<&'a Word<Architecture>>,
}

impl<'a> Capabilities<'a> {
    /// What a runner says when it claims.
    pub(crate) fn of_claim(claim: &'a ClaimRequest) -> Self {
        Self {
            executors: &claim.executors,
            resource_classes: &claim.resource_classes,
            architecture: claim.architecture.as_ref(),
        }
    }

    /// What a runner said when it last claimed.
    fn of_runner(row: &'a RunnerRow) -> Self {
        Self {
            executors: &row.executors,
            resource_classes: &row.resource_classes,
            architecture: row.architecture.as_ref(),
        }
    }

    /// Returns whether a task may go to this runner.
    pub(crate) fn can_run(self, task: &OfferedTask) -> bool {
        Demand::ALL.iter().all(|demand| self.meets(*demand, task))
    }

    fn meets(self, demand: Demand, task: &OfferedTask) -> bool {
        let Self { executors, resource_classes, architecture } = self;
        let class = task.resource_class.as_ref();
        let is_named = class.is_some_and(|class| resource_classes.contains(class));
        match demand {
            // A runner that names none runs everything that its own release can, which is nothing newer.
            Demand::Executor => {
                let is_known = matches!(task.executor, Word::Known(_));
                executors.contains(&task.executor) || executors.is_empty() && is_known
            }
            Demand::ResourceClass => resource_classes.is_empty() || is_named || class.is_none(),
            // A runner that names a class for the architecture, or one of its own, can run its jobs: with
            // an emulator, say. To name `large` says nothing about the image that a job asks for.
            Demand::Architecture => {
                let is_own = class.is_some_and(|class| !resource_class::is_standard(class));
                let asked = class.and_then(|class| Architecture::of_resource_class(class));
                let runs = |wanted: &Word<Architecture>| {
                    architecture == Some(wanted)
                        || is_named && (is_own || asked.is_some_and(|asked| wanted.is(asked)))
                };
                task.architecture.as_ref().is_none_or(runs)
            }
        }
    }
}

/// What a task may ask of a runner.
#[derive(Clone, Copy, Debug)]
enum Demand {
    Executor,
    ResourceClass,
    Architecture,
}

impl Demand {
    const ALL: [Self; 3] = [Self::Executor, Self::ResourceClass, Self::Architecture];

    /// Names what a task asks for, if it asks for something.
    fn of(self, task: &OfferedTask) -> Option<String> {
        match self {
            Self::Executor => Some(format!("the executor `{}`", task.executor)),
            Self::ResourceClass => {
                task.resource_class.as_ref().map(|class| format!("the resource class `{class}`"))
            }
            Self::Architecture => {
                task.architecture.as_ref().map(|one| format!("the architecture `{one}`"))
            }
        }
    }
}

/// Returns whether a runner has not signed off, and claimed in the last two minutes or runs a task.
///
/// `busy` has the names of the runners that run one.
pub(crate) fn is_online(row: &RunnerRow, busy: &HashSet<String>, now: Timestamp) -> bool {
    let is_seen = now.since(row.last_seen_at) < OFFLINE || busy.contains(&row.name);
    signed_off_at(row).is_none() && is_seen
}

/// When a runner signed off, unless it was seen since: a server of an earlier release that notes a runner
/// does not clear the time.
pub(crate) fn signed_off_at(row: &RunnerRow) -> Option<Timestamp> {
    row.signed_off_at.filter(|at| *at >= row.last_seen_at)
}

/// Says of the queued jobs of a pipeline why they cannot start before another runner connects: what none of
/// those that are online can run. A job that one of them can run is not in the answer.
///
/// # Errors
///
/// If the store fails.
pub(crate) async fn why_none_fits(
    store: &Store,
    pipeline: PipelineId,
    now: Timestamp,
) -> Result<HashMap<JobId, String>, StoreError> {
    let queued = store.queued_jobs_of(pipeline).await?;
    if queued.is_empty() {
        return Ok(HashMap::new());
    }
    let (rows, busy) = (store.runners().await?, store.busy_runners().await?);
    let online: Vec<Capabilities<'_>> =
        rows.iter().filter(|row| is_online(row, &busy, now)).map(Capabilities::of_runner).collect();
    Ok(queued.iter().filter_map(|task| Some((task.job, lacking(&online, task)?))).collect())
}

/// Says what a task asks for that none of these runners takes, as [`why_none_fits`]: as few demands as
/// no single runner meets together.
fn lacking(online: &[Capabilities<'_>], task: &OfferedTask) -> Option<String> {
    use Demand::{Architecture, Executor, ResourceClass};
    const COMBINATIONS: [&[Demand]; 7] = [
        &[Executor],
        &[ResourceClass],
        &[Architecture],
        &[Executor, ResourceClass],
        &[Executor, Architecture],
        &[ResourceClass, Architecture],
        &Demand::ALL,
    ];
    if online.is_empty() {
        return Some("No runner is connected.".to_owned());
    }
    let meets_all = |runner: &Capabilities<'_>, demands: &[Demand]| {
        demands.iter().all(|demand| runner.meets(*demand, task))
    };
    let is_unmet = |demands: &&&[Demand]| !online.iter().any(|runner| meets_all(runner, demands));
    let unmet = COMBINATIONS.iter().find(is_unmet)?;
    let named: Vec<String> = unmet.iter().filter_map(|demand| demand.of(task)).collect();
    let lacking = named.join(" together with ");
    Some(format!(
        "No connected runner supports {lacking}. The runners page lists what each supports."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(claim: &ClaimRequest, task: &OfferedTask) -> bool {
        Capabilities::of_claim(claim).can_run(task)
    }

    fn runner(classes: &[&str], executors: &[ExecutorKind]) -> ClaimRequest {
        ClaimRequest {
            runner: "r".to_owned(),
            version: "1".to_owned(),
            resource_classes: classes.iter().map(|&class| class.to_owned()).collect(),
            executors: executors.iter().map(|&kind| kind.into()).collect(),
            architecture: None,
            limitations: None,
            wait: Duration::ZERO,
            lease: None,
        }
    }

    fn task(class: Option<&str>, executor: ExecutorKind) -> OfferedTask {
        OfferedTask {
            pipeline: PipelineId::from_u128(1),
            job: JobId::from_u128(2),
            index: 0,
            resource_class: class.map(str::to_owned),
            executor: executor.into(),
            architecture: class.and_then(Architecture::of_resource_class).map(Word::from),
        }
    }

    #[test]
    fn a_task_goes_to_a_runner_that_serves_its_class_and_executor() {
        use ExecutorKind::{Docker, Machine};
        assert!(fits(&runner(&[], &[]), &task(Some("acme/gpu"), Docker)));
        assert!(fits(&runner(&["acme/gpu"], &[Docker]), &task(Some("acme/gpu"), Docker)));
        assert!(!fits(&runner(&["acme/gpu"], &[]), &task(Some("large"), Docker)));
        assert!(!fits(&runner(&[], &[Machine]), &task(None, Docker)));
        assert!(fits(&runner(&["acme/gpu"], &[Machine]), &task(None, Machine)));
    }

    /// A job for ARM that ran on another machine would pass for one that was tested on ARM.
    #[test]
    fn a_task_for_arm_goes_to_an_arm_runner_or_to_one_that_names_its_class() {
        let task = |class| task(Some(class), ExecutorKind::Docker);
        let of = |architecture: Option<Architecture>, classes: &[&str]| ClaimRequest {
            architecture: architecture.map(Word::from),
            ..runner(classes, &[])
        };
        let (amd, arm) = (Some(Architecture::Amd64), Some(Architecture::Arm64));
        assert!(fits(&of(arm, &[]), &task("arm.large")));
        assert!(!fits(&of(amd, &[]), &task("arm.large")));
        // One of an earlier release does not say what it is.
        assert!(!fits(&of(None, &[]), &task("arm.large")));
        assert!(fits(&of(amd, &["arm.large"]), &task("arm.large")));
        assert!(!fits(&of(arm, &["arm.medium"]), &task("arm.large")));
        // Any other class leaves it open, so that an instance with ARM runners only runs jobs.
        assert!(fits(&of(arm, &[]), &task("large")) && fits(&of(amd, &[]), &task("large")));
    }

    /// A machine of class `large` with the image `ubuntu-2404-arm64` is for ARM as well.
    #[test]
    fn a_runner_that_names_a_standard_class_gets_no_task_whose_image_is_for_arm() {
        let arm_image = |class| OfferedTask {
            architecture: Some(Architecture::Arm64.into()),
            ..task(Some(class), ExecutorKind::Machine)
        };
        let amd = |classes: &[&str]| ClaimRequest {
            architecture: Some(Architecture::Amd64.into()),
            ..runner(classes, &[])
        };
        for class in ["large", "medium.gen2", "2xlarge+", "gpu.nvidia.small"] {
            assert!(!fits(&amd(&[class]), &arm_image(class)), "{class}");
            let arm = Some(Architecture::Arm64.into());
            let arm = ClaimRequest { architecture: arm, ..runner(&[class], &[]) };
            assert!(fits(&arm, &arm_image(class)), "{class}");
        }
        for class in ["arm.large", "acme/emulated"] {
            assert!(fits(&amd(&[class]), &arm_image(class)), "{class}");
        }
    }

    /// A newer runner that only offers what this release does not know must not get everything.
    #[test]
    fn a_runner_that_offers_only_unknown_executors_gets_no_task() {
        let newer =
            ClaimRequest { executors: vec![Word::Other("vm".to_owned())], ..runner(&[], &[]) };
        assert!(!fits(&newer, &task(None, ExecutorKind::Machine)));
    }

    /// The other way round: what a later release offered goes to runners that know it.
    #[test]
    fn a_task_that_needs_what_is_unknown_here_goes_to_a_runner_that_names_it() {
        let vm = Word::Other("vm".to_owned());
        let executors = vec![vm.clone()];
        let vm = OfferedTask { executor: vm, ..task(None, ExecutorKind::Machine) };
        assert!(!fits(&runner(&[], &[]), &vm));
        assert!(fits(&ClaimRequest { executors, ..runner(&[], &[]) }, &vm));
        let architecture = Some(Word::Other("riscv64".to_owned()));
        let riscv =
            OfferedTask { architecture: architecture.clone(), ..task(None, ExecutorKind::Machine) };
        let of = |architecture| ClaimRequest { architecture, ..runner(&[], &[]) };
        assert!(!fits(&of(None), &riscv) && !fits(&of(Some(Architecture::Amd64.into())), &riscv));
        assert!(fits(&of(architecture), &riscv));
    }

    /// It said that none takes the architecture `arm64`, which the first of them does.
    #[test]
    fn what_no_runner_takes_together_is_named_together() {
        use ExecutorKind::{Docker, Machine};
        let of = |architecture: Architecture, classes: &[&str], executor| ClaimRequest {
            architecture: Some(architecture.into()),
            ..runner(classes, &[executor])
        };
        let says = |fleet: &[ClaimRequest], task: &OfferedTask| {
            let fleet: Vec<_> = fleet.iter().map(Capabilities::of_claim).collect();
            lacking(&fleet, task).map(|text| text.replace("No connected runner supports ", ""))
        };
        let rest = ". The runners page lists what each supports.";
        let arm =
            OfferedTask { architecture: Some(Architecture::Arm64.into()), ..task(None, Machine) };
        let fleet = [of(Architecture::Arm64, &[], Docker), of(Architecture::Amd64, &[], Machine)];
        let both = format!("the executor `machine` together with the architecture `arm64`{rest}");
        assert_eq!(says(&fleet, &arm), Some(both));
        let fleet = [
            of(Architecture::Amd64, &["acme/gpu"], Docker),
            of(Architecture::Amd64, &["acme/cpu"], Machine),
        ];
        let both =
            format!("the executor `machine` together with the resource class `acme/gpu`{rest}");
        assert_eq!(says(&fleet, &task(Some("acme/gpu"), Machine)), Some(both));
        let alone = format!("the resource class `acme/tpu`{rest}");
        assert_eq!(says(&fleet, &task(Some("acme/tpu"), Machine)), Some(alone));
        let fleet = [
            of(Architecture::Arm64, &["acme/a"], Machine),
            of(Architecture::Amd64, &["large"], Machine),
        ];
        let arm = OfferedTask { resource_class: Some("large".to_owned()), ..arm };
        let both =
            format!("the resource class `large` together with the architecture `arm64`{rest}");
        assert_eq!(says(&fleet, &arm), Some(both));
        assert_eq!(says(&[runner(&[], &[])], &task(Some("large"), Docker)), None);
    }
}
