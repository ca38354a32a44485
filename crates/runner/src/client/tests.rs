//! What a runner says of a server that answers otherwise than ours.

use axum::{
    Router,
    http::{Method, header},
    response::IntoResponse as _,
};
use roundel_protocol::SignOffRequest;

use super::*;

/// A web server that answers every request in this way.
async fn server(status: u16, location: &'static str, body: &'static str) -> Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let answer = move |method: Method| async move {
        assert_eq!(method, Method::POST, "a redirect was followed");
        let status = axum::http::StatusCode::from_u16(status).unwrap();
        let mut response = (status, body).into_response();
        if !location.is_empty() {
            response.headers_mut().insert(header::LOCATION, location.parse().unwrap());
        }
        response
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    url.parse().unwrap()
}

async fn claimed(url: Url) -> (ServerClient, CallError) {
    let client = ServerClient::new(url, "token".into()).unwrap();
    let request = ClaimRequest {
        runner: "r".to_owned(),
        version: "1".to_owned(),
        resource_classes: Vec::new(),
        executors: Vec::new(),
        architecture: None,
        limitations: None,
        wait: Duration::ZERO,
        lease: None,
    };
    let error = client.claim(&request).await.unwrap_err();
    (client, error)
}

#[tokio::test]
async fn a_redirect_is_not_followed_but_named() {
    let to = "https://ci.example.org/roundel/runner/v1/claim?x=1";
    let url = server(301, to, "").await;
    let (_, error) = claimed(url.clone()).await;
    let wanted = format!(
        "the server at {url} moved to https://ci.example.org/roundel; give that address with `--server`"
    );
    assert_eq!(error.to_string(), wanted);
    let (_, error) = claimed(server(302, "https://login.example.org/?next=1", "").await).await;
    assert!(error.to_string().contains("moved to https://login.example.org/; give"), "{error}");
}

/// A page with success is not an answer, and does not end an outage.
#[tokio::test]
async fn another_web_server_is_recognized_and_the_address_named() {
    let other = r#"{"error":"upgrade"}"#;
    let answers = [(200, "<html>hello</html>"), (200, "{}"), (404, "not found"), (426, other)];
    for (status, body) in answers {
        let url = server(status, "", body).await;
        let (client, error) = claimed(url.clone()).await;
        let words = format!(
            "{url} did not answer as a Roundel server of this release does: check the address, and that \
             server and runner have the same release"
        );
        assert_eq!(error.to_string(), words, "{status} {body}");
        client.outage.failed(&error, Duration::from_secs(1));
        let left = client.sign_off(&SignOffRequest { runner: "r".to_owned() }).await;
        assert_eq!(left.unwrap_err().to_string(), words);
        assert!(client.outage.is_on(), "{status} {body}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_recognized() {
    let mut url = server(200, "", "").await;
    url.set_scheme("https").unwrap();
    let (_, error) = claimed(url.clone()).await;
    let words = format!(
        "the server at {url} answers without TLS: use `http://` in place of `https://`, or the address of the \
         proxy that has the certificate"
    );
    assert_eq!(error.to_string(), words);
}
