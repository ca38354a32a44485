//! What the forges themselves say about our requests and about `localforge`'s answers.
//!
//! ```text
//! forge's client ─▶ relay ─▶ Prism, with the forge's published API description ─▶ localforge
//!                     └─ keeps every objection of Prism, and fails the test with all of them
//! ```
//!
//! So neither the client nor the local forge is checked by what we believe. Webhooks that the local
//! GitHub sends are checked by `@octokit/webhooks-schemas`, and by our own reader and signature.
//!
//! Signing in is in no description: there client and local forge check each other. Deliberately absent:
//! behavior when a forge is unavailable (tests of `forge`). Needs Node programs that `cargo xtask test`
//! installs and the descriptions next to the repository; without them the tests say so, and it is counted.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "all of it is a test, but clippy sees only functions marked so"
)]

#[path = "contract/checker.rs"]
mod checker;
#[path = "contract/description.rs"]
mod description;
#[path = "contract/scenario.rs"]
mod scenario;
#[path = "contract/sign_in.rs"]
mod sign_in;
#[path = "contract/webhooks.rs"]
mod webhooks;
#[path = "contract/world.rs"]
mod world;

use roundel_localforge::ForgeKind;
use roundel_testkit::skip;

use self::{checker::Checker, world::World};

/// What the tests of this file need from outside, or a counted notice.
fn outside(test: &str) -> Option<checker::OutsideTools> {
    match checker::OutsideTools::find() {
        Ok(outside) => Some(outside),
        Err(missing) => {
            skip::notice(test, &missing);
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn github_finds_nothing_to_object_to() {
    let Some(outside) = outside("github_finds_nothing_to_object_to") else { return };
    let world = World::start(ForgeKind::GitHub).await;
    let checker = Checker::start(&outside, &world).await;
    scenario::play(&world, &checker).await;
    let heard = checker.heard();
    assert!(heard.objections.is_empty(), "{}", heard.objections.join("\n"));
    assert!(heard.checked >= 20, "only {} requests came through the checker", heard.checked);
}

#[tokio::test(flavor = "multi_thread")]
async fn bitbucket_finds_nothing_to_object_to() {
    let Some(outside) = outside("bitbucket_finds_nothing_to_object_to") else { return };
    let world = World::start(ForgeKind::Bitbucket).await;
    let checker = Checker::start(&outside, &world).await;
    scenario::play(&world, &checker).await;
    let heard = checker.heard();
    assert!(heard.objections.is_empty(), "{}", heard.objections.join("\n"));
    assert!(heard.checked >= 20, "only {} requests came through the checker", heard.checked);
}

// A checker that never objects proves nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_judges_do_object() {
    let Some(outside) = outside("the_judges_do_object") else { return };
    for kind in ForgeKind::ALL {
        let world = World::start(kind).await;
        let checker = Checker::start(&outside, &world).await;
        let wrong = checker.say_something_wrong(&world).await;
        let objections = checker.heard().objections;
        assert_eq!(objections.len(), wrong, "{kind}: {objections:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_github_sends_webhooks_as_github_describes_them() {
    let name = "the_local_github_sends_webhooks_as_github_describes_them";
    let Some(outside) = outside(name) else { return };
    let world = World::start(ForgeKind::GitHub).await;
    let deliveries = webhooks::provoke(&world).await;
    let objections = outside.judge_payloads(&world.directory(), &deliveries);
    assert!(objections.is_empty(), "{}", objections.join("\n"));
    webhooks::read_all(&world, &deliveries);
}

// No schema of Bitbucket's webhooks is published: here only our reader checks them.
#[tokio::test(flavor = "multi_thread")]
async fn the_local_bitbucket_sends_webhooks_that_are_signed_and_read() {
    let world = World::start(ForgeKind::Bitbucket).await;
    let deliveries = webhooks::provoke(&world).await;
    webhooks::read_all(&world, &deliveries);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_and_the_token_is_renewed() {
    for kind in ForgeKind::ALL {
        sign_in::once(&World::start(kind).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_code_a_stolen_code_and_a_wrong_secret_lead_to_no_token() {
    for kind in ForgeKind::ALL {
        sign_in::wrongly(&World::start(kind).await).await;
    }
}
