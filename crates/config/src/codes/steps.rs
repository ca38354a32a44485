//! Codes about steps (CFG §7.5.2).

area! {
    "Steps";

    /// A step has several keys.
    ///
    /// A step is one key: what it does. Its attributes are indented below that key. In the classic
    /// mistake `name` and `command` stand in the column of `run`, so that they are further keys of
    /// the step, and `run` is empty.
    ///
    /// Indent them deeper than `run`. If they are meant as steps of their own, begin each with a
    /// dash.
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

    /// There are no steps where there must be some.
    ///
    /// A job, a command and a condition exist for their steps, and steps are a list: each begins
    /// with a dash.
    ///
    /// Add `steps:` with at least one step, or remove what has none.
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
    /// `- checkout` is a step, and so is `- run: make`. A list in the list is none: YAML cannot
    /// splice the items of one list into another, though an anchor of a list looks as if it did.
    ///
    /// Repeat the steps, or make them a command and name that.
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

    /// A step names a command that does not exist.
    ///
    /// Steps are built in (`run`, `checkout`, `save_cache` and their like), or are declared under
    /// `commands`, or come from an orb as `orb/command`. Built-in steps of several words are
    /// written with `_`, not with `-`.
    ///
    /// Mend the name, declare the command, or write `run:` before a script.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - add_ssh_key
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - add_ssh_keys
    /// ```
    UNKNOWN_COMMAND = "unknown-command", Some("E-021");

    /// A `run` step is neither text nor a mapping.
    ///
    /// `run` takes a script, or a mapping with the script under `command`. Here it is empty, a list
    /// or a number of lists: often the script stands in the column of `run` instead of below it.
    ///
    /// Put the script after `run:`, or indent `command:` below it. Several commands are lines of
    /// one text that begins with `|`.
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
    /// The script of a `run` with attributes stands under `command`. Without it there is nothing to
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

    /// A built-in step that its execution environment cannot do.
    ///
    /// Signing bundles are installed on macOS only. A second Docker daemon (`setup_remote_docker`)
    /// has no use on a machine, which has one of its own; that is a warning.
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

    /// Attributes contradict each other or are out of range.
    ///
    /// Some keys need a partner, and some exclude each other: a delay needs reruns, a shallow
    /// checkout needs its depth, a step in the background cannot be rerun, and a step is rerun five
    /// times at most.
    ///
    /// Add the partner, or correct the number.
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
    /// A tag ends at the first `>>` after its `<<`. In `echo << parameters.name >> out.txt` there is
    /// no redirection left: the shell gets `echo value out.txt`, writes both words to the log, and
    /// the file stays as it was.
    ///
    /// Write the `>>` of the redirection too.
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
