//! What the aliases under `orbs` stand for (CFG §4.13).
//!
//! The configuration's own imports are all resolved, so that everything that is missing is reported
//! at once; an orb's imports only once something of them is used.

use std::sync::Arc;

use crate::{
    api::orbs::{Missing, Orb, Resolution, ResolvedOrb},
    codes,
    language::{
        data::{Data, ModuleId, Scope},
        definition::{Import, Module},
        orb_reference::{OrbReference, OrbVersion, ReferenceError},
    },
    read::yaml::{Entry, View},
    resolve::{
        lookup::Lookup,
        misindented_keys::{check_keys_of_orb, define_misplaced},
    },
    text::{place::Place, problem::Problem, suggest::list},
};

/// Orbs of one compilation, those that orbs import included.
const ORBS: usize = 500;

/// Orbs within orbs (CFG §1.5).
const DEPTH: usize = 10;

/// Orbs from addresses in one configuration (CFG §1.5).
const URL_ORBS: usize = 50;

/// An orb that a module imports, and where that is said.
struct OrbImport<'a> {
    module: ModuleId,
    reference: &'a OrbReference,
    place: Place,
    /// How many imports lead to it.
    depth: usize,
}

impl<'d> Lookup<'_, 'd> {
    /// Returns what an alias stands for in a module; `None` if it is not declared.
    pub(crate) fn import(&mut self, module: ModuleId, alias: &str) -> Option<Import> {
        let known = self.modules.get(module);
        if let Some(import) = known.imports.get(alias) {
            return Some(*import);
        }
        let orbs = self.render.doc().get(known.root?, "orbs")?;
        let entry = self.render.doc().get(orbs.value, alias)?;
        // Whatever is found below: the same reference is reported once.
        self.modules.get_mut(module).imports.insert(entry.name, Import::Absent);
        let import = self.resolve_import(module, &entry).map_or(Import::Absent, Import::Module);
        self.modules.get_mut(module).imports.insert(entry.name, import);
        Some(import)
    }

    fn resolve_import(&mut self, module: ModuleId, entry: &Entry<'d>) -> Option<ModuleId> {
        let depth = self.modules.get(module).depth + 1;
        let place = self.render.doc().place(entry.value);
        if depth > DEPTH || self.modules.len() >= ORBS {
            let message = format!(
                "orbs can be nested at most {DEPTH} levels deep, with at most {ORBS} in total"
            );
            self.render.report().add(Problem::error(codes::ORB_UNREACHABLE, place, message));
            return None;
        }
        match self.render.doc().view(entry.value) {
            View::Broken => None,
            View::Map(_) => {
                let name = format!("inline orb `{}`", entry.name);
                let id = self.modules.add(Module::new(name, Some(entry.value), depth))?;
                define_misplaced(self.render, self.modules, id, entry.value);
                check_keys_of_orb(self.render, self.modules, entry.value);
                Some(id)
            }
            View::Seq(_) => {
                let message = format!("orb `{}` must be a reference or a mapping", entry.name);
                let problem = Problem::error(codes::ORB_VERSION, place, message);
                self.render
                    .report()
                    .add(problem.help(format!("write `{}: namespace/name@1.2.3`", entry.name)));
                None
            }
            View::Scalar(..) => {
                let reference = self.reference(module, entry, place)?;
                self.load(&OrbImport { module, reference: &reference, place, depth })
            }
        }
    }

    /// Renders and reads a reference.
    fn reference(
        &mut self,
        module: ModuleId,
        entry: &Entry<'_>,
        place: Place,
    ) -> Option<OrbReference> {
        let scope = Scope::outer("the section `orbs`", module);
        let value = self.render.evaluate(entry.value, &scope);
        let text = match &value.data {
            Data::Unknown => return None,
            Data::Null => {
                let message = format!("orb `{}` has no reference", entry.name);
                let problem = Problem::error(codes::ORB_VERSION, entry.key, message);
                self.render
                    .report()
                    .add(problem.help(format!("write `{}: namespace/name@1.2.3`", entry.name)));
                return None;
            }
            data => data.scalar_text().unwrap_or_default(),
        };
        match text.parse::<OrbReference>() {
            Ok(reference) => {
                if reference.version == OrbVersion::Volatile && !text.contains('@') {
                    let message =
                        format!("`{text}` has no version: the latest version is used each time");
                    let problem = Problem::warning(codes::ORB_VERSION, place, message);
                    self.render
                        .report()
                        .add(problem.help(format!("write `{text}@volatile`, or name a version")));
                }
                Some(reference)
            }
            Err(error) => {
                let help = match (OrbReference::corrected(&text), &error) {
                    (Some(corrected), _) => format!("write `{corrected}`"),
                    (None, ReferenceError::Name(_)) => "write `namespace/name@1.2.3`".to_owned(),
                    (None, ReferenceError::Version(_)) => {
                        "versions are `1.2.3`, `1.2`, `1`, `volatile` and `dev:label`".to_owned()
                    }
                };
                let problem = Problem::error(codes::ORB_VERSION, place, error.to_string());
                self.render.report().add(problem.help(help));
                None
            }
        }
    }

    fn load(&mut self, import: &OrbImport<'_>) -> Option<ModuleId> {
        let OrbImport { reference, place, .. } = *import;
        if reference.version == OrbVersion::Url {
            self.modules.orbs.addresses += 1;
            if self.modules.orbs.addresses > URL_ORBS {
                let message = format!("a configuration can import at most {URL_ORBS} orbs by URL");
                self.render.report().add(Problem::error(codes::ORB_UNREACHABLE, place, message));
                return None;
            }
        }
        let given = self.modules.orbs.given;
        match given.get(reference) {
            None => {
                if !self.modules.orbs.unresolved.contains(reference) {
                    self.modules.orbs.unresolved.push(reference.clone());
                }
                None
            }
            Some(Resolution::Missing(missing)) => {
                self.missing_orb(reference, missing, place);
                None
            }
            Some(Resolution::Found(orb)) => self.loaded(import, orb),
        }
    }

    fn loaded(&mut self, import: &OrbImport<'_>, orb: &Arc<Orb>) -> Option<ModuleId> {
        let OrbImport { module, reference, place, depth } = *import;
        let version =
            if orb.version.is_empty() { String::new() } else { format!("@{}", orb.version) };
        let resolved = format!("{}{version}", orb.name);
        let requested = reference.to_string();
        if !self.modules.orbs.resolved.iter().any(|known| known.requested == requested) {
            self.modules.orbs.resolved.push(ResolvedOrb {
                requested,
                resolved: resolved.clone(),
                digest: orb.digest.clone(),
                origin: orb.origin.clone(),
                transitive: module.is_orb(),
            });
            if let Some(notice) = &orb.notice {
                let problem = Problem::warning(codes::ORB_STAND_IN, place, notice.clone());
                self.render.report().add(problem);
            }
        }
        if let Some(&known) = self.modules.orbs.loaded.get(&resolved) {
            return Some(known);
        }
        let source = self.modules.orbs.given.parsed(orb, &resolved);
        let file = self.render.doc().add(source)?;
        let doc = self.render.doc();
        let source = doc.file(file);
        let broken = source.problems.iter().any(Problem::is_error);
        for problem in source.problems.iter().filter(|problem| problem.is_error()) {
            self.render.report().enter(&"orbs".into(), place);
            self.render.report().add(problem.clone().in_file(file));
            self.render.report().leave();
        }
        let root = self.render.doc().root(file).filter(|root| self.render.doc().is_map(*root));
        if root.is_none() && !broken {
            let message = format!("orb `{resolved}` is empty or not a mapping");
            self.render.report().add(Problem::error(codes::ORB_INVALID, place, message));
        }
        let root = root.filter(|_| !broken)?;
        let id = self.modules.add(Module::new(format!("orb `{resolved}`"), Some(root), depth))?;
        self.modules.orbs.loaded.insert(resolved, id);
        Some(id)
    }

    fn missing_orb(&mut self, reference: &OrbReference, missing: &Missing, place: Place) {
        let orb = reference.orb();
        let is_url = reference.version == OrbVersion::Url;
        let (code, mut message) = match (&missing.error, missing.versions.is_empty(), is_url) {
            (error, _, true) => {
                let why = error.clone().unwrap_or_else(|| "it was not fetched".to_owned());
                (codes::ORB_UNREACHABLE, format!("cannot fetch orb `{orb}`: {why}"))
            }
            (Some(error), ..) => {
                (codes::ORB_UNREACHABLE, format!("cannot fetch orb `{reference}`: {error}"))
            }
            (None, false, _) => {
                (codes::ORB_VERSION, format!("orb `{orb}` has no version `{}`", reference.version))
            }
            (None, true, _) => (codes::ORB_NOT_FOUND, format!("orb `{orb}` not found")),
        };
        if !missing.looked_in.is_empty() {
            message.push_str("; looked in ");
            message.push_str(&missing.looked_in.join(", "));
        }
        let help = missing.help.clone().or_else(|| {
            let newest = missing.versions.iter().map(String::as_str);
            (!missing.versions.is_empty()).then(|| format!("versions: {}", list(newest)))
        });
        let help = help.unwrap_or_else(|| {
            "publish it to this server with `roundel orb publish`, or pass a directory that \
             contains it with `--orbs`"
                .to_owned()
        });
        self.render.report().add(Problem::error(code, place, message).help(help));
    }
}
