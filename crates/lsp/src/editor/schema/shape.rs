//! What a table of the language is made of: keys, and what may be after them.

/// A key and what can be said about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    /// One to three sentences.
    pub(crate) doc: &'static str,
    pub(crate) required: bool,
    /// Understood, but no longer offered.
    pub(crate) old: bool,
    /// What completion types, if not what the shape suggests.
    pub(crate) snippet: Option<&'static str>,
}

/// A mapping with keys that are known.
#[derive(Debug)]
pub(crate) struct Table {
    /// The thing that it describes: "a job".
    pub(crate) what: &'static str,
    pub(crate) keys: &'static [Key],
}

/// What is allowed at a place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// A string; the examples are offered.
    Text(&'static [&'static str]),
    Boolean,
    Integer,
    Choice(&'static [&'static str]),
    Table(&'static Table),
    /// A mapping whose keys are names that the author chooses.
    Named(Kind, &'static Shape),
    List(&'static Shape),
    Either(&'static [Shape]),
    /// Variables for a process (CFG §2.7).
    Environment,
    /// One step (CFG §3.0).
    Step,
    /// An entry of a workflow's or group's jobs (CFG §5.2).
    Invocation,
    /// A use of an executor (CFG §4.9).
    Executor,
    /// Names of jobs of the same workflow, with statuses (CFG §5.3).
    Requires,
    Context,
    /// A logic statement (CFG §6.1).
    Logic,
    /// An expression (CFG §6.2).
    Expression,
    /// Values for the matrix's parameters (CFG §5.6).
    Matrix,
    /// An orb's reference or its body (CFG §4.13).
    Orb,
    Any,
}

/// What names can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Job,
    Command,
    Executor,
    /// A group of jobs.
    Group,
    Workflow,
    /// A parameter of whatever declares it.
    Parameter,
    /// An orb, by its alias.
    Orb,
}

impl Kind {
    /// Returns the word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Command => "command",
            Self::Executor => "executor",
            Self::Group => "job group",
            Self::Workflow => "workflow",
            Self::Parameter => "parameter",
            Self::Orb => "orb",
        }
    }
}

pub(super) const TEXT: Shape = Shape::Text(&[]);

pub(super) const TEXTS: Shape = Shape::List(&TEXT);

pub(super) const STEPS: Shape = Shape::List(&Shape::Step);

pub(super) const fn key(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key { name, shape, doc, required: false, old: false, snippet: None }
}

impl Key {
    pub(super) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub(super) const fn old(self) -> Self {
        Self { old: true, ..self }
    }

    pub(super) const fn snippet(self, snippet: &'static str) -> Self {
        Self { snippet: Some(snippet), ..self }
    }
}

impl Table {
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Shape {
    /// Says in a few words what it takes.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Text(_) => "text".to_owned(),
            Self::Boolean => "`true` or `false`".to_owned(),
            Self::Integer => "integer".to_owned(),
            Self::Choice(values) => {
                values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" | ")
            }
            Self::Table(_) | Self::Matrix => "mapping".to_owned(),
            Self::Named(kind, _) => format!("mapping of {} names", kind.word()),
            Self::List(item) => format!("list of {}", item.words()),
            Self::Either(shapes) => {
                shapes.iter().map(Self::words).collect::<Vec<_>>().join(", or ")
            }
            Self::Environment => "mapping of environment variables".to_owned(),
            Self::Step => "steps".to_owned(),
            Self::Invocation => "jobs".to_owned(),
            Self::Executor => "name of an executor, or mapping with `name`".to_owned(),
            Self::Requires => "list of job names".to_owned(),
            Self::Context => "name of a context, or a list of them".to_owned(),
            Self::Logic => "logic statement".to_owned(),
            Self::Expression => "expression".to_owned(),
            Self::Orb => "reference `namespace/name@version`, or mapping".to_owned(),
            Self::Any => "anything".to_owned(),
        }
    }

    /// Returns the shapes that this one may be, itself if it is one.
    pub(crate) fn alternatives(&'static self) -> Vec<&'static Self> {
        match self {
            Self::Either(shapes) => shapes.iter().flat_map(Self::alternatives).collect(),
            one => vec![one],
        }
    }

    /// Returns what is after `key:` when it is chosen: the rest of a snippet.
    pub(crate) fn ending(&self) -> String {
        match self {
            Self::Boolean => " ${1|true,false|}".to_owned(),
            Self::Choice(values) => format!(" ${{1|{}|}}", values.join(",")),
            Self::Table(_) | Self::Named(..) | Self::Environment | Self::Matrix => {
                "\n  $0".to_owned()
            }
            Self::List(_) | Self::Requires => "\n  - $0".to_owned(),
            Self::Either(shapes) => shapes.first().map_or_else(|| " $0".to_owned(), Self::ending),
            Self::Text(_)
            | Self::Integer
            | Self::Step
            | Self::Invocation
            | Self::Executor
            | Self::Context
            | Self::Logic
            | Self::Expression
            | Self::Orb
            | Self::Any => " $0".to_owned(),
        }
    }
}
