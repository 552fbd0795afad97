//! Logs Insights queries: which there are by name (`library`), what they cost (`cost`), and what they found as a table that is sorted and
//! written. Pure: who asks AWS is `nextcore-live`. Called by `logs query` and by the pane of queries.

mod cost;
mod library;

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::model::query::Row;
use crate::model::text::{cells, take};

pub use cost::{after, before, dollars, money};
pub use library::{Chosen, Named, Unchosen, choose, listed};

/// Names a line to AWS, and says nothing to a person.
const POINTER: &str = "@ptr";
/// A column for people is no wider; the last one takes what it needs.
const WIDEST: usize = 60;

/// What a query found: every row has a cell for every column, empty where AWS gave none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Columns in the order in which the rows first name them.
    pub fn of(rows: &[Row]) -> Self {
        let mut columns: Vec<String> = Vec::new();
        for (name, _) in rows.iter().flatten().filter(|(name, _)| name != POINTER) {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
        let cell = |row: &Row, column: &String| row.iter().find(|(name, _)| name == column).map(|(_, v)| v.clone()).unwrap_or_default();
        let rows = rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect()).collect();
        Self { columns, rows }
    }

    /// Whether a column holds nothing but numbers.
    pub fn is_numeric(&self, column: usize) -> bool {
        let mut cells = self.rows.iter().filter_map(|row| row.get(column)).filter(|cell| !cell.is_empty()).peekable();
        cells.peek().is_some() && cells.all(|cell| number(cell).is_some())
    }

    /// Sorts by a column: numbers by their value, what is missing last either way. Equal rows stay as they are.
    pub fn sort(&mut self, column: usize, descending: bool) {
        self.rows.sort_by(|a, b| {
            let (a, b) = (a.get(column).map_or("", String::as_str), b.get(column).map_or("", String::as_str));
            match (a.is_empty(), b.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) if descending => order(b, a),
                (false, false) => order(a, b),
            }
        });
    }

    /// One object per row: a column of numbers as numbers, nothing for what is missing.
    pub fn json(&self) -> String {
        let cells = |at: usize| self.rows.iter().filter_map(move |row| row.get(at)).filter(|cell| !cell.is_empty());
        let counts: Vec<bool> = (0..self.columns.len()).map(|at| cells(at).all(|cell| exact(cell).is_some())).collect();
        let object = |row: &Vec<String>| {
            let cells = self.columns.iter().zip(row).zip(&counts).filter(|((_, cell), _)| !cell.is_empty());
            let value = |cell: &String, is_number: bool| {
                let number = exact(cell).filter(|_| is_number);
                number.map_or_else(|| Value::String(cell.clone()), Value::Number)
            };
            let members = cells.map(|((name, cell), is_number)| (name.clone(), value(cell, *is_number)));
            Value::Object(members.collect::<Map<_, _>>()).to_string()
        };
        self.rows.iter().map(object).collect::<Vec<_>>().join("\n")
    }

    /// As RFC 4180 has it, with a header.
    pub fn csv(&self) -> String {
        let line = |row: &Vec<String>| row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",");
        [&self.columns].into_iter().chain(&self.rows).map(line).collect::<Vec<_>>().join("\n")
    }

    /// For people: columns aligned, numbers to the right.
    pub fn text(&self) -> String {
        let widths: Vec<usize> = (0..self.columns.len()).map(|column| self.width(column)).collect();
        let numeric: Vec<bool> = (0..self.columns.len()).map(|column| self.is_numeric(column)).collect();
        let line = |row: &Vec<String>| {
            let mut out = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let is_last = column + 1 == widths.len();
                let cell = cell.replace('\n', " ");
                let cell = if is_last { cell } else { clipped(&cell, *width) };
                let gap = " ".repeat(width.saturating_sub(cells(&cell)));
                match (numeric.get(column).copied().unwrap_or_default(), is_last) {
                    (true, _) => out += &(gap + &cell),
                    (false, true) => out += &cell,
                    (false, false) => out += &(cell + &gap),
                }
                if !is_last {
                    out += "  ";
                }
            }
            out.trim_end().to_owned()
        };
        [&self.columns].into_iter().chain(&self.rows).map(line).collect::<Vec<_>>().join("\n")
    }

    /// How many cells a column wants.
    pub fn width(&self, column: usize) -> usize {
        let rows = [&self.columns].into_iter().chain(&self.rows);
        rows.filter_map(|row| row.get(column)).map(|cell| cells(cell)).max().unwrap_or_default().min(WIDEST)
    }
}

fn clipped(text: &str, width: usize) -> String {
    if cells(text) <= width { text.to_owned() } else { take(text, width.saturating_sub(1)) + "…" }
}

fn number(text: &str) -> Option<f64> {
    // `inf`, `nan` and the like are words of a log.
    text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)).then(|| text.parse().ok()).flatten()
}

/// A number that keeps its value: an account with a zero before it, or an id with more digits than fit, is a text.
fn exact(text: &str) -> Option<serde_json::Number> {
    let number: serde_json::Number = serde_json::from_str(text).ok()?;
    (text.contains('.') || number.is_i64()).then_some(number)
}

fn order(a: &str, b: &str) -> Ordering {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}
