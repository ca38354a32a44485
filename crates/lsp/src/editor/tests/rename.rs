//! Renames, each compiled before and after: what is not renamed everywhere is refused.

use std::{fs, io::Write as _, path::PathBuf, sync::Arc};

use roundel_config::{
    Inputs, Severity, compile, compile_with_orbs,
    orbs::{Missing, Orb, OrbReference, Resolution},
};

use super::{cursor, renamed};
use crate::editor::{Document, renamed_places, tree::node::Span};

/// Names that are chosen in the corpus for what is renamed.
const NEW: &str = "renamed-here";

/// Of so many files of the corpus one is tried, with one of its names: each rename is four compilations.
const SAMPLE: usize = 10;

fn apply(text: &str, spans: &[Span], to: &str) -> String {
    let mut text = text.to_owned();
    for span in spans.iter().rev() {
        text.replace_range(span.clone(), to);
    }
    text
}

/// Renames what is at the cursor to `zz`, and returns the new text or the refusal.
fn outcome(marked: &str) -> Result<String, String> {
    let (document, offset) = cursor(marked);
    let spans = renamed(&document, offset, "zz").map_err(|error| error.to_string())?;
    Ok(apply(document.text(), &spans, "zz"))
}

/// A rename at any of the places of `name` is refused, or leaves none of them.
#[track_caller]
fn all_or_nothing(text: &str, name: &str) -> Vec<bool> {
    let before = compile(text, &Inputs::default());
    assert!(before.plan.is_some(), "{:?}\n{text}", before.diagnostics);
    let places: Vec<usize> = text.match_indices(name).map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "{name}");
    let attempts = places.iter().map(|&at| {
        let mut marked = text.to_owned();
        marked.insert(at, '▮');
        let made = outcome(&marked);
        if let Ok(made) = &made {
            let after = compile(made, &Inputs::default());
            assert!(after.plan.is_some(), "{marked}\n{made}\n{:?}", after.diagnostics);
            assert!(!made.contains(name), "{marked}\n{made}");
        }
        made.is_ok()
    });
    attempts.collect()
}

/// The one job of a workflow that nothing lists: without the name `build` nothing runs.
#[test]
fn a_rename_that_breaks_the_file_is_refused_with_what_it_breaks() {
    let refused = outcome("version: 2.1\njobs:\n  bui▮ld: { machine: true, steps: [checkout] }\n");
    let message = refused.unwrap_err();
    assert!(message.starts_with("renaming `build` to `zz` would break this file: "), "{message}");
    assert!(message.contains(", line "), "{message}");
}

#[test]
fn a_rename_waits_for_the_orbs_of_the_file() {
    let text = "version: 2.1\norbs: { o: acme/unheard@1 }\njobs: { b: { machine: true, steps: [checkout] } }\n\
                workflows: { w: { jobs: [b▮] } }\n";
    assert!(outcome(text).unwrap_err().contains("still being looked up"));
}

/// Matrices: their parameters are those of the job.
#[test]
fn a_matrix_is_renamed_with_the_parameter_of_its_job() {
    let text = "version: 2.1\njobs:\n  t:\n    parameters: { kind_of: { type: string } }\n    machine: true\n    \
                steps: [run: echo << parameters.kind_of >>]\nworkflows:\n  w:\n    jobs:\n      - t:\n          \
                matrix: { parameters: { kind_of: [a, b] }, exclude: [{ kind_of: b }] }\n          \
                name: t-<< matrix.kind_of >>\n";
    assert!(all_or_nothing(text, "kind_of").into_iter().all(|is_renamed| is_renamed));
}

/// Every other way in which a name is used.
#[test]
fn a_use_that_is_hard_to_see_is_renamed_or_the_rename_is_refused() {
    const JOB: &str = "machine: true, steps: [checkout]";
    let workflow = "workflows: { w: { jobs: [b] } }\n";
    for (text, name) in [
        // Arguments of an executor.
        (format!("executors:\n  e:\n    parameters: {{ tag_of: {{ type: string }} }}\n    docker: [{{ image: a:<< parameters.tag_of >> }}]\njobs:\n  b:\n    executor: {{ name: e, tag_of: \"1\" }}\n    steps: [checkout]\n{workflow}"), "tag_of"),
        // Arguments and executors that are reached by an alias.
        ("args: &args { kind_of: x }\njobs:\n  b:\n    parameters: { kind_of: { type: string } }\n    machine: true\n    steps: [run: echo << parameters.kind_of >>]\nworkflows: { w: { jobs: [b: *args] } }\n".to_owned(), "kind_of"),
        (format!("shared: &shared {{ executor: my_exec }}\nexecutors: {{ my_exec: {{ machine: true }} }}\njobs:\n  b:\n    <<: *shared\n    steps: [checkout]\n{workflow}"), "my_exec"),
        // Other names for commands.
        (format!("commands:\n  my_cmd:\n    parameters: {{ p: {{ type: string }} }}\n    steps: [run: echo << parameters.p >>]\n  d: my_cmd\njobs:\n  b: {{ machine: true, steps: [d: {{ p: x }}] }}\n{workflow}"), "my_cmd"),
        (format!("commands:\n  c:\n    parameters: {{ kind_of: {{ type: string }} }}\n    steps: [run: echo << parameters.kind_of >>]\n  d: c\njobs:\n  b: {{ machine: true, steps: [d: {{ kind_of: x }}] }}\n{workflow}"), "kind_of"),
        // Jobs of orbs in `requires`.
        (format!("orbs: {{ my_orb: {{ jobs: {{ p: {{ {JOB} }} }} }} }}\njobs: {{ b: {{ {JOB} }} }}\nworkflows: {{ w: {{ jobs: [my_orb/p, b: {{ requires: [my_orb/p] }}] }} }}\n"), "my_orb"),
        (format!("orbs: {{ o: {{ jobs: {{ my_job: {{ {JOB} }} }} }} }}\njobs: {{ b: {{ {JOB} }} }}\nworkflows: {{ w: {{ jobs: [o/my_job, b: {{ requires: [\"o/my_job\"] }}] }} }}\n"), "my_job"),
        // Defaults that are executors.
        (format!("executors: {{ my_exec: {{ machine: true }} }}\njobs:\n  b:\n    parameters: {{ e: {{ type: executor, default: {{ name: my_exec }} }} }}\n    executor: << parameters.e >>\n    steps: [checkout]\n{workflow}"), "my_exec"),
        // Names that a matrix makes.
        ("jobs:\n  my_job: { parameters: { os: { type: string } }, machine: true, steps: [run: echo << parameters.os >>] }\n  b: { machine: true, steps: [checkout] }\nworkflows:\n  w:\n    jobs:\n      - my_job: { matrix: { parameters: { os: [x, y] } } }\n      - b: { requires: [my_job-x, my_job-y] }\n".to_owned(), "my_job"),
    ] {
        let renamed = all_or_nothing(&format!("version: 2.1\n{text}"), name);
        assert!(renamed.contains(&true), "{name} is nowhere renamed: {text}");
    }
}

#[test]
fn the_version_of_workflows_is_not_a_name() {
    let (document, offset) = cursor(
        "version: 2\njobs: { build: { machine: true, steps: [checkout] } }\nworkflows:\n  vers▮ion: 2\n  w: { jobs: [build] }\n",
    );
    assert_eq!(renamed_places(&document, offset), None);
}

/// Finds an orb in the corpus.
fn find(corpus: &std::path::Path, reference: &OrbReference) -> Resolution {
    let directory = corpus.join("orbs").join(&reference.namespace).join(&reference.name);
    let files = fs::read_dir(&directory).into_iter().flatten().flatten();
    let names: Vec<String> =
        files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    let versions = names.iter().filter_map(|name| name.strip_suffix(".yml"));
    let found = reference.select(versions).and_then(|version| {
        let text = fs::read_to_string(directory.join(format!("{version}.yml"))).ok()?;
        Some(Orb {
            name: reference.orb(),
            version: version.to_owned(),
            origin: "the corpus".to_owned(),
            digest: format!("{reference}"),
            text: Arc::from(text),
            notice: None,
        })
    });
    found.map_or_else(
        || Resolution::Missing(Missing::default()),
        |orb| Resolution::Found(Arc::new(orb)),
    )
}

fn corpus(test: &str) -> Option<PathBuf> {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if corpus.join("configs").is_dir() {
        return Some(corpus);
    }
    let line = format!("{test}: the corpus is not next to this repository");
    println!("SKIPPED {line}");
    if let Some(notices) = std::env::var_os("ROUNDEL_SKIPPED_TESTS") {
        let file = fs::OpenOptions::new().create(true).append(true).open(notices);
        writeln!(file.unwrap(), "{line}").unwrap();
    }
    None
}

fn errors(text: &str, inputs: &Inputs) -> usize {
    let found = compile(text, inputs).diagnostics;
    found.iter().filter(|found| found.severity == Severity::Error).count()
}

/// Every file has its own sample of names, spread over it.
#[test]
fn a_rename_in_a_real_file_breaks_nothing_or_is_refused() {
    let Some(corpus) = corpus("a_rename_in_a_real_file_breaks_nothing_or_is_refused") else {
        return;
    };
    let mut files: Vec<PathBuf> =
        fs::read_dir(corpus.join("configs")).unwrap().flatten().map(|file| file.path()).collect();
    files.sort();
    let (mut done, mut refused, mut problems) = (0, Vec::new(), Vec::new());
    for (number, path) in files.iter().enumerate().step_by(SAMPLE) {
        let Ok(text) = fs::read_to_string(path) else { continue };
        let base = Inputs { all_workflows: true, ..Inputs::default() };
        let (_, inputs) = compile_with_orbs(&text, base, &mut |orb| find(&corpus, orb));
        let document = Document::new(text.as_str());
        let mut names: Vec<(usize, Vec<Span>)> = Vec::new();
        for word in &document.index.words {
            let at = word.span.start;
            let Some(places) = renamed_places(&document, at) else { continue };
            if !names.iter().any(|(_, known)| *known == places) {
                names.push((at, places));
            }
        }
        let Some((at, _)) = names.get((number / SAMPLE * 7) % names.len().max(1)) else { continue };
        let place = format!("{}:{}", path.display(), text[..*at].lines().count());
        match crate::editor::rename(&document, *at, NEW, &inputs, compile) {
            Err(error) => refused.push(format!("{place}: {error}")),
            Ok(places) => {
                done += 1;
                let made = apply(&text, &places, NEW);
                if errors(&made, &inputs) > errors(&text, &inputs) {
                    problems.push(place);
                }
            }
        }
    }
    println!("{done} renamed, {} refused\n{}", refused.len(), refused.join("\n"));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(done > 5 * refused.len(), "{done} renamed, {} refused", refused.len());
}
