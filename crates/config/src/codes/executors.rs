//! Codes about execution environments (CFG §7.5.3).

area! {
    "Executors";

    /// An executor is not defined.
    ///
    /// An executor is a named environment that is defined under `executors`, or comes from an orb
    /// as `orb/executor`. `docker` and `machine` are not executor names but keys of a job.
    ///
    /// Fix the name, or define the executor.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// executors:
    ///   linux:
    ///     docker:
    ///       - image: cimg/base:2026.01
    /// jobs:
    ///   build:
    ///     executor: linus
    ///     steps:
    ///       - run: make
    ///   test:
    ///     executor: linux
    ///     steps:
    ///       - run: make test
    /// workflows:
    ///   main:
    ///     jobs:
    ///       - build
    ///       - test
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// executors:
    ///   linux:
    ///     docker:
    ///       - image: cimg/base:2026.01
    /// jobs:
    ///   build:
    ///     executor: linux
    ///     steps:
    ///       - run: make
    /// ```
    UNKNOWN_EXECUTOR = "unknown-executor", Some("E-041");

    /// `executor` is neither a name nor a mapping with `name`.
    ///
    /// An executor with arguments is a mapping: the executor's name goes under `name`, next to the
    /// arguments.
    ///
    /// Write `executor: { name: node, version: "22" }`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// executors:
    ///   node:
    ///     parameters:
    ///       version:
    ///         type: string
    ///     docker:
    ///       - image: cimg/node:<< parameters.version >>
    /// jobs:
    ///   build:
    ///     executor:
    ///       node:
    ///         version: "22.12"
    ///     steps:
    ///       - run: make
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// executors:
    ///   node:
    ///     parameters:
    ///       version:
    ///         type: string
    ///     docker:
    ///       - image: cimg/node:<< parameters.version >>
    /// jobs:
    ///   build:
    ///     executor:
    ///       name: node
    ///       version: "22.12"
    ///     steps:
    ///       - run: make
    /// ```
    BAD_EXECUTOR = "bad-executor", Some("E-042");

    /// `windows` is not an execution environment.
    ///
    /// Windows jobs use `machine` with a Windows image and a resource class that starts with
    /// `windows.`; the Windows orb has executors for this.
    ///
    /// Use `machine`, or the orb.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     windows:
    ///       image: windows-server-2022-gui:current
    ///     steps:
    ///       - run: make
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     machine:
    ///       image: windows-server-2022-gui:current
    ///     resource_class: windows.medium
    ///     steps:
    ///       - run: make
    /// ```
    WINDOWS_EXECUTOR = "windows-key", Some("E-045");

    /// A job has two execution environments.
    ///
    /// A job runs either in containers or on a machine. Additional containers go in the `docker`
    /// list, below the first one.
    ///
    /// Remove one of them.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     machine:
    ///       image: ubuntu-2404:current
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
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    /// ```
    TWO_EXECUTORS = "two-environments", Some("E-046");

    /// A job has no execution environment.
    ///
    /// There is no default image or machine.
    ///
    /// Add `docker` with an image, `machine`, or `executor` with the name of a defined executor.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
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
    NO_EXECUTOR = "no-environment", Some("E-047");

    /// A `docker` list is empty or an entry has no image.
    ///
    /// `docker` is a list of containers. The steps run in the first one; the others are service
    /// containers. Each entry starts with a dash and has an `image`.
    ///
    /// Write `- image: cimg/base:stable` below it, with the dash.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       image: cimg/base:2026.01
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
    BAD_DOCKER = "bad-docker", Some("E-048");

    /// `machine` or `macos` has the wrong shape.
    ///
    /// `machine` is `true`, the name of an image, or a mapping with `image`; `macos` is a mapping
    /// with `xcode`.
    ///
    /// Write `machine: { image: ubuntu-2404:current }` or `macos: { xcode: "16.2.0" }`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     machine:
    ///       - image: ubuntu-2404:current
    ///     steps:
    ///       - run: make
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
    BAD_MACHINE = "bad-machine", Some("E-049");

    /// An image has no tag, or the tag `latest`.
    ///
    /// An image without a tag, or with the tag `latest`, can change between two runs, so a job can
    /// start to fail without any change in the repository.
    ///
    /// Add a tag, or better a digest.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base
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
    FLOATING_IMAGE = "floating-image", Some("W-13");

    /// An image that no registry can have.
    ///
    /// A reference is `name:tag` or `registry/name:tag`, or ends in `@sha256:` and a digest. Names
    /// are in lower case, and nothing in it is a space. The configuration is valid, and the job
    /// fails when the image is pulled.
    ///
    /// Correct the name.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: Ubuntu Latest
    ///     steps:
    ///       - run: make
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: ubuntu:24.04
    ///     steps:
    ///       - run: make
    /// ```
    INVALID_IMAGE = "invalid-image", None;
}
