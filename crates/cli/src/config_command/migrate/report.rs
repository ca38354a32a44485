//! The findings as a report: one repository in full, several as a table with what they share.

use roundel_config::{Decision, Layout};
use roundel_model::text::counted;
use std::collections::{BTreeMap, BTreeSet};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::{
    findings::Level,
    kind::FindingKind,
    repository::{FileReport, Readiness, Repository},
};
use crate::terminal::{self, line, styled, wrapped};

/// Names of one kind that the summary over several repositories shows.
const SHARED: usize = 25;

/// Jobs that one finding names, as `validate` does: they have the same cause.
const JOBS: usize = 8;

/// Characters of a line of names or of advice, on a terminal that has as many.
const WIDTH: usize = 96;

/// Columns before what is said about a finding.
const INDENT: usize = 11;

#[derive(Serialize)]
struct Document<'r> {
    repositories: &'r [Repository],
    summary: Summary,
}

#[derive(Serialize)]
struct Summary {
    repositories: usize,
    files: usize,
    ready: usize,
    prepare: usize,
    cannot: usize,
    nothing: usize,
}

/// Writes everything as one JSON document.
pub(super) fn json(repositories: &[Repository]) -> anyhow::Result<String> {
    let of = |readiness| repositories.iter().filter(|one| one.readiness == readiness).count();
    let summary = Summary {
        repositories: repositories.len(),
        files: repositories.iter().map(|one| one.files.len()).sum(),
        ready: of(Readiness::Ready),
        prepare: of(Readiness::Prepare),
        cannot: of(Readiness::Cannot),
        nothing: of(Readiness::Nothing),
    };
    terminal::json(&Document { repositories, summary })
}

/// Writes the report.
pub(super) fn text(repositories: &[Repository], layout: Layout) -> String {
    let writer = Writer { layout };
    match repositories {
        [one] => writer.one(one),
        several => writer.table(several),
    }
}

struct Writer {
    layout: Layout,
}

impl Writer {
    fn one(&self, repository: &Repository) -> String {
        if repository.files.is_empty() {
            let advice = repository.advice().map(|advice| format!("; {advice}"));
            let advice = advice.unwrap_or_default();
            return format!("{}: there is no `.circleci/config.yml`{advice}\n", repository.path);
        }
        let mut text = String::new();
        for file in &repository.files {
            text.push_str(&self.file(file));
            text.push('\n');
        }
        let ready =
            repository.files.iter().filter(|file| file.readiness == Readiness::Ready).count();
        let files = counted(repository.files.len(), "file");
        let rest = match repository.readiness {
            Readiness::Nothing => "nothing to run".to_owned(),
            Readiness::Ready => "ready to run here".to_owned(),
            Readiness::Prepare => format!("{ready} ready, the rest after what is marked `prepare`"),
            Readiness::Cannot => format!("{ready} ready, {}", cannot(&repository.files)),
        };
        text + &format!("{}\n", self.fit(&format!("{files}: {rest}"), 2))
    }

    fn file(&self, file: &FileReport) -> String {
        let readiness = &sentence(file);
        let needed = file.path.chars().count() + readiness.len() + 2;
        let is_long = self.layout.width.is_some_and(|width| width < needed);
        let gap = if is_long { "\n  " } else { " " };
        let readiness = if is_long { self.fit(readiness, 2) } else { readiness.clone() };
        let readiness = styled(&readiness, style(file.readiness), self.layout);
        let mut text = format!("{}:{gap}{readiness}\n", self.bold(&file.path));
        for finding in &file.findings {
            let title = self.fit(&finding.title, INDENT);
            line(&mut text, &format!("\n  {}  {title}", self.level(finding.level)));
            let names = finding.names.iter().map(String::as_str);
            if finding.kind.is_of_lines() {
                for name in names {
                    detail(&mut text, &self.fit(name, INDENT + 2));
                }
            } else if finding.kind.is_of_jobs() {
                let more = finding.names.len().saturating_sub(JOBS);
                let more = (more > 0).then(|| format!("and {more} more jobs"));
                self.names(&mut text, names.take(JOBS).map(str::to_owned).chain(more));
            } else {
                self.names(&mut text, names.map(str::to_owned));
            }
            if let Some(help) = &finding.help {
                let room = self.layout.width.unwrap_or(usize::MAX).min(INDENT + WIDTH);
                for help in wrapped(help, 0, Some(room.saturating_sub(INDENT))).lines() {
                    detail(&mut text, &self.dim(help));
                }
            }
        }
        text
    }

    fn table(&self, repositories: &[Repository]) -> String {
        let wide =
            repositories.iter().map(|one| one.path.chars().count()).max().unwrap_or(0).max(10);
        let mut text = self
            .bold(&format!("{:wide$}  files  {:9}  blockers and to-dos", "repository", "result"));
        text.push('\n');
        for one in repositories {
            let readiness = format!("{:9}", short_name(one));
            let readiness = styled(&readiness, style(one.readiness), self.layout);
            let remarks = self.fit(&remarks(one), wide + 20);
            let files = one.files.len();
            line(&mut text, &format!("{:wide$}  {files:5}  {readiness}  {remarks}", one.path));
        }
        text.push_str(&self.shared(repositories));
        let of = |readiness| repositories.iter().filter(|one| one.readiness == readiness).count();
        let (ready, prepare) = (of(Readiness::Ready), of(Readiness::Prepare));
        let (cannot, nothing) = (of(Readiness::Cannot), of(Readiness::Nothing));
        let summary = format!(
            "{} repositories: {ready} ready, {prepare} after preparation, {cannot} that cannot run \
             or not fully, {nothing} with nothing to run",
            repositories.len(),
        );
        line(&mut text, &format!("\n{}", self.fit(&summary, 2)));
        text
    }

    /// What has to be done once for all: names, with how many repositories have them.
    fn shared(&self, repositories: &[Repository]) -> String {
        let mut kinds: BTreeMap<(Level, FindingKind, &str), BTreeMap<&str, BTreeSet<&str>>> =
            BTreeMap::new();
        for repository in repositories {
            for finding in repository.files.iter().flat_map(|file| &file.findings) {
                // Lines of one file say nothing about another.
                let is_alone = finding.kind.is_of_one_file() || finding.names.is_empty();
                let names: Vec<&str> = if is_alone {
                    vec![""]
                } else if finding.kind == FindingKind::ResourceClasses {
                    finding.names.iter().filter_map(|name| name.split(" (").next()).collect()
                } else {
                    finding.names.iter().map(String::as_str).collect()
                };
                let key = (finding.level, finding.kind, finding.title.as_str());
                for name in names {
                    let users = kinds.entry(key).or_default().entry(name).or_default();
                    users.insert(&repository.path);
                }
            }
        }
        let users = |names: &BTreeMap<&str, BTreeSet<&str>>| {
            names.values().flatten().copied().collect::<BTreeSet<_>>().len()
        };
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by_key(|((level, ..), names)| (*level, std::cmp::Reverse(users(names))));
        let mut text = String::new();
        for ((level, _, title), names) in kinds {
            let users = match users(&names) {
                1 => "1 repository".to_owned(),
                count => format!("{count} repositories"),
            };
            let title = self.fit(&format!("{title} ({users})"), INDENT);
            line(&mut text, &format!("\n  {}  {title}", self.level(level)));
            let mut names: Vec<_> =
                names.into_iter().filter(|(name, _)| !name.is_empty()).collect();
            names.sort_by_key(|(_, users)| std::cmp::Reverse(users.len()));
            let more = names.len().saturating_sub(SHARED);
            let shown = names.into_iter().take(SHARED).map(|(name, users)| match users.len() {
                1 => name.to_owned(),
                count => format!("{name} ×{count}"),
            });
            let more = (more > 0).then(|| format!("and {more} more"));
            self.names(&mut text, shown.chain(more));
        }
        text
    }

    /// Adds names with commas, in lines that fit.
    fn names(&self, text: &mut String, names: impl Iterator<Item = String>) {
        let room = self.layout.width.unwrap_or(usize::MAX).saturating_sub(INDENT).min(WIDTH);
        for names in listed(names, room) {
            detail(text, &names);
        }
    }

    /// Breaks a string where the terminal ends.
    fn fit(&self, text: &str, indent: usize) -> String {
        wrapped(text, indent, self.layout.width)
    }

    fn level(&self, level: Level) -> String {
        let (word, color) = match level {
            Level::Cannot => ("cannot ", AnsiColor::Red),
            Level::Prepare => ("prepare", AnsiColor::Yellow),
            Level::Note => ("note   ", AnsiColor::Cyan),
        };
        styled(word, color.on_default().bold(), self.layout)
    }

    fn bold(&self, text: &str) -> String {
        styled(text, Style::new().bold(), self.layout)
    }

    fn dim(&self, text: &str) -> String {
        styled(text, Style::new().dimmed(), self.layout)
    }
}

/// Adds a line about a finding.
fn detail(text: &mut String, detail: &str) {
    line(text, &format!("{:INDENT$}{detail}", ""));
}

/// Returns the decision about a file, in the words of `validate`.
fn sentence(file: &FileReport) -> String {
    match (file.readiness, file.decision) {
        (Readiness::Nothing, _) => "nothing to run".to_owned(),
        (Readiness::Ready, _) => "ready".to_owned(),
        (Readiness::Prepare, _) => "needs preparation".to_owned(),
        (Readiness::Cannot, Decision::Invalid) => {
            format!("{}: none of it runs here", counted(file.errors, "error"))
        }
        (Readiness::Cannot, Decision::Unsupported) => {
            "not supported by this release: none of it runs here".to_owned()
        }
        (
            Readiness::Cannot,
            Decision::Runs
            | Decision::NothingRuns
            | Decision::SomeJobsRefused
            | Decision::SomeWorkflowsNeverStarted,
        ) => "a part of it cannot run here".to_owned(),
    }
}

/// `1 with errors, 2 with parts that cannot run`: of the files that cannot run as they are.
fn cannot(files: &[FileReport]) -> String {
    let mut counts = [0_usize; 3];
    for file in files.iter().filter(|file| file.readiness == Readiness::Cannot) {
        let kind = match file.decision {
            Decision::Invalid => 0,
            Decision::Unsupported => 1,
            Decision::Runs
            | Decision::NothingRuns
            | Decision::SomeJobsRefused
            | Decision::SomeWorkflowsNeverStarted => 2,
        };
        counts[kind] += 1;
    }
    let words = ["with errors", "not supported", "with parts that cannot run"];
    let counted = counts.into_iter().zip(words).filter(|(count, _)| *count > 0);
    counted.map(|(count, words)| format!("{count} {words}")).collect::<Vec<_>>().join(", ")
}

fn short_name(repository: &Repository) -> &'static str {
    match repository.readiness {
        Readiness::Nothing if repository.files.is_empty() => "no config",
        Readiness::Nothing => "no jobs",
        Readiness::Ready => "ready",
        Readiness::Prepare => "prepare",
        Readiness::Cannot => "cannot",
    }
}

fn style(readiness: Readiness) -> Style {
    let color = match readiness {
        Readiness::Nothing => return Style::new().dimmed(),
        Readiness::Ready => AnsiColor::Green,
        Readiness::Prepare => AnsiColor::Yellow,
        Readiness::Cannot => AnsiColor::Red,
    };
    color.on_default().bold()
}

/// `2 orbs, 1 context`: the blockers of a repository, the worst first. A configuration with errors has no
/// others: the first of its errors is named, with its place.
fn remarks(repository: &Repository) -> String {
    if let Some(advice) = repository.advice() {
        return advice;
    }
    let first = repository.files.iter().find_map(|file| file.first_error.as_ref());
    if let Some(first) = first {
        return first.clone();
    }
    let mut counts: BTreeMap<(Level, (&str, &str)), BTreeSet<&str>> = BTreeMap::new();
    let findings = repository.files.iter().flat_map(|file| &file.findings);
    for finding in findings.filter(|finding| finding.level != Level::Note) {
        let names = counts.entry((finding.level, finding.kind.words())).or_default();
        names.extend(finding.names.iter().map(String::as_str));
    }
    let worst = counts.keys().map(|(level, _)| *level).min();
    let shown = counts.into_iter().filter(|((level, _), _)| Some(*level) == worst);
    let words: Vec<String> = shown
        .map(|((_, (one, many)), names)| match names.len() {
            _ if one.is_empty() => many.to_owned(),
            0 => many.to_owned(),
            1 => format!("1 {one}"),
            count => format!("{count} {many}"),
        })
        .collect();
    words.join(", ")
}

/// Names with commas, in lines of so many characters. A name is never broken.
fn listed(names: impl Iterator<Item = String>, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for name in names {
        match lines.last_mut() {
            // A comma follows.
            Some(line) if line.chars().count() + name.chars().count() + 3 <= room => {
                line.push_str(", ");
                line.push_str(&name);
            }
            Some(line) => {
                line.push(',');
                lines.push(name);
            }
            None => lines.push(name),
        }
    }
    lines
}
