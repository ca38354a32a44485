//! The entries of a tar, found once: the tar is not unpacked, its entries are read in place.

use std::{
    collections::HashMap,
    fs::File,
    io,
    path::{Component, Path, PathBuf},
};

/// Entries of an archive: a few for each layer.
const MAX_ENTRIES: usize = 100_000;
/// Links from one entry of an archive to another.
const MAX_LINKS: usize = 8;

/// Where each entry of an archive is.
#[derive(Debug)]
pub(super) struct Archive {
    entries: HashMap<PathBuf, Entry>,
}

#[derive(Debug)]
enum Entry {
    Part { offset: u64, bytes: u64 },
    Link(PathBuf),
}

impl Archive {
    /// Lists the entries of an archive.
    pub(super) fn list(path: &Path) -> io::Result<Self> {
        let mut archive = tar::Archive::new(File::open(path)?);
        let mut entries = HashMap::new();
        for entry in archive.entries_with_seek()? {
            let entry = entry?;
            let Some(name) = normal(&entry.path()?) else { continue };
            let kind = entry.header().entry_type();
            if kind.is_file() {
                let part = Entry::Part { offset: entry.raw_file_position(), bytes: entry.size() };
                entries.insert(name, part);
            } else if kind.is_symlink() {
                let target = entry.link_name()?.unwrap_or_default().into_owned();
                entries.insert(name, Entry::Link(target));
            } else if kind.is_hard_link() {
                // A hard link names its target from the top of the archive.
                let target = entry.link_name()?.unwrap_or_default();
                let up: PathBuf =
                    name.parent().into_iter().flat_map(Path::components).map(|_| "..").collect();
                entries.insert(name, Entry::Link(up.join(target)));
            }
            if entries.len() > MAX_ENTRIES {
                return Err(io::Error::other(format!("it has more than {MAX_ENTRIES} entries")));
            }
        }
        Ok(Self { entries })
    }

    /// Returns offset and length of an entry's bytes, also through links.
    pub(super) fn find(&self, name: PathBuf) -> Option<(u64, u64)> {
        let mut at = name;
        for _ in 0..MAX_LINKS {
            match self.entries.get(&at)? {
                Entry::Part { offset, bytes } => return Some((*offset, *bytes)),
                Entry::Link(target) => {
                    at = normal(&at.parent().unwrap_or(Path::new("")).join(target))?;
                }
            }
        }
        None
    }
}

/// A relative path without `.`; `None` if it leads outside.
pub(super) fn normal(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => normal.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !normal.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_outside_of_the_layout_is_refused() {
        assert_eq!(normal(Path::new("../x")), None);
        assert_eq!(normal(Path::new("/etc/passwd")), None);
        assert_eq!(normal(Path::new("a/../b/./c")), Some(PathBuf::from("b/c")));
    }
}
