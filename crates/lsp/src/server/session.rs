//! What a session knows, and what it says to the editor and to the thread that compiles.

use std::collections::VecDeque;

use crossbeam_channel::Sender;
use gen_lsp_types::Uri;
use lsp_server::{ErrorCode, Message, Notification, RequestId, Response};
use roundel_config::Inputs;
use serde_json::{Value, json};

use super::capabilities;
use crate::{
    analysis::{Outcome, Task},
    diagnostics,
    documents::{self, Kind},
    frames::Incoming,
    renames::Renames,
    requests::RequestContext,
    settings::{LocalValues, OpenOrbs, Settings},
};

/// A conversation with one editor.
pub(super) struct Session {
    pub(super) stage: Stage,
    pub(super) context: RequestContext,
    /// To the thread that compiles, while it is there.
    pub(super) tasks: Option<Sender<Task>>,
    pub(super) outcomes_to: Sender<Outcome>,
    pub(super) renames: Renames,
    pub(super) outgoing: Sender<Outgoing>,
    pub(super) inputs: Inputs,
    /// What came in and is not handled yet.
    pub(super) queue: VecDeque<Incoming>,
}

/// How far the conversation is.
pub(super) enum Stage {
    /// Nothing but `initialize` is answered.
    Fresh {
        settings: Settings,
        open: OpenOrbs,
        local: LocalValues,
    },
    Open,
    /// Nothing but `exit` is expected.
    ShutDown,
}

/// What goes out.
#[derive(Debug)]
pub(super) enum Outgoing {
    Message(Message),
    /// An answer to something that had no id.
    Raw(Value),
}

impl Session {
    /// Asks for a document to be compiled, if it is something to compile.
    pub(super) fn analyze(&mut self, uri: &Uri) {
        let Some(open) = self.context.documents.get(uri) else { return };
        if open.kind != Kind::Config || self.context.sources.holds(uri) {
            return self.publish(uri);
        }
        let text = open.text.as_str().to_owned();
        let task = Task::Compile {
            uri: uri.clone(),
            version: open.version,
            text,
            path: documents::name(uri),
        };
        self.give(task);
    }

    /// Publishes what is wrong with a document.
    pub(super) fn publish(&mut self, uri: &Uri) {
        let Some(open) = self.context.documents.get(uri) else { return };
        let (version, encoding) = (open.version, self.context.encoding);
        let found = diagnostics::all(open, uri, &mut self.context.sources, encoding);
        self.notify(
            "textDocument/publishDiagnostics",
            json!({ "uri": uri, "version": version, "diagnostics": found }),
        );
    }

    /// Hands a task to the thread that compiles, if there is one.
    pub(super) fn give(&self, task: Task) {
        if let Some(tasks) = &self.tasks
            && tasks.send(task).is_err()
        {
            tracing::error!("the compiler thread has stopped");
        }
    }

    pub(super) fn reply(&self, id: RequestId, value: Value) {
        let response = Response { id, response_result: Ok(value) };
        self.send(Outgoing::Message(Message::Response(response)));
    }

    pub(super) fn refuse(&self, id: RequestId, code: ErrorCode, message: &str) {
        let response = Response::new_err(id, capabilities::number(code), message.to_owned());
        self.send(Outgoing::Message(Message::Response(response)));
    }

    /// Shows a message in the editor.
    pub(super) fn show(&self, message: &str) {
        tracing::warn!(message, "message shown in the editor");
        self.notify("window/showMessage", json!({ "type": 2, "message": message }));
    }

    pub(super) fn notify(&self, method: &str, params: Value) {
        let one = Notification { method: method.to_owned(), params };
        self.send(Outgoing::Message(Message::Notification(one)));
    }

    pub(super) fn send(&self, message: Outgoing) {
        if self.outgoing.send(message).is_err() {
            tracing::debug!("the editor closed the connection");
        }
    }
}
