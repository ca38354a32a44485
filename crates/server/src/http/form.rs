//! What a form of a page sent. Every page that takes one reads it here.
//!
//! A field that the form does not have, a missing one, one that comes twice, another content type, and
//! a form that is too large are answered by a page that says what to do; nothing was changed then. What
//! the values may be is for the page to say, at the field. Deliberately absent: rights, which are
//! checked before the form is read.

use std::sync::Arc;

use axum::{
    body::{Bytes, HttpBody as _},
    extract::{FromRequest, Request},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use roundel_model::{limits, text::cut};
use serde::{
    Deserialize,
    de::{
        DeserializeOwned,
        value::{Error, MapDeserializer},
    },
};

use super::frame::error_page;
use crate::{app::App, http::body_size, markup::plain_sentence};

/// Characters of what is wrong with a form: a field's name is whatever was sent.
const DETAIL_CHARS: usize = 300;

/// The fields of a form. `T` refuses fields that it does not know: `#[serde(deny_unknown_fields)]`.
pub(crate) struct PageForm<T>(pub(crate) T);

/// The form of a button: it says all there is to say by where it leads.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoFields {}

impl<T: DeserializeOwned> FromRequest<Arc<App>> for PageForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let is_large = body_size::is_beyond(request.headers(), limits::FORM_BYTES);
        // A button of a program sends nothing, and does not say of which type.
        if !is_large && !request.body().is_end_stream() && !says_form(&request) {
            return Err(other_type());
        }
        let bytes = bytes(request, app).await?;
        read(&bytes).map(Self).map_err(|error| unreadable(&error))
    }
}

/// Reads what was sent, whatever its type, up to the limit of a form.
pub(crate) async fn bytes(request: Request, app: &Arc<App>) -> Result<Bytes, Response> {
    if body_size::is_beyond(request.headers(), limits::FORM_BYTES) {
        body_size::discard(app, request.into_body(), body_size::LARGE_REST_BYTES);
        return Err(too_large());
    }
    Bytes::from_request(request, app).await.map_err(|rejection| {
        match rejection.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            _ => cut_off(),
        }
    })
}

fn says_form(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Reads strings only: what else a value stands for is parsed by its page, which can say what is wrong.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let fields = url::form_urlencoded::parse(bytes);
    T::deserialize(MapDeserializer::<_, Error>::new(fields))
}

fn too_large() -> Response {
    let text = format!(
        "The form is larger than the limit of {} KiB. Nothing was changed. Enter less and send it again.",
        limits::FORM_BYTES / 1024
    );
    refused(StatusCode::PAYLOAD_TOO_LARGE, &text)
}

/// Answers what is sent in another form than that of our pages.
pub(crate) fn other_type() -> Response {
    let text = "A form has to be sent as `application/x-www-form-urlencoded`, as the forms of these pages \
                are. Nothing was changed. Send it from its page.";
    refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, text)
}

fn cut_off() -> Response {
    let text =
        "The connection ended before all of it had arrived. Nothing was changed. Send it again.";
    refused(StatusCode::BAD_REQUEST, text)
}

fn unreadable(error: &Error) -> Response {
    // A field's name may hold a quote of code, which would swallow the rest of the sentence.
    let detail = plain_sentence(&cut(&error.to_string(), DETAIL_CHARS));
    let text = format!(
        "The fields that were sent are not those of this form: {detail}. Nothing was changed. Load its page again, \
         and send it from there."
    );
    refused(StatusCode::UNPROCESSABLE_ENTITY, &text)
}

fn refused(status: StatusCode, text: &str) -> Response {
    error_page(status, "Form not accepted", text, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields {
        name: String,
        #[serde(default)]
        value: String,
    }

    #[test]
    fn a_form_has_each_of_its_fields_once_and_no_other() {
        let fields: Fields = read(b"name=A+b&value=%C3%A4").unwrap();
        assert_eq!((fields.name.as_str(), fields.value.as_str()), ("A b", "ä"));
        let refusal = |form: &[u8]| read::<Fields>(form).unwrap_err().to_string();
        assert_eq!(refusal(b"value=1"), "missing field `name`");
        assert_eq!(refusal(b"name=A&name=B"), "duplicate field `name`");
        assert_eq!(
            refusal(b"name=A&color=red"),
            "unknown field `color`, expected `name` or `value`"
        );
        assert!(read::<NoFields>(b"").is_ok());
        let refusal = read::<NoFields>(b"name=A").err().unwrap().to_string();
        assert_eq!(refusal, "unknown field `name`, there are no fields");
        let pairs: Vec<(String, String)> = read(b"a=1&a=2").unwrap();
        assert_eq!(pairs.len(), 2, "a page may read the fields itself");
    }
}
