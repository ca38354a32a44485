//! How a value came to be what it is: the way through parameters, defaults, orbs and expressions.
//!
//! The compiler leaves a trail of what it substitutes only while somebody asks.

use std::rc::Rc;

use crate::source::Place;

/// One step on the way of a value, and those before it.
#[derive(Clone, Debug)]
pub(crate) struct Trail {
    /// What happened, as a clause: "the parameter `tag` of job `test`".
    pub(crate) what: String,
    /// Where.
    pub(crate) place: Place,
    /// What it was made of.
    pub(crate) from: Vec<Rc<Trail>>,
}
