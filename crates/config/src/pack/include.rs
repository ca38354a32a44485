//! `<< include(path) >>`: the text of a file in the place of the directive (CFG §4.13.2).

use super::error::PackError;
use crate::read::document::Node;

/// Keys whose values are for people: a directive there is shown, not followed.
const PROSE: &[&str] = &["description", "display", "examples"];

/// Replaces all directives in the contents of a file.
pub(super) fn fill_in(
    path: &str,
    node: &mut Node,
    include: &mut dyn FnMut(&str) -> Result<String, String>,
    problems: &mut Vec<PackError>,
) {
    let is_prose = path.split('/').next().is_some_and(|part| PROSE.contains(&part));
    if !is_prose {
        Inclusion { path, include, problems }.walk(node);
    }
}

struct Inclusion<'a> {
    path: &'a str,
    include: &'a mut dyn FnMut(&str) -> Result<String, String>,
    problems: &'a mut Vec<PackError>,
}

impl Inclusion<'_> {
    fn walk(&mut self, node: &mut Node) {
        match node {
            Node::Text(text) => self.text(text),
            Node::List(items) => items.iter_mut().for_each(|item| self.walk(item)),
            Node::Map(entries) => {
                let values = entries.iter_mut().filter(|(key, _)| !PROSE.contains(&key.as_str()));
                values.for_each(|(_, value)| self.walk(value));
            }
            Node::Null | Node::Bool(_) | Node::Int(_) | Node::Float(_) => {}
        }
    }

    fn text(&mut self, text: &mut String) {
        let mut filled = String::new();
        let mut rest = text.as_str();
        while let Some(directive) = find(rest) {
            filled.push_str(&rest[..directive.start]);
            match self.read(directive.included) {
                Ok(included) => filled.push_str(&escaped(&included)),
                Err(error) => {
                    let (path, included) = (self.path.to_owned(), directive.included.to_owned());
                    self.problems.push(PackError::Include { path, included, error });
                }
            }
            rest = &rest[directive.end..];
        }
        if rest.len() < text.len() {
            filled.push_str(rest);
            *text = filled;
        }
    }

    fn read(&mut self, included: &str) -> Result<String, String> {
        let path = within(included).ok_or("which is outside the directory")?;
        (self.include)(&path)
    }
}

struct Directive<'t> {
    start: usize,
    end: usize,
    included: &'t str,
}

/// Finds the first directive that is not escaped. The last parenthesis may be missing, as the public
/// client allows.
fn find(text: &str) -> Option<Directive<'_>> {
    let mut from = 0;
    while let Some(at) = text.get(from..)?.find("<<") {
        let start = from + at;
        from = start + 2;
        let slashes = text[..start].len() - text[..start].trim_end_matches('\\').len();
        let inside = text[from..].trim_start();
        let Some(argument) = inside.strip_prefix("include(").filter(|_| slashes.is_multiple_of(2))
        else {
            continue;
        };
        let length = argument.find(|c: char| !is_in_path(c)).unwrap_or(argument.len());
        let (included, after) = argument.split_at(length);
        let after = after.strip_prefix(')').unwrap_or(after).trim_start();
        if let (false, Some(after)) = (included.is_empty(), after.strip_prefix(">>")) {
            return Some(Directive { start, end: text.len() - after.len(), included });
        }
    }
    None
}

fn is_in_path(c: char) -> bool {
    c.is_alphanumeric() || "-_./@+".contains(c)
}

/// Resolves `.` and `..`; `None` if the path leads out of the directory.
fn within(path: &str) -> Option<String> {
    let mut parts = Vec::new();
    if path.starts_with('/') {
        return None;
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Makes every `<<` a string: an odd number of backslashes before it keeps it from being a tag
/// (CFG §4.4.2), and half of them remain.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("<<") {
        let before = &rest[..at];
        let slashes = before.len() - before.trim_end_matches('\\').len();
        escaped.push_str(before);
        escaped.extend(std::iter::repeat_n('\\', slashes + 1));
        escaped.push_str("<<");
        rest = &rest[at + 2..];
    }
    escaped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cfg_135_an_included_text_is_escaped_so_that_it_comes_out_as_it_was() {
        for (text, expected) in [
            ("cat <<EOF", "cat \\<<EOF"),
            ("a <<< b", "a \\<<< b"),
            ("a \\<< b", "a \\\\\\<< b"),
            ("<<<<", "\\<<\\<<"),
            ("a >> b", "a >> b"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }

    #[test]
    fn a_directive_is_found_wherever_it_stands_unless_escaped() {
        for (text, included) in [
            ("<< include(a/b.sh) >>", Some("a/b.sh")),
            ("<<include(a.sh)>>", Some("a.sh")),
            ("<< include(a.sh >>", Some("a.sh")),
            ("x << y >> << include(a.sh) >>", Some("a.sh")),
            ("echo << include(a-b_c.1.txt) >> end", Some("a-b_c.1.txt")),
            ("\\<< include(a.sh) >>", None),
            ("<< include(a b) >>", None),
            ("<< include() >>", None),
            ("<< parameters.include >>", None),
            ("include(a)", None),
        ] {
            assert_eq!(find(text).map(|found| found.included), included, "{text}");
        }
    }

    #[test]
    fn a_path_stays_in_the_directory() {
        for (path, expected) in [
            ("a/./b.sh", Some("a/b.sh")),
            ("a/../b.sh", Some("b.sh")),
            ("../b.sh", None),
            ("a/../../b.sh", None),
            ("/etc/passwd", None),
        ] {
            assert_eq!(within(path).as_deref(), expected, "{path}");
        }
    }
}
