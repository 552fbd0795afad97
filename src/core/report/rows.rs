//! Rows of words under a heading, for the lists that have no more to them. Pure: text out. Called by `keys` and the like.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use super::Look;
use super::table::to_ascii;

/// The table; as wide as the look says, and no wider than it needs.
pub fn rows<const N: usize>(heading: [&str; N], rows: impl IntoIterator<Item = [String; N]>, look: Look) -> String {
    let mut table = laid_out(look);
    table.set_header(heading);
    for row in rows {
        table.add_row(if look.ascii { row.map(|cell| to_ascii(&cell)) } else { row });
    }
    table.trim_fmt() + "\n"
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
        let long = "a line that has far more to say than a narrow terminal has columns for, and says all of it".to_owned();
        let made = |look| rows(["NAME", "WHAT"], [["one".to_owned(), long.clone()], ["two →".to_owned(), String::new()]], look);
        let narrow = made(Look { ascii: false, width: Some(60) });
        assert!(narrow.lines().all(|line| line.chars().count() <= 60) && narrow.contains("all of it"), "{narrow}");
        assert!(made(Look::default()).lines().any(|line| line.ends_with(&long)));
        assert!(made(Look { ascii: true, width: None }).contains("two ->"));
    }
}
