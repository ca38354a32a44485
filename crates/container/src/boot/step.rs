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

use super::{agent::Outcome, session, users};
use crate::{
    sys,
    wire::{Answer, Fault, StepPlan},
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
pub(super) fn start(plan: &StepPlan, single_id: bool) -> Result<Started, Fault> {
    if plan.argv.is_empty() {
        return Err(Fault::request("no program was named"));
    }
    let user = users::resolve(plan.user.as_deref(), single_id)?;
    let (standard, outputs) =
        standard(plan.pty).map_err(|error| Fault::host("make a terminal or pipes", error))?;
    let (reader, writer) =
        pipe2(OFlag::O_CLOEXEC).map_err(|error| Fault::host("make a pipe", error))?;
    match sys::fork() {
        Ok(Some(_)) => {
            drop(standard);
            drop(writer);
            Ok(Started { pid: confirm(reader)?, outputs })
        }
        Ok(None) => {
            drop(reader);
            drop(outputs);
            sys::exit_now(child(plan, &user, standard, File::from(writer)))
        }
        Err(error) => Err(not_started(error)),
    }
}

pub(super) fn not_started(error: io::Error) -> Fault {
    Fault::host("start a process (has the environment reached its limit of processes?)", error)
}

/// Runs in the child: as the program, or as the leader of its session. Returns with an exit code
/// if it did not become the program.
fn child(plan: &StepPlan, user: &users::User, standard: Standard, mut told: File) -> i32 {
    let entered = if standard.terminal {
        session::enter(&standard.input, user.entry.uid)
    } else {
        setsid().map(|_| None).map_err(|error| Fault::host("make a session", error))
    };
    if let Ok(Some(program)) = entered {
        let Standard { input, output, error, .. } = standard;
        drop((output, error));
        session::lead(input, program, told);
        return 0;
    }
    // If PID 1 is gone, this process is about to be.
    let _gone = told.write_all(&getpid().as_raw().to_ne_bytes());
    let fault = entered.map_or_else(|fault| fault, |_| run(plan, user, &standard));
    let _gone = told.write_all(&serde_json::to_vec(&fault).unwrap_or_default());
    127
}

/// Waits until the program is loaded: the pipe carries its number and closes, or also carries the
/// reason why not.
fn confirm(reader: OwnedFd) -> Result<Pid, Fault> {
    let mut said = Vec::new();
    File::from(reader)
        .read_to_end(&mut said)
        .map_err(|error| Fault::host("wait for the process", error))?;
    match said.split_first_chunk() {
        Some((pid, [])) => Ok(Pid::from_raw(i32::from_ne_bytes(*pid))),
        Some((_, reason)) => Err(serde_json::from_slice(reason)
            .unwrap_or_else(|error| Fault::host("understand why the process failed", error))),
        None => Err(Fault::host("start a process", "it ended before it could say why")),
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
fn run(plan: &StepPlan, user: &users::User, standard: &Standard) -> Fault {
    match become_process(plan, user, standard) {
        Ok(()) => exec(plan),
        Err(fault) => fault,
    }
}

fn become_process(plan: &StepPlan, user: &users::User, standard: &Standard) -> Result<(), Fault> {
    sys::default_signals();
    let tried = |error: nix::errno::Errno| Fault::host("set up the process", error);
    SigSet::empty().thread_set_mask().map_err(tried)?;
    nix::unistd::dup2_stdin(&standard.input).map_err(tried)?;
    nix::unistd::dup2_stdout(&standard.output).map_err(tried)?;
    nix::unistd::dup2_stderr(&standard.error).map_err(tried)?;
    become_user(user)?;
    std::env::set_current_dir(&plan.cwd).map_err(|error| {
        Fault::request(format!("failed to enter the directory `{}`: {error}", plan.cwd.display()))
    })
}

fn become_user(user: &users::User) -> Result<(), Fault> {
    let name = &user.entry.name;
    let tried = |error: nix::errno::Errno| Fault::host(format!("become user `{name}`"), error);
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
fn exec(plan: &StepPlan) -> Fault {
    let Some(name) = plan.argv.first() else { return Fault::request("no program was named") };
    let Ok(arguments) = plan.argv.iter().map(|word| CString::new(word.as_str())).collect() else {
        return Fault::request("an argument contains a NUL byte");
    };
    let pairs = plan.env.iter().map(|(key, value)| CString::new(format!("{key}={value}")));
    let Ok(variables) = pairs.collect::<Result<Vec<_>, _>>() else {
        return Fault::request("a variable contains a NUL byte");
    };
    let arguments: Vec<CString> = arguments;
    if name.contains('/') {
        let error = load(name.as_bytes(), &arguments, &variables);
        return not_loaded(name, &error);
    }
    let path = plan.env.iter().rev().find(|(key, _)| key == "PATH");
    let path = path.map_or(DEFAULT_PATH, |(_, value)| value.as_str());
    let mut reason = io::Error::from(io::ErrorKind::NotFound);
    for directory in path.split(':') {
        let directory = if directory.is_empty() { "." } else { directory };
        let candidate = std::path::Path::new(directory).join(name);
        let error = load(candidate.as_os_str().as_bytes(), &arguments, &variables);
        match error.raw_os_error() {
            Some(libc::ENOENT | libc::ENOTDIR) => {}
            // Like a shell: go on looking, but remember that there was something.
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

fn not_loaded(name: &str, error: &io::Error) -> Fault {
    match error.raw_os_error() {
        None | Some(libc::ENOENT) => {
            Fault::request(format!("program `{name}` was not found in the environment"))
        }
        Some(libc::E2BIG) => Fault::request(format!(
            "the arguments and variables of `{name}` are larger than the kernel takes"
        )),
        _ => Fault::request(format!("failed to run `{name}`: {error}")),
    }
}

/// Listens on a port of the environment's loopback, for the host side.
pub(super) fn listen(port: u16) -> Outcome {
    let listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, port))
        .map_err(|error| Fault::host(format!("listen on port {port} inside"), error))?;
    Ok((Answer::Listening, vec![listener.into()]))
}
