//! Every setting, in every form in which it can be given, to the real binary.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use roundel_cli::settings::{
    declaration::{AnySetting, Declaration, Program, Secrecy, Shape},
    table::ALL,
};
use tempfile::TempDir;

use crate::installation::{binary, until};

/// A way to give a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Flag,
    FlagOfFile,
    Variable,
    VariableOfFile,
    Line,
    LineOfFile,
}

const FORMS: [Form; 6] = [
    Form::Flag,
    Form::FlagOfFile,
    Form::Variable,
    Form::VariableOfFile,
    Form::Line,
    Form::LineOfFile,
];

impl Form {
    /// Whether a setting can be given in this form.
    fn exists(self, declaration: &Declaration) -> bool {
        match self {
            Self::Flag => declaration.secrecy != Secrecy::Secret,
            Self::Variable => true,
            Self::Line => declaration.in_file,
            Self::FlagOfFile | Self::VariableOfFile => declaration.has_file_form(),
            Self::LineOfFile => declaration.in_file && declaration.has_file_form(),
        }
    }

    fn is_of_file(self) -> bool {
        matches!(self, Self::FlagOfFile | Self::VariableOfFile | Self::LineOfFile)
    }

    /// The name under which messages must know it.
    fn name(self, declaration: &Declaration) -> String {
        match self {
            Self::Flag => format!("--{}", declaration.flag),
            Self::FlagOfFile => format!("--{}-file", declaration.flag),
            Self::Variable => declaration.variable.to_owned(),
            Self::VariableOfFile => format!("{}_FILE", declaration.variable),
            Self::Line => declaration.key.to_owned(),
            Self::LineOfFile => format!("{}_file", declaration.key),
        }
    }
}

/// A start of the program: what it is given, and a directory for files that this needs.
struct Start {
    folder: TempDir,
    command: Command,
    lines: Vec<(String, String)>,
    config: Option<PathBuf>,
}

impl Start {
    fn of(program: Program) -> Self {
        let folder = tempfile::Builder::new().prefix("settings-").tempdir().unwrap();
        let mut command = Command::new(binary());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ROUNDEL_") {
                command.env_remove(name);
            }
        }
        command.current_dir(folder.path()).arg(program.name()).stdin(Stdio::null());
        Self { folder, command, lines: Vec::new(), config: None }
    }

    fn give(&mut self, setting: &dyn AnySetting, form: Form, value: &str) {
        let declaration = setting.declaration();
        let name = form.name(declaration);
        let value = if form.is_of_file() {
            let path = self.folder.path().join(format!("held-{}", declaration.key));
            fs::write(&path, format!("{value}\n")).unwrap();
            path.display().to_string()
        } else {
            value.to_owned()
        };
        match form {
            Form::Flag if setting.shape() == Shape::Switch => {
                self.command.arg(format!("{name}={value}"));
            }
            Form::Flag | Form::FlagOfFile => {
                self.command.args([name, value]);
            }
            Form::Variable | Form::VariableOfFile => {
                self.command.env(name, value);
            }
            Form::Line | Form::LineOfFile => {
                let shape = if form.is_of_file() { Shape::Text } else { setting.shape() };
                self.lines.push((name, toml(&value, shape)));
            }
        }
    }

    /// Writes the settings file and names it.
    fn write(&mut self) {
        let path = self.folder.path().join("settings.toml");
        let lines = self.lines.iter().map(|(key, value)| format!("{key} = {value}"));
        let text = lines.collect::<Vec<_>>().join(
            "
",
        );
        fs::write(&path, text).unwrap();
        if !self.lines.is_empty() && self.config.is_none() {
            self.command.arg("--config").arg(&path);
            self.config = Some(path);
        }
    }

    fn output(&mut self) -> Output {
        self.write();
        self.command.output().unwrap()
    }
}

fn toml(value: &str, shape: Shape) -> String {
    let quoted = toml::Value::from(value).to_string();
    match shape {
        Shape::Text => quoted,
        Shape::Number | Shape::Switch => value.to_owned(),
        Shape::List => format!("[{quoted}]"),
    }
}

/// A value that works on the machine of the test, and is not the default.
fn value(setting: &dyn AnySetting, folder: &Path) -> String {
    let declaration = setting.declaration();
    match setting.kind_name() {
        "directory" => {
            let path = folder.join(format!("dir-{}", declaration.key));
            fs::create_dir_all(&path).unwrap();
            path.display().to_string()
        }
        "file" => {
            let path = folder.join(format!("file-{}", declaration.key));
            let text = if declaration.key.ends_with("known_hosts_file") { HOST_KEY } else { "" };
            fs::write(&path, text).unwrap();
            path.display().to_string()
        }
        _ => declaration.example.to_owned(),
    }
}

/// A line of a file of known hosts.
const HOST_KEY: &str = "forge.example.org ssh-ed25519 \
                        AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl\n";

fn settings_of(program: Program) -> impl Iterator<Item = &'static dyn AnySetting> {
    ALL.iter().copied().filter(move |one| one.declaration().programs.contains(&program))
}

/// Gives what else must be there when a setting is.
fn complete(start: &mut Start, key: &str, program: Program) {
    let given: &[&str] = match (key, program) {
        ("github.client_id", _) => &["github.client_secret"],
        ("github.client_secret", _) => &["github.client_id"],
        ("bitbucket.client_id", _) => &["bitbucket.client_secret"],
        ("bitbucket.client_secret", _) => &["bitbucket.client_id"],
        ("mail.smtp_url", _) => &["mail.from"],
        ("mail.from", _) => &["mail.smtp_url"],
        ("orbs.registry_token", _) => &["orbs.registry"],
        ("server", Program::Runner) => &["runner.token"],
        ("runner.token", Program::Runner) => &["server"],
        (_, Program::Runner) => &["server", "runner.token"],
        (_, Program::Serve | Program::Orb) => &[],
    };
    for setting in ALL.iter().filter(|one| given.contains(&one.declaration().key)) {
        start.give(*setting, Form::Variable, setting.declaration().example);
    }
}

/// "A setting is a flag, an environment variable, or a line of a settings file."
#[test]
fn every_setting_can_be_given_in_every_form_and_print_config_says_in_which() {
    let mut tried = 0;
    for program in [Program::Serve, Program::Runner] {
        for setting in settings_of(program) {
            let declaration = setting.declaration();
            for form in FORMS.into_iter().filter(|form| form.exists(declaration)) {
                let mut start = Start::of(program);
                let value = value(setting, start.folder.path());
                start.give(setting, form, &value);
                complete(&mut start, declaration.key, program);
                start.command.arg("--print-config");
                let output = start.output();
                let text = String::from_utf8(output.stdout).unwrap();
                let case = format!("{} {form:?} {}", program.name(), declaration.key);
                let errors = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(0), "{case}: {errors}");
                check_line(&text, setting, form, &value, &case);
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried}");
}

/// It is there to find out what is missing, so that must not keep it from the rest.
#[test]
fn print_config_of_a_runner_works_before_there_is_a_server() {
    let mut start = Start::of(Program::Runner);
    start.command.arg("--print-config");
    let output = start.output();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("# missing: `roundel runner` does not start without it"), "{text}");
}

fn check_line(text: &str, setting: &dyn AnySetting, form: Form, value: &str, case: &str) {
    let declaration = setting.declaration();
    let key = format!("{} = ", declaration.key);
    let line = text.lines().find(|line| line.trim_start_matches("# ").starts_with(&key));
    assert!(line.is_some(), "{case}: no line in\n{text}");
    let line = line.unwrap();
    let origin = line.rsplit_once("  # ").unwrap().1;
    match form {
        Form::Flag => assert_eq!(origin, format!("flag --{}", declaration.flag), "{case}"),
        Form::FlagOfFile => {
            assert!(origin.starts_with(&format!("flag --{}-file (", declaration.flag)), "{case}");
        }
        Form::Variable => {
            assert_eq!(origin, format!("variable {}", declaration.variable), "{case}");
        }
        Form::VariableOfFile => {
            let start = format!("variable {}_FILE (", declaration.variable);
            assert!(origin.starts_with(&start), "{case}: {origin}");
        }
        Form::Line => assert!(origin.ends_with("settings.toml:1"), "{case}: {origin}"),
        Form::LineOfFile => assert!(origin.contains("settings.toml:1 ("), "{case}: {origin}"),
    }
    let shown = toml(value, setting.shape());
    match declaration.secrecy {
        Secrecy::Open => assert!(line.contains(&shown), "{case}: {line}"),
        Secrecy::Secret => {
            assert!(!text.contains(value) && line.contains("\"***\""), "{case}: {line}");
        }
        Secrecy::MayHoldPassword => {
            assert!(!text.contains(":password@"), "{case}: {line}");
            let masked = value.replace(":password@", ":***@");
            assert!(line.contains(&masked), "{case}: {line}");
        }
    }
}

/// A message that names `--listen` for a variable sends people to the wrong place.
#[test]
fn a_wrong_value_of_every_setting_is_refused_and_named_in_the_form_in_which_it_was_given() {
    let program = Program::Serve;
    for setting in settings_of(program) {
        let declaration = setting.declaration();
        for form in FORMS.into_iter().filter(|form| form.exists(declaration)) {
            // A switch or a number that is not one is not TOML, or of the wrong type.
            if form == Form::Line && matches!(setting.shape(), Shape::Switch | Shape::Number) {
                continue;
            }
            let mut start = Start::of(program);
            let wrong = if declaration.key == "log" { "a=b=c" } else { "\u{7}" };
            start.give(setting, form, wrong);
            start.command.arg("--print-config");
            let output = start.output();
            let case = format!("{form:?} {}", declaration.key);
            assert_eq!(output.status.code(), Some(2), "{case}");
            let errors = String::from_utf8(output.stderr).unwrap();
            let name = format!("`{}`", form.name(declaration));
            assert!(errors.contains(&name), "{case}: {errors}");
        }
    }
}

/// A server that is up. It ends with the test.
struct RunningServer {
    child: Child,
    start: Start,
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Starts a server with every setting, each in the wanted form if it has it, or else in another.
async fn serve(wanted: Form, second: Form) -> (RunningServer, String) {
    let mut start = Start::of(Program::Serve);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    for setting in settings_of(Program::Serve) {
        let declaration = setting.declaration();
        let form = if wanted.exists(declaration) { wanted } else { second };
        let path = start.folder.path().to_owned();
        let value = match declaration.key {
            // The one that lines are in is named when it is written.
            "config" => continue,
            "listen" => format!("127.0.0.1:{port}"),
            "public_url" => url.clone(),
            "database_url" => format!("sqlite:{}", path.join("other.db").display()),
            _ => value(setting, &path),
        };
        if form.exists(declaration) {
            start.give(setting, form, &value);
        } else {
            start.give(setting, Form::Variable, &value);
        }
    }
    start.write();
    let child = start.command.stdout(Stdio::null()).spawn().unwrap();
    let up = RunningServer { child, start };
    let health = format!("{url}/healthz");
    until("the server answers", async || {
        reqwest::get(&health).await.is_ok_and(|answer| answer.status().is_success())
    })
    .await;
    (up, url)
}

async fn text(url: String) -> String {
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

/// The real server, once with every setting as a flag, once as a variable, once as a line; secrets
/// also from files. What can be seen from outside is checked.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_starts_with_all_settings_in_each_form_and_uses_them() {
    for (wanted, second) in [
        (Form::Flag, Form::FlagOfFile),
        (Form::Variable, Form::Variable),
        (Form::Line, Form::Line),
        (Form::VariableOfFile, Form::Variable),
        (Form::LineOfFile, Form::Line),
    ] {
        let (up, url) = serve(wanted, second).await;
        let folder = up.start.folder.path();
        let data = folder.join("dir-data");
        assert!(folder.join("other.db").exists(), "{wanted:?}: the database");
        for key in ["instance.key", "admin.token", "runner.token"] {
            assert!(!data.join(key).exists(), "{wanted:?}: {key} was given and is not made");
        }
        let login = text(format!("{url}/login")).await;
        assert!(login.contains("GitHub") && login.contains("Bitbucket"), "{wanted:?}: {login}");
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let client = client.build().unwrap();
        for (forge, address) in [
            ("github", "https://github.example.org/"),
            ("bitbucket", "https://bitbucket.example.org/"),
        ] {
            let answer = client.get(format!("{url}/login/{forge}")).send().await.unwrap();
            let to = answer.headers()["location"].to_str().unwrap();
            assert!(to.starts_with(address), "{wanted:?}: {to}");
            let id = ALL.iter().find(|one| one.declaration().key == format!("{forge}.client_id"));
            assert!(to.contains(id.unwrap().declaration().example), "{wanted:?}: {to}");
        }
        let token = ALL.iter().find(|one| one.declaration().key == "admin_token").unwrap();
        let publish = client
            .put(format!("{url}/api/roundel/v1/orbs/acme/tools/1.0.0?organization=github/acme"))
            .bearer_auth(token.declaration().example)
            .body("commands: {}\n");
        let status = publish.send().await.unwrap().status();
        assert_ne!(status, reqwest::StatusCode::UNAUTHORIZED, "{wanted:?}: the token is known");
        assert_ne!(status, reqwest::StatusCode::FORBIDDEN, "{wanted:?}: the token is known");
    }
}
