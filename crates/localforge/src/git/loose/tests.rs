//! The reference is git itself: no answer changes when git packs what it is about.

use std::{process::Command, sync::Arc};

use super::*;

struct Scratch {
    directory: tempfile::TempDir,
}

impl Scratch {
    fn git(&self, args: &[&str]) -> String {
        self.git_at(args, "1700000000 +0530")
    }

    fn git_at(&self, args: &[&str], date: &str) -> String {
        let mut command = Command::new("git");
        command.current_dir(self.directory.path()).args(args);
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "Ada Lövelace");
            command.env(format!("GIT_{role}_EMAIL"), "ada@example.org");
            command.env(format!("GIT_{role}_DATE"), date);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn write(&self, path: &str, contents: &str) {
        let path = self.directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
        self.git(&["add", "--all"]);
    }

    fn commit(&self, message: &str, date: &str) -> String {
        let verbatim = ["--cleanup=verbatim", "--allow-empty-message", "--message", message];
        self.git_at(&[&["commit", "--quiet"][..], &verbatim].concat(), date);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Without what was answered before.
    fn fresh(&self) -> Git {
        Git::at(self.directory.path().join(".git"), Arc::default())
    }
}

/// What git and the forge ask of each other, for each of these commits.
async fn answers(git: &Git, commits: &[String], blobs: &[String]) -> Vec<String> {
    let mut answers = Vec::new();
    for one in commits {
        answers.push(format!("{:?}", git.resolve(one).await));
        answers.push(format!("{:?}", git.kind_of(one).await));
        answers.push(format!("{:?}", git.commit(one).await.unwrap()));
        for path in ["", "a", "a/b", "a/b/c.txt", "run.sh", "link", "none", "none/x", "sub"] {
            answers.push(format!("{path}: {:?}", git.entry(one, path).await));
        }
        for path in ["", "a", "a/b", "none"] {
            answers
                .push(format!("in {path}: {:?}", git.directory_entries(one, path).await.unwrap()));
        }
        for other in commits {
            answers.push(format!("{:?}", git.merge_base(one, other).await));
            for limit in [1, 3, 2048] {
                let range = [one.as_str(), &format!("^{other}")];
                let log = git.log(&range, limit).await.unwrap();
                let ids: Vec<String> = log.into_iter().map(|commit| commit.sha).collect();
                answers.push(format!("{limit} {ids:?}"));
            }
        }
    }
    for blob in blobs {
        answers.push(format!("{:?}", git.blob(blob).await.unwrap()));
        answers.push(format!("{:?}", git.kind_of(blob).await));
    }
    answers
}

#[tokio::test]
async fn no_answer_changes_when_git_packs_the_objects() {
    let scratch = Scratch { directory: tempfile::tempdir().unwrap() };
    scratch.git(&["init", "--quiet", "--initial-branch=main"]);
    scratch.write("a/b/c.txt", "one\n");
    scratch.write("run.sh", "#!/bin/sh\n");
    std::os::unix::fs::symlink("run.sh", scratch.directory.path().join("link")).unwrap();
    scratch.git(&["add", "--all"]);
    let first = scratch.commit("\n\nfirst: ä\n\nbody\n\n\n", "1600000000 +0000");
    scratch.write("a/b/c.txt", "two\n");
    scratch.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{first},sub")]);
    let second = scratch.commit("second", "1600000100 -0330");
    scratch.git(&["checkout", "--quiet", "-b", "side", &first]);
    scratch.write("side.txt", "side\n");
    let side = scratch.commit("side", "1600000200 +1400");
    scratch.git(&["checkout", "--quiet", "main"]);
    scratch.git(&["merge", "--quiet", "--no-ff", "--message", "merge", "side"]);
    let merge = scratch.git(&["rev-parse", "HEAD"]);
    scratch.write("big.txt", &"line\n".repeat(300_000));
    let last = scratch.commit("", "1600000300 +0100");
    scratch.git(&["checkout", "--quiet", "--orphan", "alone"]);
    let alone = scratch.commit("alone", "1600000400 +0000");

    let commits = [&first, &second, &side, &merge, &last, &alone].map(Clone::clone);
    let blob = |path: &str| scratch.git(&["rev-parse", &format!("{last}:{path}")]);
    let blobs = [blob("a/b/c.txt"), blob("big.txt"), blob("link")];
    let git = scratch.fresh();
    assert!(git.loose_log(&[&second, &format!("^{first}")], 9).await.is_some());
    assert!(git.loose_log(&[&merge], 9).await.is_none(), "merged");
    assert_eq!(git.loose_merge_base(&second, &first).await, Some(first));
    assert!(git.loose_entries(&second, "a/b/").await.is_some());
    let loose = answers(&git, &commits, &blobs).await;

    scratch.git(&["repack", "-a", "-d", "--quiet"]);
    scratch.git(&["prune-packed"]);
    assert!(git.object(&second).await.is_none());
    let packed = answers(&scratch.fresh(), &commits, &blobs).await;
    for (loose, packed) in loose.iter().zip(&packed) {
        assert_eq!(loose, packed);
    }
    assert_eq!(loose.len(), packed.len());
}

#[tokio::test]
async fn what_is_not_plain_is_left_to_git() {
    let signed = b"tree a\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\ngpgsig x\n\nhello\n";
    assert!(commit_of("id", signed).is_none());
    assert!(commit_of("id", b"tree a\nauthor A <a@b> 1 +0000\n\nhello\n").is_none());
    assert!(commit_of("id", b"tree a\nauthor A 1 +0000\ncommitter A <a@b> 1 +0000\n\n").is_none());
    assert!(tree_entries(b"100644 a\0short").is_none());
    let scratch = tempfile::tempdir().unwrap();
    let git = Git::at(scratch.path().to_owned(), Arc::default());
    let id = "0123456789abcdef0123456789abcdef01234567";
    let file = scratch.path().join("objects/01").join(&id[2..]);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "not compressed").unwrap();
    assert!(git.object(id).await.is_none());
    assert!(git.object("main").await.is_none());
    assert!(git.loose_kind("../../../../../../../../etc/passwd/aaaaa").await.is_none());
}
