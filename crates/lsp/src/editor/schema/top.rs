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
        key("description", TEXT, "§4.8", "What the command does, for people."),
        key(
            "parameters",
            PARAMETERS,
            "§4.8",
            "What its steps can be given. They read it as `<< parameters.name >>`.",
        ),
        key(
            "steps",
            STEPS,
            "§4.8",
            "The steps that stand in its place wherever it is used. They may use other commands.",
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
    "§4.8",
    "Steps under a name, for use in several jobs, with parameters.",
)
.snippet("commands:\n  ${1:name}:\n    steps:\n      - $0");

const EXECUTORS: Key = key(
    "executors",
    Shape::Named(Kind::Executor, &EXECUTOR_SHAPE),
    "§2.2",
    "Execution environments under a name, which jobs choose with `executor:`.",
)
.snippet("executors:\n  ${1:default}:\n    docker:\n      - image: ${2:cimg/base:stable}");

const JOBS: Key = key(
    "jobs",
    Shape::Named(Kind::Job, &JOB_SHAPE),
    "§2.9",
    "Jobs under their names. A job runs when a workflow names it; without workflows, the job `build` runs.",
)
.snippet("jobs:\n  ${1:build}:\n    docker:\n      - image: ${2:cimg/base:stable}\n    steps:\n      - checkout\n      - run: $0");

const ORBS: Key = key(
    "orbs",
    Shape::Named(Kind::Orb, &Shape::Orb),
    "§4.13",
    "Packages of jobs, commands and executors that other people wrote, each under an alias: `node: circleci/node@7`. An orb may also be written out in place.",
)
.snippet("orbs:\n  ${1:node}: ${2:circleci/node@7}");

const DESCRIPTION: Key = key("description", TEXT, "§1.6", "What this file is for, for people.");
const DISPLAY: Key = key(
    "display",
    Shape::Table(&DISPLAY_TABLE),
    "§4.13.2",
    "Addresses that a registry shows beside an orb. No effect on what runs.",
);
static DISPLAY_TABLE: Table = Table {
    what: "addresses of an orb",
    keys: &[
        key("home_url", TEXT, "§4.13.2", "Where the orb is at home."),
        key("source_url", TEXT, "§4.13.2", "Where its source is."),
    ],
};
const EXAMPLES: Key = key(
    "examples",
    Shape::Any,
    "§4.13.2",
    "Examples of an orb's use, for its page in a registry. Never processed.",
);
const VERSION: Key = key(
    "version",
    Shape::Choice(&["2.1", "2"]),
    "§1.2",
    "The version of the language. 2.1 has orbs, commands, executors, parameters and template tags; 2 and 2.0 do not.",
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
            "§8",
            "Makes this a setup configuration: one of its jobs works out the configuration that the pipeline goes on with.",
        )
        .snippet("setup: true"),
        ORBS,
        key(
            "parameters",
            Shape::Named(Kind::Parameter, &Shape::Table(&PIPELINE_DECLARATION)),
            "§9.1",
            "Pipeline parameters: what whoever starts a pipeline can pass. Read as `<< pipeline.parameters.name >>`.",
        )
        .snippet("parameters:\n  ${1:name}:\n    type: ${2|string,boolean,integer,enum|}\n    default: $0"),
        COMMANDS,
        EXECUTORS,
        JOBS,
        key(
            "job-groups",
            Shape::Named(Kind::Group, &Shape::Table(&GROUP)),
            "§5.11",
            "Several jobs under one name, which workflows use like one job.",
        )
        .snippet("job-groups:\n  ${1:name}:\n    jobs:\n      - $0"),
        key(
            "workflows",
            Shape::Named(Kind::Workflow, &Shape::Table(&WORKFLOW)),
            "§5",
            "Which jobs run, in which order, for which branches and tags. All workflows of a file start at once.",
        )
        .snippet("workflows:\n  ${1:main}:\n    jobs:\n      - $0"),
        DESCRIPTION,
        DISPLAY.old(),
        EXAMPLES.old(),
        key("experimental", Shape::Any, "§1.6", "Settings of older days; no effect.").old(),
    ],
};

/// An orb, in a file of its own or written out in place.
pub(crate) static ORB: Table = Table {
    what: "an orb",
    keys: &[VERSION, DESCRIPTION, DISPLAY, ORBS, COMMANDS, EXECUTORS, JOBS, EXAMPLES],
};
