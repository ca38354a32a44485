//! The environment's end of the network: loopback, and the outside interface if there is one.

use crate::{netlink, sys, wire::Interface};

/// Brings up loopback, and the outside interface with its address and route.
///
/// A network is never needed for a start: what fails becomes a sentence.
pub(super) fn bring_up(interface: Option<&Interface>, not_enforced: &mut Vec<String>) {
    if let Err(error) = sys::loopback_up() {
        not_enforced.push(format!("this host does not allow a loopback interface ({error})"));
    }
    if let Some(interface) = interface
        && let Err(error) = netlink::configure(interface)
    {
        not_enforced.push(format!("no outside network: failed to set up the interface ({error})"));
    }
}
