//! `[github]` and `[bitbucket]`: each is connected once it has a client id.

use roundel_model::{forge::ForgeKind, secret::Secret};
use url::Url;

use super::super::{
    declaration::{Declaration, Default, OPEN, Secrecy, Setting},
    kinds,
};

/// The settings of one of them.
pub(crate) struct Forge {
    pub(crate) kind: ForgeKind,
    pub(crate) client_id: Setting<String>,
    pub(crate) client_secret: Setting<Secret<String>>,
    pub(crate) web_url: Setting<Url>,
    pub(crate) api_url: Setting<Url>,
    pub(crate) known_hosts_file: Setting<String>,
}

/// `[github]`
pub(crate) static GITHUB: Forge = Forge {
    kind: ForgeKind::GitHub,
    client_id: Setting {
        kind: kinds::TEXT,
        declaration: Declaration {
            key: "github.client_id",
            flag: "github-client-id",
            variable: "ROUNDEL_GITHUB_CLIENT_ID",
            about: "Client ID of the OAuth app at GitHub; with it, GitHub is connected",
            example: "Ov23liExample",
            ..OPEN
        },
    },
    client_secret: Setting {
        kind: kinds::SECRET,
        declaration: Declaration {
            key: "github.client_secret",
            flag: "github-client-secret",
            file_flag: Some("github-client-secret-file"),
            variable: "ROUNDEL_GITHUB_CLIENT_SECRET",
            about: "The client secret of the OAuth app",
            example: "0123456789abcdef",
            secrecy: Secrecy::Secret,
            ..OPEN
        },
    },
    web_url: Setting {
        kind: kinds::WEB_URL,
        declaration: Declaration {
            key: "github.web_url",
            flag: "github-web-url",
            variable: "ROUNDEL_GITHUB_WEB_URL",
            about: "Web URL of GitHub; for another host than github.com, also set `github.api_url`",
            default: Default::Fixed("https://github.com"),
            example: "https://github.example.org",
            ..OPEN
        },
    },
    api_url: Setting {
        kind: kinds::WEB_URL,
        declaration: Declaration {
            key: "github.api_url",
            flag: "github-api-url",
            variable: "ROUNDEL_GITHUB_API_URL",
            about: "API URL of GitHub, of the same installation as `github.web_url`",
            default: Default::Fixed("https://api.github.com"),
            example: "https://github.example.org/api/v3",
            ..OPEN
        },
    },
    known_hosts_file: Setting {
        kind: kinds::KNOWN_HOSTS,
        declaration: Declaration {
            key: "github.known_hosts_file",
            flag: "github-known-hosts-file",
            variable: "ROUNDEL_GITHUB_KNOWN_HOSTS_FILE",
            about: "The host keys of its SSH server, as lines of `known_hosts`; without it, the \
                    published keys of github.com are used",
            example: "/etc/roundel/github.known_hosts",
            ..OPEN
        },
    },
};

/// `[bitbucket]`
pub(crate) static BITBUCKET: Forge = Forge {
    kind: ForgeKind::Bitbucket,
    client_id: Setting {
        kind: kinds::TEXT,
        declaration: Declaration {
            key: "bitbucket.client_id",
            flag: "bitbucket-client-id",
            variable: "ROUNDEL_BITBUCKET_CLIENT_ID",
            about: "Key of the OAuth consumer at Bitbucket; with it, Bitbucket is connected",
            example: "kJ4exampleConsumer",
            ..OPEN
        },
    },
    client_secret: Setting {
        kind: kinds::SECRET,
        declaration: Declaration {
            key: "bitbucket.client_secret",
            flag: "bitbucket-client-secret",
            file_flag: Some("bitbucket-client-secret-file"),
            variable: "ROUNDEL_BITBUCKET_CLIENT_SECRET",
            about: "The secret of the OAuth consumer",
            example: "0123456789abcdef",
            secrecy: Secrecy::Secret,
            ..OPEN
        },
    },
    web_url: Setting {
        kind: kinds::WEB_URL,
        declaration: Declaration {
            key: "bitbucket.web_url",
            flag: "bitbucket-web-url",
            variable: "ROUNDEL_BITBUCKET_WEB_URL",
            about: "Web URL of Bitbucket; for another host than bitbucket.org, also set `bitbucket.api_url`",
            default: Default::Fixed("https://bitbucket.org"),
            example: "https://bitbucket.example.org",
            ..OPEN
        },
    },
    api_url: Setting {
        kind: kinds::WEB_URL,
        declaration: Declaration {
            key: "bitbucket.api_url",
            flag: "bitbucket-api-url",
            variable: "ROUNDEL_BITBUCKET_API_URL",
            about: "API URL of Bitbucket, of the same installation as `bitbucket.web_url`",
            default: Default::Fixed("https://api.bitbucket.org/2.0"),
            example: "https://bitbucket.example.org/api/2.0",
            ..OPEN
        },
    },
    known_hosts_file: Setting {
        kind: kinds::KNOWN_HOSTS,
        declaration: Declaration {
            key: "bitbucket.known_hosts_file",
            flag: "bitbucket-known-hosts-file",
            variable: "ROUNDEL_BITBUCKET_KNOWN_HOSTS_FILE",
            about: "The host keys of its SSH server, as lines of `known_hosts`; without it, the \
                    published keys of bitbucket.org are used",
            example: "/etc/roundel/bitbucket.known_hosts",
            ..OPEN
        },
    },
};
