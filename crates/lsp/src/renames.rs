//! Renames that are being tried.
//!
//! A rename compiles the text three times, which takes seconds for a large one. So each is tried on a thread
//! of its own: other requests are answered meanwhile, it can be canceled, and a panic of the compiler refuses
//! the rename and ends nothing.
//!
//! Deliberately absent: what is renamed, and what a rename must not change (`editor`).

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::Arc,
    thread,
};

use crossbeam_channel::Sender;
use gen_lsp_types::{TextEdit, Uri, WorkspaceEdit};
use lsp_server::RequestId;
use roundel_config::Inputs;

use crate::{
    editor::{self, Document},
    panics::caught,
    text::{Encoding, Text},
};

/// Renames that are tried at once; people ask for one, and wait for it.
const RENAMES: usize = 4;

/// A rename that an editor asked for, and what it is tried with.
#[derive(Debug)]
pub(crate) struct Rename {
    pub(crate) uri: Uri,
    /// The version of the text.
    pub(crate) version: i32,
    pub(crate) text: Text,
    pub(crate) encoding: Encoding,
    pub(crate) document: Arc<Document>,
    /// A byte of the name.
    pub(crate) offset: usize,
    pub(crate) to: String,
    pub(crate) inputs: Inputs,
    pub(crate) compile: editor::Compile,
}

/// The result of a rename.
#[derive(Debug)]
pub(crate) struct Renamed {
    pub(crate) id: RequestId,
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    /// The edits, or why it is refused.
    pub(crate) edit: Result<WorkspaceEdit, String>,
}

impl Rename {
    /// Tries it.
    ///
    /// # Errors
    ///
    /// Why it is refused, for people.
    fn edit(&self) -> Result<WorkspaceEdit, String> {
        let Self { document, offset, to, inputs, compile, .. } = self;
        let tried = caught("a rename", || editor::rename(document, *offset, to, inputs, *compile));
        let tried =
            tried.ok_or("nothing was renamed: the compiler stopped unexpectedly while it tried")?;
        let spans = tried.map_err(|error| error.to_string())?;
        let edits = spans.iter().map(|span| TextEdit {
            range: self.text.range(span, self.encoding),
            new_text: to.clone(),
        });
        let changes = HashMap::from([(self.uri.clone(), edits.collect())]);
        Ok(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
    }
}

/// The renames that are being tried, by request.
#[derive(Debug)]
pub(crate) struct Renames {
    running: HashSet<RequestId>,
    /// Counts the threads: that of a rename that was canceled ends later.
    threads: Arc<()>,
    done: Sender<Renamed>,
}

impl Renames {
    /// Sends the result of each to `done`.
    pub(crate) fn new(done: Sender<Renamed>) -> Self {
        Self { running: HashSet::new(), threads: Arc::new(()), done }
    }

    /// Begins to try a rename.
    ///
    /// # Errors
    ///
    /// If too many are being tried, or if there is no thread for it.
    pub(crate) fn begin(&mut self, id: RequestId, rename: Rename) -> io::Result<()> {
        // A thread that ends counts for a moment longer than its rename.
        if Arc::strong_count(&self.threads) > RENAMES {
            return Err(io::Error::other("other renames are still being tried"));
        }
        let (done, own, counted) = (self.done.clone(), id.clone(), Arc::clone(&self.threads));
        // A session that ends does not wait for it.
        let _thread = thread::Builder::new().spawn(move || {
            let edit = rename.edit();
            drop(counted);
            let Rename { uri, version, .. } = rename;
            if done.send(Renamed { id: own, uri, version, edit }).is_err() {
                tracing::debug!("the session ended while a rename was tried");
            }
        })?;
        self.running.insert(id);
        Ok(())
    }

    /// Forgets a rename. Returns whether it was being tried: one that was canceled is not.
    pub(crate) fn end(&mut self, id: &RequestId) -> bool {
        self.running.remove(id)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicBool, Ordering},
        time::Duration,
    };

    use crossbeam_channel::unbounded;

    use super::*;

    fn rename(compile: editor::Compile) -> Rename {
        let text = "version: 2.1\njobs: { b: { machine: true, steps: [checkout] } }\n\
                    workflows: { w: { jobs: [b] } }\n";
        Rename {
            uri: Uri::parse("file:///.circleci/config.yml").unwrap(),
            version: 1,
            text: Text::new(text.to_owned()),
            encoding: Encoding::Utf16,
            document: Arc::new(Document::new(text)),
            offset: text.find("b:").unwrap(),
            to: "c".to_owned(),
            inputs: Inputs::default(),
            compile,
        }
    }

    #[test]
    fn a_rename_during_which_the_compiler_panics_is_refused() {
        let (done, outcomes) = unbounded();
        let mut renames = Renames::new(done);
        let id = RequestId::from(1);
        renames.begin(id.clone(), rename(|_, _| panic!("a test"))).unwrap();
        let refused = outcomes.recv_timeout(Duration::from_mins(1)).unwrap();
        let message = refused.edit.unwrap_err();
        assert_eq!(
            message,
            "nothing was renamed: the compiler stopped unexpectedly while it tried"
        );
        assert!(renames.end(&id), "it was being tried");
        assert!(!renames.end(&id), "it is not any more");
    }

    static HELD: AtomicBool = AtomicBool::new(true);

    /// Compiles once the test lets it.
    fn held(text: &str, inputs: &Inputs) -> roundel_config::Compiled {
        while HELD.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(1));
        }
        roundel_config::compile(text, inputs)
    }

    #[test]
    fn only_so_many_are_tried_at_once() {
        let (done, outcomes) = unbounded();
        let mut renames = Renames::new(done);
        for id in 0..5 {
            let begun = renames.begin(RequestId::from(id), rename(held));
            assert_eq!(begun.is_ok(), id < 4, "{id}");
        }
        // One that was canceled compiles until it ends.
        assert!(renames.end(&RequestId::from(0)));
        assert!(renames.begin(RequestId::from(5), rename(held)).is_err());
        HELD.store(false, Ordering::Relaxed);
        for _ in 0..4 {
            outcomes.recv_timeout(Duration::from_mins(1)).unwrap();
        }
        renames.begin(RequestId::from(5), rename(held)).unwrap();
    }
}
