//! The editor's side: frames over pipes, ids counted, every wait with an end.

#![expect(clippy::needless_pass_by_value, reason = "calls read best with literals")]

use std::{
    collections::HashMap,
    io::{BufReader, PipeWriter, Write as _},
    path::Path,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use crossbeam_channel::{Receiver, unbounded};
use lsp_server::Message;
use roundel_config::{
    PipelineValue,
    orbs::{Missing, Orb, OrbReference, Resolution},
};
use serde_json::{Value, json};

use crate::{Ended, Finder, Settings, serve};

/// Longer than anything takes on a machine that is busy.
const MAX_DELAY: Duration = Duration::from_mins(1);

const ORB: &str = "version: 2.1\ncommands:\n  install:\n    description: Installs packages\n    steps: [{ run: npm ci }]\nexecutors:\n  default:\n    docker: [{ image: cimg/node:22.1 }]\njobs:\n  test:\n    executor: default\n    steps: [checkout, install]\n";

pub(crate) struct Client {
    input: Option<PipeWriter>,
    output: Receiver<Value>,
    server: Option<JoinHandle<Ended>>,
    next_id: i32,
    /// Notifications that came while something else was waited for.
    reported: Vec<Value>,
    answers: HashMap<i64, Value>,
    counts: HashMap<String, usize>,
}

/// An orb whose text ends too early, in line 3.
const TORN: &str = "version: 2.1\ncommands:\n  greet: [\n";

/// An orb with a mistake in line 5.
const WRONG: &str =
    "version: 2.1\ncommands:\n  greet:\n    steps:\n      - run: { comand: hello }\n";

/// Finds an orb. `acme/late` is there only when it is looked for again.
fn finder() -> Finder {
    let mut looked = 0;
    Box::new(move |reference: &OrbReference| {
        let name = reference.orb();
        looked += u32::from(name == "acme/late");
        let text = match name.as_str() {
            "acme/node" => ORB,
            "acme/torn" => TORN,
            "acme/wrong" => WRONG,
            "acme/late" if looked > 1 => ORB,
            _ => return Resolution::Missing(Missing::default()),
        };
        Resolution::Found(Arc::new(Orb {
            name,
            version: "1.4.2".to_owned(),
            origin: "the test".to_owned(),
            text: Arc::from(text),
            digest: "0123456789abcdef".to_owned(),
            notice: None,
        }))
    })
}

fn open_orbs(settings: &Settings) -> Result<Finder, String> {
    match &settings.orbs {
        Some(directory) => Err(format!("there is no directory `{}`", directory.display())),
        None => Ok(finder()),
    }
}

/// Values that say which directory they are for.
fn local_values(directory: Option<&Path>) -> Vec<(String, PipelineValue)> {
    let directory = directory.map_or_else(String::new, |directory| directory.display().to_string());
    vec![
        ("project.type".to_owned(), PipelineValue::Text("github".to_owned())),
        ("git.branch".to_owned(), PipelineValue::Text(directory)),
    ]
}

pub(crate) fn frame(value: &Value) -> Vec<u8> {
    let text = value.to_string();
    format!("Content-Length: {}\r\n\r\n{text}", text.len()).into_bytes()
}

pub(crate) fn at(uri: &str, line: u32, character: u32) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } })
}

impl Client {
    /// Connects and says nothing.
    pub(crate) fn connect() -> Self {
        let (server_input, input) = std::io::pipe().unwrap();
        let (output, server_output) = std::io::pipe().unwrap();
        let server = thread::spawn(move || {
            serve(
                server_input,
                server_output,
                Settings::default(),
                Box::new(open_orbs),
                Box::new(local_values),
            )
        });
        let (to, from) = unbounded();
        // It ends with the pipe.
        let _reader = thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(value) = read(&mut output) {
                if to.send(value).is_err() {
                    return;
                }
            }
        });
        Self {
            input: Some(input),
            output: from,
            server: Some(server),
            next_id: 1,
            reported: Vec::new(),
            answers: HashMap::new(),
            counts: HashMap::new(),
        }
    }

    /// Connects and initializes as an editor that can do much.
    pub(crate) fn start() -> Self {
        let completion = json!({ "completionItem": { "snippetSupport": true } });
        Self::start_with(json!({ "textDocument": { "completion": completion } }), Value::Null)
    }

    pub(crate) fn start_with(capabilities: Value, options: Value) -> Self {
        let mut client = Self::connect();
        client.initialize(capabilities, options);
        client
    }

    pub(crate) fn initialize(&mut self, capabilities: Value, options: Value) {
        let answer = self.ask("initialize", json!({
            "processId": null, "rootUri": null, "capabilities": capabilities, "initializationOptions": options,
        }));
        assert_eq!(answer["serverInfo"]["name"], "roundel");
        assert!(answer["capabilities"]["documentFormattingProvider"].is_null());
        self.notify("initialized", json!({}));
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).unwrap();
    }

    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.raw(&frame(&json!({ "jsonrpc": "2.0", "method": method, "params": params })));
    }

    /// Sends a request and returns the whole answer.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        self.raw(&frame(
            &json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }),
        ));
        self.answer(i64::from(id))
    }

    /// Sends a request that is expected to be answered.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.request(method, params);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    pub(crate) fn answer(&mut self, id: i64) -> Value {
        loop {
            if let Some(answer) = self.answers.remove(&id) {
                return answer;
            }
            self.receive();
        }
    }

    /// Returns whether an answer came while something else was waited for.
    pub(crate) fn is_answered(&self, id: i64) -> bool {
        self.answers.contains_key(&id)
    }

    /// Returns the next message that is not an answer.
    pub(crate) fn next(&mut self) -> Value {
        while self.reported.is_empty() {
            self.receive();
        }
        self.reported.remove(0)
    }

    pub(crate) fn notified(&mut self, method: &str) -> Value {
        loop {
            let reported = self.next();
            if reported["method"] == method {
                return reported["params"].clone();
            }
        }
    }

    /// Waits for the diagnostics of a version.
    pub(crate) fn diagnostics(&mut self, version: i32) -> Value {
        loop {
            let reported = self.notified("textDocument/publishDiagnostics");
            if reported["version"] == version {
                return reported;
            }
        }
    }

    /// How often something was reported so far.
    pub(crate) fn seen(&self, method: &str) -> usize {
        self.counts.get(method).copied().unwrap_or_default()
    }

    fn receive(&mut self) {
        let value = self.output.recv_timeout(MAX_DELAY).expect("the server says something");
        match (value["id"].as_i64(), value["method"].as_str()) {
            (Some(id), None) => {
                self.answers.insert(id, value);
            }
            (_, method) => {
                *self.counts.entry(method.unwrap_or_default().to_owned()).or_default() += 1;
                self.reported.push(value);
            }
        }
    }

    pub(crate) fn open(&mut self, uri: &str, text: &str) {
        self.notify(
            "textDocument/didOpen",
            json!({
                "textDocument": { "uri": uri, "languageId": "yaml", "version": 1, "text": text },
            }),
        );
    }

    pub(crate) fn change(&mut self, uri: &str, version: i32, changes: &Value) {
        self.notify(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": uri, "version": version }, "contentChanges": changes,
            }),
        );
    }

    /// Ends the conversation as it should be.
    pub(crate) fn stop(mut self) -> Ended {
        self.ask("shutdown", Value::Null);
        self.exit()
    }

    pub(crate) fn exit(mut self) -> Ended {
        self.notify("exit", Value::Null);
        self.ended()
    }

    /// Goes away, and returns how the server took it.
    pub(crate) fn ended(mut self) -> Ended {
        drop(self.input.take());
        self.server.take().unwrap().join().unwrap()
    }
}

fn read(output: &mut BufReader<std::io::PipeReader>) -> Option<Value> {
    use std::io::{BufRead as _, Read as _};
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        length = line.trim().strip_prefix("Content-Length: ")?.parse().ok()?;
    }
    let mut bytes = vec![0; length];
    output.read_exact(&mut bytes).ok()?;
    // What is not a message for `lsp-server` may still be an answer to something without an id.
    let value: Value = serde_json::from_slice(&bytes).ok()?;
    let is_message =
        value["id"].is_null() || serde_json::from_value::<Message>(value.clone()).is_ok();
    assert!(is_message, "{value}");
    Some(value)
}
