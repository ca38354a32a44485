//! People: accounts, their identities at the forges, tokens, sessions.

use roundel_model::{forge::{ForgeKind, ForgeUserId}, id::AccountId, secret::Secret, time::Timestamp};
use crate::{Store, StoreError};

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account { pub id: AccountId, pub name: String, pub email: Option<String>, pub created_at: Timestamp }

/// A person at one forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub account: AccountId, pub forge: ForgeKind, pub user: ForgeUserId, pub login: String,
    pub avatar_url: Option<String>, pub token: Option<Token>,
}

/// A forge's token of a person: a perishable loan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub access: Secret<String>, pub scopes: Vec<String>, pub expires_at: Option<Timestamp>,
    pub refresh: Option<Secret<String>>,
    /// The forge refused it: it is not used again until it is replaced (`VCS` §2.2).
    pub refused: bool,
}

/// Somebody just signed in at a forge.
#[derive(Clone, Debug)]
pub struct SignIn {
    pub forge: ForgeKind, pub user: ForgeUserId, pub login: String, pub name: String,
    pub email: Option<String>, pub avatar_url: Option<String>, pub token: Token,
    /// The account of the session, when one was signed in already: the identity is linked to it.
    pub link_to: Option<AccountId>,
}

impl Store {
    /// Finds or makes the account of an identity and keeps the new token.
    pub async fn sign_in(&self, sign_in: &SignIn, now: Timestamp) -> Result<AccountId, StoreError> { todo!() }
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> { todo!() }
    pub async fn identities(&self, account: AccountId) -> Result<Vec<Identity>, StoreError> { todo!() }
    pub async fn identity(&self, account: AccountId, forge: ForgeKind) -> Result<Option<Identity>, StoreError> { todo!() }
    /// Finds the account that an e-mail address or a forge user belongs to (for mail to authors).
    pub async fn account_by_forge_user(&self, forge: ForgeKind, user: &ForgeUserId) -> Result<Option<Account>, StoreError> { todo!() }
    pub async fn account_by_email(&self, email: &str) -> Result<Option<Account>, StoreError> { todo!() }
    /// Keeps a refreshed token.
    pub async fn replace_token(&self, account: AccountId, forge: ForgeKind, token: &Token) -> Result<(), StoreError> { todo!() }
    pub async fn mark_token_refused(&self, account: AccountId, forge: ForgeKind) -> Result<(), StoreError> { todo!() }
    /// Opens a session. `token_hash` is the SHA-256 of the cookie's value.
    pub async fn open_session(&self, token_hash: &[u8], account: AccountId, now: Timestamp, expires_at: Timestamp) -> Result<(), StoreError> { todo!() }
    pub async fn session(&self, token_hash: &[u8], now: Timestamp) -> Result<Option<Account>, StoreError> { todo!() }
    pub async fn close_session(&self, token_hash: &[u8]) -> Result<(), StoreError> { todo!() }
    /// Keeps what a sign-in flow must remember (JSON), until `expires_at`.
    pub async fn put_oauth_state(&self, state_hash: &[u8], payload: &str, expires_at: Timestamp) -> Result<(), StoreError> { todo!() }
    /// Takes it: a second call finds nothing (single use).
    pub async fn take_oauth_state(&self, state_hash: &[u8], now: Timestamp) -> Result<Option<String>, StoreError> { todo!() }
}
