//! The top level, definitions and parameters (CFG §2.1, §4.1, §4.8, §4.13).

use super::{
    execution::{EXECUTOR, JOB},
    parameters::{PARAMETERS, PIPELINE_DECLARATION},
    shape::{Key, Kind, STEPS, Shape, TEXT, Table, key},
    workflows::{GROUP, WORKFLOW},
};

static COMMAND: Table = Table {
    what: "a command",
    keys: &[
        key("description", TEXT, "A description of the command."),
        key(
            "parameters",
            PARAMETERS,
            "The parameters, which its steps use as `<< parameters.name >>`.",
        ),
        key(
            "steps",
            STEPS,
            "The steps that replace the command where it is used. They can use other commands.",
        )
        .required(),
    ],
};

static COMMAND_SHAPE: Shape = Shape::Table(&COMMAND);
static EXECUTOR_SHAPES: [Shape; 2] = [Shape::Table(&EXECUTOR), Shape::Executor];
static EXECUTOR_SHAPE: Shape = Shape::Either(&EXECUTOR_SHAPES);
static JOB_SHAPE: Shape = Shape::Table(&JOB);

const COMMANDS: Key = key(
    "commands",
    Shape::Named(Kind::Command, &COMMAND_SHAPE),
    "Reusable sequences of steps, with parameters.",
)
.snippet("commands:\n  ${1:name}:\n    steps:\n      - $0");

const EXECUTORS: Key = key(
    "executors",
    Shape::Named(Kind::Executor, &EXECUTOR_SHAPE),
    "Reusable execution environments, which jobs select with `executor:`.",
)
.snippet("executors:\n  ${1:default}:\n    docker:\n      - image: ${2:cimg/base:stable}");

const JOBS: Key = key(
    "jobs",
    Shape::Named(Kind::Job, &JOB_SHAPE),
    "The jobs. A job runs if a workflow lists it; without workflows, the job `build` runs.",
)
.snippet("jobs:\n  ${1:build}:\n    docker:\n      - image: ${2:cimg/base:stable}\n    steps:\n      - checkout\n      - run: $0");

const ORBS: Key = key(
    "orbs",
    Shape::Named(Kind::Orb, &Shape::Orb),
    "Reusable packages of jobs, commands and executors, each with an alias: `node: circleci/node@7`. An orb can also be defined inline.",
)
.snippet("orbs:\n  ${1:node}: ${2:circleci/node@7}");

const DESCRIPTION: Key = key("description", TEXT, "A description of this file.");
const DISPLAY: Key = key(
    "display",
    Shape::Table(&DISPLAY_TABLE),
    "URLs that a registry shows next to an orb. They have no effect on pipelines.",
);
static DISPLAY_TABLE: Table = Table {
    what: "URLs of an orb",
    keys: &[
        key("home_url", TEXT, "The orb's home page."),
        key("source_url", TEXT, "The URL of its source code."),
    ],
};
const EXAMPLES: Key = key(
    "examples",
    Shape::Any,
    "Usage examples of an orb, for its page in a registry. They are not compiled.",
);
const VERSION: Key = key(
    "version",
    Shape::Choice(&["2.1", "2"]),
    "The version of the configuration language. 2.1 has orbs, commands, executors, parameters and template tags; 2 and 2.0 do not.",
)
.required()
.snippet("version: 2.1");

/// The whole file.
pub(crate) static CONFIG: Table = Table {
    what: "a configuration",
    keys: &[
        VERSION,
        key(
            "setup",
            Shape::Boolean,
            "Makes this a setup configuration: one of its jobs generates the configuration that the pipeline continues with.",
        )
        .snippet("setup: true"),
        ORBS,
        key(
            "parameters",
            Shape::Named(Kind::Parameter, &Shape::Table(&PIPELINE_DECLARATION)),
            "Pipeline parameters, which a trigger can pass. They are used as `<< pipeline.parameters.name >>`.",
        )
        .snippet("parameters:\n  ${1:name}:\n    type: ${2|string,boolean,integer,enum|}\n    default: $0"),
        COMMANDS,
        EXECUTORS,
        JOBS,
        key(
            "job-groups",
            Shape::Named(Kind::Group, &Shape::Table(&GROUP)),
            "Groups of jobs, which workflows use like a single job.",
        )
        .snippet("job-groups:\n  ${1:name}:\n    jobs:\n      - $0"),
        key(
            "workflows",
            Shape::Named(Kind::Workflow, &Shape::Table(&WORKFLOW)),
            "Which jobs run, in which order, for which branches and tags. All workflows of a file start at the same time.",
        )
        .snippet("workflows:\n  ${1:main}:\n    jobs:\n      - $0"),
        DESCRIPTION,
        DISPLAY.old(),
        EXAMPLES.old(),
        key("experimental", Shape::Any, "Settings of older versions, without effect.").old(),
    ],
};

/// An orb, in its own file or written out in place.
pub(crate) static ORB: Table = Table {
    what: "an orb",
    keys: &[VERSION, DESCRIPTION, DISPLAY, ORBS, COMMANDS, EXECUTORS, JOBS, EXAMPLES],
};
