//! Unpacking a layer, in a helper process of its own.
//!
//! What unpacks hostile bytes is locked into the layer's directory before it reads the first one,
//! with the few capabilities that making files takes, so no link and no path can lead out of it.
//! Whiteouts become what overlay understands in a user namespace: character devices 0:0, and
//! `user.overlay.opaque` on directories.

use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    os::fd::OwnedFd,
    os::unix::fs::{OpenOptionsExt, PermissionsExt, lchown, symlink},
    path::{Component, Path, PathBuf},
};

use nix::sys::{
    stat::{Mode, UtimensatFlags, utimensat},
    time::TimeSpec,
};
use sha2::{Digest, Sha256};
use tar::EntryType;

use crate::{sys, toolchain::white_out, wire::Fault};

/// A layer may hold this many entries: the largest images in use have some hundred thousand.
const MOST_ENTRIES: u64 = 4_000_000;
/// Window that a zstd frame may ask for, as a power of two: what `zstd --ultra` makes.
const ZSTD_WINDOW: u32 = 27;
/// Marks of overlay itself; a layer that brings them would forge whiteouts.
const FORGED: [&str; 2] = ["user.overlay.", "trusted."];
const OPAQUE: &str = "user.overlay.opaque";
/// `CHOWN`, `DAC_OVERRIDE`, `FOWNER`, `FSETID`, `SETFCAP`: what making another's files takes.
const CAPABILITIES: u64 = 1 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 31;
/// Bytes of a link's or a file's path.
const MOST_PATH_BYTES: usize = 4096;

/// What to unpack, and where.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Order {
    /// An empty directory.
    pub(crate) directory: PathBuf,
    /// Owners can only be set inside a user namespace.
    pub(crate) new_namespace: bool,
    /// Owners cannot be set at all.
    pub(crate) single_id: bool,
    /// The layer is this part of the source; `None`: all of it.
    pub(crate) part: Option<(u64, u64)>,
    /// The unpacked layer may have this many bytes.
    pub(crate) most_bytes: u64,
}

/// What was unpacked.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Unpacked {
    /// `sha256:…` of the bytes as they came.
    pub(crate) digest: String,
    /// `sha256:…` of the tar inside.
    pub(crate) diff_id: String,
    /// Bytes of the tar inside.
    pub(crate) bytes: u64,
    /// Device nodes that were left out: no environment could open them.
    pub(crate) skipped: u64,
}

/// Unpacks a layer. Only for a helper process: it locks itself into the directory.
pub(crate) fn run(order: &Order, source: OwnedFd) -> Result<Unpacked, Fault> {
    let mut source = File::from(source);
    let tried = |error: io::Error| read_fault(&error);
    let most = match order.part {
        Some((offset, length)) => {
            source.seek(SeekFrom::Start(offset)).map_err(tried)?;
            length
        }
        None => u64::MAX,
    };
    lock_in(&order.directory)?;
    let mut compressed = Hashing::new(source.take(most));
    let (diff_id, bytes, skipped) = {
        let plain =
            decompress(BufReader::with_capacity(1 << 18, &mut compressed)).map_err(tried)?;
        let mut plain = Hashing::new(plain.take(order.most_bytes.saturating_add(1)));
        let mut layer = Layer::new(order.single_id);
        layer.unpack(&mut plain)?;
        // What follows the last entry belongs to the digest too.
        io::copy(&mut plain, &mut io::sink()).map_err(tried)?;
        if plain.bytes > order.most_bytes {
            return Err(Fault::request(format!(
                "a layer is larger than {} bytes unpacked",
                order.most_bytes
            )));
        }
        layer.finish()?;
        // A layer is never unpacked twice, so a loss of power must not leave half of one.
        let whole = File::open("/").map_err(|error| write_fault(Path::new("/"), &error))?;
        nix::unistd::syncfs(whole).map_err(|error| write_fault(Path::new("/"), &error.into()))?;
        let bytes = plain.bytes;
        (plain.digest(), bytes, layer.skipped)
    };
    io::copy(&mut compressed, &mut io::sink()).map_err(tried)?;
    Ok(Unpacked { digest: compressed.digest(), diff_id, bytes, skipped })
}

/// Makes a directory the root of this process, for good.
fn lock_in(directory: &Path) -> Result<(), Fault> {
    let tried = |error: nix::errno::Errno| {
        Fault::host(format!("lock into `{}`", directory.display()), error)
    };
    nix::unistd::chdir(directory).map_err(tried)?;
    nix::unistd::chroot(".").map_err(tried)?;
    nix::unistd::chdir("/").map_err(tried)?;
    nix::sys::stat::umask(Mode::empty());
    nix::sys::prctl::set_no_new_privs().map_err(tried)?;
    sys::set_capabilities(CAPABILITIES)
        .map_err(|error| Fault::host("drop capabilities for unpacking", error))
}

/// Reading failed: the bytes are wrong, or the one who sends them is gone.
fn read_fault(error: &io::Error) -> Fault {
    let mut reason: &dyn std::error::Error = error;
    let mut text = reason.to_string();
    while let Some(source) = reason.source() {
        reason = source;
        text = format!("{text}: {reason}");
    }
    Fault::request(format!("a layer cannot be read: {text}"))
}

/// Writing failed: mostly the disk is full.
fn write_fault(path: &Path, error: &io::Error) -> Fault {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let way_out = if full { "; free some space on the disk of the runner's directory" } else { "" };
    Fault {
        request: false,
        message: format!("failed to unpack `{}`: {error}{way_out}", path.display()),
    }
}

/// Recognises gzip and zstd by their first bytes; anything else is taken for a plain tar.
fn decompress<'a>(mut source: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let start = source.fill_buf()?;
    if start.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(flate2::bufread::MultiGzDecoder::new(source)));
    }
    if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(source)?;
        decoder.window_log_max(ZSTD_WINDOW)?;
        return Ok(Box::new(decoder));
    }
    Ok(Box::new(source))
}

/// A reader that counts and hashes what passes.
struct Hashing<R> {
    inner: R,
    hash: Sha256,
    bytes: u64,
}

impl<R> Hashing<R> {
    fn new(inner: R) -> Self {
        Self { inner, hash: Sha256::new(), bytes: 0 }
    }

    fn digest(self) -> String {
        format!("sha256:{}", hex::encode(self.hash.finalize()))
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.hash.update(buffer.get(..length).unwrap_or_default());
        self.bytes += u64::try_from(length).unwrap_or_default();
        Ok(length)
    }
}

/// A layer on its way to disk.
struct Layer {
    single_id: bool,
    /// Names that this layer has whited out: what it then puts there hides all below.
    whited_out: HashSet<PathBuf>,
    /// Times of directories, set when nothing is put into them any more.
    times: Vec<(PathBuf, TimeSpec)>,
    skipped: u64,
}

/// What an entry says of itself beside its bytes.
struct Attributes {
    uid: u32,
    gid: u32,
    mode: u32,
    time: TimeSpec,
    extended: Vec<(String, Vec<u8>)>,
}

impl Layer {
    fn new(single_id: bool) -> Self {
        Self { single_id, whited_out: HashSet::new(), times: Vec::new(), skipped: 0 }
    }

    fn unpack(&mut self, source: &mut impl Read) -> Result<(), Fault> {
        let mut archive = tar::Archive::new(source);
        let mut entries = 0;
        for entry in archive.entries().map_err(|error| read_fault(&error))? {
            let mut entry = entry.map_err(|error| read_fault(&error))?;
            entries += 1;
            if entries > MOST_ENTRIES {
                return Err(Fault::request(format!(
                    "a layer has more than {MOST_ENTRIES} entries"
                )));
            }
            self.place(&mut entry)?;
        }
        Ok(())
    }

    fn place<R: Read>(&mut self, entry: &mut tar::Entry<'_, R>) -> Result<(), Fault> {
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::XGlobalHeader) {
            return Ok(());
        }
        let named = entry.path().map_err(|error| read_fault(&error))?.into_owned();
        let path = inside(&named)?;
        if let Some(name) = path.file_name().and_then(|name| name.to_str())
            && let Some(hidden) = name.strip_prefix(".wh.")
        {
            let parent = path.parent().unwrap_or(Path::new("/"));
            return self.white_out(parent, hidden);
        }
        let attributes = attributes(entry).map_err(|error| read_fault(&error))?;
        let wrong = |error: io::Error| write_fault(&path, &error);
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
            return Err(Fault::request(format!(
                "a layer has an entry of unknown kind: `{}`",
                named.display()
            )));
        }
        self.dress(&path, &attributes, kind.is_symlink()).map_err(wrong)?;
        set_time(&path, attributes.time).map_err(wrong)
    }

    /// A name of the layers below is gone, or (`.wh..opq`) all names of a directory are.
    fn white_out(&mut self, parent: &Path, hidden: &str) -> Result<(), Fault> {
        let path = parent.join(hidden);
        let wrong = |error: io::Error| write_fault(&path, &error);
        self.make_parents(parent).map_err(wrong)?;
        if hidden == ".wh..opq" {
            let parent = fs::canonicalize(parent).map_err(wrong)?;
            return set_attribute(&parent, OPAQUE, b"y").map_err(wrong);
        }
        // Other names of this form belong to the file system that invented whiteouts.
        if hidden.is_empty() || hidden.starts_with(".wh.") || matches!(hidden, "." | "..") {
            return Ok(());
        }
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => set_attribute(&path, OPAQUE, b"y").map_err(wrong),
            // The layer itself has put something there, which hides what is below anyway.
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
                set_attribute(&walked, OPAQUE, b"y")?;
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
            set_attribute(path, OPAQUE, b"y")?;
        }
        self.dress(path, attributes, false)?;
        self.times.push((path.to_owned(), attributes.time));
        Ok(())
    }

    /// Gives an entry its owner, mode and extended attributes.
    fn dress(&self, path: &Path, attributes: &Attributes, is_link: bool) -> io::Result<()> {
        if !self.single_id {
            match lchown(path, Some(attributes.uid), Some(attributes.gid)) {
                // An id that this host does not map cannot own anything here.
                Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
                other => other?,
            }
        }
        if !is_link {
            // After the owner, because a change of owner takes the setuid bits away.
            fs::set_permissions(path, fs::Permissions::from_mode(attributes.mode))?;
        }
        for (name, value) in &attributes.extended {
            match set_attribute(path, name, value) {
                // File capabilities and labels are not everywhere possible, and an environment
                // with `no_new_privs` gains nothing from them.
                Err(error) if is_refused(&error) => {}
                other => other?,
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Fault> {
        for (path, time) in self.times.drain(..).rev() {
            // A later entry may have replaced the directory.
            if fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir()) {
                set_time(&path, time).map_err(|error| write_fault(&path, &error))?;
            }
        }
        Ok(())
    }
}

fn is_refused(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EPERM | libc::ENOTSUP | libc::EINVAL | libc::EACCES))
}

/// The path of an entry below the root. `..` is refused; a leading `/` means the layer's root.
fn inside(path: &Path) -> Result<PathBuf, Fault> {
    let mut inside = PathBuf::from("/");
    if path.as_os_str().len() > MOST_PATH_BYTES {
        return Err(Fault::request("a layer has a path of more than 4096 bytes"));
    }
    for part in path.components() {
        match part {
            Component::Normal(name) => inside.push(name),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            Component::ParentDir => {
                return Err(Fault::request(format!(
                    "a layer tries to write outside of itself: `{}`",
                    path.display()
                )));
            }
        }
    }
    Ok(inside)
}

fn link_target<R: Read>(entry: &tar::Entry<'_, R>) -> Result<PathBuf, Fault> {
    let target = entry.link_name().map_err(|error| read_fault(&error))?;
    target
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| Fault::request("a layer has a link without a target"))
}

fn attributes<R: Read>(entry: &mut tar::Entry<'_, R>) -> io::Result<Attributes> {
    let mut extended = Vec::new();
    let mut fraction = 0;
    if let Some(records) = entry.pax_extensions()? {
        for record in records {
            let record = record?;
            let Ok(key) = record.key() else { continue };
            if let Some(name) = key.strip_prefix("SCHILY.xattr.") {
                if !FORGED.iter().any(|forged| name.starts_with(forged)) {
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

fn write_bytes<R: Read>(entry: &mut tar::Entry<'_, R>, path: &Path) -> Result<(), Fault> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
        .map_err(|error| write_fault(path, &error))?;
    // A full disk and a broken archive are different people's trouble, so the two ends of the copy
    // are told apart.
    let mut piece = vec![0; 1 << 17];
    loop {
        let length = entry.read(&mut piece).map_err(|error| read_fault(&error))?;
        if length == 0 {
            return Ok(());
        }
        io::Write::write_all(&mut file, piece.get(..length).unwrap_or_default())
            .map_err(|error| write_fault(path, &error))?;
    }
}

fn set_attribute(path: &Path, name: &str, value: &[u8]) -> io::Result<()> {
    xattr::set(path, name, value)
}

fn set_time(path: &Path, time: TimeSpec) -> io::Result<()> {
    let at = nix::fcntl::AT_FDCWD;
    Ok(utimensat(at, path, &time, &time, UtimensatFlags::NoFollowSymlink)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_two_dots_is_refused_and_an_absolute_one_stays_inside() {
        assert!(inside(Path::new("a/../../etc/passwd")).unwrap_err().request);
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
