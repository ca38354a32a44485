//! The final names of jobs (CFG §4.12).
//!
//! Compiled jobs share one namespace over all workflows. A requested name that is used once, or
//! once per workflow for the same body, stays; otherwise every use of it is numbered.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write},
    hash::{DefaultHasher, Hasher},
};

use roundel_model::plan::PlannedJobKind;

use crate::expand::invocation::Draft;

/// Returns the final name of every job, by workflow.
pub(crate) fn number(workflows: &[&[Draft]]) -> Vec<Vec<String>> {
    let mut groups: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    let mut names: Vec<Vec<String>> = Vec::new();
    for (w, drafts) in workflows.iter().enumerate() {
        names.push(drafts.iter().map(|draft| draft.requested.clone()).collect());
        for (d, draft) in drafts.iter().enumerate() {
            groups.entry(&draft.requested).or_default().push((w, d));
        }
    }
    let requested: BTreeSet<&str> = groups.keys().copied().collect();
    for (name, uses) in &groups {
        let kinds: Vec<_> = uses.iter().map(|&(w, d)| workflows[w][d].kind.as_ref()).collect();
        if stays(uses, &kinds) {
            continue;
        }
        let mut next = 1;
        let mut given: Vec<Given<'_>> = Vec::new();
        for (&(w, d), &kind) in uses.iter().zip(&kinds) {
            let digest = digest(kind);
            let shared = given.iter_mut().find(|given| {
                digest == given.digest
                    && !given.users.contains(&w)
                    && kind.is_some()
                    && kind == given.kind
            });
            let number = if let Some(given) = shared {
                given.users.insert(w);
                given.number
            } else {
                while requested.contains(format!("{name}-{next}").as_str()) {
                    next += 1;
                }
                given.push(Given { number: next, kind, digest, users: BTreeSet::from([w]) });
                next += 1;
                next - 1
            };
            names[w][d] = format!("{name}-{number}");
        }
    }
    names
}

/// What a number was given to: a body, and the workflows that use it.
struct Given<'d> {
    number: u32,
    kind: Option<&'d PlannedJobKind>,
    digest: u64,
    users: BTreeSet<usize>,
}

/// Bodies may be long and alike; most pairs of them are distinguished by this.
fn digest(kind: Option<&PlannedJobKind>) -> u64 {
    struct Digest(DefaultHasher);
    impl Write for Digest {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.write(text.as_bytes());
            Ok(())
        }
    }
    let mut digest = Digest(DefaultHasher::new());
    // Hashing cannot fail; a digest of less only means one more comparison.
    write!(digest, "{kind:?}").map_or(0, |()| digest.0.finish())
}

fn stays(uses: &[(usize, usize)], kinds: &[Option<&PlannedJobKind>]) -> bool {
    let workflows: BTreeSet<_> = uses.iter().map(|(w, _)| w).collect();
    uses.len() == 1
        || workflows.len() == uses.len()
            && kinds.windows(2).all(|pair| pair[0].is_some() && pair[0] == pair[1])
}
