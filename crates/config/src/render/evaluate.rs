//! Renders nodes: template tags become values (CFG §4.3, §4.4).

use std::rc::Rc;

use crate::{
    codes,
    language::{
        data::{Data, Field, Scope, Trail, Value, executor_name},
        expression::{self, error::LookupError},
        template::{self, Malformation, Malformed, Piece, Tag},
    },
    read::yaml::{self, At, View, scalar},
    render::{
        Renderer,
        budget::Resource,
        foreign_tags,
        tags::{self, ESCAPE_HELP, shell_help, shorten, tag_place, unclosed},
    },
    text::{place::Place, problem::Problem},
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
                let problem = tags::malformed(self.doc, malformed, place);
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
                Problem::error(codes::COLLECTION_IN_TEXT, tag_place(self.doc, place, tag), message);
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
                let place = tag_place(self.doc, place, tag);
                let problem = Problem::error(error.code, place, error.message);
                self.report.add(problem.maybe_help(error.help));
                Data::Unknown
            });
        }
        if !tag.inner.contains('.') || tag.inner.starts_with("include(") {
            let scalar = place;
            let place = tag_place(self.doc, place, tag);
            let message = format!("`{}` is not a valid template tag", shorten(tag.inner));
            let help = if tag.inner.starts_with("include(") {
                Some(
                    "`include` only works in packed files: run `roundel config pack` first"
                        .to_owned(),
                )
            } else {
                shell_help(self.doc, scalar, tag.opening).or_else(|| Some(ESCAPE_HELP.to_owned()))
            };
            let meant = self
                .variables
                .without_prefix(tag.inner, scope)
                .or_else(|| foreign_tags::meant(tag.inner));
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
            if runs_on && let Some(problem) = unclosed(self.doc, malformed, place) {
                self.report.add(problem);
                return Data::Unknown;
            }
            // Shell text between a here-document and a later `>>` looks like one large tag.
            let shell = error.is_syntax.then(|| shell_help(self.doc, place, tag.opening)).flatten();
            let is_shell = shell.is_some() || error.is_syntax && tag.inner.contains('\n');
            let (code, place) = if is_shell {
                (codes::BAD_TEMPLATE, tag_place(self.doc, place, tag))
            } else {
                (error.code, self.within(place, tag.inner, &error.span))
            };
            let help = match shell {
                Some(help) => Some(help.into()),
                None if is_shell => Some(ESCAPE_HELP.into()),
                None => error.help.or_else(|| {
                    let meant =
                        || foreign_tags::meant(tag.inner).unwrap_or_else(|| ESCAPE_HELP.into());
                    error.is_syntax.then(meant)
                }),
            };
            let named = format!("`{}`", shorten(tag.inner.trim()));
            let message = if error.message.contains(&named) {
                error.message
            } else {
                format!("{} in {named}", error.message)
            };
            self.report.add(Problem::error(code, place, message).maybe_help(help));
            Data::Unknown
        })
    }

    /// Finds a value by its full path (CFG §4.3).
    pub(crate) fn lookup(&self, path: &str, scope: &Scope) -> Result<Data, LookupError> {
        self.variables.lookup(path, scope, self.report.strictness())
    }

    /// Notes where the values of a tag come from.
    fn leave_trail(&mut self, tag: &Tag<'_>, place: Place, scope: &Rc<Scope>) {
        let place = tag_place(self.doc, place, tag);
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
}

/// A plain lookup by full path, whatever characters the name has (CFG §4.4.6).
fn is_path(inner: &str) -> bool {
    let known =
        ["parameters.", "pipeline.", "matrix."].iter().any(|start| inner.starts_with(start));
    known && !inner.contains(|c: char| c.is_whitespace() || "\"'()=!<>".contains(c))
}
