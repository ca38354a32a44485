//! The path from a webhook to its green check, which ARCHITECTURE.md lists, is there to be read.
//!
//! The list has at most ten files, and one of them sets a status. Each exists and has the functions that
//! the list names, in that order; where the list does not say what a file leaves for the next one to find,
//! it calls the next one, and where it names files in between, the last of these does. And a reader never
//! turns back: in these files, a function is below the first one that calls it, and so is a method that
//! the list names.

use std::{collections::BTreeMap, path::Path};

use syn::{Item, visit::Visit as _};

use super::{
    report::report,
    source::{self, Source},
    syntax::{self, Collector},
};

/// Files that a reader is asked to open.
const MOST: usize = 10;

/// One row of the list.
struct Row<'t> {
    file: &'t str,
    /// In the order of reading.
    functions: Vec<&'t str>,
    /// What the next file finds; empty if it is called.
    leaves: &'t str,
    /// Files between this one and the next, as `leaves` names them.
    between: Vec<&'t str>,
}

/// Reads the rows that begin with a number.
fn rows(document: &str) -> Vec<Row<'_>> {
    document.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<Row<'_>> {
    let cells: Vec<&str> = line.strip_prefix("| ")?.split('|').map(str::trim).collect();
    let [number, file, functions, _, leaves, ""] = cells.as_slice() else { return None };
    number.parse::<usize>().ok()?;
    let functions = quoted(functions).collect();
    let between = quoted(leaves).filter(|word| word.contains('/')).collect();
    Some(Row { file: file.trim_matches('`'), functions, leaves, between })
}

fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Returns where the list is not as the files are.
fn broken_steps(document: &str, sources: &[Source]) -> Vec<String> {
    let rows = rows(document);
    let mut broken = Vec::new();
    if rows.is_empty() || rows.len() > MOST {
        broken.push(format!("{} files are listed; at least one and at most {MOST}", rows.len()));
    }
    let find = |file: &str| sources.iter().find(|source| source.path == file);
    if !rows.iter().filter_map(|row| find(row.file)).any(sets_a_status) {
        broken.push("no file of the list sets a status".to_owned());
    }
    for (index, row) in rows.iter().enumerate() {
        let (Some(source), Some(last)) =
            (find(row.file), find(row.between.last().unwrap_or(&row.file)))
        else {
            broken.push(format!("`{}`, or what is after it, does not exist", row.file));
            continue;
        };
        let items = Items::of(source);
        broken.extend(items.not_in_order(row));
        let above = items.above_their_callers().chain(items.methods_above_their_callers(row));
        broken.extend(above.map(|what| format!("`{}`: {what}", row.file)));
        if let Some(next) = rows.get(index + 1)
            && let Some(function) = next.functions.first()
            && (row.leaves.is_empty() || !row.between.is_empty())
            && !calls(&last.text, next.file, function)
        {
            broken.push(format!("`{}` does not call `{function}` of `{}`", last.path, next.file));
        }
    }
    broken
}

fn sets_a_status(source: &Source) -> bool {
    source.text.contains(".status = ")
}

/// Returns whether a file calls the function of another one: by its module, from the root of its crate, or
/// as the method of what is named after it: a variable, or a type.
fn calls(text: &str, file: &str, function: &str) -> bool {
    let module = Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let package = file.split('/').nth(1).unwrap_or_default();
    let mut letters = module.chars();
    let kind = letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>());
    let owners = [format!("{module}::"), format!("roundel_{package}::"), format!("{module}.")];
    owners
        .into_iter()
        .chain(kind.map(|kind| format!("{kind}::")))
        .any(|owner| text.contains(&format!("{owner}{function}(")))
}

/// What a file holds, tests left out.
#[derive(Default)]
struct Items {
    /// Functions that belong to no type, with the line of each.
    functions: BTreeMap<String, usize>,
    /// Methods, with the line of each; of those with one name, the first.
    methods: BTreeMap<String, usize>,
    /// Each item, methods one by one.
    all: Vec<Reading>,
}

/// What a reader meets in an item.
struct Reading {
    line: usize,
    name: String,
    /// The single words that it names.
    names: Vec<String>,
    /// Methods that it calls on `self`.
    methods: Vec<String>,
}

/// What an item names, and which of these names are its own variables.
#[derive(Default)]
struct Read {
    names: Collector,
    own: Own,
}

/// Names that patterns and parameters bind, and methods that are called on `self`.
#[derive(Default)]
struct Own {
    variables: Vec<String>,
    methods: Vec<String>,
}

impl<'ast> syn::visit::Visit<'ast> for Own {
    fn visit_pat_ident(&mut self, variable: &'ast syn::PatIdent) {
        self.variables.push(variable.ident.to_string());
        syn::visit::visit_pat_ident(self, variable);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if let syn::Expr::Path(receiver) = &*call.receiver
            && receiver.path.is_ident("self")
        {
            self.methods.push(call.method.to_string());
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}

impl Items {
    fn of(source: &Source) -> Self {
        let mut items = Self::default();
        for item in &syntax::parse(&source.path, &source.text).items {
            if let Item::Impl(block) = item {
                for member in &block.items {
                    let syn::ImplItem::Fn(method) = member else { continue };
                    let mut read = Read::default();
                    read.names.visit_impl_item_fn(method);
                    read.own.visit_impl_item_fn(method);
                    let name = method.sig.ident.to_string();
                    let line = method.sig.ident.span().start().line;
                    items.methods.entry(name.clone()).or_insert(line);
                    items.add(line, name, read);
                }
            }
            let Item::Fn(function) = item else { continue };
            let name = &function.sig.ident;
            let (line, name) = (name.span().start().line, name.to_string());
            items.functions.insert(name.clone(), line);
            let mut read = Read::default();
            read.names.visit_item(item);
            read.own.visit_item(item);
            items.add(line, name, read);
        }
        items
    }

    fn add(&mut self, line: usize, name: String, read: Read) {
        let Read { names, own: Own { variables, methods } } = read;
        let words = names.mentions.into_iter().filter_map(|mention| {
            let [word] = mention.words.as_slice() else { return None };
            (!variables.contains(word)).then(|| word.clone())
        });
        self.all.push(Reading { line, name, names: words.collect(), methods });
    }

    /// Lists the functions of a row that are not there, or not below the one before.
    fn not_in_order(&self, row: &Row<'_>) -> Vec<String> {
        let mut broken = Vec::new();
        let mut before: Option<(&str, usize)> = None;
        for name in &row.functions {
            let line = self.functions.get(*name).or_else(|| self.methods.get(*name));
            match (line, before) {
                (None, _) => broken.push(format!("`{}` has no function `{name}`", row.file)),
                (Some(line), Some((above, last))) if *line < last => {
                    broken.push(format!("`{}`: `{name}` is above `{above}`", row.file));
                }
                (Some(line), _) => before = Some((name, *line)),
            }
        }
        if row.functions.is_empty() {
            broken.push(format!("`{}` is listed without a function", row.file));
        }
        broken
    }

    /// Lists the functions that a reader meets before what calls them. Of two that call each other, one
    /// has to be first.
    fn above_their_callers(&self) -> impl Iterator<Item = String> {
        self.functions.iter().filter_map(|(name, line)| {
            self.first_caller_below(name, *line, |reading| &reading.names)
        })
    }

    /// The same for the methods that a row names.
    fn methods_above_their_callers(&self, row: &Row<'_>) -> impl Iterator<Item = String> {
        row.functions.iter().filter(|name| !self.functions.contains_key(**name)).filter_map(
            |name| {
                let line = self.methods.get(*name)?;
                self.first_caller_below(name, *line, |reading| &reading.methods)
            },
        )
    }

    fn first_caller_below(
        &self,
        name: &str,
        line: usize,
        named_in: impl Fn(&Reading) -> &Vec<String>,
    ) -> Option<String> {
        let calls = |reading: &Reading, name: &str| named_in(reading).iter().any(|one| one == name);
        let is_called_back = |caller: &str| {
            self.all.iter().any(|reading| reading.name == name && calls(reading, caller))
        };
        let callers = self.all.iter().filter(|reading| {
            reading.name != name && calls(reading, name) && !is_called_back(&reading.name)
        });
        let Reading { line: first, name: caller, .. } = callers.min_by_key(|it| it.line)?;
        (*first > line).then(|| format!("`{name}` is above `{caller}`, which calls it"))
    }
}

#[test]
fn the_path_from_a_webhook_to_its_check_can_be_read_downward() {
    let document = source::tree(&["ARCHITECTURE.md"]);
    report("the list in ARCHITECTURE.md", broken_steps(&document[0].text, &source::rust()));
}

#[test]
fn a_step_that_leads_nowhere_is_found() {
    let list = |rows: &[&str]| rows.join("\n");
    let sources = source::sample(&[
        ("crates/a/src/one.rs", "fn begin() { go_on() } fn go_on() { two::work(); }"),
        ("crates/a/src/two.rs", "fn work() { job.status = Status::Ended; }"),
        ("crates/a/src/between.rs", "fn hand_on() { three.end() }"),
        ("crates/b/src/three.rs", "fn end() {}"),
    ]);
    let broken = |rows: &[&str]| broken_steps(&list(rows), &sources);
    let one = "| 1 | `crates/a/src/one.rs` | `begin` `go_on` | it begins | |";
    let two = "| 2 | `crates/a/src/two.rs` | `work` | it works | a row |";
    let three = "| 3 | `crates/b/src/three.rs` | `end` | it ends | |";
    assert_eq!(broken(&[one, two, three]), Vec::<String>::new());
    let by_way_of = two.replace("a row", "by way of `crates/a/src/between.rs`");
    assert_eq!(broken(&[one, &by_way_of, three]), Vec::<String>::new());
    assert!(calls("fn hand_on() { Three::end() }", "crates/b/src/three.rs", "end"));
    let elsewhere = by_way_of.replace("between", "one");
    assert!(broken(&[one, &elsewhere, three])[0].contains("one.rs` does not call `end`"));
    let gone = by_way_of.replace("between", "gone");
    assert!(broken(&[one, &gone, three])[0].contains("does not exist"));
    assert!(broken(&[one])[0].contains("sets a status"));
    let silent = two.replace("a row ", "");
    assert!(broken(&[one, &silent, three])[0].contains("does not call `end`"));
    assert!(broken(&[two, &one.replace("begin", "start")])[0].contains("no function `start`"));
    assert!(broken(&[two, &one.replace("one.rs", "gone.rs")])[0].contains("does not exist"));
    assert!(broken(&[two, &three.replace("`end`", "")])[0].contains("without a function"));
    assert!(broken(&[])[0].contains("0 files"));
    assert!(broken(&[three; 11])[0].contains("11 files"));
}

/// A reader must have met the caller when they come to what it calls.
#[test]
fn a_function_above_what_calls_it_is_found() {
    let found = |text: &str, functions: &str| {
        let row = format!("| 1 | `crates/a/src/one.rs` | {functions} | it works | a row |");
        let mut broken = broken_steps(&row, &source::sample(&[("crates/a/src/one.rs", text)]));
        broken.retain(|what| !what.contains("sets a status"));
        broken
    };
    let downward = "fn a() { b() }\nfn b() { a(); c(1) }\nfn c(n: u8) { if n > 0 { c(n - 1) } }";
    assert_eq!(found(downward, "`a` `b`"), Vec::<String>::new());
    assert_eq!(
        found("fn b() {}\nfn a() {}", "`a` `b`"),
        ["`crates/a/src/one.rs`: `b` is above `a`"]
    );
    for calling in [
        "async fn a() { b().await }",
        "fn a() { list.map(b); }",
        "fn a() { select! { () = b() => {} } }",
        "impl A { fn a() { let f = || { b() }; } }",
        "impl From<B> for A { fn a() { b::<u8>() } }",
    ] {
        assert_eq!(
            found(&format!("fn b() {{}}\n{calling}\nfn start() {{}}"), "`start`"),
            ["`crates/a/src/one.rs`: `b` is above `a`, which calls it"],
            "{calling}"
        );
    }
    let methods =
        "impl A { fn a(&self) { self.b() } fn b(&self) { self.a(); b.d() } fn d(&self) {} }";
    assert_eq!(found(methods, "`a` `b`"), Vec::<String>::new());
    assert_eq!(
        found("impl A { fn b(&self) {}\nfn a(&self) { self.b() } }", "`b`"),
        ["`crates/a/src/one.rs`: `b` is above `a`, which calls it"]
    );
    let tested = "fn b() {}\n#[cfg(test)] mod tests { fn t() { super::b() } }";
    assert_eq!(found(tested, "`b`"), Vec::<String>::new());
}
