//! Built-in steps (CFG §3).

use super::shape::{Key, STEPS, Shape, TEXT, TEXTS, Table, key};

const WHEN: Key = key(
    "when",
    Shape::Choice(&["on_success", "always", "on_fail"]),
    "When the step runs: after success (the default), always, or only after a step has failed.",
);
const NAME: Key = key("name", TEXT, "The name of the step on the job's page.");
const CACHE_KEY: &str = "A template: `{{ .Branch }}`, `{{ .Revision }}`, `{{ arch }}`, `{{ epoch }}` and `{{ checksum \"file\" }}` are replaced on the runner.";

static RUN: Table = Table {
    what: "a command line",
    keys: &[
        key("command", TEXT, "The script. Several lines run as one script in one shell, which stops at the first failing command.")
            .required()
            .snippet("command: |\n  $0"),
        NAME,
        key("shell", Shape::Either(&[TEXT, TEXTS]), "The shell for this step, with its options."),
        key("environment", Shape::Environment, "Environment variables for this step only."),
        key("background", Shape::Boolean, "Runs this step in the background while the next steps run. It is terminated when the job ends."),
        key("working_directory", TEXT, "The directory where it runs, relative to the job's working directory."),
        key("no_output_timeout", Shape::Text(&["10m", "20m", "30m", "1h"]), "Terminates the step after this time without output: `20m`, `1.25h`, `30s`. The default is 10 minutes."),
        WHEN,
        key("max_auto_reruns", Shape::Integer, "How often the step is rerun if it fails: 1 to 5 times."),
        key("auto_rerun_delay", Shape::Text(&["10s", "1m"]), "The delay between reruns: `30s`, up to `10m`. Requires `max_auto_reruns`."),
    ],
};

static CHECKOUT: Table = Table {
    what: "checking out the source code",
    keys: &[
        key(
            "path",
            TEXT,
            "The directory to check out into; the default is the job's working directory.",
        ),
        key(
            "method",
            Shape::Choice(&["blobless", "full", "shallow"]),
            "How much of the Git history is fetched.",
        ),
        key("depth", Shape::Integer, "The number of commits, with `method: shallow`."),
        NAME,
    ],
};

static REMOTE_DOCKER: Table = Table {
    what: "a Docker engine",
    keys: &[
        key(
            "version",
            Shape::Text(&["default"]),
            "The version of the Docker engine, or `default`.",
        ),
        key(
            "docker_layer_caching",
            Shape::Boolean,
            "Caches the layers of built images for later jobs.",
        ),
        key("prefer_same_region", Shape::Boolean, "Reuses a Docker engine of an earlier job."),
        NAME,
    ],
};

static SAVE_CACHE: Table = Table {
    what: "a cache to save",
    keys: &[
        key("key", TEXT, "The cache key. A cache is never overwritten: if the key exists, the step does nothing.").required(),
        key("paths", TEXTS, "Files and directories to cache, without wildcards.").required(),
        NAME,
        WHEN,
    ],
};

static RESTORE_CACHE: Table = Table {
    what: "a cache to restore",
    keys: &[
        key("key", TEXT, CACHE_KEY),
        key(
            "keys",
            TEXTS,
            "Keys to try in order. Each matches as a prefix, and the newest matching cache is used.",
        ),
        NAME,
        WHEN,
    ],
};

static ARTIFACTS: Table = Table {
    what: "artifacts",
    keys: &[
        key("path", TEXT, "The file or directory, without wildcards.").required(),
        key("destination", TEXT, "Its path among the artifacts."),
        NAME,
        WHEN,
    ],
};

static TEST_RESULTS: Table = Table {
    what: "test results",
    keys: &[
        key("path", TEXT, "A directory with JUnit XML files, or one such file.").required(),
        NAME,
        WHEN,
    ],
};

static PERSIST: Table = Table {
    what: "files to persist to the workspace",
    keys: &[
        key("root", TEXT, "The directory that `paths` are relative to.").required(),
        key("paths", TEXTS, "Files and directories below `root`; `*` and `?` match within a name.")
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
            "The fingerprints of the keys, as `SHA256:…` or `aa:bb:…`. By default all keys of the project are added.",
        ),
        NAME,
    ],
};

static CONDITIONAL: Table = Table {
    what: "conditional steps",
    keys: &[
        key("condition", Shape::Logic, "Evaluated when the configuration is compiled: a parameter, or a logic statement such as `equal: [a, << parameters.x >>]`. Environment variables are not available.").required(),
        key("steps", STEPS, "The steps that depend on the condition.").required(),
    ],
};

/// The steps that need no definition.
pub(crate) static BUILT_IN: Table = Table {
    what: "a step",
    keys: &[
        key("run", Shape::Either(&[TEXT, Shape::Table(&RUN)]), "Runs a script in a shell. The short form is `run: make test`."),
        key("checkout", Shape::Table(&CHECKOUT), "Checks out the project's source code at the commit that is built.").snippet("checkout"),
        key("save_cache", Shape::Table(&SAVE_CACHE), "Saves files under a cache key for later jobs of this project. See `restore_cache`.")
            .snippet("save_cache:\n  key: ${1:deps-v1-{{ checksum \"${2:package-lock.json}\" \\}\\}}\n  paths:\n    - $0"),
        key("restore_cache", Shape::Table(&RESTORE_CACHE), "Restores files that `save_cache` saved. It does not fail if there is no matching cache.")
            .snippet("restore_cache:\n  keys:\n    - ${1:deps-v1-{{ checksum \"${2:package-lock.json}\" \\}\\}}\n    - ${3:deps-v1-}"),
        key("persist_to_workspace", Shape::Table(&PERSIST), "Persists files for later jobs in the same workflow.")
            .snippet("persist_to_workspace:\n  root: ${1:.}\n  paths:\n    - $0"),
        key("attach_workspace", Shape::Table(&ATTACH), "Attaches the files that earlier jobs of the workflow persisted.")
            .snippet("attach_workspace:\n  at: ${1:.}"),
        key("store_artifacts", Shape::Table(&ARTIFACTS), "Uploads files that can be downloaded from the job's page, also if the job fails.")
            .snippet("store_artifacts:\n  path: $0"),
        key("store_test_results", Shape::Table(&TEST_RESULTS), "Uploads test results, so that the job's page can show the failed tests.")
            .snippet("store_test_results:\n  path: $0"),
        key("setup_remote_docker", Shape::Table(&REMOTE_DOCKER), "Provides a Docker engine to build and run images in a job that runs in a container.").snippet("setup_remote_docker"),
        key("add_ssh_keys", Shape::Table(&SSH_KEYS), "Adds the project's SSH keys to the job.")
            .snippet("add_ssh_keys:\n  fingerprints:\n    - \"$0\""),
        key("when", Shape::Table(&CONDITIONAL), "Steps that are only included if the condition is true when the configuration is compiled.")
            .snippet("when:\n  condition: ${1:<< parameters.${2:name} >>}\n  steps:\n    - $0"),
        key("unless", Shape::Table(&CONDITIONAL), "Steps that are only included if the condition is false when the configuration is compiled.")
            .snippet("unless:\n  condition: ${1:<< parameters.${2:name} >>}\n  steps:\n    - $0"),
        key("steps", STEPS, "Inserts the steps of a parameter of type `steps`.")
            .snippet("steps: << parameters.${1:steps} >>"),
        key("install_signing_bundle", Shape::Any, "Installs the signing bundles listed in `macos.code_signing`.").snippet("install_signing_bundle"),
        key("deploy", Shape::Either(&[TEXT, Shape::Table(&RUN)]), "A deprecated form of `run`; with `parallelism`, it runs on only one copy.").old(),
    ],
};
