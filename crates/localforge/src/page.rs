//! Lists in pages: by `Link` header on GitHub, by `next` in the body on Bitbucket.

use axum::{
    Json,
    extract::{FromRequestParts, Query, rejection::QueryRejection},
    http::{StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::forge::Forge;

#[derive(Debug, Deserialize)]
struct Paging {
    page: Option<usize>,
    /// GitHub's name for the length of a page.
    per_page: Option<usize>,
    /// Bitbucket's name for it.
    pagelen: Option<usize>,
}

/// A call for a list: the page that is asked for, and the address of the list.
#[derive(Debug)]
pub(crate) struct Listing {
    paging: Paging,
    uri: Uri,
}

impl<S: Send + Sync> FromRequestParts<S> for Listing {
    type Rejection = QueryRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, QueryRejection> {
        let Query(paging) = Query::from_request_parts(parts, state).await?;
        Ok(Self { paging, uri: parts.uri.clone() })
    }
}

/// The part of a list that was asked for.
struct Part {
    items: Vec<Value>,
    total: usize,
    page: usize,
    last: usize,
}

fn cut(items: Vec<Value>, page: Option<usize>, size: usize) -> Part {
    let total = items.len();
    let page = page.unwrap_or(1).max(1);
    let last = total.div_ceil(size).max(1);
    let items = items.into_iter().skip((page - 1).saturating_mul(size)).take(size).collect();
    Part { items, total, page, last }
}

/// Returns the same address with another page.
fn address(forge: &Forge, uri: &Uri, page: usize) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if name != "page" {
            query.append_pair(&name, &value);
        }
    }
    query.append_pair("page", &page.to_string());
    // Nested routers hide their prefix; `api` puts it back.
    format!("{}?{}", forge.api(uri.path()), query.finish())
}

impl Listing {
    /// Answers with a page of a list, GitHub's way.
    pub(crate) fn linked(&self, forge: &Forge, items: Vec<Value>) -> Response {
        let length = self.paging.per_page.unwrap_or(30).clamp(1, 100);
        let part = cut(items, self.paging.page, length);
        let mut links = Vec::new();
        let mut link = |page: usize, rel: &str| {
            links.push(format!("<{}>; rel=\"{rel}\"", address(forge, &self.uri, page)));
        };
        if part.page < part.last {
            link(part.page + 1, "next");
            link(part.last, "last");
        }
        if part.page > 1 {
            link(1, "first");
            link(part.page - 1, "prev");
        }
        let mut response = Json(part.items).into_response();
        if let (false, Ok(value)) = (links.is_empty(), links.join(", ").parse()) {
            response.headers_mut().insert(header::LINK, value);
        }
        response
    }

    /// Answers with a page of a list, Bitbucket's way.
    pub(crate) fn paginated(&self, forge: &Forge, items: Vec<Value>) -> Response {
        let length = self.paging.pagelen.unwrap_or(10).clamp(1, 100);
        let part = cut(items, self.paging.page, length);
        let mut body = json!({
            "size": part.total, "page": part.page, "pagelen": length, "values": part.items,
        });
        let mut more = |name: &str, page: usize| {
            if let Value::Object(fields) = &mut body {
                fields.insert(name.to_owned(), json!(address(forge, &self.uri, page)));
            }
        };
        if part.page < part.last {
            more("next", part.page + 1);
        }
        if part.page > 1 {
            more("previous", part.page - 1);
        }
        (StatusCode::OK, Json(body)).into_response()
    }
}
