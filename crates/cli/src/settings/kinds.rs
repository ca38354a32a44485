//! How values are read: one constant for each kind.
//!
//! An error completes "which is …", and never repeats the value.

use std::{
    io::{self, Read as _},
    net::SocketAddr,
    path::PathBuf,
};

use roundel_model::{
    limits,
    secret::Secret,
    text::{is_hidden, size},
};
use roundel_server::EmailSettings;
use url::Url;

use super::{
    declaration::{Kind, Shape},
    literal, log_filter,
};

/// The most jobs at a time that one runner takes.
const SLOTS: u32 = 1024;

/// Characters of `-1024`, which the name of a slot ends with.
const SLOT_SUFFIX_CHARS: usize = 5;

pub(super) const ADDRESS: Kind<SocketAddr> = Kind {
    name: "address and port",
    shape: Shape::Text,
    parse: |text| text.parse().map_err(|_| "not an IP address and a port".to_owned()),
};

pub(super) const WEB_URL: Kind<Url> =
    Kind { name: "http(s) address", shape: Shape::Text, parse: web_url };

/// Where a server is reached. Its pages, hooks and callbacks are all at the top.
pub(super) const SITE_URL: Kind<Url> = Kind {
    name: "http(s) address without a path",
    shape: Shape::Text,
    parse: |text| {
        let url = web_url(text)?;
        if url.path() == "/" {
            return Ok(url);
        }
        Err("an address with a path, below which the server cannot be reached; give the server a host \
             name or a port of its own"
            .to_owned())
    },
};

pub(super) const WEB_URLS: Kind<Vec<Url>> = Kind {
    name: "http(s) addresses",
    shape: Shape::List,
    parse: |text| text.split('\n').map(web_url).collect(),
};

pub(super) const DATABASE_URL: Kind<Secret<String>> = Kind {
    name: "address of a database",
    shape: Shape::Text,
    parse: |text| match text.split_once(':') {
        Some(("sqlite", path)) => sqlite_path(path).map(|()| text.into()),
        Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
            check_database_url(text).map(|()| text.into())
        }
        _ => Err("not `sqlite:PATH` or `postgres://USER@HOST/DATABASE`".to_owned()),
    },
};

pub(super) const SMTP_URL: Kind<Secret<String>> = Kind {
    name: "address of a mail server",
    shape: Shape::Text,
    parse: |text| EmailSettings::check_smtp_url(text).map(|()| text.into()),
};

pub(super) const SENDER: Kind<String> = Kind {
    name: "email address",
    shape: Shape::Text,
    parse: |text| EmailSettings::check_sender(text).map(|()| text.to_owned()),
};

pub(super) const STATUS_PREFIX: Kind<String> = Kind {
    name: "text",
    shape: Shape::Text,
    parse: |text| visible_text(text, limits::STATUS_PREFIX_CHARS),
};

/// What the server takes from a runner as its name. Each slot appends its number.
pub(super) const RUNNER_NAME: Kind<String> = Kind {
    name: "text",
    shape: Shape::Text,
    parse: |text| visible_text(text, limits::RUNNER_NAME_CHARS - SLOT_SUFFIX_CHARS),
};

pub(super) const TEXT: Kind<String> = Kind { name: "text", shape: Shape::Text, parse: line };

pub(super) const RESOURCE_CLASSES: Kind<Vec<String>> = Kind {
    name: "list of strings",
    shape: Shape::List,
    parse: |text| {
        let classes: Vec<String> =
            text.split('\n').map(resource_class).collect::<Result<_, _>>()?;
        let most = limits::RESOURCE_CLASSES_PER_RUNNER;
        if classes.len() > most {
            Err(format!("more than {most} resource classes"))
        } else {
            Ok(classes)
        }
    },
};

pub(super) const SECRET: Kind<Secret<String>> =
    Kind { name: "text", shape: Shape::Text, parse: |text| line(text).map(Secret::new) };

pub(super) const TOKEN: Kind<Secret<String>> = Kind {
    name: "token",
    shape: Shape::Text,
    parse: |text| {
        if text.is_empty() {
            return Err("empty".to_owned());
        }
        let fits = text.chars().all(|c| c.is_ascii_graphic());
        if fits { Ok(text.into()) } else { Err("not a token, which has no spaces".to_owned()) }
    },
};

pub(super) const KEY: Kind<Secret<Vec<u8>>> = Kind {
    name: "key of 32 bytes in hex",
    shape: Shape::Text,
    parse: |text| match hex::decode(text) {
        Ok(bytes) if bytes.len() == 32 => Ok(Secret::new(bytes)),
        Ok(bytes) => Err(format!("a key of {} bytes instead of 32", bytes.len())),
        Err(_) => Err("not a key of 32 bytes in hex".to_owned()),
    },
};

pub(super) const DIRECTORY: Kind<PathBuf> = Kind {
    name: "directory",
    shape: Shape::Text,
    parse: |text| {
        // Environments mount what is below it, and their paths are those of the root.
        let path = std::path::absolute(path(text)?).map_err(|error| error.to_string())?;
        if path.exists() && !path.is_dir() { Err("not a directory".to_owned()) } else { Ok(path) }
    },
};

pub(super) const EXISTING_DIRECTORY: Kind<PathBuf> = Kind {
    name: "directory",
    shape: Shape::Text,
    parse: |text| {
        let path = path(text)?;
        if path.is_dir() { Ok(path) } else { Err("not an existing directory".to_owned()) }
    },
};

pub(super) const FILE: Kind<PathBuf> = Kind { name: "file", shape: Shape::Text, parse: path };

/// The lines of a file of host keys.
pub(super) const KNOWN_HOSTS: Kind<String> = Kind {
    name: "file",
    shape: Shape::Text,
    parse: |text| {
        let read = std::fs::File::open(path(text)?).and_then(|file| whole(file, KNOWN_HOSTS_BYTES));
        let lines = read.map_err(|error| format!("not a readable file: {error}"))?;
        check_known_hosts(&lines).map(|()| lines)
    },
};

/// Bytes of a file of host keys: more than thousand of them.
const KNOWN_HOSTS_BYTES: u64 = 1 << 20;

/// Reads all of a file, which may be a device without end.
pub(super) fn whole(file: std::fs::File, most: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > most) {
        return Err(io::Error::other(format!("it is larger than {}", size(most))));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}

/// Checks that each line has a host, the type of a key and a key, as `ssh-keyscan` writes them.
fn check_known_hosts(text: &str) -> Result<(), String> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    let mut keys = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).peekable();
    if keys.peek().is_none() {
        return Err("a file without a host key; `ssh-keyscan HOST` prints the lines".to_owned());
    }
    for (number, line) in keys {
        let mut words = line.split_ascii_whitespace().skip_while(|word| word.starts_with('@'));
        let (_host, kind, key) = (words.next(), words.next(), words.next());
        let is_kind =
            |kind: &str| ["ssh-", "ecdsa-", "sk-"].iter().any(|one| kind.starts_with(one));
        let is_key = |key: &str| {
            key.len() > 16 && key.chars().all(|c| c.is_ascii_alphanumeric() || "+/=".contains(c))
        };
        if !(kind.is_some_and(is_kind) && key.is_some_and(is_key)) {
            return Err(format!(
                "a file whose line {number} is not `HOST TYPE KEY`; `ssh-keyscan HOST` prints such \
                 lines"
            ));
        }
    }
    Ok(())
}

pub(super) const SLOT_COUNT: Kind<u32> = Kind {
    name: "number",
    shape: Shape::Number,
    parse: |text| match text.parse() {
        Ok(count) if count <= SLOTS => Ok(count),
        _ => Err(format!("not a number from 0 to {SLOTS}")),
    },
};

pub(super) const SWITCH: Kind<bool> = Kind {
    name: "true or false",
    shape: Shape::Switch,
    parse: |text| literal::truth(text).ok_or_else(|| "not `true` or `false`".to_owned()),
};

pub(super) const LOG_FILTER: Kind<String> = Kind {
    name: "log filter",
    shape: Shape::Text,
    parse: |text| log_filter::check(text).map(|()| text.to_owned()),
};

fn web_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "not an http(s) address".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("not an http(s) address".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "an address with a user name or a password, which does not belong here".to_owned()
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("an address with `?` or `#`, which does not belong here".to_owned());
    }
    Ok(url)
}

/// Checks the form of a PostgreSQL address. What is special in a password ends the host or begins the
/// path, and the driver then speaks of a port that was not written.
fn check_database_url(text: &str) -> Result<(), String> {
    let why = match Url::parse(text) {
        Ok(url) if url.path().contains('@') => "there is an `@` in its path".to_owned(),
        // The driver would say it without the name of the setting.
        Ok(url) => {
            return roundel_store::check_postgres_url(text).map_err(|why| {
                let has_mode = url.query_pairs().any(|(key, _)| key == "sslmode" || key == "ssl-mode");
                let modes = if has_mode {
                    "; `sslmode` is `disable`, `allow`, `prefer`, `require`, `verify-ca` or `verify-full`"
                } else {
                    ""
                };
                format!("an address with a parameter that the driver does not accept: {why}{modes}")
            });
        }
        Err(error) => error.to_string(),
    };
    Err(format!(
        "an address that cannot be read: {why}; percent-encode special characters of the user and the \
         password, `/` as `%2F` and `@` as `%40`, and write the port as a number"
    ))
}

/// Checks what follows `sqlite:`. Other programs take options and other names there; taken for the
/// name of a file, they would make a database that is not found again.
fn sqlite_path(path: &str) -> Result<(), String> {
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.trim().is_empty() {
        Err("without a file; write `sqlite:PATH`".to_owned())
    } else if path == ":memory:" {
        Err("a database in memory, and the server needs one that outlives it; write `sqlite:PATH`"
            .to_owned())
    } else if path.contains('?') {
        Err("an address with `?`, and there are no options for SQLite; write `sqlite:PATH`"
            .to_owned())
    } else if path.starts_with("file:") {
        Err("an address within an address; write `sqlite:PATH`".to_owned())
    } else {
        line(path).map(drop)
    }
}

/// No job can name one with a comma or a space: those are several, written as one.
fn resource_class(text: &str) -> Result<String, String> {
    if text.trim().contains(|c: char| c == ',' || c.is_whitespace()) {
        return Err("a resource class with a comma or a space; give several as one each".to_owned());
    }
    visible_text(text.trim(), limits::RESOURCE_CLASS_CHARS)
}

fn path(text: &str) -> Result<PathBuf, String> {
    line(text).map(PathBuf::from)
}

/// A text that pages and forges show.
fn visible_text(text: &str, most: usize) -> Result<String, String> {
    let text = line(text)?;
    if text.chars().any(is_hidden) {
        return Err("a text with characters that cannot be seen".to_owned());
    }
    if text.trim() != text {
        return Err("a text with a space at its beginning or its end".to_owned());
    }
    if text.chars().count() > most {
        return Err(format!("longer than {most} characters"));
    }
    Ok(text)
}

fn line(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        Err("empty".to_owned())
    } else if text.chars().any(char::is_control) {
        Err("not a single line of text".to_owned())
    } else {
        Ok(text.to_owned())
    }
}
