//! What a hostile repository can make pages weigh: names have no limit in a configuration, and a page
//! repeats each of them many times.

use roundel_engine::{Configuration, Event, NewJob, NewWorkflow, job::Dependency};
use roundel_model::{
    id::{JobId, WorkflowId},
    limits,
    plan::PlannedJobKind,
    status::Outcome,
};

use super::world::{World, text};

/// Characters of each name: a hundred times what people write.
const LONG: usize = 10_000;

fn long(name: &str) -> String {
    format!("{name}{}", "ä<".repeat(LONG / 2))
}

/// A tenth of the jobs that a pipeline may have, which is enough to see what each of them weighs.
const JOBS: usize = limits::JOBS_PER_PIPELINE / 10;

/// Jobs with long names and an approval before every third, in as many workflows as are asked for. Every
/// third requires up to a hundred before it.
fn workflows(count: usize) -> Vec<NewWorkflow> {
    let each = JOBS / count;
    let workflow = |number: usize| {
        let ids: Vec<JobId> = (0..each).map(|_| JobId::fresh()).collect();
        let job = |(at, &id): (usize, &JobId)| {
            let name = long(&format!("job-{number}-{at}-"));
            let plan = match at % 3 {
                0 => roundel_testkit::planned::job(&name, PlannedJobKind::Approval),
                _ => roundel_testkit::planned::build(&name, 1),
            };
            let accepts = vec![Outcome::Success];
            let need = |&job: &JobId| Dependency { job, accepts: accepts.clone() };
            let needs =
                if at % 3 == 2 { ids[..at.min(100)].iter().map(need).collect() } else { vec![] };
            let missing = if at % 7 == 1 { vec![long("context-")] } else { vec![] };
            NewJob { id, plan, needs, missing_contexts: missing }
        };
        let jobs = ids.iter().enumerate().map(job).collect();
        let name = long(&format!("workflow-{number}-")).as_str().into();
        NewWorkflow { id: WorkflowId::fresh(), name, jobs }
    };
    (0..count).map(workflow).collect()
}

#[tokio::test]
async fn long_names_do_not_make_a_page_heavy() {
    for count in [1, 20] {
        let world = World::new().await;
        let subject = long("Subject ");
        let event = Event::Compiled {
            workflows: workflows(count),
            configuration: Configuration::default(),
        };
        let pipeline = world.planned((&long("branch-"), &subject), &event).await;
        let job = world.app.store.workflows(pipeline).await.unwrap()[0].jobs[0].id;
        let addresses = [
            ("/".to_owned(), 160_000),
            ("/projects".to_owned(), 50_000),
            ("/gh/acme/web".to_owned(), 160_000),
            ("/gh/acme/web/settings".to_owned(), 80_000),
            (format!("/pipeline/{pipeline}"), 800_000),
            (format!("/pipeline/{pipeline}/live"), 800_000),
            (format!("/job/{job}"), 200_000),
        ];
        for (address, most) in addresses {
            let page = text(world.get(&address, Some("writer")).await).await;
            let bytes = page.len();
            assert!(bytes < most, "{count} workflows: {address} has {bytes} bytes");
            assert!(bytes > 1_000 && page.contains('…'), "{address}: {page}");
        }
        // The page of the thing itself has all of its name.
        let page = text(world.get(&format!("/job/{job}"), Some("writer")).await).await;
        assert_eq!(page.matches(&"ä&lt;".repeat(LONG / 2)).count(), 1, "the heading of the job");
        let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("writer")).await).await;
        assert_eq!(
            page.matches(&"ä&lt;".repeat(LONG / 2)).count(),
            1,
            "the heading of the pipeline"
        );
    }
}

/// What is cut can be read in a tooltip, and names of ordinary length are not touched.
#[tokio::test]
async fn a_name_that_is_cut_says_so_and_has_a_tooltip() {
    let world = World::new().await;
    let name = "n".repeat(limits::LISTED_NAME_CHARS);
    let job = |name: &str| NewJob {
        id: JobId::fresh(),
        plan: roundel_testkit::planned::build(name, 1),
        needs: Vec::new(),
        missing_contexts: Vec::new(),
    };
    let jobs = vec![job(&name), job(&format!("{name}o"))];
    let workflow = NewWorkflow { id: WorkflowId::fresh(), name: "main".into(), jobs };
    let event =
        Event::Compiled { workflows: vec![workflow], configuration: Configuration::default() };
    let pipeline = world.planned(("main", "Name it"), &event).await;
    let page = text(world.get(&format!("/pipeline/{pipeline}"), Some("reader")).await).await;
    assert!(page.contains(&format!("\">{name}</a>")), "{page}");
    assert!(page.contains(&format!(" title=\"{name}o\">{name}…</a>")), "{page}");
}
