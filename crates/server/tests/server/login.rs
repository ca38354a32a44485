//! Signing in (`VCS` §2.3.2): the browser's half is played by a client that keeps cookies by hand.

use reqwest::{Client, Response, StatusCode, header, redirect};
use roundel_model::forge::ForgeKind;

use super::world::World;

fn browser() -> Client {
    Client::builder().redirect(redirect::Policy::none()).build().unwrap()
}

fn cookies(answer: &Response) -> String {
    let set = answer.headers().get_all(header::SET_COOKIE).iter();
    let pairs = set.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned());
    pairs.collect::<Vec<_>>().join("; ")
}

fn location(answer: &Response) -> String {
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

/// Login CSRF: an answer of the forge counts only in the browser that asked for it, and once.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_its_own_state_is_refused() {
    let world = World::start().await;
    let client = browser();
    for kind in ForgeKind::ALL {
        let start = format!("/login/{}", kind.long_slug());
        let begun = client.get(world.url(&start)).send().await.unwrap();
        assert_eq!(begun.status(), StatusCode::SEE_OTHER);
        let consent = url::Url::parse(&location(&begun)).unwrap();
        let state = consent.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let callback =
            |state: &str| world.url(&format!("{start}/callback?code=stolen&state={state}"));
        // A state that we never made; and one of ours, in another browser.
        let answer = client.get(callback("made-up")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let answer = client.get(callback(&state)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        // And it is used up now, even for the right browser.
        let mine = cookies(&begun);
        let answer = client.get(callback(&state)).header(header::COOKIE, mine).send().await;
        assert_eq!(answer.unwrap().status(), StatusCode::BAD_REQUEST);
    }
}

/// A person who presses "cancel" at the forge comes back to where they were.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_declines_comes_back_without_a_session() {
    let world = World::start().await;
    let client = browser();
    let begun = client.get(world.url("/login/github?return=/gh/acme/web")).send().await.unwrap();
    let consent = url::Url::parse(&location(&begun)).unwrap();
    let state = consent.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let declined = world.url(&format!("/login/github/callback?error=access_denied&state={state}"));
    let answer = client.get(declined).header(header::COOKIE, cookies(&begun)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(location(&answer), "/gh/acme/web");
    assert!(!cookies(&answer).contains("roundel_session="));
}
