//! Keys in the column of the key that they belong below, which has nothing after it: `executor:` and
//! `name:`, `machine:` and `image:`.

use crate::{
    language::keys::{EXECUTOR, JOB, Known},
    read::{
        source::Sources,
        yaml::{At, Entry},
    },
    render::Renderer,
    text::{
        problem::Problem,
        suggest::{list, nearest},
    },
};

/// Keys that have others below them, each with those that give it away.
const OUTER: &[(&str, &[&str])] = &[
    ("executor", &["name"]),
    ("machine", &["image", "docker_layer_caching", "enabled"]),
    ("macos", &["xcode"]),
];

/// A key with nothing after it, and the keys that belong below it.
struct Emptied<'d> {
    outer: Entry<'d>,
    keys: Vec<Entry<'d>>,
}

/// Reports keys that are next to the one that they belong below, and returns them.
pub(super) fn report_unnested<'d>(
    render: &mut Renderer<'d>,
    body: At,
    known: Known<'_>,
) -> Vec<Entry<'d>> {
    let Some(Emptied { outer, keys }) = emptied(render.doc(), body, known) else {
        return Vec::new();
    };
    // Version 2 passes over keys that it does not know, in jobs that nothing runs too.
    let Some(first) = keys.first().filter(|_| render.has_templates()) else { return Vec::new() };
    let message = format!("`{}` is next to `{}`, not inside it", first.name, outer.name);
    let problem = Problem::error(known.code, first.key, message);
    let problem = problem.related(outer.key, "this has nothing below it");
    let names = list(keys.iter().map(|key| key.name));
    render.report().add(problem.help(format!("indent {names} deeper than `{}`", outer.name)));
    keys
}

/// Returns whether a key has nothing after it for what was reported to be next to it.
pub(crate) fn is_emptied(render: &Renderer<'_>, body: At, key: &str) -> bool {
    let is_reported = |known: Known<'_>| {
        emptied(render.doc(), body, known).is_some_and(|Emptied { outer, keys }| {
            let is_reported = |entry: &Entry<'_>| render.found().is_reported(known.code, entry.key);
            outer.name == key && keys.first().is_some_and(is_reported)
        })
    };
    is_reported(JOB) || is_reported(EXECUTOR)
}

fn emptied<'d>(doc: &'d Sources, body: At, known: Known<'_>) -> Option<Emptied<'d>> {
    let entries = doc.entries(body);
    OUTER.iter().find_map(|(name, inner)| {
        let outer = entries.get(name).filter(|outer| doc.is_null(outer.value))?;
        let below = entries.iter().skip_while(|entry| entry.key != outer.key).skip(1);
        let unknown = below.filter(|entry| !known.keys.contains(&entry.name));
        let (own, others): (Vec<_>, Vec<_>) =
            unknown.partition(|entry| inner.contains(&entry.name));
        // What an executor is called with may have any name, but not nearly that of a key.
        let is_argument =
            |entry: &Entry<'_>| nearest(entry.name, known.keys.iter().copied()).is_none();
        let keys = if *name == "executor" && !own.is_empty() {
            own.into_iter().chain(others.into_iter().filter(is_argument)).collect()
        } else {
            own
        };
        (!keys.is_empty()).then_some(Emptied { outer, keys })
    })
}
