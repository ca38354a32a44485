//! The section "configuration": how fast the compiler is, compared with merely parsing the same sources
//! with the same library, and with the parser that the hosted service's own people publish.
//!
//! Measured in a release build of this very program, which `cargo xtask bench` starts once more. The
//! large configuration is compiled in its own process, so that its memory is measured alone.
//! Nothing is asserted.

mod large;
mod peer;

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use granit_parser::Parser;
use roundel_config::{self as config, orbs::Resolution};

use super::table::{Row, Times, millis, render};
use crate::{
    corpus::{
        self,
        library::{Attempt, Corpus},
    },
    shell,
};

#[path = "../../../crates/config/src/tests/robustness/bombs.rs"]
mod bombs;

/// Compilations of each file; the middle one counts.
const ROUNDS: usize = 9;

/// Measures, and prints the table.
pub(crate) fn run(only_large: bool) -> Result<()> {
    let corpus = Corpus::open(&shell::root());
    if only_large {
        return large::compile_and_tell(corpus.as_ref());
    }
    println!("cores    {}", std::thread::available_parallelism()?);
    println!("memory   {}", field("/proc/meminfo", "MemTotal"));
    println!("model    {}", field("/proc/cpuinfo", "model name"));
    println!("program  {} build", if cfg!(debug_assertions) { "debug" } else { "release" });
    let mut rows = Vec::new();
    let measurements: [&dyn Fn() -> Result<Vec<Row>>; 3] =
        [&|| of_corpus(corpus.as_ref()), &of_large, &|| Ok(of_bombs())];
    for measure in measurements {
        let before = load();
        let found = measure()?;
        let after = load();
        rows.extend(found.into_iter().map(|row| row.at(&before, &after)));
    }
    println!("\n{}", render(&rows));
    Ok(())
}

fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}

fn field(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
    found.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

/// The middle one of several times.
fn middle(mut work: impl FnMut()) -> Duration {
    let times = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        work();
        began.elapsed()
    });
    Times::of(times.collect()).share(50)
}

/// Reads a source with the library that the compiler reads it with, and does nothing with it.
fn parse(text: &str) {
    Parser::new_from_str(text).for_each(|event| drop(std::hint::black_box(event)));
}

fn of_corpus(corpus: Option<&Corpus>) -> Result<Vec<Row>> {
    let Some(corpus) = corpus else {
        return Ok(vec![
            Row::new("configuration: the corpus").ours("not measured: it is not there"),
        ]);
    };
    let (mut compiling, mut parsing, mut parsing_all) = (Vec::new(), Vec::new(), Vec::new());
    let (mut compiled, mut missing, mut rejected) = (0, 0, 0);
    for entry in corpus.entries() {
        let attempt = corpus.compile(&entry.text, entry.inputs());
        match (attempt.errors().is_empty(), attempt.missing.is_empty()) {
            (true, true) => compiled += 1,
            (true, false) => missing += 1,
            (false, _) => rejected += 1,
        }
        let orbs = orbs_of(&attempt);
        compiling.push(middle(|| drop(config::compile(&entry.text, &attempt.inputs))));
        let own = middle(|| parse(&entry.text));
        parsing.push(own);
        parsing_all.push(own + middle(|| orbs.iter().for_each(|text| parse(text))));
    }
    let sum = |times: &[Duration]| times.iter().sum::<Duration>().as_secs_f64();
    let ratio = |to: &[Duration]| format!("{:.1}×", sum(&compiling) / sum(to).max(1e-9));
    let (own, all) = (ratio(&parsing), ratio(&parsing_all));
    let peer = peer::measure();
    let total = compiled + missing + rejected;
    let times = [&compiling, &parsing, &parsing_all].map(|times| Times::of(times.clone()));
    let shown = |times: &Times| {
        let [middle, high, most] = [50, 99, 100].map(|percent| millis(times.share(percent)));
        format!("p50 {middle} / p99 {high} / most {most} ms (n={})", times.count())
    };
    Ok(vec![
        Row::new("configuration: compile a file of the corpus, warm, orbs parsed before")
            .ours(shown(&times[0]))
            .peer(peer)
            .target("p50 ≤ 1 ms, p99 ≤ 10 ms"),
        Row::new("configuration: that, compared with parsing the file and its orbs with granit-parser")
            .ours(format!("{all} the time, over all files"))
            .peer(format!("granit-parser: {}", shown(&times[2])))
            .target("≤ 3×"),
        Row::new("configuration: that, compared with parsing the file alone")
            .ours(format!("{own} the time, over all files"))
            .peer(format!("granit-parser: {}", shown(&times[1]))),
        Row::new("configuration: files of the corpus")
            .ours(format!(
                "{compiled} of {total} compile, {missing} want an orb that is not public, {rejected} are rejected"
            ))
            .target("all that the hosted service accepts"),
        Row::new("configuration: golden outputs").ours(corpus::gold_totals(corpus)?).target("12 of 12"),
    ])
}

/// The sources of the orbs that a file uses.
fn orbs_of(attempt: &Attempt) -> Vec<Arc<str>> {
    let used = attempt.compiled.orbs.iter().filter_map(|orb| orb.requested.parse().ok());
    let found = used.filter_map(|reference| match attempt.inputs.orbs.get(&reference)? {
        Resolution::Found(orb) => Some(orb.text.clone()),
        Resolution::Missing(_) => None,
    });
    found.collect()
}

fn of_large() -> Result<Vec<Row>> {
    let this = std::env::current_exe().context("failed to find this program")?;
    let output = std::process::Command::new(this)
        .args(["measure-configuration", "--large"])
        .output()
        .context("failed to start this program once more")?;
    let printed = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let printed =
        if output.status.success() { printed } else { format!("not measured: {printed}") };
    Ok(vec![
        Row::new("configuration: 10,000 lines, 40 orbs, a matrix of 256 jobs")
            .ours(printed)
            .target("≤ 100 ms, ≤ 200 MB"),
    ])
}

fn of_bombs() -> Vec<Row> {
    let rows = bombs::all().into_iter().map(|bomb| {
        let mut first = None;
        let time = middle(|| {
            let compiled = bomb.compile();
            let mut errors = compiled.diagnostics.into_iter();
            first = errors.find(|found| found.severity == config::Severity::Error);
        });
        let reported = first.map_or_else(|| "no diagnostic".to_owned(), |found| found.code);
        Row::new(format!("configuration: {} ({} KB)", bomb.name, bomb.text().len() >> 10))
            .ours(format!("{} ms, {reported}", millis(time)))
            .target("a diagnostic in ≤ 100 ms")
    });
    rows.collect()
}
