//! What a call says of its arguments.
//!
//! A parameter limit is met with fewer jobs, not with tuples: what a tuple holds counts one by one.
//! `clippy.toml` allows five parameters, and counts a tuple as one. And no call of a function of this repository
//! has a bare `true` or `false`, of which its reader cannot say what is true. Test helpers are not checked.

use std::collections::BTreeSet;

use syn::{
    Expr, ExprLit, FnArg, GenericArgument, Lit, Pat, PathArguments, Signature, Type, visit::Visit,
};

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

/// Returns the files whose functions and calls are checked.
fn product(sources: &[Source]) -> impl Iterator<Item = &Source> {
    sources.iter().filter(|source| {
        !source.is_inside("tests") && !matches!(source.stem(), "tests" | "histories")
    })
}

fn crowded(sources: &[Source]) -> Vec<String> {
    let found = product(sources).flat_map(|source| {
        let mut crowded = Crowded::default();
        crowded.visit_file(&syntax::parse(&source.path, &source.text));
        crowded.0.into_iter().map(move |found| format!("{}:{found}", source.path))
    });
    found.collect()
}

/// A parameter that is a `bool`: the name of its function, how many arguments that has without `self`, and
/// which of them it is.
type Flag = (String, usize, usize);

/// The flags of functions. A setter is none: its name says what is true.
#[derive(Default)]
struct Flags(BTreeSet<Flag>);

impl<'ast> Visit<'ast> for Flags {
    fn visit_signature(&mut self, signature: &'ast Signature) {
        let name = signature.ident.to_string();
        let own = |input: &'ast FnArg| match input {
            FnArg::Receiver(_) => None,
            FnArg::Typed(typed) => Some(&*typed.ty),
        };
        let types: Vec<&Type> = signature.inputs.iter().filter_map(own).collect();
        for (position, of) in types.iter().enumerate() {
            let is_bool = matches!(of, Type::Path(path) if path.path.is_ident("bool"));
            if is_bool && !name.starts_with("set_") {
                self.0.insert((name.clone(), types.len(), position));
            }
        }
        syn::visit::visit_signature(self, signature);
    }
}

/// Calls with a bare `true` or `false` where a flag is, `line: name`.
struct Bare<'f> {
    flags: &'f BTreeSet<Flag>,
    found: Vec<String>,
}

impl Bare<'_> {
    fn call<'a>(&mut self, name: &syn::Ident, arguments: impl ExactSizeIterator<Item = &'a Expr>) {
        let count = arguments.len();
        for (position, argument) in arguments.enumerate() {
            let is_bare = matches!(argument, Expr::Lit(ExprLit { lit: Lit::Bool(_), .. }));
            if is_bare && self.flags.contains(&(name.to_string(), count, position)) {
                let line = name.span().start().line;
                self.found.push(format!("{line}: `{name}` is called with a bare `bool`"));
            }
        }
    }
}

impl<'ast> Visit<'ast> for Bare<'_> {
    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let Expr::Path(path) = &*call.func
            && let Some(last) = path.path.segments.last()
        {
            self.call(&last.ident, call.args.iter());
        }
        syn::visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.call(&call.method, call.args.iter());
        syn::visit::visit_expr_method_call(self, call);
    }
}

fn bare(sources: &[Source]) -> Vec<String> {
    let files: Vec<_> = product(sources)
        .map(|source| (source, syntax::parse(&source.path, &source.text)))
        .collect();
    let mut flags = Flags::default();
    for (_, file) in &files {
        flags.visit_file(file);
    }
    let found = files.iter().flat_map(|(source, file)| {
        let mut bare = Bare { flags: &flags.0, found: Vec::new() };
        bare.visit_file(file);
        bare.found.into_iter().map(move |found| format!("{}:{found}", source.path))
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

#[test]
fn no_call_has_a_bare_bool() {
    report(
        "a call says what is true: an enum, two functions or a named variable",
        bare(&source::rust()),
    );
}

#[test]
fn a_call_with_a_bare_bool_is_seen() {
    let found = |call: &str| {
        let text = format!(
            "fn read(a: A, whole: bool) {{}} impl B {{ fn show(&self, all: bool) {{}} fn set_on(&mut self, on: bool) {{}} }} fn f() {{ {call}; }}"
        );
        bare(&source::sample(&[("crates/a/src/a.rs", &text)]))
    };
    for told in ["read(a, true)", "b::read(a, false)", "b.show(true)", "g(|| b.show(false))"] {
        assert!(found(told)[0].contains("with a bare `bool`"), "{told}");
    }
    for harmless in
        ["read(a, whole)", "File::read(true)", "b.show(!all)", "b.set_on(true)", "Some(true)"]
    {
        assert!(found(harmless).is_empty(), "{harmless}");
    }
    let tested = "fn read(whole: bool) {} #[cfg(test)] mod tests { fn f() { read(true) } }";
    assert!(bare(&source::sample(&[("crates/a/src/a.rs", tested)])).is_empty());
}
