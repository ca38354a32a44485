//! Clean environments and the images they start from. Knows nothing of CI: usable alone.
//!
//! [`Runtime::start`] gives an [`Environment`]: its own namespaces, an overlay over image layers or
//! over the host's toolchain, limits, no capabilities worth having. [`Environment::spawn`] runs a
//! process in it, under a pty or pipes. When the environment is dropped, or its owner dies, the
//! kernel ends everything in it.
//!
//! A program that uses this crate calls [`boot::run_if_asked`] first in `main`: environments are
//! started by re-executing the same binary.

pub mod boot;
pub mod environment;
pub mod error;
pub mod image;
pub mod limits;

mod cgroup;
mod host;
mod netlink;
mod network;
mod owner;
mod scratch;
mod sys;
mod toolchain;
mod wire;

pub use environment::{
    Environment, EnvironmentSpec, Exit, Process, ProcessSpec, Root, Runtime, RuntimeSettings,
};
pub use error::ContainerError;
pub use limits::Limits;
