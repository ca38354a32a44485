//! Built-in steps (CFG §3).

use super::shape::{Key, STEPS, Shape, TEXT, TEXTS, Table, key};

const WHEN: Key = key(
    "when",
    Shape::Choice(&["on_success", "always", "on_fail"]),
    "§3.1",
    "When the step runs: while all is well, always, or only after a step has failed.",
);
const NAME: Key = key("name", TEXT, "§3.1", "The step's title on the job's page.");
const CACHE_KEY: &str = "A template: `{{ .Branch }}`, `{{ .Revision }}`, `{{ arch }}`, `{{ epoch }}` and `{{ checksum \"file\" }}` are filled in on the runner.";

static RUN: Table = Table {
    what: "a command line",
    keys: &[
        key("command", TEXT, "§3.2", "The script. Several lines are one script in one shell, which stops at the first failing command.")
            .required()
            .snippet("command: |\n  $0"),
        NAME,
        key("shell", Shape::Either(&[TEXT, TEXTS]), "§3.2", "The shell for this step, with its options."),
        key("environment", Shape::Environment, "§2.7", "Variables for this step only."),
        key("background", Shape::Boolean, "§3.2.3", "Goes on with the next step while this one runs. It is ended with the job."),
        key("working_directory", TEXT, "§3.2", "Where it runs, relative to the job's directory."),
        key("no_output_timeout", Shape::Text(&["10m", "20m", "30m", "1h"]), "§3.2", "Ends the step when it is silent for so long: `20m`, `1.25h`, `30s`. 10 minutes unless told otherwise."),
        WHEN,
        key("max_auto_reruns", Shape::Integer, "§3.2.1", "Runs the step again when it fails, up to so many times: 1 to 5."),
        key("auto_rerun_delay", Shape::Text(&["10s", "1m"]), "§3.2.1", "Waits between reruns: `30s`, up to `10m`. Needs `max_auto_reruns`."),
    ],
};

static CHECKOUT: Table = Table {
    what: "fetching the source",
    keys: &[
        key(
            "path",
            TEXT,
            "§3.3",
            "Where the source goes: the job's directory unless told otherwise.",
        ),
        key(
            "method",
            Shape::Choice(&["blobless", "full", "shallow"]),
            "§3.3",
            "How much of the history is fetched.",
        ),
        key("depth", Shape::Integer, "§3.3", "How many commits, with `method: shallow`."),
        NAME,
    ],
};

static REMOTE_DOCKER: Table = Table {
    what: "a Docker engine",
    keys: &[
        key("version", Shape::Text(&["default"]), "§3.4", "The engine's version, or `default`."),
        key(
            "docker_layer_caching",
            Shape::Boolean,
            "§3.4",
            "Keeps layers of images that are built for later jobs.",
        ),
        key("prefer_same_region", Shape::Boolean, "§3.4", "Asks for an engine near the job."),
        NAME,
    ],
};

static SAVE_CACHE: Table = Table {
    what: "a cache to save",
    keys: &[
        key("key", TEXT, "§3.5", "The cache's name. A cache is never overwritten: when the key exists, the step does nothing.").required(),
        key("paths", TEXTS, "§3.5", "Files and directories to keep; no wildcards.").required(),
        NAME,
        WHEN,
    ],
};

static RESTORE_CACHE: Table = Table {
    what: "a cache to restore",
    keys: &[
        key("key", TEXT, "§3.6", CACHE_KEY),
        key(
            "keys",
            TEXTS,
            "§3.6",
            "Keys to try in order. Each matches as a prefix, and the newest cache wins.",
        ),
        NAME,
        WHEN,
    ],
};

static ARTIFACTS: Table = Table {
    what: "files to keep",
    keys: &[
        key("path", TEXT, "§3.8", "The file or directory; no wildcards.").required(),
        key("destination", TEXT, "§3.8", "The name it gets among the artifacts."),
        NAME,
        WHEN,
    ],
};

static TEST_RESULTS: Table = Table {
    what: "test results",
    keys: &[
        key("path", TEXT, "§3.9", "A directory with JUnit XML files, or one such file.").required(),
        NAME,
        WHEN,
    ],
};

static PERSIST: Table = Table {
    what: "files for later jobs",
    keys: &[
        key("root", TEXT, "§3.10", "The directory that the paths are relative to.").required(),
        key(
            "paths",
            TEXTS,
            "§3.10",
            "Files and directories below `root`; `*` and `?` match within a name.",
        )
        .required(),
        NAME,
        WHEN,
    ],
};

static ATTACH: Table = Table {
    what: "files of earlier jobs",
    keys: &[
        key("at", TEXT, "§3.11", "The directory that they are laid into; it is made if missing.")
            .required(),
        NAME,
        WHEN,
    ],
};

static SSH_KEYS: Table = Table {
    what: "SSH keys",
    keys: &[
        key(
            "fingerprints",
            TEXTS,
            "§3.12",
            "Which keys, as `SHA256:…` or `aa:bb:…`. All of the project's without it.",
        ),
        NAME,
    ],
};

static CONDITIONAL: Table = Table {
    what: "steps under a condition",
    keys: &[
        key("condition", Shape::Logic, "§3.15", "Decided when the configuration is compiled: a parameter, or a logic statement such as `equal: [a, << parameters.x >>]`. Environment variables do not exist yet.").required(),
        key("steps", STEPS, "§3.15", "The steps that it decides about.").required(),
    ],
};

/// The steps that need no definition.
pub(crate) static BUILT_IN: Table = Table {
    what: "a step",
    keys: &[
        key("run", Shape::Either(&[TEXT, Shape::Table(&RUN)]), "§3.2", "Runs a script in a shell. The short form is `run: make test`."),
        key("checkout", Shape::Table(&CHECKOUT), "§3.3", "Fetches the project's source at the commit that is built.").snippet("checkout"),
        key("save_cache", Shape::Table(&SAVE_CACHE), "§3.5", "Keeps files for later runs of this project under a key. See `restore_cache`.")
            .snippet("save_cache:\n  key: ${1:deps-v1-{{ checksum \"${2:package-lock.json}\" \\}\\}}\n  paths:\n    - $0"),
        key("restore_cache", Shape::Table(&RESTORE_CACHE), "§3.6", "Brings files back that `save_cache` kept. Finding none is no failure.")
            .snippet("restore_cache:\n  keys:\n    - ${1:deps-v1-{{ checksum \"${2:package-lock.json}\" \\}\\}}\n    - ${3:deps-v1-}"),
        key("persist_to_workspace", Shape::Table(&PERSIST), "§3.10", "Hands files to jobs that run later in the same workflow.")
            .snippet("persist_to_workspace:\n  root: ${1:.}\n  paths:\n    - $0"),
        key("attach_workspace", Shape::Table(&ATTACH), "§3.11", "Takes the files that earlier jobs of the workflow handed over.")
            .snippet("attach_workspace:\n  at: ${1:.}"),
        key("store_artifacts", Shape::Table(&ARTIFACTS), "§3.8", "Keeps files on the job's page, also when the job fails.")
            .snippet("store_artifacts:\n  path: $0"),
        key("store_test_results", Shape::Table(&TEST_RESULTS), "§3.9", "Reads test results, so that the job's page can name the tests that failed.")
            .snippet("store_test_results:\n  path: $0"),
        key("setup_remote_docker", Shape::Table(&REMOTE_DOCKER), "§3.4", "Makes a Docker engine available, to build and run images in a job that itself runs in a container.").snippet("setup_remote_docker"),
        key("add_ssh_keys", Shape::Table(&SSH_KEYS), "§3.12", "Gives the job the project's SSH keys.")
            .snippet("add_ssh_keys:\n  fingerprints:\n    - \"$0\""),
        key("when", Shape::Table(&CONDITIONAL), "§3.15", "Steps that are there only if the condition holds when the configuration is compiled.")
            .snippet("when:\n  condition: ${1:<< parameters.${2:name} >>}\n  steps:\n    - $0"),
        key("unless", Shape::Table(&CONDITIONAL), "§3.15", "Steps that are there only if the condition does not hold when the configuration is compiled.")
            .snippet("unless:\n  condition: ${1:<< parameters.${2:name} >>}\n  steps:\n    - $0"),
        key("steps", STEPS, "§3.16", "Puts the steps of a parameter of type `steps` in this place.")
            .snippet("steps: << parameters.${1:steps} >>"),
        key("install_signing_bundle", Shape::Any, "§3.13", "Installs the signing bundles that `macos.code_signing` names.").snippet("install_signing_bundle"),
        key("deploy", Shape::Either(&[TEXT, Shape::Table(&RUN)]), "§3.14", "An older form of `run`, which with `parallelism` runs on one copy only.").old(),
    ],
};
