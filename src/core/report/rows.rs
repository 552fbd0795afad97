//! Rows of words under a heading, for the lists that have no more to them. Pure: text out. Called by `keys` and the like.

use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table};

use super::Look;
use super::table::to_ascii;

/// The table; as wide as the look says, and no wider than it needs.
pub fn rows<const N: usize>(heading: [&str; N], rows: impl IntoIterator<Item = [String; N]>, look: Look) -> String {
    let mut table = laid_out(look);
    table.set_header(heading);
    for row in rows {
        table.add_row(if look.ascii { row.map(|cell| to_ascii(&cell)) } else { row });
    }
    whole(&mut table, &[0]);
    table.trim_fmt() + "\n"
}

/// Columns whose words are typed again: they are not broken, however narrow the terminal.
pub(super) fn whole(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

/// Without lines: what `grep` and `awk` cut out of it stays readable.
pub(super) fn laid_out(look: Look) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    if let Some(width) = look.width {
        table.set_width(width);
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_the_terminal_and_are_whole_in_a_pipe() {
        let name = "a-name-that-is-long-and-typed-again";
        let long = "a line that has far more to say than a narrow terminal has columns for, and says all of it".to_owned();
        let made = |look| rows(["NAME", "WHAT"], [[name.to_owned(), long.clone()], ["two →".to_owned(), String::new()]], look);
        let narrow = made(Look { ascii: false, width: Some(60) });
        assert!(narrow.lines().all(|line| line.chars().count() <= 60) && narrow.contains("of it") && narrow.contains(name), "{narrow}");
        assert!(made(Look::default()).lines().any(|line| line.ends_with(&long)));
        assert!(made(Look { ascii: true, width: None }).contains("two ->"));
    }
}
