//! The values of the pipeline, and what a variable in a tag or an expression means (CFG §4.3).

use std::{cell::Cell, collections::HashSet};

use indexmap::IndexMap;

use super::{
    foreign_tags,
    tags::{ESCAPE_HELP, shorten},
};
use crate::{
    api::inputs::Inputs,
    codes,
    language::{
        data::{Data, Scope},
        expression::error::LookupError,
        pipeline_values::{self, data},
    },
    read::report::Strictness,
    text::{
        help::Help,
        place::Place,
        suggest::{did_you_mean, list, nearest},
    },
};

/// A section that is nearly `parameters`.
#[derive(Debug)]
pub(crate) struct MisspelledParameters {
    pub(super) key: Place,
    pub(super) name: String,
    /// The names that it declares.
    declared: HashSet<String>,
    /// What is live looked one of them up.
    is_missed: Cell<bool>,
}

impl MisspelledParameters {
    pub(crate) fn new(key: Place, name: &str, declared: HashSet<String>) -> Self {
        Self { key, name: name.to_owned(), declared, is_missed: Cell::new(false) }
    }
}

/// What `pipeline.…` means, and with a scope every other variable.
pub(super) struct Variables {
    /// `pipeline.*` by full path without `pipeline.`: `git.branch` is a value *and* the beginning
    /// of `git.branch.is_default`, so this is not a tree (CFG §4.5).
    values: IndexMap<String, Data>,
    /// The key under which the pipeline's parameters are declared, if it is misspelled, and whether one
    /// of them was looked up.
    misspelled: Option<MisspelledParameters>,
    /// The parameters of the pipeline are written in a form that cannot be read, which was reported.
    are_parameters_unreadable: bool,
}

impl Variables {
    pub(super) fn new(inputs: &Inputs) -> Self {
        let values = inputs.pipeline_values.iter();
        let mut pipeline: IndexMap<_, _> =
            values.map(|(name, value)| (name.clone(), data(value))).collect();
        if let Some(git_ref) = &inputs.git_ref {
            // Where the caller left it out.
            let name = if git_ref.tag().is_some() { "git.tag" } else { "git.branch" };
            pipeline.entry(name.to_owned()).or_insert_with(|| Data::text(git_ref.name()));
        }
        let unknown = inputs.unknown_values.iter();
        pipeline.extend(unknown.map(|name| ((*name).to_owned(), Data::Unknown)));
        Self { values: pipeline, misspelled: None, are_parameters_unreadable: false }
    }

    /// Adds the parameters of the pipeline, by `parameters.NAME`.
    pub(super) fn bind(&mut self, parameters: Vec<(String, Data)>) {
        self.values.extend(parameters);
    }

    /// Notes a section that was probably meant as that of the parameters.
    pub(super) fn note_misspelled(&mut self, section: MisspelledParameters) {
        self.misspelled = Some(section);
    }

    /// Notes that nothing is known of the parameters of the pipeline.
    pub(super) fn note_unreadable(&mut self) {
        self.are_parameters_unreadable = true;
    }

    /// Takes the section that is misspelled, if one of its parameters was looked up.
    pub(super) fn take_missed(&mut self) -> Option<MisspelledParameters> {
        self.misspelled.take().filter(|section| section.is_missed.get())
    }

    /// Finds a value by its full path (CFG §4.3).
    pub(super) fn lookup(
        &self,
        path: &str,
        scope: &Scope,
        strictness: Strictness,
    ) -> Result<Data, LookupError> {
        if let Some(name) = path.strip_prefix("parameters.") {
            let of_pipeline = || self.of_pipeline(name, scope);
            let Some(bindings) = &scope.parameters else {
                let message = format!("{} has no parameters", scope.owner);
                let near = of_own_matrix(name, scope)
                    .or_else(of_pipeline)
                    .or_else(|| self.near_of_pipeline(name, scope));
                let help = near.unwrap_or_else(|| {
                    "pipeline parameters are written `pipeline.parameters.…`".into()
                });
                return Err(LookupError::new(codes::UNDECLARED_PARAMETER, message, Some(help)));
            };
            return bindings.get(name).map(|value| value.data.clone()).ok_or_else(|| {
                let names = || bindings.keys().map(String::as_str);
                let message = format!("{} has no parameter `{name}`", scope.owner);
                let near = of_pipeline().or_else(|| did_you_mean(name, names()));
                let near = near.or_else(|| self.near_of_pipeline(name, scope));
                let help = near.or_else(|| {
                    let declared = list(names());
                    let help = format!("declare it under `parameters` of {}", scope.owner);
                    Some(if declared.is_empty() {
                        help.into()
                    } else {
                        format!("{help}; declared: {declared}").into()
                    })
                });
                LookupError::new(codes::UNDECLARED_PARAMETER, message, help)
            });
        }
        if let Some(name) = path.strip_prefix("matrix.") {
            return of_matrix(name, scope);
        }
        if path.starts_with("pipeline.parameters.") && scope.module.is_orb() {
            let message = format!("referred to a variable `{path}` that does not exist in an orb");
            let help = "declare a parameter in the orb, and pass the value where it is used";
            return Err(LookupError::new(
                codes::ORB_PIPELINE_PARAMETER,
                message,
                Some(help.into()),
            ));
        }
        let Some(name) = path.strip_prefix("pipeline.") else {
            return Err(self.unknown_variable(path, scope));
        };
        if let Some(data) = self.values.get(name) {
            return Ok(data.clone());
        }
        if pipeline_values::is_known(name) {
            return Ok(if pipeline_values::is_boolean(name) {
                Data::Bool(false)
            } else {
                Data::Null
            });
        }
        if self.are_parameters_unreadable && name.starts_with("parameters.") {
            return Ok(Data::Unknown);
        }
        if let Some(data) = self.of_misspelled_section(name, strictness) {
            return Ok(data);
        }
        Err(self.unknown_pipeline_value(path, name, scope))
    }

    /// Says what was probably meant by a value that no pipeline has.
    fn unknown_pipeline_value(&self, path: &str, name: &str, scope: &Scope) -> LookupError {
        let parameter = name.strip_prefix("parameters.");
        let message = match parameter {
            Some(parameter) => format!("pipeline parameter `{parameter}` is not declared"),
            None => format!("referred to a variable `{path}` that does not exist"),
        };
        let of_element = parameter.and_then(|name| of_element(name, scope));
        if let Some(help) = of_element {
            return LookupError::new(codes::UNKNOWN_PIPELINE_VALUE, message, Some(help));
        }
        let known =
            self.values.keys().map(String::as_str).chain(pipeline_values::KNOWN.iter().copied());
        let last = name.rsplit('.').next().unwrap_or(name);
        let parameter = self.parameter_of_pipeline(last).map(|near| (near, near == last));
        let other = pipeline_values::other_name(name);
        let near = other.or_else(|| nearest(name, known)).map(str::to_owned);
        // `pipeline.target` means the parameter; `pipeline.git.brnch` not one that is called `branch`.
        let help = match parameter {
            Some((exact, true)) => Some(format!("parameters.{exact}")),
            Some((other, false)) => near.or_else(|| Some(format!("parameters.{other}"))),
            None => near,
        };
        let help = help.map(|near| Help::did_you_mean(&format!("pipeline.{near}")));
        LookupError::new(codes::UNKNOWN_PIPELINE_VALUE, message, help)
    }

    /// Looks up a parameter of the pipeline in the section that is misspelled, and notes that it was.
    fn of_misspelled_section(&self, name: &str, strictness: Strictness) -> Option<Data> {
        let section = self.misspelled.as_ref()?;
        let is_one = section.declared.contains(name.strip_prefix("parameters.")?);
        if !is_one || strictness == Strictness::Lenient {
            return None;
        }
        section.is_missed.set(true);
        Some(Data::Unknown)
    }

    /// Says what was probably meant by a variable with an unknown prefix.
    fn unknown_variable(&self, path: &str, scope: &Scope) -> LookupError {
        let first = path.split('.').next().unwrap_or(path);
        let short = matches!(first, "params" | "param" | "args" | "inputs");
        let near = if short {
            Some("parameters")
        } else {
            nearest(first, ["parameters", "pipeline", "matrix"])
        };
        let help = match (near, self.is_pipeline_value(path)) {
            _ if !path.contains('.') => self
                .bare_name(path, scope)
                .or_else(|| foreign_tags::meant(path))
                .unwrap_or_else(|| ESCAPE_HELP.into()),
            (Some(near), _) => Help::did_you_mean(&format!("{near}{}", &path[first.len()..])),
            (None, true) => Help::did_you_mean(&format!("pipeline.{path}")),
            (None, false) => foreign_tags::meant(path).unwrap_or_else(|| ESCAPE_HELP.into()),
        };
        let message = format!("unknown variable `{}`", shorten(path));
        LookupError::new(codes::BAD_TEMPLATE, message, Some(help))
    }

    fn is_pipeline_value(&self, name: &str) -> bool {
        self.values.contains_key(name) || pipeline_values::is_known(name)
    }

    /// Says how the pipeline's parameter of a name is written, if there is one.
    fn of_pipeline(&self, name: &str, scope: &Scope) -> Option<Help> {
        let path = format!("parameters.{name}");
        let is_one = !scope.module.is_orb() && self.values.contains_key(path.as_str());
        is_one.then(|| {
            format!("it is a parameter of the pipeline: write `<< pipeline.{path} >>`").into()
        })
    }

    /// Suggests the pipeline's parameter whose name is nearly this one.
    fn near_of_pipeline(&self, name: &str, scope: &Scope) -> Option<Help> {
        let near = self.parameter_of_pipeline(name).filter(|_| !scope.module.is_orb())?;
        Some(Help::did_you_mean(&format!("pipeline.parameters.{near}")))
    }

    /// Finds the pipeline's parameter of a name, or of nearly that name.
    fn parameter_of_pipeline(&self, name: &str) -> Option<&str> {
        let names = || self.values.keys().filter_map(|path| path.strip_prefix("parameters."));
        names().find(|known| *known == name).or_else(|| nearest(name, names()))
    }

    /// Suggests the parameter that a tag without any prefix names.
    pub(super) fn without_prefix(&self, name: &str, scope: &Scope) -> Option<Help> {
        let own = scope.parameters.as_ref().is_some_and(|bindings| bindings.contains_key(name));
        let of_pipeline = !scope.module.is_orb()
            && self.values.contains_key(format!("parameters.{name}").as_str());
        match (own, of_pipeline) {
            (true, _) => Some(Help::did_you_mean(&format!("parameters.{name}"))),
            (false, true) => Some(Help::did_you_mean(&format!("pipeline.parameters.{name}"))),
            (false, false) => None,
        }
    }

    /// Suggests the parameter or the pipeline value that a name without any prefix is.
    fn bare_name(&self, name: &str, scope: &Scope) -> Option<Help> {
        let of_pipeline = || {
            let mut paths = [name.to_owned(), format!("git.{name}")].into_iter();
            let path = paths.find(|path| self.is_pipeline_value(path))?;
            Some(Help::did_you_mean(&format!("pipeline.{path}")))
        };
        self.without_prefix(name, scope).or_else(of_pipeline)
    }
}

/// Finds a value of the matrix of a job's entry (CFG §4.6).
fn of_matrix(name: &str, scope: &Scope) -> Result<Data, LookupError> {
    let found = scope.matrix.as_ref().and_then(|matrix| matrix.get(name));
    found.map(|value| value.data.clone()).ok_or_else(|| {
        let help = match &scope.matrix {
            Some(matrix) => did_you_mean(name, matrix.keys().map(String::as_str)),
            None => Some(
                "`matrix.` only exists in an entry with `matrix:`; inside the job, use \
                 `parameters.`"
                    .into(),
            ),
        };
        let message = format!("unknown matrix parameter `{name}`");
        LookupError::new(codes::UNKNOWN_MATRIX_VALUE, message, help)
    })
}

/// Suggests the value of the matrix for a parameter that only the job has.
fn of_own_matrix(name: &str, scope: &Scope) -> Option<Help> {
    let is_one = scope.matrix.as_ref().is_some_and(|matrix| matrix.contains_key(name));
    is_one.then(|| Help::did_you_mean(&format!("matrix.{name}")))
}

/// Suggests the parameter of the job or the command, or the matrix's, that a name is.
fn of_element(name: &str, scope: &Scope) -> Option<Help> {
    let own = scope.parameters.as_ref().is_some_and(|bindings| bindings.contains_key(name));
    let own = own.then(|| Help::did_you_mean(&format!("parameters.{name}")));
    own.or_else(|| of_own_matrix(name, scope))
}
