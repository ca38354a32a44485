//! Checking the code out, by the job's own git, from what the runner fetched.

use std::{path::Path, process::Command};

use roundel_model::{
    name::{CommitSha, GitRef},
    plan::{CheckoutMethod, PlannedStep, PlannedStepKind, When},
    secret::Secret,
    status::{Outcome, StepStatus},
};
use roundel_protocol::{CheckoutSpec, DeployKey, JobSpec};

use super::world::{World, job, run};

crate::stories![
    a_branch_is_checked_out_at_its_commit_with_the_real_origin,
    a_branch_named_like_an_option_or_head_is_checked_out,
    a_tag_is_checked_out_detached,
    a_pull_request_of_a_fork_sees_its_own_branch_only,
    a_repository_that_is_there_already_is_updated,
    a_directory_with_other_files_fails_the_checkout,
    the_key_is_left_for_later_steps_and_never_shown,
    a_commit_that_is_gone_fails_the_step_and_says_what_to_do,
];

pub(crate) struct Origin {
    directory: tempfile::TempDir,
}

impl Origin {
    pub(crate) fn new() -> Self {
        let origin = Self { directory: tempfile::tempdir().unwrap() };
        origin.git(&["init", "-q", "-b", "main"]);
        origin
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .current_dir(self.path())
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"])
            .args(["-c", "commit.gpgsign=false"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn commit(&self, text: &str) -> CommitSha {
        std::fs::write(self.path().join("file.txt"), text).unwrap();
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", text]);
        CommitSha::new(self.git(&["rev-parse", "HEAD"]))
    }

    pub(crate) fn job(&self, git_ref: GitRef, sha: &CommitSha, after: Vec<PlannedStep>) -> JobSpec {
        let mut steps = vec![checkout(".")];
        steps.extend(after);
        JobSpec {
            checkout: CheckoutSpec {
                url: format!("file://{}", self.path().display()),
                sha: sha.clone(),
                git_ref,
                fetch_ref: None,
                key: None,
                known_hosts: "forge.example ssh-ed25519 AAAA\n".to_owned(),
            },
            ..job(steps)
        }
    }
}

fn checkout(path: &str) -> PlannedStep {
    PlannedStep {
        name: "Checkout code".to_owned(),
        when: When::OnSuccess,
        kind: PlannedStepKind::Checkout { path: path.to_owned(), method: CheckoutMethod::Blobless },
        line: Some(5),
    }
}

pub(crate) fn branch(name: &str) -> GitRef {
    GitRef::Branch(name.into())
}

async fn a_branch_is_checked_out_at_its_commit_with_the_real_origin() {
    let (world, origin) = (World::new().await, Origin::new());
    let sha = origin.commit("first commit");
    origin.git(&["tag", "v1"]);
    origin.git(&["checkout", "-q", "-b", "feature/x"]);
    origin.commit("second");
    origin.git(&["checkout", "-q", "main"]);
    origin.commit("tip");
    let look = "cat file.txt; echo; git rev-parse --abbrev-ref HEAD; git rev-parse HEAD\n\
                git remote get-url origin; git branch -r --format='%(refname)' | cat; git tag | cat\n\
                git status --porcelain; head -1 ~/.ssh/known_hosts; git log --oneline | wc -l";
    let ended = world.run(origin.job(branch("main"), &sha, vec![run(look)])).await;
    assert_eq!(ended.outcome(), Outcome::Success, "{}", ended.log(101));
    assert!(
        ended.log(101).ends_with(&format!("HEAD is now at {} first commit\n", sha.short())),
        "{}",
        ended.log(101)
    );
    let url = format!("file://{}", origin.path().display());
    let expected = format!(
        "first commit\nmain\n{sha}\n{url}\nrefs/remotes/origin/HEAD\n\
         refs/remotes/origin/feature/x\nrefs/remotes/origin/main\nv1\n\
         forge.example ssh-ed25519 AAAA\n1\n"
    );
    assert!(ended.log(102).starts_with(&expected), "{:?}", ended.log(102));
}

/// `git checkout` refuses them; `git push` and the forges do not.
async fn a_branch_named_like_an_option_or_head_is_checked_out() {
    let (world, origin) = (World::new().await, Origin::new());
    origin.commit("first");
    for name in ["-n", "--force", "HEAD"] {
        origin.git(&["checkout", "-q", "--detach", "refs/heads/main"]);
        let sha = origin.commit(name);
        origin.git(&["update-ref", &format!("refs/heads/{name}"), sha.as_str()]);
        origin.git(&["checkout", "-q", "main"]);
        // Once more into the same directory, where the repository is updated.
        let look = "git symbolic-ref HEAD; cat file.txt; echo; git status --porcelain 2>/dev/null";
        let mut spec = origin.job(branch(name), &sha, vec![run(look), checkout("."), run(look)]);
        spec.body.steps.push(run("git rev-parse refs/remotes/origin/main"));
        let ended = world.run(spec).await;
        let all = format!("{}{}", ended.log(101), ended.log(103));
        assert_eq!(ended.outcome(), Outcome::Success, "{all}");
        for number in [102, 104] {
            let expected = format!("refs/heads/{name}\n{name}\nExited with code 0\n");
            assert_eq!(ended.log(number), expected, "{all}");
        }
        let main = origin.git(&["rev-parse", "main"]);
        assert!(ended.log(105).starts_with(&main), "{}", ended.log(105));
    }
}

async fn a_tag_is_checked_out_detached() {
    let (world, origin) = (World::new().await, Origin::new());
    let sha = origin.commit("release");
    origin.git(&["tag", "-a", "-m", "one", "v1.0"]);
    let look = vec![run("git describe --tags; git symbolic-ref -q HEAD || echo detached")];
    let ended = world.run(origin.job(GitRef::Tag("v1.0".into()), &sha, look)).await;
    assert_eq!(ended.outcome(), Outcome::Success, "{}", ended.log(101));
    assert!(ended.log(102).starts_with("v1.0\ndetached\n"), "{}", ended.log(102));
}

async fn a_pull_request_of_a_fork_sees_its_own_branch_only() {
    let (world, origin) = (World::new().await, Origin::new());
    origin.commit("base");
    origin.git(&["checkout", "-q", "-b", "secret"]);
    let secret = origin.commit("secret");
    origin.git(&["checkout", "-q", "--detach", "main"]);
    let fork = origin.commit("from a fork");
    origin.git(&["update-ref", "refs/pull/7/head", fork.as_str()]);
    origin.git(&["checkout", "-q", "main"]);
    let warm = world.run(origin.job(branch("secret"), &secret, Vec::new())).await;
    assert_eq!(warm.outcome(), Outcome::Success, "{}", warm.log(101));
    let look = format!(
        "git rev-parse --abbrev-ref HEAD; git branch -r --format='%(refname)' | cat\n\
         git cat-file -e {secret} 2>/dev/null || echo unseen\n\
         git -c safe.directory='*' -C /opt/circleci/share/repository.git cat-file -e {secret} \
         2>/dev/null || echo unseen there too"
    );
    let mut spec = origin.job(branch("pull/7"), &fork, vec![run(&look)]);
    spec.checkout.fetch_ref = Some("refs/pull/7/head".to_owned());
    let ended = world.run(spec).await;
    assert_eq!(ended.outcome(), Outcome::Success, "{}", ended.log(101));
    let log = ended.log(102);
    assert!(log.starts_with("pull/7\n"), "{log}");
    assert!(log.contains("refs/remotes/origin/pull/7\nunseen\nunseen there too\n"), "{log}");
    assert!(!log.contains("secret\n"), "{log}");
}

async fn a_repository_that_is_there_already_is_updated() {
    let (world, origin) = (World::new().await, Origin::new());
    origin.commit("first");
    let second = origin.commit("second");
    let mut spec = origin.job(branch("main"), &second, vec![run("cat file.txt; git remote -v")]);
    let stale =
        "git init -q -b old .; git remote add origin https://old.example/x.git; echo x > file.txt";
    spec.body.steps.insert(0, run(stale));
    let ended = world.run(spec).await;
    assert_eq!(ended.outcome(), Outcome::Success, "{}", ended.log(102));
    assert!(ended.log(102).contains("Updating the repository"), "{}", ended.log(102));
    assert!(ended.log(103).starts_with("second\n") || ended.log(103).starts_with("secondorigin"));
    assert!(!ended.log(103).contains("old.example"));
}

async fn a_directory_with_other_files_fails_the_checkout() {
    let (world, origin) = (World::new().await, Origin::new());
    let sha = origin.commit("first");
    let mut spec = origin.job(branch("main"), &sha, Vec::new());
    spec.body.steps.insert(0, run("echo mine > notes.txt"));
    let ended = world.run(spec).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert!(ended.log(102).contains("not an empty directory"), "{}", ended.log(102));
}

async fn the_key_is_left_for_later_steps_and_never_shown() {
    let (world, origin) = (World::new().await, Origin::new());
    let sha = origin.commit("first");
    let look =
        "stat -c '%a %U' ~/.ssh ~/.ssh/id_rsa; cat ~/.ssh/id_rsa; env | grep -c SECRETLINE || true";
    let mut spec = origin.job(branch("main"), &sha, vec![run(look)]);
    spec.checkout.key = Some(DeployKey {
        private: Secret::from("-----BEGIN KEY-----\nSECRETLINE1\nSECRETLINE2\n-----END KEY-----"),
        public: "ssh-ed25519 AAAA test".to_owned(),
    });
    let ended = world.run(spec).await;
    assert_eq!(ended.outcome(), Outcome::Success, "{}", ended.log(101));
    assert_eq!(
        ended.log(102),
        "700 root\n600 root\n-----BEGIN KEY-----\n****\n****\n-----END KEY-----\n0\n\
         Exited with code 0\n"
    );
}

async fn a_commit_that_is_gone_fails_the_step_and_says_what_to_do() {
    let (world, origin) = (World::new().await, Origin::new());
    origin.commit("first");
    let gone = CommitSha::new("1234567890123456789012345678901234567890");
    let ended = world.run(origin.job(branch("main"), &gone, vec![run("echo no")])).await;
    assert_eq!(ended.outcome(), Outcome::Failed);
    assert_eq!(ended.status(101), Some(StepStatus::Failed));
    assert!(ended.log(101).contains("force-pushed or deleted"), "{}", ended.log(101));
    assert_eq!(ended.numbers(), [0, 99, 101]);
}
