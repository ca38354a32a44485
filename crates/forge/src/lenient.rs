//! Lenient reading: a field of an unexpected type counts as missing.
//!
//! Payloads and answers span years, editions and servers (`VCS` §2.2, §3.1). So every field is
//! optional but the few that the caller needs, and the caller says which one it missed.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

/// Reads a field if it can be read. Use with `#[serde(default, deserialize_with = "…")]`.
pub(crate) fn maybe<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(T::deserialize(Value::deserialize(deserializer)?).ok())
}

/// An id: a number or a string, kept as text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "IdForms")]
pub(crate) struct AnyId(pub(crate) String);

#[derive(Deserialize)]
#[serde(untagged)]
enum IdForms {
    Number(u64),
    Text(String),
}

impl From<IdForms> for AnyId {
    fn from(form: IdForms) -> Self {
        match form {
            IdForms::Number(number) => Self(number.to_string()),
            IdForms::Text(text) => Self(text),
        }
    }
}

/// Takes apart a list of scopes, with commas or spaces.
pub(crate) fn scopes(list: &str) -> Vec<String> {
    let scopes = list.split([',', ' ']).map(str::trim).filter(|scope| !scope.is_empty());
    scopes.map(str::to_owned).collect()
}

/// Takes apart `Ada Lovelace <ada@example.org>`.
pub(crate) fn name_and_email(raw: &str) -> (Option<String>, Option<String>) {
    let filled = |text: &str| {
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    match raw.rsplit_once('<') {
        Some((name, rest)) => (filled(name), filled(rest.trim_end().trim_end_matches('>'))),
        None => (filled(raw), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Reading {
        #[serde(deserialize_with = "maybe")]
        count: Option<u64>,
        #[serde(deserialize_with = "maybe")]
        id: Option<AnyId>,
    }

    #[test]
    fn a_field_of_the_wrong_type_is_as_good_as_absent() {
        for text in [r#"{"count":"many"}"#, r#"{"count":null}"#, r#"{"count":-1}"#, "{}"] {
            let reading: Reading = serde_json::from_str(text).unwrap();
            assert_eq!(reading.count, None, "{text}");
        }
    }

    #[test]
    fn an_id_may_be_a_number_or_a_text() {
        for text in [r#"{"id":7}"#, r#"{"id":"7"}"#] {
            let reading: Reading = serde_json::from_str(text).unwrap();
            assert_eq!(reading.id, Some(AnyId("7".into())));
        }
    }

    #[test]
    fn scopes_are_read_with_commas_and_with_spaces() {
        assert_eq!(scopes("repo, user:email,,read:org"), ["repo", "user:email", "read:org"]);
        assert_eq!(scopes("account webhook"), ["account", "webhook"]);
        assert!(scopes("").is_empty());
    }

    #[test]
    fn an_author_line_has_a_name_and_an_address() {
        let both = (Some("Ada Lovelace".into()), Some("ada@example.org".into()));
        assert_eq!(name_and_email("Ada Lovelace <ada@example.org>"), both);
        assert_eq!(name_and_email("ada"), (Some("ada".into()), None));
        assert_eq!(name_and_email(" <>"), (None, None));
    }
}
