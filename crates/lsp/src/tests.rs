//! A scripted client over pipes: what an editor sends, and what it gets.

mod client;

use serde_json::{Value, json};

use client::Client;

use crate::Ended;

const URI: &str = "file:///repo/.circleci/config.yml";

const CONFIG: &str = "version: 2.1\norbs:\n  node: acme/node@1\ncommands:\n  greet:\n    parameters:\n      who: { type: string, default: you }\n    steps:\n      - run: echo << parameters.who >>\njobs:\n  build:\n    docker:\n      - image: cimg/base:2024.01\n    steps:\n      - checkout\n      - greet: { who: me }\n      - node/install\n  test:\n    executor: node/default\n    steps: [checkout]\nworkflows:\n  main:\n    jobs:\n      - build\n      - test:\n          requires: [build]\n";

fn codes(diagnostics: &Value) -> Vec<&str> {
    let found = diagnostics["diagnostics"].as_array().unwrap();
    found.iter().map(|found| found["code"].as_str().unwrap()).collect()
}

#[test]
fn a_mistake_is_reported_while_it_is_typed_and_goes_when_it_is_fixed() {
    let mut client = Client::start();
    let broken = CONFIG.replace("steps: [checkout]", "stpes: [checkout]");
    client.open(URI, &broken);
    let reported = client.diagnostics(1);
    assert_eq!(reported["uri"], URI);
    let found = reported["diagnostics"].as_array().unwrap();
    let wrong = found.iter().find(|found| found["code"] == "unknown-job-key").unwrap();
    assert_eq!(wrong["severity"], 1);
    assert_eq!(wrong["range"]["start"], json!({ "line": 19, "character": 4 }));
    assert_eq!(wrong["range"]["end"], json!({ "line": 19, "character": 9 }));
    assert!(wrong["message"].as_str().unwrap().contains("did you mean `steps`?"), "{wrong}");
    let page = wrong["codeDescription"]["href"].as_str().unwrap().strip_prefix("file://").unwrap();
    assert!(std::fs::read_to_string(page).unwrap().contains("An unknown key in a job."));

    let fixes = client.ask("textDocument/codeAction", json!({
        "textDocument": { "uri": URI }, "range": wrong["range"], "context": { "diagnostics": [] },
    }));
    assert_eq!(fixes[0]["title"], "Change to `steps`");
    let edit = &fixes[0]["edit"]["changes"][URI][0];
    client.change(URI, 2, &json!([{ "range": edit["range"], "text": edit["newText"] }]));
    assert!(codes(&client.diagnostics(2)).is_empty());
    assert_eq!(client.stop(), Ended::Requested);
}

#[test]
fn what_nothing_uses_is_reported_as_unnecessary_and_places_are_related() {
    let mut client = Client::start();
    let spare = "  spare: { machine: true, steps: [checkout] }\nworkflows:\n";
    client.open(URI, &CONFIG.replace("workflows:\n", spare));
    let reported = client.diagnostics(1);
    let found = reported["diagnostics"].as_array().unwrap();
    let unused = found.iter().find(|found| found["code"] == "unused-job").unwrap();
    assert_eq!(unused["tags"], json!([1]));
    assert_eq!(unused["severity"], 2);
    assert_eq!(client.stop(), Ended::Requested);
}

/// Without values for the pipeline, an enum that is given one of them would be a false error.
#[test]
fn files_are_compiled_with_the_pipeline_values_of_their_directory() {
    let mut client = Client::start();
    let text = "version: 2.1\ncommands:\n  tell:\n    parameters:\n      forge: { type: enum, enum: \
                [github] }\n      directory: { type: enum, enum: [/repo/.circleci] }\n    steps:\n      - \
                run: echo << parameters.forge >> << parameters.directory >>\njobs:\n  build:\n    docker: \
                [{ image: x:1 }]\n    steps:\n      - tell: { forge: << pipeline.project.type >>, \
                directory: << pipeline.git.branch >> }\nworkflows: { main: { jobs: [build] } }\n";
    client.open(URI, text);
    let reported = client.diagnostics(1);
    assert!(codes(&reported).is_empty(), "{reported}");
    assert_eq!(client.stop(), Ended::Requested);
}

/// What `validate` refuses is shown in the editor with the same words, and goes with its cause.
#[test]
fn what_this_release_cannot_run_is_reported_with_its_severity_and_page() {
    let mut client = Client::start();
    let text = "version: 2.1\njobs:\n  build:\n    machine: { image: x, docker_layer_caching: true }\n    \
                steps: [{ store_artifacts: { path: p } }]\n  test:\n    docker: [{ image: x:1, command: run }, \
                { image: redis:7 }]\n    steps: [checkout]\nworkflows: { main: { jobs: [build, test: { \
                context: deploy }] } }\n";
    client.open(URI, text);
    let reported = client.diagnostics(1);
    let found = reported["diagnostics"].as_array().unwrap();
    let expected = roundel_config::compile(text, &roundel_config::Inputs::default()).unsupported;
    assert_eq!(
        codes(&reported),
        [
            "unsupported-option",
            "unsupported-step",
            "unsupported-container-program",
            "unsupported-service-container",
            "unsupported-context"
        ]
    );
    for (found, expected) in found.iter().zip(&expected) {
        let severity = match expected.severity {
            roundel_config::Severity::Error => 1,
            roundel_config::Severity::Warning => 2,
        };
        assert_eq!((&found["code"], &found["severity"]), (&json!(expected.code), &json!(severity)));
        let start = json!({ "line": expected.line - 1, "character": expected.column - 1 });
        assert_eq!(found["range"]["start"], start);
        let help = expected.help.iter().map(|help| format!("\nhelp: {help}"));
        let place = expected.via.iter().map(|via| format!("\nin {via}"));
        let said: String =
            std::iter::once(expected.message.clone()).chain(help).chain(place).collect();
        assert_eq!(found["message"], json!(said));
        assert!(found["codeDescription"]["href"].is_string(), "{found}");
    }
    client.change(URI, 2, &json!([{ "text": CONFIG }]));
    assert!(codes(&client.diagnostics(2)).is_empty());
    assert_eq!(client.stop(), Ended::Requested);
}

#[test]
fn only_the_last_of_many_changes_is_compiled() {
    let mut client = Client::start();
    client.open(URI, CONFIG);
    for version in 2..200 {
        let end = json!({ "line": 999, "character": 0 });
        client.change(
            URI,
            version,
            &json!([{ "range": { "start": end, "end": end }, "text": "# x\n" }]),
        );
    }
    let reported = client.diagnostics(199);
    assert_eq!(reported["version"], 199);
    assert!(client.seen("textDocument/publishDiagnostics") < 20, "typing is waited for");
    assert_eq!(client.stop(), Ended::Requested);
}

#[test]
fn hover_shows_documentation_and_what_comes_of_it() {
    let mut client = Client::start();
    client.open(URI, CONFIG);
    client.diagnostics(1);
    let mut hover = |line: u32, character: u32| {
        let found = client.ask("textDocument/hover", client::at(URI, line, character));
        found["contents"]["value"].as_str().unwrap_or_default().to_owned()
    };
    assert!(hover(11, 6).contains("The containers to run in."));
    let step = hover(15, 10);
    assert!(step.contains("command `greet`") && step.contains("Compiles to:"), "{step}");
    assert!(step.contains("echo me") && !step.contains("checkout"), "the step alone: {step}");
    let orb = hover(16, 14);
    assert!(orb.contains("From acme/node@1.4.2") && orb.contains("npm ci"), "{orb}");
    let job = hover(23, 10);
    assert!(job.contains("Compiles to job `build`") && job.contains("echo me"), "{job}");
    assert!(hover(25, 22).contains("Compiles to job `build`"), "a requirement is the job");
    assert!(hover(0, 12).is_empty());
    assert_eq!(client.stop(), Ended::Requested);
}

#[test]
fn completion_offers_keys_jobs_commands_orbs_and_parameters() {
    let mut client = Client::start();
    client.open(URI, CONFIG);
    client.diagnostics(1);
    let mut version = 1;
    let mut labels = |client: &mut Client, insert: &str, line: u32, character: u32| {
        version += 1;
        let at = json!({ "line": line, "character": 0 });
        client.change(
            URI,
            version,
            &json!([{ "range": { "start": at, "end": at }, "text": insert }]),
        );
        let found = client.ask("textDocument/completion", client::at(URI, line, character));
        let items = found["items"].as_array().cloned().unwrap_or_default();
        version += 1;
        client.change(URI, version, &json!([{ "text": CONFIG }]));
        items
    };
    let names = |items: &[Value]| -> Vec<String> {
        items.iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
    };
    let keys = labels(&mut client, "    \n", 11, 4);
    assert!(names(&keys).contains(&"environment".to_owned()), "{keys:?}");
    let environment = keys.iter().find(|item| item["label"] == "environment").unwrap();
    assert_eq!(environment["textEdit"]["newText"], "environment:\n  $0");
    assert_eq!(environment["insertTextFormat"], 2);
    let about = environment["documentation"]["value"].as_str().unwrap();
    assert!(about.contains("variables for all steps"), "{about}");

    let steps = names(&labels(&mut client, "      - \n", 14, 8));
    for wanted in ["run", "checkout", "greet", "node/install"] {
        assert!(steps.contains(&wanted.to_owned()), "{wanted} in {steps:?}");
    }
    let jobs = names(&labels(&mut client, "      - \n", 23, 8));
    assert!(
        jobs.contains(&"node/test".to_owned()) && jobs.contains(&"build".to_owned()),
        "{jobs:?}"
    );
    let arguments = names(&labels(&mut client, "      - greet: { w }\n", 14, 18));
    assert_eq!(arguments, ["who"]);
    let executors = names(&labels(&mut client, "    executor: \n", 19, 14));
    assert_eq!(executors, ["node/default"]);
    let inside = names(&labels(&mut client, "      - run: << par\n", 8, 19));
    assert!(inside.contains(&"parameters.who".to_owned()), "{inside:?}");
    assert_eq!(client.stop(), Ended::Requested);
}

#[test]
fn definition_leads_into_the_file_and_into_orbs() {
    let mut client = Client::start();
    client.open(URI, CONFIG);
    client.diagnostics(1);
    let here = client.ask("textDocument/definition", client::at(URI, 15, 10));
    assert_eq!(here[0]["uri"], URI);
    assert_eq!(here[0]["range"]["start"], json!({ "line": 4, "character": 2 }));
    let orb = client.ask("textDocument/definition", client::at(URI, 16, 14));
    let path = orb[0]["uri"].as_str().unwrap().strip_prefix("file://").unwrap();
    let source = std::fs::read_to_string(path).unwrap();
    let line = usize::try_from(orb[0]["range"]["start"]["line"].as_u64().unwrap()).unwrap();
    assert_eq!(source.lines().nth(line).unwrap().trim(), "install:");
    assert!(std::fs::metadata(path).unwrap().permissions().readonly());
    // The source itself can be looked around in, and nothing is wrong with it.
    let uri = orb[0]["uri"].as_str().unwrap().to_owned();
    client.open(&uri, &source);
    assert!(codes(&client.diagnostics(1)).is_empty());
    let outline =
        client.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } }));
    assert_eq!(outline[1]["name"], "commands");
    assert_eq!(client.stop(), Ended::Requested);
}

#[test]
fn names_are_renamed_everywhere_and_the_outline_is_a_tree() {
    let mut client = Client::start();
    client.open(URI, CONFIG);
    client.diagnostics(1);
    let outline =
        client.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": URI } }));
    let jobs = outline.as_array().unwrap().iter().find(|entry| entry["name"] == "jobs").unwrap();
    assert_eq!(jobs["children"][0]["name"], "build");
    assert_eq!(jobs["children"][0]["children"][1]["name"], "greet");
    let uses = client.ask("textDocument/references", {
        let mut params = client::at(URI, 10, 4);
        params["context"] = json!({ "includeDeclaration": true });
        params
    });
    assert_eq!(uses.as_array().unwrap().len(), 3);
    let mut params = client::at(URI, 10, 4);
    params["newName"] = json!("compile");
    let edits = client.ask("textDocument/rename", params);
    assert_eq!(edits["changes"][URI].as_array().unwrap().len(), 3);
    let mut params = client::at(URI, 10, 4);
    params["newName"] = json!("no name");
    let refused = client.request("textDocument/rename", params);
    assert_eq!(refused["error"]["code"], -32_803);
    assert_eq!(client.stop(), Ended::Requested);
}

#[test]
fn places_are_counted_in_the_encoding_that_the_editor_asked_for() {
    for (encodings, character) in
        [(json!(["utf-8", "utf-16"]), 18), (json!(["utf-16"]), 16), (Value::Null, 16)]
    {
        let mut client = Client::start_with(
            json!({ "general": { "positionEncodings": encodings } }),
            Value::Null,
        );
        client.open(URI, "version: 2.1\njobs: { \"😀\": { stpes: [] } }\n");
        let reported = client.diagnostics(1);
        let found = reported["diagnostics"].as_array().unwrap();
        let wrong = found.iter().find(|found| found["code"] == "unknown-job-key").unwrap();
        assert_eq!(wrong["range"]["start"]["character"], character, "{encodings} {reported}");
        assert_eq!(client.stop(), Ended::Requested);
    }
}

/// The whole document would be replaced by a few letters.
#[test]
fn a_change_whose_place_cannot_be_read_changes_nothing() {
    let mut client = Client::start();
    client.open(URI, CONFIG);
    let before = client.diagnostics(1);
    for line in [json!(-1), json!("x")] {
        let start = json!({ "line": line, "character": 0 });
        let range = json!({ "start": start, "end": { "line": 0, "character": 0 } });
        client.notify(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": URI, "version": 2 },
                "contentChanges": [{ "range": range, "text": "zz" }],
            }),
        );
    }
    let symbols =
        client.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": URI } }));
    assert!(symbols.as_array().unwrap().iter().any(|entry| entry["name"] == "jobs"), "{before}");
    assert_eq!(client.stop(), Ended::Requested);
}

#[test]
fn editors_without_snippets_get_plain_text() {
    let mut client = Client::start_with(json!({}), Value::Null);
    client.open(URI, "jobs:\n  build:\n    \n");
    let found = client.ask("textDocument/completion", client::at(URI, 2, 4));
    let docker =
        found["items"].as_array().unwrap().iter().find(|item| item["label"] == "docker").unwrap();
    assert_eq!(docker["textEdit"]["newText"], "docker:");
    assert_eq!(docker["insertTextFormat"], 1);
    assert_eq!(client.stop(), Ended::Requested);
}

#[test]
fn settings_of_the_editor_count_and_wrong_ones_are_reported() {
    // The next profile wants version 2.1.
    let reported = |settings| {
        let mut client = Client::start_with(json!({}), settings);
        client.open(URI, "version: 2\njobs:\n  build:\n    machine: true\n    steps: [checkout]\n");
        let reported = client.diagnostics(1);
        assert_eq!(client.stop(), Ended::Requested);
        codes(&reported).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(reported(json!({ "profile": "next" })), ["version-unsupported"]);
    assert_eq!(reported(json!({})), [""; 0]);
    let mut client = Client::start_with(json!({}), json!({ "profile": 7 }));
    assert!(
        client.notified("window/showMessage")["message"]
            .as_str()
            .unwrap()
            .contains("cannot read the server's options")
    );
    assert_eq!(client.stop(), Ended::Requested);
    let mut client = Client::start_with(json!({}), json!({ "orbs": "/nowhere" }));
    assert!(
        client.notified("window/showMessage")["message"].as_str().unwrap().contains("/nowhere")
    );
    assert_eq!(client.stop(), Ended::Requested);
}

#[test]
fn files_that_are_not_configurations_are_left_alone() {
    let mut client = Client::start();
    for (uri, text) in [
        ("file:///repo/docker-compose.yml", "services:\n  jobs: [1\n"),
        ("file:///repo/.github/workflows/x.yml", "on: push\njobs:\n  build:\n    steps: []\n"),
        ("file:///repo/picture.png", "\u{0}\u{1}"),
    ] {
        client.open(uri, text);
        assert!(codes(&client.diagnostics(1)).is_empty(), "{uri}");
        assert_eq!(client.ask("textDocument/hover", client::at(uri, 1, 3)), Value::Null);
        assert_eq!(client.ask("textDocument/completion", client::at(uri, 1, 0)), Value::Null);
    }
    assert_eq!(
        client.ask("textDocument/hover", client::at("file:///never/opened", 0, 0)),
        Value::Null
    );
    assert_eq!(client.stop(), Ended::Requested);
}

#[test]
fn nonsense_is_answered_and_the_connection_stays_open() {
    let mut client = Client::start();
    client.raw(b"Content-Length: 5\r\n\r\n{\"a\":");
    assert_eq!(client.next()["error"]["code"], -32_700);
    client.raw(b"Content-Length: 2\r\n\r\n[]");
    assert_eq!(client.next()["error"]["code"], -32_700);
    assert_eq!(client.request("textDocument/formatting", json!({}))["error"]["code"], -32_601);
    assert_eq!(client.request("textDocument/hover", json!({ "a": 1 }))["error"]["code"], -32_602);
    assert_eq!(
        client.request("initialize", json!({ "capabilities": {} }))["error"]["code"],
        -32_600
    );
    client.notify("textDocument/didChange", json!("what?"));
    client.notify("$/unheard/of", json!({}));
    client.change("file:///never/opened", 1, &json!([{ "text": "x" }]));
    client.open(URI, CONFIG);
    assert!(codes(&client.diagnostics(1)).is_empty());
    assert_eq!(client.stop(), Ended::Requested);
}

#[test]
fn nothing_is_answered_before_initialize_and_after_shutdown() {
    let mut client = Client::connect();
    assert_eq!(
        client.request("textDocument/hover", client::at(URI, 0, 0))["error"]["code"],
        -32_002
    );
    client.initialize(json!({}), Value::Null);
    assert_eq!(client.ask("shutdown", Value::Null), Value::Null);
    assert_eq!(
        client.request("textDocument/hover", client::at(URI, 0, 0))["error"]["code"],
        -32_600
    );
    assert_eq!(client.exit(), Ended::Requested);

    let mut client = Client::start();
    client.notify("exit", Value::Null);
    assert_eq!(client.ended(), Ended::Abandoned, "`exit` without `shutdown`");
    assert_eq!(Client::start().ended(), Ended::Abandoned, "the editor went away");
}

#[test]
fn a_canceled_request_is_not_answered_but_refused() {
    let mut client = Client::start();
    client.open(URI, &CONFIG.repeat(50));
    // In one piece, so that the cancellation is there before the request is read.
    let mut bytes = Vec::new();
    for id in 500..600 {
        bytes.extend(client::frame(&json!({
            "jsonrpc": "2.0", "id": id, "method": "textDocument/completion", "params": client::at(URI, 14, 8),
        })));
    }
    for id in 500..600 {
        bytes.extend(client::frame(&json!({
            "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": id },
        })));
    }
    client.raw(&bytes);
    let answers: Vec<Value> = (500..600).map(|id| client.answer(id)).collect();
    let refused = answers.iter().filter(|answer| answer["error"]["code"] == -32_800).count();
    assert!(refused > 0, "some were still waiting");
    assert_eq!(client.stop(), Ended::Requested);
}

/// A configuration that takes seconds to compile.
fn large() -> String {
    let mut text = CONFIG.to_owned() + "x-shelf:\n";
    while text.len() < 900_000 {
        text += "  - {run: {command: make, name: \"a step\", environment: {A: 1}}}\n";
    }
    text
}

/// Begins to rename the job `build`; returns when something else was answered meanwhile.
fn start_rename(client: &mut Client, id: i64) {
    client.open(URI, &large());
    client.diagnostics(1);
    let mut params = client::at(URI, 10, 4);
    params["newName"] = json!("compile");
    client.raw(&client::frame(&json!({
        "jsonrpc": "2.0", "id": id, "method": "textDocument/rename", "params": params,
    })));
    client.ask("textDocument/hover", client::at(URI, 10, 4));
    assert!(!client.is_answered(id), "the hover had to wait for the rename");
}

#[test]
fn other_requests_do_not_wait_for_a_rename() {
    let mut client = Client::start();
    start_rename(&mut client, 900);
    let answer = client.answer(900);
    assert_eq!(answer["result"]["changes"][URI].as_array().unwrap().len(), 3, "{answer}");
    assert_eq!(client.stop(), Ended::Requested);
}

#[test]
fn a_rename_that_is_being_tried_can_be_canceled() {
    let mut client = Client::start();
    start_rename(&mut client, 900);
    client.notify("$/cancelRequest", json!({ "id": 900 }));
    assert_eq!(client.answer(900)["error"]["code"], -32_800);
    assert_eq!(client.stop(), Ended::Requested);
}

/// Its edits would be made at places that have moved since.
#[test]
fn a_rename_of_a_text_that_has_changed_meanwhile_is_refused() {
    let mut client = Client::start();
    start_rename(&mut client, 900);
    let start = json!({ "line": 0, "character": 0 });
    client.change(URI, 2, &json!([{ "range": { "start": start, "end": start }, "text": "\n" }]));
    assert_eq!(client.answer(900)["error"]["code"], -32_801);
    assert_eq!(client.stop(), Ended::Requested);
}

/// What the request of this name does.
pub(crate) fn panics() -> ! {
    panic!("asked for by a test")
}

/// What is wrong with one request is not wrong with the session.
#[test]
fn a_panic_refuses_its_request_and_ends_nothing() {
    let mut client = Client::start();
    client.open(URI, CONFIG);
    client.diagnostics(1);
    let refused = client.request("test/panic", json!({}));
    assert_eq!(refused["error"]["code"], -32_603, "{refused}");
    assert_eq!(
        refused["error"]["message"],
        "`test/panic` cannot be answered: the server stopped unexpectedly while it tried"
    );
    client.ask("textDocument/hover", client::at(URI, 10, 4));
    assert_eq!(client.stop(), Ended::Requested);
}

#[test]
fn a_huge_document_is_taken_in_stride() {
    let mut client = Client::start();
    let mut text = CONFIG.to_owned();
    while text.len() < 6 << 20 {
        text.push_str("# padding padding padding padding padding padding padding\n");
    }
    client.open(URI, &text);
    assert_eq!(codes(&client.diagnostics(1)), ["too-large"]);
    client.ask("textDocument/completion", client::at(URI, 14, 8));
    assert_eq!(client.stop(), Ended::Requested);
}

/// A place in the orb's own text is of no use in the file that is open. What a step of it does is shown at
/// the step, what is wrong with all of it where the orb is named.
#[test]
fn what_is_wrong_in_an_orb_is_shown_in_the_open_file_and_leads_into_its_source() {
    let text = "version: 2.1\n# greets\norbs: { hi: acme/wrong@1 }\njobs:\n  a:\n    machine: true\n    \
                steps: [hi/greet]\nworkflows: { main: { jobs: [a] } }\n";
    for (orb, code, shown_at, line) in
        [("wrong", "unknown-key", (6, 12), 4), ("torn", "yaml-syntax", (2, 12), 2)]
    {
        let mut client = Client::start();
        client.open(URI, &text.replace("wrong", orb));
        let reported = client.diagnostics(1);
        let found = reported["diagnostics"].as_array().unwrap();
        let found = found.iter().find(|found| found["code"] == code);
        let found = found.unwrap_or_else(|| panic!("no {code}: {reported}"));
        let (shown_line, character) = shown_at;
        let start = json!({ "line": shown_line, "character": character });
        assert_eq!(found["range"]["start"], start, "{found}");
        let related = found["relatedInformation"].as_array().unwrap().last().unwrap();
        assert_eq!(related["message"], "here in the orb");
        assert_eq!(related["location"]["range"]["start"]["line"], line, "{found}");
        let path = related["location"]["uri"].as_str().unwrap().strip_prefix("file://").unwrap();
        assert!(std::fs::read_to_string(path).unwrap().contains("greet"), "{path}");
        assert_eq!(client.stop(), Ended::Requested);
    }
}

/// An orb that was published, or put into the directory, since.
#[test]
fn orbs_are_looked_for_again_when_a_file_is_saved_or_changes_elsewhere() {
    for (method, params) in [
        ("textDocument/didSave", json!({ "textDocument": { "uri": URI } })),
        ("workspace/didChangeWatchedFiles", json!({ "changes": [] })),
    ] {
        let mut client = Client::start();
        client.open(URI, &CONFIG.replace("acme/node", "acme/late"));
        assert_eq!(codes(&client.diagnostics(1)), ["orb-not-found"]);
        client.notify(method, params);
        assert!(codes(&client.diagnostics(1)).is_empty(), "{method}");
        assert_eq!(client.stop(), Ended::Requested);
    }
}

#[test]
fn a_file_that_is_closed_has_no_diagnostics_any_more() {
    let mut client = Client::start();
    client.open(URI, &CONFIG.replace("steps: [checkout]", "stpes: [checkout]"));
    assert_eq!(codes(&client.diagnostics(1)), ["unknown-job-key"]);
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": URI } }));
    let reported = client.notified("textDocument/publishDiagnostics");
    assert_eq!(reported, json!({ "uri": URI, "diagnostics": [] }));
    assert_eq!(client.stop(), Ended::Requested);
}

/// People want to see the mistakes of all workflows while they write, also of one that is off.
#[test]
fn a_workflow_that_is_off_is_checked_and_what_is_deprecated_is_struck_through() {
    let mut client = Client::start();
    let text = "version: 2.1\njobs:\n  a: { machine: true, steps: [deploy: x] }\n  \
                b: { machine: true, steps: [run: { command: x, when: sometimes }] }\nworkflows:\n  \
                on: { jobs: [a] }\n  off: { when: false, jobs: [b] }\n";
    client.open(URI, text);
    let reported = client.diagnostics(1);
    let found = reported["diagnostics"].as_array().unwrap();
    let of = |line| found.iter().find(|found| found["range"]["start"]["line"] == line).unwrap();
    assert_eq!(
        (&of(3)["severity"], &of(2)["code"]),
        (&json!(2), &json!("deprecated")),
        "{reported}"
    );
    assert_eq!(of(2)["tags"], json!([2]));
    assert_eq!(client.stop(), Ended::Requested);
}
