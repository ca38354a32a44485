//! The tree of a layer, as it is written entry by entry.
//!
//! Whiteouts become what overlay understands in a user namespace (see [`crate::overlay`]).

use std::{
    collections::HashSet,
    fs::{self, OpenOptions},
    io::{self, Read},
    os::unix::fs::{OpenOptionsExt, PermissionsExt, lchown, symlink},
    path::{Component, Path, PathBuf},
};

use nix::sys::{
    stat::{Mode, UtimensatFlags, utimensat},
    time::TimeSpec,
};
use tar::EntryType;

use crate::{
    error::{ContainerError, ErrorKind, is_storage_full, with_causes},
    overlay::{RESERVED_ATTRIBUTES, make_opaque, white_out},
    wire::InnerIds,
};

/// A layer may hold this many entries: the largest images in use have some hundred thousand.
const MAX_ENTRIES: u64 = 4_000_000;
/// Bytes of a link's or a file's path.
const MAX_PATH_BYTES: usize = 4096;

/// A layer on its way to disk.
pub(super) struct LayerTree {
    ids: InnerIds,
    /// Names that this layer has whited out: what it then puts there hides all below.
    whited_out: HashSet<PathBuf>,
    /// Times of directories, set when nothing is put into them any more.
    times: Vec<(PathBuf, TimeSpec)>,
    pub(super) skipped: u64,
}

/// What an entry says of itself apart from its bytes.
struct Attributes {
    uid: u32,
    gid: u32,
    mode: u32,
    time: TimeSpec,
    extended: Vec<(String, Vec<u8>)>,
}

impl LayerTree {
    pub(super) fn new(ids: InnerIds) -> Self {
        Self { ids, whited_out: HashSet::new(), times: Vec::new(), skipped: 0 }
    }

    pub(super) fn unpack(&mut self, source: &mut impl Read) -> Result<(), ContainerError> {
        let mut archive = tar::Archive::new(source);
        let mut entries = 0;
        for entry in archive.entries().map_err(|error| read_failed(&error))? {
            let mut entry = entry.map_err(|error| read_failed(&error))?;
            entries += 1;
            if entries > MAX_ENTRIES {
                return Err(ContainerError::invalid(format!(
                    "a layer has more than {MAX_ENTRIES} entries"
                )));
            }
            self.add(&mut entry)?;
        }
        Ok(())
    }

    fn add<R: Read>(&mut self, entry: &mut tar::Entry<'_, R>) -> Result<(), ContainerError> {
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::XGlobalHeader) {
            return Ok(());
        }
        let named = entry.path().map_err(|error| read_failed(&error))?.into_owned();
        let path = inside(&named)?;
        if let Some(name) = path.file_name().and_then(|name| name.to_str())
            && let Some(hidden) = name.strip_prefix(".wh.")
        {
            let parent = path.parent().unwrap_or(Path::new("/"));
            return self.white_out(parent, hidden);
        }
        let attributes = attributes(entry).map_err(|error| read_failed(&error))?;
        let wrong = |error: io::Error| write_failed(&path, error);
        if let Some(parent) = path.parent() {
            self.make_parents(parent).map_err(wrong)?;
        }
        if kind.is_dir() {
            self.directory(&path, &attributes).map_err(wrong)?;
            return Ok(());
        }
        clear(&path).map_err(wrong)?;
        if kind.is_hard_link() {
            let target = link_target(entry)?;
            let target = inside(&target)?;
            return fs::hard_link(&target, &path).map_err(wrong);
        }
        if kind.is_symlink() {
            symlink(link_target(entry)?, &path).map_err(wrong)?;
        } else if kind.is_fifo() {
            nix::unistd::mkfifo(&path, Mode::from_bits_truncate(0o600))
                .map_err(|error| wrong(error.into()))?;
        } else if kind.is_character_special() || kind.is_block_special() {
            self.skipped += 1;
            return Ok(());
        } else if matches!(kind, EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse)
        {
            write_bytes(entry, &path)?;
        } else {
            return Err(ContainerError::invalid(format!(
                "a layer has an entry of unknown kind: `{}`",
                named.display()
            )));
        }
        if kind.is_symlink() {
            self.apply_to_link(&path, &attributes).map_err(wrong)?;
        } else {
            self.apply(&path, &attributes).map_err(wrong)?;
        }
        set_time(&path, attributes.time).map_err(wrong)
    }

    /// A name of the layers below is gone, or (`.wh..opq`) all names of a directory are.
    fn white_out(&mut self, parent: &Path, hidden: &str) -> Result<(), ContainerError> {
        let path = parent.join(hidden);
        let wrong = |error: io::Error| write_failed(&path, error);
        self.make_parents(parent).map_err(wrong)?;
        if hidden == ".wh..opq" {
            let parent = fs::canonicalize(parent).map_err(wrong)?;
            return make_opaque(&parent).map_err(wrong);
        }
        // Other names of this form belong to the file system that invented whiteouts.
        if hidden.is_empty() || hidden.starts_with(".wh.") || matches!(hidden, "." | "..") {
            return Ok(());
        }
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => make_opaque(&path).map_err(wrong),
            // The layer itself has an entry there, which hides what is below anyway.
            Ok(_) => Ok(()),
            Err(_) => {
                self.whited_out.insert(path.clone());
                white_out(&path).map_err(wrong)
            }
        }
    }

    /// Makes the missing directories on the way to an entry.
    fn make_parents(&mut self, path: &Path) -> io::Result<()> {
        let mut walked = PathBuf::from("/");
        for part in path.components() {
            walked.push(part);
            if fs::metadata(&walked).is_ok_and(|found| found.is_dir()) {
                continue;
            }
            clear(&walked)?;
            fs::create_dir(&walked)?;
            fs::set_permissions(&walked, fs::Permissions::from_mode(0o755))?;
            if self.whited_out.remove(&walked) {
                make_opaque(&walked)?;
            }
        }
        Ok(())
    }

    fn directory(&mut self, path: &Path, attributes: &Attributes) -> io::Result<()> {
        let exists = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
        if !exists {
            clear(path)?;
            fs::create_dir(path)?;
        }
        if self.whited_out.remove(path) {
            make_opaque(path)?;
        }
        self.apply(path, attributes)?;
        self.times.push((path.to_owned(), attributes.time));
        Ok(())
    }

    /// Gives an entry its owner, mode and extended attributes.
    fn apply(&self, path: &Path, attributes: &Attributes) -> io::Result<()> {
        self.change_owner(path, attributes)?;
        // After the owner, because a change of owner takes the setuid bits away.
        fs::set_permissions(path, fs::Permissions::from_mode(attributes.mode))?;
        extend(path, attributes)
    }

    /// Gives a symbolic link its owner and extended attributes: it has no mode.
    fn apply_to_link(&self, path: &Path, attributes: &Attributes) -> io::Result<()> {
        self.change_owner(path, attributes)?;
        extend(path, attributes)
    }

    fn change_owner(&self, path: &Path, attributes: &Attributes) -> io::Result<()> {
        if self.ids == InnerIds::Many {
            match lchown(path, Some(attributes.uid), Some(attributes.gid)) {
                // An id that this host does not map cannot own anything here.
                Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
                other => other?,
            }
        }
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<(), ContainerError> {
        for (path, time) in self.times.drain(..).rev() {
            // A later entry may have replaced the directory.
            if fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir()) {
                set_time(&path, time).map_err(|error| write_failed(&path, error))?;
            }
        }
        Ok(())
    }
}

/// Sets the extended attributes of an entry.
fn extend(path: &Path, attributes: &Attributes) -> io::Result<()> {
    for (name, value) in &attributes.extended {
        match xattr::set(path, name, value) {
            // File capabilities and labels are not possible everywhere, and an environment
            // with `no_new_privs` gains nothing from them.
            Err(error) if is_refused(&error) => {}
            other => other?,
        }
    }
    Ok(())
}

fn is_refused(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EPERM | libc::ENOTSUP | libc::EINVAL | libc::EACCES))
}

/// The path of an entry below the root. `..` is refused; a leading `/` means the layer's root.
fn inside(path: &Path) -> Result<PathBuf, ContainerError> {
    let mut inside = PathBuf::from("/");
    if path.as_os_str().len() > MAX_PATH_BYTES {
        return Err(ContainerError::invalid("a layer has a path of more than 4096 bytes"));
    }
    for part in path.components() {
        match part {
            Component::Normal(name) => inside.push(name),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            Component::ParentDir => {
                return Err(ContainerError::invalid(format!(
                    "a layer tries to write outside of itself: `{}`",
                    path.display()
                )));
            }
        }
    }
    Ok(inside)
}

fn link_target<R: Read>(entry: &tar::Entry<'_, R>) -> Result<PathBuf, ContainerError> {
    let target = entry.link_name().map_err(|error| read_failed(&error))?;
    target
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| ContainerError::invalid("a layer has a link without a target"))
}

fn attributes<R: Read>(entry: &mut tar::Entry<'_, R>) -> io::Result<Attributes> {
    let mut extended = Vec::new();
    let mut fraction = 0;
    if let Some(records) = entry.pax_extensions()? {
        for record in records {
            let record = record?;
            let Ok(key) = record.key() else { continue };
            if let Some(name) = key.strip_prefix("SCHILY.xattr.") {
                if !RESERVED_ATTRIBUTES.iter().any(|reserved| name.starts_with(reserved)) {
                    extended.push((name.to_owned(), record.value_bytes().to_vec()));
                }
            } else if key == "mtime" {
                fraction = record.value().map_or(0, nanoseconds);
            }
        }
    }
    let header = entry.header();
    let id = |id: u64| u32::try_from(id).map_err(io::Error::other);
    Ok(Attributes {
        uid: id(header.uid()?)?,
        gid: id(header.gid()?)?,
        mode: header.mode()? & 0o7777,
        time: TimeSpec::new(i64::try_from(header.mtime()?).unwrap_or(i64::MAX), fraction),
        extended,
    })
}

/// The fraction of a pax time such as `1700000000.25`.
fn nanoseconds(time: &str) -> i64 {
    let Some((_, fraction)) = time.split_once('.') else { return 0 };
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    digits.parse().unwrap_or(0)
}

/// Removes what a later entry of the same layer replaces.
fn clear(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    }
}

fn write_bytes<R: Read>(entry: &mut tar::Entry<'_, R>, path: &Path) -> Result<(), ContainerError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
        .map_err(|error| write_failed(path, error))?;
    // A full disk is the host's problem and a broken archive the image's, so the two ends of the
    // copy are distinguished.
    let mut piece = vec![0; 1 << 17];
    loop {
        let length = entry.read(&mut piece).map_err(|error| read_failed(&error))?;
        if length == 0 {
            return Ok(());
        }
        io::Write::write_all(&mut file, piece.get(..length).unwrap_or_default())
            .map_err(|error| write_failed(path, error))?;
    }
}

fn set_time(path: &Path, time: TimeSpec) -> io::Result<()> {
    let at = nix::fcntl::AT_FDCWD;
    Ok(utimensat(at, path, &time, &time, UtimensatFlags::NoFollowSymlink)?)
}

/// Reading failed: the bytes are wrong, or the process that sends them is gone.
pub(super) fn read_failed(error: &io::Error) -> ContainerError {
    ContainerError::invalid(format!("a layer cannot be read: {}", with_causes(error)))
}

/// Writing failed: mostly the disk is full.
pub(super) fn write_failed(path: &Path, error: io::Error) -> ContainerError {
    if is_storage_full(&error) {
        let message = format!(
            "failed to unpack `{}`: {error}; free some space on the host's disk",
            path.display()
        );
        return ContainerError::new(ErrorKind::StorageFull, message);
    }
    ContainerError::failed(format!("unpack `{}`", path.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_two_dots_is_refused_and_an_absolute_one_stays_inside() {
        let refused = inside(Path::new("a/../../etc/passwd")).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
        assert_eq!(inside(Path::new("/etc/passwd")).unwrap(), Path::new("/etc/passwd"));
        assert_eq!(inside(Path::new("./a//b/")).unwrap(), Path::new("/a/b"));
    }

    #[test]
    fn the_fraction_of_a_time_is_kept() {
        assert_eq!(nanoseconds("12.25"), 250_000_000);
        assert_eq!(nanoseconds("12.0000000019"), 1);
        assert_eq!(nanoseconds("12"), 0);
    }
}
