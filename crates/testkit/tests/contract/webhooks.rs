//! Webhooks that a local forge really sends, caught and read.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap};
use reqwest::Method;
use roundel_forge::{
    HookSpec,
    event::{self, ForgeEvent, PullRequest},
    signature,
};
use roundel_localforge::ForgeKind;
use roundel_model::{name::GitRef, secret::Secret};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    time::timeout,
};

use super::world::{self, NAME, OWNER, World, git};

const SECRET: &str = "0123456789abcdef";

/// One webhook, as it arrived.
pub(crate) struct Delivery {
    pub(crate) event: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Delivery {
    pub(crate) fn payload(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Adds a hook and does what sends webhooks of each kind: ping, branch, tag, deletion, force, and
/// the life of a pull request.
pub(crate) async fn provoke(world: &World) -> Vec<Delivery> {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks/1", listener.local_addr().unwrap());
    let service = Router::new().fallback(catch).with_state(Arc::new((world.kind, sender)));
    let server = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });

    let client = world.client(world.api_url());
    let token = Secret::from(world.token.as_str());
    let repository = client.repository(&token, OWNER, NAME).await.unwrap();
    let hook = HookSpec { url, secret: Secret::from(SECRET) };
    client.create_hook(&token, &world::reference(&repository), &hook).await.unwrap();
    let mut deliveries = Vec::new();
    if world.kind == ForgeKind::GitHub {
        deliveries.push(next(&mut receiver).await);
    }

    let copy = world.copy();
    git(&copy, &["commit", "--quiet", "--allow-empty", "--message", "Second"]);
    world.push(&["main"]);
    deliveries.push(next(&mut receiver).await);
    git(&copy, &["tag", "--annotate", "--message", "One", "v1"]);
    world.push(&["v1"]);
    deliveries.push(next(&mut receiver).await);
    world.push(&[":feature/x"]);
    deliveries.push(next(&mut receiver).await);
    git(&copy, &["commit", "--quiet", "--amend", "--allow-empty", "--message", "Another second"]);
    world.push(&["+main"]);
    deliveries.push(next(&mut receiver).await);
    deliveries.extend(pull_request(world, &mut receiver).await);
    server.abort();
    deliveries
}

/// Opens, moves and closes a pull request. Moving it is a push as well.
async fn pull_request(world: &World, receiver: &mut UnboundedReceiver<Delivery>) -> Vec<Delivery> {
    let copy = world.copy();
    let mut deliveries = Vec::new();
    git(&copy, &["checkout", "--quiet", "-b", "fix"]);
    git(&copy, &["commit", "--quiet", "--allow-empty", "--message", "Fix"]);
    world.push(&["fix"]);
    deliveries.push(next(receiver).await);

    let end = |branch: &str| json!({ "branch": { "name": branch } });
    let wanted = match world.kind {
        ForgeKind::GitHub => json!({ "title": "Fix", "head": "fix", "base": "main" }),
        ForgeKind::Bitbucket => {
            json!({ "title": "Fix", "source": end("fix"), "destination": end("main") })
        }
    };
    let opened = world.change(Method::POST, world.pulls(), &wanted).await;
    deliveries.push(next(receiver).await);
    git(&copy, &["commit", "--quiet", "--allow-empty", "--message", "Fix more"]);
    world.push(&["fix"]);
    deliveries.push(next(receiver).await);
    deliveries.push(next(receiver).await);
    let one = world.pulls();
    match world.kind {
        ForgeKind::GitHub => {
            let one = format!("{one}/{}", opened["number"]);
            world.change(Method::PATCH, one, &json!({ "state": "closed" })).await;
        }
        ForgeKind::Bitbucket => {
            let one = format!("{one}/{}/decline", opened["id"]);
            world.change(Method::POST, one, &json!({})).await;
        }
    }
    deliveries.push(next(receiver).await);
    deliveries
}

async fn catch(
    State(state): State<Arc<(ForgeKind, UnboundedSender<Delivery>)>>,
    headers: HeaderMap,
    body: Bytes,
) {
    let (kind, sender) = &*state;
    let look = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let event = event::headers(*kind, look).unwrap().event;
    sender.send(Delivery { event, headers, body }).unwrap();
}

async fn next(receiver: &mut UnboundedReceiver<Delivery>) -> Delivery {
    timeout(Duration::from_secs(30), receiver.recv()).await.expect("no webhook came").unwrap()
}

/// Verifies and reads what [`provoke`] brought about.
pub(crate) fn read_all(world: &World, deliveries: &[Delivery]) {
    let mut read = Vec::new();
    for delivery in deliveries {
        let look = |name: &str| delivery.headers.get(name).and_then(|value| value.to_str().ok());
        let headers = event::headers(world.kind, look).unwrap();
        let signed = event::signature(world.kind, look).expect("an unsigned webhook");
        assert!(signature::verify(SECRET.as_bytes(), &delivery.body, signed), "{signed}");
        read.extend(event::parse(world.kind, &headers.event, &delivery.body));
    }
    let mut read = read.into_iter();
    if world.kind == ForgeKind::GitHub {
        let ping = read.next().unwrap();
        assert!(matches!(ping, ForgeEvent::Ping { hook_id: Some(_) }), "{ping:?}");
    }
    let (pulls, read): (Vec<_>, Vec<_>) =
        read.partition(|event| matches!(event, ForgeEvent::PullRequest(_)));
    read_pull_requests(world.kind, &pulls);
    let [main, tag, deleted, forced, fix, more] = read.as_slice() else { panic!("{read:?}") };
    let push = |event: &ForgeEvent| {
        let ForgeEvent::Push(push) = event else { panic!("no push: {event:?}") };
        push.clone()
    };
    let (main, tag, forced) = (push(main), push(tag), push(forced));
    assert_eq!(main.git_ref, GitRef::Branch("main".into()));
    assert_eq!(main.before.map(|sha| sha.to_string()), Some(world.head.clone()));
    let head = main.head.unwrap();
    assert_eq!((head.sha, head.message.trim_end()), (main.after.clone(), "Second"));
    assert_eq!(head.author_email.as_deref(), Some("ada@example.org"));
    assert!(main.sender_id.is_some());
    assert_eq!((tag.git_ref, tag.before), (GitRef::Tag("v1".into()), None));
    assert_eq!(tag.head.unwrap().sha, main.after);
    let feature = GitRef::Branch("feature/x".into());
    let gone = ForgeEvent::Deleted { repository: main.repository.clone(), git_ref: feature };
    assert_eq!(*deleted, gone);
    assert!(forced.before == Some(main.after));
    let (fix, more) = (push(fix), push(more));
    assert_eq!((fix.before, more.before), (None, Some(fix.after)));
}

fn read_pull_requests(kind: ForgeKind, events: &[ForgeEvent]) {
    let words = match kind {
        ForgeKind::GitHub => ["opened", "synchronize", "closed"],
        ForgeKind::Bitbucket => ["created", "updated", "rejected"],
    };
    let pulls: Vec<PullRequest> = events
        .iter()
        .filter_map(|event| {
            let ForgeEvent::PullRequest(pull) = event else { return None };
            Some(pull.clone())
        })
        .collect();
    assert_eq!(pulls.iter().map(|pull| pull.action.as_str()).collect::<Vec<_>>(), words);
    for pull in &pulls {
        assert!(!pull.from_fork && pull.number == 1, "{pull:?}");
    }
}
