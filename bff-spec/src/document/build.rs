//! From the parser's events to the tree.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};

use super::{Data, Dialect, Key, MAX_DEPTH, MAX_NODES, Node, Scalar, Style, help, keys, map};
use crate::diagnostic::{Code, Diagnostic, Edit, FileId, Place};

pub(super) fn parse(file: FileId, text: &str, dialect: Dialect) -> (Option<Node>, Vec<Diagnostic>) {
    let mut options = granit_parser::options! {
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    options.set_emit_comments(false);
    let mut builder = Builder {
        file,
        text,
        dialect,
        frames: Vec::new(),
        root: None,
        documents: 0,
        nodes: 0,
        anchors: HashMap::new(),
        out: Vec::new(),
    };
    for next in Parser::new_from_str_with_options(text, options) {
        let step = match next {
            Ok((event, span)) => builder.event(event, &span),
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
                let found = help::explain(&error, text, at);
                let place = builder.place(found.range.start, found.range.end);
                let mut diagnostic = builder.diagnostic(place, found.message, found.help);
                diagnostic.fix = found
                    .fix
                    .filter(|(range, with)| mends(text, range, with))
                    .map(|(range, with)| Edit::sure(builder.place(range.start, range.end), with));
                Err(Box::new(diagnostic))
            }
        };
        match step {
            Ok(true) => {}
            Ok(false) => break,
            Err(diagnostic) => {
                builder.out.push(*diagnostic);
                return (None, builder.out);
            }
        }
    }
    let root = builder.root.take().unwrap_or_else(|| {
        let end = builder.place(text.len(), text.len());
        null(end)
    });
    (Some(root), builder.out)
}

/// Whether an edit of a text that is no YAML makes one of it, or lets the parser come further than the edit.
fn mends(text: &str, range: &Range<usize>, with: &str) -> bool {
    let mut mended = text.to_owned();
    if !(mended.is_char_boundary(range.start) && mended.is_char_boundary(range.end)) {
        return false;
    }
    mended.replace_range(range.clone(), with);
    let options = granit_parser::options! {
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let line_end = |at: usize| {
        mended
            .get(at..)
            .and_then(|t| t.find('\n'))
            .map_or(mended.len(), |i| at + i)
    };
    let after = line_end(range.start + with.len()) + 1;
    let error = Parser::new_from_str_with_options(&mended, options).find_map(Result::err);
    error.is_none_or(|error| error.marker().byte_offset().unwrap_or(0) > after)
}

/// A value that is not there.
fn null(place: Place) -> Node {
    Node {
        data: Data::Scalar(Scalar {
            text: String::new(),
            style: Style::Plain,
            map: vec![(0, place.start)],
        }),
        place,
    }
}

/// Whether to go on, or what ends it all.
type Step = Result<bool, Box<Diagnostic>>;

struct Builder<'a> {
    file: FileId,
    text: &'a str,
    dialect: Dialect,
    /// The collections not yet closed, outermost first.
    frames: Vec<Frame>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
    anchors: HashMap<usize, Node>,
    out: Vec<Diagnostic>,
}

struct Frame {
    data: Open,
    place: Place,
    flow: bool,
    anchor: usize,
}

enum Open {
    List(Vec<Node>),
    Map {
        entries: Vec<(Key, Node)>,
        key: Pending,
    },
}

/// What a map waits for.
enum Pending {
    /// A key.
    None,
    /// The value of this key.
    Key(Key),
    /// The value of a key that is none; it is dropped.
    Bad,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: &Span) -> Step {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let (start, end) = self.bytes(span);
                    let message = "a second document starts here; a file holds one";
                    let place = self.place(start, end.max(start));
                    self.out.push(self.diagnostic(
                        place,
                        message,
                        Some("put it into a file of its own".to_owned()),
                    ));
                    return Ok(false);
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let (mut start, end) = self.bytes(span);
                let core = tag.as_deref().and_then(|tag| tag.core_suffix());
                let text_tag = core == Some("str");
                self.tag(span, tag.is_some());
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    start = map::block_header(self.text, start);
                }
                let raw = self.text.get(start..end).unwrap_or_default();
                let mut style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                };
                // The parser writes `~` for a value that isn't there.
                let text = if style == Style::Plain && raw.is_empty() {
                    String::new()
                } else {
                    text.into_owned()
                };
                let place = self.place(start, end);
                let map = map::pairs(&text, raw, place.start, style);
                if text_tag && style == Style::Plain {
                    style = Style::Single;
                }
                let data = Data::Scalar(Scalar { text, style, map });
                self.value(Node { data, place }, anchor)?;
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.tag(span, tag.is_some());
                self.open(Open::List(Vec::new()), span, style, anchor)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                self.tag(span, tag.is_some());
                let open = Open::Map {
                    entries: Vec::new(),
                    key: Pending::None,
                };
                self.open(open, span, style, anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
            Event::Anchor(..) if self.dialect == Dialect::Spec => {
                let (start, end) = self.bytes(span);
                self.refuse(self.place(start, end), "anchors", "write the value out");
            }
            Event::Alias(id) => {
                let (start, end) = self.bytes(span);
                self.alias(id, self.place(start, end))?;
            }
            Event::UnresolvedAlias(name) => {
                let (start, end) = self.bytes(span);
                let place = self.place(start, end);
                match self.dialect {
                    Dialect::Spec => {
                        self.refuse(place, "aliases", "if it is meant as text, quote it")
                    }
                    Dialect::Contract => {
                        let message = format!("no anchor is called `{name}`");
                        self.out.push(self.diagnostic(place, message, None));
                    }
                }
                self.value(null(place), 0)?;
            }
            _ => {}
        }
        Ok(true)
    }

    fn open(
        &mut self,
        data: Open,
        span: &Span,
        style: StructureStyle,
        anchor: usize,
    ) -> Result<(), Box<Diagnostic>> {
        let (start, end) = self.bytes(span);
        let place = self.place(start, end);
        if self.frames.len() >= MAX_DEPTH {
            return Err(Box::new(self.too_deep(place)));
        }
        self.frames.push(Frame {
            data,
            place,
            flow: style == StructureStyle::Flow,
            anchor,
        });
        Ok(())
    }

    fn close(&mut self, span: &Span) -> Result<(), Box<Diagnostic>> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let mut place = frame.place;
        if frame.flow {
            let (_, end) = self.bytes(span);
            place = place.to(self.place(end, end));
        }
        let data = match frame.data {
            Open::List(items) => {
                if let Some(last) = items.last() {
                    place = place.to(last.place);
                }
                Data::List(items)
            }
            Open::Map { entries, .. } => {
                if let Some((_, last)) = entries.last() {
                    place = place.to(last.place);
                }
                Data::Map(self.entries(entries))
            }
        };
        self.value(Node { data, place }, frame.anchor)
    }

    /// A finished value takes its place in what is open.
    fn value(&mut self, node: Node, anchor: usize) -> Result<(), Box<Diagnostic>> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Box::new(self.too_many(node.place)));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.attach(node);
        Ok(())
    }

    fn attach(&mut self, node: Node) {
        let spec = self.dialect == Dialect::Spec;
        let Some(frame) = self.frames.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        match &mut frame.data {
            Open::List(items) => items.push(node),
            Open::Map { entries, key } => match std::mem::replace(key, Pending::None) {
                Pending::Key(key) => entries.push((key, node)),
                Pending::Bad => {}
                Pending::None => match node.data {
                    Data::Scalar(scalar) => {
                        let missing =
                            spec && scalar.text.is_empty() && scalar.style == Style::Plain;
                        *key = Pending::Key(Key {
                            text: scalar.text,
                            place: node.place,
                        });
                        if missing {
                            let message = "a key is missing before the `:`";
                            self.out.push(self.diagnostic(node.place, message, None));
                        }
                    }
                    Data::List(_) | Data::Map(_) => {
                        *key = Pending::Bad;
                        let what = if matches!(node.data, Data::List(_)) {
                            "a list"
                        } else {
                            "a map"
                        };
                        let message = format!("a key must be text, not {what}");
                        let help = "if it is meant as text, put it in quotes".to_owned();
                        self.out
                            .push(self.diagnostic(node.place, message, Some(help)));
                    }
                },
            },
        }
    }

    /// A map's entries: merge keys written out, keys once each.
    fn entries(&mut self, entries: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
        if entries.iter().all(|(key, _)| key.text != "<<") {
            return keys::unique(entries, self.dialect, &mut self.out);
        }
        let (merges, own): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|(key, _)| key.text == "<<");
        let mut kept = keys::unique(own, self.dialect, &mut self.out);
        let mut seen: HashSet<String> = kept.iter().map(|(key, _)| key.text.clone()).collect();
        for (key, value) in merges {
            if self.dialect == Dialect::Spec {
                self.refuse(key.place, "merge keys", "write the entries out");
                continue;
            }
            let maps = match value.data {
                Data::List(items) => items,
                Data::Map(_) | Data::Scalar(_) => vec![value],
            };
            for map in maps {
                let Data::Map(entries) = map.data else {
                    let message = "a merge key merges maps";
                    self.out.push(self.diagnostic(map.place, message, None));
                    continue;
                };
                for (key, value) in entries {
                    if seen.insert(key.text.clone()) {
                        kept.push((key, value));
                    }
                }
            }
        }
        kept
    }

    fn alias(&mut self, id: usize, place: Place) -> Result<(), Box<Diagnostic>> {
        if self.dialect == Dialect::Spec {
            self.refuse(
                place,
                "aliases",
                "write the value out, or name it as a fragment",
            );
            return self.value(null(place), 0);
        }
        let Some(target) = self.anchors.get(&id) else {
            let message = "this alias stands inside the value it names";
            self.out.push(self.diagnostic(place, message, None));
            return self.value(null(place), 0);
        };
        if self.frames.len() + target.depth() > MAX_DEPTH {
            return Err(Box::new(self.too_deep(place)));
        }
        let count = target.count();
        if self.nodes + count > MAX_NODES {
            return Err(Box::new(self.too_many(place)));
        }
        let node = target.clone();
        self.nodes += count - 1;
        self.value(node, 0)
    }

    fn tag(&mut self, span: &Span, tagged: bool) {
        if tagged && self.dialect == Dialect::Spec {
            let at = span.tag_span().unwrap_or(*span);
            let (start, end) = self.bytes(&at);
            self.refuse(
                self.place(start, end),
                "tags",
                "leave it out; text that starts with `!` is quoted",
            );
        }
    }

    fn refuse(&mut self, place: Place, what: &str, help: &str) {
        let message = format!("specs have no YAML {what}");
        self.out
            .push(self.diagnostic(place, message, Some(help.to_owned())));
    }

    fn too_deep(&self, place: Place) -> Diagnostic {
        self.diagnostic(
            place,
            format!("nested deeper than {MAX_DEPTH} levels"),
            None,
        )
    }

    fn too_many(&self, place: Place) -> Diagnostic {
        let message = format!("more than {MAX_NODES} values, aliases written out");
        self.diagnostic(place, message, None)
    }

    fn diagnostic(
        &self,
        place: Place,
        message: impl Into<String>,
        help: Option<String>,
    ) -> Diagnostic {
        let diagnostic = Diagnostic::new(Code::Yaml, place, message);
        match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }

    fn bytes(&self, span: &Span) -> (usize, usize) {
        let range = span.byte_range().unwrap_or(0..0);
        (range.start, range.end)
    }

    fn place(&self, start: usize, end: usize) -> Place {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Place {
            file: self.file,
            start: offset(start),
            end: offset(end),
        }
    }
}
