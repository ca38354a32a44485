//! The catalogue of diagnostics: a stable slug for each, its number, and a page about it.
//!
//! The numbers are those of the error catalogue (CFG §7.5). A slug is public: it is stored with
//! pipelines and linked from documentation, so it never changes its meaning.
//!
//! A code's doc comment is its page, for readers of this source, of `docs/diagnostics`, of the
//! dashboard and of a terminal ([`crate::page`]): a sentence, then what it means and what to do, then a
//! wrong and a right example, which are tests. Blocks are `yaml wrong`, `yaml right`,
//! `yaml inputs` (what the pipeline is started with) and `yaml orb NAME@VERSION`.

use self::consequence::Consequence;

/// One entry of the catalogue, by reference: it travels with every mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(&'static Entry);

impl std::ops::Deref for Code {
    type Target = Entry;

    fn deref(&self) -> &Entry {
        self.0
    }
}

/// What the catalogue says about a code.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// What people and machines call it: `unknown-parameter`.
    pub slug: &'static str,
    /// Its number in the catalogue, where it has one: `E-033`.
    pub number: Option<&'static str>,
    /// What this release does about it, if it is about what is right and cannot be run yet, or not
    /// fully.
    pub consequence: Option<Consequence>,
    /// The subject of the code, in a sentence.
    pub about: &'static str,
    /// The rest of its doc comment; [`crate::page::page`] makes a page of it.
    pub(crate) text: &'static str,
}

/// Codes that belong together.
pub struct Area {
    /// The subject of the codes: "Steps".
    pub title: &'static str,
    pub codes: &'static [Code],
}

macro_rules! area {
    (@optional) => { None };
    (@optional $consequence:expr) => { Some($consequence) };
    (
        $title:literal;
        $(#[doc = $about:literal] $(#[doc = $text:literal])* $name:ident = $slug:literal, $number:expr $(, $consequence:expr)?;)*
    ) => {
        use super::{Area, Code, Entry};

        $(
            #[doc = $about]
            $(#[doc = $text])*
            pub const $name: Code = Code(&Entry {
                slug: $slug,
                number: $number,
                consequence: area!(@optional $($consequence)?),
                about: $about.trim_ascii(),
                text: concat!($($text, "\n"),*),
            });
        )*

        pub(super) const AREA: Area = Area { title: $title, codes: &[$($name),*] };
    };
}

mod conditions;
pub(crate) mod consequence;
mod executors;
mod filters;
mod graph;
mod groups;
mod jobs;
mod orbs;
mod parameters;
mod pipeline;
mod release;
mod steps;
mod text;
mod values;
mod workflows;

pub use self::{
    conditions::*, executors::*, filters::*, graph::*, groups::*, jobs::*, orbs::*, parameters::*,
    pipeline::*, release::*, steps::*, text::*, values::*, workflows::*,
};

/// Every code, in the order of the catalogue.
pub const AREAS: &[Area] = &[
    text::AREA,
    values::AREA,
    steps::AREA,
    jobs::AREA,
    executors::AREA,
    parameters::AREA,
    orbs::AREA,
    workflows::AREA,
    graph::AREA,
    groups::AREA,
    filters::AREA,
    conditions::AREA,
    pipeline::AREA,
    release::AREA,
];

/// Numbers of the error catalogue (CFG §7.5) that nothing here gives, and why.
pub const NOT_GIVEN: &[(&str, &str)] = &[
    (
        "E-096",
        "whether a context exists is only known when the job starts, not when the configuration \
         is compiled",
    ),
    ("E-097", "organization policies are not part of this release"),
    ("E-098", "an error of the API request that continues a pipeline, not a diagnostic"),
    ("E-099", "an error of the API request that continues a pipeline, not a diagnostic"),
    ("E-106", "the job waits for a runner of its resource class, and its page says so"),
    ("W-11", "the same as W-08, for steps"),
];

/// Returns the catalogue's entry of a slug.
pub fn code(slug: &str) -> Option<&'static Code> {
    all().find(|code| code.slug == slug)
}

/// Returns every code, in the order of the catalogue.
pub fn all() -> impl Iterator<Item = &'static Code> {
    AREAS.iter().flat_map(|area| area.codes)
}

#[cfg(test)]
mod tests;
