//! The one HTTP client under both forges: time-outs, size limits, redirects, repeats, pages.
//!
//! A [`Call`] says what is asked for, in messages for people and as a request. [`Client::send`] answers
//! with a success or with a [`ForgeError`]; what an error response means is the forge's own
//! [`Dialect`].
//!
//! Rules that hold for every call (`VCS` §2.2, §2.15, §4.1, §4.12):
//!
//! - It ends: a request has a time-out, an answer a size limit, a list a limit of pages.
//! - A token goes to the host it was meant for, never to where a redirect or a page link points.
//! - Only what is safe to repeat is repeated, and only when the forge is unavailable, a few times.
//!   Retries over minutes and days are the caller's.
//!
//! Deliberately absent: which calls exist (`github`, `bitbucket`), queues and budgets per token.

mod address;
mod call;
mod client;
mod diagnosis;
mod lists;
mod page;
mod redirect;
mod retry_after;
mod web_page;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use self::{
    address::at,
    call::{Answer, Call},
    client::{Client, Dialect, fixed_headers},
    diagnosis::{Diagnosis, Messages, plain_messages},
    page::{Page, link_next},
};
