//! Codes about conditions, logic and expressions (CFG §7.5.5).

area! {
    "Conditions";

    /// Both `when` and `unless` are given.
    ///
    /// A workflow has one condition; which of two would win, nobody could see.
    ///
    /// Fold both into one, with `and` and `not`.
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
    ///       - run: make
    /// workflows:
    ///   main:
    ///     when: pipeline.git.branch == "main"
    ///     unless: pipeline.git.tag != ""
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
    ///     when: pipeline.git.branch == "main" and pipeline.git.tag == ""
    ///     jobs:
    ///       - build
    /// ```
    WHEN_AND_UNLESS = "when-and-unless", Some("E-071");

    /// `condition` is missing in a step or given in a workflow.
    ///
    /// A `when` step has `condition` and `steps` below it. A workflow's `when` is the condition
    /// itself, for the jobs stand beside it.
    ///
    /// Remove the level in a workflow, or add it in a step.
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
    ///       - run: make
    /// workflows:
    ///   main:
    ///     when:
    ///       condition:
    ///         equal: [main, << pipeline.git.branch >>]
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
    ///     when:
    ///       equal: [main, << pipeline.git.branch >>]
    ///     jobs:
    ///       - build
    /// ```
    CONDITION_MISPLACED = "condition-misplaced", Some("E-072");

    /// An operator has no arguments.
    ///
    /// `and` of nothing and `or` of nothing have no meaning that everybody would agree on.
    ///
    /// Add an operand, or remove the operator.
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
    ///       - run: make
    /// workflows:
    ///   main:
    ///     when:
    ///       and: []
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
    ///     when:
    ///       and:
    ///         - equal: [main, << pipeline.git.branch >>]
    ///         - not: << pipeline.git.tag >>
    ///     jobs:
    ///       - build
    /// ```
    EMPTY_LOGIC = "empty-logic", Some("E-073");

    /// A logic statement has several operators, or none.
    ///
    /// A statement is a mapping with one key, the operator. With two, it would be unknown whether
    /// both or one of them must hold.
    ///
    /// Wrap both in `and: [ … ]` or `or: [ … ]`.
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
    ///       - run: make
    /// workflows:
    ///   main:
    ///     when:
    ///       equal: [main, << pipeline.git.branch >>]
    ///       not: << pipeline.git.tag >>
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
    ///     when:
    ///       and:
    ///         - equal: [main, << pipeline.git.branch >>]
    ///         - not: << pipeline.git.tag >>
    ///     jobs:
    ///       - build
    /// ```
    SEVERAL_OPERATORS = "several-operators", Some("E-074");

    /// An operator that does not exist, or a list where a statement belongs.
    ///
    /// The operators are `and`, `or`, `not`, `equal` and `matches`.
    ///
    /// Mend the word; wrap a list in `and:` or `or:`.
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
    ///       - run: make
    /// workflows:
    ///   main:
    ///     when:
    ///       equals: [main, << pipeline.git.branch >>]
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
    ///     when:
    ///       equal: [main, << pipeline.git.branch >>]
    ///     jobs:
    ///       - build
    /// ```
    UNKNOWN_OPERATOR = "unknown-operator", Some("E-075");

    /// `matches` does not have exactly `pattern` and `value`.
    ///
    /// It asks whether the whole of `value` fits the regular expression `pattern`, which needs no
    /// slashes around it here.
    ///
    /// Write `matches: { pattern: "v.*", value: << pipeline.git.tag >> }`.
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
    ///       - run: make
    /// workflows:
    ///   main:
    ///     when:
    ///       matches:
    ///         pattern: "release-.*"
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
    ///     when:
    ///       matches:
    ///         pattern: "release-.*"
    ///         value: << pipeline.git.branch >>
    ///     jobs:
    ///       - build
    /// ```
    BAD_MATCHES = "bad-matches", Some("E-076");

    /// Logic statements are nested too deeply.
    ///
    /// A hundred statements within each other are more than anybody can follow, and more than the
    /// compiler follows.
    ///
    /// `and` and `or` take any number of operands: write them side by side.
    LOGIC_TOO_DEEP = "logic-too-deep", Some("E-077");

    /// An expression cannot be read.
    ///
    /// Expressions have `==`, `!=`, `<` and their like, `and`, `or`, `not`, `starts-with` and
    /// `matches /…/`. Texts stand in double quotes. Other languages' signs (`=~`, `&&`, `in`) are
    /// unknown here.
    ///
    /// Mend the sign at the place shown; the message often says how.
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
    ///       - run: make
    /// workflows:
    ///   main:
    ///     when: pipeline.git.branch =~ /release-.*/
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
    ///     when: pipeline.git.branch matches /release-.*/
    ///     jobs:
    ///       - build
    /// ```
    EXPRESSION_SYNTAX = "expression-syntax", Some("E-078");

    /// An expression uses an unknown variable or a value of the wrong type.
    ///
    /// A word without quotes is a variable, and there are only `pipeline.` values (and `matrix.`
    /// and `parameters.` where those exist). So `== main` compares with a variable called `main`.
    ///
    /// Put texts into double quotes, and mend names.
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
    ///       - run: make
    /// workflows:
    ///   main:
    ///     when: pipeline.git.branch == main
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
    ///     when: pipeline.git.branch == "main"
    ///     jobs:
    ///       - build
    /// ```
    EXPRESSION_VALUE = "expression-value", Some("E-079");

    /// `not` binds tighter than the comparison after it.
    ///
    /// `not a == b` is `(not a) == b`: it compares a truth value with a text, which is never equal.
    /// Nearly always the opposite of the comparison is meant.
    ///
    /// Write `a != b`, or `not (a == b)`.
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
    ///       - run: make
    /// workflows:
    ///   main:
    ///     when: not pipeline.git.branch == "main"
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
    ///     when: pipeline.git.branch != "main"
    ///     jobs:
    ///       - build
    /// ```
    TIGHT_NOT = "tight-not", None;

    /// A condition that is a text and therefore always true.
    ///
    /// A text is true unless it is empty, whatever it says. An expression within quotes in a step's
    /// condition, an expression with a tag in the middle of it, and `"false"` in quotes are such
    /// texts. In the `next` profile some of them are errors.
    ///
    /// In a workflow write the expression without `<< >>`; in a step put all of it into one tag.
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
    ///       - run: make
    /// workflows:
    ///   main:
    ///     when: << pipeline.git.branch >> == "main"
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
    ///     when: pipeline.git.branch == "main"
    ///     jobs:
    ///       - build
    /// ```
    ALWAYS_TRUE = "always-true", Some("W-08");
}
