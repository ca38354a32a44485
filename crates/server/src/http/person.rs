//! People on pages: a picture or initials, and a name.

use std::fmt;

use askama::filters::HtmlSafe;
use roundel_store::reading::PipelineRow;

use crate::markup::escape;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_is_not_at_https_is_not_loaded() {
        let person =
            Person { name: "Ada Lovelace".into(), avatar: Some("javascript:alert(1)".into()) };
        assert!(person.to_string().contains(">AL<"), "{person}");
        let person = Person { avatar: Some("https://a.test/?\"><script>".into()), ..person };
        assert!(person.to_string().contains("?&quot;&gt;&lt;script&gt;"), "{person}");
    }
}
