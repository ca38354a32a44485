//! Template tags in source text: `<< parameters.x >>`, closed or not (CFG §4.4).

use super::tree::node::Span;

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Returns the paths inside of the tags of a source, with the place of each.
pub(crate) fn paths(source: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = source.get(from..).and_then(|rest| rest.find("<<")) {
        let open = from + open;
        from = open + 2;
        if is_escaped(source, open) {
            continue;
        }
        let Some(close) = source.get(from..).and_then(|rest| rest.find(">>")) else { break };
        let inside = source.get(from..from + close).unwrap_or_default();
        found.extend(words(inside).into_iter().map(|(start, word)| (from + start, word)));
        from += close + 2;
    }
    found
}

/// An odd number of backslashes escapes what follows.
fn is_escaped(source: &str, at: usize) -> bool {
    let before = source.as_bytes().get(..at).unwrap_or_default();
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// Returns the dotted words of an expression, with the place of each. Strings in quotes are left out.
pub(crate) fn words(source: &str) -> Vec<(usize, &str)> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let (mut at, mut quoted) = (0, false);
    while let Some(byte) = bytes.get(at) {
        if *byte == b'"' {
            quoted = !quoted;
        }
        if quoted || !is_word(*byte) {
            at += 1;
            continue;
        }
        let length =
            bytes.get(at..).unwrap_or_default().iter().take_while(|byte| is_word(**byte)).count();
        let word = source.get(at..at + length).unwrap_or_default();
        if word.contains('.') {
            found.push((at, word));
        }
        at += length;
    }
    found
}

/// Returns the word that is being typed inside of a tag that is open at `offset`, if one is.
pub(crate) fn open_at(text: &str, offset: usize) -> Option<Span> {
    let start = super::tree::node::line_start(text, offset);
    let before = text.get(start..offset)?;
    let open = before.rfind("<<")?;
    let inside = before.get(open + 2..)?;
    // `<<:` is YAML's merge key, `<<<` and `<<EOF` are the shell's.
    let is_tag = !inside.contains(">>")
        && !inside.starts_with([':', '<'])
        && !is_escaped(text, start + open)
        && (inside.is_empty()
            || inside.starts_with([' ', '#', '^', '/'])
            || inside.contains('.')
            || "parameters pipeline matrix".split(' ').any(|word| word.starts_with(inside)));
    is_tag.then(|| word_at(text, offset))
}

/// Returns the dotted word around a place.
pub(crate) fn word_at(text: &str, offset: usize) -> Span {
    let bytes = text.as_bytes();
    let before = bytes.get(..offset).unwrap_or_default();
    let after = bytes.get(offset..).unwrap_or_default();
    let start = offset - before.iter().rev().take_while(|byte| is_word(**byte)).count();
    start..offset + after.iter().take_while(|byte| is_word(**byte)).count()
}
