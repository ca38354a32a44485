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
    /// A method of this name is called.
    Called(String),
}

/// A method of a type, as an `impl` block names it.
#[derive(Clone, Debug)]
pub(crate) struct Method {
    /// The path of the type, as the block has it.
    pub own_type: Words,
    pub name: String,
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

/// Returns whether this is `#[test]`, `#[cfg(test)]` or `#[cfg(all(test, …))]`; a feature may have the name
/// `test`, too.
fn is_for_tests(attribute: &Attribute) -> bool {
    if attribute.path().is_ident("test") {
        return true;
    }
    let Ok(list) = attribute.meta.require_list() else { return false };
    let mut words = Vec::new();
    names(&list.tokens, &mut words);
    let has = |name: &str| words.iter().any(|word| word == name);
    attribute.path().is_ident("cfg") && has("test") && !has("not") && !has("any")
}

/// Lists the names among tokens, also inside brackets. Texts do not count.
pub(crate) fn names(tokens: &proc_macro2::TokenStream, found: &mut Vec<String>) {
    for token in tokens.clone() {
        match token {
            proc_macro2::TokenTree::Ident(name) => found.push(plain(&name)),
            proc_macro2::TokenTree::Group(group) => names(&group.stream(), found),
            proc_macro2::TokenTree::Punct(_) | proc_macro2::TokenTree::Literal(_) => {}
        }
    }
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
    /// Methods that blocks without a trait define.
    pub methods: Vec<Method>,
    /// Methods that are called on `self`, or through `Self::`.
    pub own_calls: Vec<Method>,
    /// What `Self` stands for here.
    own_type: Option<Words>,
    /// Variables of this function, with the paths that their values name, and the line.
    locals: Vec<(String, Vec<Words>, usize)>,
    /// Fields that get the variable of their own name in this function.
    shorthands: Vec<String>,
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

    /// Collects what texts in an attribute name: `#[serde(with = "crate::time")]` names a function.
    fn named_in_texts(&mut self, tokens: &proc_macro2::TokenStream) {
        for token in tokens.clone() {
            match token {
                proc_macro2::TokenTree::Group(group) => self.named_in_texts(&group.stream()),
                proc_macro2::TokenTree::Literal(text) => {
                    let line = text.span().start().line;
                    let text = text.to_string();
                    let words = text.trim_matches('"').split("::").map(ToOwned::to_owned);
                    self.mention(words.collect(), line);
                }
                proc_macro2::TokenTree::Ident(_) | proc_macro2::TokenTree::Punct(_) => {}
            }
        }
    }

    /// Notes that a field gets a value that names every path since the first `mentions`.
    fn given(&mut self, field: &proc_macro2::Ident, mentions: usize) {
        let paths = self.mentions[mentions..].iter();
        let given = paths.map(|path| Fact::Given(plain(field), path.words.clone()));
        for fact in given.collect::<Vec<_>>() {
            self.fact(fact, field.span());
        }
    }

    /// Reads a function: a field that is given as `Row { status }` gets what `let status = …` names, and one
    /// that is given a variable what that names.
    fn in_body(&mut self, read: impl FnOnce(&mut Self)) {
        let outer = (std::mem::take(&mut self.locals), std::mem::take(&mut self.shorthands));
        let start = self.facts.len();
        read(self);
        self.through_variables(start);
        let (locals, shorthands) =
            (std::mem::take(&mut self.locals), std::mem::take(&mut self.shorthands));
        for (name, paths, line) in locals {
            if shorthands.contains(&name) {
                let given = paths.into_iter().map(|words| Fact::Given(name.clone(), words));
                self.facts.extend(given.map(|fact| (fact, line)));
            }
        }
        (self.locals, self.shorthands) = outer;
    }

    /// Follows `let ended = Status::Ended; job.status = ended;` for the facts since the first `start`.
    fn through_variables(&mut self, start: usize) {
        let mut found = Vec::new();
        for (fact, line) in &self.facts[start..] {
            let Fact::Given(field, words) = fact else { continue };
            let [word] = words.as_slice() else { continue };
            for (_, paths, _) in self.locals.iter().filter(|(name, ..)| name == word) {
                let given = paths.iter().map(|path| Fact::Given(field.clone(), path.clone()));
                found.extend(given.map(|fact| (fact, *line)));
            }
        }
        self.facts.extend(found);
    }

    fn fact(&mut self, fact: Fact, span: proc_macro2::Span) {
        self.facts.push((fact, span.start().line));
    }
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_path(&mut self, path: &'ast Path) {
        let mut words = if path.leading_colon.is_some() { vec![String::new()] } else { Vec::new() };
        words.extend(path.segments.iter().map(|segment| plain(&segment.ident)));
        if let (Some("Self"), Some(own)) = (words.first().map(String::as_str), &self.own_type) {
            if let [_, name] = words.as_slice() {
                let call = Method { own_type: own.clone(), name: name.clone() };
                self.own_calls.push(call);
            }
            words.splice(..1, own.clone());
        }
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
        if call.path.segments.last().is_some_and(|last| last.ident == "include") {
            self.mention(vec!["include!".to_owned()], call.bang_token.span.start().line);
        }
        if call.path.is_ident("stringify") {
            self.fact(Fact::Text(call.tokens.to_string()), call.bang_token.span);
        }
        visit::visit_macro(self, call);
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.fact(Fact::Text(text.value()), text.span());
    }

    fn visit_lit_byte_str(&mut self, text: &'ast syn::LitByteStr) {
        self.fact(Fact::Text(String::from_utf8_lossy(&text.value()).into_owned()), text.span());
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        let own: Option<Words> = if let syn::Type::Path(path) = &*block.self_ty {
            Some(path.path.segments.iter().map(|segment| plain(&segment.ident)).collect())
        } else {
            None
        };
        if let (Some(own), None) = (&own, &block.trait_) {
            self.methods.extend(block.items.iter().filter_map(|item| match item {
                ImplItem::Fn(method) => {
                    Some(Method { own_type: own.clone(), name: plain(&method.sig.ident) })
                }
                _ => None,
            }));
        }
        let outer = std::mem::replace(&mut self.own_type, own);
        visit::visit_item_impl(self, block);
        self.own_type = outer;
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
        if let Some(name) = place(&assignment.left) {
            self.given(name, mentions);
        }
    }

    // `mem::replace(&mut job.status, …)`
    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        let mentions = self.mentions.len();
        visit::visit_expr_call(self, call);
        for argument in &call.args {
            if let syn::Expr::Reference(syn::ExprReference { mutability: Some(_), expr, .. }) =
                argument
                && let Some(name) = place(expr)
            {
                self.given(name, mentions);
            }
        }
    }

    // `job.status.clone_from(…)`, `job.set_status(…)`
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.fact(Fact::Called(plain(&call.method)), call.method.span());
        if let (syn::Expr::Path(receiver), Some(own)) = (&*call.receiver, &self.own_type)
            && receiver.path.is_ident("self")
        {
            let call = Method { own_type: own.clone(), name: plain(&call.method) };
            self.own_calls.push(call);
        }
        let mentions = self.mentions.len();
        visit::visit_expr_method_call(self, call);
        let name = plain(&call.method);
        if let Some(field) = SETTERS.iter().find_map(|before| name.strip_prefix(before)) {
            self.given(&proc_macro2::Ident::new(field, call.method.span()), mentions);
        }
        if WRITERS.iter().any(|writer| call.method == writer)
            && let Some(name) = place(&call.receiver)
        {
            self.given(name, mentions);
        }
    }

    // `let status = …; Row { status }`
    fn visit_expr_struct(&mut self, made: &'ast syn::ExprStruct) {
        for field in made.fields.iter().filter(|field| field.colon_token.is_none()) {
            if let syn::Member::Named(name) = &field.member {
                self.shorthands.push(plain(name));
            }
        }
        visit::visit_expr_struct(self, made);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        visit::visit_local(self, local);
        let pattern = match &local.pat {
            syn::Pat::Type(typed) => &*typed.pat,
            pattern => pattern,
        };
        if let syn::Pat::Ident(name) = pattern {
            let mut values = Vec::new();
            if let Some(init) = &local.init {
                value_paths(&init.expr, &mut values);
            }
            let line = name.ident.span().start().line;
            self.locals.push((plain(&name.ident), values, line));
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.in_body(|collector| visit::visit_item_fn(collector, function));
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.in_body(|collector| visit::visit_impl_item_fn(collector, function));
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        let mentions = self.mentions.len();
        visit::visit_field_value(self, field);
        if let syn::Member::Named(name) = &field.member {
            self.given(name, mentions);
        }
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let syn::Meta::List(list) = &attribute.meta else { return };
        self.tokens(&list.tokens);
        self.named_in_texts(&list.tokens);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        let name = plain(&item.ident);
        let words = if name == "self" { vec!["crate".to_owned()] } else { vec![name.clone()] };
        let local = item.rename.as_ref().map_or(name, |(_, local)| plain(local));
        self.mention(words.clone(), item.ident.span().start().line);
        self.imports.push(Import::Name(local, words));
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

/// How the name of a method begins that gives a field a value.
const SETTERS: &[&str] = &["set_", "with_"];

/// Methods that write over what they are called on.
const WRITERS: &[&str] = &["clone_from", "replace", "insert", "get_or_insert", "set"];

/// Returns the field or the variable that an expression is: `job.status`, `*status`, `(*job).status`.
fn place(of: &syn::Expr) -> Option<&proc_macro2::Ident> {
    match of {
        syn::Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => Some(name),
            syn::Member::Unnamed(_) => None,
        },
        syn::Expr::Path(path) => path.path.get_ident(),
        syn::Expr::Unary(inner) => place(&inner.expr),
        syn::Expr::Paren(inner) => place(&inner.expr),
        syn::Expr::Reference(inner) => place(&inner.expr),
        syn::Expr::Group(inner) => place(&inner.expr),
        _ => None,
    }
}

/// Collects the paths that an expression may have as its value: of each branch, of a block's end.
fn value_paths(of: &syn::Expr, found: &mut Vec<Words>) {
    match of {
        syn::Expr::Path(path) => {
            found.push(path.path.segments.iter().map(|segment| plain(&segment.ident)).collect());
        }
        syn::Expr::Paren(inner) => value_paths(&inner.expr, found),
        syn::Expr::Reference(inner) => value_paths(&inner.expr, found),
        syn::Expr::MethodCall(call) => value_paths(&call.receiver, found),
        syn::Expr::Block(block) => value_of_block(&block.block, found),
        syn::Expr::If(branch) => {
            value_of_block(&branch.then_branch, found);
            if let Some((_, otherwise)) = &branch.else_branch {
                value_paths(otherwise, found);
            }
        }
        syn::Expr::Match(choice) => {
            choice.arms.iter().for_each(|arm| value_paths(&arm.body, found));
        }
        _ => {}
    }
}

fn value_of_block(block: &syn::Block, found: &mut Vec<Words>) {
    if let Some(syn::Stmt::Expr(value, None)) = block.stmts.last() {
        value_paths(value, found);
    }
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
        let is_after_dot = self.after_dot;
        if self.colons != 2 {
            self.end(into);
        }
        // After a dot is a field or a method.
        if is_after_dot {
            into.fact(Fact::Called(plain(name)), name.span());
            return;
        }
        if self.words.is_empty() {
            self.line = name.span().start().line;
        }
        self.words.push(plain(name));
        self.colons = 0;
    }

    fn mark(&mut self, mark: char, into: &mut Collector) {
        if mark == '!' && self.words.last().is_some_and(|last| last == "include") {
            into.mention(vec!["include!".to_owned()], self.line);
        }
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
