//! Declarations of parameters, as a table.

use super::shape::{Key, Kind, Shape, TEXT, Table, key};

/// What every parameter's declaration takes.
const DECLARATION_KEYS: [Key; 4] = [
    key(
        "type",
        Shape::Choice(&["string", "boolean", "integer", "enum", "executor", "steps", "env_var_name"]),
        "The type of its values. `executor` and `steps` are only for jobs and commands; pipeline parameters can have the first four types.",
    )
    .required(),
    key(
        "default",
        Shape::Any,
        "The value if none is passed. It makes the parameter optional; pipeline parameters must have a default.",
    ),
    key("description", TEXT, "A description. Template tags in it are not expanded."),
    key(
        "enum",
        Shape::List(&TEXT),
        "The allowed values. Required for `type: enum`, and only allowed there.",
    ),
];

static DECLARATION: Table = Table { what: "a parameter", keys: &DECLARATION_KEYS };

pub(super) static PIPELINE_DECLARATION: Table = Table {
    what: "a pipeline parameter",
    keys: &[
        key(
            "type",
            Shape::Choice(&["string", "boolean", "integer", "enum"]),
            "The type of its values.",
        )
        .required(),
        key(
            "default",
            Shape::Any,
            "The value if the trigger passes none. Pipeline parameters must have a default.",
        )
        .required(),
        DECLARATION_KEYS[2],
        DECLARATION_KEYS[3],
    ],
};

/// Parameters of a job, command or executor.
pub(super) const PARAMETERS: Shape = Shape::Named(Kind::Parameter, &Shape::Table(&DECLARATION));
