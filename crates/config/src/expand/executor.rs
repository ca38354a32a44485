//! Where a job runs (CFG §2.2–§2.5, §4.9).

mod kinds;
mod settings;

use std::rc::Rc;

use kinds::KindReader;
use settings::resource_class;
pub(crate) use settings::{ExecutionEnvironment, FoundExecutor, Setting, shell};

use crate::{
    codes::{self, consequence::JobRefusal},
    expand::{
        environment::{self, EnvironmentReader, Owner},
        lints::lint_environment,
    },
    language::{
        data::{Data, Field, ModuleId, Scope, Value},
        definition::{Definition, Element, Found},
        keys::{EXECUTOR, JOB},
    },
    read::yaml::{At, View},
    render::{Renderer, budget::Resource, fields::with_unknown},
    resolve::{
        lookup::Lookup,
        modules::Modules,
        parameters::bind::{Argument, ArgumentSource, Binder, Call},
        unnested::is_emptied,
    },
    text::{
        place::Place,
        problem::Problem,
        suggest::{did_you_mean, list},
    },
};

/// Executors that may be names of each other in a row.
const ALIASES: usize = 32;

/// How the name of an executor got to where it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NameOrigin {
    /// It is written there.
    Literal,
    /// Through a parameter.
    Parameter,
}

/// Reads where a job runs, its executor included.
pub(super) struct ExecutorReader<'c, 'd> {
    render: &'c mut Renderer<'d>,
    modules: &'c mut Modules<'d>,
}

impl<'c, 'd> ExecutorReader<'c, 'd> {
    pub(super) fn new(render: &'c mut Renderer<'d>, modules: &'c mut Modules<'d>) -> Self {
        Self { render, modules }
    }

    fn lookup(&mut self) -> Lookup<'_, 'd> {
        Lookup::new(self.render, self.modules)
    }

    /// Reads a job's execution environment, its executor's below its own.
    pub(crate) fn execution_of_job(
        &mut self,
        body: At,
        scope: &Rc<Scope>,
        key: Place,
    ) -> ExecutionEnvironment {
        let found = self.merged_execution(body, scope, key);
        if let Some(place) = found.windows() {
            let message = "Windows jobs are not supported in this release";
            let problem = Problem::unsupported(codes::UNSUPPORTED_WINDOWS, place, message);
            self.render.report().add_unsupported(problem);
        }
        self.refused_containers(&found);
        found
    }

    /// Reports what of a `docker` list the runners of this release do not start.
    fn refused_containers(&mut self, found: &ExecutionEnvironment) {
        let block = found.block.as_ref().filter(|block| &*block.name == "docker");
        let Some(Data::List(items)) = block.map(|block| &block.value.data) else { return };
        let Some((primary, services)) = items.split_first() else { return };
        for service in services {
            // Without an image it is a mistake, which was reported.
            let Some(image) = service.field("image").map(|field| &field.value) else { continue };
            let Some(name) = image.data.scalar_text() else { continue };
            let message = format!(
                "service containers are not supported in this release: `{}` is not started, and the \
                 job fails",
                name.trim()
            );
            let code = codes::UNSUPPORTED_SERVICE_CONTAINER;
            let problem = Problem::unsupported(code, image.place, message);
            let help = JobRefusal::ServiceContainer.help();
            self.render.report().add_unsupported(problem.help(help));
        }
        let programs = ["entrypoint", "command"].into_iter().filter_map(|key| primary.field(key));
        for field in programs.filter(|field| !field.value.is_null()) {
            let message = format!(
                "`{}` of an image is not supported in this release: the job fails",
                field.name
            );
            let problem =
                Problem::unsupported(codes::UNSUPPORTED_CONTAINER_PROGRAM, field.key, message);
            let help = JobRefusal::ContainerProgram.help();
            self.render.report().add_unsupported(problem.help(help));
        }
    }

    fn merged_execution(
        &mut self,
        body: At,
        scope: &Rc<Scope>,
        key: Place,
    ) -> ExecutionEnvironment {
        let own = self.execution(body, scope);
        let Some(executor) = self.render.doc().get(body, "executor") else {
            if own.kind == FoundExecutor::Absent {
                self.no_executor(key, body);
            }
            return own;
        };
        if !self.render.has_templates() {
            if own.kind == FoundExecutor::Absent {
                let message = "`executor` needs version 2.1";
                let problem = Problem::error(codes::NEEDS_2_1, executor.key, message);
                self.render
                    .report()
                    .add(problem.help("change the version to `2.1` and escape `<<` as `\\<<`"));
                return ExecutionEnvironment::broken();
            }
            return own;
        }
        let value = self.render.evaluate(executor.value, scope);
        if value.is_null() {
            if own.kind == FoundExecutor::Absent {
                self.no_executor(key, body);
            }
            return own;
        }
        let executor = self.executor(executor.value, &value, scope, &mut Vec::new());
        let all = own.over(executor);
        if all.kind == FoundExecutor::Absent {
            self.no_executor(key, body);
        }
        all
    }

    fn no_executor(&mut self, key: Place, body: At) {
        let doc = self.render.doc();
        let keys = || doc.entries(body).into_iter().map(|entry| (entry.name, entry.key));
        if is_emptied(self.render, body, "executor")
            || self.render.is_misspelled(keys(), JOB, &["docker", "machine", "macos", "executor"])
        {
            return;
        }
        let message = "the job has no execution environment";
        let problem = Problem::error(codes::NO_EXECUTOR, key, message);
        let problem = with_unknown(problem, keys(), JOB.keys);
        self.render.report().add(
            problem.help(
                "add `docker: [{ image: cimg/base:stable }]`, `machine: true` or `executor: …`",
            ),
        );
    }

    /// Resolves the value of `executor:`, which is at `node` and was reached through the executors that are
    /// `seen`, each of which is only a name of the next one.
    fn executor(
        &mut self,
        node: At,
        value: &Value,
        scope: &Rc<Scope>,
        seen: &mut Vec<At>,
    ) -> ExecutionEnvironment {
        let (name, arguments, module) = match &value.data {
            Data::Unknown => return ExecutionEnvironment::broken(),
            Data::Text(name) => (name.clone(), Vec::new(), scope.module),
            Data::Executor(executor) => {
                (executor.name.clone(), executor.arguments.clone(), executor.module)
            }
            Data::Map(fields) => match value.field("name").map(|field| &field.value.data) {
                Some(Data::Text(name)) => {
                    let others = fields.iter().filter(|field| &*field.name != "name");
                    (name.clone(), others.cloned().collect(), scope.module)
                }
                Some(Data::Executor(executor)) if executor.arguments.is_empty() => {
                    let others = fields.iter().filter(|field| &*field.name != "name");
                    (executor.name.clone(), others.cloned().collect(), executor.module)
                }
                Some(Data::Unknown) => return ExecutionEnvironment::broken(),
                _ => return self.bad_executor(value),
            },
            _ => return self.bad_executor(value),
        };
        let place = value.field("name").map_or(value.place, |field| field.value.place);
        let Some(definition) = self.executor_called(&name, module, place, self.origin(node, place))
        else {
            return ExecutionEnvironment::broken();
        };
        let width = self.render.doc().width(definition.body);
        self.lookup().empty_is_used(&definition, Element::Executor);
        if definition.broken || !self.render.afford(Resource::Visits, 8 * width, place) {
            return ExecutionEnvironment::broken();
        }
        if let View::Scalar(..) = self.render.doc().view(definition.body) {
            let is_circle = seen.contains(&definition.body);
            if is_circle || seen.len() >= ALIASES {
                let message = if is_circle {
                    format!("executor `{name}` refers to itself")
                } else {
                    format!("more than {ALIASES} executors in a row are only names of another one")
                };
                let problem = Problem::error(codes::RECURSION, definition.key, message);
                let help = "one of these executors must have `docker`, `machine` or `macos`";
                self.render.report().add(if is_circle {
                    problem.help(help)
                } else {
                    problem.help("name the last of them here")
                });
                return ExecutionEnvironment::broken();
            }
            seen.push(definition.body);
            let outer = Scope::outer(scope.owner.clone(), definition.module);
            let alias = self.render.evaluate(definition.body, &outer);
            return self.executor(definition.body, &alias, &outer, seen);
        }
        let callee: Rc<str> = format!("executor `{name}`").into();
        self.render.report().enter(&callee, place);
        let mut execution = self.executor_body(&callee, &definition, arguments, place);
        self.render.report().leave();
        if self.render.is_tracing() {
            execution.through(&callee, place);
        }
        execution
    }

    fn executor_body(
        &mut self,
        callee: &Rc<str>,
        definition: &Definition,
        arguments: Vec<Field>,
        place: Place,
    ) -> ExecutionEnvironment {
        let arguments = arguments.into_iter().map(|field| Argument {
            name: field.name.to_string(),
            key: field.key,
            source: ArgumentSource::Ready(field.value),
        });
        let declarations = &definition.parameters;
        let (element, module) = (Element::Executor, definition.module);
        let call = Call { element, callee, declarations, place, module };
        let bindings = Binder::new(self.render).bind(&call, arguments.collect());
        let inner = Scope::inner(callee, definition.module, bindings);
        let execution = self.execution(definition.body, &inner);
        if execution.kind == FoundExecutor::Absent {
            let entries = self.render.doc().entries(definition.body);
            let keys = entries.iter().map(|entry| (entry.name, entry.key));
            if self.render.is_misspelled(keys, EXECUTOR, &["docker", "machine", "macos"]) {
                return ExecutionEnvironment::broken();
            }
            let message = format!("{callee} has no `docker`, `machine` or `macos`");
            let problem = Problem::error(codes::NO_EXECUTOR, definition.key, message);
            self.render.report().add(
                problem.help("add `docker: [{ image: cimg/base:stable }]` or `machine: true`"),
            );
            return ExecutionEnvironment::broken();
        }
        execution
    }

    /// Says where a name at `place` comes from that is used at `node`.
    fn origin(&self, node: At, place: Place) -> NameOrigin {
        let doc = self.render.doc();
        let user = doc.place(node);
        let is_inside = user.file == place.file
            && (user.span.start..=user.span.end).contains(&place.span.start);
        if is_inside && !doc.written(place).contains("<<") {
            NameOrigin::Literal
        } else {
            NameOrigin::Parameter
        }
    }

    /// Finds an executor where its name is written. A name that came into an orb as a string may
    /// also be one of the configuration's (CFG §4.9).
    fn executor_called(
        &mut self,
        name: &str,
        module: ModuleId,
        place: Place,
        origin: NameOrigin,
    ) -> Option<Definition> {
        let may_be_outside = module.is_orb() && !name.contains('/');
        match self.lookup().find(module, Element::Executor, name, place) {
            Found::Definition(definition) => return Some(definition),
            Found::Reported => return None,
            Found::Undefined => {}
        }
        let outside = if may_be_outside {
            self.lookup().find(ModuleId::CONFIG, Element::Executor, name, place)
        } else {
            Found::Undefined
        };
        let is_outside = match outside {
            Found::Definition(definition) if origin == NameOrigin::Parameter => {
                return Some(definition);
            }
            Found::Definition(_) => true,
            Found::Reported | Found::Undefined => false,
        };
        let names = self.modules.names(self.render, module, Element::Executor);
        let names = || names.iter().copied();
        let help = did_you_mean(name, names()).unwrap_or_else(|| match list(names()) {
            _ if is_outside => {
                "an orb does not see the configuration's executors: define it under \
                                `executors` of the orb"
                    .into()
            }
            none if none.is_empty() => "define it under `executors`".into(),
            defined => format!("defined: {defined}").into(),
        });
        let message = format!("cannot find a definition for executor named `{name}`");
        self.render
            .report()
            .add(Problem::error(codes::UNKNOWN_EXECUTOR, place, message).help(help));
        None
    }

    fn bad_executor(&mut self, value: &Value) -> ExecutionEnvironment {
        let message = "`executor` must be a name, or a mapping with `name` and arguments";
        let help = "write `executor: linux`, `executor: orb/linux` or `executor: { name: linux, tag: \"22\" }`";
        self.render
            .report()
            .add(Problem::error(codes::BAD_EXECUTOR, value.place, message).help(help));
        ExecutionEnvironment::broken()
    }

    /// Reads the keys that jobs and executors share.
    fn execution(&mut self, body: At, scope: &Rc<Scope>) -> ExecutionEnvironment {
        let mut found = KindReader::new(self.render).kind_of(body, scope);
        for entry in self.render.doc().entries(body).iter() {
            match entry.name {
                "resource_class" | "working_directory" => {
                    let value = self.render.evaluate(entry.value, scope);
                    if entry.name == "resource_class" {
                        found.resource_class =
                            resource_class(self.render, value).or(found.resource_class);
                    } else {
                        let text = self.render.text_of(&value, entry.name);
                        found.working_directory = text.map(|text| Setting { text, value });
                    }
                }
                "shell" => {
                    let value = self.render.evaluate(entry.value, scope);
                    found.shell = shell(self.render, value).or(found.shell);
                }
                "environment" => {
                    let value = self.render.evaluate_environment(entry.value, scope);
                    found.environment =
                        EnvironmentReader::new(self.render).environment(&value, Owner::Job);
                    found.variables = environment::listed(&value);
                    lint_environment(self.render, &value);
                }
                _ => {}
            }
        }
        found
    }
}
