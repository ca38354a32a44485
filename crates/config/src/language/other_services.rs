//! Words of other CI services, and what this language has for them: `needs`, `runs-on`, `script`.
//!
//! People who move here write them for a while. None is near enough to the right one to be found as
//! misspelled, so this is a table.

use crate::text::help::Help;

/// What has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The whole configuration.
    TopLevel,
    Workflow,
    /// The entry of a job in a workflow.
    Entry,
    Job,
    Command,
    Executor,
    Container,
    Step,
    Run,
}

impl Owner {
    /// Returns the owner that [`Known::what`] names.
    ///
    /// [`Known::what`]: super::keys::Known::what
    pub(crate) fn named(what: &str) -> Option<Self> {
        Some(match what {
            "workflow" => Self::Workflow,
            "job" => Self::Job,
            "command" => Self::Command,
            "executor" => Self::Executor,
            "container" => Self::Container,
            "`run`" => Self::Run,
            _ => return None,
        })
    }
}

/// What a word of another service is here.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    /// Another key with the same value.
    Key(&'static str),
    /// Something that is written in another way.
    Advice(&'static str),
}

/// Says what this language has for a key of another service.
pub(crate) fn advice(owner: Owner, key: &str) -> Option<Help> {
    let found = TABLE.iter().find(|(of, keys, _)| *of == owner && keys.contains(&key));
    found.map(|(_, _, meaning)| match meaning {
        Meaning::Key(key) => Help::did_you_mean(key),
        Meaning::Advice(advice) => (*advice).into(),
    })
}

use Meaning::{Advice, Key};
use Owner::{Command, Container, Entry, Executor, Job, Run, Step, TopLevel, Workflow};

/// What others call parameters.
const PARAMETERS: &[&str] = &["params", "param", "args", "arguments", "inputs"];

/// The words by what has them: of GitHub Actions, GitLab CI, Azure Pipelines and Travis CI.
const TABLE: &[(Owner, &[&str], Meaning)] = &[
    (
        TopLevel,
        &["on"],
        Advice(
            "remove it: every push starts the workflows; `filters` of the jobs in a workflow \
             choose branches and tags",
        ),
    ),
    (TopLevel, &["env", "variables"], Advice("move it to each job, as `environment`")),
    (
        TopLevel,
        &["stages"],
        Advice("remove it: `requires` of the jobs in a workflow decides the order"),
    ),
    (
        Workflow,
        &["on"],
        Advice("remove it: every push starts the workflow; `filters` of its jobs choose branches"),
    ),
    (Workflow, &["if"], Key("when")),
    (
        Workflow,
        &["env", "variables", "environment"],
        Advice("move it to each job, as `environment`"),
    ),
    (
        Workflow,
        &["needs", "requires"],
        Advice("move it to the entries of the workflow's `jobs`, as `requires`"),
    ),
    (
        Workflow,
        &["runs-on", "image", "executor"],
        Advice("name the environment in each job: `docker`, `machine` or `executor`"),
    ),
    (
        Workflow,
        &["stages"],
        Advice("remove it: `requires` of the entries of `jobs` decides the order"),
    ),
    (Entry, &["needs", "dependencies", "depends_on", "depends-on", "dependsOn"], Key("requires")),
    (
        Entry,
        &["if", "when", "unless", "only", "rules"],
        Advice("choose branches with `filters`, or move it to the workflow as `when`"),
    ),
    (Entry, &["branches", "tags"], Advice("move it below `filters`")),
    (Entry, &["ignore", "except"], Advice("write `filters: { branches: { ignore: … } }`")),
    (Entry, &["env", "variables", "environment"], Advice("move it to the job, as `environment`")),
    (
        Entry,
        &["runs-on", "container", "image", "docker", "machine", "executor"],
        Advice("name the environment in the job: `docker`, `machine` or `executor`"),
    ),
    (Entry, &["with"], Advice("write its arguments next to it: the entry's keys are arguments")),
    (Entry, &["strategy"], Advice("write `matrix: { parameters: … }`, with a list for each")),
    (
        Entry,
        &["script", "steps"],
        Advice("move it to the job under the top-level `jobs`, as `steps`"),
    ),
    (
        Job,
        &["runs-on"],
        Advice("name the environment with `docker: [{ image: … }]`, `machine: true` or `executor`"),
    ),
    (Job, &["container"], Advice("write `- image: …` below `docker:`")),
    (
        Job,
        &["services"],
        Advice("write `- image: …` for each below `docker:`, after the image of the steps"),
    ),
    (
        Job,
        &["needs", "dependencies", "depends_on", "depends-on", "dependsOn"],
        Advice("move it to the job's entry in a workflow, as `requires`"),
    ),
    (Job, PARAMETERS, Key("parameters")),
    (Command, PARAMETERS, Key("parameters")),
    (Executor, PARAMETERS, Key("parameters")),
    (Job, &["env", "variables"], Key("environment")),
    (
        Job,
        &["script", "before_script", "install", "before_install"],
        Advice("write each command as a step: `- run: …` below `steps:`"),
    ),
    (
        Job,
        &["after_script", "after_failure", "after_success"],
        Advice(
            "write each command as a step below `steps:`: `- run: { command: …, when: always }`",
        ),
    ),
    (
        Job,
        &["if", "when", "unless", "only", "except", "rules"],
        Advice(
            "move it to the job's entry in a workflow as `filters`, or to the workflow as `when`",
        ),
    ),
    (
        Job,
        &["stage"],
        Advice("remove it: `requires` of the job's entry in a workflow decides the order"),
    ),
    (
        Job,
        &["strategy"],
        Advice("move it to the job's entry in a workflow, as `matrix: { parameters: … }`"),
    ),
    (Job, &["uses"], Advice("write the job of an orb in a workflow: `- orb/job`")),
    (Job, &["with"], Advice("move its arguments to the job's entry in a workflow")),
    (
        Job,
        &["timeout", "timeout-minutes", "timeoutInMinutes"],
        Advice("move it to each `run` step, as `no_output_timeout: 10m`"),
    ),
    (Executor, &["env", "variables"], Key("environment")),
    (Executor, &["container", "image"], Advice("write `- image: …` below `docker:`")),
    (
        Executor,
        &["runs-on"],
        Advice("name the environment with `docker: [{ image: … }]` or `machine: true`"),
    ),
    (Container, &["env", "variables"], Key("environment")),
    (Container, &["credentials"], Key("auth")),
    (Container, &["alias"], Key("name")),
    (Step, &["script", "sh", "bash", "pwsh", "powershell"], Key("run")),
    (
        Step,
        &["uses"],
        Advice(
            "write `- checkout` for `actions/checkout`, and a command of an orb for others: \
             `- orb/command`",
        ),
    ),
    (
        Step,
        &["env", "environment"],
        Advice("move it to the job, or into a `run` step, as `environment`"),
    ),
    (Step, &["if"], Advice("write `- when: { condition: …, steps: […] }`")),
    (Step, &["name"], Advice("write `- run: { name: …, command: … }`")),
    (Run, &["env", "variables"], Key("environment")),
    (Run, &["if"], Advice("put the step below `- when: { condition: …, steps: […] }`")),
    (
        Run,
        &["timeout", "timeout-minutes", "timeoutInMinutes"],
        Advice("write `no_output_timeout`, with a unit as in `10m`"),
    ),
    (Run, &["cwd", "workdir", "dir", "workingDirectory"], Key("working_directory")),
    (
        Run,
        &["continue-on-error", "continueOnError", "ignore_errors"],
        Advice("let the command end with `|| true`"),
    ),
];
