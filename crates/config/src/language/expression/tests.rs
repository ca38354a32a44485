//! Expressions: the worked examples, what they refuse, and what they warn of.

use proptest::prelude::*;

use super::{error::LookupError, *};
use crate::codes;

fn lookup(name: &str) -> Result<Data, LookupError> {
    Ok(match name {
        "pipeline.git.branch" => Data::text("feature/a"),
        "pipeline.git.tag" | "pipeline.event.github.pull_request.number" => Data::Null,
        "pipeline.parameters.deploy" => Data::Bool(false),
        "pipeline.number" => Data::Int(7),
        "pipeline.event.name" => Data::text("push"),
        "pipeline.event.github.pull_request.draft" => Data::Bool(false),
        "pipeline.event.github.pull_request.title" => Data::Null,
        _ if name.starts_with("pipeline.") => {
            return Err(LookupError::new(
                codes::UNKNOWN_PIPELINE_VALUE,
                format!("no `{name}`"),
                None,
            ));
        }
        _ => return Err(LookupError::new(codes::BAD_TEMPLATE, format!("no `{name}`"), None)),
    })
}

fn result(text: &str) -> Result<Data, ExpressionError> {
    assess(text, Profile::Legacy, &mut lookup).result
}

fn holds(text: &str) -> bool {
    match result(text) {
        Ok(Data::Bool(value)) => value,
        other => panic!("{text}: {other:?}"),
    }
}

fn error(text: &str) -> ExpressionError {
    let error = result(text).expect_err(text);
    assert!(text.get(error.span.clone()).is_some(), "{text}: {error:?}");
    error
}

/// The examples of CFG §11.9.
#[test]
fn cfg_240_the_worked_examples_come_out_as_documented() {
    for (text, expected) in [
        (r#"pipeline.git.branch starts-with "feature/""#, true),
        (r"pipeline.git.branch matches /feature\/.*/", true),
        ("pipeline.git.branch matches /feature/", false),
        (r#"pipeline.git.tag starts-with "v""#, false),
        (r#"not pipeline.git.branch == "main""#, false),
        (r#"not (pipeline.git.branch == "main")"#, true),
        (r#"pipeline.parameters.deploy == "false""#, false),
        ("pipeline.number >= 1 and pipeline.parameters.deploy", false),
        (
            r#"pipeline.event.name == "pull_request" and pipeline.event.github.pull_request.draft"#,
            false,
        ),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
    assert!(
        matches!(result("pipeline.git.branch or pipeline.git.tag"), Ok(Data::Text(t)) if &*t == "feature/a")
    );
    assert_eq!(error("pipeline.git.branch =~ /x/").code, codes::EXPRESSION_SYNTAX);
    assert_eq!(error("pipeline.nope == 1").code, codes::EXPRESSION_VALUE);
}

#[test]
fn cfg_213_weak_operators_bind_weakly() {
    for (text, expected) in [
        ("true or false and false", true),
        ("(true or false) and false", false),
        ("false and false or true", true),
        ("not true or true", true),
        ("not (true or true)", false),
        ("!true == false", true),
        ("! ! true", true),
        ("not not true", true),
        ("1 < 2 == true", true),
        ("1 == 1 and 2 != 1", true),
        ("1 == 1 == true", true),
        ("3 > 2 and -1 <= -1 and 2>=2", true),
        (r#""a" starts-with "a" == true"#, true),
        (r#""ab"starts-with"a""#, true),
        ("true\n  and\ttrue", true),
        (r#""a\"b" == "a\"b""#, true),
        (r#""a\\" == "a\\""#, true),
        ("(((true)))", true),
        ("trueish == trueish or true", true),
    ] {
        if text.contains("trueish") {
            assert_eq!(error(text).code, codes::EXPRESSION_VALUE);
        } else {
            assert_eq!(holds(text), expected, "{text}");
        }
    }
}

#[test]
fn cfg_214_and_and_or_give_back_an_operand() {
    let number = |text: &str| match result(text) {
        Ok(Data::Int(value)) => value,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(number(r#"pipeline.git.branch == "x" and 10 or 1"#), 1);
    assert_eq!(number(r#"pipeline.git.branch == "feature/a" and 10 or 1"#), 10);
    assert_eq!(number("true and 0 or 1"), 1);
    assert_eq!(number("false or 0"), 0);
    assert_eq!(number("1 and 2 and 3"), 3);
    assert!(matches!(result(r#"pipeline.git.tag or "none""#), Ok(Data::Text(t)) if &*t == "none"));
    assert!(matches!(result("pipeline.git.tag and nope"), Ok(Data::Null)));
}

#[test]
fn cfg_215_operators_refuse_what_they_cannot_compare() {
    for (text, underlined) in [
        ("1 starts-with \"2\"", "1"),
        ("\"a\" starts-with 1", "1"),
        ("pipeline.number matches /7/", "pipeline.number"),
        ("\"a\" > 1", "\"a\""),
        ("1 < \"2\"", "\"2\""),
        ("true >= 1", "true"),
        ("pipeline.git.tag > 1", "pipeline.git.tag"),
        ("\"a\" matches /x(/", "("),
    ] {
        let error = error(text);
        assert_eq!(error.code, codes::EXPRESSION_VALUE, "{text}");
        assert!(!error.is_syntax);
        assert_eq!(&text[error.span.clone()], underlined, "{error:?}");
    }
    assert!(
        error("not pipeline.git.branch matches /x/").help.unwrap().text.contains("not (pipeline")
    );
    assert!(error("1 < \"2\"").help.unwrap().text.contains("without quotes"));
}

/// `filters: pipeline.git.tag matches /.*/` must not run on branches (D-28).
#[test]
fn cfg_215_an_absent_value_matches_nothing_and_equals_the_empty_text() {
    for (text, expected) in [
        ("pipeline.git.tag matches /v.*/", false),
        ("pipeline.git.tag matches /.*/", false),
        (r#"pipeline.git.tag starts-with """#, false),
        (r#"pipeline.git.tag == """#, true),
        (r#"pipeline.git.tag != """#, false),
        (r#"pipeline.git.tag == "v1""#, false),
        ("pipeline.git.tag == pipeline.git.tag", true),
        (r#"pipeline.git.branch matches "feature/.*""#, true),
        ("pipeline.git.branch matches pipeline.git.tag", false),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn cfg_216_what_is_not_reached_is_a_warning() {
    let assess = |text| assess(text, Profile::Legacy, &mut lookup);
    let found = assess(r"false and pipeline.nope and pipeline.git.tag matches /(/");
    assert!(matches!(found.result, Ok(Data::Bool(false))));
    assert_eq!(found.warnings.len(), 2, "{:?}", found.warnings);
    let found = assess("true or pipeline.nope == 1");
    assert_eq!(found.warnings.len(), 1);
    let guarded = r#"pipeline.event.name == "pull_request" and pipeline.event.github.pull_request.draft == false"#;
    assert!(assess(guarded).warnings.is_empty());
    assert!(assess("true or 1 > \"a\"").result.is_ok());
}

#[test]
fn cfg_216_next_knows_values_of_an_event_during_the_event_only() {
    let next = |text| assess(text, Profile::Next, &mut lookup);
    for text in [
        "pipeline.event.github.pull_request.draft",
        "not pipeline.event.github.pull_request.draft",
        r#"pipeline.event.github.pull_request.title == "x""#,
    ] {
        let error = next(text).result.unwrap_err();
        assert!(error.help.unwrap().text.contains("pipeline.event.name == \"pull_request\" and"));
        assert!(result(text).is_ok());
    }
    let guarded =
        r#"pipeline.event.name == "pull_request" and pipeline.event.github.pull_request.draft"#;
    let found = next(guarded);
    assert!(found.result.is_ok() && found.warnings.is_empty());
    let mut on_pull_request = |name: &str| match name {
        "pipeline.event.github.pull_request.number" => Ok(Data::Int(3)),
        other => lookup(other),
    };
    let draft = "pipeline.event.github.pull_request.draft";
    assert!(assess(draft, Profile::Next, &mut on_pull_request).result.is_ok());
}

#[test]
fn cfg_218_look_around_in_an_expression_is_refused_by_next_and_warned_of() {
    let text = "pipeline.git.branch matches /(?!main).*/";
    let found = assess(text, Profile::Legacy, &mut lookup);
    assert!(matches!(found.result, Ok(Data::Bool(true))));
    assert_eq!(found.warnings[0].code, codes::LOOK_AROUND);
    let error = assess(text, Profile::Next, &mut lookup).result.unwrap_err();
    assert_eq!(&text[error.span.clone()], "(?!", "{error:?}");
}

#[test]
fn a_not_before_a_comparison_is_warned_of() {
    let warnings = |text| assess(text, Profile::Legacy, &mut lookup).warnings;
    let found = warnings(r#"true and not pipeline.git.branch == "main""#);
    assert_eq!(found[0].code, codes::TIGHT_NOT);
    assert_eq!(found[0].help, Some(r#"write `not (pipeline.git.branch == "main")`"#.into()));
    for fine in [
        r#"not (pipeline.git.branch == "main")"#,
        "(not pipeline.git.branch) == false",
        "not pipeline.git.branch and true",
        r#"pipeline.git.branch != "main""#,
    ] {
        assert!(warnings(fine).is_empty(), "{fine}");
    }
}

#[test]
fn a_boolean_that_is_compared_with_a_text_is_warned_of() {
    let warnings = |text| assess(text, Profile::Legacy, &mut lookup).warnings;
    for text in [
        r#"pipeline.parameters.deploy == "false""#,
        r#""true" != pipeline.parameters.deploy"#,
        r#"pipeline.number == "7""#,
    ] {
        assert_eq!(warnings(text).len(), 1, "{text}");
    }
    assert!(warnings("pipeline.parameters.deploy == false").is_empty());
    assert!(warnings(r#"pipeline.git.branch == "true""#).is_empty());
}

#[test]
fn cfg_217_other_languages_are_translated() {
    for (text, underlined, help) in [
        ("pipeline.git.branch =~ /x/", "=~", "pipeline.git.branch matches /x/"),
        ("a = \"b\"", "=", "a == \"b\""),
        ("a === b", "===", "a == b"),
        ("a && b", "&&", "`and`"),
        ("a || b", "||", "`or`"),
        ("a AND b", "AND", "`and`"),
        ("a in [\"x\"]", "in", "a == \"x\" or a == \"y\""),
        ("a contains \"x\"", "contains", "a matches /.*x.*/"),
        ("a ends-with \"x\"", "ends-with", "a matches /.*x/"),
        ("a ? b : c", "?", "a and b or c"),
        ("a == 'main'", "'main'", "\"main\""),
        ("a == << b >>", "<<", "without `<< >>`"),
        ("$CIRCLE_BRANCH == \"x\"", "$", "environment variables"),
        ("\"x\" == [1]", "[", "lists are not supported"),
        ("a matches \"x\" \"y\"", "\"", "join"),
        ("len(a)", "(", "functions are not supported"),
        ("1 + 2", "+", "arithmetic is not supported"),
        ("a)", ")", "unmatched `)`"),
        ("/x/ == a", "/x/", "after `matches`"),
        ("a startsWith \"x\"", "startsWith", "a starts-with \"x\""),
        ("a !~ /x/", "!~", "not (a matches /x/)"),
    ] {
        let error = error(text);
        assert!(error.is_syntax, "{text}");
        assert_eq!(&text[error.span.clone()], underlined, "{error:?}");
        assert!(error.help.clone().unwrap().text.contains(help), "{text}: {error:?}");
    }
    for (text, help) in
        [("always", "only `run` steps have"), ("pipeline.git.branch == main", "`\"main\"`")]
    {
        assert!(error(text).help.unwrap().text.contains(help), "{text}");
    }
}

#[test]
fn cfg_213_what_cannot_be_read_is_distinguished_from_what_cannot_be_computed() {
    for text in [
        "a ==",
        "(a",
        "a b",
        r#""x"#,
        "a.",
        "a..b",
        "",
        "not",
        "and a",
        "a or",
        "()",
        "-",
        "1a",
        "1.5",
        "99999999999999999999",
        "a matches /x",
        "\"a\\n\"",
        "matches",
    ] {
        assert!(error(text).is_syntax, "{text}");
    }
    assert_eq!(error("\"a\\n\"").code, codes::EXPRESSION_VALUE);
    for text in ["pipeline.nope == 1", "always", "1 starts-with 2", r#""a" matches /(/"#] {
        assert!(!error(text).is_syntax, "{text}");
    }
}

#[test]
fn an_endless_expression_ends() {
    assert!(result(&"(".repeat(7_000)).unwrap_err().is_syntax);
    assert!(result(&"not ".repeat(1_900)).unwrap_err().is_syntax);
    assert!(result(&"1 < ".repeat(1_900)).unwrap_err().is_syntax);
    assert!(result(&format!("1{}", " or 1".repeat(100_000))).unwrap_err().is_syntax);
    // A list of a hundred branches is nothing unusual.
    let many = r#" or pipeline.git.branch == "x""#.repeat(200);
    assert!(!holds(&format!("false{many}")));
}

#[test]
fn a_text_that_looks_like_an_expression_is_recognized() {
    for text in ["pipeline.git.branch == \"main\"", "not pipeline.git.tag", "pipeline.git.tag"] {
        assert!(looks_like_one(text), "{text}");
    }
    for text in ["main", "true", "see pipeline.yml for a", "a and b"] {
        assert!(!looks_like_one(text), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_survived_and_its_mistake_lies_within(text in "\\PC{0,60}") {
        if let Err(error) = result(&text) {
            prop_assert!(text.get(error.span).is_some());
        }
    }

    #[test]
    fn any_row_of_tokens_is_survived(tokens in prop::collection::vec(prop::sample::select(vec![
        "and", "or", "not", "!", "==", "!=", "<", ">=", "(", ")", "matches", "starts-with", "/x/",
        "\"a\"", "1", "-2", "true", "pipeline.number", "pipeline.git.tag", "nope", "=", "'x'", "?",
    ]), 0..20)) {
        let text = tokens.join(" ");
        for profile in [Profile::Legacy, Profile::Next] {
            let found = assess(&text, profile, &mut lookup);
            for error in found.warnings.iter().chain(found.result.as_ref().err()) {
                prop_assert!(text.get(error.span.clone()).is_some(), "{text}: {error:?}");
            }
        }
    }
}

/// What is written for a variable of a job has to be its value, and a string stays as it is.
#[test]
fn a_tag_is_made_only_of_what_is_known() {
    for (text, expected) in [
        ("$CIRCLE_BRANCH == main", Some("pipeline.git.branch == \"main\"")),
        ("\"${CIRCLE_TAG}\" = v1", Some("pipeline.git.tag == \"v1\"")),
        ("'$CIRCLE_TAG' == 'v1'", Some("pipeline.git.tag == \"v1\"")),
        ("pipeline.git.tag  ==  \"a  b\"", Some("pipeline.git.tag == \"a  b\"")),
        ("pipeline.git.tag == 'a && b' && true", Some("pipeline.git.tag == \"a && b\" and true")),
        ("pipeline.git.branch matches /^x$/", Some("pipeline.git.branch matches /^x$/")),
        ("$CIRCLE_TAG_NAME == x", None),
        ("$CIRCLE_TAG == $CIRCLE_SHA1SUM", None),
        ("\"$CIRCLE_TAG_NAME\" == pipeline.git.tag", None),
        ("\"v$CIRCLE_TAG\" == pipeline.git.tag", None),
        ("${CIRCLE_TAG:-none} == x", None),
    ] {
        let expected = expected.map(|expected| format!("<< {expected} >>"));
        assert_eq!(as_tag(text), expected, "{text}");
    }
}
