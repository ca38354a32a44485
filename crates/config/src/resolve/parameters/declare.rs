//! Declarations of parameters: their shape, type and default (CFG §4.1), used or not.

use std::rc::Rc;

use crate::{
    codes,
    language::{
        data::{Data, ModuleId, Scope, Value},
        definition::{Declaration, Declarations, Element, Kind},
        keys::{Known, RESERVED, keys_of},
        profile::Profile,
    },
    read::{
        source::Sources,
        yaml::{
            At, Entries, Entry, View,
            scalar::{self, Scalar, is_string_in_braces},
        },
    },
    render::Renderer,
    resolve::{
        misindented_keys::report_nested_section,
        parameters::bind::{Binder, type_problem},
    },
    text::{
        help::Help,
        place::Place,
        problem::Problem,
        suggest::{did_you_mean, list},
    },
};

pub(crate) const DECLARATION: Known<'static> = Known {
    what: "parameter",
    keys: &["type", "default", "description", "enum"],
    code: codes::BAD_DECLARATION,
    advice: key_advice,
    tolerant: false,
};

/// Says what other languages call `enum`.
fn key_advice(name: &str) -> Option<&'static str> {
    matches!(name, "values" | "options" | "choices" | "allowed")
        .then_some("list the values below `enum`")
}

/// What a declaration says of a parameter's type.
#[derive(Clone, Copy)]
struct Typing<'d> {
    /// `type`
    kind: Option<Entry<'d>>,
    /// `enum`
    members: Option<Entry<'d>>,
}

/// Reads what is below `parameters:` of a definition, and reports what is wrong in it.
pub(crate) struct DeclarationReader<'c, 'd> {
    render: &'c mut Renderer<'d>,
    has_nested_section: bool,
}

/// A key of a declaration that is next to the parameter's name.
struct StrayKey {
    owner: Place,
    key: Place,
}

impl<'c, 'd> DeclarationReader<'c, 'd> {
    pub(crate) fn new(render: &'c mut Renderer<'d>) -> Self {
        Self { render, has_nested_section: false }
    }

    /// Returns whether a section was inside the parameters of the pipeline: what it would have defined is
    /// not known, so nothing is missing.
    pub(crate) fn has_nested_section(&self) -> bool {
        self.has_nested_section
    }

    /// Reads the `parameters` of an element; `owner` is what messages call it.
    pub(crate) fn declare(
        &mut self,
        at: At,
        element: Element,
        owner: &Rc<str>,
        module: ModuleId,
    ) -> Declarations {
        let mut declarations = Declarations::new();
        let scope = Scope::outer(owner.clone(), module);
        match self.render.doc().view(at) {
            View::Map(entries) => {
                let strays = self.take_stray_keys(entries);
                for entry in entries {
                    if strays.iter().any(|stray| stray.key == entry.key) {
                        continue;
                    }
                    if element == Element::Pipeline
                        && report_nested_section(self.render, &entry, "parameters")
                    {
                        self.has_nested_section = true;
                        continue;
                    }
                    self.render.report_blank_name("parameter", entry.name, entry.key);
                    let is_owner = strays.iter().any(|stray| stray.owner == entry.key);
                    let declaration = if is_owner {
                        Declaration { key: entry.key, kind: Kind::Unknown, default: None }
                    } else {
                        self.declaration(&entry, element, &scope)
                    };
                    declarations.insert(entry.name.to_owned(), declaration);
                }
            }
            View::Broken => {}
            View::Scalar(..) | View::Seq(_) => {
                if !self.render.doc().is_null(at) {
                    let message = format!("the parameters of {owner} must be a mapping");
                    let problem = Problem::error(
                        codes::BAD_DECLARATION,
                        self.render.doc().place(at),
                        message,
                    );
                    let name = self.first_name(at).unwrap_or("name");
                    let default = if element == Element::Pipeline { ", default: \"\"" } else { "" };
                    let help =
                        format!("write `parameters: {{ {name}: {{ type: string{default} }} }}`");
                    self.render.report().add(problem.help(help));
                }
            }
        }
        declarations
    }

    /// Reports keys of a declaration that are next to the name of its parameter, once for each parameter, and
    /// returns them.
    fn take_stray_keys(&mut self, entries: Entries<'d>) -> Vec<StrayKey> {
        let doc = self.render.doc();
        let (mut strays, mut names) = (Vec::<StrayKey>::new(), Vec::<Vec<&str>>::new());
        let mut before: Option<Entry<'d>> = None;
        for entry in entries {
            let is_key = DECLARATION.keys.contains(&entry.name)
                && !doc.is_map(entry.value)
                && !doc.is_null(entry.value);
            let lacks = |owner: &Entry<'d>| {
                doc.is_null(owner.value)
                    || doc.is_map(owner.value) && doc.get(owner.value, entry.name).is_none()
            };
            if !is_key {
                before = Some(entry);
            } else if let Some(owner) = before.filter(lacks) {
                match names.last_mut() {
                    Some(names) if strays.last().is_some_and(|last| last.owner == owner.key) => {
                        names.push(entry.name);
                    }
                    _ => names.push(vec![owner.name, entry.name]),
                }
                strays.push(StrayKey { owner: owner.key, key: entry.key });
            }
        }
        for names in names {
            let [owner, keys @ ..] = &names[..] else { continue };
            let first = keys.first().copied().unwrap_or_default();
            let Some(stray) = entries.get(first) else { continue };
            let message = format!("`{first}` is next to `{owner}`, not inside it");
            let problem = Problem::error(codes::BAD_DECLARATION, stray.key, message);
            let help = format!("indent {} deeper than `{owner}`", list(keys.iter().copied()));
            self.render.report().add(problem.help(help));
        }
        strays
    }

    /// Returns the first name in a list that should be a mapping.
    fn first_name(&self, at: At) -> Option<&'d str> {
        let View::Seq(items) = self.render.doc().view(at) else { return None };
        let View::Map(entries) = self.render.doc().view(items.iter().next()?) else { return None };
        entries.first().map(|entry| entry.name)
    }

    /// Reads declarations that are next to an empty `parameters` instead of below it: one mistake, one
    /// message.
    pub(crate) fn declare_strays(
        &mut self,
        body: At,
        element: Element,
        owner: &Rc<str>,
        module: ModuleId,
    ) -> Declarations {
        let mut declarations = Declarations::new();
        let strays = stray_declarations(self.render.doc(), body, keys_of(element));
        let Some(first) = strays.first() else { return declarations };
        let message = format!("`{}` is next to `parameters`, not inside it", first.name);
        let problem = Problem::error(codes::BAD_DECLARATION, first.key, message);
        let names = list(strays.iter().map(|stray| stray.name));
        self.render.report().add(problem.help(format!("indent {names} deeper than `parameters`")));
        let scope = Scope::outer(owner.clone(), module);
        for stray in strays {
            let declaration = self.declaration(&stray, element, &scope);
            declarations.insert(stray.name.to_owned(), declaration);
        }
        declarations
    }

    /// Reports a declaration that is not a mapping, with the type that is written in its place.
    fn not_a_declaration(&mut self, entry: &Entry<'d>, element: Element) {
        let message = format!("the declaration of `{}` must be a mapping with `type`", entry.name);
        let problem = Problem::error(codes::BAD_DECLARATION, entry.key, message);
        let (kind, default) = self.meant_declaration(entry, element);
        let help = format!("write `{}: {{ type: {kind}{default} }}`", entry.name);
        self.render.report().add(problem.help(help));
    }

    /// Returns the type of what is written in place of a declaration, and the default that follows it.
    fn meant_declaration(
        &self,
        entry: &Entry<'d>,
        element: Element,
    ) -> (&'d str, std::borrow::Cow<'static, str>) {
        let scalar = match self.render.doc().view(entry.value) {
            View::Scalar(text, _) if element.types().contains(&text) => {
                let kind = Some(text).filter(|kind| *kind != "enum").unwrap_or("string");
                // A pipeline's parameter without a default would be the next mistake.
                let default = match kind {
                    _ if element != Element::Pipeline => "",
                    "boolean" => ", default: false",
                    "integer" => ", default: 0",
                    _ => ", default: \"\"",
                };
                return (kind, default.into());
            }
            View::Scalar(text, style) => Some(scalar::resolve(text, style)),
            View::Seq(_) | View::Map(_) | View::Broken => None,
        };
        let written = self.render.doc().written(self.render.doc().place(entry.value));
        match scalar {
            Some(Scalar::Bool(_)) => ("boolean", format!(", default: {written}").into()),
            Some(Scalar::Int(_)) => ("integer", format!(", default: {written}").into()),
            Some(Scalar::Text(_)) if is_string_in_braces(written) => {
                ("string", format!(", default: {written}").into())
            }
            _ if element != Element::Pipeline => ("string", "".into()),
            _ => ("string", ", default: \"\"".into()),
        }
    }

    fn declaration(
        &mut self,
        entry: &Entry<'d>,
        element: Element,
        scope: &Rc<Scope>,
    ) -> Declaration {
        let mut declaration = Declaration { key: entry.key, kind: Kind::Unknown, default: None };
        if element == Element::Job && RESERVED.contains(&entry.name)
            || element == Element::Executor && entry.name == "name"
        {
            let message =
                format!("a parameter cannot be named `{}`: the name is reserved", entry.name);
            self.render
                .report()
                .add(Problem::error(codes::BAD_DECLARATION, entry.key, message).help("rename it"));
            return declaration;
        }
        let fields = match self.render.doc().view(entry.value) {
            View::Map(fields) => fields,
            View::Broken => return declaration,
            View::Scalar(..) | View::Seq(_) => {
                self.not_a_declaration(entry, element);
                return declaration;
            }
        };
        let keys = || fields.iter().map(|field| (field.name, field.key));
        self.render.check_keys(keys(), DECLARATION);
        let means_type = self.render.is_misspelled(keys(), DECLARATION, &["type"]);
        let means_enum = fields.iter().any(|field| key_advice(field.name).is_some())
            || self.render.is_misspelled(keys(), DECLARATION, &["enum"]);
        let get = |name: &str| fields.get(name);
        let typing = Typing { kind: get("type"), members: get("enum") };
        let is_enum = |kind: &Entry<'d>| {
            matches!(self.render.doc().view(kind.value), View::Scalar("enum", _))
        };
        let lacks_members = typing.members.is_none() && typing.kind.as_ref().is_some_and(is_enum);
        // What is missing was reported by its other name.
        if typing.kind.is_none() && means_type || lacks_members && means_enum {
            return declaration;
        }
        declaration.kind = self.kind(entry, typing, element, scope);
        declaration.default =
            get("default").map(|field| field.value).filter(|&at| !self.render.doc().is_null(at));
        if let Some(default) = declaration.default {
            if element == Element::Pipeline && self.refers_to_parameters(default) {
                let place = self.render.doc().place(default);
                let message = "pipeline parameters cannot depend on each other";
                let problem = Problem::error(codes::PARAMETER_DEPENDS, place, message);
                self.render.report().add(problem.help("combine them where they are used"));
                declaration.kind = Kind::Unknown;
                return declaration;
            }
            if element == Element::Pipeline
                && let Some(text) = self.taken_as_text(&declaration.kind, default)
            {
                // `yes` stays `yes`, and `0755` is not 493.
                let message = format!(
                    "the default of parameter `{}` is treated as the string `{text}`",
                    entry.name
                );
                let place = self.render.doc().place(default);
                let problem = Problem::warning(codes::COERCED_PARAMETER, place, message);
                self.render.report().add(problem.help(format!("quote it: `\"{text}\"`")));
                return declaration;
            }
            self.check_default(entry.name, &mut declaration, default, scope);
        }
        declaration
    }

    /// Returns the number or boolean that is the default of a pipeline's string, as it is written. The
    /// hosted service takes it so, and so does the profile `legacy`, with a warning.
    fn taken_as_text(&self, kind: &Kind, default: At) -> Option<&'d str> {
        let View::Scalar(text, style) = self.render.doc().view(default) else { return None };
        let is_other = matches!(
            scalar::resolve(text, style),
            Scalar::Int(_) | Scalar::Float(..) | Scalar::Bool(_)
        );
        let is_taken =
            is_other && matches!(kind, Kind::String) && self.render.profile() == Profile::Legacy;
        is_taken.then_some(text)
    }

    /// Returns whether a default depends on pipeline parameters, which it cannot (CFG §9.1).
    fn refers_to_parameters(&self, default: At) -> bool {
        let View::Scalar(text, _) = self.render.doc().view(default) else { return false };
        text.contains("<<") && text.contains("pipeline.parameters.")
    }

    fn kind(
        &mut self,
        entry: &Entry<'_>,
        Typing { kind, members }: Typing<'_>,
        element: Element,
        scope: &Rc<Scope>,
    ) -> Kind {
        let Some(kind) = kind else {
            let message = format!("parameter `{}` has no type", entry.name);
            let problem = Problem::error(codes::BAD_DECLARATION, entry.key, message);
            self.render
                .report()
                .add(problem.help(format!("add `type: {}`", element.types().join(" | "))));
            return Kind::Unknown;
        };
        let place = self.render.doc().place(kind.value);
        let name = match self.render.doc().view(kind.value) {
            View::Scalar(text, _) => text,
            View::Broken => return Kind::Unknown,
            View::Seq(_) | View::Map(_) => "",
        };
        if members.is_some() != (name == "enum") && element.types().contains(&name) {
            let message = if name == "enum" {
                format!("parameter `{}` has type enum but no `enum` list", entry.name)
            } else {
                format!("`enum` is only allowed with type enum, not {name}")
            };
            let place = members.map_or(place, |members| members.key);
            let help = "write `type: enum` and `enum: [a, b]`";
            self.render
                .report()
                .add(Problem::error(codes::BAD_DECLARATION, place, message).help(help));
            return Kind::Unknown;
        }
        match name {
            _ if !element.types().contains(&name) => {
                let code = if element == Element::Pipeline {
                    codes::PIPELINE_PARAMETER_TYPE
                } else {
                    codes::BAD_DECLARATION
                };
                let owner = element.word();
                let message = format!("`{name}` is not a valid type for {owner} parameters");
                let meant = type_elsewhere(name).filter(|name| element.types().contains(name));
                let help = meant
                    .map(Help::did_you_mean)
                    .or_else(|| did_you_mean(name, element.types().iter().copied()))
                    .unwrap_or_else(|| format!("allowed: {}", element.types().join(", ")).into());
                self.render.report().add(Problem::error(code, place, message).help(help));
                Kind::Unknown
            }
            "boolean" => Kind::Boolean,
            "integer" => Kind::Integer,
            "executor" => Kind::Executor,
            "steps" => Kind::Steps,
            "env_var_name" => Kind::EnvVarName,
            "enum" => members.map_or(Kind::Unknown, |members| self.members(&members, scope)),
            _ => Kind::String,
        }
    }

    fn members(&mut self, members: &Entry<'_>, scope: &Rc<Scope>) -> Kind {
        let value = self.render.evaluate(members.value, scope);
        let Data::List(items) = &value.data else {
            if !matches!(value.data, Data::Unknown) {
                let problem =
                    Problem::error(codes::BAD_DECLARATION, value.place, "`enum` must be a list");
                self.render.report().add(problem.help("write `enum: [a, b]`"));
            }
            return Kind::Unknown;
        };
        items.iter().for_each(|item| self.warn_of_lost_digits(item));
        Kind::Enum(items.iter().filter_map(|item| item.data.scalar_text()).collect())
    }

    /// Warns about a member that is a number, and not the one that is written.
    fn warn_of_lost_digits(&mut self, member: &Value) {
        if !matches!(member.data, Data::Int(_) | Data::Float(..)) {
            return;
        }
        let written = self.render.doc().written(member.place);
        let Some(lost) = scalar::lost(written) else { return };
        let message = format!("`{written}` becomes `{}`: {}", lost.becomes, lost.reason);
        let problem = Problem::warning(codes::LOST_DIGITS, member.place, message);
        self.render
            .report()
            .add(problem.help(format!("quote it here and where it is passed: `\"{written}\"`")));
    }

    /// Checks a default, whether it is ever used or not (CFG §4.2).
    fn check_default(
        &mut self,
        name: &str,
        declaration: &mut Declaration,
        default: At,
        scope: &Rc<Scope>,
    ) {
        // A default with tags is checked when it is used, by its value.
        if let View::Scalar(text, _) = self.render.doc().view(default)
            && self.render.has_templates()
            && text.contains("<<")
        {
            return;
        }
        let value = Binder::new(self.render).typed(declaration, default, scope);
        if declaration.kind.accepts(&value.data) {
            return;
        }
        let what = format!("the default of parameter `{name}`");
        let problem =
            type_problem(self.render, codes::BAD_DEFAULT, &what, &declaration.kind, &value);
        self.render.report().add(problem);
        declaration.kind = Kind::Unknown;
    }
}

/// Returns the declarations that are next to an empty `parameters`.
pub(crate) fn stray_declarations<'d>(doc: &'d Sources, body: At, known: &[&str]) -> Vec<Entry<'d>> {
    let entries = doc.entries(body);
    if !entries.get("parameters").is_some_and(|parameters| doc.is_null(parameters.value)) {
        return Vec::new();
    }
    let is_declaration = |entry: &Entry<'_>| {
        let fields = doc.entries(entry.value);
        !known.contains(&entry.name)
            && fields.get("type").is_some()
            && fields.iter().all(|field| DECLARATION.keys.contains(&field.name))
    };
    entries.iter().filter(is_declaration).collect()
}

/// Returns the type that has this name in other languages.
fn type_elsewhere(name: &str) -> Option<&'static str> {
    match name {
        "int" | "number" => Some("integer"),
        "bool" => Some("boolean"),
        "str" | "text" => Some("string"),
        _ => None,
    }
}
