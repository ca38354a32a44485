//! The protocol's server side: claim, renew, report steps and logs, finish.
//!
//! [`claim`] hands out tasks, held until there is one that fits, or for a while; what a runner gets is built in
//! [`job_spec`]. With [`sign_off`] a runner ends. [`report`] takes everything that a runner reports on a task:
//! it is opened by the task's own token, which is derived and never stored ([`token`]). A runner whose lease is
//! lost gets 410 and stops.

mod checked;
mod claim;
mod job_spec;
mod report;
mod rights;
mod sign_off;
mod token;

use axum::extract::DefaultBodyLimit;
use roundel_model::limits;
use roundel_protocol::PREFIX;

use super::routes::Routes;

/// Bytes of any message but a log: names, commands and reasons.
const MESSAGE_BYTES: usize = 4 << 20;

/// Returns the routes of the protocol.
pub(crate) fn routes() -> Routes {
    let task = format!("{PREFIX}/tasks/{{job}}/{{index}}");
    Routes::new()
        .post(&format!("{PREFIX}/claim"), claim::claim)
        .post(&format!("{PREFIX}/sign-off"), sign_off::sign_off)
        .post(&format!("{task}/renew"), report::renew)
        .put(&format!("{task}/steps/{{number}}"), report::step)
        .post(&format!("{task}/finish"), report::finish)
        .layer(DefaultBodyLimit::max(MESSAGE_BYTES))
        .merge(
            Routes::new()
                .put(&format!("{task}/steps/{{number}}/log"), report::log)
                .layer(DefaultBodyLimit::max(limits::LOG_CHUNK_BYTES)),
        )
}
