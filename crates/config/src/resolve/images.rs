//! Steps that are items of `docker`, where the line `steps:` between the images and them is missing.

use crate::{
    codes,
    language::keys::{BUILTIN_STEPS, STEP_WORDS},
    read::{
        source::Sources,
        yaml::{At, Entry, View},
    },
    render::Renderer,
    resolve::misindented_keys::{has_workflows, report_steps_inside},
    text::{place::FileId, problem::Problem},
};

/// A step among the images of a job.
struct Found<'d> {
    docker: Entry<'d>,
    name: &'d str,
    step: At,
    /// `steps` with nothing after it, as a key of the image above.
    too_deep: Option<Entry<'d>>,
}

/// Reports the first step among the images of each job without `steps` that a workflow names, and returns these
/// jobs. What is wrong in a job that nothing runs rejects no push.
pub(super) fn report_steps_among_images<'d>(
    render: &mut Renderer<'d>,
    root: At,
    jobs: &[Entry<'d>],
) -> Vec<Entry<'d>> {
    let doc = render.doc();
    let found = |job: &Entry<'d>| Some((*job, first_step(doc, root, job)?));
    let mut found: Vec<_> = jobs.iter().filter_map(found).collect();
    if found.is_empty() {
        return Vec::new();
    }
    let mentions = doc.file(FileId::CONFIG).doc.mentions();
    let runs_alone = !has_workflows(doc);
    found.retain(|(job, _)| mentions.items.contains(job.name) || runs_alone && job.name == "build");
    let mut owners = Vec::with_capacity(found.len());
    for (owner, Found { docker, name, step, too_deep }) in found {
        owners.push(owner);
        if let Some(steps) = too_deep {
            report_steps_inside(render, docker, steps);
            continue;
        }
        let place = doc.place(step);
        let line = render.found().line(place);
        let message =
            format!("`{name}` is a step, not an image: `steps:` is missing above line {line}");
        let problem = Problem::error(codes::STEPS_MISSING, place, message);
        let help = format!("write `steps:` above line {line}, in the column of `docker`");
        render.report().add(problem.help(help).related(docker.key, "the images"));
    }
    owners
}

/// Finds the first step among the images of a job, if it has no steps of its own.
fn first_step<'d>(doc: &'d Sources, root: At, job: &Entry<'d>) -> Option<Found<'d>> {
    let keys = doc.entries(job.value);
    let has_steps = keys.get("steps").is_some() || keys.get("type").is_some();
    let docker = keys.get("docker").filter(|_| !has_steps)?;
    let View::Seq(items) = doc.view(docker.value) else { return None };
    // In brackets or behind an alias, no line is missing here.
    if doc.written(doc.place(docker.value)).starts_with(['[', '*']) {
        return None;
    }
    let mut above: Option<At> = None;
    for item in items.iter() {
        if let Some(name) = step_name(doc, root, item) {
            let too_deep = above.and_then(|above| doc.get(above, "steps"));
            let too_deep = too_deep.filter(|steps| doc.is_null(steps.value));
            return Some(Found { docker, name, step: item, too_deep });
        }
        above = Some(item);
    }
    None
}

/// Returns the name of a step, if an item is rather one than a container.
fn step_name(doc: &Sources, root: At, item: At) -> Option<&str> {
    let name = match doc.view(item) {
        View::Scalar(name, _) => name,
        View::Map(entries) if entries.get("image").is_none() => entries.first()?.name,
        View::Map(_) | View::Seq(_) | View::Broken => return None,
    };
    let is_defined = |section: &str, name: &str| {
        doc.get(root, section).is_some_and(|section| doc.get(section.value, name).is_some())
    };
    // An image has a slash, too, and a colon after it.
    let is_of_orb = || {
        name.split_once('/')
            .is_some_and(|(orb, local)| is_defined("orbs", orb) && !local.contains([':', '/']))
    };
    let is_step = STEP_WORDS.contains(&name)
        || BUILTIN_STEPS.contains(&name)
        || is_defined("commands", name)
        || is_of_orb();
    is_step.then_some(name)
}
