//! How a rule fails.

use std::fmt::Display;

/// Fails with everything that breaks a rule, each on its own line.
pub(crate) fn report<T: Display>(rule: &str, broken: impl IntoIterator<Item = T>) {
    let broken: Vec<String> = broken.into_iter().map(|broken| broken.to_string()).collect();
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}
