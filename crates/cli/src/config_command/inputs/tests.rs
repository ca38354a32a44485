//! Options and the inputs that they make.

use clap::Parser as _;

use super::*;

#[derive(clap::Parser)]
struct Program {
    #[command(flatten)]
    inputs: InputArguments,
}

fn given(arguments: &[&str]) -> Result<GivenInputs> {
    let program = Program::try_parse_from(["program"].iter().chain(arguments)).unwrap();
    program.inputs.read()
}

fn inputs(arguments: &[&str], text: &str) -> Inputs {
    let source = Source {
        path: "c.yml".to_owned(),
        folder: PathBuf::new(),
        text: text.to_owned(),
        broken: None,
    };
    let clone = LocalClone { branch: "here".to_owned(), ..LocalClone::default() };
    given(arguments).unwrap().inputs(&source, &clone)
}

fn text(text: &str) -> PipelineValue {
    PipelineValue::Text(text.to_owned())
}

#[test]
fn cfg_235_a_parameter_has_the_type_that_is_declared_or_that_it_looks_like() {
    let declared = "parameters:\n  tag: {type: string, default: x}\n  kind: {type: enum, enum: ['1']}\n  \
                    many: {type: integer, default: 1}\n";
    let of = |arguments: &[&str]| inputs(arguments, declared).parameters[0].1.clone();
    assert_eq!(of(&["--param", "tag=12"]), text("12"));
    assert_eq!(of(&["--param", "tag=true"]), text("true"));
    assert_eq!(of(&["--param", "kind=1"]), text("1"));
    assert_eq!(of(&["--param", "many=12"]), PipelineValue::Integer(12));
    assert_eq!(of(&["--param", "many=\"12\""]), text("12"));
    assert_eq!(of(&["--param", "other=true"]), PipelineValue::Boolean(true));
    assert_eq!(of(&["--param", "other=-3"]), PipelineValue::Integer(-3));
    assert_eq!(of(&["--param", "other=007"]), text("007"));
    assert_eq!(of(&["--param", "other=a=b"]), text("a=b"));
    assert_eq!(of(&["--param", "other="]), text(""));
    assert_eq!(of(&["--param", "other=\"a\\tb\""]), text("a\tb"));
    assert_eq!(of(&["--param", "a=1", "--param", "a=2"]), PipelineValue::Integer(2));
    assert_eq!(of(&["--pipeline-value", "pipeline.parameters.many=3"]), PipelineValue::Integer(3));
}

#[test]
fn a_file_of_parameters_gives_types_and_options_win_over_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "{\"a\": true, \"b\": \"12\", \"c\": 3}").unwrap();
    let path = file.path().to_str().unwrap();
    let read = inputs(&["--param-file", path, "--param", "c=4"], "").parameters;
    let expected = [
        ("a".to_owned(), PipelineValue::Boolean(true)),
        ("b".to_owned(), text("12")),
        ("c".to_owned(), PipelineValue::Integer(4)),
    ];
    assert_eq!(read, expected);
    for wrong in ["[1]", "{\"a\": 1.5}", "{\"a\": null}", "{\"a\": "] {
        std::fs::write(file.path(), wrong).unwrap();
        let error = given(&["--param-file", path]).unwrap_err();
        assert!(error.is::<UsageError>(), "{error:?}");
    }
    assert!(given(&["--param-file", "/nowhere/p.json"]).unwrap_err().is::<UsageError>());
}

#[test]
fn a_branch_or_a_tag_is_what_was_pushed() {
    let value = |inputs: &Inputs, name: &str| {
        let found = inputs.pipeline_values.iter().find(|(there, _)| there == name);
        found.map(|(_, value)| value.clone())
    };
    let local = inputs(&[], "");
    assert_eq!((local.git_ref.clone(), value(&local, "git.branch")), (None, Some(text("here"))));
    let branch = inputs(&["--branch", "main"], "");
    assert_eq!(branch.git_ref, Some(GitRef::Branch("main".into())));
    assert_eq!(value(&branch, "git.branch"), Some(text("main")));
    let tag = inputs(&["--tag", "v1"], "");
    assert_eq!(tag.git_ref, Some(GitRef::Tag("v1".into())));
    assert_eq!((value(&tag, "git.branch"), value(&tag, "git.tag")), (None, Some(text("v1"))));
    let both = Program::try_parse_from(["program", "--branch", "a", "--tag", "b"]);
    assert_eq!(both.err().unwrap().kind(), clap::error::ErrorKind::ArgumentConflict);
}

#[test]
fn pipeline_values_have_the_types_of_the_language() {
    let read = inputs(
        &[
            "--pipeline-value",
            "pipeline.number=42",
            "--pipeline-value",
            "git.branch.is_default=true",
            "--pipeline-value",
            "git.branch=7",
        ],
        "",
    );
    let last: Vec<_> = read.pipeline_values.iter().rev().take(3).rev().cloned().collect();
    let expected = [
        ("number".to_owned(), PipelineValue::Integer(42)),
        ("git.branch.is_default".to_owned(), PipelineValue::Boolean(true)),
        ("git.branch".to_owned(), text("7")),
    ];
    assert_eq!(last, expected);
    for wrong in ["number=many", "git.branch.is_default=perhaps", "=x", "x"] {
        let error = given(&["--pipeline-value", wrong]).unwrap_err();
        assert!(error.is::<UsageError>(), "{wrong}");
    }
}

#[test]
fn a_pipeline_value_that_does_not_exist_is_a_usage_error_with_the_one_that_was_meant() {
    for right in [
        "git.branch=main",
        "pipeline.number=7",
        "event.github.pull_request.draft=true",
        "trigger_parameters.github_app.anything=x",
        "parameters.anything=x",
    ] {
        given(&["--pipeline-value", right]).unwrap();
    }
    for (wrong, said) in [
        ("nosuch=1", "there is no pipeline value `pipeline.nosuch`"),
        ("git.brnach=x", "did you mean `pipeline.git.branch`?"),
        ("pipeline.nubmer=1", "did you mean `pipeline.number`?"),
        ("git=x", "there is no pipeline value `pipeline.git`"),
        ("number=x", "is an integer"),
    ] {
        let error = given(&["--pipeline-value", wrong]).unwrap_err();
        assert!(error.is::<UsageError>(), "{wrong}: {error:?}");
        assert!(error.to_string().contains(said), "{wrong}: {error}");
    }
}

#[test]
fn a_branch_and_a_tag_have_names() {
    for option in ["--branch", "--tag"] {
        let error = given(&[option, " "]).unwrap_err();
        assert!(error.is::<UsageError>(), "{error:?}");
        assert_eq!(error.to_string(), format!("`{option}` needs a name"));
    }
}

/// It would be read whole into memory, and a parameter has a few bytes.
#[test]
fn a_file_of_parameters_has_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parameters.json");
    let long = usize::try_from(PARAMETER_BYTES).unwrap();
    for (spaces, is_read) in [(long - 9, true), (long - 8, false)] {
        std::fs::write(&path, format!("{{\"a\":\"b\"}}{}", " ".repeat(spaces))).unwrap();
        let given = given(&["--param-file", &path.display().to_string()]);
        match given {
            Ok(_) => assert!(is_read),
            Err(error) => {
                assert!(!is_read && error.to_string().contains("is too large"), "{error}");
            }
        }
    }
}

#[test]
fn a_file_of_parameters_without_end_is_refused() {
    let error = given(&["--param-file", "/dev/zero"]).unwrap_err();
    assert!(error.is::<UsageError>(), "{error:?}");
    assert!(error.to_string().contains("too large"), "{error}");
}
