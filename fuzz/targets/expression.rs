//! Any expression: as the condition of a workflow, as a job's filter, and in a tag.

#![no_main]

use libfuzzer_sys::fuzz_target;
use roundel_config::{Inputs, Profile};
use roundel_fuzz::{check, inputs};
use serde_json::json;

fuzz_target!(|data: &str| {
    let config = json!({
        "version": 2.1,
        "parameters": { "p": { "type": "boolean", "default": false } },
        "jobs": { "build": { "machine": true, "steps": ["checkout"] } },
        "workflows": {
            "w": { "when": data, "jobs": [{ "build": { "filters": data } }] },
            "v": {
                "unless": { "matches": { "pattern": data, "value": "main" } },
                "jobs": [{ "build": { "filters": { "branches": { "only": data } } } }],
            },
            "u": { "jobs": [{ "build": { "context": format!("<< {data} >>") } }] },
        },
    });
    for profile in [Profile::Legacy, Profile::Next] {
        check(&config.to_string(), &Inputs { profile, ..inputs() });
    }
});
