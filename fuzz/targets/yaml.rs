//! Any text: as a whole configuration, or below a key that means nothing, so that what is wrong with
//! the text itself is met before what is wrong with the configuration.

#![no_main]

use libfuzzer_sys::fuzz_target;
use roundel_fuzz::{check, inputs};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    check(&text, &inputs());
    let below: String = text.split_inclusive('\n').map(|line| format!("  {line}")).collect();
    let job = "version: 2.1\njobs: {build: {machine: true, steps: [checkout]}}\nx:\n";
    check(&format!("{job}{below}"), &inputs());
});
