//! Real files: nothing panics, and each gives a plan or a diagnostic that points into it.
//!
//! The corpus lies beside the repository and is data only. Where it is absent the test says so and
//! counts as skipped.

use std::{collections::BTreeMap, fs, path::PathBuf, time::Instant};

use super::*;

fn corpus(part: &str) -> Option<Vec<PathBuf>> {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus").join(part);
    let mut files: Vec<_> =
        fs::read_dir(&folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    Some(files)
}

#[test]
fn every_file_of_the_corpus_gives_a_plan_or_a_diagnostic() {
    let Some(files) = corpus("configs") else {
        println!("skipped 1: the corpus is not beside this repository");
        return;
    };
    let inputs = Inputs {
        path: "config.yml".to_owned(),
        git_ref: Some(GitRef::Branch("main".into())),
        pipeline_values: vec![
            ("git.branch".to_owned(), PipelineValue::Text("main".to_owned())),
            ("number".to_owned(), PipelineValue::Integer(1)),
        ],
        ..Inputs::default()
    };
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let (mut plans, mut only_unsupported, mut slowest) = (0, 0, 0);
    for file in &files {
        let Ok(text) = fs::read_to_string(file) else { continue };
        let started = Instant::now();
        let compiled = compile(&text, &inputs);
        slowest = slowest.max(started.elapsed().as_millis());
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        check(&name, &text, &compiled);
        let errors: Vec<_> =
            compiled.diagnostics.iter().filter(|found| found.severity == Severity::Error).collect();
        plans += usize::from(compiled.plan.is_some());
        if !errors.is_empty() && errors.iter().all(|error| error.code.starts_with("unsupported-")) {
            only_unsupported += 1;
        }
        for error in errors.iter().filter(|error| !error.code.starts_with("unsupported-")) {
            *reasons.entry(error.code.clone()).or_default() += 1;
            println!("{name}:{}:{}: {}: {}", error.line, error.column, error.code, error.message);
        }
    }
    println!(
        "{} files: {plans} compile, {only_unsupported} are held back by what is not supported yet, {} have other errors; slowest {slowest} ms",
        files.len(),
        files.len() - plans - only_unsupported,
    );
    println!("{reasons:?}");
    assert!(plans > 0);
}

/// The hosted compiler's own output is a configuration of version 2.0 that asks for the same jobs.
/// So a source and its output must give the same plan.
#[test]
fn a_source_and_the_hosted_compilers_output_give_the_same_plan() {
    let Some(files) = corpus("gold") else {
        println!("skipped 1: the corpus is not beside this repository");
        return;
    };
    let plan = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let mut plan = compile(&text, &Inputs::default()).plan?;
        // Lines differ, for the texts do.
        for workflow in &mut plan.workflows {
            for job in &mut workflow.jobs {
                if let roundel_model::plan::PlannedJobKind::Build(body) = &mut job.kind {
                    body.steps.iter_mut().for_each(|step| step.line = None);
                }
            }
        }
        Some(plan)
    };
    let (mut compared, mut held_back) = (0, 0);
    for source in files.iter().filter(|file| file.to_string_lossy().ends_with(".in.yml")) {
        let output = PathBuf::from(source.to_string_lossy().replace(".in.yml", ".out.yml"));
        match (plan(source), plan(&output)) {
            (Some(source_plan), Some(output_plan)) => {
                assert_eq!(source_plan, output_plan, "{}", source.display());
                compared += 1;
            }
            (None, None) => held_back += 1,
            (source_plan, _) => panic!(
                "{}: only the {} compiles",
                source.display(),
                if source_plan.is_some() { "source" } else { "output" }
            ),
        }
    }
    println!("{compared} pairs are equal, {held_back} need what is not supported yet");
    assert!(compared > 0);
}

/// What must hold for every text.
pub(crate) fn check(name: &str, text: &str, compiled: &Compiled) {
    let has_error = compiled.diagnostics.iter().any(|found| found.severity == Severity::Error);
    assert_eq!(compiled.plan.is_none(), has_error, "{name}: a plan or an error, never both");
    for found in &compiled.diagnostics {
        assert!(text.get(found.start..found.end).is_some(), "{name}: {found:?}");
        assert!(found.line >= 1 && found.column >= 1, "{name}: {found:?}");
        assert!(codes::code(&found.code).is_some(), "{name}: {found:?}");
    }
    render(text, &compiled.diagnostics, false);
}

/// Files as they look while somebody edits them: a line less, a line twice, a piece missing.
#[test]
fn damaged_files_of_the_corpus_are_survived() {
    let Some(files) = corpus("configs") else {
        println!("skipped 1: the corpus is not beside this repository");
        return;
    };
    let inputs = Inputs { path: "config.yml".to_owned(), ..Inputs::default() };
    let (mut count, mut silent) = (0, 0);
    for (seed, file) in files.iter().enumerate() {
        let Ok(text) = fs::read_to_string(file) else { continue };
        let lines: Vec<&str> = text.lines().collect();
        let at = (seed * 7_919) % lines.len().max(1);
        let without = [&lines[..at], &lines[at + 1..]].concat().join("\n");
        let twice = [&lines[..=at], &lines[at..]].concat().join("\n");
        let indented = lines
            .iter()
            .enumerate()
            .map(|(n, line)| if n == at { format!("  {line}\n") } else { format!("{line}\n") });
        let indented: String = indented.collect::<Vec<_>>().concat();
        for damaged in [without, twice, indented] {
            let compiled = compile(&damaged, &inputs);
            check(&file.to_string_lossy(), &damaged, &compiled);
            count += 1;
            silent += usize::from(compiled.diagnostics.is_empty());
        }
    }
    println!("{count} damaged files, {silent} without any diagnostic");
}
