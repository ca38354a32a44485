//! Whatever the text, compiling ends, quickly and without a panic.
//!
//! The same is looked for without a bound by the targets in `fuzz/`; what they found is below as
//! a separate test.

mod bombs;
mod damage;

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use damage::Damage;

use crate::tests::rng::Rng;
use proptest::prelude::*;

use crate as config;
use crate::tests::corpus::{check, corpus};
use crate::*;
use roundel_model::name::GitRef;

/// Far above what any source needs on a busy machine; a source that runs away needs minutes.
const TIMEOUT: Duration = Duration::from_secs(30);

fn compile_any(text: &str) -> Compiled {
    let inputs = Inputs {
        path: "config.yml".to_owned(),
        git_ref: Some(GitRef::Branch("main".into())),
        ..Inputs::default()
    };
    let started = Instant::now();
    let compiled = compile(text, &inputs);
    check("generated", text, &compiled);
    assert!(started.elapsed() < TIMEOUT);
    compiled
}

/// The slugs of the errors of a source.
fn codes_of(text: &str) -> Vec<String> {
    let found = compile_any(text).diagnostics.into_iter();
    found.filter(|found| found.severity == Severity::Error).map(|found| found.code).collect()
}

/// Processor time that one compilation of an edited real file may take. Whatever else the machine
/// does is not counted.
const PROCESSOR_TIME: Duration = Duration::from_secs(1);
/// Damaged sources, so many that a debug build takes ten to twenty seconds.
const DAMAGED: usize = 4_000;

/// The processor time of this thread so far; the clock's, where the kernel does not say.
pub(crate) fn processor_time(began: Instant) -> Duration {
    let reported = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = reported.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanoseconds.map_or_else(|| began.elapsed(), Duration::from_nanos)
}

#[test]
fn damaged_files_of_the_corpus_are_survived() {
    let Some(corpus) = corpus("damaged_files_of_the_corpus_are_survived") else { return };
    let texts: Vec<_> = corpus
        .entries()
        .iter()
        .map(|entry| (entry, corpus.compile(&entry.text, entry.inputs()).inputs))
        .collect();
    let began = Instant::now();
    let (mut silent, mut slowest) = (0, Duration::ZERO);
    for seed in 0..DAMAGED {
        let mut damage = Damage(Rng(u64::try_from(seed).unwrap()));
        let (entry, inputs) = &texts[damage.0.below(texts.len())];
        let other = &texts[damage.0.below(texts.len())].0.text;
        let text = damage.damage(&entry.text, other);
        let before = processor_time(began);
        let compiled = compile(&text, inputs);
        let took = processor_time(began).saturating_sub(before);
        assert!(took < PROCESSOR_TIME, "seed {seed}, {}: {took:?}", entry.file);
        slowest = slowest.max(took);
        check(&format!("seed {seed}, {}", entry.file), &text, &compiled);
        silent += usize::from(compiled.diagnostics.is_empty());
    }
    println!("{DAMAGED} damaged texts, {silent} without any diagnostic, slowest {slowest:?}");
}

#[test]
fn every_bomb_is_a_diagnostic() {
    for bomb in bombs::all() {
        let began = Instant::now();
        let compiled = bomb.compile();
        let took = began.elapsed();
        check(bomb.name, bomb.text(), &compiled);
        let first = compiled.diagnostics.iter().find(|found| found.severity == Severity::Error);
        println!("{took:>10.1?}  {}: {}", bomb.name, first.map_or("-", |found| &found.code));
        assert!(first.is_some(), "{}: {:?}", bomb.name, compiled.unresolved_orbs);
        assert!(took < TIMEOUT, "{}: {took:?}", bomb.name);
    }
}

/// Pieces that configurations are made of, in any order.
fn fragments() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "version: 2.1",
        "jobs:",
        "workflows:",
        "commands:",
        "executors:",
        "parameters:",
        "build:",
        "main:",
        "steps:",
        "- run: echo",
        "- checkout",
        "docker:",
        "- image: x",
        "machine: true",
        "- build",
        "when:",
        "unless:",
        "condition:",
        "<< parameters.x >>",
        "<< pipeline.number >>",
        "<<: *a",
        "&a",
        "*a",
        "<<",
        ">>",
        "matrix:",
        "requires: [build]",
        "filters:",
        "branches:",
        "only: /.*/",
        "type: approval",
        "- when:",
        "- steps: << parameters.s >>",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        "|",
        ">",
        "? ",
        "!x",
        "-",
        ": ",
        "#",
        "\t",
        "é",
        "name: x",
        "equal: [1, 1]",
        "and: []",
        "not:",
        "matches:",
        "pattern: (",
    ]);
    let indent = prop::sample::select(vec!["", "  ", "    ", "      ", "        "]);
    let end = prop::sample::select(vec!["\n", " ", ", ", "\r\n", ""]);
    prop::collection::vec((indent, piece, end), 0..60)
        .prop_map(|parts| parts.into_iter().flat_map(|(a, b, c)| [a, b, c]).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in ".{0,400}") {
        compile_any(&text);
    }

    #[test]
    fn any_mixture_of_fragments_is_survived(text in fragments()) {
        compile_any(&text);
    }

    #[test]
    fn any_template_is_survived(body in "[<>#/^ a-z.=\"'()\\\\\n-]{0,80}") {
        let body = body.replace('\n', "\n          ");
        compile_any(&format!(
            "version: 2.1\njobs:\n  build:\n    docker: [{{image: x}}]\n    steps:\n      - run: |\n          {body}\n"
        ));
    }

    #[test]
    fn any_condition_is_survived(body in "[a-z<>=!&|()\"/. -]{0,60}") {
        compile_any(&format!(
            "version: 2.1\njobs: {{b: {{machine: true, steps: [checkout]}}}}\nworkflows:\n  w:\n    when: {body}\n    jobs: [b]\n"
        ));
    }
}

#[test]
fn commands_that_multiply_are_stopped() {
    let mut text = String::from(
        "version: 2.1\njobs: {build: {machine: true, steps: [c30]}}\ncommands:\n  c0: {steps: []}\n",
    );
    for level in 1..=30 {
        let below = level - 1;
        writeln!(text, "  c{level}: {{steps: [c{below}, c{below}]}}").unwrap();
    }
    assert_eq!(codes_of(&text), ["expands-too-far"]);
}

#[test]
fn texts_that_double_are_stopped() {
    let mut text = String::from(
        "version: 2.1\njobs: {build: {machine: true, steps: [{c60: {x: aaaaaaaaaa}}]}}\ncommands:\n  c0: {parameters: {x: {type: string}}, steps: [{run: << parameters.x >>}]}\n",
    );
    for level in 1..=60 {
        let below = level - 1;
        let call = format!("{{c{below}: {{x: \"<< parameters.x >><< parameters.x >>\"}}}}");
        writeln!(text, "  c{level}: {{parameters: {{x: {{type: string}}}}, steps: [{call}]}}")
            .unwrap();
    }
    assert_eq!(codes_of(&text), ["expands-too-far"]);
}

#[test]
fn recursion_is_reported_with_its_path() {
    let text = "version: 2.1\njobs: {build: {machine: true, steps: [a]}}\ncommands: {a: {steps: [b]}, b: {steps: [a]}}\n";
    let compiled = compile_any(text);
    assert_eq!(compiled.diagnostics.len(), 1);
    assert!(compiled.diagnostics[0].message.ends_with("a → b → a"), "{compiled:?}");
}

/// Every level is a command and a condition, so this is as deep as the stack ever gets.
#[test]
fn commands_as_deep_as_they_may_be_do_not_exhaust_the_stack() {
    let mut text = String::from(
        "version: 2.1\njobs: {build: {machine: true, steps: [c90]}}\ncommands:\n  c0: {steps: [checkout]}\n",
    );
    for level in 1..=90 {
        let steps = format!("{{when: {{condition: true, steps: [c{}]}}}}", level - 1);
        writeln!(text, "  c{level}: {{steps: [{steps}]}}").unwrap();
    }
    let half_of_a_small_stack = std::thread::Builder::new().stack_size(1 << 20);
    let codes = half_of_a_small_stack.spawn(move || codes_of(&text)).unwrap().join().unwrap();
    assert_eq!(codes, ["recursion"]);
}

#[test]
fn steps_that_splice_each_other_end() {
    let mut text = String::from(
        "version: 2.1\njobs: {build: {machine: true, steps: [{c: {s: [{steps: << parameters.s >>}]}}]}}\n",
    );
    text +=
        "commands: {c: {parameters: {s: {type: steps}}, steps: [{steps: << parameters.s >>}]}}\n";
    assert_eq!(codes_of(&text), ["undeclared-parameter"]);
}

#[test]
fn a_huge_matrix_is_refused() {
    let values = (0..100).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let text = format!(
        "version: 2.1\njobs: {{j: {{parameters: {{a: {{type: integer}}, b: {{type: integer}}, c: {{type: integer}}}}, machine: true, steps: [run: << parameters.a >> << parameters.b >> << parameters.c >>]}}}}\nworkflows: {{w: {{jobs: [{{j: {{matrix: {{parameters: {{a: [{values}], b: [{values}], c: [{values}]}}}}}}}}]}}}}\n"
    );
    assert_eq!(codes_of(&text), ["expands-too-far"]);
}

#[test]
fn a_matrix_of_a_thousand_jobs_is_compiled() {
    let values = |count: i32| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let text = format!(
        "version: 2.1\njobs: {{j: {{parameters: {{a: {{type: integer}}, b: {{type: integer}}}}, machine: true, steps: [checkout]}}}}\nworkflows: {{w: {{jobs: [{{j: {{matrix: {{parameters: {{a: [{}], b: [{}]}}}}}}}}]}}}}\n",
        values(25),
        values(40)
    );
    let plan = compile_any(&text).plan.expect("a plan");
    assert_eq!(plan.workflows[0].jobs.len(), 1_000);
}

#[test]
fn a_thousand_warnings_take_no_job_out_of_the_plan() {
    let job = |n| format!("  j{n}: {{docker: [{{image: base}}], steps: [checkout]}}\n");
    let jobs = (0..1_000).map(job).collect::<Vec<_>>().concat();
    let names: Vec<String> = (0..1_000).map(|n| format!("{{j{n}: {{context: c}}}}")).collect();
    let text =
        format!("version: 2.1\njobs:\n{jobs}workflows: {{w: {{jobs: [{}]}}}}\n", names.join(", "));
    let compiled = compile_any(&text);
    assert_eq!(compiled.plan.expect("a plan").workflows[0].jobs.len(), 1_000);
    let text = text.replace("j999: {docker", "j999: {dokcer");
    assert!(compile_any(&text).plan.is_none(), "a warning hides an error");
}

#[test]
fn a_slow_regular_expression_is_refused() {
    let text = "version: 2.1\njobs: {b: {machine: true, steps: [checkout]}}\nworkflows: {w: {when: {matches: {pattern: '(?=(a+)+b)(a|a)*c', value: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}}, jobs: [b]}}\n";
    let compiled = compile_any(text);
    let codes: Vec<&str> = compiled.diagnostics.iter().map(|found| found.code.as_str()).collect();
    assert!(
        codes.iter().all(|code| matches!(*code, "bad-regex" | "look-around-regex")),
        "{codes:?}"
    );
}

#[test]
fn a_text_beyond_the_limit_is_not_even_read() {
    let text = "#".repeat(roundel_model::limits::CONFIG_BYTES + 1);
    assert_eq!(codes_of(&text), ["too-large"]);
}

#[test]
fn a_text_of_the_largest_size_is_compiled_in_time() {
    let mut text = String::from(
        "version: 2.1\njobs:\n  build:\n    machine: true\n    steps: [checkout]\nx-shelf:\n",
    );
    while text.len() < roundel_model::limits::CONFIG_BYTES - 100 {
        text += "  - {run: {command: make, name: \"a step\", environment: {A: 1}}}\n";
    }
    assert!(compile_any(&text).plan.is_some());
}

/// Repeats a piece until the text is as large as it may be.
fn fill(start: &str, piece: &dyn Fn(usize) -> String, end: &str) -> String {
    let mut text = start.to_owned();
    for index in 0.. {
        let piece = piece(index);
        if text.len() + piece.len() + end.len() > roundel_model::limits::CONFIG_BYTES {
            break;
        }
        text += &piece;
    }
    text + end
}

const HEAD: &str = "version: 2.1\njobs:\n  build:\n    machine: true\n";

#[test]
fn the_largest_jobs_of_every_kind_end() {
    let steps = format!("{HEAD}    steps:\n");
    let job = format!("{HEAD}    steps: [checkout]\n");
    let script = format!("{steps}      - run: \"");
    for text in [
        fill(&format!("{job}    environment:\n"), &|n| format!("      A{n}: x\n"), ""),
        fill(&script, &|_| "<<pipeline.id>>".to_owned(), "\"\n"),
        fill(&script, &|n| format!("<<pipeline.{n}>>"), "\"\n"),
        fill(&job, &|n| format!("    k{n}: x\n"), ""),
        fill(&steps, &|n| format!("      - s{n}\n"), ""),
        fill(&steps, &|_| "      - checkout\n".to_owned(), ""),
    ] {
        compile_any(&text);
    }
}

#[test]
fn the_largest_workflows_of_every_kind_end() {
    let job = format!("{HEAD}    steps: [checkout]\n");
    let numbers = (0..1_000).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let thousand = format!(
        "{HEAD}    parameters: {{n: {{type: integer}}}}\n    steps: [checkout]\nworkflows: {{w: {{jobs: [{{build: {{matrix: {{parameters: {{n: [{numbers}]}}}}}}}}]}}}}\n"
    );
    let when = format!("{job}workflows: {{w: {{jobs: [build], when: {{and: [");
    let requires = format!("{job}workflows: {{w: {{jobs: [build, {{build: {{requires: [");
    let matrix = format!("{job}workflows: {{w: {{jobs: [{{build: {{matrix: {{parameters: {{");
    for text in [
        fill(&when, &|n| format!("{{matches: {{pattern: a{n}, value: a}}}},"), "]}}}\n"),
        fill(&requires, &|_| "build,".to_owned(), "]}}]}}\n"),
        fill(&format!("{job}workflows:\n"), &|n| format!("  w{n}: {{jobs: [build]}}\n"), ""),
        fill(&format!("{thousand}x:\n"), &|n| format!("  k{n}: &k{n} y\n"), ""),
        fill(
            &format!("{thousand}parameters:\n"),
            &|n| format!("  p{n}: {{type: string, default: x}}\n"),
            "",
        ),
        fill(&matrix, &|n| format!("p{n}: [1],"), "}}}}]}}\n"),
    ] {
        compile_any(&text);
    }
}

/// A string that is passed as a parameter is copied wherever it is used.
#[test]
fn copies_of_a_large_text_are_counted() {
    let large = "x".repeat(500_000);
    let steps = "{run: << pipeline.parameters.t >>},".repeat(1_000);
    let text = format!(
        "version: 2.1\nparameters: {{t: {{type: string, default: {large}}}}}\njobs: {{build: {{machine: true, steps: [{steps}]}}}}\n"
    );
    assert_eq!(codes_of(&text), ["expands-too-far"]);
}
