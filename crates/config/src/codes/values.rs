//! Codes about the top level and about values of any key (CFG §7.5.1).

area! {
    "The top level, and values everywhere";

    /// The key `version` is missing.
    ///
    /// The version says by which rules the rest is read, so there is no default. Everything is
    /// checked as if it were 2.1 all the same, so that other mistakes are not hidden by this one.
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

    /// The version is none of 2, 2.0 and 2.1.
    ///
    /// There are two languages: 2 (also written 2.0), without parameters, commands and orbs, and
    /// 2.1, with them. Version 1 ended in 2018. The `next` profile knows 2.1 only.
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

    /// Something that only version 2.1 knows.
    ///
    /// In version 2 a job has its environment written out, and there are no executors, no matrices,
    /// no setup and no expressions. Here something relies on one of them, so the file cannot mean
    /// what it says.
    ///
    /// Change the version to 2.1. Look for `<<` in scripts then: in version 2.1 a literal one is
    /// written `\<<`.
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

    /// A top-level key is one edit away from one that means something.
    ///
    /// Keys at the top level that mean nothing are allowed, for people keep anchors under them. So
    /// a misspelt `workflows` is simply not there, and its jobs do not run: without this warning
    /// nobody would know why.
    ///
    /// Mend the name; if the key is meant as it is, choose one that resembles no section.
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
    UNKNOWN_SECTION = "misspelt-section", Some("W-20");

    /// A section or a list has the wrong shape.
    ///
    /// `jobs`, `commands`, `executors`, `workflows` and their like are mappings: each entry is a
    /// name with a colon, without a dash. What a workflow's `jobs` lists are entries with dashes.
    /// The two are easily taken for each other.
    ///
    /// Write names where names belong, and dashes where a list belongs; the message says which.
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
    /// YAML decides by itself what is a number, a truth value or a text: `3` is a number and `"3"`
    /// is a text, `true` is a truth value and `"true"` is a text. Here one was written where
    /// another is needed.
    ///
    /// Add the quotes or remove them, as the message says.
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

    /// A text is no duration.
    ///
    /// A duration is a number with a unit: `30s`, `10m`, `1.5h`. A number alone is taken as
    /// seconds, with a warning, for the hosted service lets it pass.
    ///
    /// Write the number and the unit without a blank between them.
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

    /// A value is none of those that are possible here.
    ///
    /// Some keys take one of a few words: `when` of a step is `always`, `on_success` or `on_fail`;
    /// `method` of a checkout is `blobless`, `full` or `shallow`. The message names the nearest.
    ///
    /// Write one of them.
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

    /// An environment entry is not a scalar.
    ///
    /// A variable of the environment is a name and a text; numbers and truth values become texts. A
    /// list or a mapping has no text of its own. As a warning: a name that shells cannot read, such
    /// as `MY-VAR`.
    ///
    /// Quote the value, or write the structure as JSON text; in names use letters, digits and `_`.
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
    /// `1.20` is the number 1.2 to every reader of YAML, and `0755` is the octal number 493.
    /// Whoever means a version, a mode or a zip code gets something else, and nothing fails until
    /// much later.
    ///
    /// Put it into quotes.
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

    /// A spelling from older days.
    ///
    /// It works as it did, and there is a newer way to write it that does the same: `deploy` is
    /// `run`, the key `version` of `workflows` has no meaning in 2.1, and `branches` of a job
    /// became `filters` in the workflow.
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

    /// A name with characters that do not work everywhere.
    ///
    /// Letters, digits, `_` and `-` work wherever a name is used: in `requires`, in a commit's
    /// status, in the address of a page. A slash stands between an orb and its element, so a name
    /// of one's own cannot have it; other characters are a warning.
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

    /// A key that means nothing where it stands.
    ///
    /// The hosted service refuses keys that it does not know, because a misspelt one would be
    /// ignored without a word. The key may be misspelt, or belong one level up or down:
    /// `parallelism` belongs to a job and not to a step.
    ///
    /// Mend the name, or move the key to where the message says.
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
    /// A built-in step cannot do its work without it: saving a cache needs its `key` and its
    /// `paths`, storing artifacts needs a `path`.
    ///
    /// Add the key; the message shows a whole step.
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

    /// Something has no effect where it stands.
    ///
    /// It is allowed, and does nothing: steps around an approval, an exclusion that no element of
    /// its matrix fits, workflows in an orb. Whoever wrote it expects something to happen.
    ///
    /// Remove it, or move it to where it counts.
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
