//! The runner as it is: real environments, real shells, a server that the tests script.
//!
//! This binary has its own `main`, because environments are started by re-executing it.

#[cfg(test)]
fn main() {
    roundel_container::boot::run_if_asked();
    let arguments = libtest_mimic::Arguments::from_args();
    let trials = [
        story::steps::trials(),
        story::endings::trials(),
        story::checkout::trials(),
        story::docker::trials(),
    ]
    .concat();
    libtest_mimic::run(&arguments, trials.into_iter().map(story::world::Named::trial).collect())
        .exit();
}

#[path = "story"]
#[cfg(test)]
mod story {
    pub(crate) mod checkout;
    pub(crate) mod docker;
    pub(crate) mod endings;
    pub(crate) mod server;
    pub(crate) mod steps;
    pub(crate) mod world;
}
