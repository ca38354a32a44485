//! Opening the runtime and starting environments. Safe to use from a threaded program.

mod blueprint;

use std::{
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use blueprint::Prepared;

use crate::{
    cgroup::{Cgroups, Group},
    data_directory::DataDirectory,
    environment::{Built, Disk, Environment, Resources},
    error::ContainerError,
    helper::{Helper, unexpected_report},
    image::{ImageStore, layers::LayerStore},
    limitation::{self, Limitation, LimitationKind},
    limits::Limits,
    network::{Attachment, Network},
    scratch::{self, Scratch, ScratchSpec},
    spec::{EnvironmentSpec, Root},
    toolchain,
    wire::{Blueprint, Connection, HelperReport, HelperTask, HostPlan, RootPlan},
};

/// Limits of a trial environment: small, so that any host can give them.
const TRIAL_LIMITS: Limits = Limits {
    memory_bytes: Some(256 << 20),
    cpu_millis: Some(1_000),
    processes: Some(64),
    disk_bytes: Some(64 << 20),
};

/// Where environments are kept on this host, and which program helps to start them.
#[derive(Clone, Debug)]
pub struct RuntimeSettings {
    /// Directory for layers, scratch and state. Made if missing; may be shared by many runtimes.
    pub directory: PathBuf,
    /// The binary that calls [`crate::boot::run_if_asked`]; `None`: this one (`/proc/self/exe`).
    pub helper_program: Option<PathBuf>,
}

/// Starts environments.
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
}

/// What all environments of a runtime share.
#[derive(Debug)]
struct Inner {
    data: Arc<DataDirectory>,
    layers: Arc<LayerStore>,
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
    /// `Host` or `StorageFull` if the directory cannot be used.
    pub fn open(settings: RuntimeSettings) -> Result<Self, ContainerError> {
        let cgroups = Cgroups::probe();
        let data = DataDirectory::open(&settings.directory, settings.helper_program, &cgroups)?;
        let data = Arc::new(data);
        Ok(Self {
            inner: Arc::new(Inner {
                layers: Arc::new(LayerStore::new(Arc::clone(&data))),
                data,
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
    /// inside are those of the host, it stays set, and [`Environment::limitations`] says so.
    pub fn allow_setuid(&self) {
        self.inner.setuid.store(true, Ordering::Relaxed);
    }

    /// Starts a trial environment, and returns what environments lack on this host, each kind once.
    ///
    /// # Errors
    ///
    /// The host cannot run environments at all; the error says why.
    pub fn probe(&self) -> Result<Vec<Limitation>, ContainerError> {
        let trial = EnvironmentSpec {
            limits: TRIAL_LIMITS,
            network: true,
            ..EnvironmentSpec::new("trial", Root::Host)
        };
        let environment = self.start(&trial)?;
        let mut found = self.inner.data.host.limitations();
        limitation::add(&mut found, environment.limitations().iter().cloned());
        limitation::add(&mut found, self.inner.cgroups.limitations());
        Ok(found)
    }

    /// Returns the image store.
    pub fn images(&self) -> ImageStore {
        ImageStore::new(Arc::clone(&self.inner.layers))
    }

    /// Starts an environment. Blocks for a few milliseconds.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` or `NotFound` for a name, host name or source that cannot be used,
    /// `Unsupported`, `StorageFull` or `Host` with what to do if the host cannot start it.
    pub fn start(&self, spec: &EnvironmentSpec) -> Result<Environment, ContainerError> {
        spec.check()?;
        let inner = &self.inner;
        let number = inner.next.fetch_add(1, Ordering::Relaxed);
        let root = inner.root(&spec.root)?;
        let scratch = inner.scratch(spec, number)?;
        let name = format!("{}{number}-{}", inner.data.cgroup_prefix(), spec.name);
        let group = Arc::new(inner.cgroups.create(&name, &spec.limits));
        let mut limitations = inner.limitations(spec, &group, &scratch);
        let disk = if scratch.upper.is_limited() { Disk::Own } else { Disk::Shared };
        let prepared = Prepared {
            root,
            upper: scratch.upper.clone(),
            cgroups: group.procs(),
            setuid: inner.has_setuid(),
        };
        let mut resources = Resources {
            data: Arc::clone(&inner.data),
            group,
            scratch: scratch.path,
            network: None,
        };
        let launched =
            blueprint::build(spec, prepared, &inner.data).and_then(|(blueprint, files)| {
                inner.launch(spec, blueprint, files.as_ref(), &mut resources)
            });
        // The device is mounted now, and the mount keeps it, or it is not needed any more.
        drop(scratch.device);
        match launched {
            Ok((helper, found)) => {
                limitation::add(&mut limitations, found);
                let network = resources.network.as_mut().and_then(Attachment::take_ready);
                Environment::new(Built { helper, resources, limitations, disk, network })
            }
            Err(error) => {
                resources.release();
                Err(error)
            }
        }
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("data", &self.inner.data).finish_non_exhaustive()
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
                let made = toolchain::prepare(&self.data.host_files())?;
                *plan = Some(made.clone());
                Ok(RootPlan::Host(made))
            }
        }
    }

    fn has_setuid(&self) -> bool {
        self.setuid.load(Ordering::Relaxed) && self.data.host.mapping.setuid_stays_inside()
    }

    /// Returns the parts of a spec that this host does not enforce or provide.
    fn limitations(
        &self,
        spec: &EnvironmentSpec,
        group: &Group,
        scratch: &Scratch,
    ) -> Vec<Limitation> {
        let host = &self.data.host;
        let mut found = group.limitations.clone();
        found.extend(host.limitation_of_users());
        if matches!(spec.root, Root::Host) && host.mapping.inner_root().is_none() {
            found.push(Limitation::new(
                LimitationKind::ReadOnlyToolchain,
                "they belong to the host's root, and this program runs as an ordinary user",
            ));
        }
        if self.setuid.load(Ordering::Relaxed) && !self.has_setuid() {
            found.push(Limitation::new(
                LimitationKind::Setuid,
                "on this host, users of an environment are not separate from the host's users",
            ));
        }
        found.extend(scratch.limitation.clone());
        found
    }

    fn scratch(&self, spec: &EnvironmentSpec, number: u64) -> Result<Scratch, ContainerError> {
        let host = &self.data.host;
        scratch::make(&ScratchSpec {
            path: &self.data.scratch(number),
            templates: &self.data.templates(),
            quota_bytes: spec.limits.disk_bytes,
            memory_bytes: spec.limits.memory_bytes.unwrap_or(u64::MAX).min(host.memory_bytes),
            memory_upper: host.memory_upper,
            owner: host.mapping.inner_root(),
        })
    }

    /// Starts the helper and waits until PID 1 serves requests.
    fn launch(
        &self,
        spec: &EnvironmentSpec,
        blueprint: Blueprint,
        files: Option<&OwnedFd>,
        resources: &mut Resources,
    ) -> Result<(Helper, Vec<Limitation>), ContainerError> {
        let host = &self.data.host;
        let fds: Vec<BorrowedFd<'_>> = host.ids.iter().chain(files).map(AsFd::as_fd).collect();
        let prepared =
            if blueprint.cgroups.is_empty() { None } else { self.cgroups.prepare_joins() };
        let mut helper = host.helper(&HelperTask::Environment(Box::new(blueprint)), &fds)?;
        let led = self.lead(spec, &mut helper, resources);
        if prepared.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that prepares joins of cgroups ended unexpectedly");
        }
        match led {
            Ok(found) => Ok((helper, found)),
            Err(error) => {
                helper.finish();
                Err(error)
            }
        }
    }

    /// Writes the helper's id maps, sets up its network, and waits until it is ready.
    fn lead(
        &self,
        spec: &EnvironmentSpec,
        helper: &mut Helper,
        resources: &mut Resources,
    ) -> Result<Vec<Limitation>, ContainerError> {
        let host = &self.data.host;
        host.map(helper)?;
        let mut found = Vec::new();
        let mut connection = Connection::default();
        if spec.network {
            match self.network.attach(helper.child.id(), &host.mapping) {
                Ok((attachment, outside)) => {
                    resources.network = Some(attachment);
                    connection = outside;
                }
                Err(limitation) => found.push(limitation),
            }
        }
        helper.proceed(connection)?;
        match helper.report()? {
            HelperReport::Ready { limitations } => {
                found.extend(limitations);
                Ok(found)
            }
            HelperReport::Unshared | HelperReport::Unpacked(_) | HelperReport::Failed(_) => {
                Err(unexpected_report())
            }
        }
    }
}
