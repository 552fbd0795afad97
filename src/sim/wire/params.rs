//! What an operation reads of its request: typed access that forgives the differences between the protocols (awsQuery
//! sends everything as text) and answers a missing or wrong member with the error that the service itself would send.
//! It decodes nothing; the handlers in `service` are its only users.

use super::{ApiError, Value, time};

/// How a service words its complaints about parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// Error code for a member that is required and absent.
    pub missing: &'static str,
    /// Error code for a member whose value is not acceptable.
    pub invalid: &'static str,
}

/// The members of one structure of the request.
#[derive(Debug, Clone, Copy)]
pub struct Params<'a> {
    members: &'a Value,
    dialect: Dialect,
    region: Option<&'a str>,
}

impl<'a> Params<'a> {
    /// Reads `members` and complains in `dialect`.
    pub fn new(members: &'a Value, dialect: Dialect) -> Params<'a> {
        Params { members, dialect, region: None }
    }

    /// Signed for this region.
    #[must_use]
    pub fn signed_for(mut self, region: Option<&'a str>) -> Params<'a> {
        self.region = region;
        self
    }

    /// The region in the credential scope; absent when nothing was signed.
    pub fn region(&self) -> Option<&'a str> {
        self.region
    }

    /// The raw member.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name)
    }

    /// The names of the members that were sent.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        let members: &'a [_] = if let Value::Map(members) = self.members { members } else { &[] };
        members.iter().map(|(name, _)| name.as_ref())
    }

    /// Whether the member was sent at all.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Text; an empty string counts as absent, which is how the services treat it.
    pub fn str(&self, name: &str) -> Option<&'a str> {
        match self.get(name)? {
            Value::Str(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// Text that must be there.
    pub fn required(&self, name: &str) -> Result<&'a str, ApiError> {
        self.str(name).ok_or_else(|| self.missing(name))
    }

    /// An integer.
    pub fn int(&self, name: &str) -> Result<Option<i64>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Int(number)) => Ok(Some(*number)),
            Some(Value::Float(number)) if number.fract() == 0.0 => Ok(Some(*number as i64)),
            Some(Value::Str(text)) => text.parse().ok().map(Some).ok_or_else(|| self.unparsable(name, text)),
            Some(_) => Err(self.unparsable(name, "a structure")),
        }
    }

    /// An integer within `range`, or `default` when it was not sent.
    pub fn int_in(&self, name: &str, range: std::ops::RangeInclusive<i64>, default: i64) -> Result<i64, ApiError> {
        let number = self.int(name)?.unwrap_or(default);
        if range.contains(&number) {
            return Ok(number);
        }
        let constraint = if number < *range.start() {
            format!("Member must have value greater than or equal to {}", range.start())
        } else {
            format!("Member must have value less than or equal to {}", range.end())
        };
        Err(self.invalid(name, &number.to_string(), &constraint))
    }

    /// A boolean.
    pub fn bool(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::Str(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(Value::Str(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(self.unparsable(name, "not a boolean")),
        }
    }

    /// A point in time as epoch milliseconds: a CBOR timestamp, epoch seconds (JSON) or ISO 8601 (awsQuery).
    pub fn time(&self, name: &str) -> Result<Option<i64>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Time(epoch_ms)) => Ok(Some(*epoch_ms)),
            Some(Value::Int(seconds)) => Ok(Some(seconds.saturating_mul(1000))),
            Some(Value::Float(seconds)) => Ok(Some((seconds * 1000.0).round() as i64)),
            Some(Value::Str(text)) => time::parse_iso(text).map(Some).ok_or_else(|| self.unparsable(name, text)),
            Some(_) => Err(self.unparsable(name, "a structure")),
        }
    }

    /// The entries of a list; absent and empty are the same.
    pub fn list(&self, name: &str) -> &'a [Value] {
        match self.get(name) {
            Some(Value::List { items, .. }) => items,
            // awsQuery wraps the entries (`Filters.Filter.1`, `AlarmNames.member.1`), and so does XML, where one is no list.
            Some(Value::Map(members)) => match members.as_slice() {
                [(_, Value::List { items, .. })] => items,
                [(_, entry)] => std::slice::from_ref(entry),
                _ => &[],
            },
            _ => &[],
        }
    }

    /// The texts of a list.
    pub fn strings(&self, name: &str) -> Vec<&'a str> {
        self.list(name)
            .iter()
            .filter_map(|item| match item {
                Value::Str(text) => Some(text.as_ref()),
                _ => None,
            })
            .collect()
    }

    /// The structures of a list.
    pub fn structures(&self, name: &str) -> Vec<Params<'a>> {
        self.list(name).iter().map(|item| Params { members: item, ..*self }).collect()
    }

    /// A nested structure.
    pub fn structure(&self, name: &str) -> Option<Params<'a>> {
        match self.get(name)? {
            members @ Value::Map(_) => Some(Params { members, ..*self }),
            _ => None,
        }
    }

    /// The text must be one of `allowed`.
    pub fn one_of(&self, name: &str, allowed: &[&'static str]) -> Result<Option<&'static str>, ApiError> {
        let Some(text) = self.str(name) else { return Ok(None) };
        match allowed.iter().find(|known| **known == text) {
            Some(known) => Ok(Some(known)),
            None => Err(self.invalid(name, text, &format!("Member must satisfy enum value set: [{}]", allowed.join(", ")))),
        }
    }

    /// The service's error for a required member that was not sent.
    pub fn missing(&self, name: &str) -> ApiError {
        let message = if self.dialect.missing == "MissingParameter" {
            format!("The request must contain the parameter {name}.")
        } else {
            format!("1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null")
        };
        ApiError::new(self.dialect.missing, message)
    }

    /// The service's error for a value that breaks a constraint.
    pub fn invalid(&self, name: &str, value: &str, constraint: &str) -> ApiError {
        ApiError::new(
            self.dialect.invalid,
            format!("1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {constraint}"),
        )
    }

    fn unparsable(&self, name: &str, text: &str) -> ApiError {
        self.invalid(name, text, "Member has the wrong type")
    }
}

#[cfg(test)]
mod tests {
    use super::super::object;
    use super::*;

    const DIALECT: Dialect = Dialect { missing: "MissingParameter", invalid: "ValidationError" };

    #[test]
    fn text_of_the_query_protocol_reads_as_the_modelled_type() {
        let sent = object! { "n" => "20", "flag" => "true", "at" => "2026-11-23T03:00:00Z", "bad" => "x" };
        let params = Params::new(&sent, DIALECT);
        assert_eq!(params.int("n").unwrap(), Some(20));
        assert_eq!(params.bool("flag").unwrap(), Some(true));
        assert_eq!(params.time("at").unwrap(), Some(1_795_402_800_000));
        assert_eq!(params.int("bad").unwrap_err().code, "ValidationError");
        assert_eq!(params.int("absent").unwrap(), None);
    }

    #[test]
    fn a_limit_out_of_range_is_the_services_own_error() {
        let sent = object! { "MaxRecords" => 5 };
        let error = Params::new(&sent, DIALECT).int_in("MaxRecords", 20..=100, 100).unwrap_err();
        assert_eq!(error.code, "ValidationError");
        assert!(error.message.contains("greater than or equal to 20"), "{}", error.message);
    }

    #[test]
    fn a_missing_member_is_named() {
        let error = Params::new(&Value::EMPTY, DIALECT).required("DBInstanceIdentifier").unwrap_err();
        assert_eq!(error.code, "MissingParameter");
        assert!(error.message.contains("DBInstanceIdentifier"));
    }
}
