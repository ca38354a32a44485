//! Steps that misbehave: they end, say why, and leave the runner well for the next job.

use std::fs;

use roundel_localforge::CommitName;
use roundel_model::{
    limits,
    status::{JobStatus, WorkflowStatus},
};

use super::{KIND, Scene, job, spoken};
use crate::installation::until;

const SUCCESS: &str = "success";
const FAILURE: &str = "failure";

/// The runner is well: the next job is green.
async fn assert_next_job_runs(scene: &Scene) {
    let sha = scene.push("web", &job("next", "echo all is well"), "Next").await;
    scene.installation.statuses(KIND, "web", &sha, &[("ci/roundel: next", SUCCESS)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_floods_its_output_keeps_its_end_and_the_server_still_answers() {
    let mut scene = Scene::with("web").await;
    scene.installation.start_runner();
    let flood = "head -c 120M /dev/zero | tr '\\0' x | fold -w 200\necho after the flood";
    let sha = scene.push("web", &job("flood", flood), "Flood").await;
    scene.installation.statuses(KIND, "web", &sha, &[("ci/roundel: flood", "pending")]).await;
    let id = scene.job(&sha, "flood").await.id;
    let (row, _) = scene.pipeline(&sha).await;
    until("the flood is over", async || {
        for path in ["healthz".to_owned(), format!("pipeline/{}", row.id)] {
            let page = scene.installation.open(&mut scene.visitor, &path).await;
            assert!(page.status.is_success(), "the server answers meanwhile: {}", page.text);
        }
        scene.store.job(id).await.unwrap().unwrap().status.is_final()
    })
    .await;
    scene.installation.statuses(KIND, "web", &sha, &[("ci/roundel: flood", SUCCESS)]).await;
    // The first request waits until so much is indexed; one that times out has still caused that work.
    let url = scene.installation.url.join(&format!("job/{id}")).unwrap();
    until("the page of the flood is shown", async || {
        let page = scene.visitor.open(url.clone()).await;
        page.is_ok_and(|page| spoken(&page.text).contains("Output truncated"))
    })
    .await;
    let job = scene.job(&sha, "flood").await;
    let (step, end) = scene.step(&job, "It").await;
    assert!(step.truncated && step.log_bytes <= limits::LOG_BYTES_PER_STEP, "{step:#?}");
    assert!(step.log_bytes > limits::LOG_BYTES_PER_STEP - (1 << 17), "nothing else was left out");
    assert!(end.contains("after the flood") && end.contains("Exited with code 0"), "{end}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_forks_without_end_ends_and_the_next_job_runs() {
    let mut scene = Scene::with("web").await;
    scene.installation.start_runner();
    // Everyone waits for two children, who wait for two children …
    let bomb = "exec 2>/dev/null\nbomb() { bomb & bomb & wait; }\nbomb";
    let config = job("bomb", bomb).replace("20s", "3s");
    let sha = scene.push("web", &config, "Bomb").await;
    let (_, page) = scene.follow((KIND, "web"), &sha, ("ci/roundel: bomb", FAILURE)).await;
    let said = spoken(&page.text);
    assert!(
        said.contains("No output for 3 seconds") || said.contains("Exited with code"),
        "it says how it ended: {said}"
    );
    assert_next_job_runs(&scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_ignores_sigterm_is_gone_soon_after_its_workflow_is_canceled() {
    let mut scene = Scene::with("web").await;
    scene.installation.start_runner();
    let name = format!("deaf-{}", scene.installation.url.port().unwrap());
    let deaf = format!("bash -c 'trap \"\" TERM HUP INT; while :; do sleep 1; done' {name} & wait");
    let sha = scene.push("web", &job("deaf", &deaf).replace("20s", "10m"), "Deaf").await;
    until("the deaf process runs", async || is_alive(&name)).await;
    let (row, workflows) = scene.pipeline(&sha).await;
    let path = format!("pipeline/{}/cancel/{}", row.id, workflows[0].id);
    let url = scene.installation.url.join(&path).unwrap();
    let page = scene.visitor.send(url, &[]).await.unwrap();
    assert!(page.status.is_success(), "{}", page.text);
    let (status, page) = scene.follow((KIND, "web"), &sha, ("ci/roundel: deaf", "error")).await;
    assert_eq!(status.description, "Your tests were canceled");
    assert!(spoken(&page.text).contains("Canceled"), "{}", page.text);
    until("the deaf process is gone", async || !is_alive(&name)).await;
    let (_, workflows) = scene.pipeline(&sha).await;
    assert_eq!(workflows[0].status, WorkflowStatus::Canceled);
    assert_eq!(workflows[0].jobs[0].status, JobStatus::Canceled);
    assert_next_job_runs(&scene).await;
    let statuses = scene
        .installation
        .forge
        .statuses(KIND, CommitName { owner: "acme", repository: "web", sha: &sha });
    assert!(
        statuses.iter().all(|status| status.state.as_str() != FAILURE),
        "nothing else was said: {statuses:#?}"
    );
}

/// Returns whether a process with this argument lives on the host.
fn is_alive(argument: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines
        .into_iter()
        .any(|line| line.split(|byte| *byte == 0).any(|word| word == argument.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fills_its_disk_quota_fails_alone() {
    let mut scene = Scene::with("web").await;
    scene.installation.start_runner();
    // Where the quota is not enforced, it is not for a test to fill the disk of the host.
    let fill = "size=$(df -B1 --output=size . | tail -n 1)
if [ \"$size\" -lt 40000000000 ] || [ \"$size\" -gt 54000000000 ]; then echo no quota; exit 0; fi
fallocate -l 30G one
fallocate -l 30G two";
    let sha = scene.push("web", &job("full", fill), "Fill").await;
    let id = {
        scene.installation.statuses(KIND, "web", &sha, &[("ci/roundel: full", "pending")]).await;
        scene.job(&sha, "full").await.id
    };
    until("the job is over", async || {
        scene.store.job(id).await.unwrap().unwrap().status.is_final()
    })
    .await;
    let job = scene.job(&sha, "full").await;
    let (step, said) = scene.step(&job, "It").await;
    if said.contains("no quota") {
        roundel_testkit::skip::notice("a disk quota that is filled", "it is not enforced here");
    } else {
        assert!(said.contains("No space left on device"), "{said}");
        assert_eq!((job.status, step.exit_code), (JobStatus::Failed, Some(1)), "{said}");
        let (_, page) = scene.follow((KIND, "web"), &sha, ("ci/roundel: full", FAILURE)).await;
        assert!(spoken(&page.text).contains("No space left on device"), "{}", page.text);
    }
    assert_next_job_runs(&scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_step_prints_is_shown_and_never_obeyed() {
    let mut scene = Scene::with("web").await;
    scene.installation.start_runner();
    let garbage = r#"printf 'half \377\376\200 \303\n'
printf '\033[31mred\033[0m \033]8;;javascript:alert(1)\007link\033]8;;\007 \033[2J\033[99999999999999999999m\033[\nm'
printf '<script>alert("pwned")</script><img src=x onerror=alert(1)>\n'
printf '\033]0;title\007\000\001\002\r\r\b\b\n'
printf '"></code></li></ol></log-view><script src=//example.org></script>\n'
head -c 5000000 /dev/zero | tr '\0' y; echo
printf 'the end of %s\n' it"#;
    let sha = scene.push("web", &job("garbage", garbage), "Print <b>garbage</b>").await;
    let (_, page) = scene.follow((KIND, "web"), &sha, ("ci/roundel: garbage", SUCCESS)).await;
    for danger in
        ["<script>alert", "<img src=x", "href=\"javascript", "<script src=//", "<b>garbage"]
    {
        assert!(!page.text.contains(danger), "{danger} is on the page");
    }
    assert!(page.text.len() < 1 << 20, "a line of 5 MB makes a page of {}", page.text.len());
    let job = scene.job(&sha, "garbage").await;
    let (step, _) = scene.step(&job, "It").await;
    let log = format!("job/{}/log/0/{}", job.id, step.number);
    // A large log is read portion by portion, and each answer says how much is left.
    let mut shown = scene.installation.open(&mut scene.visitor, &format!("{log}?from=0")).await;
    while shown.status.is_success() && !shown.text.contains("\"left\":0,") {
        shown = scene.installation.open(&mut scene.visitor, &format!("{log}?from=0")).await;
    }
    assert!(shown.status.is_success(), "{}", shown.text);
    assert!(shown.text.len() < 1 << 20, "a line of 5 MB is shown as {}", shown.text.len());
    for danger in ["<script", "<img", "</code>", "javascript:alert(1)\\\""] {
        assert!(!shown.text.contains(danger), "{danger} is in {}", shown.text);
    }
    let said = spoken(&shown.text);
    for words in ["the end of it", "half", "<script>alert(", "red", "cut here"] {
        assert!(said.contains(words), "no {words} in {said}");
    }
    let found = scene.installation.open(&mut scene.visitor, &format!("{log}/search?q=pwned")).await;
    assert!(found.text.contains("\"total\":1"), "{}", found.text);
    let raw = scene.installation.open(&mut scene.visitor, &format!("{log}/raw")).await;
    assert!(raw.text.len() > 5_000_000, "{} {}", raw.status, raw.text.len());
    assert!(raw.text.contains("the end of it"), "the raw log is whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_is_silent_for_too_long_is_ended_and_says_so() {
    let mut scene = Scene::with("web").await;
    scene.installation.start_runner();
    let config = job("silent", "echo soon\nsleep 600").replace("20s", "2s");
    let sha = scene.push("web", &config, "Be silent").await;
    let (_, page) = scene.follow((KIND, "web"), &sha, ("ci/roundel: silent", FAILURE)).await;
    let said = spoken(&page.text);
    for words in ["Timed out", "No output for 2 seconds. Step It was stopped."] {
        assert!(said.contains(words), "no {words} in {said}");
    }
    assert!(!said.contains("exit 143"), "the runner's own signal is not a result: {said}");
    assert_next_job_runs(&scene).await;
}
