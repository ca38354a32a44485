//! The settings of `roundel serve`, as the server and the embedded runner take them.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use roundel_forge::{ForgeSettings, RetryPolicy};
use roundel_server::{EmailSettings, Settings, orbs};
use url::Url;

use crate::settings::{
    declaration::{Default, Setting},
    given::Origin,
    keys,
    table::{
        forges::{BITBUCKET, Forge, GITHUB},
        general, runner, services,
    },
    values::{Found, Values},
};

/// The shortest token that can be chosen; what the server makes has 64 characters.
const TOKEN_CHARACTERS: usize = 32;

/// Checks combinations of settings. Changes nothing on disk.
pub(crate) fn check(values: &Values) -> Result<()> {
    forges(values)?;
    email(values)?;
    let has_port = values.get(&general::LISTEN)?.is_none_or(|address| address.port() != 0);
    let public_url = values.found(&general::PUBLIC_URL.declaration);
    if !has_port && public_url.is_none_or(|found| found.origin == Origin::Default) {
        let help =
            "give `public_url` as well, or a port: links, webhooks and sign-ins need the address";
        return Err(values
            .refusal(&general::LISTEN.declaration, "has no port of its own", help)
            .into());
    }
    if values.get(&services::ORBS_REGISTRY_TOKEN)?.is_some() {
        values.require(&services::ORBS_REGISTRY, "there is a token, but not for which registry")?;
    }
    for setting in [&general::ADMIN_TOKEN, &runner::TOKEN] {
        let Some(token) = values.get(setting)? else { continue };
        let length = token.expose().chars().count();
        if length < TOKEN_CHARACTERS {
            let what = format!("has {length} characters, and needs {TOKEN_CHARACTERS} or more");
            let choose = "choose a longer one, such as what `openssl rand -hex 32` prints";
            let help = match values.found(&setting.declaration) {
                Some(Found { origin: Origin::Default, held_by: Some(_), .. }) => {
                    format!("{choose}, or delete the file: the server then generates one")
                }
                _ => format!("{choose}, or leave it out: the server then generates one"),
            };
            return Err(values.refusal(&setting.declaration, &what, &help).into());
        }
    }
    Ok(())
}

/// Returns the settings of the server. Makes the keys that are not there.
pub(super) fn server(values: &Values) -> Result<Settings> {
    let need = "the server cannot start without it";
    data_directory(values)?;
    let instance_key = generated(values, &general::INSTANCE_KEY)?;
    Ok(Settings {
        listen: values.require(&general::LISTEN, need)?,
        public_url: values.require(&general::PUBLIC_URL, need)?,
        database_url: values.require(&general::DATABASE_URL, need)?.expose().clone(),
        pace: roundel_server::retry::RetryPace::default(),
        status_prefix: values.require(&general::STATUS_PREFIX, need)?,
        instance_key,
        runner_token: generated(values, &runner::TOKEN)?,
        admin_token: generated(values, &general::ADMIN_TOKEN)?,
        forges: forges(values)?,
        email: email(values)?,
        orbs: orbs::Settings {
            directory: values.get(&services::ORBS_DIRECTORY)?,
            registry: values.get(&services::ORBS_REGISTRY)?,
            registry_token: values.get(&services::ORBS_REGISTRY_TOKEN)?,
            url_prefixes: values.get(&services::ORBS_URL_PREFIXES)?.unwrap_or_default(),
            ..orbs::Settings::default()
        },
    })
}

/// Makes the data directory, and no other: the database that is not in it must have a place already.
fn data_directory(values: &Values) -> Result<()> {
    let data = values.require(&general::DATA, "the database is kept there")?;
    std::fs::create_dir_all(&data).with_context(|| format!("failed to create `{}`", data.display()))
}

/// Returns the settings of the embedded runner, if there is to be one.
pub(super) fn runner(
    values: &Values,
    server: &Settings,
) -> Result<Option<roundel_runner::Settings>> {
    let slots = values.get(&runner::SLOTS)?.unwrap_or_default();
    if slots == 0 || values.get(&runner::EMBEDDED)? == Some(false) {
        return Ok(None);
    }
    let need = "the embedded runner cannot start without it";
    Ok(Some(roundel_runner::Settings {
        server: at_loopback(server.listen)?,
        token: server.runner_token.clone(),
        name: values.require(&runner::NAME, need)?,
        directory: values.require(&general::DATA, need)?.join("runner"),
        slots,
        resource_classes: values.get(&runner::RESOURCE_CLASSES)?.unwrap_or_default(),
        allow_setuid: values.get(&runner::ALLOW_SETUID)?.unwrap_or_default(),
        claim_wait: roundel_model::limits::CLAIM_WAIT,
    }))
}

/// Points the runner to where the server listens: with port 0, that is known only now.
pub(super) fn at(
    settings: roundel_runner::Settings,
    address: SocketAddr,
) -> Result<roundel_runner::Settings> {
    Ok(roundel_runner::Settings { server: at_loopback(address)?, ..settings })
}

/// Where the settings file is, or would be.
fn settings_file(values: &Values) -> &str {
    values.found(&general::CONFIG.declaration).map_or("roundel.toml", |found| &found.text)
}

/// What to do when the database was made with another instance key.
pub(super) fn wrong_key(values: &Values) -> anyhow::Error {
    let place = match values.found(&general::INSTANCE_KEY.declaration) {
        Some(Found { held_by: Some(path), .. }) => format!("the file `{}`", path.display()),
        Some(Found { origin, .. }) => format!("`{}`", origin.name()),
        None => return missing_key(values),
    };
    anyhow::anyhow!(
        "the database cannot be decrypted, because the instance key does not match it: the key was \
         read from {place}; restore the key that this database was made with (it is \
         `instance.key` in a backup of its data directory), or choose that data directory with `--data`"
    )
}

/// What to do when the database was there, and its key was not. The key that this start has generated instead
/// is removed: it would be taken for the right one, and be backed up.
fn missing_key(values: &Values) -> anyhow::Error {
    let data = values.get(&general::DATA).ok().flatten().unwrap_or_default();
    let path = data.join("instance.key");
    let removed = match std::fs::remove_file(&path) {
        Ok(()) => String::new(),
        Err(error) => format!(
            " (another one was generated there a moment ago, and could not be removed: {error})"
        ),
    };
    anyhow::anyhow!(
        "the database cannot be decrypted, because `{}` is missing{removed}: restore it from a backup, or copy \
         it from another server on this database; or choose the right data directory with `--data`",
        path.display()
    )
}

/// What the log says when links lead only to this machine, though others can reach the server.
pub(super) fn only_here(settings: &Settings) -> Option<String> {
    let is_loopback = match settings.public_url.host()? {
        url::Host::Domain(name) => name == "localhost",
        url::Host::Ipv4(ip) => ip.is_loopback(),
        url::Host::Ipv6(ip) => ip.is_loopback(),
    };
    (is_loopback && settings.listen.ip().is_unspecified()).then(|| {
        format!(
            "`listen` is every address of this machine, and `public_url` is {}: links, webhooks and \
             sign-ins work only on this machine; set `public_url` to how others reach it",
            settings.public_url
        )
    })
}

/// What the log says when no user can sign in.
pub(super) fn no_provider(values: &Values) -> String {
    // Relative, it would be looked for where the reader of the log is.
    let path = settings_file(values);
    let path = std::path::absolute(path).unwrap_or_else(|_| path.into());
    let path = path.display();
    format!(
        "no Git provider is configured: add [github] or [bitbucket] to `{path}`, see “Connect \
         GitHub” in the README"
    )
}

fn at_loopback(listen: SocketAddr) -> Result<Url> {
    let reachable = if listen.ip().is_unspecified() {
        SocketAddr::from(([127, 0, 0, 1], listen.port()))
    } else {
        listen
    };
    Ok(Url::parse(&format!("http://{reachable}/"))?)
}

fn generated<T>(values: &Values, setting: &Setting<T>) -> Result<T> {
    if let Some(value) = values.get(setting)? {
        return Ok(value);
    }
    let Default::Generated(name) = setting.declaration.default else {
        bail!("`{}` is missing", setting.declaration.key);
    };
    let data = values.require(&general::DATA, "keys are kept there")?;
    let line = keys::ensure(&data, name)?;
    let value = (setting.kind.parse)(&line);
    value
        .map_err(|what| anyhow::anyhow!("the content of `{}` is {what}", data.join(name).display()))
}

fn forges(values: &Values) -> Result<Vec<ForgeSettings>> {
    let found: Result<Vec<_>> =
        [&GITHUB, &BITBUCKET].into_iter().map(|table| forge(values, table)).collect();
    Ok(found?.into_iter().flatten().collect())
}

fn forge(values: &Values, table: &Forge) -> Result<Option<ForgeSettings>> {
    let Some(client_id) = values.get(&table.client_id)? else {
        if values.get(&table.client_secret)?.is_some() {
            let why = "there is a secret, but not whose it is";
            values.require(&table.client_id, why)?;
        }
        return Ok(None);
    };
    let need = format!("`{}` is set", table.client_id.declaration.key);
    same_installation(values, table)?;
    let pinned = || roundel_forge::host_keys::pinned(table.kind).to_owned();
    let known_hosts = values.get(&table.known_hosts_file)?.unwrap_or_else(pinned);
    Ok(Some(ForgeSettings {
        kind: table.kind,
        web_url: values.require(&table.web_url, &need)?,
        api_url: values.require(&table.api_url, &need)?,
        client_id,
        client_secret: values.require(&table.client_secret, &need)?,
        known_hosts,
        public_url: values.require(&general::PUBLIC_URL, &need)?.to_string(),
        retry: RetryPolicy::default(),
    }))
}

/// Refuses half of another installation: people would sign in at one host, and their tokens go to the other.
fn same_installation(values: &Values, table: &Forge) -> Result<()> {
    let is_default = |setting: &Setting<Url>| -> Result<bool> {
        let Default::Fixed(text) = setting.declaration.default else { return Ok(false) };
        let host = Url::parse(text)?.host_str().map(str::to_owned);
        Ok(values.get(setting)?.is_some_and(|url| url.host_str().map(str::to_owned) == host))
    };
    let (changed, other) = match (is_default(&table.web_url)?, is_default(&table.api_url)?) {
        (true, true) | (false, false) => return Ok(()),
        (false, true) => (&table.web_url, &table.api_url),
        (true, false) => (&table.api_url, &table.web_url),
    };
    let (key, host) = (other.declaration.key, values.get(other)?);
    let host = host.as_ref().and_then(Url::host_str).unwrap_or_default();
    let what = format!("belongs to another installation than `{key}`, which is on `{host}`");
    let help = format!("set `{key}` as well, for example to `{}`", other.declaration.example);
    Err(values.refusal(&changed.declaration, &what, &help).into())
}

fn email(values: &Values) -> Result<Option<EmailSettings>> {
    let smtp_url = values.get(&services::SMTP_URL)?;
    let from = values.get(&services::SENDER)?;
    match (smtp_url, from) {
        (None, None) => Ok(None),
        (None, Some(_)) => {
            values.require(&services::SMTP_URL, "`mail.from` is set")?;
            Ok(None)
        }
        (Some(smtp_url), _) => {
            let from = values.require(&services::SENDER, "`mail.smtp_url` is set")?;
            Ok(Some(EmailSettings { smtp_url, from }))
        }
    }
}
