//! A parameter limit is met with fewer jobs, not with tuples: what a tuple holds counts one by one.
//!
//! `clippy.toml` allows five parameters, and counts a tuple as one. Test helpers are not checked.

use syn::{FnArg, GenericArgument, Pat, PathArguments, Signature, Type, visit::Visit};

use super::{
    report::report,
    source::{self, Source},
    syntax,
};

/// As in `clippy.toml`.
const MOST: usize = 5;

/// Functions of one file that have too many parameters, `line: name`.
#[derive(Default)]
struct Crowded(Vec<String>);

impl<'ast> Visit<'ast> for Crowded {
    fn visit_signature(&mut self, signature: &'ast Signature) {
        let count: usize = signature.inputs.iter().map(parameters).sum();
        let has_tuple = signature.inputs.iter().any(|input| parameters(input) > 1);
        if has_tuple && count > MOST {
            let line = signature.ident.span().start().line;
            self.0.push(format!("{line}: `{}` has {count} parameters in tuples", signature.ident));
        }
        syn::visit::visit_signature(self, signature);
    }
}

/// Counts what one parameter holds.
fn parameters(input: &FnArg) -> usize {
    match input {
        FnArg::Receiver(_) => 1,
        // An extractor's own pattern, `Path((a, b))`, is how the framework hands one thing over.
        FnArg::Typed(typed) if matches!(*typed.pat, Pat::TupleStruct(_)) => 1,
        FnArg::Typed(typed) => leaves(&typed.ty),
    }
}

fn leaves(of: &Type) -> usize {
    if let Type::Reference(reference) = of {
        leaves(&reference.elem)
    } else if let Type::Paren(inner) = of {
        leaves(&inner.elem)
    } else if let Type::Tuple(tuple) = of {
        tuple.elems.iter().map(leaves).sum()
    } else {
        inside(of).map_or(1, leaves)
    }
}

/// Returns what is in a wrapper that holds one thing at most: `Option<(A, B)>`.
fn inside(of: &Type) -> Option<&Type> {
    let Type::Path(path) = of else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let is_wrapper = ["Option", "Box", "Rc", "Arc"].iter().any(|name| last.ident == name);
    match arguments.args.first() {
        Some(GenericArgument::Type(inner)) if is_wrapper => Some(inner),
        _ => None,
    }
}

fn crowded(sources: &[Source]) -> Vec<String> {
    let product = sources.iter().filter(|source| {
        !source.is_inside("tests") && !matches!(source.stem(), "tests" | "histories")
    });
    let found = product.flat_map(|source| {
        let mut crowded = Crowded::default();
        crowded.visit_file(&syntax::parse(&source.path, &source.text));
        crowded.0.into_iter().map(move |found| format!("{}:{found}", source.path))
    });
    found.collect()
}

#[test]
fn no_tuple_hides_a_parameter() {
    report("a function has five parameters, tuples taken apart", crowded(&source::rust()));
}

#[test]
fn a_tuple_that_hides_a_parameter_is_seen() {
    let found = |signature: &str| {
        let text = format!("impl A {{ {signature} {{}} }}");
        crowded(&source::sample(&[("crates/a/src/a.rs", &text)]))
    };
    for hiding in [
        "fn f(&self, a: A, (b, c): (B, C), d: D, e: E)",
        "async fn f(a: A, b: B, c: &((C, D), E), f: F)",
        "fn f(a: A, b: B, pair: (C, (D, E, F)))",
        "fn f(&mut self, all: (A, B, C, D, E))",
        "fn f(a: A, b: B, c: C, rest: Option<(D, E, F)>)",
        "fn f(a: A, b: B, c: C, d: D, rest: &Box<(E, F)>)",
    ] {
        assert!(found(hiding)[0].contains("`f` has 6 parameters"), "{hiding}");
    }
    for harmless in [
        "fn f(a: A, (b, c): (B, C), d: D)",
        "fn f(&self, a: A, b: B, pairs: &[(C, D)], e: E)",
        "fn f(&self, a: A, b: B, c: impl Fn(C, D) -> (E, F), d: D)",
        "async fn f(_: R, State(a): State<A>, Path((b, c)): Path<(B, C)>, d: D, e: E)",
    ] {
        assert!(found(harmless).is_empty(), "{harmless}");
    }
    let tested = "#[cfg(test)] mod tests { fn f(a: A, b: B, (c, d): (C, D), e: E, f: F) {} }";
    assert!(crowded(&source::sample(&[("crates/a/src/a.rs", tested)])).is_empty());
}
