//! Codes about parameters and tags (CFG §7.5.3).

area! {
    "Parameters and template tags";

    /// An argument for a parameter that is not declared.
    ///
    /// A job, command or executor only takes the arguments that are declared under its `parameters`;
    /// a misspelled one would be ignored without notice. `name` and `when` are not arguments of a
    /// command; they belong to built-in steps.
    ///
    /// Fix the name, or declare the parameter.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// commands:
    ///   install:
    ///     parameters:
    ///       version:
    ///         type: string
    ///     steps:
    ///       - run: ./install << parameters.version >>
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - install:
    ///           verison: "20"
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// commands:
    ///   install:
    ///     parameters:
    ///       version:
    ///         type: string
    ///     steps:
    ///       - run: ./install << parameters.version >>
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - install:
    ///           version: "20"
    /// ```
    UNKNOWN_PARAMETER = "unknown-parameter", Some("E-033");

    /// A required argument is missing.
    ///
    /// A parameter without `default` must be passed wherever the job, command or executor is used.
    /// An empty `default:` does not count as a default.
    ///
    /// Pass the argument, or give the parameter a `default`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// commands:
    ///   upload:
    ///     parameters:
    ///       bucket:
    ///         type: string
    ///     steps:
    ///       - run: ./upload << parameters.bucket >>
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - upload
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// commands:
    ///   upload:
    ///     parameters:
    ///       bucket:
    ///         type: string
    ///     steps:
    ///       - run: ./upload << parameters.bucket >>
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - upload:
    ///           bucket: nightly
    /// ```
    MISSING_ARGUMENT = "missing-argument", Some("E-034");

    /// A parameter's declaration is invalid.
    ///
    /// A parameter is a name with a mapping that has at least a `type`: `string`, `boolean`,
    /// `integer`, `enum`, `steps`, `executor` or `env_var_name`. An `enum` needs a list of values,
    /// and some names are reserved: a job's parameter cannot be named `requires`.
    ///
    /// Write `name: { type: string }`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// commands:
    ///   greet:
    ///     parameters:
    ///       to: string
    ///     steps:
    ///       - run: echo << parameters.to >>
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - greet:
    ///           to: world
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// commands:
    ///   greet:
    ///     parameters:
    ///       to:
    ///         type: string
    ///     steps:
    ///       - run: echo << parameters.to >>
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - greet:
    ///           to: world
    /// ```
    BAD_DECLARATION = "bad-parameter", Some("E-035");

    /// A template tag is unclosed, empty or invalid.
    ///
    /// In version 2.1, `<<` starts a tag, `>>` ends it, and between them is a value such as
    /// `parameters.x`. A here-document in a shell script also starts with `<<`, so a script with
    /// `<<EOF` is a tag that never ends.
    ///
    /// Write `\<<` for a literal `<<`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: |
    ///           cat <<EOF
    ///           hello
    ///           EOF
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: |
    ///           cat \<<EOF
    ///           hello
    ///           EOF
    /// ```
    BAD_TEMPLATE = "bad-template", Some("E-036");

    /// A list or mapping is used inside a string.
    ///
    /// A tag inside a longer string is replaced with the value's text. Steps, executors and lists
    /// have no text; they can only be used alone, where a value of their type is expected.
    ///
    /// For steps, write `- steps: << parameters.after >>`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// commands:
    ///   wrap:
    ///     parameters:
    ///       after:
    ///         type: steps
    ///     steps:
    ///       - run: make && << parameters.after >>
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - wrap:
    ///           after:
    ///             - run: echo done
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// commands:
    ///   wrap:
    ///     parameters:
    ///       after:
    ///         type: steps
    ///     steps:
    ///       - run: make
    ///       - steps: << parameters.after >>
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - wrap:
    ///           after:
    ///             - run: echo done
    /// ```
    COLLECTION_IN_TEXT = "collection-in-text", Some("E-037");

    /// A default does not match its parameter's type.
    ///
    /// Defaults are checked even if they are never used. The cause is often quotes: `"true"` is a
    /// string and not a boolean, `8` is a number and not a string.
    ///
    /// Fix the quotes, the type, or the list of the enum.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     parameters:
    ///       debug:
    ///         type: boolean
    ///         default: "on"
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make DEBUG=<< parameters.debug >>
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     parameters:
    ///       debug:
    ///         type: boolean
    ///         default: true
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make DEBUG=<< parameters.debug >>
    /// ```
    BAD_DEFAULT = "bad-default", Some("E-039");

    /// `steps:` is given something that is not a list of steps.
    ///
    /// The step `steps` inserts the steps of a parameter of type `steps`. A parameter of another
    /// type contains no steps.
    ///
    /// Define the parameter with `type: steps`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// commands:
    ///   wrap:
    ///     parameters:
    ///       after:
    ///         type: string
    ///     steps:
    ///       - steps: << parameters.after >>
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - wrap:
    ///           after: checkout
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// commands:
    ///   wrap:
    ///     parameters:
    ///       after:
    ///         type: steps
    ///     steps:
    ///       - steps: << parameters.after >>
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - wrap:
    ///           after: [checkout]
    /// ```
    NOT_STEPS = "not-steps", Some("E-040");

    /// An argument does not match its parameter's type.
    ///
    /// YAML determines the type of a value by itself: `1.20` is the number 1.2, `"1"` is a string,
    /// `yes` is a boolean. The message shows what was read.
    ///
    /// Add or remove quotes, or use one of the enum's values.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// commands:
    ///   install:
    ///     parameters:
    ///       version:
    ///         type: string
    ///     steps:
    ///       - run: ./install << parameters.version >>
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - install:
    ///           version: 1.20
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// commands:
    ///   install:
    ///     parameters:
    ///       version:
    ///         type: string
    ///     steps:
    ///       - run: ./install << parameters.version >>
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - install:
    ///           version: "1.20"
    /// ```
    WRONG_ARGUMENT_TYPE = "wrong-argument-type", Some("E-043");

    /// A command or executor refers to itself.
    ///
    /// A command is replaced with its steps, so a command that calls itself, directly or through
    /// another one, would never end.
    ///
    /// Remove one of the calls. Put repetition into a script.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// commands:
    ///   retry:
    ///     steps:
    ///       - run: make
    ///       - retry
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - retry
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// commands:
    ///   retry:
    ///     steps:
    ///       - run: make || make
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - retry
    /// ```
    RECURSION = "recursion", Some("E-044");

    /// `parameters.x` is used, but `x` is not declared.
    ///
    /// A tag can use the parameters of the job, command or executor that contains it, but not those
    /// of the caller. Pipeline parameters are `pipeline.parameters.x`.
    ///
    /// Define the parameter, and pass the value from the caller.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// commands:
    ///   greet:
    ///     steps:
    ///       - run: echo << parameters.to >>
    /// jobs:
    ///   build:
    ///     parameters:
    ///       to:
    ///         type: string
    ///         default: world
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - greet
    ///       - run: echo << parameters.to >>
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// commands:
    ///   greet:
    ///     parameters:
    ///       to:
    ///         type: string
    ///     steps:
    ///       - run: echo << parameters.to >>
    /// jobs:
    ///   build:
    ///     parameters:
    ///       to:
    ///         type: string
    ///         default: world
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - greet:
    ///           to: << parameters.to >>
    /// ```
    UNDECLARED_PARAMETER = "undeclared-parameter", Some("E-108");

    /// `pipeline.x` does not exist.
    ///
    /// A pipeline has a fixed set of values (`pipeline.git.branch`, `pipeline.number` and so on),
    /// and the parameters that the configuration declares, as `pipeline.parameters.x`.
    ///
    /// Fix the name; for a parameter, declare it under `parameters` at the top level.
    ///
    /// ```yaml inputs
    /// branch: main
    /// ```
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: echo << pipeline.git.brunch >>
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: echo << pipeline.git.branch >>
    /// ```
    UNKNOWN_PIPELINE_VALUE = "unknown-pipeline-value", Some("E-109");

    /// A parameter is never used.
    ///
    /// Callers expect an argument to have an effect. Usually the tag in the body has another name
    /// or is missing.
    ///
    /// Use it as `<< parameters.x >>`, or remove the declaration.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     parameters:
    ///       target:
    ///         type: string
    ///         default: all
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     parameters:
    ///       target:
    ///         type: string
    ///         default: all
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make << parameters.target >>
    /// ```
    UNUSED_PARAMETER = "unused-parameter", Some("W-02");
}
