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
            "§5.4",
            "Names to run for. An entry in slashes is a regular expression for the whole name: `/release\\/.*/`.",
        ),
        key("ignore", NAMES, "§5.4", "Names not to run for. It is not asked when `only` is there."),
    ],
};

static FILTERS: Table = Table {
    what: "filters",
    keys: &[
        key("branches", Shape::Table(&REFS), "§5.4", "For which branches the job runs; all, unless told otherwise.")
            .snippet("branches:\n  only: ${1:main}"),
        key("tags", Shape::Table(&REFS), "§5.4", "For which tags the job runs; none, unless told otherwise. A job that a tag is to run needs it on everything that it requires, too.")
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
            "§5.6",
            "Lists of values for the job's parameters. The job runs once for each combination.",
        )
        .required()
        .snippet("parameters:\n  ${1:name}: [$0]"),
        key("exclude", EXCLUDED, "§5.6", "Combinations to leave out."),
        key("alias", TEXT, "§5.6", "A name for all of them together, for `requires`."),
    ],
};

static FILTERING: [Shape; 2] = [Shape::Table(&FILTERS), Shape::Expression];

const FILTERS_KEY: Key = key(
    "filters",
    Shape::Either(&FILTERING),
    "§5.4",
    "For which branches and tags the job runs: a mapping, or an expression such as `pipeline.git.branch == \"main\"`.",
);
const REQUIRES_KEY: Key = key(
    "requires",
    Shape::Requires,
    "§5.3",
    "Jobs of this workflow that must have ended before: with success, or with the statuses that are named as in `- build: failed`.",
);
const NAME_KEY: Key = key(
    "name",
    TEXT,
    "§5.2",
    "The job's name in this workflow: what `requires` and commit statuses call it.",
);
const SERIAL_KEY: Key = key(
    "serial-group",
    TEXT,
    "§5.10",
    "Jobs with the same text run one at a time, in the whole organisation, in the order of their pipelines.",
);

/// What stands under a job in a workflow, besides its arguments.
pub(crate) static INVOCATION: Table = Table {
    what: "a job in a workflow",
    keys: &[
        REQUIRES_KEY,
        NAME_KEY,
        key(
            "context",
            Shape::Context,
            "§5.12",
            "Sets of variables, kept by the organisation, that the job gets.",
        ),
        FILTERS_KEY,
        key(
            "matrix",
            Shape::Table(&MATRIX),
            "§5.6",
            "Runs the job once for each combination of values.",
        )
        .snippet("matrix:\n  parameters:\n    ${1:name}: [$0]"),
        key("pre-steps", STEPS, "§4.10", "Steps before the job's own."),
        key("post-steps", STEPS, "§4.10", "Steps after the job's own."),
        SERIAL_KEY,
        key(
            "override-with",
            TEXT,
            "§4.13.6",
            "A job of an orb, `alias/job`, that takes this one's place if the orb has it.",
        ),
        key(
            "type",
            Shape::Choice(&["approval"]),
            "§5.7",
            "`approval` makes it a question for a person; such a job needs no definition.",
        ),
    ],
};

/// What stands under an approval.
pub(crate) static APPROVAL: Table =
    Table { what: "an approval", keys: &[INVOCATION.keys[9], REQUIRES_KEY, NAME_KEY, FILTERS_KEY] };

pub(super) static GROUP: Table = Table {
    what: "a group of jobs",
    keys: &[
        key("description", TEXT, "§5.11", "What the group does, for people."),
        key(
            "jobs",
            Shape::List(&Shape::Invocation),
            "§5.11",
            "Its jobs, as in a workflow. They can require each other, nobody outside.",
        )
        .required(),
    ],
};

static SCHEDULE: Table = Table {
    what: "a schedule",
    keys: &[
        key("cron", TEXT, "§5.8", "When: minute, hour, day of month, month, day of week, in UTC.")
            .required()
            .snippet("cron: \"${1:0 2 * * *}\""),
        key(
            "filters",
            Shape::Table(&FILTERS),
            "§5.8",
            "On which branches. Each branch goes by its own copy of the file.",
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
        "§5.8",
        "Starts the workflow by the clock, and no longer for pushes.",
    )
    .required()
    .snippet(
        "schedule:\n  cron: \"${1:0 2 * * *}\"\n  filters:\n    branches:\n      only: ${2:main}",
    )],
};

pub(super) static WORKFLOW: Table = Table {
    what: "a workflow",
    keys: &[
        key("jobs", Shape::List(&Shape::Invocation), "§5.2", "The jobs that it runs. Those without `requires` start at once.").required(),
        key("when", Shape::Either(&[Shape::Expression, Shape::Logic]), "§5.5", "Runs the workflow only if this holds: a logic statement, an expression, or one template tag."),
        key("unless", Shape::Either(&[Shape::Expression, Shape::Logic]), "§5.5", "Runs the workflow only if this does not hold."),
        key("triggers", Shape::List(&Shape::Table(&TRIGGER)), "§5.8", "Starts the workflow by the clock instead of by pushes.")
            .snippet("triggers:\n  - schedule:\n      cron: \"${1:0 2 * * *}\"\n      filters:\n        branches:\n          only: ${2:main}"),
        key("max_auto_reruns", Shape::Integer, "§5.9", "Runs what failed again, up to so many times: 1 to 5."),
    ],
};

/// Operators of logic statements (CFG §6.1).
pub(crate) static LOGIC: Table = Table {
    what: "a logic statement",
    keys: &[
        key("and", Shape::List(&Shape::Logic), "§6.1", "Holds if all of them hold."),
        key("or", Shape::List(&Shape::Logic), "§6.1", "Holds if one of them holds."),
        key("not", Shape::Logic, "§6.1", "Holds if this does not."),
        key("equal", Shape::List(&TEXT), "§6.1", "Holds if all values are equal, types included.")
            .snippet("equal: [ $1, ${2:<< pipeline.git.branch >>} ]"),
        key(
            "matches",
            Shape::Table(&MATCHES),
            "§6.1",
            "Holds if a text matches a pattern as a whole.",
        )
        .snippet("matches:\n  pattern: ${1:^v[0-9]+\\$}\n  value: ${2:<< pipeline.git.tag >>}"),
    ],
};

static MATCHES: Table = Table {
    what: "a text and its pattern",
    keys: &[
        key("pattern", TEXT, "§6.1", "The regular expression; slashes around it are not needed.")
            .required(),
        key("value", TEXT, "§6.1", "The text that is compared.").required(),
    ],
};
