//! The environment's end of the network: loopback, and the outside interface if there is one.

use crate::{
    error::ContainerError,
    limitation::{Limitation, LimitationKind},
    netlink, sys,
    wire::Connection,
};

/// Brings up loopback, and the outside interface with its address and routes.
///
/// A network is never needed for a start: what fails becomes a limitation.
///
/// # Errors
///
/// If the environment could reach what it must not.
pub(super) fn bring_up(
    connection: &Connection,
    limitations: &mut Vec<Limitation>,
) -> Result<(), ContainerError> {
    if let Err(error) = sys::loopback_up() {
        let cause = format!("bringing it up failed ({error})");
        limitations.push(Limitation::new(LimitationKind::Loopback, cause));
    }
    if let Some(interface) = &connection.interface
        && let Err(error) = netlink::configure(interface)
    {
        let cause = format!("setting up the interface failed ({error})");
        limitations.push(Limitation::new(LimitationKind::Network, cause));
    }
    for block in &connection.prohibited {
        netlink::prohibit(*block).map_err(|error| {
            ContainerError::failed("close the host's addresses to the environment", error)
        })?;
    }
    Ok(())
}
