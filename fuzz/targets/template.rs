//! Any text with template tags, in a command that has a parameter of every type.

#![no_main]

use libfuzzer_sys::fuzz_target;
use roundel_fuzz::{check, inputs};
use serde_json::json;

fuzz_target!(|data: &str| {
    let parameters = json!({
        "a": { "type": "string", "default": data },
        "b": { "type": "boolean", "default": true },
        "n": { "type": "integer", "default": 7 },
        "e": { "type": "enum", "enum": ["x", "y"], "default": "x" },
        "s": { "type": "steps", "default": [{ "run": "echo" }] },
        "v": { "type": "env_var_name", "default": "HOME" },
    });
    let config = json!({
        "version": 2.1,
        "parameters": { "a": { "type": "string", "default": "<< x >>" } },
        "commands": { "c": { "parameters": parameters, "steps": [{ "run": data }] } },
        "jobs": { "build": {
            "docker": [{ "image": data }],
            "environment": { data: data },
            "steps": ["c", { "c": { "a": data } }, { "when": { "condition": data, "steps": ["checkout"] } }],
        } },
    });
    check(&config.to_string(), &inputs());
});
