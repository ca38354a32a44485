//! Every sentence that the source can say is said in a test: by a wrong example of the catalogue or a
//! case of the specification. A message that no configuration produces was never read in its place, and
//! its help was never followed.
//!
//! Sentences are the string literals of the source that hold a space. Whether one is a message, a help
//! or a part of either is not asked: all are to be produced. The few that nothing produces are lines of
//! `spec/unsaid.tsv`, each with the reason.

mod literals;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use self::literals::Sentence;
use super::{
    advice,
    spec::case::{self, Case},
};
use crate::{api::inputs::Inputs, check::check_orb::check_orb};

/// Files and directories that say nothing in diagnostics: the catalogue and its pages, what explains a
/// configuration, the list of what is not supported, which is made of diagnostics, and the packing of several
/// files, which has its own errors.
const OTHERS: &[&str] =
    &["codes", "codes.rs", "explain.rs", "listing.rs", "pack", "pack.rs", "page.rs", "tests"];

fn source_files(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if OTHERS.contains(&&*name) || name == "tests.rs" {
            continue;
        }
        if path.is_dir() {
            source_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The sentences of the crate's source with the names of their files.
fn written() -> Vec<(String, Sentence)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&directory, &mut files);
    files.sort();
    let read = |path: &Path| {
        let name = path.strip_prefix(&directory).unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap();
        literals::sentences(&text).into_iter().map(move |sentence| (name.clone(), sentence))
    };
    files.iter().flat_map(|path| read(path)).collect()
}

/// What diagnostics say to people in all examples and cases.
fn said(cases: &[Case]) -> BTreeSet<String> {
    let mut said = BTreeSet::new();
    let orbs = cases.iter().flat_map(|case| &case.orbs);
    let in_orbs = orbs.flat_map(|(_, text)| check_orb(text, &Inputs::default()));
    for found in advice::all_found(cases).into_iter().chain(in_orbs) {
        said.extend(found.related.into_iter().map(|related| related.text));
        said.extend(found.via);
        said.extend(found.help);
        said.insert(found.message);
    }
    said
}

/// The lines of `spec/unsaid.tsv`: the file, the sentence and why nothing produces it.
fn listed() -> Vec<(String, String)> {
    let text = fs::read_to_string(case::directory().join("unsaid.tsv")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let lines = lines.map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [file, sentence, _reason] = fields[..] else { panic!("three fields: {line}") };
        (file.to_owned(), sentence.to_owned())
    });
    lines.collect()
}

#[test]
fn every_sentence_of_the_source_is_brought_by_a_test_or_says_why_not() {
    let cases = case::all();
    let said = said(&cases);
    let written = written();
    let is_brought = |sentence: &Sentence| {
        let larger: Vec<_> = written.iter().filter(|(_, other)| other.contains(sentence)).collect();
        // What a larger sentence says, this one need not have said.
        let is_it = |text: &&String| !larger.iter().any(|(_, other)| other.is_in(text));
        said.iter().filter(|text| sentence.is_in(text)).any(|text| is_it(&text))
    };
    let listed = listed();
    let is_listed = |file: &str, sentence: &Sentence| {
        listed.iter().any(|(known, text)| known == file && *text == sentence.shown())
    };
    let mut failures = Vec::new();
    for (file, sentence) in &written {
        match (is_brought(sentence), is_listed(file, sentence)) {
            (true, true) => {
                failures.push(format!("{file}\t{}\tis listed, and is produced", sentence.shown()));
            }
            (false, false) => {
                failures.push(format!("{file}\t{}\tis not produced", sentence.shown()));
            }
            (true, false) | (false, true) => {}
        }
    }
    for (file, text) in &listed {
        if !written.iter().any(|(known, sentence)| known == file && sentence.shown() == *text) {
            failures.push(format!("{file}\t{text}\tis listed, and is not in the source"));
        }
    }
    assert!(written.len() > 500, "only {} were found", written.len());
    assert!(
        failures.is_empty(),
        "{} of {}\n{}",
        failures.len(),
        written.len(),
        failures.join("\n")
    );
}
