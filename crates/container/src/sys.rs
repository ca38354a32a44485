//! The kernel calls that have no safe wrapper: the only file of the workspace with `unsafe`.
//!
//! Each function is a thin, safe wrapper around one call; policy lives with the callers. Nothing here
//! keeps state, and nothing here may be called with a pointer that outlives the call.

#![expect(unsafe_code, reason = "the one place for kernel calls without a safe wrapper")]

use std::{
    ffi::{CStr, CString},
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
    os::unix::ffi::OsStrExt,
    path::Path,
    ptr,
};

use libc::{c_int, c_long, c_uint, c_ulong};

/// Turns the answer of a raw call into a result.
fn check(answer: c_long) -> io::Result<c_long> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}

/// Turns the answer of a call that makes a descriptor into one that is owned.
fn own(answer: c_long) -> io::Result<OwnedFd> {
    let fd = RawFd::try_from(check(answer)?).map_err(io::Error::other)?;
    Ok(adopt(fd))
}

fn c_path(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(io::Error::other)
}

/// Takes over a descriptor that the kernel has just handed to this process (`SCM_RIGHTS`).
pub(crate) fn adopt(fd: RawFd) -> OwnedFd {
    // SAFETY: callers pass numbers that a successful call has just returned, so the descriptor is
    // open and nothing else in this process owns it.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Forks; `None` in the child.
///
/// Only for the helper, which has one thread: the child may then run any code.
pub(crate) fn fork() -> io::Result<Option<nix::unistd::Pid>> {
    // SAFETY: the helper never starts a thread, so no lock can be held by a thread that the child
    // does not have.
    match unsafe { nix::unistd::fork() }? {
        nix::unistd::ForkResult::Parent { child } => Ok(Some(child)),
        nix::unistd::ForkResult::Child => Ok(None),
    }
}

/// Forks a child that is not this process's but its parent's; `None` in the child.
///
/// Only for the helper, and only to load a program soon: the C library's notes on its own thread
/// are those of the forking process.
pub(crate) fn fork_sibling() -> io::Result<Option<nix::unistd::Pid>> {
    let flags = c_long::from(libc::CLONE_PARENT | libc::SIGCHLD);
    let none: c_long = 0;
    // SAFETY: without `CLONE_VM` and without a stack this is `fork`, and the helper has one thread
    // (see `fork`). All arguments are integers.
    let pid = check(unsafe { libc::syscall(libc::SYS_clone, flags, none, none, none, none) })?;
    let pid = libc::pid_t::try_from(pid).map_err(io::Error::other)?;
    Ok((pid != 0).then(|| nix::unistd::Pid::from_raw(pid)))
}

/// Ends this process at once, without destructors or `atexit` functions.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: `_exit` takes no pointers and does not return.
    unsafe { libc::_exit(code) }
}

/// Gives every signal its default action: a Rust program ignores `SIGPIPE`, its children must not.
pub(crate) fn default_signals() {
    for signal in 1..=libc::SIGRTMAX() {
        // SAFETY: `SIG_DFL` is not one of our functions; signals that cannot be set answer `EINVAL`,
        // which changes nothing.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Clones the mount at a path into a detached one.
pub(crate) fn clone_mount(path: &Path) -> io::Result<OwnedFd> {
    open_tree(path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)
}

/// Clones the mount at a path and those below it into a detached one.
pub(crate) fn clone_mounts(path: &Path) -> io::Result<OwnedFd> {
    open_tree(path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE)
}

fn open_tree(path: &Path, flags: c_uint) -> io::Result<OwnedFd> {
    let path = c_path(path)?;
    // SAFETY: `path` is a C string that lives over the call.
    own(unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) })
}

const OPEN_TREE_CLONE: c_uint = 1;
const OPEN_TREE_CLOEXEC: c_uint = 0o2_000_000;
const AT_RECURSIVE: c_uint = 0x8000;
const AT_EMPTY_PATH: c_uint = 0x1000;

/// Changes on a detached mount.
#[derive(Clone, Copy, Default)]
pub(crate) struct MountChange<'a> {
    pub(crate) read_only: bool,
    pub(crate) no_dev: bool,
    pub(crate) recursive: bool,
    /// A user namespace: ids on disk appear as its ids map them.
    pub(crate) ids: Option<BorrowedFd<'a>>,
}

/// Applies changes to a detached mount (`mount_setattr`).
pub(crate) fn change_mount(mount: BorrowedFd<'_>, change: MountChange<'_>) -> io::Result<()> {
    /// `struct mount_attr` of the kernel.
    #[repr(C)]
    struct Attributes {
        set: u64,
        clear: u64,
        propagation: u64,
        userns: u64,
    }
    const READ_ONLY: u64 = 0x1;
    const NO_DEV: u64 = 0x4;
    const ID_MAP: u64 = 0x0010_0000;
    let mut attributes = Attributes { set: 0, clear: 0, propagation: 0, userns: 0 };
    if change.read_only {
        attributes.set |= READ_ONLY;
    }
    if change.no_dev {
        attributes.set |= NO_DEV;
    }
    if let Some(ids) = change.ids {
        attributes.set |= ID_MAP;
        attributes.userns = u64::try_from(ids.as_raw_fd()).map_err(io::Error::other)?;
    }
    let flags = AT_EMPTY_PATH | if change.recursive { AT_RECURSIVE } else { 0 };
    // SAFETY: the path is an empty C string, and `attributes` has the layout and the size that are
    // passed; both live over the call.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            flags,
            ptr::from_ref(&attributes),
            size_of::<Attributes>(),
        )
    })?;
    Ok(())
}

/// Attaches a detached mount at a path.
pub(crate) fn attach_mount(mount: BorrowedFd<'_>, at: &Path) -> io::Result<()> {
    const FROM_EMPTY_PATH: c_uint = 4;
    let at = c_path(at)?;
    // SAFETY: both strings are C strings that live over the call.
    check(unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            at.as_ptr(),
            FROM_EMPTY_PATH,
        )
    })?;
    Ok(())
}

/// Sets the loopback interface of this network namespace up.
pub(crate) fn loopback_up() -> io::Result<()> {
    let socket = nix::sys::socket::socket(
        nix::sys::socket::AddressFamily::Inet,
        nix::sys::socket::SockType::Datagram,
        nix::sys::socket::SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    // SAFETY: an all-zero `ifreq` is valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(c"lo".to_bytes()) {
        *to = libc::c_char::try_from(*from).map_err(io::Error::other)?;
    }
    let flags = libc::IFF_UP | libc::IFF_RUNNING;
    request.ifr_ifru.ifru_flags = libc::c_short::try_from(flags).map_err(io::Error::other)?;
    // SAFETY: the request reads one `ifreq`, which lives over the call.
    let answer =
        unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, ptr::from_ref(&request)) };
    check(c_long::from(answer))?;
    Ok(())
}

/// Opens a new pty of the devpts at `/dev/ptmx`: master and slave.
pub(crate) fn open_pty(columns: u16, rows: u16) -> io::Result<(OwnedFd, OwnedFd)> {
    let master =
        OwnedFd::from(std::fs::OpenOptions::new().read(true).write(true).open("/dev/ptmx")?);
    let unlocked: c_int = 0;
    // SAFETY: the call reads one `int`, which lives over it.
    let answer =
        unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSPTLCK, ptr::from_ref(&unlocked)) };
    check(c_long::from(answer))?;
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: the call takes an integer and gives a new descriptor.
    let slave = unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER, flags) };
    let slave = own(c_long::from(slave))?;
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the call reads one `winsize`, which lives over it.
    let answer = unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSWINSZ, ptr::from_ref(&size)) };
    check(c_long::from(answer))?;
    Ok((master, slave))
}

/// Makes a terminal the controlling one of this session.
pub(crate) fn take_terminal(terminal: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: the call takes an integer.
    let answer = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSCTTY, 0) };
    check(c_long::from(answer))?;
    Ok(())
}

/// Removes a capability from the bounding set. A number that the kernel does not know is an error.
pub(crate) fn drop_from_bounding_set(capability: u8) -> io::Result<()> {
    // SAFETY: the call takes integers.
    let answer = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, c_ulong::from(capability), 0, 0, 0) };
    check(c_long::from(answer))?;
    Ok(())
}

/// Sets the permitted and effective capabilities to those of a mask, the inheritable to none.
pub(crate) fn set_capabilities(mask: u64) -> io::Result<()> {
    /// `struct __user_cap_header_struct`.
    #[repr(C)]
    struct Header {
        version: u32,
        pid: c_int,
    }
    /// `struct __user_cap_data_struct`.
    #[repr(C)]
    struct Data {
        effective: u32,
        permitted: u32,
        inheritable: u32,
    }
    const VERSION_3: u32 = 0x2008_0522;
    let low = u32::try_from(mask & 0xffff_ffff).map_err(io::Error::other)?;
    let high = u32::try_from(mask >> 32).map_err(io::Error::other)?;
    let header = Header { version: VERSION_3, pid: 0 };
    let data = [low, high].map(|word| Data { effective: word, permitted: word, inheritable: 0 });
    // SAFETY: version 3 reads a header and two data structs, which live over the call.
    check(unsafe { libc::syscall(libc::SYS_capset, ptr::from_ref(&header), data.as_ptr()) })?;
    Ok(())
}

/// Installs a seccomp filter on this thread.
pub(crate) fn install_filter(program: &[seccompiler::sock_filter]) -> io::Result<()> {
    const SET_MODE_FILTER: c_uint = 1;
    /// `struct sock_fprog`.
    #[repr(C)]
    struct Program {
        len: u16,
        filter: *const seccompiler::sock_filter,
    }
    let len = u16::try_from(program.len()).map_err(io::Error::other)?;
    let program = Program { len, filter: program.as_ptr() };
    // SAFETY: `program` describes a slice that lives over the call; the kernel copies it.
    check(unsafe {
        libc::syscall(libc::SYS_seccomp, SET_MODE_FILTER, 0, ptr::from_ref(&program))
    })?;
    Ok(())
}

/// How a process ended, as the kernel reports it.
pub(crate) enum WaitStatus {
    Exited(i32),
    Killed(i32),
}

/// Reaps one dead child of this process; `None` if none is dead.
pub(crate) fn reap() -> io::Result<Option<(nix::unistd::Pid, WaitStatus)>> {
    let mut status = 0;
    loop {
        // SAFETY: the call writes one `int`, which lives over it.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
        if pid == 0 {
            return Ok(None);
        }
        if pid < 0 {
            let error = io::Error::last_os_error();
            return match error.raw_os_error() {
                Some(libc::ECHILD) => Ok(None),
                Some(libc::EINTR) => continue,
                _ => Err(error),
            };
        }
        let death = if libc::WIFEXITED(status) {
            WaitStatus::Exited(libc::WEXITSTATUS(status))
        } else {
            WaitStatus::Killed(libc::WTERMSIG(status))
        };
        return Ok(Some((nix::unistd::Pid::from_raw(pid), death)));
    }
}

/// Sends a signal, also a real-time one, to a process group.
pub(crate) fn signal_group(group: nix::unistd::Pid, signal: i32) -> io::Result<()> {
    // SAFETY: the call takes integers.
    let answer = unsafe { libc::kill(-group.as_raw(), signal) };
    check(c_long::from(answer))?;
    Ok(())
}

/// Names a process so that its number cannot be taken by another one.
pub(crate) fn open_pidfd(pid: u32) -> io::Result<OwnedFd> {
    let pid = c_int::try_from(pid).map_err(io::Error::other)?;
    // SAFETY: the call takes integers.
    own(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })
}

/// Kills the process that a pidfd names.
pub(crate) fn kill_pidfd(process: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: the signal's details may be null, the rest are integers.
    check(unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            process.as_raw_fd(),
            libc::SIGKILL,
            ptr::null::<libc::siginfo_t>(),
            0,
        )
    })?;
    Ok(())
}

/// Attaches a file to a free loop device that goes away with its last user; gives the open device
/// and its path.
pub(crate) fn attach_loop(file: impl AsFd) -> io::Result<(OwnedFd, String)> {
    const GET_FREE: c_ulong = 0x4C82;
    const CONFIGURE: c_ulong = 0x4C0A;
    const AUTOCLEAR: u32 = 4;
    const TRIES: u32 = 16;
    /// `struct loop_config` with its `loop_info64` spelled as words.
    #[repr(C)]
    struct Config {
        fd: u32,
        block_size: u32,
        /// device, inode, rdevice, offset, size limit
        numbers: [u64; 5],
        /// number, encrypt type, key size, flags
        words: [u32; 4],
        names: [u8; 64 + 64 + 32],
        init: [u64; 2],
        reserved: [u64; 8],
    }
    let control = std::fs::OpenOptions::new().read(true).write(true).open("/dev/loop-control")?;
    for _ in 0..TRIES {
        // SAFETY: the call takes no argument and answers a number.
        let number = unsafe { libc::ioctl(control.as_raw_fd(), GET_FREE) };
        let number = check(c_long::from(number))?;
        let path = format!("/dev/loop{number}");
        let device = std::fs::OpenOptions::new().read(true).write(true).open(&path)?;
        let config = Config {
            fd: u32::try_from(file.as_fd().as_raw_fd()).map_err(io::Error::other)?,
            block_size: 0,
            numbers: [0; 5],
            words: [0, 0, 0, AUTOCLEAR],
            names: [0; 160],
            init: [0; 2],
            reserved: [0; 8],
        };
        // SAFETY: the call reads one `loop_config`, whose layout `Config` has; it lives over it.
        let answer = unsafe { libc::ioctl(device.as_raw_fd(), CONFIGURE, ptr::from_ref(&config)) };
        match check(c_long::from(answer)) {
            Ok(_) => return Ok((OwnedFd::from(device), path)),
            // Another process took it between the two calls.
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::from_raw_os_error(libc::EBUSY))
}

/// Replaces this process by a program. Returns only if that failed.
pub(crate) fn exec(program: &CStr, arguments: &[CString], variables: &[CString]) -> io::Error {
    match nix::unistd::execve(program, arguments, variables) {
        Ok(never) => match never {},
        Err(errno) => io::Error::from(errno),
    }
}

/// Lets the C library find hosts, users and groups by the means that are built into it, whatever
/// `/etc/nsswitch.conf` says.
///
/// A static executable cannot load the modules that are there: they belong to another build of the C
/// library, and loading them ends in a crash or in a failed lookup. Only before any thread exists.
#[cfg(all(target_env = "gnu", target_feature = "crt-static"))]
pub(crate) fn use_built_in_lookups() {
    unsafe extern "C" {
        fn __nss_configure_lookup(
            database: *const libc::c_char,
            services: *const libc::c_char,
        ) -> c_int;
    }
    for (database, services) in
        [(c"hosts", c"files dns"), (c"passwd", c"files"), (c"group", c"files")]
    {
        // SAFETY: both are strings that live as long as the process, and no other thread exists that
        // could look something up meanwhile.
        let failed = unsafe { __nss_configure_lookup(database.as_ptr(), services.as_ptr()) };
        debug_assert_eq!(failed, 0, "{database:?} is a database of every glibc");
    }
}
