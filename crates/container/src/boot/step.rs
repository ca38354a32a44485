//! Starting one process inside: terminal or pipes, user, program.

use std::{
    ffi::CString,
    fs::File,
    io::{self, Read, Write},
    os::fd::OwnedFd,
    os::unix::ffi::OsStrExt,
};

use nix::{
    fcntl::OFlag,
    sys::signal::SigSet,
    unistd::{Gid, Pid, Uid, getpid, pipe2, setgroups, setresgid, setresuid, setsid},
};

use super::{session, users};
use crate::{
    error::{ContainerError, ErrorKind},
    spec::ProcessSpec,
    sys,
    wire::{InnerIds, Reply, Response},
};

/// Where programs are looked for if the process has no `PATH`.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A process that runs.
pub(super) struct Started {
    pub(super) pid: Pid,
    /// The pty's master, or the read ends of stdout and stderr.
    pub(super) outputs: Vec<OwnedFd>,
}

/// The descriptors that become 0, 1 and 2.
struct Standard {
    input: OwnedFd,
    output: OwnedFd,
    error: OwnedFd,
    terminal: bool,
}

/// Starts a process. Returns after its program has been loaded, or with the reason why not.
pub(super) fn start(spec: &ProcessSpec, ids: InnerIds) -> Result<Started, ContainerError> {
    if spec.argv.is_empty() {
        return Err(ContainerError::invalid("the process has no program"));
    }
    let user = users::resolve(spec.user.as_deref(), ids)?;
    let (standard, outputs) = standard(spec.pty)
        .map_err(|error| ContainerError::failed("make a terminal or pipes", error))?;
    let (reader, writer) =
        pipe2(OFlag::O_CLOEXEC).map_err(|error| ContainerError::failed("make a pipe", error))?;
    match sys::fork() {
        Ok(Some(_)) => {
            drop(standard);
            drop(writer);
            Ok(Started { pid: confirm(reader)?, outputs })
        }
        Ok(None) => {
            drop(reader);
            drop(outputs);
            sys::exit_now(child(spec, &user, standard, File::from(writer)))
        }
        Err(error) => Err(session::not_started(error)),
    }
}

/// Runs in the child: as the program, or as the leader of its session. Returns with an exit code
/// if it did not become the program.
fn child(spec: &ProcessSpec, user: &users::User, standard: Standard, mut report: File) -> i32 {
    let entered = if standard.terminal {
        session::enter(&standard.input, user.entry.uid)
    } else {
        setsid().map(|_| None).map_err(|error| ContainerError::failed("make a session", error))
    };
    if let Ok(Some(program)) = entered {
        let Standard { input, output, error, .. } = standard;
        drop((output, error));
        session::lead(input, program, report);
        return 0;
    }
    // If PID 1 is gone, this process is about to be.
    let _gone = report.write_all(&getpid().as_raw().to_ne_bytes());
    let error = entered.map_or_else(|error| error, |_| run(spec, user, &standard));
    let _gone = report.write_all(&serde_json::to_vec(&error).unwrap_or_default());
    127
}

/// Waits until the program is loaded: the pipe carries its number and closes, or also carries the
/// reason why not.
fn confirm(reader: OwnedFd) -> Result<Pid, ContainerError> {
    let mut reported = Vec::new();
    File::from(reader)
        .read_to_end(&mut reported)
        .map_err(|error| ContainerError::failed("wait for the process", error))?;
    match reported.split_first_chunk() {
        Some((pid, [])) => Ok(Pid::from_raw(i32::from_ne_bytes(*pid))),
        Some((_, reason)) => Err(serde_json::from_slice(reason).unwrap_or_else(|_| {
            ContainerError::host("a process failed to start, for unknown reasons")
        })),
        None => Err(ContainerError::host("a process ended before its program was loaded")),
    }
}

fn standard(pty: Option<(u16, u16)>) -> io::Result<(Standard, Vec<OwnedFd>)> {
    if let Some((columns, rows)) = pty {
        let (master, slave) = sys::open_pty(columns, rows)?;
        let standard = Standard {
            input: slave.try_clone()?,
            output: slave.try_clone()?,
            error: slave,
            terminal: true,
        };
        return Ok((standard, vec![master]));
    }
    let (out_reader, output) = pipe2(OFlag::O_CLOEXEC)?;
    let (error_reader, error) = pipe2(OFlag::O_CLOEXEC)?;
    let input = File::open("/dev/null")?.into();
    Ok((Standard { input, output, error, terminal: false }, vec![out_reader, error_reader]))
}

/// Becomes the process. Returns only if that failed.
fn run(spec: &ProcessSpec, user: &users::User, standard: &Standard) -> ContainerError {
    match become_process(spec, user, standard) {
        Ok(()) => exec(spec),
        Err(error) => error,
    }
}

fn become_process(
    spec: &ProcessSpec,
    user: &users::User,
    standard: &Standard,
) -> Result<(), ContainerError> {
    sys::default_signals();
    let tried = |error: nix::errno::Errno| ContainerError::failed("set up the process", error);
    SigSet::empty().thread_set_mask().map_err(tried)?;
    nix::unistd::dup2_stdin(&standard.input).map_err(tried)?;
    nix::unistd::dup2_stdout(&standard.output).map_err(tried)?;
    nix::unistd::dup2_stderr(&standard.error).map_err(tried)?;
    become_user(user)?;
    std::env::set_current_dir(&spec.cwd).map_err(|error| {
        ContainerError::request_failed(
            format!("enter the directory `{}`", spec.cwd.display()),
            error,
        )
    })
}

fn become_user(user: &users::User) -> Result<(), ContainerError> {
    let name = &user.entry.name;
    let tried =
        |error: nix::errno::Errno| ContainerError::failed(format!("become user `{name}`"), error);
    if let Some(groups) = &user.groups {
        let groups: Vec<_> = groups.iter().copied().map(Gid::from_raw).collect();
        setgroups(&groups).map_err(tried)?;
    }
    let gid = Gid::from_raw(user.entry.gid);
    setresgid(gid, gid, gid).map_err(tried)?;
    let uid = Uid::from_raw(user.entry.uid);
    // The kernel takes all capabilities away when the last uid stops being 0.
    setresuid(uid, uid, uid).map_err(tried)
}

/// Loads the program. Returns only if that failed.
fn exec(spec: &ProcessSpec) -> ContainerError {
    let Some(name) = spec.argv.first() else {
        return ContainerError::invalid("the process has no program");
    };
    let Ok(arguments) = spec.argv.iter().map(|word| CString::new(word.as_str())).collect() else {
        return ContainerError::invalid("an argument contains a NUL byte");
    };
    let pairs = spec.env.iter().map(|(key, value)| CString::new(format!("{key}={value}")));
    let Ok(variables) = pairs.collect::<Result<Vec<_>, _>>() else {
        return ContainerError::invalid("a variable contains a NUL byte");
    };
    let arguments: Vec<CString> = arguments;
    if name.contains('/') {
        let error = load(name.as_bytes(), &arguments, &variables);
        return not_loaded(name, &error);
    }
    let path = spec.env.iter().rev().find(|(key, _)| key == "PATH");
    let path = path.map_or(DEFAULT_PATH, |(_, value)| value.as_str());
    let mut reason = io::Error::from(io::ErrorKind::NotFound);
    for directory in path.split(':') {
        let directory = if directory.is_empty() { "." } else { directory };
        let candidate = std::path::Path::new(directory).join(name);
        let error = load(candidate.as_os_str().as_bytes(), &arguments, &variables);
        match error.raw_os_error() {
            Some(libc::ENOENT | libc::ENOTDIR) => {}
            // Like a shell: continue searching, but remember that a file was found.
            Some(libc::EACCES) => reason = error,
            _ => return not_loaded(name, &error),
        }
    }
    not_loaded(name, &reason)
}

fn load(program: &[u8], arguments: &[CString], variables: &[CString]) -> io::Error {
    match CString::new(program) {
        Ok(program) => sys::exec(&program, arguments, variables),
        Err(error) => io::Error::other(error),
    }
}

fn not_loaded(name: &str, error: &io::Error) -> ContainerError {
    match error.raw_os_error() {
        None | Some(libc::ENOENT) => {
            ContainerError::not_found(format!("program `{name}` was not found in the environment"))
        }
        Some(libc::E2BIG) => ContainerError::invalid(format!(
            "the arguments and variables of `{name}` are larger than the kernel takes"
        )),
        Some(libc::EACCES) => {
            let message = format!("failed to run `{name}`: {error}");
            ContainerError::new(ErrorKind::AccessDenied, message)
        }
        _ => ContainerError::invalid(format!("failed to run `{name}`: {error}")),
    }
}

/// Listens on a port of the environment's loopback, for the host side.
pub(super) fn listen(port: u16) -> Reply {
    let listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, port))
        .map_err(|error| ContainerError::failed(format!("listen on port {port} inside"), error))?;
    Ok((Response::Listening, vec![listener.into()]))
}
