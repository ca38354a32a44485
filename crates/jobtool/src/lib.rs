//! The `circleci` / `circleci-agent` command inside a job (RUN §5.8).
//!
//! It is a POSIX shell script, because that is the one program that runs in every Linux image
//! without being built for it: no architecture, no C library, nothing to download. The runner writes
//! it into the environment and puts its directory at the end of `PATH`.
//!
//! It speaks to the runner through files. Deliberately absent: the network, secrets, and the
//! subcommands that need data from the server (`tests`, `env`, `run`); they say that they are not
//! supported and exit with 2.

/// The names under which a job finds the command.
pub const NAMES: [&str; 2] = ["circleci", "circleci-agent"];

const TEMPLATE: &str = include_str!("circleci.sh");

/// Returns the text of the command for one task.
///
/// `halt_marker` is the file that `step halt` leaves behind; the runner looks for it after every
/// step. `None` if the path cannot be written into a shell script (it holds a quote).
pub fn script(halt_marker: &str) -> Option<String> {
    let quotable = !halt_marker.contains('\'');
    quotable.then(|| {
        TEMPLATE.replace("@MARKER@", halt_marker).replace("@VERSION@", env!("CARGO_PKG_VERSION"))
    })
}

#[cfg(test)]
mod tests {
    use std::{
        path::Path,
        process::{Command, Output},
    };

    use super::*;

    fn run(directory: &Path, arguments: &[&str]) -> Output {
        let marker = directory.join("deep/halt");
        let text = script(marker.to_str().unwrap()).unwrap();
        let file = directory.join("circleci");
        std::fs::write(&file, text).unwrap();
        Command::new("sh").arg(&file).args(arguments).output().unwrap()
    }

    fn scratch(name: &str) -> std::path::PathBuf {
        let directory = std::env::temp_dir().join(format!("jobtool-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        directory
    }

    #[test]
    fn step_halt_leaves_the_marker_even_when_its_directory_is_gone() {
        for arguments in [["step", "halt"], ["task", "halt"]] {
            let directory = scratch(arguments[0]);
            let output = run(&directory, &arguments);
            assert!(output.status.success(), "{output:?}");
            assert!(directory.join("deep/halt").exists());
            std::fs::remove_dir_all(directory).unwrap();
        }
    }

    #[test]
    fn what_is_not_there_yet_says_so_and_fails() {
        let directory = scratch("absent");
        for arguments in [&["tests", "split"][..], &["env", "subst"], &["run", "oidc", "get"]] {
            let output = run(&directory, arguments);
            assert_eq!(output.status.code(), Some(2));
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(said.contains("is not supported by this version"), "{said}");
        }
        let typo = run(&directory, &["stpe", "halt"]);
        assert_eq!(typo.status.code(), Some(2));
        assert!(String::from_utf8(typo.stderr).unwrap().contains("no command `stpe halt`"));
        assert!(!directory.join("deep/halt").exists());
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn the_version_is_printed() {
        let directory = scratch("version");
        let output = run(&directory, &["version"]);
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), env!("CARGO_PKG_VERSION"));
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_path_with_a_quote_is_refused() {
        assert_eq!(script("/tmp/it's"), None);
    }
}
