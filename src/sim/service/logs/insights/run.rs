//! A Logs Insights query carried out over the lines of the world: row by row, command by command. Not how a query is read: `parse`.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use chrono::DateTime;

use super::parse::{Aggregate, By, Column, Command, Condition, Figure, Order};
use crate::world::names::ACCOUNT;
use crate::world::state::LogEvent;

/// A row of an answer: names and values, in order.
pub(super) type Shown = Vec<(String, String)>;

/// What a query found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) rows: Vec<Shown>,
    /// Rows that came through the filters.
    pub(super) matched: usize,
}

/// A line on its way through the commands; after `stats` there is none behind a row.
#[derive(Debug, Clone)]
struct Row<'w> {
    line: Option<(&'w str, &'w LogEvent)>,
    own: Vec<(String, String)>,
}

impl Row<'_> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        if let Some((_, value)) = self.own.iter().rev().find(|(own, _)| own == name) {
            return Some(Cow::Borrowed(value));
        }
        let (log, event) = self.line?;
        Some(match name {
            "@message" => Cow::Borrowed(event.message.as_str()),
            "@logStream" => Cow::Borrowed(event.stream.as_ref()),
            "@log" => Cow::Owned(format!("{ACCOUNT}:{log}")),
            "@timestamp" => Cow::Owned(stamp(event.timestamp)),
            "@ingestionTime" => Cow::Owned(stamp(event.ingestion_time)),
            "@ptr" => Cow::Owned(event.event_id()),
            _ => return None,
        })
    }

    /// Times are numbers to whoever calculates with them.
    fn number(&self, name: &str) -> Option<f64> {
        match (name, self.line) {
            ("@timestamp", Some((_, event))) => Some(event.timestamp as f64),
            ("@ingestionTime", Some((_, event))) => Some(event.ingestion_time as f64),
            _ => self.get(name)?.parse().ok(),
        }
    }

    fn fulfils(&self, condition: &Condition) -> bool {
        match condition {
            Condition::All(all) => all.iter().all(|c| self.fulfils(c)),
            Condition::Any(any) => any.iter().any(|c| self.fulfils(c)),
            Condition::Not(not) => !self.fulfils(not),
            Condition::Present(field) => self.get(field).is_some(),
            Condition::Like(field, regex) => self.get(field).is_some_and(|value| regex.is_match(&value)),
            Condition::In(field, values) => self.get(field).is_some_and(|value| values.iter().any(|v| *v == value)),
            Condition::Compare(field, sign, value) => self.compare(field, value).is_some_and(|order| match *sign {
                "=" => order.is_eq(),
                "!=" => order.is_ne(),
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                ">" => order.is_gt(),
                _ => order.is_ge(),
            }),
        }
    }

    fn compare(&self, field: &str, value: &str) -> Option<Ordering> {
        match (self.number(field), value.parse::<f64>()) {
            (Some(own), Ok(value)) => own.partial_cmp(&value),
            _ => Some(self.get(field)?.as_ref().cmp(value)),
        }
    }

    /// As AWS sorts: what is missing first, then texts, then numbers.
    fn order(&self, other: &Self, by: &str) -> Ordering {
        match (self.number(by), other.number(by)) {
            (Some(one), Some(two)) => one.total_cmp(&two),
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (None, None) => self.get(by).cmp(&other.get(by)),
        }
    }
}

/// Carries the commands out; `most` rows are shown where the query does not say how many.
pub(super) fn run<'w>(commands: &[Command], lines: impl Iterator<Item = (&'w str, &'w LogEvent)>, most: usize) -> Found {
    let mut rows: Vec<Row<'w>> = lines.map(|line| Row { line: Some(line), own: Vec::new() }).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.line.map(|(_, event)| event.timestamp)));
    let mut columns: Vec<Column> = Vec::new();
    let (mut matched, mut most, mut counted) = (rows.len(), most, false);
    for command in commands {
        match command {
            Command::Fields(more) => columns.extend(more.iter().cloned()),
            Command::Display(only) => columns.clone_from(only),
            Command::Filter(condition) => {
                rows.retain(|row| row.fulfils(condition));
                matched = if counted { matched } else { rows.len() };
            }
            Command::Parse { field, regex } => {
                let names: Vec<&str> = regex.capture_names().flatten().collect();
                columns.extend(names.iter().map(|name| Column { field: (*name).to_owned(), shown: (*name).to_owned() }));
                for row in &mut rows {
                    let new: Vec<(String, String)> = match row.get(field).as_deref().and_then(|text| regex.captures(text)) {
                        Some(found) => {
                            names.iter().filter_map(|name| Some(((*name).to_owned(), found.name(name)?.as_str().to_owned()))).collect()
                        }
                        None => Vec::new(),
                    };
                    row.own.extend(new);
                }
            }
            Command::Stats { figures, by } => {
                rows = counted_by(&rows, figures, by);
                counted = true;
                let names = by.iter().map(|by| &by.shown).chain(figures.iter().map(|figure| &figure.shown));
                columns = names.map(|name| Column { field: name.clone(), shown: name.clone() }).collect();
            }
            Command::Sort(orders) => sort(&mut rows, orders),
            Command::Limit(limit) => {
                rows.truncate(*limit);
                most = *limit;
            }
        }
    }
    if columns.is_empty() {
        columns = ["@timestamp", "@message"].map(|name| Column { field: name.into(), shown: name.into() }).into();
    }
    rows.truncate(most);
    Found { rows: rows.iter().map(|row| shown(row, &columns)).collect(), matched }
}

fn shown(row: &Row<'_>, columns: &[Column]) -> Shown {
    let values = columns.iter().filter_map(|column| Some((column.shown.clone(), row.get(&column.field)?.into_owned())));
    let pointer = row.line.map(|(_, event)| ("@ptr".to_owned(), event.event_id()));
    values.chain(pointer).collect()
}

fn sort(rows: &mut [Row<'_>], orders: &[Order]) {
    rows.sort_by(|one, two| {
        let by = |order: &Order| {
            let ascending = one.order(two, &order.field);
            if order.descending { ascending.reverse() } else { ascending }
        };
        orders.iter().map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
}

fn counted_by<'w>(rows: &[Row<'w>], figures: &[Figure], by: &[By]) -> Vec<Row<'w>> {
    let mut groups: BTreeMap<Vec<Option<String>>, Vec<&Row<'w>>> = BTreeMap::new();
    for row in rows {
        let key = by.iter().map(|by| match &by.field {
            Some(field) => row.get(field).map(Cow::into_owned),
            None => row.number("@timestamp").map(|at| stamp((at as i64).div_euclid(by.bin) * by.bin)),
        });
        groups.entry(key.collect()).or_default().push(row);
    }
    // Without anything to count by there is one row, even of nothing.
    if by.is_empty() && groups.is_empty() {
        groups.insert(Vec::new(), Vec::new());
    }
    let row = |(key, of): (Vec<Option<String>>, Vec<&Row<'w>>)| {
        let keys = by.iter().zip(key).filter_map(|(by, value)| Some((by.shown.clone(), value?)));
        let values = figures.iter().filter_map(|figure| Some((figure.shown.clone(), value(figure, &of)?)));
        Row { line: None, own: keys.chain(values).collect() }
    };
    groups.into_iter().map(row).collect()
}

/// A figure over rows; `None` where there is nothing to calculate with.
fn value(figure: &Figure, rows: &[&Row<'_>]) -> Option<String> {
    let Some(field) = &figure.field else { return Some(rows.len().to_string()) };
    match figure.what {
        Aggregate::Count => return Some(rows.iter().filter(|row| row.get(field).is_some()).count().to_string()),
        Aggregate::CountDistinct => {
            let distinct: std::collections::BTreeSet<_> = rows.iter().filter_map(|row| row.get(field)).collect();
            return Some(distinct.len().to_string());
        }
        _ => {}
    }
    let mut numbers: Vec<f64> = rows.iter().filter_map(|row| row.number(field)).collect();
    numbers.sort_by(f64::total_cmp);
    let (last, sum) = (numbers.len().checked_sub(1)?, numbers.iter().sum::<f64>());
    let at = |place: usize| numbers.get(place).copied();
    let value = match figure.what {
        Aggregate::Sum | Aggregate::Count | Aggregate::CountDistinct => sum,
        Aggregate::Avg => sum / numbers.len() as f64,
        Aggregate::Min => at(0)?,
        Aggregate::Max => at(last)?,
        Aggregate::Pct(percent) => at(((percent / 100.0).clamp(0.0, 1.0) * last as f64).round() as usize)?,
    };
    Some(written(value))
}

/// Four digits behind the point, and none that say nothing.
fn written(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn stamp(at: i64) -> String {
    DateTime::from_timestamp_millis(at).map(|at| at.format("%Y-%m-%d %H:%M:%S%.3f").to_string()).unwrap_or_default()
}
