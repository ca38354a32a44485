//! Compiles sources with what the command line gives: inputs, orbs, a lock file.

use std::{
    cell::RefCell,
    collections::HashMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use roundel_config::{
    Compiled, Decision, Diagnostic, Inputs, Push, Pushes, Severity, codes, compile_with_orbs,
    orbs::{Missing, OrbReference, Resolution, ResolvedOrb},
};
use roundel_model::name::{BranchName, GitRef};
use roundel_server::orbs::Offline;

use super::{
    inputs::{GivenInputs, InputArguments},
    local::LocalClone,
    sources::Source,
};
use crate::{exit::UsageError, terminal};

/// Options that say how files are compiled.
#[derive(clap::Args, Debug, Default)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    inputs: InputArguments,
    #[command(flatten)]
    orbs: OrbArguments,
}

/// Options that say where orbs are.
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Orbs")]
pub(crate) struct OrbArguments {
    #[expect(clippy::doc_markdown, reason = "shown in a terminal, as other variables are")]
    /// A directory of packed orbs: `DIR/<namespace>/<name>/<version>.yml` [variable: ROUNDEL_ORBS]
    #[arg(long, value_name = "DIR", env = "ROUNDEL_ORBS", hide_env = true)]
    orbs: Option<PathBuf>,
    /// Use the orb versions pinned in this lock file
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Resolve all orbs again and create or update the lock file
    #[arg(long, requires = "lock")]
    update_lock: bool,
}

/// Compiles any number of files in the same way.
pub(crate) struct Compiler {
    given: GivenInputs,
    orbs: Offline,
    lock: Option<PathBuf>,
    update_lock: bool,
    clones: RefCell<HashMap<PathBuf, LocalClone>>,
}

/// What compiling a file found.
pub(crate) struct Checked {
    pub(crate) path: String,
    pub(crate) text: String,
    /// The file was text. If not, `text` has replacement characters where it could not be read.
    pub(crate) is_text: bool,
    pub(crate) inputs: Inputs,
    pub(crate) compiled: Compiled,
    /// Orbs that could not be found.
    pub(crate) missing: Vec<(OrbReference, Missing)>,
    /// The branch that is given: whether it is the default branch decides, and is not known. What is
    /// refused either way is in `compiled`.
    pub(crate) uncertain_branch: Option<BranchName>,
}

impl CheckArguments {
    /// Reads the options.
    ///
    /// # Errors
    ///
    /// [`UsageError`] if one of them makes no sense; otherwise if a file cannot be read.
    pub(crate) fn compiler(&self) -> Result<Compiler> {
        Compiler::new(self.inputs.read()?, &self.orbs)
    }
}

impl Compiler {
    /// Opens the directory and the lock file.
    ///
    /// # Errors
    ///
    /// [`UsageError`] if the directory is not there; otherwise if the lock file cannot be read.
    pub(crate) fn new(given: GivenInputs, arguments: &OrbArguments) -> Result<Self> {
        if let Some(folder) = arguments.orbs.as_deref().filter(|folder| !folder.is_dir()) {
            let message = format!("there is no directory `{}` to take orbs from", folder.display());
            return Err(UsageError(message).into());
        }
        if let Some(lock) = arguments.lock.as_deref()
            && !arguments.update_lock
            && !lock.exists()
        {
            let message =
                format!("there is no lock file `{}`; `--update-lock` creates it", lock.display());
            return Err(UsageError(message).into());
        }
        // Without the pins: this is for a caller that makes them again.
        let pins = arguments.lock.as_deref().filter(|_| !arguments.update_lock);
        let orbs = Offline::new(arguments.orbs.as_deref(), pins).context("cannot look for orbs")?;
        let (lock, update_lock) = (arguments.lock.clone(), arguments.update_lock);
        Ok(Self { given, orbs, lock, update_lock, clones: RefCell::default() })
    }

    /// Compiles a source: for the branch or tag that is given, or for all that it tells apart.
    pub(crate) fn check(&self, source: Source) -> Checked {
        let inputs = self.inputs(&source);
        self.check_pushes(source, inputs)
    }

    /// The same, with inputs that were changed.
    pub(crate) fn check_pushes(&self, source: Source, inputs: Inputs) -> Checked {
        let clone = self.clone_of(&source.folder);
        let mut checked = self.check_with(source, inputs);
        if !checked.is_text || checked.count(Severity::Error) > 0 {
            return checked;
        }
        if checked.inputs.git_ref.is_none() {
            let orbs = checked.inputs.orbs.found().map(|orb| &*orb.text);
            let texts = std::iter::once(&*checked.text).chain(orbs);
            let pushes = Pushes::of(texts, checked.inputs.profile);
            let mut compiled = self.compile_pushes(&mut checked, &pushes.all);
            if !pushes.is_complete {
                compiled.push(checked.compiled.clone());
                let unknown = Pushes::unknown(&checked.inputs, |name| self.given.fixes(name));
                let mut unknown = self.compile_inputs(&mut checked, unknown);
                // Steps that exclude each other are both in it: it may be larger than any push.
                let is_sure = |found: &Diagnostic| found.code != codes::EXPANDS_TOO_FAR.slug;
                unknown.diagnostics.retain(is_sure);
                compiled.push(unknown);
            }
            checked.compiled = checked.compiled.joined(&compiled);
        } else if let Some(branch) = self.given.uncertain_branch(&clone) {
            let git_ref = GitRef::Branch(branch.clone());
            let push = Push { git_ref, is_default: true, message: None };
            let mut compiled = self.compile_pushes(&mut checked, &[push]);
            compiled.push(checked.compiled.clone());
            let differ = compiled.windows(2).any(|pair| {
                pair[0].decision() != pair[1].decision()
                    || pair[0].refused_jobs() != pair[1].refused_jobs()
                    || pair[0].unsupported != pair[1].unsupported
            });
            if differ {
                checked.uncertain_branch = Some(branch.clone());
                checked.compiled = checked.compiled.joined(&compiled);
            }
        }
        checked
    }

    /// Compiles a file for pushes, which may need orbs that the file itself does not.
    fn compile_pushes(&self, checked: &mut Checked, pushes: &[Push]) -> Vec<Compiled> {
        let fixed = |name: &str| self.given.fixes(name);
        let compile = |push: &Push| {
            let inputs = push.inputs(&checked.inputs, fixed);
            self.compile_inputs(checked, inputs)
        };
        pushes.iter().map(compile).collect()
    }

    /// Compiles a file again, with other inputs. What is missing for them is missing for the file.
    fn compile_inputs(&self, checked: &mut Checked, inputs: Inputs) -> Compiled {
        let source = Source {
            path: checked.path.clone(),
            folder: PathBuf::new(),
            text: checked.text.clone(),
            broken: None,
        };
        let found = self.check_with(source, inputs);
        for (reference, why) in found.missing {
            if !checked.missing.iter().any(|(known, _)| *known == reference) {
                checked.missing.push((reference, why));
            }
        }
        // The next push need not look for them again.
        checked.inputs.orbs = found.inputs.orbs;
        // Two hundred documents would be gigabytes, and none is read.
        Compiled { document: None, ..found.compiled }
    }

    /// Compiles a source as it is in the local clone, whatever other pushes result in.
    pub(crate) fn check_here(&self, source: Source) -> Checked {
        let inputs = self.inputs(&source);
        self.check_with(source, inputs)
    }

    /// Compiles a source with inputs that were changed.
    pub(crate) fn check_with(&self, source: Source, inputs: Inputs) -> Checked {
        let Source { path, text, broken, .. } = source;
        if let Some(broken) = broken {
            let compiled = Compiled { diagnostics: vec![broken], ..Compiled::default() };
            return Checked {
                path,
                text,
                is_text: false,
                inputs,
                compiled,
                missing: Vec::new(),
                uncertain_branch: None,
            };
        }
        let mut missing = Vec::new();
        let mut find = |reference: &OrbReference| {
            let found = self.orbs.find(reference);
            if let Resolution::Missing(why) = &found {
                missing.push((reference.clone(), why.clone()));
            }
            found
        };
        let (compiled, inputs) = compile_with_orbs(&text, inputs, &mut find);
        Checked { path, text, is_text: true, inputs, compiled, missing, uncertain_branch: None }
    }

    /// Returns the inputs for a source.
    pub(crate) fn inputs(&self, source: &Source) -> Inputs {
        self.given.inputs(source, &self.clone_of(&source.folder))
    }

    /// Writes the orbs into the lock file: all with `--update-lock`, else those that it does not pin
    /// yet, so that what was used once is used again.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(crate) fn write_lock(&self, orbs: &[ResolvedOrb]) -> Result<()> {
        let Some(lock) = &self.lock else { return Ok(()) };
        let failed = || format!("failed to write the lock file `{}`", lock.display());
        let writer = Offline::new(None, Some(lock)).with_context(failed)?;
        if self.update_lock {
            return writer.write_lock(orbs).with_context(failed);
        }
        let new: Vec<_> = orbs.iter().filter(|orb| !writer.pins(orb)).cloned().collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut names: Vec<&str> = new.iter().map(|orb| orb.requested.as_str()).collect();
        names.dedup();
        terminal::remark(&format!("`{}`: added {}\n", lock.display(), names.join(", ")));
        writer.write_lock(&new).with_context(failed)
    }

    /// Asks git once for each directory.
    fn clone_of(&self, folder: &Path) -> LocalClone {
        let mut clones = self.clones.borrow_mut();
        clones.entry(folder.to_owned()).or_insert_with(|| LocalClone::of(folder)).clone()
    }
}

impl Checked {
    /// Returns what the server does with it when it is pushed. With a branch or a tag, that is one push: the
    /// schedule of another workflow keeps nothing of it from running, and is only a note.
    pub(crate) fn decision(&self) -> Decision {
        let decision = self.compiled.decision();
        let runs_jobs = self.compiled.plan.as_ref().is_some_and(|plan| !plan.workflows.is_empty());
        let is_one_push = self.inputs.git_ref.is_some();
        if decision == Decision::SomeWorkflowsNeverStarted && is_one_push && runs_jobs {
            return Decision::Runs;
        }
        decision
    }

    /// Says why nothing of it runs, if nothing does.
    pub(crate) fn why_nothing_runs(&self) -> Option<String> {
        let why = self.compiled.nothing_runs(self.inputs.git_ref.as_ref());
        why.map(|why| why.to_string())
    }

    /// Says that a push, or any push, runs nothing.
    pub(crate) const fn nothing_runs(&self) -> &'static str {
        match self.inputs.git_ref {
            Some(_) => "valid, and this push runs nothing",
            None => "valid, and no push runs anything",
        }
    }

    /// Says whether it is right, and the server refuses it or some of its jobs.
    pub(crate) fn is_refused(&self) -> bool {
        match self.decision() {
            Decision::Unsupported
            | Decision::SomeJobsRefused
            | Decision::SomeWorkflowsNeverStarted => true,
            // Only a schedule would start something.
            Decision::NothingRuns => self.compiled.never_started().next().is_some(),
            Decision::Runs | Decision::Invalid => false,
        }
    }

    /// Counts the diagnostics of a kind.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        self.of(severity).count()
    }

    /// Returns the diagnostics of a kind.
    pub(crate) fn of(&self, severity: Severity) -> impl Iterator<Item = &Diagnostic> {
        self.compiled.diagnostics.iter().filter(move |found| found.severity == severity)
    }
}
