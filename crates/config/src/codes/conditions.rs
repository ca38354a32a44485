//! Codes about conditions, logic and expressions (CFG §7.5.5).

area! {
    "Conditions";

    /// Both `when` and `unless` are given.
    ///
    /// A workflow has a single condition. With two, it would not be clear how they combine.
    ///
    /// Combine both with `and` and `not`.
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

    /// `condition` is missing in a step or used in a workflow.
    ///
    /// A `when` step has `condition` and `steps` below it. A workflow's `when` is the condition
    /// itself, because the jobs are next to it.
    ///
    /// Remove the `condition:` level in a workflow, or add it in a step.
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

    /// An operator has no operands.
    ///
    /// The result of `and: []` or `or: []` would be arbitrary.
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
    /// A logic statement is a mapping with one key, the operator. With two, it would not be clear
    /// whether both or one of them must hold.
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

    /// An unknown operator, or a list where a logic statement is expected.
    ///
    /// The operators are `and`, `or`, `not`, `equal` and `matches`.
    ///
    /// Fix the operator's name, or wrap the list in `and:` or `or:`.
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
    /// It is true if the whole `value` matches the regular expression `pattern`, which is written
    /// without slashes around it.
    ///
    /// Write `matches: { pattern: "^v.*$", value: << pipeline.git.tag >> }`.
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
    /// The compiler evaluates at most a hundred levels of nested statements.
    ///
    /// `and` and `or` take any number of operands: write them next to each other.
    LOGIC_TOO_DEEP = "logic-too-deep", Some("E-077");

    /// An expression has a syntax error.
    ///
    /// Expressions support `==`, `!=`, `<`, `<=`, `>`, `>=`, `and`, `or`, `not`, `starts-with` and
    /// `matches /…/`. Strings are written in double quotes. Operators of other languages (`=~`,
    /// `&&`, `in`) are not supported.
    ///
    /// Fix the expression at the position shown; the message often shows how.
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
    /// A word without quotes is a variable, and the only variables are `pipeline.` values (and
    /// `matrix.` and `parameters.` where they are available). So `== main` compares with a variable
    /// named `main`.
    ///
    /// Put strings in double quotes, and fix misspelled names.
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
    /// `not a == b` means `(not a) == b`: it compares a boolean with a string, which is never
    /// equal. The negated comparison is almost always what was intended.
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

    /// A condition is a string and therefore always true.
    ///
    /// Any string that is not empty is true, whatever it says. This happens with an expression in
    /// quotes in a step's condition, with an expression that contains a tag in the middle, and with
    /// `"false"` in quotes. In the `next` profile, some of these are errors.
    ///
    /// In a workflow, write the expression without `<< >>`. In a step, put the whole expression
    /// inside one tag.
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
