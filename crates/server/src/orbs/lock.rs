//! A lock file: which version every reference meant when it was last resolved.
//!
//! ```toml
//! version = 1
//!
//! [[orb]]
//! reference = "circleci/node@5"
//! resolved = "circleci/node@5.2.0"
//! sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
//! origin = "orbs/circleci/node/5.2.0.yml"
//! ```
//!
//! A reference that is in it stands for that version and that source, whatever was published since.
//! It is sorted and has one value a line, so that a change reads well in a diff. To renew a
//! reference, delete its entry: it is looked for again and pinned again. `origin` is for people only.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use roundel_config::orbs::{OrbReference, ResolvedOrb};
use serde::{Deserialize, Serialize};

/// The only format that there is.
const FORMAT: u32 = 1;

/// Bytes of a lock file: room for tens of thousands of references.
const LOCK_BYTES: u64 = 8 << 20;

const PREFACE: &str = "# The versions of orbs that this repository is built with. Roundel writes it; review it as \
                       code.\n# Delete an entry to look for its reference again.\n";

/// The pins of a lock file.
#[derive(Clone, Debug)]
pub(super) struct Lock {
    path: PathBuf,
    pins: BTreeMap<String, Pin>,
}

/// What a reference stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pin {
    /// `namespace/name`; the address, for an orb from a URL.
    pub(super) name: String,
    /// The exact version; empty for an orb from a URL.
    pub(super) version: String,
    /// Lower-case hex SHA-256 of its source.
    pub(super) sha256: String,
    origin: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    #[serde(default)]
    orb: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    reference: String,
    resolved: String,
    sha256: String,
    #[serde(default)]
    origin: String,
}

impl Lock {
    /// Reads a lock file. One that is not there has no pins.
    ///
    /// # Errors
    ///
    /// If it cannot be read or is not a lock file of a known format.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let invalid = |why: String| {
            let shown = path.display();
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("`{shown}` is not a valid lock file: {why}"),
            )
        };
        let mut pins = BTreeMap::new();
        let size = match fs::metadata(path) {
            Ok(found) => found.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { path: path.to_owned(), pins });
            }
            Err(error) => return Err(error),
        };
        if size > LOCK_BYTES {
            return Err(invalid(format!("it has more than {LOCK_BYTES} bytes")));
        }
        let text = fs::read_to_string(path)?;
        let document: Document =
            toml::from_str(&text).map_err(|error| invalid(error.to_string()))?;
        if document.version != FORMAT {
            let version = document.version;
            return Err(invalid(format!(
                "format {version} is not known; this release knows {FORMAT}"
            )));
        }
        for entry in document.orb {
            let reference = entry.reference.clone();
            let pin = Pin::of(entry.resolved, &entry.sha256, entry.origin);
            let pin =
                pin.ok_or_else(|| invalid(format!("the entry of `{reference}` has no digest")))?;
            if pins.insert(reference.clone(), pin).is_some() {
                return Err(invalid(format!("`{reference}` is in it twice")));
            }
        }
        Ok(Self { path: path.to_owned(), pins })
    }

    /// Returns what a reference stands for, if it is pinned.
    pub(super) fn pin(&self, reference: &OrbReference) -> Option<&Pin> {
        self.pins.get(&reference.to_string())
    }

    /// Returns whether there is a pin for an orb, or none is possible.
    pub(super) fn pins(&self, orb: &ResolvedOrb) -> bool {
        let pin = || Pin::of(orb.resolved.clone(), &orb.digest, orb.origin.clone());
        self.pins.contains_key(&key(&orb.requested)) || pin().is_none()
    }

    /// How diagnostics call the file.
    pub(super) fn shown(&self) -> String {
        format!("the lock file `{}`", self.path.display())
    }

    /// Writes the pins that there are, and those of the orbs given. A pin that exists stays: another
    /// configuration may share the file.
    ///
    /// # Errors
    ///
    /// If the file cannot be written; the old one is then as it was.
    pub(super) fn write(&self, orbs: &[ResolvedOrb]) -> io::Result<()> {
        let mut pins = self.pins.clone();
        for orb in orbs {
            let resolved = orb.resolved.clone();
            let Some(pin) = Pin::of(resolved, &orb.digest, orb.origin.clone()) else {
                continue;
            };
            pins.insert(key(&orb.requested), pin);
        }
        let orb = pins.iter().map(|(reference, pin)| Entry {
            reference: reference.clone(),
            resolved: pin.resolved(),
            sha256: pin.sha256.clone(),
            origin: pin.origin.clone(),
        });
        let document = Document { version: FORMAT, orb: orb.collect() };
        let text = toml::to_string(&document).map_err(io::Error::other)?;
        let temporary = self.path.with_added_extension("part");
        fs::write(&temporary, format!("{PREFACE}{text}"))?;
        fs::rename(&temporary, &self.path)
    }
}

impl Pin {
    fn of(resolved: String, sha256: &str, origin: String) -> Option<Self> {
        let is_digest = sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_hexdigit());
        let (name, version) = match resolved.split_once('@') {
            Some((name, version)) if !name.contains("://") => (name.to_owned(), version.to_owned()),
            Some(_) | None => (resolved, String::new()),
        };
        is_digest.then(|| Self { name, version, sha256: sha256.to_lowercase(), origin })
    }

    /// `namespace/name@version`, or the address.
    pub(super) fn resolved(&self) -> String {
        if self.version.is_empty() {
            return self.name.clone();
        }
        format!("{}@{}", self.name, self.version)
    }
}

/// A reference as the compiler asks for it: one without a version is `@volatile`.
fn key(requested: &str) -> String {
    requested.parse::<OrbReference>().map_or_else(|_| requested.to_owned(), |it| it.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orb(requested: &str, resolved: &str, digit: &str) -> ResolvedOrb {
        ResolvedOrb {
            requested: requested.to_owned(),
            resolved: resolved.to_owned(),
            digest: digit.repeat(64),
            origin: "orbs/x.yml".to_owned(),
            transitive: false,
        }
    }

    #[test]
    fn what_was_written_is_pinned_when_it_is_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("orbs.lock");
        let lock = Lock::open(&path).unwrap();
        let orbs = [
            orb("b/b", "b/b@2.0.0", "b"),
            orb("a/a@1", "a/a@1.2.3", "a"),
            orb("https://x.test/o@1/orb.yml", "https://x.test/o@1/orb.yml", "c"),
        ];
        lock.write(&orbs).unwrap();
        let lock = Lock::open(&path).unwrap();
        let resolved = |text: &str| lock.pin(&text.parse().unwrap()).map(Pin::resolved);
        assert_eq!(resolved("a/a@1").as_deref(), Some("a/a@1.2.3"));
        assert_eq!(resolved("b/b@volatile").as_deref(), Some("b/b@2.0.0"));
        assert_eq!(
            resolved("https://x.test/o@1/orb.yml").as_deref(),
            Some("https://x.test/o@1/orb.yml")
        );
        assert_eq!(resolved("a/a@2"), None);
    }

    /// A review of the file is a review of what will be built.
    #[test]
    fn it_is_sorted_and_an_added_orb_leaves_other_lines_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("orbs.lock");
        Lock::open(&path).unwrap().write(&[orb("m/m@1", "m/m@1.0.0", "1")]).unwrap();
        let before = fs::read_to_string(&path).unwrap();
        Lock::open(&path).unwrap().write(&[orb("z/z@1", "z/z@1.0.0", "2")]).unwrap();
        let after = fs::read_to_string(&path).unwrap();
        assert!(after.starts_with(&before), "{after}");
        Lock::open(&path).unwrap().write(&[]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), after);
    }

    #[test]
    fn what_is_not_a_lock_file_is_refused_with_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("orbs.lock");
        let twice = "version = 1\n".to_owned()
            + &format!(
                "[[orb]]\nreference = \"a/a@1\"\nresolved = \"a/a@1.0.0\"\nsha256 = \"{}\"\n",
                "a".repeat(64)
            )
            .repeat(2);
        for text in [
            "version = 2\n",
            "nonsense",
            "version = 1\n[[orb]]\nreference = \"a/a@1\"\nresolved = \"a/a@1.0.0\"\nsha256 = \"12\"\n",
            &twice,
        ] {
            fs::write(&path, text).unwrap();
            let error = Lock::open(&path).unwrap_err().to_string();
            assert!(
                error.contains("orbs.lock") && error.contains("is not a valid lock file"),
                "{error}"
            );
        }
    }
}
