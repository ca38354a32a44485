//! What a configuration and its orbs define: jobs, commands, executors, job groups, each with its
//! parameters, and the modules that they live in.

use std::{collections::HashSet, rc::Rc};

use indexmap::IndexMap;
use roundel_model::name::is_variable_name;

use crate::{
    language::data::{Data, ModuleId},
    read::yaml::At,
    text::place::Place,
};

/// What declares parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    Job,
    Command,
    Executor,
    Pipeline,
    /// A job group, which has no parameters.
    Group,
}

impl Element {
    /// The word for one of them.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Command => "command",
            Self::Executor => "executor",
            Self::Pipeline => "pipeline",
            Self::Group => "job group",
        }
    }

    /// The word with its article.
    pub(crate) const fn word_with_article(self) -> &'static str {
        match self {
            Self::Job => "a job",
            Self::Command => "a command",
            Self::Executor => "an executor",
            Self::Pipeline => "a pipeline",
            Self::Group => "a job group",
        }
    }

    /// The top-level section that defines them.
    pub(crate) const fn section(self) -> &'static str {
        match self {
            Self::Job => "jobs",
            Self::Command => "commands",
            Self::Executor => "executors",
            Self::Pipeline => "parameters",
            Self::Group => "job-groups",
        }
    }

    /// The types that its parameters can have.
    pub(crate) const fn types(self) -> &'static [&'static str] {
        match self {
            Self::Job | Self::Command => {
                &["string", "boolean", "integer", "enum", "executor", "steps", "env_var_name"]
            }
            Self::Executor => &["string", "boolean", "integer", "enum", "env_var_name"],
            Self::Pipeline | Self::Group => &["string", "boolean", "integer", "enum"],
        }
    }
}

/// One declared parameter.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    pub(crate) key: Place,
    pub(crate) kind: Kind,
    /// The default, if there is one; an explicit null is none.
    pub(crate) default: Option<At>,
}

/// Parameters by name, in the order of the file.
pub(crate) type Declarations = IndexMap<String, Declaration>;

/// A parameter's type.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    String,
    Boolean,
    Integer,
    /// Members as text.
    Enum(Vec<Rc<str>>),
    Executor,
    Steps,
    EnvVarName,
    /// The declaration is wrong and was reported: anything fits.
    Unknown,
}

impl Kind {
    /// The word that declares the type.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Enum(_) => "enum",
            Self::Executor => "executor",
            Self::Steps => "steps",
            Self::EnvVarName => "env_var_name",
            Self::Unknown => "unknown",
        }
    }

    /// Returns whether a value is of the type (CFG §4.1).
    pub(crate) fn accepts(&self, data: &Data) -> bool {
        match (self, data) {
            (_, Data::Unknown) | (Self::Unknown, _) => true,
            (Self::String | Self::Executor, Data::Text(_))
            | (Self::Boolean, Data::Bool(_))
            | (Self::Integer, Data::Int(_))
            | (Self::Steps, Data::Steps(_)) => true,
            (Self::Executor, Data::Executor(_)) => true,
            (Self::Executor, Data::Map(_)) => crate::language::data::executor_name(data).is_some(),
            (Self::EnvVarName, Data::Text(text)) => is_variable_name(text),
            (Self::Enum(members), _) => {
                data.scalar_text().is_some_and(|text| members.contains(&text))
            }
            _ => false,
        }
    }
}

/// Where the definitions of a file are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Users {
    /// In the file itself: it is a configuration.
    ThisFile,
    /// In others too: it is an orb.
    OtherFiles,
}

/// One job, command, executor or job group.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    /// Its name's place.
    pub(crate) key: Place,
    /// A mapping, unless `broken`.
    pub(crate) body: At,
    pub(crate) parameters: Rc<Declarations>,
    /// The module that it is written in.
    pub(crate) module: ModuleId,
    /// Its shape is wrong, which was reported: it is not looked into.
    pub(crate) broken: bool,
}

/// What a name leads to.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// This definition.
    Definition(Definition),
    /// Nothing, for a reason that was reported, or because an orb is not available yet.
    Reported,
    /// Nothing: the name is not defined.
    Undefined,
}

/// What an alias under `orbs` stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Import {
    /// An orb.
    Module(ModuleId),
    /// An orb that is not available, or that cannot be read; both were reported.
    Absent,
}

/// A module and what is known of its definitions.
#[derive(Debug)]
pub(crate) struct Module<'d> {
    /// What messages call it: "the orb `circleci/node@5.2.0`", "the inline orb `kit`".
    pub(crate) name: String,
    pub(crate) root: Option<At>,
    pub(crate) jobs: IndexMap<&'d str, Definition>,
    pub(crate) commands: IndexMap<&'d str, Definition>,
    pub(crate) executors: IndexMap<&'d str, Definition>,
    pub(crate) groups: IndexMap<&'d str, Definition>,
    /// All definitions are in the maps above; otherwise they are read when they are used.
    pub(crate) complete: bool,
    /// Aliases that were resolved.
    pub(crate) imports: IndexMap<&'d str, Import>,
    /// Aliases that are used, not declared, and were reported.
    pub(crate) unknown_aliases: HashSet<String>,
    /// Steps from the configuration: an orb that imports one that imports …
    pub(crate) depth: usize,
}

impl<'d> Module<'d> {
    pub(crate) fn new(name: impl Into<String>, root: Option<At>, depth: usize) -> Self {
        Self {
            name: name.into(),
            root,
            jobs: IndexMap::new(),
            commands: IndexMap::new(),
            executors: IndexMap::new(),
            groups: IndexMap::new(),
            complete: false,
            imports: IndexMap::new(),
            unknown_aliases: HashSet::new(),
            depth,
        }
    }

    pub(crate) fn section(&self, element: Element) -> &IndexMap<&'d str, Definition> {
        match element {
            Element::Job | Element::Pipeline => &self.jobs,
            Element::Command => &self.commands,
            Element::Executor => &self.executors,
            Element::Group => &self.groups,
        }
    }

    pub(crate) fn section_mut(&mut self, element: Element) -> &mut IndexMap<&'d str, Definition> {
        match element {
            Element::Job | Element::Pipeline => &mut self.jobs,
            Element::Command => &mut self.commands,
            Element::Executor => &mut self.executors,
            Element::Group => &mut self.groups,
        }
    }
}

/// The facts about the section `jobs` other than its jobs.
#[derive(Debug, Default)]
pub(crate) struct JobsSection {
    pub(crate) key: Option<Place>,
    /// It is there and empty, as in a document that ends a pipeline (CFG §1.7).
    pub(crate) empty: bool,
    /// It holds something that could not be read.
    pub(crate) broken: bool,
    /// Steps that are next to the jobs instead of inside of one, with the place of their key.
    pub(crate) stray_steps: Vec<(At, Place)>,
}
