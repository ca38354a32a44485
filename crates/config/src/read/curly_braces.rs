//! Tags in curly braces, as templates elsewhere are written: `{{ pipeline.number }}`. They are text here.
//!
//! Deliberately absent: what caches and scripts have in such braces, `{{ checksum "a" }}`, `{{ .Branch }}`.

/// Returns whether a text is the name of a value, such as `pipeline.git.branch`, and nothing else.
pub(crate) fn is_name_of_value(text: &str) -> bool {
    let is_name = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    let owners = ["pipeline.", "parameters.", "matrix."];
    is_name && owners.iter().any(|owner| text.len() > owner.len() && text.starts_with(owner))
}

/// Returns the first text that would be one of our tags in other braces, with its braces.
pub(crate) fn tag_in(text: &str) -> Option<&str> {
    let mut openings = text.match_indices("{{");
    openings.find_map(|(at, _)| {
        let rest = text.get(at + 2..)?;
        let inner = rest.get(..rest.find("}}")?)?;
        is_name_of_value(inner.trim()).then(|| text.get(at..at + 2 + inner.len() + 2)).flatten()
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
