//! `cargo xtask corpus`: compiles the real configurations next to the repository and prints the
//! result of each.
//!
//! A rejection that the list `crates/config/corpus-rejections.tsv` does not explain fails, and so
//! does a file of the list that compiles. The same is a test in `crates/config`.

#[path = "../../crates/config/src/tests/corpus/expected.rs"]
mod expected;
#[path = "../../crates/config/src/tests/corpus/gold.rs"]
mod gold;
#[path = "../../crates/config/src/tests/corpus/library.rs"]
pub(crate) mod library;
mod report;

use std::fs;

use anyhow::{Context as _, Result, anyhow, bail};
use roundel_config as config;

use crate::shell;
use expected::Expected;
use library::{Attempt, Corpus, Entry};
use report::{Line, Outcome};

const REJECTIONS: &str = "crates/config/corpus-rejections.tsv";
const GOLD_EDITS: &str = "crates/config/corpus-gold-edits.tsv";

/// What to show.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only files whose name contains this
    #[arg(long, value_name = "PATTERN")]
    only: Option<String>,
    /// Print the table as JSON
    #[arg(long)]
    json: bool,
    /// With everything that the compiler says of each file that is shown
    #[arg(long)]
    verbose: bool,
    /// Instead, compare with what the hosted compiler printed for the pairs of source and output
    #[arg(long)]
    gold: bool,
}

/// Compiles, prints, and fails if anything is not as expected.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Some(corpus) = Corpus::open(&shell::root()) else {
        println!("skipped: there is no directory ../shared/corpus next to this repository");
        return Ok(());
    };
    if arguments.gold { compare_gold(&corpus, arguments) } else { compile_all(&corpus, arguments) }
}

impl Arguments {
    fn shows(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|pattern| name.contains(pattern))
    }
}

fn compile_all(corpus: &Corpus, arguments: &Arguments) -> Result<()> {
    let expected = Expected::read(&list(REJECTIONS)?);
    let expected = expected.map_err(|wrong| anyhow!("{REJECTIONS}: {wrong}"))?;
    let mut lines = Vec::new();
    for entry in corpus.entries().iter().filter(|entry| arguments.shows(&entry.file)) {
        let attempt = corpus.compile(&entry.text, entry.inputs());
        if arguments.verbose && !attempt.compiled.diagnostics.is_empty() && !arguments.json {
            println!("── {}", entry.file);
            println!(
                "{}",
                config::render(
                    &entry.text,
                    &attempt.compiled.diagnostics,
                    config::Layout::default()
                )
            );
        }
        lines.push(line_of(corpus, &expected, entry, &attempt));
    }
    let mut problems: Vec<String> = lines.iter().flat_map(|line| line.problems.clone()).collect();
    if arguments.only.is_none() {
        problems.extend(expected.strangers(corpus.entries().iter().map(|entry| &*entry.file)));
    }
    if arguments.json {
        println!("{}", report::json(&lines)?);
    } else {
        print!("{}", report::table(&lines));
    }
    if problems.is_empty() {
        return Ok(());
    }
    bail!("{} not as expected:\n  {}", problems.len(), problems.join("\n  "))
}

fn line_of(corpus: &Corpus, expected: &Expected, entry: &Entry, attempt: &Attempt) -> Line {
    let codes = attempt.errors();
    let outcome = match (codes.is_empty(), attempt.missing.is_empty()) {
        (true, true) => Outcome::Compiled,
        (true, false) => Outcome::MissingOrb,
        (false, _) if expected.reason(&entry.file).is_some() => Outcome::RightlyRejected,
        (false, _) => Outcome::Rejected,
    };
    let mut problems: Vec<String> = expected.compare(&entry.file, &codes).into_iter().collect();
    let unknown = attempt.missing.iter().filter(|orb| !corpus.is_unresolved(orb));
    problems.extend(unknown.map(|orb| format!("{}: `{orb}` must be found", entry.file)));
    Line {
        file: entry.file.clone(),
        outcome,
        codes,
        missing: attempt.missing.clone(),
        lines: entry.text.lines().count(),
        took: attempt.took,
        problems,
    }
}

fn compare_gold(corpus: &Corpus, arguments: &Arguments) -> Result<()> {
    let judged = judge_gold(corpus)?;
    let shown: Vec<_> = judged.iter().filter(|judged| arguments.shows(&judged.name)).collect();
    for judged in &shown {
        println!("{:<19}  {}", judged.outcome(), judged.name);
        for difference in &judged.differences {
            println!("    {difference}");
        }
        if arguments.verbose {
            print!("{}", judged.rendered);
        }
    }
    println!("{}", totals(&shown));
    let different = shown.iter().filter(|judged| !judged.differences.is_empty()).count();
    if different > 0 {
        bail!("{different} pairs differ from what the hosted compiler printed");
    }
    Ok(())
}

/// Prints how many of the golden outputs are equal.
pub(crate) fn gold_totals(corpus: &Corpus) -> Result<String> {
    Ok(totals(&judge_gold(corpus)?.iter().collect::<Vec<_>>()))
}

/// What comparing a pair gave.
struct PairResult {
    name: String,
    /// What differs and is not listed as edited.
    differences: Vec<String>,
    is_edited: bool,
    rendered: String,
}

impl PairResult {
    fn outcome(&self) -> &'static str {
        match (self.differences.is_empty(), self.is_edited) {
            (true, false) => "equal",
            (true, true) => "equal but for edits",
            (false, _) => "DIFFERENT",
        }
    }
}

fn judge_gold(corpus: &Corpus) -> Result<Vec<PairResult>> {
    let edits = gold::Edits::read(&list(GOLD_EDITS)?);
    let edits = edits.map_err(|wrong| anyhow!("{GOLD_EDITS}: {wrong}"))?;
    let judge = |pair: &library::Pair| {
        let attempt = corpus.compile(&pair.source, config::Inputs::default());
        let theirs = gold::read(&pair.output).map_err(|wrong| anyhow!("{}: {wrong}", pair.name))?;
        let differences = match &attempt.compiled.document {
            Some(ours) => edits.judge(&pair.name, &gold::differences(ours, &theirs)),
            None => vec![format!("rejected: {}", attempt.errors().join(" "))],
        };
        let rendered =
            config::render(&pair.source, &attempt.compiled.diagnostics, config::Layout::default());
        let is_edited = edits.concern(&pair.name);
        Ok(PairResult { name: pair.name.clone(), differences, is_edited, rendered })
    };
    corpus.gold().iter().map(judge).collect()
}

fn totals(judged: &[&PairResult]) -> String {
    let count = |outcome| judged.iter().filter(|judged| judged.outcome() == outcome).count();
    format!(
        "{} pairs: {} equal, {} equal but for edits, {} different",
        judged.len(),
        count("equal"),
        count("equal but for edits"),
        count("DIFFERENT")
    )
}

fn list(file: &str) -> Result<String> {
    let path = shell::root().join(file);
    fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))
}
