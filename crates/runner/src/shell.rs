//! The command line of a step's shell (RUN §2.1, §2.2).

/// The shell where there is bash.
pub(crate) const BASH: &str = "/bin/bash -eo pipefail";

/// The shell where there is none. `dash` before 0.5.12 rejects `pipefail`; the hosted service
/// passes it all the same, and users know to set `shell: /bin/sh -e`.
pub(crate) const SH: &str = "/bin/sh -eo pipefail";

/// Splits a shell's command line into words, on spaces only: there are no quotes (RUN §2.1).
pub(crate) fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// Returns how a command is shown: as the script that it is.
pub(crate) fn display(shell: &str, command: &str) -> String {
    format!("#!{shell}\n{command}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_is_split_on_spaces() {
        assert_eq!(words("/bin/bash  -leo pipefail "), ["/bin/bash", "-leo", "pipefail"]);
        assert_eq!(words("python3"), ["python3"]);
        assert!(words("  ").is_empty());
    }

    #[test]
    fn a_command_is_shown_as_a_script() {
        assert_eq!(display(BASH, "make"), "#!/bin/bash -eo pipefail\nmake");
    }
}
