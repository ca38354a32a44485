//! Job groups, expanded into their members between an entry and an exit (CFG §5.11).

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use roundel_model::{plan::PlannedJobKind, status::Outcome};

use super::{
    entry::{Draft, Invocation, Presence},
    requirements::{NamePart, RequiredJob, RequirementReader},
};
use crate::{
    codes,
    expand::{
        Expander,
        filters::{FilterReader, Filters},
    },
    language::{
        data::{Data, Field, ModuleId, Scope, Value},
        definition::Definition,
    },
    read::yaml::{Entry, View},
    text::{place::Place, problem::Problem, suggest::did_you_mean},
};

/// Keys that an invocation of a group may have.
const KEYS: &[&str] = &["name", "requires", "filters", "serial-group"];

/// What an invocation of a group says.
#[derive(Default)]
struct Call {
    prefix: String,
    named: bool,
    requires: Vec<RequiredJob>,
    filters: Filters,
    rendered_filters: Option<Field>,
    serial_group: Option<String>,
}

impl<'d> Expander<'_, 'd> {
    /// Expands an invocation of a group.
    pub(super) fn invoke_group(
        &mut self,
        invocation: &Invocation<'d>,
        group: &Definition,
        outer: &Rc<Scope>,
    ) -> Vec<Draft> {
        self.render.report().unsupported().begin_job();
        let call = self.group_call(invocation, outer);
        let unsupported = self.render.report().unsupported().end_job();
        let members = self.group_members(invocation, group, &call, outer);
        let blank = |suffix: &str| {
            let draft = Self::without_body(invocation, None);
            let group = Some(invocation.entry);
            Draft {
                requested: format!("{}-{suffix}", call.prefix),
                group,
                presence: Presence::Certain,
                ..draft
            }
        };
        let (first, kind) = match &call.serial_group {
            Some(key) => ("lock", PlannedJobKind::Lock { key: key.clone() }),
            None => ("start", PlannedJobKind::NoOp),
        };
        let mut entry = with_kind(blank(first), kind, invocation.key);
        entry.requires.clone_from(&call.requires);
        entry.filters = call.filters.clone();
        entry.unsupported = unsupported;
        entry.rendered.extend(call.rendered_filters.clone());
        let mut exit = with_kind(blank("end"), PlannedJobKind::NoOp, invocation.key);
        exit.alias = Some(call.prefix.clone());
        exit.requires = leaves(&members)
            .map(|name| item(name, invocation.key, vec![Outcome::Success]))
            .collect();
        let mut drafts = vec![entry];
        let start = drafts[0].requested.clone();
        drafts.extend(members.into_iter().map(|mut member| {
            if member.requires.is_empty() {
                member.requires.push(item(&start, invocation.key, vec![Outcome::Success]));
            }
            member
        }));
        let end = exit.requested.clone();
        drafts.push(exit);
        if let Some(key) = &call.serial_group {
            let kind = PlannedJobKind::Unlock { key: key.clone() };
            let mut unlock = with_kind(blank("unlock"), kind, invocation.key);
            unlock.requires.push(item(&end, invocation.key, Outcome::ALL.to_vec()));
            drafts.push(unlock);
        }
        drafts
    }

    /// Reports groups that are invoked under one name again (E-103), and leaves their jobs out:
    /// whatever requires them would be ambiguous too.
    pub(crate) fn drop_repeated_groups(&mut self, drafts: &mut Vec<Draft>) {
        let mut first: HashMap<String, (usize, Place)> = HashMap::new();
        let mut repeated = HashSet::new();
        for draft in drafts.iter() {
            // The jobs around the members carry the entry that invokes the group.
            let (Some(name), true) = (&draft.alias, draft.group == Some(draft.entry)) else {
                continue;
            };
            let (entry, place) = *first.entry(name.clone()).or_insert((draft.entry, draft.key));
            if entry == draft.entry {
                continue;
            }
            let message = format!("job group `{name}` is used twice under the same name");
            let problem = Problem::error(codes::GROUP_REPEATED, draft.key, message);
            let problem = problem.related(place, "first used here");
            self.render.report().add(problem.help("give each use its own `name:`"));
            repeated.insert(draft.entry);
        }
        drafts.retain(|draft| draft.group.is_none_or(|group| !repeated.contains(&group)));
    }

    fn group_call(&mut self, invocation: &Invocation<'d>, outer: &Rc<Scope>) -> Call {
        let mut call = Call { prefix: invocation.name.to_owned(), ..Call::default() };
        for field in &invocation.fields {
            match field.name {
                "name" => {
                    if let Some(name) = self.render.text_field(field.value, "name", outer) {
                        call.prefix = name;
                        call.named = true;
                    }
                }
                "requires" => {
                    call.requires = RequirementReader::new(self.render).requirements(field, outer);
                }
                "filters" => {
                    call.filters = FilterReader::new(self.render).filters(field, outer);
                    call.rendered_filters = FilterReader::new(self.render).rendered_filters(
                        field,
                        &call.filters,
                        outer,
                    );
                }
                "serial-group" => {
                    let value = self.render.evaluate(field.value, outer);
                    call.serial_group = self.serial_group(&value, field.key);
                }
                other => self.bad_group_key(other, field),
            }
        }
        call
    }

    fn bad_group_key(&mut self, name: &str, field: &Entry<'_>) {
        let message = format!("a job group entry cannot have the key `{name}`");
        let problem = Problem::error(codes::GROUP_KEY, field.key, message);
        let help = did_you_mean(name, KEYS.iter().copied())
            .unwrap_or_else(|| "move it to the job entries inside the group".into());
        self.render.report().add(problem.help(help));
    }

    /// Compiles the members, renamed; their requirements are each other.
    fn group_members(
        &mut self,
        invocation: &Invocation<'d>,
        group: &Definition,
        call: &Call,
        outer: &Rc<Scope>,
    ) -> Vec<Draft> {
        let jobs = self
            .render
            .doc()
            .get(group.body, "jobs")
            .map(|jobs| self.render.doc().view(jobs.value));
        let Some(View::Seq(items)) = jobs else { return Vec::new() };
        let mut members = Vec::new();
        for (index, at) in items.iter().enumerate() {
            let entry = member_entry(invocation.entry, index);
            let Some(mut member) = self.invocation(at, entry, invocation.depth) else { continue };
            self.keep_certain(&mut member);
            if self.modules.get(ModuleId::CONFIG).groups.contains_key(member.name) {
                let message =
                    format!("`{}` is a job group: job groups cannot be nested", member.name);
                let problem = Problem::error(codes::GROUP_SHAPE, member.key, message);
                self.render.report().add(problem.help("list its jobs here instead"));
                continue;
            }
            for field in member.fields.iter().filter(|field| field.name == "serial-group") {
                let message = "a job in a job group cannot have its own `serial-group`";
                let problem = Problem::error(codes::GROUP_SHAPE, field.key, message);
                self.render.report().add(problem.help("set it where the group is used"));
            }
            members.extend(self.invoke_entry(&member, outer));
        }
        self.finish_members(&mut members, invocation, call);
        members
    }

    fn finish_members(&mut self, members: &mut [Draft], invocation: &Invocation<'_>, call: &Call) {
        let names: Vec<String> = members
            .iter()
            .flat_map(|member| [Some(member.requested.clone()), member.alias.clone()])
            .flatten()
            .collect();
        let renamed = |name: &str| {
            if call.named { format!("{}-{name}", call.prefix) } else { name.to_owned() }
        };
        for member in members {
            member.requires.retain_mut(|item| {
                if item.parts.is_none() && !names.contains(&item.name) {
                    let message = format!("`{}` is not a job of this group", item.name);
                    let problem = Problem::error(codes::GROUP_SHAPE, item.place, message);
                    let near = did_you_mean(&item.name, names.iter().map(String::as_str));
                    self.render.report().add(problem.help(near.unwrap_or_else(|| {
                        "jobs in a group can only require each other; put other requirements \
                         where the group is used"
                            .into()
                    })));
                    return false;
                }
                item.name = renamed(&item.name);
                if let Some(NamePart::Text(first)) = item.parts.iter_mut().flatten().next() {
                    *first = renamed(first);
                }
                true
            });
            member.requested = renamed(&member.requested);
            member.alias = member.alias.as_deref().map(renamed);
            member.group = Some(invocation.entry);
        }
    }
}

/// Entries are distinguished by number; members of a group get numbers beyond those of any workflow.
fn member_entry(group: usize, index: usize) -> usize {
    (group + 1).saturating_mul(1_000_000).saturating_add(index)
}

fn item(name: &str, place: Place, accepts: Vec<Outcome>) -> RequiredJob {
    let written = (accepts.len() > 1).then(|| Value::new(Data::text("terminal"), place));
    RequiredJob { name: name.to_owned(), place, accepts, written, parts: None }
}

fn with_kind(draft: Draft, kind: PlannedJobKind, place: Place) -> Draft {
    let text = |name: &str, text: &str| Field::new(name, Value::new(Data::text(text), place));
    let fields = match &kind {
        PlannedJobKind::Lock { key } => vec![text("type", "lock"), text("key", key)],
        PlannedJobKind::Unlock { key } => vec![text("type", "unlock"), text("key", key)],
        _ => vec![text("type", "no-op")],
    };
    let document = Some(Value::new(Data::Map(Rc::new(fields)), place));
    Draft { kind: Some(kind), document, ..draft }
}

/// Members that no other member requires.
fn leaves(members: &[Draft]) -> impl Iterator<Item = &str> {
    members
        .iter()
        .filter(|member| {
            let names = [Some(member.requested.as_str()), member.alias.as_deref()];
            !members.iter().any(|other| {
                other.requires.iter().any(|item| names.contains(&Some(item.name.as_str())))
            })
        })
        .map(|member| member.requested.as_str())
}
