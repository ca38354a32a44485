//! Styles, scripts and pictures: inside the program, under an address that changes with them.
//!
//! One digest of all assets is part of every address, so a browser keeps them forever and modules
//! import each other by relative names. A development build has them inside, too: it may be copied elsewhere.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::routes::{Anyone, Routes};

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

/// The icon of pages that are about no status, an SVG.
pub const ICON: &str = include_str!("../../assets/favicon-none.svg");

/// One digest of everything.
static DIGEST: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Assets::iter().collect();
    names.sort();
    let mut digest = Sha256::new();
    for name in names {
        digest.update(name.as_bytes());
        if let Some(file) = Assets::get(&name) {
            digest.update(file.metadata.sha256_hash());
        }
    }
    hex::encode(&digest.finalize()[..6])
});

/// Routes of assets.
pub(crate) fn routes() -> Routes {
    Routes::new().get("/assets/{digest}/{name}", asset).get("/favicon.ico", favicon)
}

/// Returns the address of an asset.
pub(crate) fn address(name: &str) -> String {
    format!("/assets/{}/{name}", *DIGEST)
}

async fn asset(
    _: Anyone,
    Path((digest, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    answer(
        &name,
        &headers,
        if digest == *DIGEST { Caching::Immutable } else { Caching::Revalidate },
    )
}

/// What browsers ask for by themselves.
async fn favicon(_: Anyone, headers: HeaderMap) -> Response {
    answer("favicon-none.svg", &headers, Caching::Revalidate)
}

/// What a browser may do with an asset that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caching {
    /// Use it without asking: another content has another address.
    Immutable,
    /// Ask each time whether it is still the same.
    Revalidate,
}

impl Caching {
    const fn header(self) -> &'static str {
        match self {
            Self::Immutable => "public, max-age=31536000, immutable",
            Self::Revalidate => "no-cache",
        }
    }
}

fn answer(name: &str, headers: &HeaderMap, caching: Caching) -> Response {
    let Some(file) = Assets::get(name) else { return StatusCode::NOT_FOUND.into_response() };
    let etag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..12]));
    let fresh =
        headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let mut response = if fresh {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = file.metadata.mimetype().to_owned();
        ([(header::CONTENT_TYPE, kind)], file.data.into_owned()).into_response()
    };
    let all = response.headers_mut();
    all.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching.header()));
    all.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        all.insert(header::ETAG, etag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_under_its_digest_may_be_kept_forever() {
        let now = answer("app.css", &HeaderMap::new(), Caching::Immutable);
        assert!(now.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, now.headers()[header::ETAG].clone());
        assert_eq!(
            answer("app.css", &headers, Caching::Immutable).status(),
            StatusCode::NOT_MODIFIED
        );
    }

    #[test]
    fn no_path_leads_out_of_the_assets() {
        for name in ["../Cargo.toml", "/etc/passwd", "..%2fsrc%2flib.rs", ""] {
            assert_eq!(
                answer(name, &HeaderMap::new(), Caching::Immutable).status(),
                StatusCode::NOT_FOUND
            );
        }
    }

    /// Scripts must run under `script-src 'self'` and know no other server.
    #[test]
    fn no_script_evaluates_text_or_names_another_host() {
        for name in Assets::iter().filter(|name| name.ends_with(".js")) {
            let file = Assets::get(&name).unwrap();
            let text = String::from_utf8(file.data.into_owned()).unwrap();
            for word in ["eval(", "new Function", "https://", "http://", "document.write"] {
                assert!(!text.contains(word), "{name} contains {word}");
            }
        }
    }
}
