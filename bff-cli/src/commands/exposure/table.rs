//! Rows for people: a heading for each frontend and endpoint, below it a line a field, no wider than the terminal.

use comfy_table::{ColumnConstraint, Table, Width, presets};

use super::Row;
use crate::console::{Console, Tone};

/// Columns of text where the output is no terminal.
const WIDTH: usize = 160;
/// What a column keeps, however narrow the terminal.
const LEAST: usize = 12;
/// Blanks before a line, and between columns.
const INDENT: usize = 4;
const GAP: usize = 2;

/// The table, over several lines.
pub(super) fn render(rows: &[Row], console: Console) -> String {
    let width = terminal_size::terminal_size_of(std::io::stdout())
        .map_or(WIDTH, |(width, _)| usize::from(width.0));
    let cells: Vec<[String; 4]> = rows.iter().map(cells).collect();
    let widths = widths(&cells, width);
    let mut out = String::new();
    let mut frontend = "";
    let mut endpoint = "";
    let mut group: Vec<&[String; 4]> = Vec::new();
    for (row, cells) in rows.iter().zip(&cells) {
        let other = frontend != row.frontend;
        if other || endpoint != row.endpoint {
            out += &table(&group, &widths);
            group.clear();
            if other {
                if !out.is_empty() {
                    out.push('\n');
                }
                out += &console.paint_result(Tone::Name, &row.frontend);
                out.push('\n');
            }
            out += "  ";
            out += &console.paint_result(Tone::Good, &row.endpoint);
            out.push('\n');
            frontend = &row.frontend;
            endpoint = &row.endpoint;
        }
        group.push(cells);
    }
    out += &table(&group, &widths);
    out
}

/// Where it comes from, the field, where it goes if that is elsewhere, and what else is to know.
fn cells(row: &Row) -> [String; 4] {
    let mut notes = Vec::new();
    if row.sensitive {
        notes.push("sensitive".to_owned());
    }
    match (row.via, &row.status) {
        ("response", _) => {}
        (via, Some(status)) => notes.push(format!("{via} {status}")),
        (via, None) => notes.push(via.to_owned()),
    }
    let output = if row.output.is_empty() {
        "(the answer)".to_owned()
    } else {
        row.output.clone()
    };
    let field = if row.field.is_empty() {
        "(its answer)".to_owned()
    } else {
        row.field.clone()
    };
    let output = if row.via == "pass-through" {
        String::new()
    } else {
        format!("as {output}")
    };
    [
        format!("{}.{}", row.upstream, row.operation),
        field,
        output,
        notes.join(", "),
    ]
}

/// As wide as the widest cell, or narrowed in proportion until a line fits.
fn widths(cells: &[[String; 4]], terminal: usize) -> [usize; 4] {
    let mut widths = [0; 4];
    for row in cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let room = terminal.saturating_sub(INDENT + 3 * GAP).max(4 * LEAST);
    let all: usize = widths.iter().sum();
    if all > room {
        for width in &mut widths {
            *width = (*width * room / all).max(LEAST.min(*width));
        }
    }
    widths
}

fn table(rows: &[&[String; 4]], widths: &[usize; 4]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    for row in rows {
        table.add_row(row.iter());
    }
    for (column, width) in table.column_iter_mut().zip(widths) {
        let gap = u16::try_from(GAP).unwrap_or_default();
        column.set_padding((0, gap));
        let width = u16::try_from(*width).unwrap_or(u16::MAX);
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(
            width.max(1).saturating_add(gap),
        )));
    }
    let mut out = String::new();
    for line in table.lines() {
        out += &" ".repeat(INDENT);
        out += line.trim_end();
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_share_what_there_is() {
        let cell = |width: usize| "x".repeat(width);
        let row = [cell(30), cell(60), cell(60), cell(9)];
        assert_eq!(widths(std::slice::from_ref(&row), 200), [30, 60, 60, 9]);
        let narrow = widths(std::slice::from_ref(&row), 100);
        assert!(
            INDENT + 3 * GAP + narrow.iter().sum::<usize>() <= 104,
            "{narrow:?}"
        );
        assert!(narrow.iter().all(|width| *width >= 9), "{narrow:?}");
    }

    #[test]
    fn long_cells_go_on_in_the_next_line() {
        let row = ["users.getUser", "a.very.long.path", "as x", ""].map(str::to_owned);
        let text = table(&[&row], &[13, 8, 4, 0]);
        assert!(text.lines().count() > 1, "{text}");
        assert!(text.lines().all(|line| line.len() <= 40), "{text}");
    }
}
