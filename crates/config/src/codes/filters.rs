//! Codes about filters (CFG §7.5.5).

area! {
    "Filters";

    /// Filters have the wrong shape.
    ///
    /// `filters` has `branches` and `tags`, and each of those has `only` or `ignore` with names or
    /// patterns.
    ///
    /// Write `filters: { branches: { only: main } }`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ship:
    ///           filters:
    ///             branch:
    ///               only: main
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ship:
    ///           filters:
    ///             branches:
    ///               only: main
    /// ```
    BAD_FILTERS = "bad-filters", Some("E-066");

    /// A regular expression is invalid or not supported.
    ///
    /// A pattern is the text between two slashes and must match the whole name. The `next` profile
    /// does not support look-around and back-references.
    ///
    /// Escape characters that are meant literally: `\.`, `\+`. Instead of a negative look-ahead,
    /// use `ignore`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ship:
    ///           filters:
    ///             branches:
    ///               only: /release-(.*/
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ship:
    ///           filters:
    ///             branches:
    ///               only: /release-.*/
    /// ```
    BAD_REGEX = "bad-regex", Some("E-067");

    /// A filter expression cannot be evaluated.
    ///
    /// `filters` can be an expression instead of names, like a workflow's `when`. It is written
    /// without `<< >>`.
    ///
    /// Write only the expression: `pipeline.git.branch == "main"`.
    ///
    /// ```yaml inputs
    /// branch: main
    /// ```
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ship:
    ///           filters: << pipeline.git.branch >> == "main"
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ship:
    ///           filters: pipeline.git.branch == "main"
    /// ```
    BAD_FILTER_EXPRESSION = "bad-filter-expression", Some("E-068");

    /// A job with a tag filter also runs on every branch.
    ///
    /// A `tags` filter adds tags to what a job runs for; it does not exclude any branch. So a job
    /// that is meant for releases runs on every push.
    ///
    /// Add `branches: { ignore: /.*/ }`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ship:
    ///           filters:
    ///             tags:
    ///               only: /v.*/
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ship:
    ///           filters:
    ///             branches:
    ///               ignore: /.*/
    ///             tags:
    ///               only: /v.*/
    /// ```
    TAG_ONLY = "not-only-tags", Some("W-05");

    /// A job runs for tags, but a job that it requires does not.
    ///
    /// Jobs without a `tags` filter do not run for tags. The requirement is then dropped, and
    /// whatever it was meant to guarantee is not checked.
    ///
    /// Give the required job the same `tags` filter.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - build
    ///       - ship:
    ///           requires: [build]
    ///           filters:
    ///             branches:
    ///               ignore: /.*/
    ///             tags:
    ///               only: /v.*/
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
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - build:
    ///           filters:
    ///             tags:
    ///               only: /v.*/
    ///             branches:
    ///               only: /.*/
    ///       - ship:
    ///           requires: [build]
    ///           filters:
    ///             branches:
    ///               ignore: /.*/
    ///             tags:
    ///               only: /v.*/
    /// ```
    TAG_REQUIREMENT = "requirement-skips-tags", Some("W-06");

    /// A filter can never match.
    ///
    /// Every branch is ignored and no tag is allowed, or a pattern contains characters that no
    /// branch or tag name has. The job never runs and never reports a commit status.
    ///
    /// Name a branch under `only`, add the intended `tags`, or remove the filter.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ship:
    ///           filters:
    ///             branches:
    ///               ignore: /.*/
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ship:
    ///           filters:
    ///             branches:
    ///               ignore: /.*/
    ///             tags:
    ///               only: /v.*/
    /// ```
    NEVER_RUNS = "never-runs", None;

    /// A filter looks like a regular expression but is compared literally.
    ///
    /// Only a value between two slashes is a pattern. Without both slashes, the filter only matches
    /// a branch with exactly this name.
    ///
    /// Add the slashes on both sides.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ship:
    ///           filters:
    ///             branches:
    ///               only: release-.*
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ship:
    ///           filters:
    ///             branches:
    ///               only: /release-.*/
    /// ```
    REGEX_WITHOUT_SLASHES = "regex-without-slashes", Some("W-07");

    /// A regular expression that the `next` profile does not support.
    ///
    /// Look-ahead, look-behind and back-references can take exponential time to match. The `legacy`
    /// profile supports them within a time limit.
    ///
    /// Use `only` and `ignore` instead.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ship:
    ///           filters:
    ///             branches:
    ///               only: /(?!main).*/
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ship:
    ///           filters:
    ///             branches:
    ///               ignore: main
    /// ```
    LOOK_AROUND = "look-around-regex", Some("W-18");
}
