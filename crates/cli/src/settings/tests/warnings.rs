//! What is not a setting, and what is better given in another way.

use super::*;

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

/// The variable of a file is one, too, and a misspelled one would leave the default in place.
#[test]
fn a_misspelled_variable_of_a_file_is_warned_about() {
    let warnings = Case::new("").variable("ROUNDEL_TOKEN_FLIE", "/a").values().warnings;
    assert_eq!(
        warnings,
        ["the variable `ROUNDEL_TOKEN_FLIE` is not a setting; did you mean `ROUNDEL_TOKEN_FILE`?"]
    );
}
