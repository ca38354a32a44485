//! The entries of a top-level section, of which any phase may ask.

use indexmap::IndexMap;

use crate::{
    codes,
    read::yaml::{At, Entry, View},
    resolve::Resolver,
    text::problem::Problem,
};

impl<'d> Resolver<'_, 'd> {
    /// Returns the entries of a top-level section; null counts as empty (CFG §1.6).
    pub(crate) fn section(&mut self, root: At, name: &str) -> Vec<Entry<'d>> {
        let doc = self.render.doc;
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
        self.render
            .report
            .add(problem.help(format!(
                "write names below it, without dashes: `{name}:`, then `  a-name:`"
            )));
        self.named_items(section.value)
    }

    /// Returns the items of a list that would be entries without their dashes: a wrong dash must not
    /// hide what else is wrong.
    fn named_items(&self, list: At) -> Vec<Entry<'d>> {
        let doc = self.render.doc;
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
}
