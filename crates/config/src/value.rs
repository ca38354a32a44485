//! What a node becomes once its templates are rendered.
//!
//! Types survive: `<< parameters.n >>` alone is the integer that was passed, not its digits
//! (CFG §4.4.3). [`Data::Unknown`] stands for everything that was reported already; whoever meets
//! it stays silent, so that one mistake gives one message.

use std::rc::Rc;

use indexmap::IndexMap;

use crate::{source::Place, yaml::At};

/// A rendered value and the place that it is blamed on.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) data: Data,
    pub(crate) place: Place,
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
    /// Reported already.
    Unknown,
}

/// One entry of a rendered mapping.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: Rc<str>,
    pub(crate) key: Place,
    pub(crate) value: Value,
}

/// A list of steps and the scope in which it was written: a closure (CFG §4.8).
#[derive(Clone, Debug)]
pub(crate) struct Steps {
    pub(crate) list: At,
    pub(crate) scope: Rc<Scope>,
}

/// Bound parameters by name.
pub(crate) type Bindings = IndexMap<String, Value>;

/// What template tags may refer to at some place (CFG §4.3). `pipeline.*` is visible everywhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// What the scope belongs to, for messages: "job `test`".
    pub(crate) owner: String,
    /// Values of `parameters.*`; `None` where there are none, as in workflows.
    pub(crate) parameters: Option<Rc<Bindings>>,
    /// Values of `matrix.*`; `None` outside of a matrix.
    pub(crate) matrix: Option<Rc<Bindings>>,
}

impl Scope {
    /// Makes the scope of places where only `pipeline.*` is visible.
    pub(crate) fn outer(owner: impl Into<String>) -> Rc<Self> {
        Rc::new(Self { owner: owner.into(), parameters: None, matrix: None })
    }
}

impl Data {
    /// Makes a text.
    pub(crate) fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Rc::from(text.as_ref()))
    }

    /// Makes a float; its text is the shortest that reads back the same.
    pub(crate) fn float(value: f64, source: &str) -> Self {
        let digits = source.trim_start_matches(['+', '-']);
        let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let text = if is_whole { source.to_owned() } else { value.to_string() };
        Self::Float(value, text.into())
    }

    /// Returns the text of a scalar (CFG §4.4.4); `None` for everything else.
    pub(crate) fn scalar_text(&self) -> Option<Rc<str>> {
        match self {
            Self::Null => Some(Rc::from("")),
            Self::Bool(value) => Some(Rc::from(if *value { "true" } else { "false" })),
            Self::Int(value) => Some(value.to_string().into()),
            Self::Float(_, text) | Self::Text(text) => Some(text.clone()),
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
            Self::Unknown => "unknown",
        }
    }

    /// Tells what a condition makes of it (CFG §6.1).
    pub(crate) fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value, _) => *value != 0.0 && !value.is_nan(),
            Self::Text(text) => !text.is_empty(),
            Self::List(_) | Self::Map(_) | Self::Steps(_) | Self::Unknown => true,
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
    /// A value that was reported already.
    pub(crate) const fn unknown(place: Place) -> Self {
        Self { data: Data::Unknown, place }
    }

    /// Describes the value as error messages of the hosted service do: `"1" (type string)`.
    pub(crate) fn describe(&self) -> String {
        const SHOWN: usize = 40;
        let name = self.data.type_name();
        match (&self.data, self.data.scalar_text()) {
            (Data::Null, _) => "null".to_owned(),
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
