//! `roundel config migrate-check`: what it takes to run repositories here that ran elsewhere.
//!
//! ```text
//! repository ▸ its configurations ▸ compiled (what cannot run)   ┐
//!                                 ▸ facts    (what they rely on) ├▸ findings ▸ report | table | JSON
//!                                 ▸ scripts  (what commands use) ┘
//! ```
//!
//! What is in a repository is seen; what is in the settings of the service that it leaves (values of
//! variables, keys, contexts) can only be named. Deliberately absent: copying any of it.

mod facts;
mod findings;
mod report;
mod scripts;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use roundel_config::{
    Inputs, Profile,
    document::{Node, from_yaml},
};

use self::{
    facts::Facts,
    findings::{Finding, Level},
};
use super::{
    Misuse,
    check::{CheckArguments, Checked, Compiler},
    output,
    sources::{self, Source},
};
use crate::Ended;

/// Configurations of one repository that are looked at.
const FILES: usize = 200;

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// The repositories: folders that hold `.circleci`. Several make a table
    #[arg(value_name = "DIR", default_value = ".")]
    folders: Vec<PathBuf>,
    /// Prints one JSON document instead of text
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    check: CheckArguments,
}

/// One repository.
#[derive(serde::Serialize)]
struct Repository {
    /// The folder.
    path: String,
    verdict: Verdict,
    files: Vec<FileReport>,
}

/// One of its configurations.
#[derive(serde::Serialize)]
struct FileReport {
    path: String,
    verdict: Verdict,
    findings: Vec<Finding>,
}

/// What it takes to run something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// There is nothing to run.
    Nothing,
    /// It runs as it is.
    Ready,
    /// It runs once what is found has been done.
    Prepare,
    /// A part of it cannot run.
    Cannot,
}

/// Looks at all repositories and reports. Fails if something cannot run at all.
pub(crate) fn run(arguments: &Arguments) -> Result<Ended> {
    if let Some(missing) = arguments.folders.iter().find(|folder| !folder.is_dir()) {
        return Err(Misuse(format!("there is no folder `{}`", missing.display())).into());
    }
    let compiler = arguments.check.compiler()?;
    let mut repositories = Vec::new();
    for folder in &arguments.folders {
        repositories.push(Repository::look(folder, &compiler)?);
    }
    let text = if arguments.json {
        report::json(&repositories)?
    } else {
        report::text(&repositories, output::colors())
    };
    output::print(&text)?;
    let cannot = repositories.iter().any(|one| one.verdict == Verdict::Cannot);
    Ok(if cannot { Ended::Failed } else { Ended::Fine })
}

impl Repository {
    fn look(folder: &Path, compiler: &Compiler) -> Result<Self> {
        let sources = configurations(folder)?;
        // Beside a setup configuration, the others are what it goes on with.
        let has_setup = sources.iter().any(|(source, tree)| is_main(source) && is_setup(tree));
        let mut files = Vec::new();
        for (source, tree) in sources {
            let continuation = has_setup && !is_main(&source) && !is_setup(&tree);
            files.push(FileReport::look(source, &tree, compiler, continuation));
        }
        let verdict = files.iter().map(|file| file.verdict).max().unwrap_or(Verdict::Nothing);
        Ok(Self { path: folder.display().to_string(), verdict, files })
    }
}

impl FileReport {
    fn look(source: Source, tree: &Node, compiler: &Compiler, continuation: bool) -> Self {
        let base = compiler.inputs(&source);
        let inputs = Inputs { all_workflows: true, continuation, ..base };
        let again = Source { text: source.text.clone(), path: source.path.clone(), ..source };
        let checked = compiler.check_with(again, inputs);
        let mut facts = Facts::of_source(tree);
        if let Some(document) = &checked.compiled.document {
            facts.add_document(document);
        }
        facts.add_orbs(&checked);
        let stricter = stricter(&checked, compiler);
        let findings = findings::findings(&checked, &facts, stricter.as_ref());
        let verdict = findings.iter().map(Finding::verdict).max().unwrap_or(Verdict::Ready);
        Self { path: checked.path, verdict, findings }
    }
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
    let right = checked.count(roundel_config::Severity::Error) == 0;
    (is_legacy && right).then(|| compiler.check_with(source, inputs))
}

/// Reads all configurations of a repository: YAML files in `.circleci` with a `version`, and
/// `config.yml` whatever it holds.
fn configurations(folder: &Path) -> Result<Vec<(Source, Node)>> {
    let inner = folder.join(".circleci");
    let failed = || format!("failed to read the folder `{}`", inner.display());
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
        let source = sources::read(&path)?;
        let tree = from_yaml(&source.text).unwrap_or(Node::Null);
        if is_main(&source) || tree.get("version").is_some() {
            found.push((source, tree));
        }
    }
    Ok(found)
}

fn is_main(source: &Source) -> bool {
    Path::new(&source.path).file_name().is_some_and(|name| name == "config.yml")
}

fn is_setup(tree: &Node) -> bool {
    !matches!(tree.get("setup"), None | Some(Node::Null | Node::Bool(false)))
}

impl Finding {
    fn verdict(&self) -> Verdict {
        match self.level {
            Level::Cannot => Verdict::Cannot,
            Level::Prepare => Verdict::Prepare,
            Level::Note => Verdict::Ready,
        }
    }
}

#[cfg(test)]
mod tests;
