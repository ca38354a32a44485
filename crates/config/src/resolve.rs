//! Phase 3: the version, parameters, imports and definitions: what each name means.

pub(crate) mod definitions;
pub(crate) mod imports;
pub(crate) mod modules;
pub(crate) mod parameters;
pub(crate) mod pipeline_parameters;
pub(crate) mod shape;
pub(crate) mod version;
