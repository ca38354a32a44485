//! One request and one answer.

use bytes::Bytes;
use reqwest::{
    Method, RequestBuilder,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use roundel_model::secret::Secret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::{Url, form_urlencoded};

/// In whose name a call is made.
#[derive(Clone)]
enum Caller {
    Anonymous,
    /// A user, by token.
    Token(Secret<String>),
    /// The application itself, by id and secret.
    Application {
        id: String,
        secret: Secret<String>,
    },
}

/// The body of a request. Forms hold secrets: codes, tokens.
#[derive(Clone)]
enum Payload {
    Nothing,
    Json(Value),
    Form(Secret<String>),
}

/// A request to a forge, before it is sent: it may be sent several times.
#[derive(Clone)]
pub(crate) struct Call {
    /// Its purpose, completing "could not …".
    pub(crate) what: &'static str,
    pub(super) method: Method,
    pub(super) url: Url,
    /// Whether doing it twice is the same as doing it once.
    pub(super) repeatable: bool,
    accept: Option<&'static str>,
    caller: Caller,
    payload: Payload,
}

impl Call {
    /// A read. It may be repeated.
    pub(crate) fn get(what: &'static str, url: Url) -> Self {
        Self { repeatable: true, ..Self::new(Method::GET, what, url) }
    }

    /// A call that changes something. It is not repeated unless the caller says that it may be.
    pub(crate) fn new(method: Method, what: &'static str, url: Url) -> Self {
        Self {
            what,
            method,
            url,
            repeatable: false,
            accept: None,
            caller: Caller::Anonymous,
            payload: Payload::Nothing,
        }
    }

    /// Calls in the name of a user.
    #[must_use]
    pub(crate) fn by(self, token: &Secret<String>) -> Self {
        Self { caller: Caller::Token(token.clone()), ..self }
    }

    /// Calls in the name of the application.
    #[must_use]
    pub(crate) fn by_application(self, id: &str, secret: &Secret<String>) -> Self {
        Self { caller: Caller::Application { id: id.to_owned(), secret: secret.clone() }, ..self }
    }

    /// Sends a JSON document.
    #[must_use]
    pub(crate) fn json(self, document: Value) -> Self {
        Self { payload: Payload::Json(document), ..self }
    }

    /// Sends a form.
    #[must_use]
    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Self {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self { payload: Payload::Form(Secret::new(form)), ..self }
    }

    /// Adds parameters to the address.
    #[must_use]
    pub(crate) fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        self.url.query_pairs_mut().extend_pairs(pairs);
        self
    }

    /// Asks for a media type other than the forge's usual one.
    #[must_use]
    pub(crate) fn accept(self, media_type: &'static str) -> Self {
        Self { accept: Some(media_type), ..self }
    }

    /// Allows the call to be repeated.
    #[must_use]
    pub(crate) fn repeatable(self) -> Self {
        Self { repeatable: true, ..self }
    }

    /// Puts headers and body on a request.
    pub(super) fn dress(&self, request: RequestBuilder) -> Result<RequestBuilder, &'static str> {
        let mut headers = HeaderMap::new();
        if let Some(accept) = self.accept {
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
        }
        if let Caller::Token(token) = &self.caller {
            let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
                .map_err(|_| "the token holds characters that no token has")?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let request = match &self.caller {
            Caller::Application { id, secret } => request.basic_auth(id, Some(secret.expose())),
            Caller::Anonymous | Caller::Token(_) => request,
        };
        let request = match &self.payload {
            Payload::Nothing => request,
            Payload::Json(document) => request.json(document),
            Payload::Form(form) => {
                headers.insert(
                    CONTENT_TYPE,
                    HeaderValue::from_static("application/x-www-form-urlencoded"),
                );
                request.body(form.expose().clone())
            }
        };
        // Last, for `headers` replaces what it names: our `Accept` wins over the usual one.
        Ok(request.headers(headers))
    }

    /// The same call for another page.
    pub(super) fn at_page(&mut self, url: Url) {
        self.url = url;
    }
}

/// One answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The URL that answered, after redirects.
    pub(crate) url: Url,
}

impl Answer {
    /// Reads the body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// Returns a header's text; empty if it is absent or not text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
