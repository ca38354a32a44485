//! A value opens in its place and with its key, and nowhere else.

use proptest::prelude::*;

use super::*;

fn data_key(key: u8, scope: Scope) -> DataKey {
    let cipher = Cipher::new(&Secret::new(vec![key; KEY_BYTES])).unwrap();
    DataKey { scope, cipher }
}

fn project(number: u128) -> Scope {
    Scope::Project(ProjectId::from_u128(number))
}

proptest! {
    /// An attacker who can write to the database must not be able to put one project's key, or another
    /// variable's value, where a job would use it.
    #[test]
    fn a_sealed_value_opens_only_where_it_was_sealed(
        text in ".{0,200}", row in "[a-z:]{0,8}", other_row in "[a-z:]{0,8}",
        column in "[a-z:.]{1,8}", other_column in "[a-z:.]{1,8}",
    ) {
        let sealed = data_key(1, project(1)).seal(&column, &row, &text.clone().into()).unwrap();
        let opened = data_key(1, project(1)).open(&column, &row, &sealed).unwrap();
        prop_assert_eq!(opened.expose(), &text);
        if (&row, &column) != (&other_row, &other_column) {
            prop_assert!(data_key(1, project(1)).open(&other_column, &other_row, &sealed).is_err());
        }
        prop_assert!(data_key(1, project(2)).open(&column, &row, &sealed).is_err());
        prop_assert!(data_key(2, project(1)).open(&column, &row, &sealed).is_err());
    }

    #[test]
    fn a_damaged_value_does_not_open(text in ".{0,60}", at in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let data_key = data_key(1, project(1));
        let mut sealed = data_key.seal("hooks.secret", "row", &text.into()).unwrap();
        let at = at.index(sealed.len());
        sealed[at] ^= 1_u8 << bit;
        prop_assert!(data_key.open("hooks.secret", "row", &sealed).is_err());
        sealed.truncate(at);
        prop_assert!(data_key.open("hooks.secret", "row", &sealed).is_err());
    }

    /// Equal ciphertexts would show which projects share a password.
    #[test]
    fn the_same_text_is_never_sealed_to_the_same_bytes(text in ".{0,60}") {
        let data_key = data_key(1, project(1));
        let seal = || data_key.seal("variables.value", "row", &text.clone().into()).unwrap();
        prop_assert_ne!(seal(), seal());
    }
}

#[test]
fn an_instance_key_of_another_size_is_refused() {
    for bytes in [0, 16, 31, 33] {
        let refused = Vault::new(&Secret::new(vec![0; bytes])).err();
        assert!(matches!(refused, Some(StoreError::InstanceKey { bytes: said }) if said == bytes));
    }
}

#[test]
fn the_refusal_says_what_to_do() {
    let refused = data_key(1, project(1)).open("hooks.secret", "row", b"rubbish").unwrap_err();
    let words = refused.to_string();
    assert!(
        words.contains("hooks.secret")
            && words.contains("instance key that this database was made with"),
        "{words}"
    );
}
