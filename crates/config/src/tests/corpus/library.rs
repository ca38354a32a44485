//! The corpus next to the repository: real configurations, the orbs that they name, and pairs of a
//! source and what the hosted compiler made of it.
//!
//! Compiled twice: into the tests of `config`, which itself reads no file, and into `cargo xtask`.
//! A file that includes it calls the compiler `config`.
//!
//! Deliberately absent: what is expected of the files (`expected`), and comparing documents (`gold`).

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use roundel_model::name::GitRef;

use super::config::{
    Compiled, Inputs, PipelineValue, Severity, compile, compile_with_orbs,
    orbs::{Missing, Orb, OrbReference, Resolution},
};

/// The directory, read.
pub(crate) struct Corpus {
    root: PathBuf,
    entries: Vec<Entry>,
    /// By the reference that is asked for: the file that stands in, and why it is not the exact one.
    stand_ins: HashMap<String, (PathBuf, String)>,
    /// References of which no source is public.
    unresolved: Vec<String>,
}

/// One configuration.
pub(crate) struct Entry {
    /// Its name in the corpus.
    pub(crate) file: String,
    /// `owner/name` of the repository that it comes from.
    repository: String,
    commit: String,
    /// Its path in that repository.
    path: String,
    /// Its text; that of an orb's own tests with the orb put in.
    pub(crate) text: String,
}

/// A source, and what the hosted compiler printed for it.
pub(crate) struct Pair {
    /// What both are called.
    pub(crate) name: String,
    pub(crate) source: String,
    /// The compiled text.
    pub(crate) output: String,
}

/// What compiling a configuration gave.
pub(crate) struct Attempt {
    /// What the compiler answered in the end.
    pub(crate) compiled: Compiled,
    /// The inputs that it was compiled with, orbs included: compiling with it again looks nothing up.
    pub(crate) inputs: Inputs,
    /// Orbs that are not available.
    pub(crate) missing: Vec<String>,
    /// How long the last round took, which had everything it needed.
    pub(crate) took: Duration,
}

impl Corpus {
    /// Reads the directory `../shared/corpus` next to the repository, if it is there.
    pub(crate) fn open(repository: &Path) -> Option<Self> {
        let root = repository.join("../shared/corpus");
        let mut entries = Vec::new();
        for row in table(&root.join("INDEX.tsv"))? {
            let [file, repository, commit, path, ..] = row.as_slice() else { continue };
            let bytes = fs::read(root.join("configs").join(file)).ok()?;
            let text = String::from_utf8_lossy(&bytes);
            entries.push(Entry {
                file: file.clone(),
                repository: repository.clone(),
                commit: commit.clone(),
                path: path.clone(),
                text: with_own_orb(&root, repository, &text),
            });
        }
        entries.sort_by(|a, b| a.file.cmp(&b.file));
        let mut stand_ins = HashMap::new();
        for row in table(&root.join("orbs/APPROX.tsv"))? {
            let [asked, file, reason, ..] = row.as_slice() else { continue };
            stand_ins.insert(asked.clone(), (root.join("orbs").join(file), reason.clone()));
        }
        let unresolved = table(&root.join("orbs/UNRESOLVED.tsv"))?;
        let unresolved = unresolved.into_iter().filter_map(|row| row.into_iter().next()).collect();
        Some(Self { root, entries, stand_ins, unresolved })
    }

    /// All configurations, by name.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The pairs of a source and its hosted output, by name.
    pub(crate) fn gold(&self) -> Vec<Pair> {
        let directory = self.root.join("gold");
        let mut pairs: Vec<Pair> = names(&directory)
            .iter()
            .filter_map(|file| {
                let name = file.strip_suffix(".in.yml")?.to_owned();
                let source = fs::read_to_string(directory.join(file)).ok()?;
                let output = fs::read_to_string(directory.join(format!("{name}.out.yml"))).ok()?;
                Some(Pair { name, source, output })
            })
            .collect();
        pairs.sort_by(|a, b| a.name.cmp(&b.name));
        pairs
    }

    /// The names of all orbs that have a numbered version.
    pub(crate) fn orbs(&self) -> Vec<String> {
        let directory = self.root.join("orbs");
        let mut found = Vec::new();
        for namespace in names(&directory) {
            for name in names(&directory.join(&namespace)) {
                let files = names(&directory.join(&namespace).join(&name));
                if files.iter().any(|file| file.starts_with(|c: char| c.is_ascii_digit())) {
                    found.push(format!("{namespace}/{name}"));
                }
            }
        }
        found.sort();
        found
    }

    /// Finds an orb: the best version in its directory, else the stand-in that the index names. A
    /// source whose version was inferred from the history counts as that version.
    pub(crate) fn find(&self, reference: &OrbReference) -> Resolution {
        let directory = self.root.join("orbs").join(&reference.namespace).join(&reference.name);
        let files = names(&directory);
        let versions: Vec<&str> =
            files.iter().filter_map(|file| file.strip_suffix(".yml")).map(version_of).collect();
        if let Some(version) = reference.select(versions.iter().copied()) {
            let exact = directory.join(format!("{version}.yml"));
            let inferred = directory.join(format!("{version}~inferred.yml"));
            return read(reference, if exact.exists() { &exact } else { &inferred }, None);
        }
        if let Some((file, reason)) = self.stand_ins.get(&reference.to_string()) {
            let notice = format!("the corpus has a stand-in for `{reference}` only: {reason}");
            return read(reference, file, Some(notice));
        }
        Resolution::Missing(Missing {
            looked_in: vec!["the corpus".to_owned()],
            versions: versions.iter().map(|&version| version.to_owned()).collect(),
            ..Missing::default()
        })
    }

    /// Returns whether the index says that an orb was not to be downloaded. Labels of versions in development
    /// and versions from parameters are never in it, so the orb's name decides there.
    pub(crate) fn is_unresolved(&self, reference: &str) -> bool {
        let orb = |text: &str| text.split('@').next().unwrap_or_default().to_owned();
        self.unresolved.iter().any(|known| {
            known == reference
                || known.contains("<<") && orb(known) == orb(reference)
                || known.contains("@dev:") && orb(known) == orb(reference)
        })
    }

    /// Compiles a source with the orbs of the corpus.
    pub(crate) fn compile(&self, text: &str, inputs: Inputs) -> Attempt {
        let mut missing = Vec::new();
        let (_, inputs) = compile_with_orbs(text, inputs, &mut |reference| {
            let resolution = self.find(reference);
            if matches!(resolution, Resolution::Missing(_)) {
                missing.push(reference.to_string());
            }
            resolution
        });
        let began = Instant::now();
        let compiled = compile(text, &inputs);
        Attempt { compiled, inputs, missing, took: began.elapsed() }
    }
}

impl Entry {
    /// What a push to the branch `main` compiles it with.
    pub(crate) fn inputs(&self) -> Inputs {
        let (owner, name) = self.repository.split_once('/').unwrap_or(("", &self.repository));
        let url = format!("https://github.com/{}", self.repository);
        let commit_url = format!("{url}/commit/{}", self.commit);
        let ssh = format!("git@github.com:{}.git", self.repository);
        let slug = format!("gh/{}", self.repository);
        let text = |name: &str, value: &str| (name.to_owned(), PipelineValue::Text(value.into()));
        let mut values: Vec<(String, PipelineValue)> = [
            ("id", "00000000-0000-0000-0000-000000000001"),
            ("project.git_url", &url),
            ("project.slug", &slug),
            ("project.type", "github"),
            ("integration_source", "github"),
            ("git.repo_url", &url),
            ("git.repo_owner", owner),
            ("git.repo_name", name),
            ("git.repo_id", "1"),
            ("git.ssh_checkout_url", &ssh),
            ("git.branch", "main"),
            ("git.revision", &self.commit),
            ("git.base_revision", &self.commit),
            ("git.commit.url", &commit_url),
            ("git.commit.subject", "Change something"),
            ("git.commit.body", ""),
            ("git.commit.author_login", owner),
            ("trigger_source", "webhook"),
            ("trigger.type", "github_oauth"),
            ("trigger.received_at", "2026-01-01T00:00:00Z"),
            ("event.name", "push"),
            ("event.action", "push"),
            ("event.github.ref", "refs/heads/main"),
            ("event.github.after", &self.commit),
            ("event.github.head_commit.url", &commit_url),
            ("event.github.sender.login", owner),
            ("event.github.repository.name", name),
            ("event.github.repository.owner.login", owner),
            ("event.github.repository.url", &url),
        ]
        .iter()
        .map(|(name, value)| text(name, value))
        .collect();
        values.push(("number".to_owned(), PipelineValue::Integer(1)));
        values.push(("git.branch.is_default".to_owned(), PipelineValue::Boolean(true)));
        Inputs {
            path: self.path.clone(),
            pipeline_values: values,
            git_ref: Some(GitRef::Branch("main".into())),
            continuation: self.is_continuation(),
            ..Inputs::default()
        }
    }

    /// Whether a setup configuration's job posts it: it is next to the one that a push reads.
    fn is_continuation(&self) -> bool {
        let file = self.path.rsplit('/').next().unwrap_or_default();
        let is_entry = ["config.yml", "config.yaml", "circle.yml", "setup.yml"].contains(&file);
        !is_entry && !self.text.lines().any(|line| line.trim_end() == "setup: true")
    }
}

impl Attempt {
    /// The slugs of its errors, each once, sorted; those that only say that an orb is missing are
    /// left out.
    pub(crate) fn errors(&self) -> Vec<String> {
        let of_orbs = ["orb-not-found", "bad-orb-version", "orb-unreachable"];
        let mut found: Vec<String> = self
            .compiled
            .diagnostics
            .iter()
            .filter(|found| found.severity == Severity::Error)
            .map(|found| found.code.clone())
            .filter(|code| self.missing.is_empty() || !of_orbs.contains(&code.as_str()))
            .collect();
        found.sort();
        found.dedup();
        found
    }
}

/// Repositories of orbs test what they are about to publish with a configuration that leaves its
/// place empty (`orbs: { node: {} }`): a setup job puts the packed orb there and posts the text. The
/// published orb does as well.
fn with_own_orb(root: &Path, repository: &str, text: &str) -> String {
    let owner = repository.split('/').next().unwrap_or_default();
    let namespace = if owner == "CircleCI-Public" { "circleci" } else { owner };
    let fill = |line: &str| {
        let name = line.strip_suffix(": {}\n").map(str::trim).unwrap_or_default();
        let is_orb = !name.is_empty() && root.join("orbs").join(namespace).join(name).is_dir();
        if is_orb {
            line.replace("{}", &format!("{namespace}/{name}@volatile"))
        } else {
            line.to_owned()
        }
    };
    text.split_inclusive('\n').map(fill).collect()
}

fn read(reference: &OrbReference, file: &Path, notice: Option<String>) -> Resolution {
    match fs::read_to_string(file) {
        Ok(text) => Resolution::Found(Arc::new(Orb {
            name: reference.orb(),
            version: file
                .file_stem()
                .map(|stem| version_of(&stem.to_string_lossy()).to_owned())
                .unwrap_or_default(),
            origin: "the corpus".to_owned(),
            text: text.into(),
            digest: String::new(),
            notice,
        })),
        Err(error) => {
            let error = Some(format!("failed to read `{}`: {error}", file.display()));
            Resolution::Missing(Missing { error, ..Missing::default() })
        }
    }
}

fn version_of(stem: &str) -> &str {
    stem.strip_suffix("~inferred").unwrap_or(stem)
}

fn names(directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Reads a table of columns between tabs, without its heading and remarks.
fn table(file: &Path) -> Option<Vec<Vec<String>>> {
    let text = fs::read_to_string(file).ok()?;
    let rows = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    Some(rows.map(|row| row.split('\t').map(str::to_owned).collect()).collect())
}
