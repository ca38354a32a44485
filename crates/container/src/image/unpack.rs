//! Unpacking a layer, in a separate helper process.
//!
//! The process that unpacks hostile bytes is locked into the layer's directory before it reads the
//! first one, with the few capabilities that making files takes, so no link and no path can lead out
//! of it.

mod tree;

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    os::fd::OwnedFd,
    path::Path,
};

use nix::sys::stat::Mode;
use sha2::{Digest, Sha256};

use tree::{LayerTree, read_failed, write_failed};

use crate::{
    error::ContainerError,
    sys,
    wire::{UnpackRequest, UnpackedLayer},
};

/// Window that a zstd frame may ask for, as a power of two: what `zstd --ultra` makes.
const ZSTD_WINDOW: u32 = 27;
/// `CHOWN`, `DAC_OVERRIDE`, `FOWNER`, `FSETID`, `SETFCAP`: what making another user's files takes.
const CAPABILITIES: u64 = 1 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 31;

/// Unpacks a layer. Only for a helper process: it locks itself into the directory.
pub(crate) fn run(
    request: &UnpackRequest,
    source: OwnedFd,
) -> Result<UnpackedLayer, ContainerError> {
    let mut source = File::from(source);
    let tried = |error: io::Error| read_failed(&error);
    let max_bytes = match request.part {
        Some((offset, length)) => {
            source.seek(SeekFrom::Start(offset)).map_err(tried)?;
            length
        }
        None => u64::MAX,
    };
    lock_in(&request.directory)?;
    let mut compressed = Hashing::new(source.take(max_bytes));
    let (diff_id, bytes, skipped) = {
        let plain =
            decompress(BufReader::with_capacity(1 << 18, &mut compressed)).map_err(tried)?;
        let mut plain = Hashing::new(plain.take(request.max_bytes.saturating_add(1)));
        let mut layer = LayerTree::new(request.ids);
        layer.unpack(&mut plain)?;
        // What follows the last entry belongs to the digest too.
        io::copy(&mut plain, &mut io::sink()).map_err(tried)?;
        if plain.bytes > request.max_bytes {
            return Err(ContainerError::invalid(format!(
                "a layer is larger than {} bytes unpacked",
                request.max_bytes
            )));
        }
        layer.finish()?;
        // A layer is never unpacked twice, so a loss of power must not leave half of one.
        let whole = File::open("/").map_err(|error| write_failed(Path::new("/"), error))?;
        nix::unistd::syncfs(whole).map_err(|error| write_failed(Path::new("/"), error.into()))?;
        let bytes = plain.bytes;
        (plain.digest(), bytes, layer.skipped)
    };
    io::copy(&mut compressed, &mut io::sink()).map_err(tried)?;
    Ok(UnpackedLayer { digest: compressed.digest(), diff_id, bytes, skipped })
}

/// Makes a directory the root of this process, for good.
fn lock_in(directory: &Path) -> Result<(), ContainerError> {
    let tried = |error: nix::errno::Errno| {
        ContainerError::failed(format!("lock into `{}`", directory.display()), error)
    };
    nix::unistd::chdir(directory).map_err(tried)?;
    nix::unistd::chroot(".").map_err(tried)?;
    nix::unistd::chdir("/").map_err(tried)?;
    nix::sys::stat::umask(Mode::empty());
    nix::sys::prctl::set_no_new_privs().map_err(tried)?;
    sys::set_capabilities(CAPABILITIES)
        .map_err(|error| ContainerError::failed("drop capabilities for unpacking", error))
}

/// Recognizes gzip and zstd by their first bytes; anything else is taken for a plain tar.
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
