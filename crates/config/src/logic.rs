//! Logic statements: `and`, `or`, `not`, `equal`, `matches` (CFG §6.1).
//!
//! Everything is rendered before anything is decided, so that a mistake in an operand that does not
//! matter today is told today.

use crate::{
    codes,
    compile::Context,
    report::Problem,
    suggest::did_you_mean,
    value::{Data, Field, Value},
};

/// Levels of statements within each other (CFG §1.5). The YAML depth stops below this.
const DEPTH: usize = 100;

const OPERATORS: &[&str] = &["and", "or", "not", "equal", "matches"];

impl Context<'_> {
    /// Decides a statement; `None` if it cannot be known, which was reported.
    pub(crate) fn decide(&mut self, statement: &Value, depth: usize) -> Option<bool> {
        let fields = match &statement.data {
            Data::Unknown => return None,
            Data::Map(fields) => fields,
            Data::List(_) => {
                let message = "expected a statement, found a list";
                let problem = Problem::error(codes::UNKNOWN_OPERATOR, statement.place, message);
                self.report.add(problem.help("wrap it in `and:` or `or:`"));
                return None;
            }
            other => return Some(other.is_truthy()),
        };
        if depth > DEPTH {
            let message = "the statement is nested too deeply";
            self.report.add(Problem::error(codes::EXPANDS_TOO_FAR, statement.place, message));
            return None;
        }
        let fields = fields.clone();
        match fields.as_slice() {
            [field] => self.operator(field, depth),
            [] => {
                let message = format!("a statement has one operator: {}", OPERATORS.join(", "));
                self.report.add(Problem::error(codes::SEVERAL_OPERATORS, statement.place, message));
                None
            }
            [first, second, ..] => {
                let help = if &*first.name == "condition" || &*second.name == "condition" {
                    "`condition` and `steps` belong to steps, not to workflows"
                } else {
                    "wrap both in `and: [ … ]`"
                };
                let problem = Problem::error(
                    codes::SEVERAL_OPERATORS,
                    second.key,
                    "only one operator per mapping",
                );
                self.report.add(problem.help(help));
                None
            }
        }
    }

    fn operator(&mut self, field: &Field, depth: usize) -> Option<bool> {
        match &*field.name {
            "and" | "or" => {
                let operands = self.operands(field)?;
                // No short cut: every operand is looked at for mistakes.
                let decided: Vec<_> =
                    operands.iter().map(|op| self.decide(op, depth + 1)).collect();
                let decided: Option<Vec<bool>> = decided.into_iter().collect();
                let all = &*field.name == "and";
                decided.map(|decided| {
                    if all { decided.iter().all(|&b| b) } else { decided.iter().any(|&b| b) }
                })
            }
            "not" => match &field.value.data {
                Data::List(items) if items.len() == 1 => {
                    let message = "`not` takes one statement, not a list";
                    self.report.add(Problem::warning(codes::IGNORED, field.value.place, message));
                    self.decide(&items[0], depth + 1).map(|value| !value)
                }
                Data::List(_) => {
                    self.empty_or_wrong(field, "`not` takes one statement");
                    None
                }
                _ => self.decide(&field.value, depth + 1).map(|value| !value),
            },
            "equal" => {
                let operands = self.operands(field)?;
                if operands.iter().any(|operand| matches!(operand.data, Data::Unknown)) {
                    return None;
                }
                let named: Vec<Data> =
                    operands.iter().map(|operand| by_name(&operand.data)).collect();
                Some(named.windows(2).all(|pair| same(&pair[0], &pair[1])))
            }
            "matches" => self.matches(field),
            "condition" => {
                let message =
                    "`condition` belongs to `when` steps; a workflow takes the statement itself";
                let problem = Problem::error(codes::CONDITION_MISPLACED, field.key, message);
                self.report.add(problem.help("remove the level `condition:`"));
                None
            }
            // Seen in the field as an operand that does nothing; the hosted service lets it pass.
            "when"
                if depth > 0
                    && matches!(&field.value.data, Data::Text(text) if &**text == "always") =>
            {
                let message = "`when: always` is no statement; it counts as true";
                self.report
                    .add(Problem::warning(codes::IGNORED, field.key, message).help("remove it"));
                Some(true)
            }
            other => {
                let message = format!("`{other}` is no operator");
                let help = did_you_mean(other, OPERATORS.iter().copied())
                    .unwrap_or_else(|| format!("operators: {}", OPERATORS.join(", ")));
                self.report
                    .add(Problem::error(codes::UNKNOWN_OPERATOR, field.key, message).help(help));
                None
            }
        }
    }

    fn operands<'f>(&mut self, field: &'f Field) -> Option<&'f [Value]> {
        match &field.value.data {
            Data::Unknown => None,
            Data::List(items) if !items.is_empty() => Some(items),
            Data::List(_) => {
                let message = format!("`{}` needs at least one operand", field.name);
                self.report.add(Problem::error(codes::EMPTY_LOGIC, field.value.place, message));
                None
            }
            _ => {
                self.empty_or_wrong(field, &format!("`{}` takes a list", field.name));
                None
            }
        }
    }

    fn empty_or_wrong(&mut self, field: &Field, message: &str) {
        let empty = matches!(&field.value.data, Data::List(items) if items.is_empty());
        let code = if empty { codes::EMPTY_LOGIC } else { codes::UNKNOWN_OPERATOR };
        self.report.add(Problem::error(code, field.value.place, message));
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
            let problem = Problem::error(
                codes::BAD_MATCHES,
                field.key,
                "`matches` takes `pattern` and `value`",
            );
            self.report
                .add(problem.help(
                    "write `matches: { pattern: \"^v.*$\", value: << pipeline.git.tag >> }`",
                ));
            return None;
        };
        let source = match &pattern.value.data {
            Data::Unknown => return None,
            data => data.scalar_text(),
        };
        let Some(source) = source else {
            self.wrong_type(&pattern.value, "pattern", "string");
            return None;
        };
        let text = match &value.value.data {
            Data::Unknown => return None,
            // An absent tag or branch matches nothing, not even an empty pattern.
            Data::Null => None,
            data => data.scalar_text(),
        };
        let result = self.pattern(&source).and_then(|pattern| match &text {
            Some(text) => pattern.matches(text),
            None => Ok(false),
        });
        result
            .map_err(|error| {
                let message = format!("invalid regular expression `{source}`: {error}");
                self.report.add(Problem::error(codes::BAD_REGEX, pattern.value.place, message));
            })
            .ok()
    }
}

/// An executor compares by its name (CFG §4.9).
fn by_name(data: &Data) -> Data {
    crate::evaluate::executor_name(data).map_or_else(|| data.clone(), Data::Text)
}

/// An absent pipeline value is an empty text: `equal: ["", << pipeline.git.tag >>]` holds.
fn same(left: &Data, right: &Data) -> bool {
    match (left, right) {
        (Data::Null, Data::Text(text)) | (Data::Text(text), Data::Null) => text.is_empty(),
        _ => left.equals(right),
    }
}
