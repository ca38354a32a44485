//! What GitHub's error responses mean (`VCS` §2.15), and which ones are not GitHub's.

use roundel_model::forge::ForgeKind;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::ErrorClass,
    http::{Answer, Diagnosis, Messages, plain_messages},
    lenient::{maybe, scopes},
};

/// An error of the API, or `{"error":"Not Found"}` at the token end point.
#[derive(Deserialize, Default)]
#[serde(default)]
struct ErrorBody {
    #[serde(deserialize_with = "maybe")]
    message: Option<String>,
    #[serde(deserialize_with = "maybe")]
    errors: Option<Value>,
    #[serde(deserialize_with = "maybe")]
    documentation_url: Option<String>,
    /// Why access to a repository is blocked.
    #[serde(deserialize_with = "maybe")]
    block: Option<Value>,
    #[serde(deserialize_with = "maybe")]
    error: Option<String>,
    #[serde(deserialize_with = "maybe")]
    error_description: Option<String>,
}

/// Understands an error response.
pub(super) fn diagnose(answer: &Answer) -> Diagnosis {
    let messages = messages(answer);
    let (class, hint) = match answer.status {
        500.. => (ErrorClass::Unavailable, None),
        429 => (ErrorClass::RateLimited, None),
        403 if is_limit(answer)
            || messages.contain("rate limit")
            || messages.contain("abuse detection") =>
        {
            (ErrorClass::RateLimited, None)
        }
        _ if !is_from_github(answer) => {
            return Diagnosis::not_from_the_forge(ForgeKind::GitHub, messages);
        }
        401 if messages.contain("requires authentication") => (ErrorClass::Broken, None),
        401 => (ErrorClass::Unauthorized, Some(RECONNECT.to_owned())),
        403 => (ErrorClass::Forbidden, hint_for_403(answer, &messages)),
        451 => (ErrorClass::Forbidden, Some("GitHub has taken it down".to_owned())),
        // It answers so to a client id that it does not know.
        404 if is_token_end_point(answer) => (ErrorClass::Forbidden, Some(APPLICATION.to_owned())),
        404 => match missing_scope(answer) {
            Some(hint) => (ErrorClass::Forbidden, Some(hint)),
            None => (ErrorClass::NotFound, Some(HIDDEN.to_owned())),
        },
        409 if messages.contain("empty") => (ErrorClass::NotFound, None),
        410 => (ErrorClass::NotFound, None),
        400 | 409 | 422 => (ErrorClass::Invalid, hint_for_422(&messages)),
        _ => (ErrorClass::Broken, None),
    };
    Diagnosis::new(class, messages, hint)
}

const RECONNECT: &str = "Sign in with GitHub again";
const HIDDEN: &str = "It was removed or renamed, or the signed-in user may not see it: keys and webhooks need an \
     administrator of the repository";

/// What to do about an OAuth app that GitHub does not know.
pub(super) const APPLICATION: &str =
    "The operator of this server must correct the client id and secret of the OAuth app";

/// Returns whether GitHub itself gave an error response, with any status. API gateways answer with a
/// message alone, so GitHub's own is known by what only GitHub sends with it: the page of its documentation,
/// the reason of a block (<https://github.com/github/rest-api-description/issues/3314>), or the id that
/// GitHub gives each request. What the token end point answers with an error status has its own form
/// (<https://github.com/octokit/auth-oauth-user.js/issues/239>).
fn is_from_github(answer: &Answer) -> bool {
    let body = answer.json::<ErrorBody>().unwrap_or_default();
    let has_id = !answer.header("x-github-request-id").is_empty();
    if body.message.is_some() {
        return has_id || body.documentation_url.is_some() || body.block.is_some();
    }
    body.error.is_some() && has_id && is_token_end_point(answer)
}

fn is_token_end_point(answer: &Answer) -> bool {
    answer.url.path().ends_with("/login/oauth/access_token")
}

/// A primary limit has run out, or a secondary one says when to come back.
fn is_limit(answer: &Answer) -> bool {
    answer.header("x-ratelimit-remaining") == "0" || !answer.header("retry-after").is_empty()
}

fn hint_for_403(answer: &Answer, messages: &Messages) -> Option<String> {
    let sso = answer.header("x-github-sso");
    let permissions = answer.header("x-accepted-github-permissions");
    let hint = if messages.contain("oauth app access restrictions")
        || messages.contain("restricting-access-to-your-organization")
    {
        "An owner of the organization must grant this server's OAuth app access to it"
    } else if sso.starts_with("required") || messages.contain("saml enforcement") {
        "Sign in to your organization's identity provider, then sign in here again"
    } else if messages.contain("not accessible by") && !permissions.is_empty() {
        return Some(format!("The permission that is missing: {permissions}"));
    } else if messages.contain("archived") {
        "The repository is archived: unarchive it on GitHub to build it"
    } else if messages.contain("must have admin rights") {
        "Only an administrator of the repository can do this"
    } else if messages.contain("access blocked") {
        "GitHub has blocked the repository"
    } else {
        return None;
    };
    Some(hint.to_owned())
}

fn hint_for_422(messages: &Messages) -> Option<String> {
    let hint = if messages.contain("deploy keys are disabled") {
        "An owner of the organization can allow them: Organization settings, Deploy keys"
    } else if messages.contain("more than 20 hooks") {
        "Delete a webhook that is no longer needed in the repository's settings"
    } else if messages.contain("reachable over the public internet") {
        "This server's public URL must be an address that GitHub can reach"
    } else {
        return None;
    };
    Some(hint.to_owned())
}

/// Names the scopes that the call accepts, if the token has none of them. A token of an application
/// without scopes (GitHub App) shows none.
fn missing_scope(answer: &Answer) -> Option<String> {
    let accepted = scopes(answer.header("x-accepted-oauth-scopes"));
    let granted = answer.headers.get("x-oauth-scopes")?.to_str().ok()?;
    let granted = scopes(granted);
    let covered = |scope: &String| granted.iter().any(|have| have == scope || covers(have, scope));
    if accepted.is_empty() || accepted.iter().any(covered) {
        return None;
    }
    let accepted = accepted.join("` or `");
    Some(format!("The token lacks the scope `{accepted}`: sign in again and grant it"))
}

/// Returns whether a scope contains another: GitHub swallows the smaller one when it grants both.
fn covers(have: &str, want: &str) -> bool {
    let part = |scope: &str, prefix: &str| scope.strip_prefix(prefix).map(str::to_owned);
    match have {
        "repo" => want.starts_with("repo") || want == "public_repo" || want.ends_with(":repo_hook"),
        "user" => want.starts_with("user:") || want == "read:user",
        _ => match part(have, "admin:") {
            Some(thing) => want == format!("write:{thing}") || want == format!("read:{thing}"),
            None => part(have, "write:").is_some_and(|thing| want == format!("read:{thing}")),
        },
    }
}

/// Finds GitHub's messages: the message, those of each field, and those of the token end point.
fn messages(answer: &Answer) -> Messages {
    let Ok(body) = answer.json::<ErrorBody>() else { return plain_messages(answer) };
    let mut messages: Vec<String> =
        body.message.into_iter().chain(body.error).chain(body.error_description).collect();
    match body.errors {
        Some(Value::String(text)) => messages.push(text),
        Some(Value::Array(errors)) => messages.extend(errors.iter().filter_map(message_of)),
        _ => {}
    }
    Messages(messages)
}

/// Reads one entry of `errors`: a string, a message, or the field and what is wrong with it.
fn message_of(error: &Value) -> Option<String> {
    let text = |key: &str| error.get(key).and_then(Value::as_str);
    let message = error.as_str().or_else(|| text("message")).map(str::to_owned);
    message.or_else(|| Some(format!("{} is {}", text("field")?, text("code")?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_scope_covers_the_narrower_ones() {
        assert!(covers("repo", "public_repo"));
        assert!(covers("repo", "admin:repo_hook"));
        assert!(covers("admin:public_key", "read:public_key"));
        assert!(covers("user", "user:email"));
        assert!(!covers("public_repo", "repo"));
        assert!(!covers("read:org", "write:org"));
        assert!(!covers("write:public_key", "admin:public_key"));
    }
}
