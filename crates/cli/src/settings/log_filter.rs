//! What a log filter may say: levels, and modules with levels.
//!
//! `tracing` takes any single word for the name of a module, so a misspelled level would turn the log
//! off without a message. Here a word alone must be a level or one of Roundel's own modules; modules
//! of other crates are written with a level, `hyper=debug`.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use roundel_model::{nearest, text::cut};

/// The levels by name; numbers from 0 to 5 are accepted too.
const LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];

/// Modules that log, by the names of their crates.
const MODULES: &[&str] = &[
    "roundel",
    "roundel_config",
    "roundel_container",
    "roundel_engine",
    "roundel_forge",
    "roundel_jobtool",
    "roundel_localforge",
    "roundel_lsp",
    "roundel_model",
    "roundel_protocol",
    "roundel_runner",
    "roundel_server",
    "roundel_store",
];

/// Characters of a word that an error quotes.
const SHOWN_CHARS: usize = 60;

/// Checks a filter; the error completes "which is …".
pub(super) fn check(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("empty".to_owned());
    }
    EnvFilter::try_new(text).map_err(|_| example("not a log filter"))?;
    text.split(',').filter(|part| !part.is_empty()).try_for_each(directive)
}

/// Checks `info`, `roundel_server` or `roundel_server=debug`. What is within `[]` are spans.
fn directive(text: &str) -> Result<(), String> {
    let (module, is_alone) = match text.split_once(['[', '=']) {
        Some((module, _)) => (module, false),
        None => (text, true),
    };
    if is_alone && module.parse::<LevelFilter>().is_ok() {
        return Ok(());
    }
    let first = module.split("::").next().unwrap_or_default();
    if MODULES.contains(&first) || (!is_alone && !first.starts_with("roundel")) {
        return Ok(());
    }
    let levels = LEVELS.iter().filter(|_| is_alone);
    let known = levels.chain(MODULES).map(|&name| name.to_owned());
    let kind = if is_alone { "a level or a module" } else { "a module" };
    let module = cut(module, SHOWN_CHARS);
    let what = format!("not a log filter: `{module}` is not {kind} of Roundel");
    Err(match nearest::nearest(first, known) {
        Some(near) => format!("{what}; did you mean `{near}`?"),
        None => example(&what),
    })
}

fn example(what: &str) -> String {
    format!("{what}; write a filter such as `warn` or `info,roundel_server=debug`")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_word_that_is_neither_a_level_nor_a_module_is_refused() {
        for right in [
            "info",
            "WARN",
            "off",
            "3",
            "roundel_server",
            "warn,roundel_server::deliver=trace",
            "info,roundel_store=debug",
            "hyper=debug,info",
            "info,[step]=debug",
            "roundel_runner[job]=trace",
        ] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        for (wrong, said) in [
            ("inof", "did you mean `info`?"),
            ("warning", "write a filter such as"),
            ("info,roundel_servr=debug", "did you mean `roundel_server`?"),
            ("roundel_server::deliver,inof", "did you mean `info`?"),
            ("hyper", "write a filter such as"),
            ("roundel_server=inof", "write a filter such as"),
            ("", "empty"),
            (" ", "empty"),
        ] {
            let error = check(wrong).unwrap_err();
            assert!(error.contains(said), "{wrong}: {error}");
        }
        assert!(check(&"x".repeat(100_000)).unwrap_err().len() < 300, "what is long is cut");
    }

    /// A crate that is not listed could not be asked for alone.
    #[test]
    fn every_crate_that_logs_is_a_module() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut found: Vec<String> = std::fs::read_dir(crates)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "testkit")
            .map(|name| if name == "cli" { String::new() } else { format!("_{name}") })
            .map(|name| format!("roundel{name}"))
            .collect();
        found.sort();
        assert_eq!(found, MODULES);
    }
}
