//! Texts that a pattern matches, to try what happens when one of them is pushed.
//!
//! What is made is matched before it is given out, so whatever is too hard here (look-around,
//! back-references) costs an example, and nothing else.

use super::{
    Pattern, emit,
    emit::Anchors,
    tree::{Node, Set},
};

/// Ways to fill in what a pattern leaves open that are tried.
const VARIANTS: usize = 12;

/// Examples that are kept: one of each kind is enough, and each is compiled for.
const EXAMPLES: usize = 4;

/// Times that a part is repeated at most.
const REPEATED: u32 = 20;

/// Characters of an example: what is longer is hardly a name.
const CHARS: usize = 200;

/// Parts of a pattern that are read for one example. Repeated parts within repeated parts multiply.
const PARTS: usize = 2_000;

/// Characters for a set, the first that is in it.
const CHARACTERS: &[char] = &[
    'a', '1', '-', '/', '.', '_', 'b', 'z', 'v', 'A', 'Z', '0', '2', '9', '+', '#', '=', ',', '@',
];

impl Pattern {
    /// Returns some texts that it matches. None does not mean that there are none.
    pub(crate) fn examples(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for variant in 0..VARIANTS {
            let mut example = Example { text: String::new(), chars: CHARS, parts: PARTS };
            if example.write(&self.tree, variant).is_none() {
                continue;
            }
            let text = example.text;
            let fits = matches!(self.matches(&text), Ok(true));
            if fits && !found.contains(&text) {
                found.push(text);
            }
            if found.len() >= EXAMPLES {
                break;
            }
        }
        found
    }
}

/// An example that is being written.
struct Example {
    text: String,
    /// Characters that may still be written.
    chars: usize,
    /// Parts that may still be read.
    parts: usize,
}

impl Example {
    /// Writes what a node matches; `None` if nothing is known to, or if it is too long.
    fn write(&mut self, node: &Node, variant: usize) -> Option<()> {
        self.parts = self.parts.checked_sub(1)?;
        match node {
            Node::Set { set, .. } => {
                self.chars = self.chars.checked_sub(1)?;
                self.text.push(one_of(set, variant)?);
            }
            Node::Concat(nodes) => {
                for node in nodes {
                    self.write(node, variant)?;
                }
            }
            Node::Alternate(nodes) => {
                let one = nodes.get(variant.checked_rem(nodes.len())?)?;
                self.write(one, variant / nodes.len())?;
            }
            Node::Capture(node) | Node::Atomic(node) => self.write(node, variant)?,
            Node::Repeat { node, min, max, .. } => {
                let extra =
                    u32::from(variant.is_multiple_of(2) && max.is_none_or(|max| max > *min));
                // More than once only if it must be: the first variant has one of each.
                let times = if *min == 0 { extra } else { *min };
                for _ in 0..times.min(REPEATED) {
                    self.write(node, variant / 2)?;
                }
            }
            Node::LineBreak => return None,
            Node::Empty
            | Node::LookAround { .. }
            | Node::BackReference { .. }
            | Node::WordBoundary { .. }
            | Node::Start
            | Node::LineStart { .. }
            | Node::End { .. }
            | Node::LineEnd { .. }
            | Node::VeryEnd => {}
        }
        Some(())
    }
}

fn one_of(set: &Set, variant: usize) -> Option<char> {
    let written = emit::emit(&super::tree::plain(set.clone()), 0, Anchors::Linear);
    let regex = regex::Regex::new(&written.text).ok()?;
    let mut all = CHARACTERS.to_vec();
    bounds(set, &mut all);
    let known = all.iter().filter(|c| regex.is_match(c.encode_utf8(&mut [0; 4])));
    let known: Vec<char> = known.copied().collect();
    known.get(variant.checked_rem(known.len())?).copied()
}

/// Collects the characters that a set names.
fn bounds(set: &Set, found: &mut Vec<char>) {
    match set {
        Set::Range(from, _) => found.push(*from),
        Set::Text(_) | Set::Property(_) => {}
        Set::Union(sets) => sets.iter().for_each(|set| bounds(set, found)),
        Set::Both(one, other) => {
            bounds(one, found);
            bounds(other, found);
        }
        Set::Not(set) => bounds(set, found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::profile::Profile;

    #[test]
    fn what_patterns_of_real_configurations_match_is_found() {
        for pattern in [
            ".*",
            "main|release-.*",
            "release/[0-9]+\\.[0-9]+",
            "v[0-9]+(\\.[0-9]+)*",
            "^v\\d{1,3}\\.\\d+\\.\\d+(-rc\\d+)?$",
            "(?i)hotfix-.*",
            "(?!main$).*",
            "(feature|bug)\\/[A-Z]+-\\d{3,}",
            "^((?!dependabot).)*$",
            "[^a-z]+",
        ] {
            let found = Pattern::new(pattern, Profile::Legacy).unwrap().examples();
            assert!(!found.is_empty(), "{pattern}");
        }
        // Nested repeats multiply: written out, this one would be a gigabyte.
        let bomb = format!("{}(?!b)a{}", "(".repeat(7), "){20}".repeat(7));
        let began = std::time::Instant::now();
        let none = Pattern::new(&bomb, Profile::Legacy).map(|pattern| pattern.examples());
        assert!(none.is_ok_and(|found| found.is_empty()));
        let empty = format!("{}(?!b){}", "(".repeat(7), "){20}".repeat(7));
        let none = Pattern::new(&empty, Profile::Legacy).map(|pattern| pattern.examples());
        assert!(none.is_ok_and(|found| found.is_empty()));
        assert!(began.elapsed() < std::time::Duration::from_secs(20));
        let none = Pattern::new("(?=a)b", Profile::Legacy).unwrap().examples();
        assert_eq!(none, Vec::<String>::new());
        let found = Pattern::new("main|release-.*", Profile::Legacy).unwrap().examples();
        assert!(
            ["main", "release-a", "release-"].iter().all(|name| found.contains(&(*name).into()))
        );
    }
}
