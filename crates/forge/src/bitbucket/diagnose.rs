//! What Bitbucket's error responses mean (`VCS` §4.12), and which ones are not Bitbucket's.

use roundel_model::forge::ForgeKind;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::ErrorClass,
    http::{Answer, Diagnosis, Messages, plain_messages},
    lenient::maybe,
};

/// Either `{"type":"error","error":{…}}` or, at the token end point,
/// `{"error":"invalid_grant","error_description":"…"}`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct ErrorBody {
    #[serde(rename = "type", deserialize_with = "maybe")]
    kind: Option<String>,
    #[serde(deserialize_with = "maybe")]
    error: Option<Value>,
    #[serde(deserialize_with = "maybe")]
    error_description: Option<String>,
}

/// Understands an error response.
pub(super) fn diagnose(answer: &Answer) -> Diagnosis {
    let messages = messages(answer);
    let (class, hint) = match answer.status {
        // 555 is Bitbucket's own: the source took too long.
        500.. => (ErrorClass::Unavailable, None),
        429 => (ErrorClass::RateLimited, None),
        _ if !is_from_bitbucket(answer) => {
            return Diagnosis::not_from_the_forge(ForgeKind::Bitbucket, messages);
        }
        401 if messages.contain("invalid_client") => (ErrorClass::Forbidden, Some(CONSUMER)),
        401 if messages.contain("app password") => {
            (ErrorClass::Unauthorized, Some("Bitbucket no longer accepts app passwords"))
        }
        401 => (ErrorClass::Unauthorized, Some("Sign in with Bitbucket again")),
        403 => (ErrorClass::Forbidden, hint_for_403(&messages)),
        404 => (ErrorClass::NotFound, Some(HIDDEN)),
        410 => (ErrorClass::NotFound, None),
        400 if messages.contain("unauthorized_client") => (ErrorClass::Forbidden, Some(CONSUMER)),
        400 | 409 | 422 => (ErrorClass::Invalid, None),
        _ => (ErrorClass::Broken, None),
    };
    Diagnosis::new(class, messages, hint)
}

const CONSUMER: &str =
    "The operator of this server must correct the key and secret of the OAuth consumer";
const HIDDEN: &str = "It was removed or renamed, or the signed-in user may not see it";

/// The codes with which the token end point refuses (RFC 6749 §5.2).
const TOKEN_CODES: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// Returns whether Bitbucket itself gave an error response, with any status. Its API's are of the type
/// `error` and hold a message, which the answers of API gateways, else of the same form, are not:
/// <https://developer.atlassian.com/cloud/bitbucket/rest/intro/#standardized-error-responses>. Those of the
/// token end point hold a code.
fn is_from_bitbucket(answer: &Answer) -> bool {
    let body = answer.json::<ErrorBody>().unwrap_or_default();
    match body.error {
        Some(Value::Object(error)) => {
            body.kind.as_deref() == Some("error")
                && error.get("message").is_some_and(Value::is_string)
        }
        Some(Value::String(code)) => {
            is_token_end_point(answer) && TOKEN_CODES.contains(&code.as_str())
        }
        _ => answer.status == 401 && answer.header("www-authenticate").contains(REALM),
    }
}

/// Bitbucket's name in the header of some refusals, whose body is then empty or plain text: see Atlassian's
/// article "Getting 401 HTTP error when using Basic authentication with Bitbucket Cloud REST APIs" on
/// <https://support.atlassian.com/bitbucket-cloud/>.
const REALM: &str = r#"realm="Bitbucket.org"#;

fn is_token_end_point(answer: &Answer) -> bool {
    answer.url.path().ends_with("/site/oauth2/access_token")
}

fn hint_for_403(messages: &Messages) -> Option<&'static str> {
    if messages.contain("privilege scopes") {
        Some("The operator of this server must tick the missing permissions in the OAuth consumer")
    } else if messages.contain("authentication mechanism") {
        Some("This needs a user's sign-in, not an access token of a repository or workspace")
    } else if messages.contain("whitelist") || messages.contain("allowlist") {
        Some("An administrator of the workspace must add this server's address to the allow-list")
    } else if messages.contain("two-step") {
        Some("The workspace requires two-step verification: turn it on in your account")
    } else {
        None
    }
}

/// Finds Bitbucket's messages: the message, its detail, and the messages of each field.
fn messages(answer: &Answer) -> Messages {
    let Ok(body) = answer.json::<ErrorBody>() else { return plain_messages(answer) };
    let mut messages = Vec::new();
    match body.error {
        Some(Value::String(code)) => messages.push(code),
        Some(Value::Object(error)) => {
            messages.extend(error.get("message").and_then(Value::as_str).map(str::to_owned));
            messages.extend(error.get("detail").and_then(detail));
            let fields = error.get("fields").and_then(Value::as_object);
            for (name, listed) in fields.into_iter().flatten() {
                messages.push(format!("{name}: {}", texts(listed).join(" ")));
            }
        }
        _ => {}
    }
    messages.extend(body.error_description);
    Messages(messages)
}

/// A detail is a string, or says which scopes are there and which are not.
fn detail(detail: &Value) -> Option<String> {
    if let Some(text) = detail.as_str() {
        return Some(text.to_owned());
    }
    let list = |key: &str| detail.get(key).map(|list| texts(list).join(", "));
    Some(format!("required: {}; granted: {}", list("required")?, list("granted")?))
}

fn texts(value: &Value) -> Vec<&str> {
    match value.as_array() {
        Some(items) => items.iter().filter_map(Value::as_str).collect(),
        None => value.as_str().into_iter().collect(),
    }
}
