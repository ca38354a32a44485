//! Unpacking a layer, in a helper process.
use std::{os::fd::OwnedFd, path::PathBuf};
use crate::wire::Fault;
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Order { pub(crate) directory: PathBuf, pub(crate) new_namespace: bool }
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Unpacked { }
pub(crate) fn run(_order: &Order, _source: OwnedFd) -> Result<Unpacked, Fault> { todo!() }
