//! Finds filters that can never let anything through, without a single false alarm.
//!
//! Only what is certain counts: names of branches and tags are never empty, have no line breaks, and
//! lack the characters that git forbids. Everything that would need a proof is taken as possible.

use super::{
    Pattern,
    tree::{Greediness, Node, Set},
};

/// One entry of `only` or `ignore`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NameTest<'p> {
    /// Compared as it is.
    Text(&'p str),
    Pattern(&'p Pattern),
}

/// The filter of branches, or of tags; `only` decides alone (D-06).
#[derive(Clone, Copy, Debug)]
pub(crate) enum NameRule<'r, 'p> {
    Only(&'r [NameTest<'p>]),
    Ignore(&'r [NameTest<'p>]),
}

/// Says why an entry can match no branch and no tag.
pub(crate) fn never_matches(test: NameTest<'_>) -> Option<String> {
    match test {
        NameTest::Text(name) => no_git_name(name).map(str::to_owned),
        NameTest::Pattern(pattern) if pattern.tree.lengths().1 == Some(0) => {
            Some("it only matches the empty string, and no name is empty".to_owned())
        }
        NameTest::Pattern(pattern) => impossible(&pattern.tree, CharactersAround::default()),
    }
}

/// Says why a job with these filters runs for no branch and no tag (CFG §5.4.1).
pub(crate) fn never_runs(
    branches: Option<NameRule<'_, '_>>,
    tags: Option<NameRule<'_, '_>>,
) -> Option<String> {
    // Without a rule branches run, and tags do not.
    let branches = nothing_passes(branches?)?;
    match tags {
        None => Some(format!("{branches}, and tags need a `tags` filter")),
        Some(rule) => nothing_passes(rule).map(|tags| format!("{branches}; for tags, {tags}")),
    }
}

/// Says why a rule lets nothing through.
pub(crate) fn nothing_passes(rule: NameRule<'_, '_>) -> Option<String> {
    match rule {
        NameRule::Only([]) => Some("an empty `only` matches nothing".to_owned()),
        NameRule::Only(tests) => {
            let reasons: Option<Vec<_>> = tests.iter().map(|test| never_matches(*test)).collect();
            reasons?.into_iter().next().map(|reason| format!("nothing matches `only`: {reason}"))
        }
        NameRule::Ignore(tests) => tests
            .iter()
            .any(|test| matches_everything(*test))
            .then(|| "`ignore` matches everything".to_owned()),
    }
}

/// Returns whether an entry certainly matches every name.
pub(crate) fn matches_everything(test: NameTest<'_>) -> bool {
    matches!(test, NameTest::Pattern(pattern) if is_anything(&pattern.tree))
}

fn is_anything(node: &Node) -> bool {
    match node {
        Node::Capture(node) => is_anything(node),
        Node::Concat(nodes) => {
            let mut rest = nodes
                .iter()
                .filter(|n| !matches!(n, Node::Start | Node::End { .. } | Node::VeryEnd));
            let ordered = nodes.iter().skip_while(|n| matches!(n, Node::Start)).skip(1);
            let well_ordered =
                ordered.clone().all(|n| matches!(n, Node::End { .. } | Node::VeryEnd));
            matches!((rest.next(), rest.next()), (Some(one), None) if is_anything(one))
                && well_ordered
        }
        Node::Alternate(nodes) => nodes.iter().any(is_anything),
        Node::Repeat {
            node,
            min: 0 | 1,
            max: None,
            greed: Greediness::Greedy | Greediness::Lazy,
        } => {
            match &**node {
                Node::Set { set: Set::Range('\0', char::MAX), .. } => true,
                // A dot: everything but line breaks.
                Node::Set { set: Set::Not(inner), .. } => {
                    matches!(**inner, Set::Text(text) if text.starts_with(r"\n"))
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// How many characters there are at least before and after a node.
#[derive(Clone, Copy, Debug, Default)]
struct CharactersAround {
    before: u64,
    after: u64,
}

fn impossible(node: &Node, around: CharactersAround) -> Option<String> {
    match node {
        Node::Start if around.before > 0 => {
            Some("it requires characters before the start `^`".to_owned())
        }
        Node::End { .. } | Node::VeryEnd if around.after > 0 => {
            Some("it requires characters after the end `$`".to_owned())
        }
        Node::Set { set: Set::Range(from, to), .. } if from == to && is_forbidden(*from) => {
            Some(format!("no branch or tag name contains {}", shown(*from)))
        }
        Node::Capture(node) | Node::Atomic(node) => impossible(node, around),
        Node::Repeat { node, min: 1.., .. } => impossible(node, around),
        Node::Alternate(nodes) => {
            let reasons: Option<Vec<_>> =
                nodes.iter().map(|node| impossible(node, around)).collect();
            reasons?.into_iter().next()
        }
        Node::Concat(nodes) => {
            let least: Vec<u64> = nodes.iter().map(|node| node.lengths().0).collect();
            let mut here = around;
            here.after = least.iter().fold(here.after, |sum, least| sum.saturating_add(*least));
            nodes.iter().zip(least).find_map(|(node, least)| {
                here.after = here.after.saturating_sub(least);
                let found = impossible(node, here);
                here.before = here.before.saturating_add(least);
                found
            })
        }
        _ => None,
    }
}

/// Characters that git allows in no name (`git check-ref-format`).
fn is_forbidden(c: char) -> bool {
    c.is_ascii_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\')
}

fn shown(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        c if c.is_ascii_control() => "a control character".to_owned(),
        c => format!("`{c}`"),
    }
}

/// Says why a string is the name of no branch and no tag.
pub(crate) fn no_git_name(text: &str) -> Option<&'static str> {
    let part_wrong = |part: &str| {
        part.is_empty() || part.starts_with('.') || part.strip_suffix(".lock").is_some()
    };
    if text.is_empty() {
        Some("no name is empty")
    } else if text.chars().any(is_forbidden) {
        Some("git does not allow spaces or any of `~^:?*[\\` in a name")
    } else if text.starts_with('/') || text.ends_with('/') {
        Some("no name starts or ends with a slash")
    } else if text.split('/').any(part_wrong)
        || text.contains("..")
        || text.contains("@{")
        || text.ends_with('.')
        || text == "@"
    {
        Some("git does not allow this name")
    } else {
        None
    }
}
