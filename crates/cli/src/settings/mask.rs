//! What stands for a secret where settings are shown.

use std::borrow::Cow;

use url::Url;

use super::declaration::Shape;

pub(super) const MASK: &str = "***";

/// Parameters of a database's address that are never secret.
const PLAIN_PARAMETERS: [&str; 8] =
    ["sslmode", "ssl-mode", "application_name", "dbname", "host", "hostaddr", "port", "user"];

/// Characters of a value that a message repeats.
const SHOWN_CHARS: usize = 100;

/// Shows a value that is not secret, however wrong it is. Only what may be a password in an address, where
/// none belongs, is masked.
///
/// The items of a list are on separate lines; elsewhere a line break is a part of the value.
pub(super) fn shown(text: &str, shape: Shape) -> String {
    let separator = if shape == Shape::List { ", " } else { "\\n" };
    let text = text.split('\n').map(masked).collect::<Vec<_>>().join(separator);
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Returns whether [`shown`] masks a part of a value.
pub(super) fn hides(text: &str) -> bool {
    text.split('\n').any(|item| masked(item) != item)
}

/// Masks what is before the `@` of an address, and the values of its query. A user name alone may be
/// a token, and so may be what has no scheme yet.
fn masked(text: &str) -> String {
    let scheme = text.find("://").map_or(0, |at| at + "://".len());
    let (scheme, rest) = text.split_at(scheme);
    // The last `@`, for a password may have slashes.
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, host)) if !scheme.is_empty() || user.contains(':') => {
            (format!("{MASK}@"), host)
        }
        Some(_) | None => (String::new(), rest),
    };
    format!("{scheme}{user}{}", without_values(rest, !scheme.is_empty()))
}

/// Masks the values after the first `?` or `#`; in what may be no address, only those with a name.
fn without_values(text: &str, is_address: bool) -> String {
    let Some((before, query)) = text.split_once(['?', '#']) else { return text.to_owned() };
    let mark = text.get(before.len()..=before.len()).unwrap_or_default();
    let values = query.split('&').map(|part| match part.split_once('=') {
        Some((name, value)) if is_name(name) && value.contains(|c| c != '=') => {
            format!("{name}={MASK}")
        }
        Some(_) => MASK.to_owned(),
        None if is_address && !part.is_empty() => MASK.to_owned(),
        None => part.to_owned(),
    });
    format!("{before}{mark}{}", values.collect::<Vec<_>>().join("&"))
}

fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// Returns whether [`without_password`] masks a part of an address.
pub(super) fn holds_password(text: &str) -> bool {
    without_password(text) != text
}

/// Masks the password of an address; the whole, where one may be in what cannot be read as one.
pub(super) fn without_password(text: &str) -> String {
    // A path, which may have any sign in it.
    if text.starts_with("sqlite:") {
        return text.to_owned();
    }
    let Ok(mut url) = Url::parse(text) else {
        return if text.contains('@') { MASK.to_owned() } else { text.to_owned() };
    };
    // A wrong path may be the rest of a password with a slash in it, an unknown parameter a secret.
    let is_plain = |(name, _): (Cow<'_, str>, Cow<'_, str>)| PLAIN_PARAMETERS.contains(&&*name);
    let is_plain = url.query_pairs().all(is_plain) && url.fragment().is_none();
    if url.path().contains('@') || !is_plain {
        return MASK.to_owned();
    }
    // A database has users without a password; elsewhere what is alone is one.
    let is_database = matches!(url.scheme(), "postgres" | "postgresql");
    if url.password().is_none() {
        if is_database || url.username().is_empty() {
            return text.to_owned();
        }
        return if url.set_username(MASK).is_ok() { url.to_string() } else { MASK.to_owned() };
    }
    if url.set_password(Some(MASK)).is_ok() { url.to_string() } else { MASK.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_secret_is_shown_as_it_is() {
        for text in [
            "Roundel <ci@example.org",
            "https://ci.example.org/path",
            "not an address",
            "is it #1?",
        ] {
            assert_eq!(shown(text, Shape::Text), text);
        }
        assert_eq!(without_password("sqlite:/home/me@work/a.db"), "sqlite:/home/me@work/a.db");
        assert_eq!(shown(&"x".repeat(2_000), Shape::Text).chars().count(), SHOWN_CHARS + 1);
    }

    #[test]
    fn what_may_be_a_password_is_not_shown_in_any_part_of_an_address() {
        for wrong in [
            "https://u:hush@ci.example.org",
            "https://u:hu/sh@ci",
            "x://u:hush@",
            "https://hush@ci.example.org",
            "https://u:s@ci.example.org/x?token=hush",
            "https://ci.example.org/x?a=1&hush#hush=hush",
            "https://ci.example.org/#hush",
            "https://ci.example.org/?hush==",
            "u:hush@ci.example.org/x?token=hush",
            "https://a.example.org\nhttps://u:hush@b.example.org",
        ] {
            let shown = shown(wrong, Shape::Text);
            assert!(!shown.contains("sh"), "{shown}");
            assert!(hides(wrong), "{wrong}");
        }
        let long = "https://u:s@ci.example.org/x?token=hush&b=2";
        assert_eq!(shown(long, Shape::Text), "https://***@ci.example.org/x?token=***&b=***");
    }

    #[test]
    fn a_password_is_never_shown_however_the_address_is_written() {
        let shown = without_password("postgres://u:hush@h/db?sslmode=require");
        assert_eq!(shown, format!("postgres://u:{MASK}@h/db?sslmode=require"));
        for plain in [
            "sqlite:data/roundel.db",
            "postgres://u@h/db",
            "postgres://u@h/db?sslmode=require&application_name=ci",
            "smtp://mail.example.org",
        ] {
            assert_eq!(without_password(plain), plain);
            assert!(!holds_password(plain));
        }
        for address in [
            "postgres://u:hush/more@h/db",
            "postgres://u:hush@[bad/db",
            "smtp://mail.example.org?pw=hush",
            "postgres://h/db?password=hush",
            "u:hush@h",
            "smtps://hush@mail.example.org",
            "smtps://mail.example.org#hush",
            "postgres://u/hush@h/db",
            "postgres://u@h/db?Password=hush",
        ] {
            let shown = without_password(address);
            assert!(holds_password(address), "{address}");
            assert!(!shown.contains("hush") && !shown.contains("more"), "{address}: {shown}");
        }
    }
}
