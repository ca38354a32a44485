//! Real git and OpenSSH: who may clone, who may push.

use reqwest::Method;
use roundel_localforge::{NewCommit, NewRepository, RepositoryName};
use serde_json::json;

use crate::world::{BITBUCKET, GITHUB, World, fine, git, text};

/// The promise of `VCS` §1.1: the key clones, and cannot push.
#[tokio::test]
async fn a_read_only_deploy_key_clones_and_is_refused_to_push() {
    let world = World::new().await;
    let (key, public) = world.key_pair("deploy");
    world.commit(GITHUB, "main", "first").await;
    let ada = world.token(GITHUB, "ada");
    let wanted = json!({ "title": "ours", "key": public, "read_only": true });
    let path = "/repos/acme/web/keys";
    let (status, made) = world.call((GITHUB, &ada), Method::POST, path, Some(wanted.clone())).await;
    assert_eq!(status, 201, "{made}");

    let url = world.forge.ssh_url(GITHUB, "acme", "web").unwrap();
    let folder = world.folder.path();
    fine(&world.git_over_ssh(&key, folder, &["clone", &url, "clone"]).await);
    let clone = world.path("clone");
    assert_eq!(std::fs::read_to_string(clone.join("src/main.txt")).unwrap(), "first");

    fine(&git(&clone, &["commit", "--allow-empty", "-m", "second"], &[]).await);
    let pushed = world.git_over_ssh(&key, &clone, &["push"]).await;
    assert!(!pushed.status.success());
    let said = text(&pushed);
    assert!(
        said.contains("ERROR: The key you are authenticating with has been marked as read only.")
    );
    assert!(world.forge.keys_of(GITHUB, "acme", "web").iter().all(|key| key.used));

    let (status, again) = world.call((GITHUB, &ada), Method::POST, path, Some(wanted)).await;
    assert_eq!(status, 422);
    assert_eq!(again["errors"][0]["message"], "key is already in use");

    let web = RepositoryName { owner: "acme", name: "web" };
    world.forge.allow_deploy_keys(GITHUB, web, false).unwrap();
    let wanted = json!({ "title": "other", "key": world.key_pair("other").1, "read_only": true });
    let (status, said) = world.call((GITHUB, &ada), Method::POST, path, Some(wanted)).await;
    assert_eq!(status, 422);
    assert_eq!(said["errors"][0]["message"], "Deploy keys are disabled for this repository");
}

#[tokio::test]
async fn bitbucket_refuses_in_its_own_words() {
    let world = World::new().await;
    let (key, public) = world.key_pair("deploy");
    world.commit(BITBUCKET, "main", "first").await;
    let ada = world.token(BITBUCKET, "ada");
    let wanted = json!({ "key": public, "label": "ours" });
    let path = "/repositories/acme/web/deploy-keys";
    let (status, made) =
        world.call((BITBUCKET, &ada), Method::POST, path, Some(wanted.clone())).await;
    assert_eq!(status, 200, "{made}");
    let (status, again) = world.call((BITBUCKET, &ada), Method::POST, path, Some(wanted)).await;
    assert_eq!(status, 400);
    assert!(again["error"]["message"].as_str().unwrap().contains("already added that access key"));

    let url = world.forge.ssh_url(BITBUCKET, "acme", "web").unwrap();
    fine(&world.git_over_ssh(&key, world.folder.path(), &["clone", &url, "clone"]).await);
    let clone = world.path("clone");
    fine(&git(&clone, &["commit", "--allow-empty", "-m", "second"], &[]).await);
    let pushed = world.git_over_ssh(&key, &clone, &["push"]).await;
    assert!(
        text(&pushed).contains("access via a deployment key is read-only"),
        "{}",
        text(&pushed)
    );
}

#[tokio::test]
async fn a_key_opens_only_its_own_repository_and_an_unknown_key_nothing() {
    let world = World::new().await;
    world
        .forge
        .add_repository(
            GITHUB,
            NewRepository { owner: "acme", name: "secret", private: true, admin: "ada" },
        )
        .await
        .unwrap();
    let (key, public) = world.key_pair("deploy");
    let (stranger, _) = world.key_pair("stranger");
    let ada = world.token(GITHUB, "ada");
    let wanted = json!({ "title": "ours", "key": public, "read_only": true });
    world.call((GITHUB, &ada), Method::POST, "/repos/acme/web/keys", Some(wanted)).await;

    let folder = world.folder.path();
    let other = world.forge.ssh_url(GITHUB, "acme", "secret").unwrap();
    let refused = world.git_over_ssh(&key, folder, &["ls-remote", &other]).await;
    assert!(text(&refused).starts_with("ERROR: Repository not found."), "{}", text(&refused));
    let own = world.forge.ssh_url(GITHUB, "acme", "web").unwrap();
    fine(&world.git_over_ssh(&key, folder, &["ls-remote", &own]).await);
    let unknown = world.git_over_ssh(&stranger, folder, &["ls-remote", &own]).await;
    assert!(text(&unknown).contains("Permission denied (publickey)"), "{}", text(&unknown));
}

#[tokio::test]
async fn git_over_http_wants_a_token_with_the_right() {
    let world = World::new().await;
    world.commit(GITHUB, "main", "first").await;
    let folder = world.folder.path();
    let plain = format!("{}acme/web.git", world.forge.web_url(GITHUB));
    assert!(!git(folder, &["ls-remote", &plain], &[]).await.status.success());
    let bob = world.forge.push_url(GITHUB, "acme", "web", "bob");
    let refused = git(folder, &["ls-remote", &bob], &[]).await;
    assert!(text(&refused).contains("Repository not found."), "{}", text(&refused));
    let good = world.forge.push_url(GITHUB, "acme", "web", "ada");
    fine(&git(folder, &["clone", "-q", &good, "clone"], &[]).await);
    let clone = world.path("clone");
    std::fs::write(clone.join("big.bin"), vec![7; 3 << 20]).unwrap();
    fine(&git(&clone, &["add", "."], &[]).await);
    fine(&git(&clone, &["commit", "-q", "-m", "big"], &[]).await);
    fine(&git(&clone, &["push", "-q"], &[]).await);
    let head = git(&clone, &["rev-parse", "HEAD"], &[]).await;
    let head = String::from_utf8(head.stdout).unwrap().trim().to_owned();
    assert_eq!(world.forge.head_of(GITHUB, "acme", "web", "main").await, Some(head));
    fine(
        &git(folder, &["clone", "-q", "--filter=blob:none", "--depth=1", &good, "part"], &[]).await,
    );
}

/// GitHub's own rule: a link that leads to an ordinary file of the repository is answered as that file.
#[tokio::test]
async fn a_symbolic_link_is_read_as_the_file_that_it_leads_to() {
    let world = World::new().await;
    world.commit(GITHUB, "main", "first").await;
    let url = world.forge.push_url(GITHUB, "acme", "web", "ada");
    fine(&git(world.folder.path(), &["clone", "-q", &url, "clone"], &[]).await);
    let clone = world.path("clone");
    for (target, link) in [
        ("../.circleci/./config.yml", "src/inside.yml"),
        ("/etc/passwd", "src/root.yml"),
        ("../../outside.yml", "src/outside.yml"),
        ("../.circleci", "src/directory"),
    ] {
        std::os::unix::fs::symlink(target, clone.join(link)).unwrap();
    }
    fine(&git(&clone, &["add", "."], &[]).await);
    fine(&git(&clone, &["commit", "-q", "-m", "links"], &[]).await);
    fine(&git(&clone, &["push", "-q"], &[]).await);
    let ada = world.token(GITHUB, "ada");
    let mut kinds = Vec::new();
    for link in ["inside.yml", "root.yml", "outside.yml", "directory"] {
        let path = format!("/repos/acme/web/contents/src%2F{link}?ref=main");
        let (_, found) = world.call((GITHUB, &ada), Method::GET, &path, None).await;
        assert_eq!(found["path"], format!("src/{link}"), "{found}");
        kinds.push(found["type"].as_str().unwrap().to_owned());
    }
    assert_eq!(kinds, ["file", "symlink", "symlink", "symlink"]);
    let url = format!("{}/repos/acme/web/contents/src/inside.yml", world.forge.api_url(GITHUB));
    let raw =
        world.client.get(url).bearer_auth(&ada).header("accept", "application/vnd.github.raw");
    assert_eq!(raw.send().await.unwrap().text().await.unwrap(), "version: 2.1\n");
}

/// What the forge commits itself is what git reads, also where names and texts look like commands.
#[tokio::test]
async fn a_commit_of_the_forge_keeps_odd_paths_texts_and_names() {
    let world = World::new().await;
    world.forge.add_user(GITHUB, "eve", "Eve <of> \"Q\"\nfrom x", "eve@example.org");
    world.commit(GITHUB, "main", "first").await;
    let files = [
        ("\"quoted\" and spaced", "data 3\nabc\ndone\n"),
        ("back\\slash/tab\there", ""),
        ("run.sh", "#!/bin/sh\n"),
        ("src/main.txt", "first\nsecond\n"),
        ("ümlaut", "ü"),
    ];
    let message = "a title\n\ncommit refs/heads/other\ndata 1\n";
    let commit = NewCommit { branch: "main", files: &files, message, author: "eve" };
    let sha = world.forge.commit_files(GITHUB, "acme", "web", &commit).await.unwrap();

    let url = world.forge.push_url(GITHUB, "acme", "web", "ada");
    fine(&git(world.folder.path(), &["clone", "--quiet", &url, "clone"], &[]).await);
    let clone = world.path("clone");
    for (path, contents) in files {
        assert_eq!(std::fs::read_to_string(clone.join(path)).unwrap(), contents, "{path}");
    }
    let read =
        async |args: &[&str]| String::from_utf8(git(&clone, args, &[]).await.stdout).unwrap();
    let parent = read(&["rev-parse", "HEAD^"]).await;
    let shown = read(&["log", "--max-count=1", "--format=%H%n%an%n%ae%n%P%n%B"]).await;
    let written = format!("{sha}\nEve of \"Q\"from x\neve@example.org\n{parent}{message}");
    assert!(shown.starts_with(&written), "{shown}");
    let modes = read(&["ls-files", "--stage", "run.sh", "src/main.txt"]).await;
    assert_eq!(modes.matches("100755").count(), 1, "{modes}");
    assert_eq!(modes.matches("100644").count(), 1, "{modes}");

    let ada = world.token(GITHUB, "ada");
    let path = format!("/repos/acme/web/commits/{sha}");
    let (status, seen) = world.call((GITHUB, &ada), Method::GET, &path, None).await;
    assert_eq!(status, 200, "{seen}");
    let changes = seen["files"].as_array().unwrap();
    assert_eq!(changes.len(), files.len(), "{seen}");
    let main = changes.iter().find(|file| file["filename"] == "src/main.txt").unwrap();
    assert_eq!((&main["status"], &main["additions"]), (&json!("modified"), &json!(2)), "{main}");
    assert_eq!(main["deletions"], json!(1), "{main}");

    let odd = NewCommit { branch: "a\nreset refs/heads/main", ..commit };
    let refused = world.forge.commit_files(GITHUB, "acme", "web", &odd).await.unwrap_err();
    assert!(refused.to_string().contains("is not a valid branch name"), "{refused}");
}
