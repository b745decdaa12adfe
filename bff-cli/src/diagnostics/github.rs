//! Workflow commands of GitHub Actions: one annotation a line.

use bff_spec::diagnostic::{Diagnostic, Severity};
use bff_spec::source::Sources;

/// `::error file=specs/web.yaml,line=3,col=5,endLine=3,endColumn=9,title=E0101::message`
pub(super) fn render(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let (start, end) = sources.lines(diagnostic.place);
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut message = diagnostic.message.clone();
    if let Some(help) = &diagnostic.help {
        message.push_str("\nhelp: ");
        message.push_str(help);
    }
    format!(
        "::{level} file={},line={},col={},endLine={},endColumn={},title={}::{}",
        property(super::path(sources, diagnostic.place)),
        start.line,
        start.column,
        end.line,
        end.column,
        diagnostic.code.as_str(),
        data(&message),
    )
}

/// Text after `::`, in which only these would end it.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property's value, which a colon or comma would end too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
