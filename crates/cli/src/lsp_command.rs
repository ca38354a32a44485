//! `roundel lsp`: helps an editor with configurations, over standard input and output.

use std::path::PathBuf;

use crate::exit::Exit;
use roundel_lsp::{Finder, OpenOrbs, Settings};
use roundel_server::orbs::Offline;

#[derive(clap::Args, Debug)]
pub(crate) struct Arguments {
    /// A folder with orbs, as `<namespace>/<name>/<version>.yml`
    #[arg(long, value_name = "DIR")]
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
    match roundel_lsp::serve(std::io::stdin(), std::io::stdout(), settings, open) {
        roundel_lsp::Ended::Requested => Exit::Success,
        roundel_lsp::Ended::Abandoned => Exit::Failure,
    }
}
