//! Messages as they travel: a header with their length, then JSON.
//!
//! `lsp-server` gives up at the first message that it cannot read, and trusts the length
//! in the header. An editor's extension may be wrong once, so here one bad message is answered and the
//! next one read; only a broken header, after which it is unknown where a message begins, ends it.

use std::io::{self, BufRead, Read as _};

use lsp_server::Message;

/// Bytes of one message. The largest one carries a whole document.
const MESSAGE_BYTES: usize = 32 << 20;

/// Bytes of one line of a header.
const HEADER_BYTES: u64 = 4_096;

/// A message that came in, or what came in its place.
#[derive(Debug)]
pub(crate) enum Incoming {
    Message(Message),
    /// Something that is not a message, and why.
    Malformed(String),
    /// The editor is gone, or it is unknown where the next message begins.
    End,
}

/// Reads the next message.
pub(crate) fn read(input: &mut dyn BufRead) -> Incoming {
    match frame(input) {
        Ok(Some(bytes)) => match serde_json::from_slice(&bytes) {
            Ok(message) => Incoming::Message(message),
            Err(error) => Incoming::Malformed(error.to_string()),
        },
        Ok(None) => Incoming::End,
        Err(error) => {
            tracing::error!(%error, "the editor's messages cannot be read any longer");
            Incoming::End
        }
    }
}

/// Reads a header and what it announces; `None` at the end.
fn frame(input: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        if (&mut *input).take(HEADER_BYTES).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.is_empty() {
            // Blank lines between messages belong to none.
            match length {
                Some(length) => return body(input, length).map(Some),
                None => continue,
            }
        }
        let (name, value) = line.split_once(':').ok_or_else(|| invalid("a header without `:`"))?;
        if name.trim().eq_ignore_ascii_case("content-length") {
            let value = value.trim().parse().map_err(|_| invalid("an invalid length"))?;
            length = Some(value);
        }
    }
}

fn body(input: &mut dyn BufRead, length: usize) -> io::Result<Vec<u8>> {
    if length > MESSAGE_BYTES {
        return Err(invalid("a message that is too long"));
    }
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Vec<String> {
        let mut input = bytes;
        let mut found = Vec::new();
        loop {
            match read(&mut input) {
                Incoming::Message(Message::Request(request)) => found.push(request.method),
                Incoming::Message(Message::Notification(one)) => found.push(one.method),
                Incoming::Message(Message::Response(_)) => found.push("response".to_owned()),
                Incoming::Malformed(_) => found.push("malformed".to_owned()),
                Incoming::End => return found,
            }
        }
    }

    #[test]
    fn a_bad_message_does_not_hide_the_next_one() {
        let text = "Content-Length: 3\r\n\r\n{x}Content-Type: a\r\ncontent-length: 36\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"exit\"   }";
        assert_eq!(all(text.as_bytes()), ["malformed", "exit"]);
        assert_eq!(
            all(b"Content-Length: 2\r\n\r\n\xff\xfeContent-Length: 2\r\n\r\n{}"),
            ["malformed"; 2]
        );
    }

    #[test]
    fn a_header_that_lies_or_makes_no_sense_ends_it() {
        assert!(all(b"Content-Length: 99999999999\r\n\r\n{}").is_empty());
        assert!(all(b"Content-Length: x\r\n\r\n{}").is_empty());
        assert!(all(b"nonsense\r\n\r\n").is_empty());
        assert!(all(b"Content-Length: 50\r\n\r\n{}").is_empty());
        assert!(all(&vec![b'x'; 100_000]).is_empty());
    }
}
