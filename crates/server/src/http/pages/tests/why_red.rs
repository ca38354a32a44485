//! Where pages say why something is red: next to it, before anyone opens a job.

use roundel_engine::{Configuration, Event, NewJob, NewWorkflow};
use roundel_model::{
    id::{JobId, WorkflowId},
    status::Outcome,
};

use super::world::{World, text};

/// The graph was all there was of it, and the red node of a long chain is to the right of what is in view.
#[tokio::test]
async fn a_failed_job_is_named_above_the_graph_with_its_reason() {
    let world = World::new().await;
    let pipeline = world.pipeline("main", "Break it").await;
    let job = world.claim(pipeline, "build").await;
    let reason = "the disk of the runner is full";
    world.finish_because(pipeline, job, (Outcome::InfrastructureFail, Some(reason))).await;
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("admin")).await).await;
    let (above, below) = page.split_once("class=\"graph-frame\"").unwrap();
    let failed = above.split_once("aria-label=\"Failed jobs\"").unwrap().1;
    assert!(failed.contains(&format!("href=\"/job/{job}\"")), "{failed}");
    assert!(failed.contains(&format!("Infrastructure failure: {reason}")), "{failed}");
    assert!(!failed.contains("test"), "a job that was not run did not fail: {failed}");
    assert!(below.contains("Jobs as a list"), "{below}");
}

/// It named two of six, as if there were no others.
#[tokio::test]
async fn of_many_failed_jobs_lists_say_how_many_are_not_named() {
    let world = World::new().await;
    let pipeline = world.started("main", "Break all").await;
    let names: Vec<String> = (1..=7).map(|number| format!("unit-{number}")).collect();
    let jobs = names.iter().map(|name| NewJob {
        id: JobId::fresh(),
        plan: roundel_testkit::planned::build(name, 1),
        needs: Vec::new(),
        missing_contexts: Vec::new(),
    });
    let (id, jobs) = (WorkflowId::fresh(), jobs.collect());
    let workflows = vec![NewWorkflow { id, name: "main".into(), jobs }];
    let configuration = Configuration::default();
    world.apply(pipeline, &Event::Compiled { workflows, configuration }).await;
    for name in &names {
        let job = world.claim(pipeline, name).await;
        world.finish(pipeline, job, Outcome::Failed).await;
    }
    let list = text(world.get("/", Some("admin")).await).await;
    assert!(list.contains("unit-2") && list.contains(">and 5 more</a>"), "{list}");
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("admin")).await).await;
    // It names the list of jobs, and leads there.
    assert!(page.contains(&format!("<a href=\"#jobs-{id}\">and 2 more</a>")), "{page}");
    assert!(page.contains(&format!("<table class=\"plain\" id=\"jobs-{id}\">")), "{page}");
}
