//! Merge keys: `<<: *defaults` (CFG §1.4).

use std::collections::HashSet;

use super::{
    At, Doc, Id, KeyValue, Kind, Merged, Style,
    scalar::{self, Scalar},
};
use crate::{
    codes,
    text::{
        place::{FileId, Place, Span},
        problem::Problem,
    },
};

/// Keys next to a merge key that are looked through for the one that was meant.
const KEYS: usize = 100;

/// Resolves the merge keys of a mapping: its own keys win wherever they are; among merged ones the
/// first wins.
pub(super) fn merged(doc: &Doc, pairs: &[KeyValue]) -> Vec<Merged> {
    let explicit = pairs.iter().filter(|pair| !doc.is_merge(pair.key));
    let mut seen: HashSet<&str> = explicit.filter_map(|pair| doc.key_text(pair.key)).collect();
    let mut entries = Vec::with_capacity(pairs.len());
    for &KeyValue { key, value } in pairs {
        if !doc.is_merge(key) {
            entries.push(Merged { key, value, via: None });
            continue;
        }
        let way = target(doc, value);
        let whole = [way.id];
        let parts = match &doc.node(way.id).kind {
            Kind::Seq(items) => items,
            Kind::Map { .. } | Kind::Scalar(..) | Kind::Alias(_) | Kind::Broken => &whole[..],
        };
        for &id in parts {
            let way = doc.follow(At { id, ..way });
            let Kind::Map { pairs, merged } = &doc.node(way.id).kind else { continue };
            let direct =
                pairs.iter().map(|&KeyValue { key, value }| Merged { key, value, via: None });
            let all = match merged {
                Some(merged) => merged.to_vec(),
                None => direct.collect(),
            };
            for one in all {
                if doc.key_text(one.key).is_some_and(|name| seen.insert(name)) {
                    entries.push(Merged { via: way.via.or(one.via), ..one });
                }
            }
        }
    }
    entries
}

/// Counts the entries of a mapping, those that it merges included.
pub(super) fn width(doc: &Doc, pairs: &[KeyValue]) -> u32 {
    let of = |pair: &KeyValue| if doc.is_merge(pair.key) { doc.node(pair.value).width } else { 1 };
    pairs.iter().map(of).fold(0, u32::saturating_add)
}

const NO_LISTS: &str = "lists cannot be merged: use a command, or repeat the items";

/// Returns whether a key is a merge key with a backslash before it, which makes it an ordinary key.
pub(super) fn is_escaped(doc: &Doc, key: Id, value: Id) -> bool {
    matches!(&doc.node(key).kind, Kind::Scalar(text, Style::Plain) if doc.text(text) == "\\<<")
        && is_mergeable(doc, value)
}

/// A merge key is not a string, so nothing in it is escaped.
pub(super) fn escaped(doc: &Doc, text: &str, key: Id, value: Id) -> Problem {
    let place = Place::direct(doc.node(key).span);
    let message = "this backslash makes the merge key an ordinary key";
    let written = written(text, doc.node(value).span);
    let example = if written.contains('\n') { "…" } else { written };
    let help = format!("write `<<: {example}`: `<<` is only escaped inside strings");
    Problem::error(codes::BAD_MERGE, place, message).help(help)
}

/// Returns whether a merge key's value is an undefined alias, or a list that holds one.
pub(super) fn is_undefined(doc: &Doc, value: Id) -> bool {
    match &doc.node(value).kind {
        Kind::Broken => true,
        Kind::Seq(items) => items.iter().any(|&item| matches!(doc.node(item).kind, Kind::Broken)),
        Kind::Scalar(..) | Kind::Map { .. } | Kind::Alias(_) => false,
    }
}

/// Returns what is wrong with the value of a merge key, if it is not a mapping or a list of them.
pub(super) fn check(doc: &Doc, text: &str, pair: KeyValue, pairs: &[KeyValue]) -> Option<Problem> {
    let value = pair.value;
    let is_bad = !is_mergeable(doc, value) || pairs.len() == 1 && drops_items(doc, value);
    is_bad.then(|| bad(doc, text, pair, pairs))
}

/// Returns whether a list of mappings with one key each, such as steps, is merged into nothing else, and
/// a key comes twice: of those with the same key only the first would stay.
fn drops_items(doc: &Doc, value: Id) -> bool {
    let Kind::Seq(items) = &doc.node(target(doc, value).id).kind else { return false };
    let mut seen = HashSet::new();
    let mut repeats = false;
    for &item in items {
        let Kind::Map { pairs, .. } = &doc.node(target(doc, item).id).kind else { return false };
        let [KeyValue { key, .. }] = **pairs else { return false };
        repeats |= !doc.is_merge(key) && doc.key_text(key).is_some_and(|name| !seen.insert(name));
    }
    repeats
}

/// Reports a merge key with a value that is not a mapping, at the key: its anchor may be far away.
fn bad(doc: &Doc, text: &str, pair: KeyValue, pairs: &[KeyValue]) -> Problem {
    let KeyValue { key, value } = pair;
    let message = if is_mergeable(doc, value) {
        "`<<:` keeps only the first of the items that have the same key"
    } else {
        "`<<:` needs a mapping or a list of mappings"
    };
    let place = Place::direct(doc.node(key).span);
    let problem = Problem::error(codes::BAD_MERGE, place, message);
    let merged = target(doc, value);
    let anchor = doc.node(merged.id).span;
    let is_alias = anchor != doc.node(value).span;
    let problem = match &doc.node(merged.id).kind {
        Kind::Scalar(found, style) if scalar::resolve(doc.text(found), *style) == Scalar::Null => {
            problem.help("write an alias after it, `<<: *defaults`, or remove it")
        }
        Kind::Scalar(found, style) => {
            let word = word(scalar::resolve(doc.text(found), *style));
            let written = written(text, doc.node(value).span);
            // A key that has the same value is the one that was meant.
            let same = |pair: &&KeyValue| {
                let other = match &doc.node(target(doc, pair.value).id).kind {
                    Kind::Scalar(other, _) => doc.text(other),
                    _ => return false,
                };
                !doc.is_merge(pair.key) && other == doc.text(found)
            };
            let name = pairs.iter().take(KEYS).find(same).and_then(|pair| doc.key_text(pair.key));
            let help = match name {
                Some(name) => format!("it is {word}: use it as a value, `{name}: {written}`"),
                None => format!(
                    "it is {word}: write it as the value of a key, or remove `<<: {written}`"
                ),
            };
            problem.help(help)
        }
        Kind::Seq(items) => match items.iter().position(|&item| !is_mapping(doc, item)) {
            Some(at) if !is_alias && items.iter().any(|&item| is_mapping(doc, item)) => {
                let item = written(text, doc.node(items[at]).span);
                let place = at + 1;
                problem.help(format!(
                    "take item {place} out of the list, `{item}`: only mappings can be merged"
                ))
            }
            _ => problem.help(NO_LISTS),
        },
        Kind::Map { .. } | Kind::Alias(_) | Kind::Broken => problem.help(NO_LISTS),
    };
    if is_alias { problem.related(Place::direct(anchor), "the anchor's value") } else { problem }
}

/// Returns whether a value is a mapping or a list of them.
fn is_mergeable(doc: &Doc, value: Id) -> bool {
    match &doc.node(target(doc, value).id).kind {
        Kind::Seq(items) => items.iter().all(|&item| is_mapping(doc, item)),
        Kind::Map { .. } | Kind::Broken | Kind::Scalar(..) | Kind::Alias(_) => {
            is_mapping(doc, value)
        }
    }
}

/// Returns whether a value is a mapping, or an undefined alias that may have been one.
fn is_mapping(doc: &Doc, value: Id) -> bool {
    matches!(&doc.node(target(doc, value).id).kind, Kind::Map { .. } | Kind::Broken)
}

/// Follows an alias.
fn target(doc: &Doc, id: Id) -> At {
    doc.follow(At { file: FileId::CONFIG, id, via: None })
}

fn word(found: Scalar<'_>) -> &'static str {
    match found {
        Scalar::Null => "empty",
        Scalar::Bool(_) => "a boolean",
        Scalar::Int(_) | Scalar::Float(_) => "a number",
        Scalar::Text(_) => "a string",
    }
}

fn written(text: &str, span: Span) -> &str {
    text.get(span.start()..span.end()).unwrap_or("")
}
