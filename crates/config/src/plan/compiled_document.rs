//! The compiled document, in the shape of version 2.0 (CFG §7.4).
//!
//! It is built of rendered values with their places, so that it can be explained; as plain data it
//! is a [`crate::read::document::Node`].

use std::rc::Rc;

use indexmap::IndexMap;

use crate::{
    language::data::{Data, Field, Value},
    text::place::Place,
};

/// The document that is being put together.
#[derive(Default)]
pub(crate) struct Builder {
    jobs: IndexMap<String, Value>,
    workflows: Vec<Field>,
}

/// Where the sections of the document are written; for one that is not, where the text begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sections {
    pub(crate) version: Place,
    pub(crate) jobs: Place,
    pub(crate) workflows: Place,
}

impl Builder {
    /// Adds a job, unless a workflow before runs the same.
    pub(crate) fn job(&mut self, name: &str, body: &Value) {
        self.jobs.entry(name.to_owned()).or_insert_with(|| body.clone());
    }

    /// Appends a workflow; workflows keep the order in which they were added.
    pub(crate) fn add_workflow(&mut self, name: &str, body: Value) {
        self.workflows.push(Field { name: Rc::from(name), key: body.place, value: body });
    }

    /// Returns the document.
    pub(crate) fn finish(mut self, at: Sections) -> Value {
        let map = |fields: Vec<Field>, place| Value::new(Data::Map(Rc::new(fields)), place);
        let version = || Field::new("version", Value::new(Data::Int(2), at.version));
        let jobs = self.jobs.into_iter();
        let jobs = jobs.map(|(name, body)| Field {
            name: Rc::from(name.as_str()),
            key: body.place,
            value: body,
        });
        let jobs = map(jobs.collect(), at.jobs);
        self.workflows.push(version());
        let workflows = map(self.workflows, at.workflows);
        let fields = [version(), Field::new("jobs", jobs), Field::new("workflows", workflows)];
        map(fields.into(), at.version)
    }
}
