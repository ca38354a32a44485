//! Documents that are opened, changed, saved and closed.

use gen_lsp_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    TextDocumentContentChangeEvent, Uri,
};
use lsp_server::Notification;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::Session;
use crate::{analysis::Task, documents::Kind};

impl Session {
    pub(super) fn notification(&mut self, one: Notification) {
        let Notification { method, params } = one;
        match method.as_str() {
            "textDocument/didOpen" => {
                if let Some(params) = read::<DidOpenTextDocumentParams>(&method, params) {
                    let item = params.text_document;
                    let uri = item.uri;
                    self.context.documents.open(uri.clone(), item.text, item.version, &self.inputs);
                    self.analyze(&uri);
                }
            }
            "textDocument/didChange" => {
                if let Some(params) = read(&method, params) {
                    self.change(params);
                }
            }
            "textDocument/didClose" => {
                if let Some(params) = read::<DidCloseTextDocumentParams>(&method, params) {
                    let uri = params.text_document.uri;
                    self.context.documents.close(&uri);
                    self.notify(
                        "textDocument/publishDiagnostics",
                        json!({ "uri": uri, "diagnostics": [] }),
                    );
                }
            }
            "textDocument/didSave" | "workspace/didChangeWatchedFiles" => self.refresh(),
            _ => {}
        }
    }

    fn change(&mut self, params: DidChangeTextDocumentParams) {
        let uri = params.text_document.text_document_identifier.uri;
        let encoding = self.context.encoding;
        let Some(open) = self.context.documents.get(&uri) else { return };
        for change in params.content_changes {
            match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    open.text.replace(Some(part.range), &part.text, encoding);
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
                    open.text.replace(None, &whole.text, encoding);
                }
            }
        }
        open.changed(&uri, params.text_document.version);
        self.analyze(&uri);
    }

    /// Looks for orbs again, and at every document with them.
    fn refresh(&mut self) {
        self.give(Task::Refresh);
        let configs = self.context.documents.iter().filter(|(_, open)| open.kind == Kind::Config);
        let uris: Vec<Uri> = configs.map(|(uri, _)| uri.clone()).collect();
        for uri in uris {
            self.analyze(&uri);
        }
    }
}

fn read<P: DeserializeOwned>(method: &str, params: serde_json::Value) -> Option<P> {
    serde_json::from_value(params)
        .map_err(|error| tracing::warn!(%error, method, "a notification cannot be read"))
        .ok()
}
