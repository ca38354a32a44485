//! The orbs that a document imports, read for their definitions.

use std::{collections::HashMap, sync::Arc};

use roundel_config::orbs::{Missing, Orb, OrbReference, OrbSet, Resolution};

use super::{
    document::Document,
    outline::{Item, Outline, Outlines},
    schema::shape::Kind,
};

/// Orbs that are read for one document.
const ORBS: usize = 200;

/// The orbs that a document imports, by the alias it gives them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Library {
    found: HashMap<String, Arc<Source>>,
    outlines: Outlines,
    missing: HashMap<String, (OrbReference, Missing)>,
}

/// An orb and what its source defines.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) orb: Arc<Orb>,
    pub(crate) document: Document,
}

impl Library {
    /// Reads the orbs that `document` names, as far as they are known. Takes over from `before`
    /// what did not change.
    pub(crate) fn new(document: &Document, orbs: &OrbSet, before: &Self) -> Self {
        let mut library = Self::default();
        let aliases = document.outline.items.iter().filter(|item| item.kind == Kind::Orb);
        for item in aliases.take(ORBS) {
            let Some(reference) = reference_of(&document.outline, item) else { continue };
            let path = super::outline::join(&item.scope, &item.name);
            match orbs.get(&reference) {
                Some(Resolution::Found(orb)) => {
                    let kept = before.found.get(&path).filter(|kept| kept.orb.digest == orb.digest);
                    let source = kept.cloned().unwrap_or_else(|| {
                        let document = Document::new(Arc::clone(&orb.text));
                        Arc::new(Source { orb: Arc::clone(orb), document })
                    });
                    library.outlines.insert(path.clone(), Arc::clone(&source.document.outline));
                    library.found.insert(path, source);
                }
                Some(Resolution::Missing(missing)) => {
                    library.missing.insert(path, (reference, missing.clone()));
                }
                None => {}
            }
        }
        library
    }

    /// Returns all orbs that were found.
    pub(crate) fn orbs(&self) -> impl Iterator<Item = &Arc<Orb>> {
        self.found.values().map(|source| &source.orb)
    }

    /// Returns the outlines of all orbs that were found.
    pub(crate) fn outlines(&self) -> &Outlines {
        &self.outlines
    }

    /// Returns the orb that an alias stands for.
    pub(crate) fn source(&self, alias: &str) -> Option<&Arc<Source>> {
        self.found.get(alias)
    }

    /// Returns why the orb of an alias is not available.
    pub(crate) fn missing(&self, alias: &str) -> Option<&(OrbReference, Missing)> {
        self.missing.get(alias)
    }

    /// Finds an element of an orb.
    pub(crate) fn item(
        &self,
        alias: &str,
        kind: Kind,
        name: &str,
    ) -> Option<(&Arc<Source>, &Item)> {
        let source = self.source(alias)?;
        Some((source, source.document.outline.item("", kind, name)?))
    }
}

/// Returns the reference of an alias, with the defaults of pipeline parameters filled in: what else
/// they could be is not known while text is being typed.
fn reference_of(outline: &Outline, item: &Item) -> Option<OrbReference> {
    let mut text = item.reference.clone()?;
    for parameter in &outline.parameters {
        let Some(default) = &parameter.default else { continue };
        let value = default.trim_matches(['"', '\'']);
        for tag in [
            format!("<< pipeline.parameters.{} >>", parameter.name),
            format!("<<pipeline.parameters.{}>>", parameter.name),
        ] {
            text = text.replace(&tag, value);
        }
    }
    text.parse().ok()
}
