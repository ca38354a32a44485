//! Where in the language a place of the tree is: what may be there, and in whose body.
//!
//! A [`Spot`] goes down the tree one key or item at a time. The index of names and completion both
//! go this way, so they agree about what a word means.

use super::{
    outline::{Outline, Outlines, Owner, Parameter, ParameterKind, split},
    schema::{
        APPROVAL, BUILT_IN, CONFIG, INVOCATION, LOGIC, ORB,
        shape::{Key, Kind, Shape, Table},
    },
    tree::node::Node,
};

/// A place in the language.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    pub(crate) what: SpotKind,
    /// The orbs that it is inside of, joined by `/`.
    pub(crate) scope: String,
    /// The job, command, executor, workflow or group that it is inside of.
    pub(crate) owner: Option<Owner>,
    /// Which entry of the workflow's jobs it is inside of.
    pub(crate) entry: Option<usize>,
    /// The alias of the orb that is written out here.
    alias: Option<String>,
    /// The job that the matrix around this place is for.
    pub(crate) matrix: Option<Callee>,
}

/// What may be at a place.
#[derive(Clone, Debug)]
pub(crate) enum SpotKind {
    Shape(&'static Shape),
    Table(&'static Table),
    /// Arguments for a command, next to nothing else.
    Arguments(Callee),
    /// What is under a job in a workflow: its arguments next to the workflow's own keys.
    Invoked(Callee),
    /// A value of the matrix for a job's parameter, in a list or by itself.
    MatrixValue(Callee, String),
    /// A value for a parameter.
    Argument(Box<Parameter>),
    /// The statuses that a requirement asks for.
    Statuses,
    Unknown,
}

/// Something that takes arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Callee {
    pub(crate) scope: String,
    pub(crate) kind: Kind,
    pub(crate) name: String,
}

static ANY_STEPS: Shape = Shape::List(&Shape::Step);
static ANY_STEP: Shape = Shape::Step;
static ANY_EXECUTOR: Shape = Shape::Executor;
static TEXT: Shape = Shape::Text(&[]);

/// What names can be looked up in.
#[derive(Clone, Copy)]
pub(crate) struct Names<'d> {
    pub(crate) outline: &'d Outline,
    /// Those of its orbs.
    pub(crate) orbs: Option<&'d Outlines>,
}

/// Other names that are followed.
const HOPS: usize = 20;

impl Names<'_> {
    /// Returns the definition that a name stands for, through other names (`d: c` under `commands`).
    pub(crate) fn resolve(&self, callee: &Callee) -> Callee {
        let mut found = callee.clone();
        for _ in 0..HOPS {
            let item = self.outline.item(&found.scope, found.kind, &found.name);
            let Some(same) = item.and_then(|item| item.same_as.as_deref()) else { break };
            let (scope, name) = split(&found.scope, same);
            found = Callee { scope, kind: found.kind, name };
        }
        found
    }

    /// Returns the parameters of something that is called.
    pub(crate) fn parameters(&self, callee: &Callee) -> Vec<Parameter> {
        let Callee { scope, kind, name } = &self.resolve(callee);
        if let Some(item) = self.outline.item(scope, *kind, name) {
            return item.parameters.clone();
        }
        let orb = self.orbs.and_then(|orbs| orbs.get(scope));
        let found = orb.and_then(|orb| orb.item("", *kind, name));
        found.map_or_else(Vec::new, |item| item.parameters.clone())
    }

    fn argument(&self, callee: &Callee, name: &str) -> SpotKind {
        let declared = self.parameters(callee).into_iter().find(|found| found.name == name);
        declared.map_or(SpotKind::Unknown, |parameter| match parameter.kind {
            ParameterKind::Steps => SpotKind::Shape(&ANY_STEPS),
            ParameterKind::Executor => SpotKind::Shape(&ANY_EXECUTOR),
            ParameterKind::String
            | ParameterKind::Boolean
            | ParameterKind::Integer
            | ParameterKind::Enum
            | ParameterKind::EnvVarName
            | ParameterKind::Unknown => SpotKind::Argument(Box::new(parameter)),
        })
    }

    /// A step is a command of this scope before it is a built-in one (CFG §3.0).
    pub(crate) fn is_command(&self, scope: &str, name: &str) -> bool {
        name.contains('/')
            || BUILT_IN.key(name).is_none()
            || self.outline.item(scope, Kind::Command, name).is_some()
    }
}

impl Spot {
    pub(crate) fn top() -> Self {
        Self {
            what: SpotKind::Table(&CONFIG),
            scope: String::new(),
            owner: None,
            entry: None,
            alias: None,
            matrix: None,
        }
    }

    fn to(&self, what: SpotKind) -> Self {
        Self { what, ..self.clone() }
    }

    /// Returns the table of keys that may be here, if they are known beforehand.
    pub(crate) fn table(&self) -> Option<&'static Table> {
        match &self.what {
            SpotKind::Table(table) => Some(table),
            SpotKind::Invoked(_) => Some(&INVOCATION),
            SpotKind::Shape(shape) => {
                shape.alternatives().into_iter().find_map(|shape| match shape {
                    Shape::Table(table) => Some(*table),
                    Shape::Logic => Some(&LOGIC),
                    Shape::Orb => Some(&ORB),
                    _ => None,
                })
            }
            _ => None,
        }
    }

    /// Returns what is known about a key that is here.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        if let SpotKind::Shape(Shape::Step) = &self.what {
            return BUILT_IN.key(name);
        }
        self.table()?.key(name)
    }

    /// Goes from a mapping to the value of one of its keys.
    pub(crate) fn at_key(&self, names: Names<'_>, mapping: &Node, key: &str) -> Self {
        if key == "<<" {
            return self.clone();
        }
        match &self.what {
            SpotKind::Table(table) => self.to(known(table, key)),
            SpotKind::Shape(shape) => self.shape_at_key(names, shape, mapping, key),
            SpotKind::Arguments(callee) => self.to(names.argument(callee, key)),
            SpotKind::Invoked(callee) => match INVOCATION.key(key) {
                Some(found) => {
                    let matrix = (key == "matrix").then(|| callee.clone());
                    Self { matrix, ..self.to(SpotKind::Shape(&found.shape)) }
                }
                None => self.to(names.argument(callee, key)),
            },
            SpotKind::MatrixValue(..)
            | SpotKind::Argument(_)
            | SpotKind::Statuses
            | SpotKind::Unknown => self.to(SpotKind::Unknown),
        }
    }

    fn shape_at_key(
        &self,
        names: Names<'_>,
        shape: &'static Shape,
        mapping: &Node,
        key: &str,
    ) -> Self {
        for shape in shape.alternatives() {
            return match shape {
                Shape::Table(table) if table.what == "a parameter" && key == "default" => {
                    match mapping.get("type").and_then(Node::text) {
                        Some("executor") => self.to(SpotKind::Shape(&ANY_EXECUTOR)),
                        Some("steps") => self.to(SpotKind::Shape(&ANY_STEPS)),
                        _ => self.to(known(table, key)),
                    }
                }
                Shape::Table(table) => self.to(known(table, key)),
                Shape::Logic => self.to(known(&LOGIC, key)),
                Shape::Orb => {
                    let alias = self.alias.clone().unwrap_or_default();
                    let scope = super::outline::join(&self.scope, &alias);
                    Self { what: known(&ORB, key), scope, ..Self::top() }
                }
                Shape::Named(kind, item) => self.at_name(*kind, item, key),
                Shape::Step => {
                    let (scope, name) = split(&self.scope, key);
                    if names.is_command(&self.scope, key) {
                        self.to(SpotKind::Arguments(Callee { scope, kind: Kind::Command, name }))
                    } else {
                        self.to(known(&BUILT_IN, key))
                    }
                }
                Shape::Invocation => {
                    let (scope, name) = split(&self.scope, key);
                    self.to(SpotKind::Invoked(Callee { scope, kind: Kind::Job, name }))
                }
                Shape::Executor if key == "name" => self.to(SpotKind::Shape(&ANY_EXECUTOR)),
                Shape::Executor => {
                    let name = mapping.get("name").and_then(Node::text).unwrap_or_default();
                    let (scope, name) = split(&self.scope, name);
                    self.to(names.argument(&Callee { scope, kind: Kind::Executor, name }, key))
                }
                Shape::Requires => self.to(SpotKind::Statuses),
                Shape::Matrix => match &self.matrix {
                    Some(job) => self.to(SpotKind::MatrixValue(job.clone(), key.to_owned())),
                    None => self.to(SpotKind::Unknown),
                },
                Shape::Environment => self.to(SpotKind::Shape(&TEXT)),
                _ => continue,
            };
        }
        self.to(SpotKind::Unknown)
    }

    fn at_name(&self, kind: Kind, item: &'static Shape, name: &str) -> Self {
        let mut inside = self.to(SpotKind::Shape(item));
        match kind {
            Kind::Parameter => {}
            Kind::Orb => inside.alias = Some(name.to_owned()),
            Kind::Workflow if name == "version" => inside.what = SpotKind::Unknown,
            Kind::Job | Kind::Command | Kind::Executor | Kind::Group | Kind::Workflow => {
                inside.owner = Some(Owner { kind, name: name.to_owned() });
            }
        }
        inside
    }

    /// Goes from a list to one of its items.
    pub(crate) fn at_item(&self, names: Names<'_>, index: usize) -> Self {
        match &self.what {
            SpotKind::Shape(shape) => {
                for shape in shape.alternatives() {
                    match shape {
                        Shape::List(item) => {
                            let mut inside = self.to(SpotKind::Shape(item));
                            if matches!(item, Shape::Invocation) {
                                inside.entry = Some(index);
                            }
                            return inside;
                        }
                        Shape::Requires | Shape::Context | Shape::Environment => {
                            return self.to(SpotKind::Shape(shape));
                        }
                        // Steps can be given as a list where one is expected.
                        Shape::Step => return self.to(SpotKind::Shape(&ANY_STEP)),
                        _ => {}
                    }
                }
                self.to(SpotKind::Unknown)
            }
            SpotKind::MatrixValue(callee, name) => self.to(names.argument(callee, name)),
            SpotKind::Statuses => self.to(SpotKind::Statuses),
            SpotKind::Table(_)
            | SpotKind::Arguments(_)
            | SpotKind::Invoked(_)
            | SpotKind::Argument(_)
            | SpotKind::Unknown => self.to(SpotKind::Unknown),
        }
    }
}

/// The keys of an approval, which takes few.
pub(crate) fn invocation_table(is_approval: bool) -> &'static Table {
    if is_approval { &APPROVAL } else { &INVOCATION }
}

fn known(table: &'static Table, key: &str) -> SpotKind {
    table.key(key).map_or(SpotKind::Unknown, |key| SpotKind::Shape(&key.shape))
}
