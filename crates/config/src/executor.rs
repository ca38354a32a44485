//! Phase 13: where a job runs (CFG §2.2–§2.5, §4.9).

mod kinds;

use std::rc::Rc;

use roundel_model::plan::Executor;

use crate::{
    budget::Draw,
    codes,
    compile::Context,
    environment::{Owner, Variables, overlay},
    parameters::{Argument, ArgumentSource, Call},
    report::Problem,
    source::Place,
    suggest::{did_you_mean, list},
    value::{Data, Scope, Value},
    yaml::{At, View},
};

/// Keys of an executor.
pub(crate) const EXECUTOR_KEYS: &[&str] = &[
    "description",
    "parameters",
    "docker",
    "machine",
    "macos",
    "windows",
    "resource_class",
    "shell",
    "working_directory",
    "environment",
];

/// Executors that may stand for each other in a row.
const ALIASES: usize = 16;

/// What a body says about where it runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    pub(crate) kind: Found,
    pub(crate) resource_class: Option<String>,
    pub(crate) shell: Option<String>,
    pub(crate) working_directory: Option<String>,
    pub(crate) environment: Variables,
}

/// What was found of an execution environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Found {
    /// Nothing was given.
    #[default]
    Nothing,
    /// Something was given and is wrong, which was reported.
    Broken,
    /// It is known.
    Known(Executor),
}

impl Surroundings {
    /// Puts a job's own surroundings over those of its executor (CFG §4.9).
    fn over(self, executor: Self) -> Self {
        Self {
            kind: if self.kind == Found::Nothing { executor.kind } else { self.kind },
            resource_class: self.resource_class.or(executor.resource_class),
            shell: self.shell.or(executor.shell),
            working_directory: self.working_directory.or(executor.working_directory),
            environment: overlay(executor.environment, self.environment),
        }
    }

    fn broken() -> Self {
        Self { kind: Found::Broken, ..Self::default() }
    }
}

impl Context<'_> {
    /// Reads a job's surroundings, its executor's below its own.
    pub(crate) fn surroundings_of_job(
        &mut self,
        body: At,
        scope: &Rc<Scope>,
        key: Place,
    ) -> Surroundings {
        let own = self.surroundings(body, scope);
        let executor = match self.doc.get(body, "executor") {
            Some(executor) if !self.templates => {
                if own.kind == Found::Nothing {
                    let message = "`executor` needs version 2.1";
                    let problem = Problem::error(codes::NEEDS_2_1, executor.key, message);
                    self.report
                        .add(problem.help("change the version to `2.1` and escape `<<` as `\\<<`"));
                    return Surroundings::broken();
                }
                Surroundings::default()
            }
            Some(executor) => {
                let value = self.evaluate(executor.value, scope);
                self.executor(&value, scope, 0)
            }
            None => Surroundings::default(),
        };
        let all = own.over(executor);
        if all.kind == Found::Nothing {
            let message = "the job names no execution environment";
            let problem = Problem::error(codes::NO_EXECUTOR, key, message);
            self.report.add(problem.help(
                "add `docker: [{ image: cimg/base:stable }]`, `machine: true` or `executor: …`",
            ));
        }
        all
    }

    /// Resolves the value of `executor:`.
    fn executor(&mut self, value: &Value, scope: &Rc<Scope>, depth: usize) -> Surroundings {
        let (name, arguments) = match &value.data {
            Data::Unknown => return Surroundings::broken(),
            Data::Text(name) => ((name.clone(), value.place), Vec::new()),
            Data::Map(fields) => match value.field("name").map(|field| &field.value) {
                Some(Value { data: Data::Text(name), place }) => {
                    let others = fields.iter().filter(|field| &*field.name != "name");
                    let arguments = others.map(|field| Argument {
                        name: field.name.to_string(),
                        key: field.key,
                        source: ArgumentSource::Ready(field.value.clone()),
                    });
                    ((name.clone(), *place), arguments.collect())
                }
                Some(Value { data: Data::Unknown, .. }) => return Surroundings::broken(),
                _ => return self.bad_executor(value),
            },
            _ => return self.bad_executor(value),
        };
        let (name, place) = name;
        let Some(definition) = self.definitions.executors.get(&*name).cloned() else {
            self.unknown_executor(&name, place);
            return Surroundings::broken();
        };
        let width = self.doc.width(definition.body);
        if definition.broken || !self.afford(Draw::Visits, 8 * width, place) {
            return Surroundings::broken();
        }
        if let View::Scalar(..) = self.doc.view(definition.body) {
            if depth >= ALIASES {
                let message = format!("the executor `{name}` leads back to itself");
                self.report.add(Problem::error(codes::RECURSION, definition.key, message));
                return Surroundings::broken();
            }
            let alias = self.evaluate(definition.body, scope);
            return self.executor(&alias, scope, depth + 1);
        }
        let callee = format!("executor `{name}`");
        let call = Call { callee: &callee, declarations: &definition.parameters, place };
        let bindings = self.bind(&call, arguments);
        let inner =
            Rc::new(Scope { owner: callee, parameters: Some(Rc::new(bindings)), matrix: None });
        let surroundings = self.surroundings(definition.body, &inner);
        if surroundings.kind == Found::Nothing {
            let message = format!("executor `{name}` has no docker, machine or macos");
            let problem = Problem::error(codes::NO_EXECUTOR, definition.key, message);
            self.report.add(
                problem.help("add `docker: [{ image: cimg/base:stable }]` or `machine: true`"),
            );
            return Surroundings::broken();
        }
        surroundings
    }

    fn unknown_executor(&mut self, name: &str, place: Place) {
        if name.contains('/') {
            if let Some(problem) = self.missing_from_orb(name, place, "executor") {
                self.report.add(problem);
            }
            return;
        }
        let names = || self.definitions.executors.keys().copied();
        let help = did_you_mean(name, names()).unwrap_or_else(|| match list(names()) {
            none if none.is_empty() => "declare it under `executors`".to_owned(),
            declared => format!("declared: {declared}"),
        });
        let message = format!("there is no executor `{name}`");
        self.report.add(Problem::error(codes::UNKNOWN_EXECUTOR, place, message).help(help));
    }

    fn bad_executor(&mut self, value: &Value) -> Surroundings {
        let message = "an executor is a name, or a mapping with `name` and arguments";
        let help = "write `executor: linux`, `executor: orb/linux` or `executor: { name: linux, tag: \"22\" }`";
        self.report.add(Problem::error(codes::BAD_EXECUTOR, value.place, message).help(help));
        Surroundings::broken()
    }

    /// Reads the keys that jobs and executors share.
    fn surroundings(&mut self, body: At, scope: &Rc<Scope>) -> Surroundings {
        let (kind, hoisted) = self.kind_of(body, scope);
        let mut found = Surroundings { kind, ..hoisted };
        for entry in self.doc.entries(body) {
            match entry.name {
                "resource_class" => {
                    let class = self.text_field(entry.value, "resource_class", scope);
                    found.resource_class = class.or(found.resource_class);
                }
                "shell" => found.shell = self.shell(entry.value, scope).or(found.shell),
                "working_directory" => {
                    found.working_directory =
                        self.text_field(entry.value, "working_directory", scope);
                }
                "environment" => {
                    found.environment = self.environment(entry.value, scope, Owner::Job);
                }
                _ => {}
            }
        }
        found
    }

    /// Reads a shell's command line; a list is joined into one, words with blanks quoted.
    pub(crate) fn shell(&mut self, at: At, scope: &Rc<Scope>) -> Option<String> {
        let value = self.evaluate(at, scope);
        let words = self.texts_of(&value, "shell");
        match (&value.data, words.as_slice()) {
            (_, []) => None,
            (Data::List(_), words) => {
                Some(words.iter().map(|(word, _)| quoted(word)).collect::<Vec<_>>().join(" "))
            }
            (_, [(line, _), ..]) => Some(line.clone()).filter(|line| !line.trim().is_empty()),
        }
    }
}

/// Quotes a word for a command line that is split like a shell does.
fn quoted(word: &str) -> String {
    let plain =
        !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || "'\"\\".contains(c));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
