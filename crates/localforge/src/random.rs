//! Random strings for tokens, codes and secrets.

use rand::RngExt;

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Returns a random text of letters and digits.
pub(crate) fn text(length: usize) -> String {
    let mut rng = rand::rng();
    let letter = || LETTERS.get(rng.random_range(0..LETTERS.len())).map_or('0', |&one| one.into());
    std::iter::repeat_with(letter).take(length).collect()
}
