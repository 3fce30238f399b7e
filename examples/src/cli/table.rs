//! Tables for people: columns side by side, each wrapped to what it can have of the line.

/// The width when nobody says, and for output that is not a terminal.
const WIDTH: usize = 100;

/// The least a column is given, however narrow the line is.
const LEAST: usize = 12;

/// What stands between columns.
const GAP: usize = 2;

/// How wide a line may be: what `COLUMNS` says.
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
    let titles = titles.map(str::to_owned);
    let all = || std::iter::once(&titles).chain(rows);
    let mut widths = [0; N];
    for row in all() {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    fit(&mut widths, width.saturating_sub(GAP * N.saturating_sub(1)));
    all().map(|row| line(row, &widths)).collect()
}

/// Takes from the widest column until all of them fit.
fn fit(widths: &mut [usize], room: usize) {
    while widths.iter().sum::<usize>() > room {
        match widths.iter_mut().max() {
            Some(widest) if *widest > LEAST => *widest -= 1,
            _ => return,
        }
    }
}

fn line<const N: usize>(row: &[String; N], widths: &[usize; N]) -> String {
    let mut cells: Vec<_> =
        row.iter().zip(widths).map(|(cell, width)| wrap(cell, *width).into_iter()).collect();
    let mut text = String::new();
    loop {
        let parts: Vec<Option<String>> = cells.iter_mut().map(Iterator::next).collect();
        if parts.iter().all(Option::is_none) {
            return text;
        }
        let parts = parts.into_iter().zip(widths).map(|(part, width)| {
            let part = part.unwrap_or_default();
            format!("{part:width$}")
        });
        let line = parts.collect::<Vec<_>>().join(&" ".repeat(GAP));
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

/// Breaks a text into lines at spaces, and words that are longer than a line anywhere; its own
/// line breaks count as spaces. At least one line.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        if length > 0 && length + 1 + word.len() > room {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        while word.len() > room {
            let rest = word.split_off(room);
            lines.push(word.into_iter().collect());
            word = rest;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        length += word.len();
        line.extend(word);
    }
    if length > 0 || lines.is_empty() {
        lines.push(line);
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

    #[test]
    fn the_widest_column_gives_way_and_no_word_is_too_long() {
        let rows = [["x".repeat(30), "short".into(), "a b ".repeat(20)]];
        let text = render(["A", "B", "C"], &rows, 50);
        assert!(text.lines().all(|line| line.chars().count() <= 50), "{text}");
        assert_eq!(text.matches('x').count(), 30, "nothing is lost");
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("abcdefg hi", 5), ["abcde", "fg hi"]);
    }
}
