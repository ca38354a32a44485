//! Branch and tag filters, and what follows from them (CFG §5.4).

use std::rc::Rc;

use roundel_model::name::GitRef;

use crate::{
    codes,
    language::{
        data::{Data, Field, Scope, Value},
        keys::Known,
        pattern::{
            Pattern,
            error::PatternError,
            reach::{self, NameRule},
            slashes,
        },
        profile::Profile,
    },
    read::yaml::{At, Entries, Entry, View},
    render::{Renderer, budget::Resource},
    text::{
        help::Help,
        place::{Place, PlacedText},
        problem::Problem,
        suggest::{did_you_mean, list, nearest},
    },
};

/// The filters of one job.
#[derive(Clone, Debug, Default)]
pub(crate) enum Filters {
    /// None: branches run, tags do not.
    #[default]
    Absent,
    /// By the name of the branch or tag.
    Names { branches: Option<Rule>, tags: Option<Rule> },
    /// An expression, which is known already.
    Decided(bool),
}

impl Filters {
    /// Returns whether a job runs for a branch or tag (CFG §5.4.1).
    pub(crate) fn passes(&self, render: &mut Renderer<'_>, git_ref: &GitRef) -> bool {
        let (branches, tags) = match self {
            Self::Decided(decided) => return *decided,
            Self::Absent => (&None, &None),
            Self::Names { branches, tags } => (branches, tags),
        };
        let rule = match git_ref {
            GitRef::Branch(_) => branches,
            GitRef::Tag(_) => tags,
        };
        match rule {
            // Tags are opt-in.
            None => git_ref.branch().is_some(),
            Some(Rule::Only(tests)) => any(render, tests, git_ref.name()),
            Some(Rule::Ignore(tests)) => !any(render, tests, git_ref.name()),
        }
    }

    /// Returns whether no branch and no tag will ever pass.
    pub(crate) const fn is_refused(&self) -> bool {
        matches!(self, Self::Decided(false))
    }

    /// Returns where the tags are named that a job runs for, unless it runs for every tag.
    pub(crate) fn only_tags(&self) -> Option<Place> {
        let Self::Names { tags: Some(Rule::Only(tests)), .. } = self else { return None };
        let narrow = |test: &&NameTest| !test.reach().is_some_and(reach::matches_everything);
        tests.iter().find(narrow).map(|test| test.place)
    }

    /// Returns whether no tag passes.
    pub(crate) const fn skips_tags(&self) -> bool {
        matches!(self, Self::Absent | Self::Names { tags: None, .. })
    }

    /// Says why nothing passes, if that is so and was not reported in other words.
    pub(crate) fn never(&self) -> Option<String> {
        let Self::Names { branches, tags } = self else { return None };
        let rules = branches.iter().chain(tags);
        let reported = |rule: &Rule| {
            let (Rule::Only(tests) | Rule::Ignore(tests)) = rule;
            tests.iter().any(
                |test| matches!(&test.kind, NameTestKind::Exact(text) if looks_like_pattern(text)),
            )
        };
        if rules.into_iter().any(reported) {
            return None;
        }
        let branch_tests = branches.as_ref().map(Rule::reach);
        let tag_tests = tags.as_ref().map(Rule::reach);
        if matches!(branch_tests, Some(None)) || matches!(tag_tests, Some(None)) {
            return None;
        }
        let (branch_tests, tag_tests) = (branch_tests.flatten(), tag_tests.flatten());
        reach::never_runs(
            branches.as_ref().zip(branch_tests.as_deref()).map(|(rule, tests)| rule.asked(tests)),
            tags.as_ref().zip(tag_tests.as_deref()).map(|(rule, tests)| rule.asked(tests)),
        )
    }
}

/// `only` or `ignore`; where both are given, `only` decides alone (D-06).
#[derive(Clone, Debug)]
pub(crate) enum Rule {
    Only(Vec<NameTest>),
    Ignore(Vec<NameTest>),
}

impl Rule {
    /// Its entries for questions about all names; `None` if one was reported.
    fn reach(&self) -> Option<Vec<reach::NameTest<'_>>> {
        let (Self::Only(tests) | Self::Ignore(tests)) = self;
        tests.iter().map(NameTest::reach).collect()
    }

    const fn asked<'r, 'p>(&self, tests: &'r [reach::NameTest<'p>]) -> NameRule<'r, 'p> {
        match self {
            Self::Only(_) => NameRule::Only(tests),
            Self::Ignore(_) => NameRule::Ignore(tests),
        }
    }
}

impl NameTest {
    /// The same for questions about all names; `None` if it was reported.
    fn reach(&self) -> Option<reach::NameTest<'_>> {
        match &self.kind {
            NameTestKind::Exact(text) => Some(reach::NameTest::Text(text)),
            NameTestKind::Matches(pattern) => Some(reach::NameTest::Pattern(pattern)),
            NameTestKind::Broken => None,
        }
    }
}

/// One entry of a rule.
#[derive(Clone, Debug)]
pub(crate) struct NameTest {
    place: Place,
    kind: NameTestKind,
}

#[derive(Clone, Debug)]
enum NameTestKind {
    Exact(String),
    Matches(Rc<Pattern>),
    /// An invalid pattern, which was reported.
    Broken,
}

const FILTERS: Known<'static> = Known {
    what: "`filters`",
    keys: &["branches", "tags"],
    code: codes::BAD_FILTERS,
    advice: filters_key_advice,
    tolerant: false,
};

fn filters_key_advice(key: &str) -> Option<&'static str> {
    let lower = key.to_lowercase();
    // `branches:only`, `branch_names`; a near miss of `branches` or `tags` itself is found as one.
    let is_long = |word: &str| lower.contains(word) && nearest(key, ["branches", "tags"]).is_none();
    match key {
        "only" | "ignore" => Some("write it below `branches` or `tags`"),
        "expression" => Some("write the expression itself: `filters: pipeline.git.branch == …`"),
        _ if is_long("branch") => Some("write `branches: { only: … }`"),
        _ if is_long("tag") => Some("write `tags: { only: … }`"),
        _ => None,
    }
}

/// Returns whether an unknown key of `filters` was meant to decide which branches or tags run.
fn decides(key: &str) -> bool {
    let lower = key.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    matches!(key, "only" | "ignore" | "expression")
        || lower.contains("branch")
        || words.any(|word| word.starts_with("tag"))
}

const RULE: Known<'static> = Known {
    what: "filter",
    keys: &["only", "ignore"],
    code: codes::BAD_FILTERS,
    advice: Known::no_advice,
    tolerant: false,
};

/// Reads the key `filters` of an entry of a workflow.
pub(crate) struct FilterReader<'c, 'd> {
    render: &'c mut Renderer<'d>,
    owner: FilterOwner,
}

/// What the filters belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FilterOwner {
    /// An entry of a workflow.
    Job,
    /// A schedule, for which no filter is an error of its own.
    Schedule,
}

impl<'c, 'd> FilterReader<'c, 'd> {
    pub(crate) fn new(render: &'c mut Renderer<'d>) -> Self {
        Self { render, owner: FilterOwner::Job }
    }

    /// Reads the filters of a schedule.
    pub(crate) fn of_schedule(render: &'c mut Renderer<'d>) -> Self {
        Self { render, owner: FilterOwner::Schedule }
    }

    /// Reads the filters of an invocation.
    pub(crate) fn filters(&mut self, entry: &Entry<'_>, scope: &Rc<Scope>) -> Filters {
        match self.render.doc().view(entry.value) {
            View::Map(entries) => {
                self.check_filter_keys(&entries, FILTERS);
                let mut read = |name: &str| {
                    let rule = entries.get(name)?;
                    self.rule(&rule, scope)
                };
                Filters::Names { branches: read("branches"), tags: read("tags") }
            }
            View::Scalar(text, _) if !self.render.doc().is_null(entry.value) => {
                self.filter_expression(text, entry, scope)
            }
            View::Scalar(..) | View::Broken => Filters::Absent,
            View::Seq(_) => {
                let problem = Problem::error(
                    codes::BAD_FILTERS,
                    entry.key,
                    "`filters` must be a mapping or an expression",
                );
                self.render
                    .report()
                    .add(problem.help("write `filters: { branches: { only: main } }`"));
                Filters::Absent
            }
        }
    }

    /// Reports keys that filters do not have. The hosted service ignores them, and so does the profile
    /// `legacy`; but one that was meant to choose branches or tags would run everything everywhere, so
    /// that stays an error. So does one in place of `only` and `ignore`.
    fn check_filter_keys(&mut self, entries: &Entries<'_>, known: Known<'_>) {
        let is_rule = known.keys == RULE.keys;
        let is_alone = is_rule && !entries.iter().any(|entry| known.keys.contains(&entry.name));
        for entry in entries.iter() {
            let is_meant = is_alone
                || !is_rule && decides(entry.name)
                || nearest(entry.name, known.keys.iter().copied()).is_some();
            let is_ignored = self.render.profile() == Profile::Legacy
                && self.render.has_templates()
                && !is_meant;
            if is_ignored && !known.keys.contains(&entry.name) {
                let message = format!("unknown {} key `{}` has no effect", known.what, entry.name);
                let problem = Problem::warning(codes::IGNORED, entry.key, message);
                let keys = list(known.keys.iter().copied());
                self.render.report().add(problem.help(format!("allowed keys: {keys}")));
            } else if is_meant && !self.render.has_templates() && !known.keys.contains(&entry.name)
            {
                // In version 2 other unknown keys are warnings, but this one decides what runs.
                let message = format!("unknown {} key `{}`", known.what, entry.name);
                let problem = Problem::error(known.code, entry.key, message);
                let advice = (known.advice)(entry.name).map(Help::from);
                let near = || did_you_mean(entry.name, known.keys.iter().copied());
                let keys = || format!("allowed keys: {}", list(known.keys.iter().copied())).into();
                self.render.report().add(problem.help(advice.or_else(near).unwrap_or_else(keys)));
            } else {
                self.render.check_keys([(entry.name, entry.key)], known);
            }
        }
    }

    fn filter_expression(&mut self, text: &str, entry: &Entry<'_>, scope: &Rc<Scope>) -> Filters {
        if !self.render.has_templates() {
            let problem =
                Problem::error(codes::NEEDS_2_1, entry.key, "filter expressions need version 2.1");
            self.render.report().add(problem);
            return Filters::Absent;
        }
        let place = self.render.doc().place(entry.value);
        let trimmed = text.trim();
        if trimmed.contains("<<") {
            let sole = trimmed.starts_with("<<")
                && trimmed.ends_with(">>")
                && trimmed.matches("<<").count() == 1;
            if !sole {
                let message = "a filter expression cannot be mixed with `<< … >>`";
                let problem = Problem::error(codes::BAD_FILTER_EXPRESSION, place, message);
                self.render
                    .report()
                    .add(problem.help("write `pipeline.git.branch == \"main\"` without `<< >>`"));
                return Filters::Absent;
            }
            let value = self.render.evaluate(entry.value, scope);
            return match value.data {
                Data::Unknown => Filters::Absent,
                data => Filters::Decided(data.is_truthy()),
            };
        }
        match self.render.express(trimmed, place, codes::BAD_FILTER_EXPRESSION, scope) {
            Some(data) => Filters::Decided(data.is_truthy()),
            None => Filters::Absent,
        }
    }

    /// Renders filters for the compiled document. An expression is decided by now, and what is left
    /// must not be left out again for a tag.
    pub(crate) fn rendered_filters(
        &mut self,
        entry: &Entry<'_>,
        filters: &Filters,
        scope: &Rc<Scope>,
    ) -> Option<Field> {
        let value = match filters {
            Filters::Absent => return None,
            Filters::Names { .. } => self.render.evaluate(entry.value, scope),
            Filters::Decided(_) => {
                let map = |name: &str, value: Data| {
                    let value = Value::new(value, self.render.doc().place(entry.value));
                    Data::Map(Rc::new(vec![Field::new(name, value)]))
                };
                let fields = ["branches", "tags"].map(|name| {
                    let value = Value::new(map("only", Data::text("/.*/")), entry.key);
                    Field::new(name, value)
                });
                Value::new(Data::Map(Rc::new(fields.to_vec())), entry.key)
            }
        };
        Some(Field { name: Rc::from(entry.name), key: entry.key, value })
    }

    /// Reads `branches` or `tags`; `None` if it has neither `only` nor `ignore`.
    pub(crate) fn rule(&mut self, entry: &Entry<'_>, scope: &Rc<Scope>) -> Option<Rule> {
        let entries = match self.render.doc().view(entry.value) {
            View::Map(entries) => entries,
            View::Broken => return None,
            View::Scalar(..) if self.render.doc().is_null(entry.value) => {
                self.empty_rule(entry, entry.name, effect_of_nothing(entry.name));
                return None;
            }
            View::Scalar(..) | View::Seq(_) => {
                let message = format!("`{}` must be a mapping with `only` or `ignore`", entry.name);
                let problem = Problem::error(
                    codes::BAD_FILTERS,
                    self.render.doc().place(entry.value),
                    message,
                );
                self.render
                    .report()
                    .add(problem.help(format!("write `{}: {{ only: … }}`", entry.name)));
                return None;
            }
        };
        self.check_filter_keys(&entries, RULE);
        let (only, ignore) = (entries.get("only"), entries.get("ignore"));
        let is_empty = |entry: &Entry<'_>| self.render.doc().is_null(entry.value);
        let (no_only, no_ignore) = (only.filter(is_empty), ignore.filter(is_empty));
        let (only, ignore) =
            (only.filter(|entry| !is_empty(entry)), ignore.filter(|entry| !is_empty(entry)));
        let has_other = only.is_some() || ignore.is_some();
        let effect = if has_other { "it has no effect" } else { effect_of_nothing(entry.name) };
        for empty in no_only.into_iter().chain(no_ignore) {
            self.empty_rule(&empty, entry.name, effect);
        }
        let ignore =
            ignore.map(|ignore| Rule::Ignore(self.tests(ignore.value, ignore.name, scope)));
        only.map(|only| Rule::Only(self.tests(only.value, only.name, scope))).or(ignore)
    }

    /// Warns about a rule without a value. The hosted service passes over it, and so do we: for branches that
    /// lets everything pass, and for tags nothing.
    fn empty_rule(&mut self, entry: &Entry<'_>, kind: &str, effect: &str) {
        if self.owner == FilterOwner::Schedule {
            return;
        }
        let message = format!("`{}` is empty: {effect}", entry.name);
        let help = match (entry.name, kind) {
            ("only" | "ignore", "tags") => "write names after it, such as `/v.*/`, or remove it",
            ("only" | "ignore", _) => "write names after it, such as `main`, or remove it",
            (_, "tags") => "write `tags: { only: /.*/ }` for every tag, or remove it",
            _ => "write `branches: { only: main }` for one branch, or remove it",
        };
        self.render.report().add(Problem::warning(codes::IGNORED, entry.key, message).help(help));
    }

    fn tests(&mut self, at: At, name: &str, scope: &Rc<Scope>) -> Vec<NameTest> {
        let value = self.render.evaluate(at, scope);
        let texts = self.render.texts_of(&value, name);
        texts.into_iter().map(|PlacedText { text, place }| self.test(&text, place)).collect()
    }

    fn test(&mut self, text: &str, place: Place) -> NameTest {
        let pattern = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        let Some(pattern) = pattern else {
            self.check_literal(text, place);
            return NameTest { place, kind: NameTestKind::Exact(text.to_owned()) };
        };
        let kind = match self.render.pattern(pattern) {
            Ok(pattern) => {
                self.lint_pattern(&pattern, place);
                NameTestKind::Matches(pattern)
            }
            Err(error) => {
                let place = error
                    .span
                    .as_ref()
                    .map_or(place, |span| self.render.within(place, pattern, span));
                let message = format!("invalid regular expression `{pattern}`: {}", error.message);
                let problem = Problem::error(codes::BAD_REGEX, place, message);
                self.render.report().add(problem.maybe_help(error.help));
                NameTestKind::Broken
            }
        };
        NameTest { place, kind }
    }

    /// Warns about strings that were probably meant as patterns (W-07).
    fn check_literal(&mut self, text: &str, place: Place) {
        if looks_like_pattern(text) {
            let message = format!(
                "`{text}` is compared literally; regular expressions are written between slashes"
            );
            let problem = Problem::warning(codes::REGEX_WITHOUT_SLASHES, place, message);
            let help = match slashes::flagged(text) {
                Some(pattern) => format!("write `/{pattern}/`"),
                None if is_glob(text) => format!("write `/{}/`", glob_pattern(text)),
                None => format!("write `/{}/`", text.trim_matches('/')),
            };
            self.render.report().add(problem.help(help));
        }
    }

    /// Warns about what the profile `next` refuses (W-18).
    fn lint_pattern(&mut self, pattern: &Pattern, place: Place) {
        if let Some(PatternError { message, help, .. }) = pattern.refused_by_next() {
            let problem = Problem::warning(codes::LOOK_AROUND, place, message);
            self.render.report().add(problem.maybe_help(help));
        }
    }
}

/// Looks like a pattern whose slashes were forgotten (W-07).
fn looks_like_pattern(text: &str) -> bool {
    text.starts_with('/')
        || text.ends_with('/')
        || text.starts_with('^')
        || text.contains(['*', '|', '('])
}

/// Returns whether a string is written like the names of files in a shell: `feature/*`.
fn is_glob(text: &str) -> bool {
    let signs = ['^', '$', '(', '|', '[', '\\', '+', '{'];
    text.contains('*') && !text.contains(".*") && !text.contains(signs) && !text.starts_with('/')
}

/// Writes such a string as a pattern.
fn glob_pattern(text: &str) -> String {
    let text = text.replace("**", "*");
    let parts = text.chars().map(|c| match c {
        '*' => ".*".to_owned(),
        '?' => ".".to_owned(),
        '.' | '/' => format!("\\{c}"),
        _ => c.to_string(),
    });
    parts.collect()
}

/// Removes jobs all of whose requirements are gone, until nothing changes (CFG §5.4.3, RUN §1.5).
///
/// `kept` is what the filters say; `requires` are indices of jobs. What remains of the requirements
/// of a kept job are those that are kept.
pub(crate) fn drop_unreachable(kept: &mut [bool], requires: &[Vec<usize>]) {
    loop {
        let mut changed = false;
        for job in 0..kept.len() {
            let orphaned =
                !requires[job].is_empty() && requires[job].iter().all(|&other| !kept[other]);
            if kept[job] && orphaned {
                kept[job] = false;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

fn any(render: &mut Renderer<'_>, tests: &[NameTest], name: &str) -> bool {
    // What one match may cost, next to looking at a key.
    const VISITS: usize = 500;
    tests.iter().any(|test| match &test.kind {
        NameTestKind::Exact(text) => text == name,
        NameTestKind::Broken => false,
        NameTestKind::Matches(_) if !render.afford(Resource::Visits, VISITS, test.place) => false,
        NameTestKind::Matches(pattern) => pattern.matches(name).unwrap_or_else(|error| {
            // Neither answer would be safe, so the whole configuration is refused.
            let problem = Problem::error(codes::BAD_REGEX, test.place, error.message);
            render.report().add(problem.maybe_help(error.help));
            false
        }),
    })
}

/// What a filter of this kind does that names nothing.
fn effect_of_nothing(kind: &str) -> &'static str {
    match kind {
        "tags" => "it has no effect, and no tag runs the job",
        _ => "it has no effect, and every branch runs the job",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CFG §11.6: lint, build (removed), publish(lint, build), notify(build), audit(notify), gate(publish).
    #[test]
    fn a_job_without_any_requirement_left_goes_too() {
        let mut kept = [true, false, true, true, true, true];
        drop_unreachable(&mut kept, &[vec![], vec![], vec![0, 1], vec![1], vec![3], vec![2]]);
        assert_eq!(kept, [true, false, true, false, false, true]);
    }
}
