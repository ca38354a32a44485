//! Tags in curly braces, as templates elsewhere are written: `{{ pipeline.number }}`. They are text here.
//!
//! Deliberately absent: what caches and scripts have in such braces, `{{ checksum "a" }}`, `{{ .Branch }}`.

/// What the names of our values begin with.
const OWNERS: &[&str] = &["pipeline.", "parameters.", "matrix."];

/// Returns the first text that would be one of our tags in other braces, with its braces.
pub(crate) fn tag_in(text: &str) -> Option<&str> {
    let mut openings = text.match_indices("{{");
    openings.find_map(|(at, _)| {
        let rest = text.get(at + 2..)?;
        let inner = rest.get(..rest.find("}}")?)?;
        let name = inner.trim();
        let is_name = name.chars().all(|c| c.is_alphanumeric() || "._-".contains(c));
        let is_ours = is_name && OWNERS.iter().any(|owner| name.starts_with(owner));
        is_ours.then(|| text.get(at..at + 2 + inner.len() + 2)).flatten()
    })
}

/// Says how such a tag is written.
pub(crate) fn help(tag: &str) -> String {
    let name = tag.trim_matches(['$', '{', '}', ' ']);
    format!("tags are written `<< … >>`: write `<< {name} >>`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_values_are_taken_for_tags() {
        let tag = "{{pipeline.number}}";
        assert_eq!(tag_in(&format!("a-{{{{ arch }}}}-{tag}-b")), Some(tag));
        for text in
            ["{{ checksum \"a\" }}", "{{ .Branch }}", "{{ pipelines }}", "{{ matrix.x", "{{}}"]
        {
            assert_eq!(tag_in(text), None, "{text}");
        }
    }
}
