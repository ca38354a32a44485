//! What the fuzzing targets share: compiling a source, and what must hold whatever the source was.
//!
//! Deliberately absent: time. libFuzzer itself ends what takes longer than `-timeout`.

pub mod tree;

use std::sync::Arc;

use roundel_config::{
    Compiled, Inputs, PipelineValue, Severity, codes, compile, compile_with_orbs,
    orbs::{Missing, Orb, OrbReference, Resolution},
    Layout, render,
};
use roundel_model::name::GitRef;

/// What a push to `main` compiles with.
pub fn inputs() -> Inputs {
    let text = |name: &str, value: &str| (name.to_owned(), PipelineValue::Text(value.to_owned()));
    Inputs {
        path: "config.yml".to_owned(),
        pipeline_values: vec![
            text("git.branch", "main"),
            text("git.revision", "0123456789abcdef0123456789abcdef01234567"),
            text("id", "00000000-0000-0000-0000-000000000001"),
            ("number".to_owned(), PipelineValue::Integer(1)),
            ("git.branch.is_default".to_owned(), PipelineValue::Boolean(true)),
        ],
        git_ref: Some(GitRef::Branch("main".into())),
        ..Inputs::default()
    }
}

/// Compiles a source and checks what must hold.
pub fn check(text: &str, inputs: &Inputs) -> Compiled {
    let compiled = compile(text, inputs);
    check_compiled(text, &compiled);
    compiled
}

/// Compiles a source with orbs by their names, and checks what must hold.
pub fn check_with_orbs(text: &str, inputs: Inputs, orbs: &[(&str, String)]) -> Compiled {
    let mut find = |reference: &OrbReference| {
        let found = orbs.iter().find(|(name, _)| *name == reference.orb());
        found.map_or_else(
            || Resolution::Missing(Missing::default()),
            |(name, text)| {
                Resolution::Found(Arc::new(Orb {
                    name: (*name).to_owned(),
                    version: "1.0.0".to_owned(),
                    origin: "the fuzzer".to_owned(),
                    text: text.as_str().into(),
                    digest: String::new(),
                    notice: None,
                }))
            },
        )
    };
    let (compiled, _) = compile_with_orbs(text, inputs, &mut find);
    check_compiled(text, &compiled);
    compiled
}

fn check_compiled(text: &str, compiled: &Compiled) {
    let has_error = compiled.diagnostics.iter().any(|found| found.severity == Severity::Error);
    if compiled.unresolved_orbs.is_empty() {
        assert_eq!(compiled.plan.is_none(), has_error, "a plan or an error, never both");
        assert_eq!(compiled.plan.is_some(), compiled.document.is_some(), "a plan is a document");
    }
    for found in &compiled.diagnostics {
        assert!(text.get(found.start..found.end).is_some(), "{found:?}");
        assert!(found.line >= 1 && found.column >= 1, "{found:?}");
        assert!(codes::code(&found.code).is_some(), "{found:?}");
        let own = found.related.iter().filter(|related| related.path.is_none());
        own.for_each(|related| {
            assert!(text.get(related.start..related.end).is_some(), "{found:?}")
        });
    }
    render(text, &compiled.diagnostics, Layout::default());
    render(text, &compiled.diagnostics, Layout { colors: true, width: Some(80) });
}
