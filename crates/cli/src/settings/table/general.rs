//! Settings that are in no section of the file: where things are, and how the server is reached.

use std::{net::SocketAddr, path::PathBuf};

use roundel_model::secret::Secret;
use url::Url;

use super::super::{
    declaration::{Declaration, Default, OPEN, Program, Secrecy, Setting},
    kinds,
};

/// Where a listener is reached on this machine.
fn loopback_url(listen: &str) -> String {
    let reachable = match listen.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_unspecified() => {
            SocketAddr::from(([127, 0, 0, 1], address.port())).to_string()
        }
        Ok(_) | Err(_) => listen.to_owned(),
    };
    format!("http://{reachable}/")
}

pub(crate) static DATA: Setting<PathBuf> = Setting {
    kind: kinds::DIRECTORY,
    declaration: Declaration {
        key: "data",
        flag: "data",
        variable: "ROUNDEL_DATA",
        about: "The data directory: database, keys, settings, and runner data",
        about_in: &[(Program::Runner, "The directory for the runner's data")],
        default: Default::Computed {
            words: "`roundel-data` for `serve` and `orb`, `roundel-runner` for `runner`",
            compute: |program, _| match program {
                Program::Serve | Program::Orb => "roundel-data".to_owned(),
                Program::Runner => "roundel-runner".to_owned(),
            },
        },
        default_in: &[
            (Program::Serve, "roundel-data"),
            (Program::Orb, "roundel-data"),
            (Program::Runner, "roundel-runner"),
        ],
        example: "/srv/roundel",
        programs: &[Program::Serve, Program::Runner, Program::Orb],
        ..OPEN
    },
};

pub(crate) static CONFIG: Setting<PathBuf> = Setting {
    kind: kinds::FILE,
    declaration: Declaration {
        key: "config",
        flag: "config",
        variable: "ROUNDEL_CONFIG",
        about: "The settings file, which can hold every setting but this one",
        default: Default::Computed {
            words: "`roundel.toml` in the data directory, if it exists",
            compute: |_, other| format!("{}/roundel.toml", other("data").unwrap_or_default()),
        },
        example: "/etc/roundel.toml",
        in_file: false,
        programs: &[Program::Serve, Program::Runner, Program::Orb],
        ..OPEN
    },
};

pub(crate) static LOG: Setting<String> = Setting {
    kind: kinds::LOG_FILTER,
    declaration: Declaration {
        key: "log",
        flag: "log",
        variable: "ROUNDEL_LOG",
        about: "What to log: `error`, `warn`, `info`, `debug`, or per module",
        default: Default::Fixed("info"),
        example: "info,roundel_server=debug",
        programs: &[Program::Serve, Program::Runner],
        ..OPEN
    },
};

pub(crate) static LISTEN: Setting<SocketAddr> = Setting {
    kind: kinds::ADDRESS,
    declaration: Declaration {
        key: "listen",
        flag: "listen",
        variable: "ROUNDEL_LISTEN",
        about: "Address and port to listen on",
        default: Default::Fixed("127.0.0.1:8080"),
        example: "0.0.0.0:8080",
        ..OPEN
    },
};

pub(crate) static PUBLIC_URL: Setting<Url> = Setting {
    kind: kinds::SITE_URL,
    declaration: Declaration {
        key: "public_url",
        flag: "public-url",
        variable: "ROUNDEL_PUBLIC_URL",
        about: "How browsers, GitHub and Bitbucket reach this server: an http(s) address without a path",
        default: Default::Computed {
            words: "`http://` and `listen`, with `127.0.0.1` in place of `0.0.0.0` or `[::]`",
            compute: |_, other| loopback_url(&other("listen").unwrap_or_default()),
        },
        example: "https://ci.example.org",
        ..OPEN
    },
};

pub(crate) static DATABASE_URL: Setting<Secret<String>> = Setting {
    kind: kinds::DATABASE_URL,
    declaration: Declaration {
        key: "database_url",
        flag: "database-url",
        file_flag: Some("database-url-file"),
        variable: "ROUNDEL_DATABASE_URL",
        about: "The database: `sqlite:PATH`, in a directory that exists, or `postgres://…`",
        default: Default::Computed {
            words: "SQLite, `roundel.db` in the data directory",
            compute: |_, other| format!("sqlite:{}/roundel.db", other("data").unwrap_or_default()),
        },
        example: "postgres://roundel@db.example.org/roundel",
        secrecy: Secrecy::MayHoldPassword,
        programs: &[Program::Serve, Program::Orb],
        ..OPEN
    },
};

pub(crate) static STATUS_PREFIX: Setting<String> = Setting {
    kind: kinds::STATUS_PREFIX,
    declaration: Declaration {
        key: "status_prefix",
        flag: "status-prefix",
        variable: "ROUNDEL_STATUS_PREFIX",
        about: "What the names of commit statuses begin with; `ci/circleci` keeps branch protection \
                rules that name CircleCI's; at most 100 characters",
        default: Default::Fixed("ci/roundel"),
        example: "ci/circleci",
        ..OPEN
    },
};

pub(crate) static INSTANCE_KEY: Setting<Secret<Vec<u8>>> = Setting {
    kind: kinds::KEY,
    declaration: Declaration {
        key: "instance_key",
        flag: "instance-key",
        file_flag: Some("instance-key-file"),
        variable: "ROUNDEL_INSTANCE_KEY",
        about: "The key that encrypts secrets in the database; without it they cannot be read",
        default: Default::Generated("instance.key"),
        example: "6f1d3c8a5b2e49f07a6d1c3e8b5f2a4970d6c1e3b8f5a2947d0c6e1b3f8a5d29",
        secrecy: Secrecy::Secret,
        programs: &[Program::Serve, Program::Orb],
        ..OPEN
    },
};

pub(crate) static ADMIN_TOKEN: Setting<Secret<String>> = Setting {
    kind: kinds::TOKEN,
    declaration: Declaration {
        key: "admin_token",
        flag: "admin-token",
        file_flag: Some("admin-token-file"),
        variable: "ROUNDEL_ADMIN_TOKEN",
        about: "The administrator's token, with which orbs are published over HTTP",
        default: Default::Generated("admin.token"),
        example: "c2f0a9d84e7b4c15a3d6f8e1b0927c5d",
        secrecy: Secrecy::Secret,
        programs: &[Program::Serve, Program::Orb],
        exposing_flag: Some((Program::Orb, "token")),
        ..OPEN
    },
};

pub(crate) static SERVER: Setting<Url> = Setting {
    kind: kinds::WEB_URL,
    declaration: Declaration {
        key: "server",
        flag: "server",
        variable: "ROUNDEL_SERVER",
        about: "Address of the server that a runner works for, and that `roundel orb` talks to \
                instead of the data directory on this machine",
        about_in: &[
            (Program::Runner, "Address of the server that the runner works for"),
            (
                Program::Orb,
                "Address of the server to talk to, instead of the data directory on this machine",
            ),
        ],
        default: Default::Unset,
        example: "https://ci.example.org",
        programs: &[Program::Runner, Program::Orb],
        needed_by: &[Program::Runner],
        ..OPEN
    },
};
