//! Codes about jobs (CFG §7.5.3).

area! {
    "Jobs";

    /// An unknown key in a job.
    ///
    /// `requires`, `context`, `filters`, `matrix` and `name` control when and how a workflow runs a
    /// job, and belong to the job's entry in the workflow. `max_auto_reruns` belongs to a `run`
    /// step or to a workflow. Any other key is probably misspelled.
    ///
    /// Move the key to where the message says, or fix its name.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   test:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     filters:
    ///       branches:
    ///         only: main
    ///     steps:
    ///       - run: make test
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - test
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
    ///       - test:
    ///           filters:
    ///             branches:
    ///               only: main
    /// ```
    UNKNOWN_JOB_KEY = "unknown-job-key", Some("E-028");

    /// A workflow refers to a job that is not defined.
    ///
    /// The entries of a workflow are jobs that are defined under `jobs`, jobs of an orb
    /// (`orb/job`), job groups, or approval jobs.
    ///
    /// Fix the name, define the job, or for a manual approval, add `type: approval` below it.
    ///
    /// ```yaml wrong
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
    ///       - hold
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
    ///       - hold:
    ///           type: approval
    /// ```
    UNKNOWN_JOB = "unknown-job", Some("E-029");

    /// A job is not a mapping.
    ///
    /// The keys of a job are indented below its name. Here there is nothing below it, or a string
    /// or a list.
    ///
    /// Indent the keys of the job.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     - run: make
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
    JOB_NOT_A_MAPPING = "job-not-a-mapping", Some("E-030");

    /// `jobs:` directly contains the keys of a job; the job's name is missing.
    ///
    /// The entries below `jobs` are job names. With `docker` or `steps` directly below it, these
    /// would be the names of jobs. Some published examples have this mistake.
    ///
    /// Add a job name: `jobs:`, below it `build:`, and below that the job's keys.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   docker:
    ///     - image: cimg/base:2026.01
    ///   steps:
    ///     - run: make
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
    STEPS_WITHOUT_JOB = "steps-without-job-name", Some("E-030");

    /// A job's `type` is unknown or not possible here.
    ///
    /// The default type of a job is `build`. In a workflow entry the only possible type is
    /// `approval`; the others (`no-op`, `release`, `lock`, `unlock`) are defined under `jobs`.
    ///
    /// Fix the type, or define the job under `jobs`.
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
    ///       - done:
    ///           type: no-op
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
    ///   done:
    ///     type: no-op
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - build
    ///       - done:
    ///           requires: [build]
    /// ```
    UNKNOWN_JOB_TYPE = "unknown-job-type", Some("E-031");

    /// A job of a special type lacks a required key.
    ///
    /// A release job needs `plan_name`, and lock and unlock jobs need `key`.
    ///
    /// Add the key next to `type`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   ship:
    ///     type: release
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ship
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   ship:
    ///     type: release
    ///     plan_name: web
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - ship
    /// ```
    JOB_TYPE_KEY = "job-type-needs-key", Some("E-032");

    /// `retention` is not of the form `{ caches: 7d }`.
    ///
    /// How long a job's caches are kept is a number of days from 1 to 30, followed by `d`.
    ///
    /// Write `retention: { caches: 7d }`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     retention:
    ///       caches: 2 weeks
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
    ///     retention:
    ///       caches: 14d
    ///     steps:
    ///       - run: make
    /// ```
    BAD_RETENTION = "bad-retention", Some("E-105");

    /// `parallelism` is not a positive integer.
    ///
    /// It is the number of copies of the job that run in parallel, from 1 up to a limit. A number
    /// in quotes is a string.
    ///
    /// Write a number; if a parameter provides it, declare the parameter with `type: integer`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     parallelism: "4"
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
    ///     parallelism: 4
    ///     steps:
    ///       - run: make
    /// ```
    BAD_PARALLELISM = "bad-parallelism", Some("E-107");

    /// A `parallelism` of 1 has no effect.
    ///
    /// 1 is the default. Perhaps a greater number was intended.
    ///
    /// Remove it.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     parallelism: 1
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
    POINTLESS_PARALLELISM = "pointless-parallelism", Some("W-04");

    /// A job is not used in any workflow.
    ///
    /// If the configuration has workflows, only the jobs that they list are run. A job that is not
    /// listed does not run and is only checked superficially: some of its mistakes are not reported
    /// until a workflow lists it.
    ///
    /// Add it to a workflow, or remove it.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    ///   lint:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make lint
    /// workflows:
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
    ///   lint:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make lint
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - build
    ///       - lint
    /// ```
    UNUSED_JOB = "unused-job", Some("W-01");

    /// A command, executor or orb is never used.
    ///
    /// It has no effect, but has to be read, and an orb has to be fetched for every pipeline. Often
    /// the place that should use it has a misspelled name.
    ///
    /// Use it or remove it.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// commands:
    ///   greet:
    ///     steps:
    ///       - run: echo hello
    ///   part:
    ///     steps:
    ///       - run: echo goodbye
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    ///       - part
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// commands:
    ///   greet:
    ///     steps:
    ///       - run: echo hello
    ///   part:
    ///     steps:
    ///       - run: echo goodbye
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - greet
    ///       - run: make
    ///       - part
    /// ```
    UNUSED_DEFINITION = "unused-definition", Some("W-01");

    /// A name is used for two kinds of definitions.
    ///
    /// A command and an executor (or a workflow) with the same name are distinguished by where they
    /// are used, so the configuration works. It is harder to read.
    ///
    /// Rename one of them.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// executors:
    ///   node:
    ///     docker:
    ///       - image: cimg/node:22.12
    /// commands:
    ///   node:
    ///     steps:
    ///       - run: node --version
    /// jobs:
    ///   build:
    ///     executor: node
    ///     steps:
    ///       - node
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// executors:
    ///   node:
    ///     docker:
    ///       - image: cimg/node:22.12
    /// commands:
    ///   show-version:
    ///     steps:
    ///       - run: node --version
    /// jobs:
    ///   build:
    ///     executor: node
    ///     steps:
    ///       - show-version
    /// ```
    SHARED_NAME = "shared-name", Some("W-14");

    /// A variable in a place where variables are not expanded.
    ///
    /// `$HOME` is expanded by a shell, but `environment`, `working_directory`, `image` and fingerprints
    /// are not passed through a shell: they contain these characters literally. With `PATH:
    /// $HOME/bin:$PATH`, a job finds no programs.
    ///
    /// Set the variable in a `run` step through `$BASH_ENV`; a directory can start with `~`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     environment:
    ///       PATH: $HOME/bin:$PATH
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
    ///       - run: echo 'export PATH="$HOME/bin:$PATH"' >> "$BASH_ENV"
    ///       - run: make
    /// ```
    UNEXPANDED_VARIABLE = "unexpanded-variable", Some("W-09");

    /// A boolean in a step's `environment` becomes 1 or 0.
    ///
    /// A script that compares the variable with `true` never finds it equal. (In the `environment`
    /// of a job or a container, and inside a longer string, the same value becomes `true` or
    /// `false`.)
    ///
    /// Compare with `1`, or quote the value.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     parameters:
    ///       debug:
    ///         type: boolean
    ///         default: false
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run:
    ///           command: make
    ///           environment:
    ///             DEBUG: << parameters.debug >>
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     parameters:
    ///       debug:
    ///         type: boolean
    ///         default: false
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: DEBUG=<< parameters.debug >> make
    /// ```
    BOOLEAN_VARIABLE = "boolean-variable", Some("W-15");

    /// A variable's value looks like a secret.
    ///
    /// Anyone with access to the repository or to a copy of it can read the value. Removing it from
    /// the file does not remove it from the history.
    ///
    /// Move it to the environment variables in the project's settings, and revoke this value where
    /// it was issued.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     environment:
    ///       DEPLOY_TOKEN: 3f786850e387550fdab836ed7e6dc881de23001b
    ///     steps:
    ///       - run: make ship
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make ship
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - build
    /// ```
    SECRET_IN_TEXT = "secret-in-text", Some("W-16");
}
