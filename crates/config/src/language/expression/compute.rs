//! Computes expressions, and watches for what is legal but hardly meant (CFG §6.3, §6.4).

use std::{ops::Range, rc::Rc};

use super::{
    error::{ExpressionError, Lookup, LookupError},
    parse::{Comparison, Expr, Kind},
};
use crate::{
    codes,
    language::{
        data::Data,
        junction::Junction,
        pattern::{
            Pattern,
            slashes::{self, Written},
        },
        profile::Profile,
    },
    text::help::Help,
};

/// Values that exist for pull requests, labels and comments only (CFG §4.5).
const EVENT_BOUND: &[&str] = &[
    "pipeline.event.github.pull_request.",
    "pipeline.event.github.label.",
    "pipeline.event.github.comment.",
];

/// Whether every pull request has this value: where it is missing, there is none.
const PULL_REQUEST: &str = "pipeline.event.github.pull_request.number";

/// What a variable is for, and so what a bare word in its place was meant to be.
#[derive(Clone, Copy)]
enum Role {
    /// It is a condition, and a string would always hold.
    Condition,
    /// It is compared with a literal.
    Subject,
    /// It is compared with a value.
    Object,
}

/// Evaluates one expression.
pub(super) struct Evaluator<'m, 'l> {
    text: &'m str,
    profile: Profile,
    /// What a condition makes of a value; it differs between dialects (D-27).
    truthy: fn(&Data) -> bool,
    lookup: &'m mut Lookup<'l>,
    pub(super) warnings: Vec<ExpressionError>,
}

type Computed = Result<Data, ExpressionError>;

impl<'m, 'l> Evaluator<'m, 'l> {
    pub(super) fn new(
        text: &'m str,
        profile: Profile,
        truthy: fn(&Data) -> bool,
        lookup: &'m mut Lookup<'l>,
    ) -> Self {
        Self { text, profile, truthy, lookup, warnings: Vec::new() }
    }

    pub(super) fn value(&mut self, expr: &Expr) -> Computed {
        Ok(match &expr.kind {
            Kind::Text(text) => Data::text(text),
            Kind::Int(value) => Data::Int(*value),
            Kind::Bool(value) => Data::Bool(*value),
            Kind::Variable(name) => self.variable(name, expr.span.clone(), Role::Condition)?,
            Kind::Not(inner) => {
                let value = self.value(inner)?;
                Data::Bool(!(self.truthy)(&value))
            }
            Kind::Or(operands) => self.first(operands, Junction::Any)?,
            Kind::And(operands) => self.first(operands, Junction::All)?,
            Kind::Equal { left, right, negated } => {
                Data::Bool(self.are_equal(left, right)? != *negated)
            }
            Kind::StartsWith(left, right) => {
                let (value, start) = (self.compared(left, right)?, self.compared(right, left)?);
                match (
                    self.operand(value, left, "starts-with")?,
                    self.operand(start, right, "starts-with")?,
                ) {
                    (Some(value), Some(start)) => Data::Bool(value.starts_with(&*start)),
                    _ => Data::Bool(false),
                }
            }
            Kind::Matches(left, right) => self.matches(left, right)?,
            Kind::Compare(left, comparison, right) => {
                let left = self.number(left)?;
                let right = self.number(right)?;
                Data::Bool(match comparison {
                    Comparison::AtLeast => left >= right,
                    Comparison::More => left > right,
                    Comparison::AtMost => left <= right,
                    Comparison::Less => left < right,
                })
            }
            Kind::Regex(_) => {
                let message = "a regular expression is only allowed on the right of `matches`";
                return Err(ExpressionError::value(expr.span.clone(), message));
            }
        })
    }

    /// The first operand that decides, or the last one. What is after it is not computed.
    fn first(&mut self, operands: &[Expr], junction: Junction) -> Computed {
        let mut last = Data::Null;
        for (index, operand) in operands.iter().enumerate() {
            last = self.value(operand)?;
            if (self.truthy)(&last) == junction.deciding() {
                for unreached in &operands[index + 1..] {
                    self.look_at(unreached);
                }
                break;
            }
        }
        Ok(last)
    }

    /// The value of what is compared with something else.
    fn compared(&mut self, expr: &Expr, other: &Expr) -> Computed {
        match &expr.kind {
            Kind::Variable(name) => self.variable(name, expr.span.clone(), role_next_to(other)),
            _ => self.value(expr),
        }
    }

    fn variable(&mut self, name: &str, span: Range<usize>, role: Role) -> Computed {
        let found =
            (self.lookup)(name).map_err(|error| unknown(name, error, span.clone(), role))?;
        if self.profile == Profile::Next && self.is_missing_event_value(name, &found) {
            let message = format!("`{name}` only exists for its own event");
            return Err(ExpressionError::value(span, message)
                .help(format!("guard it: `pipeline.event.name == \"pull_request\" and {name}`")));
        }
        Ok(found)
    }

    fn is_missing_event_value(&mut self, name: &str, found: &Data) -> bool {
        if !EVENT_BOUND.iter().any(|prefix| name.starts_with(prefix)) {
            return false;
        }
        match found {
            Data::Null => true,
            // Where it does not apply, a boolean is false, which it may be where it applies, too.
            Data::Bool(false) => matches!((self.lookup)(PULL_REQUEST), Ok(Data::Null) | Err(_)),
            _ => false,
        }
    }

    /// Compares two values, and warns about those of different types.
    fn are_equal(&mut self, left: &Expr, right: &Expr) -> Result<bool, ExpressionError> {
        let (a, b) = (self.compared(left, right)?, self.compared(right, left)?);
        for (value, other, place) in [(&a, right, left), (&b, left, right)] {
            let literal = match (value, &other.kind) {
                (Data::Bool(_), Kind::Text(text)) if text == "true" || text == "false" => text,
                (Data::Int(_), Kind::Text(text)) if text.parse::<i64>().is_ok() => text,
                _ => continue,
            };
            let name = value.type_name();
            let shown = self.source(place);
            let message =
                format!("`{shown}` is {} {name} and never equals a string", article(name));
            let help = format!("write `{literal}` without quotes");
            self.warnings.push(ExpressionError::value(other.span.clone(), message).help(help));
        }
        Ok(same(&a, &b))
    }

    fn matches(&mut self, left: &Expr, right: &Expr) -> Computed {
        let value = self.compared(left, right)?;
        let text = self.operand(value, left, "matches")?;
        let (pattern, at): (Rc<str>, _) = if let Kind::Regex(pattern) = &right.kind {
            (Rc::from(pattern.as_str()), Some(right.span.start + 1))
        } else {
            let value = self.compared(right, left)?;
            match self.operand(value, right, "matches")? {
                Some(pattern) => (self.without_slashes(pattern, right)?, None),
                None => return Ok(Data::Bool(false)),
            }
        };
        let compiled = self.pattern(&pattern, at, right.span.clone())?;
        // An absent tag or branch matches nothing, not even an empty pattern (D-28).
        let Some(text) = text else { return Ok(Data::Bool(false)) };
        let found = compiled.matches(&text).map_err(|error| {
            let refused = ExpressionError::value(right.span.clone(), error.message);
            ExpressionError { help: error.help.map(Help::from), ..refused }
        })?;
        Ok(Data::Bool(found))
    }

    /// Takes the slashes from around a pattern that is a string: there is no other meaning for them.
    /// The profile `next` refuses them.
    fn without_slashes(
        &mut self,
        source: Rc<str>,
        expr: &Expr,
    ) -> Result<Rc<str>, ExpressionError> {
        let is_here = matches!(expr.kind, Kind::Text(_));
        if let Some(help) = slashes::flag_help(&source).filter(|_| is_here) {
            let span = expr.span.start + 1..expr.span.end - 1;
            let warning = ExpressionError::value(span, slashes::FLAGGED).help(help);
            let code = codes::REGEX_WITHOUT_SLASHES;
            self.warnings.push(ExpressionError { code, ..warning });
        }
        let Some(bare) = slashes::within(&source) else { return Ok(source) };
        // Without the quotes of a string.
        let (written, quote) = match expr.kind {
            Kind::Text(_) => (Written::Here, 1),
            _ => (Written::Elsewhere, 0),
        };
        let help = slashes::help(bare, written);
        let span = expr.span.start + quote..expr.span.end - quote;
        if self.profile == Profile::Next {
            return Err(ExpressionError::value(span, slashes::REFUSED).help(help));
        }
        let warning = ExpressionError::value(span, slashes::IGNORED).help(help);
        self.warnings.push(ExpressionError { code: codes::IGNORED, ..warning });
        Ok(Rc::from(bare))
    }

    /// Compiles a pattern; `at` is where it begins in the expression, if it is there.
    fn pattern(
        &mut self,
        pattern: &str,
        at: Option<usize>,
        span: Range<usize>,
    ) -> Result<Pattern, ExpressionError> {
        let compiled = Pattern::new(pattern, self.profile).map_err(|error| {
            let span = match (at, error.span) {
                (Some(at), Some(inner)) => at + inner.start..at + inner.end,
                _ => span.clone(),
            };
            let message = format!("invalid regular expression `{pattern}`: {}", error.message);
            let help = error.help.map(Help::from);
            ExpressionError { help, ..ExpressionError::value(span, message) }
        })?;
        if let Some(refused) = compiled.refused_by_next() {
            let warning = ExpressionError::value(span, refused.message);
            let (code, help) = (codes::LOOK_AROUND, refused.help.map(Help::from));
            self.warnings.push(ExpressionError { code, help, ..warning });
        }
        Ok(compiled)
    }

    /// A string for an operator on strings; `None` for a pipeline value that does not apply (CFG §6.3).
    fn operand(
        &self,
        data: Data,
        expr: &Expr,
        operator: &str,
    ) -> Result<Option<Rc<str>>, ExpressionError> {
        match data {
            Data::Text(text) => Ok(Some(text)),
            Data::Null => Ok(None),
            other => {
                let name = other.type_name();
                let message =
                    format!("`{operator}` compares strings, found {} {name}", article(name));
                let error = ExpressionError::value(expr.span.clone(), message);
                Err(match &expr.kind {
                    Kind::Not(inner) if !expr.enclosed => {
                        let inner = self.source(inner);
                        error.help(format!("write `not ({inner} {operator} …)`"))
                    }
                    _ => error,
                })
            }
        }
    }

    fn number(&mut self, expr: &Expr) -> Result<f64, ExpressionError> {
        let data = match &expr.kind {
            Kind::Variable(name) => self.variable(name, expr.span.clone(), Role::Subject)?,
            _ => self.value(expr)?,
        };
        let number = match &data {
            // Integers beyond 2^53 lose digits in a comparison; they are not used in practice.
            Data::Int(value) => value.to_string().parse().ok(),
            Data::Float(value, _) => Some(*value),
            _ => None,
        };
        number.ok_or_else(|| {
            let name = data.type_name();
            let message =
                format!("`<`, `<=`, `>` and `>=` compare numbers, found {} {name}", article(name));
            let error = ExpressionError::value(expr.span.clone(), message);
            match &expr.kind {
                Kind::Text(text) if text.parse::<i64>().is_ok() => {
                    error.help(format!("write `{text}` without quotes"))
                }
                _ => error,
            }
        })
    }

    /// Checks an operand that does not matter today; what is wrong in it is a warning.
    pub(super) fn look_at(&mut self, expr: &Expr) {
        self.look_at_as(expr, Role::Condition);
    }

    fn look_at_as(&mut self, expr: &Expr, role: Role) {
        match &expr.kind {
            Kind::Text(_) | Kind::Int(_) | Kind::Bool(_) => {}
            Kind::Variable(name) => {
                if let Err(error) = (self.lookup)(name) {
                    self.warnings.push(unknown(name, error, expr.span.clone(), role));
                }
            }
            Kind::Regex(pattern) => {
                let at = Some(expr.span.start + 1);
                if let Err(error) = self.pattern(pattern, at, expr.span.clone()) {
                    self.warnings.push(error);
                }
            }
            Kind::Not(inner) => self.look_at(inner),
            Kind::Or(operands) | Kind::And(operands) => {
                for operand in operands {
                    self.look_at(operand);
                }
            }
            Kind::Equal { left, right, .. }
            | Kind::StartsWith(left, right)
            | Kind::Matches(left, right)
            | Kind::Compare(left, _, right) => {
                self.look_at_as(left, role_next_to(right));
                self.look_at_as(right, role_next_to(left));
            }
        }
    }

    /// `not a == b` means `(not a) == b`, which is hardly ever meant (D-54).
    pub(super) fn warn_of_tight_not(&mut self, expr: &Expr) {
        match &expr.kind {
            Kind::Or(operands) | Kind::And(operands) => {
                for operand in operands {
                    self.warn_of_tight_not(operand);
                }
            }
            Kind::Not(inner) => self.warn_of_tight_not(inner),
            Kind::Equal { left, right, .. }
            | Kind::StartsWith(left, right)
            | Kind::Matches(left, right)
            | Kind::Compare(left, _, right) => {
                if let Kind::Not(inner) = &left.kind
                    && !left.enclosed
                {
                    let meant = &self.text[inner.span.start..expr.span.end];
                    let message = "`not` binds tighter than the operator after it";
                    let warning = ExpressionError::value(left.span.clone(), message)
                        .help(format!("write `not ({meant})`"));
                    self.warnings.push(ExpressionError { code: codes::TIGHT_NOT, ..warning });
                }
                self.warn_of_tight_not(left);
                self.warn_of_tight_not(right);
            }
            Kind::Text(_) | Kind::Int(_) | Kind::Bool(_) | Kind::Variable(_) | Kind::Regex(_) => {}
        }
    }

    fn source(&self, expr: &Expr) -> &'m str {
        self.text.get(expr.span.clone()).unwrap_or("")
    }
}

/// The role of what is compared with `other`.
fn role_next_to(other: &Expr) -> Role {
    match &other.kind {
        Kind::Variable(name) if name.contains('.') => Role::Object,
        _ => Role::Subject,
    }
}

fn unknown(name: &str, error: LookupError, span: Range<usize>, role: Role) -> ExpressionError {
    let LookupError { code, message, help } = error;
    let error = ExpressionError { help, ..ExpressionError::value(span, message) };
    // A bare word is not a template mistake here: it is a variable that does not exist.
    if code == codes::BAD_TEMPLATE {
        let message = format!("referred to a variable `{name}` that does not exist");
        let help = match name {
            "always" | "on_success" | "on_fail" => {
                format!("remove it: only `run` steps have `when: {name}`").into()
            }
            "null" | "nil" | "None" => "to test for an empty value, write `not x`".into(),
            _ if name.contains('.') => error.help.unwrap_or_default(),
            _ => bare_word(name, error.help, role),
        };
        return ExpressionError { message, help: Some(help), ..error };
    }
    let is_unknown = code == codes::UNKNOWN_PIPELINE_VALUE;
    ExpressionError { code: if is_unknown { codes::EXPRESSION_VALUE } else { code }, ..error }
}

/// Says what a name without a prefix was meant to be, by what is known of it and by its role.
fn bare_word(name: &str, known: Option<Help>, role: Role) -> Help {
    let meant = known.and_then(|help| help.replacement);
    let is_meant = |meant: &String| match role {
        Role::Condition | Role::Subject => true,
        Role::Object => meant.contains("parameters."),
    };
    match (meant.filter(is_meant), role) {
        (Some(meant), _) => Help::did_you_mean(&meant),
        // Between quotes it would always be true.
        (None, Role::Condition) => {
            format!("to compare the branch, write `pipeline.git.branch == \"{name}\"`").into()
        }
        (None, Role::Subject) => format!(
            "declare it under `parameters` at the top level, and write `pipeline.parameters.{name}`"
        )
        .into(),
        (None, Role::Object) => format!("put strings in double quotes: `\"{name}\"`").into(),
    }
}

/// Compares; a pipeline value that does not apply equals the empty text, so that
/// `pipeline.git.tag != ""` asks for a tag.
fn same(left: &Data, right: &Data) -> bool {
    match (left, right) {
        (Data::Null, Data::Text(text)) | (Data::Text(text), Data::Null) => text.is_empty(),
        _ => left.equals(right),
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}
