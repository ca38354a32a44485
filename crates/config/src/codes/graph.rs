//! Codes about matrices and requirements (CFG §7.5.5).

area! {
    "Matrices and requirements";

    /// A matrix has the wrong shape.
    ///
    /// A matrix is a mapping with `parameters`, and each of those is a list of values; `exclude` is
    /// a list of combinations to leave out.
    ///
    /// Write a list even for one value: `version: ["1.24"]`.
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

    /// A matrix parameter is given twice.
    ///
    /// The matrix gives the job this parameter with each of its values, and the entry gives it once
    /// more. The matrix wins, so the other value has no effect.
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

    /// A `matrix.` value that does not exist here.
    ///
    /// `<< matrix.x >>` is known in the entry that has the matrix, and only for its parameters. In
    /// the job itself the same value is `<< parameters.x >>`.
    ///
    /// Mend the name, or use `parameters.x` in the body of the job.
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

    /// A name is both a matrix and a job.
    ///
    /// A requirement on a matrix waits for all its jobs, and one on a job for that job. Here the
    /// name stands for both, or for two matrices.
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

    /// A requirement names an unknown status.
    ///
    /// A requirement is met when the other job ends with one of its statuses: `success` (which is
    /// meant where none is written), `failed`, `canceled`, `unauthorized`, `not_run`. `terminal`
    /// stands for all of them, and stands alone.
    ///
    /// Write one of these words; `canceled` has one l.
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

    /// A list of all statuses is what `terminal` means.
    ///
    /// The job goes on however the other one ended. `terminal` says so in one word, and also for
    /// statuses that come later.
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

    /// A requirement names no job, or several, of the workflow.
    ///
    /// `requires` looks for jobs of the same workflow by the names that they have there: with
    /// `name:` that name, in a matrix the generated one, or the job's. A job that is declared and
    /// not listed in this workflow is not there.
    ///
    /// Add the job to the workflow, mend the name, or give jobs that share one names of their own.
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

    /// Jobs wait for each other.
    ///
    /// Following `requires` from this job leads back to it, so none of these jobs could ever start.
    ///
    /// Remove one of the requirements on the way; the message lists them.
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
