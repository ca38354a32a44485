//! What settings turn out to be, and what is said about those that are wrong.

use std::{fs, path::Path};

use clap::FromArgMatches as _;

use super::{
    declaration::Program,
    flags::{ReadsSettings, Runner, Serve, SettingFlags},
    given::{Flags, Variables},
    print::print_config,
    table::{forges::GITHUB, general, runner, services},
    values::Values,
};

/// A data directory with a settings file, and what is given besides.
struct Case {
    directory: tempfile::TempDir,
    flags: Flags,
    variables: Variables,
}

impl Case {
    fn new(file: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("roundel.toml"), file).unwrap();
        let data = directory.path().display().to_string();
        let flags = Flags::from([("data".to_owned(), vec![data])]);
        Self { directory, flags, variables: Variables::new() }
    }

    fn flag(mut self, name: &str, value: &str) -> Self {
        self.flags.entry(name.to_owned()).or_default().push(value.to_owned());
        self
    }

    /// Gives a flag that the case has already.
    fn replacing(mut self, name: &str, value: &str) -> Self {
        self.flags.insert(name.to_owned(), vec![value.to_owned()]);
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn values(&self) -> Values {
        Values::resolve(Program::Serve, &self.flags, &self.variables).unwrap()
    }

    /// What is wrong, with the directory as `DIR`.
    fn error(&self) -> String {
        let error = Values::resolve(Program::Serve, &self.flags, &self.variables).unwrap_err();
        error.to_string().replace(&self.path().display().to_string(), "DIR")
    }
}

#[test]
fn a_flag_wins_over_a_variable_a_variable_over_the_file_and_the_file_over_the_default() {
    let prefix = |case: &Case| {
        let values = case.values();
        let found = values.found(&general::STATUS_PREFIX.declaration).unwrap().clone();
        let origin = found.origin.to_string();
        (found.text, origin.replace(&case.path().display().to_string(), "DIR"))
    };
    let said = |text: &str, origin: &str| (text.to_owned(), origin.to_owned());
    assert_eq!(prefix(&Case::new("")), said("ci/roundel", "default"));
    let case = Case::new("\nstatus_prefix = \"file\"\n");
    assert_eq!(prefix(&case), said("file", "DIR/roundel.toml:2"));
    let case = case.variable("ROUNDEL_STATUS_PREFIX", "variable");
    assert_eq!(prefix(&case), said("variable", "variable ROUNDEL_STATUS_PREFIX"));
    let case = case.flag("status-prefix", "flag");
    assert_eq!(prefix(&case), said("flag", "flag --status-prefix"));
    let case = Case::new("status_prefix = \"file\"\n").variable("ROUNDEL_STATUS_PREFIX", "");
    assert_eq!(prefix(&case).0, "file", "an empty variable is one that is not set");
}

#[test]
fn a_wrong_value_is_named_as_it_was_given() {
    let flag = Case::new("").flag("listen", "zzz").error();
    assert_eq!(
        flag,
        "`--listen` is `zzz`, which is not an IP address and a port\n  an example: `--listen \
         0.0.0.0:8080`"
    );
    let variable = Case::new("").variable("ROUNDEL_LISTEN", "zzz").error();
    assert_eq!(
        variable,
        "`ROUNDEL_LISTEN` is `zzz`, which is not an IP address and a port\n  an example: \
         `ROUNDEL_LISTEN=0.0.0.0:8080`"
    );
    let line = Case::new("# where\nlisten = \"zzz\"\n").error();
    assert_eq!(
        line,
        "`listen` is `zzz`, which is not an IP address and a port
 --> DIR/roundel.toml:2:10
  |
2 | listen = \"zzz\"
  |          ^^^^^
  = an example: `listen = \"0.0.0.0:8080\"`"
    );
    let ftp = Case::new("").flag("public-url", "ftp://x").error();
    assert!(ftp.contains("`--public-url` is `ftp://x`, which is not an http(s) address"), "{ftp}");
    let email = Case::new("[mail]\nsmtp_url = \"bogus\"\nfrom = \"a@b.test\"\n").error();
    assert!(email.starts_with("`mail.smtp_url` is not the address of a mail server"), "{email}");
    assert!(!email.contains("bogus"), "an address of a mail server may hold a password: {email}");
}

/// Only secrets are hidden: a wrong value that is not shown cannot be found.
#[test]
fn what_is_not_secret_is_shown_where_it_is_wrong() {
    let url = Case::new("public_url = \"https://ci.example.org/?team=web\"\n").error();
    let said = "`public_url` is `https://ci.example.org/?team=***`, which is an address with `?`";
    assert!(url.starts_with(said), "{url}");
    let sender = Case::new("").flag("mail-from", "Roundel <ci@example.org").error();
    assert!(sender.starts_with("`--mail-from` is `Roundel <ci@example.org`, which is"), "{sender}");
    let secret = Case::new("").flag("public-url", "https://me:hush@ci.example.org").error();
    let said = "`--public-url` is `https://***@ci.example.org`, which is an address with";
    assert!(secret.starts_with(said), "{secret}");
}

/// Every commit status begins with it, on both forges.
#[test]
fn a_status_prefix_is_short_and_can_be_seen() {
    let error = |prefix: &str| Case::new("").flag("status-prefix", prefix).error();
    let long = error(&"x".repeat(2_000));
    assert!(long.starts_with("`--status-prefix` is `xxxx"), "{long}");
    assert!(long.contains("xx…`, which is longer than 100 characters\n"), "{long}");
    assert!(long.len() < 300, "the value is not repeated in full: {long}");
    for hidden in ["ci\u{202E}x", "ci\u{200B}", "ci\u{7f}"] {
        assert!(error(hidden).contains("which is "), "{hidden:?}");
    }
    assert!(error("ci\u{200B}").contains("which is a text with characters that cannot be seen"));
    assert!(error(" ci").contains("which is a text with a space at its beginning or its end"));
    let case = Case::new("").flag("status-prefix", &"x".repeat(100));
    assert!(case.values().found(&general::STATUS_PREFIX.declaration).is_some());
}

/// The server refuses longer ones, and the runner asked again without end.
#[test]
fn names_of_runners_and_classes_are_what_the_server_takes() {
    let name = |name: &str| Case::new("").flag("name", name).error();
    assert!(name(&"x".repeat(296)).contains("longer than 295 characters"));
    assert!(name("a\u{202E}b").contains("with characters that cannot be seen"));
    let class = |class: &str| Case::new("").flag("resource-class", class).error();
    assert!(class(&"x".repeat(201)).contains("longer than 200 characters"));
    let many: Vec<String> = (0..201).map(|number| format!("acme/{number}")).collect();
    assert!(class(&many.join("\n")).contains("more than 200 resource classes"));
}

#[test]
fn a_variable_that_is_not_utf_8_is_refused() {
    use std::os::unix::ffi::OsStringExt as _;
    let odd = |name: &str| (name.into(), std::ffi::OsString::from_vec(b"d\xff".to_vec()));
    let error = super::collected([odd("ROUNDEL_DATA")]).unwrap_err();
    assert_eq!(error.to_string(), "`ROUNDEL_DATA` is not UTF-8\n  write its value as UTF-8");
    assert_eq!(super::collected([odd("OTHER")]).unwrap().len(), 0);
}

/// The addresses in it may hold passwords, which are masked where they can be read.
#[test]
fn a_value_of_another_type_is_not_shown() {
    let error = Case::new("[orbs]\nurl_prefixes = [\"https://u:hunter2@a/\", 3]\n").error();
    assert!(error.contains("roundel.toml:2:") && !error.contains("hunter2"), "{error}");
}

#[test]
fn a_line_of_the_settings_file_is_not_shown_if_a_part_of_it_may_be_a_password() {
    let url = Case::new("public_url = \"https://u:s@ci.example.org/?token=hush\"\n").error();
    assert!(!url.contains("hush") && url.contains("roundel.toml:1:"), "{url}");
}

/// The driver would say what is wrong without the name of the setting.
#[test]
fn an_address_of_a_database_that_cannot_be_read_says_to_percent_encode() {
    for address in ["postgres://u:hu/sh@h/db", "postgres://u@h:port/db", "postgres://u/hush@h/db"] {
        let error = Case::new("").flag("database-url", address).error();
        assert!(error.starts_with("`--database-url` is an address that cannot be read"), "{error}");
        assert!(error.contains("percent-encode"), "{error}");
        assert!(!error.contains("hu"), "{error}");
    }
}

/// The driver names no setting, and says "configuration" twice.
#[test]
fn a_parameter_that_the_database_does_not_take_is_refused_with_the_setting() {
    for parameter in ["sslmode=bogus", "port=x", "statement-cache-capacity=many"] {
        let address = format!("postgres://u:hush@h/db?{parameter}");
        let error = Case::new("").flag("database-url", &address).error();
        let start =
            "`--database-url` is an address with a parameter that the driver does not take: ";
        assert!(error.starts_with(start), "{error}");
        assert!(!error.contains("configuration") && !error.contains("hush"), "{error}");
    }
    let right = "postgres://u@h/db?sslmode=verify-full&sslrootcert=/nowhere";
    Case::new("").flag("database-url", right).values();
}

/// Git would refuse every host, or trust none, on the first job.
#[test]
fn a_file_of_host_keys_is_read_before_the_server_starts() {
    let case = |bytes: &[u8]| {
        let case = Case::new("");
        let path = case.path().join("hosts");
        fs::write(&path, bytes).unwrap();
        case.flag("github-known-hosts-file", &path.display().to_string())
    };
    let key = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    for right in [
        format!("h ssh-ed25519 {key}\n"),
        format!("# h\n\n@cert-authority *.h,[h]:22 ecdsa-sha2-nistp256 {key} comment\n"),
        format!("|1|aGFzaA==|aGFzaA== sk-ssh-ed25519@openssh.com {key}"),
    ] {
        case(right.as_bytes()).values();
    }
    for (wrong, why) in [
        (&b"caf\xe9"[..], "not a readable file: it is not UTF-8"),
        (b"", "a file without a host key"),
        (b"# nothing\n", "a file without a host key"),
        (b"github.com\n", "a file whose line 1 is not `HOST TYPE KEY`"),
        (b"# c\nhello to the world\n", "a file whose line 2 is not `HOST TYPE KEY`"),
        (b"\x7fELF\x00\x01 a b c", "a file whose line 1 is not `HOST TYPE KEY`"),
    ] {
        let error = case(wrong).error();
        let start = format!("`--github-known-hosts-file` is `DIR/hosts`, which is {why}");
        assert!(error.starts_with(&start), "{error}");
    }
    let endless = Case::new("").flag("bitbucket-known-hosts-file", "/dev/zero").error();
    assert!(endless.contains("not a readable file: it is larger than 1 MiB"), "{endless}");
    for pinned in roundel_model::forge::ForgeKind::ALL.map(roundel_forge::host_keys::pinned) {
        case(pinned.as_bytes()).values();
    }
}

/// Cut, it would be another secret.
#[test]
fn a_secret_that_is_too_long_is_refused() {
    let case = Case::new("");
    let path = case.path().join("secret");
    fs::write(&path, "x".repeat(65_537)).unwrap();
    let error = case.flag("github-client-secret-file", &path.display().to_string()).error();
    assert!(error.contains("failed to read `DIR/secret`"), "{error}");
    assert!(error.contains("it is larger than 64 KiB"), "{error}");
    let endless = Case::new("").flag("instance-key-file", "/dev/zero").error();
    assert!(endless.contains("it is larger than 64 KiB"), "{endless}");
}

/// It was taken for two classes.
#[test]
fn an_item_of_a_list_has_one_line() {
    let command = <SettingFlags<Serve> as clap::Args>::augment_args(clap::Command::new("x"));
    let error = command.try_get_matches_from(["x", "--resource-class", "a\nb"]).unwrap_err();
    assert!(error.to_string().contains("repeat the flag for each item"), "{error}");
}

#[test]
fn a_section_that_is_written_as_a_setting_is_called_one() {
    let error = Case::new("github = 5\n").error();
    assert_eq!(
        error,
        "`github` is a section, and not a setting
 --> DIR/roundel.toml:1:1
  |
1 | github = …
  | ^^^^^^
  = write `[github]` on a line of its own, and its settings below it"
    );
}

/// Each would have become the name of a file.
#[test]
fn an_address_of_sqlite_is_a_path_and_nothing_else() {
    for (address, why) in [
        ("sqlite::memory:", "a database in memory"),
        ("sqlite://:memory:", "a database in memory"),
        ("sqlite:/srv/a.db?mode=ro", "an address with `?`"),
        ("sqlite:file:/srv/a.db", "an address within an address"),
        ("sqlite:", "without a file"),
        ("sqlite://", "without a file"),
    ] {
        let error = Case::new("").flag("database-url", address).error();
        assert!(error.starts_with(&format!("`--database-url` is {why}")), "{address}: {error}");
        assert!(error.contains("write `sqlite:PATH`"), "{address}: {error}");
        let example = "an example: `--database-url sqlite:/srv/roundel/roundel.db`";
        assert!(error.contains(example), "{address}: {error}");
    }
}

/// `--x-file` alone says nothing of what is in the file.
#[test]
fn the_help_of_a_flag_for_a_file_says_what_is_in_it() {
    let mut command = crate::command();
    for name in ["serve", "runner"] {
        let help = command.find_subcommand_mut(name).unwrap().render_long_help().to_string();
        assert!(!help.contains("holds it"), "{help}");
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = "--token-file <FILE> A file that holds the token with which runners claim jobs";
        assert!(help.contains(said), "{help}");
    }
}

#[test]
fn a_key_that_is_not_a_setting_says_what_was_meant() {
    assert_eq!(
        Case::new("listn = \"127.0.0.1:1\"\n").error(),
        "`listn` is not a setting
 --> DIR/roundel.toml:1:1
  |
1 | listn = …
  | ^^^^^
  = did you mean `listen`?"
    );
    let misplaced = Case::new("slots = 4\n").error();
    assert!(misplaced.ends_with("= `slots` belongs in the section `[runner]`"), "{misplaced}");
    let misplaced = Case::new("[mail]\nlisten = \"x\"\n").error();
    assert!(misplaced.ends_with("= `listen` belongs above the first section"), "{misplaced}");
    let section = Case::new("[githb]\nclient_id = \"x\"\n").error();
    assert!(section.contains("`githb` is not a setting"), "{section}");
    let unlike = Case::new("[github]\nwhatever = 1\n").error();
    assert!(
        unlike.contains(
            "[github] has client_id, client_secret, client_secret_file, web_url, api_url, \
             known_hosts_file"
        ),
        "{unlike}"
    );
    let secret = Case::new("[github]\nclient_secrte = \"hunter2\"\n").error();
    assert!(secret.contains("did you mean `github.client_secret`?"), "{secret}");
    assert!(!secret.contains("hunter2"), "{secret}");
}

/// An empty item is a mistake: alone it would mean "all of them", and with others it would be lost.
#[test]
fn an_empty_item_of_a_list_is_refused_in_each_place() {
    for list in ["[\"\"]", "[\"acme/gpu\", \" \"]"] {
        let error = Case::new(&format!("[runner]\nresource_classes = {list}\n")).error();
        assert!(error.contains("must be a list without empty items"), "{error}");
    }
    let error = Case::new("").flag("resource-class", "").error();
    assert!(error.starts_with("`--resource-class` is a list with an empty item\n"), "{error}");
    let case = Case::new("").flag("resource-class", "a").flag("resource-class", "");
    assert!(case.error().contains("a list with an empty item"));
    let error = Case::new("").variable("ROUNDEL_RESOURCE_CLASSES", ", ").error();
    assert!(error.contains("a list with an empty item"), "{error}");
    // To serve no class by name is to serve all of them, as without the setting.
    let none = Case::new("[runner]\nresource_classes = []\n");
    assert_eq!(none.values().get(&runner::RESOURCE_CLASSES).unwrap(), None);
}

/// Every address of the server begins at the top of its host.
#[test]
fn a_public_address_is_a_host_without_anything_behind_it() {
    for (address, why) in [
        ("https://example.com/ci", "with a path"),
        ("https://example.com/ci/", "with a path"),
        ("https://example.com/?a=1", "`?` or `#`"),
        ("https://example.com/#a", "`?` or `#`"),
        ("https://ada@example.com", "a user name"),
        ("https://ada:x@example.com", "a password"),
        ("ftp://example.com", "not an http(s) address"),
        ("file:///srv", "not an http(s) address"),
    ] {
        let error = Case::new("").flag("public-url", address).error();
        assert!(error.contains("`--public-url` is") && error.contains(why), "{address}: {error}");
    }
    for address in ["https://example.com", "http://127.0.0.1:8080/"] {
        let values = Case::new("").flag("public-url", address);
        assert!(values.values().get(&general::PUBLIC_URL).unwrap().is_some(), "{address}");
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let error = Case::new("listn = \"x\"\n[runner]\nslots = \"four\"\n")
        .variable("ROUNDEL_PUBLIC_URL", "ci")
        .error();
    assert!(
        error.starts_with("the settings have 3 problems\n\n`listn` is not a setting"),
        "{error}"
    );
    assert!(error.contains("`runner.slots` must be a number"), "{error}");
    assert!(error.contains("`ROUNDEL_PUBLIC_URL` is `ci`"), "{error}");
}

#[test]
fn a_file_that_is_not_toml_shows_the_line_but_never_a_secret() {
    let error = Case::new("listen = \"x\nlog = \"warn\"\n").error();
    assert!(error.contains(" --> DIR/roundel.toml:1:"), "{error}");
    assert!(error.contains("1 | listen = \"x"), "{error}");
    let error = Case::new("[github]\nclient_secret = hunter2\n").error();
    assert!(error.contains("roundel.toml:2:") && !error.contains("hunter2"), "{error}");
    let error = Case::new("[github]\nclient_secret = 7331\n").error();
    assert!(error.contains("must be a text in quotes") && !error.contains("7331"), "{error}");
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own_and_is_given_once() {
    let case = Case::new("[github]\nclient_id = \"x\"\n");
    let path = case.path().join("secret");
    fs::write(&path, "  hunter2\n").unwrap();
    let shown = path.display().to_string();
    let case = case.variable("ROUNDEL_GITHUB_CLIENT_SECRET_FILE", &shown);
    let secret = case.values().get(&GITHUB.client_secret).unwrap().unwrap();
    assert_eq!(secret.expose(), "hunter2");
    let both = case.variable("ROUNDEL_GITHUB_CLIENT_SECRET", "other").error();
    assert_eq!(
        both,
        "`ROUNDEL_GITHUB_CLIENT_SECRET` and `ROUNDEL_GITHUB_CLIENT_SECRET_FILE` are both set; keep \
         one"
    );
    let missing = Case::new("").flag("github-client-secret-file", "/nowhere/at/all").error();
    assert!(
        missing.starts_with("failed to read `/nowhere/at/all` (`--github-client-secret-file`): "),
        "{missing}"
    );
    // A flag wins over the file, whichever form each of them has.
    let file = "[orbs]\nregistry_token = \"of-the-file\"\n";
    let case = Case::new(file);
    fs::write(case.path().join("token"), "of-the-flag").unwrap();
    let token = case.path().join("token").display().to_string();
    let values = case.flag("orbs-registry-token-file", &token).values();
    let token = values.get(&services::ORBS_REGISTRY_TOKEN).unwrap().unwrap();
    assert_eq!(token.expose(), "of-the-flag");
}

#[test]
fn the_file_that_is_named_must_exist_and_may_name_the_data_directory() {
    let case = Case::new("");
    let missing = case.flag("config", "/nowhere/roundel.toml").error();
    assert_eq!(
        missing,
        "there is no settings file `/nowhere/roundel.toml`, which `--config` names"
    );
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("settings.toml");
    fs::write(&path, "data = \"/srv/elsewhere\"\n").unwrap();
    let flags = Flags::from([("config".to_owned(), vec![path.display().to_string()])]);
    let values = Values::resolve(Program::Serve, &flags, &Variables::new()).unwrap();
    assert_eq!(values.get(&general::DATA).unwrap().unwrap(), Path::new("/srv/elsewhere"));
    let database = values.get(&general::DATABASE_URL).unwrap().unwrap();
    assert_eq!(database.expose(), "sqlite:/srv/elsewhere/roundel.db");
}

#[test]
fn lists_and_switches_are_written_in_the_way_of_each_place() {
    let classes = |case: Case| case.values().get(&runner::RESOURCE_CLASSES).unwrap().unwrap();
    let expected = ["acme/gpu", "large"];
    assert_eq!(
        classes(Case::new("[runner]\nresource_classes = [\"acme/gpu\", \"large\"]")),
        expected
    );
    let case = Case::new("").variable("ROUNDEL_RESOURCE_CLASSES", "acme/gpu, large");
    assert_eq!(classes(case), expected);
    let case = Case::new("").flag("resource-class", "acme/gpu").flag("resource-class", "large");
    assert_eq!(classes(case), expected);
    let setuid = |case: Case| case.values().get(&runner::ALLOW_SETUID).unwrap().unwrap();
    assert!(!setuid(Case::new("")), "setuid programs work only where a setting says so");
    assert!(!setuid(Case::new("[runner]\nslots = 4\n")));
    assert!(setuid(Case::new("[runner]\nallow_setuid = true\n")));
    assert!(setuid(Case::new("").variable("ROUNDEL_ALLOW_SETUID", "1")));
    let case = Case::new("[runner]\nallow_setuid = true\n").flag("allow-setuid", "false");
    assert!(!setuid(case));
}

#[test]
fn an_empty_value_is_refused_where_it_is_given() {
    for flag in ["log", "name", "status-prefix", "orbs-registry"] {
        let error = Case::new("").flag(flag, "").error();
        assert!(error.starts_with(&format!("`--{flag}` is ")), "{flag}: {error}");
        assert!(!error.contains("``"), "{flag}: {error}");
    }
}

#[test]
fn a_log_filter_that_means_nothing_is_refused_with_what_was_meant() {
    let error = Case::new("").flag("log", "inof").error();
    assert!(error.contains("`--log` is `inof`, which is not a log filter"), "{error}");
    assert!(error.contains("did you mean `info`?"), "{error}");
    let error = Case::new("log = \"roundel_sever=debug\"\n").error();
    assert!(error.contains("did you mean `roundel_server`?"), "{error}");
}

#[test]
fn a_flag_with_a_password_and_a_misspelled_variable_are_warned_about() {
    let case = Case::new("").flag("database-url", "postgres://u:hunter2@h/d");
    let warnings = case.variable("ROUNDEL_LISTN", "x").values().warnings;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("`--database-url` shows a secret"), "{warnings:?}");
    assert!(warnings[1].contains("did you mean `ROUNDEL_LISTEN`?"), "{warnings:?}");
    let case = Case::new("").flag("database-url", "postgres://u@h/d");
    assert!(case.values().warnings.is_empty());
}

/// A setting that is named as its key, its flag or another product would name it has no effect, and a
/// server without email looks like any other.
#[test]
fn every_variable_that_no_command_reads_is_warned_about_with_what_was_meant() {
    let warnings = |name: &str, value: &str| {
        let warnings = Case::new("").variable(name, value).values().warnings;
        assert!(warnings.len() <= 1, "{name}: {warnings:?}");
        warnings.into_iter().next().unwrap_or_default()
    };
    for (name, near) in [
        ("ROUNDEL_SMTP_URL", "`ROUNDEL_MAIL_SMTP_URL`"),
        ("ROUNDEL_SMTP_URL_FILE", "`ROUNDEL_MAIL_SMTP_URL_FILE`"),
        ("ROUNDEL_RUNNER_SLOTS", "`ROUNDEL_SLOTS`"),
        ("ROUNDEL_RUNNER_TOKEN", "`ROUNDEL_TOKEN`"),
        ("ROUNDEL_RUNNER_TOKEN_FILE", "`ROUNDEL_TOKEN_FILE`"),
        ("ROUNDEL_RESOURCE_CLASS", "`ROUNDEL_RESOURCE_CLASSES`"),
        ("ROUNDEL_EMBEDDED", "`ROUNDEL_RUNNER_EMBEDDED`"),
        ("ROUNDEL_DB_URL", "`ROUNDEL_DATABASE_URL`"),
        ("ROUNDEL_GITHUB_ID", "`ROUNDEL_GITHUB_CLIENT_ID`"),
        ("ROUNDEL_FROM", "`ROUNDEL_MAIL_FROM`"),
        ("ROUNDEL_LISTN", "`ROUNDEL_LISTEN`"),
    ] {
        let said = format!("the variable `{name}` is not a setting; did you mean {near}?");
        assert_eq!(warnings(name, "x"), said);
    }
    assert_eq!(
        warnings("ROUNDEL_SECRET", "x"),
        "the variable `ROUNDEL_SECRET` is not a setting; did you mean \
         `ROUNDEL_BITBUCKET_CLIENT_SECRET` or `ROUNDEL_GITHUB_CLIENT_SECRET`?"
    );
    assert_eq!(
        warnings("ROUNDEL_WHATEVER", "x"),
        "the variable `ROUNDEL_WHATEVER` is not a setting, and has no effect"
    );
    assert_eq!(
        warnings("ROUNDEL_ORBS", "orbs"),
        "the variable `ROUNDEL_ORBS` is read by `roundel config` and `roundel lsp` only; `roundel serve` \
         takes orbs from `ROUNDEL_ORBS_DIRECTORY`"
    );
    // A setting of another command, and what describes a service of this name to its neighbors.
    for (name, value) in [
        ("ROUNDEL_SERVER", "https://ci.example.org"),
        ("ROUNDEL_SERVICE_HOST", "10.0.0.1"),
        ("ROUNDEL_SERVICE_PORT_HTTP", "8080"),
        ("ROUNDEL_PORT", "tcp://10.0.0.1:8080"),
        ("ROUNDEL_PORT_8080_TCP_ADDR", "10.0.0.1"),
    ] {
        assert_eq!(warnings(name, value), "");
    }
    // Not the URL that Kubernetes would put there.
    assert_eq!(
        warnings("ROUNDEL_PORT", "8080"),
        "the variable `ROUNDEL_PORT` is not a setting, and has no effect"
    );
}

/// Each of them was refused in words that named neither the setting nor what to do, or not at all.
#[test]
fn a_wrong_value_is_shown_as_it_is_and_the_advice_works() {
    let error = Case::new("").flag("status-prefix", "a\nb").error();
    assert!(
        error.starts_with("`--status-prefix` is `a\\nb`, which is not a single line"),
        "{error}"
    );
    let error = Case::new("").flag("runner-embedded", "maybe").error();
    assert!(error.ends_with("an example: `--runner-embedded=false`"), "{error}");
    let error = Case::new("").flag("slots", "-1").error();
    assert!(error.contains("`--slots` is `-1`, which is not a number from 0 to 1024"), "{error}");
    for class in ["a,b", "a b"] {
        let error = Case::new("").flag("resource-class", class).error();
        let said =
            format!("`--resource-class` is `{class}`, which is a resource class with a comma");
        assert!(error.starts_with(&said), "{error}");
    }
    let case = Case::new("");
    fs::write(case.path().join("instance.key"), "hush\n").unwrap();
    assert_eq!(
        case.error(),
        "the content of `DIR/instance.key` is not a key of 32 bytes in hex\n  restore the file from a \
         backup of the data directory, or delete it if this server never ran"
    );
    let values = Case::new("").values();
    let error = values.require(&services::SMTP_URL, "there is `mail.from`").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`mail.smtp_url` is missing: there is `mail.from`\n  set `mail.smtp_url` in the settings file, \
         `ROUNDEL_MAIL_SMTP_URL`, `--mail-smtp-url-file` to a file that holds it, or \
         `--mail-smtp-url` if there is no password in it"
    );
}

#[test]
fn what_does_not_fit_the_rest_names_the_setting_and_where_it_came_from() {
    let said = |case: Case| {
        let error = crate::serve::check(&case.values()).unwrap_err().to_string();
        error.replace(&case.path().display().to_string(), "DIR")
    };
    let help = "choose a longer one, such as what `openssl rand -hex 32` prints, or leave it out: the \
                server then makes one";
    assert_eq!(
        said(Case::new("").variable("ROUNDEL_ADMIN_TOKEN", "hush")),
        format!(
            "`admin_token` (variable ROUNDEL_ADMIN_TOKEN) has 4 characters, and needs 32 or more\n  \
             {help}"
        )
    );
    let case = Case::new("");
    let path = case.path().join("short").display().to_string();
    fs::write(&path, "hush").unwrap();
    assert_eq!(
        said(case.flag("token-file", &path)),
        format!(
            "`runner.token` (flag --token-file, `DIR/short`) has 4 characters, and needs 32 or more\n  \
             {help}"
        )
    );
    let token = said(Case::new("[orbs]\nregistry_token = \"x\"\n"));
    assert!(token.starts_with("`orbs.registry` is missing: there is a token"), "{token}");
}

/// Half of another installation started without a word: people signed in at one host, and the other got
/// their tokens.
#[test]
fn the_two_addresses_of_a_forge_are_of_one_installation() {
    let said = |lines: &str| {
        let file = format!("[github]\nclient_id = \"x\"\nclient_secret = \"y\"\n{lines}");
        let case = Case::new(&file);
        crate::serve::check(&case.values()).map_err(|error| error.to_string())
    };
    let web = "web_url = \"https://github.example.org\"\n";
    let api = "api_url = \"https://github.example.org/api/v3\"\n";
    let error = said(web).unwrap_err();
    assert!(
        error.starts_with("`github.web_url` (") && error.contains("`github.api_url`"),
        "{error}"
    );
    assert!(
        error.contains("which is on `api.github.com`\n  set `github.api_url` as well"),
        "{error}"
    );
    let error = said(api).unwrap_err();
    assert!(
        error.starts_with("`github.api_url` (") && error.contains("on `github.com`"),
        "{error}"
    );
    let public = "api_url = \"https://api.github.com/\"\n";
    assert!(said(&format!("{web}{public}")).is_err(), "written out, it is no better");
    assert!(said(&format!("{web}{api}")).is_ok() && said("").is_ok());
}

/// `--print-config` is there to find out what is missing.
#[test]
fn a_runner_that_cannot_start_yet_lists_what_is_missing() {
    let case = Case::new("");
    let values = Values::resolve(Program::Runner, &case.flags, &case.variables).unwrap();
    let text = print_config(&values);
    let line = |key: &str| text.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(
        line("# server ").ends_with("# missing: `roundel runner` does not start without it"),
        "{text}"
    );
}

/// An ellipsis with carets below it does not say what is wrong with a number.
#[test]
fn a_number_of_the_wrong_kind_is_shown_and_a_secret_is_not() {
    let error = Case::new("listen = 8080\n").error();
    assert!(error.contains("1 | listen = 8080\n") && error.contains("^^^^"), "{error}");
    let error = Case::new("public_url = [\"https://u:hush@h\"]\n").error();
    assert!(!error.contains("hush"), "{error}");
    let error = Case::new("admin_token = 12345678\n").error();
    assert!(!error.contains("12345678"), "{error}");
}

#[test]
fn a_number_below_zero_and_a_switch_with_a_space_are_read_as_values() {
    let given = |arguments: &[&str]| {
        let arguments = ["roundel", "serve"].iter().chain(arguments);
        let matches = crate::command().try_get_matches_from(arguments).unwrap();
        let (_, matches) = matches.subcommand().unwrap();
        let flags = SettingFlags::<Serve>::from_arg_matches(matches).unwrap();
        flags.given.into_iter().next().unwrap()
    };
    let said = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
    assert_eq!(given(&["--slots", "-1"]), said("slots", "-1"));
    assert_eq!(given(&["--runner-embedded", "false"]), said("runner-embedded", "false"));
    assert_eq!(given(&["--runner-embedded=false"]), said("runner-embedded", "false"));
    assert_eq!(given(&["--allow-setuid"]), said("allow-setuid", "true"));
}

#[test]
fn print_config_says_where_each_value_came_from_and_masks_secrets() {
    let case = Case::new(
        "database_url = \"postgres://u:hunter2@h/d\"\n[github]\nclient_id = \"x\"\n\
         client_secret = \"hunter2\"\n",
    );
    let case = case.variable("ROUNDEL_SLOTS", "3").variable("ROUNDEL_ALLOW_SETUID", "yes");
    let text = print_config(&case.values());
    assert!(!text.contains("hunter2"), "{text}");
    let line = |key: &str| {
        let mut lines = text.lines().filter(|line| line.starts_with(key));
        let line = lines.next().unwrap_or_else(|| panic!("no {key} in {text}"));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("runner.slots"), "runner.slots = 3 # variable ROUNDEL_SLOTS");
    assert!(line("github.client_secret").starts_with("github.client_secret = \"***\" # "));
    assert!(line("github.client_secret").ends_with("/roundel.toml:4"));
    assert!(line("database_url").starts_with("database_url = \"postgres://u:***@h/d\" # "));
    assert_eq!(line("listen"), "listen = \"127.0.0.1:8080\" # default");
    assert_eq!(
        line("runner.allow_setuid"),
        "runner.allow_setuid = true # variable ROUNDEL_ALLOW_SETUID"
    );
    assert_eq!(line("# mail.from"), "# mail.from # not set");
    assert_eq!(line("# instance_key"), "# instance_key # made at the first start, in instance.key");
    assert!(text.parse::<toml::Table>().is_ok(), "it can be kept as a settings file: {text}");
}

/// The flags of a command, as its command line is read.
fn flags_of<P: ReadsSettings>(arguments: &[&str]) -> Flags {
    let command = ["roundel", P::PROGRAM.name()];
    let line = command.iter().chain(arguments);
    let matches = crate::command().try_get_matches_from(line).unwrap();
    let (_, own) = matches.subcommand().unwrap();
    SettingFlags::<P>::from_arg_matches(own).unwrap().given
}

#[test]
fn a_list_is_given_by_repeating_its_flag_and_a_switch_by_its_name_alone() {
    let given = flags_of::<Serve>(&["--resource-class", "a", "--resource-class", "b/c"]);
    assert_eq!(given["resource-class"], ["a", "b/c"]);
    assert_eq!(flags_of::<Serve>(&["--allow-setuid"])["allow-setuid"], ["true"]);
    assert_eq!(flags_of::<Serve>(&["--runner-embedded=no"])["runner-embedded"], ["no"]);
}

/// A password in the query of an address is as visible as one before the `@`.
#[test]
fn an_address_with_a_password_in_a_flag_is_warned_about_wherever_the_password_is() {
    for address in [
        "postgres://u:hush@h/d",
        "postgres://u@h/d?password=hush",
        "postgres://u@h/d?Password=hush&sslmode=require",
    ] {
        let values = Case::new("").flag("database-url", address).values();
        let [warning] = values.warnings.as_slice() else { panic!("{:?}", values.warnings) };
        assert!(warning.starts_with("`--database-url` shows a secret"), "{warning}");
    }
    let plain = Case::new("").flag("database-url", "postgres://u@h/d?sslmode=require").values();
    assert_eq!(plain.warnings, <[String; 0]>::default());
}

#[test]
fn a_runner_is_not_said_to_make_the_token_that_it_needs() {
    let values = Values::resolve(Program::Runner, &Case::new("").flags, &Variables::new()).unwrap();
    let text = print_config(&values);
    let line = text.lines().find(|line| line.starts_with("# runner.token")).unwrap();
    assert!(line.ends_with("# missing: a copy of the server's"), "{line}");
}

#[test]
fn a_settings_file_without_end_is_refused() {
    let error = Case::new("").flag("config", "/dev/zero").error();
    assert_eq!(error, "failed to read the settings file `/dev/zero`: it is larger than 1 MiB");
}

/// Quotes are around what a user wrote.
#[test]
fn what_no_user_wrote_is_not_quoted() {
    let case = Case::new("");
    fs::create_dir(case.path().join("instance.key")).unwrap();
    let error = case.error();
    assert!(error.starts_with("failed to read `DIR/instance.key`: "), "{error}");
    let list = Case::new("").variable("ROUNDEL_RESOURCE_CLASSES", " , ").error();
    let said = "`ROUNDEL_RESOURCE_CLASSES` is a list with an empty item\n";
    assert!(list.starts_with(said), "{list}");
}

/// Command lines from before there were files for secrets still work; they say what to do instead.
#[test]
fn a_flag_that_takes_a_secret_works_and_warns_and_is_in_no_help() {
    let flags = flags_of::<Runner>(&["--token", "4be1c07d"]);
    let values = Values::resolve(Program::Runner, &flags, &Variables::new()).unwrap();
    assert_eq!(values.get(&runner::TOKEN).unwrap().unwrap().expose(), "4be1c07d");
    let [warning] = values.warnings.as_slice() else { panic!("{:?}", values.warnings) };
    assert!(warning.starts_with("`--token` shows a secret"), "{warning}");
    assert!(warning.contains("`--token-file`, `ROUNDEL_TOKEN`"), "{warning}");
    let mut command = crate::command();
    let help = command.find_subcommand_mut("runner").unwrap().render_long_help().to_string();
    assert!(help.contains("--token-file") && !help.contains("--token <"), "{help}");
    let serve = ["roundel", "serve", "--token", "4be1c07d"];
    // `serve` never had it.
    let error = crate::command().try_get_matches_from(serve).unwrap_err();
    assert_eq!(error.kind(), clap::error::ErrorKind::UnknownArgument, "{error}");
}

/// `--log` is a flag of every command, before its name or after it.
#[test]
fn the_flag_of_the_log_is_that_of_the_setting() {
    let matches = crate::command().try_get_matches_from(["roundel", "serve"]).unwrap();
    let (_, own) = matches.subcommand().unwrap();
    let given = SettingFlags::<Serve>::from_arg_matches(own).unwrap().with_log(Some("warn"));
    let values = Values::resolve(Program::Serve, &given, &Variables::new()).unwrap();
    let found = values.found(&general::LOG.declaration).unwrap();
    assert_eq!((found.text.as_str(), found.origin.to_string()), ("warn", "flag --log".to_owned()));
}

/// A value of the right form that cannot work is refused before anything starts.
#[test]
fn a_value_out_of_its_range_is_refused() {
    let case = Case::new("");
    let file = case.path().join("roundel.toml").display().to_string();
    for (flag, value, why) in [
        ("slots", "1025", "not a number from 0 to 1024"),
        ("slots", "-1", "not a number from 0 to 1024"),
        ("data", file.as_str(), "not a directory"),
        ("orbs-directory", "/nowhere/at/all", "not an existing directory"),
        ("orbs-directory", file.as_str(), "not an existing directory"),
        ("github-known-hosts-file", "/nowhere/at/all", "not a readable file"),
        ("database-url", "sqlite:a\u{7}b", "not a single line of text"),
        ("database-url", "postgres:host/db", "not `sqlite:PATH` or `postgres://"),
        ("orbs-url-prefix", "https://a.example.org\nftp://b", "not an http(s) address"),
    ] {
        let error = Case::new("").replacing(flag, value).error();
        assert!(error.contains(&format!("`--{flag}` is ")), "{flag} {value}: {error}");
        assert!(error.contains(why), "{flag} {value}: {error}");
    }
    assert_eq!(
        Case::new("").flag("slots", "1024").values().get(&runner::SLOTS).unwrap(),
        Some(1024)
    );
    for (variable, value, why) in [
        ("ROUNDEL_INSTANCE_KEY", "abcd", "a key of 2 bytes instead of 32"),
        ("ROUNDEL_INSTANCE_KEY", "hush", "not a key of 32 bytes in hex"),
        ("ROUNDEL_ADMIN_TOKEN", "hu sh", "not a token, which has no spaces"),
    ] {
        let error = Case::new("").variable(variable, value).error();
        assert!(error.contains(&format!("`{variable}` is {why}")), "{variable}: {error}");
        assert!(!error.contains(&format!("`{value}`")), "{variable}: {error}");
    }
}

/// What a file holds is checked like a value that is given, and shown no more than that.
#[test]
fn what_a_file_of_a_secret_holds_is_checked_and_not_shown() {
    let case = Case::new("");
    let path = case.path().join("key");
    fs::write(&path, "hunter2\n").unwrap();
    let error = case.flag("instance-key-file", &path.display().to_string()).error();
    assert_eq!(
        error,
        "the content of `DIR/key` (`--instance-key-file`) is not a key of 32 bytes in hex\n  what \
         belongs there: key of 32 bytes in hex"
    );
}

/// The key and the tokens that a server made at its first start are those of the second.
#[test]
fn what_was_made_at_the_first_start_is_read_at_the_next() {
    let case = Case::new("");
    let key = "6f".repeat(32);
    fs::write(case.path().join("instance.key"), format!("{key}\n")).unwrap();
    let values = case.values();
    assert_eq!(values.get(&general::INSTANCE_KEY).unwrap().unwrap().expose(), &[0x6f; 32]);
    let found = values.found(&general::INSTANCE_KEY.declaration).unwrap();
    assert_eq!(found.held_by.as_deref(), Some(&*case.path().join("instance.key")));
    let text = print_config(&values);
    assert!(text.contains("/instance.key)\n") && !text.contains(&key), "{text}");
    assert_eq!(values.get(&general::ADMIN_TOKEN).unwrap().map(|_| ()), None, "it was not made");
}

#[test]
fn the_settings_file_cannot_name_itself_and_must_be_a_file() {
    let error = Case::new("config = \"/etc/other.toml\"\n").error();
    assert!(error.starts_with("`config` is not a setting\n"), "{error}");
    let case = Case::new("");
    let text = print_config(&case.values());
    assert!(text.lines().any(|line| line.starts_with("# config = ")), "{text}");
    assert!(text.contains("roundel.toml\""), "{text}");
    let folder = case.path().display().to_string();
    let error = case.flag("config", &folder).error();
    assert!(error.starts_with("failed to read the settings file `DIR`: "), "{error}");
}

/// Environments mount what is below it: a relative path would be another one there.
#[test]
fn the_data_directory_is_absolute_wherever_the_server_starts() {
    for (program, name) in [(Program::Serve, "roundel-data"), (Program::Runner, "roundel-runner")] {
        let values = Values::resolve(program, &Flags::new(), &Variables::new()).unwrap();
        let data = values.get(&general::DATA).unwrap().unwrap();
        assert_eq!(data, std::env::current_dir().unwrap().join(name));
    }
}

/// "Any address" is where a server listens, not where it is reached.
#[test]
fn without_a_public_address_links_lead_to_this_machine() {
    for (listen, url) in [
        ("0.0.0.0:8080", "http://127.0.0.1:8080/"),
        ("[::]:8080", "http://127.0.0.1:8080/"),
        ("10.0.0.1:80", "http://10.0.0.1/"),
    ] {
        let values = Case::new("").flag("listen", listen).values();
        assert_eq!(values.get(&general::PUBLIC_URL).unwrap().unwrap().as_str(), url, "{listen}");
    }
}

#[test]
fn a_setting_that_is_missing_says_how_to_give_it() {
    let values = Case::new("").values();
    let error = values.require(&GITHUB.client_secret, "people sign in with it").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`github.client_secret` is missing: people sign in with it\n  set \
         `github.client_secret_file` in the settings file, `ROUNDEL_GITHUB_CLIENT_SECRET_FILE` or \
         `--github-client-secret-file` to a file that holds it"
    );
    let error = values.require(&GITHUB.client_id, "there is a secret").unwrap_err().to_string();
    assert!(error.ends_with("`ROUNDEL_GITHUB_CLIENT_ID` or `--github-client-id`"), "{error}");
}

/// The variable of a file is one, too, and a misspelled one would leave the default in place.
#[test]
fn a_misspelled_variable_of_a_file_is_warned_about() {
    let warnings = Case::new("").variable("ROUNDEL_TOKEN_FLIE", "/a").values().warnings;
    assert_eq!(
        warnings,
        ["the variable `ROUNDEL_TOKEN_FLIE` is not a setting; did you mean `ROUNDEL_TOKEN_FILE`?"]
    );
}
