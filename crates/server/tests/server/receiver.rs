//! What the receiver lets in, and what it answers (`VCS` §3.1).

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::StatusCode;
use roundel_model::{forge::ForgeKind, id::HookId, limits};
use roundel_store::projects::Hook;
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::world::{TIMEOUT, World, plain_client};

fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

struct Sent<'a> {
    hook: &'a str,
    guid: &'a str,
    body: Vec<u8>,
    signature: Option<String>,
}

async fn send(world: &World, sent: Sent<'_>) -> (StatusCode, String) {
    let client = plain_client();
    let mut request = client
        .post(world.url(&format!("/hooks/github/{}", sent.hook)))
        .header("x-github-event", "push")
        .header("x-github-delivery", sent.guid)
        .header("content-type", "application/json")
        .body(sent.body);
    if let Some(signature) = sent.signature {
        request = request.header("x-hub-signature-256", signature);
    }
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

async fn hook(world: &World) -> Hook {
    let project = world.project(ForgeKind::GitHub, "web").await;
    world.app().store.hook_of(project).await.unwrap().unwrap()
}

/// Everyone can reach the address; only the forge knows the secret.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_the_forge_did_not_sign_is_refused_and_not_kept() {
    let world = World::start().await;
    let hook = hook(&world).await;
    let before = world.deliveries(hook.project).await.len();
    let (id, body) = (hook.id.to_string(), b"{}".to_vec());
    let sent = |signature| Sent { hook: &id, guid: "1", body: body.clone(), signature };

    let (status, _) = send(&world, sent(None)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, _) = send(&world, sent(Some(sign("another secret", &body)))).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, _) = send(&world, sent(Some("sha256=nonsense".to_owned()))).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);

    let unknown_hook = HookId::fresh().to_string();
    let signature = Some(sign(hook.secret.expose(), &body));
    let (status, _) =
        send(&world, Sent { hook: &unknown_hook, guid: "1", body: body.clone(), signature }).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(world.deliveries(hook.project).await.len(), before);
}

/// A forge repeats itself under the same id, and a person presses "redeliver".
#[tokio::test(flavor = "multi_thread")]
async fn the_same_delivery_twice_is_one() {
    let world = World::start().await;
    let hook = hook(&world).await;
    let before = world.deliveries(hook.project).await.len();
    let (id, body) = (hook.id.to_string(), b"{\"what\": \"no push at all\"}".to_vec());
    let signature = Some(sign(hook.secret.expose(), &body));
    let sent = || Sent { hook: &id, guid: "7", body: body.clone(), signature: signature.clone() };

    let (status, answer) = send(&world, sent()).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert!(answer.contains("queued") && answer.contains('7'), "{answer}");
    let (status, answer) = send(&world, sent()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(answer.contains("duplicate"), "{answer}");
    assert_eq!(world.deliveries(hook.project).await.len(), before + 1);
    // What is not a push does no harm either: its receipt says why nothing happened.
    let receipt = world.receipt(hook.project, "push").await;
    assert!(matches!(receipt, roundel_store::deliveries::Receipt::Ignored { .. }), "{receipt:?}");
}

/// GitHub itself never sends more; a sender who does is after our memory.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_beyond_the_limit_is_refused() {
    let world = World::start().await;
    let hook = hook(&world).await;
    let body = vec![b' '; limits::DELIVERY_BYTES + 1];
    let signature = Some(sign(hook.secret.expose(), &body));
    let id = hook.id.to_string();
    let (status, _) = send(&world, Sent { hook: &id, guid: "9", body, signature }).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

/// A delivery that cannot be stored must look like a failure at the forge, where it can be found and
/// sent again; a 2xx would lose the push (invariant 1).
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_cannot_be_stored_is_not_acknowledged() {
    let world = World::start().await;
    let hook = hook(&world).await;
    let (id, body) = (hook.id.to_string(), b"{}".to_vec());
    let signature = Some(sign(hook.secret.expose(), &body));
    world.app().store.close().await;
    let (status, _) = send(&world, Sent { hook: &id, guid: "11", body, signature }).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
}

/// Sends the head of a delivery with a line on its body, and none of that.
async fn announce(world: &World, hook: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(world.settings.listen).await.unwrap();
    let head = format!(
        "POST /hooks/github/{hook} HTTP/1.1\r\nhost: ci\r\nx-github-event: push\r\n\
         x-github-delivery: 9\r\n{body}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

const CHUNKED: &str = "transfer-encoding: chunked";

/// Reads the first bytes of the answer.
async fn answer<const LENGTH: usize>(stream: &mut TcpStream) -> String {
    let mut answer = [0; LENGTH];
    let read = tokio::time::timeout(TIMEOUT, stream.read_exact(&mut answer)).await;
    assert!(read.is_ok_and(|read| read.is_ok()), "no answer before the body");
    String::from_utf8_lossy(&answer).into_owned()
}

/// A sender who announces too much must not keep us reading it, and does not learn which hooks exist.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_announces_too_much_is_refused_before_it_is_read() {
    let world = World::start().await;
    let known = hook(&world).await.id.to_string();
    let body = format!("content-length: {}", limits::DELIVERY_BYTES + 1);
    for hook in [known, HookId::fresh().to_string()] {
        let mut stream = announce(&world, &hook, &body).await;
        assert_eq!(answer::<12>(&mut stream).await, "HTTP/1.1 413");
    }
}

/// Anyone can send them: 25 MB each must not be kept in memory.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_for_no_hook_is_refused_before_it_is_read() {
    let world = World::start().await;
    for hook in [HookId::fresh().to_string(), "nonsense".to_owned()] {
        for body in [format!("content-length: {}", limits::DELIVERY_BYTES), CHUNKED.to_owned()] {
            let mut stream = announce(&world, &hook, &body).await;
            assert_eq!(answer::<12>(&mut stream).await, "HTTP/1.1 404");
        }
    }
}

/// Memory is bounded whatever arrives, and most pushes, which are small, do not wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn large_deliveries_beyond_a_few_are_sent_again_and_small_ones_are_taken() {
    let world = World::start().await;
    let hook = hook(&world).await;
    let id = hook.id.to_string();
    let mut slow = Vec::new();
    for _ in 0..limits::LARGE_DELIVERIES {
        // The server asks for the body when there is room for it. Without a size it counts as large.
        let body = format!("{CHUNKED}\r\nexpect: 100-continue");
        let mut stream = announce(&world, &id, &body).await;
        assert_eq!(answer::<12>(&mut stream).await, "HTTP/1.1 100");
        slow.push(stream);
    }
    let body = vec![b' '; limits::SMALL_DELIVERY_BYTES + 1];
    let large = || {
        let signature = Some(sign(hook.secret.expose(), &body));
        Sent { hook: &id, guid: "21", body: body.clone(), signature }
    };
    let (status, said) = send(&world, large()).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{said}");

    let body = b"{}".to_vec();
    let signature = Some(sign(hook.secret.expose(), &body));
    let (status, _) = send(&world, Sent { hook: &id, guid: "22", body, signature }).await;
    assert_eq!(status, StatusCode::ACCEPTED);

    drop(slow);
    let (status, _) = send(&world, large()).await;
    assert_eq!(status, StatusCode::ACCEPTED);
}
