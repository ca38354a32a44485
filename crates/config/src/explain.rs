//! Where a compiled value comes from: the way through parameters, defaults, orbs and expressions.
//!
//! The compiler leaves a trail of what it substitutes only while it is asked to.

use crate::{
    api::inputs::Inputs,
    compile::run,
    language::data::{Data, Trail, Value},
    read::{
        document::Node,
        source::{Source, Sources},
    },
    render::Tracing,
    text::{
        diagnostic::{Diagnostic, Severity},
        lines::Position,
        place::Place,
        suggest::did_you_mean,
    },
};

/// Where a compiled value comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The value in the compiled document.
    pub value: Node,
    /// The steps that produced it: those of the value itself, then those of what it is a part of, from the
    /// inside out.
    pub steps: Vec<ExplanationStep>,
}

/// One step of an explanation.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ExplanationStep {
    /// How far it is from the value: what a step was made of is one deeper.
    pub depth: usize,
    /// A clause such as "the argument `tag` of job `test`".
    pub what: String,
    /// The file: the configuration's path, or an orb, `circleci/node@5.2.0`.
    pub path: String,
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// The line's text.
    pub source: String,
}

/// Why there is no explanation.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ExplainError {
    /// The configuration has mistakes, so there is no compiled document. Render them.
    #[error("the configuration does not compile")]
    Broken(Vec<Diagnostic>),
    /// The compiled document has nothing there.
    #[error("the compiled document has no `{missing}`{}", below(reached))]
    NoSuchPath {
        /// The part of the path that does exist.
        reached: String,
        /// The part of the path that does not exist.
        missing: String,
        /// The keys or indices that do exist.
        choices: Vec<String>,
        /// For an index that is too high: how many items the list has.
        items: Option<usize>,
        /// The choice that was probably meant.
        help: Option<String>,
    },
}

fn below(reached: &str) -> String {
    if reached.is_empty() { String::new() } else { format!(" below `{reached}`") }
}

/// Steps of one explanation. A value that is made of more is beyond explaining.
const STEPS: usize = 200;

/// Explains a value of the compiled document, as in `jobs.test.steps[3].run.command`: every place
/// that had a part in it. Names may hold dots: the longest name that exists is taken.
///
/// # Errors
///
/// See [`ExplainError`].
pub fn explain(text: &str, inputs: &Inputs, path: &str) -> Result<Explanation, ExplainError> {
    let sources = Sources::new(Source::config(&inputs.path, text));
    let outcome = run(&sources, inputs, Tracing::On);
    let Some(document) = outcome.document else {
        let mut found = outcome.compiled.diagnostics;
        found.retain(|diagnostic| diagnostic.severity == Severity::Error);
        return Err(ExplainError::Broken(found));
    };
    let mut way = vec![(&document, document.place)];
    let mut rest = path.trim().trim_start_matches('.');
    while !rest.is_empty() {
        let reached =
            || path.trim()[..path.trim().len() - rest.len()].trim_end_matches('.').to_owned();
        let (current, _) = way[way.len() - 1];
        let Some((next, key, left)) = step(current, rest) else {
            let missing = rest.split(['.', '[']).find(|part| !part.is_empty()).unwrap_or(rest);
            let missing = if rest.starts_with('[') { rest.to_owned() } else { missing.to_owned() };
            let choices = choices(current);
            let items = match &current.data {
                Data::List(items) if rest.starts_with('[') => Some(items.len()),
                _ => None,
            };
            // How many items there are says more than the nearest of them.
            let help = match items {
                Some(_) => None,
                None => did_you_mean(&missing, choices.iter().map(String::as_str)),
            };
            let help = help.map(|help| help.text);
            return Err(ExplainError::NoSuchPath {
                reached: reached(),
                missing,
                choices,
                items,
                help,
            });
        };
        way.push((next, key));
        rest = left;
    }
    let mut steps = Steps { sources: &sources, list: Vec::new() };
    for (index, &(value, key)) in way.iter().enumerate().rev() {
        let is_it = index + 1 == way.len();
        if let Some(trail) = &value.trail {
            steps.add(trail, 0);
        } else if is_it {
            // The place of a mapping or a list is that of its first entry, below its key.
            let is_plain = !matches!(value.data, Data::Map(_) | Data::List(_));
            steps.push("written here", if is_plain { value.place } else { key }, 0);
        }
    }
    let value = way[way.len() - 1].0.node();
    Ok(Explanation { value, steps: steps.list })
}

/// Takes one step of a path; returns the value, where its key or else the value itself is, and the
/// rest of the path.
fn step<'v, 'p>(value: &'v Value, path: &'p str) -> Option<(&'v Value, Place, &'p str)> {
    match &value.data {
        Data::List(items) => {
            let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
            let item = items.get(index.trim().parse::<usize>().ok()?)?;
            Some((item, item.place, rest.trim_start_matches('.')))
        }
        Data::Map(fields) => {
            let fits = fields.iter().filter_map(|field| {
                let rest = path.strip_prefix(&*field.name)?;
                let ends = rest.is_empty() || rest.starts_with(['.', '[']);
                ends.then_some((field, rest))
            });
            let (field, rest) = fits.max_by_key(|(field, _)| field.name.len())?;
            Some((&field.value, field.key, rest.strip_prefix('.').unwrap_or(rest)))
        }
        _ => None,
    }
}

fn choices(value: &Value) -> Vec<String> {
    const SHOWN: usize = 20;
    match &value.data {
        Data::List(items) => {
            (0..items.len().min(SHOWN)).map(|index| format!("[{index}]")).collect()
        }
        _ => value.fields().iter().take(SHOWN).map(|field| field.name.to_string()).collect(),
    }
}

struct Steps<'s> {
    sources: &'s Sources,
    list: Vec<ExplanationStep>,
}

impl Steps<'_> {
    fn add(&mut self, trail: &Trail, depth: usize) {
        if self.list.len() < STEPS {
            self.push(&trail.what, trail.place, depth);
            trail.from.iter().for_each(|from| self.add(from, depth + 1));
        }
    }

    fn push(&mut self, what: &str, place: Place, depth: usize) {
        let source = self.sources.file(place.file);
        let start = source.lines().trim(place.span).start;
        let Position { line, column } = source.lines().position(start);
        let step = ExplanationStep {
            depth,
            what: what.to_owned(),
            path: source.name.clone(),
            line,
            column,
            source: source.lines().line_at(start).to_owned(),
        };
        let known = |other: &ExplanationStep| {
            (&other.what, &other.path, other.line) == (&step.what, &step.path, step.line)
        };
        if !self.list.iter().any(known) {
            self.list.push(step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::pipeline_values::PipelineValue;

    const TEXT: &str = r#"version: 2.1
executors:
  linux:
    parameters: { tag: { type: string, default: "3.12" } }
    docker: [ { image: "cimg/python:<< parameters.tag >>" } ]
commands:
  greet:
    parameters: { who: { type: string } }
    steps:
      - run: echo "<< parameters.who >> on << pipeline.git.branch >>"
jobs:
  test:
    parameters: { name: { type: string, default: world } }
    executor: linux
    steps:
      - checkout
      - greet: { who: << parameters.whom >> }
workflows: { main: { jobs: [ test: { whom: all } ] } }
"#;

    fn text() -> String {
        TEXT.replace("parameters: { name:", "parameters: { whom:")
    }

    fn inputs() -> Inputs {
        let branch = PipelineValue::Text("main".to_owned());
        let pipeline_values = vec![("git.branch".to_owned(), branch)];
        Inputs { path: "c.yml".to_owned(), pipeline_values, ..Inputs::default() }
    }

    fn steps(path: &str) -> Vec<(u32, String)> {
        let explained = explain(&text(), &inputs(), path).unwrap();
        explained.steps.into_iter().map(|step| (step.line, step.what)).collect()
    }

    #[test]
    fn a_command_shows_every_place_that_had_a_part_in_it() {
        let explained = explain(&text(), &inputs(), "jobs.test.steps[1].run.command").unwrap();
        assert_eq!(explained.value, Node::text("echo \"all on main\""));
        let steps = steps("jobs.test.steps[1].run.command");
        for expected in [
            (10, "the tag `<< parameters.who >>`"),
            (17, "the argument `who` of command `greet`"),
            (17, "the tag `<< parameters.whom >>`"),
            (18, "the argument `whom` of job `test`"),
            (17, "command `greet` used at"),
            (18, "job `test` used at"),
        ] {
            let found = steps.iter().any(|(line, what)| (*line, &**what) == expected);
            assert!(found, "{expected:?} is missing in {steps:#?}");
        }
    }

    #[test]
    fn a_default_and_the_executor_are_named() {
        let steps = steps("jobs.test.docker[0].image");
        for expected in
            [(4, "the default `tag` of executor `linux`"), (14, "executor `linux` used at")]
        {
            let found = steps.iter().any(|(line, what)| (*line, &**what) == expected);
            assert!(found, "{expected:?} is missing in {steps:#?}");
        }
    }

    #[test]
    fn a_path_that_leads_nowhere_says_where_it_ends_and_what_is_there() {
        let error = explain(&text(), &inputs(), "jobs.tset.steps").unwrap_err();
        assert_eq!(error.to_string(), "the compiled document has no `tset` below `jobs`");
        let ExplainError::NoSuchPath { choices, help, .. } = error else { panic!("{error:?}") };
        assert_eq!(choices, ["test"]);
        assert_eq!(help.as_deref(), Some("did you mean `test`?"));
        let error = explain(&text(), &inputs(), "jobs.test.steps[7]").unwrap_err();
        assert!(error.to_string().contains("no `[7]` below `jobs.test.steps`"), "{error}");
        let ExplainError::NoSuchPath { choices, items, .. } = error else { panic!("{error:?}") };
        assert_eq!((choices.join(" "), items), ("[0] [1]".to_owned(), Some(2)));
    }

    #[test]
    fn what_has_entries_is_written_where_its_key_is() {
        let text = "# A comment.
version: 2.1
executors:
  here:
    machine: true
jobs:
  lint:
    executor: here
    steps:
      - checkout
      - run:
          name: Syntax
          command: make
workflows:
  build-and-test:
    jobs:
      - lint
      - lint:
          name: again
          requires: [lint]
";
        let line = |path: &str| {
            let explained = explain(text, &inputs(), path).unwrap();
            explained
                .steps
                .into_iter()
                .find(|step| step.what == "written here")
                .map(|step| step.line)
        };
        for (path, expected) in [
            ("version", 2),
            ("jobs", 6),
            ("jobs.lint.steps", 9),
            ("jobs.lint.steps[1].run.name", 12),
            ("workflows", 14),
            ("workflows.build-and-test", 15),
            ("workflows.build-and-test.jobs", 16),
            ("workflows.build-and-test.jobs[0]", 17),
            ("workflows.build-and-test.jobs[1]", 18),
            ("workflows.build-and-test.jobs[1].again", 18),
        ] {
            assert_eq!(line(path), Some(expected), "{path}");
        }
    }
}
