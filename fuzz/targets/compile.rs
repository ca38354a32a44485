//! Configurations that look like configurations, with orbs, for a push, as a continuation, under
//! either profile.

#![no_main]

use libfuzzer_sys::fuzz_target;
use roundel_config::{Inputs, PipelineValue, Profile};
use roundel_fuzz::{check_with_orbs, inputs, tree::Config};

fuzz_target!(|input: (Config, u8)| {
    let (config, options) = input;
    let parameter = ("a".to_owned(), PipelineValue::Text("b".to_owned()));
    let inputs = Inputs {
        continuation: options & 1 != 0,
        all_workflows: options & 2 != 0,
        unknown_values: Vec::new(),
        profile: if options & 4 != 0 { Profile::Next } else { Profile::Legacy },
        parameters: if options & 8 != 0 { vec![parameter] } else { Vec::new() },
        scheduled: (options & 16 != 0).then(|| "a".to_owned()),
        ..inputs()
    };
    let [o, p] = config.orbs;
    check_with_orbs(&config.text, inputs, &[("x/o", o), ("x/p", p)]);
});
