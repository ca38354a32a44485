//! Codes about what is right, and cannot be run yet.

use super::consequence::{Consequence, JobRefusal};

area! {
    "Not supported in this release";

    /// A built-in step is not supported in this release.
    ///
    /// The configuration is valid, but the pipeline does not start: a job that skipped the step
    /// would pass without having done its work.
    ///
    /// Remove the step, or do its work in a `run` step. The help of each diagnostic says what leaving the
    /// step out changes.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - restore_cache:
    ///           key: dependencies
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
    UNSUPPORTED_STEP = "unsupported-step", None, Consequence::PipelineRefused;

    /// Dynamic configuration is not supported in this release.
    ///
    /// The setup configuration is compiled and checked, but there is no way yet for its job to
    /// continue the pipeline.
    ///
    /// Write the workflows into the configuration itself, with conditions on pipeline parameters.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// setup: true
    /// jobs:
    ///   choose:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: ./choose-what-goes-on
    /// workflows:
    ///   choose:
    ///     jobs:
    ///       - choose
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   choose:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: ./choose-what-goes-on
    /// workflows:
    ///   choose:
    ///     jobs:
    ///       - choose
    /// ```
    UNSUPPORTED_SETUP = "unsupported-setup", None, Consequence::PipelineRefused;

    /// macOS jobs are not supported in this release.
    ///
    /// Runners run containers and Linux machines.
    ///
    /// Remove these jobs from the workflow, or run them elsewhere.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     macos:
    ///       xcode: 16.2.0
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
    UNSUPPORTED_MACOS = "unsupported-macos", None, Consequence::PipelineRefused;

    /// Windows jobs are not supported in this release.
    ///
    /// Runners run containers and Linux machines. A job is a Windows job if its machine image or its
    /// resource class says so.
    ///
    /// Remove these jobs from the workflow, or run them elsewhere.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     machine:
    ///       image: windows-server-2022-gui:current
    ///     resource_class: windows.medium
    ///     steps:
    ///       - run: msbuild
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     machine:
    ///       image: ubuntu-2404:current
    ///     steps:
    ///       - run: make
    /// ```
    UNSUPPORTED_WINDOWS = "unsupported-windows", None, Consequence::PipelineRefused;

    /// A job type is not supported in this release.
    ///
    /// Lock and release jobs are parsed and checked, but this release has no locks and no release plans. A job
    /// that ignored its lock would be dangerous, and one that released nothing would pass for one that did.
    ///
    /// Use an approval job, or do the same in a script.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   guard:
    ///     type: lock
    ///     key: production
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - guard
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
    ///       - hold:
    ///           type: approval
    ///       - ship:
    ///           requires: [hold]
    /// ```
    UNSUPPORTED_JOB_TYPE = "unsupported-job-type", None, Consequence::PipelineRefused;

    /// Serial groups are not supported in this release.
    ///
    /// The key is parsed and checked. Running these jobs in parallel would be the opposite of what
    /// the key asks for, so the pipeline does not start.
    ///
    /// Remove the key if the order does not matter; otherwise put an approval job before the job.
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
    ///           serial-group: production
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
    ///       - hold:
    ///           type: approval
    ///       - ship:
    ///           requires: [hold]
    /// ```
    UNSUPPORTED_SERIAL_GROUP = "unsupported-serial-group", None, Consequence::PipelineRefused;

    /// Scheduled workflows are not started in this release.
    ///
    /// The schedule is parsed and checked, and the workflow does not run on a push, as intended. It
    /// does not run on its schedule either.
    ///
    /// Remove `triggers` and give the workflow a branch of its own: it runs when that branch is
    /// pushed, or started from the project's page.
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
    ///     triggers:
    ///       - schedule:
    ///           cron: "0 3 * * *"
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
    ///   main:
    ///     jobs:
    ///       - build
    ///   nightly:
    ///     when:
    ///       equal: [nightly, << pipeline.git.branch >>]
    ///     jobs:
    ///       - build
    /// ```
    UNSUPPORTED_SCHEDULE = "unsupported-schedule", None, Consequence::NeverStarted;

    /// A registry authentication method is not supported in this release.
    ///
    /// Cloud registry authentication exchanges an identity for a token, and the server would have
    /// to issue that identity.
    ///
    /// Use `auth` with a user name and a token.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/app:1
    ///         aws_auth:
    ///           oidc_role_arn: arn:aws:iam::123456789012:role/pull
    ///     steps:
    ///       - run: make
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/app:1
    ///         auth:
    ///           username: AWS
    ///           password: $ECR_TOKEN
    ///     steps:
    ///       - run: make
    /// ```
    UNSUPPORTED_REGISTRY_AUTH = "unsupported-registry-auth", None, Consequence::PipelineRefused;

    /// A job names a context, and this release has no contexts.
    ///
    /// The pipeline starts, and the job ends as `unauthorized`: without the context's variables it would
    /// not do what was intended.
    ///
    /// Set the variables in the project's settings, and remove `context`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make deploy
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - build:
    ///           context: production
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make deploy
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - build
    /// ```
    UNSUPPORTED_CONTEXT = "unsupported-context", None,
        Consequence::JobsRefused(JobRefusal::Context);

    /// A service container is not started in this release.
    ///
    /// The pipeline starts, and the job fails before its first step: its steps rely on the service.
    ///
    /// Start the service in a `run` step with `background: true`, from an image that has its program.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/node:24.1
    ///       - image: cimg/redis:7.4
    ///     steps:
    ///       - run: npm test
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/redis:7.4
    ///     steps:
    ///       - run:
    ///           command: redis-server
    ///           background: true
    ///       - run: make test
    /// ```
    UNSUPPORTED_SERVICE_CONTAINER = "unsupported-service-container", None,
        Consequence::JobsRefused(JobRefusal::ServiceContainer);

    /// The `entrypoint` or `command` of an image cannot be set in this release.
    ///
    /// The pipeline starts, and the job fails before its first step: the first image is the environment of its
    /// steps, and nothing else runs in it.
    ///
    /// Start the program in a `run` step with `background: true`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/redis:7.4
    ///         command: redis-server
    ///     steps:
    ///       - run: make test
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/redis:7.4
    ///     steps:
    ///       - run:
    ///           command: redis-server
    ///           background: true
    ///       - run: make test
    /// ```
    UNSUPPORTED_CONTAINER_PROGRAM = "unsupported-container-program", None,
        Consequence::JobsRefused(JobRefusal::ContainerProgram);

    /// An option has no effect in this release.
    ///
    /// The pipeline runs without it: perhaps more slowly, or with more history in its checkout. Two options can
    /// make a difference: without `max_auto_reruns`, a workflow that fails is not run again automatically, and
    /// without `circleci_ip_ranges`, jobs use the IP address of the runner, which a firewall may refuse.
    ///
    /// No change is needed, unless the configuration relies on one of these two: push a commit or
    /// trigger a pipeline to run such a workflow again, and allow the runner's IP address in the firewall.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     machine:
    ///       image: ubuntu-2404:current
    ///       docker_layer_caching: true
    ///     steps:
    ///       - run: make image
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     machine:
    ///       image: ubuntu-2404:current
    ///     steps:
    ///       - run: make image
    /// ```
    UNSUPPORTED_OPTION = "unsupported-option", None, Consequence::Ignored;
}
