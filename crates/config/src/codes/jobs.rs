//! Codes about jobs (CFG §7.5.3).

area! {
    "Jobs";

    /// A key that means nothing in a job.
    ///
    /// `requires`, `context`, `filters`, `matrix` and `name` say when and how a workflow runs a
    /// job, and belong to the job's entry in the workflow. `max_auto_reruns` belongs to a `run`
    /// step or to a workflow. Everything else is probably misspelt.
    ///
    /// Move the key to where the message says, or mend its name.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   test:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     context: staging
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
    ///           context: staging
    /// ```
    UNKNOWN_JOB_KEY = "unknown-job-key", Some("E-028");

    /// A workflow names a job that does not exist.
    ///
    /// The entries of a workflow are jobs that stand under `jobs`, jobs of an orb (`orb/job`), job
    /// groups, or approvals.
    ///
    /// Mend the name, declare the job, or write `type: approval` below it if it is a gate.
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
    /// A job's name is followed by its keys, indented deeper than the name. Here there is nothing
    /// below it, or a text or a list.
    ///
    /// Indent what belongs to the job.
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

    /// `jobs:` holds the keys of a job directly; the job's name is missing.
    ///
    /// Under `jobs` stand jobs by name. With `docker` or `steps` directly below it, those would be
    /// the names of jobs, which nobody means. Published examples have this mistake.
    ///
    /// Put a name between: `jobs:`, below it `build:`, below that the job's keys.
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
    /// Jobs are of the type `build` unless they say otherwise. In a workflow's entry the only type
    /// is `approval`; the others (`no-op`, `release`, `lock`, `unlock`) are declared under `jobs`.
    ///
    /// Mend the word, or declare the job under `jobs`.
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

    /// A job of a special type lacks the key that it needs.
    ///
    /// A release names its plan (`plan_name`), and a lock names what it locks (`key`).
    ///
    /// Add the key beside `type`.
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
    /// How long a job's caches are kept is a number of days from 1 to 30 with the letter `d`.
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

    /// `parallelism` is not a positive whole number.
    ///
    /// It is how many copies of the job run side by side, so it is at least 1, and there is a
    /// greatest number. A number in quotes is a text.
    ///
    /// Write a number; a parameter that gives it is declared with `type: integer`.
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

    /// A `parallelism` of 1 changes nothing.
    ///
    /// Every job has it. Perhaps a greater number was meant.
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

    /// A job that no workflow runs.
    ///
    /// Once there is a workflow, only the jobs that workflows list are run. A job that none of them
    /// lists is not run, and is checked only coarsely: its mistakes stay hidden until somebody
    /// lists it.
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

    /// A command, executor or orb that nothing uses.
    ///
    /// It costs nothing but a reader's time; an orb also has to be found each time. Often the place
    /// that should use it has another name in it.
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

    /// A name that two kinds of things have.
    ///
    /// A command and an executor (or a workflow) of one name are told apart by where they are used,
    /// so everything works. People who read it tell them apart less well.
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

    /// A variable in a place where none is filled in.
    ///
    /// `$HOME` is filled in by a shell, and no shell reads `environment`, `working_directory` or a
    /// key's fingerprint: they hold these very letters. `PATH: $HOME/bin:$PATH` leaves a job
    /// without any program.
    ///
    /// Set the variable in a `run` step, by way of `$BASH_ENV`; a directory may begin with `~`.
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

    /// A boolean in a step's `environment` arrives as 1 or 0.
    ///
    /// A script that compares the variable with `true` never finds it equal. (In the `environment`
    /// of a job or a container the same value arrives as `true` or `false`, and within a longer
    /// text too.)
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

    /// A variable whose value looks like a secret.
    ///
    /// Whoever can read the repository can read it, and so can everybody who will ever get a copy.
    /// Removing it from the file does not remove it from the history.
    ///
    /// Put it into a context or into the project's variables, and revoke this one where it was
    /// made.
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
    ///       - build:
    ///           context: deploy
    /// ```
    SECRET_IN_TEXT = "secret-in-text", Some("W-16");
}
