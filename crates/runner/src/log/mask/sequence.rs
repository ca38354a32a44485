//! Recognizes the escape sequences with which programs color their output, byte by byte (ECMA-48 §5.4).
//!
//! ```text
//! ESC [ 1 ; 3 1 m     a control sequence: parameters, intermediate bytes, one final byte
//! ESC ( B             a character set, as `tput sgr0` writes it
//! ```
//!
//! Deliberately absent: titles and links (`ESC ]`), for what they contain is a text.

/// The byte that sequences begin with.
pub(super) const ESCAPE: u8 = 0x1b;

/// The longest sequence that is recognized.
const SEQUENCE_BYTES: usize = 64;

/// A sequence that has begun, and what there is of it.
#[derive(Default)]
pub(super) struct Sequence(Vec<u8>);

/// What a byte is to a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Text: there is no sequence, and none begins.
    Text,
    /// A part of it, which more must follow.
    Part,
    /// Its last byte: [`Sequence::take`] returns all of it.
    Last,
    /// It does not belong to it, and was not taken: what [`Sequence::take`] returns is text.
    Broken,
}

impl Sequence {
    /// Takes the next byte of the stream.
    pub(super) fn push(&mut self, byte: u8) -> Taken {
        let taken = match self.0.as_slice() {
            [] if byte == ESCAPE => Taken::Part,
            [] => return Taken::Text,
            [_] if matches!(byte, b'[' | b'(' | b')') => Taken::Part,
            [_] => return Taken::Broken,
            [_, b'[', inside @ ..] => match byte {
                _ if self.0.len() == SEQUENCE_BYTES => return Taken::Broken,
                b'0'..=b'?' if inside.iter().all(|before| (b'0'..=b'?').contains(before)) => {
                    Taken::Part
                }
                b' '..=b'/' => Taken::Part,
                b'@'..=b'~' => Taken::Last,
                _ => return Taken::Broken,
            },
            [_, _, ..] if (b'0'..=b'~').contains(&byte) => Taken::Last,
            [_, _, ..] => return Taken::Broken,
        };
        self.0.push(byte);
        taken
    }

    /// Returns whether no sequence has begun.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what was taken, and forgets it.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

/// Returns a text without its sequences.
pub(super) fn without_sequences(text: &[u8]) -> Vec<u8> {
    let (mut plain, mut sequence) = (Vec::with_capacity(text.len()), Sequence::default());
    for &byte in text {
        let mut taken = sequence.push(byte);
        if taken == Taken::Broken {
            plain.append(&mut sequence.take());
            taken = sequence.push(byte);
        }
        match taken {
            Taken::Text => plain.push(byte),
            Taken::Last => drop(sequence.take()),
            Taken::Part | Taken::Broken => {}
        }
    }
    plain.append(&mut sequence.take());
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_left_out_and_what_only_begins_like_one_is_not() {
        for (text, plain) in [
            ("a\x1b[1;31mb\x1b[mc\x1b[0Kd\x1b[3De", "abcde"),
            ("\x1b(B\x1b[ma\x1b[?25lb\x1b[4 qc", "abc"),
            ("\x1b\x1b[1ma", "\x1ba"),
            ("\x1b[1\x1b[1ma", "\x1b[1a"),
            ("\x1b[1\na", "\x1b[1\na"),
            ("a\x1b[", "a\x1b["),
            ("\x1b]0;title\x07a", "\x1b]0;title\x07a"),
            ("\x1b[ 1m", "\x1b[ 1m"),
        ] {
            let found = String::from_utf8(without_sequences(text.as_bytes())).unwrap();
            assert_eq!(found, plain, "{text:?}");
        }
        let long = format!("\x1b[{}m", "1".repeat(SEQUENCE_BYTES));
        assert_eq!(without_sequences(long.as_bytes()), long.as_bytes());
    }
}
