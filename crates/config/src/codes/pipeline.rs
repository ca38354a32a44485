//! Codes about what a pipeline is started with, and about dynamic configuration (CFG §7.5.6).

area! {
    "Pipeline parameters and dynamic configuration";

    /// A pipeline parameter has no default.
    ///
    /// A push starts a pipeline without arguments, so every pipeline parameter needs a default.
    ///
    /// Add `default:`; an empty string is a valid default.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// parameters:
    ///   target:
    ///     type: string
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make << pipeline.parameters.target >>
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// parameters:
    ///   target:
    ///     type: string
    ///     default: all
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make << pipeline.parameters.target >>
    /// ```
    DEFAULT_MISSING = "default-missing", Some("E-080");

    /// A type that pipeline parameters cannot have.
    ///
    /// A trigger passes strings, numbers and booleans, so the types are `string`, `boolean`,
    /// `integer` and `enum`. Steps and executors only exist inside a configuration.
    ///
    /// Use `string`, and pass the value to a parameter of the job.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// parameters:
    ///   image:
    ///     type: executor
    ///     default: linux
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make << pipeline.parameters.image >>
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// parameters:
    ///   image:
    ///     type: string
    ///     default: linux
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make << pipeline.parameters.image >>
    /// ```
    PIPELINE_PARAMETER_TYPE = "bad-pipeline-parameter-type", Some("E-081");

    /// The trigger passes a parameter that is not declared.
    ///
    /// Each parameter that a pipeline is started with must be declared under `parameters` in the
    /// configuration that is compiled. In this release the server starts every pipeline without
    /// parameters; the `config` commands take them with `--param`.
    ///
    /// Define it, or fix the name in the request.
    ///
    /// ```yaml inputs
    /// parameters: { level: 3 }
    /// ```
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// parameters:
    ///   target:
    ///     type: string
    ///     default: all
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make << pipeline.parameters.target >>
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// parameters:
    ///   target:
    ///     type: string
    ///     default: all
    ///   level:
    ///     type: integer
    ///     default: 1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make << pipeline.parameters.target >> LEVEL=<< pipeline.parameters.level >>
    /// ```
    UNKNOWN_PIPELINE_PARAMETER = "unknown-pipeline-parameter", Some("E-082");

    /// The trigger passes a value of the wrong type.
    ///
    /// A request passes JSON: `3` is a number and `"3"` a string. Strings that contain a number or
    /// a boolean are converted with a warning; this one cannot be converted.
    ///
    /// Send a value of the declared type, or change the type of the parameter.
    ///
    /// ```yaml inputs
    /// parameters: { level: high }
    /// ```
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// parameters:
    ///   level:
    ///     type: integer
    ///     default: 1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make << pipeline.parameters.level >>
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// parameters:
    ///   level:
    ///     type: string
    ///     default: low
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make << pipeline.parameters.level >>
    /// ```
    PIPELINE_PARAMETER_VALUE = "wrong-pipeline-parameter", Some("E-083");

    /// The trigger passes a value that is not in the enum.
    ///
    /// Send one of the listed values, or add this one to the list.
    ///
    /// ```yaml inputs
    /// parameters: { level: high }
    /// ```
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// parameters:
    ///   level:
    ///     type: enum
    ///     enum: [low, middle]
    ///     default: low
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make << pipeline.parameters.level >>
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// parameters:
    ///   level:
    ///     type: enum
    ///     enum: [low, middle, high]
    ///     default: low
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make << pipeline.parameters.level >>
    /// ```
    PIPELINE_PARAMETER_ENUM = "pipeline-parameter-not-in-enum", Some("E-084");

    /// The trigger passes too many parameters, or parameters that are too long.
    ///
    /// A request can pass at most a hundred parameters, with names of at most 128 characters and
    /// values of at most 512.
    ///
    /// Pass the URL of a file instead.
    TOO_MANY_PARAMETERS = "too-many-parameters", Some("E-085");

    /// A pipeline parameter's default refers to another pipeline parameter.
    ///
    /// All pipeline parameters get their values at the same time, so none can depend on another.
    ///
    /// Combine them where they are used.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// parameters:
    ///   region:
    ///     type: string
    ///     default: eu
    ///   host:
    ///     type: string
    ///     default: << pipeline.parameters.region >>.example.com
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: ./deploy << pipeline.parameters.host >>
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// parameters:
    ///   region:
    ///     type: string
    ///     default: eu
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: ./deploy << pipeline.parameters.region >>.example.com
    /// ```
    PARAMETER_DEPENDS = "dependent-pipeline-parameter", Some("E-086");

    /// The trigger passes a string where another type is declared.
    ///
    /// `"true"` in quotes is a string. It is converted, because many scripts send it this way; the
    /// `next` profile reports an error.
    ///
    /// Send it without quotes.
    ///
    /// ```yaml inputs
    /// parameters: { level: "3" }
    /// ```
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// parameters:
    ///   level:
    ///     type: integer
    ///     default: 1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make << pipeline.parameters.level >>
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// parameters:
    ///   level:
    ///     type: string
    ///     default: "1"
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make << pipeline.parameters.level >>
    /// ```
    COERCED_PARAMETER = "coerced-parameter", None;

    /// A setup configuration does not have version 2.1.
    ///
    /// Dynamic configuration requires version 2.1.
    ///
    /// Change the version to `2.1`.
    ///
    /// ```yaml wrong
    /// version: 2
    /// setup: true
    /// jobs:
    ///   choose:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: ./choose-what-goes-on
    /// workflows:
    ///   version: 2
    ///   choose:
    ///     jobs:
    ///       - choose
    /// ```
    ///
    /// ```yaml right
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
    SETUP_VERSION = "setup-needs-2-1", Some("E-090");

    /// A continuation configuration is a setup configuration itself.
    ///
    /// A pipeline has one setup configuration, and its job posts the configuration that does the
    /// work. That configuration cannot be a setup configuration again.
    ///
    /// Remove `setup`.
    ///
    /// ```yaml inputs
    /// continuation: true
    /// ```
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
    CONTINUATION_IS_SETUP = "continuation-is-setup", Some("E-091");

    /// A setup configuration has several workflows.
    ///
    /// The pipeline continues when its setup workflow has ended, so there must be exactly one.
    /// Workflows whose condition is false do not count.
    ///
    /// Disable the others with `when`, or merge their jobs into one workflow.
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
    ///   lint:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make lint
    /// workflows:
    ///   choose:
    ///     jobs:
    ///       - choose
    ///   lint:
    ///     jobs:
    ///       - lint
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// setup: true
    /// jobs:
    ///   choose:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: ./choose-what-goes-on
    ///   lint:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make lint
    /// workflows:
    ///   choose:
    ///     jobs:
    ///       - lint
    ///       - choose:
    ///           requires: [lint]
    /// ```
    SETUP_WORKFLOWS = "setup-with-several-workflows", Some("E-092");
}
