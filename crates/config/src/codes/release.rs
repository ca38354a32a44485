//! Codes about what is right, and cannot be run yet.

area! {
    "What this release cannot run";

    /// A built-in step that this release cannot run.
    ///
    /// The configuration is right, and the step is not dropped in silence: a job that leaves
    /// something out would be green without having done its work. `roundel config validate` accepts
    /// it; a pipeline does not start.
    ///
    /// Remove the step, or do its work in a `run` step.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - setup_remote_docker
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
    UNSUPPORTED_STEP = "unsupported-step", None;

    /// Dynamic configuration cannot be used in this release.
    ///
    /// The setup configuration is compiled and checked; there is nothing yet that would let its job
    /// post the configuration that goes on.
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
    UNSUPPORTED_SETUP = "unsupported-setup", None;

    /// macOS environments cannot be used in this release.
    ///
    /// Runners run containers and Linux machines.
    ///
    /// Leave such jobs to another workflow, or run them elsewhere.
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
    UNSUPPORTED_MACOS = "unsupported-macos", None;

    /// A type of job that this release cannot run.
    ///
    /// Locks and releases are read and checked; nobody takes a lock here yet, and a job that
    /// pretends to would be dangerous.
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
    UNSUPPORTED_JOB_TYPE = "unsupported-job-type", None;

    /// Serial groups cannot be used in this release.
    ///
    /// The key is read and checked. Running such jobs side by side would be the opposite of what is
    /// asked for, so the pipeline does not start.
    ///
    /// Remove the key where order does not matter; otherwise put an approval job before.
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
    UNSUPPORTED_SERIAL_GROUP = "unsupported-serial-group", None;

    /// Scheduled workflows are not started by this release.
    ///
    /// The schedule is read and checked, and the workflow does not run on a push, as it should.
    /// Nothing starts it when its time comes.
    ///
    /// Start it by hand or by a request, with a parameter that a condition asks for.
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
    ///           filters:
    ///             branches:
    ///               only: main
    ///     jobs:
    ///       - build
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// parameters:
    ///   nightly:
    ///     type: boolean
    ///     default: false
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    /// workflows:
    ///   nightly:
    ///     when: << pipeline.parameters.nightly >>
    ///     jobs:
    ///       - build
    /// ```
    UNSUPPORTED_SCHEDULE = "unsupported-schedule", None;

    /// A registry login that this release cannot make.
    ///
    /// The login of a cloud exchanges an identity for a token, for which the server would have to
    /// vouch.
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
    UNSUPPORTED_REGISTRY_AUTH = "unsupported-registry-auth", None;

    /// An option that has no effect in this release.
    ///
    /// The pipeline runs without it: slower perhaps, or with more history in its checkout, and with
    /// the same outcome.
    ///
    /// Nothing has to be done.
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
    UNSUPPORTED_OPTION = "unsupported-option", None;
}
