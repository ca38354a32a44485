//! Patterns against what Java answered, against runaways, and against arbitrary strings.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn legacy(pattern: &str) -> Pattern {
    Pattern::new(pattern, Profile::Legacy).unwrap()
}

/// What `java.util.regex` of JDK 17 said, pattern by pattern. Where we differ, the pattern is listed
/// here with the reason.
#[test]
fn cfg_218_every_answer_is_javas() {
    const DIFFERENT: &[(&str, &str)] = &[
        (r"(\R){2}", "Java does not go back into a group that it takes for simple"),
        ("(?iu)ß", "the capital sharp s is folded by newer tables than those of JDK 17"),
        (r"(?i)(ä)\1", "a back-reference folds all of Unicode here"),
        (r"\p{InGreek}", "blocks of Unicode are refused; scripts are known"),
        (r"\p{block=Greek}", "blocks of Unicode are refused; scripts are known"),
        (r"\X", "refused: names of branches have no use for grapheme clusters"),
        (r"\N{LATIN SMALL LETTER A}", "refused: there is no table of names"),
        (r"\b{g}", "refused: names of branches have no use for grapheme clusters"),
    ];
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in include_str!("tests/java.jsonl").lines() {
        let (pattern, text, expected): (String, String, serde_json::Value) =
            serde_json::from_str(line).unwrap();
        let ours = match Pattern::new(&pattern, Profile::Legacy) {
            Err(_) => "error".into(),
            Ok(pattern) => pattern
                .matches(&text)
                .map_or_else(|error| error.message.into(), serde_json::Value::from),
        };
        count += 1;
        let known = DIFFERENT.iter().any(|(known, _)| *known == pattern);
        if known == (ours == expected) {
            wrong.push(format!("{pattern:?} on {text:?}: Java {expected}, here {ours}"));
        }
    }
    assert!(count > 500, "only {count} pairs");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn cfg_218_the_linear_engine_runs_what_it_can() {
    for pattern in ["main", r"^release\/.*$", "(a|b)+?", r"v\d+(\.\d+)*", "[a-z&&[^b]]", "(?i)x"] {
        assert!(matches!(legacy(pattern).engine, Engine::Linear(_)), "{pattern}");
        assert!(legacy(pattern).refused_by_next().is_none());
    }
    for pattern in ["(?!x).*", r"(a)\1", "a++", "(?>a)", ".*(?<!x)"] {
        assert!(matches!(legacy(pattern).engine, Engine::Backtracking(_)), "{pattern}");
        assert!(legacy(pattern).refused_by_next().is_some());
    }
}

#[test]
fn cfg_218_next_refuses_what_no_linear_engine_can_do() {
    for (pattern, what) in [
        ("^(?!main).*$", "look-ahead"),
        (".*(?<!x)", "look-behind"),
        (r"(a)\1", "back-reference"),
        ("a++", "possessive quantifier"),
        ("(?>a)", "atomic group"),
    ] {
        let error = Pattern::new(pattern, Profile::Next).unwrap_err();
        assert!(error.message.contains("`next` profile does not support"), "{error:?}");
        assert!(error.message.contains(what) && error.help.is_some(), "{error:?}");
        let span = error.span.unwrap();
        assert!(pattern.get(span).is_some());
        assert!(legacy(pattern).refused_by_next().unwrap().message.contains(what));
    }
    assert!(Pattern::new("^release/.*$", Profile::Next).unwrap().matches("release/1").unwrap());
    let long = "a".repeat(129);
    let error = Pattern::new(&long, Profile::Next).unwrap_err();
    assert!(error.message.contains("129 characters"), "{error}");
    assert!(legacy(&long).refused_by_next().is_some());
    assert!(Pattern::new(&"ü".repeat(128), Profile::Next).is_ok());
}

#[test]
fn cfg_218_mistakes_are_underlined_and_explained() {
    for (pattern, underlined, help) in [
        ("release-(", "(", "escape"),
        ("*.x", "*", ".*"),
        ("v[0-9", "[", "close"),
        (r"\y", r"\y", "y"),
        ("a{", "{", "{2}"),
        (r"v\p{Foo}x", r"\p{Foo}", "Alpha"),
        ("(?P<n>x)", "(?P", "(?<name>"),
        ("x)", ")", r"\)"),
        ("ü[z-a]", "z-a", "-"),
        ("a\\", "\\", "remove"),
    ] {
        let error = Pattern::new(pattern, Profile::Legacy).unwrap_err();
        assert_eq!(&pattern[error.span.clone().unwrap()], underlined, "{error:?}");
        assert!(error.help.clone().unwrap_or_default().contains(help), "{error:?}");
    }
}

/// No push may keep the compiler busy.
#[test]
fn cfg_218_runaway_patterns_end_soon() {
    let started = Instant::now();
    let mut slow = 0;
    for pattern in [
        "(a+)+$",
        "(a|aa)+$",
        "(a|a?)+$",
        "(.*a){20}",
        "(.*)(.*)(.*)(.*)b",
        "([a-z]+)*\\1b",
        "(?=(a+)+$)b",
        "^(?!(a+)+$).*b",
        "(a|aa)+\\1b(?=c)",
        "(?:(?=.*x).)*y",
        "((a*)*)*(?!a)b",
        "(?:a{1000}){1000}",
        "(?:(?:a{1,100}){1,100}){1,100}",
        "(\\w{1,300}-){1,300}",
        "(.{1,1000})\\1",
        "(?<=a{1,200}b{1,200})c|.*(?=d)",
        "(\\p{L}{1,500}){1,500}",
    ] {
        for text in ["a".repeat(4_000), "a".repeat(30), "ab".repeat(30_000)] {
            let began = Instant::now();
            let result = Pattern::new(pattern, Profile::Legacy).and_then(|p| p.matches(&text));
            slow += usize::from(result.is_err());
            let took = began.elapsed();
            assert!(took < Duration::from_millis(500), "{pattern} took {took:?}");
        }
    }
    assert!(slow > 5, "only {slow} were refused");
    assert!(started.elapsed() < Duration::from_secs(5));
    let long = Pattern::new(&"a".repeat(3_000), Profile::Legacy).unwrap_err();
    assert_eq!(long.message, "the pattern is longer than 2000 bytes");
    for deep in ["(".repeat(1_000), "[".repeat(1_000), "[a&&".repeat(400)] {
        let error = Pattern::new(&deep, Profile::Legacy).unwrap_err();
        assert_eq!(error.message, "groups are nested too deeply");
    }
}

#[test]
fn a_filter_that_can_never_match_is_reported() {
    use reach::{NameRule, NameTest, matches_everything, never_matches, never_runs};
    for pattern in
        ["^$", "", "^$x", "$x", "x^", "release branch", "v1:.*", r"a\*b", "(x^|$y)", "a^b|c d"]
    {
        let pattern = legacy(pattern);
        assert!(never_matches(NameTest::Pattern(&pattern)).is_some(), "{pattern:?}");
    }
    for pattern in [
        "^main$", ".*", "a?^b", "x*^y", "a$b?", "(^|x)y", "a|b c", "[ a]", "x(?! )y", "( ?)a",
        r"\s*a", r"(a)\2", "a{0}$",
    ] {
        let pattern = legacy(pattern);
        let reported = never_matches(NameTest::Pattern(&pattern));
        assert!(
            reported.is_none() || pattern.tree.lengths().1 == Some(0),
            "{pattern:?}: {reported:?}"
        );
    }
    for text in
        ["", "release branch", "release/*", "/main", "main/", "a..b", ".x", "a//b", "x.lock"]
    {
        assert!(never_matches(NameTest::Text(text)).is_some(), "{text}");
    }
    for text in ["main", "pull/12", "v1.0", "a.b-c_d/e", "@x", "ü", "$HOME"] {
        assert!(never_matches(NameTest::Text(text)).is_none(), "{text}");
    }
    for pattern in [".*", "^.*$", ".+", "(.*)", "x|.*", "^(.+)$", "(?s).*"] {
        assert!(matches_everything(NameTest::Pattern(&legacy(pattern))), "{pattern}");
    }
    for pattern in ["[^x]*", ".*x", ".*$x", "x.*", ".{2,}", ".", "(?i).?", "(?!x).*"] {
        assert!(!matches_everything(NameTest::Pattern(&legacy(pattern))), "{pattern}");
    }
    let (all, main) = (legacy(".*"), [NameTest::Text("main")]);
    let all = [NameTest::Pattern(&all)];
    assert!(never_runs(Some(NameRule::Only(&[])), None).is_some());
    assert!(never_runs(Some(NameRule::Ignore(&all)), None).is_some());
    assert!(never_runs(Some(NameRule::Ignore(&all)), Some(NameRule::Only(&[]))).is_some());
    assert!(never_runs(Some(NameRule::Ignore(&all)), Some(NameRule::Only(&main))).is_none());
    assert!(never_runs(Some(NameRule::Only(&main)), None).is_none());
    assert!(never_runs(Some(NameRule::Ignore(&[])), None).is_none());
    assert!(never_runs(None, None).is_none());
}

proptest! {
    /// What was read is always something that the engine understands.
    #[test]
    fn any_pattern_compiles_or_is_refused_in_words(
        pattern in r"[ab\\(){}\[\]?*+|^$.&:<>=!0-9QEdwsphRiP-]{0,24}",
        text in "[abAB0-9 -]{0,8}",
    ) {
        for profile in [Profile::Legacy, Profile::Next] {
            match Pattern::new(&pattern, profile) {
                Err(error) => {
                    prop_assert!(error.message != "invalid pattern", "{}", pattern);
                    if let Some(span) = error.span {
                        prop_assert!(pattern.get(span).is_some());
                    }
                }
                Ok(compiled) => {
                    drop(compiled.matches(&text));
                }
            }
        }
    }

    /// No false alarm: what is said never to match does not match.
    #[test]
    fn what_is_said_never_to_match_matches_no_name(
        pattern in r"[ab^$|()?*+.]{0,8}",
        name in "[ab]{1,6}",
    ) {
        if let Ok(pattern) = Pattern::new(&pattern, Profile::Legacy) {
            let never = reach::never_matches(reach::NameTest::Pattern(&pattern)).is_some();
            let all = reach::matches_everything(reach::NameTest::Pattern(&pattern));
            let matched = pattern.matches(&name).unwrap_or(false);
            prop_assert!(!(never && matched));
            prop_assert!(!all || matched);
        }
    }

    #[test]
    fn any_text_at_all_is_survived(pattern in "\\PC{0,40}", text in ".{0,20}") {
        drop(Pattern::new(&pattern, Profile::Legacy).and_then(|compiled| compiled.matches(&text)));
    }
}
