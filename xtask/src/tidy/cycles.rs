//! No cycle of files inside a crate, nor of its modules: imports point down inside a crate, too.
//!
//! A module is a file with the directory of its name, `trigger.rs` and `trigger/`. An import counts between
//! the two that stand side by side, at whatever depth that is: from `http/rights/subject.rs` to
//! `http/pages/visit.rs` it leads from `http/rights` to `http/pages`. The file of the module around them,
//! `http.rs`, stands side by side with what is in its directory.
//! A file imports another when its code names one of the other's items, however it comes by the
//! name: `use`, a path in code, in a macro or in an attribute, `super::`, a glob, a re-export by
//! the root of the crate or by a parent. `mod` is not an import, and neither is a re-export by itself:
//! a file that only hands a name on does not use it. Tests are not counted.
//!
//! The methods of one type in several files count by themselves, for a call by a dot is not an import: where a
//! type calls a method on itself, the file that has it is further down.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::{
    modules::{Modules, Target},
    report::report,
    syntax::Position,
};

/// What a file takes from others: names, by the file that defines them.
type Imports<'s> = BTreeMap<&'s str, BTreeMap<&'s str, BTreeSet<String>>>;

/// Files, or modules, of one package that reach each other.
struct Cycle<'s> {
    places: Vec<&'s str>,
    /// "files", or "modules".
    kind: &'static str,
    /// `a.rs → b.rs: Name` for every import among them.
    arrows: Vec<String>,
}

impl Cycle<'_> {
    fn package(&self) -> &str {
        self.places.first().map_or("", |place| package(place))
    }
}

impl fmt::Display for Cycle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a cycle of {} {} in {}:", self.places.len(), self.kind, self.package())?;
        self.arrows.iter().try_for_each(|arrow| write!(f, "\n    {arrow}"))
    }
}

fn cycles<'s>(modules: &'s Modules<'_>) -> Vec<Cycle<'s>> {
    cycles_of("files", &imports(modules, |from, to| (from, to)))
}

fn cycles_of_modules<'s>(modules: &'s Modules<'_>) -> Vec<Cycle<'s>> {
    cycles_of("modules", &imports(modules, siblings))
}

fn cycles_of_methods<'s>(modules: &'s Modules<'_>) -> Vec<Cycle<'s>> {
    let mut calls = Imports::new();
    for (from, to, name) in modules.own_calls() {
        if from.path != to.path {
            calls.entry(&from.path).or_default().entry(&to.path).or_default().insert(name);
        }
    }
    cycles_of("files", &calls)
}

fn cycles_of<'s>(kind: &'static str, imports: &Imports<'s>) -> Vec<Cycle<'s>> {
    knots(imports)
        .into_iter()
        .map(|places| {
            let arrows = arrows(&places, imports);
            Cycle { places, kind, arrows }
        })
        .collect()
}

fn arrows(places: &[&str], imports: &Imports<'_>) -> Vec<String> {
    let mut arrows = Vec::new();
    for from in places {
        for (to, names) in imports.get(from).into_iter().flatten() {
            if places.contains(to) {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                arrows.push(format!("{from} → {to}: {}", names.join(", ")));
            }
        }
    }
    arrows
}

/// Lists what each place takes from others; `places` says between which two an import from one file to
/// another counts.
fn imports<'s>(
    modules: &'s Modules<'_>,
    places: impl Fn(&'s str, &'s str) -> (&'s str, &'s str),
) -> Imports<'s> {
    let mut imports = Imports::new();
    for resolved in modules.resolved() {
        if resolved.mention.position == Position::ReExport {
            continue;
        }
        let from = resolved.source.path.as_str();
        for target in resolved.targets {
            let Target::Item { file, name, .. } = target else { continue };
            let to = modules.source(file).path.as_str();
            if from != to && package(from) == package(to) {
                let (from, to) = places(from, to);
                imports.entry(from).or_default().entry(to).or_default().insert(name);
            }
        }
    }
    imports
}

/// Returns the sets of places that reach each other, each with its places in order.
fn knots<'s>(imports: &Imports<'s>) -> Vec<Vec<&'s str>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        imports.keys().map(|from| (*from, reachable(from, imports))).collect();
    let mut seen = BTreeSet::new();
    let mut knots = Vec::new();
    for (from, reached) in &reach {
        if !reached.contains(from) || seen.contains(from) {
            continue;
        }
        let back = |to: &&&str| reach.get(**to).is_some_and(|back| back.contains(from));
        let knot: Vec<&str> = reached.iter().filter(back).copied().collect();
        seen.extend(knot.iter().copied());
        knots.push(knot);
    }
    knots
}

fn reachable<'s>(from: &str, imports: &Imports<'s>) -> BTreeSet<&'s str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for to in imports.get(file).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(*to) {
                open.push(to);
            }
        }
    }
    reached
}

/// Returns the directory of a file's crate: `crates/server`.
fn package(path: &str) -> &str {
    let end = path.find("/src/").or_else(|| path.find("/examples/"));
    end.map_or(path, |end| &path[..end])
}

/// Returns the modules side by side of which an import from one file to another leads from the first to the
/// second. The file of a module around the other is itself, with its ending.
fn siblings<'s>(from: &'s str, to: &'s str) -> (&'s str, &'s str) {
    let ends = |path: &'s str| {
        let slashes = path.match_indices('/').map(|(index, _)| index);
        slashes.chain(path.strip_suffix(".rs").map(str::len)).chain([path.len()])
    };
    let apart = ends(from).zip(ends(to)).find(|&(a, b)| from[..a] != to[..b]);
    apart.map_or((from, to), |(a, b)| (&from[..a], &to[..b]))
}

#[test]
fn no_crate_has_a_cycle_of_modules() {
    report("imports of modules point down only", cycles_of_modules(Modules::of_workspace()));
}

#[test]
fn no_crate_has_a_cycle_of_files() {
    report("imports of files point down only", cycles(Modules::of_workspace()));
}

#[test]
fn no_type_has_a_cycle_of_files_through_its_methods() {
    report(
        "calls of a type's own methods point down only",
        cycles_of_methods(Modules::of_workspace()),
    );
}

mod tests {
    use super::{super::source, *};

    /// Returns how the cycle among these files of one crate is shown, without the crate's directory.
    fn cycle(files: &[(&str, &str)]) -> String {
        shown(files, cycles)
    }

    fn shown(
        files: &[(&str, &str)],
        find: impl for<'s> Fn(&'s Modules<'_>) -> Vec<Cycle<'s>>,
    ) -> String {
        let paths: Vec<String> =
            files.iter().map(|(path, _)| format!("crates/sample/src/{path}")).collect();
        let texts = files.iter().map(|(_, text)| *text);
        let files: Vec<_> = paths.iter().map(String::as_str).zip(texts).collect();
        let sources = source::sample(&files);
        let modules = Modules::read(&sources);
        let shown: Vec<_> = find(&modules).iter().map(ToString::to_string).collect();
        shown.join("\n").replace("crates/sample/src/", "")
    }

    const BACK: (&str, &str) = ("b.rs", "use crate::a::A; pub struct B(A);");

    /// Every way to name `B` closes the cycle that `b.rs` begins.
    #[test]
    fn a_cycle_is_seen_through_every_way_to_name_an_item() {
        for naming in [
            "use crate::b::B; pub struct A(B);",
            "use crate::{a, b::{self as other, B}}; pub struct A;",
            "use crate::b; pub struct A(b::B);",
            "use crate::b as other; pub struct A(Box<other::B>);",
            "use super::b::*; pub struct A(B);",
            "pub struct A; pub fn f() -> impl Sized { crate::b::B::new() }",
            "pub struct A; fn f() { use crate::{self as root}; root::b::B::new(); }",
            "pub struct A; fn f() { println!(\"{}\", crate::b::B::new()); }",
            "pub struct A; fn f() { matches!(1, _ if super::b::B::ok(&[self::f()])); }",
            "pub struct A(#[serde(with = \"crate::b::B\")] u8);",
            "pub struct A; mod inner { impl super::super::b::B {} }",
            "pub struct A; impl From<crate::B> for A {}",
            "use crate::{self, B}; pub struct A(B);",
            "use crate::*; pub struct A(B);",
            "use crate::Renamed; pub struct A(Renamed);",
            "pub use crate::b::B as Other; pub struct A(Other);",
            "extern crate self as me; pub struct A(me::b::B);",
            "macro_rules! b { () => { $crate::b::B::new() } } pub struct A; fn f() { b!(); }",
            "pub struct A; fn f() { <crate::b::B as Default>::default(); }",
            "mod inner { pub use super::super::b::B as C; } pub struct A(inner::C);",
            "use self::super::b::B; pub struct A(B);",
            "pub struct A(#[cfg_attr(all(), serde(with = \"crate::b::B\"))] u8);",
            "pub struct A; impl Make for crate::b::B { fn f() { Self::new(); } }",
            "use crate::b::B as _; pub struct A;",
            "pub struct A; fn f(b: &dyn Fn() -> crate::b::B) {}",
            "pub struct A; const C: fn() = || drop(super::b::B);",
        ] {
            let root = "mod a; mod b; pub use b::B; pub use self::b::B as Renamed;";
            let shown = cycle(&[("lib.rs", root), ("a.rs", naming), BACK]);
            assert_eq!(
                shown,
                "a cycle of 2 files in crates/sample:\n    a.rs → b.rs: B\n    b.rs → a.rs: A",
                "{naming}"
            );
        }
    }

    #[test]
    fn a_type_in_the_root_ties_the_root_to_what_it_uses() {
        let root = "mod a; pub struct Settings; pub fn start() { a::run(); }";
        let shown = cycle(&[("lib.rs", root), ("a.rs", "pub fn run() { crate::Settings; }")]);
        assert_eq!(
            shown,
            "a cycle of 2 files in crates/sample:\n    a.rs → lib.rs: Settings\n    lib.rs → a.rs: run"
        );
    }

    #[test]
    fn a_file_in_a_folder_is_found_below_its_parent() {
        let shown = cycle(&[
            ("main.rs", "mod a;"),
            ("a.rs", "mod below; pub struct A; fn f() { below::go() }"),
            ("a/below.rs", "use super::A; pub fn go() {}"),
        ]);
        assert_eq!(
            shown,
            "a cycle of 2 files in crates/sample:\n    a.rs → a/below.rs: go\n    a/below.rs → a.rs: A"
        );
    }

    #[test]
    fn what_is_not_an_import_closes_no_cycle() {
        for harmless in [
            "mod b {} pub struct A;",
            "pub use crate::b::B; pub struct A;",
            "use crate::b; pub struct A;",
            "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }",
            "pub struct A; #[test] fn t() { crate::b::B::new(); }",
            "/// See [`crate::b::B`].\npub struct A;",
            "pub struct A { b: u8 } fn f(a: A) { dbg!(a.b::<u8>()); }",
        ] {
            let shown = cycle(&[("lib.rs", "mod a; mod b;"), ("a.rs", harmless), BACK]);
            assert_eq!(shown, "", "{harmless}");
        }
    }

    /// Returns how the cycle of modules is shown, where no two files import each other.
    fn cycle_of_modules(files: &[(&str, &str)]) -> String {
        assert_eq!(cycle(files), "", "files form a cycle, too");
        shown(files, cycles_of_modules)
    }

    /// No file imports back, but a module does.
    #[test]
    fn a_cycle_of_modules_is_seen_where_no_files_form_one() {
        let shown = cycle_of_modules(&[
            ("lib.rs", "mod read; mod plan;"),
            ("read.rs", "pub(crate) mod tree; use crate::plan::Plan;"),
            ("read/tree.rs", "pub struct Tree;"),
            ("plan.rs", "mod jobs; pub struct Plan;"),
            ("plan/jobs.rs", "use crate::read::tree::Tree;"),
        ]);
        assert_eq!(
            shown,
            "a cycle of 2 modules in crates/sample:\n    plan → read: Tree\n    read → plan: Plan"
        );
    }

    /// Rights are shown by a page, and the pages need rights.
    #[test]
    fn a_cycle_of_modules_is_seen_inside_a_module() {
        let shown = cycle_of_modules(&[
            ("lib.rs", "mod http;"),
            ("http.rs", "mod pages; mod rights; pub fn routes() { pages::job::page() }"),
            ("http/pages.rs", "pub mod job; pub mod visit;"),
            ("http/pages/job.rs", "use crate::http::rights::Reader; pub fn page() {}"),
            ("http/pages/visit.rs", "pub struct Visit;"),
            ("http/rights.rs", "use super::pages::visit::Visit; pub struct Reader(Visit);"),
        ]);
        assert_eq!(
            shown,
            "a cycle of 2 modules in crates/sample:\n    http/pages → http/rights: Reader\n    \
             http/rights → http/pages: Visit"
        );
    }

    /// What is deep in a module takes something from the file around it, which needs that module.
    #[test]
    fn a_cycle_of_a_module_with_what_is_around_it_is_seen() {
        let shown = cycle_of_modules(&[
            ("lib.rs", "mod http;"),
            ("http.rs", "mod pages; pub struct Time; pub fn routes() { pages::routes() }"),
            ("http/pages.rs", "mod job; pub fn routes() {}"),
            ("http/pages/job.rs", "use crate::http::Time;"),
        ]);
        assert_eq!(
            shown,
            "a cycle of 2 modules in crates/sample:\n    http.rs → http/pages: routes\n    \
             http/pages → http.rs: Time"
        );
    }

    /// The parser of one file calls what reads groups in another, which calls the parser for what is inside.
    #[test]
    fn a_cycle_through_the_methods_of_a_type_is_seen() {
        let root = "mod a; mod b; pub struct T; impl T { fn first(&self) {} }";
        for (there, back) in [
            ("self.second()", "self.third()"),
            ("Self::second(&T)", "self.third()"),
            ("[1].iter().map(|_| self.second())", "Self::third"),
        ] {
            let a = format!("impl crate::T {{ fn third(&self) {{ {there}; self.first() }} }}");
            let b = format!("use crate::T as U; impl U {{ fn second(&self) {{ {back}; }} }}");
            let files = [("lib.rs", root), ("a.rs", a.as_str()), ("b.rs", b.as_str())];
            assert_eq!(
                shown(&files, cycles_of_methods),
                "a cycle of 2 files in crates/sample:\n    a.rs → b.rs: T::second\n    \
                 b.rs → a.rs: T::third",
                "{there}"
            );
        }
    }

    #[test]
    fn calls_that_are_not_of_the_same_type_close_no_cycle() {
        let root = "mod a; mod b; pub struct T; pub struct U(T);";
        for harmless in [
            "impl crate::U { fn second(&self) { self.third() } fn third(&self) {} }",
            "impl crate::U { fn other(&self) { self.third() } } impl crate::T { fn second(&self) {} }",
            "impl crate::T { fn second(&self) { self.0.third(); other.third(); } }",
            "trait More { fn third(&self); } impl More for crate::T { fn third(&self) {} }",
            "impl crate::T { fn second(&self) {} #[test] fn t(&self) { self.third() } }",
        ] {
            let a = "impl crate::T { fn third(&self) { self.second() } }";
            let files = [("lib.rs", root), ("a.rs", a), ("b.rs", harmless)];
            assert_eq!(shown(&files, cycles_of_methods), "", "{harmless}");
        }
    }

    /// Two modules whose parts import each other by way of a third are on one floor each.
    #[test]
    fn imports_that_point_down_at_every_depth_close_no_cycle() {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "mod x; mod y;"),
            ("a/x.rs", "use super::y::Y; use crate::b::x::X; pub struct A(X);"),
            ("a/y.rs", "use crate::b::y::X; pub struct Y(X);"),
            ("b.rs", "pub mod x; pub mod y;"),
            ("b/x.rs", "pub struct X;"),
            ("b/y.rs", "pub use super::x::X; pub struct Other(X);"),
        ];
        assert_eq!(cycle_of_modules(&files), "");
    }

    #[test]
    fn crates_are_not_mixed_up() {
        let sources = source::sample(&[
            ("crates/one/src/lib.rs", "pub use roundel_two::Two; pub mod a;"),
            ("crates/one/src/a.rs", "pub struct A(crate::Two);"),
            ("crates/two/src/lib.rs", "pub struct Two(roundel_one::a::A);"),
        ]);
        assert!(cycles(&Modules::read(&sources)).is_empty());
    }
}
