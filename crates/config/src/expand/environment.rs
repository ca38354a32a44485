//! `environment`: names and strings (CFG §2.7, RUN §3.4).
//!
//! Values are literal: `$VAR` is not filled in. In a step a boolean arrives as `1` or `0`, in a
//! job, executor or container as `true` or `false`.

use std::rc::Rc;

use indexmap::IndexMap;
use roundel_model::name::is_variable_name;

use crate::{
    codes,
    language::data::{Data, Value},
    read::yaml::scalar,
    render::Renderer,
    text::{
        place::{FileId, Place},
        problem::Problem,
    },
};

/// Commands of shells that set a variable.
const COMMANDS: &[&str] = &["export", "set", "declare"];

/// Variables in order, each name once.
pub(crate) type Variables = IndexMap<String, String>;

/// Where an `environment` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A `run` step.
    Step,
    /// A job or an executor.
    Job,
    /// An entry of `docker`, whose names may hold dots and dashes.
    Container,
}

/// Reads the key `environment` of a job, an executor or a container.
pub(super) struct EnvironmentReader<'c, 'd> {
    render: &'c mut Renderer<'d>,
}

impl<'c, 'd> EnvironmentReader<'c, 'd> {
    pub(super) fn new(render: &'c mut Renderer<'d>) -> Self {
        Self { render }
    }

    /// Reads an `environment` in any of its shapes.
    pub(crate) fn environment(&mut self, value: &Value, owner: Owner) -> Variables {
        let mut variables = Variables::new();
        match &value.data {
            Data::Map(_) => self.mapping(value, owner, &mut variables),
            Data::List(items) => {
                for item in items.iter() {
                    if let Data::Map(_) = item.data {
                        self.mapping(item, owner, &mut variables);
                    } else {
                        self.assignment(item, owner, &mut variables);
                    }
                }
            }
            _ => {
                self.lint_several(value);
                if self.lint_joined(value) {
                    set(value, &mut variables);
                } else {
                    self.assignment(value, owner, &mut variables);
                }
            }
        }
        variables
    }

    fn mapping(&mut self, value: &Value, owner: Owner, variables: &mut Variables) {
        for field in value.fields() {
            self.check_name(&field.name, field.key, owner);
            if let Some(text) = self.variable_text(&field.value, &field.name, owner) {
                variables.insert(field.name.to_string(), text);
            }
        }
    }

    fn variable_text(&mut self, value: &Value, name: &str, owner: Owner) -> Option<String> {
        let text = match &value.data {
            Data::Unknown => return None,
            Data::Bool(truth) if owner == Owner::Step => {
                self.lint_boolean(name, *truth, value.place);
                u8::from(*truth).to_string()
            }
            data => {
                if let Some(text) = data.scalar_text() {
                    text.to_string()
                } else {
                    let found = value.data.type_name();
                    let message =
                        format!("environment variable `{name}` must be a scalar, found a {found}");
                    let problem = Problem::error(codes::BAD_ENVIRONMENT, value.place, message);
                    self.render
                        .report()
                        .add(problem.help("quote it, or write the value as a JSON string"));
                    return None;
                }
            }
        };
        if let Data::Float(..) | Data::Int(_) = value.data {
            let written = self.render.doc().written(value.place);
            if written != text && !written.contains("<<") {
                let reason =
                    scalar::lost(written).map_or("YAML reads it as a number", |lost| lost.reason);
                let message = format!("`{written}` becomes `{text}`: {reason}");
                let problem = Problem::warning(codes::LOST_DIGITS, value.place, message);
                self.render.report().add(problem.help(format!("quote it: `\"{written}\"`")));
            }
        }
        if text.contains('\0') {
            let message = format!("environment variable `{name}` contains a null byte");
            self.render.report().add(Problem::error(codes::BAD_ENVIRONMENT, value.place, message));
            return None;
        }
        Some(text)
    }

    /// Scripts compare with words, and get numbers (W-15).
    fn lint_boolean(&mut self, name: &str, truth: bool, place: Place) {
        if place.file != FileId::CONFIG {
            return;
        }
        let number = u8::from(truth);
        let message = format!("environment variable `{name}` is set to `{number}`, not `{truth}`");
        let help = if self.render.doc().written(place).contains("<<") {
            format!("compare with `{number}` in the script")
        } else {
            format!("quote it: `\"{truth}\"`, or write `{number}`")
        };
        let problem = Problem::warning(codes::BOOLEAN_VARIABLE, place, message);
        self.render.report().add(problem.help(help));
    }

    /// `NAME=value` in one string.
    fn assignment(&mut self, value: &Value, owner: Owner, variables: &mut Variables) {
        match &value.data {
            Data::Unknown | Data::Null => {}
            Data::Text(text) => {
                if let Some(problem) = misleading_assignment(text, value.place) {
                    self.render.report().add(problem);
                } else {
                    let name = text.split_once('=').map_or(&**text, |(name, _)| name);
                    self.check_name(name, value.place, owner);
                }
                set(value, variables);
            }
            other => {
                let message =
                    format!("`environment` must be a mapping, found {}", other.type_name());
                let problem = Problem::error(codes::BAD_ENVIRONMENT, value.place, message);
                self.render.report().add(problem.help("write `environment: { NAME: value }`"));
            }
        }
    }

    /// Warns about several assignments in one string: without dashes, lines below `environment` are
    /// one value.
    fn lint_several(&mut self, value: &Value) {
        let Data::Text(text) = &value.data else { return };
        if value.place.file != FileId::CONFIG {
            return;
        }
        let Some(several) = several(text) else { return };
        let Some(&Assignment { name, value: first }) = several.first() else { return };
        let (_, whole) = text.split_once('=').unwrap_or((text, ""));
        let message = format!("`{name}` is set to all of `{whole}`");
        let problem = Problem::warning(codes::BAD_ENVIRONMENT, value.place, message);
        let is_plain = |text: &str| !text.contains(['{', '}', '[', ']', ',', '#', ':', '"', '\'']);
        let help = if several.iter().all(|one| is_plain(one.value) && !one.value.is_empty()) {
            let fields: Vec<_> =
                several.iter().map(|one| format!("{}: {}", one.name, one.value)).collect();
            format!("write `environment: {{ {} }}`", fields.join(", "))
        } else {
            format!("write each variable on its own line, as `{name}: {first}`")
        };
        self.render.report().add(problem.help(help));
    }

    /// Warns about lines of `NAME:value`: without a space after the colon, they are one text.
    fn lint_joined(&mut self, value: &Value) -> bool {
        let Data::Text(text) = &value.data else { return false };
        if value.place.file != FileId::CONFIG {
            return false;
        }
        let Some(lines) = joined_lines(self.render.doc().written(value.place)) else {
            return false;
        };
        let (Some(first), Some(name)) = (lines.first(), text.split(['=', ':']).next()) else {
            return false;
        };
        let message = if text.contains('=') {
            format!("`{name}` is set to all of `{}`", text.get(name.len() + 1..).unwrap_or(""))
        } else {
            format!("`{text}` has no `=`: all of it is the name of a variable")
        };
        let Assignment { name, value: first } = *first;
        let is_block = self.render.is_on_its_own_line(value.place);
        let help = match lines.len() {
            1 if is_block => format!("a space is missing after the colon: write `{name}: {first}`"),
            1 => format!("write `{name}: {first}` on a line of its own below it, indented"),
            _ => format!("write a space after each colon: `{name}: {first}`, and so on"),
        };
        let problem = Problem::warning(codes::BAD_ENVIRONMENT, value.place, message);
        self.render.report().add(problem.help(help));
        true
    }

    fn check_name(&mut self, name: &str, place: Place, owner: Owner) {
        if name.is_empty() || name.contains(['=', '\0']) {
            let message = format!("`{name}` is not a valid environment variable name");
            self.render.report().add(Problem::error(codes::BAD_ENVIRONMENT, place, message));
        } else if owner != Owner::Container && !is_variable_name(name) {
            let message = format!("shells cannot read an environment variable named `{name}`");
            let problem = Problem::warning(codes::BAD_ENVIRONMENT, place, message);
            self.render.report().add(
                problem.help("use only letters, digits and `_`, and do not start with a digit"),
            );
        }
    }
}

/// What is said about an assignment that sets something else than it seems to.
struct Advice {
    message: String,
    help: String,
}

/// `NAME=value`, in parts.
struct Assignment<'t> {
    name: &'t str,
    value: &'t str,
}

/// Returns what is wrong with an assignment that sets something else than it seems to.
fn misleading_assignment(text: &str, place: Place) -> Option<Problem> {
    if place.file != FileId::CONFIG {
        return None;
    }
    let Advice { message, help } = match text.split_once('=') {
        None => without_equals_sign(text),
        Some((name, value)) => exported(name, value).or_else(|| quoted(name, value)),
    }?;
    Some(Problem::warning(codes::BAD_ENVIRONMENT, place, message).help(help))
}

/// `KEY: value`, `KEY value` and `KEY` have no `=`, so that all of it is a name.
fn without_equals_sign(text: &str) -> Option<Advice> {
    let (name, value) = text.trim().split_once([':', ' ']).unwrap_or((text.trim(), ""));
    if !is_variable_name(name) || text.contains(' ') && COMMANDS.contains(&name) {
        return None;
    }
    if name.len() == text.trim().len() {
        let message = format!("`{name}` is set to an empty string");
        let help = format!("to leave it empty, write `{name}=`; else add its value");
        return Some(Advice { message, help });
    }
    let message = format!("`{text}` has no `=`: all of it is the name of a variable");
    let value = value.trim_start().trim_start_matches(':').trim();
    let has_colon = text.trim()[name.len()..].trim_start().starts_with(':');
    let help = match value.split_once(' ') {
        // Without dashes, lines are one text.
        Some((first, _)) if !has_colon => {
            format!("write each variable on its own line, as `{name}: {first}`")
        }
        _ => format!("write `{name}={value}`"),
    };
    Some(Advice { message, help })
}

/// `export X=1` sets a variable that is named `export X`.
fn exported(name: &str, value: &str) -> Option<Advice> {
    let (word, bare) = name.split_once(' ')?;
    let bare = Some(bare.trim()).filter(|_| COMMANDS.contains(&word))?;
    let message = format!("`{name}` is taken as the name of the variable");
    let help = format!("write `{bare}={value}`");
    is_variable_name(bare).then_some(Advice { message, help })
}

/// `X="a b"`: no shell takes the quotes away.
fn quoted(name: &str, value: &str) -> Option<Advice> {
    let inner = ['"', '\''].iter().find_map(|quote| {
        value.strip_prefix(*quote)?.strip_suffix(*quote).filter(|inner| !inner.contains(*quote))
    })?;
    let message = format!("`{name}` gets its value with the quotes");
    Some(Advice { message, help: format!("write `{name}={inner}`") })
}

/// Sets the variable of an assignment.
fn set(assignment: &Value, variables: &mut Variables) {
    let Data::Text(text) = &assignment.data else { return };
    let (name, text) = text.split_once('=').unwrap_or((text, ""));
    variables.insert(name.to_owned(), text.to_owned());
}

/// Splits lines that are `NAME:value`, or some of them `NAME=value`.
fn joined_lines(written: &str) -> Option<Vec<Assignment<'_>>> {
    let lines = written.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Option<Vec<_>> = lines
        .map(|line| {
            let at = line.find(['=', ':'])?;
            let (name, value) = (&line[..at], &line[at + 1..]);
            let starts = value.starts_with(|c: char| !c.is_whitespace());
            (starts && is_variable_name(name)).then_some(Assignment { name, value })
        })
        .collect();
    let has_colon = |one: &Assignment<'_>| written.contains(&format!("{}:", one.name));
    lines.filter(|lines| lines.iter().any(has_colon))
}

/// Splits a string where another assignment begins; `None` if there is only one.
fn several(text: &str) -> Option<Vec<Assignment<'_>>> {
    let mut starts = Vec::new();
    let mut from = 0;
    for word in text.split_whitespace() {
        let at = from + text[from..].find(word)?;
        from = at + word.len();
        if word.split_once('=').is_some_and(|(name, _)| is_variable_name(name)) {
            starts.push(at);
        }
    }
    if starts.len() < 2 || starts.first() != Some(&0) {
        return None;
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let parts = starts.iter().zip(ends).map(|(&start, end)| text[start..end].trim());
    parts.map(|part| part.split_once('=').map(|(name, value)| Assignment { name, value })).collect()
}

/// Lists the variables of an `environment` with their values as rendered, each name once.
pub(crate) fn listed(value: &Value) -> IndexMap<Rc<str>, Value> {
    let mut variables = IndexMap::new();
    match &value.data {
        Data::List(items) => items.iter().for_each(|item| variables.extend(listed(item))),
        Data::Text(text) => {
            let (name, text) = text.split_once('=').unwrap_or((text, ""));
            variables.insert(Rc::from(name), Value::new(Data::text(text), value.place));
        }
        _ => variables
            .extend(value.fields().iter().map(|field| (field.name.clone(), field.value.clone()))),
    }
    variables
}

/// Adds the variables of `over` to `base`; where both know a name, `over` wins.
pub(crate) fn overlay(mut base: Variables, over: Variables) -> Variables {
    base.extend(over);
    base
}
