//! Deliveries that are verified, stored and synced to disk before they are answered.
//!
//! They are of the size of a push, and of a kind that starts nothing: deciding them is cheap, but it
//! happens, while it receives, as it would.

use std::{
    fmt::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use hmac::{Hmac, KeyInit as _, Mac as _};
use roundel_model::id::HookId;
use sha2::Sha256;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    http::Connection,
    installation::Installation,
    place::Place,
    resting,
    table::{Row, Times, millis},
};

const CONNECTIONS: usize = 32;
const FOR: Duration = Duration::from_secs(10);
/// Signed beforehand: forges do that on their own machines.
const BODIES: u128 = 64;
const BODY: usize = 20 * 1024;

/// Measures how many a second, and how long each takes.
pub(crate) async fn measure(place: &Place) -> Result<Vec<Row>> {
    let mut installation = Installation::build(place, "webhooks").await?;
    let store = installation.store().await?;
    let hook = resting::seed(&store, 1).await?;
    store.close().await;
    installation.serve(0).await?;
    let bodies: Arc<Vec<_>> = Arc::new((0..BODIES).map(signed).collect::<Result<_>>()?);
    let mut senders = JoinSet::new();
    let began = Instant::now();
    for number in 0..CONNECTIONS {
        let mut connection = Connection::open(installation.address).await?;
        let bodies = Arc::clone(&bodies);
        senders.spawn(async move {
            let mut times = Vec::new();
            for (body, signature) in bodies.iter().cycle().skip(number) {
                if began.elapsed() > FOR {
                    break;
                }
                let request = request(hook, body, signature);
                let asked = Instant::now();
                let status = connection.ask(&request).await?;
                times.push(asked.elapsed());
                ensure!(status == 202, "a delivery was answered with {status}");
            }
            Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(sender) = senders.join_next().await {
        times.extend(sender??);
    }
    let rate = f64::from(u32::try_from(times.len())?) / began.elapsed().as_secs_f64();
    let times = Times::of(times);
    let ours = format!(
        "{rate:.0} /s; p50 {} / p95 {} / p99 {} ms (n={})",
        millis(times.share(50)),
        millis(times.share(95)),
        millis(times.share(99)),
        times.count()
    );
    let what = format!("webhooks accepted durably, 20 KB, {CONNECTIONS} connections");
    Ok(vec![Row::new(what).ours(ours).target("≥ 3,000 /s")])
}

/// A body that compresses as a push does (fixed names, ids that do not repeat), and its signature.
fn signed(seed: u128) -> Result<(Vec<u8>, String)> {
    let mut body = String::from("{\"action\":\"started\",\"commits\":[");
    let mut id = seed.wrapping_add(1);
    while body.len() < BODY {
        // Any odd factor and an addition walk through all numbers without a pattern to compress.
        id = id.wrapping_mul(0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645).wrapping_add(0x9E37_79B9);
        write!(
            body,
            "{{\"id\":\"{id:032x}\",\"url\":\"https://forge.example/acme/web/commit/{id:032x}\",\
             \"author\":{{\"name\":\"Visitor\",\"email\":\"visitor@example.org\"}},\"distinct\":true}},"
        )?;
    }
    body.push_str("{}]}");
    let mut mac = Hmac::<Sha256>::new_from_slice(resting::SECRET.as_bytes())?;
    mac.update(body.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    Ok((body.into_bytes(), signature))
}

fn request(hook: HookId, body: &[u8], signature: &str) -> Vec<u8> {
    let mut request = format!(
        "POST /hooks/github/{hook} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nX-GitHub-Event: watch\r\nX-GitHub-Delivery: {}\r\n\
         X-Hub-Signature-256: sha256={signature}\r\n\r\n",
        body.len(),
        Uuid::new_v4(),
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}
