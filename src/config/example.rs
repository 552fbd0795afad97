//! The example of a configuration: every key with its default or an example, all of them commented out. `config example` prints it, and the
//! packages ship the same file.

/// The whole text.
pub const EXAMPLE: &str = include_str!("../../packaging/config.example.toml");

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::file::{self, File};
    use nextcore_core::insight::health::limits::{Bound, meaning};
    use nextcore_core::model::limits::Limit;

    /// What a person gets who removes every '#' before a key; prose has a space after it.
    fn uncommented() -> String {
        EXAMPLE.lines().map(|line| line.strip_prefix('#').filter(|l| !l.starts_with(' ')).unwrap_or(line)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn as_it_is_it_says_nothing_and_with_every_key_it_is_a_configuration() {
        assert_eq!(file::parse(Path::new("c.toml"), EXAMPLE).unwrap(), File::default());
        let text = uncommented();
        let file = file::parse(Path::new("c.toml"), &text).unwrap();
        assert!(file.stack.is_some() && file.stacks.contains_key("staging") && file.runbooks.is_some(), "{text}");
        assert_ne!(file.incidents.rules, None);
    }

    /// The keys that a table knows, as the parser lists them when it meets another.
    fn known(table: &str) -> Vec<String> {
        let error = toml::from_str::<File>(&format!("{table}\nzzz = 1\n")).unwrap_err().to_string();
        let (_, listed) = error.split_once("expected").unwrap();
        listed.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
    }

    #[test]
    fn no_key_is_missing() {
        let all: toml::Table = toml::from_str(&uncommented()).unwrap();
        for table in ["", "stack", "runbooks", "incidents", "logs", "stack.addresses"] {
            let keys = known(&if table.is_empty() { String::new() } else { format!("[{table}]") });
            assert!(!keys.is_empty(), "{table}");
            let found = table.split('.').filter(|key| !key.is_empty()).try_fold(&all, |t, key| t.get(key)?.as_table()).unwrap();
            for key in keys {
                assert!(found.contains_key(&key), "[{table}] has a key that the example does not show: {key}");
            }
        }
    }

    #[test]
    fn the_limits_are_all_there_and_are_the_defaults() {
        let shown = file::parse(Path::new("c.toml"), &uncommented()).unwrap().limits;
        for limit in Limit::ALL {
            let (pair, default) = (shown.written(*limit), meaning(*limit).bounds);
            for (level, written, bound) in [("warn", pair.warn, default.warn), ("critical", pair.critical, default.critical)] {
                let value = bound.map(|b: Bound| b.value);
                // A default that is no round number of its unit is shown with two places.
                let same = match (written, value) {
                    (Some(written), Some(value)) => (written - value).abs() <= value.abs() * 0.001,
                    (None, None) => true,
                    _ => false,
                };
                assert!(same, "{} {level}: {written:?} is shown, {value:?} is the default", limit.name());
            }
        }
    }
}
