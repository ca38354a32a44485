//! The pipeline's parameters, and what the trigger passes for them (CFG §9.1, §9.2).

use crate::{
    codes,
    language::{
        data::{Data, ModuleId, Scope, Value},
        definition::{Declaration, Element, Kind},
        pipeline_values::{PipelineValue, data},
        profile::Profile,
    },
    read::yaml::{At, Entry, View},
    render::MisspelledParameters,
    resolve::{
        Resolver,
        parameters::{
            bind::type_problem,
            declare::{DECLARATION, DeclarationReader},
        },
        version::SECTIONS,
    },
    text::{
        place::Place,
        problem::Problem,
        suggest::{did_you_mean, list, nearest},
    },
};

/// Parameters that a trigger passes, and the length of their names and values (CFG §1.5).
const PARAMETERS: usize = 100;
const NAME_CHARS: usize = 128;
const VALUE_CHARS: usize = 512;

impl Resolver<'_, '_> {
    /// Declares and binds them; they become `pipeline.parameters.*`.
    pub(crate) fn bind_pipeline_parameters(&mut self, root: At, given: &[(String, PipelineValue)]) {
        let section =
            self.render.doc().get(root, "parameters").filter(|_| self.render.has_templates());
        if section.is_none()
            && self.render.has_templates()
            && let Some(section) = self.misspelled_parameters(root)
        {
            self.render.note_misspelled_parameters(section);
        }
        let place = section.map_or_else(Place::default, |section| section.key);
        let owner = "the pipeline".into();
        let mut reader = DeclarationReader::new(self.render);
        let declarations = section
            .map(|section| {
                reader.declare(section.value, Element::Pipeline, &owner, ModuleId::CONFIG)
            })
            .unwrap_or_default();
        self.modules.jobs_section.broken |= reader.has_nested_section();
        let mut bound = Vec::new();
        for (name, declaration) in &declarations {
            let given = given.iter().rev().find(|(given, _)| given == name);
            let value = match (given, declaration.default) {
                _ if matches!(declaration.kind, Kind::Unknown) => Data::Unknown,
                (Some((_, value)), _) => self.trigger_value(name, declaration, value),
                (None, Some(default)) => {
                    let scope = Scope::outer("a pipeline parameter's default", ModuleId::CONFIG);
                    let value = self.render.evaluate(default, &scope);
                    match (&declaration.kind, self.render.profile()) {
                        (Kind::String, Profile::Legacy) => {
                            self.render.text_of(&value, "default").map_or(Data::Unknown, Data::text)
                        }
                        _ => value.data,
                    }
                }
                (None, None) => Data::Unknown,
            };
            // A broken declaration was reported.
            if declaration.default.is_none()
                && !matches!(declaration.kind, Kind::Unknown)
                && !section.is_some_and(|section| self.means_default(section.value, name))
            {
                let message = format!("pipeline parameter `{name}` needs a default");
                let problem = Problem::error(codes::DEFAULT_MISSING, declaration.key, message);
                self.render.report().add(problem.help(add_default(&declaration.kind)));
            }
            bound.push((format!("parameters.{name}"), value));
        }
        self.check_size_of_parameters(given, place);
        for (name, _) in given {
            if !declarations.contains_key(name) {
                let names = || declarations.keys().map(String::as_str);
                let message = format!("the trigger passes an undeclared parameter `{name}`");
                let help = did_you_mean(name, names()).unwrap_or_else(|| match list(names()) {
                    none if none.is_empty() => "declare it under `parameters`".into(),
                    declared => format!("declared: {declared}").into(),
                });
                let problem = Problem::error(codes::UNKNOWN_PIPELINE_PARAMETER, place, message);
                self.render.report().add(problem.help(help));
            }
        }
        let is_list = section
            .is_some_and(|section| matches!(self.render.doc().view(section.value), View::Seq(_)));
        if is_list {
            self.render.note_unreadable_parameters();
        }
        // Bound together at the end: defaults do not see each other.
        self.render.bind_pipeline_parameters(bound);
    }

    /// Returns whether a declaration has a key that is nearly `default`, which was reported.
    fn means_default(&self, section: At, name: &str) -> bool {
        // Once it is not shown, it is not looked for among thousands.
        if !self.render.found().shows_more() {
            return false;
        }
        let Some(declaration) = self.render.doc().get(section, name) else { return false };
        let fields = self.render.doc().entries(declaration.value);
        let keys = fields.iter().map(|field| (field.name, field.key));
        self.render.is_misspelled(keys, DECLARATION, &["default"])
    }

    /// Finds a section that was probably meant as that of the parameters.
    fn misspelled_parameters(&self, root: At) -> Option<MisspelledParameters> {
        let doc = self.render.doc();
        let is_near =
            |entry: &Entry<'_>| nearest(entry.name, SECTIONS.iter().copied()) == Some("parameters");
        let is_known = |entry: &Entry<'_>| SECTIONS.contains(&entry.name);
        let section = doc.entries(root).iter().find(|entry| !is_known(entry) && is_near(entry))?;
        let declared = doc.entries(section.value).iter().map(|entry| entry.name.to_owned());
        Some(MisspelledParameters::new(section.key, section.name, declared.collect()))
    }

    /// What a request passes is stored and shown, so it has limits (E-085).
    fn check_size_of_parameters(&mut self, given: &[(String, PipelineValue)], place: Place) {
        let long = given.iter().find(|(name, value)| {
            let value =
                if let PipelineValue::Text(text) = value { text.chars().count() } else { 0 };
            name.chars().count() > NAME_CHARS || value > VALUE_CHARS
        });
        let message = match long {
            _ if given.len() > PARAMETERS => {
                format!(
                    "the trigger passes {} parameters; at most {PARAMETERS} are allowed",
                    given.len()
                )
            }
            Some((name, _)) => format!("the trigger's parameter `{name:.NAME_CHARS$}` is too long"),
            None => return,
        };
        let problem = Problem::error(codes::TOO_MANY_PARAMETERS, place, message);
        self.render.report().add(problem.help("pass the URL of a file instead"));
    }

    /// Checks a value from the trigger. Strings that spell a boolean or a number are taken as such.
    fn trigger_value(
        &mut self,
        name: &str,
        declaration: &Declaration,
        given: &PipelineValue,
    ) -> Data {
        let mut value = Value::new(data(given), declaration.key);
        if let (PipelineValue::Text(text), Profile::Legacy) = (given, self.render.profile()) {
            let coerced = match declaration.kind {
                Kind::Boolean => text.parse().ok().map(Data::Bool),
                Kind::Integer => text.parse().ok().map(Data::Int),
                _ => None,
            };
            if let Some(coerced) = coerced {
                let message = format!(
                    "the trigger passes `{name}` as a string; it is converted to {}",
                    declaration.kind.name()
                );
                self.render.report().add(Problem::warning(
                    codes::COERCED_PARAMETER,
                    declaration.key,
                    message,
                ));
                value.data = coerced;
            }
        }
        if declaration.kind.accepts(&value.data) {
            return value.data;
        }
        let code = if matches!(declaration.kind, Kind::Enum(_)) {
            codes::PIPELINE_PARAMETER_ENUM
        } else {
            codes::PIPELINE_PARAMETER_VALUE
        };
        let what = format!("the trigger's parameter `{name}`");
        let problem = type_problem(self.render, code, &what, &declaration.kind, &value);
        // What is written is the declaration's name, not what was passed.
        let problem = match (&declaration.kind, value.data.scalar_text()) {
            (Kind::String, Some(text)) => {
                problem.help(format!("pass it as a string: `\"{text}\"`"))
            }
            (Kind::Boolean, _) => problem.help("pass `true` or `false`"),
            (Kind::Integer, _) => problem.help("pass an integer, without quotes"),
            _ => problem,
        };
        self.render.report().add(problem);
        Data::Unknown
    }
}

/// Says how to add a default; one without a value would be none.
fn add_default(kind: &Kind) -> String {
    match kind {
        Kind::Boolean => "add `default: false`".to_owned(),
        Kind::Integer => "add `default: 0`".to_owned(),
        Kind::Enum(members) => match members.first() {
            Some(first) => format!("add `default: {first}`"),
            None => "add a `default`".to_owned(),
        },
        _ => "add `default: \"\"`".to_owned(),
    }
}
