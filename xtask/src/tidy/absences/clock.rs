//! No clock is read in `config`, `engine`, `model` or `protocol`, but in the functions that `model` has for it.

use super::{
    super::{
        modules::{Modules, Target},
        report::report,
        syntax::Fact,
    },
    Exception, Findings, forbidden, is_in, named_in,
};

const WHERE: &[&str] = &["crates/config/", "crates/engine/", "crates/model/", "crates/protocol/"];

/// Ways to read the time, or to wait for it.
const CLOCKS: &[&str] = &[
    "std::time::Instant",
    "std::time::SystemTime",
    "std::time::UNIX_EPOCH",
    "std::thread::sleep",
    "std::thread::sleep_ms",
    "std::thread::sleep_until",
    "std::thread::park_timeout",
    "tokio::time",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "jiff::tz::TimeZone::system",
    "jiff::tz::TimeZone::try_system",
    "uuid::Timestamp::now",
    "uuid::timestamp::Timestamp::now",
    "uuid::Uuid::now_v7",
    "uuid::Uuid::now_v6",
    "uuid::Uuid::now_v1",
    "chrono::Utc",
    "chrono::Local",
    "chrono::offset",
    "time::OffsetDateTime",
    "time::UtcDateTime",
    "time::Instant",
    "libc",
    "nix::time",
    "rustix::time",
    "web_time",
    "quanta",
    "coarsetime",
];

/// Methods that read one, or wait for it: of a clock that was handed over.
const METHODS: &[&str] =
    &["now", "elapsed", "recv_timeout", "wait_timeout", "wait_timeout_while", "duration_since"];

/// Our functions that read it.
const OURS: &[&str] = &["now", "fresh"];

const EXCEPTIONS: &[Exception] = &[
    ("crates/model/src/time.rs", "`Timestamp::now`, for the shells"),
    ("crates/model/src/id.rs", "`fresh`, for the shells: an id of version 7 begins with the time"),
];

fn clocks(modules: &Modules<'_>) -> Vec<String> {
    let mut findings = Findings::default();
    for named in named_in(modules, WHERE) {
        let ours = named.targets.iter().any(|target| match target {
            Target::Item { name, rest, .. } => {
                rest.iter().chain([name]).any(|word| OURS.contains(&word.as_str()))
            }
            Target::Module(_) | Target::Outside(_) => false,
        });
        let found = forbidden(&named.targets, CLOCKS).is_some();
        if found || ours {
            let what = named.mention.words.join("::");
            findings.add(named.source, named.mention.line, &what, EXCEPTIONS);
        }
    }
    for (source, fact, line, _) in modules.facts() {
        if let Fact::Called(name) = fact
            && METHODS.contains(&name.as_str())
            && WHERE.iter().any(|place| is_in(source, place))
        {
            findings.add(source, line, name, EXCEPTIONS);
        }
    }
    findings.all(EXCEPTIONS)
}

#[test]
fn no_clock_is_read_where_time_is_an_argument() {
    report("time is an argument here, never read", clocks(Modules::of_workspace()));
}

#[test]
fn a_clock_is_seen_however_it_is_named() {
    for reading in [
        "fn f() { std::time::Instant::now(); }",
        "use std::time as t; fn f() { t::Instant::now(); }",
        "use std::{time::{self, Duration}}; fn f() { time::SystemTime::now(); }",
        "use std::time::*; fn f() { Instant::now(); }",
        "use std::time::Instant as Moment; type Clock = Moment;",
        "fn f() { assert!(std::time::SystemTime::now().elapsed().is_ok()); }",
        "fn f() { let read = ::std::time::Instant::now; read(); }",
        "use crate::inner::Clock; mod inner { pub use std::time::Instant as Clock; }",
        "use roundel_model::time::Timestamp; fn f() { Timestamp::now(); }",
        "use roundel_model::Moment; fn f() { Moment::now(); }",
        "fn f() -> roundel_model::Ticks { roundel_model::Ticks::now() }",
        "fn f() { jiff::Zoned::now(); }",
        "macro_rules! now { () => { std::time::Instant::now() } } fn f() { now!(); }",
        "fn f() { <std::time::SystemTime>::now(); }",
        "use roundel_model::time::Timestamp; impl Ticks for Timestamp { fn f() { Self::now(); } }",
        "use roundel_model::time; fn f() { time::now(); }",
        "extern crate std as base; fn f() { base::time::Instant::now(); }",
        "#[cfg(feature = \"test\")] fn f() { std::time::Instant::now(); }",
        "#[cfg_attr(all(), serde(default = \"std::time::Instant::now\"))] struct A;",
        "fn f() { libc::time(); }",
        "fn f() { uuid::Uuid::new_v7(uuid::Timestamp::now(uuid::NoContext)); }",
        "fn f() { std::thread::park_timeout(a); }",
        "fn f() { jiff::tz::TimeZone::try_system(); }",
        "fn f(since: impl Age) { since.elapsed(); }",
        "trait Clock { fn now(&self) -> u64; } fn f(clock: &impl Clock) { clock.now(); }",
        "fn f() { assert!(wake.recv_timeout(a).is_ok()) }",
        "fn f() { chrono::offset::Utc::now(); }",
    ] {
        let model =
            "pub mod time; pub use time::Timestamp as Moment; pub use std::time::Instant as Ticks;";
        let found = super::try_on(
            clocks,
            &[
                ("crates/model/src/lib.rs", model),
                ("crates/model/src/time.rs", "pub struct Timestamp; pub fn now() {}"),
                ("crates/engine/src/lib.rs", reading),
            ],
        );
        assert!(
            found.iter().any(|found| found.starts_with("crates/engine/src/lib.rs:1: ")),
            "{reading}: {found:?}"
        );
    }
}

#[test]
fn what_reads_no_clock_is_left_alone() {
    let harmless = "use std::time::Duration; /// Not [`std::time::Instant`].\nfn f(now: Duration) {}\n\
                    #[cfg(test)] mod tests { fn t() { std::time::Instant::now(); } }";
    let found = super::try_on(
        clocks,
        &[
            ("crates/engine/src/lib.rs", harmless),
            ("crates/server/src/lib.rs", "fn f() { std::time::Instant::now(); }"),
        ],
    );
    let expected =
        EXCEPTIONS.iter().map(|(place, _)| format!("{place}: this exception is not needed"));
    assert_eq!(found, expected.collect::<Vec<_>>());
}
