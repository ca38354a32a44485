//! `requires` and `context` of an entry (CFG §5.3, §5.12).

use std::rc::Rc;

use roundel_model::status::Outcome;

use crate::{
    codes,
    expand::Expander,
    language::data::{Data, Scope, Value},
    read::yaml::{At, Entry, View},
    render::fields::Expected,
    suggest::did_you_mean,
    text::{help::Help, place::Place, problem::Problem},
};

/// One requirement, by the name that it is written with.
#[derive(Clone, Debug)]
pub(crate) struct RequiredJob {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) accepts: Vec<Outcome>,
    /// The statuses as they are written, if they are.
    pub(crate) written: Option<Value>,
    /// The constant parts of a name with tags of another job's matrix, as `build-<< matrix.os >>`:
    /// it stands for every permutation that has them.
    pub(crate) pieces: Option<Vec<String>>,
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

impl Expander<'_, '_> {
    /// Reads `requires`.
    pub(super) fn requirements(
        &mut self,
        field: &Entry<'_>,
        scope: &Rc<Scope>,
    ) -> Vec<RequiredJob> {
        if let View::Seq(items) = self.render.doc.view(field.value)
            && scope.matrix.is_none()
            && items.iter().any(|item| self.permutations(item).is_some())
        {
            let mut found = Vec::new();
            for at in items.iter() {
                if let Some(item) = self.permutations(at) {
                    found.push(item);
                } else {
                    let value = self.render.evaluate(at, scope);
                    found.extend(self.requirement(&value));
                }
            }
            return found;
        }
        let value = self.render.evaluate(field.value, scope);
        let items = match &value.data {
            Data::List(items) => items.clone(),
            // Appears in an official example.
            Data::Text(_) | Data::Int(_) | Data::Float(..) | Data::Map(_) => {
                if matches!(value.data, Data::Text(_)) {
                    let message = "`requires` should be a list; the string is treated as a list \
                                   with one item";
                    let problem = Problem::warning(codes::WRONG_TYPE, value.place, message);
                    self.render
                        .report
                        .add(problem.help("put a dash before it, or brackets around it"));
                }
                Rc::new(vec![value])
            }
            Data::Null | Data::Unknown => return Vec::new(),
            Data::Bool(_) | Data::Steps(_) | Data::Executor(_) => {
                self.render.wrong_type(&value, "requires", Expected::List);
                return Vec::new();
            }
        };
        items.iter().flat_map(|item| self.requirement(item)).collect()
    }

    /// Reads a name whose tags are all of a matrix.
    fn permutations(&self, at: At) -> Option<RequiredJob> {
        let View::Scalar(text, _) = self.render.doc.view(at) else { return None };
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, tag)) = rest.split_once("<<").filter(|_| self.render.templates) {
            let (inner, after) = tag.split_once(">>")?;
            inner.trim().strip_prefix("matrix.")?;
            pieces.push(before.to_owned());
            rest = after;
        }
        if pieces.is_empty() {
            return None;
        }
        pieces.push(rest.to_owned());
        let (name, place, accepts) =
            (text.to_owned(), self.render.doc.place(at), vec![Outcome::Success]);
        Some(RequiredJob { name, place, accepts, written: None, pieces: Some(pieces) })
    }

    fn requirement(&mut self, item: &Value) -> Vec<RequiredJob> {
        let Data::Map(fields) = &item.data else {
            let name = self
                .render
                .text_of(item, "requires")
                .and_then(|name| self.render.named(name, "requires", item.place));
            let accepts = vec![Outcome::Success];
            return name
                .map(|name| RequiredJob {
                    name,
                    place: item.place,
                    accepts,
                    written: None,
                    pieces: None,
                })
                .into_iter()
                .collect();
        };
        let mut items = Vec::new();
        for field in fields.iter() {
            if self.render.named(field.name.to_string(), "requires", field.key).is_none() {
                continue;
            }
            let statuses = self.statuses(&field.value);
            if !statuses.is_empty() {
                items.push(RequiredJob {
                    name: field.name.to_string(),
                    place: field.key,
                    accepts: statuses,
                    written: Some(field.value.clone()),
                    pieces: None,
                });
            }
        }
        items
    }

    fn statuses(&mut self, value: &Value) -> Vec<Outcome> {
        let is_list = matches!(value.data, Data::List(_));
        let known: Vec<&str> =
            STATUSES.iter().copied().filter(|name| !(is_list && *name == "terminal")).collect();
        let mut accepts: Vec<Outcome> = Vec::new();
        for (status, place) in self.render.texts_of(value, "requires") {
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
            self.render.report.add(Problem::error(codes::BAD_STATUS, place, message).help(help));
        }
        if is_list && accepts.len() == Outcome::ALL.len() {
            let message = "this list contains every status";
            let problem = Problem::warning(codes::ALL_STATUSES, value.place, message);
            self.render.report.add(problem.help("write `terminal`"));
        }
        if accepts.is_empty() && matches!(value.data, Data::Null | Data::List(_)) {
            let problem = Problem::error(codes::BAD_STATUS, value.place, "a status is missing");
            self.render.report.add(problem.help(format!("allowed: {}", STATUSES.join(", "))));
        }
        accepts
    }

    /// Reads `context`. An empty text is not a context.
    pub(super) fn contexts(&mut self, value: &Value) -> Vec<(String, Place)> {
        let mut contexts: Vec<(String, Place)> = Vec::new();
        for (context, place) in self.render.texts_of(value, "context") {
            if context.is_empty() || contexts.iter().any(|(known, _)| *known == context) {
                continue;
            }
            contexts.push((context, place));
        }
        contexts
    }
}
