//! Real files: each compiles, or is rightly rejected for a reason that the list gives; and what
//! comes out is what the hosted compiler printed.
//!
//! The corpus lies next to the repository and is data only. Where it is absent the tests say so and
//! count as skipped. `cargo xtask corpus` prints the same as a table.

mod expected;
mod gold;
pub(crate) mod library;

use std::{collections::BTreeMap, io::Write as _, path::Path};

use expected::Expected;
use library::{Corpus, Pair};

use crate as config;
use crate::*;

const REJECTIONS: &str = include_str!("../../corpus-rejections.tsv");
const GOLD_EDITS: &str = include_str!("../../corpus-gold-edits.tsv");

/// Opens the corpus, or says that a test is skipped.
pub(crate) fn corpus(test: &str) -> Option<Corpus> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let corpus = Corpus::open(&repository);
    if corpus.is_none() {
        let line = format!("{test}: the corpus is not next to this repository");
        println!("SKIPPED {line}");
        if let Some(notices) = std::env::var_os("ROUNDEL_SKIPPED_TESTS") {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(notices);
            writeln!(file.unwrap(), "{line}").unwrap();
        }
    }
    corpus
}

#[test]
fn every_file_of_the_corpus_compiles_or_is_rightly_rejected() {
    let Some(corpus) = corpus("every_file_of_the_corpus_compiles_or_is_rightly_rejected") else {
        return;
    };
    let expected = Expected::read(REJECTIONS).unwrap();
    let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
    let mut slowest = std::time::Duration::ZERO;
    let mut problems = expected.strangers(corpus.entries().iter().map(|entry| &*entry.file));
    for entry in corpus.entries() {
        let attempt = corpus.compile(&entry.text, entry.inputs());
        check(&entry.file, &entry.text, &attempt.compiled);
        slowest = slowest.max(attempt.took);
        let errors = attempt.errors();
        let outcome = match (errors.is_empty(), attempt.missing.is_empty()) {
            (true, true) => "compiled",
            (true, false) => "missing orb",
            (false, _) if expected.reason(&entry.file).is_some() => "rightly rejected",
            (false, _) => "rejected",
        };
        *totals.entry(outcome).or_default() += 1;
        problems.extend(expected.compare(&entry.file, &errors));
        let unknown = attempt.missing.iter().filter(|orb| !corpus.is_unresolved(orb));
        problems.extend(unknown.map(|orb| format!("{}: `{orb}` must be found", entry.file)));
    }
    println!("{} files: {totals:?}, slowest {slowest:?}", corpus.entries().len());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What nothing in the corpus uses of an orb is checked as well, as far as its shape goes.
#[test]
fn every_orb_of_the_corpus_is_accepted() {
    let Some(corpus) = corpus("every_orb_of_the_corpus_is_accepted") else { return };
    let orbs = corpus.orbs();
    let mut problems = Vec::new();
    for orb in &orbs {
        let text = format!(
            "version: 2.1\norbs: {{o: {orb}@volatile}}\njobs: {{build: {{machine: true, steps: [checkout]}}}}\n"
        );
        let attempt = corpus.compile(&text, Inputs::default());
        check(orb, &text, &attempt.compiled);
        let errors = attempt.errors();
        if !errors.is_empty() {
            problems.push(format!(
                "{orb}: {}\n{}",
                errors.join(" "),
                render(&text, &attempt.compiled.diagnostics, Layout::default())
            ));
        }
    }
    println!("{} orbs", orbs.len());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_gold_pair_is_the_same_document() {
    let Some(corpus) = corpus("every_gold_pair_is_the_same_document") else { return };
    let edits = gold::Edits::read(GOLD_EDITS).unwrap();
    let mut problems = Vec::new();
    let pairs = corpus.gold();
    for pair in &pairs {
        let attempt = corpus.compile(&pair.source, Inputs::default());
        check(&pair.name, &pair.source, &attempt.compiled);
        let theirs = gold::read(&pair.output).unwrap();
        let reported = match &attempt.compiled.document {
            Some(ours) => edits.judge(&pair.name, &gold::differences(ours, &theirs)),
            None => attempt.errors(),
        };
        problems.extend(reported.into_iter().map(|problem| format!("{}: {problem}", pair.name)));
        if edits.concern(&pair.name) {
            let is_impossible =
                |other: &&Pair| other.source == pair.source && other.output != pair.output;
            let twin = pairs.iter().find(is_impossible);
            assert!(twin.is_some(), "{}: nothing shows that it was edited", pair.name);
        }
    }
    let edited = pairs.iter().filter(|pair| edits.concern(&pair.name)).count();
    println!("{} pairs, of which {edited} were edited in places", pairs.len());
    assert!(!pairs.is_empty());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Feeding the output back through the compiler changes nothing (CFG §7.4).
#[test]
fn cfg_223_the_hosted_compilers_output_compiles_to_itself() {
    let Some(corpus) = corpus("cfg_223_the_hosted_compilers_output_compiles_to_itself") else {
        return;
    };
    for pair in corpus.gold() {
        let attempt = corpus.compile(&pair.output, Inputs::default());
        let theirs = gold::read(&pair.output).unwrap();
        let ours = attempt.compiled.document.as_ref();
        let ours = ours.unwrap_or_else(|| panic!("{}: {:?}", pair.name, attempt.errors()));
        assert_eq!(gold::differences(ours, &theirs), [], "{}", pair.name);
    }
}

#[test]
fn a_difference_is_reported_by_its_path_and_order_in_mappings_is_none() {
    let read = |text: &str| gold::read(text).unwrap();
    let theirs = read("a: {b: [1, 'x'], c: 1.50}\nd: yes\n");
    let reported = |ours: &str| -> Vec<String> {
        gold::differences(&read(ours), &theirs).iter().map(ToString::to_string).collect()
    };
    assert_eq!(reported("d: true\na: {c: 1.5, b: [1, x]}\n"), [""; 0]);
    assert_eq!(
        reported("a: {b: [x, 1, 2], c: 1.5}\ne: 1\n"),
        [
            ".a.b[0]: x, not 1",
            ".a.b[1]: 1, not x",
            ".a.b: 3 entries, not 2",
            ".e: only ours, 1",
            ".d: only the hosted compiler's, true",
        ]
    );
}

#[test]
fn what_was_edited_is_taken_out_and_nothing_else() {
    let edits = gold::Edits::read("pair\tpath\twhy\np\t.a\tthree outputs of one source\n").unwrap();
    let read = |text: &str| gold::read(text).unwrap();
    let judge =
        |ours, pair| edits.judge(pair, &gold::differences(&read(ours), &read("{a: 1, b: 1}")));
    assert_eq!(judge("{a: 2, b: 1}", "p"), [""; 0]);
    assert_eq!(judge("{a: 2, b: 2}", "p"), [".b: 2, not 1"]);
    assert_eq!(judge("{a: 1, b: 1}", "p"), [".a: listed as edited, but equal"]);
    assert_eq!(judge("{a: 2, b: 1}", "q"), [".a: 2, not 1"]);
}

#[test]
fn the_list_of_rejections_is_compared_in_both_directions() {
    let list = "file\tcodes\twhy\nbad.yml\tcycle bad-regex\tjobs of it wait for each other\n";
    let expected = Expected::read(list).unwrap();
    let codes = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(expected.compare("bad.yml", &codes("bad-regex cycle")), None);
    assert_eq!(expected.compare("good.yml", &[]), None);
    assert!(expected.compare("bad.yml", &[]).unwrap().contains("compiles"));
    assert!(expected.compare("bad.yml", &codes("cycle")).unwrap().contains("listed (bad-regex"));
    assert!(expected.compare("new.yml", &codes("cycle")).unwrap().contains("no reason"));
    assert_eq!(expected.strangers(["good.yml"].into_iter()).len(), 1);
    for bad in ["h\nx\ty\n", "h\nx\ty\ttoo short\n", "h\nx\t\tlong enough to be a reason\n"] {
        assert!(Expected::read(bad).is_err(), "{bad}");
    }
}

/// What must hold for every string.
pub(crate) fn check(name: &str, text: &str, compiled: &Compiled) {
    let has_error = compiled.diagnostics.iter().any(|found| found.severity == Severity::Error);
    if compiled.unresolved_orbs.is_empty() {
        assert_eq!(compiled.plan.is_none(), has_error, "{name}: a plan or an error, never both");
        assert_eq!(compiled.plan.is_some(), compiled.document.is_some(), "{name}");
    }
    for found in &compiled.diagnostics {
        assert!(text.get(found.start..found.end).is_some(), "{name}: {found:?}");
        assert!(found.line >= 1 && found.column >= 1, "{name}: {found:?}");
        assert!(codes::code(&found.code).is_some(), "{name}: {found:?}");
    }
    render(text, &compiled.diagnostics, Layout::default());
}
