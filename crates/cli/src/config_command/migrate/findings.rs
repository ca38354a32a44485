//! What has to be done before a configuration runs here, and what will be different.

use std::collections::{BTreeMap, BTreeSet};

use roundel_config::{Diagnostic, Severity, orbs::OrbReference};

use super::{super::check::Checked, facts::Facts};

/// What the `circleci` command in a job does here.
const TOOL: &[&str] = &["circleci step halt", "circleci task halt"];

/// What the hosted service gives to a resource class: virtual processors and gigabytes.
const CLASSES: &[(&str, &str)] = &[
    ("small", "1 CPU, 2 GB"),
    ("medium", "2 CPU, 4 GB"),
    ("medium+", "3 CPU, 6 GB"),
    ("large", "4 CPU, 8 GB"),
    ("xlarge", "8 CPU, 16 GB"),
    ("2xlarge", "16 CPU, 32 GB"),
    ("2xlarge+", "20 CPU, 40 GB"),
    ("arm.medium", "2 CPU, 8 GB"),
    ("arm.large", "4 CPU, 16 GB"),
    ("arm.xlarge", "8 CPU, 32 GB"),
    ("arm.2xlarge", "16 CPU, 64 GB"),
    ("windows.medium", "4 CPU, 16 GB"),
    ("windows.large", "8 CPU, 32 GB"),
    ("windows.xlarge", "16 CPU, 64 GB"),
    ("windows.2xlarge", "32 CPU, 128 GB"),
];

/// How much of a finding's diagnostics is shown.
const SHOWN: usize = 8;

/// One thing to know.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct Finding {
    /// Stable: `contexts`.
    pub(super) kind: &'static str,
    pub(super) level: Level,
    /// What it is, in a sentence.
    pub(super) title: String,
    /// What it is about: names of contexts, lines of the file.
    pub(super) names: Vec<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) help: Option<String>,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    /// It cannot run here.
    Cannot,
    /// It runs once something has been done.
    Prepare,
    /// It runs; something is different or worth knowing.
    Note,
}

/// Draws the conclusions, the worst first.
pub(super) fn findings(
    checked: &Checked,
    facts: &Facts,
    stricter: Option<&Checked>,
) -> Vec<Finding> {
    let mut found = Found(Vec::new());
    found.mistakes(checked);
    found.orbs(checked);
    found.unsupported(&checked.compiled.unsupported);
    found.machines(facts);
    found.secrets(facts);
    found.differences(facts);
    if let Some(stricter) = stricter {
        found.stricter(stricter);
    }
    found.0.sort_by_key(|finding| finding.level);
    found.0
}

struct Found(Vec<Finding>);

impl Found {
    fn add(
        &mut self,
        level: Level,
        kind: &'static str,
        title: &str,
        names: impl IntoIterator<Item = String>,
    ) -> &mut Finding {
        let names = names.into_iter().collect();
        self.0.push(Finding { kind, level, title: title.to_owned(), names, help: None });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    /// Adds names that there may be none of.
    fn add_some(
        &mut self,
        (level, kind): (Level, &'static str),
        names: &BTreeSet<String>,
        title: &str,
        help: &str,
    ) {
        if !names.is_empty() {
            self.add(level, kind, title, names.iter().cloned()).help = Some(help.to_owned());
        }
    }

    fn mistakes(&mut self, checked: &Checked) {
        // Orbs have a finding of their own.
        let errors: Vec<&Diagnostic> =
            checked.of(Severity::Error).filter(|told| !is_about_orbs(&told.code)).collect();
        if errors.is_empty() {
            return;
        }
        let lines =
            errors.iter().take(SHOWN).map(|told| format!("{}: {}", told.line, told.message));
        let title = "the configuration has errors";
        self.add(Level::Cannot, "errors", title, lines).help =
            Some(format!("`roundel config validate {}` shows them", checked.path));
    }

    fn orbs(&mut self, checked: &Checked) {
        for (reference, missing) in &checked.missing {
            let versions = missing.versions.iter().take(SHOWN).cloned().collect::<Vec<_>>();
            let have = if versions.is_empty() {
                String::new()
            } else {
                format!(" (there is {})", versions.join(", "))
            };
            let trouble = missing.trouble.iter().map(|trouble| format!(" ({trouble})"));
            let name = [reference.to_string(), have].into_iter().chain(trouble).collect::<String>();
            let title = "orbs are not at hand";
            if let Some(finding) = self.0.iter_mut().find(|finding| finding.kind == "orbs") {
                finding.names.push(name);
            } else {
                let finding = self.add(Level::Cannot, "orbs", title, [name]);
                finding.help = Some(how_to_get(reference));
            }
        }
        let stand_ins: Vec<String> = checked
            .compiled
            .diagnostics
            .iter()
            .filter(|told| told.code == "orb-stand-in")
            .map(|told| told.message.clone())
            .collect();
        if !stand_ins.is_empty() {
            let title = "another version of an orb stands in";
            self.add(Level::Note, "orb-stand-ins", title, stand_ins).help =
                Some("provide the version that is asked for, to be safe".to_owned());
        }
    }

    /// What the compiler knows and this release cannot run; the same at many places is one finding.
    fn unsupported(&mut self, told: &[Diagnostic]) {
        let mut groups: BTreeMap<(u8, &str), Vec<&Diagnostic>> = BTreeMap::new();
        for one in told {
            let order = u8::from(one.severity == Severity::Warning);
            groups.entry((order, one.message_within_orb())).or_default().push(one);
        }
        for ((order, message), group) in groups {
            let (level, kind) = match order {
                0 => (Level::Cannot, "unsupported"),
                _ => (Level::Note, "differs"),
            };
            let lines: BTreeSet<u32> = group.iter().map(|one| one.line).collect();
            let orbs: BTreeSet<&str> = group.iter().filter_map(|one| one.orb.as_deref()).collect();
            let mut names: Vec<String> =
                lines.iter().take(SHOWN).map(|line| format!("line {line}")).collect();
            if lines.len() > SHOWN {
                names.push(format!("and {} more", lines.len() - SHOWN));
            }
            names.extend(orbs.iter().map(|orb| format!("in the orb {orb}")));
            let help = group.first().and_then(|one| one.help.clone());
            self.add(level, kind, message, names).help = help;
        }
    }

    fn machines(&mut self, facts: &Facts) {
        self.add_some(
            (Level::Cannot, "windows"),
            &facts.windows,
            "Windows jobs have no runner here",
            "runners work on Linux; keep these jobs where they are",
        );
        self.add_some(
            (Level::Prepare, "runners"),
            &facts.pools,
            "self-hosted runners are named",
            "start a runner with each of these resource classes: `roundel runner --help`",
        );
        self.add_some(
            (Level::Prepare, "arm"),
            &facts.arm,
            "jobs want an ARM machine",
            "start a runner on an arm64 machine with these resource classes",
        );
        self.add_some(
            (Level::Prepare, "gpu"),
            &facts.gpu,
            "jobs want a graphics processor",
            "start a runner on a machine that has one, with these resource classes",
        );
        let linux: BTreeSet<String> =
            facts.machine_images.difference(&facts.windows).cloned().collect();
        self.add_some(
            (Level::Prepare, "machine-images"),
            &linux,
            "jobs run on machine images",
            "they get a clean environment over the runner's own system: install there what the jobs \
             expect, such as Docker, language tools and browsers",
        );
        if !facts.classes.is_empty() {
            let names = facts.classes.iter().map(|(class, jobs)| {
                let size = CLASSES.iter().find(|(name, _)| name == class);
                let size = size.map(|(_, size)| format!(", {size}")).unwrap_or_default();
                let jobs = match jobs.len() {
                    1 => "1 job".to_owned(),
                    count => format!("{count} jobs"),
                };
                format!("{class} ({jobs}{size})")
            });
            let title = "resource classes are asked for";
            self.add(Level::Note, "resource-classes", title, names).help =
                Some("see that runners are large enough".to_owned());
        }
    }

    fn secrets(&mut self, facts: &Facts) {
        let set_variables = "enter them again as variables of the project or of a context: values \
                             cannot be taken from where they are";
        self.add_some(
            (Level::Prepare, "contexts"),
            &facts.contexts,
            "contexts have to be made again",
            "make contexts of these names and enter their variables",
        );
        if facts.templated_context {
            let title = "some jobs name their context by a template";
            self.add(Level::Prepare, "contexts-by-template", title, []).help =
                Some("see which contexts the pipeline's parameters lead to".to_owned());
        }
        self.add_some(
            (Level::Prepare, "login-variables"),
            &facts.login_variables,
            "logins to registries use variables",
            set_variables,
        );
        self.add_some(
            (Level::Prepare, "named-variables"),
            &facts.named_variables,
            "orbs and commands read variables by their names",
            set_variables,
        );
        self.add_some(
            (Level::Prepare, "cache-variables"),
            &facts.cache_variables,
            "keys of caches use variables",
            "enter them again, or the keys will hold `<no value>`",
        );
        let known = [&facts.login_variables, &facts.named_variables, &facts.cache_variables];
        let others: BTreeSet<String> = facts
            .scripts
            .unset(&facts.assigned)
            .filter(|name| !known.iter().any(|names| names.contains(*name)))
            .map(str::to_owned)
            .collect();
        self.add_some(
            (Level::Prepare, "script-variables"),
            &others,
            "commands read variables that the configuration does not set",
            "see which of them are variables of the project or of a context, and enter those again \
             (a guess from the commands: images and programs set some themselves)",
        );
        self.add_some(
            (Level::Prepare, "ssh-keys"),
            &facts.fingerprints,
            "additional SSH keys are used",
            "add keys to the project; a new key has a new fingerprint, which belongs into the file",
        );
        if facts.all_keys {
            let title = "`add_ssh_keys` without a list adds all additional SSH keys of the project";
            self.add(Level::Prepare, "all-ssh-keys", title, []).help =
                Some("add the keys that jobs need to the project".to_owned());
        }
        if facts.scripts.identity {
            let title = "jobs exchange identity tokens for access elsewhere";
            self.add(Level::Prepare, "identity-tokens", title, []).help = Some(
                "let the other side trust this server: issuer and audience are others".to_owned(),
            );
        }
    }

    fn differences(&mut self, facts: &Facts) {
        let tool: BTreeSet<String> = facts
            .scripts
            .tool
            .iter()
            .filter(|used| !TOOL.contains(&used.as_str()))
            .cloned()
            .collect();
        let (public, inside): (BTreeSet<_>, BTreeSet<_>) =
            tool.into_iter().partition(|used| is_public(used));
        self.add_some(
            (Level::Cannot, "job-tool"),
            &inside,
            "commands use parts of the `circleci` command that this release does not have",
            "the steps will fail with a message that says so",
        );
        self.add_some(
            (Level::Note, "public-client"),
            &public,
            "commands use the public command-line client",
            "it talks to the hosted service unless it is told another host",
        );
        if facts.scripts.hosted {
            let title = "commands call the API of the hosted service";
            self.add(Level::Prepare, "hosted-api", title, []).help =
                Some("let them call this server instead".to_owned());
        }
        self.add_some(
            (Level::Note, "schedules"),
            &facts.schedules,
            "workflows are started by a clock",
            "they start here too: remove the project there, or both will run them",
        );
        if facts.setup {
            let title = "the configuration is dynamic: a job of it posts the one that goes on";
            self.add(Level::Note, "setup", title, []).help =
                Some("the jobs must reach this server over HTTPS".to_owned());
        }
    }

    fn stricter(&mut self, stricter: &Checked) {
        let errors: Vec<&Diagnostic> = stricter.of(Severity::Error).collect();
        if errors.is_empty() {
            return;
        }
        let lines =
            errors.iter().take(SHOWN).map(|told| format!("{}: {}", told.line, told.message));
        let title = "the stricter rules of the `next` profile refuse it";
        self.add(Level::Note, "next-profile", title, lines).help =
            Some("nothing has to be done as long as the project stays with `legacy`".to_owned());
    }
}

/// Subcommands of the public client, which images may bring, as opposed to those that jobs have.
fn is_public(used: &str) -> bool {
    let group = used.split(' ').nth(1).unwrap_or_default();
    matches!(group, "orb" | "config" | "local" | "context" | "pipeline" | "runner")
}

fn is_about_orbs(code: &str) -> bool {
    matches!(code, "orb-not-found" | "bad-orb-version" | "orb-unreachable")
}

fn how_to_get(reference: &OrbReference) -> String {
    format!(
        "`circleci orb source {reference}` prints a public orb's source; put it into a folder as \
         `DIR/{}/<version>.yml` and say `--orbs DIR`, or publish it to the server",
        reference.orb()
    )
}
