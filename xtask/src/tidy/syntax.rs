//! Reading a Rust file as its compiler does, tests left out.

#![expect(clippy::wildcard_enum_match_arm, reason = "syn's enums may grow")]

use syn::{
    Attribute, File, ImplItem, Item, Path,
    visit::{self, Visit},
};

/// A path as it is written: `crate::job::Status` has three words. A leading `::` is the word "".
pub(crate) type Words = Vec<String>;

/// Where a path is, which decides what it says about the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// In code, in a private `use`, in an attribute or between the tokens of a macro.
    Code,
    /// In a `use` that others see: the file hands the name on, and need not use it itself.
    ReExport,
}

/// A path that a file names.
#[derive(Clone, Debug)]
pub(crate) struct Mention {
    pub words: Words,
    pub position: Position,
    /// Its line, from 1.
    pub line: usize,
}

/// Something else that a file does and a rule may forbid.
#[derive(Clone, Debug)]
pub(crate) enum Fact {
    /// A text is in it: what a string literal holds.
    Text(String),
    /// It has an `async` function or block, or waits for one.
    Waits,
    /// A field gets a value that names a path: `status: Status::Ended` or `job.status = …`.
    Given(String, Words),
}

/// A `use`, taken apart: one for each name.
pub(crate) enum Import {
    /// `use a::b as c`: the local name and the path.
    Name(String, Words),
    /// `use a::*`: the path before the star.
    Glob(Words),
}

/// Parses a file and drops what only tests see.
pub(crate) fn parse(path: &str, text: &str) -> File {
    let mut file = syn::parse_file(text).unwrap_or_else(|error| panic!("`{path}`: {error}"));
    drop_tests(&mut file.items);
    file
}

/// Returns the attributes of an item.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn drop_tests(items: &mut Vec<Item>) {
    items.retain(|item| !attributes(item).iter().any(is_for_tests));
    for item in items {
        match item {
            Item::Mod(module) => {
                if let Some((_, items)) = &mut module.content {
                    drop_tests(items);
                }
            }
            Item::Impl(block) => block.items.retain(|item| match item {
                ImplItem::Fn(item) => !item.attrs.iter().any(is_for_tests),
                ImplItem::Const(item) => !item.attrs.iter().any(is_for_tests),
                _ => true,
            }),
            _ => {}
        }
    }
}

/// Returns whether this is `#[test]`, `#[cfg(test)]` or `#[cfg(all(test, …))]`.
fn is_for_tests(attribute: &Attribute) -> bool {
    if attribute.path().is_ident("test") {
        return true;
    }
    let Ok(list) = attribute.meta.require_list() else { return false };
    let condition = list.tokens.to_string();
    let words = || condition.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    attribute.path().is_ident("cfg")
        && words().any(|word| word == "test")
        && !words().any(|word| word == "not" || word == "any")
}

/// Takes a `use` apart.
pub(crate) fn imports(item: &syn::ItemUse) -> Vec<(Import, usize)> {
    let start = if item.leading_colon.is_some() { vec![String::new()] } else { Vec::new() };
    let mut found = Vec::new();
    branch(&item.tree, &start, &mut found);
    found
}

fn branch(tree: &syn::UseTree, before: &[String], found: &mut Vec<(Import, usize)>) {
    let with = |name: &syn::Ident| {
        let mut words = before.to_vec();
        // `use a::{self}` names `a`.
        if name != "self" || words.is_empty() {
            words.push(plain(name));
        }
        (words, name.span().start().line)
    };
    match tree {
        syn::UseTree::Path(path) => branch(&path.tree, &with(&path.ident).0, found),
        syn::UseTree::Name(name) => {
            let (words, line) = with(&name.ident);
            let local = words.last().cloned().unwrap_or_default();
            found.push((Import::Name(local, words), line));
        }
        syn::UseTree::Rename(rename) => {
            let (words, line) = with(&rename.ident);
            found.push((Import::Name(plain(&rename.rename), words), line));
        }
        syn::UseTree::Glob(star) => {
            let line = star.star_token.span.start().line;
            found.push((Import::Glob(before.to_vec()), line));
        }
        syn::UseTree::Group(group) => {
            for tree in &group.items {
                branch(tree, before, found);
            }
        }
    }
}

/// Collects the paths and the `use`s of an item, of macros and attributes too.
#[derive(Default)]
pub(crate) struct Collector {
    /// What is named.
    pub mentions: Vec<Mention>,
    /// What else there is, with its line.
    pub facts: Vec<(Fact, usize)>,
    /// What `use`s bring in, those inside functions included.
    pub imports: Vec<Import>,
    /// Names of items inside functions.
    pub inner_items: Vec<String>,
}

impl Collector {
    fn mention(&mut self, words: Words, line: usize) {
        self.mentions.push(Mention { words, position: Position::Code, line });
    }

    /// Collects what is between the tokens of a macro: names joined by `::`.
    fn tokens(&mut self, tokens: &proc_macro2::TokenStream) {
        let mut reader = TokenReader::default();
        for token in tokens.clone() {
            match token {
                proc_macro2::TokenTree::Group(group) => {
                    reader.end(self);
                    self.tokens(&group.stream());
                }
                proc_macro2::TokenTree::Ident(name) => reader.name(&name, self),
                proc_macro2::TokenTree::Punct(mark) => reader.mark(mark.as_char(), self),
                proc_macro2::TokenTree::Literal(literal) => {
                    reader.end(self);
                    if let syn::Lit::Str(text) = syn::Lit::new(literal) {
                        self.visit_lit_str(&text);
                    }
                }
            }
        }
        reader.end(self);
    }

    /// Notes that a field gets a value that names every path since the first `mentions`.
    fn given(&mut self, field: &syn::Member, mentions: usize) {
        let syn::Member::Named(name) = field else { return };
        let paths = self.mentions[mentions..].iter();
        let given = paths.map(|path| Fact::Given(plain(name), path.words.clone()));
        for fact in given.collect::<Vec<_>>() {
            self.fact(fact, name.span());
        }
    }

    fn fact(&mut self, fact: Fact, span: proc_macro2::Span) {
        self.facts.push((fact, span.start().line));
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_path(&mut self, path: &'ast Path) {
        let mut words = if path.leading_colon.is_some() { vec![String::new()] } else { Vec::new() };
        words.extend(path.segments.iter().map(|segment| plain(&segment.ident)));
        let line = path.segments.first().map_or(0, |first| first.ident.span().start().line);
        self.mention(words, line);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let texts = self.facts.len();
        self.tokens(&call.tokens);
        if call.path.is_ident("concat") {
            let parts = self.facts[texts..].iter().filter_map(|(fact, _)| match fact {
                Fact::Text(text) => Some(text.as_str()),
                _ => None,
            });
            let whole = Fact::Text(parts.collect());
            self.fact(whole, call.bang_token.span);
        }
        visit::visit_macro(self, call);
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.fact(Fact::Text(text.value()), text.span());
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(keyword) = &signature.asyncness {
            self.fact(Fact::Waits, keyword.span);
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.fact(Fact::Waits, block.async_token.span);
        visit::visit_expr_async(self, block);
    }

    fn visit_expr_await(&mut self, wait: &'ast syn::ExprAwait) {
        self.fact(Fact::Waits, wait.await_token.span);
        visit::visit_expr_await(self, wait);
    }

    fn visit_expr_assign(&mut self, assignment: &'ast syn::ExprAssign) {
        let mentions = self.mentions.len();
        visit::visit_expr_assign(self, assignment);
        if let syn::Expr::Field(place) = &*assignment.left {
            self.given(&place.member, mentions);
        }
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        let mentions = self.mentions.len();
        visit::visit_field_value(self, field);
        self.given(&field.member, mentions);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let syn::Meta::List(list) = &attribute.meta else { return };
        self.tokens(&list.tokens);
        if attribute.path().is_ident("serde") {
            // `#[serde(with = "crate::time")]` names a function in a text.
            for token in list.tokens.clone() {
                let proc_macro2::TokenTree::Literal(text) = token else { continue };
                let line = text.span().start().line;
                let text = text.to_string();
                let words: Words =
                    text.trim_matches('"').split("::").map(ToOwned::to_owned).collect();
                self.mention(words, line);
            }
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let is_private = matches!(item.vis, syn::Visibility::Inherited);
        let position = if is_private { Position::Code } else { Position::ReExport };
        for (import, line) in imports(item) {
            let words = match &import {
                Import::Name(_, words) | Import::Glob(words) => words.clone(),
            };
            self.mentions.push(Mention { words, position, line });
            self.imports.push(import);
        }
    }

    fn visit_item(&mut self, item: &'ast Item) {
        self.inner_items.extend(defined_name(item));
        visit::visit_item(self, item);
    }

    // Modules inside an item are walked by the caller that builds the tree of modules.
    fn visit_item_mod(&mut self, _: &'ast syn::ItemMod) {}
}

/// Puts names and `::` together.
#[derive(Default)]
struct TokenReader {
    words: Words,
    line: usize,
    colons: usize,
    after_dot: bool,
}

impl TokenReader {
    fn name(&mut self, name: &proc_macro2::Ident, into: &mut Collector) {
        if self.colons != 2 {
            self.end(into);
        }
        // After a dot is a field or a method.
        if std::mem::take(&mut self.after_dot) {
            return;
        }
        if self.words.is_empty() {
            self.line = name.span().start().line;
        }
        self.words.push(plain(name));
        self.colons = 0;
    }

    fn mark(&mut self, mark: char, into: &mut Collector) {
        if mark == ':' && !self.words.is_empty() && self.colons < 2 {
            self.colons += 1;
        } else {
            self.end(into);
        }
        self.after_dot = mark == '.';
    }

    fn end(&mut self, into: &mut Collector) {
        self.colons = 0;
        self.after_dot = false;
        if !self.words.is_empty() {
            into.mention(std::mem::take(&mut self.words), self.line);
        }
    }
}

/// Returns the name that an item defines.
pub(crate) fn defined_name(item: &Item) -> Option<String> {
    Some(plain(match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    }))
}

fn plain(name: &proc_macro2::Ident) -> String {
    let name = name.to_string();
    name.strip_prefix("r#").map_or(name.clone(), ToOwned::to_owned)
}
