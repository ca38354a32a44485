//! What makes two problems the same, and how many a report has.

use crate::text::{
    place::{FileId, Place, Span},
    problem::Problem,
};

/// Diagnostics that one compilation returns at most. More are not read, and a damaged file of
/// 1 MiB must not fill the database.
pub(super) const DIAGNOSTICS: usize = 200;

/// What makes two problems the same.
pub(super) type Key = (&'static str, FileId, Span, String);

pub(super) fn key(problem: &Problem) -> Key {
    let Place { file, span, .. } = problem.place;
    (problem.code.slug, file, span, problem.message.clone())
}
