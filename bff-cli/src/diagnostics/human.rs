//! For people: the message, the lines it points at, what else has to do with it, and what to write instead.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use bff_spec::diagnostic::{Diagnostic, FileId, Place, Severity};
use bff_spec::source::Sources;

/// Columns of text where the terminal doesn't say.
const WIDTH: usize = 120;

/// A finding, over several lines.
pub(super) fn render(diagnostic: &Diagnostic, sources: &Sources, color: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(&diagnostic.message)
        .id(diagnostic.code.as_str());
    let mut group = Group::with_title(title);

    // The primary file first; other files after it, in the order they are named.
    let mut files = vec![diagnostic.place.file];
    for related in &diagnostic.related {
        if !files.contains(&related.place.file) {
            files.push(related.place.file);
        }
    }
    for id in files {
        if let Some(snippet) = snippet(diagnostic, sources, id) {
            group = group.element(snippet);
        }
    }

    let mut report = Vec::new();
    match (&diagnostic.help, patch(diagnostic, sources)) {
        (help, Some(patch)) => {
            report.push(group);
            let title = help.as_deref().unwrap_or("write this instead");
            report.push(Group::with_title(Level::HELP.secondary_title(title)).element(patch));
        }
        (Some(help), None) => report.push(group.element(Level::HELP.message(help.as_str()))),
        (None, None) => report.push(group),
    }
    let width = terminal_size::terminal_size_of(std::io::stderr())
        .map_or(WIDTH, |(width, _)| usize::from(width.0));
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.term_width(width.max(40)).render(&report)
}

/// What a finding points at in one of its files.
fn snippet<'a>(
    diagnostic: &'a Diagnostic,
    sources: &'a Sources,
    id: FileId,
) -> Option<Snippet<'a, Annotation<'a>>> {
    let file = sources.get(id)?;
    let mut snippet = Snippet::source(file.text.as_str()).path(file.path.as_str());
    if diagnostic.place.file == id {
        let span = span(&file.text, diagnostic.place);
        snippet = snippet.annotation(AnnotationKind::Primary.span(span));
    }
    for related in diagnostic
        .related
        .iter()
        .filter(|related| related.place.file == id)
    {
        let span = span(&file.text, related.place);
        snippet = snippet.annotation(
            AnnotationKind::Context
                .span(span)
                .label(related.message.as_str()),
        );
    }
    Some(snippet)
}

/// The edit that mends it.
fn patch<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Option<Snippet<'a, Patch<'a>>> {
    let edit = diagnostic.fix.as_ref()?;
    let file = sources.get(edit.place.file)?;
    let patch = Patch::new(span(&file.text, edit.place), edit.text.as_str());
    Some(
        Snippet::source(file.text.as_str())
            .path(file.path.as_str())
            .patch(patch),
    )
}

/// A place as bytes that surely lie in the text, between characters.
fn span(text: &str, place: Place) -> std::ops::Range<usize> {
    let start = text.floor_char_boundary(place.start as usize);
    let end = text.ceil_char_boundary(place.end as usize).max(start);
    start..end
}
