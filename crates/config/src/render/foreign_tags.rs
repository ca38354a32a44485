//! Tags as other services write them: variables of the environment, subscripts. None of them is a value
//! here, and none is shell text either.

use roundel_model::name::is_variable_name;

use crate::text::help::Help;

/// The variables of a job that are a value of the pipeline, too.
const VARIABLES: &[(&str, &str)] = &[
    ("CIRCLE_BRANCH", "git.branch"),
    ("CIRCLE_TAG", "git.tag"),
    ("CIRCLE_SHA1", "git.revision"),
    ("CIRCLE_PIPELINE_ID", "id"),
    ("CIRCLE_PIPELINE_NUMBER", "number"),
];

/// Words that other services put before the name of a variable.
const CONTEXTS: &[&str] = &["env", "environment", "ENV", "secrets", "vars", "variables"];

/// Says what was meant by a tag that other services would understand.
pub(crate) fn meant(inner: &str) -> Option<Help> {
    variable(inner).or_else(|| subscript(inner))
}

/// `CIRCLE_BRANCH`, `$NAME`, `env.NAME`: filled in when the job runs, long after the tags.
fn variable(inner: &str) -> Option<Help> {
    let bare = inner
        .strip_prefix('$')
        .map(|name| name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name));
    let of_context = || {
        let (context, name) = inner.split_once('.')?;
        CONTEXTS.contains(&context).then_some(name)
    };
    let is_shouted =
        |name: &&str| name.contains('_') && !name.contains(|c: char| c.is_ascii_lowercase());
    let name = bare.or_else(of_context).or_else(|| Some(inner).filter(is_shouted))?;
    if !is_variable_name(name) {
        return None;
    }
    let value = VARIABLES.iter().find(|(variable, _)| *variable == name);
    Some(match value {
        Some((_, value)) => {
            format!("write `<< pipeline.{value} >>`, or in a script the variable `${name}`").into()
        }
        None => format!("write `${name}`: scripts read variables when they run").into(),
    })
}

/// `parameters["v"]`.
fn subscript(inner: &str) -> Option<Help> {
    let (owner, rest) = inner.split_once('[')?;
    let name = rest.strip_suffix(']')?.trim_matches(['"', '\'']);
    let is_owner = matches!(owner, "parameters" | "matrix" | "pipeline.parameters");
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
    (is_owner && is_name).then(|| Help::did_you_mean(&format!("{owner}.{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_variable_is_taken_for_one() {
        for inner in ["CIRCLE_BRANCH", "$x", "${X}", "env.TOKEN", "secrets.TOKEN", "matrix['a-b']"]
        {
            assert!(meant(inner).is_some(), "{inner}");
        }
        for inner in
            ["EOF", "env.a.b", "$", "1 << 2", "parameters[]", "parameters.x", "a_b", "$(ls)"]
        {
            assert!(meant(inner).is_none(), "{inner}");
        }
    }
}
