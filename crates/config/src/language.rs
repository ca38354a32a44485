//! The words of the language, without a configuration: values, definitions, keys, templates,
//! expressions, patterns.

pub(crate) mod cron;
pub(crate) mod data;
pub(crate) mod definition;
pub(crate) mod expression;
pub(crate) mod junction;
pub(crate) mod keys;
pub(crate) mod orb_reference;
pub(crate) mod other_services;
pub(crate) mod pattern;
pub(crate) mod pipeline_values;
pub(crate) mod profile;
pub mod restriction;
pub(crate) mod template;
pub(crate) mod version;
