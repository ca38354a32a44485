//! Every page keeps what it says.

use std::collections::{BTreeSet, HashSet};

use super::*;
use crate::page::{self, ExampleKind};
use crate::{
    api::{compiled::Compiled, inputs::Inputs},
    compile::compile,
    language::pipeline_values::PipelineValue,
    text::diagnostic::Severity,
};

type Make = fn() -> (String, Inputs);

/// Codes whose example is too long, or not to be seen, to be on a page.
const MADE: &[(&str, Make)] = &[
    ("special-character", || (format!("{JOB} # \u{8}"), Inputs::default())),
    ("too-large", || (format!("{JOB}#{}", "x".repeat(9_000_000)), Inputs::default())),
    ("more-problems", || {
        let keys = "x: 1, ".repeat(250);
        (format!("{JOB}shelf: {{ {keys} }}\n"), Inputs::default())
    }),
    ("logic-too-deep", || {
        let (open, close) = ("{ not: ".repeat(102), " }".repeat(102));
        let steps = format!("when: {{ condition: {open}true{close}, steps: [checkout] }}");
        (self::steps(&steps), Inputs::default())
    }),
    ("too-many-contexts", || {
        let contexts: Vec<String> = (0..101).map(|number| format!("c{number}")).collect();
        let workflow = format!(
            "workflows: {{ w: {{ jobs: [build: {{ context: [{}] }}] }} }}\n",
            contexts.join(", ")
        );
        (format!("{JOB}{workflow}"), Inputs::default())
    }),
    ("too-many-parameters", || {
        let names = (0..101).map(|number| format!("p{number}"));
        let declared: Vec<String> =
            names.clone().map(|name| format!("  {name}: {{ type: string, default: x }}")).collect();
        let declared = declared.join("\n");
        let parameters = names.map(|name| (name, PipelineValue::Text("x".into()))).collect();
        (format!("{JOB}parameters:\n{declared}\n"), Inputs { parameters, ..Inputs::default() })
    }),
];

const JOB: &str =
    "version: 2.1\njobs: { build: { docker: [{ image: a:1 }], steps: [checkout] } }\n";

fn steps(steps: &str) -> String {
    JOB.replace("[checkout]", &format!("[checkout, {steps}]"))
}

/// Returns the codes that were found, once each, with those of what cannot be run.
fn found(compiled: &Compiled) -> BTreeSet<String> {
    let all = compiled.diagnostics.iter().chain(&compiled.unsupported);
    all.map(|found| found.code.clone()).collect()
}

fn rendered(compiled: &Compiled, text: &str) -> String {
    let all: Vec<_> = compiled.diagnostics.iter().chain(&compiled.unsupported).cloned().collect();
    crate::render(text, &all, crate::Layout::default())
}

#[test]
fn slugs_are_unique_and_say_what_they_are() {
    let slugs: HashSet<_> = all().map(|code| code.slug).collect();
    assert_eq!(slugs.len(), all().count());
    assert!(all().all(|code| code.about.ends_with('.')));
    assert_eq!(code("unknown-parameter").and_then(|code| code.number), Some("E-033"));
}

/// The mistake that a page shows gives this message, and no other.
#[test]
fn cfg_225_every_wrong_example_gives_its_code_and_no_other() {
    let mut failures = Vec::new();
    for code in all() {
        let Some((text, compiled)) = page::example(*code, ExampleKind::Wrong) else {
            assert!(
                MADE.iter().any(|(slug, _)| *slug == code.slug),
                "{} has no example",
                code.slug
            );
            continue;
        };
        let mut others = found(&compiled);
        let given = others.remove(code.slug);
        // What is read and cannot be run yet is not a mistake.
        others.retain(|slug| !slug.starts_with("unsupported-"));
        if !given || !others.is_empty() {
            failures.push(format!("{}:\n{}", code.slug, rendered(&compiled, &text)));
        }
    }
    assert!(failures.is_empty(), "{} are wrong\n\n{}", failures.len(), failures.join("\n\n"));
}

/// The fix must not lead to the next mistake, and not to a warning either.
#[test]
fn cfg_225_every_right_example_compiles_without_a_word() {
    let mut failures = Vec::new();
    for code in all() {
        let Some((text, compiled)) = page::example(*code, ExampleKind::Right) else {
            assert!(
                MADE.iter().any(|(slug, _)| *slug == code.slug),
                "{} has no example",
                code.slug
            );
            continue;
        };
        let unsupported = compiled.unsupported.iter().any(|found| found.code == code.slug);
        if !compiled.diagnostics.is_empty() || compiled.plan.is_none() || unsupported {
            failures.push(format!("{}:\n{}", code.slug, rendered(&compiled, &text)));
        }
    }
    assert!(failures.is_empty(), "{} are wrong\n\n{}", failures.len(), failures.join("\n\n"));
}

#[test]
fn cfg_225_codes_without_an_example_are_given_too() {
    for (slug, make) in MADE {
        let (text, inputs) = make();
        let compiled = compile(&text, &inputs);
        assert!(found(&compiled).contains(*slug), "{slug}: {:?}", found(&compiled));
        assert!(
            page::example(*code(slug).unwrap(), ExampleKind::Wrong).is_none(),
            "{slug} has one"
        );
    }
}

/// The error catalogue of CFG §7.5 is complete: a number is a code's, or there is a reason.
#[test]
fn cfg_225_every_number_of_the_catalogue_is_given_or_excused() {
    let given: HashSet<&str> = all().filter_map(|code| code.number).collect();
    // The catalogue has no 57, 58 and 59.
    let errors = (1..=56).chain(60..=109).map(|number| format!("E-{number:03}"));
    for number in errors.chain((1..=20).map(|number| format!("W-{number:02}"))) {
        let excused = NOT_GIVEN.iter().any(|(known, _)| *known == number);
        assert!(given.contains(&*number) != excused, "{number}");
    }
}

#[test]
fn a_page_is_found_by_slug_and_by_number() {
    for name in ["unknown-parameter", "E-033", "e33", "E033"] {
        assert_eq!(page::page(name).unwrap().code.slug, "unknown-parameter", "{name}");
    }
    let renamed = page::page("misspelt-section").unwrap();
    assert_eq!(renamed.code.slug, "misspelled-section", "a stored slug still has its page");
    for name in ["", "E", "E-999", "nope", "é"] {
        assert!(page::page(name).is_none(), "{name}");
    }
    let page = page::page("unknown-parameter").unwrap();
    assert_eq!(page.area, "Parameters and template tags");
    let text = page.markdown();
    for part in [
        "# `unknown-parameter` (E-033)\n",
        "\n## Wrong\n\n```yaml\nversion: 2.1\n",
        "did you mean `version`?",
        "\n## Right\n",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

/// A reader of the catalogue sees at once whether a pipeline can start.
#[test]
fn cfg_226_a_number_with_w_is_a_warning_and_one_with_e_an_error() {
    for code in all() {
        let Some((_, compiled)) = page::example(*code, ExampleKind::Wrong) else { continue };
        let errors = compiled.diagnostics.iter().filter(|found| found.severity == Severity::Error);
        match code.number.and_then(|number| number.chars().next()) {
            Some('W') => assert_eq!(errors.count(), 0, "{}", code.slug),
            Some(_) if code.slug != "bad-matrix-parameter" => {
                assert!(errors.count() > 0, "{}", code.slug);
            }
            _ => {}
        }
    }
}
