//! The session with one editor, from `initialize` to `exit`.
//!
//! One loop takes messages and the outcomes of compiling, in the order in which they come. What has
//! come in already is looked through first, so that a request that was canceled meanwhile is not
//! answered.

use std::{
    collections::VecDeque,
    io::{BufReader, Read, Write},
    thread,
};

use crossbeam_channel::{Receiver, bounded, select, unbounded};
use gen_lsp_types::InitializeParams;
use lsp_server::{ErrorCode, Message, Request, RequestId};
use roundel_config::{
    Inputs,
    orbs::{Missing, Resolution},
};
use serde_json::{Value, json};

use crate::{
    analysis::{self, Outcome},
    documents::Documents,
    frames::{self, Incoming},
    panics::caught,
    renames::{Renamed, Renames},
    requests::{RequestContext, ResponseError},
    settings::{LocalValues, OpenOrbs, Settings},
    sources::Sources,
    text::Encoding,
};

mod capabilities;
mod session;
mod synchronize;

use session::{Outgoing, Session, Stage};

/// Messages that wait to be read or written.
const WAITING: usize = 1_000;

/// How the session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The editor sent `exit` after `shutdown`.
    Requested,
    /// The connection ended without `shutdown` and `exit`.
    Abandoned,
}

/// Serves one editor until `exit` or end of input. The result says which. Orbs are found with what `open`
/// makes, and files are compiled with the pipeline values that `local` names for their directory.
pub fn serve(
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
    settings: Settings,
    open: OpenOrbs,
    local: LocalValues,
) -> Ended {
    let (incoming_to, incoming) = bounded(WAITING);
    let (outgoing, outgoing_from) = bounded(WAITING);
    // Reading blocks for as long as the editor likes, so this thread is not waited for.
    let _reader = thread::spawn(move || {
        let mut input = BufReader::new(input);
        loop {
            let message = frames::read(&mut input);
            let is_end = matches!(message, Incoming::End);
            if incoming_to.send(message).is_err() || is_end {
                return;
            }
        }
    });
    let writer = thread::spawn(move || write(output, &outgoing_from));
    let (outcomes_to, outcomes) = unbounded();
    let (renamed_to, renamed) = unbounded();
    let session = Session {
        stage: Stage::Fresh { settings, open, local },
        context: RequestContext {
            documents: Documents::default(),
            sources: Sources::default(),
            encoding: Encoding::Utf16,
            snippets: false,
            links: false,
        },
        tasks: None,
        outcomes_to,
        renames: Renames::new(renamed_to),
        outgoing,
        inputs: Inputs::default(),
        queue: VecDeque::new(),
    };
    let ended = session.run(&incoming, &outcomes, &renamed);
    if writer.join().is_err() {
        tracing::error!("the thread that writes to the editor panicked");
    }
    ended
}

fn write(mut output: impl Write, messages: &Receiver<Outgoing>) {
    for message in messages {
        let written = match message {
            Outgoing::Message(message) => message.write(&mut output),
            Outgoing::Raw(value) => {
                let text = value.to_string();
                write!(output, "Content-Length: {}\r\n\r\n{text}", text.len())
                    .and_then(|()| output.flush())
            }
        };
        if let Err(error) = written {
            tracing::info!(%error, "the editor closed the connection");
            return;
        }
    }
}

impl Session {
    fn run(
        mut self,
        incoming: &Receiver<Incoming>,
        outcomes: &Receiver<Outcome>,
        renamed: &Receiver<Renamed>,
    ) -> Ended {
        loop {
            if self.queue.is_empty() {
                select! {
                    recv(incoming) -> message => {
                        let Ok(message) = message else { return Ended::Abandoned };
                        self.enqueue(message);
                    }
                    recv(outcomes) -> outcome => {
                        if let Ok(outcome) = outcome {
                            let _is_done = caught("diagnostics", || self.apply_outcome(outcome));
                        }
                    }
                    recv(renamed) -> renamed => {
                        if let Ok(renamed) = renamed {
                            self.renamed(renamed);
                        }
                    }
                }
            }
            for message in incoming.try_iter() {
                self.enqueue(message);
            }
            let Some(message) = self.queue.pop_front() else { continue };
            if let Some(ended) = self.handle_message(message) {
                return ended;
            }
        }
    }

    /// Puts a message into the queue; a cancellation takes one out, or ends a rename.
    fn enqueue(&mut self, message: Incoming) {
        let canceled = match &message {
            Incoming::Message(Message::Notification(one)) if one.method == "$/cancelRequest" => {
                one.params.get("id").cloned()
            }
            _ => None,
        };
        let Some(id) = canceled else { return self.queue.push_back(message) };
        let Ok(id) = serde_json::from_value::<RequestId>(id) else { return };
        let same = |waiting: &Incoming| matches!(waiting, Incoming::Message(Message::Request(request)) if request.id == id);
        if let Some(position) = self.queue.iter().position(same) {
            self.queue.remove(position);
        } else if !self.renames.end(&id) {
            return;
        }
        self.refuse(id, ErrorCode::RequestCanceled, "canceled");
    }

    fn handle_message(&mut self, message: Incoming) -> Option<Ended> {
        match message {
            Incoming::End => Some(Ended::Abandoned),
            Incoming::Malformed(reason) => {
                let error = json!({ "code": -32_700, "message": reason });
                self.send(Outgoing::Raw(json!({ "jsonrpc": "2.0", "id": null, "error": error })));
                None
            }
            Incoming::Message(Message::Request(request)) => {
                let (id, method) = (request.id.clone(), request.method.clone());
                if caught(&method, || self.request(request)).is_none() {
                    let message = format!(
                        "`{method}` cannot be answered: the server stopped unexpectedly while it tried"
                    );
                    self.refuse(id, ErrorCode::InternalError, &message);
                }
                None
            }
            Incoming::Message(Message::Notification(one)) if one.method == "exit" => {
                Some(match self.stage {
                    Stage::ShutDown => Ended::Requested,
                    Stage::Fresh { .. } | Stage::Open => Ended::Abandoned,
                })
            }
            Incoming::Message(Message::Notification(one)) => {
                if matches!(self.stage, Stage::Open) {
                    let method = one.method.clone();
                    let _is_done = caught(&method, || self.notification(one));
                }
                None
            }
            Incoming::Message(Message::Response(_)) => None,
        }
    }

    fn request(&mut self, request: Request) {
        let Request { id, method, params } = request;
        match (&self.stage, method.as_str()) {
            (Stage::Fresh { .. }, "initialize") => self.initialize(id, params),
            (Stage::Fresh { .. }, _) => {
                self.refuse(
                    id,
                    ErrorCode::ServerNotInitialized,
                    "`initialize` must be the first request",
                );
            }
            (Stage::ShutDown, _) => {
                self.refuse(id, ErrorCode::InvalidRequest, "the server was shut down");
            }
            (Stage::Open, "initialize") => {
                self.refuse(id, ErrorCode::InvalidRequest, "`initialize` was already sent");
            }
            (Stage::Open, "shutdown") => {
                self.stage = Stage::ShutDown;
                self.tasks = None;
                self.reply(id, Value::Null);
            }
            (Stage::Open, "textDocument/rename") => match self.context.rename(params) {
                Ok(rename) => {
                    if let Err(error) = self.renames.begin(id.clone(), rename) {
                        self.refuse(id, ErrorCode::RequestFailed, &error.to_string());
                    }
                }
                Err(ResponseError { code, message }) => self.refuse(id, code, &message),
            },
            (Stage::Open, method) => match self.context.answer(method, params) {
                Ok(value) => self.reply(id, value),
                Err(ResponseError { code, message }) => self.refuse(id, code, &message),
            },
        }
    }

    fn initialize(&mut self, id: RequestId, params: Value) {
        let params: InitializeParams = match serde_json::from_value(params) {
            Ok(params) => params,
            Err(error) => return self.refuse(id, ErrorCode::InvalidParams, &error.to_string()),
        };
        let Stage::Fresh { settings, open, mut local } =
            std::mem::replace(&mut self.stage, Stage::Open)
        else {
            return;
        };
        let support = capabilities::support(&params);
        self.context.encoding = support.encoding;
        self.context.snippets = support.snippets;
        self.context.links = support.links;
        self.reply(id, capabilities::offered(support.encoding));

        let theirs = match params.initialization_options.map(serde_json::to_value) {
            Some(Ok(Value::Null)) | None => Settings::default(),
            Some(options) => options.and_then(serde_json::from_value).unwrap_or_else(|error| {
                self.show(&format!("cannot read the server's options: {error}"));
                Settings::default()
            }),
        };
        let settings = settings.overlaid(theirs, support.root.as_deref());
        self.inputs = settings.inputs();
        let mut find = open(&settings).unwrap_or_else(|reason| {
            self.show(&reason);
            Box::new(|_| Resolution::Missing(Missing::default()))
        });
        let (tasks, tasks_from) = unbounded();
        let (outcomes, inputs) = (self.outcomes_to.clone(), self.inputs.clone());
        // It ends when the tasks do, which is with the session.
        let _analysis_thread = thread::spawn(move || {
            analysis::run(&tasks_from, &outcomes, &inputs, &mut find, &mut local);
        });
        self.tasks = Some(tasks);
    }

    /// Answers with the result of a rename, unless it was canceled.
    fn renamed(&mut self, renamed: Renamed) {
        let Renamed { id, uri, version, edit } = renamed;
        if !self.renames.end(&id) {
            return;
        }
        // The edits are for the text as it was.
        if self.context.documents.get(&uri).is_none_or(|open| open.version != version) {
            let message = "the file has changed while the rename was tried: rename again";
            return self.refuse(id, ErrorCode::ContentModified, message);
        }
        match edit.map(serde_json::to_value) {
            Ok(Ok(edit)) => self.reply(id, edit),
            Ok(Err(error)) => self.refuse(id, ErrorCode::InternalError, &error.to_string()),
            Err(reason) => self.refuse(id, ErrorCode::RequestFailed, &reason),
        }
    }

    /// Applies the outcome of compiling, and publishes its diagnostics.
    fn apply_outcome(&mut self, outcome: Outcome) {
        let uri = outcome.uri.clone();
        let Some(open) = self.context.documents.get(&uri) else { return };
        if !open.apply_outcome(outcome) {
            return;
        }
        // Places in orbs are looked up in what was just found.
        open.ask(|_, _| ());
        self.publish(&uri);
    }
}
