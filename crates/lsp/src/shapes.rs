//! The answers of the module `editor`, in the protocol's types.

use gen_lsp_types::{
    CompletionItem, CompletionItemKind, CompletionItemTag, CompletionItemTextEdit, DocumentSymbol,
    Documentation, InsertTextFormat, InsertTextMode, MarkupContent, MarkupKind,
    SymbolKind as Shown, TextEdit,
};

use crate::editor::{Completion, Icon, Kind, Outlined, SymbolKind};
use crate::text::{Encoding, Text};

pub(crate) fn markdown(value: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value }
}

/// A completion; `position` in the list keeps its rank. Editors without snippets get a single line.
pub(crate) fn completion(
    found: Completion,
    position: usize,
    text: &Text,
    encoding: Encoding,
    snippets: bool,
) -> CompletionItem {
    let new_text = if snippets { found.insert } else { plain(&found.insert) };
    let range = text.range(&found.replace, encoding);
    CompletionItem {
        kind: Some(match found.icon {
            Icon::Key => CompletionItemKind::Property,
            Icon::Step => CompletionItemKind::Keyword,
            Icon::Value => CompletionItemKind::EnumMember,
            Icon::Variable => CompletionItemKind::Variable,
            Icon::Anchor => CompletionItemKind::Reference,
            Icon::Name(Kind::Job | Kind::Group | Kind::Workflow) => CompletionItemKind::Class,
            Icon::Name(Kind::Command) => CompletionItemKind::Function,
            Icon::Name(Kind::Executor) => CompletionItemKind::Struct,
            Icon::Name(Kind::Parameter) => CompletionItemKind::Field,
            Icon::Name(Kind::Orb) => CompletionItemKind::Module,
        }),
        tags: found.deprecated.then(|| vec![CompletionItemTag::Deprecated]),
        detail: found.detail,
        documentation: found.documentation.map(|text| Documentation::MarkupContent(markdown(text))),
        sort_text: Some(format!("{position:05}")),
        filter_text: Some(found.label.clone()),
        insert_text_format: Some(if snippets {
            InsertTextFormat::Snippet
        } else {
            InsertTextFormat::PlainText
        }),
        insert_text_mode: Some(InsertTextMode::AdjustIndentation),
        text_edit: Some(CompletionItemTextEdit::TextEdit(TextEdit { range, new_text })),
        label: found.label,
        ..CompletionItem::default()
    }
}

/// The first line of a snippet, its placeholders filled in.
fn plain(snippet: &str) -> String {
    let line = snippet.lines().next().unwrap_or_default();
    let mut text = line.replace("$0", "").replace("$1", "");
    while let Some(start) = text.rfind("${") {
        let Some(length) = text[start..].find('}') else { break };
        let inside = text[start + 2..start + length].to_owned();
        let rest = inside.trim_start_matches(|c: char| c.is_ascii_digit());
        let value = rest.strip_prefix(':').unwrap_or("").to_owned();
        let choice = rest.strip_prefix('|').and_then(|rest| rest.split([',', '|']).next());
        text.replace_range(start..=start + length, choice.unwrap_or(&value));
    }
    text.replace("\\$", "$").replace("\\}", "}").trim_end().to_owned()
}

/// An entry of the outline.
pub(crate) fn symbol(found: Outlined, text: &Text, encoding: Encoding) -> DocumentSymbol {
    let children = found.children.into_iter().map(|child| symbol(child, text, encoding));
    let children: Vec<_> = children.collect();
    #[expect(deprecated, reason = "the field must be given, and is left empty")]
    DocumentSymbol {
        name: found.name,
        detail: found.detail,
        kind: match found.kind {
            SymbolKind::Section => Shown::Namespace,
            SymbolKind::Definition(Kind::Job | Kind::Group) => Shown::Class,
            SymbolKind::Definition(Kind::Command) => Shown::Function,
            SymbolKind::Definition(Kind::Executor) => Shown::Struct,
            SymbolKind::Definition(Kind::Workflow) => Shown::Event,
            SymbolKind::Definition(Kind::Parameter) => Shown::Field,
            SymbolKind::Definition(Kind::Orb) => Shown::Module,
            SymbolKind::Step => Shown::Method,
            SymbolKind::Invocation => Shown::Object,
        },
        tags: None,
        deprecated: None,
        range: text.range(&found.span, encoding),
        selection_range: text.range(&found.selection, encoding),
        children: (!children.is_empty()).then_some(children),
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn without_snippets_a_line_of_plain_text_is_typed() {
        assert_eq!(plain("docker:\n  - image: ${1:cimg/base:stable}"), "docker:");
        assert_eq!(plain("at: ${1:.}"), "at: .");
        assert_eq!(plain("type: ${1|string,boolean|}"), "type: string");
        assert_eq!(plain("steps: << parameters.${1:steps} >>"), "steps: << parameters.steps >>");
        assert_eq!(plain("username: ${1:\\$USER}$0"), "username: $USER");
    }
}
