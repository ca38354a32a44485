//! What git answered about objects that never change.
//!
//! A page of the forge, a webhook and a call of its API ask the same about one commit, and each
//! answer takes a process. Objects are named by their contents and nothing here removes one, so an
//! answer about whole ids stays true.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// How much is kept, in bytes; beyond it all is forgotten.
const BYTES: usize = 16 << 20;
/// How long an answer may be to be kept, in bytes.
const ANSWER: usize = 256 << 10;

/// How many hexadecimal digits the id of an object has.
const ID: usize = 40;

/// Answers of git by their question.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<String, Arc<[u8]>>,
    bytes: usize,
}

/// Whether a text is the whole id of an object.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == ID && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns the question that a command asks, if its answer is about whole ids only.
///
/// `about` are the revisions that `args` name, each of which may begin with `^`.
pub(super) fn lasting(directory: &Path, args: &[&str], about: &[&str]) -> Option<String> {
    let whole = |revision: &&str| is_id(revision.strip_prefix('^').unwrap_or(revision));
    let is_lasting = !about.is_empty() && about.iter().all(whole);
    is_lasting.then(|| format!("{}\0{}", directory.display(), args.join("\0")))
}

impl Answers {
    pub(super) fn get(&self, question: &str) -> Option<Arc<[u8]>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.answers.get(question).map(Arc::clone)
    }

    pub(super) fn keep(&self, question: String, answer: Arc<[u8]>) {
        if answer.len() > ANSWER {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = question.len() + answer.len();
        if kept.bytes + bytes > BYTES {
            *kept = Kept::default();
        }
        if kept.answers.insert(question, answer).is_none() {
            kept.bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_questions_about_whole_ids_have_lasting_answers() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let without = format!("^{id}");
        let asked = |about: &[&str]| lasting(Path::new("/a"), &["log", "-z"], about);
        assert!(asked(&[id, &without]).is_some());
        assert_eq!(asked(&["refs/heads/main"]), None);
        assert_eq!(asked(&[id, "main"]), None);
        assert_eq!(asked(&[]), None, "about the repository as it is now");
        assert_eq!(asked(&[&id[..7]]), None);
        assert_ne!(asked(&[id]), lasting(Path::new("/b"), &["log", "-z"], &[id]));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let answers = Answers::default();
        answers.keep("long".to_owned(), vec![0; ANSWER + 1].into());
        assert!(answers.get("long").is_none());
        for number in 0..=BYTES / ANSWER {
            answers.keep(number.to_string(), vec![0; ANSWER].into());
        }
        assert!(answers.get("0").is_none());
        assert!(answers.get(&(BYTES / ANSWER).to_string()).is_some());
        assert!(answers.kept.lock().unwrap().bytes <= BYTES);
    }
}
