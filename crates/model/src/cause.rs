//! Short descriptions of why something failed.

use std::{error::Error, io};

/// Returns the innermost cause of an error: "connection refused" says more than "error sending request".
/// The number of a system error is left out.
pub fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.downcast_ref::<io::Error>().map_or_else(|| cause.to_string(), of_system)
}

/// Returns a system error as a part of a sentence, without its number.
pub fn of_system(error: &io::Error) -> String {
    let words = error.to_string();
    let Some(number) = error.raw_os_error() else { return words };
    let plain = words.strip_suffix(&format!(" (os error {number})")).unwrap_or(&words);
    let mut letters = plain.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("error sending request")]
    struct Outer(#[source] io::Error);

    #[test]
    fn the_innermost_cause_is_given_without_its_number() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(innermost(&Outer(refused)), "connection refused");
        let denied = io::Error::from_raw_os_error(13);
        assert_eq!(innermost(&Outer(denied)), "permission denied");
        let own = io::Error::other("a tunnel is down (os error 13)");
        assert_eq!(innermost(&own), "a tunnel is down (os error 13)");
    }
}
