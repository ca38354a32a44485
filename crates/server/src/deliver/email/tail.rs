//! The end of a log as plain text: what terminals act on is taken out.

use anstyle_parse::{DefaultCharAccumulator, Parser, Perform};

/// Characters of one line in an email.
const LINE_CHARS: usize = 500;

/// Returns the last lines of a log, without escape sequences. The first line may be cut.
///
/// Where the log ends with the reason that the job failed, as a runner writes it, that line is left out: the
/// email says it above.
pub(crate) fn last_lines(log: &[u8], most: usize, reason: Option<&str>) -> Vec<String> {
    let mut plain = Plain::default();
    let mut parser = Parser::<DefaultCharAccumulator>::default();
    for &byte in log {
        parser.advance(&mut plain, byte);
    }
    let mut lines: Vec<&str> = plain.text.lines().collect();
    lines.pop_if(|last| reason == Some(*last));
    let from = lines.len().saturating_sub(most);
    lines.iter().skip(from).map(|line| line.chars().take(LINE_CHARS).collect()).collect()
}

#[derive(Default)]
struct Plain {
    text: String,
    line_starts_at: usize,
    returned: bool,
}

impl Perform for Plain {
    fn print(&mut self, c: char) {
        // A carriage return alone rewrites its line: what was written last is what was seen.
        if std::mem::take(&mut self.returned) {
            self.text.truncate(self.line_starts_at);
        }
        self.text.push(c);
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' => {
                self.text.push('\n');
                self.line_starts_at = self.text.len();
                self.returned = false;
            }
            b'\t' => self.text.push('\t'),
            b'\r' => self.returned = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_plain_text() {
        let log = b"one\r\n\x1b[31mtwo\x1b[0m\r\nthree\x07\n";
        assert_eq!(last_lines(log, 2, None), ["two", "three"]);
        assert_eq!(last_lines(b"10%\r100%\r\ndone", 15, None), ["100%", "done"]);
        assert!(last_lines(b"", 15, None).is_empty());
    }

    /// The email said it twice, one below the other.
    #[test]
    fn the_reason_that_ends_a_log_is_left_out() {
        let (log, reason) = (b"Pulling\r\nNo such image.\r\n", "No such image.");
        assert_eq!(last_lines(log, 1, Some(reason)), ["Pulling"]);
        assert_eq!(last_lines(log, 15, Some("Another one.")), ["Pulling", reason]);
        let earlier = b"No such image.\r\nExit 1\r\n";
        assert_eq!(last_lines(earlier, 15, Some(reason)), [reason, "Exit 1"]);
    }
}
