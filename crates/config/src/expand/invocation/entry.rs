//! Entries that name a job, matrices multiplied out (CFG §5.2, §5.3).

use std::rc::Rc;

use roundel_model::plan::PlannedJobKind;

use super::{
    key_advice::{OF_APPROVAL, meant_for_approval},
    requirements::{RequiredJob, RequirementReader},
};
use crate::{
    codes::{self, consequence::JobRefusal},
    expand::{
        Expander,
        filters::{FilterReader, Filters},
        job::{JobType, JobTypeReader, PrePostSteps},
        matrix::{Matrix, MatrixReader, generated_name, matrix_help},
    },
    language::{
        data::{Bindings, Data, Field, ModuleId, Scope, Value},
        definition::{Definition, Element, Found, Import},
        keys::RESERVED,
    },
    read::{
        report::Features,
        source::Sources,
        yaml::{At, Entries, Entry, View},
    },
    render::{budget::Resource, fields::Expected},
    resolve::parameters::bind::{Argument, ArgumentSource, Binder, Call},
    text::{
        place::{Place, PlacedText},
        problem::Problem,
        suggest::did_you_mean,
    },
};

/// One job of a workflow, before names and filters are settled.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// The name that it asks for.
    pub(crate) requested: String,
    /// The entry of the list that it comes from; the elements of a matrix share one.
    pub(crate) entry: usize,
    /// Place of its key in the workflow.
    pub(crate) key: Place,
    /// The kind of the job; `None` if that could not be compiled, which was reported.
    pub(crate) kind: Option<PlannedJobKind>,
    /// The job as rendered; `None` for one that has no definition.
    pub(crate) document: Option<Value>,
    /// What the entry says next to its requirements, as rendered.
    pub(crate) rendered: Vec<Field>,
    pub(crate) requires: Vec<RequiredJob>,
    pub(crate) filters: Filters,
    pub(crate) filters_key: Option<Place>,
    pub(crate) contexts: Vec<PlacedText>,
    pub(crate) serial_group: Option<String>,
    /// The job group's invocation that it is a member of, by the entry's number.
    pub(crate) group: Option<usize>,
    /// The name of the matrix that it belongs to.
    pub(crate) alias: Option<String>,
    /// Its values of that matrix.
    pub(crate) combination: Option<Rc<Bindings>>,
    pub(crate) presence: Presence,
    /// What this job uses and this release does not support.
    pub(crate) unsupported: Features,
}

/// How much is known of a job's place in its workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Its name is known.
    Certain,
    /// Its name is a guess, for something was wrong with the entry: a requirement that finds
    /// nothing may mean it.
    Guessed,
    /// It stands for a matrix without any combination; for jobs that require it, it is filtered out.
    Empty,
}

/// How much of an entry is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// The entry and the job that it names.
    Whole,
    /// The entry alone, as far as no tag decides about it.
    Outline,
}

/// An entry of the list.
pub(super) struct Invocation<'d> {
    pub(super) name: &'d str,
    pub(super) key: Place,
    pub(super) fields: Vec<Entry<'d>>,
    pub(super) entry: usize,
    /// Only its name is used: it has a shape that was reported, or the outline of it is not known.
    pub(super) broken: bool,
    pub(super) depth: Depth,
}

/// What an entry stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EntryType {
    /// A job that is defined under `jobs`, or in an orb.
    Job,
    /// An approval, which has no definition.
    Approval,
}

impl<'d> Expander<'_, 'd> {
    /// Compiles an entry that names a job.
    pub(super) fn invoke_entry(
        &mut self,
        invocation: &Invocation<'d>,
        outer: &Rc<Scope>,
    ) -> Vec<Draft> {
        // Approvals have no definition at which that would be reported.
        if !self.modules.get(ModuleId::CONFIG).jobs.contains_key(invocation.name) {
            self.render.report_blank_name("job", invocation.name, invocation.key);
        }
        if invocation.broken {
            self.note_unread(invocation);
            return vec![Self::without_body(invocation, None)];
        }
        self.check_version_2_entry(invocation);
        if MatrixReader::new(self.render).has_stray_parameters(&invocation.fields) {
            self.note_unread(invocation);
            return vec![Self::without_body(invocation, None)];
        }
        let get = |name: &str| invocation.fields.iter().find(|field| field.name == name);
        let Some(matrix) = get("matrix").filter(|field| !self.render.doc().is_null(field.value))
        else {
            return vec![self.draft(invocation, outer, None)];
        };
        if !self.render.has_templates() {
            let problem =
                Problem::error(codes::NEEDS_2_1, matrix.key, "`matrix` needs version 2.1");
            self.render.report().add(problem);
            self.note_unread(invocation);
            return vec![Self::without_body(invocation, None)];
        }
        let help = matrix_help(
            self.modules.get(ModuleId::CONFIG).jobs.get(invocation.name),
            &invocation.fields,
        );
        let Some(matrix) = MatrixReader::new(self.render).matrix(matrix, &help, outer) else {
            self.note_unread(invocation);
            // Kept under its plain name, so that requirements on it find something.
            return vec![Self::without_body(invocation, None)];
        };
        self.check_given_twice(invocation, &matrix);
        let mut drafts = Vec::new();
        for combination in &matrix.combinations {
            if !self.render.afford(Resource::Visits, 4 * invocation.fields.len(), invocation.key) {
                break;
            }
            let scope = Rc::new(Scope { matrix: Some(combination.clone()), ..(**outer).clone() });
            drafts.push(self.draft(invocation, &scope, Some(&matrix)));
        }
        if drafts.is_empty() {
            let kind = Some(PlannedJobKind::NoOp);
            let empty = Self::without_body(invocation, matrix.alias.clone());
            drafts.push(Draft { kind, presence: Presence::Empty, ..empty });
        }
        drafts
    }

    /// Notes that the job that an entry names is not compiled, because of the entry.
    fn note_unread(&mut self, invocation: &Invocation<'_>) {
        self.progress.note_unread(invocation.name);
    }

    pub(super) fn invocation(
        &mut self,
        item: At,
        entry: usize,
        depth: Depth,
    ) -> Option<Invocation<'d>> {
        let doc = self.render.doc();
        let place = doc.place(item);
        match doc.view(item) {
            View::Broken => None,
            View::Scalar(name, _) if !doc.is_null(item) => {
                let fields = Vec::new();
                Some(Invocation { name, key: place, fields, entry, broken: false, depth })
            }
            View::Map(entries) if entries.len() == 1 => {
                let Entry { name, key, value } = entries.first()?;
                let (fields, broken) = match doc.view(value) {
                    View::Map(fields) => (fields.iter().collect(), false),
                    View::Broken => (Vec::new(), true),
                    View::Scalar(..) if doc.is_null(value) => (Vec::new(), false),
                    View::Scalar(..) | View::Seq(_) => {
                        let message = format!("the options of `{name}` must be a mapping");
                        let problem = Problem::error(codes::WRONG_TYPE, doc.place(value), message);
                        self.render
                            .report()
                            .add(problem.help("write keys such as `requires: […]` below it"));
                        (Vec::new(), true)
                    }
                };
                Some(Invocation { name, key, fields, entry, broken, depth })
            }
            View::Map(entries) if entries.len() > 1 => {
                let (first, second) = (entries.first()?, entries.iter().nth(1)?);
                let message = format!(
                    "a job entry must have exactly one key, the job's name; found a second key \
                     `{}`",
                    second.name
                );
                let problem = Problem::error(codes::INVOCATION_SEVERAL_KEYS, second.key, message);
                let help = whole_entry(doc, &entries)
                    .unwrap_or_else(|| crate::resolve::shape::indent_deeper(&entries));
                self.render.report().add(problem.help(help).related(first.key, "the first key"));
                let Entry { name, key, .. } = first;
                Some(Invocation { name, key, fields: Vec::new(), entry, broken: true, depth })
            }
            View::Scalar(..) | View::Seq(_) | View::Map(_) => {
                let message = "a job entry must be the job's name, or a mapping with the name as \
                               its key";
                self.render.report().add(
                    Problem::error(codes::SECTION_TYPE, place, message).help("write `- build`"),
                );
                None
            }
        }
    }

    fn check_given_twice(&mut self, invocation: &Invocation<'_>, matrix: &Matrix) {
        for (name, key) in &matrix.parameters {
            if RESERVED.contains(&name.as_str()) {
                continue;
            }
            if let Some(direct) = invocation.fields.iter().find(|field| field.name == name) {
                // Official orbs' own configurations do this, and the matrix wins.
                let message = format!("`{name}` is also set by the matrix, which takes precedence");
                let problem = Problem::warning(codes::MATRIX_PARAMETER, direct.key, message);
                self.render.report().add(
                    problem.related(*key, "set in the matrix here").help("remove one of them"),
                );
            }
        }
    }

    /// Compiles one job.
    pub(super) fn draft(
        &mut self,
        invocation: &Invocation<'d>,
        scope: &Rc<Scope>,
        matrix: Option<&Matrix>,
    ) -> Draft {
        let alias =
            matrix.map(|matrix| matrix.alias.clone().unwrap_or_else(|| invocation.name.to_owned()));
        let (presence, combination) = (Presence::Certain, scope.matrix.clone());
        let mut draft = Draft { combination, presence, ..Self::without_body(invocation, alias) };
        if let Some(combination) = &scope.matrix {
            draft.requested = generated_name(invocation.name, combination);
            // A matrix over `name` names its jobs; no job can declare such a parameter.
            let named = combination.get("name").and_then(|value| value.data.scalar_text());
            let named = named.filter(|name| !name.trim().is_empty());
            draft.requested = named.map_or(draft.requested, |name| name.to_string());
        }
        self.render.report().unsupported().begin_job();
        let mut entry_type = EntryType::Job;
        for field in &invocation.fields {
            match field.name {
                "name" => {
                    let errors = self.render.found().errors();
                    let name = self.render.text_field(field.value, "name", scope);
                    if self.render.found().errors() > errors {
                        draft.presence = Presence::Guessed;
                    }
                    if let Some(name) = name.filter(|name| !name.trim().is_empty()) {
                        self.render.report_hidden_characters("job", &name, field.key);
                        draft.requested = name;
                    }
                }
                "requires" => {
                    draft.requires = RequirementReader::new(self.render).requirements(field, scope);
                }
                "context" => {
                    let value = self.render.evaluate(field.value, scope);
                    draft.contexts = RequirementReader::new(self.render).contexts(&value);
                    if !draft.contexts.is_empty() {
                        draft.rendered.push(rendered(field, value));
                    }
                }
                "filters" => {
                    draft.filters = FilterReader::new(self.render).filters(field, scope);
                    draft.filters_key = Some(field.key);
                    draft.rendered.extend(FilterReader::new(self.render).rendered_filters(
                        field,
                        &draft.filters,
                        scope,
                    ));
                }
                "serial-group" => {
                    let value = self.render.evaluate(field.value, scope);
                    draft.serial_group = self.serial_group(&value, field.key);
                    draft.rendered.push(rendered(field, value));
                }
                "type" => {
                    entry_type = self.entry_type(field, scope);
                    if entry_type == EntryType::Approval {
                        let value = self.render.evaluate(field.value, scope);
                        draft.rendered.push(rendered(field, value));
                    }
                }
                _ => {}
            }
        }
        if entry_type == EntryType::Approval {
            self.check_approval(invocation);
            draft.kind = Some(PlannedJobKind::Approval);
        } else if invocation.depth == Depth::Whole {
            self.add_body(&mut draft, invocation, scope);
        }
        draft.unsupported = self.render.report().unsupported().end_job();
        draft
    }

    /// Compiles the job that an entry names, into the entry's own.
    fn add_body(&mut self, draft: &mut Draft, invocation: &Invocation<'d>, scope: &Rc<Scope>) {
        let what: Rc<str> = format!("job `{}`", invocation.name).into();
        self.render.report().enter(&what, invocation.key);
        if let Some((kind, document)) = self.build(invocation, &what, scope) {
            draft.kind = Some(kind);
            draft.document = document;
        }
        if !matches!(draft.kind, Some(PlannedJobKind::NoOp | PlannedJobKind::Approval)) {
            self.refused_contexts(&draft.contexts);
        }
        self.render.report().leave();
    }

    /// Reports the contexts of a job, none of which this release has.
    fn refused_contexts(&mut self, contexts: &[PlacedText]) {
        for PlacedText { text: name, place } in contexts {
            let message = format!(
                "the context `{name}` does not exist: this release has no contexts, and a job that names \
                 one ends as unauthorized"
            );
            let problem = Problem::unsupported(codes::UNSUPPORTED_CONTEXT, *place, message);
            self.render.report().add_unsupported(problem.help(JobRefusal::Context.help()));
        }
    }

    /// Reads a serial group's key (CFG §5.10).
    pub(super) fn serial_group(&mut self, value: &Value, key: Place) -> Option<String> {
        const CHARS: usize = 512;
        let message = "serial groups are not supported in this release";
        let problem = Problem::unsupported(codes::UNSUPPORTED_SERIAL_GROUP, key, message);
        self.render.report().add_unsupported(problem.help("remove the key"));
        let text = match &value.data {
            Data::Unknown => return None,
            Data::List(_) | Data::Map(_) | Data::Steps(_) => {
                self.render.wrong_type(value, "serial-group", Expected::String);
                return None;
            }
            data => data.scalar_text().unwrap_or_default(),
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
        if text.trim().is_empty() || text.len() > CHARS || !text.chars().all(allowed) {
            let message = format!("`{text}` is not a valid serial group");
            let problem = Problem::error(codes::BAD_SERIAL_GROUP, value.place, message);
            let help = "use 1 to 512 letters, digits, `.`, `_`, `/` and `-`; a missing pipeline \
                        value is an empty string";
            self.render.report().add(problem.help(help));
            return None;
        }
        Some(text.to_string())
    }

    /// A job of which only a name is known.
    pub(super) fn without_body(invocation: &Invocation<'_>, alias: Option<String>) -> Draft {
        Draft {
            requested: invocation.name.to_owned(),
            entry: invocation.entry,
            key: invocation.key,
            kind: None,
            document: None,
            rendered: Vec::new(),
            requires: Vec::new(),
            filters: Filters::default(),
            filters_key: None,
            contexts: Vec::new(),
            serial_group: None,
            group: None,
            alias,
            combination: None,
            presence: Presence::Guessed,
            unsupported: Features::default(),
        }
    }

    /// Reads `type`: only approvals can be written inline (CFG §2.10).
    fn entry_type(&mut self, field: &Entry<'_>, scope: &Rc<Scope>) -> EntryType {
        let value = self.render.evaluate(field.value, scope);
        match &value.data {
            Data::Text(text) if &**text == "approval" => EntryType::Approval,
            Data::Text(text) if &**text == "build" => EntryType::Job,
            Data::Unknown | Data::Null => EntryType::Job,
            _ => {
                let message = "only jobs with `type: approval` can be defined in a workflow";
                let problem = Problem::error(codes::UNKNOWN_JOB_TYPE, value.place, message);
                let text = value.data.scalar_text().unwrap_or_default();
                let help = did_you_mean(&text, ["approval", "build"])
                    .unwrap_or_else(|| "define the job under `jobs`".into());
                self.render.report().add(problem.help(help));
                EntryType::Job
            }
        }
    }

    fn check_approval(&mut self, invocation: &Invocation<'_>) {
        let job = self.modules.get(ModuleId::CONFIG).jobs.get(invocation.name);
        if let Some(job) = job.filter(|_| self.render.has_templates()) {
            let message =
                format!("job `{}` does not run: this entry is an approval job", invocation.name);
            let problem = Problem::warning(codes::IGNORED, invocation.key, message);
            let problem = problem.related(job.key, "the job with the same name");
            self.render.report().add(problem.help("rename the approval job"));
        }
        for field in &invocation.fields {
            if OF_APPROVAL.contains(&field.name) || !self.render.has_templates() {
                continue;
            }
            if let Some(help) = meant_for_approval(field.name) {
                let message = format!("an approval job has no key `{}`", field.name);
                let problem = Problem::error(codes::UNKNOWN_PARAMETER, field.key, message);
                self.render.report().add(problem.help(help));
            } else {
                let message = format!("`{}` has no effect on an approval job", field.name);
                self.render.report().add(Problem::warning(codes::IGNORED, field.key, message));
            }
        }
    }

    /// Compiles the job that an entry names; also returns it as rendered.
    pub(super) fn build(
        &mut self,
        invocation: &Invocation<'d>,
        what: &Rc<str>,
        scope: &Rc<Scope>,
    ) -> Option<(PlannedJobKind, Option<Value>)> {
        let name = invocation.name;
        let definition = self.job_of(invocation, scope)?;
        self.progress.note_compiled(name);
        self.lookup().empty_is_used(&definition, Element::Job);
        if definition.broken || !self.render.afford(Resource::Calls, 1, invocation.key) {
            return None;
        }
        let errors = self.render.found().errors();
        let arguments = self.arguments_of(invocation, scope);
        let declarations = &definition.parameters;
        let (place, module) = (invocation.key, definition.module);
        let element = Element::Job;
        let call = Call { element, callee: what, declarations, place, module };
        let bindings = Binder::new(self.render).bind(&call, arguments);
        let inner = Scope::inner(what, module, bindings.clone());
        let kind = match JobTypeReader::new(self.render).job_type(name, &definition, &inner) {
            JobType::Approval => PlannedJobKind::Approval,
            JobType::NoOp => PlannedJobKind::NoOp,
            JobType::Release(plan_name) => PlannedJobKind::Release { plan_name },
            JobType::Lock(key) => PlannedJobKind::Lock { key },
            JobType::Unlock(key) => PlannedJobKind::Unlock { key },
            JobType::Unusable => return None,
            JobType::Build => {
                let get =
                    |name: &str| invocation.fields.iter().find(|field| field.name == name).copied();
                let (before, after) = (get("pre-steps"), get("post-steps"));
                let around = PrePostSteps { before, after, scope };
                let body = self.job_body(what, &definition, bindings, &around);
                let (body, document) = body.filter(|_| self.render.found().errors() == errors)?;
                return Some((PlannedJobKind::Build(Box::new(body)), Some(document)));
            }
        };
        let entries = self.render.doc().entries(definition.body);
        let kept = entries
            .iter()
            .filter(|entry| matches!(entry.name, "type" | "key" | "plan_name" | "validation"));
        let kept: Vec<Field> =
            kept.map(|entry| rendered(&entry, self.render.evaluate(entry.value, &inner))).collect();
        let document = Value::new(Data::Map(Rc::new(kept)), definition.key);
        (self.render.found().errors() == errors).then_some((kind, Some(document)))
    }

    /// Finds the definition of the job that an entry names (CFG §4.13.6).
    fn job_of(&mut self, invocation: &Invocation<'d>, scope: &Rc<Scope>) -> Option<Definition> {
        let local = match self.lookup().find(
            ModuleId::CONFIG,
            Element::Job,
            invocation.name,
            invocation.key,
        ) {
            Found::Definition(definition) => definition,
            Found::Reported => return None,
            Found::Undefined => {
                self.unknown_job(invocation.name, invocation.key, &invocation.fields);
                return None;
            }
        };
        let over = invocation.fields.iter().find(|field| field.name == "override-with").copied();
        let Some(over) = over.filter(|_| self.render.has_templates()) else { return Some(local) };
        let name = self.render.text_field(over.value, "override-with", scope)?;
        let place = self.render.doc().place(over.value);
        let Some((alias, job)) = name.split_once('/') else {
            let message = format!("`override-with` must name a job of an orb, not `{name}`");
            let problem = Problem::error(codes::ORB_ELEMENT, place, message);
            self.render.report().add(problem.help("write `override-with: orb/job`"));
            return None;
        };
        match self.lookup().import(ModuleId::CONFIG, alias) {
            None => {
                // Reports that the alias is not declared.
                self.lookup().find(ModuleId::CONFIG, Element::Job, &name, place);
                None
            }
            Some(Import::Absent) => None,
            Some(Import::Module(orb)) => {
                Some(self.lookup().local(orb, Element::Job, job).unwrap_or(local))
            }
        }
    }

    fn arguments_of(&self, invocation: &Invocation<'_>, scope: &Rc<Scope>) -> Vec<Argument> {
        if !self.render.has_templates() {
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
        let written = invocation.fields.iter().find(|field| field.name == "matrix");
        let written = written.and_then(|field| self.render.doc().get(field.value, "parameters"));
        let written = written.map(|parameters| self.render.doc().entries(parameters.value));
        let key = |name: &str| written.and_then(|parameters| Some(parameters.get(name)?.key));
        let matrix = matrix.map(|(name, value)| Argument {
            name: name.clone(),
            key: key(name).unwrap_or(value.place),
            source: ArgumentSource::Ready(value.clone()),
        });
        direct.chain(matrix).collect()
    }
}

/// Names the job that an entry runs, for the list of unused ones.
pub(crate) fn invoked_name(doc: &Sources, item: At) -> Option<&str> {
    match doc.view(item) {
        View::Scalar(name, _) => Some(name),
        View::Map(entries) => entries.first().map(|entry| entry.name),
        View::Seq(_) | View::Broken => None,
    }
}

/// An entry's key with its value as rendered.
pub(super) fn rendered(entry: &Entry<'_>, value: Value) -> Field {
    Field { name: Rc::from(entry.name), key: entry.key, value }
}

/// Says how an entry is written whose name is the value of a key: `- type: approval` with `name: hold`, or whose
/// other name is above it: `- name: x` with `a:`.
fn whole_entry(doc: &Sources, entries: &Entries<'_>) -> Option<String> {
    let text = |entry: &Entry<'_>| match doc.view(entry.value) {
        View::Scalar(text, _) if !doc.is_null(entry.value) => Some(text),
        View::Scalar(..) | View::Seq(_) | View::Map(_) | View::Broken => None,
    };
    let name = entries.get("name").and_then(|name| text(&name))?;
    if entries.len() != 2 {
        return None;
    }
    let other = entries.iter().find(|entry| entry.name != "name")?;
    match text(&other) {
        Some("approval") if other.name == "type" => {
            Some(format!("write `- {name}: {{ type: approval }}`"))
        }
        None if doc.is_null(other.value) && !RESERVED.contains(&other.name) => {
            Some(format!("write `- {}: {{ name: {name} }}`", other.name))
        }
        _ => None,
    }
}
