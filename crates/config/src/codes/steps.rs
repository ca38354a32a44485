//! Codes about steps (CFG §7.5.2).

area! {
    "Steps";

    /// A step has several keys.
    ///
    /// A step is a mapping with exactly one key, and its options are indented below that key. A
    /// common mistake is to put `name` and `command` in the same column as `run`: they are then
    /// further keys of the step, and `run` is empty.
    ///
    /// Indent them deeper than `run`. If they are meant as separate steps, start each with a dash.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run:
    ///         name: Test
    ///         command: make test
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run:
    ///           name: Test
    ///           command: make test
    /// ```
    STEP_SEVERAL_KEYS = "step-several-keys", Some("E-018");

    /// Steps are missing.
    ///
    /// A job, a command and a condition need steps, and steps are a list: each starts with a dash.
    ///
    /// Add `steps:` with at least one step, or remove the element.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    /// ```
    STEPS_MISSING = "steps-missing", Some("E-019");

    /// A step is neither a name nor a mapping with one key.
    ///
    /// `- checkout` is a step, and so is `- run: make`. A list inside the list is not: YAML cannot
    /// insert the items of one list into another, although an alias of a list looks as if it did.
    ///
    /// Repeat the steps, or define a command and use that.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// prepare: &prepare
    ///   - checkout
    ///   - run: make deps
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - *prepare
    ///       - run: make
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// commands:
    ///   prepare:
    ///     steps:
    ///       - checkout
    ///       - run: make deps
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - prepare
    ///       - run: make
    /// ```
    BAD_STEP = "bad-step", Some("E-020");

    /// A step uses a command that is not defined.
    ///
    /// Steps are built in (`run`, `checkout`, `save_cache` and so on), defined under `commands`, or
    /// come from an orb as `orb/command`. Built-in steps are written with `_`, not with `-`.
    ///
    /// Fix the name, define the command, or write `run:` before a script.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - check-out
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - checkout
    /// ```
    UNKNOWN_COMMAND = "unknown-command", Some("E-021");

    /// A `run` step is neither a string nor a mapping.
    ///
    /// `run` takes a script, or a mapping with the script under `command`. Here it is empty or a
    /// list: often the keys are in the same column as `run` instead of below it.
    ///
    /// Put the script after `run:`, or indent `command:` below it. For several commands, write a
    /// block string that starts with `|`, with one command per line.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run:
    ///           - make
    ///           - make test
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: |
    ///           make
    ///           make test
    /// ```
    BAD_RUN = "bad-run", Some("E-022");

    /// A `run` step has no `command`.
    ///
    /// The script of a `run` step with options goes under `command`. Without it there is nothing to
    /// run.
    ///
    /// Add `command:`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run:
    ///           name: Test
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run:
    ///           name: Test
    ///           command: make test
    /// ```
    RUN_WITHOUT_COMMAND = "run-without-command", Some("E-023");

    /// A built-in step is not available in the job's execution environment.
    ///
    /// Signing bundles can only be installed on macOS. `setup_remote_docker` only has an effect in the
    /// `docker` executor; on a machine it is a warning, and gives the job no Docker engine in this release.
    ///
    /// Change the job's environment, remove the step, or wrap it in `when`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - install_signing_bundle
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     macos:
    ///       xcode: 16.2.0
    ///     steps:
    ///       - install_signing_bundle
    /// ```
    NOT_ON_THIS_EXECUTOR = "not-on-this-executor", Some("E-026");

    /// Options contradict each other or are out of range.
    ///
    /// Some options require another one, and some exclude each other: a delay requires reruns, a
    /// shallow checkout requires a depth, a background step cannot be rerun, and a step can be
    /// rerun at most five times.
    ///
    /// Add the missing option, or correct the number.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run:
    ///           command: make integration
    ///           auto_rerun_delay: 30s
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run:
    ///           command: make integration
    ///           max_auto_reruns: 2
    ///           auto_rerun_delay: 30s
    /// ```
    CONFLICTING_ATTRIBUTES = "conflicting-attributes", Some("E-027");

    /// The `>>` that closes a tag was probably meant to append to a file.
    ///
    /// A tag ends at the first `>>` after its `<<`. In `echo << parameters.name >> out.txt` no
    /// redirection is left: the shell runs `echo value out.txt`, which prints both words, and the
    /// file is not changed. In `echo << parameters.count >>>> out.txt` the redirection is there, but
    /// the value is joined with it: `echo 1>> out.txt` redirects file descriptor 1 and prints nothing.
    ///
    /// Add the `>>` of the redirection, with a space before it.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: echo << pipeline.git.branch >> /tmp/branch
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: echo << pipeline.git.branch >> >> /tmp/branch
    /// ```
    REDIRECTION_IN_TAG = "redirection-in-tag", None;
}
