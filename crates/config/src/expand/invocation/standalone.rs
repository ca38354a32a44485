//! What is compiled without an entry of a workflow: jobs and steps that nothing runs, and the only job of
//! the implicit workflow.
//!
//! Deliberately absent: which of them are looked for, which the plan decides.

use std::rc::Rc;

use super::entry::{Depth, Draft, Invocation, rendered};
use crate::{
    expand::{
        Expander,
        builtin::ExecutorKind,
        filters::{FilterReader, Filters},
        steps::Expansion,
    },
    language::{
        data::{Data, Field, ModuleId, Scope, Value},
        definition::Definition,
    },
    read::yaml::At,
    text::place::Place,
};

impl<'d> Expander<'_, 'd> {
    /// Compiles a job by itself, for what is wrong with it.
    pub(crate) fn compile_alone(&mut self, name: &'d str, definition: &Definition) {
        let (key, fields) = (definition.key, Vec::new());
        let depth = Depth::Whole;
        let invocation = Invocation { name, key, fields, entry: 0, broken: false, depth };
        let needed = definition.parameters.iter().filter(|(_, one)| one.default.is_none());
        let needed = needed.map(|(name, one)| (name.clone(), Value::unknown(one.key)));
        let outer = Scope::outer("the configuration", ModuleId::CONFIG);
        let scope = Scope { matrix: Some(Rc::new(needed.collect())), ..(*outer).clone() };
        let what: Rc<str> = format!("job `{name}`").into();
        self.render.report().enter(&what, key);
        self.build(&invocation, &what, &Rc::new(scope));
        self.render.report().leave();
    }

    /// Compiles a list of steps by itself, for what is wrong with them.
    pub(crate) fn compile_steps_alone(&mut self, steps: At, key: Place) {
        let scope = Scope::outer("the configuration", ModuleId::CONFIG);
        let mut expansion = Expansion::new(1, ExecutorKind::Unknown);
        self.steps().expand(steps, key, &scope, &mut expansion);
    }

    /// Compiles the implicit workflow's only job (CFG §5.1).
    pub(crate) fn implicit_build(&mut self, definition: &Definition) -> Draft {
        let (key, fields) = (definition.key, Vec::new());
        let (name, depth) = ("build", Depth::Whole);
        let invocation = Invocation { name, key, fields, entry: 0, broken: false, depth };
        let outer = Scope::outer("the implicit workflow", ModuleId::CONFIG);
        let mut draft = self.draft(&invocation, &outer, None);
        if let Some(branches) = self.render.doc().get(definition.body, "branches") {
            let rule = FilterReader::new(self.render).rule(&branches, &outer);
            draft.filters = Filters::Names { branches: rule, tags: None };
            let value = self.render.evaluate(branches.value, &outer);
            let value = Value::new(Data::Map(Rc::new(vec![rendered(&branches, value)])), key);
            draft.rendered.push(Field::new("filters", value));
        }
        draft
    }
}
