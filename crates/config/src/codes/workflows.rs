//! Codes about workflows and schedules (CFG §7.5.5).

area! {
    "Workflows";

    /// There is neither a workflow nor a job called `build`.
    ///
    /// Without `workflows` the job called `build` runs, alone. Here there is no such job, so the
    /// pipeline would have nothing to do.
    ///
    /// Add `workflows:` at the top level, and look at its spelling; or call the job `build`.
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
    /// A workflow is a mapping with `jobs`, and its jobs are a list: each begins with a dash. A job
    /// group needs them too.
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

    /// An entry of a workflow's jobs has several keys.
    ///
    /// An entry is the job's name; what belongs to it is indented below the name. Here `requires`
    /// stands in the column of the name, so that it is a second name.
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
    /// The only kind of trigger is `schedule`. It needs the times, as `cron`, and the branches that
    /// it is for, under `filters`: there is no branch that it would run for otherwise.
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

    /// A schedule's `cron` text cannot be read.
    ///
    /// It has five fields: minute, hour, day of the month, month, day of the week, in UTC. As a
    /// warning: what works here and is not promised elsewhere, such as steps (`*/5`), and days that
    /// never come.
    ///
    /// Correct the field that the message names.
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

    /// A `serial-group` is empty, too long or has characters that it cannot have.
    ///
    /// Its key is 1 to 512 letters, digits, `.`, `_`, `-` and `/`. It is looked at when all tags
    /// are filled in, and a pipeline value that is absent (the branch, when a tag was pushed) is
    /// empty.
    ///
    /// Write a key that is never empty.
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

    /// The same serial group twice in a workflow.
    ///
    /// Jobs of one serial group run one after another over all pipelines. Within one workflow the
    /// second waits for the first anyway, and a later pipeline may get in between.
    ///
    /// Give the jobs different groups, or make them one job.
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

    /// More contexts than allowed.
    ///
    /// A configuration uses at most a hundred of them.
    ///
    /// Merge contexts that are always used together.
    TOO_MANY_CONTEXTS = "too-many-contexts", Some("E-094");
}
