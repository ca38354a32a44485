//! Opening the runtime and starting environments.

use std::{
    fs,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::{
    Environment, EnvironmentSpec, Root, RuntimeSettings,
    conversation::{self, Belongings},
};
use crate::{
    cgroup::{Cgroups, Group},
    error::ContainerError,
    host::{Helper, Host, Mapping},
    image::{Flights, ImageStore},
    limits::Limits,
    network::{Attachment, Network},
    owner::{self, Owner},
    scratch::{self, Scratch},
    toolchain,
    wire::{BindPlan, Blueprint, FileHead, HostPlan, Report, RootPlan, Task, memory_file},
};

/// Names of environments are parts of file names.
const MOST_NAME_BYTES: usize = 100;
/// The kernel's longest host name.
const MOST_HOSTNAME_BYTES: usize = 64;

/// Starts environments.
#[derive(Clone)]
pub struct Runtime {
    pub(crate) inner: Arc<Inner>,
}

/// What all environments of a runtime share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) directory: PathBuf,
    pub(crate) host: Host,
    /// Removes this process's part of the directory when the last environment is gone.
    pub(crate) owner: Owner,
    /// Layers that are being brought to disk.
    pub(crate) flights: Flights,
    cgroups: Cgroups,
    network: Network,
    toolchain: Mutex<Option<HostPlan>>,
    setuid: AtomicBool,
    next: AtomicU64,
}

impl Runtime {
    /// Opens the runtime, sweeps what a killed predecessor left, and finds out what the host can do.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Host`] if the directory cannot be used.
    pub fn open(settings: RuntimeSettings) -> Result<Self, ContainerError> {
        let RuntimeSettings { directory, boot } = settings;
        let make = |path: PathBuf| {
            fs::create_dir_all(&path)
                .map_err(|error| ContainerError::host(format!("make `{}`", path.display()), error))
        };
        for part in ["layers", "owners", "stash", "templates"] {
            make(directory.join(part))?;
        }
        // In layers and scratch lie files that somebody else made setuid root: nobody on the host
        // may reach them.
        for part in ["layers", "owners"] {
            let path = directory.join(part);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).map_err(|error| {
                ContainerError::host(format!("close `{}` to others", path.display()), error)
            })?;
        }
        let directory = directory
            .canonicalize()
            .map_err(|error| ContainerError::host("find the runtime's directory", error))?;
        let host = Host::probe(boot, &directory);
        let cgroups = Cgroups::probe();
        owner::sweep(&directory, &|leftovers| host.remove(leftovers));
        let owner = Owner::open(&directory, cgroups.bases())?;
        Ok(Self {
            inner: Arc::new(Inner {
                directory,
                host,
                owner,
                flights: Flights::default(),
                cgroups,
                network: Network::default(),
                toolchain: Mutex::default(),
                setuid: AtomicBool::new(false),
                next: AtomicU64::new(1),
            }),
        })
    }

    /// Lets setuid programs such as `sudo` work in environments that are started from now on:
    /// `no_new_privs` is not set. What they can gain is the environment's own root, in its user
    /// namespace, with the same capabilities as any process that is started as root. Where the ids
    /// inside are those of the host, it stays set, and [`Environment::not_enforced`] says so.
    #[must_use]
    pub fn with_setuid(self, allowed: bool) -> Self {
        self.inner.setuid.store(allowed, Ordering::Relaxed);
        self
    }

    /// Sentences on what this host cannot do, for `roundel doctor`.
    pub fn shortcomings(&self) -> Vec<String> {
        let mut found = self.inner.host.shortcomings();
        found.extend(self.inner.cgroups.shortcomings());
        let trial = EnvironmentSpec {
            name: "trial".to_owned(),
            root: Root::Host,
            limits: Limits::default(),
            hostname: "trial".to_owned(),
            hosts: Vec::new(),
            binds: Vec::new(),
            files: Vec::new(),
            network: true,
        };
        match self.start(&trial) {
            Ok(environment) => {
                for sentence in environment.not_enforced() {
                    if !found.contains(sentence) {
                        found.push(sentence.clone());
                    }
                }
            }
            Err(error) => found.push(format!("environments cannot be started: {error}")),
        }
        found
    }

    /// The image store.
    pub fn images(&self) -> ImageStore {
        ImageStore::new(Arc::clone(&self.inner))
    }

    /// Starts an environment. Blocks for a few milliseconds.
    ///
    /// # Errors
    ///
    /// [`ContainerError::Request`] for a name, host name or source that cannot be,
    /// [`ContainerError::Host`] with the way out if the host does not let it start.
    pub fn start(&self, spec: &EnvironmentSpec) -> Result<Environment, ContainerError> {
        check(spec)?;
        let inner = &self.inner;
        let number = inner.next.fetch_add(1, Ordering::Relaxed);
        let root = inner.root(&spec.root)?;
        let scratch = inner.scratch(spec, number)?;
        let name = format!("{}{number}-{}", inner.owner.prefix(), spec.name);
        let group = Arc::new(inner.cgroups.create(&name, &spec.limits));
        let mut belongings = Belongings {
            runtime: Arc::clone(inner),
            group: Arc::clone(&group),
            scratch: scratch.path.clone(),
            network: None,
        };
        let mut not_enforced = inner.missing(spec, &group, &scratch);
        let (blueprint, files) = match inner.blueprint(spec, root, &scratch, group.procs()) {
            Ok(made) => made,
            Err(error) => {
                belongings.clear();
                return Err(error);
            }
        };
        match inner.launch(spec, blueprint, files.as_ref(), &mut belongings) {
            Ok((helper, said)) => {
                not_enforced.extend(said);
                let network = belongings.network.as_mut().and_then(Attachment::take_signal);
                // The device is mounted now; the mount keeps it.
                drop(scratch.device);
                let network = Mutex::new(network);
                let conversation = conversation::begin(helper, belongings)?;
                Ok(Environment { conversation, group, not_enforced, network })
            }
            Err(error) => {
                drop(scratch.device);
                belongings.clear();
                Err(error)
            }
        }
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("directory", &self.inner.directory).finish_non_exhaustive()
    }
}

impl Inner {
    fn root(&self, root: &Root) -> Result<RootPlan, ContainerError> {
        match root {
            Root::Layers(layers) => Ok(RootPlan::Layers(layers.clone())),
            Root::Host => {
                let mut plan = self.toolchain.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(plan) = &*plan {
                    return Ok(RootPlan::Host(plan.clone()));
                }
                let made = toolchain::prepare(&self.owner.directory.join("host"))?;
                *plan = Some(made.clone());
                Ok(RootPlan::Host(made))
            }
        }
    }

    /// Sentences on what this host does not enforce of a spec.
    fn missing(&self, spec: &EnvironmentSpec, group: &Group, scratch: &Scratch) -> Vec<String> {
        let mut missing = group.not_enforced.clone();
        if self.host.mapping == Mapping::Single {
            missing.extend(self.host.shortcomings());
        }
        if matches!(spec.root, Root::Host) && self.host.inner_root().is_none() {
            missing.push(
                "the host's /usr and /opt can be read but cannot be changed: they belong to the \
                 host's root, and the runner is an ordinary user"
                    .to_owned(),
            );
        }
        if self.setuid.load(Ordering::Relaxed) && !self.host.setuid_stays_inside() {
            missing.push(
                "setuid programs such as `sudo` are allowed on this runner but do not work: on \
                 this host, users of an environment are not users of its own"
                    .to_owned(),
            );
        }
        missing.extend(scratch.not_enforced.clone());
        missing
    }

    fn scratch(&self, spec: &EnvironmentSpec, number: u64) -> Result<Scratch, ContainerError> {
        let memory = spec.limits.memory_bytes.unwrap_or(u64::MAX).min(self.host.memory_bytes);
        scratch::make(&scratch::Wanted {
            path: &self.owner.directory.join("scratch").join(number.to_string()),
            templates: &self.directory.join("templates"),
            quota_bytes: spec.limits.disk_bytes,
            memory_bytes: memory,
            memory_works: self.host.memory_upper,
            owner: self.host.inner_root(),
        })
    }

    fn blueprint(
        &self,
        spec: &EnvironmentSpec,
        root: RootPlan,
        scratch: &Scratch,
        cgroups: Vec<PathBuf>,
    ) -> Result<(Blueprint, Option<OwnedFd>), ContainerError> {
        let mut heads = Vec::new();
        let mut all = Vec::new();
        for (path, mode, uid, gid, bytes) in &spec.files {
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            let path = Path::new("/").join(path);
            heads.push(FileHead { path, mode: *mode, uid: *uid, gid: *gid, bytes: length });
            all.extend_from_slice(bytes);
        }
        let files = if heads.is_empty() { None } else { Some(memory_file(&all)) };
        let files = files
            .transpose()
            .map_err(|error| ContainerError::host("hold the environment's files", error))?;
        let binds = spec.binds.iter().map(|(source, target, read_only)| BindPlan {
            source: source.clone(),
            target: target.clone(),
            read_only: *read_only,
        });
        let memory = spec.limits.memory_bytes.unwrap_or(self.host.memory_bytes);
        let blueprint = Blueprint {
            stash: self.directory.join("stash"),
            root,
            upper: scratch.upper.clone(),
            hostname: spec.hostname.clone(),
            hosts: hosts(spec),
            resolv: resolv(),
            binds: binds.collect(),
            files: heads,
            cgroups,
            idmapped: self.host.ids.is_some(),
            single_id: self.host.mapping == Mapping::Single,
            shm_bytes: memory / 2,
            setuid: self.setuid.load(Ordering::Relaxed) && self.host.setuid_stays_inside(),
        };
        Ok((blueprint, files))
    }

    /// Starts the helper and waits until PID 1 serves.
    fn launch(
        &self,
        spec: &EnvironmentSpec,
        blueprint: Blueprint,
        files: Option<&OwnedFd>,
        belongings: &mut Belongings,
    ) -> Result<(Helper, Vec<String>), ContainerError> {
        let fds: Vec<BorrowedFd<'_>> = self.host.ids.iter().chain(files).map(AsFd::as_fd).collect();
        let hastened =
            if blueprint.cgroups.is_empty() { None } else { self.cgroups.hasten_joins() };
        let mut helper = self.host.helper(&Task::Environment(Box::new(blueprint)), &fds)?;
        let led = self.lead(spec, &mut helper, belongings);
        if hastened.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("a thread that hastens joins was lost");
        }
        match led {
            Ok(said) => Ok((helper, said)),
            Err(error) => {
                helper.finish();
                Err(error)
            }
        }
    }

    /// Leads a helper through its maps and its network until it is ready.
    fn lead(
        &self,
        spec: &EnvironmentSpec,
        helper: &mut Helper,
        belongings: &mut Belongings,
    ) -> Result<Vec<String>, ContainerError> {
        self.host.map(helper)?;
        let mut said = Vec::new();
        let mut interface = None;
        if spec.network {
            match self.network.attach(helper.child.id(), &self.host) {
                Ok((attachment, outside)) => {
                    belongings.network = Some(attachment);
                    interface = outside;
                }
                Err(reason) => said.push(format!("no outside network: {reason}")),
            }
        }
        helper.go_on(interface)?;
        match helper.report()? {
            Report::Ready { not_enforced } => {
                said.extend(not_enforced);
                Ok(said)
            }
            Report::Failed(fault) => Err(fault.into()),
            Report::Unshared | Report::Unpacked(_) => {
                Err(ContainerError::Host("the helper process answered out of turn".to_owned()))
            }
        }
    }
}

fn check(spec: &EnvironmentSpec) -> Result<(), ContainerError> {
    let refuse = |what: String| Err(ContainerError::Request(what));
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if spec.name.is_empty() || spec.name.len() > MOST_NAME_BYTES || !spec.name.chars().all(plain) {
        return refuse(format!("`{}` cannot be the name of an environment", spec.name));
    }
    let host = |name: &str| {
        let letters = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !name.is_empty() && name.chars().all(letters)
    };
    if !host(&spec.hostname) || spec.hostname.len() > MOST_HOSTNAME_BYTES {
        return refuse(format!("`{}` cannot be a host name", spec.hostname));
    }
    if let Some(wrong) = spec.hosts.iter().find(|name| !host(name)) {
        return refuse(format!("`{wrong}` cannot be a host name"));
    }
    let target =
        |path: &Path| path.is_absolute() && !path.components().any(|part| part.as_os_str() == "..");
    if let Some((_, wrong, _)) = spec.binds.iter().find(|(_, inside, _)| !target(inside)) {
        return refuse(format!("`{}` cannot be bound to: not an absolute path", wrong.display()));
    }
    Ok(())
}

/// The text of `/etc/hosts`.
fn hosts(spec: &EnvironmentSpec) -> String {
    let mut text = format!(
        "127.0.0.1\tlocalhost {}\n::1\tlocalhost ip6-localhost ip6-loopback\n",
        spec.hostname
    );
    for name in &spec.hosts {
        text.extend(["127.0.0.1\t", name, "\n"]);
    }
    text
}

/// The text of `/etc/resolv.conf`: the host's, or what its stub resolver forwards to, because a
/// resolver on the host's loopback cannot be reached from inside.
fn resolv() -> String {
    let mut loopback_only = String::new();
    for path in ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"] {
        let text = fs::read_to_string(path).unwrap_or_default();
        let mut servers = text.lines().filter_map(|line| line.strip_prefix("nameserver"));
        if servers.any(|server| !server.trim().starts_with("127.")) {
            return text;
        }
        loopback_only = text;
    }
    loopback_only
}
