//! Matrices (CFG §5.6).

use std::rc::Rc;

use roundel_model::limits;

use crate::{
    codes,
    language::{
        data::{Bindings, Data, Scope, Value},
        definition::{Definition, Kind},
        keys::Known,
    },
    read::yaml::{Entry, View},
    render::{Renderer, budget::Resource, fields::with_unknown},
    text::{place::Place, problem::Problem, suggest::nearest},
};

const MATRIX: Known<'static> = Known {
    what: "matrix",
    keys: &["parameters", "exclude", "alias"],
    code: codes::BAD_MATRIX,
    advice: matrix_key_advice,
    tolerant: false,
};

/// A word of GitHub Actions, which is nearly `exclude` and says the opposite.
fn matrix_key_advice(key: &str) -> Option<&'static str> {
    (key == "include").then_some(
        "a matrix has no `include`: add the value to the list of its parameter, or write another entry \
         of the job",
    )
}

/// Parameters of one matrix. People use three.
const PARAMETERS: usize = 50;

/// A matrix, multiplied out.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    /// The name for all of its jobs in `requires`, if one is given.
    pub(crate) alias: Option<String>,
    /// The values of each job, by alphabetical order of the parameters, the first varying slowest.
    pub(crate) combinations: Vec<Rc<Bindings>>,
    /// The parameters and where they are.
    pub(crate) parameters: Vec<(String, Place)>,
}

/// A parameter of a matrix with its values.
struct Axis {
    name: String,
    key: Place,
    values: Vec<Value>,
}

/// Reads matrices, and multiplies them out.
pub(super) struct MatrixReader<'c, 'd> {
    render: &'c mut Renderer<'d>,
}

impl<'c, 'd> MatrixReader<'c, 'd> {
    pub(super) fn new(render: &'c mut Renderer<'d>) -> Self {
        Self { render }
    }

    /// Reads a matrix; `None` if it cannot be multiplied out, which was reported.
    /// `help` says how one is written ([`matrix_help`]).
    pub(crate) fn matrix(
        &mut self,
        entry: &Entry<'_>,
        help: &str,
        scope: &Rc<Scope>,
    ) -> Option<Matrix> {
        let View::Map(entries) = self.render.doc().view(entry.value) else {
            let message = "a matrix must be a mapping with `parameters`";
            return self.bad_matrix(entry.key, message, help);
        };
        let keys = || entries.iter().map(|entry| (entry.name, entry.key));
        let get = |name: &str| entries.get(name);
        let is_near = |(name, _)| nearest(name, MATRIX.keys.iter().copied()).is_some();
        if get("parameters").is_none() && !keys().any(is_near) {
            let problem =
                Problem::error(codes::BAD_MATRIX, entry.key, "a matrix needs `parameters`");
            let written = self.render.doc().written(self.render.doc().place(entry.value));
            let has_only_parameters = keys().all(|(name, _)| !MATRIX.keys.contains(&name));
            let is_short = written.starts_with('{') && !written.contains('\n');
            let help = if has_only_parameters && is_short && !entries.is_empty() {
                format!("write `matrix: {{ parameters: {written} }}`")
            } else {
                help.to_owned()
            };
            self.render.report().add(with_unknown(problem, keys(), MATRIX.keys).help(help));
            return None;
        }
        self.render.check_keys(keys(), MATRIX);
        let Some(parameters) = get("parameters") else {
            if self.render.is_misspelled(keys(), MATRIX, &["parameters"]) {
                return None;
            }
            return self.bad_matrix(entry.key, "a matrix needs `parameters`", help);
        };
        let axes = self.axes(&parameters, help, scope)?;
        let size = axes.iter().try_fold(1usize, |size, axis| size.checked_mul(axis.values.len()));
        if size.is_none_or(|size| size > limits::JOBS_PER_PIPELINE) {
            let message =
                format!("the matrix expands to more than {} jobs", limits::JOBS_PER_PIPELINE);
            self.render.report().add(Problem::error(
                codes::EXPANDS_TOO_FAR,
                parameters.key,
                message,
            ));
            return None;
        }
        let mut combinations = product(&axes);
        if let Some(exclude) = get("exclude") {
            self.exclude(&exclude, scope, &axes, &mut combinations)?;
        }
        if let Some(empty) = axes.iter().find(|axis| axis.values.is_empty()) {
            let message = format!("`{}` has no values: the matrix runs no job", empty.name);
            let problem = Problem::warning(codes::IGNORED, empty.key, message);
            self.render.report().add(problem.help("add a value to the list"));
        } else if combinations.is_empty() {
            let message = "`exclude` removes every combination of the matrix";
            self.render.report().add(Problem::warning(codes::IGNORED, entry.key, message));
        }
        let alias = get("alias").and_then(|alias| {
            let text = self.render.text_field(alias.value, "alias", scope)?;
            self.render.named(text, "alias", self.render.doc().place(alias.value))
        });
        let parameters = axes.into_iter().map(|axis| (axis.name, axis.key)).collect();
        let combinations = combinations.into_iter().map(Rc::new).collect();
        Some(Matrix { alias, combinations, parameters })
    }

    /// Reports `parameters` next to a `matrix` with nothing below it, and returns whether they are.
    pub(crate) fn has_stray_parameters(&mut self, fields: &[Entry<'_>]) -> bool {
        let get = |name: &str| fields.iter().find(|field| field.name == name);
        let (Some(matrix), Some(parameters)) = (get("matrix"), get("parameters")) else {
            return false;
        };
        let doc = self.render.doc();
        let is_stray = doc.is_null(matrix.value) && doc.is_map(parameters.value);
        if is_stray && self.render.has_templates() {
            let message = "`parameters` is next to `matrix`, not inside it";
            let problem = Problem::error(codes::UNKNOWN_PARAMETER, parameters.key, message);
            let problem = problem.related(matrix.key, "the matrix");
            self.render.report().add(problem.help("indent it deeper than `matrix`"));
        }
        is_stray
    }

    fn bad_exclude(&mut self, place: Place, axis: Option<&str>) {
        let axis = axis.unwrap_or("name");
        let message = "`exclude` must be a list of mappings";
        let problem = Problem::error(codes::BAD_MATRIX, place, message);
        self.render.report().add(problem.help(format!("write `exclude: [{{ {axis}: … }}]`")));
    }

    fn bad_matrix(&mut self, place: Place, message: &str, help: &str) -> Option<Matrix> {
        let problem = Problem::error(codes::BAD_MATRIX, place, message);
        self.render.report().add(problem.help(help));
        None
    }

    /// Reads the parameters with their values, by name.
    fn axes(&mut self, parameters: &Entry<'_>, help: &str, scope: &Rc<Scope>) -> Option<Vec<Axis>> {
        let View::Map(entries) = self.render.doc().view(parameters.value) else {
            let message = "`parameters` must be a mapping of names to lists";
            self.bad_matrix(parameters.key, message, help);
            return None;
        };
        let mut axes = Vec::new();
        let mut sound = !entries.is_empty();
        if !sound {
            self.bad_matrix(parameters.key, "a matrix needs at least one parameter", help);
        }
        for entry in entries {
            let value = self.render.evaluate(entry.value, scope);
            match &value.data {
                Data::List(values) => {
                    sound &= values.iter().all(|value| !matches!(value.data, Data::Unknown));
                    axes.push(Axis {
                        name: entry.name.to_owned(),
                        key: entry.key,
                        values: values.to_vec(),
                    });
                }
                Data::Unknown => sound = false,
                _ => {
                    let message = format!("the matrix parameter `{}` is not a list", entry.name);
                    let problem = Problem::error(codes::BAD_MATRIX, value.place, message);
                    self.render.report().add(problem.help("write `[x]` even for a single value"));
                    sound = false;
                }
            }
        }
        if axes.len() > PARAMETERS {
            let message = format!("a matrix can have at most {PARAMETERS} parameters");
            self.render.report().add(Problem::error(
                codes::EXPANDS_TOO_FAR,
                parameters.key,
                message,
            ));
            return None;
        }
        axes.sort_by(|a, b| a.name.cmp(&b.name));
        sound.then_some(axes)
    }

    fn exclude(
        &mut self,
        entry: &Entry<'_>,
        scope: &Rc<Scope>,
        axes: &[Axis],
        combinations: &mut Vec<Bindings>,
    ) -> Option<()> {
        let first = axes.first().map(|axis| axis.name.as_str());
        let View::Seq(items) = self.render.doc().view(entry.value) else {
            self.bad_exclude(entry.key, first);
            return None;
        };
        for item in items.iter() {
            let value = self.render.evaluate(item, scope);
            if !self.render.afford(Resource::Visits, combinations.len(), value.place) {
                return None;
            }
            let fields = match &value.data {
                Data::Map(fields) => fields.clone(),
                Data::Unknown => return None,
                _ => {
                    self.bad_exclude(value.place, first);
                    return None;
                }
            };
            for field in fields.iter() {
                if !axes.iter().any(|axis| *axis.name == *field.name) {
                    let message = format!("`{}` is not a parameter of the matrix", field.name);
                    self.render.report().add(Problem::warning(codes::IGNORED, field.key, message));
                }
            }
            if fields.len() < axes.len() {
                let message = "this entry does not set every matrix parameter; it excludes all \
                               values of the others";
                self.render.report().add(Problem::warning(codes::IGNORED, value.place, message));
            }
            let before = combinations.len();
            combinations.retain(|combination| {
                let same = |field: &crate::language::data::Field| {
                    combination
                        .get(&*field.name)
                        .is_some_and(|value| value.data.equals(&field.value.data))
                };
                !fields.iter().all(same)
            });
            if combinations.len() == before {
                let message = "this entry matches no combination of the matrix";
                self.render.report().add(Problem::warning(codes::IGNORED, value.place, message));
            }
        }
        Some(())
    }
}

/// Examples of the values of a parameter, as a list.
fn values(kind: &Kind) -> String {
    match kind {
        Kind::String | Kind::Unknown => "[\"1\", \"2\"]".to_owned(),
        Kind::Boolean => "[true, false]".to_owned(),
        Kind::Integer => "[1, 2]".to_owned(),
        Kind::Enum(members) => {
            let members: Vec<_> = members.iter().map(|member| format!("\"{member}\"")).collect();
            format!("[{}]", members.join(", "))
        }
        Kind::EnvVarName => "[ONE, TWO]".to_owned(),
        // Which ones there are is for people to choose.
        Kind::Executor | Kind::Steps => "[…]".to_owned(),
    }
}

/// Returns every combination of the values of all parameters.
fn product(axes: &[Axis]) -> Vec<Bindings> {
    let mut combinations = vec![Bindings::new()];
    for Axis { name, values, .. } in axes {
        combinations = combinations
            .iter()
            .flat_map(|combination| {
                values.iter().map(move |value| {
                    let mut longer = combination.clone();
                    longer.insert(name.clone(), value.clone());
                    longer
                })
            })
            .collect();
    }
    combinations
}

/// Shows a matrix that a job takes: with the parameters that its entry must give and does not,
/// else with one that it may give.
pub(crate) fn matrix_help(job: Option<&Definition>, given: &[Entry<'_>]) -> String {
    let Some(job) = job else {
        return "write `matrix: { parameters: { version: [\"1\", \"2\"] } }`".to_owned();
    };
    let open = || {
        let is_given = |name: &str| given.iter().any(|entry| entry.name == name);
        job.parameters.iter().filter(move |(name, _)| !is_given(name))
    };
    let mut axes: Vec<_> = open().filter(|(_, of)| of.default.is_none()).collect();
    if axes.is_empty() {
        axes.extend(open().next());
    }
    if axes.is_empty() {
        return "remove the matrix: no parameter of the job is left for it".to_owned();
    }
    let axes: Vec<_> =
        axes.iter().map(|(name, of)| format!("{name}: {}", values(&of.kind))).collect();
    format!("write `matrix: {{ parameters: {{ {} }} }}`", axes.join(", "))
}

/// Names an element of a matrix after its values (CFG §5.6).
pub(crate) fn generated_name(job: &str, combination: &Bindings) -> String {
    let mut name = job.to_owned();
    for value in combination.values() {
        let text =
            crate::language::data::executor_name(&value.data).or_else(|| value.data.scalar_text());
        name.push('-');
        name.push_str(&text.unwrap_or_default());
    }
    name
}
