//! Sentences of job logs that several steps share, and how they write durations.
//!
//! The hosted service ends a run step with "Exited with code exit status 1" and "CircleCI received
//! exit code 1" (RUN §1.7), and a silent one with "context deadline exceeded" (RUN §2.6). Here each
//! of them is said once, in plain words.

use std::time::Duration;

use roundel_container::{ContainerError, Exit, Limitation};
use roundel_model::text::counted;

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

/// Writes a limit in words: `10 minutes`, `1 hour 30 minutes`.
pub(crate) fn in_words(limit: Duration) -> String {
    let total = limit.as_secs();
    if total == 0 {
        return duration(limit);
    }
    let units = [(total / 3600, "hour"), (total % 3600 / 60, "minute"), (total % 60, "second")];
    let parts: Vec<String> = units
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| counted(*count, unit))
        .collect();
    parts.join(" ")
}

/// Says on the page of runners that no environment starts on this host, and why.
pub(crate) fn no_environment(error: &ContainerError) -> String {
    format!("Jobs fail on this runner: no environment can be started on its host: {error}.")
}

/// What follows an image error that credentials may solve: `container` knows no configuration.
pub(crate) const CREDENTIALS: &str = "; credentials go into the key `auth` next to `image`";

/// Returns the exit code that stands for an ending: 128 + n for signal n, 137 when out of memory.
pub(crate) fn exit_code(exit: Exit) -> i32 {
    match exit {
        Exit::Code(code) => code,
        Exit::Signal { out_of_memory: true, .. } => 137,
        Exit::Signal { signal, .. } => 128 + signal,
    }
}

/// Returns the lines that end the log of a step whose process ended by itself.
pub(crate) fn ending(exit: Exit) -> Vec<String> {
    let code = exit_code(exit);
    let mut lines = Vec::new();
    match exit {
        Exit::Signal { signal, out_of_memory } => {
            lines.push(format!("Received \"{}\" signal", signal_name(signal, out_of_memory)));
            if out_of_memory {
                lines.push("The job exceeded its memory limit.".to_owned());
            }
        }
        // A shell reports the death of its child as 128 + n.
        Exit::Code(137) => lines.push("Received \"killed\" signal".to_owned()),
        Exit::Code(_) => {}
    }
    lines.push(format!("Exited with code {code}"));
    lines
}

/// Returns why a step that printed nothing for too long was stopped.
pub(crate) fn no_output(limit: Duration) -> String {
    format!("No output for {}", in_words(limit))
}

/// Returns why a job that did not end in time was stopped.
pub(crate) fn run_time(limit: Duration) -> String {
    format!("The job ran longer than {}", in_words(limit))
}

/// Says why `sudo` could not become root although this runner allows it.
pub(crate) const SUDO_NOT_CONTAINED: &str = "This runner allows `sudo`, but its host cannot keep it inside the environment: the step \
         \"Spin up environment\" says why. Run the job as root instead: `user: root` next to `image:`.";

/// Says why `sudo` could not become root on a runner that does not allow it.
pub(crate) const SUDO_NOT_ALLOWED: &str = "This runner does not let `sudo` and other setuid programs work. Run the job as root \
         instead (`user: root` next to `image:`), or let the runner's administrator allow them: \
         `allow_setuid = true` under `[runner]`, or `--allow-setuid`.";

/// Returns what the host lacks for jobs, why, and what its administrator can do about it.
pub(crate) fn limitation(limitation: &Limitation) -> String {
    let sentence = limitation.sentence("Jobs on this runner");
    match &limitation.remedy {
        Some(remedy) => format!("{sentence}; to fix it, {remedy}."),
        None => format!("{sentence}."),
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

/// Says what a runner that was asked to end waits for.
pub(crate) fn draining(jobs: u32) -> String {
    let jobs = counted(jobs, "job");
    format!("stopping: waiting for {jobs} to end; press Ctrl-C (or send SIGTERM) again to stop now")
}

#[cfg(test)]
mod tests {
    use roundel_container::LimitationKind;

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
    }

    #[test]
    fn limits_read_as_people_say_them() {
        assert_eq!(no_output(Duration::from_mins(10)), "No output for 10 minutes");
        assert_eq!(run_time(Duration::from_hours(1)), "The job ran longer than 1 hour");
        assert_eq!(in_words(Duration::from_secs(5_461)), "1 hour 31 minutes 1 second");
        assert_eq!(in_words(Duration::from_millis(250)), "250ms");
    }

    #[test]
    fn a_limitation_says_what_to_do_about_it() {
        let network = Limitation {
            kind: LimitationKind::Network,
            cause: "`nft` is not installed".to_owned(),
            remedy: Some("install the package `nftables`".to_owned()),
        };
        assert_eq!(
            limitation(&network),
            "Jobs on this runner have no network: `nft` is not installed; to fix it, install the \
             package `nftables`."
        );
    }

    #[test]
    fn the_exit_code_is_said_once() {
        assert_eq!(ending(Exit::Code(0)), ["Exited with code 0"]);
        assert_eq!(ending(Exit::Code(1)), ["Exited with code 1"]);
        let killed = Exit::Signal { signal: 9, out_of_memory: true };
        assert_eq!(
            ending(killed),
            [
                "Received \"killed\" signal",
                "The job exceeded its memory limit.",
                "Exited with code 137"
            ]
        );
        assert_eq!(exit_code(killed), 137);
        assert_eq!(exit_code(Exit::Signal { signal: 15, out_of_memory: false }), 143);
    }

    #[test]
    fn what_a_runner_waits_for_is_counted() {
        let words =
            "stopping: waiting for 1 job to end; press Ctrl-C (or send SIGTERM) again to stop now";
        assert_eq!(draining(1), words);
        assert!(draining(2).contains(" 2 jobs "));
    }
}
