//! One repository: its configurations, and what each of them takes to run here.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use roundel_config::{
    Decision, Diagnostic, Inputs, Profile, Severity, codes,
    document::{Node, from_yaml},
};
use roundel_model::text::counted;

use super::{
    super::{
        check::{Checked, Compiler},
        sources::{self, Source},
    },
    facts::{Facts, is_setup},
    findings::{self, Finding, Level},
};

/// Configurations of one repository that are checked.
const FILES: usize = 200;

#[derive(serde::Serialize)]
pub(super) struct Repository {
    pub(super) path: String,
    /// `verdict` in the JSON output, which scripts read.
    #[serde(rename = "verdict")]
    pub(super) readiness: Readiness,
    pub(super) files: Vec<FileReport>,
    /// A file that is not read, for its name is not `config.yml`.
    #[serde(skip)]
    pub(super) misnamed: Option<PathBuf>,
}

/// One of its configurations.
#[derive(serde::Serialize)]
pub(super) struct FileReport {
    pub(super) path: String,
    /// `verdict` in the JSON output, which scripts read.
    #[serde(rename = "verdict")]
    pub(super) readiness: Readiness,
    /// The decision about it when it is pushed, as `validate` says it.
    pub(super) decision: Decision,
    /// How many errors it has.
    pub(super) errors: usize,
    /// Where the first that is not about a missing orb is, and its code, and how many more there are:
    /// `.circleci/config.yml:4:9: error[E-033 unknown-parameter]`.
    #[serde(skip)]
    pub(super) first_error: Option<String>,
    pub(super) findings: Vec<Finding>,
}

/// The effort that it takes to run something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Readiness {
    /// There is nothing to run.
    Nothing,
    /// It runs as it is.
    Ready,
    /// It runs once what is found has been done.
    Prepare,
    /// A part of it cannot run.
    Cannot,
}

impl Repository {
    /// Judges the configurations below a directory, or a single file.
    pub(super) fn look(path: &Path, compiler: &Compiler) -> Result<Self> {
        let misnamed = misnamed(path);
        let sources = if misnamed.is_some() {
            Vec::new()
        } else if path.is_dir() {
            configurations(path)?
        } else {
            vec![read(path)?]
        };
        // Next to a setup configuration, the others are its continuations.
        let has_setup = sources.iter().any(|(source, tree)| is_main(source) && is_setup(tree));
        let mut files = Vec::new();
        for (source, tree) in sources {
            let continuation = has_setup && !is_main(&source) && !is_setup(&tree);
            files.push(FileReport::look(source, &tree, compiler, continuation));
        }
        let readiness = files.iter().map(|file| file.readiness).max().unwrap_or(Readiness::Nothing);
        Ok(Self { path: path.display().to_string(), readiness, files, misnamed })
    }

    /// Says what to do about a file that is not read.
    pub(super) fn advice(&self) -> Option<String> {
        let misnamed = self.misnamed.as_ref()?.display();
        Some(format!("`{misnamed}` is not read; rename it"))
    }
}

impl FileReport {
    fn look(source: Source, tree: &Node, compiler: &Compiler, continuation: bool) -> Self {
        let base = compiler.inputs(&source);
        let inputs = Inputs { all_workflows: true, continuation, ..base };
        let again = Source { text: source.text.clone(), path: source.path.clone(), ..source };
        let checked = compiler.check_pushes(again, inputs);
        let mut facts = Facts::of_source(tree);
        if let Some(document) = &checked.compiled.document {
            facts.add_document(tree, document);
        }
        facts.add_orbs(&checked);
        let stricter = stricter(&checked, compiler);
        let findings = findings::findings(&checked, &facts, stricter.as_ref());
        let found = findings.iter().map(Readiness::of).max().unwrap_or(Readiness::Ready);
        let (decision, errors) = (checked.decision(), checked.count(Severity::Error));
        let readiness = match found.max(Readiness::at_least(decision)) {
            Readiness::Ready
                if decision == Decision::NothingRuns && checked.inputs.git_ref.is_none() =>
            {
                Readiness::Nothing
            }
            readiness @ (Readiness::Nothing
            | Readiness::Ready
            | Readiness::Prepare
            | Readiness::Cannot) => readiness,
        };
        let first_error = match findings::mistakes(&checked).as_slice() {
            [] => None,
            [one] => Some(headline(one)),
            [first, more @ ..] => {
                Some(format!("{}, and {}", headline(first), counted(more.len(), "more error")))
            }
        };
        Self { path: checked.path, readiness, decision, errors, first_error, findings }
    }
}

/// Names a diagnostic by its place and its code, as `validate` writes them.
fn headline(found: &Diagnostic) -> String {
    let number = codes::code(&found.code).and_then(|code| code.number);
    let number = number.map(|number| format!("{number} ")).unwrap_or_default();
    format!("{}:{}:{}: error[{number}{}]", found.path, found.line, found.column, found.code)
}

/// Compiles once more by the rules of the `next` profile, if the file is right by the old ones.
fn stricter(checked: &Checked, compiler: &Compiler) -> Option<Checked> {
    let is_legacy = checked.inputs.profile == Profile::Legacy;
    let inputs = Inputs { profile: Profile::Next, ..checked.inputs.clone() };
    let source = Source {
        path: checked.path.clone(),
        folder: PathBuf::new(),
        text: checked.text.clone(),
        broken: None,
    };
    let right = checked.count(Severity::Error) == 0;
    (is_legacy && right).then(|| compiler.check_with(source, inputs))
}

impl Readiness {
    /// What the server refuses cannot run, whatever was found.
    const fn at_least(decision: Decision) -> Self {
        match decision {
            Decision::Runs | Decision::NothingRuns => Self::Ready,
            Decision::SomeJobsRefused
            | Decision::SomeWorkflowsNeverStarted
            | Decision::Unsupported
            | Decision::Invalid => Self::Cannot,
        }
    }

    fn of(finding: &Finding) -> Self {
        match finding.level {
            Level::Cannot => Self::Cannot,
            Level::Prepare => Self::Prepare,
            Level::Note => Self::Ready,
        }
    }
}

/// Returns `.circleci/config.yaml` if that is all there is: the server reads `config.yml` only.
fn misnamed(folder: &Path) -> Option<PathBuf> {
    let (read, other) = (folder.join(sources::DEFAULT), folder.join(".circleci/config.yaml"));
    (!read.exists() && other.is_file()).then_some(other)
}

/// Reads all configurations of a repository: YAML files in `.circleci` with a `version`, and
/// `config.yml` whatever it holds.
fn configurations(folder: &Path) -> Result<Vec<(Source, Node)>> {
    let inner = folder.join(".circleci");
    let failed = || format!("failed to read the directory `{}`", inner.display());
    if !inner.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(&inner).with_context(failed)? {
        let path = entry.with_context(failed)?.path();
        let is_yaml =
            path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
        if is_yaml && path.is_file() && paths.len() < FILES {
            paths.push(path);
        }
    }
    paths.sort_by_key(|path| (path.file_stem().is_none_or(|stem| stem != "config"), path.clone()));
    let mut found = Vec::new();
    for path in paths {
        let (source, tree) = read(&path)?;
        if is_main(&source) || tree.get("version").is_some() {
            found.push((source, tree));
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<(Source, Node)> {
    let source = sources::read(path)?;
    let tree = from_yaml(&source.text).unwrap_or(Node::Null);
    Ok((source, tree))
}

fn is_main(source: &Source) -> bool {
    Path::new(&source.path).file_name().is_some_and(|name| name == "config.yml")
}
