//! Who did something on a page, and when: "Approved by ada 2 min ago".

use roundel_model::{actor::Actor, time::Timestamp};
use roundel_store::reading::ActedBy;

use super::time::TimeAgo;
use crate::markup::{Html, escape};

/// Writes who did something, and when: "Approved by ada 2 min ago".
pub(crate) fn acted(what: &str, by: &ActedBy, now: Timestamp) -> Html {
    let who = match (&by.login, by.actor) {
        (Some(login), _) => format!("<bdi>{}</bdi>", escape(login)),
        (None, Actor::System) => "Roundel".to_owned(),
        (None, Actor::Account(_)) => "a deleted account".to_owned(),
    };
    Html(format!("{what} by {who} {}", TimeAgo::new(by.at, now).in_full()))
}

#[cfg(test)]
mod tests {
    use roundel_model::id::AccountId;

    use super::*;

    #[test]
    fn an_actor_is_named_as_text() {
        let at = Timestamp::from_micros(0);
        let now = Timestamp::from_micros(120_000_000);
        let by = |actor, login: Option<&str>| {
            acted("Canceled", &ActedBy { actor, login: login.map(str::to_owned), at }, now).0
        };
        let ada = by(Actor::Account(AccountId::from_u128(1)), Some("a<b>"));
        assert!(ada.starts_with("Canceled by <bdi>a&lt;b&gt;</bdi> <time"), "{ada}");
        assert!(ada.contains(">2 min ago</time>"), "{ada}");
        assert!(ada.ends_with(">1970-01-01 00:00:00 UTC</time>)</span>"), "{ada}");
        assert!(by(Actor::System, None).starts_with("Canceled by Roundel <time"));
        let gone = by(Actor::Account(AccountId::from_u128(1)), None);
        assert!(gone.starts_with("Canceled by a deleted account <time"));
    }
}
