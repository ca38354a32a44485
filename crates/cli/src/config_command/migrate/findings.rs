//! What has to be done before a configuration runs here, and what will be different.

use std::collections::BTreeSet;

use roundel_config::{
    Consequence, Diagnostic, JobRefusal, NEVER_STARTED_HELP, RefusalReason, Severity,
    codes::{self, Code},
    listing::{self, Unsupported},
    orbs::OrbReference,
};

use super::{
    super::check::Checked,
    facts::{Facts, Off},
    kind::FindingKind,
};

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
    pub(super) kind: FindingKind,
    pub(super) level: Level,
    /// The finding, in a sentence.
    pub(super) title: String,
    /// The things that it concerns: names of contexts, lines of the file.
    pub(super) names: Vec<String>,
    /// The codes of the diagnostics that say so. Empty if it is read off the text.
    pub(super) codes: BTreeSet<String>,
    /// How to prepare for it, as one or more sentences.
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
    let mut found = Findings(Vec::new());
    found.mistakes(checked);
    found.orbs(checked);
    found.unsupported(checked);
    found.refused_jobs(checked, facts);
    found.machines(checked, facts);
    found.secrets(facts);
    found.differences(checked, facts);
    if let Some(stricter) = stricter {
        found.stricter(stricter);
    }
    found.0.sort_by_key(|finding| finding.level);
    found.0
}

struct Findings(Vec<Finding>);

/// What is found, and what to do about it.
struct Words<'a> {
    title: &'a str,
    help: &'a str,
}

impl Findings {
    fn add(
        &mut self,
        level: Level,
        kind: FindingKind,
        title: &str,
        names: impl IntoIterator<Item = String>,
    ) -> &mut Finding {
        let names = names.into_iter().collect();
        self.0.push(Finding {
            kind,
            level,
            title: title.to_owned(),
            names,
            codes: BTreeSet::new(),
            help: None,
        });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    /// Adds names that there may be none of.
    fn add_some(
        &mut self,
        level: Level,
        kind: FindingKind,
        names: &BTreeSet<String>,
        words: &Words<'_>,
    ) {
        if !names.is_empty() {
            self.add(level, kind, words.title, names.iter().cloned()).help =
                Some(words.help.to_owned());
        }
    }

    /// Says which diagnostic of `validate` a finding goes with, if there is the finding.
    fn code_of(&mut self, kind: FindingKind, code: Code) {
        for finding in self.0.iter_mut().filter(|finding| finding.kind == kind) {
            finding.codes.insert(code.slug.to_owned());
        }
    }

    fn mistakes(&mut self, checked: &Checked) {
        let errors = mistakes(checked);
        if errors.is_empty() {
            return;
        }
        let lines = errors.iter().take(SHOWN).map(|found| placed(found));
        let title = "the configuration has errors";
        let finding = self.add(Level::Cannot, FindingKind::Errors, title, lines);
        finding.help = Some(format!("`roundel config validate {}` shows them", checked.path));
        finding.codes = errors.iter().map(|error| error.code.clone()).collect();
    }

    fn orbs(&mut self, checked: &Checked) {
        for (reference, missing) in &checked.missing {
            let versions = missing.versions.iter().take(SHOWN).cloned().collect::<Vec<_>>();
            let have = if versions.is_empty() {
                String::new()
            } else {
                format!(" (there is {})", versions.join(", "))
            };
            let error = missing.error.iter().map(|error| format!(" ({error})"));
            let name = [reference.to_string(), have].into_iter().chain(error).collect::<String>();
            let title = "orbs are not available";
            if let Some(finding) =
                self.0.iter_mut().find(|finding| finding.kind == FindingKind::Orbs)
            {
                finding.names.push(name);
            } else {
                let finding = self.add(Level::Cannot, FindingKind::Orbs, title, [name]);
                finding.help = Some(how_to_get(reference));
                let about = checked.of(Severity::Error).filter(|error| is_about_orbs(&error.code));
                finding.codes = about.map(|error| error.code.clone()).collect();
            }
        }
        let stand_ins: Vec<String> = checked
            .compiled
            .diagnostics
            .iter()
            .filter(|found| found.code == codes::ORB_STAND_IN.slug)
            .map(|found| found.message.clone())
            .collect();
        if !stand_ins.is_empty() {
            let title = "another version of an orb is used";
            self.add(Level::Note, FindingKind::OrbStandIns, title, stand_ins).help =
                Some("provide the version that is asked for, to be safe".to_owned());
        }
    }

    /// What the compiler knows and this release cannot run, or gives no effect.
    fn unsupported(&mut self, checked: &Checked) {
        // Schedules and refused jobs have their own findings.
        for (consequence, level, kind) in [
            (Consequence::PipelineRefused, Level::Cannot, FindingKind::Unsupported),
            (Consequence::Ignored, Level::Note, FindingKind::Differs),
        ] {
            // Windows jobs have, too.
            // What only a schedule would start is listed with the schedule.
            let is_refused = |one: &Diagnostic| {
                consequence != Consequence::PipelineRefused || one.severity == Severity::Error
            };
            let is_other = |one: &Diagnostic| {
                one.consequence() == consequence
                    && is_refused(one)
                    && one.code != codes::UNSUPPORTED_WINDOWS.slug
            };
            let found = listing::unsupported(&checked.compiled, is_other);
            for Unsupported { message, code, help, places } in found {
                let finding = self.add(level, kind, &message, places);
                finding.help = help;
                finding.codes.insert(code);
            }
        }
    }

    /// Jobs that the server refuses though their pipeline starts. Without a plan to see them in, what is
    /// named in the file counts; with one, it is worth knowing: another push may run it one day.
    fn refused_jobs(&mut self, checked: &Checked, facts: &Facts) {
        let mut contexts = BTreeSet::new();
        let (mut services, mut programs) = (BTreeSet::new(), BTreeSet::new());
        for refused in checked.compiled.refused_jobs() {
            match refused.reason {
                RefusalReason::Contexts(names) => contexts.extend(names),
                RefusalReason::ServiceContainers(_) => drop(services.insert(refused.job)),
                RefusalReason::ContainerProgram => drop(programs.insert(refused.job)),
            }
        }
        let is_planned = checked.compiled.plan.is_some();
        if !is_planned {
            contexts.extend(facts.contexts.iter().cloned());
            services.extend(facts.services.iter().cloned());
            programs.extend(facts.programs.iter().cloned());
        }
        let others =
            |off: &BTreeSet<String>, all: &BTreeSet<String>, refused: &BTreeSet<String>| {
                let all = off.iter().chain(all).filter(|name| !refused.contains(*name));
                all.cloned().collect()
            };
        self.refused_later(&Off {
            contexts: others(&facts.off.contexts, &facts.contexts, &contexts),
            services: others(&facts.off.services, &facts.services, &services),
            programs: others(&facts.off.programs, &facts.programs, &programs),
        });
        let help = JobRefusal::Context.help();
        self.add_some(
            Level::Cannot,
            FindingKind::Contexts,
            &contexts,
            &Words { title: "jobs name contexts, which this release does not have: they end as unauthorized", help },
        );
        if facts.templated_context && !is_planned {
            let title = "jobs name a context by a template, and this release has no contexts";
            self.add(Level::Cannot, FindingKind::ContextsByTemplate, title, []).help =
                Some(help.to_owned());
        }
        self.add_some(
            Level::Cannot,
            FindingKind::ServiceContainers,
            &services,
            &Words {
                title: "jobs have service containers, which this release does not start: they fail",
                help: JobRefusal::ServiceContainer.help(),
            },
        );
        self.add_some(
            Level::Cannot,
            FindingKind::ContainerPrograms,
            &programs,
            &Words { title: "jobs set `entrypoint` or `command` of an image, which this release cannot: they fail", help: JobRefusal::ContainerProgram.help() },
        );
        for (kind, code) in [
            (FindingKind::Contexts, codes::UNSUPPORTED_CONTEXT),
            (FindingKind::ContextsByTemplate, codes::UNSUPPORTED_CONTEXT),
            (FindingKind::ServiceContainers, codes::UNSUPPORTED_SERVICE_CONTAINER),
            (FindingKind::ContainerPrograms, codes::UNSUPPORTED_CONTAINER_PROGRAM),
        ] {
            self.code_of(kind, code);
        }
    }

    /// What only jobs have that no push runs, or not the one that is given.
    fn refused_later(&mut self, off: &Off) {
        for (kind, names, title, why) in [
            (
                FindingKind::ContextsOff,
                &off.contexts,
                "contexts are named only by jobs that do not run now, and this release has none",
                JobRefusal::Context,
            ),
            (
                FindingKind::ServiceContainersOff,
                &off.services,
                "jobs that do not run now have service containers, which this release does not start",
                JobRefusal::ServiceContainer,
            ),
            (
                FindingKind::ContainerProgramsOff,
                &off.programs,
                "jobs that do not run now set `entrypoint` or `command` of an image, which this \
                 release cannot",
                JobRefusal::ContainerProgram,
            ),
        ] {
            self.add_some(Level::Note, kind, names, &Words { title, help: why.help() });
        }
    }

    fn machines(&mut self, checked: &Checked, facts: &Facts) {
        let compiled = &checked.compiled;
        let is_refused = compiled.plan.is_none()
            || compiled.errors().any(|found| found.code == codes::UNSUPPORTED_WINDOWS.slug);
        let (level, title) = if is_refused {
            (Level::Cannot, "Windows jobs are not supported")
        } else {
            (Level::Note, "Windows jobs are not supported, and do not run now")
        };
        let help = "runners work on Linux; keep these jobs where they are";
        self.add_some(level, FindingKind::Windows, &facts.windows, &Words { title, help });
        self.code_of(FindingKind::Windows, codes::UNSUPPORTED_WINDOWS);
        self.add_some(
            Level::Prepare,
            FindingKind::Runners,
            &facts.pools,
            &Words {
                title: "self-hosted runners are used",
                help: "start a runner with each of these resource classes: `roundel runner --help`",
            },
        );
        self.add_some(
            Level::Prepare,
            FindingKind::Arm,
            &facts.arm,
            &Words {
                title: "jobs need an ARM machine, and wait until there is one",
                help: "start a runner on an arm64 machine; other runners take these jobs only if they \
                       serve the resource class by name",
            },
        );
        self.add_some(
            Level::Prepare,
            FindingKind::Gpu,
            &facts.gpu,
            &Words {
                title: "jobs need a GPU",
                help: "start a runner on a machine with a GPU, with these resource classes",
            },
        );
        let linux: BTreeSet<String> =
            facts.machine_images.difference(&facts.windows).cloned().collect();
        self.add_some(
            Level::Prepare,
            FindingKind::MachineImages,
            &linux,
            &Words {
                title: "jobs run on machine images",
                help: "they get a clean environment based on the runner's system: install there what the jobs \
             expect, such as language tools and browsers; Docker does not work in jobs yet",
            },
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
            let title = "jobs request resource classes";
            self.add(Level::Note, FindingKind::ResourceClasses, title, names).help =
                Some("make sure that your runners are large enough".to_owned());
        }
    }

    fn secrets(&mut self, facts: &Facts) {
        let set_variables = "enter them in the project's settings: their values cannot be read from \
                             the service that has them now";
        self.add_some(
            Level::Prepare,
            FindingKind::LoginVariables,
            &facts.login_variables,
            &Words { title: "logins to registries use variables", help: set_variables },
        );
        self.add_some(
            Level::Prepare,
            FindingKind::CloudImages,
            &facts.cloud_images,
            &Words {
                title: "images come from a cloud registry without a login of their own",
                help: "add `auth` with a user name and a token, unless the images are public: this release does \
             not log in by itself",
            },
        );
        self.add_some(
            Level::Prepare,
            FindingKind::NamedVariables,
            &facts.named_variables,
            &Words {
                title: "orbs and commands read variables by their names",
                help: set_variables,
            },
        );
        let known = [&facts.login_variables, &facts.named_variables];
        let others: BTreeSet<String> = facts
            .scripts
            .unset(&facts.assigned)
            .filter(|name| !known.iter().any(|names| names.contains(*name)))
            .map(str::to_owned)
            .collect();
        self.add_some(
            Level::Prepare,
            FindingKind::ScriptVariables,
            &others,
            &Words {
                title: "commands read variables that the configuration does not set",
                help: "enter those that are variables of the project or of a context in the project's settings \
             (a guess from the commands: images and programs set some themselves)",
            },
        );
        if facts.scripts.identity {
            let title = "commands use identity tokens (OIDC), which this release does not issue";
            self.add(Level::Prepare, FindingKind::IdentityTokens, title, []).help = Some(
                "use an access key, as a variable of the project (a guess from the commands)"
                    .to_owned(),
            );
        }
    }

    fn differences(&mut self, checked: &Checked, facts: &Facts) {
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
            Level::Prepare,
            FindingKind::JobTool,
            &inside,
            &Words {
                title: "commands use parts of the `circleci` command that this release does not have",
                help: "change these commands: they fail, with a message that says so (a guess from \
                       their text)",
            },
        );
        self.add_some(
            Level::Note,
            FindingKind::PublicClient,
            &public,
            &Words {
                title: "commands use the public command-line client",
                help: "it talks to the hosted service, which knows nothing of pipelines here",
            },
        );
        if facts.scripts.hosted {
            let title = "commands call the API of the hosted service";
            self.add(Level::Prepare, FindingKind::HostedApi, title, []).help = Some(
                "this release has no such API: see what the calls are for. They still go to the \
                 hosted service, which knows nothing of pipelines here"
                    .to_owned(),
            );
        }
        // A condition may keep all of them off, as it would with schedules.
        let compiled = &checked.compiled;
        if compiled.plan.is_none() || compiled.never_started().next().is_some() {
            self.add_some(
                Level::Cannot,
                FindingKind::Schedules,
                &facts.schedules,
                &Words {
                    title: "workflows run on a schedule, and this release starts no schedules",
                    help: NEVER_STARTED_HELP,
                },
            );
        }
        self.code_of(FindingKind::Schedules, codes::UNSUPPORTED_SCHEDULE);
        // The compiler knows the version of the file.
        let advice = checked.compiled.never_started().find_map(|found| found.help.clone());
        let schedules = self.0.iter_mut().find(|finding| finding.kind == FindingKind::Schedules);
        if let (Some(finding), Some(advice)) = (schedules, advice) {
            finding.help = Some(advice);
        }
    }

    fn stricter(&mut self, stricter: &Checked) {
        let errors: Vec<&Diagnostic> = stricter.of(Severity::Error).collect();
        if errors.is_empty() {
            return;
        }
        let lines = errors.iter().take(SHOWN).map(|found| placed(found));
        let title = "the stricter rules of the `next` profile refuse it";
        let finding = self.add(Level::Note, FindingKind::NextProfile, title, lines);
        finding.help =
            Some("nothing has to be done as long as the project stays with `legacy`".to_owned());
        finding.codes = errors.iter().map(|error| error.code.clone()).collect();
    }
}

/// Subcommands of the public client, which images may bring, as opposed to those that jobs have.
fn is_public(used: &str) -> bool {
    let group = used.split(' ').nth(1).unwrap_or_default();
    matches!(group, "orb" | "config" | "local" | "context" | "pipeline" | "runner")
}

/// The errors of a configuration, without those about orbs that are missing: these have a finding of their own.
pub(super) fn mistakes(checked: &Checked) -> Vec<&Diagnostic> {
    let has_orbs = !checked.missing.is_empty();
    let is_other = |error: &&Diagnostic| !(has_orbs && is_about_orbs(&error.code));
    checked.of(Severity::Error).filter(is_other).collect()
}

fn is_about_orbs(code: &str) -> bool {
    let about_orbs = [codes::ORB_NOT_FOUND, codes::ORB_VERSION, codes::ORB_UNREACHABLE];
    about_orbs.iter().any(|one| one.slug == code)
}

fn how_to_get(reference: &OrbReference) -> String {
    format!(
        "`circleci orb source {reference}` prints a public orb's source; put it into a directory as \
         `DIR/{}/<version>.yml` and pass `--orbs DIR`, or publish it to the server",
        reference.orb()
    )
}

/// `.circleci/config.yml:4:9: what is wrong`
fn placed(found: &Diagnostic) -> String {
    format!("{}:{}:{}: {}", found.path, found.line, found.column, found.message)
}
