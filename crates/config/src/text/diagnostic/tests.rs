//! What diagnostics of real compilations hold.

use std::sync::Arc;

use crate::{
    Inputs, compile, compile_with_orbs,
    orbs::{Orb, Resolution},
};

/// Editors write the name that was meant without reading the sentence.
#[test]
fn a_misspelled_name_comes_with_the_name_that_was_meant() {
    let text = "version: 2.1\njobs: { a: { docker: [{ image: x:1 }], stpes: [checkout] } }\n";
    let found = compile(text, &Inputs::default()).diagnostics;
    let replaced = found.iter().find_map(|found| found.replacement.as_deref());
    assert_eq!(replaced, Some("steps"), "{found:#?}");
}

#[test]
fn what_is_wrong_within_an_orb_names_the_orb_apart_from_the_message() {
    let orb = Orb {
        name: "acme/kit".to_owned(),
        version: "1.0.0".to_owned(),
        origin: String::new(),
        text: Arc::from("version: 2.1\ncommands: { go: { steps: [no-such-step] } }\n"),
        digest: String::new(),
        notice: None,
    };
    let text = "version: 2.1\norbs: { kit: acme/kit@1.0.0 }\njobs:\n  build: { docker: [{ image: x:1 }], steps: [kit/go] }\n";
    let mut find = |_: &_| Resolution::Found(Arc::new(orb.clone()));
    let (compiled, _) = compile_with_orbs(text, Inputs::default(), &mut find);
    let found = compiled.diagnostics.iter().find(|found| found.code == "unknown-command");
    let found = found.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics));
    assert_eq!(found.orb.as_deref(), Some("acme/kit@1.0.0"));
    assert!(found.message.starts_with("in orb `acme/kit@1.0.0`: "), "{found:?}");
    assert!(!found.message_within_orb().contains("acme"), "{found:?}");
}
