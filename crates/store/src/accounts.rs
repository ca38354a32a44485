//! People: accounts, their identities at the forges, tokens. Who is signed in is in [`sessions`].
//!
//! An account is a person; an identity is that person at one forge, with the token that the forge
//! gave. Tokens are sealed with the account's data key (`vault`).
//!
//! Deliberately absent: what an account may do (`server::access`), refreshing tokens (`server`).

mod sessions;

use roundel_model::{
    forge::{ForgeKind, ForgeUserId},
    id::AccountId,
    secret::Secret,
    time::Timestamp,
};

use crate::{
    db::{Row, Session, to_json, values},
    error::StoreError,
    store::Store,
    vault::{DataKey, Scope},
};

/// A user of this instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Ours, whatever forges the person uses.
    pub id: AccountId,
    /// Display name.
    pub name: String,
    /// Where to write to, if known.
    pub email: Option<String>,
    /// A picture: that of one of their identities, always of the same one.
    pub avatar_url: Option<String>,
    /// When they first signed in.
    pub created_at: Timestamp,
}

/// A person at one forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub account: AccountId,
    pub forge: ForgeKind,
    /// The forge's immutable id of the person (`VCS` §0 rule 2).
    pub user: ForgeUserId,
    /// The name there; it may change.
    pub login: String,
    pub avatar_url: Option<String>,
    /// The token for calls; absent after the identity was linked to another account, until its next sign-in.
    pub token: Option<Token>,
}

/// A person's token at a forge. It expires, and its owner can revoke it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token that is sent with each request.
    pub access: Secret<String>,
    /// The scopes that it was granted, as the forge says.
    pub scopes: Vec<String>,
    /// When it ends; `None`: it does not.
    pub expires_at: Option<Timestamp>,
    /// The refresh token, to be exchanged for the next access token.
    pub refresh: Option<Secret<String>>,
    /// The forge refused it: it is not used again until it is replaced (`VCS` §2.2).
    pub refused: bool,
}

impl Token {
    /// Returns a token that does not end, of which no scopes are known.
    pub fn new(access: Secret<String>) -> Self {
        Self { access, scopes: Vec::new(), expires_at: None, refresh: None, refused: false }
    }
}

/// A user who just signed in at a forge.
#[derive(Clone, Debug)]
pub struct SignIn {
    pub forge: ForgeKind,
    /// The forge's immutable id of the person.
    pub user: ForgeUserId,
    /// The name there.
    pub login: String,
    /// Display name.
    pub name: String,
    /// Where to write to, if the forge reports it.
    pub email: Option<String>,
    pub avatar_url: Option<String>,
    /// What the forge just gave.
    pub token: Token,
    /// The account of the session, when one was signed in already: the identity is linked to it.
    pub link_to: Option<AccountId>,
}

impl SignIn {
    /// Returns the sign-in of a user who is called by their login, has no email address and no picture,
    /// and had no session.
    pub fn new(forge: ForgeKind, user: ForgeUserId, login: &str, token: Token) -> Self {
        Self {
            forge,
            user,
            login: login.to_owned(),
            name: login.to_owned(),
            email: None,
            avatar_url: None,
            token,
            link_to: None,
        }
    }
}

/// How often a sign-in starts over when another one moves its identity meanwhile.
const SIGN_IN_TRIES: u32 = 5;

const ACCESS: &str = "identities.access";
const REFRESH: &str = "identities.refresh";

impl Store {
    /// Finds or makes the account of an identity and keeps the new token.
    ///
    /// A link to another account than the identity had moves the identity: a user who signs in to both
    /// has shown to be one person.
    pub async fn sign_in(&self, sign_in: &SignIn, now: Timestamp) -> Result<AccountId, StoreError> {
        // Twice at most in practice: another request may link the identity elsewhere between the two steps.
        for _ in 0..SIGN_IN_TRIES {
            let account = self.account_for(sign_in, now).await?;
            let data_key = self.vault.unlock(&self.db, Scope::Account(account)).await?;
            let mut session = self.db.write("keep a token").await?;
            let row = sealed_row(sign_in.forge, &sign_in.user);
            let token = SealedToken::seal(&data_key, &row, &sign_in.token)?;
            let sql = "UPDATE identities SET login = $1, avatar_url = $2, sealed_access = $3,
                    sealed_refresh = $4, scopes = $5, expires_at = $6, refused = $7, updated_at = $8
                 WHERE forge = $9 AND forge_user = $10 AND account = $11";
            let values = values![
                &sign_in.login,
                sign_in.avatar_url.as_deref(),
                token.access,
                token.refresh,
                token.scopes,
                sign_in.token.expires_at,
                sign_in.token.refused,
                now,
                sign_in.forge,
                &sign_in.user,
                account,
            ];
            let kept = session.run(sql, values).await?;
            session.commit().await?;
            if kept > 0 {
                return Ok(account);
            }
        }
        Err(StoreError::Missing("identity"))
    }

    /// Decides which account an identity belongs to.
    async fn account_for(&self, sign_in: &SignIn, now: Timestamp) -> Result<AccountId, StoreError> {
        let mut session = self.db.write("record a sign-in").await?;
        let SignIn { forge, user, .. } = sign_in;
        session.take_turn(&format!("identity {forge} {}", user.0)).await?;
        let found = session
            .row(
                "SELECT account FROM identities WHERE forge = $1 AND forge_user = $2",
                values![*forge, user],
            )
            .await?
            .map(|row| row.get::<AccountId>("account"))
            .transpose()?;
        let account = match sign_in.link_to.or(found) {
            Some(account) => account,
            None => insert_account(&mut session, sign_in, now).await?,
        };
        if found.is_some_and(|owner| owner != account) {
            // Its tokens were sealed for the other account and are replaced in a moment.
            let sql = "UPDATE identities SET account = $1, sealed_access = NULL,
                    sealed_refresh = NULL WHERE forge = $2 AND forge_user = $3";
            session.run(sql, values![account, *forge, user]).await?;
        }
        if found.is_none() {
            let sql = "INSERT INTO identities (forge, forge_user, account, login, updated_at)
                 VALUES ($1, $2, $3, $4, $5)";
            session.run(sql, values![*forge, user, account, &sign_in.login, now]).await?;
        }
        if sign_in.link_to.is_none() {
            let sql = "UPDATE accounts SET name = $1, email = COALESCE($2, email) WHERE id = $3";
            session.run(sql, values![&sign_in.name, sign_in.email.as_deref(), account]).await?;
        }
        session.commit().await?;
        Ok(account)
    }

    /// Finds an account.
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let mut session = self.db.read("read an account").await?;
        let row =
            session.row(format!("{ACCOUNT} FROM accounts a WHERE a.id = $1"), values![id]).await?;
        row.as_ref().map(account_from).transpose()
    }

    /// Lists the identities of an account, by forge.
    pub async fn identities(&self, account: AccountId) -> Result<Vec<Identity>, StoreError> {
        let sql = "SELECT forge, forge_user, account, login, avatar_url, sealed_access,
                sealed_refresh, scopes, expires_at, refused
             FROM identities WHERE account = $1 ORDER BY forge DESC, updated_at DESC, forge_user";
        let rows = self.db.read("list identities").await?.rows(sql, values![account]).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let data_key = self.vault.unlock(&self.db, Scope::Account(account)).await?;
        rows.iter().map(|row| identity_from(row, &data_key)).collect()
    }

    /// Finds the identity of an account at a forge; the one that signed in last when it has several.
    pub async fn identity(
        &self,
        account: AccountId,
        forge: ForgeKind,
    ) -> Result<Option<Identity>, StoreError> {
        let identities = self.identities(account).await?;
        Ok(identities.into_iter().find(|identity| identity.forge == forge))
    }

    /// Finds the account that a forge user belongs to (for email to authors).
    pub async fn account_by_forge_user(
        &self,
        forge: ForgeKind,
        user: &ForgeUserId,
    ) -> Result<Option<Account>, StoreError> {
        let mut session = self.db.read("find an account").await?;
        let sql = format!(
            "{ACCOUNT} FROM accounts a
             JOIN identities i ON i.account = a.id WHERE i.forge = $1 AND i.forge_user = $2"
        );
        let row = session.row(sql, values![forge, user]).await?;
        row.as_ref().map(account_from).transpose()
    }

    /// Keeps a refreshed token.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`] when the account has no identity at the forge.
    pub async fn replace_token(
        &self,
        account: AccountId,
        forge: ForgeKind,
        token: &Token,
    ) -> Result<(), StoreError> {
        let data_key = self.vault.unlock(&self.db, Scope::Account(account)).await?;
        let mut session = self.db.write("keep a token").await?;
        let sql = "SELECT forge_user FROM identities WHERE account = $1 AND forge = $2
             ORDER BY updated_at DESC, forge_user LIMIT 1";
        let found = session.row(sql, values![account, forge]).await?;
        let user: ForgeUserId = found.ok_or(StoreError::Missing("identity"))?.get("forge_user")?;
        let sealed = SealedToken::seal(&data_key, &sealed_row(forge, &user), token)?;
        let sql = "UPDATE identities SET sealed_access = $1, sealed_refresh = $2, scopes = $3,
                expires_at = $4, refused = $5
             WHERE forge = $6 AND forge_user = $7 AND account = $8";
        let values = values![
            sealed.access,
            sealed.refresh,
            sealed.scopes,
            token.expires_at,
            token.refused,
            forge,
            &user,
            account,
        ];
        let kept = session.run(sql, values).await?;
        session.commit().await?;
        if kept == 0 { Err(StoreError::Missing("identity")) } else { Ok(()) }
    }

    /// Notes that the forge refused a token: it is not used again until it is replaced. Returns whether the
    /// account still had it: its owner may have signed in meanwhile, and the new one is not refused.
    pub async fn mark_token_refused(
        &self,
        account: AccountId,
        forge: ForgeKind,
        access: &Secret<String>,
    ) -> Result<bool, StoreError> {
        let data_key = self.vault.unlock(&self.db, Scope::Account(account)).await?;
        let mut session = self.db.write("record that a token was refused").await?;
        let lock = session.for_update();
        let sql = format!(
            "SELECT forge, forge_user, account, login, avatar_url, sealed_access, sealed_refresh, scopes,
                expires_at, refused
             FROM identities WHERE account = $1 AND forge = $2 {lock}"
        );
        let rows = session.rows(sql, values![account, forge]).await?;
        let mut is_marked = false;
        for row in &rows {
            let identity = identity_from(row, &data_key)?;
            if identity.token.is_some_and(|token| token.access.expose() == access.expose()) {
                let sql = "UPDATE identities SET refused = 1 WHERE forge = $1 AND forge_user = $2";
                session.run(sql, values![forge, &identity.user]).await?;
                is_marked = true;
            }
        }
        session.commit().await?;
        Ok(is_marked)
    }
}

async fn insert_account(
    session: &mut Session,
    sign_in: &SignIn,
    now: Timestamp,
) -> Result<AccountId, StoreError> {
    let account = AccountId::fresh();
    let sql = "INSERT INTO accounts (id, name, email, created_at) VALUES ($1, $2, $3, $4)";
    session.run(sql, values![account, &sign_in.name, sign_in.email.as_deref(), now]).await?;
    Ok(account)
}

/// Columns of an account `a`. The picture is that of the first identity that has one, in the order
/// of [`Store::identities`].
const ACCOUNT: &str = "SELECT a.id, a.name, a.email, a.created_at, (
        SELECT p.avatar_url FROM identities p WHERE p.account = a.id AND p.avatar_url IS NOT NULL
        ORDER BY p.forge DESC, p.updated_at DESC, p.forge_user LIMIT 1
    ) AS avatar_url";

fn account_from(row: &Row) -> Result<Account, StoreError> {
    Ok(Account {
        id: row.get("id")?,
        name: row.get("name")?,
        email: row.opt("email")?,
        avatar_url: row.opt("avatar_url")?,
        created_at: row.get("created_at")?,
    })
}

/// A token as its columns hold it. The account is the scope, the forge's user the row.
struct SealedToken {
    access: Vec<u8>,
    refresh: Option<Vec<u8>>,
    scopes: String,
}

impl SealedToken {
    fn seal(data_key: &DataKey, row: &str, token: &Token) -> Result<Self, StoreError> {
        let refresh = token.refresh.as_ref();
        Ok(Self {
            access: data_key.seal(ACCESS, row, &token.access)?,
            refresh: refresh.map(|refresh| data_key.seal(REFRESH, row, refresh)).transpose()?,
            scopes: to_json(&token.scopes)?,
        })
    }
}

/// Names the row that a token is sealed for, so that it opens nowhere else.
fn sealed_row(forge: ForgeKind, user: &ForgeUserId) -> String {
    format!("{}:{}", forge.slug(), user.0)
}

fn identity_from(row: &Row, data_key: &DataKey) -> Result<Identity, StoreError> {
    let forge: ForgeKind = row.get("forge")?;
    let user: ForgeUserId = row.get("forge_user")?;
    let sealed_row = sealed_row(forge, &user);
    let open = |column: &str, place: &str| -> Result<Option<Secret<String>>, StoreError> {
        let sealed: Option<Vec<u8>> = row.opt(column)?;
        sealed.map(|sealed| data_key.open(place, &sealed_row, &sealed)).transpose()
    };
    let token = match open("sealed_access", ACCESS)? {
        Some(access) => Some(Token {
            access,
            scopes: row.json("scopes")?,
            expires_at: row.opt("expires_at")?,
            refresh: open("sealed_refresh", REFRESH)?,
            refused: row.get("refused")?,
        }),
        None => None,
    };
    Ok(Identity {
        account: row.get("account")?,
        forge,
        user,
        login: row.get("login")?,
        avatar_url: row.opt("avatar_url")?,
        token,
    })
}
