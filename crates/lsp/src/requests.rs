//! Answers to requests, one function each.

use std::sync::Arc;

use gen_lsp_types::{
    CodeActionParams, CompletionList, CompletionParams, Contents, DefinitionParams,
    DocumentHighlight, DocumentHighlightParams, DocumentSymbolParams, Hover, HoverParams, Location,
    LocationLink, Position, PrepareRenameParams, ReferenceParams, RenameParams, Uri,
};
use lsp_server::ErrorCode;
use roundel_config::{Compiled, Inputs};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    actions,
    documents::{Documents, Kind, Open},
    editor,
    renames::Rename,
    shapes,
    sources::Sources,
    text::{Encoding, Text},
};

/// Why a request got no answer.
#[derive(Debug)]
pub(crate) struct ResponseError {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
}

type Answer = Result<Value, ResponseError>;

/// What requests are answered from.
#[derive(Debug)]
pub(crate) struct RequestContext {
    pub(crate) documents: Documents,
    pub(crate) sources: Sources,
    pub(crate) encoding: Encoding,
    /// Whether the editor understands snippets.
    pub(crate) snippets: bool,
    /// Whether it understands links to definitions.
    pub(crate) links: bool,
}

impl RequestContext {
    /// Answers a request, other than one for a rename.
    ///
    /// # Errors
    ///
    /// If the method is unknown or the parameters are not what it takes.
    pub(crate) fn answer(&mut self, method: &str, params: Value) -> Answer {
        match method {
            "textDocument/hover" => answer(self.hover(&read(params)?)),
            "textDocument/completion" => answer(self.completion(&read(params)?)),
            "textDocument/definition" => answer(self.definition(&read(params)?)),
            "textDocument/references" => answer(self.references(&read(params)?)),
            "textDocument/documentHighlight" => answer(self.highlights(&read(params)?)),
            "textDocument/prepareRename" => answer(self.prepare_rename(&read(params)?)),
            "textDocument/documentSymbol" => answer(self.symbols(&read(params)?)),
            "textDocument/codeAction" => answer(self.code_actions(&read(params)?)),
            // No request is known to panic, so the tests have one that does.
            #[cfg(test)]
            "test/panic" => crate::tests::panics(),
            _ => Err(ResponseError {
                code: ErrorCode::MethodNotFound,
                message: format!("unknown method `{method}`"),
            }),
        }
    }

    /// Returns a document that something can be asked about.
    fn document(&mut self, uri: &Uri) -> Option<&mut Open> {
        self.documents.get(uri).filter(|open| open.kind != Kind::Other)
    }

    fn hover(&mut self, params: &HoverParams) -> Option<Hover> {
        let at = &params.text_document_position_params;
        let encoding = self.encoding;
        let open = self.document(&at.text_document.uri)?;
        let offset = open.text.offset(at.position, encoding);
        let found = open.ask(|document, known| editor::hover(document, offset, known))?;
        let range = Some(open.text.range(&found.span, encoding));
        Some(Hover { contents: Contents::MarkupContent(shapes::markdown(found.markdown)), range })
    }

    fn completion(&mut self, params: &CompletionParams) -> Option<CompletionList> {
        let at = &params.text_document_position_params;
        let (encoding, snippets) = (self.encoding, self.snippets);
        let open = self.documents.get(&at.text_document.uri)?;
        // An empty file is not a configuration yet, but may become one.
        if open.kind == Kind::Other && !open.text.as_str().trim().is_empty() {
            return None;
        }
        let offset = open.text.offset(at.position, encoding);
        let found = open.ask(|document, known| editor::complete(document, offset, known));
        let items = found.into_iter().enumerate().map(|(position, found)| {
            shapes::completion(found, position, &open.text, encoding, snippets)
        });
        Some(CompletionList { items: items.collect(), ..CompletionList::default() })
    }

    fn definition(&mut self, params: &DefinitionParams) -> Option<Value> {
        let at = &params.text_document_position_params;
        let uri = &at.text_document.uri;
        let (encoding, links) = (self.encoding, self.links);
        let open = self.document(uri)?;
        let offset = open.text.offset(at.position, encoding);
        let targets = open.ask(|document, known| editor::definition(document, offset, known));
        let own = open.text.clone();
        let mut found = Vec::new();
        for target in targets {
            let (target_uri, text) = match &target.source {
                None => (uri.clone(), own.clone()),
                Some(source) => {
                    let Some(uri) = self.sources.orb(&source.orb) else { continue };
                    (uri, Text::new(source.orb.text.to_string()))
                }
            };
            found.push(LocationLink {
                origin_selection_range: None,
                target_uri,
                target_range: text.range(&target.whole, encoding),
                target_selection_range: text.range(&target.name, encoding),
            });
        }
        if links {
            return serde_json::to_value(found).ok();
        }
        let plain = found
            .into_iter()
            .map(|link| Location { uri: link.target_uri, range: link.target_selection_range });
        serde_json::to_value(plain.collect::<Vec<_>>()).ok()
    }

    /// The places that mean the same as the word at a position.
    fn occurrences(&mut self, uri: &Uri, position: Position) -> Vec<(gen_lsp_types::Range, bool)> {
        let encoding = self.encoding;
        let Some(open) = self.document(uri) else { return Vec::new() };
        let offset = open.text.offset(position, encoding);
        let found = editor::occurrences(&open.read(), offset);
        found
            .into_iter()
            .map(|(span, defines)| (open.text.range(&span, encoding), defines))
            .collect()
    }

    fn references(&mut self, params: &ReferenceParams) -> Vec<Location> {
        let at = &params.text_document_position_params;
        let uri = &at.text_document.uri;
        let with_definition = params.context.include_declaration;
        let found = self.occurrences(uri, at.position).into_iter();
        let found = found.filter(|(_, defines)| with_definition || !defines);
        found.map(|(range, _)| Location { uri: uri.clone(), range }).collect()
    }

    fn highlights(&mut self, params: &DocumentHighlightParams) -> Vec<DocumentHighlight> {
        let at = &params.text_document_position_params;
        let found = self.occurrences(&at.text_document.uri, at.position).into_iter();
        found.map(|(range, _)| DocumentHighlight { range, kind: None }).collect()
    }

    fn prepare_rename(&mut self, params: &PrepareRenameParams) -> Option<gen_lsp_types::Range> {
        let at = &params.text_document_position_params;
        let encoding = self.encoding;
        let open = self.document(&at.text_document.uri)?;
        let offset = open.text.offset(at.position, encoding);
        let spans = editor::renamed_places(&open.read(), offset)?;
        let here = spans.into_iter().find(|span| span.start <= offset && offset <= span.end)?;
        Some(open.text.range(&here, encoding))
    }

    /// Returns the rename that a request asks for, with all that it has to be tried with.
    ///
    /// # Errors
    ///
    /// If the parameters are not those of a rename, or if nothing can be renamed in the document.
    pub(crate) fn rename(&mut self, params: Value) -> Result<Rename, ResponseError> {
        let RenameParams { new_name: to, text_document_position_params: at, .. } = read(params)?;
        let uri = at.text_document.uri;
        let encoding = self.encoding;
        let open = self.document(&uri).ok_or_else(|| ResponseError {
            code: ErrorCode::RequestFailed,
            message: "this file is not a configuration".to_owned(),
        })?;
        let offset = open.text.offset(at.position, encoding);
        let compile: editor::Compile =
            if open.kind == Kind::Orb { check_orb } else { roundel_config::compile };
        let (document, inputs) = (open.read(), open.inputs().clone());
        let (version, text) = (open.version, open.text.clone());
        Ok(Rename { uri, version, text, encoding, document, offset, to, inputs, compile })
    }

    fn symbols(&mut self, params: &DocumentSymbolParams) -> Vec<gen_lsp_types::DocumentSymbol> {
        let encoding = self.encoding;
        let Some(open) = self.document(&params.text_document.uri) else { return Vec::new() };
        let document: Arc<_> = open.read();
        let found = editor::symbols(&document).into_iter();
        found.map(|found| shapes::symbol(found, &open.text, encoding)).collect()
    }

    fn code_actions(&mut self, params: &CodeActionParams) -> Vec<gen_lsp_types::CodeAction> {
        let encoding = self.encoding;
        let uri = &params.text_document.uri;
        let Some(open) = self.document(uri) else { return Vec::new() };
        actions::fixes(open, uri, params.range, encoding)
    }
}

/// Nothing is compiled of an orb by itself: what is wrong with it is all that there is.
fn check_orb(text: &str, inputs: &Inputs) -> Compiled {
    Compiled { diagnostics: roundel_config::check_orb(text, inputs), ..Compiled::default() }
}

fn read<P: DeserializeOwned>(params: Value) -> Result<P, ResponseError> {
    serde_json::from_value(params).map_err(|error| ResponseError {
        code: ErrorCode::InvalidParams,
        message: error.to_string(),
    })
}

fn answer(found: impl Serialize) -> Answer {
    serde_json::to_value(found).map_err(|error| ResponseError {
        code: ErrorCode::InternalError,
        message: error.to_string(),
    })
}
