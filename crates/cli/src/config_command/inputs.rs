//! What a configuration is compiled with, from the command line.

use std::{
    collections::HashMap,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use roundel_config::{
    Inputs, PipelineValue, Profile,
    document::{Node, from_yaml},
};
use roundel_model::name::{BranchName, GitRef};

use super::{local::LocalClone, sources::Source};
use crate::exit::UsageError;

/// Bytes of a file of parameters.
const PARAMETER_BYTES: u64 = 1 << 20;

/// Pipeline values that are numbers and booleans; all others are strings.
const NUMBERS: &[&str] = &["number", "event.github.pull_request.number"];
const BOOLEANS: &[&str] = &[
    "git.branch.is_default",
    "event.github.pull_request.draft",
    "event.github.pull_request.merged",
];

/// Options that say what a configuration is compiled with.
#[derive(clap::Args, Debug, Default)]
#[command(next_help_heading = "Compilation inputs")]
pub(crate) struct InputArguments {
    /// A pipeline parameter. `true`, `false` and integers are parsed as such, unless the parameter is
    /// declared as a string or the value is quoted: `'tag="12"'`
    #[arg(long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// A file with pipeline parameters, as JSON or YAML: `{"deploy": true}`
    #[arg(long = "param-file", value_name = "FILE")]
    parameter_file: Option<PathBuf>,
    /// A pipeline value, such as `event.name=pull_request`
    #[arg(long = "pipeline-value", value_name = "NAME=VALUE")]
    pipeline_values: Vec<String>,
    /// Compile as if this branch had been pushed: filters decide what runs, and a compiled document
    /// keeps those with names. Without `--branch` and `--tag` they decide nothing; the branch is that of
    /// the local clone
    #[arg(long, value_name = "NAME", conflicts_with = "tag")]
    branch: Option<String>,
    /// Compile as if this tag had been pushed: filters decide what runs, as for a branch
    #[arg(long, value_name = "NAME")]
    tag: Option<String>,
    /// How strictly the configuration is checked
    #[arg(long, value_enum, default_value_t)]
    profile: ProfileName,
    /// Also check workflows whose condition is false; their mistakes are warnings
    #[arg(long)]
    all_workflows: bool,
}

/// The names of [`Profile`].
#[derive(clap::ValueEnum, Clone, Copy, Debug, Default)]
enum ProfileName {
    /// As the hosted service did until September 2026
    #[default]
    Legacy,
    /// The stricter rules that it announced
    Next,
}

/// Options that were read, ready for any number of files.
#[derive(Debug)]
pub(crate) struct GivenInputs {
    parameters: Vec<(String, Argument)>,
    pipeline_values: Vec<(String, PipelineValue)>,
    git_ref: Option<GitRef>,
    profile: Profile,
    all_workflows: bool,
}

/// A value for a parameter.
#[derive(Clone, Debug)]
enum Argument {
    /// A value whose type the input file states.
    Typed(PipelineValue),
    /// Text from the command line; the parameter's declaration decides the type.
    Raw(String),
}

impl InputArguments {
    /// Reads the options.
    ///
    /// # Errors
    ///
    /// [`UsageError`] if one of them makes no sense; otherwise if the file cannot be read.
    pub(crate) fn read(&self) -> Result<GivenInputs> {
        let mut parameters = match &self.parameter_file {
            Some(path) => of_file(path)?,
            None => Vec::new(),
        };
        let mut pipeline_values = Vec::new();
        for given in &self.parameters {
            let (name, value) = split("--param", given)?;
            put(&mut parameters, name, Argument::Raw(value.to_owned()));
        }
        for given in &self.pipeline_values {
            let (name, value) = split("--pipeline-value", given)?;
            let name = name.strip_prefix("pipeline.").unwrap_or(name);
            match name.strip_prefix("parameters.") {
                Some(name) => put(&mut parameters, name, Argument::Raw(value.to_owned())),
                None => pipeline_values.push((name.to_owned(), pipeline_value(name, value)?)),
            }
        }
        for (option, name) in [("--branch", &self.branch), ("--tag", &self.tag)] {
            if name.as_deref().is_some_and(|name| name.trim().is_empty()) {
                return Err(UsageError(format!("`{option}` needs a name")).into());
            }
        }
        let git_ref = match (&self.branch, &self.tag) {
            (Some(branch), _) => Some(GitRef::Branch(branch.as_str().into())),
            (None, Some(tag)) => Some(GitRef::Tag(tag.as_str().into())),
            (None, None) => None,
        };
        let profile = match self.profile {
            ProfileName::Legacy => Profile::Legacy,
            ProfileName::Next => Profile::Next,
        };
        let all_workflows = self.all_workflows;
        Ok(GivenInputs { parameters, pipeline_values, git_ref, profile, all_workflows })
    }
}

impl GivenInputs {
    /// Returns whether a pipeline value is given.
    pub(crate) fn fixes(&self, name: &str) -> bool {
        self.pipeline_values.iter().any(|(given, _)| given == name)
    }

    /// Returns the branch that is given, if it is not known whether it is the default branch.
    pub(crate) fn uncertain_branch(&self, clone: &LocalClone) -> Option<&BranchName> {
        let is_known = self.fixes(IS_DEFAULT) || !clone.default_branch.is_empty();
        self.git_ref.as_ref().and_then(GitRef::branch).filter(|_| !is_known)
    }

    /// Makes the inputs for one source.
    pub(crate) fn inputs(&self, source: &Source, clone: &LocalClone) -> Inputs {
        let mut pipeline_values = clone.values();
        if let Some(git_ref) = &self.git_ref {
            pipeline_values.retain(|(name, _)| name != "git.branch" && name != "git.tag");
            let name = if git_ref.branch().is_some() { "git.branch" } else { "git.tag" };
            pipeline_values.push((name.to_owned(), PipelineValue::Text(git_ref.name().to_owned())));
            let branch = git_ref.branch().map_or("", BranchName::as_str);
            let is_default = PipelineValue::Boolean(clone.is_default(branch));
            pipeline_values.retain(|(name, _)| name != IS_DEFAULT);
            pipeline_values.push((IS_DEFAULT.to_owned(), is_default));
        }
        for (name, value) in &self.pipeline_values {
            pipeline_values.retain(|(there, _)| there != name);
            pipeline_values.push((name.clone(), value.clone()));
        }
        let raw = self.parameters.iter().any(|(_, value)| matches!(value, Argument::Raw(_)));
        let declared = if raw { declared_types(&source.text) } else { HashMap::new() };
        let parameters = self.parameters.iter().map(|(name, value)| {
            let value = match value {
                Argument::Typed(value) => value.clone(),
                Argument::Raw(text) => typed(text, declared.get(name).map(String::as_str)),
            };
            (name.clone(), value)
        });
        Inputs {
            path: source.path.clone(),
            pipeline_values,
            parameters: parameters.collect(),
            git_ref: self.git_ref.clone(),
            profile: self.profile,
            all_workflows: self.all_workflows,
            unknown_values: Vec::new(),
            ..Inputs::default()
        }
    }
}

/// Whether the branch is the default branch.
const IS_DEFAULT: &str = "git.branch.is_default";

fn split<'g>(option: &str, given: &'g str) -> Result<(&'g str, &'g str)> {
    let parts = given.split_once('=').filter(|(name, _)| !name.is_empty());
    parts.ok_or_else(|| {
        let message = format!("`{option} {given}` needs a name and a value: `{option} NAME=VALUE`");
        UsageError(message).into()
    })
}

fn put(parameters: &mut Vec<(String, Argument)>, name: &str, value: Argument) {
    parameters.retain(|(there, _)| there != name);
    parameters.push((name.to_owned(), value));
}

fn of_file(path: &Path) -> Result<Vec<(String, Argument)>> {
    let name = path.display();
    let metadata = path.metadata();
    if metadata.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Err(UsageError(format!("there is no file `{name}`")).into());
    }
    // Not by its length: that of a device is none.
    let mut text = Vec::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(PARAMETER_BYTES.saturating_add(1)).read_to_end(&mut text));
    let length = read.with_context(|| format!("failed to read `{name}`"))?;
    if u64::try_from(length).is_ok_and(|length| length > PARAMETER_BYTES) {
        return Err(UsageError(format!("`{name}` is too large for a file of parameters")).into());
    }
    let text = String::from_utf8(text).map_err(|_| {
        UsageError(format!("`{name}` is not UTF-8, and so not a file of parameters"))
    })?;
    // JSON is YAML, so both are read alike.
    let document = from_yaml(&text).map_err(|problems| {
        let first =
            problems.first().map(|found| format!("{}:{name}: {}", found.line, found.message));
        UsageError(format!("`{name}` is neither JSON nor YAML: {}", first.unwrap_or_default()))
    })?;
    let Node::Map(entries) = document else {
        let message = format!("`{name}` must hold names and values: `{{\"deploy\": true}}`");
        return Err(UsageError(message).into());
    };
    let read = |(key, value): (String, Node)| {
        let value = match value {
            Node::Text(text) => PipelineValue::Text(text),
            Node::Int(number) => PipelineValue::Integer(number),
            Node::Bool(value) => PipelineValue::Boolean(value),
            Node::Null | Node::Float(_) | Node::List(_) | Node::Map(_) => {
                let message =
                    format!("`{key}` in `{name}` must be a string, an integer, `true` or `false`");
                return Err(UsageError(message).into());
            }
        };
        Ok((key, Argument::Typed(value)))
    };
    entries.into_iter().map(read).collect()
}

/// The types that a configuration declares its parameters with, as far as it can be read.
fn declared_types(text: &str) -> HashMap<String, String> {
    let document = from_yaml(text).unwrap_or(Node::Null);
    let Some(Node::Map(parameters)) = document.get("parameters") else { return HashMap::new() };
    let of = |(name, declaration): &(String, Node)| {
        Some((name.clone(), declaration.get("type")?.as_text()?.to_owned()))
    };
    parameters.iter().filter_map(of).collect()
}

/// Gives a typed value the type that is declared, or the one that it looks like.
fn typed(text: &str, declared: Option<&str>) -> PipelineValue {
    let is_quoted = text.len() >= 2 && text.starts_with('"') && text.ends_with('"');
    if is_quoted && let Ok(Node::Text(text)) = from_yaml(text) {
        return PipelineValue::Text(text);
    }
    if matches!(declared, Some("string" | "enum")) {
        return PipelineValue::Text(text.to_owned());
    }
    match (text, text.parse::<i64>()) {
        ("true", _) => PipelineValue::Boolean(true),
        ("false", _) => PipelineValue::Boolean(false),
        // `+1` and `007` are strings to everyone else.
        (_, Ok(number)) if number.to_string() == text => PipelineValue::Integer(number),
        _ => PipelineValue::Text(text.to_owned()),
    }
}

fn pipeline_value(name: &str, text: &str) -> Result<PipelineValue> {
    if !PipelineValue::is_known(name) {
        let help = PipelineValue::nearest_name(name)
            .map_or_else(String::new, |near| format!("; did you mean `pipeline.{near}`?"));
        return Err(
            UsageError(format!("there is no pipeline value `pipeline.{name}`{help}")).into()
        );
    }
    let misuse =
        |what: &str| UsageError(format!("`pipeline.{name}` is {what}, and `{text}` is not"));
    if NUMBERS.contains(&name) {
        let number = text.parse().map_err(|_| misuse("an integer"))?;
        return Ok(PipelineValue::Integer(number));
    }
    if BOOLEANS.contains(&name) {
        let value = text.parse().map_err(|_| misuse("`true` or `false`"))?;
        return Ok(PipelineValue::Boolean(value));
    }
    Ok(PipelineValue::Text(text.to_owned()))
}

#[cfg(test)]
mod tests;
