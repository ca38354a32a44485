//! The keys of one mapping while it is read, to find one that is given twice.

use std::collections::HashMap;

use super::Id;

/// The keys of a mapping so far. Most mappings are small.
pub(super) struct Seen<'n> {
    few: Vec<(&'n str, Id)>,
    many: HashMap<&'n str, Id>,
    is_large: bool,
}

impl<'n> Seen<'n> {
    pub(super) fn new(keys: usize) -> Self {
        const FEW: usize = 12;
        Self { few: Vec::with_capacity(keys.min(FEW)), many: HashMap::new(), is_large: keys > FEW }
    }

    /// Adds a key; returns the earlier one of the same name.
    pub(super) fn insert(&mut self, name: &'n str, key: Id) -> Option<Id> {
        if self.is_large {
            return match self.many.entry(name) {
                std::collections::hash_map::Entry::Occupied(first) => Some(*first.get()),
                std::collections::hash_map::Entry::Vacant(free) => {
                    free.insert(key);
                    None
                }
            };
        }
        let earlier = self.few.iter().find(|(other, _)| *other == name).map(|&(_, key)| key);
        if earlier.is_none() {
            self.few.push((name, key));
        }
        earlier
    }
}
