//! The path from a webhook to its green check, which ARCHITECTURE.md lists, is there to be read.
//!
//! The list has at most ten files, and one of them sets a status. Each exists and has the functions that
//! the list names, in that order. Where the list does not say what a file leaves for the next one to find,
//! it calls the next one; through one or two more files where it names them, of which each calls the next.
//! What it names as called on the way is called, by what was read before. And a reader never
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

/// Files that a call passes through between two rows.
const MOST_BETWEEN: usize = 2;

/// Files that a row sends a reader to who does not trust their names.
const MOST_ASIDE: usize = 4;

/// One row of the list.
struct Row<'t> {
    file: &'t str,
    /// In the order of reading.
    functions: Vec<&'t str>,
    /// What is called on the way and returns, as the words on what happens name it.
    aside: Vec<Function<'t>>,
    /// What leads to the next row; nothing if that is called.
    onward: Vec<Step<'t>>,
}

/// A step from one row to the next.
enum Step<'t> {
    /// A function that is called.
    Through(Function<'t>),
    /// What the next step finds.
    Left,
}

/// A function of a file that is not a row.
#[derive(Clone, Copy)]
struct Function<'t> {
    /// The end of its path.
    file: &'t str,
    name: &'t str,
}

/// Reads the rows that begin with a number.
fn rows(document: &str) -> Vec<Row<'_>> {
    document.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<Row<'_>> {
    let cells: Vec<&str> = line.strip_prefix("| ")?.split('|').map(str::trim).collect();
    let [number, file, functions, what, onward, ""] = cells.as_slice() else { return None };
    number.parse::<usize>().ok()?;
    let steps = onward.split('▸').filter(|step| !step.trim().is_empty());
    Some(Row {
        file: file.trim_matches('`'),
        functions: quoted(functions).collect(),
        aside: named_in(what),
        onward: steps.map(step).collect(),
    })
}

fn step(text: &str) -> Step<'_> {
    named_in(text).first().copied().map_or(Step::Left, Step::Through)
}

/// Returns the files that a text names, each with the function that is named after it.
fn named_in(text: &str) -> Vec<Function<'_>> {
    let words: Vec<&str> = quoted(text).collect();
    let is_file = |word: &str| Path::new(word).extension().is_some_and(|end| end == "rs");
    let files = words.iter().enumerate().filter(|(_, word)| is_file(word));
    files
        .map(|(index, file)| Function { file, name: words.get(index + 1).copied().unwrap_or("") })
        .collect()
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
        let Some(source) = find(row.file) else {
            broken.push(format!("`{}` does not exist", row.file));
            continue;
        };
        let items = Items::of(source);
        broken.extend(items.not_in_order(row));
        let above = items.above_their_callers().chain(items.methods_above_their_callers(row));
        broken.extend(above.map(|what| format!("`{}`: {what}", row.file)));
        broken.extend(broken_onward(row, source, rows.get(index + 1), sources));
    }
    broken
}

/// Returns what is wrong with the files that a row names besides its own.
fn broken_onward(
    row: &Row<'_>,
    source: &Source,
    next: Option<&Row<'_>>,
    sources: &[Source],
) -> Vec<String> {
    let mut broken = Vec::new();
    // What has been read, and what leads to the next step if nothing was left for it.
    let (mut read, mut last) = (vec![source], Some(source));
    for step in &row.onward {
        let Step::Through(function) = step else {
            last = None;
            continue;
        };
        match function.find(sources) {
            Ok(through) => {
                let called = last.filter(|last| !function.is_called_in(last, through));
                broken.extend(called.map(|last| function.not_called_in(&[last])));
                read.push(through);
                last = Some(through);
            }
            Err(what) => broken.push(what),
        }
    }
    if let (Some(last), Some(next)) = (last, next)
        && let Some(name) = next.functions.first()
        && !calls(&last.text, next.file, name)
    {
        broken.push(Function { file: next.file, name }.not_called_in(&[last]));
    }
    if read.len() > MOST_BETWEEN + 1 {
        broken.push(format!("`{}` leads through more than {MOST_BETWEEN} files", row.file));
    }
    for function in &row.aside {
        match function.find(sources) {
            Ok(aside) => {
                if !read.iter().any(|reader| function.is_called_in(reader, aside)) {
                    broken.push(function.not_called_in(&read));
                }
                read.push(aside);
            }
            Err(what) => broken.push(what),
        }
    }
    if row.aside.len() > MOST_ASIDE {
        broken.push(format!("`{}` names more than {MOST_ASIDE} files aside", row.file));
    }
    broken
}

impl Function<'_> {
    /// Returns its file, which has to exist once, and to have it.
    fn find<'s>(&self, sources: &'s [Source]) -> Result<&'s Source, String> {
        let Self { file, name } = self;
        let end = format!("/{file}");
        let mut found =
            sources.iter().filter(|source| source.path == *file || source.path.ends_with(&end));
        let (Some(source), None) = (found.next(), found.next()) else {
            return Err(format!("`{file}` does not exist, or more than once"));
        };
        if Items::of(source).line_of(name).is_none() {
            return Err(format!("`{file}` has no function `{name}`"));
        }
        Ok(source)
    }

    fn is_called_in(&self, caller: &Source, own: &Source) -> bool {
        calls(&caller.text, &own.path, self.name)
    }

    fn not_called_in(&self, read: &[&Source]) -> String {
        let paths: Vec<&str> = read.iter().map(|source| source.path.as_str()).collect();
        format!("`{}` does not call `{}` of `{}`", paths.join("`, `"), self.name, self.file)
    }
}

fn sets_a_status(source: &Source) -> bool {
    source.text.contains(".status = ")
}

/// Returns whether a file calls the function of another one: by its module, from the root of its crate, as
/// the method of what is named after either, or by a name or on a type that it imports from it.
fn calls(text: &str, file: &str, function: &str) -> bool {
    // A comment calls nothing.
    let text: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let module = Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let package = file.split('/').nth(1).unwrap_or_default();
    let mut letters = module.chars();
    let kind = letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>());
    let kind = kind.unwrap_or_default();
    let by_owner = [
        format!("{module}::"),
        format!("roundel_{package}::"),
        format!("{module}."),
        format!("{package}."),
        format!("{kind}::"),
    ];
    let is_imported = |name: &str| text.contains(&format!("{module}::{name}"));
    let import = format!("{module}::");
    let mut types = text
        .split(&import)
        .skip(1)
        .filter_map(|after| after.split(|c: char| !c.is_alphanumeric()).next())
        .filter(|name| name.starts_with(char::is_uppercase));
    by_owner.iter().any(|owner| text.contains(&format!("{owner}{function}(")))
        || is_imported(function) && text.contains(&format!("{function}("))
        || is_imported("") && text.contains(&format!(".{function}("))
        || types.any(|name| text.contains(&format!("{name}::{function}(")))
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

    fn line_of(&self, name: &str) -> Option<usize> {
        self.functions.get(name).or_else(|| self.methods.get(name)).copied()
    }

    /// Lists the functions of a row that are not there, or not below the one before.
    fn not_in_order(&self, row: &Row<'_>) -> Vec<String> {
        let mut broken = Vec::new();
        let mut before: Option<(&str, usize)> = None;
        for name in &row.functions {
            match (self.line_of(name), before) {
                (None, _) => broken.push(format!("`{}` has no function `{name}`", row.file)),
                (Some(line), Some((above, last))) if line < last => {
                    broken.push(format!("`{}`: `{name}` is above `{above}`", row.file));
                }
                (Some(line), _) => before = Some((name, line)),
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

/// Sources of a path: `one` calls `two`, after which `three` is called through `between`.
fn sample() -> Vec<Source> {
    source::sample(&[
        ("crates/a/src/one.rs", "fn begin() { go_on() } fn go_on() { two::work(); side::look() }"),
        ("crates/a/src/two.rs", "fn work() { job.status = Status::Ended; between::hand_on() }"),
        ("crates/a/src/between.rs", "fn hand_on() { three.end() }"),
        ("crates/a/src/side.rs", "fn look() {}"),
        ("crates/b/src/three.rs", "fn end() {}"),
    ])
}

const ONE: &str = "| 1 | `crates/a/src/one.rs` | `begin` `go_on` | it begins | |";
const TWO: &str = "| 2 | `crates/a/src/two.rs` | `work` | it works | a row of `rows` |";
const THREE: &str = "| 3 | `crates/b/src/three.rs` | `end` | it ends | |";

fn broken(rows: &[&str]) -> Vec<String> {
    broken_steps(&rows.join("\n"), &sample())
}

#[test]
fn a_step_that_leads_nowhere_is_found() {
    assert_eq!(broken(&[ONE, TWO, THREE]), Vec::<String>::new());
    assert!(calls("fn hand_on() { Three::end() }", "crates/b/src/three.rs", "end"));
    assert!(calls("use three::Kind; fn a() { kind.end() }", "crates/b/src/three.rs", "end"));
    assert!(calls("use three::end; fn a() { end() }", "crates/b/src/three.rs", "end"));
    assert!(calls("use three::Kind; fn a() { Kind::end() }", "crates/b/src/three.rs", "end"));
    assert!(!calls("use three::Kind; fn a() { Sort::end() }", "crates/b/src/three.rs", "end"));
    assert!(!calls("fn a() { kind.end() }", "crates/b/src/three.rs", "end"));
    assert!(!calls("/// As `three::end()` does.\nfn a() {}", "crates/b/src/three.rs", "end"));
    assert!(broken(&[ONE])[0].contains("sets a status"));
    let silent = TWO.replace("a row of `rows` ", "");
    assert!(broken(&[ONE, &silent, THREE])[0].contains("does not call `end`"));
    assert!(broken(&[TWO, &ONE.replace("begin", "start")])[0].contains("no function `start`"));
    assert!(broken(&[TWO, &ONE.replace("one.rs", "gone.rs")])[0].contains("does not exist"));
    assert!(broken(&[TWO, &THREE.replace("`end`", "")])[0].contains("without a function"));
    assert!(broken(&[])[0].contains("0 files"));
    assert!(broken(&[THREE; 11])[0].contains("11 files"));
}

/// A file between two rows is read too: it must be there, be called, and not be one of many.
#[test]
fn a_step_through_a_file_that_is_not_called_is_found() {
    let through = |steps: &str| broken(&[ONE, &TWO.replace("a row of `rows`", steps), THREE]);
    assert_eq!(through("`between.rs` `hand_on`"), Vec::<String>::new());
    // What was left is found by the next file; it is not called.
    assert_eq!(through("a row ▸ `a/src/between.rs` `hand_on`"), Vec::<String>::new());
    assert_eq!(through("`between.rs` `hand_on` ▸ a row"), Vec::<String>::new());
    assert!(through("`gone.rs` `hand_on`")[0].contains("does not exist"));
    assert!(through("`src/between.rs` `end`")[0].contains("no function `end`"));
    assert!(through("`side.rs` `look`")[0].contains("two.rs` does not call `look`"));
    assert!(through("a row ▸ `side.rs` `look`")[0].contains("side.rs` does not call `end`"));
    let many = "a row ▸ `between.rs` `hand_on` ▸ a row ▸ `between.rs` `hand_on` ▸ a row ▸ `between.rs` `hand_on`";
    assert!(through(many)[0].contains("more than 2 files"));
}

#[test]
fn a_file_aside_that_is_not_called_is_found() {
    let aside = |named: &str| broken(&[&ONE.replace("it begins", named), TWO, THREE]);
    assert_eq!(aside("it looks (`side.rs` `look`)"), Vec::<String>::new());
    assert!(aside("`between.rs` `hand_on`")[0].contains("one.rs` does not call `hand_on`"));
    assert!(aside("`gone.rs` `look`")[0].contains("does not exist"));
    assert!(aside("`side.rs`")[0].contains("no function"));
    assert!(aside(&"`side.rs` `look` ".repeat(5))[0].contains("more than 4 files"));
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
