//! Every route that takes a form × every way in which a form can be wrong: a page says what to do.
//!
//! The routes are those of the server, so a new one enters by itself; how right forms look is in
//! [`super::rights`].

use axum::{
    body::{Body, Bytes},
    http::{Method, StatusCode, header},
    response::Response,
};
use futures_util::stream;
use roundel_model::limits;

use super::{
    rights::{OF_PROGRAMS, address, all_routes, form, names},
    world::{World, text},
};

const FORM: (header::HeaderName, &str) =
    (header::CONTENT_TYPE, "application/x-www-form-urlencoded");

/// The routes that take a form, with their addresses here and the form that each expects.
async fn forms(world: &World) -> Vec<(String, &'static str)> {
    let names = names(world).await;
    let mut routes = all_routes();
    routes.retain(|route| {
        route.method == Method::POST && !OF_PROGRAMS.contains(&route.right.as_str())
    });
    routes.iter().map(|route| (address(&route.path, &names), form(route))).collect()
}

/// One of our pages, with the navigation of who is signed in and a sentence that nothing was done.
async fn assert_page(answer: Response, status: StatusCode, what: &str) -> String {
    assert_eq!(answer.status(), status, "{what}");
    let page = text(answer).await;
    for part in ["<nav aria-label=\"Main\">", "Sign out", "<h1>", "Nothing was "] {
        assert!(page.contains(part), "{what}: {part} is missing in {page}");
    }
    assert!(page.len() < 20_000, "{what}: {} bytes", page.len());
    page
}

/// A page that was open during an update sends the fields of the release before; who sent it must not
/// believe that all of it was saved.
#[tokio::test]
async fn a_form_with_a_field_too_many_or_too_few_is_answered_by_a_page() {
    let world = World::new().await;
    let forms = forms(&world).await;
    assert!(forms.len() > 12, "{forms:?}");
    for (path, right) in &forms {
        let long = "n".repeat(5_000);
        for field in ["no_such_field", &long] {
            let sent =
                if right.is_empty() { format!("{field}=1") } else { format!("{right}&{field}=1") };
            let answer = world.send_body(path, &[FORM], Body::from(sent), "admin").await;
            let page = assert_page(answer, StatusCode::UNPROCESSABLE_ENTITY, path).await;
            assert!(page.contains(&field[..5]), "{path} names the field: {page}");
        }
        if !right.is_empty() {
            let answer = world.send_body(path, &[FORM], Body::from("x=1"), "admin").await;
            assert_page(answer, StatusCode::UNPROCESSABLE_ENTITY, path).await;
            let answer = world.send_body(path, &[FORM], Body::empty(), "admin").await;
            assert_page(answer, StatusCode::UNPROCESSABLE_ENTITY, path).await;
        }
    }
}

#[tokio::test]
async fn what_is_not_a_form_is_answered_by_a_page() {
    let world = World::new().await;
    for (path, right) in &forms(&world).await {
        let json = (header::CONTENT_TYPE, "application/json");
        let answer =
            world.send_body(path, &[json], Body::from("{\"branch\":\"main\"}"), "admin").await;
        assert_page(answer, StatusCode::UNSUPPORTED_MEDIA_TYPE, path).await;
        let answer = world.send_body(path, &[], Body::from(format!("x{right}")), "admin").await;
        assert_page(answer, StatusCode::UNSUPPORTED_MEDIA_TYPE, path).await;
    }
}

/// What announces that it is too large is refused before any of it is read, whatever is said about its
/// type; what does not announce it, as soon as it is.
#[tokio::test]
async fn a_form_that_is_too_large_is_refused_by_what_it_announces() {
    let world = World::new().await;
    let unread = || {
        Body::from_stream(stream::poll_fn(
            |_| -> std::task::Poll<Option<Result<Bytes, axum::Error>>> {
                panic!("the body was read")
            },
        ))
    };
    let announced = (limits::FORM_BYTES + 1).to_string();
    for (path, _) in &forms(&world).await {
        let length = (header::CONTENT_LENGTH, announced.as_str());
        let answer = world.send_body(path, &[FORM, length], unread(), "admin").await;
        assert_page(answer, StatusCode::PAYLOAD_TOO_LARGE, path).await;
        let multipart = (header::CONTENT_TYPE, "multipart/form-data; boundary=x");
        let length = (header::CONTENT_LENGTH, announced.as_str());
        let answer = world.send_body(path, &[multipart, length], unread(), "admin").await;
        assert_page(answer, StatusCode::PAYLOAD_TOO_LARGE, path).await;
        let piece = || Ok::<_, axum::Error>(Bytes::from(vec![b'x'; 1 << 18]));
        let endless = Body::from_stream(stream::repeat_with(piece));
        let answer = world.send_body(path, &[FORM], endless, "admin").await;
        assert_page(answer, StatusCode::PAYLOAD_TOO_LARGE, path).await;
    }
}

/// Email clients send their one click in either form (RFC 8058 §3.2).
#[tokio::test]
async fn the_one_click_of_an_email_client_may_come_in_parts() {
    let world = World::new().await;
    let mut forms = forms(&world).await;
    forms.retain(|(path, _)| path.starts_with("/mail/"));
    let [(link, _)] = forms.as_slice() else { panic!("{forms:?}") };
    let parts = (header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    let send = |field: &str| {
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\nOne-Click\r\n--x--\r\n"
        );
        world.send_body(link, std::slice::from_ref(&parts), Body::from(body), "admin")
    };
    let answer = send("List-Unsubscribe").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(text(answer).await.contains("no more"));
    assert_page(send("project").await, StatusCode::UNSUPPORTED_MEDIA_TYPE, "another field").await;
}

/// A user who signed out in another tab was sent to the list of pipelines, and what was typed was lost without a word.
#[tokio::test]
async fn a_form_that_is_sent_after_the_session_ended_leads_back_to_its_page_and_says_so() {
    let world = World::new().await;
    let settings = "/gh/acme/web/settings";
    let referrer = format!("http://127.0.0.1:1{settings}?badge-branch=x");
    let variables = format!("{settings}/variables");
    let answer = world.post_referred(&variables, "name=A&value=1", "nobody", &referrer).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let back = "%2Fgh%2Facme%2Fweb%2Fsettings%3Fbadge-branch%3Dx%26done%3Dnot-sent";
    assert_eq!(answer.headers()[header::LOCATION], format!("/login?return={back}"));
    let page = format!("{settings}?badge-branch=x&done=not-sent");
    let page = text(world.get(&page, Some("admin")).await).await;
    assert!(page.contains("Your session had ended, and nothing was changed."), "{page}");
    // Its address opens the page with the form, too.
    let answer = world.get(&variables, Some("admin")).await;
    assert_eq!(answer.headers()[header::LOCATION], "/gh/acme/web/settings#variables");
}
