//! What stands for a secret where settings are shown.

use std::borrow::Cow;

use url::Url;

pub(super) const MASK: &str = "***";

/// Masks the password of an address; the whole, where one may be in what cannot be read as one.
pub(super) fn without_password(text: &str) -> String {
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
