//! Where each part of a scalar's text stands in the file.
//!
//! The parser says what a scalar's text is and which bytes it was written with; this walks both side by side. Text and
//! file run in step within a line, and part at escapes, folded breaks and stripped indentation: there a pair is noted.

use super::Style;

/// The pairs of a scalar's [`super::Scalar::map`]: `raw` is what it was written with, quotes and block header
/// included, and stands at `start`.
///
/// ```yaml
/// a: "x\ty"     # text `x⇥y`: (0, 4) (1, 5) (2, 7)
/// ```
pub(super) fn pairs(text: &str, raw: &str, start: u32, style: Style) -> Vec<(u32, u32)> {
    let mut walk = Walk {
        text,
        raw,
        start,
        t: 0,
        r: 0,
        pairs: Vec::with_capacity(1),
    };
    match style {
        Style::Plain => walk.flow(None),
        Style::Single => walk.flow(Some('\'')),
        Style::Double => walk.flow(Some('"')),
        Style::Literal => walk.literal(),
        Style::Folded => walk.folded(),
    }
    if walk.pairs.is_empty() {
        walk.pairs.push((0, start));
    }
    walk.pairs
}

struct Walk<'a> {
    text: &'a str,
    raw: &'a str,
    start: u32,
    t: usize,
    r: usize,
    pairs: Vec<(u32, u32)>,
}

impl Walk<'_> {
    /// Notes that the text from here on runs in step with the raw bytes from here on.
    fn note(&mut self) {
        let (t, file) = self.here();
        match self.pairs.last() {
            Some(&(last_t, last_file)) if last_file + (t - last_t) == file => {}
            _ => self.pair(),
        }
    }

    /// The same, even where the two run in step already: before and behind an escape.
    fn pair(&mut self) {
        let here = self.here();
        match self.pairs.last_mut() {
            Some(last) if last.0 == here.0 => *last = here,
            _ => self.pairs.push(here),
        }
    }

    fn here(&self) -> (u32, u32) {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        (offset(self.t), self.start.saturating_add(offset(self.r)))
    }

    /// Plain and quoted scalars.
    fn flow(&mut self, quote: Option<char>) {
        if let Some(quote) = quote
            && self.raw.starts_with(quote)
        {
            self.r = 1;
        }
        self.note();
        if self.raw.get(self.r..self.r + self.text.len()) == Some(self.text)
            && quote.is_none_or(|_| self.raw.len() == self.text.len() + 2)
        {
            return;
        }
        loop {
            let (Some(raw), Some(text)) = (self.raw.get(self.r..), self.text.get(self.t..)) else {
                return;
            };
            let Some(c) = raw.chars().next() else { return };
            if quote == Some('"') && c == '\\' {
                self.escape(raw);
                continue;
            }
            if text.is_empty() {
                return;
            }
            if quote == Some('\'') && raw.starts_with("''") {
                self.pair();
                self.t += 1;
                self.r += 2;
                self.pair();
                continue;
            }
            let blank = raw.len() - raw.trim_start_matches([' ', '\t', '\r', '\n']).len();
            let run = raw.get(..blank).unwrap_or_default();
            if run.contains(['\r', '\n']) {
                self.fold(run);
                continue;
            }
            self.t += c.len_utf8();
            self.r += c.len_utf8();
        }
    }

    /// A run of white space with breaks in it: one break is a space, more are one line feed less than they are.
    fn fold(&mut self, run: &str) {
        let breaks = line_breaks(run);
        // The first stands for the whole run, so that what ends before it ends before trailing spaces too.
        let written = std::iter::once(0).chain(breaks.into_iter().skip(2));
        let from = self.r;
        // After an escaped break the fold adds no text of its own.
        for at in written {
            let text = self.text.get(self.t..).unwrap_or_default();
            if !text.starts_with([' ', '\n']) {
                break;
            }
            self.r = from + at;
            self.note();
            self.t += 1;
        }
        self.r = from + run.len();
        self.note();
    }

    /// A backslash and what follows.
    fn escape(&mut self, raw: &str) {
        let mut chars = raw.chars();
        chars.next();
        let Some(kind) = chars.next() else {
            self.r = self.raw.len();
            return;
        };
        if matches!(kind, '\r' | '\n') {
            // An escaped break: the next line's indentation goes too, and empty lines are line feeds.
            let rest = raw.get(1..).unwrap_or_default();
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
            let run = rest.get(..blank).unwrap_or_default();
            let from = self.r + 1;
            for at in line_breaks(run).into_iter().skip(1) {
                self.r = from + at;
                self.note();
                self.t += 1;
            }
            self.r = from + blank;
            self.note();
            return;
        }
        let mut width = 1 + match kind {
            'x' => 3,
            'u' => 5,
            'U' => 9,
            other => other.len_utf8(),
        };
        let wide = self
            .text
            .get(self.t..)
            .and_then(|t| t.chars().next())
            .map_or(0, char::len_utf8);
        // A surrogate pair: two escapes, one character.
        if kind == 'u' && wide == 4 && raw.get(width..).is_some_and(|r| r.starts_with("\\u")) {
            width *= 2;
        }
        self.pair();
        self.t += wide;
        self.r += width;
        self.pair();
    }

    /// `|`: the text's lines are the raw lines after the header, each without its indentation.
    fn literal(&mut self) {
        let lines = block_lines(self.raw);
        for (line, (from, to)) in self.text.split('\n').zip(lines) {
            self.r = to.saturating_sub(line.len()).max(from);
            self.note();
            self.t += line.len() + 1;
        }
    }

    /// `>`: as `|`, but a break may have become a space.
    fn folded(&mut self) {
        let lines = block_lines(self.raw);
        let Some(indent) = self.folded_indent(&lines) else {
            return;
        };
        let breaks = |c| matches!(c, ' ' | '\n');
        for (from, to) in lines {
            let at = (from + indent).min(to);
            let content = self.raw.get(at..to).unwrap_or_default();
            if content.is_empty() {
                continue;
            }
            let text = self.text.get(self.t..).unwrap_or_default();
            let skip = text
                .char_indices()
                .take_while(|&(i, c)| {
                    let here = text.get(i..).unwrap_or_default();
                    !here.starts_with(content) && breaks(c)
                })
                .count();
            self.t += skip;
            if !text.get(skip..).unwrap_or_default().starts_with(content) {
                return;
            }
            self.r = at;
            self.note();
            self.t += content.len();
        }
    }

    /// How far a folded scalar is indented: its first line with something on it tells.
    fn folded_indent(&self, lines: &[(usize, usize)]) -> Option<usize> {
        let spaces = |s: &str| s.len() - s.trim_start_matches(' ').len();
        let first = lines
            .iter()
            .filter_map(|&(from, to)| self.raw.get(from..to))
            .find(|line| !line.trim_start_matches(' ').is_empty())?;
        let kept = spaces(self.text.trim_start_matches('\n'));
        Some(spaces(first).saturating_sub(kept))
    }
}

/// Where each line break of a run stands; `\r\n` is one.
fn line_breaks(run: &str) -> Vec<usize> {
    let bytes = run.as_bytes();
    bytes
        .iter()
        .enumerate()
        .filter(|&(i, &b)| {
            b == b'\r' || b == b'\n' && i.checked_sub(1).and_then(|p| bytes.get(p)) != Some(&b'\r')
        })
        .map(|(i, _)| i)
        .collect()
}

/// The lines after a block scalar's header, each from its first byte to the one before its break.
fn block_lines(raw: &str) -> Vec<(usize, usize)> {
    let mut lines = Vec::new();
    let mut from = None;
    for at in line_breaks(raw) {
        if let Some(from) = from {
            lines.push((from, at));
        }
        let width = if raw.get(at..).is_some_and(|r| r.starts_with("\r\n")) {
            2
        } else {
            1
        };
        from = Some(at + width);
    }
    if let Some(from) = from {
        lines.push((from, raw.len()));
    }
    lines
}

/// Where a block scalar's header starts. The parser says only where its text does: the header ends the last line before
/// that with anything on it.
pub(super) fn block_header(file: &str, content: usize) -> usize {
    let before = file
        .get(..content)
        .unwrap_or_default()
        .trim_end_matches([' ', '\t', '\r', '\n']);
    let line = before.rfind(['\r', '\n']).map_or(0, |at| at + 1);
    let header = before.get(line..).unwrap_or_default();
    header
        .match_indices(['|', '>'])
        .map(|(at, _)| at)
        .find(|&at| is_header(header.get(at + 1..).unwrap_or_default()))
        .map_or(content, |at| line + at)
}

/// Whether this may follow `|` or `>`: an indentation, a chomping indicator, a comment.
fn is_header(rest: &str) -> bool {
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
    let comment = rest.trim_start_matches([' ', '\t']);
    comment.is_empty() || comment.starts_with('#') && comment.len() < rest.len()
}
