//! Webhooks of both forges: what each becomes, and that nothing that is sent can break us.

mod bitbucket;
mod examples;
mod github;

use proptest::prelude::*;
use serde_json::Value;

use roundel_model::{
    forge::{ForgeUserId, RepositoryId},
    name::GitRef,
};

use super::*;

const SHA: &str = "1111111111111111111111111111111111111111";
const OLD: &str = "2222222222222222222222222222222222222222";

fn read(kind: ForgeKind, event: &str, payload: &Value) -> Vec<ForgeEvent> {
    parse(kind, event, payload.to_string().as_bytes())
}

fn because(events: &[ForgeEvent]) -> &str {
    match events {
        [ForgeEvent::Ignored { because }] => because,
        other => panic!("not ignored: {other:?}"),
    }
}

/// Every place in a document, as a JSON pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(name, child)| (name.clone(), child)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, child)| (index.to_string(), child)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (name, child) in children {
        let place = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        places(child, &place, found);
        found.push(place);
    }
}

/// The document without what is at a place.
fn without(document: &Value, place: &str) -> Value {
    let mut document = document.clone();
    let (parent, name) = place.rsplit_once('/').unwrap();
    match document.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.remove(&name.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(items)) => {
            items.remove(name.parse().unwrap());
        }
        _ => panic!("no such place: {place}"),
    }
    document
}

/// Damages a document at each place in each way: nothing may panic, and something is always said.
fn survives_any_damage(kind: ForgeKind, event: &str, document: &Value) {
    let mut all = Vec::new();
    places(document, "", &mut all);
    for place in all {
        check(kind, event, &without(document, &place), &place);
        for odd in [Value::Null, 7.into(), (-1.5).into(), "odd".into(), Value::Array(vec![])] {
            let mut damaged = document.clone();
            *damaged.pointer_mut(&place).unwrap() = odd;
            check(kind, event, &damaged, &place);
        }
    }
}

/// What an entry on the page of deliveries says: a sentence, whatever the damage.
fn says_why(because: &str) -> bool {
    because.contains(' ') && !because.ends_with('.')
}

fn check(kind: ForgeKind, event: &str, document: &Value, place: &str) {
    let events = read(kind, event, document);
    assert!(!events.is_empty(), "{event} without {place} came to nothing");
    for event in events {
        if let ForgeEvent::Ignored { because } = &event {
            assert!(says_why(because), "without {place}: {because}");
        }
        if let ForgeEvent::Push(push) = &event {
            assert!(push.after.is_well_formed(), "{place}: {push:?}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(
        body in proptest::collection::vec(any::<u8>(), 0..200), event in "[a-z:_]{0,20}",
    ) {
        for kind in ForgeKind::ALL {
            prop_assert!(!parse(kind, &event, &body).is_empty());
            prop_assert!(!parse(kind, "push", &body).is_empty());
            prop_assert!(!parse(kind, "repo:push", &body).is_empty());
        }
    }
}

#[test]
fn what_is_not_json_is_ignored_with_the_reason() {
    for kind in ForgeKind::ALL {
        let (event, missing) = match kind {
            ForgeKind::GitHub => ("push", "`repository.id` is missing"),
            ForgeKind::Bitbucket => ("repo:push", "`repository.uuid` is missing"),
        };
        for (body, reason) in [
            (b"".as_slice(), "the payload cannot be read: EOF while parsing a value"),
            (b"{", "the payload cannot be read: EOF while parsing an object"),
            (b"[]", missing),
            (b"\xff\xfe", "the payload cannot be read: expected value"),
            (b"payload=%7B", "the payload cannot be read: EOF while parsing an object"),
            (b"null", "the payload cannot be read: invalid type: null"),
        ] {
            let events = parse(kind, event, body);
            assert!(because(&events).starts_with(reason), "{kind} {body:?}: {events:?}");
        }
    }
}

// The reader recurses as deep as the text; the text comes from outside.
#[test]
fn a_payload_of_brackets_does_not_exhaust_the_stack() {
    let deep = "[".repeat(1_000_000);
    for kind in ForgeKind::ALL {
        because(&parse(kind, "push", deep.as_bytes()));
        let within = format!(r#"{{"repository":{deep}"#);
        because(&parse(kind, "repo:push", within.as_bytes()));
    }
}

#[test]
fn headers_are_picked_by_the_forge() {
    let pick = |kind, pairs: &'static [(&str, &str)]| {
        headers(kind, |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    };
    let github = pick(
        ForgeKind::GitHub,
        &[
            ("x-github-event", "push"),
            ("x-github-delivery", "guid"),
            ("x-hub-signature", "sha1=no"),
            ("x-hub-signature-256", "sha256=yes"),
        ],
    );
    let expected =
        |event: &str, guid: &str| DeliveryHeaders { event: event.into(), guid: guid.into() };
    assert_eq!(github, Ok(expected("push", "guid")));
    let bitbucket = pick(
        ForgeKind::Bitbucket,
        &[("x-event-key", "repo:push"), ("x-request-uuid", "u"), ("x-hub-signature", "sha256=s")],
    );
    assert_eq!(bitbucket, Ok(expected("repo:push", "u")));
    let unsigned = pick(ForgeKind::Bitbucket, &[("x-event-key", "e"), ("x-request-uuid", "u")]);
    assert_eq!(unsigned, Ok(expected("e", "u")));
    let missing = pick(ForgeKind::GitHub, &[("x-github-event", "push")]);
    assert_eq!(missing, Err("the header `x-github-delivery` is missing".into()));
}

#[test]
fn absurd_headers_are_refused() {
    let long = "x".repeat(129);
    let refusal = |value: &str| headers(ForgeKind::GitHub, |_| Some(value)).unwrap_err();
    assert_eq!(refusal(&long), "the header `x-github-event` is too long");
    assert_eq!(refusal("  "), "the header `x-github-event` is missing");
}
