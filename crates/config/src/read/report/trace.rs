//! What is being compiled, and where a problem is for people: in the configuration, at the place that uses
//! the orb in which something is wrong.

use std::{ops::Range, rc::Rc};

use roundel_model::text::cut;

use crate::{
    read::source::{Source, Sources},
    text::{
        diagnostic::{Diagnostic, Related},
        lines::Position,
        place::{FileId, Place},
        problem::Problem,
    },
};

/// Characters of a sentence or a path of a diagnostic at most: a name in it may be as long as a file, and
/// each of the diagnostics may repeat it.
pub(super) const SENTENCE_CHARS: usize = 4_000;

fn shortened(text: &str) -> String {
    cut(text, SENTENCE_CHARS).into_owned()
}

/// Something that is being compiled: a workflow, a job, a command.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// "command `upload`".
    pub(crate) what: Rc<str>,
    pub(crate) place: Place,
}

/// The things that are being compiled, and the sources that they are in.
pub(super) struct Trace<'d> {
    sources: &'d Sources,
    /// Outermost first.
    frames: Vec<Frame>,
}

impl<'d> Trace<'d> {
    pub(super) fn new(sources: &'d Sources) -> Self {
        Self { sources, frames: Vec::new() }
    }

    pub(super) fn enter(&mut self, what: &Rc<str>, place: Place) {
        self.frames.push(Frame { what: what.clone(), place });
    }

    pub(super) fn leave(&mut self) {
        self.frames.pop();
    }

    pub(super) fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Returns the configuration.
    pub(super) fn config(&self) -> &'d Source {
        self.sources.file(FileId::CONFIG)
    }

    /// Makes what people read of a problem that was found here.
    pub(super) fn diagnostic(&self, problem: Problem) -> Diagnostic {
        let Problem { code, severity, place: at, mut message, help, related } = problem;
        let mut place = at;
        let (mut orb, mut own) = (None, None);
        if at.file != FileId::CONFIG {
            // The reader can change the configuration, not the orb.
            let user = self.frames.iter().rev().find(|frame| frame.place.file == FileId::CONFIG);
            place = user.map_or_else(Place::default, |frame| frame.place);
            let name = &self.sources.file(at.file).name;
            message = Diagnostic::message_in_orb(name, &message);
            orb = Some(name.clone());
            own = Some((at, "here in the orb".to_owned()));
        }
        let config = self.sources.file(FileId::CONFIG);
        let Range { start, end } = config.lines().trim(place.span);
        let Position { line, column } = config.lines().position(start);
        let via =
            place.via.map(|span| (place.with_span(span), "reached through this alias".to_owned()));
        let related = own.into_iter().chain(related).chain(via);
        Diagnostic {
            code: code.slug.to_owned(),
            severity,
            message: shortened(&message),
            path: config.name.clone(),
            start,
            end,
            line,
            column,
            at: shortened(&config.doc.path_at(start)),
            via: self.frames.iter().map(|frame| shortened(&frame.what)).collect(),
            related: related.map(|(place, text)| self.related(place, &text)).collect(),
            help: help.as_ref().map(|help| shortened(&help.text)),
            // What is underlined is not the orb's text.
            replacement: help
                .filter(|_| orb.is_none())
                .and_then(|help| help.replacement)
                .filter(|text| text.len() <= SENTENCE_CHARS),
            orb,
            jobs: Vec::new(),
            more_jobs: 0,
        }
    }

    fn related(&self, place: Place, text: &str) -> Related {
        let source = self.sources.file(place.file);
        let Range { start, end } = source.lines().trim(place.span);
        let Position { line, column } = source.lines().position(start);
        let path = (place.file != FileId::CONFIG).then(|| source.name.clone());
        Related { path, start, end, line, column, text: shortened(text) }
    }

    pub(super) fn line(&self, place: Place) -> u32 {
        let here = std::iter::once(place).chain(self.frames.iter().rev().map(|frame| frame.place));
        let place = here.into_iter().find(|place| place.file == FileId::CONFIG);
        let lines = self.sources.file(FileId::CONFIG).lines();
        lines.line(lines.trim(place.unwrap_or_default().span).start)
    }
}
