//! What exists: commands with their flags, variables, settings, addresses of the server, labels of its
//! pages, headings of the README.

use std::{collections::BTreeSet, fs};

use clap::Command;
use roundel_cli::settings::table::{ALL, SECTIONS};

use super::{
    claims::{Claim, anchor},
    sources::root,
};

/// Variables that are not settings: of flags of `roundel config`.
const OTHER_VARIABLES: &[&str] = &["ROUNDEL_ORBS"];

/// Variables that begin like ours and are passed between our own processes, or to the build, only.
const INNER_VARIABLES: &[&str] = &[
    "ROUNDEL_BUILD_COMMIT",
    "ROUNDEL_BUILD_TARGET",
    "ROUNDEL_BUNDLE",
    "ROUNDEL_HEAD",
    "ROUNDEL_HTTPS_BASE",
    "ROUNDEL_KIND",
    "ROUNDEL_PATH",
    "ROUNDEL_SHA",
    "ROUNDEL_SSH_BASE",
    "ROUNDEL_TREE",
    "ROUNDEL_URL",
];

/// Flags of other programs that messages name.
const OTHER_FLAGS: &[&str] = &[
    // cargo and `cargo xtask`
    "--package",
    "--gold",
    // usermod
    "--add-subgids",
    // git
    "--format",
];

/// All names that texts may mention.
pub(super) struct Known {
    command: Command,
    variables: BTreeSet<String>,
    keys: BTreeSet<String>,
    addresses: Vec<String>,
    labels: String,
    headings: Vec<String>,
}

impl Known {
    pub(super) fn new() -> Self {
        let mut command = roundel_cli::command();
        command.build();
        let (mut variables, mut keys) = (BTreeSet::new(), BTreeSet::new());
        for setting in ALL {
            let declaration = setting.declaration();
            variables.insert(declaration.variable.to_owned());
            let in_file = declaration.in_file.then(|| declaration.key.to_owned());
            keys.extend(in_file);
            if declaration.has_file_form() {
                variables.insert(format!("{}_FILE", declaration.variable));
                keys.insert(format!("{}_file", declaration.key));
            }
        }
        let more = OTHER_VARIABLES.iter().chain(INNER_VARIABLES).map(|name| (*name).to_owned());
        variables.extend(more);
        let readme = fs::read_to_string(root().join("README.md")).unwrap();
        let headings = readme.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
        Self {
            command,
            variables,
            keys,
            addresses: roundel_server::http::addresses(),
            labels: labels(),
            headings,
        }
    }

    /// Checks that something exists.
    pub(super) fn check(&self, claim: &Claim) -> Result<(), String> {
        let there = |exists: bool, what: String| if exists { Ok(()) } else { Err(what) };
        match claim {
            Claim::Command(words) => self.command(words),
            Claim::Flag(flag) => there(
                OTHER_FLAGS.contains(&flag.as_str()) || has_flag(&self.command, flag),
                format!("no command has the flag `{flag}`"),
            ),
            Claim::Variable(name) => {
                there(self.variables.contains(name), format!("there is no variable `{name}`"))
            }
            Claim::VariablePrefix(name) => there(
                self.variables
                    .iter()
                    .any(|known| known == name || known.starts_with(&format!("{name}_"))),
                format!("no variable begins with `{name}`"),
            ),
            Claim::Section(name) => there(
                SECTIONS.iter().any(|(section, _)| section == name),
                format!("there is no section `[{name}]`"),
            ),
            Claim::Key(key) => {
                there(self.keys.contains(key), format!("there is no setting `{key}`"))
            }
            Claim::Address(address) => there(
                self.addresses.iter().any(|known| fits(known, address)),
                format!("the server has no page `{address}`"),
            ),
            Claim::Label(label) => self.label(label),
            Claim::Heading(name) => there(
                self.headings.contains(&anchor(name)),
                format!("the README has no heading “{name}”"),
            ),
            Claim::Anchor(name, is_there) => {
                there(*is_there, format!("the document has no heading `#{name}`"))
            }
        }
    }

    /// Walks down the commands; every flag must belong to the one that is reached.
    fn command(&self, words: &[String]) -> Result<(), String> {
        let mut command = &self.command;
        let shown = || format!("roundel {}", words.join(" "));
        let mut rest = words.iter().map(|word| word.trim_end_matches([',', '.', ':']));
        while let Some(word) = rest.next() {
            if word == "--" {
                break;
            }
            if let Some(flag) = word.strip_prefix("--") {
                let name = flag.split('=').next().unwrap_or(flag);
                let globals = self.command.get_arguments().filter(|one| one.is_global_set());
                let mut arguments = command.get_arguments().chain(globals);
                let Some(found) = arguments.find(|one| one.get_long() == Some(name)) else {
                    let command = command.get_name();
                    return Err(format!("`{command}` has no flag `--{name}`: {}", shown()));
                };
                let is_optional = found.get_num_args().is_some_and(|count| count.min_values() == 0);
                if found.get_action().takes_values() && !is_optional && !flag.contains('=') {
                    rest.next();
                }
            } else if let Some(inner) = command.find_subcommand(word) {
                command = inner;
            } else if command.has_subcommands()
                && word.starts_with(|c: char| c.is_ascii_lowercase())
            {
                return Err(format!("there is no command `{word}`: {}", shown()));
            } else {
                // A value or a placeholder; what follows may be flags again.
            }
        }
        Ok(())
    }

    /// The title of one of our pages. A path through another site's pages has `›` in it.
    fn label(&self, label: &str) -> Result<(), String> {
        if label.contains('›') || self.labels.contains(label) {
            return Ok(());
        }
        Err(format!("no page shows “{label}”"))
    }
}

/// Says whether a word is one of our commands: `demo`, `validate`.
pub(super) fn is_command(word: &str) -> bool {
    roundel_cli::command().find_subcommand(word).is_some()
}

fn has_flag(command: &Command, flag: &str) -> bool {
    let name = flag.strip_prefix("--");
    command.get_arguments().any(|one| one.get_long() == name)
        || command.get_subcommands().any(|inner| has_flag(inner, flag))
}

/// Says whether an address is one of a route's: `{…}` stands for anything on both sides.
fn fits(route: &str, address: &str) -> bool {
    let address = address.split(['#', '?']).next().unwrap_or(address);
    let (mut route, mut address) = (route.split('/'), address.split('/'));
    loop {
        match (route.next(), address.next()) {
            (None, None) => return true,
            (Some(rest), Some(_)) if rest.starts_with("{*") => return true,
            (Some(a), Some(b)) if a == b || a.starts_with('{') || b.contains("{}") => {}
            _ => return false,
        }
    }
}

/// The text of all templates.
fn labels() -> String {
    let mut all = String::new();
    let folder = root().join("crates/server/templates");
    for folder in [folder.clone(), folder.join("parts")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "html") {
                all.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    all
}
