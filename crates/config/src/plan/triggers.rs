//! Workflows that run on a schedule (CFG §5.8).

use std::rc::Rc;

use crate::{
    api::compiled::Schedule,
    codes::{self, consequence::NEVER_STARTED_HELP},
    expand::filters::{FilterReader, Filters},
    language::{
        cron,
        data::{Data, Field, ModuleId, Scope, Value},
        keys::Known,
    },
    plan::Planner,
    read::yaml::{At, Entry, View},
    resolve::shape::indent_deeper,
    text::problem::Problem,
};

/// What starts a workflow in this pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// It runs in this pipeline.
    Now,
    /// It waits for its schedule, or another workflow's schedule started the pipeline.
    Scheduled,
}

const SCHEDULE: Known<'static> = Known {
    what: "schedule",
    keys: &["cron", "filters"],
    code: codes::BAD_TRIGGER,
    advice: Known::no_advice,
    tolerant: false,
};

impl<'d> Planner<'_, 'd> {
    /// Reads `triggers` and decides whether the workflow belongs to this pipeline. One whose condition
    /// does not hold would not be started if there were schedules, either.
    pub(crate) fn start(
        &mut self,
        workflow: &Entry<'d>,
        triggers: Option<Entry<'d>>,
        selected: bool,
        rendered: &mut Vec<Field>,
    ) -> Start {
        let scheduled = self.inputs.scheduled.as_deref();
        let this_one = scheduled == Some(workflow.name);
        let triggers = triggers.filter(|triggers| !self.render.doc().is_null(triggers.value));
        let Some(triggers) = triggers else {
            return if scheduled.is_some() { Start::Scheduled } else { Start::Now };
        };
        let items: Vec<At> = match self.render.doc().view(triggers.value) {
            View::Seq(items) => items.iter().collect(),
            View::Broken => return Start::Scheduled,
            View::Map(_) | View::Scalar(..) => {
                self.bad_trigger(&triggers, "`triggers` must be a list of schedules");
                return Start::Scheduled;
            }
        };
        if items.is_empty() {
            return if scheduled.is_some() { Start::Scheduled } else { Start::Now };
        }
        let scope = Scope::outer(format!("workflow `{}`", workflow.name), ModuleId::CONFIG);
        for item in items {
            self.schedule(workflow, &triggers, item, &scope);
        }
        let value = self.render.evaluate(triggers.value, &scope);
        rendered.push(Field { name: Rc::from(triggers.name), key: triggers.key, value });
        let message = format!(
            "workflow `{}` only runs on a schedule, and schedules are not supported in this \
             release",
            workflow.name
        );
        let problem = Problem::unsupported(codes::UNSUPPORTED_SCHEDULE, triggers.key, message);
        // In an older version, a template is text like any other.
        let help = if self.render.has_templates() {
            NEVER_STARTED_HELP.to_owned()
        } else {
            format!("use `version: 2.1`, and {NEVER_STARTED_HELP}")
        };
        if selected {
            self.render.report().add_unsupported(problem.help(help));
        }
        if this_one { Start::Now } else { Start::Scheduled }
    }

    fn schedule(
        &mut self,
        workflow: &Entry<'d>,
        triggers: &Entry<'d>,
        item: At,
        scope: &Rc<Scope>,
    ) {
        let schedule = self.render.doc().get(item, "schedule");
        if let Some(other) =
            self.render.doc().entries(item).iter().find(|entry| entry.name != "schedule")
        {
            let entries = self.render.doc().entries(item);
            // They have the column of `schedule`, and were meant to be below it.
            let is_empty =
                schedule.is_some_and(|schedule| self.render.doc().is_null(schedule.value));
            let is_key = |entry: &Entry<'_>| SCHEDULE.keys.contains(&entry.name);
            let first = entries.first().filter(|first| is_empty && first.name == "schedule");
            let mut others = entries.iter().skip(1);
            let first = first.filter(|_| others.all(|entry| is_key(&entry)));
            let problem = if let Some(first) = first {
                let message = format!("`{}` is next to `schedule`, not inside it", other.name);
                let problem = Problem::error(codes::BAD_TRIGGER, other.key, message);
                problem.help(indent_deeper(&entries)).related(first.key, "the schedule is empty")
            } else {
                let message = format!("`{}` is not a valid trigger", other.name);
                let problem = Problem::error(codes::BAD_TRIGGER, other.key, message);
                problem.help("the only trigger is `schedule`")
            };
            self.render.report().add(problem);
            return;
        }
        let Some(schedule) = schedule else {
            self.bad_trigger(triggers, "a trigger needs `schedule`");
            return;
        };
        let fields = self.render.doc().entries(schedule.value);
        self.render.check_keys(fields.iter().map(|field| (field.name, field.key)), SCHEDULE);
        let misspelled = |planner: &Self, key| {
            let keys = fields.iter().map(|field| (field.name, field.key));
            planner.render.is_misspelled(keys, SCHEDULE, &[key])
        };
        let cron = fields.get("cron");
        let cron = if cron.is_none() && misspelled(self, "cron") {
            None
        } else {
            self.cron(&schedule, cron, scope)
        };
        if fields.get("filters").is_none() && misspelled(self, "filters") {
            return;
        }
        let branches = fields.get("filters").map(|filters| {
            (filters, FilterReader::of_schedule(self.render).filters(&filters, scope))
        });
        let applies = match (&branches, &self.inputs.git_ref) {
            (Some((_, filters @ Filters::Names { branches: Some(_), .. })), Some(git_ref)) => {
                filters.passes(self.render, git_ref)
            }
            (Some((_, Filters::Names { branches: Some(_), .. })), None) => true,
            _ => {
                let (key, help) = match branches {
                    Some((filters, _)) => (filters.key, "add `branches: { only: main }`"),
                    None => (schedule.key, "add `filters: { branches: { only: main } }`"),
                };
                let message = "a schedule needs `filters` with `branches`";
                let problem = Problem::error(codes::BAD_TRIGGER, key, message);
                self.render.report().add(problem.help(help));
                return;
            }
        };
        if let Some(cron) = cron {
            self.schedules.push(Schedule { workflow: workflow.name.to_owned(), cron, applies });
        }
    }

    fn cron(
        &mut self,
        schedule: &Entry<'d>,
        cron: Option<Entry<'d>>,
        scope: &Rc<Scope>,
    ) -> Option<String> {
        let value = cron.map(|cron| self.render.evaluate(cron.value, scope));
        let value: Value = match value {
            Some(value) if !value.is_null() => value,
            _ => {
                let message = "required key [cron] not found";
                let problem = Problem::error(codes::BAD_TRIGGER, schedule.key, message);
                self.render.report().add(problem.help("write `cron: \"0 3 * * *\"`, in UTC"));
                return None;
            }
        };
        if let Data::Unknown = value.data {
            return None;
        }
        let text = self.render.text_of(&value, "cron")?;
        match cron::check(&text) {
            Ok(lints) => {
                for lint in lints {
                    let place = self.render.within(value.place, &text, &lint.span);
                    let problem = Problem::warning(codes::BAD_CRON, place, lint.message);
                    self.render.report().add(problem.maybe_help(lint.help));
                }
                Some(text)
            }
            Err(error) => {
                let place = self.render.within(value.place, &text, &error.span);
                let problem = Problem::error(codes::BAD_CRON, place, error.message);
                self.render.report().add(problem.maybe_help(error.help));
                None
            }
        }
    }

    fn bad_trigger(&mut self, triggers: &Entry<'_>, message: &str) {
        let problem = Problem::error(codes::BAD_TRIGGER, triggers.key, message);
        let help = "write `- schedule:` with `cron` and `filters` below `triggers:`";
        self.render.report().add(problem.help(help));
    }
}
