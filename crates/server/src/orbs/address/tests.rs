//! Proves which addresses are fetched, and which never.

use std::time::Duration;

use super::{
    super::{
        fetch::Certificates,
        tests::loopback::{Backend, FETCH_TIMEOUT, ResponseKind, found, missing, store},
    },
    *,
};

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(1_000_000_000).plus(Duration::from_secs(seconds))
}

async fn addresses(prefixes: &[&str]) -> Addresses {
    let fetcher = Fetcher::new(FETCH_TIMEOUT, Certificates::None).unwrap();
    let allowed = prefixes.iter().map(|prefix| Url::parse(prefix).unwrap()).collect();
    Addresses::new(Some(fetcher), allowed, store().await)
}

async fn ask(addresses: &Addresses, address: &str, now: Timestamp) -> Resolution {
    addresses.find(&address.parse().unwrap(), now).await.unwrap()
}

/// A configuration comes from any branch: what it names must not make us reach into other networks.
#[tokio::test]
async fn only_addresses_below_an_allowed_prefix_are_fetched() {
    let addresses =
        addresses(&["https://orbs.test/team/", "https://one.test/a.yml", "http://x.test:81/p"])
            .await;
    for (address, is_allowed) in [
        ("https://orbs.test/team/a.yml", true),
        ("https://orbs.test/team/deep/a.yml?version=1", true),
        ("https://one.test/a.yml", true),
        ("http://x.test:81/p", true),
        ("http://x.test:81/p/a.yml", true),
        ("http://x.test:81/private/a.yml", false),
        ("https://x.test:81/p/a.yml", false),
        ("http://x.test/p/a.yml", false),
        ("http://orbs.test/team/a.yml", false),
        ("https://orbs.test/teams/a.yml", false),
        ("https://orbs.test/team/../secret/a.yml", false),
        ("https://orbs.test/team/%2e%2e/secret/a.yml", false),
        ("https://orbs.test/team/..%2fsecret/a.yml", false),
        ("https://orbs.test.evil.test/team/a.yml", false),
        ("https://orbs.test@evil.test/team/a.yml", false),
        ("https://me:secret@orbs.test/team/a.yml", false),
        ("https://one.test/a.yml.evil", false),
    ] {
        let url = Url::parse(address).unwrap();
        assert_eq!(addresses.allows(&url), is_allowed, "{address}");
    }
}

#[tokio::test]
async fn what_is_not_allowed_is_reported_with_what_is() {
    let backend = Backend::start().await;
    let allowed = addresses(&[&backend.at("/orbs/")]).await;
    let missing_here = missing(ask(&allowed, &backend.at("/other/a.yml"), at(0)).await);
    assert!(missing_here.error.unwrap().contains(&backend.at("/orbs/")));
    assert!(missing_here.help.unwrap().contains("url_prefixes"));
    let none = Addresses::new(None, Vec::new(), store().await);
    let refused = missing(ask(&none, &backend.at("/orbs/a.yml"), at(0)).await);
    assert!(refused.error.unwrap().contains("does not import orbs from URLs"));
    assert!(backend.asked().is_empty());
}

#[tokio::test]
async fn what_was_fetched_is_good_for_five_minutes_and_while_its_server_is_away() {
    let backend = Backend::start().await;
    let addresses = addresses(&[&backend.at("/")]).await;
    let address = backend.at("/a.yml");
    backend.put("/a.yml", ResponseKind::Text("one".to_owned()));
    let orb = found(ask(&addresses, &address, at(0)).await);
    assert_eq!((orb.name.as_str(), orb.version.as_str(), &*orb.text), (&*address, "", "one"));
    backend.put("/a.yml", ResponseKind::Text("two".to_owned()));
    assert_eq!(&*found(ask(&addresses, &address, at(299)).await).text, "one");
    assert_eq!(&*found(ask(&addresses, &address, at(301)).await).text, "two");
    backend.put("/a.yml", ResponseKind::Silence);
    assert_eq!(&*found(ask(&addresses, &address, at(9_000)).await).text, "two");
}

#[tokio::test]
async fn a_redirect_is_followed_only_to_what_is_allowed() {
    let (backend, other) = (Backend::start().await, Backend::start().await);
    let addresses = addresses(&[&backend.at("/orbs/")]).await;
    backend.put("/orbs/a.yml", ResponseKind::Redirect("b.yml".to_owned()));
    backend.put("/orbs/b.yml", ResponseKind::Text("there".to_owned()));
    backend.put("/orbs/out.yml", ResponseKind::Redirect(other.at("/orbs/x.yml")));
    backend.put("/orbs/up.yml", ResponseKind::Redirect("/secret.yml".to_owned()));
    backend.put("/orbs/circle.yml", ResponseKind::Redirect("circle.yml".to_owned()));
    other.put("/orbs/x.yml", ResponseKind::Text("elsewhere".to_owned()));
    backend.put("/secret.yml", ResponseKind::Text("secret".to_owned()));
    assert_eq!(&*found(ask(&addresses, &backend.at("/orbs/a.yml"), at(0)).await).text, "there");
    for (path, said) in [
        ("/orbs/out.yml", "no allowed prefix"),
        ("/orbs/up.yml", "no allowed prefix"),
        ("/orbs/circle.yml", "in a loop"),
        ("/orbs/nothing.yml", "there is nothing at"),
    ] {
        let missing = missing(ask(&addresses, &backend.at(path), at(0)).await);
        assert!(missing.error.as_ref().unwrap().contains(said), "{path}: {missing:?}");
    }
    assert!(other.asked().is_empty());
    assert!(!backend.asked().contains(&"/secret.yml".to_owned()));
}

#[tokio::test]
async fn cfg_e053_a_server_that_hangs_or_floods_is_reported() {
    let backend = Backend::start().await;
    let addresses = addresses(&[&backend.at("/")]).await;
    for (path, response, said) in [
        ("/slow.yml", ResponseKind::Silence, "did not answer within"),
        ("/large.yml", ResponseKind::Flood, "more than"),
        ("/half.yml", ResponseKind::Half, "cannot be reached"),
        ("/ill.yml", ResponseKind::Status(500), "status 500"),
    ] {
        backend.put(path, response);
        let missing = missing(ask(&addresses, &backend.at(path), at(0)).await);
        assert!(missing.error.as_ref().unwrap().contains(said), "{path}: {missing:?}");
    }
}
