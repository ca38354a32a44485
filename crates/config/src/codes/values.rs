//! Codes about the top level and about values of any key (CFG §7.5.1).

area! {
    "Top level and values";

    /// The key `version` is missing.
    ///
    /// The version determines how the rest is interpreted, so there is no default. The
    /// configuration is still checked as version 2.1, so that this error does not hide others.
    ///
    /// Add `version: 2.1` as the first line.
    ///
    /// ```yaml wrong
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
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
    VERSION_MISSING = "version-missing", Some("E-010");

    /// The version is not 2, 2.0 or 2.1.
    ///
    /// There are two versions of the language: 2 (also written 2.0), without parameters, commands
    /// and orbs, and 2.1, with them. Version 1 was discontinued in 2018. The `next` profile only
    /// supports 2.1.
    ///
    /// Write `version: 2.1`.
    ///
    /// ```yaml wrong
    /// version: 3
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
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
    VERSION_UNSUPPORTED = "version-unsupported", Some("E-011");

    /// A feature that requires version 2.1.
    ///
    /// Version 2 has no executors, matrices, setup configurations or expressions. The configuration
    /// uses one of them.
    ///
    /// Change the version to 2.1, and check scripts for `<<`: in version 2.1, a literal one must be
    /// escaped as `\<<`.
    ///
    /// ```yaml wrong
    /// version: 2
    /// executors:
    ///   linux:
    ///     docker:
    ///       - image: cimg/base:2026.01
    /// jobs:
    ///   build:
    ///     executor: linux
    ///     steps:
    ///       - run: make
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// executors:
    ///   linux:
    ///     docker:
    ///       - image: cimg/base:2026.01
    /// jobs:
    ///   build:
    ///     executor: linux
    ///     steps:
    ///       - run: make
    /// ```
    NEEDS_2_1 = "needs-version-2-1", Some("E-012");

    /// A template tag that is used as it is written.
    ///
    /// Version 2 has no templates: `<< … >>` stays in the string, and the shell gets it as it is written. So does
    /// `{{ pipeline.number }}` in any version: tags are written `<< … >>`.
    ///
    /// Change the version to 2.1, and escape each `<<` that is meant literally as `\<<`.
    ///
    /// ```yaml wrong
    /// version: 2
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: echo << pipeline.number >>
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: echo << pipeline.number >>
    /// ```
    LITERAL_TAG = "literal-tag", None;

    /// A top-level key is probably misspelled.
    ///
    /// Unknown keys at the top level are allowed, because they are often used for anchors. So a
    /// misspelled `workflows` is ignored, and its jobs do not run; this warning points it out.
    ///
    /// Fix the name; if the key is intended, choose a name that is not similar to a section.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    /// worflows:
    ///   main:
    ///     jobs:
    ///       - build
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
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - build
    /// ```
    UNKNOWN_SECTION = "misspelled-section", Some("W-20");

    /// A section or a list has the wrong shape.
    ///
    /// `jobs`, `commands`, `executors`, `workflows` and other sections are mappings: each entry is
    /// a name with a colon, without a dash. The `jobs` of a workflow are a list, with dashes. The
    /// two are easily confused.
    ///
    /// Use names or dashes as the message says.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   - build:
    ///       docker:
    ///         - image: cimg/base:2026.01
    ///       steps:
    ///         - run: make
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
    SECTION_TYPE = "wrong-section-type", Some("E-013");

    /// A value has the wrong type.
    ///
    /// YAML determines the type of a value by itself: `3` is a number and `"3"` is a string, `true`
    /// is a boolean and `"true"` is a string. Here a value of another type is required.
    ///
    /// Add or remove the quotes, as the message says.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run:
    ///           command: make serve
    ///           background: "yes"
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
    ///           command: make serve
    ///           background: true
    /// ```
    WRONG_TYPE = "wrong-type", Some("E-014");

    /// An invalid duration.
    ///
    /// A duration is a number with a unit: `30s`, `10m`, `1.5h`. A number without a unit is read as
    /// seconds, with a warning, because the hosted service accepts it.
    ///
    /// Write the number and the unit without a space between them.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run:
    ///           command: make
    ///           no_output_timeout: 20 minutes
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
    ///           command: make
    ///           no_output_timeout: 20m
    /// ```
    BAD_DURATION = "bad-duration", Some("E-015");

    /// A value is not one of the allowed ones.
    ///
    /// Some keys only accept certain values: `when` of a step is `always`, `on_success` or
    /// `on_fail`; `method` of a checkout is `blobless`, `full` or `shallow`.
    ///
    /// Use one of the values that the message lists.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run:
    ///           command: make report
    ///           when: on_failure
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
    ///           command: make report
    ///           when: on_fail
    /// ```
    NOT_IN_ENUM = "not-in-enum", Some("E-016");

    /// An environment variable is not a scalar.
    ///
    /// An environment variable has a name and a string as its value; numbers and booleans are
    /// converted to strings. Lists and mappings cannot be converted. A name that shells cannot
    /// read, such as `MY-VAR`, gives a warning.
    ///
    /// Quote the value, or write the value as a JSON string; in names, use only letters, digits and
    /// `_`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     environment:
    ///       TARGETS: [linux, mac]
    ///     steps:
    ///       - run: make
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     environment:
    ///       TARGETS: linux mac
    ///     steps:
    ///       - run: make
    /// ```
    BAD_ENVIRONMENT = "bad-environment", Some("E-017");

    /// An unquoted number that YAML changes.
    ///
    /// `1.20` is the number 1.2 to every YAML parser, and `0755` is the octal number 493. If a
    /// version, a file mode or a zip code was intended, the value is different, and nothing fails
    /// until much later.
    ///
    /// Put it in quotes.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     environment:
    ///       GO_VERSION: 1.20
    ///     steps:
    ///       - run: make
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     environment:
    ///       GO_VERSION: "1.20"
    ///     steps:
    ///       - run: make
    /// ```
    LOST_DIGITS = "lost-digits", Some("W-10");

    /// A key or step is deprecated.
    ///
    /// It still works, but there is a newer way to write the same: `deploy` is now `run`, the key
    /// `version` of `workflows` has no meaning in 2.1, and `branches` of a job is now `filters` in
    /// the workflow.
    ///
    /// Write it the newer way, as the message says.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - deploy:
    ///           command: make ship
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
    ///           command: make ship
    /// ```
    DEPRECATED = "deprecated", Some("W-03");

    /// A name is empty.
    ///
    /// Jobs, commands, executors, job groups, orbs, parameters and workflows are referred to by their
    /// names, and the dashboard shows jobs and workflows under theirs.
    ///
    /// Write a name.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   "":
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ""
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
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - build
    /// ```
    EMPTY_NAME = "empty-name", None;

    /// A name contains characters that do not work everywhere.
    ///
    /// Letters, digits, `_` and `-` work everywhere a name is used: in `requires`, in commit
    /// statuses, in URLs. A slash separates an orb from what it defines, so a name cannot contain
    /// one; other characters give a warning.
    ///
    /// Rename it.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build (linux):
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - build (linux)
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build-linux:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - build-linux
    /// ```
    SUSPICIOUS_NAME = "suspicious-name", None;

    /// An unknown key.
    ///
    /// The hosted service rejects unknown keys, because a misspelled one would be ignored without
    /// notice. The key may be misspelled, or belong one level up or down: `parallelism` belongs to
    /// a job and not to a step.
    ///
    /// Fix the name, or move the key to where the message says.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run:
    ///           comand: make
    ///           command: make
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
    ///           command: make
    /// ```
    UNKNOWN_KEY = "unknown-key", Some("E-024");

    /// A required key is missing.
    ///
    /// A built-in step needs it: `save_cache` needs `key` and `paths`, `store_artifacts` needs
    /// `path`.
    ///
    /// Add the key; the message shows a complete step.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - save_cache:
    ///           key: deps-v1
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - save_cache:
    ///           key: deps-v1
    ///           paths:
    ///             - ~/.cache
    /// ```
    MISSING_KEY = "missing-key", Some("E-025");

    /// Something has no effect where it is.
    ///
    /// It is allowed but has no effect: steps around an approval job, an `exclude` entry that
    /// matches no combination of its matrix, workflows in an orb.
    ///
    /// Remove it, or move it to where it has an effect.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - hold:
    ///           type: approval
    ///           post-steps:
    ///             - run: echo approved
    ///       - build:
    ///           requires: [hold]
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
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - hold:
    ///           type: approval
    ///       - build:
    ///           requires: [hold]
    ///           pre-steps:
    ///             - run: echo approved
    /// ```
    IGNORED = "ignored", None;
}
