//! What an editor gets, by documents with a cursor `▮` in them.

use std::sync::Arc;

use roundel_config::{
    Inputs,
    orbs::{Missing, Orb, OrbReference, OrbSet, Resolution},
};

use super::{define::Target, rename_error::RenameError, schema::shape::Kind, tree::node::Span, *};

mod rename;

const ORB: &str = "version: 2.1\ndescription: Node for everyone\ncommands:\n  install:\n    description: Installs packages\n    parameters:\n      manager:\n        type: enum\n        enum: [npm, yarn]\n        default: npm\n      dir: { type: string }\n    steps:\n      - run: << parameters.manager >> ci\njobs:\n  test:\n    docker: [{ image: node }]\n    steps: [install]\nexecutors:\n  default:\n    docker: [{ image: node }]\n";

fn orbs() -> OrbSet {
    let mut orbs = OrbSet::default();
    let reference: OrbReference = "acme/node@1".parse().unwrap();
    let orb = Orb {
        name: "acme/node".to_owned(),
        version: "1.2.3".to_owned(),
        origin: "the directory `orbs`".to_owned(),
        text: Arc::from(ORB),
        digest: "d".to_owned(),
        notice: None,
    };
    orbs.insert(&reference, Resolution::Found(Arc::new(orb)));
    let missing = Missing {
        looked_in: vec!["the directory `orbs`".to_owned()],
        versions: vec!["3.1.0".to_owned()],
        ..Missing::default()
    };
    orbs.insert(&"acme/gone@9".parse().unwrap(), Resolution::Missing(missing));
    orbs
}

fn cursor(text: &str) -> (Document, usize) {
    let offset = text.find('▮').expect("a cursor");
    (Document::new(text.replace('▮', "")), offset)
}

fn environment<T>(document: &Document, ask: impl FnOnce(&Environment<'_>) -> T) -> T {
    let library = Library::new(document, &orbs(), &Library::default());
    ask(&Environment { library: &library, compiled: None, inputs: None })
}

/// Renames as the server does.
fn renamed(document: &Document, offset: usize, to: &str) -> Result<Vec<Span>, RenameError> {
    let inputs = Inputs { orbs: orbs(), all_workflows: true, ..Inputs::default() };
    rename(document, offset, to, &inputs, roundel_config::compile)
}

fn completions(text: &str) -> Vec<Completion> {
    let (document, offset) = cursor(text);
    environment(&document, |environment| complete(&document, offset, environment))
}

fn labels(text: &str) -> Vec<String> {
    completions(text).into_iter().map(|found| found.label).collect()
}

#[track_caller]
fn offers(text: &str, wanted: &[&str], unwanted: &[&str]) {
    let found = labels(text);
    for label in wanted {
        assert!(found.iter().any(|found| found == label), "no `{label}` in {found:?}");
    }
    for label in unwanted {
        assert!(!found.iter().any(|found| found == label), "`{label}` in {found:?}");
    }
}

fn hovered(text: &str) -> String {
    let (document, offset) = cursor(text);
    let found = environment(&document, |environment| hover(&document, offset, environment));
    found.map(|hover| hover.markdown).unwrap_or_default()
}

/// Returns the text that a definition is at: `orb:` in front when it is in an orb.
fn defined(text: &str) -> Vec<String> {
    let (document, offset) = cursor(text);
    let targets = environment(&document, |environment| definition(&document, offset, environment));
    let show = |target: Target| match target.source {
        Some(source) => format!("orb:{}", &source.document.text()[target.name]),
        None => format!("{}:{}", target.name.start, &document.text()[target.name.clone()]),
    };
    targets.into_iter().map(show).collect()
}

const CONFIG: &str = "version: 2.1\norbs:\n  node: acme/node@1\n  kit:\n    commands:\n      greet:\n        parameters: { who: { type: string } }\n        steps: [run: hi << parameters.who >>]\nparameters:\n  deploy: { type: boolean, default: false, description: Ship it }\nexecutors:\n  linux:\n    docker: [{ image: a }]\ncommands:\n  build-it:\n    description: Builds\n    parameters:\n      target: { type: enum, enum: [debug, release] }\n    steps:\n      - run: make << parameters.target >>\njobs:\n  build:\n    executor: linux\n    steps:\n      - build-it: { target: debug }\n      - node/install: { dir: . }\n      - kit/greet: { who: you }\n  test:\n    executor: node/default\n    steps: [checkout]\nworkflows:\n  main:\n    when: << pipeline.parameters.deploy >>\n    jobs:\n      - build\n      - test: { requires: [build], context: org }\n      - node/test: { name: nt, requires: [test] }\n      - hold: { type: approval, requires: [nt] }\n";

#[test]
fn keys_that_fit_are_offered_and_those_that_are_there_are_not() {
    offers("▮", &["version", "jobs", "workflows", "orbs"], &["steps", "display"]);
    offers("version: 2.1\n▮", &["jobs"], &["version"]);
    offers(
        "jobs:\n  build:\n    ▮",
        &["docker", "steps", "executor", "environment"],
        &["branches", "jobs"],
    );
    offers("jobs:\n  build:\n    doc▮\n    steps: []\n", &["docker"], &["steps"]);
    offers("jobs:\n  build:\n    steps: []\n    ▮\n  test:\n", &["docker"], &["steps"]);
    offers(
        "jobs:\n  build:\n    docker:\n      - image: x\n        ▮",
        &["auth", "environment"],
        &["image"],
    );
    offers("jobs:\n  build:\n    docker:\n      - ▮", &["image"], &[]);
    offers("jobs:\n  build:\n    docker: [{ image: x, ▮ }]", &["auth"], &["image"]);
    offers("jobs:\n  b:\n    machine:\n      ▮", &["image", "docker_layer_caching"], &["enabled"]);
    offers("executors:\n  e:\n    ▮", &["docker", "parameters"], &["steps"]);
    offers("commands:\n  c:\n    parameters:\n      p:\n        ▮", &["type", "default"], &[]);
    offers("workflows:\n  w:\n    ▮", &["jobs", "when", "triggers"], &["steps"]);
    offers(
        "workflows:\n  w:\n    jobs:\n      - b:\n          matrix:\n            ▮",
        &["parameters", "exclude", "alias"],
        &[],
    );
    offers(
        "workflows:\n  w:\n    jobs:\n      - b:\n          filters:\n            branches:\n              ▮",
        &["only", "ignore"],
        &[],
    );
    offers("workflows:\n  w:\n    when:\n      ▮", &["equal", "matches", "not"], &[]);
    offers("jobs:\n  build: {}\n  ▮", &[], &["docker"]);
    offers("orbs:\n  kit:\n    ▮", &["commands", "jobs", "executors"], &["workflows"]);
    offers("job-groups:\n  g:\n    ▮", &["jobs", "description"], &["when"]);
}

#[test]
fn steps_are_built_in_ones_commands_and_those_of_orbs() {
    let steps = ["run", "checkout", "save_cache", "build-it", "node/install", "kit/greet"];
    let at = |steps: &str| CONFIG.replace("steps: [checkout]", steps);
    offers(&at("steps:\n      - ▮"), &steps, &["deploy", "test", "node/test"]);
    offers(&at("steps:\n      - checkout\n      - ru▮"), &steps, &[]);
    offers(&at("steps:\n      ▮"), &steps, &[]);
    offers(&at("steps: [▮]"), &steps, &[]);
    offers(&at("steps:\n      - run:\n          ▮"), &["command", "name", "when"], &["run"]);
    offers(&at("steps:\n      - run:\n          command: x\n          ▮"), &["name"], &["command"]);
    offers(
        &at("steps:\n      - when:\n          condition: x\n          steps:\n            - ▮"),
        &steps,
        &[],
    );
    offers("commands:\n  c:\n    steps:\n      - ▮", &["run", "c"], &[]);
}

#[test]
fn a_new_step_brings_its_dash_its_colon_and_its_required_arguments() {
    let insert = |text: &str, label: &str| {
        let all = completions(text).into_iter();
        let found = all.filter(|found| found.label == label).map(|found| found.insert);
        found.collect::<Vec<_>>().join("|")
    };
    let at = |steps: &str| CONFIG.replace("steps: [checkout]", steps);
    assert_eq!(insert(&at("steps:\n      ▮"), "checkout"), "- checkout");
    assert_eq!(insert(&at("steps:\n      - ▮"), "checkout"), "checkout");
    assert_eq!(insert(&at("steps:\n      - ▮"), "node/install"), "node/install:\n    dir: ${1}");
    assert_eq!(
        insert(&at("steps:\n      - ▮"), "attach_workspace"),
        "attach_workspace:\n    at: ${1:.}"
    );
    assert_eq!(insert(&at("steps: [▮]"), "node/install"), "node/install");
    assert_eq!(insert("jobs:\n  b:\n    ▮", "docker"), "docker:\n  - image: ${1:cimg/base:stable}");
    assert_eq!(insert("jobs:\n  b:\n    do▮: x", "docker"), "docker");
    assert_eq!(insert("jobs:\n  b: { ▮ }", "shell"), "shell: $0");
}

#[test]
fn arguments_are_offered_where_something_is_called() {
    let at = |steps: &str| CONFIG.replace("steps: [checkout]", steps);
    offers(&at("steps:\n      - build-it:\n          ▮"), &["target"], &["steps"]);
    offers(&at("steps:\n      - build-it: { ▮ }"), &["target"], &[]);
    offers(&at("steps:\n      - build-it:\n          target: ▮"), &["debug", "release"], &[]);
    offers(&at("steps:\n      - node/install:\n          ▮"), &["dir", "manager"], &[]);
    offers(
        &at("steps:\n      - node/install:\n          dir: .\n          manager: ▮"),
        &["npm", "yarn"],
        &["true"],
    );
    offers(&at("steps:\n      - kit/greet:\n          ▮"), &["who"], &[]);
}

#[test]
fn workflows_offer_jobs_and_requires_the_other_jobs_of_the_workflow() {
    let at = |entry: &str| format!("{CONFIG}{entry}");
    offers(&at("      - ▮"), &["build", "test", "node/test"], &["node/install", "run"]);
    offers(&at("      ▮"), &["build"], &[]);
    offers(&at("      - build:\n          ▮"), &["requires", "context", "matrix", "filters"], &[]);
    offers(
        &at("      - build:\n          requires:\n            - ▮"),
        &["build", "test", "nt", "hold"],
        &["node/test"],
    );
    offers(&at("      - build:\n          requires: [test, ▮]"), &["nt"], &["test"]);
    offers(
        &at("      - build:\n          requires:\n            - te▮\n            - nt\n"),
        &["test"],
        &["nt"],
    );
    offers(
        &at("      - build:\n          requires:\n            - test: ▮"),
        &["failed", "terminal"],
        &[],
    );
    offers(&at("      - build:\n          context: ▮"), &["org"], &[]);
    offers(
        &at("      - ask:\n          type: approval\n          ▮"),
        &["requires"],
        &["matrix", "context"],
    );
}

#[test]
fn values_are_those_that_are_possible() {
    offers(
        "jobs:\n  b:\n    steps:\n      - run:\n          command: x\n          when: ▮",
        &["always", "on_fail"],
        &["run"],
    );
    offers(
        "jobs:\n  b:\n    steps:\n      - run:\n          background: ▮",
        &["true", "false"],
        &[],
    );
    offers("jobs:\n  b:\n    resource_class: ▮", &["large", "arm.medium"], &[]);
    offers(
        &CONFIG.replace("executor: node/default", "executor: ▮"),
        &["linux", "node/default"],
        &["build"],
    );
    offers(
        &CONFIG.replace("executor: node/default", "executor:\n      name: ▮"),
        &["linux", "node/default"],
        &[],
    );
    offers("parameters:\n  p:\n    type: ▮", &["boolean", "enum"], &["steps"]);
    offers(
        "commands:\n  c:\n    parameters:\n      p:\n        type: ▮",
        &["steps", "executor"],
        &[],
    );
    offers("workflows:\n  w:\n    when: pipeline.▮", &["pipeline.git.branch"], &[]);
    offers("version: ▮", &["2.1"], &[]);
    offers("orbs:\n  gone: acme/gone@9▮", &["acme/gone@3.1.0"], &[]);
}

#[test]
fn tags_offer_what_can_be_read_there() {
    offers(
        "jobs:\n  b:\n    parameters: { tag: { type: string } }\n    docker:\n      - image: x:<< ▮ >>",
        &["parameters.tag", "pipeline.git.branch"],
        &[],
    );
    offers(
        &CONFIG.replace("make << parameters.target >>", "make << par▮"),
        &["parameters.target", "pipeline.parameters.deploy"],
        &["parameters.who"],
    );
    offers(
        &CONFIG.replace("hi << parameters.who >>", "hi << ▮ >>"),
        &["parameters.who", "pipeline.number"],
        &["pipeline.parameters.deploy"],
    );
    offers(
        "workflows:\n  w:\n    jobs:\n      - b:\n          matrix: { parameters: { os: [a] } }\n          name: b-<< ▮ >>",
        &["matrix.os"],
        &["parameters.os"],
    );
    offers("jobs:\n  b:\n    steps:\n      - run: cat \\<<E▮", &[], &["pipeline.number"]);
}

#[test]
fn anchors_are_offered_after_a_star() {
    offers("x: &defaults\n  a: b\njobs:\n  b:\n    <<: *▮", &["defaults"], &["docker"]);
    offers("x: &defaults\n  a: b\njobs:\n  b:\n    steps: [*de▮]", &["defaults"], &[]);
}

#[test]
fn nothing_is_offered_in_scripts_and_comments() {
    for text in [
        "jobs:\n  b:\n    steps:\n      - run: |\n          echo ▮\n          x",
        "jobs:\n  b:\n    # ▮",
        "jobs:\n  b:\n    shell: a # ▮",
    ] {
        assert_eq!(labels(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_completion_replaces_the_whole_word_on_its_line_only() {
    let (document, offset) = cursor("jobs:\n  b:\n    doc▮ker: []\n");
    let found = environment(&document, |environment| complete(&document, offset, environment));
    assert_eq!(&document.text()[found[0].replace.clone()], "docker");
    let (document, offset) = cursor("jobs:\n  b:\n    executor: a\n      li▮\n");
    let found = environment(&document, |environment| complete(&document, offset, environment));
    assert!(found.iter().all(|found| !document.text()[found.replace.clone()].contains('\n')));
}

#[test]
fn hover_shows_what_a_key_is_for_and_whose_key_it_is() {
    let text = hovered("jobs:\n  b:\n    working_dir▮ectory: x");
    assert!(text.starts_with("`working_directory`: text"), "{text}");
    assert!(text.ends_with("\n\nA key of a job."), "{text}");
    let text = hovered("jobs:\n  b:\n    steps:\n      - r▮un: x");
    assert!(text.contains("Runs a script"), "{text}");
    let text = hovered("workflows:\n  w:\n    jobs:\n      - b: { requ▮ires: [] }");
    assert!(text.contains("`requires`"), "{text}");
    assert_eq!(hovered("jobs:\n  b:\n    nonsen▮se: x"), "");
}

#[test]
fn hover_shows_what_a_name_stands_for() {
    let at = |word: &str| hovered(&CONFIG.replacen(word, &format!("▮{word}"), 1));
    assert!(
        at("build-it: { target")
            .contains("Builds\n\nParameters:\n\n- `target`: `debug` | `release`, required")
    );
    let orb = hovered(&CONFIG.replace("node/install: {", "node/ins▮tall: {"));
    assert!(orb.contains("command `node/install`\n\nInstalls packages"), "{orb}");
    assert!(
        orb.contains("From acme/node@1.2.3") && orb.contains("<< parameters.manager >> ci"),
        "{orb}"
    );
    let argument = hovered(&CONFIG.replace("{ dir: . }", "{ d▮ir: . }"));
    assert!(argument.contains("`dir`: string, required"), "{argument}");
    let alias = hovered(&CONFIG.replace("node/install: {", "no▮de/install: {"));
    assert!(
        alias.contains("orb `acme/node@1.2.3`, from the directory `orbs`\n\nNode for everyone"),
        "{alias}"
    );
    assert!(alias.contains("Commands: `install`."), "{alias}");
    let gone = hovered("orbs:\n  go▮ne: acme/gone@9");
    assert!(gone.contains("not found") && gone.contains("Available: `3.1.0`"), "{gone}");
    let parameter =
        hovered(&CONFIG.replace("make << parameters.target", "make << parameters.tar▮get"));
    assert!(parameter.contains("A parameter of command `build-it`"), "{parameter}");
    let pipeline =
        hovered(&CONFIG.replace("pipeline.parameters.deploy >>", "pipeline.parameters.dep▮loy >>"));
    assert!(pipeline.contains("`deploy`: boolean, default `false`. Ship it"), "{pipeline}");
    let value = hovered("jobs:\n  b:\n    shell: << pipeline.git.br▮anch >>");
    assert!(value.contains("The branch that is built"), "{value}");
    let hold = hovered(
        &CONFIG.replace("      - hold: {", "      - x: { requires: [ho▮ld] }\n      - hold: {"),
    );
    assert!(hold.contains("waits for a manual approval"), "{hold}");
    let anchor = hovered("a: &x\n  b: c\nd: *▮x");
    assert!(anchor.contains("anchor `x`") && anchor.contains("b: c"), "{anchor}");
    let matrix = hovered(
        "workflows:\n  w:\n    jobs:\n      - b:\n          matrix:\n            parameters:\n              os: [a, b]\n          name: << matrix.o▮s >>",
    );
    assert!(matrix.contains("os: [a, b]"), "{matrix}");
}

#[test]
fn definition_leads_to_names_in_the_file_and_in_orbs() {
    let here = |marked: &str, name: &str, defining: &str| {
        let found = defined(marked);
        let plain = marked.replace('▮', "");
        let at = plain.find(defining).unwrap() + defining.find(name).unwrap();
        assert_eq!(found, [format!("{at}:{name}")], "{marked}");
    };
    here(&CONFIG.replace("- build-it: {", "- bui▮ld-it: {"), "build-it", "  build-it:\n    desc");
    here(&CONFIG.replace("{ target: debug", "{ tar▮get: debug"), "target", "target: { type");
    here(
        &CONFIG.replace("parameters.target >>", "parameters.▮target >>"),
        "target",
        "target: { type",
    );
    here(&CONFIG.replace("executor: linux", "executor: li▮nux"), "linux", "linux:\n");
    here(&CONFIG.replace("- build\n", "- bu▮ild\n"), "build", "build:\n    exec");
    here(&CONFIG.replace("requires: [test]", "requires: [te▮st]"), "test", "- test: { req");
    here(&CONFIG.replace("requires: [nt]", "requires: [n▮t]"), "nt", "name: nt");
    here(&CONFIG.replace("kit/greet: {", "kit/gr▮eet: {"), "greet", "greet:\n");
    here(&CONFIG.replace("{ who: you", "{ w▮ho: you"), "who", "who: { type");
    here(
        &CONFIG.replace("parameters.deploy >>", "parameters.de▮ploy >>"),
        "deploy",
        "deploy: { type",
    );
    here("a: &x b\nc: *▮x\n", "x", "x b");
    here(
        "jobs:\n  b: &b\n    parameters: { os: { type: string } }\nworkflows:\n  w:\n    jobs:\n      - b:\n          matrix:\n            alias: all\n            parameters: { o▮s: [x] }\n",
        "os",
        "os: { type",
    );
    let matrix = "workflows:\n  w:\n    jobs:\n      - b: { matrix: { alias: all, parameters: { os: [x] } } }\n      - c: { requires: [a▮ll] }\n";
    here(matrix, "all", "alias: all");

    assert_eq!(defined(&CONFIG.replace("node/install: {", "node/ins▮tall: {")), ["orb:install"]);
    assert_eq!(defined(&CONFIG.replace("- node/test", "- node/te▮st")), ["orb:test"]);
    assert_eq!(
        defined(&CONFIG.replace("executor: node/default", "executor: node/def▮ault")),
        ["orb:default"]
    );
    assert_eq!(defined(&CONFIG.replace("{ dir: . }", "{ d▮ir: . }")), ["orb:dir"]);
    assert_eq!(defined(&CONFIG.replace("- node/test", "- no▮de/test")), ["orb:"]);
}

#[test]
fn all_uses_of_a_name_are_found_and_renamed_together() {
    let uses = |marked: &str| {
        let (document, offset) = cursor(marked);
        let found = occurrences(&document, offset);
        found.into_iter().map(|(span, _)| document.text()[span].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        uses(&CONFIG.replace("parameters.target >>", "parameters.▮target >>")),
        ["target"; 3]
    );
    // The definition, the entry of the workflow, and what requires it.
    assert_eq!(uses(&CONFIG.replace("  build:\n    exec", "  ▮build:\n    exec")), ["build"; 3]);
    let (document, offset) = cursor(&CONFIG.replace("requires: [build]", "requires: [bu▮ild]"));
    let spans = renamed(&document, offset, "compile").unwrap();
    let mut text = document.text().to_string();
    for span in spans.into_iter().rev() {
        text.replace_range(span, "compile");
    }
    assert!(text.contains("  compile:\n    exec") && text.contains("- compile\n"), "{text}");
    assert!(text.contains("requires: [compile]") && text.contains("build-it"), "{text}");
    let not_a_name = RenameError::NotAName("no name".to_owned());
    assert_eq!(renamed(&document, offset, "no name"), Err(not_a_name));
    let (document, offset) = cursor(&CONFIG.replace("node/install: {", "node/ins▮tall: {"));
    assert_eq!(
        renamed(&document, offset, "x"),
        Err(RenameError::NotDefinedHere),
        "it is someone else's"
    );
}

/// Two things with one name cannot be told apart any more, so that nothing can undo such a rename.
#[test]
fn a_name_that_is_taken_is_refused() {
    const TAKEN: &str = "version: 2.1
parameters: { one: { type: string }, two: { type: string } }
commands:
  greet: { steps: [] }
  other: { parameters: { to: {}, from: {} }, steps: [] }
executors: { small: {}, large: {} }
jobs:
  build: &left { steps: [greet] }
  test: &right { steps: [other] }
job-groups: { every: { jobs: [build] } }
workflows: { main: { jobs: [build, test: { name: check }] }, nightly: {} }
";
    let refused = |of: &str, to: &str| {
        let (document, offset) = cursor(&TAKEN.replacen(of, &format!("▮{of}"), 1));
        renamed(&document, offset, to).map_err(|error| error.to_string())
    };
    for (of, to, what) in [
        ("one", "two", "a parameter"),
        ("to:", "from", "a parameter"),
        ("greet", "other", "a command"),
        ("small", "large", "an executor"),
        ("build", "test", "a job"),
        ("build", "every", "a job group"),
        ("every", "test", "a job"),
        ("main", "nightly", "a workflow"),
        ("left", "right", "an anchor"),
        ("check", "build", "a job in this workflow called"),
    ] {
        assert_eq!(refused(of, to), Err(format!("there is already {what} `{to}`")), "{of}");
        assert!(refused(of, "fresh").is_ok(), "{of}");
    }
    for step in ["checkout", "run", "when"] {
        assert!(refused("greet", step).unwrap_err().contains("built-in step"), "{step}");
    }
    assert!(refused("build", "build").is_ok(), "its own name is not taken");
    assert!(refused("small", "checkout").is_ok(), "an executor is not a step");
}

/// Each step asks whether it is a command: with a search for each, five thousand jobs took 19 s.
#[test]
fn a_definition_is_found_by_its_name() {
    let jobs: Vec<String> =
        (0..20_000).map(|n| format!("  j{n}: {{ steps: [checkout] }}")).collect();
    let document = Document::new(format!("version: 2.1\njobs:\n{}\n", jobs.join("\n")));
    assert!(document.outline.item("", Kind::Job, "j19999").is_some());
    assert!(document.outline.item("", Kind::Command, "j19999").is_none());
    assert!(document.outline.item("orb", Kind::Job, "j19999").is_none());
}

#[test]
fn the_outline_has_sections_definitions_steps_and_jobs() {
    fn show(all: &[Outlined], depth: usize, into: &mut String) {
        for one in all {
            let detail = one.detail.as_ref().map_or(String::new(), |detail| format!(" ({detail})"));
            into.push_str(&[&"  ".repeat(depth), &one.name, &detail, "\n"].concat());
            assert!(one.span.start <= one.selection.start && one.selection.end <= one.span.end);
            show(&one.children, depth + 1, into);
        }
    }
    let mut text = String::new();
    show(&symbols(&Document::new(CONFIG)), 0, &mut text);
    assert!(text.contains("orbs\n  node (acme/node@1)\n"), "{text}");
    assert!(
        text.contains("commands\n  build-it (Builds)\n    run (make << parameters.target >>)\n"),
        "{text}"
    );
    assert!(
        text.contains("workflows\n  main\n    build\n    test\n    node/test (nt)\n    hold\n"),
        "{text}"
    );
}

#[test]
fn no_place_in_no_prefix_of_a_file_panics() {
    let mut asked = 0;
    for at in (0..CONFIG.len()).step_by(7) {
        let document = Document::new(&CONFIG[..at]);
        environment(&document, |environment| {
            for offset in at.saturating_sub(60)..=at + 3 {
                complete(&document, offset, environment);
                hover(&document, offset, environment);
                definition(&document, offset, environment);
                occurrences(&document, offset);
                asked += 1;
            }
        });
        symbols(&document);
    }
    assert!(asked > 5_000);
}
