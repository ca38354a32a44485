//! Finds `sudo`'s complaint about `no_new_privs` in the output of a step, so that the runner can say
//! what to do about it.
//!
//! The output comes in pieces; a complaint may extend across two of them.

/// What `sudo` prints, in all versions that know of the flag, and in older ones.
const COMPLAINTS: [&[u8]; 2] =
    [b"\"no new privileges\" flag is set", b"sudo: effective uid is not 0"];

/// Whether the complaint was seen so far.
#[derive(Default)]
pub(crate) struct SudoComplaint {
    /// Set once a complaint was found.
    pub(crate) seen: bool,
    /// The end of what came before, shorter than any complaint is long.
    tail: Vec<u8>,
}

impl SudoComplaint {
    /// Reads the next piece of output.
    pub(crate) fn look(&mut self, piece: &[u8]) {
        if self.seen {
            return;
        }
        let longest = COMPLAINTS.map(<[u8]>::len).into_iter().max().unwrap_or(0);
        let kept = longest.saturating_sub(1);
        let across = &piece[..piece.len().min(kept)];
        self.tail.extend_from_slice(across);
        self.seen = contains(&self.tail) || contains(piece);
        if piece.len() > kept {
            self.tail.clear();
            self.tail.extend_from_slice(&piece[piece.len() - kept..]);
        } else {
            let surplus = self.tail.len().saturating_sub(kept);
            self.tail.drain(..surplus);
        }
    }
}

fn contains(text: &[u8]) -> bool {
    COMPLAINTS.iter().any(|complaint| {
        let Some((first, rest)) = complaint.split_first() else { return false };
        // Nearly no byte is the first of a complaint, and looking for one byte is fast.
        let mut left = text;
        while let Some(at) = left.iter().position(|byte| byte == first) {
            left = &left[at + 1..];
            if left.starts_with(rest) {
                return true;
            }
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "+ sudo true\r\nsudo: The \"no new privileges\" flag is set, which prevents \
                        sudo from running as root.\r\n";

    fn seen(pieces: &[&str]) -> bool {
        let mut errors = SudoComplaint::default();
        for piece in pieces {
            errors.look(piece.as_bytes());
        }
        errors.seen
    }

    #[test]
    fn the_complaint_of_sudo_is_found_however_the_output_is_cut() {
        for cut in 0..SAID.len() {
            assert!(seen(&[&SAID[..cut], &SAID[cut..]]), "{cut}");
            assert!(seen(&["before ", &SAID[..cut], "", &SAID[cut..], " after"]), "{cut}");
        }
        let bytes: Vec<_> = SAID.chars().map(String::from).collect();
        assert!(seen(&bytes.iter().map(String::as_str).collect::<Vec<_>>()));
        assert!(seen(&["sudo: effective uid is not 0, is sudo installed setuid root?"]));
    }

    #[test]
    fn other_output_is_not_a_complaint() {
        assert!(!seen(&["\"no new privileges\"", " flags", "sudo: effective uid", " is 0"]));
        assert!(!seen(&["sudo: a password is required"]));
    }
}
