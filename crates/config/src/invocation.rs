//! Phases 10 and 11: entries of a workflow's `jobs`, matrices multiplied out (CFG §5.2, §5.3).

mod requirements;

use std::rc::Rc;

use roundel_model::plan::PlannedJobKind;

pub(crate) use requirements::Item;

use crate::{
    budget::Draw,
    codes,
    compile::Context,
    definitions::Definition,
    filters::Filters,
    job::{Around, JobType},
    matrix::Matrix,
    parameters::{Argument, ArgumentSource, Call},
    report::Problem,
    source::Place,
    suggest::did_you_mean,
    value::{Data, Scope},
    yaml::{At, Entry, View},
};

/// One job of a workflow, before names and filters are settled.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// The name that it asks for.
    pub(crate) requested: String,
    /// The entry of the list that it comes from; the elements of a matrix share one.
    pub(crate) entry: usize,
    /// What it does; `None` if that could not be compiled, which was reported.
    pub(crate) kind: Option<PlannedJobKind>,
    pub(crate) requires: Vec<Item>,
    pub(crate) filters: Filters,
    pub(crate) contexts: Vec<String>,
    /// The name of the matrix that it belongs to.
    pub(crate) alias: Option<String>,
    pub(crate) presence: Presence,
}

/// How much is known of a job's place in its workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Its name is known.
    Certain,
    /// Its name is a guess, for something was wrong with the entry: a requirement that finds
    /// nobody may mean it.
    Guessed,
    /// It stands for a matrix without any combination; whoever requires it finds it filtered out.
    Empty,
}

/// An entry of the list.
struct Invocation<'d> {
    name: &'d str,
    key: Place,
    fields: Vec<Entry<'d>>,
    entry: usize,
    /// It has a shape that was reported: only its name is used.
    broken: bool,
}

/// Keys of an entry that are no arguments.
const RESERVED: &[&str] = &[
    "requires",
    "name",
    "context",
    "type",
    "filters",
    "matrix",
    "pre-steps",
    "post-steps",
    "serial-group",
    "override-with",
];

impl<'d> Context<'d> {
    /// Compiles one entry of a workflow's `jobs` into its jobs.
    pub(crate) fn invoke(&mut self, item: At, entry: usize, workflow: &str) -> Vec<Draft> {
        let Some(invocation) = self.invocation(item, entry) else { return Vec::new() };
        if !self.afford(Draw::Calls, 1, invocation.key) {
            return Vec::new();
        }
        if invocation.broken {
            return vec![Self::without_body(&invocation, None)];
        }
        let outer = Scope::outer(format!("workflow `{workflow}`"));
        self.check_unsupported(&invocation);
        let get = |name: &str| invocation.fields.iter().find(|field| field.name == name);
        let Some(matrix) = get("matrix").filter(|field| !self.doc.is_null(field.value)) else {
            return vec![self.draft(&invocation, &outer, None)];
        };
        if !self.templates {
            let problem =
                Problem::error(codes::NEEDS_2_1, matrix.key, "`matrix` needs version 2.1");
            self.report.add(problem);
            return vec![Self::without_body(&invocation, None)];
        }
        let Some(matrix) = self.matrix(matrix, &outer) else {
            // Kept under its plain name, so that requirements on it find something.
            return vec![Self::without_body(&invocation, None)];
        };
        self.check_given_twice(&invocation, &matrix);
        let mut drafts = Vec::new();
        for combination in &matrix.combinations {
            if !self.afford(Draw::Visits, 4 * invocation.fields.len(), invocation.key) {
                break;
            }
            let scope = Rc::new(Scope { matrix: Some(combination.clone()), ..(*outer).clone() });
            drafts.push(self.draft(&invocation, &scope, Some(&matrix)));
        }
        if drafts.is_empty() {
            let kind = Some(PlannedJobKind::NoOp);
            let empty = Self::without_body(&invocation, matrix.alias.clone());
            drafts.push(Draft { kind, presence: Presence::Empty, ..empty });
        }
        drafts
    }

    fn invocation(&mut self, item: At, entry: usize) -> Option<Invocation<'d>> {
        let doc = self.doc;
        let place = doc.place(item);
        match doc.view(item) {
            View::Broken => None,
            View::Scalar(name, _) if !doc.is_null(item) => {
                Some(Invocation { name, key: place, fields: Vec::new(), entry, broken: false })
            }
            View::Map(entries) if entries.len() == 1 => {
                let Entry { name, key, value } = entries[0];
                let (fields, broken) = match doc.view(value) {
                    View::Map(fields) => (fields, false),
                    View::Broken => (Vec::new(), true),
                    View::Scalar(..) if doc.is_null(value) => (Vec::new(), false),
                    View::Scalar(..) | View::Seq(_) => {
                        let message = format!("what belongs to `{name}` must be a mapping");
                        let problem = Problem::error(codes::WRONG_TYPE, doc.place(value), message);
                        self.report
                            .add(problem.help("write `requires: […]` and the like below it"));
                        (Vec::new(), true)
                    }
                };
                Some(Invocation { name, key, fields, entry, broken })
            }
            View::Map(entries) if entries.len() > 1 => {
                let (first, second) = (entries[0], entries[1]);
                let message = format!(
                    "an entry has one key, the job's name; `{}` is the second",
                    second.name
                );
                let problem = Problem::error(codes::INVOCATION_SEVERAL_KEYS, second.key, message);
                let help = format!("indent `{}` deeper than `{}`", second.name, first.name);
                self.report.add(problem.help(help).related(first.key, "the first key"));
                let Entry { name, key, .. } = first;
                Some(Invocation { name, key, fields: Vec::new(), entry, broken: true })
            }
            View::Scalar(..) | View::Seq(_) | View::Map(_) => {
                let message = "an entry of `jobs` is a job's name, or a mapping with it as key";
                self.report.add(
                    Problem::error(codes::SECTION_TYPE, place, message).help("write `- build`"),
                );
                None
            }
        }
    }

    fn check_unsupported(&mut self, invocation: &Invocation<'_>) {
        for field in &invocation.fields {
            let (code, what) = match field.name {
                "serial-group" => (codes::UNSUPPORTED_SERIAL_GROUP, "serial groups"),
                "override-with" => (codes::UNSUPPORTED_OVERRIDE, "`override-with`"),
                _ => continue,
            };
            let message = format!("{what} cannot be used by this release yet");
            self.report.add(Problem::error(code, field.key, message).help("remove the key"));
        }
    }

    fn check_given_twice(&mut self, invocation: &Invocation<'_>, matrix: &Matrix) {
        for (name, key) in &matrix.parameters {
            if RESERVED.contains(&name.as_str()) {
                continue;
            }
            if let Some(direct) = invocation.fields.iter().find(|field| field.name == name) {
                // Official orbs' own configurations do this, and the matrix wins.
                let message = format!("`{name}` is given by the matrix too, which wins");
                let problem = Problem::warning(codes::MATRIX_PARAMETER, direct.key, message);
                self.report.add(problem.related(*key, "in the matrix").help("remove one of them"));
            }
        }
    }

    /// Compiles one job.
    fn draft(
        &mut self,
        invocation: &Invocation<'d>,
        scope: &Rc<Scope>,
        matrix: Option<&Matrix>,
    ) -> Draft {
        let alias =
            matrix.map(|matrix| matrix.alias.clone().unwrap_or_else(|| invocation.name.to_owned()));
        let presence = Presence::Certain;
        let mut draft = Draft { presence, ..Self::without_body(invocation, alias) };
        if let Some(combination) = &scope.matrix {
            draft.requested = Self::generated_name(invocation.name, combination);
            // A matrix over `name` names its jobs; no job can declare such a parameter.
            let named = combination.get("name").and_then(|value| value.data.scalar_text());
            draft.requested = named.map_or(draft.requested, |name| name.to_string());
        }
        let mut is_approval = false;
        for field in &invocation.fields {
            match field.name {
                "name" => {
                    let errors = self.report.errors();
                    let name = self.text_field(field.value, "name", scope);
                    if self.report.errors() > errors {
                        draft.presence = Presence::Guessed;
                    }
                    draft.requested =
                        name.filter(|name| !name.trim().is_empty()).unwrap_or(draft.requested);
                }
                "requires" => draft.requires = self.requirements(field, scope),
                "context" => draft.contexts = self.contexts(field, scope),
                "filters" => draft.filters = self.filters(field, scope),
                "type" => is_approval = self.is_approval(field, scope),
                _ => {}
            }
        }
        draft.kind = if is_approval {
            self.check_approval(invocation);
            Some(PlannedJobKind::Approval)
        } else {
            self.build(invocation, scope)
        };
        draft
    }

    /// A job of which only a name is known.
    fn without_body(invocation: &Invocation<'_>, alias: Option<String>) -> Draft {
        Draft {
            requested: invocation.name.to_owned(),
            entry: invocation.entry,
            kind: None,
            requires: Vec::new(),
            filters: Filters::default(),
            contexts: Vec::new(),
            alias,
            presence: Presence::Guessed,
        }
    }

    /// Only approvals can be written inline (CFG §2.10).
    fn is_approval(&mut self, field: &Entry<'_>, scope: &Rc<Scope>) -> bool {
        let value = self.evaluate(field.value, scope);
        match &value.data {
            Data::Text(text) if &**text == "approval" => true,
            Data::Text(text) if &**text == "build" => false,
            Data::Unknown | Data::Null => false,
            _ => {
                let message = "only jobs with `type: approval` can be defined in a workflow";
                let problem = Problem::error(codes::UNKNOWN_JOB_TYPE, value.place, message);
                self.report.add(problem.help("declare the job under `jobs`"));
                false
            }
        }
    }

    fn check_approval(&mut self, invocation: &Invocation<'_>) {
        if let Some(job) = self.definitions.jobs.get(invocation.name) {
            let message =
                format!("the job `{}` is not run: this entry is an approval", invocation.name);
            let problem = Problem::warning(codes::IGNORED, invocation.key, message);
            let problem = problem.related(job.key, "the job of the same name");
            self.report.add(problem.help("give the approval a name of its own"));
        }
        for field in &invocation.fields {
            if matches!(field.name, "context" | "pre-steps" | "post-steps") {
                let message = format!("`{}` has no effect on an approval", field.name);
                self.report.add(Problem::warning(codes::IGNORED, field.key, message));
            }
        }
    }

    /// Compiles the job that an entry names.
    fn build(&mut self, invocation: &Invocation<'d>, scope: &Rc<Scope>) -> Option<PlannedJobKind> {
        let name = invocation.name;
        let Some(definition) = self.definitions.jobs.get(name).cloned() else {
            self.unknown_job(invocation);
            return None;
        };
        if definition.broken || !self.afford(Draw::Calls, 1, invocation.key) {
            return None;
        }
        match self.job_type(name, &definition) {
            JobType::Approval => return Some(PlannedJobKind::Approval),
            JobType::NoOp => return Some(PlannedJobKind::NoOp),
            JobType::Unusable => return None,
            JobType::Build => {}
        }
        let errors = self.report.errors();
        let arguments = self.arguments_of(invocation, scope);
        let callee = format!("job `{name}`");
        let call =
            Call { callee: &callee, declarations: &definition.parameters, place: invocation.key };
        let bindings = self.bind(&call, arguments);
        let get = |name: &str| invocation.fields.iter().find(|field| field.name == name).copied();
        let around = Around { before: get("pre-steps"), after: get("post-steps") };
        let body = self.job_body(name, &definition, bindings, (&around, scope));
        body.filter(|_| self.report.errors() == errors)
            .map(|body| PlannedJobKind::Build(Box::new(body)))
    }

    fn arguments_of(&self, invocation: &Invocation<'_>, scope: &Rc<Scope>) -> Vec<Argument> {
        if !self.templates {
            return Vec::new();
        }
        let direct = invocation.fields.iter().filter(|field| !RESERVED.contains(&field.name));
        let direct = direct.map(|field| Argument {
            name: field.name.to_owned(),
            key: field.key,
            source: ArgumentSource::Node(field.value, scope.clone()),
        });
        let matrix = scope.matrix.iter().flat_map(|matrix| matrix.iter());
        let matrix = matrix.filter(|(name, _)| *name != "name");
        let matrix = matrix.map(|(name, value)| Argument {
            name: name.clone(),
            key: value.place,
            source: ArgumentSource::Ready(value.clone()),
        });
        direct.chain(matrix).collect()
    }

    fn unknown_job(&mut self, invocation: &Invocation<'_>) {
        let name = invocation.name;
        if name.contains('/') && self.templates {
            if let Some(problem) = self.missing_from_orb(name, invocation.key, "job") {
                self.report.add(problem);
            }
            return;
        }
        // Whatever stands wrongly below `jobs` was told; a job that it hides is no second mistake.
        if self.definitions.jobs_broken && self.definitions.jobs.is_empty() {
            return;
        }
        let message = format!("cannot find a definition for job named `{name}`");
        let help = did_you_mean(name, self.definitions.jobs.keys().copied()).unwrap_or_else(|| {
            "declare it under `jobs`; a gate for people needs `type: approval`".to_owned()
        });
        self.report.add(Problem::error(codes::UNKNOWN_JOB, invocation.key, message).help(help));
    }

    /// Names the job that an entry runs, for the list of unused ones.
    pub(crate) fn invoked_name(&self, item: At) -> Option<&'d str> {
        match self.doc.view(item) {
            View::Scalar(name, _) => Some(name),
            View::Map(entries) => entries.first().map(|entry| entry.name),
            View::Seq(_) | View::Broken => None,
        }
    }

    /// Compiles the implicit workflow's only job (CFG §5.1).
    pub(crate) fn implicit_build(&mut self, definition: &Definition) -> Draft {
        let (key, fields) = (definition.key, Vec::new());
        let invocation = Invocation { name: "build", key, fields, entry: 0, broken: false };
        let outer = Scope::outer("the implicit workflow");
        let mut draft = self.draft(&invocation, &outer, None);
        if let Some(branches) = self.doc.get(definition.body, "branches") {
            let branches = self.rule(&branches, &outer);
            draft.filters = Filters::Names { branches, tags: None };
        }
        draft
    }
}
