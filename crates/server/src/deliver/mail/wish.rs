//! Which mail a person wants, and the one click that stops it (RFC 8058).

use std::str::FromStr;

use hmac::{Hmac, KeyInit as _, Mac as _};
use roundel_model::id::AccountId;
use roundel_store::StoreError;
use sha2::Sha256;

use crate::app::App;

/// Separates these signatures from everything else that the instance key signs.
const PURPOSE: &[u8] = b"roundel stop mail v1\0";

/// Which mail a person wants about the projects that they follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A mail for every workflow that ends.
    #[default]
    Everything,
    /// Only what failed, was fixed or waits.
    Trouble,
    /// None.
    Nothing,
}

impl Wish {
    /// Returns the word that is stored and used in forms.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Trouble => "trouble",
            Self::Nothing => "nothing",
        }
    }
}

impl FromStr for Wish {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "everything" => Ok(Self::Everything),
            "trouble" => Ok(Self::Trouble),
            "nothing" => Ok(Self::Nothing),
            _ => Err(()),
        }
    }
}

/// Reads what a person wants; every mail, when they never said.
///
/// # Errors
///
/// If the store cannot be read.
pub(crate) async fn wish(app: &App, account: AccountId) -> Result<Wish, StoreError> {
    let stored = app.store.setting(&key(account)).await?;
    Ok(stored.and_then(|word| word.trim_matches('"').parse().ok()).unwrap_or_default())
}

/// Keeps what a person wants.
///
/// # Errors
///
/// If the store cannot be written.
pub(crate) async fn set_wish(app: &App, account: AccountId, wish: Wish) -> Result<(), StoreError> {
    app.store.put_setting(&key(account), &format!("\"{}\"", wish.as_str())).await
}

fn key(account: AccountId) -> String {
    format!("mail/{account}")
}

/// Signs the link that stops a person's mail, so that it works without signing in.
pub(crate) fn signature(app: &App, account: AccountId) -> String {
    mac(app, account).map(|mac| hex::encode(mac.finalize().into_bytes())).unwrap_or_default()
}

/// Tells whether a link was signed by us, in constant time.
pub(crate) fn is_signature(app: &App, account: AccountId, given: &str) -> bool {
    let Ok(given) = hex::decode(given) else { return false };
    mac(app, account).is_some_and(|mac| mac.verify_slice(&given).is_ok())
}

fn mac(app: &App, account: AccountId) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(app.settings.instance_key.expose()).ok()?;
    mac.update(PURPOSE);
    mac.update(account.as_uuid().as_bytes());
    Some(mac)
}
