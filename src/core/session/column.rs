//! The columns of a table: said once by the pane that has the rows, with what each is sorted by. `o` and `O` choose, the rows come sorted, and
//! `view` draws the same columns over them: what is drawn and what is selected cannot disagree.

use std::cmp::Ordering;

use crate::model::Time;

/// How a column is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    /// Text from the left, cut at its end.
    Left,
    /// Figures from the right.
    Right,
    /// Text from the left, cut in its middle.
    Middle,
}

/// By what a column is sorted; it decides which end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SortKey {
    /// From A to Z; numbers in a text by their value.
    Text,
    /// The largest first.
    Number,
    /// The newest first.
    Time,
    /// The worst first.
    State,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// Its heading.
    pub(crate) title: &'static str,
    /// The cells that it needs.
    pub(crate) width: u16,
    /// Its share of what is left over; 0 = never wider.
    pub(crate) grow: u16,
    /// How it is filled.
    pub(crate) fill: Fill,
    /// The larger, the earlier it gives way; 0 stays.
    pub(crate) rank: u8,
    /// By what it is sorted; `None` = it never is.
    pub(crate) sort: Option<SortKey>,
}

impl Column {
    pub(crate) const fn of(title: &'static str, width: u16, grow: u16, fill: Fill, rank: u8) -> Self {
        Self { title, width, grow, fill, rank, sort: None }
    }

    /// A column of text.
    pub(crate) const fn left(title: &'static str, width: u16, rank: u8) -> Self {
        Self::of(title, width, 0, Fill::Left, rank)
    }

    /// A column of figures.
    pub(crate) const fn right(title: &'static str, width: u16, rank: u8) -> Self {
        Self::of(title, width, 0, Fill::Right, rank)
    }

    /// A column that takes what is left over.
    pub(crate) const fn wide(title: &'static str, width: u16, rank: u8) -> Self {
        Self::of(title, width, 1, Fill::Left, rank)
    }

    /// That is sorted by this.
    pub(crate) const fn by(self, key: SortKey) -> Self {
        Self { sort: Some(key), ..self }
    }
}

/// What a row has in a column, as far as sorting goes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// Not known, or nothing: it comes last, whichever way round.
    Unknown,
    Text(String),
    Number(f64),
    Time(Time),
    /// How bad it is: the larger, the worse.
    State(u8),
}

impl Value {
    /// A text; none is not known.
    pub(crate) fn text(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        if text.is_empty() { Self::Unknown } else { Self::Text(text.to_lowercase()) }
    }

    pub(crate) fn number(number: impl Into<f64>) -> Self {
        Self::Number(number.into())
    }

    /// How many.
    pub(crate) fn count(number: usize) -> Self {
        Self::Number(number as f64)
    }

    pub(crate) fn maybe(number: Option<impl Into<f64>>) -> Self {
        number.map_or(Self::Unknown, |n| Self::Number(n.into()))
    }

    pub(crate) fn time(at: Option<Time>) -> Self {
        at.map_or(Self::Unknown, Self::Time)
    }

    /// The seconds from one moment to another.
    pub(crate) fn span(from: Option<Time>, to: Option<Time>) -> Self {
        from.zip(to).map_or(Self::Unknown, |(from, to)| Self::Number((to - from).num_seconds() as f64))
    }

    /// The key that it belongs to; `None` where nothing is known.
    #[cfg(test)]
    pub(crate) fn key(&self) -> Option<SortKey> {
        match self {
            Self::Unknown => None,
            Self::Text(_) => Some(SortKey::Text),
            Self::Number(_) => Some(SortKey::Number),
            Self::Time(_) => Some(SortKey::Time),
            Self::State(_) => Some(SortKey::State),
        }
    }

    fn rising(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => natural(a, b),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Time(a), Self::Time(b)) => a.cmp(b),
            (Self::State(a), Self::State(b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }
}

/// By which column a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) column: usize,
    /// The largest, the newest, the worst first.
    pub(crate) falling: bool,
}

impl Order {
    /// That of the next column that can be sorted by; after the last, none.
    pub(crate) fn next(now: Option<Self>, columns: &[Column]) -> Option<Self> {
        let from = now.map_or(0, |order| order.column + 1);
        let (column, key) = columns.iter().enumerate().skip(from).find_map(|(i, c)| Some((i, c.sort?)))?;
        Some(Self { column, falling: key != SortKey::Text })
    }

    /// The other way round.
    pub(crate) fn turned(self) -> Self {
        Self { falling: !self.falling, ..self }
    }

    /// What shows it in a heading.
    pub(crate) fn arrow(self) -> &'static str {
        if self.falling { "▾" } else { "▴" }
    }

    fn compare(self, a: &Value, b: &Value) -> Ordering {
        match (a, b) {
            (Value::Unknown, Value::Unknown) => Ordering::Equal,
            (Value::Unknown, _) => Ordering::Greater,
            (_, Value::Unknown) => Ordering::Less,
            _ if self.falling => b.rising(a),
            _ => a.rising(b),
        }
    }
}

/// The rows in an order; what is equal stays as it was. `value` is what a row has in the column of that title.
pub(crate) fn sorted<T>(rows: Vec<T>, order: Option<Order>, columns: &[Column], value: impl Fn(&T, &str) -> Value) -> Vec<T> {
    let Some((order, column)) = order.and_then(|order| Some((order, columns.get(order.column)?))) else { return rows };
    let mut keyed: Vec<(Value, T)> = rows.into_iter().map(|row| (value(&row, column.title), row)).collect();
    #[cfg(test)]
    assert!(keyed.iter().all(|(value, _)| value.key().is_none_or(|key| Some(key) == column.sort)), "another kind in {}", column.title);
    keyed.sort_by(|a, b| order.compare(&a.0, &b.0));
    keyed.into_iter().map(|(_, row)| row).collect()
}

/// Texts with their numbers by value: `web:9` before `web:10`, `10.0.2.1` before `10.0.11.1`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (x, y) = (piece(a), piece(b));
        let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        let order = match (is_number(x), is_number(y)) {
            (true, true) => {
                let (x, y) = (x.trim_start_matches('0'), y.trim_start_matches('0'));
                x.len().cmp(&y.len()).then_with(|| x.cmp(y))
            }
            _ => x.cmp(y),
        };
        if order.is_ne() || (x.is_empty() && y.is_empty()) {
            return order;
        }
        (a, b) = (a.get(x.len()..).unwrap_or_default(), b.get(y.len()..).unwrap_or_default());
    }
}

/// What a text begins with: digits, or something else.
fn piece(text: &str) -> &str {
    let first = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != first).unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Value {
        Value::time(chrono::DateTime::from_timestamp(seconds, 0))
    }

    #[test]
    fn values_are_sorted_by_what_they_mean_and_the_unknown_comes_last() {
        let number = |n: f64| Value::number(n);
        for (values, rising) in [
            (vec![Value::text("web:10"), Value::text("Web:9"), Value::text("api"), Value::text("")], [2, 1, 0, 3]),
            (vec![Value::text("10.0.11.1"), Value::text("10.0.2.9"), Value::text("10.0.2.10"), Value::text("")], [1, 2, 0, 3]),
            (vec![number(1024.0), Value::Unknown, number(9.5), number(100.0)], [2, 3, 0, 1]),
            (vec![at(60), at(7200), Value::Unknown, at(0)], [3, 0, 1, 2]),
            (vec![Value::State(2), Value::State(0), Value::Unknown, Value::State(2)], [1, 0, 3, 2]),
        ] {
            let columns = [values.iter().find_map(Value::key).map_or(Column::left("x", 1, 0), |key| Column::left("x", 1, 0).by(key))];
            let order = |falling| {
                let rows: Vec<usize> = (0..values.len()).collect();
                sorted(rows, Some(Order { column: 0, falling }), &columns, |row, _| values[*row].clone())
            };
            assert_eq!(order(false), rising, "{values:?}");
            let back = order(true);
            let known = |rows: &[usize]| rows.iter().map(|i| values[*i].clone()).filter(|v| v.key().is_some()).collect::<Vec<_>>();
            assert_eq!(known(&back), known(&rising).into_iter().rev().collect::<Vec<_>>());
            let unknown = |rows: &[usize]| rows.iter().rev().take_while(|i| values[**i].key().is_none()).count();
            assert_eq!(unknown(&back), unknown(&rising), "what is not known is last, whichever way round");
        }
    }

    #[test]
    fn the_next_column_is_one_that_can_be_sorted_by_and_after_the_last_there_is_none() {
        let columns = [
            Column::left("", 1, 0),
            Column::left("name", 4, 0).by(SortKey::Text),
            Column::left("bar", 4, 0),
            Column::right("age", 4, 0).by(SortKey::Time),
        ];
        let first = Order::next(None, &columns);
        assert_eq!(first, Some(Order { column: 1, falling: false }));
        let second = Order::next(first, &columns);
        assert_eq!(second, Some(Order { column: 3, falling: true }));
        assert_eq!(Order::next(second.map(Order::turned), &columns), None);
        assert_eq!(Order::next(None, &columns[..1]), None);
    }
}
