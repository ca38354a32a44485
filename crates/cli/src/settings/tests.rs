//! What settings turn out to be, and what is said about those that are wrong.

use std::{fs, path::Path};

use super::{
    declaration::Program,
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
    assert!(
        error.contains("`--resource-class` is ``, which is a list with an empty item"),
        "{error}"
    );
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
        assert!(error.contains(&format!("`--{flag}` is ``, which is ")), "{flag}: {error}");
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
    assert!(case.variable("ROUNDEL_BIN", "x").values().warnings.is_empty());
}

#[test]
fn print_config_says_where_each_value_came_from_and_masks_secrets() {
    let case = Case::new(
        "database_url = \"postgres://u:hunter2@h/d\"\n[github]\nclient_id = \"x\"\n\
         client_secret = \"hunter2\"\n",
    );
    let text = print_config(&case.variable("ROUNDEL_SLOTS", "3").values());
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
    assert_eq!(line("# mail.from"), "# mail.from # not set");
    assert_eq!(line("# instance_key"), "# instance_key # made at the first start, in instance.key");
    assert!(text.parse::<toml::Table>().is_ok(), "it can be kept as a settings file: {text}");
}
