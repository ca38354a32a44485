//! Codes about job groups (CFG §7.5.5).

area! {
    "Job groups";

    /// A name is given to a job and to a job group.
    ///
    /// A workflow's entry names either, so the two share their names.
    ///
    /// Rename the group.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// job-groups:
    ///   ship:
    ///     jobs:
    ///       - build
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
    ///       - ship
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// job-groups:
    ///   release:
    ///     jobs:
    ///       - build
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
    ///       - release
    ///       - ship
    /// ```
    GROUP_NAME = "group-name-taken", Some("E-100");

    /// A job group nests another one, or its members reach outside.
    ///
    /// A group is a small workflow that other jobs see as one. Its members require members only, it
    /// holds no other group, and a serial group is a matter of whoever invokes it.
    ///
    /// Write the other group's jobs here, and put requirements on other jobs at the group's
    /// invocation.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// job-groups:
    ///   release:
    ///     jobs:
    ///       - ship:
    ///           requires: [build]
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
    ///       - release
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// job-groups:
    ///   release:
    ///     jobs:
    ///       - ship
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
    ///       - release:
    ///           requires: [build]
    /// ```
    GROUP_SHAPE = "bad-job-group", Some("E-101");

    /// A key that job groups or their invocations cannot have.
    ///
    /// A group's invocation takes `name`, `requires`, `filters` and `serial-group`. Contexts,
    /// arguments and matrices belong to its jobs, and the group itself has no parameters.
    ///
    /// Write the key at the entries of the group's own jobs.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// job-groups:
    ///   release:
    ///     jobs:
    ///       - ship
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - release:
    ///           context: production
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// job-groups:
    ///   release:
    ///     jobs:
    ///       - ship:
    ///           context: production
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - release
    /// ```
    GROUP_KEY = "bad-job-group-key", Some("E-102");

    /// A job group is invoked twice under one name.
    ///
    /// The group's jobs get their names from the group, so two invocations would give the same
    /// names twice, and nobody could require either.
    ///
    /// Give each invocation a `name`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// job-groups:
    ///   release:
    ///     jobs:
    ///       - ship
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - release
    ///       - release
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// job-groups:
    ///   release:
    ///     jobs:
    ///       - ship
    /// jobs:
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - release:
    ///           name: staging
    ///       - release:
    ///           name: production
    ///           requires: [staging]
    /// ```
    GROUP_REPEATED = "job-group-repeated", Some("E-103");

    /// A requirement points into a job group.
    ///
    /// From outside, a group is one thing: it begins when its requirements are met and ends when
    /// all its jobs have ended. Its members cannot be required one by one.
    ///
    /// Require the group.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// job-groups:
    ///   release:
    ///     jobs:
    ///       - build
    ///       - ship:
    ///           requires: [build]
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
    ///   test:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make test
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - release
    ///       - test:
    ///           requires: [build]
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// job-groups:
    ///   release:
    ///     jobs:
    ///       - build
    ///       - ship:
    ///           requires: [build]
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
    ///   test:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make test
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - release
    ///       - test:
    ///           requires: [release]
    /// ```
    GROUP_MEMBER = "requires-group-member", Some("E-104");
}
