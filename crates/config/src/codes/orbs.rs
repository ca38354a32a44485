//! Codes about orbs (CFG §7.5.4).

area! {
    "Orbs";

    /// An orb that `orbs` does not declare.
    ///
    /// `node/install` is the command `install` of what is imported under the name `node`. Nothing
    /// is imported under this name.
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

    /// An orb that is nowhere to be had.
    ///
    /// The message says where it was looked for: in folders that were named, among the orbs
    /// published on this server, and in a registry if one is configured. Without it nothing that it
    /// provides can be checked, so there may be more mistakes behind this one.
    ///
    /// Publish it here with `roundel orb publish`, or name a folder that has it with `--orbs`.
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

    /// A reference to an orb is malformed, or the orb has no such version.
    ///
    /// A reference is `namespace/name@version`, where the version is `1.2.3`, `1.2` (the newest
    /// 1.2.x), `1` (the newest 1.x), `volatile` (the newest) or `dev:label`. As a warning: a
    /// reference without any version, which is the newest each time.
    ///
    /// Write the version that was meant; the message lists those that exist.
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
    /// An orb by address must be on the server's list of allowed addresses and must answer; a
    /// registry must answer too. Orbs import each other five levels deep at most.
    ///
    /// Extend the list, publish the orb here, or write it into the configuration itself.
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

    /// An orb's own source has mistakes.
    ///
    /// The source that was found is empty, is no mapping, or is not of version 2.1. Whoever uses
    /// the orb cannot mend it.
    ///
    /// Take another version, and tell whoever publishes it.
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

    /// An orb has no element of this name.
    ///
    /// The orb is there, and what is asked of it is not: the name is misspelt, the version has it
    /// no longer, or not yet.
    ///
    /// Mend the name, or take the version that has it.
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

    /// An orb's body names a pipeline parameter, which orbs cannot see.
    ///
    /// An orb is used by many configurations, and each has parameters of its own. So its body sees
    /// the arguments that it is given, and of the pipeline only what every pipeline has.
    ///
    /// Declare a parameter in the orb, and pass the value where the orb is used.
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

    /// A reference to nothing, which the legacy profile leaves empty.
    ///
    /// Orbs do not see the pipeline's parameters, inline ones neither. The hosted service let one
    /// such reference pass for years, the default of a parameter within an inline orb, and put
    /// nothing in its place. So does the profile `legacy`; `next` refuses it.
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

    /// Another version of an orb stands in for the one that is asked for.
    ///
    /// A folder of orbs may say that one file is used for versions that are not at hand. The
    /// pipeline runs, perhaps a little differently from what the orb's publisher meant.
    ///
    /// Get the version itself, publish it here, and the warning is gone.
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
