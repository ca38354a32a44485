//! Codes about matrices and requirements (CFG §7.5.5).

area! {
    "Matrices and requirements";

    /// A matrix has the wrong shape.
    ///
    /// A matrix is a mapping with `parameters`, each of which is a list of values; `exclude` is a
    /// list of combinations to leave out.
    ///
    /// Write a list even for a single value: `version: ["1.24"]`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   test:
    ///     parameters:
    ///       version:
    ///         type: string
    ///     docker:
    ///       - image: cimg/go:<< parameters.version >>
    ///     steps:
    ///       - run: make test
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - test:
    ///           matrix:
    ///             parameters:
    ///               version: "1.24"
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   test:
    ///     parameters:
    ///       version:
    ///         type: string
    ///     docker:
    ///       - image: cimg/go:<< parameters.version >>
    ///     steps:
    ///       - run: make test
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - test:
    ///           matrix:
    ///             parameters:
    ///               version: ["1.24"]
    /// ```
    BAD_MATRIX = "bad-matrix", Some("E-060");

    /// A matrix parameter is set twice.
    ///
    /// The matrix sets this parameter to each of its values, and the job entry sets it as well. The
    /// matrix takes precedence, so the other value has no effect.
    ///
    /// Remove one of them.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   test:
    ///     parameters:
    ///       version:
    ///         type: string
    ///     docker:
    ///       - image: cimg/go:<< parameters.version >>
    ///     steps:
    ///       - run: make test
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - test:
    ///           version: "1.23"
    ///           matrix:
    ///             parameters:
    ///               version: ["1.23", "1.24"]
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   test:
    ///     parameters:
    ///       version:
    ///         type: string
    ///     docker:
    ///       - image: cimg/go:<< parameters.version >>
    ///     steps:
    ///       - run: make test
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - test:
    ///           matrix:
    ///             parameters:
    ///               version: ["1.23", "1.24"]
    /// ```
    MATRIX_PARAMETER = "bad-matrix-parameter", Some("E-062");

    /// A `matrix.` value does not exist here.
    ///
    /// `<< matrix.x >>` is only available in the job entry that has the matrix, and only for its
    /// parameters. Inside the job, the same value is `<< parameters.x >>`.
    ///
    /// Fix the name, or use `parameters.x` inside the job.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   test:
    ///     parameters:
    ///       version:
    ///         type: string
    ///     docker:
    ///       - image: cimg/go:<< parameters.version >>
    ///     steps:
    ///       - run: make test
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - test:
    ///           name: test-<< matrix.go >>
    ///           matrix:
    ///             parameters:
    ///               version: ["1.23", "1.24"]
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   test:
    ///     parameters:
    ///       version:
    ///         type: string
    ///     docker:
    ///       - image: cimg/go:<< parameters.version >>
    ///     steps:
    ///       - run: make test
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - test:
    ///           name: test-<< matrix.version >>
    ///           matrix:
    ///             parameters:
    ///               version: ["1.23", "1.24"]
    /// ```
    UNKNOWN_MATRIX_VALUE = "unknown-matrix-value", Some("E-038");

    /// A requirement matches both a matrix and a job.
    ///
    /// A requirement on a matrix waits for all its jobs, and a requirement on a job waits for that
    /// job. Here the name belongs to both, or to two matrices.
    ///
    /// Give the matrix an `alias:`, or the job a `name:`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   test:
    ///     parameters:
    ///       version:
    ///         type: string
    ///     docker:
    ///       - image: cimg/go:<< parameters.version >>
    ///     steps:
    ///       - run: make test
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - test:
    ///           matrix:
    ///             parameters:
    ///               version: ["1.23", "1.24"]
    ///       - test:
    ///           name: other
    ///           matrix:
    ///             alias: test
    ///             parameters:
    ///               version: ["1.22"]
    ///       - ship:
    ///           requires: [test]
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   test:
    ///     parameters:
    ///       version:
    ///         type: string
    ///     docker:
    ///       - image: cimg/go:<< parameters.version >>
    ///     steps:
    ///       - run: make test
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - test:
    ///           matrix:
    ///             parameters:
    ///               version: ["1.23", "1.24"]
    ///       - test:
    ///           name: other
    ///           matrix:
    ///             alias: old
    ///             parameters:
    ///               version: ["1.22"]
    ///       - ship:
    ///           requires: [test, old]
    /// ```
    AMBIGUOUS_ALIAS = "ambiguous-alias", Some("E-063");

    /// A requirement uses an unknown status.
    ///
    /// A requirement is met when the other job ends with one of its statuses: `success` (the
    /// default), `failed`, `canceled`, `unauthorized`, `not_run`. `terminal` stands for all of them
    /// and cannot be combined with others.
    ///
    /// Use one of these statuses; `canceled` is spelled with one l.
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
    ///           requires:
    ///             - build: cancelled
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
    ///           requires:
    ///             - build: canceled
    /// ```
    BAD_STATUS = "bad-requirement-status", Some("E-064");

    /// A list of all statuses can be written as `terminal`.
    ///
    /// The job starts however the other one ended. `terminal` says this in one word, and includes
    /// statuses that are added later.
    ///
    /// Write `terminal`.
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
    ///           requires:
    ///             - build: [success, failed, canceled, unauthorized, not_run]
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
    ///           requires:
    ///             - build: terminal
    /// ```
    ALL_STATUSES = "all-statuses", Some("W-12");

    /// A requirement matches no job, or several jobs, of the workflow.
    ///
    /// `requires` refers to jobs of the same workflow by their names there: the value of `name:`,
    /// the generated name in a matrix, or the job's own name. A job that is defined but not listed
    /// in this workflow cannot be required.
    ///
    /// Add the job to the workflow, fix the name, or give jobs that share a name their own `name:`.
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
    ///           requires: [test]
    ///   nightly:
    ///     jobs:
    ///       - test
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
    ///   ship:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - build
    ///       - test
    ///       - ship:
    ///           requires: [build, test]
    /// ```
    UNKNOWN_REQUIREMENT = "unknown-requirement", Some("E-065");

    /// Jobs require each other in a cycle.
    ///
    /// Following `requires` from this job leads back to it, so none of these jobs could ever start.
    ///
    /// Remove one of the requirements of the cycle; the message lists them.
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
    ///       - build:
    ///           requires: [test]
    ///       - test:
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
    CYCLE = "cycle", Some("E-069");
}
