//! Configurations that are none, that ask for the impossible, that are not there, or not wanted.

use roundel_localforge::CommitName;
use roundel_testkit::git::git;

use super::{CONFIG, KIND, Scene, job, reason, spoken};
use crate::installation::Installation;

/// What is pushed, and words that the page must have for it.
fn hopeless() -> Vec<(&'static str, String, Vec<&'static str>)> {
    let built = "version: 2.1\njobs:\n  build: { machine: true, steps: [run: 'true'] }\n";
    let workflow = |jobs: &str| format!("{built}workflows:\n  main:\n    jobs:{jobs}\n");
    vec![
        ("tabs", "version: 2.1\njobs:\n\tbuild:\n\t\tmachine: true\n".to_owned(), vec!["tab"]),
        ("a list", "- version\n- jobs\n".to_owned(), vec!["list", "mapping"]),
        ("a word", "hello\n".to_owned(), vec!["mapping"]),
        ("nothing", String::new(), vec!["mapping", "start with version: 2.1"]),
        ("control characters", "\u{0}\u{1}\u{2}PNG\u{0}".to_owned(), vec!["character"]),
        ("an open quote", "version: 2.1\njobs: \"build\n".to_owned(), vec!["quote"]),
        (
            "a cycle",
            workflow(
                "\n      - build: { name: a, requires: [b] }\n      - build: { name: b, requires: [a] }",
            ),
            vec!["cycle"],
        ),
        (
            "too many at once",
            built.replace("machine: true,", "machine: true, parallelism: 10000,"),
            vec!["parallelism", "10000", "256"],
        ),
        (
            "an unknown executor",
            built.replace("machine: true,", "executor: nowhere,"),
            vec!["nowhere", "executor"],
        ),
        ("no executor", built.replace("machine: true,", ""), vec!["docker", "machine"]),
        ("an unknown job", workflow(" [nobody]"), vec!["nobody"]),
        ("no job", "version: 2.1\n".to_owned(), vec!["no workflows"]),
        ("another time", built.replace("2.1", "7"), vec!["version", "2.1"]),
        ("too much", format!("{built}# {}\n", "x".repeat(1 << 20)), vec!["limit", "1048576"]),
        ("a bomb of aliases", aliases(), vec!["alias"]),
    ]
}

/// Nine names for nine lists of nine names: a few hundred bytes that mean 387 million.
fn aliases() -> String {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for pair in ["a", "b", "c", "d", "e", "f", "g", "h", "i"].windows(2) {
        let list = vec![format!("*{}", pair[0]); 9].join(", ");
        text.push_str(&format!("{0}: &{0} [{list}]\n", pair[1]));
    }
    text + "version: 2.1\njobs: *i\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_cannot_work_is_explained_on_the_commit_and_on_its_page() {
    let mut scene = Scene::with("web").await;
    let mut pushed = Vec::new();
    for (what, text, words) in hopeless() {
        pushed.push((what, scene.push("web", &text, what).await, words));
    }
    let png: &[u8] = b"\x89PNG\r\n\x1a\n\x00\xff\xfe";
    pushed.push(("a picture", push_bytes(&scene.installation, png), vec!["UTF-8"]));
    let mut wrong = Vec::new();
    for (what, sha, words) in &pushed {
        let status = ("ci/roundel: config", "error");
        let (status, page) = scene.follow((KIND, "web"), sha, status).await;
        let (row, workflows) = scene.pipeline(sha).await;
        let text = spoken(&page.text);
        let missing: Vec<_> = words
            .iter()
            .filter(|word| !text.to_lowercase().contains(&word.to_lowercase()))
            .collect();
        if status.description.is_empty() || !missing.is_empty() || !workflows.is_empty() {
            wrong.push(format!(
                "{what}: no {missing:?} on the page, and {status:?} {:?}",
                row.errors
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // After a fix, the next push is built as usual.
    scene.installation.start_runner();
    let sha = scene.push("web", &job("build", "echo fixed"), "Fix").await;
    scene.installation.statuses(KIND, "web", &sha, &[("ci/roundel: build", "success")]).await;
}

/// Pushes bytes that are not text, with real git.
fn push_bytes(installation: &Installation, bytes: &[u8]) -> String {
    let tree = installation.directory.path().join("clone");
    let url = installation.forge.push_url(KIND, "acme", "web", "visitor");
    git(installation.directory.path(), &["clone", "-q", &url, "clone"]).unwrap();
    std::fs::write(tree.join(CONFIG), bytes).unwrap();
    git(&tree, &["add", CONFIG]).unwrap();
    git(&tree, &["commit", "-q", "-m", "A picture"]).unwrap();
    git(&tree, &["push", "-q", "origin", "HEAD:main"]).unwrap();
    git(&tree, &["rev-parse", "HEAD"]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_built_has_a_receipt_that_says_why() {
    let mut scene = Scene::with("web").await;
    let absent = scene
        .installation
        .push(KIND, "web", &[("README.md", "still nothing\n")], "Words only")
        .await;
    let (delivery, page) = scene
        .receipt((KIND, "web"), "the push without a configuration is decided", |found, body| {
            found.event == "push" && body.contains(&absent)
        })
        .await;
    assert!(reason(&delivery).contains(CONFIG), "{delivery:#?}");
    assert!(
        page.contains(CONFIG) && page.contains("Commit a configuration to this branch"),
        "{page}"
    );

    for marker in ["[skip ci]", "[ci skip]"] {
        let message = format!("Fix a word {}", marker.replace("skip", "Skip"));
        let sha = scene.push("web", &job("build", "exit 1"), &message).await;
        let (delivery, page) = scene
            .receipt((KIND, "web"), "the push to skip is decided", |found, body| {
                found.event == "push" && body.contains(&sha)
            })
            .await;
        assert!(reason(&delivery).contains("asks to skip"), "{delivery:#?}");
        assert!(page.contains(marker), "{page}");
        assert!(scene.installation.pipelines(&scene.store, &sha).await.is_empty());
        assert!(
            scene
                .installation
                .forge
                .statuses(KIND, CommitName { owner: "acme", repository: "web", sha: &sha })
                .is_empty()
        );
    }
    assert!(scene.installation.pipelines(&scene.store, &absent).await.is_empty());
    assert!(
        scene
            .installation
            .forge
            .statuses(KIND, CommitName { owner: "acme", repository: "web", sha: &absent })
            .is_empty()
    );
}
