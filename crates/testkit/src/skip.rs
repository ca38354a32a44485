//! Notices of tests that could not run for want of something outside.
//!
//! A skipped test is never silent: it says so on stderr, and `cargo xtask test` counts it. The same
//! few lines are here, so that every crate's tests may use them.

use std::io::Write as _;

/// Reports that the test `what` is skipped because of `why`, and counts it.
///
/// The notice is appended to the file that `ROUNDEL_SKIPPED_TESTS` names, if any.
pub fn notice(what: &str, why: &str) {
    let line = format!("{what}: {why}");
    // A test binary has nowhere else to say it.
    let _unheard = writeln!(std::io::stderr(), "SKIPPED {line}");
    let Some(path) = std::env::var_os("ROUNDEL_SKIPPED_TESTS") else { return };
    if let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(path) {
        let _uncounted = writeln!(file, "{line}");
    }
}
