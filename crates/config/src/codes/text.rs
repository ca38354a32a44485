//! Codes about the text itself: characters, YAML, size (CFG §7.5.1).

area! {
    "The text";

    /// The text holds a control character.
    ///
    /// YAML allows line breaks and tabs, and none of the other signs that control a terminal. Such
    /// a character is invisible in most editors; it comes with text that was copied from a
    /// terminal, or from a file in another encoding than UTF-8.
    ///
    /// Remove the character at the place shown, and save the file as UTF-8. In a script, write it
    /// as an escape: `printf '\033[1m'`.
    SPECIAL_CHARACTER = "special-character", Some("E-001");

    /// The text is not YAML.
    ///
    /// The reader met something that cannot stand where it stands, and cannot know what is meant by
    /// the rest. The usual causes: a tab in the indentation, a quote or a bracket that is not
    /// closed, a `: ` or ` #` inside a text without quotes, a line that is indented less than its
    /// list.
    ///
    /// Look at the place shown and at the line above it. A text with `: ` in it goes into quotes,
    /// or into a block that begins with `|`.
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

    /// A line is taken into the text above it.
    ///
    /// A text without quotes goes on in the next lines as long as they are indented deeper. So an
    /// item of a list whose dash is missing, or stands too far to the right, is no item: it becomes
    /// the end of the one above, and nobody would notice.
    ///
    /// Put the dash below the dash of the item before. A long text that is meant as one goes into
    /// quotes, or into a block that begins with `>`.
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

    /// A mapping holds the same key twice.
    ///
    /// Only one of the two can count, and readers of YAML differ in which. So the hosted service
    /// refuses it, and so does Roundel. Among steps it is often a forgotten dash: two `run` in one
    /// step.
    ///
    /// Merge both entries, rename one of them, or write the dash.
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

    /// An alias names an anchor that no line above defines.
    ///
    /// `*name` stands for what `&name` marks, and the mark must come first. Anchors do not reach
    /// from one file into another, and not from an orb into a configuration.
    ///
    /// Define the anchor above its first use. A text that only happens to begin with `*` goes into
    /// quotes.
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

    /// A merge key `<<:` is given something that is not a mapping.
    ///
    /// `<<: *name` copies the keys of a mapping into the mapping that it stands in. A list has no
    /// keys, and YAML has no way to splice one list into another.
    ///
    /// Give it a mapping, or a list of mappings. To share steps, make them a command, or repeat
    /// them.
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

    /// The text holds more than one YAML document.
    ///
    /// A line `---` ends a document and begins another one. A configuration is one document; what
    /// would follow the line is not read.
    ///
    /// Delete the separator, or put what follows into a file of its own.
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
    /// A configuration is a mapping: names such as `version` and `jobs` at the very left, each with
    /// a colon. This text has nothing but comments, is a list, or is a single word.
    ///
    /// Begin with `version: 2.1`, and look for a dash before the first key.
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

    /// A YAML tag such as `!x` that means nothing here.
    ///
    /// A value that begins with `!` is a tag to YAML: it names the type of what follows.
    /// Configurations have no types of their own, so it is nearly always an expression or a text
    /// without its quotes.
    ///
    /// Put the value into quotes, or write `not` in expressions.
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

    /// Aliases, commands or parameters expand beyond every measure.
    ///
    /// A few lines can stand for millions: aliases that hold aliases, commands that call commands
    /// twice, matrices of matrices. There is a budget for what a configuration may become, far
    /// above what any real one needs, so that nobody can stop the server with a text.
    ///
    /// An anchor cannot contain itself. Otherwise use fewer aliases within aliases, or fewer
    /// elements in a matrix.
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

    /// A mapping or a list stands where a key must be text.
    ///
    /// Braces and brackets begin a mapping or a list wherever a value or a key begins. So `{{
    /// checksum "x" }}` without quotes is a mapping whose key is a mapping, and not the text that a
    /// cache key needs.
    ///
    /// Quote the text if it is meant as one.
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
    /// A text of several megabytes is generated, or is not a configuration. It is not even read.
    ///
    /// Use commands, parameters and matrices instead of repetition, or split the work: a setup
    /// configuration can choose what goes on.
    TOO_LARGE = "too-large", Some("E-093");

    /// More was found than is shown.
    ///
    /// A damaged file has hundreds of mistakes, and nobody reads them. After two hundred the rest
    /// is counted and left out.
    ///
    /// Mend the first ones and look again.
    MORE_PROBLEMS = "more-problems", None;
}
