//! The words of the language, and how they are misspelled.

use crate::tests::rng::Rng;

/// Steps that are built in.
pub(super) const STEPS: &[&str] = &[
    "run",
    "checkout",
    "setup_remote_docker",
    "save_cache",
    "restore_cache",
    "store_artifacts",
    "store_test_results",
    "persist_to_workspace",
    "attach_workspace",
    "add_ssh_keys",
    "deploy",
    "when",
    "unless",
    "steps",
];

/// Every key that means something somewhere: a misspelling that gives another one is none.
const KEYS: &[&str] = &[
    "version",
    "orbs",
    "jobs",
    "workflows",
    "commands",
    "executors",
    "parameters",
    "setup",
    "docker",
    "machine",
    "macos",
    "executor",
    "steps",
    "environment",
    "working_directory",
    "resource_class",
    "shell",
    "parallelism",
    "description",
    "image",
    "auth",
    "username",
    "password",
    "user",
    "name",
    "entrypoint",
    "command",
    "key",
    "keys",
    "paths",
    "path",
    "root",
    "at",
    "destination",
    "when",
    "unless",
    "condition",
    "no_output_timeout",
    "background",
    "requires",
    "filters",
    "branches",
    "tags",
    "only",
    "ignore",
    "context",
    "type",
    "matrix",
    "alias",
    "exclude",
    "triggers",
    "cron",
    "schedule",
    "default",
    "enum",
    "and",
    "or",
    "not",
    "equal",
    "matches",
    "pattern",
    "value",
    "fingerprints",
    "docker_layer_caching",
    "xcode",
    "enabled",
    "method",
    "depth",
];

/// Misspells a word by one letter: one missing, one twice, two swapped, or one that is wrong.
/// `None` if that gives a word of the language, or one of `taken`.
pub(super) fn misspell(word: &str, taken: &[&str], chance: &mut Rng) -> Option<String> {
    for _ in 0..8 {
        let mut letters: Vec<char> = word.chars().collect();
        let at = chance.below(letters.len());
        if !letters.get(at)?.is_ascii_alphabetic() {
            continue;
        }
        match chance.below(4) {
            0 if letters.len() > 3 => {
                letters.remove(at);
            }
            1 => letters.insert(at, letters[at]),
            2 if at + 1 < letters.len() => letters.swap(at, at + 1),
            _ => letters[at] = if letters[at] == 'x' { 'z' } else { 'x' },
        }
        let wrong: String = letters.into_iter().collect();
        let is_word = KEYS.contains(&&*wrong) || STEPS.contains(&&*wrong);
        if wrong != word && !is_word && !taken.contains(&&*wrong) {
            return Some(wrong);
        }
    }
    None
}
