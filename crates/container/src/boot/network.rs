//! The environment's end of the network: loopback, and the outside interface if there is one.

use crate::{
    limitation::{Limitation, LimitationKind},
    netlink, sys,
    wire::Interface,
};

/// Brings up loopback, and the outside interface with its address and route.
///
/// A network is never needed for a start: what fails becomes a limitation.
pub(super) fn bring_up(interface: Option<&Interface>, limitations: &mut Vec<Limitation>) {
    if let Err(error) = sys::loopback_up() {
        let cause = format!("bringing it up failed ({error})");
        limitations.push(Limitation::new(LimitationKind::Loopback, cause));
    }
    if let Some(interface) = interface
        && let Err(error) = netlink::configure(interface)
    {
        let cause = format!("setting up the interface failed ({error})");
        limitations.push(Limitation::new(LimitationKind::Network, cause));
    }
}
