//! Where a value comes from, and what is missing.

use super::*;

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
fn a_file_that_is_not_toml_shows_the_line_but_never_a_secret() {
    let error = Case::new("listen = \"x\nlog = \"warn\"\n").error();
    assert!(error.contains(" --> DIR/roundel.toml:1:"), "{error}");
    assert!(error.contains("1 | listen = \"x"), "{error}");
    let error = Case::new("[github]\nclient_secret = hunter2\n").error();
    assert!(error.contains("roundel.toml:2:") && !error.contains("hunter2"), "{error}");
    let error = Case::new("[github]\nclient_secret = 7331\n").error();
    assert!(error.contains("must be a string in quotes") && !error.contains("7331"), "{error}");
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
    assert_eq!(
        line("# instance_key"),
        "# instance_key # generated at the first start, in instance.key"
    );
    assert!(text.parse::<toml::Table>().is_ok(), "it can be kept as a settings file: {text}");
}

#[test]
fn a_list_is_given_by_repeating_its_flag_and_a_switch_by_its_name_alone() {
    let given = flags_of::<Serve>(&["--resource-class", "a", "--resource-class", "b/c"]);
    assert_eq!(given["resource-class"], ["a", "b/c"]);
    assert_eq!(flags_of::<Serve>(&["--allow-setuid"])["allow-setuid"], ["true"]);
    assert_eq!(flags_of::<Serve>(&["--runner-embedded=no"])["runner-embedded"], ["no"]);
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

/// What a file holds is checked like a value that is given, and shown no more than that.
#[test]
fn what_a_file_of_a_secret_holds_is_checked_and_not_shown() {
    let case = Case::new("");
    let path = case.path().join("key");
    fs::write(&path, "hunter2\n").unwrap();
    let error = case.flag("instance-key-file", &path.display().to_string()).error();
    assert_eq!(
        error,
        "the content of `DIR/key` (`--instance-key-file`) is not a key of 32 bytes in hex\n  \
         expected: key of 32 bytes in hex"
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
    // All of its settings were left out, without a word.
    let case = Case::new("");
    let file = case.path().join("roundel.toml");
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("moved.toml", &file).unwrap();
    let error = case.error();
    assert!(error.ends_with("is a symbolic link to a file that does not exist"), "{error}");
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
