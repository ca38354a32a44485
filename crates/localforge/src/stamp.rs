//! Times as the forges write them.

use roundel_model::time::Timestamp;

/// Returns `2011-01-26T19:01:12Z`, as GitHub writes it.
pub(crate) fn seconds(time: Timestamp) -> String {
    let text = time.to_string();
    match text.split_once('.') {
        Some((whole, _)) => format!("{whole}Z"),
        None => text,
    }
}

/// Returns `2011-01-26T19:01:12.000000+00:00`, as Bitbucket writes it.
pub(crate) fn offset(time: Timestamp) -> String {
    let micros = time.as_micros().rem_euclid(1_000_000);
    let text = time.to_string();
    match text.split_once('.') {
        Some((whole, _)) => format!("{whole}.{micros:06}+00:00"),
        None => text,
    }
}

/// Returns whole seconds since the epoch.
pub(crate) fn epoch(time: Timestamp) -> i64 {
    time.as_micros().div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_forge_gets_its_own_form() {
        let time = Timestamp::from_micros(1_500_007);
        assert_eq!(seconds(time), "1970-01-01T00:00:01Z");
        assert_eq!(offset(time), "1970-01-01T00:00:01.500007+00:00");
        assert_eq!(epoch(time), 1);
    }
}
