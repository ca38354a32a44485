//! Top-level keys and the entries of a section, of which any phase may ask.

use indexmap::IndexMap;

use crate::{
    codes,
    read::{
        source::Sources,
        yaml::{At, Entry, View},
    },
    render::Renderer,
    text::{place::Place, problem::Problem},
};

/// Returns the entries of a top-level section; null counts as empty (CFG §1.6).
pub(crate) fn section<'d>(render: &mut Renderer<'d>, root: At, name: &str) -> Vec<Entry<'d>> {
    let doc = render.doc();
    let Some(section) = doc.get(root, name) else { return Vec::new() };
    let found = match doc.view(section.value) {
        View::Map(entries) => return entries.iter().collect(),
        View::Broken => return Vec::new(),
        View::Scalar(..) if doc.is_null(section.value) => return Vec::new(),
        View::Scalar(..) => "a string",
        View::Seq(_) => "a list",
    };
    let message = format!("`{name}` must be a mapping, found {found}");
    let problem = Problem::error(codes::SECTION_TYPE, section.key, message);
    render.report().add(
        problem.help(format!("write names below it, without dashes: `{name}:`, then `  a-name:`")),
    );
    named_items(doc, section.value)
}

/// Returns the items of a list that would be entries without their dashes: a wrong dash must not
/// hide what else is wrong.
fn named_items<'d>(doc: &'d Sources, list: At) -> Vec<Entry<'d>> {
    let View::Seq(items) = doc.view(list) else { return Vec::new() };
    let mut named: IndexMap<&'d str, Entry<'d>> = IndexMap::new();
    for item in items.iter() {
        if let View::Map(entries) = doc.view(item)
            && entries.len() == 1
            && let Some(entry) = entries.first()
        {
            named.entry(entry.name).or_insert(entry);
        }
    }
    named.into_values().collect()
}
/// Returns the place of the first key, for what is missing.
pub(crate) fn first_key(doc: &Sources, root: At) -> Place {
    doc.entries(root).first().map_or_else(Place::default, |entry| entry.key)
}
