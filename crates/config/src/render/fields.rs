//! Reading the keys of a mapping: known ones by name and type, unknown ones as mistakes.

use std::rc::Rc;

use roundel_model::text::is_hidden;

use crate::{
    codes::{self},
    language::{
        data::{Data, Scope, Value},
        keys::{DECIDES_WHAT_RUNS, JOB, Known},
        other_services::{self, Owner},
    },
    read::yaml::{At, scalar},
    render::{Renderer, budget::Resource},
    text::{
        help::Help,
        place::{Place, PlacedText},
        problem::Problem,
        suggest::{list, nearest},
    },
};

/// A type that a key's value must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    String,
    Boolean,
    Integer,
    List,
}

impl Expected {
    const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::List => "list",
        }
    }
}

/// Adds the keys that are not known to the problem that one is missing: perhaps one of them is meant.
pub(crate) fn with_unknown<'n>(
    problem: Problem,
    keys: impl IntoIterator<Item = (&'n str, Place)>,
    known: &[&str],
) -> Problem {
    const SHOWN: usize = 3;
    let unknown = keys.into_iter().filter(|(name, _)| !known.contains(name)).take(SHOWN);
    unknown.fold(problem, |problem, (name, place)| {
        problem.related(place, format!("unknown key `{name}`"))
    })
}

/// Returns whether a key says nothing: `"":`, and `? :` or `: x`, which are null and read as `~`.
pub(crate) fn is_blank(key: &str) -> bool {
    matches!(key.trim(), "" | "~")
}

impl Renderer<'_> {
    /// Returns whether a key was reported that is nearly one of these, which then is not missing: one
    /// mistake, one message.
    pub(crate) fn is_misspelled<'n>(
        &self,
        keys: impl IntoIterator<Item = (&'n str, Place)>,
        known: Known<'_>,
        wanted: &[&str],
    ) -> bool {
        let near = |name| nearest(name, known.keys.iter().copied());
        keys.into_iter().any(|(name, place)| {
            self.templates
                && !known.keys.contains(&name)
                && (is_quoted_merge_key(name)
                    || stands_for(name).is_some_and(|key| wanted.contains(&key))
                    || near(name).is_some_and(|near| wanted.contains(&near)))
                && self.report.is_reported(known.code, place)
        })
    }

    /// Reports keys that are not known. Version 2.0 ignores them (CFG §1.2), so there only a key that
    /// is nearly a known one is worth a word, and a mistake if it decides what runs (CFG §0.2).
    pub(crate) fn check_keys<'n>(
        &mut self,
        keys: impl IntoIterator<Item = (&'n str, Place)>,
        known: Known<'_>,
    ) {
        for (name, place) in keys {
            if !self.afford(Resource::Visits, 1, place) {
                return;
            }
            if known.keys.contains(&name) {
                continue;
            }
            let near = nearest(name, known.keys.iter().copied());
            let is_merge = is_quoted_merge_key(name);
            if near.is_none() && !is_merge && !self.templates {
                continue;
            }
            let ignored =
                !self.templates && !near.is_some_and(|near| decides_what_runs(known, near));
            let tolerated = known.tolerant && near.is_none() && !is_merge || ignored;
            let make = if tolerated { Problem::warning } else { Problem::error };
            let is_blank = is_blank(name);
            let message = if is_blank {
                format!("a {} key is empty", known.what)
            } else {
                format!("unknown {} key `{name}`", known.what)
            };
            let problem = make(known.code, place, message);
            let foreign = || other_services::advice(Owner::named(known.what)?, name);
            let advice = (known.advice)(name).map(Help::from).or_else(foreign);
            let help = match (advice, near) {
                _ if is_blank => "write a key before the colon, or remove it".into(),
                (Some(advice), _) => advice,
                _ if matches!(name, "<" | "<<<") => Help::did_you_mean("<<"),
                _ if is_merge => {
                    "to merge a mapping, write `<<` without quotes and without a backslash".into()
                }
                // A schedule.
                (None, Some(near @ "triggers")) => Help::did_you_mean(near).not_supported(),
                (None, Some(near)) => Help::did_you_mean(near),
                (None, None) => {
                    format!("allowed keys: {}", list(known.keys.iter().copied())).into()
                }
            };
            self.report.add(problem.help(help));
        }
    }

    /// Reports a name of nothing but spaces: nothing could refer to it, and pages and commit statuses
    /// would show a gap.
    pub(crate) fn report_blank_name(&mut self, what: &str, name: &str, key: Place) {
        if is_blank(name) {
            let message = format!("the name of this {what} is empty");
            let problem = Problem::error(codes::EMPTY_NAME, key, message);
            self.report.add(problem.help("write a name of letters, digits, `_` and `-`"));
        }
    }

    /// Reports a name with characters that cannot be seen or turn the text around it.
    pub(crate) fn report_hidden_characters(&mut self, what: &str, name: &str, key: Place) {
        if name.contains(is_hidden) {
            let message = format!("unusual {what} name `{name}`: it has hidden characters");
            let problem = Problem::warning(codes::SUSPICIOUS_NAME, key, message);
            self.report.add(problem.help("use only letters, digits, `_` and `-`"));
        }
    }

    /// Returns a string that must name something, and reports one of nothing but spaces.
    pub(crate) fn named(&mut self, text: String, key: &str, place: Place) -> Option<String> {
        if !text.trim().is_empty() {
            return Some(text);
        }
        let (message, help) = match key {
            "requires" => {
                ("`requires` has an empty name".to_owned(), "write the name of a job, or remove it")
            }
            _ => (format!("`{key}` is empty"), "write a name, or remove the key"),
        };
        self.report.add(Problem::error(codes::EMPTY_NAME, place, message).help(help));
        None
    }

    /// Renders the value of a key that must be a string; numbers and booleans are taken as written.
    pub(crate) fn text_field(&mut self, at: At, name: &str, scope: &Rc<Scope>) -> Option<String> {
        let value = self.evaluate(at, scope);
        self.text_of(&value, name)
    }

    /// Returns a value that must be a string; numbers and booleans are taken as written.
    pub(crate) fn text_of(&mut self, value: &Value, name: &str) -> Option<String> {
        match &value.data {
            Data::Text(text) => Some(text.to_string()),
            Data::Executor(executor) => Some(executor.name.to_string()),
            Data::Int(_) | Data::Float(..) | Data::Bool(_) => {
                let written = self.doc.written(value.place);
                if written.contains("<<") || written.contains('\n') {
                    value.data.scalar_text().map(|text| text.to_string())
                } else {
                    Some(written.to_owned())
                }
            }
            Data::Null | Data::Unknown => None,
            Data::List(_) | Data::Map(_) | Data::Steps(_) => {
                self.wrong_type(value, name, Expected::String);
                None
            }
        }
    }

    /// Returns a value that must be a boolean.
    pub(crate) fn bool_of(&mut self, value: &Value, name: &str) -> Option<bool> {
        match &value.data {
            Data::Bool(value) => Some(*value),
            Data::Null | Data::Unknown => None,
            _ => {
                self.wrong_type(value, name, Expected::Boolean);
                None
            }
        }
    }

    /// Returns the items of a list of strings, or one string as a list.
    pub(crate) fn texts_of(&mut self, value: &Value, name: &str) -> Vec<PlacedText> {
        let mut placed = |value: &Value| {
            let text = self.text_of(value, name)?;
            Some(PlacedText { text, place: value.place })
        };
        match &value.data {
            Data::List(items) => items.iter().filter_map(placed).collect(),
            _ => placed(value).into_iter().collect(),
        }
    }

    /// Reports a value of the wrong type.
    pub(crate) fn wrong_type(&mut self, value: &Value, name: &str, expected: Expected) {
        let message =
            format!("`{name}`: expected type {}, found {}", expected.name(), value.describe());
        let problem = Problem::error(codes::WRONG_TYPE, value.place, message);
        let help = self.type_help(value, expected);
        self.report.add(problem.maybe_help(help));
    }

    /// Says how quotes change a value's type, with the text as it is written.
    pub(crate) fn type_help(&self, value: &Value, expected: Expected) -> Option<String> {
        let written = self.doc.written(value.place);
        if written.contains("<<") || written.contains('\n') || written.is_empty() {
            return None;
        }
        match (&value.data, expected) {
            (Data::Int(_) | Data::Float(..) | Data::Bool(_), Expected::String) => {
                Some(match scalar::lost(written) {
                    Some(lost) => {
                        format!("{}, `{}`; quote it: `\"{written}\"`", lost.reason, lost.becomes)
                    }
                    None => format!("quote it: `\"{written}\"`"),
                })
            }
            (Data::Text(text), Expected::Integer) if text.parse::<i64>().is_ok() => {
                Some(format!("remove the quotes: `{text}`"))
            }
            (Data::Text(text), Expected::Boolean) if matches!(&**text, "true" | "false") => {
                Some(format!("remove the quotes: `{text}`"))
            }
            (Data::Text(_), Expected::Boolean) => Some("write `true` or `false`".to_owned()),
            _ => None,
        }
    }
}

/// Returns the key of a job that is not missing where another word is, which has its own advice.
fn stands_for(name: &str) -> Option<&'static str> {
    match name {
        "image" | "container" | "runs-on" => Some("docker"),
        "script" | "before_script" | "run" | "command" => Some("steps"),
        _ => None,
    }
}

/// Returns whether a key of version 2 decides what runs. Its jobs have no types.
fn decides_what_runs(known: Known<'_>, key: &str) -> bool {
    DECIDES_WHAT_RUNS.contains(&key) && (known.what, key) != (JOB.what, "type")
}

/// Returns whether a key was probably meant to merge: quotes and backslashes make it an ordinary one.
fn is_quoted_merge_key(name: &str) -> bool {
    matches!(name, "<<" | "\\<<" | "<" | "<<<")
}
