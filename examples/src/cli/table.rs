//! Tables for people: columns side by side, the last one wrapped to what is left of the line.

use std::fmt::Write as _;

/// The width when nobody says, and for output that is not a terminal.
const WIDTH: usize = 100;

/// How much of a line the columns before the last may take together.
const HEAD: usize = 60;

/// How wide a line may be: what the terminal or `COLUMNS` says.
pub(super) fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.unwrap_or(WIDTH).max(40)
}

/// Renders rows under their titles; empty rows give an empty text.
pub(super) fn render<const N: usize>(
    titles: [&str; N],
    rows: &[[String; N]],
    width: usize,
) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut widths = titles.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let titles = titles.map(str::to_owned);
    for row in std::iter::once(&titles).chain(rows) {
        line(&mut text, row, &widths, width);
    }
    text
}

fn line<const N: usize>(text: &mut String, row: &[String; N], widths: &[usize; N], width: usize) {
    let Some((last, head)) = row.split_last() else { return };
    let mut indent = 0;
    for (cell, width) in head.iter().zip(widths) {
        let width = (*width).min(HEAD);
        let _ = write!(text, "{cell:width$}  ");
        indent += width + 2;
    }
    let room = width.saturating_sub(indent).max(20);
    for (number, part) in wrap(last, room).iter().enumerate() {
        if number > 0 {
            let _ = write!(text, "{:indent$}", "");
        }
        text.push_str(part);
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
}

/// Breaks a text into lines at spaces; its own line breaks count as spaces. At least one line.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a line from the start");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [
            ["add".into(), "Adds two numbers".into()],
            ["a-longer-name".into(), "A description that goes on for more than a line".into()],
        ];
        let expected = "\
NAME           WHAT IT DOES
add            Adds two numbers
a-longer-name  A description that goes
               on for more than a line
";
        assert_eq!(render(["NAME", "WHAT IT DOES"], &rows, 40), expected);
        assert_eq!(render(["NAME"], &[], 40), "");
    }
}
