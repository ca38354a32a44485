//! The texts of a commit status, cut to what the forges take (`VCS` §2.10, §4.10). Both forges' posts
//! cut what they are given; a caller that shows a name to be copied cuts it with the same function.

use roundel_model::limits::STATUS_DESCRIPTION_CHARS;
use sha2::{Digest, Sha256};

/// Characters of a context. A job's name may be longer after matrix expansion.
const CONTEXT_CHARS: usize = 200;

/// Cuts a description to its limit, counting characters, with an ellipsis for what is missing.
pub(crate) fn description(text: &str) -> String {
    if text.chars().count() <= STATUS_DESCRIPTION_CHARS {
        return text.to_owned();
    }
    let kept = text.chars().take(STATUS_DESCRIPTION_CHARS - 1);
    kept.chain(['…']).collect()
}

/// Leaves out the characters above U+FFFF, emoji first of all: GitHub refuses a description with
/// one (422), and then the commit would have no status. What joins them and the space behind goes
/// with them, so that the sentence stays one.
pub(crate) fn without_emoji(text: &str) -> String {
    const JOINERS: [char; 2] = ['\u{200d}', '\u{fe0f}'];
    let mut kept = String::with_capacity(text.len());
    let mut left_out = false;
    for char in text.chars() {
        if char > '\u{ffff}' || (left_out && JOINERS.contains(&char)) {
            left_out = true;
        } else if !(std::mem::take(&mut left_out) && char == ' ') {
            kept.push(char);
        }
    }
    kept.trim_end().to_owned()
}

/// Cuts a context, the name of a commit status, to its limit; six digits of its hash distinguish two
/// long names with the same beginning.
pub fn context(text: &str) -> String {
    if text.chars().count() <= CONTEXT_CHARS {
        return text.to_owned();
    }
    let hash = hex::encode(Sha256::digest(text.as_bytes()));
    let kept: String = text.chars().take(CONTEXT_CHARS - 7).collect();
    format!("{kept}~{}", &hash[..6])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_cut_at_140_characters_not_bytes() {
        let fits = "ä".repeat(140);
        assert_eq!(description(&fits), fits);
        let cut = description(&"ä".repeat(141));
        assert_eq!(cut.chars().count(), 140);
        assert!(cut.ends_with("ä…"));
    }

    #[test]
    fn emoji_are_left_out_and_the_sentence_stays() {
        for (text, sent) in [
            ("Waiting for approval of 🚀 release", "Waiting for approval of release"),
            ("no command named `🚀 launch`", "no command named `launch`"),
            ("shipped 🚢", "shipped"),
            ("by 👩🏽\u{200d}🚒\u{fe0f} Ada", "by Ada"),
            ("a𝄞b", "ab"),
            ("Größe ✓ 測試 passed", "Größe ✓ 測試 passed"),
        ] {
            assert_eq!(without_emoji(text), sent);
        }
    }

    #[test]
    fn two_long_contexts_with_the_same_beginning_stay_apart() {
        let (one, two) = (format!("{}1", "x".repeat(250)), format!("{}2", "x".repeat(250)));
        assert_eq!(context(&one).chars().count(), 200);
        assert_ne!(context(&one), context(&two));
        assert_eq!(context(&one), context(&one));
        assert_eq!(context("ci/roundel: build"), "ci/roundel: build");
    }
}
