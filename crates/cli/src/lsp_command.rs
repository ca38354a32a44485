//! `roundel lsp`: helps an editor with configurations, over standard input and output.

mod input;

use std::path::PathBuf;

use crate::{config_command::LocalClone, exit::Exit};
use input::Input;
use roundel_lsp::{Finder, LocalValues, OpenOrbs, Settings};
use roundel_server::orbs::Offline;

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    #[expect(clippy::doc_markdown, reason = "shown in a terminal, as other variables are")]
    /// A directory with packed orbs: `DIR/<namespace>/<name>/<version>.yml` [variable: ROUNDEL_ORBS]
    #[arg(long, value_name = "DIR", env = "ROUNDEL_ORBS", hide_env = true)]
    orbs: Option<PathBuf>,
    /// A lock file that pins orbs
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Speaks over standard input and output. There is no other way; some editors say it anyway
    #[arg(long, hide = true)]
    stdio: bool,
}

/// Talks to the editor until it is done. The exit code is the protocol's: 1 if the editor went away
/// without shutting the server down.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    let settings = Settings {
        orbs: arguments.orbs.clone(),
        lock: arguments.lock.clone(),
        ..Settings::default()
    };
    let open: OpenOrbs = Box::new(|settings| {
        let offline = Offline::new(settings.orbs.as_deref(), settings.lock.as_deref())
            .map_err(|error| error.to_string())?;
        let finder: Finder = Box::new(move |reference| offline.find(reference));
        Ok(finder)
    });
    // The same values as `roundel config` has, so that both say the same of a file.
    let local: LocalValues =
        Box::new(|folder| folder.map(LocalClone::of).unwrap_or_default().values());
    match roundel_lsp::serve(Input::new(), std::io::stdout(), settings, open, local) {
        roundel_lsp::Ended::Requested => Exit::Success,
        roundel_lsp::Ended::Abandoned => Exit::Failure,
    }
}

#[cfg(test)]
mod tests {
    /// An editor is started in an environment that the other commands are used in, too.
    #[test]
    fn every_command_that_takes_a_folder_of_orbs_reads_the_same_variable() {
        fn check(command: &clap::Command, path: &str) -> usize {
            let name = format!("{path} {}", command.get_name());
            let is_orbs = |argument: &&clap::Arg| argument.get_long() == Some("orbs");
            let own: Vec<_> = command.get_arguments().filter(is_orbs).collect();
            for argument in &own {
                assert_eq!(
                    argument.get_env().and_then(|name| name.to_str()),
                    Some("ROUNDEL_ORBS"),
                    "{name}"
                );
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("ROUNDEL_ORBS"), "{name}: {help}");
            }
            own.len() + command.get_subcommands().map(|inner| check(inner, &name)).sum::<usize>()
        }
        assert!(check(&crate::command(), "") > 3);
    }
}
