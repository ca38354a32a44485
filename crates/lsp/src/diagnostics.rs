//! What the compiler found, as editors show it.

use gen_lsp_types::{
    Code, CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity,
    DiagnosticTag, Location, Message, Range, Uri,
};
use roundel_config::{Related, Severity, codes};

use crate::{
    documents::Open,
    sources::Sources,
    text::{Encoding, Text},
};

/// Codes of what is unused: editors gray it out.
const UNNECESSARY: &[codes::Code] = &[
    codes::UNUSED_JOB,
    codes::UNUSED_DEFINITION,
    codes::UNUSED_PARAMETER,
    codes::POINTLESS_PARALLELISM,
    codes::IGNORED,
];

/// Makes the diagnostics of a document.
pub(crate) fn all(
    open: &Open,
    uri: &Uri,
    sources: &mut Sources,
    encoding: Encoding,
) -> Vec<Diagnostic> {
    let mut maker = Maker { open, uri, sources, encoding };
    open.diagnostics.iter().map(|found| maker.one(found)).collect()
}

struct Maker<'a> {
    open: &'a Open,
    uri: &'a Uri,
    sources: &'a mut Sources,
    encoding: Encoding,
}

impl Maker<'_> {
    fn one(&mut self, found: &roundel_config::Diagnostic) -> Diagnostic {
        let mut message = found.message.clone();
        // Editors cut a message where their line ends: what to do comes before the way to it.
        if let Some(help) = &found.help {
            message.push_str("\nhelp: ");
            message.push_str(help);
        }
        for via in &found.via {
            message.push_str("\nin ");
            message.push_str(via);
        }
        // What is in an orb has its place there among the related ones.
        let related: Vec<_> =
            found.related.iter().filter_map(|related| self.related(related)).collect();
        let range = self.open.text.range(&(found.start..found.end), self.encoding);
        let page = self.sources.page(&found.code);
        Diagnostic {
            range,
            severity: Some(match found.severity {
                Severity::Error => DiagnosticSeverity::Error,
                Severity::Warning => DiagnosticSeverity::Warning,
            }),
            code: Some(Code::String(found.code.clone())),
            code_description: page.map(|href| CodeDescription { href }),
            source: Some("roundel".to_owned()),
            message: Message::String(message),
            tags: tags(&found.code),
            related_information: (!related.is_empty()).then_some(related),
            data: None,
        }
    }

    fn related(&mut self, related: &Related) -> Option<DiagnosticRelatedInformation> {
        let (uri, range) = match &related.path {
            None => (self.uri.clone(), self.range(&self.open.text, related)),
            Some(path) if *path == self.open.path() => {
                (self.uri.clone(), self.range(&self.open.text, related))
            }
            Some(path) => {
                let orb = self.open.orb(path)?;
                let uri = self.sources.orb(orb)?;
                (uri, self.range(&Text::new(orb.text.to_string()), related))
            }
        };
        Some(DiagnosticRelatedInformation {
            location: Location { uri, range },
            message: related.text.clone(),
        })
    }

    fn range(&self, text: &Text, related: &Related) -> Range {
        text.range(&(related.start..related.end), self.encoding)
    }
}

fn tags(code: &str) -> Option<Vec<DiagnosticTag>> {
    if UNNECESSARY.iter().any(|one| one.slug == code) {
        return Some(vec![DiagnosticTag::Unnecessary]);
    }
    (code == codes::DEPRECATED.slug).then(|| vec![DiagnosticTag::Deprecated])
}
