//! What control characters in configurations, names and arguments come to, in every output of every
//! command: pictures and escapes. A job named `build ESC [8m` must not hide the rest of a page from who
//! reads it in a terminal.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use roundel_model::text::is_hidden;

use crate::installation::binary;

/// Hides what follows, sets a title, is a one-character `ESC [`, turns text around, deletes.
const EVIL: &str = "\u{1b}[8m\u{1b}]0;t\u{7}\u{9b}31m\u{202e}\u{7f}";

/// The same in a string of YAML, and of TOML.
const YAML: &str = r"\e[8m\e]0;t\a\x9b31m\u202e\x7f";
const TOML: &str = r"\u001b[8m\u001b]0;t\u0007\u009b31m\u202e\u007f";

/// Sequences of our own colors: bold, dim, underlined and the eight colors, dark or bright.
const OURS: &str = "\u{1b}\\[(0|1|2|4|3[0-7]|9[0-7]|38;5;[0-9]+)m";

/// Every name and value is evil, and one of each is wrong, not supported or refused.
fn configurations() -> Vec<(&'static str, String)> {
    let job = "docker: [{image: \"cimg/base:1 E\"}], steps: [checkout, \
               run: {name: \"n E\", command: \"echo E\"}]";
    let right = format!(
        "version: 2.1\nparameters: {{\"p E\": {{type: string, default: \"d E\"}}}}\n\
         jobs: {{\"build E\": {{{job}}}}}\nworkflows: {{\"main E\": {{jobs: [\"build E\"]}}}}\n"
    );
    let refused = right
        .replace("[checkout", "[checkout, store_artifacts: {path: \"p E\"}")
        .replace("}], steps", "}, {image: \"redis E\"}], steps")
        .replace("[\"build E\"]", "[\"build E\": {context: [\"c E\"], serial-group: \"g E\"}]");
    let job_refused = right.replace("[\"build E\"]", "[\"build E\": {context: [\"c E\"]}]");
    let wrong = right
        .replace("[\"build E\"]", "[\"build E\", \"biuld E\", {\"build E\": {\"no E\": 1}}]")
        .replace("checkout", "\"chekout E\", when: {condition: {\"x E\": 1}, steps: []}");
    let filtered =
        right.replace("[\"build E\"]", "[\"build E\": {filters: {branches: {only: \"b E\"}}}]");
    let lines =
        right.replace(" E\": {docker", "\\nE\": {docker").replace("[\"build E", "[\"biuld\\nE");
    let raw = format!("version: 2.1\njobs: {{a{EVIL}: [}}\n");
    [right, refused, job_refused, wrong, filtered, lines]
        .into_iter()
        .map(|text| text.replace('E', YAML))
        .chain([raw])
        .zip(["right", "refused", "job", "wrong", "filtered", "lines", "raw"])
        .map(|(text, name)| (name, text))
        .collect()
}

/// Runs a command; returns what it wrote to both outputs.
fn run(folder: &Path, arguments: &[&str], colors: bool) -> String {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ROUNDEL_") {
            command.env_remove(name);
        }
    }
    command.env_remove("NO_COLOR").args(arguments).current_dir(folder).stdin(Stdio::null());
    if colors {
        command.env("CLICOLOR_FORCE", "1").env("COLUMNS", "60");
    }
    let output = command.output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

/// Runs a command as in a pipe and as on a terminal: neither may have a character that controls it,
/// but for our colors on the terminal.
fn check(folder: &Path, arguments: &[&str]) -> String {
    let ours = regex::Regex::new(OURS).unwrap();
    let is_harmful = |c: char| is_hidden(c) && !matches!(c, '\n' | '\t');
    let piped = run(folder, arguments, false);
    assert!(!piped.contains(is_harmful), "{arguments:?}: {piped:?}");
    let colored = run(folder, arguments, true);
    let left = ours.replace_all(&colored, "");
    assert!(!left.contains(is_harmful), "{arguments:?}: {left:?}");
    piped
}

#[test]
fn no_command_passes_on_control_characters_of_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut said = String::new();
    for (name, text) in configurations() {
        let path = format!("{name}/.circleci/config.yml");
        fs::create_dir_all(folder.join(name).join(".circleci")).unwrap();
        fs::write(folder.join(&path), &text).unwrap();
        for arguments in [
            &["validate", &path][..],
            &["validate", &path, "--json"],
            &["validate", &path, "--quiet", "--branch", "main"],
            &["validate", &path, "--all-workflows", "--profile", "next"],
            &["process", &path],
            &["process", &path, "--with-source"],
            &["process", &path, "--json"],
            &["explain", &path, "jobs"],
            &["explain", &path, "jobs", "--json"],
            &["explain", &path, &format!("jobs.build {EVIL}.steps[1].run.command")],
            &["explain", &path, &format!("jobs.no{EVIL}")],
            &["pack", &path],
            &["migrate-check", name],
            &["migrate-check", name, "--json"],
        ] {
            said += &check(folder, &[&["config"], arguments].concat());
        }
    }
    let all = ["right", "refused", "job", "wrong", "filtered", "lines", "raw"];
    said += &check(folder, &[&["config", "migrate-check"], &all[..]].concat());
    // An example that proves something: the names are there, with pictures.
    assert!(said.contains("build ␛[8m␛]0;t␇⟦U+009B⟧31m⟦U+202E⟧␡"), "{said}");
    let red = run(folder, &["config", "validate", "wrong/.circleci/config.yml"], true);
    assert!(red.contains("\u{1b}["), "there are colors on a terminal: {red:?}");
}

/// Names of files, and what a script passes on.
#[test]
fn no_command_passes_on_control_characters_of_its_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (name, inner) = (format!("a{EVIL}"), format!("a{EVIL}/.circleci/config.yml"));
    let (_, right) = configurations().remove(0);
    fs::create_dir_all(folder.join(&name).join(".circleci")).unwrap();
    fs::write(folder.join(&inner), &right).unwrap();
    fs::create_dir_all(folder.join("parts/jobs")).unwrap();
    fs::write(folder.join(format!("parts/jobs/x{EVIL}.yml")), "a: [\n").unwrap();
    fs::write(folder.join(format!("parts/jobs/y{EVIL}.yml")), "- 1\n").unwrap();
    let url = format!("http://127.0.0.1:1/{EVIL}");
    for arguments in [
        &["config", "validate", &inner][..],
        &["config", "validate", &name],
        &["config", "validate", &format!("no{EVIL}")],
        &["config", "process", &inner, "--branch", EVIL],
        &["config", "validate", &inner, "--tag", EVIL],
        &["config", "validate", &inner, "--param", EVIL],
        &["config", "validate", &inner, "--param", &format!("{EVIL}=1")],
        &["config", "validate", &inner, "--pipeline-value", &format!("{EVIL}=1")],
        &["config", "validate", &inner, "--param-file", &inner],
        &["config", "validate", &inner, "--profile", EVIL],
        &["config", "validate", &inner, "--orbs", EVIL],
        &["config", "validate", &inner, "--lock", EVIL],
        &["config", "validate", &inner, &format!("--{EVIL}")],
        &["config", "migrate-check", &name],
        &["config", "migrate-check", &name, EVIL],
        &["config", "pack", "parts"],
        &["config", "code", EVIL],
        &["config", EVIL],
        &[EVIL],
        &["completions", EVIL],
        &["doctor", "--data", &name, EVIL],
        &["demo", "--port", EVIL],
        &["lsp", EVIL],
        &["orb", "publish", EVIL, EVIL],
        &["orb", "list", "--data", EVIL],
        &["orb", "info", EVIL, "--server", &url],
        &["serve", "--log", EVIL],
        &["serve", "--config", EVIL],
        &["serve", "--data", EVIL],
        &["serve", "--listen", EVIL],
        &["runner", "--server", EVIL],
        &["runner", "--name", EVIL],
        &["runner", "--resource-class", EVIL],
    ] {
        check(folder, arguments);
    }
}

#[test]
fn no_command_passes_on_control_characters_of_its_settings() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let write =
        |text: &str| fs::write(folder.join("roundel.toml"), text.replace('E', TOML)).unwrap();
    let serve = ["serve", "--config", "roundel.toml", "--data", ".", "--print-config"];
    for text in [
        "log = \"E\"\n",
        "\"E\" = 1\n",
        "[\"E\"]\nx = 1\n",
        "status_prefix = \"E\"\n",
        "public_url = \"http://E\"\ndatabase_url = \"sqlite:E\"\n",
        "[github]\nclient_id = \"E\"\nclient_secret = \"E\"\nknown_hosts_file = \"E\"\n",
        "[mail]\nfrom = \"E\"\nsmtp_url = \"E\"\n",
        "[runner]\nresource_classes = [\"E\"]\nname = \"E\"\n",
    ] {
        write(text);
        check(folder, &serve);
    }
    fs::write(folder.join("roundel.toml"), format!("log = {EVIL}\n# {EVIL}\n")).unwrap();
    check(folder, &serve);
    let mut command = Command::new(binary());
    let output = command.args(["config", "code"]).env("ROUNDEL_LOG", EVIL).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("␛[8m"), "{said:?}");
}
