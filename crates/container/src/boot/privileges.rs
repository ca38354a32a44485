//! What a process in an environment may not do: capabilities, `no_new_privs`, system calls.
//!
//! PID 1 restricts itself after it has built the environment; every process inherits that. The
//! system calls are a list of what is refused, not of what is allowed: the capabilities and the
//! user namespace are the boundary, the filter takes away kernel surface that no process
//! inside needs.

use std::{collections::BTreeMap, io};

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Width, SeccompCmpOp as Op, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

use crate::{
    error::ContainerError,
    limitation::{Limitation, LimitationKind},
    sys,
};

/// The capabilities of Docker's default set, by number. They hold inside the user namespace only.
const KEPT: [u8; 14] = [
    0,  // CHOWN
    1,  // DAC_OVERRIDE
    3,  // FOWNER
    4,  // FSETID
    5,  // KILL
    6,  // SETGID
    7,  // SETUID
    8,  // SETPCAP
    10, // NET_BIND_SERVICE
    13, // NET_RAW
    18, // SYS_CHROOT
    27, // MKNOD
    29, // AUDIT_WRITE
    31, // SETFCAP
];

/// No kernel knows more capabilities than this.
const MOST_CAPABILITIES: u8 = 63;

/// Calls that are refused with "operation not permitted".
const REFUSED: [c_long; 46] = [
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kcmp,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_lookup_dcookie,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_move_pages,
    libc::SYS_name_to_handle_at,
    libc::SYS_nfsservctl,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pivot_root,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
];

/// Old calls that only this architecture has.
#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: [c_long; 8] = [
    libc::SYS_ioperm,
    libc::SYS_iopl,
    libc::SYS_modify_ldt,
    libc::SYS__sysctl,
    libc::SYS_sysfs,
    libc::SYS_uselib,
    libc::SYS_ustat,
    libc::SYS_vhangup,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: [c_long; 1] = [libc::SYS_vhangup];

/// Flags of `clone` that make namespaces.
const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWUTS,
];

/// Restricts this process and everything that it will fork.
pub(super) fn restrict_agent(
    setuid: bool,
    limitations: &mut Vec<Limitation>,
) -> Result<(), ContainerError> {
    raise_open_files();
    if !setuid {
        nix::sys::prctl::set_no_new_privs()
            .map_err(|error| ContainerError::failed("set no_new_privs", error))?;
    }
    // The filter comes before the capabilities go: without no_new_privs it needs one of them.
    match filters() {
        Ok(programs) => {
            for program in programs {
                if let Err(error) = sys::install_filter(&program) {
                    let cause = format!("installing it failed ({error})");
                    limitations.push(Limitation::new(LimitationKind::SystemCallFilter, cause));
                }
            }
        }
        Err(error) => {
            let message = format!("failed to build the system call filter: {error}");
            return Err(ContainerError::host(message));
        }
    }
    drop_capabilities().map_err(|error| ContainerError::failed("drop capabilities", error))?;
    // No process inside may trace PID 1 or reach the host's binary by /proc/1/exe.
    nix::sys::prctl::set_dumpable(false)
        .map_err(|error| ContainerError::failed("become unreadable", error))
}

fn drop_capabilities() -> io::Result<()> {
    for capability in 0..=MOST_CAPABILITIES {
        if KEPT.contains(&capability) {
            continue;
        }
        match sys::drop_from_bounding_set(capability) {
            Ok(()) => {}
            // Past the last one that this kernel knows.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => break,
            Err(error) => return Err(error),
        }
    }
    sys::set_capabilities(KEPT.iter().fold(0, |mask, capability| mask | (1 << capability)))
}

/// Gives processes inside as many open files as the host lets this process have.
fn raise_open_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // Where it is forbidden, the soft limit stays: a warning would help no one.
        let _forbidden = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// Two programs, because one program has one answer: "not permitted", and "no such call" for
/// `clone3`, whose flags lie in memory that a filter cannot read; C libraries then use `clone`.
fn filters() -> Result<[BpfProgram; 2], seccompiler::BackendError> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().chain(&REFUSED_HERE).map(|call| (*call, Vec::new())).collect();
    let mut namespaces = Vec::new();
    for flag in NAMESPACES {
        let flag = u64::from(flag.unsigned_abs());
        namespaces.push(rule(0, Width::Dword, Op::MaskedEq(flag), flag)?);
    }
    refused.insert(libc::SYS_clone, namespaces);
    // Sockets that talk to the hypervisor ignore namespaces, and packet sockets ignore the routes
    // that keep a user-space network away from the host.
    let mut sockets = Vec::new();
    for family in [libc::AF_VSOCK, libc::AF_PACKET] {
        sockets.push(rule(0, Width::Dword, Op::Eq, u64::from(family.unsigned_abs()))?);
    }
    refused.insert(libc::SYS_socket, sockets);
    // Typing into a terminal from a program is a way to escape from `su`.
    refused.insert(libc::SYS_ioctl, vec![rule(1, Width::Dword, Op::Eq, libc::TIOCSTI)?]);
    let refused = program(refused, libc::EPERM, arch)?;
    let unknown = program(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), libc::ENOSYS, arch)?;
    Ok([refused, unknown])
}

fn rule(
    argument: u8,
    width: Width,
    op: Op,
    value: u64,
) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![SeccompCondition::new(argument, width, op, value)?])
}

fn program(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    errno: i32,
    arch: TargetArch,
) -> Result<BpfProgram, seccompiler::BackendError> {
    let answer = SeccompAction::Errno(errno.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, answer, arch)?.try_into()
}
