//! People on pages: a picture or initials, a name, and what they did when.

use std::fmt;

use askama::filters::HtmlSafe;
use roundel_model::{actor::Actor, time::Timestamp};
use roundel_store::reading::{ActedBy, PipelineRow};

use super::time::TimeAgo;
use crate::markup::{Html, escape};

/// A person: picture when there is one, initials otherwise, and the name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Person {
    /// The name that is shown.
    pub(crate) name: String,
    /// Address of a picture.
    pub(crate) avatar: Option<String>,
}

impl Person {
    /// The author of a pipeline's commit, as far as the forge says. A push names its authors without
    /// their pictures; that of the person who pushed is known to us.
    pub(crate) fn author(row: &PipelineRow) -> Self {
        let (commit, actor) = (&row.commit, &row.actor_login);
        let name = commit.author_name.as_ref().or(commit.author_login.as_ref()).or(actor.as_ref());
        let own = row.actor_avatar.as_ref().filter(|_| commit.author_login == *actor);
        Self {
            name: name.map_or("unknown author", String::as_str).to_owned(),
            avatar: commit.author_avatar.as_ref().or(own).cloned(),
        }
    }

    /// At most two initials.
    pub(crate) fn initials(&self) -> String {
        self.name
            .split_whitespace()
            .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()))
            .take(2)
            .flat_map(char::to_uppercase)
            .collect()
    }

    /// One of eight tints, always the same for the same name.
    fn tint(&self) -> u32 {
        self.name.chars().fold(7_u32, |sum, c| sum.wrapping_mul(31).wrapping_add(u32::from(c))) % 8
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let safe = self
            .avatar
            .as_deref()
            .filter(|url| url.starts_with("https://") || url.starts_with("http://127.0.0.1:"));
        match safe {
            Some(url) => write!(
                f,
                r#"<img class="face" src="{}" alt="" width="20" height="20" loading="lazy" referrerpolicy="no-referrer">"#,
                escape(url)
            ),
            None => write!(
                f,
                r#"<span class="face tint-{}" aria-hidden="true">{}</span>"#,
                self.tint(),
                escape(&self.initials())
            ),
        }
    }
}

impl HtmlSafe for Person {}

/// Writes who did something, and when: "Approved by ada 2 min ago".
pub(crate) fn acted(what: &str, by: &ActedBy, now: Timestamp) -> Html {
    let who = match (&by.login, by.actor) {
        (Some(login), _) => format!("<bdi>{}</bdi>", escape(login)),
        (None, Actor::System) => "Roundel".to_owned(),
        (None, Actor::Account(_)) => "a deleted account".to_owned(),
    };
    Html(format!("{what} by {who} {}", TimeAgo::new(by.at, now)))
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
        assert!(ada.ends_with(">2 min ago</time>"), "{ada}");
        assert!(by(Actor::System, None).starts_with("Canceled by Roundel <time"));
        let gone = by(Actor::Account(AccountId::from_u128(1)), None);
        assert!(gone.starts_with("Canceled by a deleted account <time"));
    }

    #[test]
    fn a_picture_from_a_strange_address_is_not_loaded() {
        let person =
            Person { name: "Ada Lovelace".into(), avatar: Some("javascript:alert(1)".into()) };
        assert!(person.to_string().contains(">AL<"), "{person}");
        let person = Person { avatar: Some("https://a.test/?\"><script>".into()), ..person };
        assert!(person.to_string().contains("?&quot;&gt;&lt;script&gt;"), "{person}");
    }
}
