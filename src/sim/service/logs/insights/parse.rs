//! Logs Insights queries as commands, as far as this cloud knows the language: fields, display, filter, parse, stats, sort, limit. Everything
//! else is refused, as AWS refuses what it does not know. Not what the commands do: `run`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use regex::Regex;

use super::token::{Placed, Token, tokens, unexpected};

/// One command between two pipes.
#[derive(Debug, Clone)]
pub(super) enum Command {
    /// These are shown beside those that are.
    Fields(Vec<Column>),
    /// These are shown, and no others.
    Display(Vec<Column>),
    Filter(Condition),
    /// New fields out of an old one.
    Parse {
        field: String,
        /// Its groups are named as the fields.
        regex: Regex,
    },
    Stats {
        figures: Vec<Figure>,
        by: Vec<By>,
    },
    Sort(Vec<Order>),
    Limit(usize),
}

/// A field, and as what it is shown.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) field: String,
    pub(super) shown: String,
}

#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) field: String,
    pub(super) descending: bool,
}

/// What rows are counted together by.
#[derive(Debug, Clone)]
pub(super) struct By {
    /// The field; none: the time, cut to multiples of `bin` milliseconds.
    pub(super) field: Option<String>,
    pub(super) bin: i64,
    pub(super) shown: String,
}

/// A figure over rows.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub(super) what: Aggregate,
    /// None: the rows themselves.
    pub(super) field: Option<String>,
    pub(super) shown: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Aggregate {
    Count,
    CountDistinct,
    Sum,
    Avg,
    Min,
    Max,
    Pct(f64),
}

/// What a row must fulfil.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Present(String),
    Like(String, Regex),
    Compare(String, &'static str, String),
    In(String, Vec<String>),
}

/// Reads a query; the error is the message that AWS answers with.
pub(super) fn parse(query: &str) -> Result<Vec<Command>, String> {
    let tokens = tokens(query)?;
    let mut reader = Reader { tokens: &tokens, next: 0, end: query.chars().count() };
    let mut commands = vec![reader.command()?];
    while reader.takes("|") {
        commands.push(reader.command()?);
    }
    if reader.next < tokens.len() {
        return Err(reader.refused());
    }
    Ok(commands)
}

struct Reader<'t> {
    tokens: &'t [Placed],
    next: usize,
    end: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    /// What stands here does not belong here.
    fn refused(&self) -> String {
        match self.tokens.get(self.next) {
            None => unexpected(self.end, "end of the query"),
            Some((at, Token::Word(word))) => unexpected(*at, word),
            Some((at, Token::Text(text))) => unexpected(*at, &format!("\"{text}\"")),
            Some((at, Token::Regex(regex))) => unexpected(*at, &format!("/{regex}/")),
            Some((at, Token::Sign(sign))) => unexpected(*at, sign),
        }
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Sign(s)) if *s == sign);
        self.next += usize::from(is_it);
        is_it
    }

    fn takes_word(&mut self, wanted: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.next += usize::from(is_it);
        is_it
    }

    fn needs(&mut self, sign: &str) -> Result<(), String> {
        if self.takes(sign) { Ok(()) } else { Err(self.refused()) }
    }

    fn word(&mut self) -> Result<String, String> {
        let Some(Token::Word(word)) = self.peek() else { return Err(self.refused()) };
        let word = word.clone();
        self.next += 1;
        Ok(word)
    }

    fn number<T: std::str::FromStr>(&mut self) -> Result<T, String> {
        let Some(Token::Word(word)) = self.peek() else { return Err(self.refused()) };
        let Ok(number) = word.parse() else { return Err(self.refused()) };
        self.next += 1;
        Ok(number)
    }

    /// One or more of something, with commas between them.
    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        let mut all = vec![one(self)?];
        while self.takes(",") {
            all.push(one(self)?);
        }
        Ok(all)
    }

    fn command(&mut self) -> Result<Command, String> {
        let before = self.next;
        Ok(match self.word()?.to_ascii_lowercase().as_str() {
            "fields" => Command::Fields(self.list(Self::column)?),
            "display" => Command::Display(self.list(Self::column)?),
            "filter" => Command::Filter(self.any()?),
            "parse" => self.extract()?,
            "stats" => {
                let figures = self.list(Self::figure)?;
                let by = if self.takes_word("by") { self.list(Self::by)? } else { Vec::new() };
                Command::Stats { figures, by }
            }
            "sort" => Command::Sort(self.list(Self::order)?),
            "limit" => Command::Limit(self.number()?),
            _ => {
                self.next = before;
                return Err(self.refused());
            }
        })
    }

    fn alias(&mut self, otherwise: String) -> Result<String, String> {
        if self.takes_word("as") { self.word() } else { Ok(otherwise) }
    }

    /// A field by its name. Functions of fields are not known here.
    fn field(&mut self) -> Result<String, String> {
        let field = self.word()?;
        if matches!(self.peek(), Some(Token::Sign("("))) {
            self.next -= 1;
            return Err(self.refused());
        }
        Ok(field)
    }

    fn column(&mut self) -> Result<Column, String> {
        let field = self.field()?;
        let shown = self.alias(field.clone())?;
        Ok(Column { field, shown })
    }

    /// A column to sort by: a field, or a figure or `bin` as `stats` shows it.
    fn order(&mut self) -> Result<Order, String> {
        let before = self.next;
        let is_call = matches!(self.tokens.get(before + 1), Some((_, Token::Sign("("))));
        let field = match self.by() {
            Ok(by) => by.shown,
            Err(_) if is_call => {
                self.next = before;
                self.figure()?.shown
            }
            Err(refused) => return Err(refused),
        };
        let descending = self.takes_word("desc");
        if !descending {
            self.takes_word("asc");
        }
        Ok(Order { field, descending })
    }

    fn by(&mut self) -> Result<By, String> {
        if self.takes_word("bin") {
            self.needs("(")?;
            let before = self.next;
            let span = self.word()?;
            let Some(bin) = milliseconds(&span) else {
                self.next = before;
                return Err(self.refused());
            };
            self.needs(")")?;
            let shown = self.alias(format!("bin({span})"))?;
            return Ok(By { field: None, bin, shown });
        }
        let Column { field, shown } = self.column()?;
        Ok(By { field: Some(field), bin: 0, shown })
    }

    fn figure(&mut self) -> Result<Figure, String> {
        let before = self.next;
        let name = self.word()?.to_ascii_lowercase();
        self.needs("(")?;
        let star = name == "count" && self.takes("*");
        let rows = star || (name == "count" && matches!(self.peek(), Some(Token::Sign(")"))));
        let field = if rows { None } else { Some(self.field()?) };
        let of = field.clone().unwrap_or_else(|| if star { "*".to_owned() } else { String::new() });
        let (what, shown) = match name.as_str() {
            "count" => (Aggregate::Count, format!("count({of})")),
            "count_distinct" => (Aggregate::CountDistinct, format!("count_distinct({of})")),
            "sum" => (Aggregate::Sum, format!("sum({of})")),
            "avg" => (Aggregate::Avg, format!("avg({of})")),
            "min" => (Aggregate::Min, format!("min({of})")),
            "max" => (Aggregate::Max, format!("max({of})")),
            "pct" => {
                self.needs(",")?;
                let percent: f64 = self.number()?;
                (Aggregate::Pct(percent), format!("pct({of}, {percent})"))
            }
            _ => {
                self.next = before;
                return Err(self.refused());
            }
        };
        self.needs(")")?;
        let shown = self.alias(shown)?;
        Ok(Figure { what, field, shown })
    }

    fn extract(&mut self) -> Result<Command, String> {
        let field = self.field()?;
        let before = self.next;
        let token = self.peek().cloned();
        self.next += 1;
        let regex = match token {
            Some(Token::Regex(text)) => Regex::new(&text).ok().filter(|r| r.capture_names().flatten().next().is_some()),
            Some(Token::Text(glob)) => {
                if !self.takes_word("as") {
                    return Err(self.refused());
                }
                globbed(&glob, &self.list(Self::word)?)
            }
            _ => None,
        };
        let Some(regex) = regex else {
            self.next = before;
            return Err(self.refused());
        };
        Ok(Command::Parse { field, regex })
    }

    fn any(&mut self) -> Result<Condition, String> {
        let mut all = vec![self.all()?];
        while self.takes_word("or") {
            all.push(self.all()?);
        }
        Ok(Condition::Any(all))
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut all = vec![self.one()?];
        while self.takes_word("and") {
            all.push(self.one()?);
        }
        Ok(Condition::All(all))
    }

    fn one(&mut self) -> Result<Condition, String> {
        if self.takes_word("not") {
            return Ok(Condition::Not(Box::new(self.one()?)));
        }
        if self.takes("(") {
            let inside = self.any()?;
            self.needs(")")?;
            return Ok(inside);
        }
        if self.takes_word("ispresent") {
            self.needs("(")?;
            let field = self.field()?;
            self.needs(")")?;
            return Ok(Condition::Present(field));
        }
        let field = self.field()?;
        let negated = self.takes_word("not");
        let condition = if self.takes_word("like") || (!negated && self.takes("=~")) {
            Condition::Like(field, self.pattern()?)
        } else if self.takes_word("in") {
            self.needs("[")?;
            let values = self.list(Self::value)?;
            self.needs("]")?;
            Condition::In(field, values)
        } else {
            let known = ["!=", "<=", ">=", "=", "<", ">"];
            let Some(sign) = known.into_iter().find(|sign| !negated && self.takes(sign)) else { return Err(self.refused()) };
            Condition::Compare(field, sign, self.value()?)
        };
        Ok(if negated { Condition::Not(Box::new(condition)) } else { condition })
    }

    /// A regex, or a text that is to be found as it is.
    fn pattern(&mut self) -> Result<Regex, String> {
        let regex = match self.peek() {
            Some(Token::Regex(regex)) => Regex::new(regex).ok(),
            Some(Token::Text(text)) => Regex::new(&regex::escape(text)).ok(),
            _ => None,
        };
        let regex = regex.ok_or_else(|| self.refused())?;
        self.next += 1;
        Ok(regex)
    }

    /// A text or a number to compare with: fields are compared with none here.
    fn value(&mut self) -> Result<String, String> {
        let value = match self.peek() {
            Some(Token::Text(text)) => Some(text.clone()),
            Some(Token::Word(word)) => word.parse::<f64>().is_ok().then(|| word.clone()),
            _ => None,
        };
        let value = value.ok_or_else(|| self.refused())?;
        self.next += 1;
        Ok(value)
    }
}

/// `user=*, took *ms` with a name for each star; no regex where the numbers differ or a name is none of a group.
fn globbed(glob: &str, names: &[String]) -> Option<Regex> {
    let parts: Vec<String> = glob.split('*').map(regex::escape).collect();
    let distinct: BTreeSet<&String> = names.iter().collect();
    if parts.len() != names.len() + 1 || distinct.len() != names.len() {
        return None;
    }
    let mut text = parts.first()?.clone();
    for (i, (name, part)) in names.iter().zip(parts.iter().skip(1)).enumerate() {
        // The last star takes what is left where nothing follows it.
        let is_last = i + 1 == names.len() && part.is_empty();
        let _ = write!(text, "(?<{name}>.*{}){part}", if is_last { "" } else { "?" });
    }
    Regex::new(&text).ok()
}

/// `5m` as milliseconds.
fn milliseconds(span: &str) -> Option<i64> {
    let unit = span.trim_start_matches(|c: char| c.is_ascii_digit());
    let n: i64 = span.strip_suffix(unit)?.parse().ok().filter(|n| *n > 0)?;
    let one = match unit {
        "s" | "sec" => 1_000,
        "m" | "min" => 60_000,
        "h" | "hr" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    n.checked_mul(one)
}
