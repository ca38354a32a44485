//! The router: which path leads to which file.

pub mod webhooks;
pub mod runners;
pub mod login;
pub mod pages;
pub mod badges;
pub mod stream;
pub mod assets;
