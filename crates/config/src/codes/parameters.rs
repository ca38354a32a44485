//! Codes about parameters and tags (CFG §7.5.3).

area! {
    "Parameters and template tags";

    /// An argument that nobody declared.
    ///
    /// A job, command or executor takes the arguments that stand under its `parameters`, and no
    /// others: a misspelt one would be ignored without a word. `name` and `when` are no arguments
    /// of a command; they belong to built-in steps.
    ///
    /// Mend the name, or declare the parameter.
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

    /// An argument without default was not given.
    ///
    /// A parameter without `default` must be given by whoever uses the job, command or executor. An
    /// explicit `default:` with nothing behind it is none.
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

    /// A parameter's declaration is wrong.
    ///
    /// A parameter is a name with a mapping that has at least a `type`: `string`, `boolean`,
    /// `integer`, `enum`, `steps`, `executor` or `env_var_name`. An `enum` needs its list, and some
    /// names are taken: a job's parameter cannot be called `requires`.
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

    /// A template tag is unclosed, empty or cannot be read.
    ///
    /// In version 2.1 `<<` begins a tag, `>>` ends it, and between them stands a value such as
    /// `parameters.x`. A shell's here-document begins with the same two signs, so a script with
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

    /// A list or mapping is put into a text.
    ///
    /// A tag within a longer text is replaced by the value's text. Steps, executors and lists have
    /// none; they can only stand alone, where their kind is expected.
    ///
    /// Steps stand as `- steps: << parameters.after >>`.
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

    /// A default does not fit its parameter's type.
    ///
    /// Defaults are checked even where nobody uses them. Mostly it is quotes: `"true"` is a text
    /// and not a boolean, `8` is a number and not a text.
    ///
    /// Mend the quotes, the type, or the list of the enum.
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
    /// The step `steps` puts in the steps that a parameter of type `steps` holds. A parameter of
    /// another type holds none.
    ///
    /// Declare the parameter with `type: steps`.
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

    /// An argument does not fit its parameter's type.
    ///
    /// YAML decides what an argument is before anybody asks what it should be: `1.20` is the number
    /// 1.2, `"1"` is a text, `yes` is a truth value. The message shows what was read.
    ///
    /// Add or remove quotes, or take one of the enum's words.
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

    /// A command or executor leads back to itself.
    ///
    /// A command is replaced by its steps, so one that calls itself, directly or through another,
    /// never ends.
    ///
    /// Write out one of them. What repeats belongs into a script.
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

    /// `parameters.x` where nobody declared `x`.
    ///
    /// A tag sees the parameters of the job, command or executor that it stands in: not those of
    /// the caller, and not those of the pipeline, which are `pipeline.parameters.x`.
    ///
    /// Declare the parameter, and pass it on from the caller.
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

    /// `pipeline.x` that does not exist.
    ///
    /// A pipeline has a fixed set of values (`pipeline.git.branch`, `pipeline.number` and so on),
    /// and the parameters that the configuration declares, as `pipeline.parameters.x`.
    ///
    /// Mend the name; for a parameter, declare it under `parameters` at the top level.
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

    /// A parameter that its element never mentions.
    ///
    /// Whoever passes it expects it to have an effect. Mostly the tag in the body has another name,
    /// or was forgotten.
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
