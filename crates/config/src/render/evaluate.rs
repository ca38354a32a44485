//! Renders nodes: template tags become values (CFG §4.3, §4.4).

use std::rc::Rc;

use crate::{
    codes,
    language::{
        data::{Data, Field, Scope, Trail, Value, executor_name},
        expression::{self, error::LookupError},
        pipeline_values,
        template::{self, Malformation, Malformed, Piece, Tag},
    },
    read::yaml::{self, At, View, scalar},
    render::{Renderer, budget::Resource},
    suggest::{did_you_mean, list, nearest},
    text::{
        help::Help,
        place::{Place, Span},
        problem::Problem,
    },
};

impl Renderer<'_> {
    /// Renders a node and everything below it.
    pub(crate) fn evaluate(&mut self, at: At, scope: &Rc<Scope>) -> Value {
        let doc = self.doc;
        let place = doc.place(at);
        if !self.afford(Resource::Nodes, 1, place) {
            return Value::unknown(place);
        }
        let data = match doc.view(at) {
            View::Broken => Data::Unknown,
            View::Scalar(text, style) if self.is_tracing() => {
                return self.traced_scalar(text, style, place, scope);
            }
            View::Scalar(text, style) => match scalar::resolve(text, style) {
                scalar::Scalar::Null => Data::Null,
                scalar::Scalar::Bool(value) => Data::Bool(value),
                scalar::Scalar::Int(value) => Data::Int(value),
                scalar::Scalar::Float(value) => Data::float(value, text),
                scalar::Scalar::Text(text) => self.render(text, place, scope),
            },
            View::Seq(items) => {
                let items = items.iter().map(|item| self.evaluate(item, scope)).collect();
                Data::List(Rc::new(items))
            }
            View::Map(entries) => {
                let mut fields = Vec::with_capacity(entries.len());
                for entry in entries.iter() {
                    let value = match entry.name {
                        "environment" => self.evaluate_environment(entry.value, scope),
                        _ => self.evaluate(entry.value, scope),
                    };
                    fields.push(Field { name: Rc::from(entry.name), key: entry.key, value });
                }
                Data::Map(Rc::new(fields))
            }
        };
        Value::new(data, place)
    }

    /// Renders variables: the only mappings in whose keys tags are rendered (CFG §4.4.1).
    pub(crate) fn evaluate_environment(&mut self, at: At, scope: &Rc<Scope>) -> Value {
        let place = self.doc.place(at);
        let data = match self.doc.view(at) {
            View::Map(entries) if self.afford(Resource::Nodes, 1, place) => {
                let mut fields = Vec::with_capacity(entries.len());
                for entry in entries.iter() {
                    let name = self.render(entry.name, entry.key, scope).scalar_text();
                    let value = self.evaluate(entry.value, scope);
                    fields.extend(name.map(|name| Field { name, key: entry.key, value }));
                }
                Data::Map(Rc::new(fields))
            }
            View::Seq(items) => Data::List(Rc::new(
                items.iter().map(|item| self.evaluate_environment(item, scope)).collect(),
            )),
            View::Map(_) | View::Scalar(..) | View::Broken => return self.evaluate(at, scope),
        };
        Value::new(data, place)
    }

    /// Renders a scalar and notes what was put into it.
    fn traced_scalar(
        &mut self,
        text: &str,
        style: yaml::Style,
        place: Place,
        scope: &Rc<Scope>,
    ) -> Value {
        let outer = std::mem::take(&mut self.trails);
        let data = match scalar::resolve(text, style) {
            scalar::Scalar::Null => Data::Null,
            scalar::Scalar::Bool(value) => Data::Bool(value),
            scalar::Scalar::Int(value) => Data::Int(value),
            scalar::Scalar::Float(value) => Data::float(value, text),
            scalar::Scalar::Text(text) => self.render(text, place, scope),
        };
        let from = std::mem::replace(&mut self.trails, outer);
        let trail = (!from.is_empty()).then(|| {
            let what = format!("written in {}", scope.owner);
            Rc::new(Trail { what, place, from })
        });
        Value { data, place, trail }
    }

    /// Renders a string. What comes in through a tag is not read again.
    pub(crate) fn render(&mut self, text: &str, place: Place, scope: &Rc<Scope>) -> Data {
        if !self.afford(Resource::Bytes, text.len(), place) {
            return Data::Unknown;
        }
        if !self.templates || !text.contains("<<") {
            return Data::text(text);
        }
        let pieces = match template::parse(text) {
            Ok(pieces) => pieces,
            Err(malformed) => {
                let problem = self.malformed(malformed, place);
                self.report.add(problem);
                return Data::Unknown;
            }
        };
        if let Some(tag) = template::sole_tag(&pieces) {
            let data = self.tag(tag, place, scope);
            let copied = if let Data::Text(text) = &data { text.len() } else { 0 };
            return if self.afford(Resource::Bytes, copied, place) { data } else { Data::Unknown };
        }
        let mut rendered = String::new();
        if self.pieces(&pieces, place, scope, &mut rendered) {
            Data::Text(rendered.into())
        } else {
            Data::Unknown
        }
    }

    fn pieces(
        &mut self,
        pieces: &[Piece<'_>],
        place: Place,
        scope: &Rc<Scope>,
        into: &mut String,
    ) -> bool {
        let mut known = true;
        for piece in pieces {
            if self.report.is_full() {
                return false;
            }
            match piece {
                Piece::Literal(text) => into.push_str(text),
                Piece::Tag(tag) => {
                    let data = self.tag(tag, place, scope);
                    let text = self.as_text(&data, tag, place);
                    match text {
                        Some(text) if self.afford(Resource::Bytes, text.len(), place) => {
                            into.push_str(&text);
                        }
                        _ => known = false,
                    }
                }
                Piece::Section { tag, inverted, pieces } => {
                    let data = self.tag(tag, place, scope);
                    if matches!(data, Data::Unknown) {
                        known = false;
                    } else if data.is_truthy() != *inverted {
                        known &= self.pieces(pieces, place, scope, into);
                    }
                }
            }
        }
        known
    }

    fn as_text(&mut self, data: &Data, tag: &Tag<'_>, place: Place) -> Option<Rc<str>> {
        let text = executor_name(data).or_else(|| data.scalar_text());
        if text.is_none() && !matches!(data, Data::Unknown) {
            let name = data.type_name();
            let message =
                format!("`{}` has type {name} and cannot be used inside a string", tag.inner);
            let problem =
                Problem::error(codes::COLLECTION_IN_TEXT, self.tag_place(place, tag), message);
            let problem = match data {
                Data::Steps(_) => problem.help(format!("use `- steps: << {} >>`", tag.inner)),
                _ => problem,
            };
            self.report.add(problem);
        }
        text
    }

    /// Finds the value of a tag.
    fn tag(&mut self, tag: &Tag<'_>, place: Place, scope: &Rc<Scope>) -> Data {
        if self.is_tracing() {
            self.leave_trail(tag, place, scope);
        }
        if is_path(tag.inner) {
            return self.lookup(tag.inner, scope).unwrap_or_else(|error| {
                let place = self.tag_place(place, tag);
                let problem = Problem::error(error.code, place, error.message);
                self.report.add(problem.maybe_help(error.help));
                Data::Unknown
            });
        }
        if !tag.inner.contains('.') || tag.inner.starts_with("include(") {
            let scalar = place;
            let place = self.tag_place(place, tag);
            let message = format!("`{}` is not a valid template tag", shorten(tag.inner));
            let help = if tag.inner.starts_with("include(") {
                Some(
                    "`include` only works in packed files: run `roundel config pack` first"
                        .to_owned(),
                )
            } else {
                self.shell_help(scalar, tag.opening).or_else(|| Some(ESCAPE_HELP.to_owned()))
            };
            let meant = self.without_prefix(tag.inner, scope);
            let problem = Problem::error(codes::BAD_TEMPLATE, place, message);
            self.report.add(problem.maybe_help(help).maybe_help(meant));
            return Data::Unknown;
        }
        let profile = self.profile;
        let assessed = expression::assess(tag.inner, profile, &mut |name| self.lookup(name, scope));
        for warning in assessed.warnings {
            let place = self.within(place, tag.inner, &warning.span);
            let problem = Problem::warning(warning.code, place, warning.message);
            self.report.add(problem.maybe_help(warning.help));
        }
        assessed.result.unwrap_or_else(|error| {
            // The `>>` that ends it belongs to something else.
            let malformed = Malformed { kind: Malformation::Unclosed, opening: tag.opening };
            let runs_on = error.is_syntax && template::runs_on(tag.inner);
            if runs_on && let Some(problem) = self.unclosed(malformed, place) {
                self.report.add(problem);
                return Data::Unknown;
            }
            // Shell text between a here-document and a later `>>` looks like one large tag.
            let shell = error.is_syntax.then(|| self.shell_help(place, tag.opening)).flatten();
            let is_shell = shell.is_some() || error.is_syntax && tag.inner.contains('\n');
            let (code, place) = if is_shell {
                (codes::BAD_TEMPLATE, self.tag_place(place, tag))
            } else {
                (error.code, self.within(place, tag.inner, &error.span))
            };
            let help = match shell {
                Some(help) => Some(help.into()),
                None if is_shell => Some(ESCAPE_HELP.into()),
                None => error.help.or_else(|| error.is_syntax.then(|| ESCAPE_HELP.into())),
            };
            let message = format!("{} in `{}`", error.message, shorten(tag.inner));
            self.report.add(Problem::error(code, place, message).maybe_help(help));
            Data::Unknown
        })
    }

    /// Says what shell text a `<<` of a scalar begins, if it does.
    fn shell_help(&self, place: Place, opening: usize) -> Option<String> {
        template::not_a_tag(self.doc.written(place), opening)
    }

    /// Finds a value by its full path (CFG §4.3).
    pub(crate) fn lookup(&self, path: &str, scope: &Scope) -> Result<Data, LookupError> {
        if let Some(name) = path.strip_prefix("parameters.") {
            let of_pipeline = || self.of_pipeline(name, scope);
            let Some(bindings) = &scope.parameters else {
                let message = format!("{} has no parameters", scope.owner);
                let near = of_pipeline().or_else(|| self.near_of_pipeline(name, scope));
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
        if let Some(data) = self.pipeline.get(name) {
            return Ok(data.clone());
        }
        if pipeline_values::is_known(name) {
            return Ok(if pipeline_values::is_boolean(name) {
                Data::Bool(false)
            } else {
                Data::Null
            });
        }
        if let Some(data) = self.of_misspelled_section(name) {
            return Ok(data);
        }
        let message = format!("referred to a variable `{path}` that does not exist");
        let known =
            self.pipeline.keys().map(String::as_str).chain(pipeline_values::KNOWN.iter().copied());
        let last = name.rsplit('.').next().unwrap_or(name);
        let parameter = self.parameter_of_pipeline(last).map(|near| (near, near == last));
        let near = nearest(name, known).map(str::to_owned);
        // `pipeline.target` means the parameter; `pipeline.git.brnch` not one that is called `branch`.
        let help = match parameter {
            Some((exact, true)) => Some(format!("parameters.{exact}")),
            Some((other, false)) => near.or_else(|| Some(format!("parameters.{other}"))),
            None => near,
        };
        let help = help.map(|near| Help::did_you_mean(&format!("pipeline.{near}")));
        Err(LookupError::new(codes::UNKNOWN_PIPELINE_VALUE, message, help))
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
            _ if !path.contains('.') => {
                self.bare_name(path, scope).unwrap_or_else(|| ESCAPE_HELP.into())
            }
            (Some(near), _) => Help::did_you_mean(&format!("{near}{}", &path[first.len()..])),
            (None, true) => Help::did_you_mean(&format!("pipeline.{path}")),
            (None, false) => ESCAPE_HELP.into(),
        };
        let message = format!("unknown variable `{}`", shorten(path));
        LookupError::new(codes::BAD_TEMPLATE, message, Some(help))
    }

    fn is_pipeline_value(&self, name: &str) -> bool {
        self.pipeline.contains_key(name) || pipeline_values::is_known(name)
    }

    /// Says how the pipeline's parameter of a name is written, if there is one.
    fn of_pipeline(&self, name: &str, scope: &Scope) -> Option<Help> {
        let path = format!("parameters.{name}");
        let is_one = !scope.module.is_orb() && self.pipeline.contains_key(path.as_str());
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
        let names = || self.pipeline.keys().filter_map(|path| path.strip_prefix("parameters."));
        names().find(|known| *known == name).or_else(|| nearest(name, names()))
    }

    /// Suggests the parameter that a tag without any prefix names.
    fn without_prefix(&self, name: &str, scope: &Scope) -> Option<Help> {
        let own = scope.parameters.as_ref().is_some_and(|bindings| bindings.contains_key(name));
        let of_pipeline = !scope.module.is_orb()
            && self.pipeline.contains_key(format!("parameters.{name}").as_str());
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

    /// Notes where the values of a tag come from.
    fn leave_trail(&mut self, tag: &Tag<'_>, place: Place, scope: &Rc<Scope>) {
        let place = self.tag_place(place, tag);
        let inner = tag.inner;
        let bound = |name: &str| {
            let (kind, name) = name.split_once('.')?;
            match kind {
                "parameters" => scope.parameters.as_ref()?.get(name),
                "matrix" => scope.matrix.as_ref()?.get(name),
                _ => None,
            }
        };
        let words = inner.split(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)));
        let mut from = Vec::new();
        for word in words.filter(|word| word.contains('.')) {
            if let Some(value) = bound(word) {
                let own = || {
                    let what = format!("the value of `{word}`");
                    Rc::new(Trail { what, place: value.place, from: Vec::new() })
                };
                from.push(value.trail.clone().unwrap_or_else(own));
            } else if let Ok(data) = self.lookup(word, scope)
                && word.starts_with("pipeline.")
            {
                let value = Value::new(data, place).describe();
                let what = format!("`{word}` of this pipeline is {value}");
                from.push(Rc::new(Trail { what, place, from: Vec::new() }));
            }
        }
        let what = format!("the tag `<< {} >>`", shorten(inner));
        self.trails.push(Rc::new(Trail { what, place, from }));
    }

    fn malformed(&self, malformed: Malformed, place: Place) -> Problem {
        let help = self.shell_help(place, malformed.opening);
        let scalar = place;
        let place = self.opening_place(place, malformed.opening);
        if help.is_none()
            && let Some(problem) = self.unclosed(malformed, scalar)
        {
            return problem;
        }
        let message = match malformed.kind {
            Malformation::Unclosed => {
                "unclosed `<<` tag (`<<` must be escaped as `\\<<` in config v2.1+)"
            }
            Malformation::Empty => "this tag is empty",
            Malformation::Section => "this section tag does not match its counterpart",
            Malformation::TooDeep => "sections are nested too deeply",
        };
        Problem::error(codes::BAD_TEMPLATE, place, message).help(ESCAPE_HELP).maybe_help(help)
    }

    /// A tag that names a value, and so was hardly meant as shell text, but is not closed.
    fn unclosed(&self, malformed: Malformed, scalar: Place) -> Option<Problem> {
        let from = self.opening_place(scalar, malformed.opening);
        let source = self.doc.file(from.file).text.get(from.span.start()..scalar.span.end())?;
        let tag = template::head(source)?;
        let span = Span::new(from.span.start(), from.span.start() + tag.length);
        let place = from.with_span(span);
        let name = tag.name;
        let (message, help) = match (malformed.kind, tag.mark) {
            (Malformation::Unclosed, "/") => {
                ("this tag is not closed", format!("write `<</ {name} >>`"))
            }
            (Malformation::Unclosed, mark) => {
                ("this tag is not closed", format!("write `<<{mark} {name} >>`"))
            }
            (Malformation::Section, "/") => (
                "this section tag does not match its counterpart",
                format!("a section begins with `<<# {name} >>`, or with `<<^ {name} >>`"),
            ),
            (Malformation::Section, _) => {
                ("this section is not closed", format!("after its text, write `<</ {name} >>`"))
            }
            (Malformation::Empty | Malformation::TooDeep, _) => return None,
        };
        Some(Problem::error(codes::BAD_TEMPLATE, place, message).help(help))
    }

    /// Finds the text of a tag in the source, through quotes and indentation.
    fn tag_place(&self, place: Place, tag: &Tag<'_>) -> Place {
        self.opening_place(place, tag.opening)
    }

    /// Finds the n-th `<<` of a scalar in the source: styles change spaces, but never these.
    fn opening_place(&self, place: Place, opening: usize) -> Place {
        const UNDERLINED: usize = 120;
        let span = place.span;
        let text = &self.doc.file(place.file).text;
        let source = text.get(span.start()..span.end()).unwrap_or("");
        let Some((at, _)) = source.match_indices("<<").nth(opening) else { return place };
        let rest = &source[at..];
        let line = rest.lines().next().unwrap_or(rest);
        let end = line.find(">>").map_or(line.len(), |end| end + 2).min(UNDERLINED);
        place.with_span(Span::new(span.start() + at, span.start() + at + end))
    }
}

const ESCAPE_HELP: &str = "in version 2.1, escape a literal `<<`, for example of a \
                           here-document, as `\\<<`";

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

/// A plain lookup by full path, whatever characters the name has (CFG §4.4.6).
fn is_path(inner: &str) -> bool {
    let known =
        ["parameters.", "pipeline.", "matrix."].iter().any(|start| inner.starts_with(start));
    known && !inner.contains(|c: char| c.is_whitespace() || "\"'()=!<>".contains(c))
}

fn shorten(text: &str) -> String {
    const SHOWN: usize = 60;
    let line = text.lines().next().unwrap_or("");
    let short: String = line.chars().take(SHOWN).collect();
    if short.len() < text.len() { format!("{short} …") } else { short }
}
