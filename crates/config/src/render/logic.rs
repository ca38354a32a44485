//! Logic statements: `and`, `or`, `not`, `equal`, `matches` (CFG §6.1).
//!
//! Everything is rendered, so that a mistake in an operand that does not matter today is reported today:
//! as a warning, for the pipeline runs without it.

use std::rc::Rc;

use crate::{
    codes,
    language::{
        data::{Data, Field, Scope, Value},
        expression,
        junction::Junction,
        pattern::slashes::{self, Written},
        profile::Profile,
        template::{self, Piece},
    },
    read::{
        curly_braces::is_name_of_value,
        report::Strictness,
        yaml::{At, Entry, View},
    },
    render::{Renderer, fields::Expected},
    text::{
        help::Help,
        place::FileId,
        problem::Problem,
        suggest::{did_you_mean, list},
    },
};

/// Levels of statements within each other (CFG §1.5).
const DEPTH: usize = 100;

/// Says what belongs after a key that lacks its condition.
pub(crate) const CONDITION_HELP: &str =
    "write a condition after it, such as `equal: [main, << pipeline.git.branch >>]`";

/// The operators of logic statements.
pub(crate) const OPERATORS: &[&str] = &["and", "or", "not", "equal", "matches"];

/// Renders and decides logic statements.
pub(crate) struct Statements<'c, 'd> {
    render: &'c mut Renderer<'d>,
}

impl<'c, 'd> Statements<'c, 'd> {
    pub(crate) fn new(render: &'c mut Renderer<'d>) -> Self {
        Self { render }
    }

    /// Renders a statement for [`Self::decide`]. Tags in operands after the one that decides do not
    /// matter today (CFG §6.1).
    pub(crate) fn statement(&mut self, at: At, scope: &Rc<Scope>) -> Value {
        self.statement_within(at, scope, 0).0
    }

    /// Returns a statement, and whether it holds if that is known. Within another one, an operand is
    /// decided where it is rendered: once, however deep it is.
    fn statement_within(
        &mut self,
        at: At,
        scope: &Rc<Scope>,
        depth: usize,
    ) -> (Value, Option<bool>) {
        let View::Map(entries) = self.render.doc().view(at) else {
            self.warn_of_mixed(at);
            return self.operand(at, scope, depth);
        };
        let entry = entries.first().filter(|_| entries.len() == 1 && depth < DEPTH);
        let Some(Entry { name, key, value }) = entry else { return self.operand(at, scope, depth) };
        let place = self.render.doc().place(at);
        let (inner, decided) = match (name, self.render.doc().view(value)) {
            ("and" | "or", View::Seq(items)) => {
                let junction = if name == "or" { Junction::Any } else { Junction::All };
                let before = self.render.found().strictness();
                let (mut operands, mut decided) = (Vec::new(), Some(!junction.deciding()));
                for item in items.iter() {
                    let (operand, holds) = self.statement_within(item, scope, depth + 1);
                    if holds == Some(junction.deciding()) {
                        self.render.report().set_strictness(Strictness::Lenient);
                        decided = holds;
                    } else if decided != Some(junction.deciding()) && holds.is_none() {
                        decided = None;
                    }
                    operands.push(operand);
                }
                self.render.report().set_strictness(before);
                (Value::new(Data::List(Rc::new(operands)), self.render.doc().place(value)), decided)
            }
            ("not", View::Map(_) | View::Scalar(..)) => {
                let (operand, holds) = self.statement_within(value, scope, depth + 1);
                (operand, holds.map(|holds| !holds))
            }
            _ => return self.operand(at, scope, depth),
        };
        let field = Field { name: Rc::from(name), key, value: inner };
        (Value::new(Data::Map(Rc::new(vec![field])), place), decided)
    }

    /// Renders what has no statements in it. What is wrong with it is reported once, here or when all of
    /// the statement is decided.
    fn operand(&mut self, at: At, scope: &Rc<Scope>, depth: usize) -> (Value, Option<bool>) {
        let value = self.render.evaluate(at, scope);
        let decided = if depth > 0 { self.decide(&value, depth) } else { None };
        (value, decided)
    }

    /// Reports text next to tags where a statement is: whatever the values of the tags are, it is a string that is
    /// not empty (W-08). The profile `next` refuses it.
    fn warn_of_mixed(&mut self, at: At) {
        let View::Scalar(text, _) = self.render.doc().view(at) else { return };
        if !self.render.has_templates() {
            return;
        }
        let Ok(pieces) = template::parse(text) else { return };
        let is_text = |piece: &Piece<'_>| matches!(piece, Piece::Literal(text) if !text.is_empty());
        let is_tag = |piece: &Piece<'_>| matches!(piece, Piece::Tag(_));
        if template::sole_tag(&pieces).is_some()
            || !pieces.iter().any(is_text)
            || !pieces.iter().any(is_tag)
        {
            return;
        }
        let place = self.render.doc().place(at);
        // What is in an orb from elsewhere, its user cannot change.
        let is_refused = self.render.profile() == Profile::Next && place.file == FileId::CONFIG;
        let make = if is_refused { Problem::error } else { Problem::warning };
        let message =
            "this condition mixes text and tags: it is a string and therefore always true";
        let problem = make(codes::ALWAYS_TRUE, place, message.to_owned());
        self.render.report().add(problem.help(unmixed(text.trim(), &pieces)));
    }

    /// Decides a statement; `None` if it cannot be known, which was reported.
    pub(crate) fn decide(&mut self, statement: &Value, depth: usize) -> Option<bool> {
        let fields = match &statement.data {
            Data::Unknown => return None,
            Data::Map(fields) => fields,
            Data::List(_) => {
                let message = "expected a logic statement, found a list";
                let problem = Problem::error(codes::UNKNOWN_OPERATOR, statement.place, message);
                self.render.report().add(problem.help("wrap it in `and:` or `or:`"));
                return None;
            }
            other => {
                if depth > 0 {
                    self.check_literal_operand(statement);
                }
                return Some(other.is_truthy());
            }
        };
        if depth >= DEPTH {
            let message = format!("logic statements are nested more than {DEPTH} levels deep");
            let problem = Problem::error(codes::LOGIC_TOO_DEEP, statement.place, message);
            self.render
                .report()
                .add(problem.help("flatten them: `and` and `or` take any number of operands"));
            return None;
        }
        let fields = fields.clone();
        match fields.as_slice() {
            [field] => self.operator(field, depth),
            [] => {
                let message = format!(
                    "a logic statement must have exactly one operator: {}",
                    OPERATORS.join(", ")
                );
                self.render.report().add(Problem::error(
                    codes::SEVERAL_OPERATORS,
                    statement.place,
                    message,
                ));
                None
            }
            [first, second, ..] => {
                let help = if &*first.name == "condition" || &*second.name == "condition" {
                    "`condition` and `steps` belong to steps, not to workflows".to_owned()
                } else {
                    unindented(first, &fields[1..])
                        .or_else(|| self.without_brackets(first, &fields[1..]))
                        .unwrap_or_else(|| "wrap both in `and: [ … ]`".to_owned())
                };
                let message = "a logic statement must have exactly one operator";
                let problem = Problem::error(codes::SEVERAL_OPERATORS, second.key, message);
                self.render.report().add(problem.help(help));
                None
            }
        }
    }

    /// Says how an operator is written whose operands became keys next to it, for lack of brackets:
    /// `{equal: a, b}`.
    fn without_brackets(&self, operator: &Field, others: &[Field]) -> Option<String> {
        let is_list = matches!(&operator.value.data, Data::List(_) | Data::Map(_));
        if !matches!(&*operator.name, "and" | "or" | "equal")
            || is_list
            || !others.iter().all(|field| field.value.is_null())
        {
            return None;
        }
        let first = self.render.doc().written(operator.value.place);
        let others = others.iter().map(|field| self.render.doc().written(field.key));
        let operands: Vec<&str> = std::iter::once(first).chain(others).collect();
        let operands = operands.join(", ");
        Some(format!("put the operands in brackets: `{}: [{operands}]`", operator.name))
    }

    /// Strings are not evaluated within a statement; they are true unless empty (W-11).
    fn check_literal_operand(&mut self, operand: &Value) {
        let Data::Text(text) = &operand.data else { return };
        let written = self.render.doc().written(operand.place);
        if written.contains("<<") {
            return;
        }
        if expression::looks_like_one(text) {
            let message = "this string is not evaluated here: it is true unless empty";
            let problem = Problem::warning(codes::ALWAYS_TRUE, operand.place, message);
            let help = expression::as_tag(text).map_or_else(
                || expression::NOT_AN_EXPRESSION.to_owned(),
                |tag| format!("write `{tag}`"),
            );
            self.render.report().add(problem.help(help));
        } else if matches!(&**text, "false" | "no" | "off" | "0") {
            let message = format!("`\"{text}\"` is a string and therefore true");
            let problem = Problem::warning(codes::ALWAYS_TRUE, operand.place, message);
            self.render.report().add(problem.help(format!("write `{text}` without quotes")));
        }
    }

    fn operator(&mut self, field: &Field, depth: usize) -> Option<bool> {
        match &*field.name {
            "and" => self.joined(field, depth, Junction::All),
            "or" => self.joined(field, depth, Junction::Any),
            "not" => self.not(field, depth),
            "equal" => {
                let operands = self.operands(field)?;
                if operands.iter().any(|operand| matches!(operand.data, Data::Unknown)) {
                    return None;
                }
                operands.windows(2).for_each(|pair| self.check_types(&pair[0], &pair[1]));
                for operand in operands {
                    self.check_bare_name(operand);
                }
                let named: Vec<Data> =
                    operands.iter().map(|operand| by_name(&operand.data)).collect();
                Some(named.windows(2).all(|pair| same(&pair[0], &pair[1])))
            }
            "matches" => self.matches(field),
            "condition" => {
                let message =
                    "a workflow's `when` has no `condition`: it is the logic statement itself";
                let problem = Problem::error(codes::CONDITION_MISPLACED, field.key, message);
                self.render.report().add(problem.help("remove the `condition:` level"));
                None
            }
            // Seen in the field as an operand that does nothing; the hosted service lets it pass.
            "when"
                if depth > 0
                    && matches!(&field.value.data, Data::Text(text) if &**text == "always") =>
            {
                let message = "`when: always` is not a logic statement; it is treated as true";
                self.render
                    .report()
                    .add(Problem::warning(codes::IGNORED, field.key, message).help("remove it"));
                Some(true)
            }
            other => {
                let message = format!("unknown operator `{other}`");
                let help = other_language(other)
                    .map(Help::from)
                    .or_else(|| did_you_mean(other, OPERATORS.iter().copied()))
                    .unwrap_or_else(|| format!("operators: {}", OPERATORS.join(", ")).into());
                self.render
                    .report()
                    .add(Problem::error(codes::UNKNOWN_OPERATOR, field.key, message).help(help));
                None
            }
        }
    }

    /// Warns about a string that is compared with what is never one, if one of the two can change.
    fn check_types(&mut self, one: &Value, other: &Value) {
        let (text, scalar) = match (&one.data, &other.data) {
            (Data::Text(_), Data::Bool(_) | Data::Int(_) | Data::Float(..)) => (one, other),
            (Data::Bool(_) | Data::Int(_) | Data::Float(..), Data::Text(_)) => (other, one),
            _ => return,
        };
        if [text, scalar].iter().any(|operand| operand.place.file != FileId::CONFIG) {
            return;
        }
        let doc = self.render.doc();
        let (written_text, written) = (doc.written(text.place), doc.written(scalar.place));
        let name = scalar.data.type_name();
        let is_same = |inner: &Rc<str>| is_like(inner, &scalar.data);
        let problem = match (written_text.contains("<<"), written.contains("<<")) {
            (false, false) => return,
            (false, true) => {
                let Data::Text(inner) = &text.data else { return };
                if !is_same(inner) {
                    return;
                }
                let message =
                    format!("`{written}` is {} {name} and never equals a string", article(name));
                let problem = Problem::warning(codes::EXPRESSION_VALUE, text.place, message);
                problem.help(format!("write `{inner}` without quotes"))
            }
            (true, false) => {
                let message = format!(
                    "`{written_text}` is a string and never equals {} {name}",
                    article(name)
                );
                let problem = Problem::warning(codes::EXPRESSION_VALUE, scalar.place, message);
                problem.help(format!("quote it: `\"{written}\"`"))
            }
            (true, true) => {
                let message =
                    format!("`{written}` is {} {name} and never equals a string", article(name));
                let problem = Problem::warning(codes::EXPRESSION_VALUE, text.place, message);
                problem.help("declare both parameters with the same type")
            }
        };
        self.render.report().add(problem);
    }

    /// Warns about the name of a value that is compared as it is written: in lists, only tags are values.
    fn check_bare_name(&mut self, operand: &Value) {
        let Data::Text(text) = &operand.data else { return };
        if operand.place.file != FileId::CONFIG
            || !is_name_of_value(text)
            || self.render.doc().written(operand.place).contains("<<")
        {
            return;
        }
        let message = format!("`{text}` is not a tag: it is compared as it is written");
        let problem = Problem::warning(codes::LITERAL_TAG, operand.place, message);
        self.render.report().add(problem.help(format!("write `<< {text} >>`")));
    }

    /// Decides from left to right. Operands after the one that decides are checked, too,
    /// but whatever is wrong there does not matter today.
    fn joined(&mut self, field: &Field, depth: usize, junction: Junction) -> Option<bool> {
        let decides = junction.deciding();
        let operands = self.operands(field)?;
        let mut result = Some(!decides);
        for operand in operands {
            if result == Some(decides) {
                let before = self.render.report().set_strictness(Strictness::Lenient);
                self.decide(operand, depth + 1);
                self.render.report().set_strictness(before);
                continue;
            }
            match self.decide(operand, depth + 1) {
                Some(value) if value == decides => result = Some(decides),
                Some(_) => {}
                None => result = None,
            }
        }
        result
    }

    fn not(&mut self, field: &Field, depth: usize) -> Option<bool> {
        match &field.value.data {
            Data::List(items) if items.len() == 1 => {
                let message = "`not` takes a single statement, not a list";
                let problem = Problem::warning(codes::IGNORED, field.value.place, message);
                self.render.report().add(problem.help("remove the brackets, or the dash"));
                self.decide(&items[0], depth + 1).map(|value| !value)
            }
            Data::List(_) => {
                let help = "to require that none of them holds, write `not: { or: [ … ] }`";
                self.wrong_shape(field, "`not` takes a single statement", help);
                None
            }
            _ => self.decide(&field.value, depth + 1).map(|value| !value),
        }
    }

    fn operands<'f>(&mut self, field: &'f Field) -> Option<&'f [Value]> {
        match &field.value.data {
            Data::Unknown => None,
            Data::List(items) if !items.is_empty() => Some(items),
            Data::List(_) => {
                let message = format!("`{}` needs at least one operand", field.name);
                let problem = Problem::error(codes::EMPTY_LOGIC, field.value.place, message);
                self.render.report().add(problem.help("add an operand, or remove the operator"));
                None
            }
            _ => {
                let help = format!("write `{}: [ …, … ]`", field.name);
                self.wrong_shape(field, &format!("`{}` takes a list", field.name), &help);
                None
            }
        }
    }

    fn wrong_shape(&mut self, field: &Field, message: &str, help: &str) {
        let empty = matches!(&field.value.data, Data::List(items) if items.is_empty());
        let code = if empty { codes::EMPTY_LOGIC } else { codes::UNKNOWN_OPERATOR };
        self.render.report().add(Problem::error(code, field.value.place, message).help(help));
    }

    fn matches(&mut self, field: &Field) -> Option<bool> {
        let exactly = match &field.value.data {
            Data::Unknown => return None,
            Data::Map(fields) => fields.len() == 2,
            _ => false,
        };
        let (Some(pattern), Some(value), true) =
            (field.value.field("pattern"), field.value.field("value"), exactly)
        else {
            const KEYS: [&str; 2] = ["pattern", "value"];
            let unknown = field.value.fields().iter().find(|of| !KEYS.contains(&&*of.name));
            if let Some((of, near)) =
                unknown.and_then(|of| Some((of, did_you_mean(&of.name, KEYS)?)))
            {
                let message = format!("`matches` has no `{}`", of.name);
                let problem = Problem::error(codes::BAD_MATCHES, of.key, message);
                self.render.report().add(problem.help(near));
                return None;
            }
            let message = "`matches` needs exactly `pattern` and `value`";
            let problem = Problem::error(codes::BAD_MATCHES, field.key, message);
            let help = "write `matches: { pattern: \"^v.*$\", value: << pipeline.git.tag >> }`";
            self.render.report().add(problem.help(help));
            return None;
        };
        let source = match &pattern.value.data {
            Data::Unknown => return None,
            data => data.scalar_text(),
        };
        let Some(source) = source else {
            self.render.wrong_type(&pattern.value, "pattern", Expected::String);
            return None;
        };
        self.check_bare_name(&value.value);
        let text = match &value.value.data {
            Data::Unknown => return None,
            // An absent tag or branch matches nothing, not even an empty pattern.
            Data::Null => Some(None),
            data => data.scalar_text().map(Some),
        };
        let Some(text) = text else {
            self.render.wrong_type(&value.value, "value", Expected::String);
            return None;
        };
        let source = self.without_slashes(source, pattern)?;
        let compiled = self.render.pattern(&source);
        if let Some(refused) = compiled.as_ref().ok().and_then(|p| p.refused_by_next()) {
            let place = pattern.value.place;
            let problem = Problem::warning(codes::LOOK_AROUND, place, refused.message);
            self.render.report().add(problem.maybe_help(refused.help));
        }
        let result = compiled.and_then(|pattern| match &text {
            Some(text) => pattern.matches(text),
            None => Ok(false),
        });
        result
            .map_err(|error| {
                let message = format!("invalid regular expression `{source}`: {error}");
                let problem = Problem::error(codes::BAD_REGEX, pattern.value.place, message);
                self.render.report().add(problem.maybe_help(error.help));
            })
            .ok()
    }

    /// Takes the slashes from around a pattern: as in filters and expressions they are its borders,
    /// no part of it, though here it needs none. The profile `next` refuses them, and so gets `None`.
    fn without_slashes(&mut self, source: Rc<str>, pattern: &Field) -> Option<Rc<str>> {
        let place = pattern.value.place;
        if let Some(help) = slashes::flag_help(&source)
            && self.render.doc().written(place).contains(&*source)
        {
            let problem = Problem::warning(codes::REGEX_WITHOUT_SLASHES, place, slashes::FLAGGED);
            self.render.report().add(problem.help(help));
        }
        let Some(bare) = slashes::within(&source) else { return Some(source) };
        let is_next = self.render.profile() == Profile::Next;
        let problem = if is_next {
            Problem::error(codes::BAD_REGEX, place, slashes::REFUSED)
        } else {
            Problem::warning(codes::IGNORED, place, slashes::IGNORED)
        };
        let is_here = self.render.doc().written(place).contains(&*source);
        let written = if is_here { Written::Here } else { Written::Elsewhere };
        self.render.report().add(problem.help(slashes::help(bare, written)));
        (!is_next).then(|| Rc::from(bare))
    }
}

/// Says how deep the keys of `matches` are, or the operand of `not`, if they are in its column.
fn unindented(operator: &Field, others: &[Field]) -> Option<String> {
    let are_inside = match &*operator.name {
        "matches" => others.iter().all(|other| matches!(&*other.name, "pattern" | "value")),
        "not" => matches!(others, [other] if OPERATORS.contains(&&*other.name)),
        _ => false,
    };
    let names = list(others.iter().map(|other| &*other.name));
    (are_inside && operator.value.is_null())
        .then(|| format!("indent {names} deeper than `{}`", operator.name))
}

/// Says how a statement is written that is text and tags: an operator has a colon after it, and an
/// expression is inside one tag.
fn unmixed(text: &str, pieces: &[Piece<'_>]) -> String {
    let operands = OPERATORS.iter().find_map(|operator| {
        let rest = text.strip_prefix(operator)?.trim_start();
        rest.starts_with('[').then(|| format!("write `{operator}: {rest}`"))
    });
    let untagged = |piece: &Piece<'_>| match piece {
        Piece::Literal(text) => Some(text.clone()),
        Piece::Tag(tag) => Some(tag.inner.to_owned()),
        Piece::Section { .. } => None,
    };
    operands
        .or_else(|| {
            let expression: Option<String> = pieces.iter().map(untagged).collect();
            Some(format!("write `{}`", expression::as_tag(&expression?)?))
        })
        .unwrap_or_else(|| expression::NOT_AN_EXPRESSION.to_owned())
}

/// What people write who know other languages.
fn other_language(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "eq" | "==" | "is" | "same" => "write `equal: [a, b]`",
        "not_equal" | "not-equal" | "notEqual" | "!=" | "ne" => "write `not: { equal: [a, b] }`",
        "xor" => "write `and: [{ or: [a, b] }, { not: { and: [a, b] } }]`",
        "in" | "one_of" | "contains" | "any_of" => {
            "write `or: [{ equal: [a, x] }, { equal: [a, y] }]`, or `matches`"
        }
        "any" | "||" => "write `or: [ … ]`",
        "all" | "&&" => "write `and: [ … ]`",
        "none" | "nor" => "write `not: { or: [ … ] }`",
        "nand" => "write `not: { and: [ … ] }`",
        "!" => "write `not:`",
        "match" | "regex" | "pattern" | "=~" | "starts-with" | "ends-with" => {
            "write `matches: { pattern: \"^v.*$\", value: << pipeline.git.tag >> }`"
        }
        "steps" => "indent `steps` as deep as `condition`",
        "if" | "unless" | "when" => "write the statement itself: `equal:`, `and:`, `not:`, …",
        _ => return None,
    })
}

/// Returns whether a text without its quotes would be of the type of a value.
fn is_like(text: &str, data: &Data) -> bool {
    match data {
        Data::Bool(_) => matches!(text, "true" | "false"),
        Data::Int(_) | Data::Float(..) => text.parse::<f64>().is_ok(),
        _ => false,
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// An executor compares by its name (CFG §4.9).
fn by_name(data: &Data) -> Data {
    crate::language::data::executor_name(data).map_or_else(|| data.clone(), Data::Text)
}

/// An absent pipeline value is an empty text: `equal: ["", << pipeline.git.tag >>]` holds.
fn same(left: &Data, right: &Data) -> bool {
    match (left, right) {
        (Data::Null, Data::Text(text)) | (Data::Text(text), Data::Null) => text.is_empty(),
        _ => left.equals(right),
    }
}
