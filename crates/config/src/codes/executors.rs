//! Codes about execution environments (CFG §7.5.3).

area! {
    "Executors";

    /// An executor that does not exist.
    ///
    /// An executor is a named environment that stands under `executors`, or comes from an orb as
    /// `orb/executor`. `docker` and `machine` are none: they are keys of a job.
    ///
    /// Mend the name, or declare the executor.
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
    /// With arguments the executor's name moves under `name`, and the arguments stand beside it.
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

    /// `windows` is no execution environment.
    ///
    /// Windows is a `machine` with a Windows image and a class that begins with `windows.`; the
    /// Windows orb has executors that say so.
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

    /// A job names two execution environments.
    ///
    /// A job runs in containers or on a machine, not in both. Further containers stand in the list
    /// of `docker`, below the first.
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

    /// A job names no execution environment.
    ///
    /// Nothing says in which image or on which machine the job runs, and there is no default.
    ///
    /// Add `docker` with an image, `machine`, or `executor` with the name of a declared one.
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
    /// `docker` is a list of containers. The steps run in the first; the others are services beside
    /// it. Each begins with a dash and has an `image`.
    ///
    /// Write `- image: cimg/base:2026.01` below it, with the dash.
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
    /// A machine is `true`, an image's name, or a mapping with `image`; macOS is a mapping with
    /// `xcode`.
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

    /// An image without a tag, or with `latest`, changes by itself.
    ///
    /// Tomorrow's job runs in another image than today's, and a job that fails for that reason
    /// fails for no change of yours.
    ///
    /// Name a tag, or better a digest.
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
}
