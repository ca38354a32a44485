//! Builds the tree from the parser's events.
//!
//! Everything wrong with the YAML itself is reported here, so that later phases may walk the tree
//! without checks: it is finite, shallow and of bounded weight, and every merge key holds mappings.

mod asterisk;
mod invisible_indent;
mod tag;

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, StructureStyle, options};

use super::{
    Anchored, Anchors, Doc, Id, KeyValue, Kind, Node, Style, Text,
    duplicate_keys::Seen,
    duplicate_recovery::{Meant, Next, Read, Twice},
    merge,
    quoting::{Misquoted, NOT_A_KEY, template},
    repair::{Repaired, repaired},
    scalar::is_printable,
    syntax_error::{Bracket, SyntaxError},
};
use crate::{
    codes,
    text::{
        place::{Place, Span},
        problem::Problem,
    },
};

/// Levels of nesting in the text, and along aliases. People use about ten.
const DEPTH: usize = 220;

/// What helps against them.
const NEST_LESS: &str = "use fewer levels of mappings and lists; an alias counts with the levels of \
                         what it refers to";

/// Entries of one mapping that merges others, theirs counted each time.
const MERGED_ENTRIES: u32 = 1_000;

/// Nodes after all aliases are expanded (CFG §1.4).
const EXPANDED_NODES: u32 = 2_000_000;

/// Undefined aliases of which the name that was meant is looked for.
const SUGGESTIONS: usize = 200;

/// Parses a source. Returns what is wrong with it too; without a root nothing can be said about the
/// rest. Aliases that it does not define itself are looked for among `foreign`.
pub(crate) fn parse(text: &Arc<str>, foreign: &Anchors) -> (Doc, Vec<Problem>) {
    if let Some((at, _)) = text.char_indices().find(|&(_, c)| !is_printable(c)) {
        let place = Place::direct(Span::new(at, at + 1));
        let message = "special characters are not allowed";
        let help = "save the file as UTF-8 and remove the character shown";
        let problem = Problem::error(codes::SPECIAL_CHARACTER, place, message).help(help);
        return (Doc::default(), vec![problem]);
    }
    let nothing = HashMap::new();
    let (builder, error) = Builder::read(text, &nothing, foreign);
    let Some(error) = error else { return builder.finish() };
    // What the hosted service's parser accepts and ours does not is repaired first.
    let Some(Repaired { text, values }) = repaired(text) else { return builder.refused(&error) };
    let text = Arc::from(text);
    match Builder::read(&text, &values, foreign) {
        (builder, Some(error)) => builder.refused(&error),
        (builder, None) => builder.finish(),
    }
}

/// A node that holds others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Collection {
    Mapping,
    Sequence,
}

struct Open {
    anchor: usize,
    collection: Collection,
    style: StructureStyle,
    span: Span,
    items: Vec<Id>,
}

impl Open {
    /// Returns whether it began with a bracket or a brace: `[a: b]` holds a mapping that did not.
    fn is_bracketed(&self, text: &str) -> bool {
        self.style == StructureStyle::Flow
            && text.get(self.span.start()..).is_some_and(|rest| rest.starts_with(['[', '{']))
    }
}

struct Builder<'t> {
    text: &'t str,
    /// The strings that fillers in the source stand for, by first byte.
    values: &'t HashMap<usize, String>,
    /// Anchors of other sources.
    foreign: &'t Anchors,
    /// Those of them that were copied.
    copied: HashMap<String, Id>,
    problems: Vec<Problem>,
    doc: Doc,
    open: Vec<Open>,
    /// Anchored nodes by the parser's number.
    anchors: HashMap<usize, Id>,
    /// Names of anchors with that number, in the order of the text.
    names: Vec<(String, usize)>,
    documents: usize,
}

impl<'t> Builder<'t> {
    /// Reads a source up to its end or its first syntax error.
    fn read(
        text: &'t Arc<str>,
        values: &'t HashMap<usize, String>,
        foreign: &'t Anchors,
    ) -> (Self, Option<ScanError>) {
        let options = options! {
            // The strict rules forbid what the hosted service accepts: a `]` in its parent's column.
            strict_indentation: false,
            emit_unresolved_aliases: true,
            emit_anchor_events: true,
            emit_comments: false,
            flow_nesting_limit: DEPTH,
            block_nesting_limit: DEPTH,
        };
        let mut builder = Self {
            text,
            values,
            foreign,
            copied: HashMap::new(),
            problems: Vec::new(),
            doc: Doc {
                text: text.clone(),
                nodes: Vec::with_capacity(text.len() / 16),
                ..Doc::default()
            },
            open: Vec::new(),
            anchors: HashMap::new(),
            names: Vec::new(),
            documents: 0,
        };
        for event in Parser::new_from_str_with_options(text, options) {
            match event {
                Ok((event, span)) => {
                    if !builder.take(event, span) {
                        break;
                    }
                }
                Err(error) => return (builder, Some(error)),
            }
        }
        (builder, None)
    }

    /// Reports a syntax error; nothing is known of the text then.
    fn refused(mut self, error: &ScanError) -> (Doc, Vec<Problem>) {
        let place = self.problems.last().map(|last| last.place.span);
        let last = place.and_then(|span| self.text.get(span.start()..span.end()));
        // What comes after a `{{` is not understood either, nor the rest of a glob.
        let mark = error.marker().byte_offset().unwrap_or(self.text.len());
        let is_glob = last.is_some_and(|last| last.starts_with('*'))
            && place.is_some_and(|span| span.end() > mark);
        if !is_glob && !last.is_some_and(|last| last.starts_with("{{")) {
            let problem = self.syntax_error(error);
            // Lines that seem swallowed are probably what is reported here.
            self.problems.retain(Problem::is_error);
            self.problems.push(problem);
        }
        self.doc.root = None;
        self.finish()
    }

    fn syntax_error(&self, error: &ScanError) -> Problem {
        let open = self.open.iter().rev().find(|open| open.is_bracketed(self.text));
        let error = SyntaxError {
            text: self.text,
            error,
            known: self.doc.nodes.last().map_or_else(Span::default, |node| node.span),
            bracket: open.map(|open| Bracket {
                start: open.span.start,
                is_map: open.collection == Collection::Mapping,
            }),
        };
        if *error.error.kind() == ErrorKind::RecursionLimitExceeded {
            let message = format!("the document is nested more than {DEPTH} levels deep");
            let place = Place::direct(error.stopped_at());
            return Problem::error(codes::EXPANDS_TOO_FAR, place, message).help(NEST_LESS);
        }
        error.problem()
    }

    fn finish(mut self) -> (Doc, Vec<Problem>) {
        let anchors = self.names.into_iter();
        let known = anchors.filter_map(|(name, number)| Some((name, *self.anchors.get(&number)?)));
        self.doc.anchors = known.collect();
        (self.doc, self.problems)
    }

    /// Takes one event; `false` ends the parsing. Inlined, so that events are not copied.
    #[inline]
    fn take(&mut self, event: Event<'t>, span: granit_parser::Span) -> bool {
        let at = bytes(span);
        let tag_at = span.tag_span().map_or(at, bytes);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let message = "only one YAML document is allowed";
                    let problem =
                        Problem::error(codes::SEVERAL_DOCUMENTS, Place::direct(at), message);
                    self.problems.push(problem.help("delete the separator, or split the file"));
                    // What the first one lacks is probably in the second.
                    self.doc.root = None;
                    return false;
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                // Nothing below such a tag is what was meant: `!pipeline.number`.
                if self.check_tag(tag.as_deref(), tag_at) && text.is_empty() && anchor == 0 {
                    self.push(Kind::Broken, at);
                    return true;
                }
                if style == ScalarStyle::Plain {
                    self.check_negation(&text, tag.as_deref(), tag_at);
                    self.check_swallowed(at);
                    self.check_first_character(at);
                }
                let (style, at) = self.tagged(&text, style, tag.as_deref(), at);
                self.scalar(text, style, anchor, at);
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref(), tag_at);
                self.begin(Collection::Sequence, style, anchor, at);
            }
            Event::MappingStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref(), tag_at);
                self.begin(Collection::Mapping, style, anchor, at);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
            Event::Alias(anchor) => self.alias(anchor, at),
            Event::Anchor(number, name) => {
                self.check_anchor(&name, at);
                self.check_anchor_for_alias(&name, number, at);
                self.names.push((name.into_owned(), number));
            }
            Event::UnresolvedAlias(name) if self.foreign.contains_key(&*name) => {
                let target = self.copied(&name, at);
                self.push(Kind::Alias(target), at);
            }
            Event::UnresolvedAlias(name) => {
                self.problems.push(self.undefined_alias(&name, at));
                self.push(Kind::Broken, at);
            }
            // Borders of the stream, and kinds of events that later versions may add.
            _ => {}
        }
        true
    }

    fn scalar(&mut self, text: Cow<'t, str>, style: Style, anchor: usize, at: Span) {
        let text = match self.values.get(&at.start()) {
            Some(value) => Text::Unescaped(value.as_str().into()),
            None => self.text(text),
        };
        let id = self.push(Kind::Scalar(text, style), at);
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
    }

    /// Warns about lines that look like an item of a list and are a part of the text above them:
    /// those with a dash, and those below an item.
    fn check_swallowed(&mut self, at: Span) {
        let Some(text) = self.text.get(at.start()..at.end()).map(str::trim_end) else { return };
        let is_item = self.open.last().is_some_and(|open| {
            open.collection == Collection::Sequence && open.style != StructureStyle::Flow
        });
        // Of `run |` the missing colon is reported.
        let run = text.strip_prefix("run").map(str::trim_start);
        let is_block = run.is_some_and(|sign| sign.starts_with(['|', '>']));
        let is_item = is_item && !is_block && !text.contains("<<");
        let mut start = at.start();
        let mut lines = text.split_inclusive('\n').map(|line| {
            start += line.len();
            (start - line.len(), line)
        });
        lines.next();
        let dashed = |line: &str| line.trim_start().starts_with("- ");
        let Some((start, line)) =
            lines.find(|(_, line)| !line.trim().is_empty() && (dashed(line) || is_item))
        else {
            return;
        };
        let begin = start + line.len() - line.trim_start().len();
        let place = Place::direct(Span::new(begin, start + line.trim_end().len()));
        let first = at.start() + text.lines().next().map_or(0, str::len);
        let above = Place::direct(Span::new(at.start(), first));
        let message = "this line continues the string above it";
        let help = if dashed(line) {
            "align its dash with the dash of the item above"
        } else {
            "start it with a dash, or quote the string if it is meant to span several lines"
        };
        let problem = Problem::warning(codes::SWALLOWED_LINE, place, message).help(help);
        self.problems.push(problem.related(above, "the string starts here"));
    }

    /// Keeps a borrowed text as its place.
    fn text(&self, text: Cow<'t, str>) -> Text {
        let borrowed = match &text {
            Cow::Borrowed(part) => part.as_ptr().addr().checked_sub(self.text.as_ptr().addr()),
            Cow::Owned(_) => None,
        };
        match borrowed {
            Some(start) if self.text.get(start..start + text.len()) == Some(&*text) => {
                Text::Raw(Span::new(start, start + text.len()))
            }
            _ => Text::Unescaped(text.into()),
        }
    }

    fn begin(&mut self, collection: Collection, style: StructureStyle, anchor: usize, span: Span) {
        self.open.push(Open { anchor, collection, style, span, items: Vec::new() });
    }

    fn end(&mut self, at: Span) {
        let Some(open) = self.open.pop() else { return };
        let span = Span { start: open.span.start, end: at.end.max(open.span.end) };
        let (kind, next) = match open.collection {
            Collection::Mapping => self.mapping(&open.items, span),
            Collection::Sequence => (Kind::Seq(open.items.into()), None),
        };
        let id = self.push(kind, span);
        if let (Some(Next { name, pairs }), Some(outer)) = (next, self.open.last_mut()) {
            outer.items.push(name);
            let kind = self.merging(pairs);
            self.push(kind, Span { start: self.doc.node(name).span.end, ..span });
        }
        if open.anchor != 0 {
            self.anchors.insert(open.anchor, id);
        }
    }

    /// Checks the keys of a mapping and pairs them with their values. Returns entries that belong next to it
    /// too.
    fn mapping(&mut self, items: &[Id], span: Span) -> (Kind, Option<Next>) {
        let pairs = items.chunks_exact(2).map(|pair| KeyValue { key: pair[0], value: pair[1] });
        let pairs: Box<[KeyValue]> = pairs.collect();
        let (mut problems, mut twice) = (Vec::new(), Vec::new());
        let mut merges = false;
        let mut broken = false;
        let mut seen = Seen::new(pairs.len());
        for (index, &pair) in pairs.iter().enumerate() {
            let KeyValue { key, value } = pair;
            let Some(name) = self.doc.key_text(key) else {
                broken = true;
                if !matches!(self.doc.node(key).kind, Kind::Broken) {
                    problems.push(self.complex_key(key, span));
                }
                continue;
            };
            if name == "<<" && self.doc.is_merge(key) {
                merges = true;
                // What would have been merged is not known, so nothing can be missing.
                if let Some(problem) = merge::check(&self.doc, self.text, pair, &pairs) {
                    let is_helped = self.problems.len() + problems.len() < SUGGESTIONS;
                    let meant = if is_helped { self.missing_asterisk(value) } else { None };
                    problems.push(meant.unwrap_or(problem));
                    broken = true;
                }
                continue;
            }
            if merge::is_escaped(&self.doc, key, value) {
                problems.push(merge::escaped(&self.doc, self.text, key, value));
                broken = true;
                continue;
            }
            if let Some(first) = seen.insert(name, key) {
                twice.push(Twice { index, first });
            }
        }
        self.problems.extend(problems);
        // The same holds for an undefined alias.
        let lacks = |pair: &KeyValue| {
            self.doc.is_merge(pair.key) && merge::is_undefined(&self.doc, pair.value)
        };
        let is_broken = broken || merges && pairs.iter().any(lacks);
        let Meant { mut pairs, both, next, problems } = self.as_read(pairs, &twice, span).meant();
        self.problems.extend(problems);
        for (at, both) in both {
            let (kind, span) = (self.merging(both), self.doc.node(pairs[at].value).span);
            pairs[at].value = self.add(kind, span);
        }
        (if is_broken { Kind::Broken } else { self.merging(pairs) }, next)
    }

    /// Returns a mapping that was read last with what is around it.
    fn as_read<'r>(&'r self, pairs: Box<[KeyValue]>, twice: &'r [Twice], span: Span) -> Read<'r> {
        let outer = self.open.last().filter(|outer| outer.collection == Collection::Mapping);
        let owner = outer.and_then(|outer| outer.items.last()).copied();
        let is_braced = self.text.get(span.start()..).is_some_and(|rest| rest.starts_with('{'));
        let is_block = !twice.is_empty()
            && !is_braced
            && !self.open.iter().any(|open| open.is_bracketed(self.text));
        Read { doc: &self.doc, pairs, twice, owner, is_section: self.open.len() == 1, is_block }
    }

    /// Makes a mapping; resolves its merge keys, if it has any and they are not too many.
    fn merging(&self, pairs: Box<[KeyValue]>) -> Kind {
        let has_merge_key = pairs.iter().any(|pair| self.doc.is_merge(pair.key));
        let resolves = has_merge_key && merge::width(&self.doc, &pairs) <= MERGED_ENTRIES;
        let merged = resolves.then(|| merge::merged(&self.doc, &pairs).into_boxed_slice());
        Kind::Map { pairs, merged }
    }

    /// Returns the copy of an anchored node of another source; it is where it is first named.
    fn copied(&mut self, name: &str, at: Span) -> Id {
        if let Some(&known) = self.copied.get(name) {
            return known;
        }
        let anchored = self.foreign.get(name);
        let copy = match anchored {
            Some(Anchored { doc, id }) => self.copy(doc, *id, at, &mut HashMap::new()),
            None => self.add(Kind::Broken, at),
        };
        self.copied.insert(name.to_owned(), copy);
        copy
    }

    /// Copies a node with everything below it. What is shared there is shared here.
    fn copy(&mut self, from: &Doc, id: Id, at: Span, done: &mut HashMap<Id, Id>) -> Id {
        if let Some(&known) = done.get(&id) {
            return known;
        }
        let kind = match &from.node(id).kind {
            Kind::Scalar(text, style) => {
                Kind::Scalar(Text::Unescaped(from.text(text).into()), *style)
            }
            Kind::Seq(items) => {
                Kind::Seq(items.iter().map(|&item| self.copy(from, item, at, done)).collect())
            }
            Kind::Map { pairs, .. } => {
                let mut copy = |id| self.copy(from, id, at, done);
                let pairs = pairs
                    .iter()
                    .map(|pair| KeyValue { key: copy(pair.key), value: copy(pair.value) });
                let pairs = pairs.collect();
                self.merging(pairs)
            }
            Kind::Alias(target) => Kind::Alias(self.copy(from, *target, at, done)),
            Kind::Broken => Kind::Broken,
        };
        let copy = self.add(kind, at);
        done.insert(id, copy);
        copy
    }

    fn complex_key(&self, key: Id, map: Span) -> Problem {
        let is_bracketed = self.open.iter().any(|open| open.is_bracketed(self.text));
        let style = if is_bracketed { StructureStyle::Flow } else { StructureStyle::Block };
        let Misquoted { span, message, help } =
            template(self.text, map, style).unwrap_or_else(|| Misquoted {
                span: self.doc.node(key).span,
                message: NOT_A_KEY.to_owned(),
                help: "quote it if it is meant as a string".to_owned(),
            });
        if self.is_empty_pair(key) {
            let message = "a key is empty: `? :` makes a mapping without a name of it";
            let problem = Problem::error(codes::COMPLEX_KEY, Place::direct(span), message);
            return problem.help("write the key before the colon, without `?`");
        }
        Problem::error(codes::COMPLEX_KEY, Place::direct(span), message).help(help)
    }

    /// Returns whether a node is what is after the `?` of `? :` or `? : value`.
    fn is_empty_pair(&self, key: Id) -> bool {
        let Kind::Map { pairs, .. } = &self.doc.node(key).kind else { return false };
        matches!(**pairs, [KeyValue { key, .. }] if matches!(self.doc.key_text(key), Some("" | "~")))
    }

    fn alias(&mut self, anchor: usize, at: Span) {
        let name = self.text.get(at.start()..at.end()).unwrap_or("*").to_owned();
        let Some(&target) = self.anchors.get(&anchor) else {
            // The anchor's node is still open: it would contain itself.
            let message = format!("alias `{name}` is inside the node that it refers to");
            let problem = Problem::error(codes::EXPANDS_TOO_FAR, Place::direct(at), message);
            self.problems.push(problem.help("an anchor cannot contain itself"));
            self.push(Kind::Broken, at);
            return;
        };
        self.push(Kind::Alias(target), at);
    }

    /// Adds a node to the collection that is open.
    fn push(&mut self, kind: Kind, span: Span) -> Id {
        let id = self.add(kind, span);
        match self.open.last_mut() {
            Some(open) => open.items.push(id),
            None => {
                self.doc.root.get_or_insert(id);
            }
        }
        id
    }

    /// Adds a node. One that would make the tree too large or too deep is broken instead.
    fn add(&mut self, kind: Kind, span: Span) -> Id {
        let (weight, height) = self.measure(&kind);
        let width = self.width(&kind);
        let depth = u32::try_from(DEPTH).unwrap_or(u32::MAX);
        let merges = || matches!(&kind, Kind::Map { pairs, .. } if pairs.iter().any(|pair| self.doc.is_merge(pair.key)));
        let too_wide = width > MERGED_ENTRIES && merges();
        let too_far = weight > EXPANDED_NODES || height > depth || too_wide;
        let (kind, weight, height, width) = if too_far {
            let (what, help) = if height > depth {
                ("deep", NEST_LESS)
            } else {
                ("large", "use fewer nested aliases")
            };
            let message = format!("the expanded document is too {what}");
            let problem = Problem::error(codes::EXPANDS_TOO_FAR, Place::direct(span), message);
            self.problems.push(problem.help(help));
            (Kind::Broken, 1, 1, 1)
        } else {
            (kind, weight, height, width)
        };
        let id = Id(u32::try_from(self.doc.nodes.len()).unwrap_or(u32::MAX));
        let is_whole = self.is_whole(&kind);
        self.doc.nodes.push(Node { kind, span, weight, height, width, is_whole });
        id
    }

    fn is_whole(&self, kind: &Kind) -> bool {
        let of = |id: &Id| self.doc.node(*id).is_whole;
        match kind {
            Kind::Scalar(..) => true,
            Kind::Broken => false,
            Kind::Alias(target) => of(target),
            Kind::Seq(items) => items.iter().all(of),
            Kind::Map { pairs, .. } => pairs.iter().all(|pair| of(&pair.key) && of(&pair.value)),
        }
    }

    fn measure(&self, kind: &Kind) -> (u32, u32) {
        let of = |id: &Id| (self.doc.node(*id).weight, self.doc.node(*id).height);
        let sum = |children: &mut dyn Iterator<Item = (u32, u32)>| {
            children.fold((1u32, 1u32), |(weight, height), (more, below)| {
                (weight.saturating_add(more), height.max(below.saturating_add(1)))
            })
        };
        match kind {
            Kind::Scalar(..) | Kind::Broken => (1, 1),
            Kind::Alias(target) => of(target),
            Kind::Seq(items) => sum(&mut items.iter().map(of)),
            Kind::Map { pairs, .. } => {
                sum(&mut pairs.iter().flat_map(|pair| [of(&pair.key), of(&pair.value)]))
            }
        }
    }

    /// Counts the entries that reading a mapping has to pass; for a list, those of its mappings.
    fn width(&self, kind: &Kind) -> u32 {
        let of = |id: Id| self.doc.node(id).width;
        let sum = |widths: &mut dyn Iterator<Item = u32>| widths.fold(0, u32::saturating_add);
        match kind {
            Kind::Scalar(..) | Kind::Broken => 1,
            Kind::Alias(target) => of(*target),
            Kind::Seq(items) => sum(&mut items.iter().map(|&item| of(item))),
            Kind::Map { pairs, .. } => merge::width(&self.doc, pairs),
        }
    }
}

fn bytes(span: granit_parser::Span) -> Span {
    span.byte_range().map_or(Span::default(), |range| Span::new(range.start, range.end))
}
