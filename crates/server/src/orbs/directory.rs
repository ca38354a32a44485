//! A directory of orbs: `<namespace>/<name>/<version>.yml`.
//!
//! ```text
//! orbs/acme/tools/1.4.2.yml           acme/tools@1.4.2
//! orbs/acme/tools/dev_my-branch.yml   acme/tools@dev:my-branch  (`/` in a label is `%2F`)
//! orbs/acme/tools/1.4.1~inferred.yml  a stand-in for 1.4.1, used when 1.4.1.yml is not there
//! orbs/APPROX.tsv                     stand-ins for references that nothing else fits:
//!                                     reference ⇥ file ⇥ reason
//! ```
//!
//! The directory is read when it is asked, so a file that is added is there at once. Names come from
//! configurations: none of them leads out of the directory, not even through a link.
//!
//! Deliberately absent: anything but files. The directory is never written.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Component, Path, PathBuf},
};

use roundel_config::orbs::{Orb, OrbReference, OrbVersion};

use super::answer::{Answer, ORB_BYTES, VERSIONS, best_first, digest};

/// Bytes of `APPROX.tsv`; it has a line for a reference.
const LIST_BYTES: u64 = 4 << 20;

/// What is put before a label in a file's name: `dev_my-branch.yml`.
const DEV: &str = "dev_";

/// A directory of orbs.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    root: PathBuf,
    /// How diagnostics call it.
    pub(super) shown: String,
    /// What is put before a path inside of it, to say where an orb was found.
    prefix: String,
}

/// The files in the directory of one orb.
#[derive(Default)]
struct Listing {
    /// Versions with their own file.
    published: Vec<String>,
    /// Versions with a stand-in, and what the stand-in is called: `(1.4.1, 1.4.1~inferred)`.
    stand_ins: Vec<(String, String)>,
}

impl Directory {
    /// A directory that the reader of a message knows by its path.
    pub(super) fn of_user(root: &Path) -> Self {
        let shown = root.display().to_string();
        Self {
            root: root.to_owned(),
            prefix: format!("{}/", shown.trim_end_matches('/')),
            shown: format!("the directory `{shown}`"),
        }
    }

    /// The directory of a server: its path is for the administrator only.
    pub(super) fn of_server(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            prefix: "orb directory: ".to_owned(),
            shown: "this instance's orb directory".to_owned(),
        }
    }

    /// Looks for the best version that has its own file.
    pub(super) fn find(&self, reference: &OrbReference) -> Answer {
        let listing = match self.list(reference) {
            Ok(listing) => listing,
            Err(error) => return self.failed(&error),
        };
        match reference.select(listing.published.iter().map(String::as_str)) {
            Some(version) => self.answer(self.orb(reference, version, version)),
            None => Answer::Absent(best_first(listing.published)),
        }
    }

    /// Looks for a substitute: a file `<version>~word.yml`, then a line of
    /// `APPROX.tsv`.
    pub(super) fn find_stand_in(&self, reference: &OrbReference) -> Answer {
        let listing = match self.list(reference) {
            Ok(listing) => listing,
            Err(error) => return self.failed(&error),
        };
        let versions = listing.stand_ins.iter().map(|(version, _)| version.as_str());
        if let Some(version) = reference.select(versions)
            && let Some((_, file)) = listing.stand_ins.iter().find(|(of, _)| of == version)
        {
            let notice = format!("`{file}.yml` stands in for {}@{version}", reference.orb());
            return self.answer(self.orb(reference, version, file).map(|orb| with(orb, notice)));
        }
        match self.approximate(reference) {
            Ok(Some(orb)) => Answer::Found(Box::new(orb)),
            Ok(None) => Answer::Absent(best_first(listing.published)),
            Err(error) => self.failed(&error),
        }
    }

    /// Looks for one version, as a lock file names it: its own file, or its stand-in.
    pub(super) fn pinned(&self, reference: &OrbReference, version: &str) -> Answer {
        let own = self.orb(reference, version, version);
        match own {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            own => return self.answer(own),
        }
        let listing = match self.list(reference) {
            Ok(listing) => listing,
            Err(error) => return self.failed(&error),
        };
        match listing.stand_ins.iter().find(|(of, _)| of == version) {
            Some((_, file)) => {
                let notice = format!("`{file}.yml` stands in for {}@{version}", reference.orb());
                self.answer(self.orb(reference, version, file).map(|orb| with(orb, notice)))
            }
            None => Answer::Absent(best_first(listing.published)),
        }
    }

    fn answer(&self, orb: io::Result<Orb>) -> Answer {
        orb.map_or_else(|error| self.failed(&error), |orb| Answer::Found(Box::new(orb)))
    }

    fn failed(&self, error: &io::Error) -> Answer {
        Answer::Failed(format!("{} could not be read: {error}", self.shown))
    }

    /// Lists the versions of an orb. A directory that is not there has none.
    fn list(&self, reference: &OrbReference) -> io::Result<Listing> {
        let mut listing = Listing::default();
        if reference.version == OrbVersion::Url {
            return Ok(listing);
        }
        let inside = Path::new(&reference.namespace).join(&reference.name);
        let folder = match self.inside(&inside) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listing),
            Err(error) => return Err(error),
        };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(listing),
            Err(error) => return Err(error),
        };
        for (count, entry) in entries.enumerate() {
            if count == VERSIONS {
                return Err(io::Error::other(format!(
                    "`{}` has more than {VERSIONS} versions",
                    reference.orb()
                )));
            }
            let name = entry?.file_name();
            let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(".yml")) else {
                continue;
            };
            match stem.split_once('~') {
                Some((version, _)) => {
                    listing.stand_ins.push((version_of(version), stem.to_owned()));
                }
                None => listing.published.push(version_of(stem)),
            }
        }
        // The order of a directory is arbitrary; which of two stand-ins is taken must not depend on it.
        listing.stand_ins.sort();
        Ok(listing)
    }

    /// Reads one file as a version of an orb.
    fn orb(&self, reference: &OrbReference, version: &str, stem: &str) -> io::Result<Orb> {
        let file = format!("{}.yml", file_stem(stem));
        let inside = Path::new(&reference.namespace).join(&reference.name).join(file);
        self.read(&inside, &reference.orb(), version)
    }

    fn read(&self, inside: &Path, name: &str, version: &str) -> io::Result<Orb> {
        let text = read_text(&self.inside(inside)?, ORB_BYTES)?;
        Ok(Orb {
            name: name.to_owned(),
            version: version.to_owned(),
            origin: format!("{}{}", self.prefix, inside.display()),
            digest: digest(&text),
            text: text.into(),
            notice: None,
        })
    }

    /// Looks a reference up in `APPROX.tsv`.
    fn approximate(&self, reference: &OrbReference) -> io::Result<Option<Orb>> {
        let list = match self.inside(Path::new("APPROX.tsv")) {
            Ok(path) => read_text(&path, LIST_BYTES)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let wanted = reference.to_string();
        for line in list.lines().filter(|line| !line.starts_with('#')) {
            let mut columns = line.split('\t');
            let (Some(of), Some(file)) = (columns.next(), columns.next()) else { continue };
            if of != wanted {
                continue;
            }
            let path = Path::new(file);
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let version = version_of(stem.split_once('~').map_or(stem, |(version, _)| version));
            let name = path.parent().map_or_else(String::new, |orb| orb.display().to_string());
            let reason = columns.next().unwrap_or("listed as near enough");
            let notice = format!("`{file}` stands in for {wanted} ({reason})");
            return self.read(path, &name, &version).map(|orb| Some(with(orb, notice)));
        }
        Ok(None)
    }

    /// Finds a path inside of the directory, and refuses every other.
    fn inside(&self, path: &Path) -> io::Result<PathBuf> {
        let is_plain = |part: Component| match part {
            Component::Normal(name) => !name.as_encoded_bytes().starts_with(b"."),
            Component::Prefix(_)
            | Component::RootDir
            | Component::CurDir
            | Component::ParentDir => false,
        };
        let refused = || io::Error::new(io::ErrorKind::NotFound, "it leads out of the directory");
        if !path.components().all(is_plain) {
            return Err(refused());
        }
        let root = self.root.canonicalize()?;
        let found = root.join(path).canonicalize()?;
        if found.starts_with(&root) { Ok(found) } else { Err(refused()) }
    }
}

fn with(orb: Orb, notice: String) -> Orb {
    Orb { notice: Some(notice), ..orb }
}

/// Reads a file of limited length.
fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    // Reading a pipe would never end.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "it is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
        return Err(io::Error::other(format!("it has more than {limit} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8 text"))
}

/// The version that a file's name says.
fn version_of(stem: &str) -> String {
    let Some(label) = stem.strip_prefix(DEV) else { return stem.to_owned() };
    let mut version = "dev:".to_owned();
    let mut rest = label;
    while let Some((before, after)) = rest.split_once('%') {
        version.push_str(before);
        let code = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(code) = code.filter(u8::is_ascii) {
            version.push(char::from(code));
            rest = after.get(2..).unwrap_or_default();
        } else {
            version.push('%');
            rest = after;
        }
    }
    version + rest
}

/// The name of a version's file, without its ending.
fn file_stem(version: &str) -> String {
    let Some(label) = version.strip_prefix("dev:") else { return version.to_owned() };
    // What would be a directory, a stand-in, or the beginning of a code itself.
    let coded = |c: char| match c {
        '/' => "%2F".to_owned(),
        '\\' => "%5C".to_owned(),
        '%' => "%25".to_owned(),
        '~' => "%7E".to_owned(),
        '\0' => "%00".to_owned(),
        _ => c.to_string(),
    };
    DEV.chars().map(String::from).chain(label.chars().map(coded)).collect()
}

#[cfg(test)]
mod tests;
