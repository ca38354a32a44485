//! What overlay file systems understand as "deleted", in a form that needs no privileges.

use std::{io, path::Path};

use nix::sys::stat::{Mode, SFlag, makedev, mknod};

/// Prefixes of the attributes that overlay itself keeps. An image that contains them would forge
/// whiteouts.
pub(crate) const RESERVED_ATTRIBUTES: [&str; 2] = ["user.overlay.", "trusted."];
const OPAQUE: &str = "user.overlay.opaque";

/// Marks a name as deleted: a character device 0:0, which any user may make.
pub(crate) fn white_out(path: &Path) -> io::Result<()> {
    Ok(mknod(path, SFlag::S_IFCHR, Mode::empty(), makedev(0, 0))?)
}

/// Marks a directory as hiding everything that lower layers have in its place.
pub(crate) fn make_opaque(directory: &Path) -> io::Result<()> {
    xattr::set(directory, OPAQUE, b"y")
}
