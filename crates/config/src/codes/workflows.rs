//! Codes about workflows and schedules (CFG §7.5.5).

area! {
    "Workflows";

    /// There is neither a workflow nor a job named `build`.
    ///
    /// Without `workflows`, only the job named `build` runs. There is no such job, so the pipeline
    /// would have nothing to do.
    ///
    /// Add `workflows:` at the top level, and check its spelling; or rename the job to `build`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   test:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make test
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   test:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make test
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - test
    /// ```
    NOTHING_TO_RUN = "nothing-to-run", Some("E-070");

    /// A workflow has no jobs.
    ///
    /// A workflow is a mapping with `jobs`, and its jobs are a list: each starts with a dash. The
    /// same applies to a job group.
    ///
    /// Add `jobs:` with at least one entry: `- build`.
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
    ///       - build
    ///   nightly:
    ///     jobs:
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
    ///   nightly:
    ///     jobs:
    ///       - build
    /// ```
    WORKFLOW_WITHOUT_JOBS = "workflow-without-jobs", Some("E-087");

    /// A job entry of a workflow has several keys.
    ///
    /// An entry is the job's name; its options are indented below the name. Here `requires` is in
    /// the same column as the name, so it is read as a second name.
    ///
    /// Indent it deeper than the job's name.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    ///   test:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make test
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - build
    ///       - test:
    ///         requires: [build]
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
    ///   test:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make test
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - build
    ///       - test:
    ///           requires: [build]
    /// ```
    INVOCATION_SEVERAL_KEYS = "job-entry-several-keys", Some("E-061");

    /// A workflow's trigger is incomplete or malformed.
    ///
    /// The only trigger is `schedule`. It needs the times, as `cron`, and the branches that it
    /// applies to, under `filters`; there is no default branch for schedules.
    ///
    /// Complete the schedule.
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
    ///   nightly:
    ///     triggers:
    ///       - schedule:
    ///           cron: "0 3 * * *"
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
    ///   nightly:
    ///     triggers:
    ///       - schedule:
    ///           cron: "0 3 * * *"
    ///           filters:
    ///             branches:
    ///               only: main
    ///     jobs:
    ///       - build
    /// ```
    BAD_TRIGGER = "bad-trigger", Some("E-088");

    /// A schedule's `cron` expression is invalid.
    ///
    /// It has five fields: minute, hour, day of month, month and day of week, in UTC. Syntax that
    /// is accepted here but may not be by the hosted service, such as steps (`*/5`), gives a warning,
    /// and so does a date that never occurs. Schedules do not start workflows in this release.
    ///
    /// Fix the field that the message names.
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
    ///   nightly:
    ///     triggers:
    ///       - schedule:
    ///           cron: "75 3 * * *"
    ///           filters:
    ///             branches:
    ///               only: main
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
    ///   nightly:
    ///     triggers:
    ///       - schedule:
    ///           cron: "45 3 * * *"
    ///           filters:
    ///             branches:
    ///               only: main
    ///     jobs:
    ///       - build
    /// ```
    BAD_CRON = "bad-cron", Some("E-089");

    /// A `serial-group` is empty, too long or contains invalid characters.
    ///
    /// It has 1 to 512 letters, digits, `.`, `_`, `-` and `/`. It is checked after all tags are
    /// replaced, and a missing pipeline value (such as the branch, when a tag was pushed) is an
    /// empty string.
    ///
    /// Use a value that is never empty.
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
    ///           serial-group: "to production"
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
    ///           serial-group: to-production
    /// ```
    BAD_SERIAL_GROUP = "bad-serial-group", Some("E-095");

    /// A serial group is used twice in a workflow.
    ///
    /// Jobs of a serial group run one after another across all pipelines. Within one workflow the
    /// second job waits for the first one anyway, and a later pipeline may run in between.
    ///
    /// Use different groups, or merge the jobs.
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
    ///       - build:
    ///           serial-group: production
    ///       - ship:
    ///           serial-group: production
    ///           requires: [build]
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
    ///       - build
    ///       - ship:
    ///           serial-group: production
    ///           requires: [build]
    /// ```
    SERIAL_GROUP_TWICE = "serial-group-twice", Some("W-17");

    /// Too many contexts.
    ///
    /// A configuration can use at most a hundred contexts.
    ///
    /// Merge contexts that are always used together.
    TOO_MANY_CONTEXTS = "too-many-contexts", Some("E-094");
}
