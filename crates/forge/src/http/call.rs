//! One request and one answer.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use reqwest::{
    Method, RequestBuilder,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use roundel_model::{limits::MASKED_VALUE_CHARS, secret::Secret};
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

/// Fields of a form that are not secret. All others are: codes, verifiers, tokens, the secret of the client.
const OPEN_FIELDS: [&str; 3] = ["client_id", "grant_type", "redirect_uri"];

/// The JSON field that holds a webhook's signing secret.
const SECRET_KEY: &str = "secret";

/// What stands for a secret in a text.
const MASK: &str = "***";

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
    /// The secrets that it sends, in each form in which an answer may repeat them.
    sent: Vec<Secret<String>>,
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
            sent: Vec::new(),
        }
    }

    /// Calls in the name of a user.
    #[must_use]
    pub(crate) fn by(mut self, token: &Secret<String>) -> Self {
        self.note(token.expose());
        Self { caller: Caller::Token(token.clone()), ..self }
    }

    /// Calls in the name of the application.
    #[must_use]
    pub(crate) fn by_application(mut self, id: &str, secret: &Secret<String>) -> Self {
        self.note(secret.expose());
        self.note(&STANDARD.encode(format!("{id}:{}", secret.expose())));
        Self { caller: Caller::Application { id: id.to_owned(), secret: secret.clone() }, ..self }
    }

    /// Sends a JSON document.
    #[must_use]
    pub(crate) fn json(mut self, document: Value) -> Self {
        self.note_in(&document);
        Self { payload: Payload::Json(document), ..self }
    }

    /// Sends a form.
    #[must_use]
    pub(crate) fn form(mut self, fields: &[(&str, &str)]) -> Self {
        for (_, value) in fields.iter().filter(|(name, _)| !OPEN_FIELDS.contains(name)) {
            self.note(value);
        }
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

    /// Masks the secrets that were sent in a text that came back: some forges and proxies repeat the
    /// request, and what they say ends on pages and in logs.
    pub(crate) fn masked(&self, text: &str) -> String {
        let mask = |text: String, secret: &Secret<String>| text.replace(secret.expose(), MASK);
        self.sent.iter().fold(text.to_owned(), mask)
    }

    /// Notes a secret that is sent. Very short values are not treated as secrets: they would mask parts of
    /// words.
    fn note(&mut self, secret: &str) {
        if secret.chars().count() < MASKED_VALUE_CHARS {
            return;
        }
        let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        self.sent.extend([Secret::from(secret), Secret::from(encoded)]);
        // Of two that overlap, the longer one is masked as a whole.
        self.sent.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
    }

    fn note_in(&mut self, document: &Value) {
        for (key, value) in document.as_object().into_iter().flatten() {
            match value.as_str() {
                Some(secret) if key == SECRET_KEY => self.note(secret),
                _ => self.note_in(value),
            }
        }
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
