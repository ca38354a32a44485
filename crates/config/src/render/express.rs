//! Expressions where they are: in tags, conditions and filters (CFG §6.2–§6.4).

use std::rc::Rc;

use crate::{
    codes::{self, Code},
    language::{
        data::{Data, Scope},
        expression::{self, error::ExpressionError},
    },
    render::Renderer,
    text::{place::Place, problem::Problem},
};

impl Renderer<'_> {
    /// Evaluates the text of a scalar as an expression. Errors of value are given the code of the
    /// place; `None` if something is wrong, which was reported.
    pub(crate) fn express(
        &mut self,
        text: &str,
        place: Place,
        code: Code,
        scope: &Rc<Scope>,
    ) -> Option<Data> {
        let profile = self.profile;
        let assessed = expression::assess(text, profile, &mut |name| self.lookup(name, scope));
        for warning in assessed.warnings {
            let place = self.within(place, text, &warning.span);
            let problem = Problem::warning(warning.code, place, warning.message);
            self.report.add(problem.maybe_help(warning.help));
        }
        if let Some(text) = expression::sole_text(text).filter(|text| !text.is_empty()) {
            let message = "this condition is a string and therefore always true";
            let help = format!("to compare the branch, write `pipeline.git.branch == \"{text}\"`");
            self.report.add(Problem::warning(codes::ALWAYS_TRUE, place, message).help(help));
        }
        match assessed.result {
            Ok(data) => Some(data),
            Err(error) => {
                let ExpressionError { message, help, span, code: error_code, .. } = error;
                // With its quotes, if all of it is meant.
                let place =
                    if span == (0..text.len()) { place } else { self.within(place, text, &span) };
                let code = if code == codes::EXPRESSION_VALUE { error_code } else { code };
                let message = match code {
                    codes::BAD_FILTER_EXPRESSION => {
                        format!("error evaluating the filter expression: {message}")
                    }
                    _ => format!("error evaluating the condition: {message}"),
                };
                self.report.add(Problem::error(code, place, message).maybe_help(help));
                None
            }
        }
    }
}
