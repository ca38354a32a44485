//! Settings of a server: flags, `ROUNDEL_*` variables and a TOML file say the same.
//!
//! Flags win over variables, variables over the file, the file over what works out of the box.
//! Secrets may stand in files of their own (`client_secret_file`), so that the settings can be
//! shown to others.

use std::{
    fs,
    io::Write as _,
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use roundel_forge::ForgeSettings;
use roundel_model::{forge::ForgeKind, secret::Secret};
use roundel_server::MailSettings;
use serde::Deserialize;
use url::Url;

/// The settings file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) public_url: Option<Url>,
    pub(crate) database_url: Option<String>,
    pub(crate) status_prefix: Option<String>,
    pub(crate) github: Option<ForgeFile>,
    pub(crate) bitbucket: Option<ForgeFile>,
    pub(crate) mail: Option<MailFile>,
    pub(crate) orbs: OrbsFile,
    pub(crate) runner: RunnerFile,
}

/// `[github]` and `[bitbucket]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgeFile {
    client_id: String,
    client_secret: Option<String>,
    client_secret_file: Option<PathBuf>,
    web_url: Option<Url>,
    api_url: Option<Url>,
    known_hosts_file: Option<PathBuf>,
}

/// `[mail]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailFile {
    smtp_url: Option<String>,
    smtp_url_file: Option<PathBuf>,
    from: String,
}

/// `[orbs]`: where orbs come from, besides those that are published here.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OrbsFile {
    /// A folder in the layout `<namespace>/<name>/<version>.yml`.
    directory: Option<PathBuf>,
    /// Another registry.
    registry: Option<Url>,
    registry_token: Option<String>,
    registry_token_file: Option<PathBuf>,
    /// Orbs may be fetched from addresses that begin with one of these.
    url_prefixes: Vec<Url>,
}

/// `[runner]`: the runner inside `serve`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RunnerFile {
    pub(crate) embedded: bool,
    pub(crate) slots: u32,
    /// `sudo` and other setuid programs work in jobs.
    pub(crate) allow_setuid: bool,
}

impl Default for RunnerFile {
    fn default() -> Self {
        Self { embedded: true, slots: 2, allow_setuid: false }
    }
}

/// Reads a settings file; one that is not there is an empty one.
pub(crate) fn read(path: &Path) -> Result<File> {
    match fs::read_to_string(path) {
        Ok(text) => {
            toml::from_str(&text).with_context(|| format!("failed to read `{}`", path.display()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(File::default()),
        Err(error) => Err(error).with_context(|| format!("failed to open `{}`", path.display())),
    }
}

impl File {
    /// Returns the forges that the file connects.
    pub(crate) fn forges(&self, public_url: &Url) -> Result<Vec<ForgeSettings>> {
        let mut forges = Vec::new();
        for (kind, forge) in
            [(ForgeKind::GitHub, &self.github), (ForgeKind::Bitbucket, &self.bitbucket)]
        {
            if let Some(forge) = forge {
                forges.push(forge.settings(kind, public_url)?);
            }
        }
        Ok(forges)
    }

    /// Returns how mail is sent, if it is.
    pub(crate) fn mail(&self) -> Result<Option<MailSettings>> {
        let Some(mail) = &self.mail else { return Ok(None) };
        let smtp_url =
            secret("mail.smtp_url", mail.smtp_url.as_deref(), mail.smtp_url_file.as_deref())?;
        Ok(Some(MailSettings { smtp_url, from: mail.from.clone() }))
    }
}

impl ForgeFile {
    fn settings(&self, kind: ForgeKind, public_url: &Url) -> Result<ForgeSettings> {
        let (web, api) = match kind {
            ForgeKind::GitHub => ("https://github.com", "https://api.github.com"),
            ForgeKind::Bitbucket => ("https://bitbucket.org", "https://api.bitbucket.org/2.0"),
        };
        let known_hosts = match &self.known_hosts_file {
            Some(path) => fs::read_to_string(path)
                .with_context(|| format!("failed to read `{}`", path.display()))?,
            None => roundel_forge::host_keys::pinned(kind).to_owned(),
        };
        Ok(ForgeSettings {
            kind,
            web_url: self.web_url.clone().map_or_else(|| Url::parse(web), Ok)?,
            api_url: self.api_url.clone().map_or_else(|| Url::parse(api), Ok)?,
            client_id: self.client_id.clone(),
            client_secret: secret(
                &format!("{}.client_secret", kind.long_slug()),
                self.client_secret.as_deref(),
                self.client_secret_file.as_deref(),
            )?,
            known_hosts,
            public_url: public_url.to_string(),
        })
    }
}

impl OrbsFile {
    /// Returns where the server looks for orbs.
    pub(crate) fn settings(&self) -> Result<roundel_server::orbs::Settings> {
        for url in self.registry.iter().chain(&self.url_prefixes) {
            let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
            if !is_web || !url.username().is_empty() || url.password().is_some() {
                bail!(
                    "`{}` in [orbs] is no plain http(s) address; a token goes into \
                     `registry_token_file`",
                    url.host_str().unwrap_or_else(|| url.as_str())
                );
            }
        }
        if let Some(directory) = self.directory.as_deref().filter(|path| !path.is_dir()) {
            bail!("`{}` (orbs.directory) is no folder", directory.display());
        }
        let registry_token = match (&self.registry_token, &self.registry_token_file) {
            (None, None) => None,
            (value, file) => {
                Some(secret("orbs.registry_token", value.as_deref(), file.as_deref())?)
            }
        };
        Ok(roundel_server::orbs::Settings {
            directory: self.directory.clone(),
            registry: self.registry.clone(),
            registry_token,
            url_prefixes: self.url_prefixes.clone(),
            ..roundel_server::orbs::Settings::default()
        })
    }
}

/// Returns the database: the one that was asked for, that of the file, or SQLite in the directory.
pub(crate) fn database_url(asked: Option<&str>, file: &File, data: &Path) -> String {
    let asked = asked.or(file.database_url.as_deref());
    asked.map_or_else(|| format!("sqlite:{}", data.join("roundel.db").display()), str::to_owned)
}

fn secret(name: &str, value: Option<&str>, file: Option<&Path>) -> Result<Secret<String>> {
    match (value, file) {
        (Some(value), None) => Ok(value.into()),
        (None, Some(path)) => {
            let text = fs::read_to_string(path)
                .with_context(|| format!("failed to read `{}` ({name}_file)", path.display()))?;
            Ok(text.trim().into())
        }
        (None, None) => {
            bail!("`{name}` is missing; set it, or `{name}_file` to a file that holds it")
        }
        (Some(_), Some(_)) => bail!("`{name}` and `{name}_file` are both set; keep one"),
    }
}

/// Reads a secret of this installation, or makes one up and keeps it, readable by its owner only.
pub(crate) fn own_secret(directory: &Path, name: &str) -> Result<Secret<Vec<u8>>> {
    fs::create_dir_all(directory)
        .with_context(|| format!("failed to make `{}`", directory.display()))?;
    let path = directory.join(name);
    match fs::read_to_string(&path) {
        Ok(text) => {
            let bytes = hex::decode(text.trim())
                .with_context(|| format!("`{}` does not hold a key in hex", path.display()))?;
            if bytes.len() != 32 {
                bail!("`{}` holds {} bytes instead of 32", path.display(), bytes.len());
            }
            Ok(Secret::new(bytes))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let bytes: [u8; 32] = rand::random();
            let mut file = fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)
                .with_context(|| format!("failed to make `{}`", path.display()))?;
            writeln!(file, "{}", hex::encode(bytes))?;
            file.sync_all()?;
            Ok(Secret::new(bytes.to_vec()))
        }
        Err(error) => Err(error).with_context(|| format!("failed to open `{}`", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_setting_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("roundel.toml");
        fs::write(&path, "lisen = \"127.0.0.1:1\"\n").unwrap();
        let error = format!("{:#}", read(&path).unwrap_err());
        assert!(error.contains("lisen"), "{error}");
    }

    #[test]
    fn setuid_programs_work_only_where_somebody_said_so() {
        let file = |text| toml::from_str::<File>(text).unwrap();
        assert!(!file("").runner.allow_setuid);
        assert!(!file("[runner]\nslots = 4\n").runner.allow_setuid);
        assert!(file("[runner]\nallow_setuid = true\n").runner.allow_setuid);
    }

    #[test]
    fn a_secret_is_made_once_and_readable_by_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let first = own_secret(directory.path(), "instance.key").unwrap();
        assert_eq!(own_secret(directory.path(), "instance.key").unwrap(), first);
        let mode =
            fs::metadata(directory.path().join("instance.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn orbs_come_from_plain_addresses_and_folders_that_exist() {
        let settings = |text: &str| toml::from_str::<File>(text).unwrap().orbs.settings();
        let plain = settings("").unwrap();
        assert!(plain.directory.is_none() && plain.registry.is_none());
        assert!(plain.url_prefixes.is_empty());
        let text = "[orbs]\nregistry = 'https://orbs.test'\nregistry_token = 'x'\n\
                    url_prefixes = ['https://a.test/orbs/']\n";
        let full = settings(text).unwrap();
        assert!(full.registry_token.is_some());
        assert_eq!(full.url_prefixes.len(), 1);
        for (text, told) in [
            ("[orbs]\nregistry = 'https://me:secret@orbs.test'\n", "registry_token_file"),
            ("[orbs]\nurl_prefixes = ['file:///etc/']\n", "no plain http"),
            ("[orbs]\ndirectory = '/nowhere/at/all'\n", "is no folder"),
        ] {
            let error = settings(text).unwrap_err().to_string();
            assert!(error.contains(told) && !error.contains("secret@"), "{error}");
        }
    }

    #[test]
    fn a_forge_without_a_secret_says_how_to_give_one() {
        let file: File = toml::from_str("[github]\nclient_id = \"x\"\n").unwrap();
        let url = Url::parse("https://ci.example.org").unwrap();
        let error = file.forges(&url).unwrap_err().to_string();
        assert!(error.contains("github.client_secret_file"), "{error}");
    }
}
