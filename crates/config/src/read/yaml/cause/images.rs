//! A list of images where the line `docker:` above it is missing.

use super::{
    found::Cause,
    line::{Line, levels},
};

/// Finds images right below the name of a job or of an executor, or below another of its keys. The parser
/// stopped at the list or at the next key.
pub(super) fn images_without_key(lines: &[Line<'_>]) -> Option<Cause> {
    let (&line, above) = lines.split_last()?;
    let levels = levels(above);
    let last = if is_image(line) {
        line
    } else {
        let is_list = |other: &&Line<'_>| other.is_dash() && other.column() >= line.column();
        *levels.iter().find(is_list).filter(|other| is_image(**other) && !line.is_dash())?
    };
    let [.., name, section] = levels.as_slice() else { return None };
    let is_section = matches!(section.content(), "jobs:" | "executors:") && section.column() == 0;
    if !is_section || last.column() <= name.column() {
        return None;
    }
    let inside = || above.iter().filter(|other| other.start >= name.start);
    if inside().any(|other| other.word() == "docker") {
        return None;
    }
    let is_first = |other: &Line<'_>| is_image(*other) && other.column() == last.column();
    let before = inside().take_while(|other| !is_first(other)).last()?;
    let first = above.iter().find(|other| other.start > before.start).copied().unwrap_or(last);
    // The key next to which it belongs.
    let key = if line.is_dash() { levels.iter().rev().nth(2)? } else { &line };
    (key.column() <= first.column() && !key.is_dash()).then(|| Cause {
        span: Some(first.content_span()),
        message: Some("`docker:` is missing above this list".to_owned()),
        ..Cause::help(format!(
            "write `docker:` in the line above, in the column of `{}`",
            key.word()
        ))
    })
}

fn is_image(line: Line<'_>) -> bool {
    line.content().strip_prefix("- ").is_some_and(|item| item.trim_start().starts_with("image:"))
}
