//! References to orbs: `namespace/name@version` (CFG §4.13.1).

use std::{fmt, str::FromStr};

use roundel_model::text::is_hidden;
use semver::Version;

/// Names an orb and a range of its versions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrbReference {
    /// The namespace: `circleci`; for a URL, everything before the last `/`.
    pub namespace: String,
    /// The orb's name within it: `node`.
    pub name: String,
    /// The versions that will do.
    pub version: OrbVersion,
}

/// The versions that a reference accepts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OrbVersion {
    /// `@1.4.2`
    Exact(Version),
    /// `@1.4`: the highest 1.4.x.
    Minor(u64, u64),
    /// `@1`: the highest 1.x.y.
    Major(u64),
    /// `@volatile`: the highest of all.
    Volatile,
    /// `@dev:label`: whatever was published under the label last.
    Dev(String),
    /// An address; such orbs have no versions.
    Url,
}

/// Why a string is not a reference to an orb.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// There is no `namespace/name`.
    #[error("`{0}` is not a valid orb reference: it needs a namespace and a name")]
    Name(String),
    /// What follows the `@` is not a version.
    #[error("`{0}` is not a valid orb version")]
    Version(String),
}

/// Characters of a label after `dev:` (CFG §4.13.1).
const LABEL_CHARS: usize = 1_023;

impl OrbReference {
    /// Returns `namespace/name`, or the address.
    pub fn orb(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// Corrects what is commonly wrong with a reference: spaces in it, a colon in place of the `@`, a `v`
    /// in front of the version; `None` if that does not make it one.
    pub(crate) fn corrected(text: &str) -> Option<String> {
        let mut text: String = text.split_whitespace().collect();
        if !text.contains('@') {
            let (orb, version) = text.rsplit_once(':')?;
            text = format!("{orb}@{version}");
        }
        let (orb, version) = text.split_once('@')?;
        let number = version
            .strip_prefix(['v', 'V'])
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let corrected = format!("{orb}@{}", number.unwrap_or(version));
        corrected.parse::<Self>().is_ok().then_some(corrected)
    }

    /// Says how to provide the orb to a command that works without a server.
    pub fn how_to_provide(&self) -> String {
        let file = match &self.version {
            OrbVersion::Url => {
                return "orbs from addresses need a server that allows the address; put its source \
                        inline under `orbs` to work without"
                    .to_owned();
            }
            OrbVersion::Exact(version) => format!("{version}.yml"),
            // A label may hold a slash, and the name of a file must not.
            OrbVersion::Dev(label) => format!("dev_{}.yml", label.replace('/', "%2F")),
            OrbVersion::Minor(..) | OrbVersion::Major(_) | OrbVersion::Volatile => {
                "<version>.yml".to_owned()
            }
        };
        format!("put its packed source at `DIR/{}/{file}` and pass `--orbs DIR`", self.orb())
    }

    /// Picks the best of the versions that exist: the highest that the reference accepts, releases
    /// before pre-releases.
    pub fn select<'v>(&self, published: impl IntoIterator<Item = &'v str>) -> Option<&'v str> {
        if let OrbVersion::Dev(label) = &self.version {
            let wanted = format!("dev:{label}");
            return published.into_iter().find(|version| *version == wanted);
        }
        let parsed =
            published.into_iter().filter_map(|text| Some((Version::parse(text).ok()?, text)));
        let accepted = parsed.filter(|(version, _)| self.accepts(version));
        accepted
            .max_by(|(a, _), (b, _)| (a.pre.is_empty(), a).cmp(&(b.pre.is_empty(), b)))
            .map(|(_, text)| text)
    }

    fn accepts(&self, version: &Version) -> bool {
        match &self.version {
            OrbVersion::Exact(exact) => exact == version,
            OrbVersion::Minor(major, minor) => version.major == *major && version.minor == *minor,
            OrbVersion::Major(major) => version.major == *major,
            OrbVersion::Volatile => true,
            OrbVersion::Dev(_) | OrbVersion::Url => false,
        }
    }
}

impl FromStr for OrbReference {
    type Err = ReferenceError;

    /// Reads `namespace/name@version`, `namespace/name` (the same as `@volatile`) or an address.
    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let text = text.trim();
        if text.starts_with("https://") || text.starts_with("http://") {
            let (namespace, name) =
                text.rsplit_once('/').ok_or_else(|| ReferenceError::Name(text.to_owned()))?;
            let (namespace, name) = (namespace.to_owned(), name.to_owned());
            return Ok(Self { namespace, name, version: OrbVersion::Url });
        }
        let (orb, version) = text.split_once('@').unwrap_or((text, "volatile"));
        let parts =
            orb.split_once('/').filter(|(namespace, name)| is_name(namespace) && is_name(name));
        let (namespace, name) = parts.ok_or_else(|| ReferenceError::Name(text.to_owned()))?;
        let version =
            parse_version(version).ok_or_else(|| ReferenceError::Version(version.to_owned()))?;
        Ok(Self { namespace: namespace.to_owned(), name: name.to_owned(), version })
    }
}

fn is_name(text: &str) -> bool {
    // As directories, those two would be others.
    !matches!(text, "" | "." | "..")
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn parse_version(text: &str) -> Option<OrbVersion> {
    if text == "volatile" {
        return Some(OrbVersion::Volatile);
    }
    if let Some(label) = text.strip_prefix("dev:") {
        let sound = !label.is_empty()
            && label.chars().count() <= LABEL_CHARS
            && !label.contains(|c: char| c.is_whitespace() || is_hidden(c));
        return sound.then(|| OrbVersion::Dev(label.to_owned()));
    }
    if let Ok(version) = Version::parse(text) {
        return Some(OrbVersion::Exact(version));
    }
    let number =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?;
    match text.split_once('.') {
        Some((major, minor)) => Some(OrbVersion::Minor(number(major)?, number(minor)?)),
        None => Some(OrbVersion::Major(number(text)?)),
    }
}

impl fmt::Display for OrbReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            OrbVersion::Url => write!(f, "{}/{}", self.namespace, self.name),
            version => write!(f, "{}/{}@{version}", self.namespace, self.name),
        }
    }
}

impl fmt::Display for OrbVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(version) => version.fmt(f),
            Self::Minor(major, minor) => write!(f, "{major}.{minor}"),
            Self::Major(major) => write!(f, "{major}"),
            Self::Volatile => f.write_str("volatile"),
            Self::Dev(label) => write!(f, "dev:{label}"),
            Self::Url => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(text: &str) -> OrbReference {
        text.parse().unwrap()
    }

    #[test]
    fn cfg_162_a_range_takes_its_highest_version_and_no_higher_one() {
        let published = ["1.0.0", "1.2.9", "1.2.10", "1.3.0", "2.0.0", "2.1.0-rc.1"];
        for (text, expected) in [
            ("a/b@1.2.9", Some("1.2.9")),
            ("a/b@1.2", Some("1.2.10")),
            ("a/b@1", Some("1.3.0")),
            ("a/b@2", Some("2.0.0")),
            ("a/b@volatile", Some("2.0.0")),
            ("a/b", Some("2.0.0")),
            ("a/b@1.4", None),
            ("a/b@9.9.9", None),
        ] {
            assert_eq!(reference(text).select(published), expected, "{text}");
        }
    }

    #[test]
    fn cfg_163_a_label_is_found_by_its_whole_text() {
        let published = ["1.0.0", "dev:alpha", "dev:alphabet"];
        assert_eq!(reference("a/b@dev:alpha").select(published), Some("dev:alpha"));
        assert_eq!(reference("a/b@dev:beta").select(published), None);
    }

    #[test]
    fn the_file_of_a_label_with_a_slash_is_the_one_that_a_directory_of_orbs_has() {
        let help = reference("acme/tools@dev:a/b").how_to_provide();
        assert!(help.contains("`DIR/acme/tools/dev_a%2Fb.yml`"), "{help}");
    }

    #[test]
    fn one_wrong_sign_in_a_reference_is_corrected() {
        for (text, expected) in [
            ("a/b:5.0", Some("a/b@5.0")),
            ("a/b @1.0", Some("a/b@1.0")),
            ("a/b@v5.0.1", Some("a/b@5.0.1")),
            ("a/b:v5", Some("a/b@5")),
            ("a/b@latest", None),
            ("b@1", None),
            ("a/b:", None),
        ] {
            assert_eq!(OrbReference::corrected(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_reference_is_refused() {
        for text in [
            "",
            "a",
            "a/",
            "/b",
            "a/b/c@1",
            "a/b@",
            "a/b@x",
            "a/b@1.2.3.4",
            "a/b@dev:",
            "a b/c@1",
            "a/b@ 1",
            "a/b@1.x",
            "./b@1",
            "a/..@1",
            "../..@1",
            "a/b@dev:\u{202e}x",
            "a/b@dev:x\u{7}",
        ] {
            assert!(text.parse::<OrbReference>().is_err(), "{text}");
        }
        for text in ["a/b@1", "a/b@1.2", "a/b@1.2.3", "A-1/b_c@dev:x/y", "https://x.test/o/orb.yml"]
        {
            assert_eq!(reference(text).to_string(), text);
        }
    }
}
