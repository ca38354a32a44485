//! The step `run`, and `deploy`, its old name (CFG §3.2, §3.14).

mod redirection;

use std::{rc::Rc, time::Duration};

use self::redirection::Redirection;

use roundel_model::{
    limits,
    plan::{PlannedStep, PlannedStepKind, RunStep, When},
};

use crate::{
    codes,
    expand::{
        environment::{EnvironmentReader, Owner},
        executor::shell,
        lints::lint_environment,
        progress::Progress,
    },
    language::{
        data::{Data, Field, Scope, Value},
        keys::{RUN, script_key},
    },
    read::yaml::At,
    render::{
        Renderer,
        fields::{Expected, with_unknown},
    },
    text::{
        help::Help,
        place::{Place, Span},
        problem::Problem,
        suggest::did_you_mean,
    },
};

/// Extra attempts that a step may ask for (CFG §1.5).
const RERUNS: std::ops::RangeInclusive<i64> = 1..=5;

/// Longest pause before one of them.
const RERUN_DELAY: Duration = Duration::from_mins(10);

/// What is said of commands that are items.
const IS_A_LIST: &str = "is a list";

/// A compiled step, and the step as rendered.
pub(crate) type CompiledStep = (PlannedStep, Value);

/// Where a step is and in which scope it is read.
pub(crate) struct Site<'s> {
    pub(crate) name: &'s str,
    pub(crate) key: Place,
    pub(crate) value: Option<At>,
    pub(crate) scope: &'s Rc<Scope>,
}

/// What a `run` step sets.
struct RunAttributes {
    run: RunStep,
    name: Option<String>,
    when: When,
}

/// Compiles `run` steps.
pub(super) struct RunSteps<'c, 'd> {
    render: &'c mut Renderer<'d>,
    progress: &'c mut Progress,
}

impl<'c, 'd> RunSteps<'c, 'd> {
    pub(super) fn new(render: &'c mut Renderer<'d>, progress: &'c mut Progress) -> Self {
        Self { render, progress }
    }

    /// Compiles a `run` step.
    pub(crate) fn run_step(&mut self, site: &Site<'_>) -> Option<CompiledStep> {
        let line = Some(self.render.found().line(site.key));
        let Some(at) = site.value else {
            return bad_run(self.render, site, "is empty");
        };
        let value = self.render.evaluate(at, site.scope);
        let RunAttributes { run, name, when } = match &value.data {
            Data::Unknown => return None,
            Data::Null => return bad_run(self.render, site, "is empty"),
            Data::List(_) => return bad_run(self.render, site, IS_A_LIST),
            Data::Map(_) => {
                let keys = || value.fields().iter().map(|field| (&*field.name, field.key));
                let script = script_key(keys());
                self.render.check_keys(keys().filter(|key| Some(*key) != script), RUN);
                self.run_attributes(&value, site)?
            }
            _ if self.render.report_joined(codes::BAD_RUN, &value, RUN.keys) => return None,
            _ => {
                self.lint_redirection(&value);
                let command = self.render.text_of(&value, site.name)?;
                let run = RunStep { command, ..blank_run() };
                RunAttributes { run, name: None, when: When::OnSuccess }
            }
        };
        let name = name.unwrap_or_else(|| step_name(&run.command));
        let rendered = if let Data::Map(_) = value.data {
            value
        } else {
            let place = value.place;
            let command = Value::new(Data::text(&run.command), place);
            let command = Field::new("command", Value { trail: value.trail, ..command });
            Value::new(Data::Map(Rc::new(vec![command])), place)
        };
        let step = PlannedStep { name, when, kind: PlannedStepKind::Run(run), line };
        Some((step, rendered_step(site, rendered)))
    }

    fn run_attributes(&mut self, attributes: &Value, site: &Site<'_>) -> Option<RunAttributes> {
        let mut run = blank_run();
        let (mut name, mut when, mut command) = (None, When::OnSuccess, None);
        let mut reruns = None;
        for field in attributes.fields() {
            let value = &field.value;
            match &*field.name {
                "environment" => {
                    let variables =
                        EnvironmentReader::new(self.render).environment(value, Owner::Step);
                    run.environment = variables.into_iter().collect();
                    lint_environment(self.render, value);
                }
                "shell" => run.shell = shell(self.render, value.clone()).map(|shell| shell.text),
                "command" => command = Some(self.command(value)),
                "name" => name = self.render.text_of(value, "name").map(|name| step_name(&name)),
                "background" => {
                    run.background = self.render.bool_of(value, "background").unwrap_or(false);
                }
                "working_directory" => {
                    run.working_directory = self.render.text_of(value, "working_directory");
                }
                "no_output_timeout" => {
                    let limit = duration_of(self.render, value, &field.name);
                    run.no_output_timeout = limit.unwrap_or(limits::NO_OUTPUT_TIMEOUT);
                }
                "when" => when = when_of(self.render, value).unwrap_or_default(),
                "max_auto_reruns" if !value.is_null() => {
                    reruns = Some(field.key);
                    run.max_auto_reruns = self.reruns(value);
                }
                "auto_rerun_delay" => {
                    run.auto_rerun_delay =
                        duration_of(self.render, value, &field.name).unwrap_or_default();
                }
                _ => {}
            }
        }
        self.check_reruns(attributes, &run, reruns);
        let keys = || attributes.fields().iter().map(|field| (&*field.name, field.key));
        let Some(command) = command else {
            if self.render.is_misspelled(keys(), RUN, &["command"]) {
                return None;
            }
            if let Some((script, place)) = script_key(keys()) {
                let message = format!("`{}` needs `command`; found `{script}`", site.name);
                let problem = Problem::error(codes::RUN_WITHOUT_COMMAND, place, message);
                self.render.report().add(problem.help(Help::did_you_mean("command")));
                return None;
            }
            let message = format!("`{}` needs `command`", site.name);
            let problem = Problem::error(codes::RUN_WITHOUT_COMMAND, site.key, message);
            let problem = with_unknown(problem, keys(), RUN.keys);
            self.render.report().add(problem.help("add `command:`"));
            return None;
        };
        run.command = command?;
        Some(RunAttributes { run, name: name.filter(|name| !name.is_empty()), when })
    }

    /// Warns where the `>>` that closes a tag was probably meant to append to a file.
    fn lint_redirection(&mut self, command: &Value) {
        if !self.render.has_templates() || !self.progress.note_script(command.place) {
            return;
        }
        let written = self.render.doc().written(command.place);
        for found in redirection::after_tags(written) {
            self.redirection(found, command.place);
        }
    }

    fn redirection(&mut self, Redirection { at, kind }: Redirection<'_>, script: Place) {
        let start = script.span.start() + at;
        let place = script.with_span(Span::new(start, start + 2));
        let (message, help) = match kind {
            redirection::Kind::Swallowed { path } => (
                format!("this `>>` closes the tag, so nothing is appended to `{path}`"),
                format!("to append, write it twice: `>> >> {path}`"),
            ),
            redirection::Kind::Joined { operator } => (
                format!(
                    "the value of this tag is joined with `{operator}`: a number would be taken as a \
                     file descriptor"
                ),
                format!("put a space between them: `>> {operator}`"),
            ),
        };
        let problem = Problem::warning(codes::REDIRECTION_IN_TAG, place, message);
        self.render.report().add(problem.help(help));
    }

    fn command(&mut self, value: &Value) -> Option<String> {
        self.lint_redirection(value);
        if matches!(value.data, Data::List(_)) {
            let message = "`command`: expected type string, found a list";
            let problem = Problem::error(codes::WRONG_TYPE, value.place, message);
            let help = "write `command: |`, and each command on a line of its own below it";
            self.render.report().add(problem.help(help));
            return None;
        }
        // An empty script runs and succeeds.
        if matches!(value.data, Data::Null) {
            let message = "`command` is empty: the step does nothing";
            let problem = Problem::warning(codes::IGNORED, value.place, message);
            self.render
                .report()
                .add(problem.help("write the script after it, or on the lines below after `|`"));
            Some(String::new())
        } else {
            self.render.text_of(value, "command")
        }
    }

    fn reruns(&mut self, value: &Value) -> u32 {
        match &value.data {
            Data::Unknown => 0,
            Data::Int(count) if RERUNS.contains(count) => u32::try_from(*count).unwrap_or(0),
            _ => {
                let message = "max_auto_reruns must be between 1 and 5";
                self.render.report().add(Problem::error(
                    codes::CONFLICTING_ATTRIBUTES,
                    value.place,
                    message,
                ));
                0
            }
        }
    }

    fn check_reruns(&mut self, attributes: &Value, run: &RunStep, reruns: Option<Place>) {
        let delay = attributes.field("auto_rerun_delay").filter(|delay| !delay.value.is_null());
        let delay = delay.map(|delay| delay.key);
        let mut report = |place, message: &str| {
            self.render.report().add(Problem::error(codes::CONFLICTING_ATTRIBUTES, place, message));
        };
        match (delay, reruns) {
            (Some(delay), None) => {
                report(delay, "auto_rerun_delay requires max_auto_reruns to be specified");
            }
            (Some(delay), Some(_)) if run.auto_rerun_delay > RERUN_DELAY => {
                report(delay, "auto_rerun_delay must be at most 10 minutes");
            }
            _ => {}
        }
        if let (Some(reruns), true) = (reruns, run.background) {
            report(reruns, "a background step cannot be rerun");
        }
    }
}

/// Reports a `run` of the wrong shape.
pub(crate) fn bad_run<T>(render: &mut Renderer<'_>, site: &Site<'_>, found: &str) -> Option<T> {
    let message =
        format!("`{}` must be a string or a mapping with `command`; this one {found}", site.name);
    let problem = Problem::error(codes::BAD_RUN, site.key, message);
    let help = if found == IS_A_LIST {
        format!("write `{}: |`, and each command on a line of its own below it", site.name)
    } else {
        format!("write `{}: make test`, or indent `command:` below it", site.name)
    };
    render.report().add(problem.help(help));
    None
}

/// Reads the attribute `when`.
pub(crate) fn when_of(render: &mut Renderer<'_>, value: &Value) -> Option<When> {
    let text = match &value.data {
        Data::Unknown | Data::Null => return None,
        Data::Text(text) => text.clone(),
        Data::Map(_) => {
            let message = "`when` of a step is a word, not a condition";
            let problem = Problem::error(codes::WRONG_TYPE, value.place, message);
            let help = "put the step below `- when: { condition: …, steps: […] }`";
            render.report().add(problem.help(help));
            return None;
        }
        _ => {
            render.wrong_type(value, "when", Expected::String);
            return None;
        }
    };
    match &*text {
        "on_success" => Some(When::OnSuccess),
        "always" => Some(When::Always),
        "on_fail" => Some(When::OnFail),
        other => {
            const ALLOWED: [&str; 3] = ["on_success", "always", "on_fail"];
            let message = format!("`{other}` is not a valid `when`");
            let help = did_you_mean(other, ALLOWED).unwrap_or_else(|| {
                format!("allowed: {}; for a condition, use a `when:` step", ALLOWED.join(", "))
                    .into()
            });
            render
                .report()
                .add(Problem::error(codes::NOT_IN_ENUM, value.place, message).help(help));
            None
        }
    }
}

pub(crate) fn duration_of(
    render: &mut Renderer<'_>,
    value: &Value,
    name: &str,
) -> Option<Duration> {
    if matches!(value.data, Data::Unknown | Data::Null) {
        return None;
    }
    if let Data::Int(seconds @ 0..=86_400) = value.data {
        let message = format!("`{name}` has no unit; seconds are assumed");
        let problem = Problem::warning(codes::BAD_DURATION, value.place, message);
        render.report().add(problem.help(format!("write `{seconds}s`")));
        return u64::try_from(seconds).ok().map(Duration::from_secs);
    }
    let found = value.data.scalar_text().and_then(|text| duration(text.trim()));
    if found.is_none() {
        let message = format!("`{name}`: {} is not a valid duration", value.describe());
        let problem = Problem::error(codes::BAD_DURATION, value.place, message);
        render.report().add(problem.help("write a number and a unit: `30s`, `10m`, `1.5h`"));
    }
    found
}

/// Puts a step's rendered attributes below its name.
pub(crate) fn rendered_step(site: &Site<'_>, attributes: Value) -> Value {
    let field = Field { name: Rc::from(site.name), key: site.key, value: attributes };
    Value::new(Data::Map(Rc::new(vec![field])), site.key)
}

fn blank_run() -> RunStep {
    RunStep {
        command: String::new(),
        shell: None,
        environment: Vec::new(),
        background: false,
        working_directory: None,
        no_output_timeout: limits::NO_OUTPUT_TIMEOUT,
        max_auto_reruns: 0,
        auto_rerun_delay: Duration::ZERO,
        after_all_tasks: false,
    }
}

/// Cuts a name to what people can read (RUN §1.7).
pub(crate) fn step_name(text: &str) -> String {
    text.trim().chars().take(limits::STEP_NAME_CHARS).collect()
}

/// Reads `30s`, `1.25h`, `1h30m` (CFG §3.2, RUN §2.1).
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let (unit, tail) = match tail.as_bytes() {
            [b'm', b's', ..] => (0.001, tail.get(2..)?),
            [b's', ..] => (1.0, tail.get(1..)?),
            [b'm', ..] => (60.0, tail.get(1..)?),
            [b'h', ..] => (3600.0, tail.get(1..)?),
            _ => return None,
        };
        if number.starts_with('.') || number.ends_with('.') {
            return None;
        }
        let seconds = number.parse::<f64>().ok()? * unit;
        total = total.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        rest = tail;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_number_and_a_unit() {
        for (text, seconds) in
            [("5s", 5.0), ("20m", 1200.0), ("1.25h", 4500.0), ("1h30m", 5400.0), ("500ms", 0.5)]
        {
            assert_eq!(duration(text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in
            ["", "5", "m", "5d", "1.h", ".5h", "-1m", "1e9h", "9999999999999999999999h", "5 m"]
        {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
