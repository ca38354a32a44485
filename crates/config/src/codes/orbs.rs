//! Codes about orbs (CFG §7.5.4).

area! {
    "Orbs";

    /// An orb is used but not imported.
    ///
    /// `node/install` is the command `install` of the orb that is imported under the name `node`.
    /// No orb is imported under this name.
    ///
    /// Add it at the top level: `orbs:`, below it `node: circleci/node@5.2.0`.
    ///
    /// ```yaml orb acme/tools@1.4.0
    /// version: 2.1
    /// commands:
    ///   install:
    ///     steps:
    ///       - run: ./install
    /// ```
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - tools/install
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// orbs:
    ///   tools: acme/tools@1.4.0
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - tools/install
    /// ```
    UNKNOWN_ORB = "unknown-orb", Some("E-050");

    /// Orb not found.
    ///
    /// The message says where the compiler looked for it: in the directories that were given, among
    /// the orbs published on this server, and in a registry if one is configured. Nothing that uses
    /// the orb can be checked without it, so there may be further errors.
    ///
    /// Publish it to this server with `roundel orb publish`, or pass a directory that contains it
    /// with `--orbs`.
    ///
    /// ```yaml orb acme/tools@1.4.0
    /// version: 2.1
    /// commands:
    ///   install:
    ///     steps:
    ///       - run: ./install
    /// ```
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// orbs:
    ///   tools: acme/tols@1.4.0
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - tools/install
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// orbs:
    ///   tools: acme/tools@1.4.0
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - tools/install
    /// ```
    ORB_NOT_FOUND = "orb-not-found", Some("E-051");

    /// An orb reference is malformed, or the orb has no such version.
    ///
    /// A reference is `namespace/name@version`, where the version is `1.2.3`, `1.2` (the latest
    /// 1.2.x), `1` (the latest 1.x), `volatile` (the latest) or `dev:label`. A reference without a
    /// version uses the latest version and gives a warning.
    ///
    /// Use one of the existing versions; the message lists them.
    ///
    /// ```yaml orb acme/tools@1.4
    /// version: 2.1
    /// commands:
    ///   install:
    ///     steps:
    ///       - run: ./install
    /// ```
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// orbs:
    ///   tools: acme/tools@v1.4
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - tools/install
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// orbs:
    ///   tools: acme/tools@1.4
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - tools/install
    /// ```
    ORB_VERSION = "bad-orb-version", Some("E-052");

    /// An orb cannot be fetched or is not allowed.
    ///
    /// An orb that is imported by URL must be on the server's list of allowed URLs, and the URL or
    /// registry must be reachable. Orbs can import each other at most five levels deep.
    ///
    /// Add the URL to the list, publish the orb on this server, or define it inline in the
    /// configuration.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// orbs:
    ///   tools: https://orbs.example.com/tools.yml
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - tools/install
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// orbs:
    ///   tools:
    ///     commands:
    ///       install:
    ///         steps:
    ///           - run: ./install
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - tools/install
    /// ```
    ORB_UNREACHABLE = "orb-unreachable", Some("E-053");

    /// An orb's source is invalid.
    ///
    /// The source is empty, is not a mapping, or does not have version 2.1. This can only be fixed
    /// by the orb's author.
    ///
    /// Use another version, and report the problem to the orb's author.
    ///
    /// ```yaml orb acme/tools@1.4.0
    /// version: 2.1
    /// commands:
    ///   install:
    ///     steps:
    ///       - run: ./install
    /// ```
    ///
    /// ```yaml orb acme/tools@2.0.0
    /// - commands
    /// ```
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// orbs:
    ///   tools: acme/tools@2.0.0
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - tools/install
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// orbs:
    ///   tools: acme/tools@1.4.0
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - tools/install
    /// ```
    ORB_INVALID = "orb-invalid", Some("E-054");

    /// An orb does not define the element that is used.
    ///
    /// The orb exists, but it has no command, job or executor with this name: the name is
    /// misspelled, or it exists only in another version.
    ///
    /// Fix the name, or use a version that has it.
    ///
    /// ```yaml orb acme/tools@1.4.0
    /// version: 2.1
    /// commands:
    ///   install:
    ///     steps:
    ///       - run: ./install
    /// ```
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// orbs:
    ///   tools: acme/tools@1.4.0
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - tools/instal
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// orbs:
    ///   tools: acme/tools@1.4.0
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - tools/install
    /// ```
    ORB_ELEMENT = "unknown-orb-element", Some("E-055");

    /// An orb uses a pipeline parameter, which orbs cannot access.
    ///
    /// An orb is used by many configurations, each with its own parameters. So an orb can only use
    /// the arguments that it is given, and the pipeline values that every pipeline has.
    ///
    /// Define a parameter in the orb, and pass the value where the orb is used.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// parameters:
    ///   target:
    ///     type: string
    ///     default: all
    /// orbs:
    ///   tools:
    ///     commands:
    ///       make:
    ///         steps:
    ///           - run: make << pipeline.parameters.target >>
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - tools/make
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// parameters:
    ///   target:
    ///     type: string
    ///     default: all
    /// orbs:
    ///   tools:
    ///     commands:
    ///       make:
    ///         parameters:
    ///           target:
    ///             type: string
    ///         steps:
    ///           - run: make << parameters.target >>
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - tools/make:
    ///           target: << pipeline.parameters.target >>
    /// ```
    ORB_PIPELINE_PARAMETER = "pipeline-parameter-in-orb", Some("E-056");

    /// A reference to a pipeline parameter in an orb is replaced with an empty value.
    ///
    /// Orbs cannot access pipeline parameters, and neither can inline orbs. For years the hosted
    /// service accepted one such reference, the default of a parameter in an inline orb, and
    /// replaced it with nothing. The `legacy` profile does the same; the `next` profile reports an
    /// error.
    ///
    /// Pass the value where the orb is used.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// parameters:
    ///   target:
    ///     type: string
    ///     default: all
    /// orbs:
    ///   kit:
    ///     jobs:
    ///       make:
    ///         parameters:
    ///           target:
    ///             type: string
    ///             default: << pipeline.parameters.target >>
    ///         docker:
    ///           - image: cimg/base:2026.01
    ///         steps:
    ///           - run: make << parameters.target >>
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - kit/make
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// parameters:
    ///   target:
    ///     type: string
    ///     default: all
    /// orbs:
    ///   kit:
    ///     jobs:
    ///       make:
    ///         parameters:
    ///           target:
    ///             type: string
    ///             default: all
    ///         docker:
    ///           - image: cimg/base:2026.01
    ///         steps:
    ///           - run: make << parameters.target >>
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - kit/make:
    ///           target: << pipeline.parameters.target >>
    /// ```
    NULLED_REFERENCE = "nulled-reference", Some("W-19");

    /// Another version of an orb is used in place of the requested one.
    ///
    /// A directory of orbs can specify that a file is used for versions that are not available. The
    /// pipeline runs, but its behavior may differ slightly from the requested version.
    ///
    /// Add the requested version to the directory or publish it on this server.
    ///
    /// ```yaml orb acme/tools@1.4.0
    /// version: 2.1
    /// commands:
    ///   install:
    ///     steps:
    ///       - run: ./install
    /// ```
    ///
    /// ```yaml orb acme/tools@1.4.1 from 1.4.0
    /// version: 2.1
    /// commands:
    ///   install:
    ///     steps:
    ///       - run: ./install
    /// ```
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// orbs:
    ///   tools: acme/tools@1.4.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - tools/install
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// orbs:
    ///   tools: acme/tools@1.4.0
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - tools/install
    /// ```
    ORB_STAND_IN = "orb-stand-in", None;
}
