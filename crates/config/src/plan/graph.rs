//! Which jobs a job waits for (CFG §5.3).

use std::{collections::HashMap, rc::Rc};

use roundel_model::status::Outcome;

use crate::{
    codes,
    expand::invocation::{Draft, NamePart, Presence, RequiredJob, is_status},
    language::{
        data::{ModuleId, Value, executor_name},
        profile::Profile,
    },
    plan::Planner,
    render::budget::Resource,
    text::{
        help::Help,
        place::Place,
        problem::Problem,
        suggest::{did_you_mean, list, nearest},
    },
};

/// Requirements of a cycle that are shown next to the one that closes it.
const CYCLE: usize = 5;

/// A resolved requirement.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    /// Index of the job that is waited for.
    pub(crate) job: usize,
    /// The outcomes that let the job run.
    pub(crate) accepts: Vec<Outcome>,
    /// Place of the entry in `requires`.
    pub(crate) place: Place,
    /// Its statuses as they are written, if they are.
    pub(crate) written: Option<Value>,
}

impl Planner<'_, '_> {
    /// Resolves the requirements of a workflow's jobs and looks for cycles.
    pub(crate) fn graph(
        &mut self,
        workflow: &str,
        drafts: &[Draft],
        names: &[String],
    ) -> Vec<Vec<Edge>> {
        let mut index = Index { workflow, drafts, ..Index::default() };
        for (job, draft) in drafts.iter().enumerate() {
            index.requested.entry(&draft.requested).or_default().push(job);
            index.numbered.entry(&names[job]).or_default().push(job);
            if let Some(alias) = &draft.alias {
                index.aliases.entry(alias).or_default().push(job);
            }
        }
        let mut edges = Vec::with_capacity(drafts.len());
        for (job, draft) in drafts.iter().enumerate() {
            let mut own: Vec<Edge> = Vec::new();
            for item in &draft.requires {
                let others = self.resolve(job, item, &index);
                if !self.render.afford(Resource::Visits, others.len() * (1 + own.len()), item.place)
                {
                    break;
                }
                for other in others {
                    // The same job twice: any of the statuses will do.
                    match own.iter_mut().find(|edge| edge.job == other) {
                        Some(edge) => {
                            let new = item
                                .accepts
                                .iter()
                                .filter(|outcome| !edge.accepts.contains(outcome));
                            let new: Vec<_> = new.copied().collect();
                            edge.accepts.extend(new);
                            edge.written = edge.written.take().or(item.written.clone());
                        }
                        None => own.push(Edge {
                            job: other,
                            accepts: item.accepts.clone(),
                            place: item.place,
                            written: item.written.clone(),
                        }),
                    }
                }
            }
            edges.push(own);
        }
        self.check_cycles(names, &edges);
        edges
    }

    fn resolve(&mut self, job: usize, item: &RequiredJob, index: &Index<'_>) -> Vec<usize> {
        let Index { workflow, drafts, .. } = *index;
        if let Some(parts) = &item.parts {
            return self.resolve_permutations(job, drafts, item, parts);
        }
        let others = |map: &HashMap<&str, Vec<usize>>| -> Vec<usize> {
            map.get(item.name.as_str())
                .into_iter()
                .flatten()
                .copied()
                .filter(|&other| other != job)
                .collect()
        };
        let mut named = others(&index.requested);
        if drafts[job].group.is_none() {
            let inside = |&other: &usize| drafts[other].group.is_some();
            let (members, outside): (Vec<_>, Vec<_>) = named.into_iter().partition(inside);
            named = outside;
            if let (true, Some(&member)) = (named.is_empty(), members.first()) {
                self.requires_member(item, &drafts[member], drafts);
                return Vec::new();
            }
        }
        let aliased = others(&index.aliases);
        let one_entry = |jobs: &[usize]| {
            jobs.windows(2).all(|pair| drafts[pair[0]].entry == drafts[pair[1]].entry)
        };
        let beyond = aliased.iter().any(|other| !named.contains(other));
        match (named.as_slice(), aliased.as_slice()) {
            ([], []) => {}
            ([], matrix) if one_entry(matrix) => return aliased,
            (jobs, _) if !jobs.is_empty() && !beyond && (jobs.len() == 1 || one_entry(jobs)) => {
                return named;
            }
            (jobs, [_, ..]) if beyond || jobs.is_empty() => {
                let message = format!(
                    "`{}` is ambiguous: it is the name of several jobs or matrices",
                    item.name
                );
                let problem = Problem::error(codes::AMBIGUOUS_ALIAS, item.place, message);
                self.render
                    .report()
                    .add(problem.help("give the matrix an `alias:`, or the job a `name:`"));
                return Vec::new();
            }
            (jobs, _) => {
                let requiring = &drafts[job].requested;
                let message = format!(
                    "job `{requiring}` requires `{}`, but workflow `{workflow}` has {} jobs with that name",
                    item.name,
                    jobs.len()
                );
                let problem = Problem::error(codes::UNKNOWN_REQUIREMENT, item.place, message);
                self.render.report().add(problem.help("give each job its own name with `name:`"));
                return Vec::new();
            }
        }
        let numbered = others(&index.numbered);
        if let [one] = numbered[..] {
            return vec![one];
        }
        if let Some(one) = self.reordered(job, item, index) {
            return vec![one];
        }
        if !is_required_before(job, item, drafts) {
            self.unknown_requirement(workflow, &drafts[job].requested, item, drafts);
        }
        Vec::new()
    }

    /// Finds the job of a matrix that has these values in another order: the profile `legacy` takes
    /// it, for the order is that of the parameters' names and easily guessed wrong (D-10).
    fn reordered(&mut self, job: usize, item: &RequiredJob, index: &Index<'_>) -> Option<usize> {
        let Index { workflow, drafts, .. } = *index;
        if !self.render.afford(Resource::Visits, drafts.len(), item.place) {
            return None;
        }
        let mut found = Vec::new();
        for (other, draft) in drafts.iter().enumerate() {
            // The same values make a name of the same length.
            if other == job
                || draft.group != drafts[job].group
                || draft.requested.len() != item.name.len()
            {
                continue;
            }
            let mut tries = 0;
            if is_reordered(draft, &item.name, &mut tries) {
                found.push(other);
            }
            if !self.render.afford(Resource::Visits, tries, item.place) {
                return None;
            }
        }
        let [one] = found[..] else { return None };
        let (requiring, name) = (&drafts[job].requested, &item.name);
        let (code, place) = (codes::UNKNOWN_REQUIREMENT, item.place);
        let problem = if self.render.profile() == Profile::Legacy {
            let message = format!(
                "`{name}` has the values of the matrix in another order; they are in the order of \
                 their parameters' names"
            );
            Problem::warning(code, place, message)
        } else {
            Problem::error(code, place, no_such_job(requiring, name, workflow))
        };
        self.render.report().add(problem.help(Help::did_you_mean(&drafts[one].requested)));
        Some(one)
    }

    /// Finds the permutations of matrices whose names these parts make with their values.
    fn resolve_permutations(
        &mut self,
        job: usize,
        drafts: &[Draft],
        item: &RequiredJob,
        parts: &[NamePart],
    ) -> Vec<usize> {
        if !self.render.afford(Resource::Visits, drafts.len(), item.place) {
            return Vec::new();
        }
        let is_permuted = |&other: &usize| {
            let draft = &drafts[other];
            other != job && draft.alias.is_some() && draft.group == drafts[job].group
        };
        let permuted: Vec<usize> = (0..drafts.len()).filter(is_permuted).collect();
        let fits = |&&other: &&usize| is_made_of(&drafts[other], parts);
        let found: Vec<usize> = permuted.iter().filter(fits).copied().collect();
        if found.is_empty() {
            // A matrix without any combination still keeps what requires it from running.
            let is_empty = |&other: &usize| {
                let draft = &drafts[other];
                draft.presence == Presence::Empty && begins_with(parts, &draft.requested)
            };
            let empty: Vec<usize> = (0..drafts.len()).filter(is_empty).collect();
            if !empty.is_empty() {
                return empty;
            }
        }
        let guessed = drafts.iter().any(|draft| draft.presence == Presence::Guessed);
        if found.is_empty() && !guessed {
            let requiring = &drafts[job].requested;
            let message = format!(
                "job `{requiring}` requires `{}`, but no job of a matrix has that name",
                item.name
            );
            let problem = Problem::error(codes::UNKNOWN_REQUIREMENT, item.place, message);
            let names = permuted.iter().map(|&other| drafts[other].requested.as_str());
            let names = list(names);
            let help = if names.is_empty() {
                "no job of this workflow has a `matrix`".to_owned()
            } else {
                format!("jobs of the matrix: {names}")
            };
            self.render.report().add(problem.help(help));
        }
        found
    }

    /// A job group is required as a whole (CFG §5.11).
    fn requires_member(&mut self, item: &RequiredJob, member: &Draft, drafts: &[Draft]) {
        let exit = drafts.iter().find(|draft| draft.group == member.group && draft.alias.is_some());
        let group = exit.and_then(|exit| exit.alias.clone()).unwrap_or_default();
        let message =
            format!("`{}` is a job of the job group `{group}`, not of this workflow", item.name);
        let problem = Problem::error(codes::GROUP_MEMBER, item.place, message);
        self.render.report().add(problem.help(format!("require `{group}` instead")));
    }

    fn unknown_requirement(
        &mut self,
        workflow: &str,
        requiring: &str,
        item: &RequiredJob,
        drafts: &[Draft],
    ) {
        let name = &item.name;
        if drafts.iter().filter(|draft| draft.requested == *name).count() == 1 && requiring == name
        {
            let message = format!("job `{name}` requires itself");
            self.render.report().add(Problem::error(codes::CYCLE, item.place, message));
            return;
        }
        if drafts.iter().any(|draft| draft.presence == Presence::Guessed) {
            return;
        }
        if self.render.found().shows_more() && self.has_misspelled_entry(item, drafts) {
            return;
        }
        let message = no_such_job(requiring, name, workflow);
        let renamed = drafts.iter().find(|draft| self.render.doc().written(draft.key) == name);
        if let Some(renamed) = renamed.filter(|draft| draft.alias.is_none()) {
            let problem = Problem::error(codes::UNKNOWN_REQUIREMENT, item.place, message);
            let problem = problem.related(renamed.key, "this job has another name here");
            self.render
                .report()
                .add(problem.help(format!("require `{}` instead", renamed.requested)));
            return;
        }
        // Once it is not shown, it is not compared with thousands of names.
        let seen = if self.render.found().shows_more() { drafts } else { &[] };
        let names = seen.iter().flat_map(|draft| {
            std::iter::once(draft.requested.as_str()).chain(draft.alias.as_deref())
        });
        let near = did_you_mean(name, names.filter(|other| *other != requiring));
        let near = with_status(name, seen).or(near).or_else(|| permuted(name, seen));
        let help = near.or_else(|| {
            let declared = self.modules.get(ModuleId::CONFIG).jobs.contains_key(name.as_str());
            declared.then(|| format!("add `- {name}` to the jobs of workflow `{workflow}`").into())
        });
        let problem = Problem::error(codes::UNKNOWN_REQUIREMENT, item.place, message);
        self.render.report().add(problem.maybe_help(help));
    }

    /// Returns whether an entry of the workflow names the required job in another spelling, which was reported: the
    /// requirement is right then, and advice to spell it in the same way would be wrong.
    fn has_misspelled_entry(&self, item: &RequiredJob, drafts: &[Draft]) -> bool {
        let names = || drafts.iter().map(|draft| draft.requested.as_str());
        let module = self.modules.get(ModuleId::CONFIG);
        let name = item.name.as_str();
        (module.jobs.contains_key(name) || module.groups.contains_key(name))
            && nearest(&item.name, names()).is_some_and(|near| {
                let is_reported =
                    |draft: &Draft| self.render.found().is_reported(codes::UNKNOWN_JOB, draft.key);
                drafts.iter().any(|draft| draft.requested == near && is_reported(draft))
            })
    }

    /// Reports every cycle once, with its path.
    fn check_cycles(&mut self, names: &[String], edges: &[Vec<Edge>]) {
        let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
        let mut open: Vec<usize> = edges.iter().map(Vec::len).collect();
        for (job, edges) in edges.iter().enumerate() {
            for edge in edges {
                dependents[edge.job].push(job);
            }
        }
        let mut done = vec![false; edges.len()];
        let mut ready: Vec<usize> = (0..edges.len()).filter(|&job| open[job] == 0).collect();
        loop {
            while let Some(job) = ready.pop() {
                done[job] = true;
                for &dependent in &dependents[job] {
                    open[dependent] = open[dependent].saturating_sub(1);
                    if open[dependent] == 0 && !done[dependent] {
                        ready.push(dependent);
                    }
                }
            }
            let Some(start) = done.iter().position(|&done| !done) else { return };
            let (path, place) = walk(start, edges, &done);
            let cycle = path.iter().zip(path.iter().cycle().skip(1));
            let others: Vec<Place> = cycle
                .filter_map(|(&job, &next)| edges[job].iter().find(|edge| edge.job == next))
                .map(|edge| edge.place)
                .filter(|other| *other != place)
                .take(CYCLE)
                .collect();
            // The cycle counts as broken, so that what depends on it is not reported as another cycle.
            for &job in &path {
                done[job] = true;
                ready.push(job);
            }
            let mut text: Vec<&str> = path.iter().map(|&job| names[job].as_str()).collect();
            text.extend(path.first().map(|&job| names[job].as_str()));
            let first = text.first().copied().unwrap_or_default();
            let message =
                format!("job `{first}` is part of a dependency cycle: {}", text.join(" requires "));
            let problem = Problem::error(codes::CYCLE, place, message);
            let problem = others
                .into_iter()
                .fold(problem, |problem, other| problem.related(other, "part of the cycle"));
            self.render.report().add(problem.help("remove one of these requirements"));
        }
    }
}

#[derive(Default)]
struct Index<'n> {
    workflow: &'n str,
    drafts: &'n [Draft],
    requested: HashMap<&'n str, Vec<usize>>,
    aliases: HashMap<&'n str, Vec<usize>>,
    numbered: HashMap<&'n str, Vec<usize>>,
}

/// Says how a requirement with a status is written that lacks a space: `build:success`.
fn with_status(name: &str, drafts: &[Draft]) -> Option<Help> {
    let (job, status) = name.split_once(':')?;
    let is_one = drafts.iter().any(|draft| draft.requested == job) && is_status(status);
    is_one.then(|| format!("write `{job}: {status}`, with a space").into())
}

/// Says what stands for the jobs of a matrix, where the part that their names have in common is required.
fn permuted(name: &str, drafts: &[Draft]) -> Option<Help> {
    let prefix = format!("{name}-");
    let is_made = |draft: &&Draft| draft.requested.starts_with(&prefix) && draft.alias.is_some();
    let made: Vec<&Draft> = drafts.iter().filter(is_made).collect();
    let alias = made.first()?.alias.as_deref()?;
    if made.iter().any(|draft| draft.alias.as_deref() != Some(alias)) {
        return None;
    }
    let names = list(made.iter().map(|draft| draft.requested.as_str()));
    Some(format!("require `{alias}`, which stands for {names}").into())
}

/// Says that a workflow has no job of a required name.
pub(crate) fn no_such_job(requiring: &str, name: &str, workflow: &str) -> String {
    format!(
        "job `{requiring}` requires `{name}`, but workflow `{workflow}` has no job with that name"
    )
}

fn begins_with(parts: &[NamePart], name: &str) -> bool {
    matches!(parts.first(), Some(NamePart::Text(text)) if text.starts_with(name))
}

/// Returns whether the name of a permutation is made of parts, with its own values.
fn is_made_of(draft: &Draft, parts: &[NamePart]) -> bool {
    let mut rest = draft.requested.as_str();
    let fits = parts.iter().all(|part| {
        let value = match part {
            NamePart::Text(text) => Some(Rc::from(text.as_str())),
            NamePart::Parameter(name) => {
                let value = draft.combination.as_ref().and_then(|values| values.get(name));
                value.and_then(|value| {
                    executor_name(&value.data).or_else(|| value.data.scalar_text())
                })
            }
        };
        let after = value.and_then(|value| rest.strip_prefix(&*value));
        rest = after.unwrap_or(rest);
        after.is_some()
    });
    fits && rest.is_empty()
}

/// Returns whether the permutation before this one has the same requirement.
fn is_required_before(job: usize, item: &RequiredJob, drafts: &[Draft]) -> bool {
    let same = |other: &RequiredJob| (other.place, &other.name) == (item.place, &item.name);
    let before = job.checked_sub(1).and_then(|before| drafts.get(before));
    before.is_some_and(|one| one.entry == drafts[job].entry && one.requires.iter().any(same))
}

/// Returns whether a name is that of a permutation, with its values in another order. `tries` counts how often a
/// value was compared.
fn is_reordered(draft: &Draft, name: &str, tries: &mut usize) -> bool {
    /// Values that are tried in every order. People use three.
    const VALUES: usize = 6;
    let Some(combination) = draft.combination.as_ref().filter(|one| one.len() <= VALUES) else {
        return false;
    };
    let text = |value: &Value| executor_name(&value.data).or_else(|| value.data.scalar_text());
    let values = combination.values().map(|value| text(value).unwrap_or_default());
    let mut values: Vec<Rc<str>> = values.collect();
    let generated: String = values.iter().flat_map(|value| ["-", value]).collect();
    let base = draft.requested.strip_suffix(&generated);
    base.and_then(|base| name.strip_prefix(base))
        .is_some_and(|rest| is_made_of_all(rest, &mut values, tries))
}

/// Returns whether a name is made of all values in some order, each after a hyphen.
fn is_made_of_all(name: &str, values: &mut Vec<Rc<str>>, tries: &mut usize) -> bool {
    if values.is_empty() {
        return name.is_empty();
    }
    let Some(name) = name.strip_prefix('-') else { return false };
    (0..values.len()).any(|at| {
        *tries += 1;
        let value = values.swap_remove(at);
        let rest = name.strip_prefix(&*value);
        let found = rest.is_some_and(|rest| is_made_of_all(rest, values, tries));
        values.push(value);
        let last = values.len() - 1;
        values.swap(at, last);
        found
    })
}

/// Follows requirements that are not done until a job comes up again; returns the cycle and the
/// requirement that closes it.
fn walk(start: usize, edges: &[Vec<Edge>], done: &[bool]) -> (Vec<usize>, Place) {
    let mut path = vec![start];
    let mut job = start;
    loop {
        let Some(edge) = edges[job].iter().find(|edge| !done[edge.job]) else {
            return (path, Place::default());
        };
        if let Some(begin) = path.iter().position(|&seen| seen == edge.job) {
            return (path.split_off(begin), edge.place);
        }
        job = edge.job;
        path.push(job);
    }
}
