//! Declarations of parameters, as a table.

use super::shape::{Key, Kind, Shape, TEXT, Table, key};

/// What every parameter's declaration takes.
const DECLARATION_KEYS: [Key; 4] = [
    key(
        "type",
        Shape::Choice(&["string", "boolean", "integer", "enum", "executor", "steps", "env_var_name"]),
        "§4.1",
        "What values it takes. `executor` and `steps` are for jobs and commands only; pipeline parameters take the first four.",
    )
    .required(),
    key(
        "default",
        Shape::Any,
        "§4.1",
        "The value when none is given. With it the parameter is optional; pipeline parameters must have one.",
    ),
    key("description", TEXT, "§4.1", "What it is for, for people. Template tags in it are left alone."),
    key(
        "enum",
        Shape::List(&TEXT),
        "§4.1",
        "The values that are possible. Needed with `type: enum`, and only there.",
    ),
];

static DECLARATION: Table = Table { what: "a parameter", keys: &DECLARATION_KEYS };

pub(super) static PIPELINE_DECLARATION: Table = Table {
    what: "a pipeline parameter",
    keys: &[
        key(
            "type",
            Shape::Choice(&["string", "boolean", "integer", "enum"]),
            "§9.1",
            "What values it takes.",
        )
        .required(),
        key(
            "default",
            Shape::Any,
            "§9.1",
            "The value when whoever starts the pipeline gives none. Pipeline parameters must have one.",
        )
        .required(),
        DECLARATION_KEYS[2],
        DECLARATION_KEYS[3],
    ],
};

/// Parameters of a job, command or executor.
pub(super) const PARAMETERS: Shape = Shape::Named(Kind::Parameter, &Shape::Table(&DECLARATION));
