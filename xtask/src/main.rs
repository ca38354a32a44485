//! `cargo xtask VERB`: what people and CI do with this repository, one verb each.
//!
//! CI calls the same verbs. Deliberately absent: anything that the product needs at run time.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

mod bench;
mod check;
mod corpus;
mod coverage;
mod dist;
mod generate;
mod install;
mod shell;
mod story;
mod test;
#[cfg(test)]
mod tidy;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What people and CI do with this repository")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Formatting, clippy with warnings denied, tidy, cargo-machete and cargo-deny, which it installs
    Check,
    /// Installs what tests need and is missing, then runs everything that CI runs
    Test {
        /// Install nothing; tests that miss something skip with a notice
        #[arg(long)]
        no_install: bool,
        /// Only the tests of one crate, such as `server`: nothing else is built, or installed
        #[arg(long, short, value_name = "CRATE")]
        package: Option<String>,
        /// Words that test names must contain, as for `cargo nextest run`
        filters: Vec<String>,
    },
    /// Measures speed and memory next to the named peers, and prints a table
    Bench {
        /// Only measurements whose name contains this
        filter: Option<String>,
        /// Instead, how long building takes, from cold and after a change; a quarter of an hour
        #[arg(long, conflicts_with = "filter")]
        builds: bool,
    },
    /// Compiles the real configurations of ../shared/corpus, and prints the result of each
    Corpus(corpus::Arguments),
    /// The section `configuration` of `bench`, in the build that this is
    #[command(hide = true)]
    MeasureConfiguration {
        /// Only the large configuration, which has this process for itself
        #[arg(long)]
        large: bool,
    },
    /// Runs one end-to-end story of the test suite, with its output
    Story {
        /// Part of its name; without one, lists them
        name: Option<String>,
    },
    /// Builds the file that users download, with units, completions, manual pages, an image and
    /// checksums, and tries it
    Dist,
    /// The part of `dist` that runs in its own namespaces
    #[command(hide = true)]
    TryDist(dist::empty_root::Arguments),
    /// Writes the documents that are generated from the code: states, settings, coverage, diagnostics
    Gen,
}

fn main() -> Result<()> {
    match Arguments::parse().verb {
        Verb::Check => check::run(),
        Verb::Test { package: Some(package), filters, .. } => test::run_one(&package, &filters),
        Verb::Test { no_install, package: None, filters } => test::run(no_install, &filters),
        Verb::Bench { filter, builds } => bench::run(filter.as_deref(), builds),
        Verb::Corpus(arguments) => corpus::run(&arguments),
        Verb::MeasureConfiguration { large } => bench::configuration::run(large),
        Verb::Story { name } => story::run(name.as_deref()),
        Verb::Dist => dist::run(),
        Verb::TryDist(arguments) => dist::empty_root::try_in(&arguments.root),
        Verb::Gen => generate::run(),
    }
}
