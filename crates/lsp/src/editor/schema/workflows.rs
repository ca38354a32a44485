//! Workflows, their jobs, and job groups (CFG §5).

use super::shape::{Key, STEPS, Shape, TEXT, TEXTS, Table, key};

/// Statuses that a requirement can ask for (CFG §5.3).
pub(crate) const STATUSES: &[&str] =
    &["success", "failed", "canceled", "unauthorized", "not_run", "terminal"];

const NAMES: Shape = Shape::Either(&[TEXTS, TEXT]);

static REFS: Table = Table {
    what: "branches or tags",
    keys: &[
        key(
            "only",
            NAMES,
            "Names to run for. An entry between slashes is a regular expression for the whole name: `/release\\/.*/`.",
        ),
        key("ignore", NAMES, "Names not to run for. It has no effect if `only` is present."),
    ],
};

static FILTERS: Table = Table {
    what: "filters",
    keys: &[
        key("branches", Shape::Table(&REFS), "The branches that the job runs for; by default all.")
            .snippet("branches:\n  only: ${1:main}"),
        key("tags", Shape::Table(&REFS), "The tags that the job runs for; by default none. All jobs that it requires need the same filter.")
            .snippet("tags:\n  only: /${1:v.*}/"),
    ],
};

static EXCLUDED: Shape = Shape::List(&Shape::Matrix);

static MATRIX: Table = Table {
    what: "a matrix",
    keys: &[
        key(
            "parameters",
            Shape::Matrix,
            "Lists of values for the job's parameters. The job runs once for each combination.",
        )
        .required()
        .snippet("parameters:\n  ${1:name}: [$0]"),
        key("exclude", EXCLUDED, "Combinations to leave out."),
        key("alias", TEXT, "A name for all jobs of the matrix, for `requires`."),
    ],
};

static FILTERING: [Shape; 2] = [Shape::Table(&FILTERS), Shape::Expression];

const FILTERS_KEY: Key = key(
    "filters",
    Shape::Either(&FILTERING),
    "The branches and tags that the job runs for: a mapping, or an expression such as `pipeline.git.branch == \"main\"`.",
);
const REQUIRES_KEY: Key = key(
    "requires",
    Shape::Requires,
    "Jobs of this workflow that must end first: with success, or with other statuses as in `- build: failed`.",
);
const NAME_KEY: Key =
    key("name", TEXT, "The job's name in this workflow, for `requires` and commit statuses.");
const SERIAL_KEY: Key = key(
    "serial-group",
    TEXT,
    "Jobs with the same serial group run one at a time across the organization, in the order of their pipelines.",
);

/// What is under a job in a workflow, besides its arguments.
pub(crate) static INVOCATION: Table = Table {
    what: "a job in a workflow",
    keys: &[
        REQUIRES_KEY,
        NAME_KEY,
        key(
            "context",
            Shape::Context,
            "Contexts: sets of environment variables of the organization that the job can use.",
        ),
        FILTERS_KEY,
        key("matrix", Shape::Table(&MATRIX), "Runs the job once for each combination of values.")
            .snippet("matrix:\n  parameters:\n    ${1:name}: [$0]"),
        key("pre-steps", STEPS, "Steps that run before the job's own."),
        key("post-steps", STEPS, "Steps that run after the job's own."),
        SERIAL_KEY,
        key(
            "override-with",
            TEXT,
            "A job of an orb, `alias/job`, that replaces this one if the orb defines it.",
        ),
        key(
            "type",
            Shape::Choice(&["approval"]),
            "`approval` makes it a manual approval, which needs no job definition.",
        ),
    ],
};

/// What is under an approval.
pub(crate) static APPROVAL: Table =
    Table { what: "an approval", keys: &[INVOCATION.keys[9], REQUIRES_KEY, NAME_KEY, FILTERS_KEY] };

pub(super) static GROUP: Table = Table {
    what: "a job group",
    keys: &[
        key("description", TEXT, "A description of the group."),
        key(
            "jobs",
            Shape::List(&Shape::Invocation),
            "The jobs, as in a workflow. They can only require each other.",
        )
        .required(),
    ],
};

static SCHEDULE: Table = Table {
    what: "a schedule",
    keys: &[
        key("cron", TEXT, "The times: minute, hour, day of month, month and day of week, in UTC.")
            .required()
            .snippet("cron: \"${1:0 2 * * *}\""),
        key(
            "filters",
            Shape::Table(&FILTERS),
            "The branches to run on. Each branch uses its own version of this file.",
        )
        .required()
        .snippet("filters:\n  branches:\n    only: ${1:main}"),
    ],
};

static TRIGGER: Table = Table {
    what: "a trigger",
    keys: &[key(
        "schedule",
        Shape::Table(&SCHEDULE),
        "Starts the workflow on a schedule, and no longer for pushes.",
    )
    .required()
    .snippet(
        "schedule:\n  cron: \"${1:0 2 * * *}\"\n  filters:\n    branches:\n      only: ${2:main}",
    )],
};

pub(super) static WORKFLOW: Table = Table {
    what: "a workflow",
    keys: &[
        key("jobs", Shape::List(&Shape::Invocation), "The jobs of the workflow. Jobs without `requires` start immediately.").required(),
        key("when", Shape::Either(&[Shape::Expression, Shape::Logic]), "Runs the workflow only if this is true: a logic statement, an expression, or a single template tag."),
        key("unless", Shape::Either(&[Shape::Expression, Shape::Logic]), "Runs the workflow only if this is false."),
        key("triggers", Shape::List(&Shape::Table(&TRIGGER)), "Starts the workflow on a schedule instead of for pushes.")
            .snippet("triggers:\n  - schedule:\n      cron: \"${1:0 2 * * *}\"\n      filters:\n        branches:\n          only: ${2:main}"),
        key("max_auto_reruns", Shape::Integer, "How often failed jobs are rerun automatically: 1 to 5 times."),
    ],
};

/// Operators of logic statements (CFG §6.1).
pub(crate) static LOGIC: Table = Table {
    what: "a logic statement",
    keys: &[
        key("and", Shape::List(&Shape::Logic), "True if all operands are true."),
        key("or", Shape::List(&Shape::Logic), "True if at least one operand is true."),
        key("not", Shape::Logic, "True if the operand is false."),
        key("equal", Shape::List(&TEXT), "True if all values are equal, including their types.")
            .snippet("equal: [ $1, ${2:<< pipeline.git.branch >>} ]"),
        key("matches", Shape::Table(&MATCHES), "True if a whole string matches a pattern.")
            .snippet("matches:\n  pattern: ${1:^v[0-9]+\\$}\n  value: ${2:<< pipeline.git.tag >>}"),
    ],
};

static MATCHES: Table = Table {
    what: "a string and a pattern",
    keys: &[
        key("pattern", TEXT, "The regular expression, without slashes around it.").required(),
        key("value", TEXT, "The string to match.").required(),
    ],
};
