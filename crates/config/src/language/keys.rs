//! The keys that mappings of the language have, and advice for those that belong somewhere else.

use crate::{
    codes::{self, Code},
    language::definition::Element,
    text::place::Place,
};

/// The keys that something knows.
#[derive(Clone, Copy)]
pub(crate) struct Known<'k> {
    /// The owner of the keys, for messages: "`run`".
    pub(crate) what: &'k str,
    pub(crate) keys: &'k [&'k str],
    /// The mistake that another key is.
    pub(crate) code: Code,
    /// Advice for keys that belong somewhere else.
    pub(crate) advice: fn(&str) -> Option<&'static str>,
    /// The hosted service lets other keys pass and keeps them; only a key that is nearly a known
    /// one is a mistake.
    pub(crate) tolerant: bool,
}

impl Known<'_> {
    /// No key of these belongs anywhere else.
    pub(crate) const fn no_advice(_: &str) -> Option<&'static str> {
        None
    }
}

/// Keys of a job.
pub(crate) const JOB: Known<'static> = Known {
    what: "job",
    keys: &[
        "type",
        "description",
        "parameters",
        "executor",
        "docker",
        "machine",
        "macos",
        "resource_class",
        "parallelism",
        "shell",
        "working_directory",
        "environment",
        "steps",
        "circleci_ip_ranges",
        "retention",
        "branches",
        "plan_name",
        "validation",
        "key",
        "windows",
    ],
    code: codes::UNKNOWN_JOB_KEY,
    advice: job_key_advice,
    tolerant: false,
};

fn job_key_advice(key: &str) -> Option<&'static str> {
    match key {
        "requires" | "context" | "filters" | "matrix" | "name" | "pre-steps" | "post-steps"
        | "serial-group" | "override-with" => {
            Some("move it to the job's entry in a workflow: `workflows: main: jobs: - job: …`")
        }
        "max_auto_reruns" => Some("move it to a `run` step or to a workflow"),
        "command" | "run" => Some("write it as a step: `- run: …` below `steps:`"),
        "image" => Some("write `- image: …` below `docker:`"),
        _ => None,
    }
}

/// Keys of a command.
pub(crate) const COMMAND: Known<'static> = Known {
    what: "command",
    keys: &["description", "parameters", "steps"],
    code: codes::UNKNOWN_KEY,
    advice: command_key_advice,
    tolerant: false,
};

fn command_key_advice(key: &str) -> Option<&'static str> {
    match key {
        "docker" | "machine" | "executor" | "environment" | "working_directory" => {
            Some("commands only have steps; move it to the job, or to each `run` step")
        }
        _ => None,
    }
}

/// What the definition of an executor may have; any other key is unknown there.
pub(crate) const EXECUTOR_KEYS: &[&str] = &[
    "description",
    "parameters",
    "docker",
    "machine",
    "macos",
    "windows",
    "resource_class",
    "shell",
    "working_directory",
    "environment",
];

/// The values of the attribute `when` of a step.
pub(crate) const WHEN_WORDS: &[&str] = &["always", "on_success", "on_fail"];

/// Keys of `run`.
pub(crate) const RUN: Known<'static> = Known {
    what: "`run`",
    keys: &[
        "command",
        "name",
        "description",
        "shell",
        "environment",
        "background",
        "working_directory",
        "no_output_timeout",
        "when",
        "max_auto_reruns",
        "auto_rerun_delay",
    ],
    code: codes::UNKNOWN_KEY,
    advice: run_key_advice,
    tolerant: true,
};

fn run_key_advice(key: &str) -> Option<&'static str> {
    match key {
        "commands" | "cmd" | "script" => Some("use `command` for the script"),
        "parallelism" | "docker" | "machine" | "resource_class" | "steps" => {
            Some("move it to the job, next to `steps`")
        }
        _ => None,
    }
}

/// Returns the key of `run` that was meant as `command`, if there is no `command`.
pub(crate) fn script_key<'n>(
    keys: impl IntoIterator<Item = (&'n str, Place)>,
) -> Option<(&'n str, Place)> {
    let mut script = None;
    for (name, place) in keys {
        match name {
            "command" => return None,
            "cmd" | "script" => script = script.or(Some((name, place))),
            _ => {}
        }
    }
    script
}

/// What the source of an orb, or an inline orb, may have at its top.
pub(crate) const ORB_KEYS: &[&str] = &[
    "version",
    "description",
    "display",
    "orbs",
    "commands",
    "executors",
    "jobs",
    "examples",
    "parameters",
    "setup",
    "workflows",
];

/// Names of the built-in steps that save, restore or store files.
pub(crate) const BUILTIN_STEPS: &[&str] = &[
    "checkout",
    "setup_remote_docker",
    "save_cache",
    "restore_cache",
    "store_artifacts",
    "store_test_results",
    "persist_to_workspace",
    "attach_workspace",
    "add_ssh_keys",
    "install_signing_bundle",
];

/// Built-in steps next to those in [`builtin`].
pub(crate) const STEP_WORDS: &[&str] = &["run", "deploy", "when", "unless", "steps"];

/// Keys of an entry that are not arguments.
pub(crate) const RESERVED: &[&str] = &[
    "requires",
    "name",
    "context",
    "type",
    "filters",
    "matrix",
    "pre-steps",
    "post-steps",
    "serial-group",
    "override-with",
];

/// Keys that choose or order what runs: without one of them, the wrong work would run.
pub(crate) const DECIDES_WHAT_RUNS: &[&str] =
    &["requires", "filters", "type", "branches", "triggers", "matrix"];

/// Returns the keys of an element next to its name.
pub(crate) const fn keys_of(element: Element) -> &'static [&'static str] {
    match element {
        Element::Job => JOB.keys,
        Element::Command => COMMAND.keys,
        Element::Executor => EXECUTOR.keys,
        Element::Group => GROUP.keys,
        Element::Pipeline => &[],
    }
}

/// Keys of a group.
pub(crate) const GROUP: Known<'static> = Known {
    what: "job group",
    keys: &["jobs", "description"],
    code: codes::GROUP_KEY,
    advice: group_key_advice,
    tolerant: false,
};

fn group_key_advice(key: &str) -> Option<&'static str> {
    (key == "parameters").then_some("job groups have no parameters; pass arguments to their jobs")
}

pub(crate) const EXECUTOR: Known<'static> = Known {
    what: "executor",
    keys: EXECUTOR_KEYS,
    code: codes::UNKNOWN_KEY,
    advice: Known::no_advice,
    tolerant: false,
};
