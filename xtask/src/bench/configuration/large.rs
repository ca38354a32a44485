//! A configuration of 10,000 lines with 40 imported orbs and a matrix of 256 jobs, made up here.
//!
//! The orbs are real ones where the corpus is next to the repository, otherwise made up as well.

use std::{fmt::Write as _, fs, sync::Arc, time::Instant};

use anyhow::{Result, ensure};
use roundel_config::{
    self as config, Inputs, Severity, compile_with_orbs,
    orbs::{Missing, Orb, OrbReference, Resolution},
};

use crate::{
    bench::table::{Times, millis},
    corpus::library::Corpus,
};

/// How often it is compiled.
const ROUNDS: usize = 20;
const ORBS: usize = 40;
const LINES: usize = 10_000;

/// Compiles it again and again in this process, and prints how long it took and how much memory
/// there ever was.
pub(super) fn compile_and_tell(corpus: Option<&Corpus>) -> Result<()> {
    let real = corpus.map(real_orbs).unwrap_or_default();
    let what = if real.len() == ORBS { "real orbs" } else { "made-up orbs" };
    let made_up_import =
        |number| Import { orb: format!("made/up{number}"), executor: "e".to_owned() };
    let imports = if real.len() == ORBS { real } else { (0..ORBS).map(made_up_import).collect() };
    let text = text(&imports, LINES);
    let mut find = |reference: &OrbReference| match corpus {
        Some(corpus) if reference.namespace != "made" => corpus.find(reference),
        _ => made_up(reference),
    };
    let (first, inputs) = compile_with_orbs(&text, Inputs::default(), &mut find);
    let jobs = first
        .plan
        .as_ref()
        .map_or(0, |plan| plan.workflows.iter().map(|workflow| workflow.jobs.len()).sum::<usize>());
    let mut errors = first.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    ensure!(jobs > 256, "it does not compile: {:?}", errors.next());
    drop(first);
    let times = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        drop(config::compile(&text, &inputs));
        began.elapsed()
    });
    let times = Times::of(times.collect());
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<u64>().ok());
    println!(
        "p50 {} ms (min {}), {} MB at most; {} lines, {what}, {jobs} jobs",
        millis(times.share(50)),
        millis(times.share(0)),
        peak.map_or_else(|| "unknown".to_owned(), |kilobytes| (kilobytes >> 10).to_string()),
        text.lines().count(),
    );
    Ok(())
}

/// Orbs that are complete, and have an executor that can be used as it is.
fn real_orbs(corpus: &Corpus) -> Vec<Import> {
    let import = |orb: String| {
        let reference: OrbReference = format!("{orb}@volatile").parse().ok()?;
        let Resolution::Found(found) = corpus.find(&reference) else { return None };
        let import = Import { executor: first_executor(&found.text)?, orb };
        let probe = text(std::slice::from_ref(&import), 0);
        corpus.compile(&probe, Inputs::default()).compiled.plan.is_some().then_some(import)
    };
    corpus.orbs().into_iter().filter_map(import).take(ORBS).collect()
}

/// The name of the first executor of a packed orb.
fn first_executor(orb: &str) -> Option<String> {
    let mut lines = orb.lines().skip_while(|line| *line != "executors:").skip(1);
    let name = lines.next()?.strip_prefix("  ")?.strip_suffix(':')?;
    (!name.starts_with(' ')).then(|| name.to_owned())
}

/// An orb, and its executor that a job uses.
struct Import {
    orb: String,
    executor: String,
}

fn text(imports: &[Import], lines_at_least: usize) -> String {
    let mut text = String::from("version: 2.1\norbs:\n");
    for (number, import) in imports.iter().enumerate() {
        // Writing to a string cannot fail.
        let _infallible = writeln!(text, "  o{number}: {}@volatile", import.orb);
    }
    text += "executors:\n  small:\n    parameters: {tag: {type: string, default: stable}}\n    docker: [{image: \"cimg/base:<< parameters.tag >>\"}]\n";
    text += "commands:\n  build:\n    parameters: {what: {type: string}, how: {type: integer, default: 1}}\n    steps:\n      - run: make << parameters.what >> -j<< parameters.how >>\n      - when:\n          condition: {equal: [all, << parameters.what >>]}\n          steps: [checkout]\n";
    text += "jobs:\n  wide:\n    parameters: {a: {type: integer}, b: {type: integer}}\n    executor: {name: small, tag: \"22.<< parameters.a >>\"}\n    steps:\n      - build: {what: \"x<< parameters.a >>y<< parameters.b >>\"}\n";
    let mut names = Vec::new();
    for (number, import) in imports.iter().enumerate() {
        let job = format!("    executor: o{number}/{}\n    steps: [checkout]\n", import.executor);
        let _infallible = write!(text, "  orb{number}:\n{job}");
        names.push(format!("orb{number}"));
    }
    let mut lines = text.lines().count();
    while lines + 3 * names.len() + 40 < lines_at_least {
        let name = format!("job{}", names.len());
        let _infallible = write!(
            text,
            "  {name}:\n    executor: small\n    environment:\n      NAME: {name}\n      NUMBER: 7\n    steps:\n      - checkout\n      - restore_cache:\n          keys:\n            - v1-{{{{ checksum \"Cargo.lock\" }}}}\n            - v1-\n      - build:\n          what: {name}\n          how: 4\n      - run:\n          name: test {name}\n          command: |\n            set -e\n            cargo test --package {name}\n            echo done\n      - save_cache:\n          key: v1-{{{{ checksum \"Cargo.lock\" }}}}\n          paths:\n            - target\n      - store_artifacts:\n          path: reports\n"
        );
        names.push(name);
        lines += 25;
    }
    let axis = (0..16).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let _infallible = write!(
        text,
        "workflows:\n  main:\n    jobs:\n      - wide:\n          matrix:\n            parameters:\n              a: [{axis}]\n              b: [{axis}]\n"
    );
    let mut before = "wide".to_owned();
    for name in names {
        let _infallible =
            writeln!(text, "      - {name}:\n          requires:\n            - {before}");
        before = name;
    }
    text
}

fn made_up(reference: &OrbReference) -> Resolution {
    if reference.namespace != "made" {
        return Resolution::Missing(Missing::default());
    }
    let mut text = String::from("version: 2.1\nexecutors:\n  e: {machine: true}\ncommands:\n");
    for number in 0..20 {
        let _infallible = writeln!(
            text,
            "  c{number}:\n    parameters:\n      p:\n        type: string\n        default: x\n    steps:\n      - run: echo << parameters.p >>"
        );
    }
    Resolution::Found(Arc::new(Orb {
        name: reference.orb(),
        version: "1.0.0".to_owned(),
        origin: "the measurement".to_owned(),
        text: text.into(),
        digest: String::new(),
        notice: None,
    }))
}
