//! `requires` and `context` of an entry (CFG §5.3, §5.12).

use std::rc::Rc;

use roundel_model::status::Outcome;

use crate::{
    codes,
    language::data::{Data, Field, Scope, Value},
    read::yaml::{At, Entry, View},
    render::{Renderer, fields::Expected},
    text::{
        help::Help,
        place::{Place, PlacedText},
        problem::Problem,
        suggest::did_you_mean,
    },
};

/// One requirement, by the name that it is written with.
#[derive(Clone, Debug)]
pub(crate) struct RequiredJob {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) accepts: Vec<Outcome>,
    /// The statuses as they are written, if they are.
    pub(crate) written: Option<Value>,
    /// The parts of a name with tags of another job's matrix, as `build-<< matrix.os >>`: it stands
    /// for every permutation whose name they make with its values.
    pub(crate) parts: Option<Vec<NamePart>>,
}

/// A part of a name with tags of a matrix.
#[derive(Clone, Debug)]
pub(crate) enum NamePart {
    Text(String),
    /// The value of this parameter of the matrix.
    Parameter(String),
}

const STATUSES: &[&str] = &["success", "failed", "canceled", "unauthorized", "not_run", "terminal"];

/// Returns the endings that a status stands for (RUN §1.5).
fn outcomes(status: &str) -> Option<&'static [Outcome]> {
    Some(match status {
        "success" => &[Outcome::Success],
        "failed" => &[Outcome::Failed, Outcome::Timedout, Outcome::InfrastructureFail],
        "canceled" => &[Outcome::Canceled],
        "unauthorized" => &[Outcome::Unauthorized],
        "not_run" => &[Outcome::NotRun],
        "terminal" => Outcome::ALL,
        _ => return None,
    })
}

/// Returns whether a word is a status that a requirement can have.
pub(crate) fn is_status(word: &str) -> bool {
    STATUSES.contains(&word)
}

/// Returns whether a name has a tag of a matrix.
fn has_matrix_tag(name: &str) -> bool {
    name.split("<<")
        .skip(1)
        .any(|tag| tag.contains(">>") && tag.trim_start().starts_with("matrix."))
}

/// Reads requirements and contexts.
pub(super) struct RequirementReader<'c, 'd> {
    render: &'c mut Renderer<'d>,
}

impl<'c, 'd> RequirementReader<'c, 'd> {
    pub(super) fn new(render: &'c mut Renderer<'d>) -> Self {
        Self { render }
    }

    /// Reads `requires`.
    pub(super) fn requirements(
        &mut self,
        field: &Entry<'_>,
        scope: &Rc<Scope>,
    ) -> Vec<RequiredJob> {
        if scope.matrix.is_none() && self.render.has_templates() {
            match self.render.doc().view(field.value) {
                View::Seq(items) if items.iter().any(|item| self.names_permutations(item)) => {
                    return items.iter().flat_map(|item| self.permuted(item, scope)).collect();
                }
                View::Scalar(..) if self.names_permutations(field.value) => {
                    self.warn_of_single(self.render.doc().place(field.value), "");
                    return self.permuted(field.value, scope);
                }
                View::Map(_) if self.names_permutations(field.value) => {
                    return self.permuted(field.value, scope);
                }
                View::Scalar(..) | View::Seq(_) | View::Map(_) | View::Broken => {}
            }
        }
        let value = self.render.evaluate(field.value, scope);
        let items = match &value.data {
            Data::List(items) => items.clone(),
            // Appears in an official example.
            Data::Text(_) | Data::Int(_) | Data::Float(..) | Data::Map(_) => {
                if let Data::Text(text) = &value.data {
                    self.warn_of_single(value.place, text);
                }
                Rc::new(vec![value])
            }
            Data::Null => {
                self.warn_of_nothing(field);
                return Vec::new();
            }
            Data::Unknown => return Vec::new(),
            Data::Bool(_) | Data::Steps(_) | Data::Executor(_) => {
                self.render.wrong_type(&value, "requires", Expected::List);
                return Vec::new();
            }
        };
        items.iter().flat_map(|item| self.requirement(item, scope)).collect()
    }

    /// The hosted service passes over the key. Perhaps its items were deleted, or are commented out.
    fn warn_of_nothing(&mut self, field: &Entry<'_>) {
        if self.render.doc().is_null(field.value) {
            let message = "`requires` is empty: the job waits for no other";
            let problem = Problem::warning(codes::IGNORED, field.key, message);
            self.render
                .report()
                .add(problem.help("write the names of jobs after it, or remove it"));
        }
    }

    fn warn_of_single(&mut self, place: Place, text: &str) {
        let message = "`requires` should be a list; the string is treated as a list with one item";
        let problem = Problem::warning(codes::WRONG_TYPE, place, message);
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        let is_list = names.len() > 1 && names.iter().all(|name| !name.is_empty());
        self.render.report().add(problem.help(if is_list {
            format!("write `[{}]`", names.join(", "))
        } else {
            "put a dash before it, or brackets around it".to_owned()
        }));
    }

    /// Returns whether a requirement's name has a tag of a matrix.
    fn names_permutations(&self, at: At) -> bool {
        match self.render.doc().view(at) {
            View::Scalar(text, _) => has_matrix_tag(text),
            View::Map(entries) => entries.iter().any(|entry| has_matrix_tag(entry.name)),
            View::Seq(_) | View::Broken => false,
        }
    }

    /// Reads a requirement that may name permutations of another job.
    fn permuted(&mut self, at: At, scope: &Rc<Scope>) -> Vec<RequiredJob> {
        match self.render.doc().view(at) {
            View::Scalar(text, _) if has_matrix_tag(text) => {
                let (name, place, accepts) =
                    (text.to_owned(), self.render.doc().place(at), vec![Outcome::Success]);
                let parts = self.name_parts(text, place, scope);
                let item = |parts| RequiredJob { name, place, accepts, written: None, parts };
                parts.map(|parts| item(Some(parts))).into_iter().collect()
            }
            View::Map(entries) if entries.iter().any(|entry| has_matrix_tag(entry.name)) => {
                let mut items = Vec::new();
                for entry in entries {
                    let value = self.render.evaluate(entry.value, scope);
                    let field = Field { name: Rc::from(entry.name), key: entry.key, value };
                    items.extend(self.required_with_status(&field, scope));
                }
                items
            }
            View::Scalar(..) | View::Map(_) | View::Seq(_) | View::Broken => {
                let value = self.render.evaluate(at, scope);
                self.requirement(&value, scope)
            }
        }
    }

    /// Takes a name with tags of a matrix apart; other tags are rendered. `None` if one of them has no
    /// value, which was reported.
    fn name_parts(&mut self, name: &str, place: Place, scope: &Rc<Scope>) -> Option<Vec<NamePart>> {
        let mut parts = Vec::new();
        let (mut text, mut rest) = (String::new(), name);
        while let Some((before, (inner, after))) =
            rest.split_once("<<").and_then(|(before, tag)| Some((before, tag.split_once(">>")?)))
        {
            text.push_str(before);
            if let Some(parameter) = inner.trim().strip_prefix("matrix.") {
                let rendered = self.render.render(&text, place, scope).scalar_text()?;
                parts.push(NamePart::Text(rendered.to_string()));
                parts.push(NamePart::Parameter(parameter.to_owned()));
                text.clear();
            } else {
                text.extend(["<<", inner, ">>"]);
            }
            rest = after;
        }
        text.push_str(rest);
        let rendered = self.render.render(&text, place, scope).scalar_text()?;
        parts.push(NamePart::Text(rendered.to_string()));
        Some(parts)
    }

    fn requirement(&mut self, item: &Value, scope: &Rc<Scope>) -> Vec<RequiredJob> {
        let Data::Map(fields) = &item.data else {
            // A dash alone names nothing, as an empty text does.
            let name = match item.data {
                Data::Null => Some(String::new()),
                _ => self.render.text_of(item, "requires"),
            };
            let name = name.and_then(|name| self.render.named(name, "requires", item.place));
            let accepts = vec![Outcome::Success];
            return name
                .map(|name| RequiredJob {
                    name,
                    place: item.place,
                    accepts,
                    written: None,
                    parts: None,
                })
                .into_iter()
                .collect();
        };
        fields.iter().filter_map(|field| self.required_with_status(field, scope)).collect()
    }

    /// Reads a job's name with the statuses that will do.
    fn required_with_status(&mut self, field: &Field, scope: &Rc<Scope>) -> Option<RequiredJob> {
        let mut name = self.render.named(field.name.to_string(), "requires", field.key)?;
        let accepts = self.statuses(&field.value);
        let is_permuted = scope.matrix.is_none() && has_matrix_tag(&name);
        let parts = if is_permuted && self.render.has_templates() {
            Some(self.name_parts(&name, field.key, scope)?)
        } else {
            name = self.render.render(&name, field.key, scope).scalar_text()?.to_string();
            None
        };
        let written = Some(field.value.clone());
        let item = RequiredJob { name, place: field.key, accepts, written, parts };
        (!item.accepts.is_empty()).then_some(item)
    }

    fn statuses(&mut self, value: &Value) -> Vec<Outcome> {
        let is_list = matches!(value.data, Data::List(_));
        let known: Vec<&str> =
            STATUSES.iter().copied().filter(|name| !(is_list && *name == "terminal")).collect();
        let mut accepts: Vec<Outcome> = Vec::new();
        for PlacedText { text: status, place } in self.render.texts_of(value, "requires") {
            let found = outcomes(&status).filter(|_| !(is_list && status == "terminal"));
            if let Some(found) = found {
                let new: Vec<_> =
                    found.iter().filter(|outcome| !accepts.contains(outcome)).copied().collect();
                accepts.extend(new);
                continue;
            }
            let message = if status == "terminal" {
                "`terminal` cannot be combined with other statuses".to_owned()
            } else {
                format!("`{status}` is not a valid job status")
            };
            let help = match status.as_str() {
                "cancelled" => "`canceled` is spelled with one l".into(),
                "failure" | "fail" => Help::did_you_mean("failed"),
                other => did_you_mean(other, known.iter().copied())
                    .unwrap_or_else(|| format!("allowed: {}", known.join(", ")).into()),
            };
            self.render.report().add(Problem::error(codes::BAD_STATUS, place, message).help(help));
        }
        if is_list && accepts.len() == Outcome::ALL.len() {
            let message = "this list contains every status";
            let problem = Problem::warning(codes::ALL_STATUSES, value.place, message);
            self.render.report().add(problem.help("write `terminal`"));
        }
        if accepts.is_empty() && matches!(value.data, Data::Null | Data::List(_)) {
            let problem = Problem::error(codes::BAD_STATUS, value.place, "a status is missing");
            self.render.report().add(problem.help(format!("allowed: {}", STATUSES.join(", "))));
        }
        accepts
    }

    /// Reads `context`. An empty text is not a context.
    pub(super) fn contexts(&mut self, value: &Value) -> Vec<PlacedText> {
        let mut contexts: Vec<PlacedText> = Vec::new();
        for context in self.render.texts_of(value, "context") {
            let is_known = contexts.iter().any(|known| known.text == context.text);
            if !context.text.is_empty() && !is_known {
                contexts.push(context);
            }
        }
        contexts
    }
}
