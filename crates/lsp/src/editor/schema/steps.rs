//! Built-in steps (CFG §3).

use super::shape::{Key, STEPS, Shape, TEXT, TEXTS, Table, key};

const WHEN: Key = key(
    "when",
    Shape::Choice(&["on_success", "always", "on_fail"]),
    "§3.1",
    "When the step runs: after success (the default), always, or only after a step has failed.",
);
const NAME: Key = key("name", TEXT, "§3.1", "The name of the step on the job's page.");
const CACHE_KEY: &str = "A template: `{{ .Branch }}`, `{{ .Revision }}`, `{{ arch }}`, `{{ epoch }}` and `{{ checksum \"file\" }}` are replaced on the runner.";

static RUN: Table = Table {
    what: "a command line",
    keys: &[
        key("command", TEXT, "§3.2", "The script. Several lines run as one script in one shell, which stops at the first failing command.")
            .required()
            .snippet("command: |\n  $0"),
        NAME,
        key("shell", Shape::Either(&[TEXT, TEXTS]), "§3.2", "The shell for this step, with its options."),
        key("environment", Shape::Environment, "§2.7", "Environment variables for this step only."),
        key("background", Shape::Boolean, "§3.2.3", "Runs this step in the background while the next steps run. It is terminated when the job ends."),
        key("working_directory", TEXT, "§3.2", "The directory where it runs, relative to the job's working directory."),
        key("no_output_timeout", Shape::Text(&["10m", "20m", "30m", "1h"]), "§3.2", "Terminates the step after this time without output: `20m`, `1.25h`, `30s`. The default is 10 minutes."),
        WHEN,
        key("max_auto_reruns", Shape::Integer, "§3.2.1", "How often the step is rerun if it fails: 1 to 5 times."),
        key("auto_rerun_delay", Shape::Text(&["10s", "1m"]), "§3.2.1", "The delay between reruns: `30s`, up to `10m`. Requires `max_auto_reruns`."),
    ],
};

static CHECKOUT: Table = Table {
    what: "checking out the source code",
    keys: &[
        key(
            "path",
            TEXT,
            "§3.3",
            "The directory to check out into; the default is the job's working directory.",
        ),
        key(
            "method",
            Shape::Choice(&["blobless", "full", "shallow"]),
            "§3.3",
            "How much of the Git history is fetched.",
        ),
        key("depth", Shape::Integer, "§3.3", "The number of commits, with `method: shallow`."),
        NAME,
    ],
};

static REMOTE_DOCKER: Table = Table {
    what: "a Docker engine",
    keys: &[
        key(
            "version",
            Shape::Text(&["default"]),
            "§3.4",
            "The version of the Docker engine, or `default`.",
        ),
        key(
            "docker_layer_caching",
            Shape::Boolean,
            "§3.4",
            "Caches the layers of built images for later jobs.",
        ),
        key(
            "prefer_same_region",
            Shape::Boolean,
            "§3.4",
            "Reuses a Docker engine of an earlier job.",
        ),
        NAME,
    ],
};

static SAVE_CACHE: Table = Table {
    what: "a cache to save",
    keys: &[
        key("key", TEXT, "§3.5", "The cache key. A cache is never overwritten: if the key exists, the step does nothing.").required(),
        key("paths", TEXTS, "§3.5", "Files and directories to cache, without wildcards.").required(),
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
            "Keys to try in order. Each matches as a prefix, and the newest matching cache is used.",
        ),
        NAME,
        WHEN,
    ],
};

static ARTIFACTS: Table = Table {
    what: "artifacts",
    keys: &[
        key("path", TEXT, "§3.8", "The file or directory, without wildcards.").required(),
        key("destination", TEXT, "§3.8", "Its path among the artifacts."),
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
    what: "files to persist to the workspace",
    keys: &[
        key("root", TEXT, "§3.10", "The directory that `paths` are relative to.").required(),
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
    what: "the workspace",
    keys: &[
        key(
            "at",
            TEXT,
            "§3.11",
            "The directory where the workspace is attached; it is created if it does not exist.",
        )
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
            "The fingerprints of the keys, as `SHA256:…` or `aa:bb:…`. By default all keys of the project are added.",
        ),
        NAME,
    ],
};

static CONDITIONAL: Table = Table {
    what: "conditional steps",
    keys: &[
        key("condition", Shape::Logic, "§3.15", "Evaluated when the configuration is compiled: a parameter, or a logic statement such as `equal: [a, << parameters.x >>]`. Environment variables are not available.").required(),
        key("steps", STEPS, "§3.15", "The steps that depend on the condition.").required(),
    ],
};

/// The steps that need no definition.
pub(crate) static BUILT_IN: Table = Table {
    what: "a step",
    keys: &[
        key("run", Shape::Either(&[TEXT, Shape::Table(&RUN)]), "§3.2", "Runs a script in a shell. The short form is `run: make test`."),
        key("checkout", Shape::Table(&CHECKOUT), "§3.3", "Checks out the project's source code at the commit that is built.").snippet("checkout"),
        key("save_cache", Shape::Table(&SAVE_CACHE), "§3.5", "Saves files under a cache key for later jobs of this project. See `restore_cache`.")
            .snippet("save_cache:\n  key: ${1:deps-v1-{{ checksum \"${2:package-lock.json}\" \\}\\}}\n  paths:\n    - $0"),
        key("restore_cache", Shape::Table(&RESTORE_CACHE), "§3.6", "Restores files that `save_cache` saved. It does not fail if there is no matching cache.")
            .snippet("restore_cache:\n  keys:\n    - ${1:deps-v1-{{ checksum \"${2:package-lock.json}\" \\}\\}}\n    - ${3:deps-v1-}"),
        key("persist_to_workspace", Shape::Table(&PERSIST), "§3.10", "Persists files for later jobs in the same workflow.")
            .snippet("persist_to_workspace:\n  root: ${1:.}\n  paths:\n    - $0"),
        key("attach_workspace", Shape::Table(&ATTACH), "§3.11", "Attaches the files that earlier jobs of the workflow persisted.")
            .snippet("attach_workspace:\n  at: ${1:.}"),
        key("store_artifacts", Shape::Table(&ARTIFACTS), "§3.8", "Uploads files that can be downloaded from the job's page, also if the job fails.")
            .snippet("store_artifacts:\n  path: $0"),
        key("store_test_results", Shape::Table(&TEST_RESULTS), "§3.9", "Uploads test results, so that the job's page can show the failed tests.")
            .snippet("store_test_results:\n  path: $0"),
        key("setup_remote_docker", Shape::Table(&REMOTE_DOCKER), "§3.4", "Provides a Docker engine to build and run images in a job that runs in a container.").snippet("setup_remote_docker"),
        key("add_ssh_keys", Shape::Table(&SSH_KEYS), "§3.12", "Adds the project's SSH keys to the job.")
            .snippet("add_ssh_keys:\n  fingerprints:\n    - \"$0\""),
        key("when", Shape::Table(&CONDITIONAL), "§3.15", "Steps that are only included if the condition is true when the configuration is compiled.")
            .snippet("when:\n  condition: ${1:<< parameters.${2:name} >>}\n  steps:\n    - $0"),
        key("unless", Shape::Table(&CONDITIONAL), "§3.15", "Steps that are only included if the condition is false when the configuration is compiled.")
            .snippet("unless:\n  condition: ${1:<< parameters.${2:name} >>}\n  steps:\n    - $0"),
        key("steps", STEPS, "§3.16", "Inserts the steps of a parameter of type `steps`.")
            .snippet("steps: << parameters.${1:steps} >>"),
        key("install_signing_bundle", Shape::Any, "§3.13", "Installs the signing bundles listed in `macos.code_signing`.").snippet("install_signing_bundle"),
        key("deploy", Shape::Either(&[TEXT, Shape::Table(&RUN)]), "§3.14", "A deprecated form of `run`; with `parallelism`, it runs on only one copy.").old(),
    ],
};
