//! Compiles documents on its own thread, so that typing never waits.
//!
//! Every change is a task. The thread waits until the typing pauses, forgets all but the newest task
//! of each document, and compiles that.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender, after, select};
use gen_lsp_types::Uri;
use roundel_config::{Compiled, Inputs, PipelineValue, compile_with_orbs, orbs::OrbSet};

use crate::{
    panics::caught,
    settings::{Finder, LocalValues},
};

/// How long a pause in the typing is.
const PAUSE: Duration = Duration::from_millis(120);

/// How long diagnostics wait at most while the typing continues.
const MAX_DELAY: Duration = Duration::from_millis(700);

/// A document to compile.
#[derive(Debug)]
pub(crate) enum Task {
    Compile {
        uri: Uri,
        version: i32,
        text: String,
        /// The file's name in diagnostics.
        path: String,
    },
    /// Orbs and the repository may have changed: look again.
    Refresh,
}

/// The result of compiling a document.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    pub(crate) compiled: Compiled,
    /// The inputs that it was compiled with, orbs included.
    pub(crate) inputs: Inputs,
}

/// Compiles until no tasks can come any more.
pub(crate) fn run(
    tasks: &Receiver<Task>,
    outcomes: &Sender<Outcome>,
    base: &Inputs,
    find: &mut Finder,
    local: &mut LocalValues,
) {
    let mut orbs = OrbSet::default();
    let mut values: HashMap<Option<PathBuf>, Vec<(String, PipelineValue)>> = HashMap::new();
    while let Ok(first) = tasks.recv() {
        let mut waiting: Vec<Task> = vec![first];
        let deadline = after(MAX_DELAY);
        loop {
            select! {
                recv(tasks) -> task => match task {
                    Ok(task) => waiting.push(task),
                    Err(_) => return,
                },
                recv(deadline) -> _ => break,
                default(PAUSE) => break,
            }
        }
        if waiting.iter().any(|task| matches!(task, Task::Refresh)) {
            orbs = OrbSet::default();
            values.clear();
        }
        for task in newest(waiting) {
            let Task::Compile { uri, version, text, path } = task else { continue };
            let file = uri.to_file_path().ok();
            let directory = file.as_deref().and_then(Path::parent).map(Path::to_owned);
            let pipeline_values = values
                .entry(directory)
                .or_insert_with_key(|directory| local(directory.as_deref()))
                .clone();
            let inputs = Inputs { path, pipeline_values, orbs: orbs.clone(), ..base.clone() };
            let compiled = caught("the compiler", || compile_with_orbs(&text, inputs, find));
            let Some((compiled, inputs)) = compiled else { continue };
            orbs = inputs.orbs.clone();
            if outcomes.send(Outcome { uri, version, compiled, inputs }).is_err() {
                return;
            }
        }
    }
}

/// Keeps the last task of each document.
fn newest(tasks: Vec<Task>) -> Vec<Task> {
    let mut kept: Vec<Task> = Vec::new();
    for task in tasks {
        let Task::Compile { uri, .. } = &task else { continue };
        let uri = uri.clone();
        kept.retain(|other| !matches!(other, Task::Compile { uri: other, .. } if *other == uri));
        kept.push(task);
    }
    kept
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Instant};

    use crossbeam_channel::unbounded;
    use roundel_config::orbs::{Missing, Resolution};

    use super::*;

    fn compile(name: &str, version: i32) -> Task {
        let uri = Uri::parse(&format!("file:///{name}.yml")).unwrap();
        Task::Compile { uri, version, text: "version: 2.1\n".to_owned(), path: name.to_owned() }
    }

    fn start() -> (Sender<Task>, Receiver<Outcome>) {
        let (tasks, tasks_from) = unbounded();
        let (outcomes_to, outcomes) = unbounded();
        // It ends with the tasks.
        let _analysis_thread = thread::spawn(move || {
            let mut find: Finder = Box::new(|_| Resolution::Missing(Missing::default()));
            let mut local: LocalValues = Box::new(|_| Vec::new());
            run(&tasks_from, &outcomes_to, &Inputs::default(), &mut find, &mut local);
        });
        (tasks, outcomes)
    }

    #[test]
    fn of_each_document_only_the_newest_text_is_compiled() {
        let (tasks, outcomes) = start();
        for task in [compile("a", 1), compile("b", 1), compile("a", 2), compile("a", 3)] {
            tasks.send(task).unwrap();
        }
        let next = || {
            let outcome = outcomes.recv_timeout(Duration::from_mins(1)).unwrap();
            (outcome.uri.path().to_owned(), outcome.version)
        };
        assert_eq!([next(), next()], [("/b.yml".to_owned(), 1), ("/a.yml".to_owned(), 3)]);
    }

    /// Someone who types without a pause wants to see mistakes, too.
    #[test]
    fn typing_without_a_pause_delays_no_diagnostics_forever() {
        let (tasks, outcomes) = start();
        let began = Instant::now();
        let mut version = 0;
        let is_compiled = loop {
            version += 1;
            tasks.send(compile("a", version)).unwrap();
            if outcomes.recv_timeout(PAUSE / 6).is_ok() {
                break true;
            }
            if began.elapsed() > 12 * MAX_DELAY {
                break false;
            }
        };
        assert!(is_compiled, "{version} texts were sent");
    }
}
