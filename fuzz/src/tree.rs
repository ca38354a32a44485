//! Configurations by chance that look like configurations: the words of the language as keys, each
//! where it belongs more often than not, and values that refer to each other.
//!
//! They are written as JSON, which YAML reads. What only YAML has (anchors, merge keys, blocks) is
//! the business of the target `yaml`.

use arbitrary::{Arbitrary, Result, Unstructured};
use serde_json::{Map, Value, json};

/// Names of definitions, few, so that they meet.
const NAMES: &[&str] = &["a", "b", "build", "run", "o/a", "o/b", "p/a", "x", "a-1", "deploy"];
const PARAMETERS: &[&str] = &["a", "b", "s", "e", "n", "name", "v"];
const TYPES: &[&str] =
    &["string", "boolean", "integer", "enum", "executor", "steps", "env_var_name", "nonsense"];
const TEXTS: &[&str] = &[
    "",
    "a",
    "b",
    "build",
    "o/a",
    "main",
    "always",
    "on_fail",
    "10m",
    "true",
    "1",
    "1.20",
    "/.*/",
    "/(/",
    "echo hi",
    "cat \\<< EOF",
    "<< parameters.a >>",
    "<< parameters.b >>",
    "<< parameters.s >>",
    "<< parameters.e >>",
    "x<< parameters.a >>y<< parameters.n >>",
    "<< pipeline.parameters.a >>",
    "<< pipeline.number >>",
    "<< pipeline.git.branch == \"main\" and 1 or 2 >>",
    "<< matrix.a >>",
    "x-<< matrix.a >>",
    "<<# parameters.b >>x<</ parameters.b >>",
    "<<",
    "{{ checksum \"x\" }}",
    "small",
    "medium",
    "x/y",
    "x/o@1",
    "x/p@1.0.0",
    "pipeline.git.branch == \"main\"",
];

/// A configuration, and the orbs `x/o` and `x/p` that it may import.
#[derive(Debug)]
pub struct Config {
    pub text: String,
    pub orbs: [String; 2],
}

impl<'a> Arbitrary<'a> for Config {
    fn arbitrary(input: &mut Unstructured<'a>) -> Result<Self> {
        let orbs = [orb(input)?.to_string(), orb(input)?.to_string()];
        let mut config = orb(input)?;
        if let Some(config) = config.as_object_mut() {
            if input.ratio(3, 4)? {
                config.insert("workflows".to_owned(), named(input, workflow)?);
            }
            if input.ratio(1, 8)? {
                config.insert("setup".to_owned(), json!(true));
            }
            if input.ratio(1, 8)? {
                config.insert("job-groups".to_owned(), named(input, group)?);
            }
            if input.ratio(1, 2)? {
                config.insert("parameters".to_owned(), declarations(input)?);
            }
        }
        Ok(Self { text: config.to_string(), orbs })
    }
}

/// What orbs and configurations share.
fn orb(input: &mut Unstructured<'_>) -> Result<Value> {
    let version = if input.ratio(15, 16)? { json!(2.1) } else { json!(2) };
    let mut map = Map::from_iter([("version".to_owned(), version)]);
    map.insert("jobs".to_owned(), named(input, job)?);
    if input.ratio(3, 4)? {
        map.insert("commands".to_owned(), named(input, command)?);
    }
    if input.ratio(1, 2)? {
        map.insert("executors".to_owned(), named(input, executor)?);
    }
    if input.ratio(1, 2)? {
        let imported = if input.ratio(7, 8)? { json!("x/p@1") } else { orb(input)? };
        map.insert("orbs".to_owned(), json!({ "o": "x/o@1.0.0", "p": imported }));
    }
    Ok(Value::Object(map))
}

fn named(
    input: &mut Unstructured<'_>,
    make: impl Fn(&mut Unstructured<'_>) -> Result<Value>,
) -> Result<Value> {
    let mut map = Map::new();
    for _ in 0..input.int_in_range(0..=3)? {
        map.insert((*input.choose(NAMES)?).to_owned(), make(input)?);
    }
    Ok(Value::Object(map))
}

/// Puts something else into a place now and then.
fn or_anything(input: &mut Unstructured<'_>, value: Value) -> Result<Value> {
    if input.ratio(1, 16)? { anything(input, 3) } else { Ok(value) }
}

fn anything(input: &mut Unstructured<'_>, depth: u8) -> Result<Value> {
    Ok(match input.int_in_range(0..=if depth == 0 { 4 } else { 6 })? {
        0 => Value::Null,
        1 => json!(bool::arbitrary(input)?),
        2 => json!(i64::arbitrary(input)?),
        3 => json!(input.choose(TEXTS)?),
        4 => json!(String::arbitrary(input)?),
        5 => {
            let mut items = Vec::new();
            for _ in 0..input.int_in_range(0..=3)? {
                items.push(anything(input, depth - 1)?);
            }
            Value::Array(items)
        }
        _ => {
            let mut map = Map::new();
            for _ in 0..input.int_in_range(0..=3)? {
                let key = [NAMES, PARAMETERS, KEYS][input.int_in_range(0..=2)?];
                map.insert((*input.choose(key)?).to_owned(), anything(input, depth - 1)?);
            }
            Value::Object(map)
        }
    })
}

const KEYS: &[&str] = &[
    "docker",
    "machine",
    "macos",
    "image",
    "steps",
    "executor",
    "environment",
    "shell",
    "when",
    "unless",
    "condition",
    "name",
    "command",
    "parameters",
    "type",
    "default",
    "enum",
    "requires",
    "filters",
    "branches",
    "tags",
    "only",
    "ignore",
    "matrix",
    "exclude",
    "alias",
    "context",
    "and",
    "or",
    "not",
    "equal",
    "matches",
    "pattern",
    "value",
    "key",
    "keys",
    "paths",
    "path",
    "root",
    "at",
    "serial-group",
    "override-with",
    "pre-steps",
    "post-steps",
    "triggers",
    "schedule",
    "cron",
];

fn text(input: &mut Unstructured<'_>) -> Result<Value> {
    if input.ratio(1, 8)? {
        return anything(input, 2);
    }
    Ok(json!(input.choose(TEXTS)?))
}

fn declarations(input: &mut Unstructured<'_>) -> Result<Value> {
    let mut map = Map::new();
    for _ in 0..input.int_in_range(0..=3)? {
        let kind = input.choose(TYPES)?;
        let mut declared = json!({ "type": kind });
        if *kind == "enum" {
            declared["enum"] = json!(["a", "b", "main"]);
        }
        if input.ratio(1, 2)? {
            declared["default"] = match *kind {
                "boolean" => json!(bool::arbitrary(input)?),
                "integer" => json!(i32::arbitrary(input)?),
                "steps" => steps(input, 2)?,
                _ => text(input)?,
            };
        }
        map.insert((*input.choose(PARAMETERS)?).to_owned(), or_anything(input, declared)?);
    }
    Ok(Value::Object(map))
}

fn surroundings(input: &mut Unstructured<'_>, map: &mut Value) -> Result<()> {
    match input.int_in_range(0..=5)? {
        0 => map["machine"] = json!(true),
        1 => map["executor"] = json!(input.choose(NAMES)?),
        2 => map["executor"] = json!({ "name": input.choose(NAMES)?, "a": text(input)? }),
        3 => map["macos"] = json!({ "xcode": "15.4.0" }),
        _ => {
            map["docker"] = json!([{ "image": text(input)?, "environment": { "A": text(input)? } }])
        }
    }
    for key in ["environment", "shell", "working_directory", "resource_class", "parallelism"] {
        if input.ratio(1, 8)? {
            map[key] =
                if key == "environment" { json!({ "A": text(input)? }) } else { text(input)? };
        }
    }
    if input.ratio(1, 2)? {
        map["parameters"] = declarations(input)?;
    }
    Ok(())
}

fn executor(input: &mut Unstructured<'_>) -> Result<Value> {
    let mut map = json!({});
    surroundings(input, &mut map)?;
    or_anything(input, map)
}

fn job(input: &mut Unstructured<'_>) -> Result<Value> {
    let mut map = json!({ "steps": steps(input, 3)? });
    surroundings(input, &mut map)?;
    if input.ratio(1, 16)? {
        map["type"] = json!(input.choose(&["approval", "no-op", "release", "lock", "build"])?);
    }
    or_anything(input, map)
}

fn command(input: &mut Unstructured<'_>) -> Result<Value> {
    let mut map = json!({ "steps": steps(input, 3)? });
    if input.ratio(2, 3)? {
        map["parameters"] = declarations(input)?;
    }
    or_anything(input, map)
}

fn arguments(input: &mut Unstructured<'_>, depth: u8) -> Result<Value> {
    let mut map = Map::new();
    for _ in 0..input.int_in_range(0..=2)? {
        let value =
            if depth > 0 && input.ratio(1, 4)? { steps(input, depth - 1)? } else { text(input)? };
        map.insert((*input.choose(PARAMETERS)?).to_owned(), value);
    }
    Ok(Value::Object(map))
}

fn steps(input: &mut Unstructured<'_>, depth: u8) -> Result<Value> {
    let mut items = Vec::new();
    for _ in 0..input.int_in_range(0..=3)? {
        let step = match input.int_in_range(0..=if depth == 0 { 5 } else { 8 })? {
            0 => json!("checkout"),
            1 => json!({ "run": text(input)? }),
            2 => {
                json!({ "run": { "command": text(input)?, "when": text(input)?, "name": text(input)? } })
            }
            3 => json!({ "save_cache": { "key": text(input)?, "paths": [text(input)?] } }),
            4 => json!(input.choose(NAMES)?),
            5 => json!({ "steps": text(input)? }),
            6 => {
                json!({ "when": { "condition": logic(input, 2)?, "steps": steps(input, depth - 1)? } })
            }
            _ => {
                let mut map = Map::new();
                map.insert((*input.choose(NAMES)?).to_owned(), arguments(input, depth)?);
                Value::Object(map)
            }
        };
        items.push(or_anything(input, step)?);
    }
    Ok(Value::Array(items))
}

fn logic(input: &mut Unstructured<'_>, depth: u8) -> Result<Value> {
    Ok(match input.int_in_range(0..=if depth == 0 { 1 } else { 5 })? {
        0 => json!(bool::arbitrary(input)?),
        1 => text(input)?,
        2 => json!({ "and": [logic(input, depth - 1)?, logic(input, depth - 1)?] }),
        3 => json!({ "not": logic(input, depth - 1)? }),
        4 => json!({ "equal": [text(input)?, text(input)?] }),
        _ => json!({ "matches": { "pattern": text(input)?, "value": text(input)? } }),
    })
}

fn workflow(input: &mut Unstructured<'_>) -> Result<Value> {
    let mut jobs = Vec::new();
    for _ in 0..input.int_in_range(1..=4)? {
        jobs.push(invocation(input)?);
    }
    let mut map = json!({ "jobs": jobs });
    if input.ratio(1, 4)? {
        map["when"] = logic(input, 2)?;
    }
    if input.ratio(1, 16)? {
        let branches = json!({ "branches": { "only": text(input)? } });
        map["triggers"] = json!([{ "schedule": { "cron": "0 0 * * *", "filters": branches } }]);
    }
    or_anything(input, map)
}

fn group(input: &mut Unstructured<'_>) -> Result<Value> {
    let jobs = json!({ "jobs": [invocation(input)?, invocation(input)?] });
    or_anything(input, jobs)
}

fn invocation(input: &mut Unstructured<'_>) -> Result<Value> {
    let job = *input.choose(NAMES)?;
    if input.ratio(1, 3)? {
        return or_anything(input, json!(job));
    }
    let mut body = arguments(input, 2)?;
    for key in
        ["requires", "name", "context", "filters", "matrix", "type", "pre-steps", "serial-group"]
    {
        if !input.ratio(1, 5)? {
            continue;
        }
        body[key] = match key {
            "requires" => json!([input.choose(NAMES)?, { "b": "failed" }]),
            "filters" => {
                json!({ "branches": { "only": text(input)? }, "tags": { "ignore": text(input)? } })
            }
            "matrix" => json!({
                "parameters": { "a": [text(input)?, text(input)?], "b": [1, text(input)?] },
                "exclude": [{ "a": text(input)? }],
                "alias": input.choose(NAMES)?,
            }),
            "type" => json!("approval"),
            "pre-steps" => steps(input, 1)?,
            _ => text(input)?,
        };
    }
    or_anything(input, json!({ job: body }))
}
