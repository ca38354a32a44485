//! What a job or an executor says about where it runs, and the settings that `machine` and `macos` may
//! hold, too.

use std::rc::Rc;

use indexmap::IndexMap;
use roundel_model::plan::Executor;

use crate::{
    expand::environment::{Variables, overlay},
    language::data::{Data, Field, Value},
    render::Renderer,
    text::place::Place,
};

/// What a body says about where it runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExecutionEnvironment {
    pub(crate) kind: FoundExecutor,
    /// `docker`, `machine` or `macos` as rendered.
    pub(crate) block: Option<Field>,
    pub(crate) resource_class: Option<Setting>,
    pub(crate) shell: Option<Setting>,
    pub(crate) working_directory: Option<Setting>,
    pub(crate) environment: Variables,
    /// The same with values as rendered, and where they are.
    pub(crate) variables: IndexMap<Rc<str>, Value>,
}

/// A string, and the value that it was read from.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) text: String,
    pub(crate) value: Value,
}

/// The result of looking for an execution environment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum FoundExecutor {
    /// Nothing was given.
    #[default]
    Absent,
    /// Something was given and is wrong, which was reported.
    Broken,
    Known(Executor),
}

impl ExecutionEnvironment {
    /// Puts a job's own environment over that of its executor (CFG §4.9).
    pub(super) fn over(self, executor: Self) -> Self {
        let own = self.kind != FoundExecutor::Absent;
        let mut variables = executor.variables;
        variables.extend(self.variables);
        Self {
            kind: if own { self.kind } else { executor.kind },
            block: if own { self.block } else { executor.block },
            resource_class: self.resource_class.or(executor.resource_class),
            shell: self.shell.or(executor.shell),
            working_directory: self.working_directory.or(executor.working_directory),
            environment: overlay(executor.environment, self.environment),
            variables,
        }
    }

    /// Returns what makes it a Windows machine: its image, or else its resource class.
    pub(super) fn windows(&self) -> Option<Place> {
        let FoundExecutor::Known(Executor::Machine { image, .. }) = &self.kind else { return None };
        if image.as_ref().is_some_and(|image| image.contains("windows")) {
            let block = &self.block.as_ref()?.value;
            return Some(block.field("image").map_or(block.place, |image| image.value.place));
        }
        let class = self.resource_class.as_ref()?;
        class.text.starts_with("windows.").then_some(class.value.place)
    }

    pub(super) fn broken() -> Self {
        Self { kind: FoundExecutor::Broken, ..Self::default() }
    }

    /// Notes that all of it came through an executor.
    pub(super) fn through(&mut self, what: &str, place: Place) {
        let settings = [&mut self.resource_class, &mut self.shell, &mut self.working_directory];
        let settings = settings.into_iter().flatten().map(|setting| &mut setting.value);
        let block = self.block.iter_mut().map(|field| &mut field.value);
        for value in settings.chain(block).chain(self.variables.values_mut()) {
            value.through(what, place);
        }
    }
}

/// Reads the class of a runner. No runner can have an empty one: the job would wait forever.
pub(crate) fn resource_class(render: &mut Renderer<'_>, value: Value) -> Option<Setting> {
    let text = render.text_of(&value, "resource_class")?;
    let text = render.named(text, "resource_class", value.place)?;
    Some(Setting { text, value })
}

/// Reads a shell's command line; a list is joined into one, words with spaces quoted.
pub(crate) fn shell(render: &mut Renderer<'_>, value: Value) -> Option<Setting> {
    let words = render.texts_of(&value, "shell");
    let text = match (&value.data, words.as_slice()) {
        (_, []) => return None,
        (Data::List(_), words) => {
            words.iter().map(|word| quoted(&word.text)).collect::<Vec<_>>().join(" ")
        }
        (_, [line, ..]) => line.text.clone(),
    };
    (!text.trim().is_empty()).then_some(Setting { text, value })
}

/// Quotes a word for a command line that is split like a shell does.
fn quoted(word: &str) -> String {
    let plain =
        !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || "'\"\\".contains(c));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
