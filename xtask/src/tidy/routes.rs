//! Every route of the server declares who may use it.

use super::{
    report::report,
    source::{self, Source},
};

/// Ways to add a route without a right. `server::http::routes` has a method for each verb, which
/// asks the handler for its right.
const PLAIN: &[&str] = &[
    ".route(",
    ".route_service(",
    ".nest(",
    ".nest_service(",
    ".fallback(",
    ".fallback_service(",
    ".method_not_allowed_fallback(",
];

/// The answer to an address that does not exist.
const UNKNOWN_ADDRESS: &str = ".fallback(failures::unknown_address)";

fn routes_without_right(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        let name = source.path.as_str();
        let is_test = name.contains("/tests") || name.ends_with("loopback.rs");
        if !name.starts_with("crates/server/src/") || is_test || name.ends_with("http/routes.rs") {
            continue;
        }
        for (index, line) in source.text.lines().enumerate() {
            let line = line.replace(UNKNOWN_ADDRESS, "");
            if PLAIN.iter().any(|call| line.contains(call)) {
                broken.push(format!("{name}:{}", index + 1));
            }
        }
    }
    broken
}

#[test]
fn every_route_of_the_server_declares_its_right() {
    let broken = routes_without_right(&source::rust());
    report("routes are declared with `Routes`, which asks for a right", broken);
}

#[test]
fn a_route_without_a_right_is_seen() {
    let text = "Routes::new()\n    .get(\"/a\", a)\n    .route(\"/b\", get(b))\n";
    let sources = source::sample(&[
        ("crates/server/src/http/pages.rs", text),
        ("crates/server/src/http/routes.rs", text),
        ("crates/localforge/src/web.rs", text),
    ]);
    assert_eq!(routes_without_right(&sources), ["crates/server/src/http/pages.rs:3"]);
    for adding in [
        "router.fallback(files)",
        "router.nest_service(\"/x\", files)",
        "router.fallback_service(f)",
    ] {
        let sources = source::sample(&[("crates/server/src/http.rs", adding)]);
        assert_eq!(routes_without_right(&sources).len(), 1, "{adding}");
    }
    let ending = "routes().with_app(app).fallback(failures::unknown_address).layer(framed)";
    let sources = source::sample(&[("crates/server/src/http.rs", ending)]);
    assert!(routes_without_right(&sources).is_empty());
}
