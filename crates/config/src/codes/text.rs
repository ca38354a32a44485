//! Codes about the text itself: characters, YAML, size (CFG §7.5.1).

area! {
    "YAML and files";

    /// The file contains a control character.
    ///
    /// YAML allows line breaks and tabs, but no other control characters. Such a character is
    /// invisible in most editors; it comes from text that was copied from a terminal, or from a
    /// file that is not encoded in UTF-8.
    ///
    /// Also reported: a character that keeps a line from being read as it looks, in front of a key or a
    /// dash, in a name, or instead of a dash or a colon. Such are no-break spaces, zero-width spaces, en
    /// dashes and full-width colons; they come from web pages and chats.
    ///
    /// Remove the character at the position shown, and save the file as UTF-8. In a script, write
    /// it as an escape sequence: `printf '\033[1m'`.
    SPECIAL_CHARACTER = "special-character", Some("E-001");

    /// The file is not valid YAML.
    ///
    /// The parser found something unexpected and cannot interpret the rest. Common causes: a tab in
    /// the indentation, an unclosed quote or bracket, a `: ` or ` #` inside an unquoted string, a
    /// line that is indented less than its list.
    ///
    /// Check the line shown and the line above it. Put a string that contains `: ` in quotes, or in
    /// a block string that starts with `|`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: echo "status: done"
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
    ///           echo "status: done"
    /// ```
    SYNTAX = "yaml-syntax", Some("E-002");

    /// A line is read as part of the string above it.
    ///
    /// An unquoted string continues on the next lines as long as they are indented deeper. So a
    /// list item whose dash is missing, or is too far to the right, is not an item: it becomes the
    /// end of the item above, without an error.
    ///
    /// Align the dash with the dash of the item above. If a long string is intended, put it in
    /// quotes, or in a block string that starts with `>`.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    ///       - persist_to_workspace:
    ///           root: .
    ///           paths:
    ///             - build
    ///               - reports
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
    ///       - persist_to_workspace:
    ///           root: .
    ///           paths:
    ///             - build
    ///             - reports
    /// ```
    SWALLOWED_LINE = "swallowed-line", None;

    /// A mapping contains the same key twice.
    ///
    /// Only one of the two can take effect, and YAML parsers differ in which one. The hosted
    /// service rejects this, and so does Roundel. In steps it is often a missing dash: two `run`
    /// keys in one step.
    ///
    /// Merge both entries, rename one of them, or add the dash.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    ///         run: make test
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
    ///       - run: make test
    /// ```
    DUPLICATE_KEY = "duplicate-key", Some("E-003");

    /// An alias refers to an anchor that is not defined above it.
    ///
    /// `*name` stands for the value with the anchor `&name`, which must come first. Anchors only
    /// work within one file; a configuration cannot use the anchors of an orb.
    ///
    /// Define the anchor above its first use. If a string starts with `*`, put it in quotes.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker: *image
    ///     steps:
    ///       - run: make
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// image: &image
    ///   - image: cimg/base:2026.01
    /// jobs:
    ///   build:
    ///     docker: *image
    ///     steps:
    ///       - run: make
    /// ```
    UNDEFINED_ALIAS = "undefined-alias", Some("E-004");

    /// The value of a merge key `<<:` is not a mapping.
    ///
    /// `<<: *name` copies the keys of a mapping into the mapping that contains it. A list has no
    /// keys, and YAML cannot insert one list into another.
    ///
    /// Use a mapping, or a list of mappings. To share steps, define a command, or repeat them.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// steps: &steps
    ///   - checkout
    /// jobs:
    ///   build:
    ///     <<: *steps
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// defaults: &defaults
    ///   docker:
    ///     - image: cimg/base:2026.01
    /// jobs:
    ///   build:
    ///     <<: *defaults
    ///     steps:
    ///       - checkout
    ///       - run: make
    /// ```
    BAD_MERGE = "bad-merge", Some("E-005");

    /// The file contains more than one YAML document.
    ///
    /// A line `---` ends a document and starts another one. A configuration is one document;
    /// nothing after that line is read.
    ///
    /// Delete the separator, or move what follows to another file.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run: make
    /// ---
    /// workflows:
    ///   main:
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
    /// ```
    SEVERAL_DOCUMENTS = "several-documents", Some("E-006");

    /// The configuration is empty or is not a mapping.
    ///
    /// A configuration is a mapping: keys such as `version` and `jobs` without indentation, each
    /// followed by a colon. This file contains only comments, a list, or a single word.
    ///
    /// Start with `version: 2.1`, and check for a dash before the first key.
    ///
    /// ```yaml wrong
    /// - version: 2.1
    /// - jobs:
    ///     build:
    ///       docker:
    ///         - image: cimg/base:2026.01
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
    NOT_A_MAPPING = "not-a-mapping", Some("E-007");

    /// An unknown YAML tag such as `!x`.
    ///
    /// In YAML, a value that starts with `!` is a tag, which specifies the type of what follows.
    /// Configurations do not use tags, so it is almost always an expression or a string without
    /// quotes.
    ///
    /// `!` with a space after it is a tag as well: the value does not get it, and a warning says so.
    ///
    /// Put the value in quotes, or use `not` in expressions.
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
    ///     when: !pipeline.git.branch.is_default
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
    ///     when: not pipeline.git.branch.is_default
    ///     jobs:
    ///       - build
    /// ```
    UNKNOWN_TAG = "unknown-yaml-tag", Some("E-008");

    /// Aliases, commands or parameters exceed the expansion limit.
    ///
    /// A few lines can expand to millions: nested aliases, commands that call other commands twice,
    /// large matrices. The size of an expanded configuration is limited, far above what real
    /// configurations need, to protect the server.
    ///
    /// An anchor cannot contain itself. Otherwise use fewer nested aliases, or smaller matrices.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build: &build
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     environment: *build
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
    ///     environment:
    ///       COLOR: blue
    ///     steps:
    ///       - run: make
    /// ```
    EXPANDS_TOO_FAR = "expands-too-far", Some("E-009");

    /// A mapping or a list is used as a key.
    ///
    /// Braces and brackets start a mapping or a list wherever a value or a key is expected. So `{{
    /// checksum "x" }}` without quotes is a mapping whose key is a mapping, not the string that a
    /// cache key needs.
    ///
    /// Quote it if it is meant as a string.
    ///
    /// ```yaml wrong
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run:
    ///           name: {{ checksum "go.sum" }}
    ///           command: make
    /// ```
    ///
    /// ```yaml right
    /// version: 2.1
    /// jobs:
    ///   build:
    ///     docker:
    ///       - image: cimg/base:2026.01
    ///     steps:
    ///       - run:
    ///           name: '{{ checksum "go.sum" }}'
    ///           command: make
    /// ```
    COMPLEX_KEY = "complex-key", None;

    /// The configuration is larger than allowed.
    ///
    /// A source of more than 1 MiB (1,048,576 bytes) is not parsed. The hosted service limits what a
    /// configuration compiles to, 8 MB, and not its source.
    ///
    /// Use commands, parameters and matrices instead of repetition. Move long scripts into files of
    /// the repository, and commands that several projects share into an orb.
    TOO_LARGE = "too-large", Some("E-093");

    /// There are more diagnostics than are shown.
    ///
    /// A damaged file can have hundreds of errors. Only the first two hundred are shown; the rest
    /// are counted.
    ///
    /// Fix the first ones and check again.
    MORE_PROBLEMS = "more-problems", None;
}
