//! Binding arguments to parameters (CFG §4.1, §4.2).

use std::rc::Rc;

use indexmap::IndexMap;

use crate::language::definition::Kind;
use crate::{
    codes::{self, Code},
    language::{
        data::{Bindings, Data, ExecutorValue, ModuleId, Scope, Steps, Trail, Value},
        definition::{Declaration, Declarations, Element},
        keys::RESERVED,
        other_services::{self, Owner},
        profile::Profile,
    },
    read::yaml::{At, View, scalar},
    render::{Renderer, budget::Resource, fields::Expected},
    text::{
        help::Help,
        place::{FileId, Place},
        problem::Problem,
        suggest::{list, nearest},
    },
};

/// An argument on its way to a parameter.
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) key: Place,
    pub(crate) source: ArgumentSource,
}

/// Where an argument's value comes from.
pub(crate) enum ArgumentSource {
    /// A node, to be rendered in the caller's scope.
    Node(At, Rc<Scope>),
    /// A value that is known already.
    Ready(Value),
}

/// A call of a definition, and its place.
pub(crate) struct Call<'c> {
    /// The kind of definition that is called: a job, a command or an executor.
    pub(crate) element: Element,
    /// The callee, for messages: "command `install`".
    pub(crate) callee: &'c Rc<str>,
    pub(crate) declarations: &'c Declarations,
    pub(crate) place: Place,
    /// The module that defines it.
    pub(crate) module: ModuleId,
}

/// An absent pipeline value is an empty string where a string is wanted.
fn absent_is_empty(declaration: &Declaration, value: &mut Value) {
    if value.is_null() && matches!(declaration.kind, Kind::String | Kind::Enum(_)) {
        value.data = Data::text("");
    }
}

/// The level of arguments that a matrix has, and a call has not.
const LEVEL: &str = "parameters";

/// Binds arguments.
pub(crate) struct Binder<'c, 'd> {
    render: &'c mut Renderer<'d>,
}

impl<'c, 'd> Binder<'c, 'd> {
    pub(crate) fn new(render: &'c mut Renderer<'d>) -> Self {
        Self { render }
    }

    /// Binds arguments. Whatever is wrong is reported and bound as unknown, so that the body can
    /// still be checked.
    pub(crate) fn bind(&mut self, call: &Call<'_>, arguments: Vec<Argument>) -> Bindings {
        let mut given: IndexMap<String, Argument> = IndexMap::new();
        // What a misspelled name stands for is not missing: one mistake, one message.
        let mut misspelled: Vec<String> = Vec::new();
        for argument in arguments {
            if !self.render.afford(Resource::Visits, 1, argument.key) {
                break;
            }
            if call.declarations.contains_key(&argument.name) {
                given.insert(argument.name.clone(), argument);
            } else if let Some(arguments) = self.level_of_arguments(call, &argument) {
                given.extend(arguments.into_iter().map(|one| (one.name.clone(), one)));
            } else {
                misspelled.extend(self.unexpected_argument(call, &argument));
            }
        }
        let mut bindings = Bindings::new();
        for (name, declaration) in call.declarations {
            let argument = given.shift_remove(name);
            let value = argument.and_then(|argument| self.argument(call, declaration, argument));
            let value = value.map(|value| self.traced(value, name, call, "the argument"));
            let value = value.or_else(|| {
                let default = declaration.default?;
                let value = self.default(name, call, declaration, default);
                Some(self.traced(value, name, call, "the default"))
            });
            let value = value.unwrap_or_else(|| {
                if !matches!(declaration.kind, Kind::Unknown) && !misspelled.contains(name) {
                    self.missing_argument(call, name, declaration);
                }
                Value::unknown(call.place)
            });
            bindings.insert(name.clone(), value);
        }
        bindings
    }

    /// Returns the arguments below a level `parameters:`, as in a matrix, which is reported: it is not there in
    /// a call.
    fn level_of_arguments(
        &mut self,
        call: &Call<'_>,
        argument: &Argument,
    ) -> Option<Vec<Argument>> {
        let ArgumentSource::Node(at, scope) = &argument.source else { return None };
        let entries = self.render.doc().entries(*at);
        let mut names = entries.iter().map(|entry| entry.name);
        let is_level = argument.name == LEVEL
            && !entries.is_empty()
            && names.all(|name| call.declarations.contains_key(name));
        if !is_level {
            return None;
        }
        let message = format!("the arguments of {} have no level `parameters`", call.callee);
        let problem = Problem::error(codes::UNKNOWN_PARAMETER, argument.key, message);
        let callee = call.callee.split('`').nth(1).unwrap_or("it");
        let help =
            format!("remove the `parameters:` level: the arguments are directly below `{callee}`");
        self.render.report().add(problem.help(help));
        let arguments = entries.iter().map(|entry| Argument {
            name: entry.name.to_owned(),
            key: entry.key,
            source: ArgumentSource::Node(entry.value, scope.clone()),
        });
        Some(arguments.collect())
    }

    /// Renders a node for a parameter; a list of steps becomes a closure.
    pub(super) fn typed(&mut self, declaration: &Declaration, at: At, scope: &Rc<Scope>) -> Value {
        let is_steps = matches!(declaration.kind, Kind::Steps);
        if is_steps && matches!(self.render.doc().view(at), View::Seq(_)) {
            let data = Data::Steps(Steps { list: at, scope: scope.clone() });
            return Value::new(data, self.render.doc().place(at));
        }
        let mut value = self.render.evaluate(at, scope);
        if matches!(declaration.kind, Kind::Executor)
            && let Some(name) = crate::language::data::executor_name(&value.data)
            && !matches!(value.data, Data::Executor(_))
        {
            let arguments = value.fields().iter().filter(|field| &*field.name != "name");
            let arguments = arguments.cloned().collect();
            let module = scope.module;
            value.data = Data::Executor(Rc::new(ExecutorValue { name, arguments, module }));
        }
        value
    }

    /// Renders a default. Its type was checked where it is declared, unless it holds tags.
    fn default(
        &mut self,
        name: &str,
        call: &Call<'_>,
        declaration: &Declaration,
        default: At,
    ) -> Value {
        let scope = Scope::outer(call.callee.clone(), call.module);
        if let Some(nulled) = self.nulled(declaration, default, &scope) {
            return nulled;
        }
        let mut value = self.typed(declaration, default, &scope);
        absent_is_empty(declaration, &mut value);
        let rendered =
            self.render.has_templates() && self.render.doc().written(value.place).contains("<<");
        if rendered && !value.is_null() && !declaration.kind.accepts(&value.data) {
            let what = format!("the default of parameter `{name}` of {}", call.callee);
            let problem =
                type_problem(self.render, codes::BAD_DEFAULT, &what, &declaration.kind, &value);
            self.render.report().add(problem);
            return Value::unknown(value.place);
        }
        value
    }

    /// In one position the legacy profile takes a reference to nothing for null: a default within an
    /// inline orb that names a parameter of the pipeline (CFG §4.3, W-19).
    fn nulled(
        &mut self,
        declaration: &Declaration,
        default: At,
        scope: &Rc<Scope>,
    ) -> Option<Value> {
        let View::Scalar(text, _) = self.render.doc().view(default) else { return None };
        let place = self.render.doc().place(default);
        let inline = scope.module.is_orb() && place.file == FileId::CONFIG;
        let legacy = self.render.profile() == Profile::Legacy;
        let names = text.contains("<<") && text.contains("pipeline.parameters.");
        if !(inline && legacy && names) {
            return None;
        }
        let message = "orbs cannot use pipeline parameters: this default is empty";
        let problem = Problem::warning(codes::NULLED_REFERENCE, place, message);
        self.render.report().add(problem.help("pass the value where the orb is used"));
        let mut value = Value::new(Data::Null, place);
        absent_is_empty(declaration, &mut value);
        Some(value)
    }

    /// Notes where a parameter's value comes from, if the caller asked.
    fn traced(&self, value: Value, name: &str, call: &Call<'_>, how: &str) -> Value {
        if !self.render.is_tracing() {
            return value;
        }
        let what = format!("{how} `{name}` of {}", call.callee);
        let from = value.trail.clone().into_iter().collect();
        let trail = Some(Rc::new(Trail { what, place: value.place, from }));
        Value { trail, ..value }
    }

    /// Renders and checks an argument; `None` if it counts as not given.
    fn argument(
        &mut self,
        call: &Call<'_>,
        declaration: &Declaration,
        argument: Argument,
    ) -> Option<Value> {
        let value = match argument.source {
            ArgumentSource::Ready(value) => value,
            ArgumentSource::Node(at, scope) => {
                let mut value = self.typed(declaration, at, &scope);
                if !self.render.doc().is_null(at) {
                    absent_is_empty(declaration, &mut value);
                }
                value
            }
        };
        if matches!(value.data, Data::Null) {
            return None;
        }
        // It would be of another type, had that not been misspelled.
        if matches!(declaration.kind, Kind::Unknown) {
            return Some(Value::unknown(value.place));
        }
        if declaration.kind.accepts(&value.data) {
            return Some(value);
        }
        let name = &argument.name;
        let code = codes::WRONG_ARGUMENT_TYPE;
        let what = format!("argument `{name}` of {}", call.callee);
        let problem = type_problem(self.render, code, &what, &declaration.kind, &value);
        self.render.report().add(problem.related(declaration.key, "declared here"));
        Some(Value::unknown(value.place))
    }

    /// Reports an argument that is not declared. Returns the parameter that was probably meant.
    pub(crate) fn unexpected_argument(
        &mut self,
        call: &Call<'_>,
        argument: &Argument,
    ) -> Option<String> {
        let name = &argument.name;
        let is_reported = self.render.found().is_reported(codes::UNKNOWN_PARAMETER, argument.key);
        if is_reported && name == LEVEL {
            return None;
        }
        let names = || call.declarations.keys().map(String::as_str);
        let message = format!("{} has no parameter `{name}`", call.callee);
        // Once it is not shown, it is not compared with thousands of names.
        let seen = if self.render.found().shows_more() { usize::MAX } else { 0 };
        let near = nearest(name, names().take(seen));
        // Next to its arguments a job's entry has its own keys: `requries`.
        let of_entry = if call.element == Element::Job { RESERVED } else { &[] };
        let of_entry = nearest(name, of_entry.iter().copied());
        let foreign = (call.element == Element::Job).then_some(Owner::Entry);
        let foreign = foreign.and_then(|owner| other_services::advice(owner, name));
        let help = match near.or(of_entry) {
            Some(near @ ("context" | "serial-group")) if of_entry == Some(near) => {
                Help::did_you_mean(near).not_supported()
            }
            Some(near) => Help::did_you_mean(near),
            None if foreign.is_some() => foreign.unwrap_or_default(),
            None if matches!(name.as_str(), "when" | "name")
                && call.element == Element::Command =>
            {
                format!("`{name}` is a key of `run`; commands only take their own parameters")
                    .into()
            }
            None if call.declarations.is_empty() => {
                format!("{} takes no arguments", call.callee).into()
            }
            None => format!("declared: {}", list(names())).into(),
        };
        self.render
            .report()
            .add(Problem::error(codes::UNKNOWN_PARAMETER, argument.key, message).help(help));
        near.map(str::to_owned)
    }

    fn missing_argument(&mut self, call: &Call<'_>, name: &str, declaration: &Declaration) {
        let message = format!("{} needs the argument `{name}`", call.callee);
        let problem = Problem::error(codes::MISSING_ARGUMENT, call.place, message);
        let problem = problem.related(declaration.key, "declared here, without a default");
        self.render.report().add(problem.help("pass it, or give the parameter a `default`"));
    }
}

/// Describes a value that does not fit.
pub(crate) fn type_problem(
    render: &Renderer<'_>,
    code: Code,
    what: &str,
    kind: &Kind,
    value: &Value,
) -> Problem {
    let found = value.describe();
    if let Kind::Enum(members) = kind {
        let members = || members.iter().map(|member| &**member);
        let message = format!("{what}: {found} is not one of {}", list(members()));
        let text = value.data.scalar_text().unwrap_or_default();
        // The member was probably written so, too, and lost its digits.
        let without_quotes = scalar::lost(&text).map(|lost| lost.becomes);
        let is_member = |lost: &String| members().any(|member| member == *lost);
        let written = render.doc().written(value.place);
        let is_number = matches!(value.data, Data::Int(_) | Data::Float(..));
        let help = match without_quotes.filter(is_member) {
            _ if is_number && members().any(|member| member == written) => {
                Some(format!("quote it: `\"{written}\"`").into())
            }
            Some(_) => Some(format!("write `\"{text}\"` in its `enum`, with quotes").into()),
            None => nearest(&text, members()).map(Help::did_you_mean),
        };
        return Problem::error(code, value.place, message).maybe_help(help);
    }
    let expected = kind.name();
    let message = format!("{what}: expected type {expected}, found {found}");
    let help = match (kind, &value.data) {
        (Kind::EnvVarName, Data::Text(_) | Data::Int(_) | Data::Float(..)) => {
            Some("use only letters, digits and `_`, and do not start with a digit".to_owned())
        }
        (Kind::Steps, _) => Some("write a list, even for a single step".to_owned()),
        (Kind::Executor, _) => Some("write a name, or `{ name: …, … }`".to_owned()),
        (Kind::String | Kind::EnvVarName, _) => render.type_help(value, Expected::String),
        (Kind::Boolean, _) => render.type_help(value, Expected::Boolean),
        (Kind::Integer, _) => render.type_help(value, Expected::Integer),
        (Kind::Enum(_) | Kind::Unknown, _) => None,
    };
    Problem::error(code, value.place, message).maybe_help(help)
}
