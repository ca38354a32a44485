//! What a value may be, and what is said about one that is wrong.

use super::*;

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
    let error = super::super::collected([odd("ROUNDEL_DATA")]).unwrap_err();
    assert_eq!(error.to_string(), "`ROUNDEL_DATA` is not UTF-8\n  write its value as UTF-8");
    assert_eq!(super::super::collected([odd("OTHER")]).unwrap().len(), 0);
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
            "`--database-url` is an address with a parameter that the driver does not accept: ";
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
    let error = values.require(&services::SMTP_URL, "`mail.from` is set").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`mail.smtp_url` is missing: `mail.from` is set\n  set `mail.smtp_url` in the settings file, \
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
                server then generates one";
    assert_eq!(
        said(Case::new("").variable("ROUNDEL_ADMIN_TOKEN", "hush")),
        format!(
            "`admin_token` (variable ROUNDEL_ADMIN_TOKEN) has 4 characters, and needs 32 or more\n  \
             {help}"
        )
    );
    let case = Case::new("");
    fs::write(case.path().join("runner.token"), "hush").unwrap();
    assert_eq!(
        said(case),
        "`runner.token` (default, `DIR/runner.token`) has 4 characters, and needs 32 or more\n  choose a \
         longer one, such as what `openssl rand -hex 32` prints, or delete the file: the server then \
         generates one"
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
