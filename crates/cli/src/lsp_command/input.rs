//! What an editor says, up to the signal that ends the process: the language server then cleans up as it
//! does when the editor goes away.
//!
//! Deliberately absent: messages, which the language server reads.

use std::{
    io::{self, Read},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use crate::terminal;

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// Chunks that wait to be taken.
const WAITING: usize = 16;

/// Standard input, up to its end or to the first Ctrl-C or SIGTERM.
pub(super) struct Input {
    /// An empty one is the end.
    chunks: Receiver<Vec<u8>>,
    /// The chunk that is being taken.
    current: io::Cursor<Vec<u8>>,
}

impl Input {
    /// Begins to read.
    pub(super) fn new() -> Self {
        let (chunk_to, chunks) = sync_channel(WAITING);
        let end_to = chunk_to.clone();
        // Reading and waiting block until the process ends, so these threads are not waited for.
        let _reader = thread::spawn(move || forward(&chunk_to));
        let _watcher = thread::spawn(move || {
            if terminal::wait_for_signal() {
                let _sent = end_to.send(Vec::new());
            }
        });
        Self { chunks, current: io::Cursor::default() }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.current.read(buffer)?;
        if count > 0 || buffer.is_empty() {
            return Ok(count);
        }
        self.current = io::Cursor::new(self.chunks.recv().unwrap_or_default());
        self.current.read(buffer)
    }
}

/// Passes standard input on, and its end.
fn forward(to: &SyncSender<Vec<u8>>) {
    let mut input = io::stdin().lock();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let count = match input.read(&mut chunk) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // As if it had ended: nothing more can be read.
            Err(_) => 0,
        };
        let read = chunk.get(..count).unwrap_or_default().to_vec();
        if to.send(read).is_err() || count == 0 {
            return;
        }
    }
}
