//! Programs of the host that an environment needs for a moment. Each ends within a time, or is killed: one that
//! hangs, on a disk or on a lock, would hold up every environment that is started after it.

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use nix::sys::memfd::{MFdFlags, memfd_create};

/// The first wait for the end; each further one is twice as long. Most of these programs take a millisecond or two.
const FIRST_WAIT: Duration = Duration::from_micros(200);

/// The longest wait for the end.
const LONGEST_WAIT: Duration = Duration::from_millis(20);

/// How long a killed program may take to end. One that hangs in the kernel may take longer than anything.
const KILLED_WITHIN: Duration = Duration::from_secs(1);

/// Bytes of a program's output that are read.
const OUTPUT_BYTES: u64 = 4096;

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// The beginning of what it printed on standard error.
    pub(crate) output: String,
}

/// Runs a program with this text as its standard input.
///
/// # Errors
/// If it cannot be started, or takes longer; then it is killed.
pub(crate) fn run_within(
    command: &mut Command,
    input: &str,
    within: Duration,
) -> io::Result<Ended> {
    // Files in memory, and no pipes: nothing waits for a program that does not read, or prints too much.
    let (mut text, mut output) = (memory()?, memory()?);
    text.write_all(input.as_bytes())?;
    text.rewind()?;
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::from(text))
        .stdout(Stdio::null())
        .stderr(Stdio::from(output.try_clone()?))
        .spawn()?;
    let Some(status) = ended(&mut child, within)? else {
        child.kill()?;
        ended(&mut child, KILLED_WITHIN)?;
        let seconds = within.as_secs_f32();
        let late = format!("`{name}` did not end within {seconds} s and was killed");
        return Err(io::Error::new(io::ErrorKind::TimedOut, late));
    };
    output.rewind()?;
    let mut bytes = Vec::new();
    output.take(OUTPUT_BYTES).read_to_end(&mut bytes)?;
    Ok(Ended { status, output: String::from_utf8_lossy(&bytes).trim().to_owned() })
}

fn memory() -> io::Result<File> {
    Ok(File::from(memfd_create(c"roundel", MFdFlags::MFD_CLOEXEC)?))
}

fn ended(child: &mut Child, within: Duration) -> io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    let mut wait = FIRST_WAIT;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() >= within {
            return Ok(None);
        }
        std::thread::sleep(wait);
        wait = LONGEST_WAIT.min(wait * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_its_input_and_its_output_is_read() {
        let mut shell = Command::new("/bin/sh");
        let shell = shell.args(["-c", "cat >&2; exit 3"]);
        let ended = run_within(shell, "hello\n", Duration::from_secs(10)).unwrap();
        assert_eq!((ended.status.code(), ended.output.as_str()), (Some(3), "hello"));
    }

    /// It held the lock of all environments for as long as it hung.
    #[test]
    fn a_program_that_hangs_is_killed() {
        let mut hanging = Command::new("/bin/sh");
        let hanging = hanging.args(["-c", "exec sleep 600"]);
        let started = Instant::now();
        let error = run_within(hanging, "", Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.to_string().contains("`/bin/sh` did not end within 0.05 s"), "{error}");
        assert!(started.elapsed() < Duration::from_mins(1));
    }

    /// A pipe holds 64 KiB: a program that writes more waits for a reader.
    #[test]
    fn a_program_that_reads_nothing_and_prints_much_holds_nothing_up() {
        let mut shell = Command::new("/bin/sh");
        let shell = shell.args(["-c", "head -c 300000 /dev/zero >&2"]);
        let input = "x".repeat(300_000);
        let ended = run_within(shell, &input, Duration::from_secs(10)).unwrap();
        assert!(ended.status.success());
    }
}
