//! What pages, badges and reports read.

use roundel_engine::Event;
use roundel_model::{
    forge::{ForgeKind, ForgeUserId},
    id::{JobId, PipelineId, ProjectId, WorkflowId},
    name::GitRef,
    status::{JobStatus, Outcome, PipelineStatus, WorkflowStatus},
};
use roundel_store::{accounts::SignIn, pipelines::NewPipeline, reading::PipelineFilter};

use crate::world::{World, at, delivery, push, sign_in, slug, workflow};

on_all! {
    a_pipeline_is_shown_as_it_was_created,
    a_pipeline_has_the_picture_of_the_account_that_started_it,
    pipelines_are_listed_newest_first_and_page_by_page,
    a_list_can_be_narrowed_to_projects_and_a_branch,
    workflows_come_in_the_order_of_the_file_with_their_jobs,
    the_body_of_a_job_is_read_back,
    the_reason_of_a_job_is_shown,
    the_previous_outcome_of_a_workflow_is_found,
    the_previous_outcome_is_that_of_the_same_workflow_branch_and_project,
    of_workflows_that_ended_together_the_one_of_the_earlier_pipeline_is_the_previous,
    a_commit_is_judged_by_the_newest_run_of_each_job,
    branches_are_listed_by_their_newest_pipeline,
}

async fn a_pipeline_is_shown_as_it_was_created(world: World) {
    let project = world.project("acme/web").await;
    let hook = world.hook(&project).await;
    let delivery = delivery(&hook, "guid", b"{}");
    world.store.record_delivery(delivery.clone()).await.unwrap();
    let new = NewPipeline {
        delivery: Some(delivery.id),
        before: Some("b".repeat(40).into()),
        git_ref: GitRef::Tag("v1/rc".into()),
        actor: Some(project.integration),
        ..push(project.id, &"a".repeat(40))
    };
    world.store.create_pipeline(&new).await.unwrap();
    let row = world.store.pipeline(new.id).await.unwrap().unwrap();
    assert_eq!((row.id, row.project, &row.slug), (new.id, project.id, &slug("acme/web")));
    assert_eq!((row.number, row.status, row.trigger), (1, PipelineStatus::Pending, new.trigger));
    assert_eq!((&row.git_ref, &row.sha, &row.before), (&new.git_ref, &new.sha, &new.before));
    assert_eq!((&row.commit, &row.actor_login), (&new.commit, &new.actor_login));
    assert_eq!((row.delivery, row.created_at), (new.delivery, new.created_at));
    assert_eq!(row.errors, Vec::<String>::new());
    let same = world.store.pipeline_by_number(project.id, 1).await.unwrap();
    assert_eq!(same, Some(row));
    assert_eq!(world.store.pipeline_by_number(project.id, 2).await.unwrap(), None);
    assert_eq!(world.store.pipeline(PipelineId::fresh()).await.unwrap(), None);
}

/// A login that was given up may be another person's.
async fn a_pipeline_has_the_picture_of_the_account_that_started_it(world: World) {
    let project = world.project("acme/web").await;
    let picture = |who: &str| Some(format!("https://forge.test/{who}.png"));
    let first = SignIn { avatar_url: picture("first"), ..sign_in(ForgeKind::GitHub, "robin") };
    let second = SignIn {
        user: ForgeUserId("id of the second".to_owned()),
        avatar_url: picture("second"),
        ..sign_in(ForgeKind::GitHub, "robin")
    };
    let first = world.store.sign_in(&first, at(1)).await.unwrap();
    let second = world.store.sign_in(&second, at(2)).await.unwrap();
    let cases = [(Some(first), picture("first")), (Some(second), picture("second")), (None, None)];
    for (sha, (actor, expected)) in ["a", "b", "c"].into_iter().zip(cases) {
        let actor_login = Some("robin".to_owned());
        let new = NewPipeline { actor, actor_login, ..push(project.id, &sha.repeat(40)) };
        world.store.create_pipeline(&new).await.unwrap();
        let row = world.store.pipeline(new.id).await.unwrap().unwrap();
        assert_eq!(row.actor_avatar, expected, "{sha}");
    }
}

async fn list(world: &World, filter: PipelineFilter, limit: u32) -> Vec<u64> {
    let listed = world.store.pipelines(&filter, limit).await.unwrap();
    listed.iter().map(|(pipeline, _)| pipeline.number).collect()
}

async fn pipelines_are_listed_newest_first_and_page_by_page(world: World) {
    let project = world.project("acme/web").await.id;
    let mut ids = Vec::new();
    for number in 1..=5 {
        ids.push(world.one_job(project, number).await.0);
    }
    assert_eq!(list(&world, PipelineFilter::default(), 3).await, [5, 4, 3]);
    let before = |id| PipelineFilter { before: Some(id), ..PipelineFilter::default() };
    assert_eq!(list(&world, before(ids[2]), 3).await, [2, 1]);
    assert_eq!(list(&world, before(ids[0]), 3).await, [0_u64; 0]);
    let listed = world.store.pipelines(&PipelineFilter::default(), 9).await.unwrap();
    for (pipeline, workflows) in listed {
        assert_eq!(workflows, world.store.workflows(pipeline.id).await.unwrap());
        assert_eq!(workflows[0].jobs.len(), 1);
    }
}

async fn a_list_can_be_narrowed_to_projects_and_a_branch(world: World) {
    let (web, api) = (world.project("acme/web").await.id, world.project("acme/api").await.id);
    for (project, branch, sha) in [(web, "main", "1"), (api, "main", "2"), (web, "dev", "3")] {
        let git_ref = GitRef::Branch(branch.into());
        let new = NewPipeline { git_ref, ..push(project, &sha.repeat(40)) };
        world.store.create_pipeline(&new).await.unwrap();
    }
    let of = |projects: &[ProjectId], branch: Option<&str>| PipelineFilter {
        projects: Some(projects.to_vec()),
        branch: branch.map(str::to_owned),
        before: None,
    };
    assert_eq!(list(&world, of(&[web], None), 9).await, [2, 1]);
    assert_eq!(list(&world, of(&[web, api], Some("main")), 9).await, [1, 1]);
    assert_eq!(list(&world, of(&[web], Some("dev")), 9).await, [2]);
    assert_eq!(list(&world, of(&[], None), 9).await, [0_u64; 0]);
}

async fn workflows_come_in_the_order_of_the_file_with_their_jobs(world: World) {
    let project = world.project("acme/web").await.id;
    let pipeline = world.pipeline(project, 1).await;
    let workflows = vec![workflow("zebra", &[("y", 1), ("x", 2)]), workflow("ape", &[("z", 1)])];
    let (first, second) = (workflows[0].jobs[0].id, workflows[0].jobs[1].id);
    world.compiled(pipeline, workflows, at(200)).await;
    let read = world.store.workflows(pipeline).await.unwrap();
    let names: Vec<_> = read
        .iter()
        .map(|w| (w.name.as_str(), w.jobs.iter().map(|job| job.name.as_str()).collect::<Vec<_>>()))
        .collect();
    assert_eq!(names, [("zebra", vec!["y", "x"]), ("ape", vec!["z"])]);
    let job = &read[0].jobs[1];
    assert_eq!(
        (job.id, &job.needs, job.tasks, job.kind.as_str()),
        (second, &vec![first], 2, "build")
    );
    assert_eq!((job.status, &job.runners), (JobStatus::Blocked, &vec![None, None]));
    assert_eq!(world.store.job(second).await.unwrap().as_ref(), Some(job));
    assert_eq!(world.store.job(JobId::fresh()).await.unwrap(), None);
}

async fn the_body_of_a_job_is_read_back(world: World) {
    let project = world.project("acme/web").await.id;
    let pipeline = world.pipeline(project, 1).await;
    let workflows = vec![workflow("main", &[("build", 2)])];
    let (id, body) = (workflows[0].jobs[0].id, workflows[0].jobs[0].plan.clone());
    world.compiled(pipeline, workflows, at(200)).await;
    assert_eq!(world.store.job_body(id).await.unwrap(), Some(body));
    assert_eq!(world.store.job_body(JobId::fresh()).await.unwrap(), None);
}

async fn the_reason_of_a_job_is_shown(world: World) {
    let project = world.project("acme/web").await.id;
    let (pipeline, job) = world.one_job(project, 1).await;
    let lease = world.claim(pipeline, job, 0, at(300)).await;
    let (outcome, reason) = (Outcome::Failed, Some("the disk is full".to_owned()));
    let finished = Event::Finished { job, task: 0, lease, outcome, reason };
    world.apply(pipeline, &finished, at(310)).await;
    let row = world.store.job(job).await.unwrap().unwrap();
    assert_eq!((row.status, row.reason.as_deref()), (JobStatus::Failed, Some("the disk is full")));
    assert_eq!(row.runners, [Some("runner-1".to_owned())]);
}

async fn the_previous_outcome_of_a_workflow_is_found(world: World) {
    let project = world.project("acme/web").await.id;
    let mut workflows: Vec<WorkflowId> = Vec::new();
    let outcomes = [Outcome::Failed, Outcome::Success, Outcome::Success];
    for (number, outcome) in (1..).zip(outcomes) {
        let (pipeline, job) = world.one_job(project, number).await;
        let lease = world.claim(pipeline, job, 0, at(300)).await;
        world.finish((pipeline, job), lease, outcome, at(400 + number)).await;
        workflows.push(world.state(pipeline).await.workflows[0].id);
    }
    let (running, _) = world.one_job(project, 4).await;
    workflows.push(world.state(running).await.workflows[0].id);
    let (failed, success) = (Some(WorkflowStatus::Failed), Some(WorkflowStatus::Success));
    let mut previous = Vec::new();
    for workflow in workflows {
        previous.push(world.store.previous_outcome(workflow).await.unwrap());
    }
    assert_eq!(previous, [None, failed, success, success]);
}

/// A workflow that ran to its end.
struct Ended {
    project: ProjectId,
    branch: &'static str,
    workflow: &'static str,
    outcome: Outcome,
    stopped_at: u64,
    /// No two are of the same push.
    commit: usize,
}

impl Ended {
    async fn run(self, world: &World) -> WorkflowId {
        let git_ref = GitRef::Branch(self.branch.into());
        let new = NewPipeline { git_ref, ..push(self.project, &format!("{:040}", self.commit)) };
        world.store.create_pipeline(&new).await.unwrap();
        let workflow = workflow(self.workflow, &[("build", 1)]);
        let (id, job) = (workflow.id, workflow.jobs[0].id);
        world.compiled(new.id, vec![workflow], at(200)).await;
        let lease = world.claim(new.id, job, 0, at(300)).await;
        world.finish((new.id, job), lease, self.outcome, at(self.stopped_at)).await;
        id
    }
}

/// "Fixed" is said to people who follow one project: what ended elsewhere was never broken.
async fn the_previous_outcome_is_that_of_the_same_workflow_branch_and_project(world: World) {
    let project = world.project("acme/web").await.id;
    let other = world.project("acme/api").await.id;
    let mut last = None;
    for (commit, (project, branch, workflow, outcome)) in (0..).zip([
        (project, "main", "main", Outcome::Failed),
        (project, "dev", "main", Outcome::Success),
        (project, "main", "nightly", Outcome::Success),
        (other, "main", "main", Outcome::Success),
        (project, "main", "main", Outcome::Success),
    ]) {
        let stopped_at = 400 + u64::try_from(commit).unwrap();
        let ended = Ended { project, branch, workflow, outcome, stopped_at, commit };
        last = Some(ended.run(&world).await);
    }
    let previous = world.store.previous_outcome(last.unwrap()).await.unwrap();
    assert_eq!(previous, Some(WorkflowStatus::Failed));
}

async fn of_workflows_that_ended_together_the_one_of_the_earlier_pipeline_is_the_previous(
    world: World,
) {
    let project = world.project("acme/web").await.id;
    let (failed, success) = (WorkflowStatus::Failed, WorkflowStatus::Success);
    let mut ids = Vec::new();
    for (commit, (outcome, stopped_at)) in (0..).zip([
        (Outcome::Success, 440),
        (Outcome::Failed, 450),
        (Outcome::Success, 450),
        (Outcome::Failed, 450),
    ]) {
        let (branch, workflow) = ("main", "main");
        let ended = Ended { project, branch, workflow, outcome, stopped_at, commit };
        ids.push(ended.run(&world).await);
    }
    let mut previous = Vec::new();
    for id in ids {
        previous.push(world.store.previous_outcome(id).await.unwrap());
    }
    assert_eq!(previous, [None, Some(success), Some(failed), Some(success)]);
}

/// Two pipelines of one commit share a commit status: the newest run of each job counts, whatever order they
/// end in, and a job of the same name in another workflow is another job.
async fn a_commit_is_judged_by_the_newest_run_of_each_job(world: World) {
    let project = world.project("acme/web").await.id;
    let sha = "a".repeat(40);
    let mut newest = Vec::new();
    for branch in ["main", "dev"] {
        let git_ref = GitRef::Branch(branch.into());
        let new = NewPipeline { git_ref, ..push(project, &sha) };
        world.store.create_pipeline(&new).await.unwrap();
        let workflows =
            vec![workflow("one", &[("test", 1), ("other", 1)]), workflow("two", &[("test", 1)])];
        newest = vec![workflows[1].jobs[0].id, workflows[0].jobs[0].id];
        world.compiled(new.id, workflows, at(200)).await;
    }
    world.one_job(project, 9).await;
    let jobs = world.store.jobs_for_commit(project, &sha.as_str().into(), &"test".into()).await;
    let jobs: Vec<JobId> = jobs.unwrap().iter().map(|job| job.id).collect();
    assert_eq!(jobs, newest);
    let none = world.store.jobs_for_commit(project, &sha.as_str().into(), &"deploy".into()).await;
    assert_eq!(none.unwrap(), []);
}

async fn branches_are_listed_by_their_newest_pipeline(world: World) {
    let project = world.project("acme/web").await.id;
    let tag = GitRef::Tag("v1".into());
    let refs = [
        GitRef::Branch("main".into()),
        GitRef::Branch("dev".into()),
        tag,
        GitRef::Branch("main".into()),
    ];
    for (git_ref, letter) in refs.into_iter().zip(["1", "2", "3", "4"]) {
        let new = NewPipeline { git_ref, ..push(project, &letter.repeat(40)) };
        world.store.create_pipeline(&new).await.unwrap();
    }
    assert_eq!(world.store.branches(project, 9).await.unwrap(), ["main", "dev"]);
    assert_eq!(world.store.branches(project, 1).await.unwrap(), ["main"]);
}
