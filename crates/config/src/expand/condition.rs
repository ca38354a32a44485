//! Steps under a condition, `when` and `unless` (CFG §3.15).
//!
//! Deliberately absent: the value of a condition, which `render::logic` decides.

use std::rc::Rc;

use crate::{
    codes,
    expand::run::Site,
    language::{
        data::{Data, Scope, Value},
        expression,
        keys::{Known, WHEN_WORDS},
    },
    read::yaml::{At, Entries, Entry, View},
    render::{
        Renderer,
        logic::{CONDITION_HELP, OPERATORS, Statements},
    },
    resolve::{modules::Modules, shape::Shapes},
    text::{place::Place, problem::Problem},
};

const CONDITION: Known<'static> = Known {
    what: "condition",
    keys: &["condition", "steps"],
    code: codes::UNKNOWN_KEY,
    advice: condition_key_advice,
    tolerant: false,
};

fn condition_key_advice(key: &str) -> Option<&'static str> {
    match key {
        "else" => Some("there is no `else`: add an `unless` step with the same condition"),
        _ if OPERATORS.contains(&key) => Some("write the operator below `condition:`"),
        _ => None,
    }
}

/// Decides whether the steps under a condition run.
pub(super) struct Conditions<'c, 'd> {
    render: &'c mut Renderer<'d>,
    modules: &'c Modules<'d>,
}

impl<'c, 'd> Conditions<'c, 'd> {
    pub(super) fn new(render: &'c mut Renderer<'d>, modules: &'c Modules<'d>) -> Self {
        Self { render, modules }
    }

    /// Returns what to write for a condition that is not a mapping.
    fn condition_help(&self, site: &Site<'_>) -> String {
        let doc = self.render.doc();
        let name = site.name;
        let is_key = |item: &At| {
            let keys = doc.entries(*item);
            !keys.is_empty() && keys.iter().all(|entry| CONDITION.keys.contains(&entry.name))
        };
        let without_steps = format!("write `{name}: {{ condition: …, steps: [ … ] }}`");
        match site.value.map(|at| doc.view(at)) {
            Some(View::Scalar(..)) if site.value.is_some_and(|at| doc.is_null(at)) => without_steps,
            Some(View::Scalar(..)) => {
                "to always run a step, set `when: always` inside `run:`".to_owned()
            }
            Some(View::Seq(items)) if items.is_empty() => without_steps,
            Some(View::Seq(items)) if items.iter().all(|item| is_key(&item)) => format!(
                "remove the dashes: below `{name}:`, `condition` and `steps` are keys, not items of a list"
            ),
            Some(View::Seq(_)) => format!(
                "write `condition:` and `steps:` below `{name}:`, and the steps of the list below `steps:`"
            ),
            Some(View::Map(_) | View::Broken) | None => without_steps,
        }
    }

    /// Returns the key `steps` of a `when` or `unless` step, if they run; what does not is not checked
    /// (CFG §3.15).
    pub(super) fn taken(&mut self, site: &Site<'_>) -> Option<Entry<'d>> {
        let entries = match site.value.map(|at| self.render.doc().view(at)) {
            Some(View::Map(entries)) => entries,
            Some(View::Broken) => return None,
            None | Some(View::Scalar(..) | View::Seq(_)) => {
                let message = format!(
                    "the step `{}` must be a mapping with `condition` and `steps`",
                    site.name
                );
                let problem = Problem::error(codes::CONDITION_MISPLACED, site.key, message);
                let help = self.condition_help(site);
                self.render.report().add(problem.help(help));
                return None;
            }
        };
        let condition = entries.get("condition");
        let steps = entries.get("steps");
        if self.step_without_steps(site.name, &entries) {
            return None;
        }
        let bare = entries.iter().find(|entry| OPERATORS.contains(&entry.name));
        let bare = bare.filter(|_| condition.is_none() && steps.is_some());
        if let Some(operator) = bare {
            self.operator_without_condition(site.name, &operator);
        }
        let is_bare = |name: &str| bare.is_some_and(|operator| operator.name == name);
        let keys = || {
            let keys = entries.iter().filter(|entry| !is_bare(entry.name));
            keys.map(|entry| (entry.name, entry.key))
        };
        self.render.check_keys(keys(), CONDITION);
        let inside = condition.and_then(|condition| self.steps_inside(condition.value, 0));
        if let Some(place) = inside.filter(|_| steps.is_none()) {
            let message = "`steps` is inside `condition`";
            let problem = Problem::error(codes::CONDITION_MISPLACED, place, message);
            self.render.report().add(problem.help("indent `steps` as deep as `condition`"));
            return None;
        }
        if steps.is_none() && !self.render.is_misspelled(keys(), CONDITION, &["steps"]) {
            let what = format!("`{}`", site.name);
            Shapes::new(self.render, self.modules).steps_missing(site.key, &what);
        }
        let is_known = |name: &str| CONDITION.keys.contains(&name);
        if let Some(empty) =
            condition.filter(|condition| self.render.doc().is_null(condition.value))
            && entries.iter().all(|entry| is_known(entry.name))
        {
            let run = if site.name == "when" { "never" } else { "always" };
            let message = format!("`condition` is empty: these steps {run} run");
            let problem = Problem::warning(codes::IGNORED, empty.key, message);
            self.render.report().add(problem.help(CONDITION_HELP));
        }
        let errors = self.render.found().errors();
        let decided = condition.and_then(|condition| self.decided(condition.value, site.scope));
        if condition.is_none()
            && bare.is_none()
            && !self.render.is_misspelled(keys(), CONDITION, &["condition"])
        {
            let message = format!("the step `{}` needs `condition`", site.name);
            self.render.report().add(Problem::error(codes::CONDITION_MISPLACED, site.key, message));
        }
        let steps = steps?;
        let is_taken = match decided {
            Some(holds) => holds == (site.name == "when"),
            // A mistake in the condition must not hide those in the steps.
            None => {
                condition.is_none()
                    || self.render.found().errors() > errors
                    || self.render.has_unknown_values()
            }
        };
        is_taken.then_some(steps)
    }

    /// Reports a step that is in a condition without `steps`. Returns whether there is one.
    fn step_without_steps(&mut self, condition: &str, entries: &Entries<'_>) -> bool {
        if entries.get("steps").is_some() {
            return false;
        }
        let shapes = Shapes::new(self.render, self.modules);
        let mut others = entries.iter().filter(|entry| !CONDITION.keys.contains(&entry.name));
        let Some(step) = others.find(|entry| shapes.is_step(entry)) else { return false };
        let message = format!("`{}` is in `{condition}`, but not below `steps`", step.name);
        let problem = Problem::error(codes::CONDITION_MISPLACED, step.key, message);
        let help = format!("put it in a list: `steps:`, and below it `- {}`", step.name);
        self.render.report().add(problem.help(help));
        true
    }

    /// Reports an operator that is next to `steps`, where `condition` is expected.
    fn operator_without_condition(&mut self, step: &str, operator: &Entry<'_>) {
        let doc = self.render.doc();
        let name = operator.name;
        let message = format!("`{name}` is in `{step}`, but not below `condition`");
        let written = doc.written(doc.place(operator.value));
        let help = if written.contains('\n') || !written.starts_with(['[', '{']) {
            format!("write `condition:` above `{name}`, and indent `{name}` below it")
        } else {
            format!("put it below `condition`: `condition: {{ {name}: {written} }}`")
        };
        let problem = Problem::error(codes::CONDITION_MISPLACED, operator.key, message);
        self.render.report().add(problem.help(help));
    }

    /// Decides a condition; `None` if it is not known.
    fn decided(&mut self, condition: At, scope: &Rc<Scope>) -> Option<bool> {
        let statement = Statements::new(self.render).statement(condition, scope);
        self.check_literal_condition(&statement);
        Statements::new(self.render).decide(&statement, 0)
    }

    /// Finds `steps` among the operators of a condition.
    fn steps_inside(&self, statement: At, depth: usize) -> Option<Place> {
        const DEPTH: usize = 8;
        if depth > DEPTH {
            return None;
        }
        match self.render.doc().view(statement) {
            View::Map(entries) => {
                let found = entries.get("steps").map(|steps| steps.key);
                found.or_else(|| {
                    entries.iter().find_map(|entry| self.steps_inside(entry.value, depth + 1))
                })
            }
            View::Seq(items) => items.iter().find_map(|item| self.steps_inside(item, depth + 1)),
            View::Scalar(..) | View::Broken => None,
        }
    }

    /// Expressions are not read here; a string is simply true (W-11).
    fn check_literal_condition(&mut self, statement: &Value) {
        let written = self.render.doc().written(statement.place);
        let Data::Text(text) = &statement.data else { return };
        if written.contains("<<") || text.is_empty() || &**text == "true" {
            return;
        }
        let message = "this condition is a string and therefore always true";
        let problem = Problem::warning(codes::ALWAYS_TRUE, statement.place, message);
        let help = match expression::as_tag(text) {
            _ if &**text == "false" => "write `false` without quotes".to_owned(),
            _ if WHEN_WORDS.contains(&&**text) => {
                format!(
                    "write `when: {text}` inside `run:`: a `when` step compares pipeline values"
                )
            }
            Some(tag) => format!("write `{tag}`"),
            None => expression::NOT_AN_EXPRESSION.to_owned(),
        };
        self.render.report().add(problem.help(help));
    }
}
