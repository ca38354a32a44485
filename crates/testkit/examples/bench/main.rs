//! The measurements behind `cargo xtask bench`: one table, preceded by what machine it was.
//!
//! Usage: `bench [PART OF A NAME]`, with `ROUNDEL_BIN` naming the program under test. The server is
//! always a separate process; the forge and the sender of webhooks live in this one. Nothing is
//! asserted: the numbers depend on the machine and on what else it does, which is why each
//! row has the load.
//!
//! Deliberately absent: building the program (`xtask`), limits that fail a run.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod docker;
mod environments;
mod http;
mod image;
mod installation;
mod jobs;
mod machine;
mod place;
mod pushes;
mod resting;
mod table;
mod webhooks;

use std::pin::Pin;

use anyhow::{Context as _, Result};

use place::Place;
use table::Row;

/// A measurement under way.
type Measuring<'a> = Pin<Box<dyn Future<Output = Result<Vec<Row>>> + 'a>>;

/// What a measurement is called, and how it begins.
type Measurement = (&'static str, fn(&Place) -> Measuring<'_>);

/// In the order of the table.
const MEASUREMENTS: &[Measurement] = &[
    ("environments", |place| Box::pin(environments::measure(place))),
    ("pushes", |place| Box::pin(pushes::measure(place))),
    ("jobs", |place| Box::pin(jobs::measure(place))),
    ("webhooks", |place| Box::pin(webhooks::measure(place))),
    ("memory", |place| Box::pin(resting::memory(place))),
    ("start", |place| Box::pin(resting::start(place))),
];

fn main() -> Result<()> {
    // Environments are started by executing this program once more.
    roundel_container::boot::run_if_asked();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<()> {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let binary = std::env::var_os("ROUNDEL_BIN")
        .context("ROUNDEL_BIN does not name the program; `cargo xtask bench` sets it")?;
    let scratch = tempfile::Builder::new().prefix("bench-").tempdir()?;
    let place = Place { binary: binary.into(), scratch: scratch.path().to_owned() };
    for line in machine::facts(&place)? {
        println!("{line}");
    }
    let mut rows = Vec::new();
    for (name, begin) in MEASUREMENTS.iter().filter(|(name, _)| name.contains(&filter)) {
        eprintln!("measuring {name} …");
        let load = machine::load();
        match begin(&place).await {
            Ok(found) => {
                let after = machine::load();
                rows.extend(found.into_iter().map(|row| row.at(&load, &after)));
            }
            // The others are worth having without it.
            Err(error) => rows.push(Row::new(*name).ours(format!("not measured: {error:#}"))),
        }
    }
    println!();
    print!("{}", table::render(&rows));
    Ok(())
}
