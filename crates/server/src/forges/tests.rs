//! Tokens that are refused or renewed, against the local forge.

use std::time::Duration;

use roundel_forge::{ForgeSettings, RetryPolicy, connect};
use roundel_localforge::{Failure, FailureKind, LocalForge, NewRepository, RepositoryName};
use roundel_model::{
    forge::{ForgeUserId, ProjectSlug, RepositoryId, Role},
    secret::Secret,
    time::Timestamp,
};
use roundel_store::{
    accounts::{SignIn, Token},
    projects::NewProject,
};
use tempfile::TempDir;

use super::*;

const SCOPES: [&str; 2] = ["repo", "repository"];
const WEB: RepositoryName<'static> = RepositoryName { owner: "acme", name: "web" };

/// A forge with one repository, and a project of Ada that Grace follows.
struct World {
    forge: LocalForge,
    forges: Forges,
    settings: BTreeMap<ForgeKind, ForgeSettings>,
    _directory: TempDir,
}

impl World {
    async fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let place = directory.path().join("forge");
        let forge = LocalForge::start(roundel_localforge::Settings::on_loopback(place)).await;
        let forge = forge.unwrap();
        let settings: BTreeMap<_, _> = ForgeKind::ALL
            .map(|kind| {
                let callback = "http://ci.test/callback";
                let (client_id, client_secret) =
                    forge.register_application(kind, "Roundel", callback);
                let settings = ForgeSettings {
                    kind,
                    web_url: forge.web_url(kind),
                    api_url: forge.api_url(kind),
                    client_id,
                    client_secret: client_secret.into(),
                    known_hosts: String::new(),
                    public_url: "http://ci.test".to_owned(),
                    retry: RetryPolicy {
                        first_delay: Duration::from_millis(5),
                        ..RetryPolicy::default()
                    },
                };
                (kind, settings)
            })
            .into();
        let clients = settings.iter().map(|(kind, one)| (*kind, connect(one.clone()).unwrap()));
        let url = "sqlite::memory:".to_owned();
        let database = roundel_store::Settings { url, instance_key: Secret::new(vec![7; 32]) };
        let store = Store::open(&database).await.unwrap();
        let forges = Forges::new(store, clients.collect());
        Self { forge, forges, settings, _directory: directory }
    }

    fn store(&self) -> &Store {
        &self.forges.tokens.store
    }

    /// A project that Ada set up with this token.
    async fn project(&self, kind: ForgeKind, token: Token) -> Project {
        self.forge.add_user(kind, "ada", "Ada", "ada@example.org");
        self.forge.add_organization(kind, WEB.owner, "ada");
        let new = NewRepository { owner: WEB.owner, name: WEB.name, private: true, admin: "ada" };
        self.forge.add_repository(kind, new).await.unwrap();
        let new = NewProject {
            slug: ProjectSlug {
                forge: kind,
                owner: WEB.owner.to_owned(),
                repository: WEB.name.to_owned(),
            },
            repository: RepositoryId(self.forge.repository_id(kind, WEB.owner, WEB.name).unwrap()),
            organization_forge_id: "1".to_owned(),
            default_branch: "main".to_owned(),
            private: true,
            ssh_url: String::new(),
            web_url: String::new(),
            integration: self.user(kind, "ada", token).await,
        };
        self.store().upsert_project(&new, Timestamp::now()).await.unwrap()
    }

    async fn user(&self, kind: ForgeKind, login: &str, token: Token) -> AccountId {
        let user = ForgeUserId(self.forge.add_user(kind, login, login, "someone@example.org"));
        let sign_in = SignIn::new(kind, user, login, token);
        self.store().sign_in(&sign_in, Timestamp::now()).await.unwrap()
    }

    /// Lets another user follow a project, with this token.
    async fn follow(&self, project: &Project, login: &str, token: Token) -> AccountId {
        let kind = project.slug.forge;
        let account = self.user(kind, login, token).await;
        self.forge.set_role(kind, WEB, login, Some(Role::Write)).unwrap();
        self.store().follow(account, project.id, Timestamp::now()).await.unwrap();
        account
    }

    fn good(&self, kind: ForgeKind, login: &str) -> Token {
        self.forge.add_user(kind, login, login, "someone@example.org");
        Token::new(self.forge.grant_token(kind, login, &SCOPES).into())
    }

    /// A token that can be renewed, and that ends as late as it should or within this time.
    fn renewable(&self, kind: ForgeKind, login: &str, lasts: Duration) -> Token {
        self.forge.add_user(kind, login, login, "someone@example.org");
        let client_id = &self.settings[&kind].client_id;
        let (access, refresh) = self.forge.grant_renewable_token(kind, login, &SCOPES, client_id);
        Token {
            refresh: Some(refresh.into()),
            expires_at: Some(Timestamp::now().plus(lasts)),
            ..Token::new(access.into())
        }
    }

    /// Reads the repository of a project in the name of its followers.
    async fn read(&self, project: &Project) -> Result<(), CallError> {
        let forge = &self.forges.client(project.slug.forge).unwrap();
        let id = &project.repository;
        let read = |token| async move { forge.repository_by_id(&token, id).await.map(|_| ()) };
        self.forges.call(project, read).await
    }

    /// Answers the next calls of a path with this status.
    fn fail(&self, kind: ForgeKind, path: &str, status: u16, times: u32) {
        // In the words of both, so that it is the forge's own answer.
        let body = match status {
            401 => {
                r#"{"message":"Bad credentials","documentation_url":"x","type":"error","error":{"message":"Token is invalid"}}"#
            }
            _ => r#"{"message":"Suspended","type":"error","error":{"message":"Suspended"}}"#,
        };
        let how = FailureKind::Answer { status, headers: Vec::new(), body: body.to_owned() };
        let (method, path_contains) = (String::new(), path.to_owned());
        self.forge.inject(Failure { kind, method, path_contains, after: 0, times, how });
    }

    async fn is_refused(&self, account: AccountId, kind: ForgeKind) -> bool {
        self.store().identity(account, kind).await.unwrap().unwrap().token.unwrap().refused
    }
}

fn class(result: Result<(), CallError>) -> Option<ErrorClass> {
    match result {
        Ok(()) => None,
        Err(CallError::Forge(error)) => Some(error.class),
        Err(CallError::Store(error)) => panic!("{error}"),
    }
}

/// Where each forge has its repositories by id.
const REPOSITORY: &str = "/repositor";

/// A push ended as "no follower has a working connection" although the first one's token worked a moment later.
#[tokio::test]
async fn a_token_that_is_refused_once_counts_more_than_the_next_that_is_revoked() {
    let world = World::start().await;
    for kind in ForgeKind::ALL {
        let project = world.project(kind, world.good(kind, "ada")).await;
        let grace = world.follow(&project, "grace", Token::new("revoked".into())).await;
        world.fail(kind, REPOSITORY, 401, 1);
        assert_eq!(class(world.read(&project).await), Some(ErrorClass::Unavailable), "{kind}");
        assert!(
            world.is_refused(grace, kind).await
                && !world.is_refused(project.integration, kind).await
        );
        world.read(&project).await.unwrap();
    }
}

/// A user whose account was suspended: neither their token nor what it asked for may be judged by that.
#[tokio::test]
async fn a_check_that_is_forbidden_says_nothing_and_leaves_the_next_follower() {
    let world = World::start().await;
    for kind in ForgeKind::ALL {
        let project = world.project(kind, world.good(kind, "ada")).await;
        world.fail(kind, REPOSITORY, 401, 1);
        world.fail(kind, "/user", 403, 1);
        assert_eq!(class(world.read(&project).await), Some(ErrorClass::Unavailable), "{kind}");
        assert!(!world.is_refused(project.integration, kind).await);

        world.follow(&project, "grace", world.good(kind, "grace")).await;
        world.fail(kind, REPOSITORY, 401, 1);
        world.fail(kind, "/user", 403, 1);
        assert_eq!(class(world.read(&project).await), None, "{kind}: Grace's token works");
    }
}

/// Each follower would take as long again: a push then held its lane for minutes.
#[tokio::test]
async fn a_check_that_finds_the_forge_unavailable_ends_the_call() {
    let world = World::start().await;
    for kind in ForgeKind::ALL {
        let project = world.project(kind, world.good(kind, "ada")).await;
        world.follow(&project, "grace", world.good(kind, "grace")).await;
        world.fail(kind, REPOSITORY, 401, 1);
        // The client repeats a read twice by itself.
        world.fail(kind, "/user", 503, 3);
        assert_eq!(class(world.read(&project).await), Some(ErrorClass::Unavailable), "{kind}");
        assert!(!world.is_refused(project.integration, kind).await);
        world.read(&project).await.unwrap();
    }
}

/// Users had to sign in again for each token that ended earlier than it said.
#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once_and_the_call_repeated() {
    let world = World::start().await;
    for kind in ForgeKind::ALL {
        let token = world.renewable(kind, "ada", Duration::from_hours(2));
        let old = token.access.clone();
        let project = world.project(kind, token).await;
        world.forge.expire_tokens(kind, "ada");
        let both = tokio::join!(world.read(&project), world.read(&project));
        assert_eq!((class(both.0), class(both.1)), (None, None), "{kind}");
        let identity = world.store().identity(project.integration, kind).await.unwrap();
        let stored = identity.unwrap().token.unwrap();
        assert!(!stored.refused && stored.access != old, "{kind}");
    }
}

/// A token that nothing can renew is not used again; one that may yet be renewed is kept.
#[tokio::test]
async fn a_token_is_given_up_only_when_the_forge_refuses_to_renew_it() {
    let world = World::start().await;
    for kind in ForgeKind::ALL {
        let token = world.renewable(kind, "ada", Duration::from_hours(2));
        let project = world.project(kind, token.clone()).await;
        world.forge.expire_tokens(kind, "ada");
        world.fail(kind, "access_token", 503, 1);
        assert_eq!(class(world.read(&project).await), Some(ErrorClass::Unavailable), "{kind}");
        assert!(!world.is_refused(project.integration, kind).await, "{kind}");

        let lost = Token { refresh: Some("unknown".into()), ..token };
        world.store().replace_token(project.integration, kind, &lost).await.unwrap();
        assert_eq!(class(world.read(&project).await), Some(ErrorClass::Unauthorized), "{kind}");
        assert!(world.is_refused(project.integration, kind).await, "{kind}");
    }
}

/// One account whose refresh got no answer kept all others from being renewed, at both forges.
#[tokio::test]
async fn a_renewal_that_hangs_holds_up_only_its_own_account() {
    let world = World::start().await;
    let ends = Duration::from_mins(1);
    let (hanging, free) = (ForgeKind::GitHub, ForgeKind::Bitbucket);
    let slow = world.project(hanging, world.renewable(hanging, "ada", ends)).await;
    let quick = world.project(free, world.renewable(free, "ada", ends)).await;
    world.forge.inject(Failure {
        kind: hanging,
        method: String::new(),
        path_contains: "access_token".to_owned(),
        after: 0,
        times: u32::MAX,
        how: FailureKind::Delay(Duration::from_mins(1)),
    });
    // The first is polled first, and takes its turn before the other asks for one.
    tokio::select! {
        biased;
        _ = world.read(&slow) => panic!("the refresh must hang"),
        read = async { tokio::task::yield_now().await; world.read(&quick).await } => read.unwrap(),
    }
}
