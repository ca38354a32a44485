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

    /// A regular expression cannot be used.
    ///
    /// It is not closed, repeats nothing, or uses something that is unknown, and so nobody can say
    /// what it matches. A pattern is the text between two slashes and must match the whole name.
    /// The `next` profile refuses look-around and back-references.
    ///
    /// Escape the sign that is meant as itself: `\.`, `\+`. Instead of a negative look-ahead use
    /// `ignore`.
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
    /// `filters` may be an expression instead of names, as in a workflow's `when`. It is written
    /// without `<< >>`, and cannot be mixed with them.
    ///
    /// Write the bare expression: `pipeline.git.branch == "main"`.
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

    /// A job with a tag filter that runs on every branch too.
    ///
    /// `tags` adds tags to what a job runs for; it takes no branches away. A job that is meant for
    /// releases runs on every push.
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

    /// A job runs for tags, and one that it requires does not.
    ///
    /// Jobs without a `tags` filter do not run for tags. The requirement is simply left out then,
    /// and what it should make sure of is not.
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
    ///               only: /.*/
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

    /// A filter that can never match.
    ///
    /// Every branch is ignored and no tag is let in, or a pattern holds signs that no name has. The
    /// job never runs, and its status never appears on a commit.
    ///
    /// Name a branch under `only`, add the `tags` that are meant, or remove the filter.
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

    /// A filter looks like a regular expression but is compared as text.
    ///
    /// Only a text between two slashes is a pattern. Without them, or with one alone, the filter
    /// lets in the branch that has this very name.
    ///
    /// Write the slashes on both sides.
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

    /// A regular expression that the `next` profile refuses.
    ///
    /// Look-ahead, look-behind and back-references cannot be matched in a time that grows with the
    /// text alone. They work in the `legacy` profile, within a budget.
    ///
    /// Say the same with `only` and `ignore`.
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
