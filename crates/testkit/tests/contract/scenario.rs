//! Every call of the client, through the checker, with what it must bring about.

use roundel_forge::{CommitState, CommitStatus, ErrorClass, Forge, HookSpec, RepositoryRef, keys};
use roundel_localforge::{CommitName, ForgeKind, NewRepository};
use roundel_model::{
    forge::{RepositoryId, Role},
    name::CommitSha,
    secret::Secret,
};

use super::{
    checker::Checker,
    world::{self, CONFIG, LOGIN, NAME, OWNER, World},
};

/// The client, the token and the repository of one play.
struct Stage<'a> {
    world: &'a World,
    client: &'a dyn Forge,
    token: Secret<String>,
    repository: RepositoryRef,
}

/// Plays all of it.
pub(crate) async fn play(world: &World, checker: &Checker) {
    let client = world.client(checker.api_url.clone());
    let token = Secret::from(world.token.as_str());
    let repository = client.repository(&token, OWNER, NAME).await.unwrap();
    assert_eq!((repository.role, repository.private), (Some(Role::Admin), true));
    assert_eq!(repository.default_branch.as_deref(), Some("main"));
    let stage = Stage { world, client: &*client, token, repository: world::reference(&repository) };
    stage.people_and_repositories().await;
    stage.files_and_commits().await;
    stage.deploy_keys().await;
    stage.hooks().await;
    stage.statuses().await;
    stage.refusals().await;
}

impl Stage<'_> {
    async fn people_and_repositories(&self) {
        let (user, scopes) = self.client.current_user(&self.token).await.unwrap();
        assert_eq!((user.login.as_str(), user.name.as_str()), (LOGIN, "Ada Lovelace"));
        assert_eq!(user.email.as_deref(), Some("ada@example.org"));
        // Bitbucket documents scopes with the token only.
        let reports_scopes = self.world.kind == ForgeKind::GitHub;
        assert!(!reports_scopes || scopes.iter().any(|scope| scope == "repo"), "{scopes:?}");
        // A page holds a hundred, so the list has two pages.
        for number in 0..100 {
            let name = format!("more-{number}");
            self.world
                .forge
                .add_repository(
                    self.world.kind,
                    NewRepository { owner: OWNER, name: &name, private: true, admin: LOGIN },
                )
                .await
                .unwrap();
        }
        let listed = self.client.repositories(&self.token).await.unwrap();
        assert_eq!(listed.len(), 101);
        let ours = listed.iter().find(|one| one.id == self.repository.id).unwrap();
        assert_eq!((ours.name.as_str(), ours.role), (NAME, Some(Role::Admin)));
        let by_id = self.client.repository_by_id(&self.token, &ours.id).await.unwrap();
        assert_eq!(by_id.name, NAME);
        assert!(by_id.ssh_url.contains("127.0.0.1"), "{}", by_id.ssh_url);
    }

    async fn files_and_commits(&self) {
        let (client, token, repository) = (self.client, &self.token, &self.repository);
        let head = CommitSha::from(self.world.head.as_str());
        let file = async |path| client.file_at(token, repository, &head, path).await;
        let config = file(".circleci/config.yml").await.unwrap();
        assert_eq!(config.as_deref(), Some(CONFIG.as_bytes()));
        assert_eq!(file("none.yml").await.unwrap(), None);
        assert_eq!(file(".circleci").await.unwrap_err().class, ErrorClass::Invalid);
        let elsewhere = CommitSha::from("d".repeat(40));
        let lost = client.file_at(token, repository, &elsewhere, "a").await.unwrap_err();
        assert_eq!(lost.class, ErrorClass::NotFound);

        let short = self.world.head.get(..12).unwrap();
        for revision in [self.world.head.as_str(), short, "main", "feature/x"] {
            let commit = client.commit(token, repository, revision).await.unwrap().unwrap();
            assert_eq!(commit.sha, head, "{revision}");
            assert_eq!(commit.message.trim_end(), "Add a config\n\nWith a body.");
            assert_eq!(commit.author_name.as_deref(), Some("Ada Lovelace"));
            assert_eq!(commit.author_login.as_deref(), Some(LOGIN));
        }
        assert_eq!(client.commit(token, repository, "no-such-branch").await.unwrap(), None);
        let of_branch = async |name| client.branch_head(token, repository, name).await.unwrap();
        assert_eq!(of_branch("feature/x").await, Some(head.clone()));
        assert_eq!(of_branch("gone").await, None);
    }

    async fn deploy_keys(&self) {
        let (client, token, repository) = (self.client, &self.token, &self.repository);
        let key = keys::generate("Roundel").unwrap();
        let title = "Roundel ci.example.org";
        let made = client.create_deploy_key(token, repository, title, &key.public).await.unwrap();
        assert!(made.read_only && keys::is_same_key(&made.public, &key.public));
        let again = client.create_deploy_key(token, repository, title, &key.public).await;
        assert_eq!(again.unwrap_err().class, ErrorClass::Invalid);
        let broken = client.create_deploy_key(token, repository, title, "no key").await;
        assert_eq!(broken.unwrap_err().class, ErrorClass::Invalid);
        let listed = client.deploy_keys(token, repository).await.unwrap();
        assert_eq!(listed.iter().map(|one| &one.id).collect::<Vec<_>>(), [&made.id]);
        for _ in 0..2 {
            client.delete_deploy_key(token, repository, &made.id).await.unwrap();
        }
        assert!(client.deploy_keys(token, repository).await.unwrap().is_empty());
    }

    async fn hooks(&self) {
        let (client, token, repository) = (self.client, &self.token, &self.repository);
        let hook = |path: &str| HookSpec {
            url: format!("http://127.0.0.1:1/hooks/{path}"),
            secret: Secret::from("0123456789abcdef"),
        };
        let made = client.create_hook(token, repository, &hook("one")).await.unwrap();
        assert!(made.active && made.url.ends_with("/one"));
        let two = hook("two");
        let changed = client.update_hook(token, repository, &made.id, &two).await.unwrap();
        assert_eq!((&changed.id, &changed.url), (&made.id, &two.url));
        let listed = client.hooks(token, repository).await.unwrap();
        assert_eq!(listed.iter().map(|one| &one.url).collect::<Vec<_>>(), [&two.url]);
        assert_eq!(listed[0].events.len(), changed.events.len());
        for _ in 0..2 {
            client.delete_hook(token, repository, &made.id).await.unwrap();
        }
        assert!(client.hooks(token, repository).await.unwrap().is_empty());
    }

    async fn statuses(&self) {
        let (client, token, repository) = (self.client, &self.token, &self.repository);
        let head = CommitSha::from(self.world.head.as_str());
        let sequence = [
            CommitState::Pending,
            CommitState::Canceled,
            CommitState::Error,
            CommitState::Failure,
            CommitState::Success,
        ];
        for state in sequence {
            let status = CommitStatus {
                state,
                context: "ci/roundel: build".into(),
                description: "Ä ".repeat(100),
                target_url: "http://127.0.0.1:1/job/1".into(),
                branch: Some("main".into()),
            };
            client.post_status(token, repository, &head, &status).await.unwrap();
        }
        let statuses = self.world.forge.statuses(
            self.world.kind,
            CommitName { owner: OWNER, repository: NAME, sha: head.as_str() },
        );
        let [status] = statuses.as_slice() else { panic!("one context, one status: {statuses:?}") };
        assert!(status.state.is_green(), "{status:?}");
        assert_eq!(status.description.chars().count(), 140);
        assert_eq!(status.target_url, "http://127.0.0.1:1/job/1");
    }

    async fn refusals(&self) {
        let (client, token) = (self.client, &self.token);
        let gone = client.repository(token, OWNER, "no-such-thing").await.unwrap_err();
        assert_eq!(gone.class, ErrorClass::NotFound);
        let other = RepositoryRef {
            id: RepositoryId("{00000000-0000-4000-8000-000000000000}".into()),
            owner: OWNER.into(),
            name: "no-such-thing".into(),
        };
        // A repository that cannot be seen is not one without commits.
        let hidden = client.commit(token, &other, "main").await.unwrap_err();
        assert_eq!(hidden.class, ErrorClass::NotFound);
        let wrong = Secret::from("no-such-token");
        let dead = client.current_user(&wrong).await.unwrap_err();
        assert_eq!(dead.class, ErrorClass::Unauthorized);
    }
}
