//! Quick fixes: "did you mean `x`?" as something to click.

use std::collections::HashMap;

use gen_lsp_types::{CodeAction, CodeActionKind, Range, TextEdit, Uri, WorkspaceEdit};
use roundel_config::Diagnostic;

use crate::{documents::Open, text::Encoding};

/// Returns the fixes for what was found within a range.
pub(crate) fn fixes(open: &Open, uri: &Uri, range: Range, encoding: Encoding) -> Vec<CodeAction> {
    let (start, end) =
        (open.text.offset(range.start, encoding), open.text.offset(range.end, encoding));
    let touched = open.diagnostics.iter().filter(|found| found.start <= end && start <= found.end);
    touched
        .filter_map(|found| {
            let (span, text) = replacement(found, open.text.as_str())?;
            let edit = TextEdit { range: open.text.range(&span, encoding), new_text: text.clone() };
            Some(CodeAction {
                title: format!("Change to `{text}`"),
                kind: Some(CodeActionKind::QuickFix),
                is_preferred: Some(true),
                edit: Some(WorkspaceEdit {
                    changes: Some(HashMap::from([(uri.clone(), vec![edit])])),
                    ..WorkspaceEdit::default()
                }),
                ..CodeAction::default()
            })
        })
        .collect()
}

/// Returns what changes and the name to write there. Only a name changes: what is before its last
/// `.` or `/`, and quotes, stay.
fn replacement(found: &Diagnostic, text: &str) -> Option<(std::ops::Range<usize>, String)> {
    let meant = found.replacement.as_deref()?;
    let wrong = text.get(found.start..found.end)?;
    let is_name = |text: &str| !text.is_empty() && !text.contains(['\n', ' ', '<', '>']);
    if !is_name(meant) {
        return None;
    }
    let quotes = usize::from(wrong.len() > 2 && wrong.starts_with(['"', '\'']));
    let (mut start, end) = (found.start + quotes, found.end - quotes);
    let inner = text.get(start..end)?;
    if !is_name(inner) {
        return None;
    }
    for separator in ['/', '.'] {
        if !meant.contains(separator)
            && let Some(at) = inner.rfind(separator)
        {
            start = start.max(found.start + quotes + at + 1);
        }
    }
    Some((start..end, meant.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(text: &str, wrong: &str, meant: Option<&str>) -> Option<String> {
        let start = text.find(wrong)?;
        let found = Diagnostic {
            code: "x".to_owned(),
            severity: roundel_config::Severity::Error,
            message: String::new(),
            path: String::new(),
            start,
            end: start + wrong.len(),
            line: 1,
            column: 1,
            at: String::new(),
            via: Vec::new(),
            related: Vec::new(),
            help: Some("did you mean `anything`?".to_owned()),
            replacement: meant.map(str::to_owned),
            orb: None,
            jobs: Vec::new(),
            more_jobs: 0,
        };
        let (span, with) = replacement(&found, text)?;
        let mut text = text.to_owned();
        text.replace_range(span, &with);
        Some(text)
    }

    #[test]
    fn only_the_name_that_is_wrong_changes() {
        let meant = Some("steps");
        assert_eq!(fixed("stpes: []", "stpes", meant).as_deref(), Some("steps: []"));
        assert_eq!(fixed("\"stpes\": []", "\"stpes\"", meant).as_deref(), Some("\"steps\": []"));
        let meant = Some("install");
        assert_eq!(fixed("- node/instal", "node/instal", meant).as_deref(), Some("- node/install"));
        assert_eq!(
            fixed("<< parameters.instal >>", "parameters.instal", meant).as_deref(),
            Some("<< parameters.install >>")
        );
        assert_eq!(fixed("a b", "a b", meant), None, "more than a name is underlined");
        assert_eq!(fixed("a", "a", None), None, "a sentence for people is not read");
    }
}
