//! `[mail]` and `[orbs]`: services outside that the server uses.

use std::path::PathBuf;

use roundel_model::secret::Secret;
use url::Url;

use super::super::{
    declaration::{Declaration, OPEN, Secrecy, Setting},
    kinds,
};

pub(crate) static SMTP_URL: Setting<Secret<String>> = Setting {
    kind: kinds::SMTP_URL,
    declaration: Declaration {
        key: "mail.smtp_url",
        flag: "mail-smtp-url",
        file_flag: Some("mail-smtp-url-file"),
        variable: "ROUNDEL_MAIL_SMTP_URL",
        about: "SMTP server; without it no email is sent",
        example: "smtps://user:password@mail.example.org",
        secrecy: Secrecy::MayHoldPassword,
        ..OPEN
    },
};

pub(crate) static SENDER: Setting<String> = Setting {
    kind: kinds::SENDER,
    declaration: Declaration {
        key: "mail.from",
        flag: "mail-from",
        variable: "ROUNDEL_MAIL_FROM",
        about: "The sender of email; needed with a mail server",
        example: "Roundel <ci@example.org>",
        ..OPEN
    },
};

pub(crate) static ORBS_DIRECTORY: Setting<PathBuf> = Setting {
    kind: kinds::EXISTING_DIRECTORY,
    declaration: Declaration {
        key: "orbs.directory",
        flag: "orbs-directory",
        variable: "ROUNDEL_ORBS_DIRECTORY",
        about: "A directory of packed orbs, `<namespace>/<name>/<version>.yml`",
        example: "/srv/orbs",
        ..OPEN
    },
};

pub(crate) static ORBS_REGISTRY: Setting<Url> = Setting {
    kind: kinds::WEB_URL,
    declaration: Declaration {
        key: "orbs.registry",
        flag: "orbs-registry",
        variable: "ROUNDEL_ORBS_REGISTRY",
        about: "Another Roundel server, which is asked for orbs that are not published here",
        example: "https://orbs.example.org",
        ..OPEN
    },
};

pub(crate) static ORBS_REGISTRY_TOKEN: Setting<Secret<String>> = Setting {
    kind: kinds::TOKEN,
    declaration: Declaration {
        key: "orbs.registry_token",
        flag: "orbs-registry-token",
        file_flag: Some("orbs-registry-token-file"),
        variable: "ROUNDEL_ORBS_REGISTRY_TOKEN",
        about: "The token for the other Roundel that `orbs.registry` names, if it asks for one",
        example: "7d1e5a90c3b84f26",
        secrecy: Secrecy::Secret,
        ..OPEN
    },
};

pub(crate) static ORBS_URL_PREFIXES: Setting<Vec<Url>> = Setting {
    kind: kinds::WEB_URLS,
    declaration: Declaration {
        key: "orbs.url_prefixes",
        flag: "orbs-url-prefix",
        variable: "ROUNDEL_ORBS_URL_PREFIXES",
        about: "Configurations may import orbs from addresses that begin with one of these",
        example: "https://orbs.example.org/team/",
        ..OPEN
    },
};
