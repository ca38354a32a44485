//! The modules of our crates and what each name in them means, followed through `use` and
//! re-exports to the file that defines it.
//!
//! Names that macros define are not seen; a path to one leads to the file of its module.
//! Deliberately absent: methods, for a call by a dot names no file; but for those that a type calls on
//! itself ([`Modules::own_calls`]).

use std::{collections::BTreeMap, sync::OnceLock};

use syn::Item;

use super::{
    source::{self, Source},
    syntax::{self, Collector, Fact, Import, Mention, Method, Words},
};

/// All modules of the crates among some files.
pub(crate) struct Modules<'s> {
    sources: &'s [Source],
    all: Vec<Module>,
    /// Roots of libraries, by the name that other crates use.
    libraries: BTreeMap<String, ModuleId>,
}

/// A module, in the order in which modules were found.
pub(crate) type ModuleId = usize;

/// One module: a file, or a part of one.
pub(crate) struct Module {
    /// Index of its file.
    file: usize,
    root: ModuleId,
    parent: Option<ModuleId>,
    names: BTreeMap<String, Vec<Binding>>,
    globs: Vec<Words>,
    /// Capitalized names inside of macros that make items.
    made: Vec<String>,
    mentions: Vec<Mention>,
    facts: Vec<(Fact, usize)>,
    methods: Vec<Method>,
    own_calls: Vec<Method>,
}

enum Binding {
    Item,
    Module(ModuleId),
    Alias(Words),
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// An item of this workspace.
    Item {
        /// Index of the file that defines it.
        file: usize,
        name: String,
        /// What is after it: a variant, a function of the type.
        rest: Words,
    },
    /// A module of this workspace.
    Module(ModuleId),
    /// Something of another's crate, or of the language.
    Outside(Words),
}

/// A path that a file names, with what it leads to.
pub(crate) struct Resolved<'m> {
    /// The file that names it.
    pub source: &'m Source,
    /// The path as it stands.
    pub mention: &'m Mention,
    /// The targets that it leads to; a name may be a type and a function at once.
    pub targets: Vec<Target>,
}

/// How many steps a name is followed through `use`s. Cycles of re-exports end here.
const STEPS: usize = 16;

impl<'s> Modules<'s> {
    /// Reads the modules of every crate that has a root among these files.
    pub(crate) fn read(sources: &'s [Source]) -> Self {
        let mut modules = Self { sources, all: Vec::new(), libraries: BTreeMap::new() };
        for (index, source) in sources.iter().enumerate() {
            if !is_root(&source.path) {
                continue;
            }
            let root = modules.read_file(index, None);
            if let Some((package, "lib.rs")) = source.path.rsplit_once("/src/") {
                let name = package.rsplit('/').next().unwrap_or(package).replace('-', "_");
                modules.libraries.insert(format!("roundel_{name}"), root);
            }
        }
        modules
    }

    /// Reads the workspace, once for all tests.
    pub(crate) fn of_workspace() -> &'static Modules<'static> {
        static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
        static MODULES: OnceLock<Modules<'static>> = OnceLock::new();
        MODULES.get_or_init(|| Modules::read(SOURCES.get_or_init(source::rust)))
    }

    /// Returns a file by its index.
    pub(crate) fn source(&self, file: usize) -> &'s Source {
        &self.sources[file]
    }

    /// Follows every path that any file names.
    pub(crate) fn resolved(&self) -> impl Iterator<Item = Resolved<'_>> {
        self.all.iter().enumerate().flat_map(move |(id, module)| {
            module.mentions.iter().map(move |mention| Resolved {
                source: self.source(module.file),
                mention,
                targets: self.resolve(id, &mention.words, STEPS),
            })
        })
    }

    /// Lists what else files do, with the line, and what the paths in it lead to.
    pub(crate) fn facts(&self) -> impl Iterator<Item = (&Source, &Fact, usize, Vec<Target>)> {
        self.all.iter().enumerate().flat_map(move |(id, module)| {
            module.facts.iter().map(move |(fact, line)| {
                let targets = match fact {
                    Fact::Given(_, words) => self.resolve(id, words, STEPS),
                    Fact::Text(_) | Fact::Waits | Fact::Called(_) => Vec::new(),
                };
                (self.source(module.file), fact, *line, targets)
            })
        })
    }

    /// Counts the methods of each type of this workspace, those of traits aside: the file that defines the
    /// type, its name, and in which files how many are.
    pub(crate) fn methods(&self) -> Vec<(&Source, String, BTreeMap<&str, usize>)> {
        let mut counts: BTreeMap<(usize, String), BTreeMap<&str, usize>> = BTreeMap::new();
        for (id, module) in self.all.iter().enumerate() {
            for method in &module.methods {
                for own in self.types(id, method) {
                    let Target::Item { file, name, .. } = own else { continue };
                    let files = counts.entry((file, name)).or_default();
                    *files.entry(self.source(module.file).path.as_str()).or_default() += 1;
                }
            }
        }
        let counts = counts.into_iter();
        counts.map(|((file, name), files)| (self.source(file), name, files)).collect()
    }

    /// Lists the methods that types call on themselves: the file of the call, the file that defines the
    /// method, and its name with that of the type. One that several files define is left out.
    pub(crate) fn own_calls(&self) -> Vec<(&Source, &Source, String)> {
        let mut defined: BTreeMap<(Target, &str), Vec<usize>> = BTreeMap::new();
        for (id, module) in self.all.iter().enumerate() {
            for method in &module.methods {
                for own in self.types(id, method) {
                    let files = defined.entry((own, method.name.as_str())).or_default();
                    if !files.contains(&module.file) {
                        files.push(module.file);
                    }
                }
            }
        }
        let mut calls = Vec::new();
        for (id, module) in self.all.iter().enumerate() {
            for call in &module.own_calls {
                for own in self.types(id, call) {
                    let Target::Item { name, .. } = &own else { continue };
                    let shown = format!("{name}::{}", call.name);
                    if let Some([file]) = defined.get(&(own, call.name.as_str())).map(Vec::as_slice)
                    {
                        calls.push((self.source(module.file), self.source(*file), shown));
                    }
                }
            }
        }
        calls
    }

    /// Returns the types of this workspace that the type of a method may be.
    fn types(&self, from: ModuleId, method: &Method) -> Vec<Target> {
        let mut found = self.resolve(from, &method.own_type, STEPS);
        found.retain(|target| matches!(target, Target::Item { rest, .. } if rest.is_empty()));
        found
    }

    fn read_file(&mut self, file: usize, parent: Option<ModuleId>) -> ModuleId {
        let source = &self.sources[file];
        let items = syntax::parse(&source.path, &source.text).items;
        let folder = folder_of_children(&source.path, parent.is_none());
        self.read_module(&items, file, parent, &folder)
    }

    fn read_module(
        &mut self,
        items: &[Item],
        file: usize,
        parent: Option<ModuleId>,
        folder: &str,
    ) -> ModuleId {
        let id = self.all.len();
        let root = parent.map_or(id, |parent| self.all[parent].root);
        self.all.push(Module {
            file,
            root,
            parent,
            names: BTreeMap::new(),
            globs: Vec::new(),
            made: Vec::new(),
            mentions: Vec::new(),
            facts: Vec::new(),
            methods: Vec::new(),
            own_calls: Vec::new(),
        });
        let mut collector = Collector::default();
        for item in items {
            syn::visit::Visit::visit_item(&mut collector, item);
            if let Item::Macro(making) = item
                && making.ident.is_none()
            {
                syntax::names(&making.mac.tokens, &mut self.all[id].made);
            }
            if let Item::Mod(module) = item
                && let Some(child) = self.read_child(module, file, id, folder)
            {
                self.bind(id, module.ident.to_string(), Binding::Module(child));
            }
        }
        for name in collector.inner_items {
            self.bind(id, name, Binding::Item);
        }
        for import in collector.imports {
            match import {
                Import::Name(local, words) => self.bind(id, local, Binding::Alias(words)),
                Import::Glob(words) => self.all[id].globs.push(words),
            }
        }
        self.all[id].mentions = collector.mentions;
        self.all[id].facts = collector.facts;
        self.all[id].methods = collector.methods;
        self.all[id].own_calls = collector.own_calls;
        id
    }

    fn read_child(
        &mut self,
        module: &syn::ItemMod,
        file: usize,
        parent: ModuleId,
        folder: &str,
    ) -> Option<ModuleId> {
        let name = module.ident.to_string();
        if let Some((_, items)) = &module.content {
            return Some(self.read_module(items, file, Some(parent), &format!("{folder}/{name}")));
        }
        let explicit = module.attrs.iter().find(|attribute| attribute.path().is_ident("path"));
        let path = match explicit.and_then(path_of) {
            Some(path) => next_to(&self.sources[file].path, &path),
            None => format!("{folder}/{name}.rs"),
        };
        // `xtask` shares a file of `config`'s tests, which `config` leaves out: it is judged by neither.
        let home = |path: &str| path.split('/').take(2).collect::<Vec<_>>().join("/");
        if home(&path) != home(&self.sources[file].path) && path.contains("/tests/") {
            return None;
        }
        let child = self.sources.iter().position(|source| source.path == path)?;
        Some(self.read_file(child, Some(parent)))
    }

    fn bind(&mut self, module: ModuleId, name: String, binding: Binding) {
        self.all[module].names.entry(name).or_default().push(binding);
    }

    fn resolve(&self, from: ModuleId, words: &[String], steps: usize) -> Vec<Target> {
        let Some((first, rest)) = words.split_first() else { return Vec::new() };
        let module = &self.all[from];
        let start = match first.as_str() {
            "crate" => vec![Target::Module(module.root)],
            "self" => vec![Target::Module(from)],
            "super" => module.parent.map(Target::Module).into_iter().collect(),
            "Self" => return Vec::new(),
            "" => {
                return rest.split_first().map_or_else(Vec::new, |(name, rest)| {
                    self.follow(vec![self.outside(name)], rest, steps)
                });
            }
            name => match self.lookup(from, name, steps) {
                found if found.is_empty() => self.unknown(from, name, steps),
                found => found,
            },
        };
        self.follow(start, rest, steps)
    }

    /// Takes the words after the first, one by one.
    fn follow(&self, mut targets: Vec<Target>, rest: &[String], steps: usize) -> Vec<Target> {
        for (index, word) in rest.iter().enumerate() {
            // A function may have the name of a module; only one of them has something inside.
            if targets.iter().any(|target| matches!(target, Target::Module(_))) {
                targets.retain(|target| matches!(target, Target::Module(_)));
            }
            let step = |target: Target| self.step(target, word, index, steps);
            targets = targets.into_iter().flat_map(step).collect();
        }
        targets.sort();
        targets.dedup();
        targets
    }

    fn step(&self, target: Target, word: &str, index: usize, steps: usize) -> Vec<Target> {
        match target {
            Target::Item { file, name, mut rest } => {
                rest.push(word.to_owned());
                vec![Target::Item { file, name, rest }]
            }
            Target::Outside(mut words) => {
                words.push(word.to_owned());
                vec![Target::Outside(words)]
            }
            Target::Module(module) if word == "super" && index < STEPS => {
                self.all[module].parent.map(Target::Module).into_iter().collect()
            }
            Target::Module(module) => match self.lookup(module, word, steps) {
                // A macro made it.
                found if found.is_empty() => vec![self.item(module, word)],
                found => found,
            },
        }
    }

    fn lookup(&self, module: ModuleId, name: &str, steps: usize) -> Vec<Target> {
        let Some(steps) = steps.checked_sub(1) else { return Vec::new() };
        let own = self.all[module].names.get(name);
        let found = own.into_iter().flatten().flat_map(|binding| match binding {
            Binding::Item => vec![self.item(module, name)],
            Binding::Module(child) => vec![Target::Module(*child)],
            // `use hex;` and the like lead to themselves.
            Binding::Alias(words) if words.len() == 1 && words[0] == name => {
                vec![self.outside(name)]
            }
            Binding::Alias(words) => self.resolve(module, words, steps),
        });
        let found: Vec<Target> = found.collect();
        if !found.is_empty() {
            return found;
        }
        let through_glob = |words: &Words| {
            let behind = self.resolve(module, words, steps);
            behind.into_iter().flat_map(|target| match target {
                Target::Module(behind) if behind != module => {
                    let found = self.lookup(behind, name, steps);
                    if found.is_empty() && self.makes(behind, name) {
                        vec![self.item(behind, name)]
                    } else {
                        found
                    }
                }
                Target::Item { .. } | Target::Module(_) | Target::Outside(_) => Vec::new(),
            })
        };
        self.all[module].globs.iter().flat_map(through_glob).collect()
    }

    /// Whether a macro of the module may make an item of this name.
    fn makes(&self, module: ModuleId, name: &str) -> bool {
        name.starts_with(char::is_uppercase)
            && self.all[module].made.iter().any(|made| made == name)
    }

    /// A name that none of our modules has: of another's crate, or behind a glob of one.
    fn unknown(&self, module: ModuleId, name: &str, steps: usize) -> Vec<Target> {
        let mut found = vec![self.outside(name)];
        let Some(steps) = steps.checked_sub(1) else { return found };
        for words in &self.all[module].globs {
            for target in self.resolve(module, words, steps) {
                if let Target::Outside(mut words) = target {
                    words.push(name.to_owned());
                    found.push(Target::Outside(words));
                }
            }
        }
        found
    }

    fn item(&self, module: ModuleId, name: &str) -> Target {
        Target::Item { file: self.all[module].file, name: name.to_owned(), rest: Vec::new() }
    }

    fn outside(&self, name: &str) -> Target {
        match self.libraries.get(name) {
            Some(root) => Target::Module(*root),
            None => Target::Outside(vec![name.to_owned()]),
        }
    }
}

/// Returns whether a crate begins in this file.
fn is_root(path: &str) -> bool {
    let Some((package, inner)) = path.rsplit_once("/src/") else {
        let name = path.rsplit_once("/examples/").map(|(_, name)| name);
        return name.is_some_and(|name| !name.contains('/') || name.ends_with("/main.rs"));
    };
    !package.contains("/src/")
        && (matches!(inner, "lib.rs" | "main.rs")
            || inner.strip_prefix("bin/").is_some_and(|name| !name.contains('/')))
}

/// Returns the directory in which the compiler looks for the modules of a file.
fn folder_of_children(path: &str, is_root: bool) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.strip_suffix(".rs").unwrap_or(name);
    if is_root || stem == "mod" { folder.to_owned() } else { format!("{folder}/{stem}") }
}

fn path_of(attribute: &syn::Attribute) -> Option<String> {
    let syn::Expr::Lit(value) = &attribute.meta.require_name_value().ok()?.value else {
        return None;
    };
    if let syn::Lit::Str(path) = &value.lit { Some(path.value()) } else { None }
}

/// Finds `relative` from the directory of a file.
fn next_to(file: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
