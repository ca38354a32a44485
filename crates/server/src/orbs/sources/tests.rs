//! Proves the order of the places, who sees what, and that one instance can serve another.

use std::fs;

use roundel_model::id::OrganizationId;
use roundel_store::orbs::{NewOrb, Visibility};

use super::{
    super::{
        tests::loopback::{Backend, FETCH_TIMEOUT, ResponseKind, found, instance, missing, store},
        wire,
    },
    *,
};

const TOKEN: &str = "the administrator's token";

struct Fixture {
    folder: tempfile::TempDir,
    backend: Backend,
    store: Store,
    settings: Settings,
}

impl Fixture {
    /// A directory, a store and a registry.
    async fn new() -> Self {
        let (folder, backend) = (tempfile::tempdir().unwrap(), Backend::start().await);
        let settings = Settings {
            directory: Some(folder.path().to_owned()),
            registry: Some(backend.url.clone()),
            url_prefixes: vec![backend.url.join("/orbs/").unwrap()],
            fetch_timeout: FETCH_TIMEOUT,
            registry_token: None,
        };
        Self { folder, backend, store: store().await, settings }
    }

    fn put_file(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    async fn publish(&self, orb: &str, text: &str, visibility: Visibility) {
        publish(&self.store, orb, text, visibility).await;
    }

    async fn find(&self, reference: &str) -> Resolution {
        let sources = Sources::new(&self.settings, self.store.clone()).unwrap();
        find(&sources, reader(), reference).await
    }
}

fn reader() -> OrbReader {
    OrbReader::Project(OrganizationId::from_u128(1))
}

async fn find(sources: &Sources, reader: OrbReader, reference: &str) -> Resolution {
    let mut search = sources.search(reader, HashMap::new());
    let mut found = search.find(&[reference.parse().unwrap()]).await.unwrap();
    found.remove(0).1
}

/// Publishes as the instance itself.
async fn publish(store: &Store, orb: &str, text: &str, visibility: Visibility) {
    let (orb, version) = orb.split_once('@').unwrap();
    let (namespace, name) = orb.split_once('/').unwrap();
    let new = NewOrb {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
        text: text.to_owned(),
        organization: None,
        visibility: Some(visibility),
        published_by: "ada".to_owned(),
        expires_at: None,
    };
    store.publish_orb(&new, Timestamp::now()).await.unwrap();
}

#[tokio::test]
async fn the_folder_goes_before_this_instance_and_this_instance_before_the_registry() {
    let place = Fixture::new().await;
    place.backend.publish("a/b", &[("1.0.0", "registry"), ("1.9.0", "registry")]);
    assert_eq!(&*found(place.find("a/b@1").await).text, "registry");
    place.publish("a/b@1.0.0", "instance", Visibility::Instance).await;
    assert_eq!(&*found(place.find("a/b@1").await).text, "instance");
    place.put_file("a/b/1.0.0.yml", "folder");
    assert_eq!(&*found(place.find("a/b@1").await).text, "folder");
}

/// Otherwise another publisher could publish a higher version of our orb elsewhere and be run here.
#[tokio::test]
async fn a_namespace_of_this_instance_is_never_looked_for_elsewhere() {
    let place = Fixture::new().await;
    place.publish("a/b@1.0.0", "ours", Visibility::Instance).await;
    place.put_file("a/b/2.0.0~inferred.yml", "stand-in");
    place.backend.publish("a/b", &[("2.0.0", "theirs")]);
    place.backend.publish("a/c", &[("1.0.0", "theirs")]);
    for reference in ["a/b@2", "a/b@2.0.0", "a/c@1"] {
        let missing = missing(place.find(reference).await);
        assert!(missing.help.unwrap().contains("roundel orb publish"));
        assert!(!missing.looked_in.iter().any(|place| place.contains("registry")), "{reference}");
    }
    assert!(place.backend.asked().is_empty());
    // A reader who may not know of the namespace is answered as if it were not there.
    let sources = Sources::new(&place.settings, place.store.clone()).unwrap();
    assert_eq!(&*found(find(&sources, OrbReader::Anonymous, "a/c@1").await).text, "theirs");
}

#[tokio::test]
async fn a_stand_in_comes_last() {
    let place = Fixture::new().await;
    place.put_file("a/b/1.0.0~inferred.yml", "near");
    assert_eq!(
        found(place.find("a/b@1.0.0").await).notice.as_deref(),
        Some("`1.0.0~inferred.yml` stands in for a/b@1.0.0")
    );
    place.backend.publish("a/b", &[("1.0.0", "real")]);
    let sources = Sources::new(&place.settings, store().await).unwrap();
    let orb = found(find(&sources, reader(), "a/b@1.0.0").await);
    assert_eq!((&*orb.text, &orb.notice), ("real", &None));
}

/// What cannot be asked might have had it: building from a later place would be another build.
#[tokio::test]
async fn a_place_that_cannot_be_asked_is_not_passed_over() {
    let place = Fixture::new().await;
    place.put_file("a/b/1.0.0~inferred.yml", "near");
    place.backend.put(&format!("{}/a/b/1.0.0", wire::PATH), ResponseKind::Silence);
    let silent = missing(place.find("a/b@1.0.0").await);
    assert!(silent.error.unwrap().contains("did not answer"));
    place.backend.publish("a/c", &[("1.0.0", "registry")]);
    place.put_file("a/c/1.0.0.yml/not-a-file", "");
    assert!(missing(place.find("a/c@1.0.0").await).error.is_some());
}

#[tokio::test]
async fn a_missing_orb_names_every_place_and_every_version_and_the_ways_to_provide_it() {
    let place = Fixture::new().await;
    place.put_file("a/b/1.0.0.yml", "folder");
    place.backend.publish("a/b", &[("1.0.0", "registry"), ("2.0.0", "registry")]);
    let missing_here = missing(place.find("a/b@3").await);
    let looked_in = missing_here.looked_in.join("; ");
    for place in ["orb directory", "published to this instance", "the registry"] {
        assert!(looked_in.contains(place), "{looked_in}");
    }
    assert_eq!(missing_here.looked_in.len(), 3);
    assert_eq!(missing_here.versions, ["2.0.0", "1.0.0"]);
    let bare = Sources::new(&Settings::default(), store().await).unwrap();
    let help = missing(find(&bare, reader(), "a/b@3").await).help.unwrap();
    for way in ["roundel orb publish FILE a/b@VERSION", "[orbs] directory", "[orbs] registry"] {
        assert!(help.contains(way), "{help}");
    }
}

#[tokio::test]
async fn what_was_recorded_is_the_answer() {
    let place = Fixture::new().await;
    place.put_file("a/b/1.1.0.yml", "newer");
    let old = Arc::new(Orb {
        name: "a/b".to_owned(),
        version: "1.0.0".to_owned(),
        origin: "then".to_owned(),
        text: "older".into(),
        digest: super::super::digest("older"),
        notice: None,
    });
    let sources = Sources::new(&place.settings, place.store.clone()).unwrap();
    let recorded = HashMap::from([("a/b@1".to_owned(), Arc::clone(&old))]);
    let mut search = sources.search(reader(), recorded);
    let wanted = ["a/b@1".parse().unwrap(), "a/b@volatile".parse().unwrap()];
    let answers = search.find(&wanted).await.unwrap();
    let text = |reference: &str| {
        let answer = answers.iter().find(|(of, _)| of.to_string() == reference);
        found(answer.unwrap().1.clone()).text.to_string()
    };
    assert_eq!((text("a/b@1").as_str(), text("a/b@volatile").as_str()), ("older", "newer"));
}

#[tokio::test]
async fn cfg_e053_a_configuration_may_use_fifty_addresses() {
    let place = Fixture::new().await;
    let sources = Sources::new(&place.settings, place.store.clone()).unwrap();
    let mut search = sources.search(reader(), HashMap::new());
    let mut wanted = Vec::new();
    for number in 0..=ADDRESSES {
        let path = format!("/orbs/{number}.yml");
        place.backend.put(&path, ResponseKind::Text("orb".to_owned()));
        wanted.push(place.backend.at(&path).parse().unwrap());
    }
    let answers = search.find(&wanted).await.unwrap();
    let refused: Vec<_> =
        answers.into_iter().filter(|(_, it)| matches!(it, Resolution::Missing(_))).collect();
    let [(reference, resolution)] = &refused[..] else { panic!("{refused:?}") };
    assert!(reference.to_string().ends_with("/50.yml"));
    let error = missing(resolution.clone()).error.unwrap();
    assert!(error.contains("50 orbs from addresses"), "{error}");
    assert_eq!(place.backend.asked().len(), ADDRESSES);
}

#[tokio::test]
async fn a_configuration_that_wants_ever_more_orbs_is_stopped() {
    let sources = Sources::new(&Settings::default(), store().await).unwrap();
    let mut search = sources.search(reader(), HashMap::new());
    let wanted: Vec<_> = (0..=ORBS).map(|n| format!("a/o{n}@1").parse().unwrap()).collect();
    let answers = search.find(&wanted).await.unwrap();
    let failed =
        answers.into_iter().filter(|(_, answer)| missing(answer.clone()).error.is_some()).count();
    assert_eq!(failed, 1);
}

/// The registry of one instance is another instance, as it is.
#[tokio::test]
async fn one_instance_serves_another() {
    let (theirs, url) = instance(TOKEN, Settings::default()).await;
    publish(&theirs.store, "open/orb@1.0.0", "open", Visibility::Everyone).await;
    publish(&theirs.store, "open/orb@1.2.0", "open two", Visibility::Everyone).await;
    publish(&theirs.store, "house/orb@1.0.0", "house", Visibility::Instance).await;
    let with = |token: Option<&str>| Settings {
        registry: Some(url.clone()),
        registry_token: token.map(Into::into),
        ..Settings::default()
    };
    let (ours, _) = instance(TOKEN, with(None)).await;
    let orb = found(find(&ours.starter.orbs, reader(), "open/orb@1").await);
    assert_eq!((orb.version.as_str(), &*orb.text), ("1.2.0", "open two"));
    assert_eq!(orb.origin, url.to_string());
    missing(find(&ours.starter.orbs, reader(), "house/orb@1").await);

    let (trusted, _) = instance(TOKEN, with(Some(TOKEN))).await;
    assert_eq!(&*found(find(&trusted.starter.orbs, reader(), "house/orb@1").await).text, "house");
    let (mistaken, _) = instance(TOKEN, with(Some("wrong"))).await;
    let refused = missing(find(&mistaken.starter.orbs, reader(), "open/orb@1").await);
    assert!(refused.error.unwrap().contains("refuses access"));
}
