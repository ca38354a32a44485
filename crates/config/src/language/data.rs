//! What a node becomes once its templates are rendered.
//!
//! Types survive: `<< parameters.n >>` alone is the integer that was passed, not its digits
//! (CFG §4.4.3). [`Data::Unknown`] stands for everything that was reported already; a phase that meets
//! it stays silent, so that one mistake gives one message.

use std::rc::Rc;

use indexmap::IndexMap;

use crate::{
    read::{
        document::Node,
        yaml::{At, scalar::decimal},
    },
    text::place::Place,
};

/// A rendered value and the place that it is blamed on.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) data: Data,
    pub(crate) place: Place,
    /// The steps that produced it, if the caller asked for them.
    pub(crate) trail: Option<Rc<Trail>>,
}

/// A rendered value.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    Null,
    Bool(bool),
    Int(i64),
    /// The number and its shortest text; all digits for an integer beyond 64 bits.
    Float(f64, Rc<str>),
    Text(Rc<str>),
    List(Rc<Vec<Value>>),
    Map(Rc<Vec<Field>>),
    /// Steps that were passed as an argument, with what they see.
    Steps(Steps),
    /// An executor that was passed as an argument, with the module that it is looked for in.
    Executor(Rc<ExecutorValue>),
    /// A value that could not be computed; the error was reported.
    Unknown,
}

/// One entry of a rendered mapping.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: Rc<str>,
    pub(crate) key: Place,
    pub(crate) value: Value,
}

impl Field {
    /// Makes an entry that is where its value is.
    pub(crate) fn new(name: &str, value: Value) -> Self {
        Self { name: Rc::from(name), key: value.place, value }
    }
}

/// A list of steps and the scope in which it was written: a closure (CFG §4.8).
#[derive(Clone, Debug)]
pub(crate) struct Steps {
    pub(crate) list: At,
    pub(crate) scope: Rc<Scope>,
}

/// An executor's name, perhaps with arguments (CFG §4.9).
#[derive(Clone, Debug)]
pub(crate) struct ExecutorValue {
    pub(crate) name: Rc<str>,
    /// The arguments next to `name`.
    pub(crate) arguments: Vec<Field>,
    /// Where the value was written: an orb's default means the orb's own executor.
    pub(crate) module: ModuleId,
}

/// Bound parameters by name.
pub(crate) type Bindings = IndexMap<String, Value>;

/// A command that is being expanded, and what called it. Steps that are passed as an argument
/// remember the caller's, so that a command within its own argument is not a recursion.
#[derive(Debug)]
pub(crate) struct Calls {
    /// The name as written in the call.
    pub(crate) name: Rc<str>,
    pub(crate) body: At,
    outer: Option<Rc<Self>>,
}

/// What template tags may refer to at some place (CFG §4.3). `pipeline.*` is visible everywhere.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// What the scope belongs to, for messages: "job `test`".
    pub(crate) owner: Rc<str>,
    /// Where names are looked up.
    pub(crate) module: ModuleId,
    /// The commands whose body this is in, innermost first.
    pub(crate) calls: Option<Rc<Calls>>,
    /// Values of `parameters.*`; `None` where there are none, as in workflows.
    pub(crate) parameters: Option<Rc<Bindings>>,
    /// Values of `matrix.*`; `None` outside of a matrix.
    pub(crate) matrix: Option<Rc<Bindings>>,
}

/// A command that is called.
pub(crate) struct Callee {
    pub(crate) name: Rc<str>,
    /// Where the names in its body are looked up.
    pub(crate) module: ModuleId,
    pub(crate) body: At,
}

impl Scope {
    /// Makes the scope of places where only `pipeline.*` is visible.
    pub(crate) fn outer(owner: impl Into<Rc<str>>, module: ModuleId) -> Rc<Self> {
        let owner = owner.into();
        Rc::new(Self { owner, module, calls: None, parameters: None, matrix: None })
    }

    /// Makes the scope of an element's body.
    pub(crate) fn inner(owner: &Rc<str>, module: ModuleId, parameters: Bindings) -> Rc<Self> {
        let parameters = Some(Rc::new(parameters));
        Rc::new(Self { owner: owner.clone(), module, calls: None, parameters, matrix: None })
    }

    /// Makes the scope of a command's body, which `self` calls.
    pub(crate) fn called(
        &self,
        owner: &Rc<str>,
        Callee { name, module, body }: Callee,
        parameters: Bindings,
    ) -> Rc<Self> {
        let call = Calls { name, body, outer: self.calls.clone() };
        let (calls, parameters) = (Some(Rc::new(call)), Some(Rc::new(parameters)));
        Rc::new(Self { owner: owner.clone(), module, calls, parameters, matrix: None })
    }

    /// Returns the commands whose body this is in, innermost first.
    pub(crate) fn callers(&self) -> impl Iterator<Item = &Calls> {
        std::iter::successors(self.calls.as_deref(), |call| call.outer.as_deref())
    }
}

impl Data {
    /// Makes a string.
    pub(crate) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Rc::from(text.as_ref()))
    }

    /// Makes a float; its text is the shortest that reads back the same.
    pub(crate) fn float(value: f64, source: &str) -> Self {
        let digits = source.trim_start_matches(['+', '-']);
        let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let text = if is_whole { source.to_owned() } else { decimal(value) };
        Self::Float(value, text.into())
    }

    /// Returns the text of a scalar (CFG §4.4.4); `None` for everything else.
    pub(crate) fn scalar_text(&self) -> Option<Rc<str>> {
        match self {
            Self::Null => Some(Rc::from("")),
            Self::Bool(value) => Some(Rc::from(if *value { "true" } else { "false" })),
            Self::Int(value) => Some(value.to_string().into()),
            Self::Float(_, text) | Self::Text(text) => Some(text.clone()),
            Self::Executor(executor) => Some(executor.name.clone()),
            Self::List(_) | Self::Map(_) | Self::Steps(_) | Self::Unknown => None,
        }
    }

    /// Names the type for messages.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Int(_) => "integer",
            Self::Float(..) => "float",
            Self::Text(_) => "string",
            Self::List(_) => "list",
            Self::Map(_) => "mapping",
            Self::Steps(_) => "steps",
            Self::Executor(_) => "executor",
            Self::Unknown => "unknown",
        }
    }

    /// Returns what a condition makes of it (CFG §6.1).
    pub(crate) fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value, _) => *value != 0.0 && !value.is_nan(),
            Self::Text(text) => !text.is_empty(),
            Self::List(_) | Self::Map(_) | Self::Steps(_) | Self::Executor(_) | Self::Unknown => {
                true
            }
        }
    }

    /// Compares by type and value; numbers by number, mappings without order (CFG §6.1).
    pub(crate) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a, _), Self::Float(b, _)) => a.total_cmp(b).is_eq(),
            (Self::Int(whole), Self::Float(float, _))
            | (Self::Float(float, _), Self::Int(whole)) => {
                float.fract() == 0.0 && format!("{float:.0}") == whole.to_string()
            }
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Executor(a), Self::Text(b)) | (Self::Text(b), Self::Executor(a)) => a.name == *b,
            (Self::Executor(a), Self::Executor(b)) => a.name == b.name,
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.data.equals(&b.data))
            }
            (Self::Map(a), Self::Map(b)) => {
                let same = |field: &Field| {
                    b.iter().any(|f| f.name == field.name && f.value.data.equals(&field.value.data))
                };
                a.len() == b.len() && a.iter().all(same)
            }
            _ => false,
        }
    }
}

impl Value {
    /// A value that came here directly.
    pub(crate) const fn new(data: Data, place: Place) -> Self {
        Self { data, place, trail: None }
    }

    /// A value that was reported already.
    pub(crate) const fn unknown(place: Place) -> Self {
        Self::new(Data::Unknown, place)
    }

    /// Returns the entries of a mapping; none for anything else.
    pub(crate) fn fields(&self) -> &[Field] {
        match &self.data {
            Data::Map(fields) => fields,
            _ => &[],
        }
    }

    /// Returns whether nothing is there.
    pub(crate) const fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// Returns whether it was reported already.
    pub(crate) const fn is_unknown(&self) -> bool {
        matches!(self.data, Data::Unknown)
    }

    /// Turns it into a tree of plain values.
    pub(crate) fn node(&self) -> Node {
        match &self.data {
            Data::Null | Data::Steps(_) | Data::Unknown => Node::Null,
            Data::Bool(value) => Node::Bool(*value),
            Data::Int(value) => Node::Int(*value),
            Data::Float(_, text) => Node::Float(text.to_string()),
            Data::Text(text) => Node::Text(text.to_string()),
            Data::Executor(executor) => Node::Text(executor.name.to_string()),
            Data::List(items) => Node::List(items.iter().map(Self::node).collect()),
            Data::Map(fields) => Node::Map(
                fields.iter().map(|field| (field.name.to_string(), field.value.node())).collect(),
            ),
        }
    }

    /// Describes the value as error messages of the hosted service do: `"1" (type string)`.
    pub(crate) fn describe(&self) -> String {
        const SHOWN: usize = 40;
        let name = self.data.type_name();
        match (&self.data, self.data.scalar_text()) {
            (Data::Null, _) => "null".to_owned(),
            (Data::Executor(executor), _) => format!("executor `{}`", executor.name),
            (_, Some(text)) => {
                let short: String = text.chars().take(SHOWN).collect();
                format!("`{short}` (type {name})")
            }
            (_, None) => format!("a {name}"),
        }
    }

    /// Returns a field of a mapping.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        match &self.data {
            Data::Map(fields) => fields.iter().find(|field| &*field.name == name),
            _ => None,
        }
    }
}

/// One step on the way of a value, and those before it.
#[derive(Clone, Debug)]
pub(crate) struct Trail {
    /// A clause such as "the argument `tag` of job `test`".
    pub(crate) what: String,
    pub(crate) place: Place,
    /// The trails of the values that it was made of.
    pub(crate) from: Vec<Rc<Trail>>,
}

/// The configuration, or one of the orbs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ModuleId(u16);

impl ModuleId {
    /// The configuration itself.
    pub(crate) const CONFIG: Self = Self(0);

    /// Numbers a module; `None` beyond any sensible number of them.
    pub(crate) fn new(index: usize) -> Option<Self> {
        u16::try_from(index).ok().map(Self)
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Returns whether it is an orb, inline or not.
    pub(crate) fn is_orb(self) -> bool {
        self != Self::CONFIG
    }
}

/// An executor with arguments stands for its name in a string (CFG §4.9).
pub(crate) fn executor_name(data: &Data) -> Option<Rc<str>> {
    let fields = match data {
        Data::Executor(executor) => return Some(executor.name.clone()),
        Data::Text(text) => return Some(text.clone()),
        Data::Map(fields) => fields,
        _ => return None,
    };
    let name = fields.iter().find(|field| &*field.name == "name")?;
    match &name.value.data {
        Data::Text(text) => Some(text.clone()),
        _ => None,
    }
}

impl Value {
    /// Notes that it came through something that was used.
    pub(crate) fn through(&mut self, what: &str, place: Place) {
        let own = self.trail.take().unwrap_or_else(|| {
            let what = "written here".to_owned();
            Rc::new(Trail { what, place: self.place, from: Vec::new() })
        });
        let used = Trail { what: format!("{what} used at"), place, from: Vec::new() };
        let from = own.from.iter().cloned().chain([Rc::new(used)]).collect();
        let trail = Trail { what: own.what.clone(), place: own.place, from };
        self.trail = Some(Rc::new(trail));
        if let Data::Map(fields) = &self.data {
            let fields = fields.iter().cloned().map(|mut field| {
                field.value.through(what, place);
                field
            });
            self.data = Data::Map(Rc::new(fields.collect()));
        } else if let Data::List(items) = &self.data {
            let items = items.iter().cloned().map(|mut item| {
                item.through(what, place);
                item
            });
            self.data = Data::List(Rc::new(items.collect()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_types_are_unequal_and_numbers_compare_as_numbers() {
        assert!(!Data::Int(1).equals(&Data::text("1")));
        assert!(!Data::Bool(true).equals(&Data::text("true")));
        assert!(Data::Int(1).equals(&Data::float(1.0, "1.0")));
        assert!(Data::Null.equals(&Data::Null));
    }

    #[test]
    fn only_nothing_is_falsy() {
        for falsy in [
            Data::Null,
            Data::Bool(false),
            Data::Int(0),
            Data::float(f64::NAN, ".nan"),
            Data::text(""),
        ] {
            assert!(!falsy.is_truthy(), "{falsy:?}");
        }
        for truthy in
            [Data::text("false"), Data::text("0"), Data::Int(-1), Data::List(Rc::default())]
        {
            assert!(truthy.is_truthy(), "{truthy:?}");
        }
    }

    #[test]
    fn a_float_loses_its_trailing_zeros_and_a_huge_integer_keeps_its_digits() {
        assert_eq!(Data::float(1.2, "1.20").scalar_text().as_deref(), Some("1.2"));
        let huge = "123456789012345678901234";
        assert_eq!(Data::float(1.234e23, huge).scalar_text().as_deref(), Some(huge));
    }
}
