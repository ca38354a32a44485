//! Orbs: what was published stays what it was, and is seen by whom it is meant for.

use std::time::Duration;

use roundel_model::{forge::ForgeKind, id::OrganizationId, time::Timestamp};
use roundel_store::{
    orbs::{NewOrb, OrbReader, PipelineOrb, Published, Visibility},
    projects::NewProject,
};

use crate::world::{World, at, new_project};

on_all! {
    a_released_version_never_changes,
    a_label_moves_and_ends,
    a_namespace_is_seen_by_its_organization_unless_it_is_opened,
    a_namespace_has_one_owner,
    answers_from_outside_are_kept_with_their_source,
    a_pipeline_keeps_what_it_was_compiled_with,
    a_source_is_deleted_when_nothing_refers_to_it,
    a_damaged_source_is_not_handed_out,
}

fn orb(version: &str, text: &str, organization: Option<OrganizationId>) -> NewOrb {
    NewOrb {
        namespace: "acme".to_owned(),
        name: "tools".to_owned(),
        version: version.to_owned(),
        text: text.to_owned(),
        organization,
        visibility: None,
        published_by: "ada".to_owned(),
        expires_at: None,
    }
}

async fn organization(world: &World) -> OrganizationId {
    world.project("acme/web").await.organization
}

async fn another_organization(world: &World) -> OrganizationId {
    let integration = world.account("bob").await;
    let known = new_project("other/web", integration);
    let new = NewProject { organization_forge_id: "88".to_owned(), ..known };
    world.store.upsert_project(&new, at(1)).await.unwrap().organization
}

async fn versions(world: &World, reader: OrbReader, now: Timestamp) -> Vec<String> {
    let rows = world.store.orb_versions(reader, "acme", "tools", now).await.unwrap();
    rows.into_iter().map(|row| row.version).collect()
}

async fn a_released_version_never_changes(world: World) {
    let acme = organization(&world).await;
    let store = &world.store;
    let first = orb("1.0.0", "version: 2.1", Some(acme));
    assert_eq!(store.publish_orb(&first, at(10)).await.unwrap(), Published::New);
    // A job that publishes is rerun: that is not a mistake.
    assert_eq!(store.publish_orb(&first, at(11)).await.unwrap(), Published::Same);
    let other = orb("1.0.0", "something else", Some(acme));
    let refused = store.publish_orb(&other, at(12)).await.unwrap();
    let rows = store.orb_versions(OrbReader::Project(acme), "acme", "tools", at(13)).await.unwrap();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(refused, Published::Differs { digest: row.digest.clone() });
    assert_eq!((row.published_at, row.size_bytes), (at(10), 12));
    assert_eq!(row.owner.as_deref(), Some("github/acme"));
    let source = store.orb_source(&row.digest).await.unwrap();
    assert_eq!(source.as_deref(), Some("version: 2.1"));
    assert_eq!(store.orb_source("no such digest").await.unwrap(), None);
}

/// CFG §4.13.1: 90 days; here it is what the caller says.
async fn a_label_moves_and_ends(world: World) {
    let acme = organization(&world).await;
    let label = |text: &str, until| NewOrb {
        expires_at: Some(at(until)),
        ..orb("dev:mine", text, Some(acme))
    };
    let store = &world.store;
    let published = |new, now| async move { store.publish_orb(&new, now).await.unwrap() };
    assert_eq!(published(label("one", 100), at(10)).await, Published::New);
    assert_eq!(published(label("two", 200), at(20)).await, Published::Replaced);
    assert_eq!(published(label("two", 300), at(30)).await, Published::Replaced, "it lives longer");
    let reader = OrbReader::Project(acme);
    assert_eq!(versions(&world, reader, at(299)).await, ["dev:mine"]);
    assert!(versions(&world, reader, at(300)).await.is_empty());
    assert_eq!(published(label("three", 900), at(400)).await, Published::New);
}

async fn a_namespace_is_seen_by_its_organization_unless_it_is_opened(world: World) {
    let (acme, other) = (organization(&world).await, another_organization(&world).await);
    let store = &world.store;
    store.publish_orb(&orb("1.0.0", "x", Some(acme)), at(10)).await.unwrap();
    let everyone = [
        OrbReader::Administrator,
        OrbReader::Project(acme),
        OrbReader::Project(other),
        OrbReader::Anonymous,
    ];
    for (visibility, sees) in [
        (None, [true, true, false, false]),
        (Some(Visibility::Instance), [true, true, true, false]),
        (Some(Visibility::Everyone), [true, true, true, true]),
        (Some(Visibility::Organization), [true, true, false, false]),
    ] {
        let again = NewOrb { visibility, ..orb("1.0.0", "x", Some(acme)) };
        assert_eq!(store.publish_orb(&again, at(11)).await.unwrap(), Published::Same);
        for (reader, sees) in everyone.into_iter().zip(sees) {
            let found = versions(&world, reader, at(12)).await;
            assert_eq!(!found.is_empty(), sees, "{visibility:?} {reader:?}");
            let namespace = store.orb_namespace("acme").await.unwrap().unwrap();
            assert_eq!(namespace.is_seen_by(reader), sees, "{visibility:?} {reader:?}");
            let listed = store.orbs(reader, None, at(12)).await.unwrap();
            assert_eq!(!listed.is_empty(), sees, "{visibility:?} {reader:?}");
            assert!(store.orbs(reader, Some("nobody"), at(12)).await.unwrap().is_empty());
        }
    }
}

async fn a_namespace_has_one_owner(world: World) {
    let (acme, other) = (organization(&world).await, another_organization(&world).await);
    let store = &world.store;
    let ownerless = orb("1.0.0", "x", None);
    assert_eq!(store.publish_orb(&ownerless, at(9)).await.unwrap(), Published::NoOwner);
    assert_eq!(store.orb_namespace("acme").await.unwrap(), None);
    store.publish_orb(&orb("1.0.0", "x", Some(acme)), at(10)).await.unwrap();
    let taken = orb("1.1.0", "y", Some(other));
    assert_eq!(store.publish_orb(&taken, at(11)).await.unwrap(), Published::OtherOwner);
    let known = orb("1.1.0", "y", None);
    assert_eq!(store.publish_orb(&known, at(12)).await.unwrap(), Published::New);
    let found = store.orb_namespace("acme").await.unwrap().unwrap();
    assert_eq!((found.organization, found.visibility), (Some(acme), Visibility::Organization));

    let own = NewOrb {
        namespace: "house".to_owned(),
        visibility: Some(Visibility::Instance),
        ..orb("1.0.0", "z", None)
    };
    assert_eq!(store.publish_orb(&own, at(13)).await.unwrap(), Published::New);
    let ownerless = NewOrb { visibility: Some(Visibility::Organization), ..own };
    assert_eq!(store.publish_orb(&ownerless, at(14)).await.unwrap(), Published::NoOwner);
    let find = |login| store.organization_by_login(ForgeKind::GitHub, login);
    assert_eq!(find("ACME").await.unwrap(), Some(acme));
    assert_eq!(find("nobody").await.unwrap(), None);
}

async fn answers_from_outside_are_kept_with_their_source(world: World) {
    let store = &world.store;
    assert_eq!(store.orb_answer("list a/b").await.unwrap(), None);
    store.put_orb_answer("list a/b", "[]", None, at(1)).await.unwrap();
    store.put_orb_answer("list a/b", "[\"1.0.0\"]", None, at(2)).await.unwrap();
    store.put_orb_answer("get a/b@1.0.0", "", Some("version: 2.1"), at(3)).await.unwrap();
    let list = store.orb_answer("list a/b").await.unwrap().unwrap();
    assert_eq!((list.answer.as_str(), list.source, list.asked_at), ("[\"1.0.0\"]", None, at(2)));
    let source = store.orb_answer("get a/b@1.0.0").await.unwrap().unwrap().source.unwrap();
    assert_eq!(source.text, "version: 2.1");
    assert_eq!(store.orb_source(&source.digest).await.unwrap(), Some(source.text));
}

fn used(requested: &str, version: &str, text: &str) -> PipelineOrb {
    PipelineOrb {
        requested: requested.to_owned(),
        name: "acme/tools".to_owned(),
        version: version.to_owned(),
        text: text.to_owned(),
        origin: "this instance".to_owned(),
        notice: Some("a stand-in".to_owned()),
        transitive: true,
    }
}

async fn a_pipeline_keeps_what_it_was_compiled_with(world: World) {
    let project = world.project("acme/web").await;
    let pipeline = world.pipeline(project.id, 1).await;
    let store = &world.store;
    assert!(store.pipeline_orbs(pipeline).await.unwrap().is_empty());
    let first = [used("acme/tools@1", "1.0.0", "one"), used("acme/tools@1.0", "1.0.0", "one")];
    store.record_pipeline_orbs(pipeline, &first, at(10)).await.unwrap();
    let later = [used("acme/tools@1", "1.1.0", "two"), used("acme/tools@2", "2.0.0", "three")];
    store.record_pipeline_orbs(pipeline, &later, at(20)).await.unwrap();
    let [kept, minor] = first;
    let [_, added] = later;
    assert_eq!(store.pipeline_orbs(pipeline).await.unwrap(), [kept, minor, added]);
}

async fn a_source_is_deleted_when_nothing_refers_to_it(world: World) {
    let project = world.project("acme/web").await;
    let pipeline = world.pipeline(project.id, 1).await;
    let store = &world.store;
    let label = |text, until| NewOrb {
        expires_at: Some(at(until)),
        ..orb("dev:x", text, Some(project.organization))
    };
    store.publish_orb(&label("replaced", 1_000), at(1)).await.unwrap();
    store.publish_orb(&label("ended", 1_000), at(2)).await.unwrap();
    store.publish_orb(&orb("1.0.0", "published", None), at(3)).await.unwrap();
    store.put_orb_answer("get a/b@1.0.0", "", Some("answered"), at(4)).await.unwrap();
    store.record_pipeline_orbs(pipeline, &[used("a/b@1", "1.0.0", "used")], at(5)).await.unwrap();
    let day = Duration::from_hours(25);
    store
        .put_orb_answer("get a/b@2.0.0", "", Some("stored just now"), at(0).plus(day))
        .await
        .unwrap();
    store.put_orb_answer("get a/b@2.0.0", "", None, at(0).plus(day)).await.unwrap();
    store.forget_expired(at(10).plus(day)).await.unwrap();
    for (text, is_there) in [
        ("replaced", false),
        ("ended", false),
        ("published", true),
        ("answered", true),
        ("used", true),
        ("stored just now", true),
    ] {
        let found = store.orb_source(&digest(text)).await.unwrap();
        assert_eq!(found.is_some(), is_there, "{text}");
    }
}

fn digest(text: &str) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(text))
}

/// What a digest names is what is built; a bit that flipped on a disk must not run as code.
async fn a_damaged_source_is_not_handed_out(world: World) {
    let Some(path) = world.url.strip_prefix("sqlite:").filter(|path| *path != ":memory:") else {
        return;
    };
    let acme = organization(&world).await;
    let text = "commands: {}";
    world.store.publish_orb(&orb("1.0.0", text, Some(acme)), at(1)).await.unwrap();
    world.store.close().await;
    damage(std::path::Path::new(path), text);
    let refused = world.another_store().await.orb_source(&digest(text)).await.unwrap_err();
    assert!(refused.to_string().contains("orb source"), "{refused}");
}

/// Changes a string in a database file, in place. Short strings are stored as they are.
fn damage(path: &std::path::Path, text: &str) {
    let mut bytes = std::fs::read(path).unwrap();
    let at = bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap();
    bytes[at] = b'C';
    std::fs::write(path, bytes).unwrap();
}
