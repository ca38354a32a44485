//! Every `cargo xtask …` that a document or a comment names exists, with its options.

use clap::CommandFactory as _;

use super::{
    report::report,
    source::{self, Source},
};
use crate::Arguments;

/// Finds verbs and options that do not exist.
fn unknown_verbs(texts: &[Source]) -> Vec<String> {
    let command = Arguments::command();
    let mut broken = Vec::new();
    for text in texts {
        for (line, content) in (1..).zip(text.text.lines()) {
            for rest in content.split("cargo xtask ").skip(1) {
                let end = rest.find(['`', '"', '|', '#', ';', ')', '&']).unwrap_or(rest.len());
                let mut words = rest[..end].split_whitespace();
                let Some(verb) = words.next().map(|word| word.trim_end_matches(['.', ',', ':']))
                else {
                    continue;
                };
                // A placeholder.
                if !verb.starts_with(|c: char| c.is_ascii_lowercase()) {
                    continue;
                }
                let Some(known) = command.find_subcommand(verb) else {
                    broken.push(format!("{}:{line}: {verb}", text.path));
                    continue;
                };
                let options = words.filter_map(|word| word.strip_prefix("--"));
                for option in options.filter(|option| !option.is_empty()) {
                    let name = option.split('=').next();
                    if !known.get_arguments().any(|one| one.get_long() == name) {
                        broken.push(format!("{}:{line}: {verb} --{option}", text.path));
                    }
                }
            }
        }
    }
    broken
}

#[test]
fn verbs_that_are_named_exist() {
    let places =
        ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", ".ci", "docs", "crates", "fuzz"];
    let mut texts = source::tree(&places);
    texts.retain(|text| !text.path.starts_with("docs/decisions"));
    report("verbs of `cargo xtask` that are named exist", unknown_verbs(&texts));
}

#[test]
fn an_invented_verb_is_seen() {
    let text = "`cargo xtask tset` and `cargo xtask corpus --golden`, `cargo xtask VERB`\n\
                cargo xtask bench --builds   # fine\n";
    let texts = source::sample(&[("docs/a.md", text)]);
    assert_eq!(unknown_verbs(&texts), ["docs/a.md:1: tset", "docs/a.md:1: corpus --golden"]);
}
