//! A thousand edits of real files that should be noticed: each gets a diagnostic on the line
//! that was edited, or where what it names is defined or used.
//!
//! The edits are seeded, so that they are the same every time. `sites` says where they are made and
//! which are left out because they cannot be noticed. A diagnostic counts only if it was not there
//! before the edit; warnings count. The files are those of the corpus that compile, that have at
//! most [`LINES`] lines; they are compiled with every workflow, as `config validate` does.

mod lines;
mod sites;
mod tree;
mod words;

use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};

use crate::tests::rng::Rng;
use sites::Site;
use tree::Tree;

use crate::tests::{
    corpus::{check, corpus, library::Corpus},
    robustness::processor_time,
};
use crate::*;

const EDITS: usize = 1_000;
/// Longer files take a debug build too long.
const LINES: usize = 400;
/// Another one is tried with `ROUNDEL_EDITS_SEED`.
const SEED: u64 = 20_260_101;
/// Of a hundred edits, so many are noticed.
const REACH: usize = 95;
/// A range of the text that is underlined over so many further lines still shows where to look.
const SHORT: usize = 1;
/// Processor time that one compilation may take.
const TIMEOUT: Duration = Duration::from_secs(1);

struct File {
    name: String,
    text: String,
    inputs: Inputs,
    before: HashSet<(String, String)>,
    sites: Vec<Site>,
}

#[derive(Default)]
struct Score {
    noticed: usize,
    missed: usize,
}

#[test]
fn a_thousand_edits_of_real_files_are_noticed_where_they_are_made() {
    let Some(corpus) = corpus("a_thousand_edits_of_real_files_are_noticed_where_they_are_made")
    else {
        return;
    };
    let seed = std::env::var("ROUNDEL_EDITS_SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or(SEED);
    let files = files(&corpus, seed);
    let mut chance = Rng(seed);
    let began = Instant::now();
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    let (mut missed, mut slowest, mut made) = (Vec::new(), Duration::ZERO, HashSet::new());
    for (index, site) in choose(&files, &mut chance) {
        let file = &files[index];
        let edited =
            [&file.text[..site.span.start], &site.new, &file.text[site.span.end..]].concat();
        let same = || Some(Tree::parse(&edited)?.is_same(&Tree::parse(&file.text)?));
        if edited == file.text || same() == Some(true) || !made.insert(edited.clone()) {
            continue;
        }
        let before = processor_time(began);
        let mut compiled = compile(&edited, &file.inputs);
        slowest = slowest.max(processor_time(began).saturating_sub(before));
        if !compiled.unresolved_orbs.is_empty() {
            compiled = corpus.compile(&edited, file.inputs.clone()).compiled;
        }
        check(&file.name, &edited, &compiled);
        let score = scores.entry(site.sort).or_default();
        if is_noticed(&compiled, file, &edited, &places(&edited, &site)) {
            score.noticed += 1;
        } else {
            score.missed += 1;
            missed.push(describe(file, &site, &edited, &compiled));
        }
        if made.len() == EDITS {
            break;
        }
    }
    let noticed: usize = scores.values().map(|score| score.noticed).sum();
    for (sort, score) in &scores {
        println!("{:>4} of {:>4}  {sort}", score.noticed, score.noticed + score.missed);
    }
    println!("{noticed} of {} edits of {} files, slowest {slowest:?}", made.len(), files.len());
    println!("{}", missed.join("\n"));
    assert_eq!(made.len(), EDITS);
    assert!(noticed * 100 >= made.len() * REACH, "{noticed} of {}", made.len());
    assert!(slowest < TIMEOUT, "{slowest:?}");
}

fn files(corpus: &Corpus, seed: u64) -> Vec<File> {
    let mut files = Vec::new();
    let short = corpus.entries().iter().filter(|entry| entry.text.lines().count() <= LINES);
    for (seed, entry) in (seed..).zip(short) {
        let inputs = Inputs { all_workflows: true, ..entry.inputs() };
        let attempt = corpus.compile(&entry.text, inputs);
        let has_errors =
            attempt.compiled.diagnostics.iter().any(|found| found.severity == Severity::Error);
        if has_errors || !attempt.missing.is_empty() {
            continue;
        }
        let said = attempt.compiled.diagnostics.into_iter();
        files.push(File {
            name: entry.file.clone(),
            text: entry.text.clone(),
            inputs: attempt.inputs,
            before: said.map(|found| (found.code, found.message)).collect(),
            sites: sites::find(&entry.text, seed),
        });
    }
    files
}

/// Every kind of edit in turn, each time somewhere else, until there are no more.
fn choose<'f>(files: &'f [File], chance: &mut Rng) -> impl Iterator<Item = (usize, Site)> {
    let mut sorts: BTreeMap<&str, BTreeMap<usize, Vec<&'f Site>>> = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        for site in &file.sites {
            sorts.entry(site.sort).or_default().entry(index).or_default().push(site);
        }
    }
    let mut chosen = Vec::new();
    for _ in 0..EDITS / 5 {
        for of_sort in sorts.values() {
            let files: Vec<usize> = of_sort.keys().copied().collect();
            if let Some(&file) = chance.pick(&files)
                && let Some(&site) = chance.pick(&of_sort[&file])
            {
                chosen.push((file, site.clone()));
            }
        }
    }
    chosen.into_iter()
}

/// The lines on which the edit may be noticed.
fn places(edited: &str, site: &Site) -> HashSet<u32> {
    let line = |at: usize| -> u32 {
        let at = at.min(edited.len());
        u32::try_from(edited[..at].matches('\n').count()).unwrap() + 1
    };
    let end = site.span.start + site.new.len();
    let mut lines: HashSet<u32> = (line(site.span.start)..=line(end)).collect();
    if site.new.is_empty() && edited[..site.span.start].ends_with('\n') {
        // Whole lines are gone: what was above them is where the gap is seen.
        lines.insert(line(site.span.start.saturating_sub(1)));
    }
    let shifted = |&at: &usize| {
        if at < site.span.end {
            at.min(site.span.start)
        } else {
            at - site.span.len() + site.new.len()
        }
    };
    lines.extend(site.near.iter().map(shifted).map(line));
    lines
}

fn is_noticed(compiled: &Compiled, file: &File, edited: &str, lines: &HashSet<u32>) -> bool {
    let mut fresh = compiled
        .diagnostics
        .iter()
        .filter(|found| !file.before.contains(&(found.code.clone(), found.message.clone())));
    fresh.any(|found| {
        let underlined = edited.get(found.start..found.end).unwrap_or("").matches('\n').count();
        let last = found.line + u32::try_from(underlined.min(SHORT)).unwrap();
        let mut related = found.related.iter().filter(|related| related.path.is_none());
        (found.line..=last).any(|line| lines.contains(&line))
            || related.any(|place| lines.contains(&place.line))
    })
}

fn describe(file: &File, site: &Site, edited: &str, compiled: &Compiled) -> String {
    let number = edited[..site.span.start].matches('\n').count() + 1;
    let around: Vec<&str> = edited.lines().skip(number.saturating_sub(2)).take(3).collect();
    let said: Vec<String> = compiled
        .diagnostics
        .iter()
        .filter(|found| !file.before.contains(&(found.code.clone(), found.message.clone())))
        .take(3)
        .map(|found| format!("{}: {}: {}", found.line, found.code, found.message))
        .collect();
    let said = if said.is_empty() { "nothing".to_owned() } else { said.join("; ") };
    format!(
        "missed: {}:{number}: {}\n    {}\n  said {said}",
        file.name,
        site.sort,
        around.join("\n    ")
    )
}
