//! Which key of an entry was probably meant by one that it does not have.

use crate::{
    language::{
        keys::RESERVED,
        other_services::{self, Owner},
    },
    text::{help::Help, suggest::did_you_mean},
};

/// Keys of an entry that are about an approval too.
pub(super) const OF_APPROVAL: &[&str] = &["type", "name", "requires", "filters", "matrix"];

/// Returns which key of an approval was probably meant by another one. Without it, the approval would be of another
/// branch, or at another place in the order.
pub(super) fn meant_for_approval(name: &str) -> Option<Help> {
    let near = (!RESERVED.contains(&name)).then(|| did_you_mean(name, OF_APPROVAL.iter().copied()));
    near.flatten().or_else(|| misplaced(name))
}

/// Says where a key belongs that was meant to choose or to order what runs.
pub(super) fn misplaced(name: &str) -> Option<Help> {
    let chooses = matches!(
        name,
        "branches" | "tags" | "ignore" | "except" | "if" | "when" | "unless" | "only" | "rules"
    );
    let help = other_services::advice(Owner::Entry, name);
    help.filter(|help| chooses || help.replacement.is_some())
}
