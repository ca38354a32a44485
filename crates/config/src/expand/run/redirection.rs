//! Redirections next to a tag: `>>` closes a tag and appends to a file, and one cannot do both.
//!
//! ```text
//! echo << x >> log      swallowed: the `>>` closes the tag, and `log` is printed
//! echo << x >>>> log    joined: the value and `>> log` are one word, `echo 1>> log` if it is 1
//! echo << x >> >> log   right
//! ```

/// A redirection that does something else than it seems to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Redirection<'s> {
    /// Where the `>>` that closes the tag is.
    pub(super) at: usize,
    pub(super) kind: Kind<'s>,
}

/// The effect of a redirection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'s> {
    /// It closes the tag; nothing is appended to the file.
    Swallowed { path: &'s str },
    /// It belongs to the value in front of it, which a shell takes as a descriptor if it is a number.
    Joined { operator: &'s str },
}

/// Tags of one line that are checked. Each is compared with the whole line, and a line may be as long as a
/// source.
const MOST_TAGS: usize = 100;

/// A tag on a line, by where its marks are.
#[derive(Clone, Copy)]
struct Tag {
    open: usize,
    close: usize,
}

/// Finds all of them in a script.
pub(super) fn after_tags(script: &str) -> Vec<Redirection<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in script.split_inclusive('\n') {
        // Most lines have none, and this is asked of every script.
        let tags = if line.contains('<') { tags(line) } else { Vec::new() };
        for (index, &tag) in tags.iter().enumerate() {
            let here = joined(line, tag).or_else(|| swallowed(line, tag, &tags[..index]));
            found.extend(here.map(|here| Redirection { at: start + here.at, ..here }));
        }
        start += line.len();
    }
    found
}

/// The tags that open and close on one line, at most [`MOST_TAGS`].
fn tags(line: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut from = 0;
    while let Some(open) = line[from..].find("<<").map(|at| from + at) {
        let before = &line[..open];
        let is_escaped = (before.len() - before.trim_end_matches('\\').len()) % 2 == 1;
        if is_escaped {
            from = open + 2;
            continue;
        }
        let Some(close) = line[open + 2..].find(">>").map(|at| open + 2 + at) else { break };
        tags.push(Tag { open, close });
        if tags.len() == MOST_TAGS {
            break;
        }
        from = close + 2;
    }
    tags
}

/// `<< x >>>> log`: only a separate word is read as a descriptor, and not within quotes.
fn joined(line: &str, tag: Tag) -> Option<Redirection<'_>> {
    let before = &line[..tag.open];
    let begins = before.ends_with([' ', '\t', ';', '&', '|', '(']);
    let after = &line[tag.close + 2..];
    let operator = &after[..after.len() - after.trim_start_matches('>').len()];
    let found = Redirection { at: tag.close, kind: Kind::Joined { operator } };
    (begins && !ends_in_quotes(before) && matches!(operator, ">" | ">>")).then_some(found)
}

/// A tag at the end of what `echo` and its like write, with a path after it.
fn swallowed<'s>(line: &'s str, tag: Tag, others: &[Tag]) -> Option<Redirection<'s>> {
    let after = &line[tag.close + 2..];
    let mut before = line[..tag.open].to_owned();
    for other in others.iter().rev() {
        before.replace_range(other.open..other.close + 2, "");
    }
    // Within quotes nothing is redirected, whatever is written.
    if ends_in_quotes(&before) {
        return None;
    }
    let path = target(after)?;
    let mut writer = before.rsplit([';', '&', '|', '(']).next().unwrap_or("").trim_start();
    for word in ["then ", "do ", "else ", "sudo "] {
        writer = writer.strip_prefix(word).unwrap_or(writer).trim_start();
    }
    let prints = ["echo ", "printf ", "date "].iter().any(|word| writer.starts_with(word));
    let is_one = !writer.contains('>') && !line[tag.open..tag.close].contains('>');
    // Without a space between them, most paths may well be the rest of a path that begins with the
    // value. These are not.
    let is_target = if after.starts_with([' ', '\t']) { is_path(path) } else { is_whole(path) };
    let found = Redirection { at: tag.close, kind: Kind::Swallowed { path } };
    (prints && is_one && is_target).then_some(found)
}

/// Whether a quotation is open at the end of this part of a line of shell. An apostrophe within double quotes
/// opens none.
fn ends_in_quotes(line: &str) -> bool {
    let (mut open, mut escaped) = (None, false);
    for c in line.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if open != Some('\'') => escaped = true,
            '"' | '\'' if open == Some(c) => open = None,
            '"' | '\'' if open.is_none() => open = Some(c),
            _ => {}
        }
    }
    open.is_some()
}

/// The word after a tag, with its quotes, if the command ends there.
fn target(after: &str) -> Option<&str> {
    let after = after.trim();
    let end = match after.strip_prefix('"') {
        Some(inner) => inner.find('"')? + 2,
        None => after.find([' ', '\t', ';', '&', '|', ')']).unwrap_or(after.len()),
    };
    let rest = after[end..].trim_start();
    // A pipe would have nothing to read.
    let is_pipe = rest.starts_with('|') && !rest.starts_with("||");
    let ends = rest.is_empty()
        || [";", "&", "||", ")", "2>", "#"].iter().any(|sign| rest.starts_with(sign));
    (ends && !is_pipe).then(|| &after[..end])
}

fn is_path(word: &str) -> bool {
    let plain = word.trim_matches('"');
    let begins = ["/", "./", "../", "~/", "$"].iter().any(|prefix| plain.starts_with(prefix));
    let extension = plain.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_file = extension.len() > 1 && extension.chars().all(|c| c.is_ascii_alphabetic());
    (is_word(word) || is_in_quotes(word)) && (begins || is_file)
}

/// A path that nothing is in front of.
fn is_whole(word: &str) -> bool {
    let plain = word.trim_start_matches('"');
    let begins = ["/tmp/", "/dev/", "~/", "$BASH_ENV", "${BASH_ENV}", "$HOME/", "${HOME}/"];
    (is_word(word) || is_in_quotes(word)) && begins.iter().any(|prefix| plain.starts_with(prefix))
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && !word.contains([' ', '>', '<', ';', '|', '&'])
}

fn is_in_quotes(word: &str) -> bool {
    word.len() > 2 && word.starts_with('"') && word.ends_with('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the redirections that are found, as text.
    fn found(script: &str) -> String {
        let found = after_tags(script).into_iter().map(|Redirection { at, kind }| {
            assert!(script[at..].starts_with(">>"), "{script}");
            match kind {
                Kind::Swallowed { path } => format!("swallowed {path}"),
                Kind::Joined { operator } => format!("joined {operator}"),
            }
        });
        found.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_redirection_that_closes_a_tag_is_found_with_and_without_a_space() {
        for (script, path) in [
            ("echo << x >> /tmp/a", "/tmp/a"),
            ("echo << x >> out.json\n", "out.json"),
            ("cd a\nprintf '%s' << x >> ~/b\nmake", "~/b"),
            ("true && echo << x >> \"$BASH_ENV\"", "\"$BASH_ENV\""),
            ("echo << x >>/tmp/a", "/tmp/a"),
            ("echo << x >>$BASH_ENV", "$BASH_ENV"),
            ("echo a=<< x >>~/b", "~/b"),
            ("echo << x >> << y >> /tmp/a", "/tmp/a"),
            ("echo << x >> /tmp/a; echo y", "/tmp/a"),
            ("echo << x >> /tmp/a 2>&1", "/tmp/a"),
            ("(echo << x >> /tmp/a)", "/tmp/a"),
            ("sudo echo << x >> /tmp/a", "/tmp/a"),
            ("date << x >> /tmp/a", "/tmp/a"),
            ("if a; then echo << x >> /tmp/a || true; fi", "/tmp/a"),
            ("echo << x >> \"/tmp/a b\"", "\"/tmp/a b\""),
            (
                "echo << x >> /tmp/a; echo << x >> /tmp/b\necho << x >> c.txt",
                "/tmp/a, swallowed /tmp/b, swallowed c.txt",
            ),
        ] {
            assert_eq!(found(script), format!("swallowed {path}"), "{script}");
        }
        for script in [
            "echo << x >> >> /tmp/a",
            "echo << x >>",
            "echo << x >> and more",
            "echo << dir >>/file",
            "cat << x >> /tmp/a",
            "echo a > << x >> /tmp",
            "echo << x >> /tmp/a | cat",
            "echo << x >> /tmp/a /tmp/b",
            "echo \"in << x >> /tmp/a; then\"",
            "echo \"deploy << x >> ~/x\"",
            "echo 'deploy << x >> ~/x'",
            r"cat \<<EOF >> /tmp/a",
        ] {
            assert_eq!(found(script), "", "{script}");
        }
    }

    #[test]
    fn a_redirection_that_is_joined_with_a_value_is_found() {
        for (script, operator) in [
            ("echo << x >>>> out", ">>"),
            ("echo <<x>>>>file", ">>"),
            ("echo a\n(printf << x >>> file)", ">"),
            ("make << x >>>>\"$LOG\"", ">>"),
        ] {
            assert_eq!(found(script), format!("joined {operator}"), "{script}");
        }
        for script in [
            "echo v<< x >>>> out",
            "echo \"<< x >>>> out\"",
            "echo \"<< x >>\">> out",
            r"echo \<< x >>>> out",
            "echo << x >> > out",
        ] {
            assert_eq!(found(script), "", "{script}");
        }
    }

    #[test]
    fn quotes_are_counted_as_a_shell_does() {
        for open in ["echo \"a", "echo 'a", "echo \"don't", "echo \"a\\\" b"] {
            assert!(ends_in_quotes(open), "{open}");
        }
        for closed in ["echo a", "echo \"don't\" ", "echo 'say \"' ", "echo don\\'t ", "'\\' "] {
            assert!(!ends_in_quotes(closed), "{closed}");
        }
    }
}
