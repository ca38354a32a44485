//! Accounts, identities, tokens, sessions, the state of a sign-in.

use roundel_model::{
    forge::{ForgeKind, ForgeUserId},
    id::AccountId,
};
use roundel_store::{
    StoreError,
    accounts::{SignIn, Token},
};

use crate::world::{World, at, sign_in, token};

on_all! {
    a_user_who_signs_in_again_is_the_same_person,
    a_link_gives_one_account_an_identity_at_each_forge,
    a_link_moves_an_identity_from_another_account,
    sign_ins_of_one_person_at_the_same_time_make_one_account,
    a_refreshed_token_replaces_the_old_one,
    a_refused_token_stays_refused_until_it_is_replaced,
    people_are_found_by_forge_user,
    a_session_lasts_until_it_expires_or_is_closed,
    the_state_of_a_sign_in_is_taken_once_and_in_time,
}

async fn a_user_who_signs_in_again_is_the_same_person(world: World) {
    let first = world.account("ada").await;
    let again = SignIn {
        login: "ada-renamed".to_owned(),
        name: "Ada L.".to_owned(),
        email: None,
        token: token("newer"),
        ..sign_in(ForgeKind::GitHub, "ada")
    };
    assert_eq!(world.store.sign_in(&again, at(9)).await.unwrap(), first);
    let account = world.store.account(first).await.unwrap().unwrap();
    assert_eq!((account.name.as_str(), account.created_at), ("Ada L.", at(0)));
    assert_eq!(account.email.as_deref(), Some("ada@Example.org"), "a hidden address is kept");
    let identities = world.store.identities(first).await.unwrap();
    assert_eq!(identities.len(), 1);
    assert_eq!(identities[0].login, "ada-renamed");
    assert_eq!(identities[0].token, Some(token("newer")));
    assert_eq!(world.store.account(AccountId::fresh()).await.unwrap(), None);
}

async fn a_link_gives_one_account_an_identity_at_each_forge(world: World) {
    let account = world.account("ada").await;
    let link = SignIn { link_to: Some(account), ..sign_in(ForgeKind::Bitbucket, "ada_bb") };
    assert_eq!(world.store.sign_in(&link, at(1)).await.unwrap(), account);
    let forges: Vec<_> = world.store.identities(account).await.unwrap();
    let forges: Vec<_> = forges.iter().map(|identity| identity.forge).collect();
    assert_eq!(forges, [ForgeKind::GitHub, ForgeKind::Bitbucket]);
    let found = world.store.identity(account, ForgeKind::Bitbucket).await.unwrap().unwrap();
    assert_eq!((found.account, found.login.as_str()), (account, "ada_bb"));
    assert_eq!(found.token, Some(token("token of ada_bb")));
    let name = world.store.account(account).await.unwrap().unwrap().name;
    assert_eq!(name, "ada the person", "a link does not rename the account");
}

/// A user who signs in to both has shown to be one person.
async fn a_link_moves_an_identity_from_another_account(world: World) {
    let ada = world.account("ada").await;
    let other = world.store.sign_in(&sign_in(ForgeKind::Bitbucket, "b"), at(1)).await.unwrap();
    assert_ne!(ada, other);
    let link = SignIn { link_to: Some(ada), ..sign_in(ForgeKind::Bitbucket, "b") };
    assert_eq!(world.store.sign_in(&link, at(2)).await.unwrap(), ada);
    assert_eq!(world.store.identities(other).await.unwrap(), []);
    assert_eq!(world.store.identities(ada).await.unwrap().len(), 2);
}

async fn sign_ins_of_one_person_at_the_same_time_make_one_account(world: World) {
    let other = world.another_store().await;
    let mut sign_ins = tokio::task::JoinSet::new();
    for turn in 0..8 {
        let store = if turn % 2 == 0 { world.store.clone() } else { other.clone() };
        sign_ins.spawn(async move {
            store.sign_in(&sign_in(ForgeKind::GitHub, "ada"), at(turn)).await.unwrap()
        });
    }
    let mut accounts = sign_ins.join_all().await;
    accounts.dedup();
    assert_eq!(accounts.len(), 1);
}

async fn a_refreshed_token_replaces_the_old_one(world: World) {
    let account = world.account("ada").await;
    let newer = Token { refresh: None, expires_at: None, scopes: vec![], ..token("newer") };
    world.store.replace_token(account, ForgeKind::GitHub, &newer).await.unwrap();
    let identity = world.store.identity(account, ForgeKind::GitHub).await.unwrap().unwrap();
    assert_eq!(identity.token, Some(newer.clone()));
    let nowhere = world.store.replace_token(account, ForgeKind::Bitbucket, &newer).await;
    assert!(matches!(nowhere, Err(StoreError::Missing("identity"))));
}

async fn a_refused_token_stays_refused_until_it_is_replaced(world: World) {
    let account = world.account("ada").await;
    let refused = || async {
        let identity = world.store.identity(account, ForgeKind::GitHub).await.unwrap().unwrap();
        identity.token.unwrap().refused
    };
    assert!(!refused().await);
    let mark = async |access: &str| {
        let access = access.to_owned().into();
        world.store.mark_token_refused(account, ForgeKind::GitHub, &access).await.unwrap()
    };
    assert!(!mark("older").await && !refused().await, "another one was refused");
    let current = world.store.identity(account, ForgeKind::GitHub).await.unwrap().unwrap();
    assert!(mark(current.token.unwrap().access.expose()).await && refused().await);
    world.store.replace_token(account, ForgeKind::GitHub, &token("newer")).await.unwrap();
    assert!(!refused().await);
}

async fn people_are_found_by_forge_user(world: World) {
    let account = world.account("ada").await;
    let user = ForgeUserId("id of ada".to_owned());
    let found = world.store.account_by_forge_user(ForgeKind::GitHub, &user).await.unwrap();
    assert_eq!(found.map(|account| account.id), Some(account));
    assert_eq!(world.store.account_by_forge_user(ForgeKind::Bitbucket, &user).await.unwrap(), None);
}

async fn a_session_lasts_until_it_expires_or_is_closed(world: World) {
    let account = world.account("ada").await;
    world.store.open_session(b"one", account, at(10), at(20)).await.unwrap();
    world.store.open_session(b"two", account, at(10), at(20)).await.unwrap();
    let whose = |token: &'static [u8], seconds| {
        let store = world.store.clone();
        async move { store.session(token, at(seconds)).await.unwrap().map(|account| account.id) }
    };
    assert_eq!(whose(b"one", 19).await, Some(account));
    assert_eq!(whose(b"one", 20).await, None);
    assert_eq!(whose(b"three", 19).await, None);
    world.store.close_session(b"one").await.unwrap();
    assert_eq!(whose(b"one", 19).await, None);
    assert_eq!(whose(b"two", 19).await, Some(account));
    world.store.open_session(b"four", account, at(30), at(40)).await.unwrap();
    assert_eq!(whose(b"two", 19).await, None, "an expired one was cleared away");
}

async fn the_state_of_a_sign_in_is_taken_once_and_in_time(world: World) {
    let store = &world.store;
    store.put_oauth_state(b"a", "{\"verifier\":1}", at(20)).await.unwrap();
    store.put_oauth_state(b"b", "{}", at(20)).await.unwrap();
    let taken = store.take_oauth_state(b"a", at(19)).await.unwrap();
    assert_eq!(taken.as_deref(), Some("{\"verifier\":1}"));
    assert_eq!(store.take_oauth_state(b"a", at(19)).await.unwrap(), None);
    assert_eq!(store.take_oauth_state(b"b", at(20)).await.unwrap(), None);
}
