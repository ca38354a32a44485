//! Documents that are not files, for editors that can open files only: sources of orbs and the pages of
//! diagnostics. They are written into a temporary directory, removed when the server ends.

use std::{collections::HashMap, fs, io, path::PathBuf};

use gen_lsp_types::Uri;
use roundel_config::{codes, orbs::Orb, page};
use tempfile::TempDir;

/// Files that are written at most.
const FILES: usize = 1_000;

/// The directory, made when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    directory: Option<TempDir>,
    written: HashMap<String, Uri>,
}

impl Sources {
    /// Returns whether a document is one of these.
    pub(crate) fn holds(&self, uri: &Uri) -> bool {
        self.written.values().any(|known| known == uri)
    }

    /// Returns where an orb's source can be read.
    pub(crate) fn orb(&mut self, orb: &Orb) -> Option<Uri> {
        let version = if orb.version.is_empty() { "latest" } else { &orb.version };
        self.file(
            &format!("{}@{version}-{}.yml", orb.name, orb.digest.get(..8).unwrap_or_default()),
            || orb.text.to_string(),
        )
    }

    /// Returns the page of a diagnostic.
    pub(crate) fn page(&mut self, slug: &str) -> Option<Uri> {
        let code = codes::code(slug)?;
        self.file(&format!("{slug}.md"), || page(*code))
    }

    fn file(&mut self, name: &str, text: impl FnOnce() -> String) -> Option<Uri> {
        let name: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "-_.@".contains(c) { c } else { '+' })
            .collect();
        if let Some(known) = self.written.get(&name) {
            return Some(known.clone());
        }
        if self.written.len() >= FILES {
            return None;
        }
        let path = self.write(&name, &text()).map_err(|error| {
            tracing::warn!(%error, file = name, "failed to write a text for the editor");
        });
        let uri = Uri::from_file_path(path.ok()?).ok()?;
        self.written.insert(name, uri.clone());
        Some(uri)
    }

    fn write(&mut self, name: &str, text: &str) -> io::Result<PathBuf> {
        let directory = match &self.directory {
            Some(directory) => directory,
            None => {
                self.directory.insert(tempfile::Builder::new().prefix("roundel-lsp-").tempdir()?)
            }
        };
        let path = directory.path().join(name);
        fs::write(&path, text)?;
        // Changing it would change nothing.
        let mut permissions = fs::metadata(&path)?.permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions)?;
        Ok(path)
    }
}

fn page(code: codes::Code) -> String {
    page::page(code.slug).map_or_else(|| code.about.to_owned(), |page| page.markdown())
}
