//! Whether a rename leaves everything as it was, but for the name.
//!
//! The index of names is made from a tolerant tree and can miss a use. So a rename is tried before it is
//! offered: the text is compiled as it is, with a placeholder that occurs nowhere else, and with the new name.
//!
//! ```text
//! text ─────────────▶ plan                       the placeholder read as the old name: the same plan,
//! text, placeholder ▶ plan ◀── each compared ──  or the edits do not belong together
//! text, new name ───▶ plan                       the placeholder read as the new name: the same plan,
//!                                                or the new name already means something
//! ```
//!
//! Deliberately absent: what is renamed (`define`), and other files that use a name of this one.

use roundel_config::{Compiled, Inputs, Severity};
use serde_json::Value;

use super::{rename_error::RenameError, tree::node::Span};

/// A rename to try.
pub(super) struct Trial<'a> {
    pub(super) text: &'a str,
    /// The places to change, in the order of the text.
    pub(super) places: &'a [Span],
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    /// Whether plans contain the name: those of jobs, never those of parameters.
    pub(super) is_in_plans: bool,
    /// What the text is compiled with.
    pub(super) inputs: &'a Inputs,
    /// Compiles a text in which the name is the second argument.
    pub(super) compile: &'a dyn Fn(&str, &str) -> Compiled,
}

impl Trial<'_> {
    /// Tries the rename.
    ///
    /// # Errors
    ///
    /// [`RenameError`] if something else would change, or if that cannot be known.
    pub(super) fn run(&self) -> Result<(), RenameError> {
        let before = Trace::of((self.compile)(self.text, self.from));
        if before.lacks_orbs {
            return Err(RenameError::OrbsUnknown);
        }
        let placeholder = self.placeholder(&before);
        let tried = self.compiled(&placeholder);
        self.compare(&before, self.called(&tried, &placeholder, self.from))?;
        self.compare(&self.called(&tried, &placeholder, self.to), self.compiled(self.to))
    }

    fn compiled(&self, name: &str) -> Trace {
        Trace::of((self.compile)(&apply(self.text, self.places, name), name))
    }

    /// Returns the same with the placeholder read as another name.
    fn called(&self, tried: &Trace, placeholder: &str, name: &str) -> Trace {
        let mut called = tried.clone();
        for found in &mut called.findings {
            found.message = found.message.replace(placeholder, name);
        }
        if self.is_in_plans {
            for made in &mut called.made {
                rename(made, placeholder, name);
            }
        }
        called
    }

    /// Returns a name that occurs neither in the text nor in anything that it is compiled with or to, so
    /// that what has this name afterwards is what was renamed.
    fn placeholder(&self, before: &Trace) -> String {
        let Inputs { pipeline_values, parameters, git_ref, orbs, .. } = self.inputs;
        let given = format!("{pipeline_values:?} {parameters:?} {git_ref:?}");
        let made = before.made.iter().map(Value::to_string).collect::<String>();
        let texts: Vec<&str> = [self.text, &given, &made]
            .into_iter()
            .chain(before.findings.iter().map(|found| found.message.as_str()))
            .chain(orbs.found().map(|orb| &*orb.text))
            .collect();
        let mut name = "renamed".to_owned();
        while texts.iter().any(|text| text.contains(&name)) {
            name.push('x');
        }
        name
    }

    fn compare(&self, before: &Trace, mut after: Trace) -> Result<(), RenameError> {
        let (from, to) = (self.from.to_owned(), self.to.to_owned());
        for known in &before.findings {
            if let Some(same) = after.findings.iter().position(|found| found.is(known)) {
                after.findings.remove(same);
            }
        }
        // What has an error explains more than what has a warning because of it.
        let errors_first = |found: &&Finding| found.severity == Severity::Warning;
        if let Some(found) = after.findings.iter().min_by_key(errors_first) {
            let (message, line) = (found.message.clone(), found.line);
            return Err(RenameError::Breaks { from, to, message, line });
        }
        match difference(&before.made, &after.made) {
            None => Ok(()),
            Some(at) => Err(RenameError::Changes { from, to, at }),
        }
    }
}

/// Returns the text with a name at all places.
pub(super) fn apply(text: &str, places: &[Span], name: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut from = 0;
    for place in places {
        made.push_str(text.get(from..place.start).unwrap_or_default());
        made.push_str(name);
        from = place.end;
    }
    made.push_str(text.get(from..).unwrap_or_default());
    made
}

/// What is made of a text. The document comes first: its places are those that people know.
const MADE: [&str; 3] = ["document", "plan", "schedules"];

/// What compiling came to, as far as a rename must not change it.
#[derive(Clone)]
struct Trace {
    findings: Vec<Finding>,
    /// What [`MADE`] names.
    made: [Value; 3],
    /// Whether orbs have not been looked for yet: what depends on them was passed over.
    lacks_orbs: bool,
}

#[derive(Clone)]
struct Finding {
    code: String,
    severity: Severity,
    line: u32,
    orb: Option<String>,
    message: String,
}

impl Finding {
    /// Names are changed within lines, and messages contain names.
    fn is(&self, other: &Self) -> bool {
        (&self.code, self.severity, self.line, &self.orb)
            == (&other.code, other.severity, other.line, &other.orb)
    }
}

impl Trace {
    fn of(compiled: Compiled) -> Self {
        let Compiled { plan, document, diagnostics, schedules, unresolved_orbs, .. } = compiled;
        let findings = diagnostics.into_iter().map(|found| Finding {
            code: found.code,
            severity: found.severity,
            line: found.line,
            orb: found.orb,
            message: found.message,
        });
        // Plain data: only a key that is not a string could make it fail.
        let made = [
            serde_json::to_value(document),
            serde_json::to_value(plan),
            serde_json::to_value(schedules),
        ];
        let made = made.map(Result::unwrap_or_default);
        Self { findings: findings.collect(), made, lacks_orbs: !unresolved_orbs.is_empty() }
    }
}

/// Names of workflows and jobs are keys, values and parts of values: `a` of `a-linux`.
fn rename(value: &mut Value, placeholder: &str, name: &str) {
    match value {
        Value::String(text) if text.contains(placeholder) => {
            *text = text.replace(placeholder, name);
        }
        Value::Array(items) => {
            for item in items.iter_mut() {
                rename(item, placeholder, name);
            }
        }
        Value::Object(entries) => {
            let before = std::mem::take(entries);
            for (key, mut value) in before {
                rename(&mut value, placeholder, name);
                entries.insert(key.replace(placeholder, name), value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Returns the place of the first difference: `jobs.build.steps[2].run`.
fn difference(a: &[Value; 3], b: &[Value; 3]) -> Option<String> {
    let index = a.iter().zip(b).position(|(a, b)| a != b)?;
    let mut path = String::new();
    walk(&a[index], &b[index], &mut path);
    // An entry of a list alone does not say of which.
    let is_whole = path.is_empty() || path.starts_with('[');
    Some(if is_whole { format!("{}{path}", MADE[index]) } else { path[1..].to_owned() })
}

fn walk(a: &Value, b: &Value, path: &mut String) {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            let changed = a.iter().zip(b).position(|(a, b)| a != b);
            // Or one is as the other up to its end.
            let index = changed.unwrap_or(a.len().min(b.len()));
            path.push('[');
            path.push_str(&index.to_string());
            path.push(']');
            if let (Some(a), Some(b)) = (a.get(index), b.get(index)) {
                walk(a, b, path);
            }
        }
        (Value::Object(a), Value::Object(b)) => {
            let missing = || b.iter().find(|(key, _)| !a.contains_key(*key));
            let changed = a.iter().find(|(key, value)| b.get(*key) != Some(value));
            if let Some((key, value)) = changed.or_else(missing) {
                path.push('.');
                path.push_str(key);
                walk(value, b.get(key).unwrap_or(&Value::Null), path);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use roundel_config::{Inputs, PipelineValue, compile};
    use serde_json::json;

    use super::*;

    /// A name that begins with the placeholder, from outside of the text.
    #[test]
    fn a_branch_that_is_called_like_the_placeholder_is_not_taken_for_it() {
        let text = "version: 2.1\njobs: { b: { machine: true, steps: [checkout] } }\n\
                    workflows: { w: { jobs: [b: { name: \"b-<< pipeline.git.branch >>\" }] } }\n";
        let branch = PipelineValue::Text("renamed-x".to_owned());
        let inputs = Inputs {
            pipeline_values: vec![("git.branch".to_owned(), branch)],
            ..Inputs::default()
        };
        let after = |before: &str| text.find(before).map(|at| at + before.len()).unwrap();
        let places = ["jobs: { ", "jobs: ["].map(after).map(|at| at..at + 1);
        let trial = Trial {
            text,
            places: &places,
            from: "b",
            to: "c",
            is_in_plans: true,
            inputs: &inputs,
            compile: &|text, _| compile(text, &inputs),
        };
        assert_eq!(trial.run().map_err(|error| error.to_string()), Ok(()));
    }

    #[test]
    fn a_difference_has_a_place() {
        for (a, b, place) in [
            (
                [json!({ "jobs": [1] }), json!({}), json!([])],
                [json!({ "jobs": [1, 2] }), json!({}), json!([])],
                "jobs[1]",
            ),
            (
                [json!({ "jobs": [1, 2] }), json!({}), json!([])],
                [json!({ "jobs": [1] }), json!({}), json!([])],
                "jobs[1]",
            ),
            (
                [json!({}), json!({ "jobs": 1 }), json!([])],
                [json!({}), json!({ "jobs": 2 }), json!([])],
                "jobs",
            ),
            (
                [json!({}), json!({}), json!([{ "cron": 1 }])],
                [json!({}), json!({}), json!([{ "cron": 2 }])],
                "schedules[0].cron",
            ),
            ([json!({}), json!({}), json!([1])], [json!({}), json!({}), json!([])], "schedules[0]"),
            ([json!({}), Value::Null, json!([])], [json!({}), json!({}), json!([])], "plan"),
        ] {
            assert_eq!(difference(&a, &b).as_deref(), Some(place), "{a:?} {b:?}");
        }
    }

    /// Whatever the index takes for a name: nothing in a script is one.
    #[test]
    fn a_place_that_is_not_the_name_is_noticed() {
        let text = "version: 2.1\njobs: { b: { machine: true, steps: [run: echo one] } }\n\
                    workflows: { w: { jobs: [b] } }\n";
        let at = text.find("one").unwrap();
        let place = at..at + "one".len();
        let trial = Trial {
            text,
            places: std::slice::from_ref(&place),
            from: "one",
            to: "two",
            is_in_plans: false,
            inputs: &Inputs::default(),
            compile: &|text, _| compile(text, &Inputs::default()),
        };
        let error = trial.run().unwrap_err().to_string();
        let place = "jobs.b.steps[0].run.command";
        assert_eq!(error, format!("renaming `one` to `two` would change what runs: `{place}`"));
    }
}
