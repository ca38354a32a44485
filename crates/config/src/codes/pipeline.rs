//! Codes about what a pipeline is started with, and about dynamic configuration (CFG §7.5.6).

area! {
    "Pipeline parameters and dynamic configuration";

    /// A pipeline parameter has no default.
    ///
    /// A push starts a pipeline without arguments, so every parameter of the pipeline needs a value
    /// of its own.
    ///
    /// Add `default:`; an empty text is a default too.
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
    /// What starts a pipeline passes texts, numbers and truth values: the types are `string`,
    /// `boolean`, `integer` and `enum`. Steps and executors exist inside of a configuration only.
    ///
    /// Use `string`, and pass it on to a parameter of the job.
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
    /// Whoever starts a pipeline by hand or by the API may pass parameters, and each must stand
    /// under `parameters` of the configuration that is compiled. A setup configuration and the one
    /// that goes on from it each need their own.
    ///
    /// Declare it, or mend the name in the request.
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
    /// A request passes JSON: `3` is a number and `"3"` a text. Texts that spell a number or a
    /// truth value are taken as one with a warning; this one does not.
    ///
    /// Send a value of the declared type, or declare the type that is sent.
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

    /// The trigger passes more, or longer, parameters than allowed.
    ///
    /// A request passes at most a hundred parameters, with names of at most 128 characters and
    /// values of at most 512.
    ///
    /// Pass the address of a file instead.
    TOO_MANY_PARAMETERS = "too-many-parameters", Some("E-085");

    /// A pipeline parameter's default refers to another one.
    ///
    /// All parameters of the pipeline get their values at once, so none can be made of another.
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

    /// The trigger passes a text where another type is declared.
    ///
    /// `"true"` in quotes is a text. It is taken as what it spells, for many scripts send it so;
    /// the `next` profile refuses it.
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

    /// A setup configuration that is not of version 2.1.
    ///
    /// Dynamic configuration came with version 2.1.
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

    /// A configuration that goes on from a setup is a setup itself.
    ///
    /// A pipeline has one setup, and its job posts the configuration that does the work. That one
    /// cannot start over.
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
    /// The pipeline goes on when its setup workflow has ended, so there is exactly one. Workflows
    /// whose condition is false do not count.
    ///
    /// Guard the others with `when`, or put their jobs into one.
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
