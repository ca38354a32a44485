//! Lists in pages: by `Link` header on GitHub, by `next` in the body on Bitbucket.

use axum::{
    Json,
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::side::Side;

/// What a caller asks of a list.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Paging {
    page: Option<usize>,
    per_page: Option<usize>,
    pagelen: Option<usize>,
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
fn address(side: &Side, uri: &Uri, page: usize) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if name != "page" {
            query.append_pair(&name, &value);
        }
    }
    query.append_pair("page", &page.to_string());
    // Nested routers hide their prefix; `api` puts it back.
    format!("{}?{}", side.api(uri.path()), query.finish())
}

/// Answers with a page of a list, GitHub's way.
pub(crate) fn linked(side: &Side, uri: &Uri, paging: &Paging, items: Vec<Value>) -> Response {
    let length = paging.per_page.unwrap_or(30).clamp(1, 100);
    let part = cut(items, paging.page, length);
    let mut links = Vec::new();
    let mut link = |page: usize, rel: &str| {
        links.push(format!("<{}>; rel=\"{rel}\"", address(side, uri, page)));
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
pub(crate) fn paginated(side: &Side, uri: &Uri, paging: &Paging, items: Vec<Value>) -> Response {
    let length = paging.pagelen.unwrap_or(10).clamp(1, 100);
    let part = cut(items, paging.page, length);
    let mut body = json!({
        "size": part.total, "page": part.page, "pagelen": length, "values": part.items,
    });
    let mut more = |name: &str, page: usize| {
        if let Value::Object(fields) = &mut body {
            fields.insert(name.to_owned(), json!(address(side, uri, page)));
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
