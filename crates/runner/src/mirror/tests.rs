//! Mirrors and bundles of real repositories, by real git; over real OpenSSH in `ssh`.

use std::process::Command;

use roundel_model::{
    name::{CommitSha, GitRef},
    secret::Secret,
};
use roundel_protocol::DeployKey;

use super::*;

mod ssh;

/// A repository as the forge has it, and a place for the runner.
struct World {
    directory: tempfile::TempDir,
    mirrors: Mirrors,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for name in ["mirrors", "scratch", "work"] {
            std::fs::create_dir(directory.path().join(name)).unwrap();
        }
        let mirrors = Mirrors::new(directory.path().join("mirrors"));
        let world = Self { directory, mirrors };
        world.git(&["init", "-q", "-b", "main"]);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn git(&self, arguments: &[&str]) -> String {
        git_in(&self.path("work"), arguments)
    }

    fn commit(&self, text: &str) -> CommitSha {
        std::fs::write(self.path("work/file.txt"), text).unwrap();
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", text]);
        CommitSha::new(self.git(&["rev-parse", "HEAD"]))
    }

    fn checkout(&self, git_ref: GitRef, sha: &CommitSha) -> CheckoutSpec {
        CheckoutSpec {
            url: format!("file://{}", self.path("work").display()),
            sha: sha.clone(),
            git_ref,
            fetch_ref: None,
            key: None,
            known_hosts: String::new(),
        }
    }

    async fn bundle(&self, checkout: &CheckoutSpec, name: &str) -> Result<PathBuf, FetchError> {
        let (scratch, into) = (self.path("scratch"), self.path(name));
        let spec = BundleSpec { checkout, scratch: &scratch, into: &into };
        self.mirrors.bundle(spec).await.map(|()| into)
    }
}

fn git_in(directory: &Path, arguments: &[&str]) -> String {
    let output = run_git(directory, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn run_git(directory: &Path, arguments: &[&str]) -> std::process::Output {
    Command::new("git")
        .current_dir(directory)
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"])
        .args(["-c", "commit.gpgsign=false", "-c", "safe.directory=*"])
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap()
}

fn has_object(repository: &Path, sha: &CommitSha) -> bool {
    run_git(repository, &["cat-file", "-e", sha.as_str()]).status.success()
}

fn branch(name: &str) -> GitRef {
    GitRef::Branch(name.into())
}

#[tokio::test]
async fn a_bundle_has_all_branches_and_tags_and_stands_alone() {
    let world = World::new();
    let first = world.commit("first");
    world.git(&["tag", "v1"]);
    world.git(&["checkout", "-q", "-b", "feature"]);
    let second = world.commit("second");
    let bundle = world.bundle(&world.checkout(branch("feature"), &second), "bundle").await.unwrap();
    let refs = git_in(&bundle, &["for-each-ref", "--format=%(refname)"]);
    assert_eq!(refs, "refs/heads/feature\nrefs/heads/main\nrefs/tags/v1");
    assert!(has_object(&bundle, &first) && has_object(&bundle, &second));
    assert!(!bundle.join("objects/info/alternates").exists());
}

#[tokio::test]
async fn a_revision_that_is_there_is_not_fetched_again() {
    let world = World::new();
    let sha = world.commit("first");
    let checkout = world.checkout(branch("main"), &sha);
    world.bundle(&checkout, "one").await.unwrap();
    std::fs::rename(world.path("work"), world.path("away")).unwrap();
    world.bundle(&checkout, "two").await.unwrap();
    // A branch that the mirror does not know yet is looked for, though the commit is there.
    let other = world.checkout(branch("other"), &sha);
    let error = world.bundle(&other, "three").await.unwrap_err().to_string();
    assert!(error.contains("work' does not appear to be a git repository"), "{error}");
    assert!(!world.path("three").exists());
}

#[tokio::test]
async fn a_push_after_the_first_fetch_is_seen() {
    let world = World::new();
    let first = world.commit("first");
    world.bundle(&world.checkout(branch("main"), &first), "one").await.unwrap();
    let second = world.commit("second");
    let bundle = world.bundle(&world.checkout(branch("main"), &second), "two").await.unwrap();
    assert!(has_object(&bundle, &second));
}

#[tokio::test]
async fn a_fork_sees_its_own_objects_and_leaves_none_behind() {
    let world = World::new();
    let base = world.commit("base");
    world.git(&["checkout", "-q", "-b", "secret"]);
    let secret = world.commit("not for forks");
    // Trusted jobs have filled the mirror with everything.
    world.bundle(&world.checkout(branch("secret"), &secret), "trusted").await.unwrap();
    world.git(&["checkout", "-q", "--detach", base.as_str()]);
    let fork = world.commit("from a fork");
    world.git(&["update-ref", "refs/pull/7/head", fork.as_str()]);
    world.git(&["checkout", "-q", "main"]);
    let checkout = CheckoutSpec {
        fetch_ref: Some("refs/pull/7/head".to_owned()),
        ..world.checkout(branch("pull/7"), &fork)
    };
    let bundle = world.bundle(&checkout, "fork").await.unwrap();
    assert!(has_object(&bundle, &fork) && has_object(&bundle, &base));
    assert!(!has_object(&bundle, &secret), "a fork must not see what is only on other branches");
    assert!(!bundle.join("objects/info/alternates").exists());
    assert_eq!(
        git_in(&bundle, &["rev-parse", "refs/heads/pull/7"]),
        fork.as_str(),
        "the job knows it by its branch name"
    );
    let mirror = world.path("mirrors").join(name(&checkout.url));
    assert!(!has_object(&mirror, &fork), "nothing of a fork lies where others are served from");
}

#[tokio::test]
async fn a_commit_that_was_force_pushed_away_is_reported_as_gone() {
    let world = World::new();
    world.commit("first");
    let gone = CommitSha::new("1234567890123456789012345678901234567890");
    let error = world.bundle(&world.checkout(branch("main"), &gone), "one").await.unwrap_err();
    assert!(matches!(&error, FetchError::Gone { sha, .. } if sha == gone.as_str()));
    let lines = error.lines("git@github.com:acme/web.git").join("\n");
    assert!(lines.contains("force-pushed or deleted"), "{lines}");
    assert!(error.of_runner().is_none());
}

#[tokio::test]
async fn a_lock_that_a_killed_git_left_does_not_block_the_mirror_forever() {
    let world = World::new();
    let first = world.commit("first");
    let checkout = world.checkout(branch("main"), &first);
    world.bundle(&checkout, "one").await.unwrap();
    let mirror = world.path("mirrors").join(name(&checkout.url));
    std::fs::create_dir_all(mirror.join("refs/heads")).unwrap();
    std::fs::write(mirror.join("refs/heads/main.lock"), "").unwrap();
    std::fs::write(mirror.join("packed-refs.lock"), "").unwrap();
    let second = world.commit("second");
    let bundle = world.bundle(&world.checkout(branch("main"), &second), "two").await.unwrap();
    assert!(has_object(&bundle, &second));
}

/// What the table of sentences says of the `git` of this machine.
#[tokio::test]
async fn the_words_of_git_itself_are_recognized() {
    let world = World::new();
    let sha = world.commit("first");
    let absent = CheckoutSpec {
        url: format!("file://{}", world.path("nowhere").display()),
        ..world.checkout(branch("main"), &sha)
    };
    let error = world.bundle(&absent, "one").await.unwrap_err();
    assert!(matches!(error, FetchError::Denied(_)), "{error:?}");

    let no_such_ref = CheckoutSpec {
        fetch_ref: Some("refs/pull/9/head".to_owned()),
        ..world.checkout(branch("pull/9"), &sha)
    };
    let error = world.bundle(&no_such_ref, "two").await.unwrap_err();
    assert!(matches!(error, FetchError::Gone { .. }), "{error:?}");

    let checkout = world.checkout(branch("main"), &sha);
    world.bundle(&checkout, "three").await.unwrap();
    let mirror = world.path("mirrors").join(name(&checkout.url));
    let access = Access::open(&checkout, &world.path("scratch")).unwrap();
    let git = Git::new(&world.path("mirrors"));
    std::fs::remove_file(mirror.join("HEAD")).unwrap();
    let error = refresh(&git, &access, &mirror, &checkout).await.unwrap_err();
    assert!(error.blames_the_mirror(), "{error:?}");
}

/// git prints the system's own words when its disk is full, and a shell has a code for "not found".
#[test]
fn the_words_of_the_system_are_recognized() {
    for number in [nix::libc::ENOSPC, nix::libc::EDQUOT] {
        let words = std::io::Error::from_raw_os_error(number).to_string();
        let error = FetchError::from_git(Some(128), &format!("fatal: write error: {words}"));
        assert_eq!(error, FetchError::DiskFull, "{words}");
    }
    let absent = Command::new("/bin/sh")
        .args(["-c", "exec git \"$@\"", "git", "--version"])
        .env("PATH", "/nowhere")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&absent.stderr);
    assert_eq!(FetchError::from_git(absent.status.code(), &stderr), FetchError::NoGit);
}

#[tokio::test]
async fn an_image_without_git_gets_a_work_tree() {
    let world = World::new();
    let first = world.commit("first");
    world.commit("second");
    let checkout = world.checkout(branch("main"), &first);
    let bundle = world.bundle(&checkout, "bundle").await.unwrap();
    let tree = world.path("tree");
    let line = world.mirrors.work_tree(&checkout, &bundle, &tree).await.unwrap();
    assert_eq!(line, format!("HEAD is now at {} first", first.short()));
    assert_eq!(std::fs::read_to_string(tree.join("file.txt")).unwrap(), "first");
    assert_eq!(git_in(&tree, &["remote", "get-url", "origin"]), checkout.url);
    assert_eq!(git_in(&tree, &["symbolic-ref", "HEAD"]), "refs/heads/main");
    // Git itself refuses to check these out.
    for name in ["-n", "HEAD"] {
        world.git(&["update-ref", &format!("refs/heads/{name}"), first.as_str()]);
        let checkout = world.checkout(branch(name), &first);
        let bundle = world.bundle(&checkout, &format!("bundle{name}")).await.unwrap();
        let tree = world.path(&format!("tree{name}"));
        world.mirrors.work_tree(&checkout, &bundle, &tree).await.unwrap();
        assert_eq!(git_in(&tree, &["symbolic-ref", "HEAD"]), format!("refs/heads/{name}"));
    }
}

#[test]
fn mirrors_of_different_repositories_never_share_a_directory() {
    let names = [
        "git@github.com:acme/web.git",
        "git@github.com:acme/web-git",
        "ssh://git@github.com/acme/web.git",
        "ssh://git@127.0.0.1:2222/acme/web.git",
    ]
    .map(name);
    assert_eq!(names.iter().collect::<std::collections::HashSet<_>>().len(), names.len());
    assert!(names[0].starts_with("acme-web-git-"), "{names:?}");
}
