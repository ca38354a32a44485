//! What stands for a secret where settings are shown.

use std::borrow::Cow;

use url::Url;

pub(super) const MASK: &str = "***";

/// Characters of a value that a message repeats.
const SHOWN_CHARS: usize = 100;

/// Shows a value that is not secret, however wrong it is. Only a password in an address, where none
/// belongs, is masked.
pub(super) fn shown(text: &str) -> String {
    let text = text.replace('\n', ", ");
    let text = match authority(&text).and_then(|part| Some((part, part.rsplit_once('@')?.0))) {
        Some((_, user)) if user.contains(':') => {
            let name = user.split(':').next().unwrap_or_default();
            text.replacen(user, &format!("{name}:{MASK}"), 1)
        }
        Some(_) | None => text,
    };
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// What is between `//` and the path, or up to the last `@`, for a password may have slashes.
fn authority(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.get(..end.max(rest.rfind('@').map_or(0, |at| at + 1)))
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
    let is_plain = |(name, _): (Cow<'_, str>, Cow<'_, str>)| name == "sslmode";
    if url.path().contains('@') || !url.query_pairs().all(is_plain) {
        return MASK.to_owned();
    }
    if url.password().is_none() {
        return text.to_owned();
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
            "https://ci.example.org/path?x=1#y",
            "https://ci@example.org",
            "not an address",
        ] {
            assert_eq!(shown(text), text);
        }
        assert_eq!(without_password("sqlite:/home/me@work/a.db"), "sqlite:/home/me@work/a.db");
        assert_eq!(shown(&"x".repeat(2_000)).chars().count(), SHOWN_CHARS + 1);
        for wrong in ["https://u:hush@ci.example.org", "https://u:hu/sh@ci", "x://u:hush@"] {
            assert!(!shown(wrong).contains("sh"), "{}", shown(wrong));
        }
    }

    #[test]
    fn a_password_is_never_shown_however_the_address_is_written() {
        let shown = without_password("postgres://u:hush@h/db?sslmode=require");
        assert_eq!(shown, format!("postgres://u:{MASK}@h/db?sslmode=require"));
        assert_eq!(without_password("sqlite:data/roundel.db"), "sqlite:data/roundel.db");
        for address in [
            "postgres://u:hush/more@h/db",
            "postgres://u:hush@[bad/db",
            "smtp://mail.example.org?pw=hush",
            "postgres://h/db?password=hush",
            "u:hush@h",
            "postgres://u/hush@h/db",
        ] {
            let shown = without_password(address);
            assert!(!shown.contains("hush") && !shown.contains("more"), "{address}: {shown}");
        }
    }
}
