//! Signing in (`VCS` §2.3.2): the browser's half is played by a client that keeps cookies by hand.

use reqwest::{Client, Response, StatusCode, header, redirect};
use roundel_localforge::{Failure, FailureKind};
use roundel_model::{forge::ForgeKind, time::Timestamp};
use roundel_store::accounts::Account;
use sha2::Digest as _;

use super::world::{LOGIN, World};

fn browser() -> Client {
    Client::builder().tls_certs_only([]).redirect(redirect::Policy::none()).build().unwrap()
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
        // A state that we never made; and one that we made, in another browser.
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

/// Begins to sign in and cancels at the forge: where that leads, and the cookies on the way.
async fn cancel(world: &World, kind: ForgeKind, query: &str, mine: &str) -> Response {
    let client = browser();
    let start = format!("/login/{}", kind.long_slug());
    let begun = client.get(world.url(&format!("{start}{query}"))).header(header::COOKIE, mine);
    let begun = begun.send().await.unwrap();
    let consent = url::Url::parse(&location(&begun)).unwrap();
    let state = consent.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let declined = world.url(&format!("{start}/callback?error=access_denied&state={state}"));
    let all = format!("{mine}; {}", cookies(&begun));
    let answer = client.get(declined).header(header::COOKIE, all).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(!cookies(&answer).contains("roundel_session="));
    answer
}

async fn page(world: &World, answer: &Response, mine: &str) -> String {
    let page = browser().get(world.url(&location(answer))).header(header::COOKIE, mine);
    let page = page.header(header::ACCEPT, "text/html").send().await.unwrap();
    page.error_for_status().unwrap().text().await.unwrap()
}

/// A page that may not be seen says nothing of what happened, so the sign-in page does, and leads there.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_cancels_a_sign_in_reads_so_and_can_try_again() {
    let world = World::start().await;
    for kind in ForgeKind::ALL {
        let said = format!("Sign-in was canceled at {kind}. Nothing was changed.");
        let answer = cancel(&world, kind, "?return=/gh/acme/web", "").await;
        assert!(location(&answer).starts_with("/login?"), "{}", location(&answer));
        let login = page(&world, &answer, "").await;
        assert!(login.contains(&said) && login.contains("value=\"/gh/acme/web\""), "{login}");
        let answer = cancel(&world, kind, "", "").await;
        assert!(location(&answer).starts_with("/?"), "{}", location(&answer));
        let landing = page(&world, &answer, "").await;
        assert!(landing.contains(&said), "{landing}");
    }
}

/// A user who is signed in and cancels a further sign-in is back where they were.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_cancels_a_further_sign_in_is_where_they_were_and_reads_so() {
    let world = World::start().await;
    let mine = cookies(&sign_in(&world, ForgeKind::GitHub, "").await);
    for kind in ForgeKind::ALL {
        let said = format!("Sign-in was canceled at {kind}. Nothing was changed.");
        // What was said there before is not said again.
        let query = "?return=/%3Fbranch=main%26done=canceled%23top";
        let answer = cancel(&world, kind, query, &mine).await;
        let to = location(&answer);
        assert!(to.starts_with("/?") && to.contains("branch=main") && to.ends_with("#top"), "{to}");
        let home = page(&world, &answer, &mine).await;
        assert!(home.contains(&said) && !home.contains(">Canceled."), "{home}");
    }
    assert!(who(&world, &mine).await.is_some());
}

/// Walks through the forge's own pages as a person would, and comes back with our cookies.
async fn sign_in(world: &World, kind: ForgeKind, mine: &str) -> Response {
    let client = browser();
    let begun = client
        .get(world.url(&format!("/login/{}?return=/projects", kind.long_slug())))
        .header(header::COOKIE, mine)
        .send()
        .await
        .unwrap();
    let consent = url::Url::parse(&location(&begun)).unwrap();
    let web = world.forge.web_url(kind);
    let back = format!("{}?{}", consent.path(), consent.query().unwrap());
    let entered = client
        .post(web.join("/session").unwrap())
        .form(&[("login", LOGIN), ("return_to", &back)])
        .send()
        .await
        .unwrap();
    let mut fields: Vec<(String, String)> = consent.query_pairs().into_owned().collect();
    fields.push(("decision".to_owned(), "allow".to_owned()));
    let allowed = client
        .post(consent.clone())
        .header(header::COOKIE, cookies(&entered))
        .form(&fields)
        .send()
        .await
        .unwrap();
    let callback = location(&allowed);
    assert!(callback.starts_with(world.settings.public_url.as_str()), "{callback}");
    let all = format!("{mine}; {}", cookies(&begun));
    client.get(callback).header(header::COOKIE, all).send().await.unwrap()
}

async fn who(world: &World, session: &str) -> Option<Account> {
    let value = session.split("roundel_session=").nth(1)?.split(';').next()?;
    let hash = sha2::Sha256::digest(value.as_bytes());
    world.app().store.session(&hash, Timestamp::now()).await.unwrap()
}

/// One person, two forges, one account; and leaving means leaving.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_with_both_forges_and_is_one_account() {
    let world = World::start().await;
    let first = sign_in(&world, ForgeKind::GitHub, "").await;
    assert_eq!(first.status(), StatusCode::SEE_OTHER, "{}", first.text().await.unwrap());
    assert_eq!(location(&first), "/projects");
    let set: Vec<_> = first.headers().get_all(header::SET_COOKIE).iter().collect();
    let session = set.iter().find(|cookie| cookie.to_str().unwrap().contains("_session="));
    let session = session.unwrap().to_str().unwrap();
    assert!(session.contains("HttpOnly") && session.contains("SameSite=Lax"), "{session}");
    let person = who(&world, &cookies(&first)).await.unwrap();
    assert_eq!(person.email.as_deref(), Some("ada@example.org"));

    let second = sign_in(&world, ForgeKind::Bitbucket, &cookies(&first)).await;
    assert_eq!(second.status(), StatusCode::SEE_OTHER, "{}", second.text().await.unwrap());
    assert_eq!(who(&world, &cookies(&second)).await.unwrap().id, person.id);
    assert!(who(&world, &cookies(&first)).await.is_none(), "the older session is over");
    let identities = world.app().store.identities(person.id).await.unwrap();
    assert_eq!(identities.len(), 2);
    assert!(identities.iter().all(|identity| identity.token.is_some()));

    let leave = || {
        let request = browser().post(world.url("/logout"));
        request.header(header::COOKIE, cookies(&second))
    };
    let forged = leave().header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!(forged.status(), StatusCode::FORBIDDEN);
    // An old browser does not say from where a form is: it may be the form of another site.
    assert_eq!(leave().send().await.unwrap().status(), StatusCode::FORBIDDEN);
    assert!(who(&world, &cookies(&second)).await.is_some());
    let left = leave().header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert_eq!(left.status(), StatusCode::SEE_OTHER);
    assert!(who(&world, &cookies(&second)).await.is_none());
}

/// The person is not refused, and signing in again at once does not help.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_during_an_outage_of_the_forge_is_not_called_refused() {
    let world = World::start().await;
    for kind in ForgeKind::ALL {
        let how = FailureKind::Answer { status: 503, headers: Vec::new(), body: "no".to_owned() };
        let (method, path_contains) = ("GET".to_owned(), "/user".to_owned());
        let failure = Failure { kind, method, path_contains, after: 0, times: u32::MAX, how };
        world.forge.inject(failure);
        let answer = sign_in(&world, kind, "").await;
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
        let page = answer.text().await.unwrap();
        assert!(page.contains(&format!("{kind} could not be asked")), "{page}");
        assert!(page.contains("try again later") && !page.contains("refused"), "{page}");
        world.forge.heal();
    }
}
