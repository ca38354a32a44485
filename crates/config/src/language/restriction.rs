//! Restrictions of contexts: who may use the secrets, decided when a job starts (CFG §6.6).
//!
//! The grammar is that of expressions, the meaning is stricter: a value that is missing or empty
//! makes the answer no, and so does every mistake. Only `false` is false at the end. Parameters of
//! pipelines cannot be asked, for the trigger of a pipeline chooses them; neither can what came
//! with the trigger.

use crate::{
    codes,
    language::{
        data::Data,
        expression::{error::LookupError, refused, restricted},
        pipeline_values::{self, PipelineValue},
    },
    text::help::Help,
};

/// Something that is wrong with a restriction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is only worth knowing; otherwise the restriction refuses everyone.
    pub is_warning: bool,
    /// What is wrong, in one sentence.
    pub message: String,
    pub help: Option<String>,
    /// First byte of the text that is meant.
    pub start: usize,
    /// Byte after it.
    pub end: usize,
}

/// Says what is wrong with a restriction, before jobs depend on it. A caller that gets one
/// must not save it: it would refuse every job.
pub fn check(expression: &str) -> Vec<Finding> {
    let mut findings: Vec<_> =
        refused(expression.trim(), &mut |name| known(name).map(|()| Data::Null));
    findings.sort_by_key(|finding| (finding.span.start, finding.span.end));
    let offset = expression.len() - expression.trim_start().len();
    let finding_of = |error: crate::language::expression::error::ExpressionError| Finding {
        is_warning: error.code == codes::TIGHT_NOT || error.code == codes::LOOK_AROUND,
        message: error.message,
        help: error.help.map(|help| help.text),
        start: error.span.start + offset,
        end: error.span.end + offset,
    };
    findings.into_iter().map(finding_of).collect()
}

/// Returns whether a job may use the context. `values` answers for a name without its `pipeline.`, as
/// in [`crate::Inputs::pipeline_values`]; `job.ssh.enabled` is asked for as it stands.
pub fn evaluate(expression: &str, values: &mut dyn FnMut(&str) -> Option<PipelineValue>) -> bool {
    let mut lookup = |name: &str| -> Result<Data, LookupError> {
        known(name)?;
        let found = values(name.strip_prefix("pipeline.").unwrap_or(name));
        let data = match found {
            Some(PipelineValue::Text(text)) if !text.is_empty() => Data::text(text),
            Some(PipelineValue::Integer(value)) => Data::Int(value),
            Some(PipelineValue::Boolean(value)) => Data::Bool(value),
            Some(PipelineValue::Text(_)) | None => {
                let message = format!("`{name}` is empty");
                return Err(LookupError::new(codes::EXPRESSION_VALUE, message, None));
            }
        };
        Ok(data)
    };
    // Whatever went wrong: no.
    restricted(expression.trim(), &mut lookup).is_ok_and(|data| !matches!(data, Data::Bool(false)))
}

fn known(name: &str) -> Result<(), LookupError> {
    let refuse = |message: String, help: &str| {
        Err(LookupError::new(codes::EXPRESSION_VALUE, message, Some(help.into())))
    };
    if name == "job.ssh.enabled" || name == "pipeline.config_source" {
        return Ok(());
    }
    if name.starts_with("pipeline.parameters.") || name.starts_with("pipeline.trigger_parameters.")
    {
        let message =
            format!("`{name}` cannot be used here: the user who triggers the pipeline controls it");
        return refuse(message, "use `pipeline.git.branch`, `pipeline.project.git_url`, …");
    }
    match name.strip_prefix("pipeline.") {
        Some(name) if pipeline_values::is_known(name) => Ok(()),
        _ => {
            let names = pipeline_values::KNOWN.iter().copied();
            let bare = name.strip_prefix("pipeline.").unwrap_or(name);
            let help = crate::text::suggest::nearest(bare, names).map_or_else(
                || "put strings in double quotes".into(),
                |near| Help::did_you_mean(&format!("pipeline.{near}")),
            );
            let message = format!("referred to a variable `{name}` that does not exist");
            Err(LookupError::new(codes::EXPRESSION_VALUE, message, Some(help)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(expression: &str) -> bool {
        evaluate(expression, &mut |name| {
            Some(match name {
                "git.branch" => PipelineValue::Text("main".to_owned()),
                "git.tag" => PipelineValue::Text(String::new()),
                "number" => PipelineValue::Integer(7),
                "git.branch.is_default" => PipelineValue::Boolean(true),
                "job.ssh.enabled" => PipelineValue::Boolean(false),
                _ => return None,
            })
        })
    }

    #[test]
    fn cfg_219_only_what_is_certain_is_let_through() {
        for yes in [
            r#"pipeline.git.branch == "main""#,
            r"pipeline.git.branch matches /ma.n/ and not job.ssh.enabled",
            r#"pipeline.git.branch == "main" or pipeline.git.tag == "v1""#,
            "pipeline.number > 6",
            "  pipeline.git.branch\n",
            // Everything but `false` is true at the end.
            r#""""#,
            "0",
        ] {
            assert!(decide(yes), "{yes}");
            assert!(check(yes).is_empty(), "{yes}: {:?}", check(yes));
        }
    }

    /// Fail closed: what is missing, empty or wrong is a no, even behind a `not`.
    #[test]
    fn cfg_219_what_is_missing_empty_or_wrong_is_a_no() {
        for no in [
            r#"pipeline.git.tag != "v1""#,
            r#"pipeline.git.tag == "" "#,
            "not pipeline.git.tag",
            r#"pipeline.git.tag == "v1" or pipeline.git.branch == "main""#,
            "not pipeline.schedule.name",
            "job.ssh.enabled",
            "false",
            "not pipeline.parameters.deploy",
            "not pipeline.trigger_parameters.gitlab.ref",
            "not nope",
            r#"pipeline.number starts-with "7" or true"#,
            "not (pipeline.git.branch matches /(/)",
            "",
            "true true",
            "not not not",
        ] {
            assert!(!decide(no), "{no}");
        }
    }

    #[test]
    fn cfg_219_mistakes_are_reported_before_they_lock_all_users_out() {
        for (expression, underlined) in [
            ("pipeline.parameters.x", "pipeline.parameters.x"),
            (
                "pipeline.trigger_parameters.webhook.body == \"\"",
                "pipeline.trigger_parameters.webhook.body",
            ),
            (" false and pipeline.git.brunch", "pipeline.git.brunch"),
            ("true or pipeline.git.branch matches /x(/", "("),
            ("a b", "b"),
        ] {
            let findings = check(expression);
            assert_eq!(findings.len(), 1, "{expression}: {findings:?}");
            assert!(!findings[0].is_warning);
            assert_eq!(&expression[findings[0].start..findings[0].end], underlined);
            assert!(findings[0].help.is_some(), "{findings:?}");
        }
        assert!(check("not pipeline.git.branch == \"main\"")[0].is_warning);
    }
}
