//! Codes about job groups (CFG §7.5.5).

area! {
    "Job groups";

    /// A job and a job group have the same name.
    ///
    /// A workflow entry can refer to either, so jobs and job groups share one namespace.
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

    /// A job group is nested, or its jobs refer to jobs outside.
    ///
    /// A group is a small workflow that other jobs see as one job. Its jobs can only require each
    /// other, it cannot contain another group, and `serial-group` is set where the group is used.
    ///
    /// List the other group's jobs here, and put requirements on other jobs where the group is
    /// used.
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

    /// A key that job groups or their entries cannot have.
    ///
    /// A workflow entry of a group takes `name`, `requires`, `filters` and `serial-group`.
    /// Contexts, arguments and matrices belong to its jobs, and the group itself has no parameters.
    ///
    /// Move the key to the job entries inside the group.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// job-groups:
    ///   release:
    ///     jobs:
    ///       - ship
    /// jobs:
    ///   ship:
    ///     parameters:
    ///       target:
    ///         type: string
    ///         default: staging
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make << parameters.target >>
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - release:
    ///           matrix:
    ///             parameters:
    ///               target: [staging, production]
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// job-groups:
    ///   release:
    ///     jobs:
    ///       - ship:
    ///           matrix:
    ///             parameters:
    ///               target: [staging, production]
    /// jobs:
    ///   ship:
    ///     parameters:
    ///       target:
    ///         type: string
    ///         default: staging
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make << parameters.target >>
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - release
    /// ```
    GROUP_KEY = "bad-job-group-key", Some("E-102");

    /// A job group is used twice under the same name.
    ///
    /// The names of the group's jobs are derived from the group's name, so two uses would produce
    /// the same names twice, and neither could be required.
    ///
    /// Give each use a `name`.
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

    /// A requirement refers to a job inside a job group.
    ///
    /// From outside, a group behaves like one job: it starts when its requirements are met and ends
    /// when all its jobs have ended. Its jobs cannot be required individually.
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
