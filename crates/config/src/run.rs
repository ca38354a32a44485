//! The built-in steps that run: `run`, `checkout`, and `deploy` as an old name of `run`
//! (CFG §3.2, §3.3, §3.14).

use std::{rc::Rc, time::Duration};

use roundel_model::{
    limits,
    plan::{CheckoutMethod, PlannedStep, RunStep, StepKind, When},
};

use crate::{
    codes,
    compile::Context,
    environment::Owner,
    fields::Known,
    report::Problem,
    source::Place,
    suggest::did_you_mean,
    value::{Data, Scope, Value},
    yaml::{At, Entry, View},
};

/// Keys of `run`.
pub(crate) const RUN: Known<'static> = Known {
    what: "`run`",
    keys: &[
        "command",
        "name",
        "shell",
        "environment",
        "background",
        "working_directory",
        "no_output_timeout",
        "when",
        "max_auto_reruns",
        "auto_rerun_delay",
    ],
    code: codes::UNKNOWN_KEY,
    advice: run_key_advice,
};

const CHECKOUT: Known<'static> = Known {
    what: "`checkout`",
    keys: &["path", "method", "depth", "name", "when"],
    code: codes::UNKNOWN_KEY,
    advice: Known::no_advice,
};

/// Extra attempts that a step may ask for (CFG §1.5).
const RERUNS: std::ops::RangeInclusive<i64> = 1..=5;

/// Longest pause before one of them.
const RERUN_DELAY: Duration = Duration::from_mins(10);

fn run_key_advice(key: &str) -> Option<&'static str> {
    match key {
        "commands" | "cmd" | "script" => Some("the script's key is `command`"),
        "parallelism" | "docker" | "machine" | "resource_class" | "steps" => {
            Some("it belongs to the job, beside `steps`")
        }
        _ => None,
    }
}

/// Where a step stands and in which scope it is read.
pub(crate) struct Site<'s> {
    pub(crate) name: &'s str,
    pub(crate) key: Place,
    pub(crate) value: Option<At>,
    pub(crate) scope: &'s Rc<Scope>,
}

impl<'d> Context<'d> {
    /// Compiles a `run` step.
    pub(crate) fn run_step(&mut self, site: &Site<'_>) -> Option<PlannedStep> {
        let line = Some(self.report.line(site.key));
        let Some(at) = site.value else {
            return self.bad_run(site, "is empty");
        };
        match self.doc.view(at) {
            View::Broken => None,
            View::Seq(_) => self.bad_run(site, "is a list"),
            View::Scalar(..) => {
                let value = self.evaluate(at, site.scope);
                let command = match &value.data {
                    Data::Null => return self.bad_run(site, "is empty"),
                    _ => self.text_of(&value, site.name)?,
                };
                let name = step_name(&command);
                let kind = StepKind::Run(RunStep { command, ..blank_run() });
                Some(PlannedStep { name, when: When::OnSuccess, kind, line })
            }
            View::Map(entries) => {
                self.check_keys(entries.iter().map(|entry| (entry.name, entry.key)), RUN);
                let (run, name, when) = self.run_attributes(&entries, site)?;
                let name = name.unwrap_or_else(|| step_name(&run.command));
                Some(PlannedStep { name, when, kind: StepKind::Run(run), line })
            }
        }
    }

    fn bad_run(&mut self, site: &Site<'_>, found: &str) -> Option<PlannedStep> {
        let message =
            format!("`{}` takes a text or a mapping with `command`, this one {found}", site.name);
        let problem = Problem::error(codes::BAD_RUN, site.key, message);
        self.report.add(
            problem
                .help(format!("write `{}: make test`, or indent `command:` below it", site.name)),
        );
        None
    }

    fn run_attributes(
        &mut self,
        entries: &[Entry<'d>],
        site: &Site<'_>,
    ) -> Option<(RunStep, Option<String>, When)> {
        let mut run = blank_run();
        let (mut name, mut when, mut command) = (None, When::OnSuccess, None);
        let mut reruns = None;
        for entry in entries {
            match entry.name {
                "environment" => {
                    let variables = self.environment(entry.value, site.scope, Owner::Step);
                    run.environment = variables.into_iter().collect();
                }
                "shell" => run.shell = self.shell(entry.value, site.scope),
                _ => {
                    let value = self.evaluate(entry.value, site.scope);
                    match entry.name {
                        "command" => command = Some(self.command(&value)),
                        "name" => name = self.text_of(&value, "name").map(|name| step_name(&name)),
                        "background" => {
                            run.background = self.bool_of(&value, "background").unwrap_or(false);
                        }
                        "working_directory" => {
                            run.working_directory = self.text_of(&value, "working_directory");
                        }
                        "no_output_timeout" => {
                            let limit = self.duration(&value, entry.name);
                            run.no_output_timeout = limit.unwrap_or(limits::NO_OUTPUT_TIMEOUT);
                        }
                        "when" => when = self.when(&value).unwrap_or_default(),
                        "max_auto_reruns" => {
                            reruns = Some(entry.key);
                            run.max_auto_reruns = self.reruns(&value);
                        }
                        "auto_rerun_delay" => {
                            run.auto_rerun_delay =
                                self.duration(&value, entry.name).unwrap_or_default();
                        }
                        _ => {}
                    }
                }
            }
        }
        self.check_reruns(entries, &run, reruns);
        let Some(command) = command else {
            let message = format!("`{}` needs `command`", site.name);
            let near = did_you_mean("command", entries.iter().map(|entry| entry.name));
            let problem = Problem::error(codes::RUN_WITHOUT_COMMAND, site.key, message);
            self.report.add(problem.help("add `command:`").maybe_help(near));
            return None;
        };
        run.command = command?;
        Some((run, name.filter(|name| !name.is_empty()), when))
    }

    fn command(&mut self, value: &Value) -> Option<String> {
        // An empty script runs and succeeds.
        if matches!(value.data, Data::Null) {
            Some(String::new())
        } else {
            self.text_of(value, "command")
        }
    }

    fn reruns(&mut self, value: &Value) -> u32 {
        match &value.data {
            Data::Unknown => 0,
            Data::Int(count) if RERUNS.contains(count) => u32::try_from(*count).unwrap_or(0),
            _ => {
                let message = "max_auto_reruns must be between 1 and 5";
                self.report.add(Problem::error(
                    codes::CONFLICTING_ATTRIBUTES,
                    value.place,
                    message,
                ));
                0
            }
        }
    }

    fn check_reruns(&mut self, entries: &[Entry<'_>], run: &RunStep, reruns: Option<Place>) {
        let delay =
            entries.iter().find(|entry| entry.name == "auto_rerun_delay").map(|entry| entry.key);
        let mut report = |place, message: &str| {
            self.report.add(Problem::error(codes::CONFLICTING_ATTRIBUTES, place, message));
        };
        match (delay, reruns) {
            (Some(delay), None) => {
                report(delay, "auto_rerun_delay requires max_auto_reruns to be specified");
            }
            (Some(delay), Some(_)) if run.auto_rerun_delay > RERUN_DELAY => {
                report(delay, "auto_rerun_delay is at most 10 minutes");
            }
            _ => {}
        }
        if let (Some(reruns), true) = (reruns, run.background) {
            report(reruns, "a background step cannot be rerun");
        }
    }

    /// Reads the attribute `when`.
    fn when(&mut self, value: &Value) -> Option<When> {
        let text = match &value.data {
            Data::Unknown | Data::Null => return None,
            Data::Text(text) => text.clone(),
            _ => {
                self.wrong_type(value, "when", "string");
                return None;
            }
        };
        match &*text {
            "on_success" => Some(When::OnSuccess),
            "always" => Some(When::Always),
            "on_fail" => Some(When::OnFail),
            other => {
                const ALLOWED: [&str; 3] = ["on_success", "always", "on_fail"];
                let message = format!("`when` cannot be `{other}`");
                let help = did_you_mean(other, ALLOWED).unwrap_or_else(|| {
                    format!(
                        "allowed: {}; conditions are written as a `when:` step",
                        ALLOWED.join(", ")
                    )
                });
                self.report
                    .add(Problem::error(codes::NOT_IN_ENUM, value.place, message).help(help));
                None
            }
        }
    }

    fn duration(&mut self, value: &Value, name: &str) -> Option<Duration> {
        if matches!(value.data, Data::Unknown | Data::Null) {
            return None;
        }
        if let Data::Int(seconds @ 0..=86_400) = value.data {
            let message = format!("`{name}` has no unit; it is taken as seconds");
            let problem = Problem::warning(codes::BAD_DURATION, value.place, message);
            self.report.add(problem.help(format!("write `{seconds}s`")));
            return u64::try_from(seconds).ok().map(Duration::from_secs);
        }
        let found = value.data.scalar_text().and_then(|text| duration(text.trim()));
        if found.is_none() {
            let message = format!("`{name}`: {} is no duration", value.describe());
            let problem = Problem::error(codes::BAD_DURATION, value.place, message);
            self.report.add(problem.help("write a number and a unit: `30s`, `10m`, `1.5h`"));
        }
        found
    }

    /// Compiles a `checkout` step.
    pub(crate) fn checkout_step(&mut self, site: &Site<'_>) -> Option<PlannedStep> {
        let line = Some(self.report.line(site.key));
        let (mut path, mut method) = (".".to_owned(), CheckoutMethod::default());
        let (mut name, mut when) = ("Checkout code".to_owned(), When::OnSuccess);
        let entries = match site.value.map(|at| self.doc.view(at)) {
            Some(View::Map(entries)) => entries,
            Some(View::Broken) => return None,
            None => Vec::new(),
            Some(View::Scalar(..) | View::Seq(_)) => {
                let message = "`checkout` takes no value, or a mapping";
                self.report.add(
                    Problem::error(codes::BAD_STEP, site.key, message).help("write `- checkout`"),
                );
                return None;
            }
        };
        self.check_keys(entries.iter().map(|entry| (entry.name, entry.key)), CHECKOUT);
        for entry in entries {
            let value = self.evaluate(entry.value, site.scope);
            match entry.name {
                "path" => path = self.text_of(&value, "path").unwrap_or(path),
                "name" => name = self.text_of(&value, "name").unwrap_or(name),
                "when" => when = self.when(&value).unwrap_or_default(),
                "method" => method = self.checkout_method(&value),
                _ => {}
            }
        }
        let kind = StepKind::Checkout { path, method };
        Some(PlannedStep { name: step_name(&name), when, kind, line })
    }

    fn checkout_method(&mut self, value: &Value) -> CheckoutMethod {
        let text = value.data.scalar_text().unwrap_or_default();
        match &*text {
            "blobless" => CheckoutMethod::Blobless,
            "full" => CheckoutMethod::Full,
            "shallow" => {
                let message = "this release fetches the history without file contents instead of a shallow clone";
                self.report.add(Problem::warning(codes::UNSUPPORTED_OPTION, value.place, message));
                CheckoutMethod::Blobless
            }
            _ if matches!(value.data, Data::Unknown | Data::Null) => CheckoutMethod::default(),
            other => {
                let message = format!("`method` cannot be `{other}`");
                let help = "allowed: `blobless`, `full`, `shallow`";
                self.report
                    .add(Problem::error(codes::NOT_IN_ENUM, value.place, message).help(help));
                CheckoutMethod::default()
            }
        }
    }
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
fn step_name(text: &str) -> String {
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
