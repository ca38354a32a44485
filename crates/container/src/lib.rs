//! Clean environments and the images they start from. Knows nothing of CI: usable alone.
//!
//! [`Runtime::start`] gives an [`Environment`]: its own namespaces, an overlay over image layers or
//! over the host's toolchain, limits, only harmless capabilities. [`Environment::spawn`] runs a
//! process in it, under a pty or pipes. When the environment is dropped, or the process that started
//! it dies, the kernel ends everything in it.
//!
//! A program that uses this crate calls [`boot::run_if_asked`] first in `main`: environments are
//! started by re-executing the same binary.
//!
//! ```text
//! runtime ─▶ environment ─▶ helper ─▶ link, wire ◀─ boot (in the helper process)
//!    │           └────────▶ data_directory ─▶ host, owner
//!    └▶ image ─▶ layers ───────┘
//! ```

pub mod boot;
pub mod image;
pub mod limits;

mod cgroup;
mod data_directory;
mod environment;
mod error;
mod firewall;
mod helper;
mod host;
mod limitation;
mod link;
mod netlink;
mod network;
mod overlay;
mod owner;
mod programs;
mod remove;
mod resolver;
mod runtime;
mod scratch;
mod spec;
mod sys;
mod toolchain;
mod wire;

pub use environment::{Environment, Process};
pub use error::{ContainerError, ErrorKind};
pub use limitation::{Limitation, LimitationKind};
pub use limits::Limits;
pub use runtime::{Runtime, RuntimeSettings};
pub use spec::{Bind, EnvironmentSpec, FileAttributes, FileSpec, ProcessSpec, Root, User};
pub use wire::Exit;
