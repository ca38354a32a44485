//! Sentences of job logs that people and scripts look for, word by word (RUN §1.7, §2.6).

use std::time::Duration;

use roundel_container::Exit;

/// Writes a duration as Go does: `10m0s`, `1h30m0s`, `1.5s`.
pub(crate) fn duration(duration: Duration) -> String {
    let total = duration.as_secs();
    let (hours, minutes, seconds) = (total / 3600, total % 3600 / 60, total % 60);
    let nanos = duration.subsec_nanos();
    if total == 0 && nanos > 0 {
        return format!("{}ms", duration.as_millis());
    }
    let fraction = if nanos == 0 {
        String::new()
    } else {
        format!(".{nanos:09}").trim_end_matches('0').to_owned()
    };
    let seconds = format!("{seconds}{fraction}s");
    match (hours, minutes) {
        (0, 0) => seconds,
        (0, _) => format!("{minutes}m{seconds}"),
        _ => format!("{hours}h{minutes}m{seconds}"),
    }
}

/// Returns the exit code that stands for an ending: 128 + n for signal n, 137 when out of memory.
pub(crate) fn exit_code(exit: Exit) -> i32 {
    match exit {
        Exit::Code(code) => code,
        Exit::Signal { out_of_memory: true, .. } => 137,
        Exit::Signal { signal, .. } => 128 + signal,
    }
}

/// Returns the lines that end the log of a run step.
pub(crate) fn ending(exit: Exit) -> Vec<String> {
    let code = exit_code(exit);
    let mut lines = Vec::new();
    match exit {
        Exit::Signal { signal, out_of_memory } => {
            lines.push(format!("Received \"{}\" signal", signal_name(signal, out_of_memory)));
            if out_of_memory {
                lines.push("The job used more memory than it may.".to_owned());
            }
        }
        // A shell reports the death of its child as 128 + n.
        Exit::Code(137) => lines.push("Received \"killed\" signal".to_owned()),
        Exit::Code(_) => {}
    }
    if code != 0 {
        lines.push(format!("Exited with code exit status {code}"));
    }
    lines.push(format!("CircleCI received exit code {code}"));
    lines
}

/// Returns what is said when a step was silent for too long.
pub(crate) fn no_output(patience: Duration) -> String {
    format!("Too long with no output (exceeded {}): context deadline exceeded", duration(patience))
}

/// Returns what is said when `sudo` complained that it may not become root.
pub(crate) fn refused_sudo(allowed: bool) -> &'static str {
    if allowed {
        "This runner allows `sudo`, but its host cannot keep it inside the environment: the step \
         \"Spin up environment\" says why. Run the job as root instead: `user: root` beside `image:`."
    } else {
        "This runner does not let `sudo` and other setuid programs work. Run the job as root \
         instead (`user: root` beside `image:`), or let the runner's administrator allow them: \
         `allow_setuid = true` under `[runner]`, or `--allow-setuid`."
    }
}

fn signal_name(signal: i32, out_of_memory: bool) -> String {
    match signal {
        _ if out_of_memory => "killed".to_owned(),
        1 => "hangup".to_owned(),
        2 => "interrupt".to_owned(),
        3 => "quit".to_owned(),
        4 => "illegal instruction".to_owned(),
        6 => "aborted".to_owned(),
        8 => "floating point exception".to_owned(),
        9 => "killed".to_owned(),
        11 => "segmentation fault".to_owned(),
        13 => "broken pipe".to_owned(),
        15 => "terminated".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_in_logs_of_the_hosted_service() {
        for (millis, text) in [
            (600_000, "10m0s"),
            (5_400_000, "1h30m0s"),
            (5_000, "5s"),
            (1_500, "1.5s"),
            (250, "250ms"),
            (0, "0s"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
        assert_eq!(
            no_output(Duration::from_mins(10)),
            "Too long with no output (exceeded 10m0s): context deadline exceeded"
        );
    }

    #[test]
    fn a_step_ends_with_the_words_that_scripts_look_for() {
        assert_eq!(ending(Exit::Code(0)), ["CircleCI received exit code 0"]);
        assert_eq!(
            ending(Exit::Code(1)),
            ["Exited with code exit status 1", "CircleCI received exit code 1"]
        );
        let killed = Exit::Signal { signal: 9, out_of_memory: true };
        assert_eq!(ending(killed)[0], "Received \"killed\" signal");
        assert_eq!(exit_code(killed), 137);
        assert_eq!(exit_code(Exit::Signal { signal: 15, out_of_memory: false }), 143);
    }
}
