//! Documents that are opened, changed, saved and closed.

use gen_lsp_types::{
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, Range, Uri,
    VersionedTextDocumentIdentifier,
};
use lsp_server::Notification;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;

use super::session::Session;
use crate::{analysis::Task, documents::Kind};

/// Changes of a document. The library's type takes a change whose range it cannot read for a change of
/// the whole document.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changes {
    text_document: VersionedTextDocumentIdentifier,
    content_changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    /// The range that is replaced; without it, everything is.
    range: Option<Range>,
    text: String,
}

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
                if let Some(changes) = read(&method, params) {
                    self.change(changes);
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

    fn change(&mut self, changes: Changes) {
        let uri = changes.text_document.text_document_identifier.uri;
        let encoding = self.context.encoding;
        let Some(open) = self.context.documents.get(&uri) else { return };
        for change in changes.content_changes {
            open.text.replace(change.range, &change.text, encoding);
        }
        open.changed(&uri, changes.text_document.version);
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
