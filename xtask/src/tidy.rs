//! The rules of this repository that no compiler checks, as ordinary tests.
//!
//! Each rule is a function over a set of files, and has a test that feeds it files that break it.
//!
//! - `arrows`: which crate may depend on which;
//! - `cycles`: imports between the files of a crate point down, too;
//! - `absences`: no clock, no I/O, no SQL, no call to a forge and no status but where it belongs;
//! - `dependencies`: none is forgotten in the manifest, and running and testing share their builds;
//! - `shape`: what a file says on top, its length, its name, where `unsafe` may be, comments that
//!   only repeat a name;
//! - `links`: links in the documents lead somewhere;
//! - `methods`: a type has a limited number of them over all its files;
//! - `parameters`: a function has five at most, no tuple hides one, and no call has a bare `true`;
//! - `routes`: every route of the server declares its right;
//! - `templates`: a template compares with no word;
//! - `verbs`: every `cargo xtask …` that is named exists;
//! - `walk`: the path from a webhook to its check, as ARCHITECTURE.md lists it, can be read downward;
//! - `words`: texts for people use the field's terms.

mod absences;
mod arrows;
mod cycles;
mod dependencies;
mod links;
mod methods;
mod modules;
mod parameters;
mod report;
mod routes;
mod shape;
mod source;
mod syntax;
mod templates;
mod verbs;
mod walk;
mod words;
