//! Every setting there is, in the order in which the documentation lists them.

pub(crate) mod forges;
pub(crate) mod general;
pub(crate) mod runner;
pub(crate) mod services;

use super::declaration::AnySetting;
use forges::{BITBUCKET, GITHUB};

/// All settings.
pub static ALL: &[&dyn AnySetting] = &[
    &general::DATA,
    &general::CONFIG,
    &general::LISTEN,
    &general::PUBLIC_URL,
    &general::DATABASE_URL,
    &general::STATUS_PREFIX,
    &general::LOG,
    &general::INSTANCE_KEY,
    &general::ADMIN_TOKEN,
    &general::SERVER,
    &GITHUB.client_id,
    &GITHUB.client_secret,
    &GITHUB.web_url,
    &GITHUB.api_url,
    &GITHUB.known_hosts_file,
    &BITBUCKET.client_id,
    &BITBUCKET.client_secret,
    &BITBUCKET.web_url,
    &BITBUCKET.api_url,
    &BITBUCKET.known_hosts_file,
    &services::SMTP_URL,
    &services::SENDER,
    &services::ORBS_DIRECTORY,
    &services::ORBS_REGISTRY,
    &services::ORBS_REGISTRY_TOKEN,
    &services::ORBS_URL_PREFIXES,
    &runner::EMBEDDED,
    &runner::SLOTS,
    &runner::ALLOW_SETUID,
    &runner::NAME,
    &runner::RESOURCE_CLASSES,
    &runner::TOKEN,
];

/// The sections of the file with a sentence on each; the first has no name.
pub const SECTIONS: &[(&str, &str)] = &[
    ("", "The server, and where things are"),
    ("github", "GitHub, or GitHub Enterprise Server"),
    ("bitbucket", "Bitbucket Cloud"),
    ("mail", "Email"),
    ("orbs", "Where orbs come from, besides those that are published here"),
    ("runner", "Runner"),
];
