//! The table `[limits]` of the configuration as limits: strict, by name, in the unit of each figure. The defaults stand in `limits`.
//! An error says what is wrong and carries the place of it in the file. Called by the configuration's file.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::limits::{Bounds, Unit, meaning};
use crate::model::action::names::nearest;
use crate::model::limits::{Limit, Limits, Pair};
use crate::model::text;

/// Reads the table: `cache_memory = { warn = 75, critical = 90 }`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Limits, D::Error> {
    deserializer.deserialize_map(Table)
}

/// The table by name.
struct Table;

impl<'de> Visitor<'de> for Table {
    type Value = Limits;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of limits by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Limits, A::Error> {
        let mut limits = Limits::default();
        while let Some(limit) = map.next_key_seed(Name)? {
            let pair = map.next_value_seed(Levels(limit))?;
            limits.write(limit, pair);
        }
        Ok(limits)
    }
}

/// The name of a limit.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Limit;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Limit, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Limit;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a limit")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Limit, E> {
        Limit::ALL.iter().copied().find(|l| l.name() == name).ok_or_else(|| {
            let head = name.split('_').next().unwrap_or(name);
            let mut known: Vec<&str> = Limit::ALL.iter().map(|l| l.name()).filter(|n| n.split('_').next() == Some(head)).collect();
            if known.is_empty() {
                known = Limit::ALL.iter().map(|l| l.name()).collect();
            }
            let meant = nearest(name, &known).map(|name| format!(": did you mean {name}?")).unwrap_or_default();
            E::custom(format!("unknown limit '{name}', expected one of {}{meant}", known.join(", ")))
        })
    }
}

/// The two levels of one limit.
struct Levels(Limit);

impl<'de> DeserializeSeed<'de> for Levels {
    type Value = Pair;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Pair, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Levels {
    type Value = Pair;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let levels = [("warn", meaning(self.0).bounds.warn), ("critical", meaning(self.0).bounds.critical)];
        let levels: Vec<&str> = levels.iter().filter(|(_, bound)| bound.is_some()).map(|(word, _)| *word).collect();
        write!(f, "a table with {}", levels.join(" and "))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pair, A::Error> {
        let (mut pair, default) = (Pair::default(), meaning(self.0));
        while let Some(level) = map.next_key::<String>()? {
            let (slot, known) = match level.as_str() {
                "warn" => (&mut pair.warn, default.bounds.warn),
                "critical" => (&mut pair.critical, default.bounds.critical),
                _ => return Err(A::Error::custom(format!("unknown level '{level}', expected warn or critical"))),
            };
            if known.is_none() {
                return Err(A::Error::custom(format!("{} has no {level} level", self.0.name())));
            }
            *slot = Some(map.next_value_seed(Figure(default.unit))?);
        }
        order(self.0, pair).map_err(A::Error::custom)?;
        Ok(pair)
    }
}

/// Warn comes first, whichever side is bad; what is not written is the default.
fn order(limit: Limit, pair: Pair) -> Result<(), String> {
    let mut limits = Limits::default();
    limits.write(limit, pair);
    let Bounds { warn: Some(warn), critical: Some(critical) } = limits.bounds(limit) else { return Ok(()) };
    let unit = meaning(limit).unit;
    if (warn.value - critical.value).abs() > f64::EPSILON && critical.is_bad(warn.value) {
        let (warn, critical) = (unit.text(warn.value), unit.text(critical.value));
        return Err(format!("{}: warn {warn} is beyond critical {critical}", limit.name()));
    }
    Ok(())
}

/// One figure in the unit of its limit.
struct Figure(Unit);

impl<'de> DeserializeSeed<'de> for Figure {
    type Value = f64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<f64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Figure {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Unit::Percent => "a number of percent",
            Unit::Count => "a number",
            Unit::Seconds => "a number of seconds",
            Unit::Mebibytes => "a number of MiB",
            Unit::Gibibytes => "a number of GiB",
            Unit::Span => "a span such as \"90s\", \"30m\", \"2h\" or \"1d\"",
        })
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
        let fits = self.0 != Unit::Span && value.is_finite() && value >= 0.0;
        if fits { Ok(value * self.0.scale()) } else { Err(E::invalid_value(serde::de::Unexpected::Float(value), &self)) }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
        let fits = self.0 != Unit::Span && value >= 0;
        if fits { Ok(value as f64 * self.0.scale()) } else { Err(E::invalid_value(serde::de::Unexpected::Signed(value), &self)) }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<f64, E> {
        let seconds = text::parse_span(value).filter(|_| self.0 == Unit::Span);
        seconds.map(|s| s as f64).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(value), &self))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::insight::fixture::World;
    use crate::insight::{NodeId, catalogue};
    use crate::model::health::Level;
    use crate::model::metric;
    use crate::model::system::System;

    #[derive(Debug, Deserialize)]
    struct File {
        #[serde(deserialize_with = "deserialize")]
        limits: Limits,
    }

    fn read(rows: &str) -> Result<Limits, toml::de::Error> {
        toml::from_str::<File>(&format!("[limits]\n{rows}\n")).map(|f| f.limits)
    }

    #[test]
    fn a_limit_is_written_in_the_unit_of_its_figure_and_the_other_level_stays() {
        let limits =
            read("database_free_storage = { warn = 40 }\ntarget_5xx = { critical = 2.5 }\ndeployment_time = { warn = \"2h\" }").unwrap();
        let gib = 1_073_741_824.0;
        for (limit, value, level) in [
            (Limit::DatabaseFreeStorage, 41.0 * gib, Level::Healthy),
            (Limit::DatabaseFreeStorage, 39.0 * gib, Level::Degraded),
            (Limit::DatabaseFreeStorage, 9.0 * gib, Level::Down),
            (Limit::Target5xx, 1.0, Level::Degraded),
            (Limit::Target5xx, 2.5, Level::Down),
            (Limit::DeploymentTime, 7199.0, Level::Healthy),
            (Limit::DeploymentTime, 7201.0, Level::Degraded),
        ] {
            assert_eq!(limits.level(limit, value), level, "{limit:?} {value}");
        }
    }

    #[test]
    fn what_is_wrong_is_refused_by_name_where_it_stands() {
        for (rows, parts) in [
            ("cache_memry = { warn = 75 }", vec!["cache_memry", "cache_memory", "cache_cpu"]),
            ("cache_memory = { wran = 75 }", vec!["wran", "warn or critical"]),
            ("cache_memory = 75", vec!["table with warn and critical"]),
            ("cache_cpu = { critical = 75 }", vec!["cache_cpu has no critical level"]),
            ("cache_memory = { warn = 95, critical = 90 }", vec!["cache_memory", "warn 95 % is beyond critical 90 %"]),
            ("cache_memory = { warn = 95 }", vec!["warn 95 % is beyond critical 90 %"]),
            ("database_free_storage = { critical = 30 }", vec!["warn 20 GiB is beyond critical 30 GiB"]),
            ("cache_memory = { warn = \"75\" }", vec!["number of percent"]),
            ("cache_memory = { warn = -1 }", vec!["number of percent"]),
            ("cache_memory = { warn = nan }", vec!["number of percent"]),
            ("deployment_time = { warn = 10 }", vec!["a span such as"]),
            ("deployment_time = { warn = \"10 min\" }", vec!["a span such as"]),
        ] {
            let error = read(&format!("host_wait = {{ warn = 5 }}\n{rows}")).unwrap_err();
            let line = error.span().map(|s| s.start).unwrap_or_default();
            assert!(line >= "[limits]\nhost_wait = { warn = 5 }\n".len(), "{rows}: points at byte {line}");
            assert!(parts.iter().all(|p| error.message().contains(p)), "{rows}: {}", error.message());
        }
    }

    #[test]
    fn every_limit_can_be_written_as_it_stands() {
        for limit in Limit::ALL {
            let Bounds { warn, critical } = meaning(*limit).bounds;
            let unit = meaning(*limit).unit;
            let figure =
                |value: f64| if unit == Unit::Span { format!("{:?}", unit.text(value)) } else { (value / unit.scale()).to_string() };
            let levels = [("warn", warn), ("critical", critical)];
            let levels: Vec<String> =
                levels.iter().filter_map(|(word, b)| Some(format!("{word} = {}", figure(b.as_ref()?.value)))).collect();
            let read = read(&format!("{} = {{ {} }}", limit.name(), levels.join(", "))).unwrap_or_else(|e| panic!("{limit:?}: {e}"));
            assert_eq!(read.bounds(*limit), Bounds { warn, critical }, "{limit:?}");
        }
    }

    #[test]
    fn a_configured_limit_changes_the_verdict_and_the_catalogue() {
        let mut world = World::healthy();
        world.series(metric::Db::Cpu, &[10.0; 12]);
        assert_eq!(world.judge().of(&NodeId::of(System::Database)).unwrap().level, Level::Healthy);
        world.stack.limits = read("database_cpu = { warn = 1 }\nfree_addresses = { warn = 5000 }").unwrap();
        let judgement = world.judge();
        assert_eq!(judgement.of(&NodeId::of(System::Database)).unwrap().level, Level::Degraded);
        assert_eq!(judgement.of(&NodeId::of(System::Vpc)).unwrap().level, Level::Degraded);
        let all = catalogue(&world.stack.limits);
        let doc = |id: &str| all.iter().find(|r| r.id == id).unwrap().doc.clone();
        assert_eq!(doc("db.cpu"), "cpu > 1 % 10 of 10 min is degraded, > 95 % 10 of 10 min is down");
        assert_eq!(doc("subnet.addresses"), "free addresses < 5.0k is degraded: Fargate takes one per task");
    }

    #[test]
    fn no_rule_names_a_limit_that_there_is_not() {
        assert!(catalogue(&Limits::default()).iter().all(|r| !r.doc.contains(['{', '}'])));
    }
}
