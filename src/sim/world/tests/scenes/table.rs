//! The names: texts in both directions, and what is said of one that is wrong.

use super::*;

#[test]
fn every_row_reads_back_what_it_writes() {
    for row in SCENARIOS {
        let texts: Vec<String> = match row.argument {
            None => vec![row.name.to_owned()],
            Some(argument) => {
                assert!(argument.choices.contains(&argument.default), "{}", row.name);
                argument.choices.iter().map(|choice| format!("{}:{choice}", row.name)).collect()
            }
        };
        for text in texts {
            let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!((scenario.to_string(), scenario.name()), (text, row.name));
        }
        let bare = Scenario::parse(row.name).unwrap();
        let default = row.argument.map_or(row.name.to_owned(), |argument| format!("{}:{}", row.name, argument.default));
        assert_eq!(bare.to_string(), default);
        assert!(row.summary.len() < 110 && !row.summary.ends_with('.'));
    }
    assert_eq!(SCENARIOS.len(), 19);
    assert_eq!(Scenario::parse(" az : b "), Ok(Scenario::AzFailure { az: Az::B }));
    assert_eq!(Scenario::parse("nat:ap-southeast-2c"), Ok(Scenario::NatFailure { az: Az::C }));
    let long = format!("redis-node:{REDIS}-0002-001");
    assert_eq!(long.parse(), Ok(Scenario::RedisNodeFailure { node: format!("{REDIS}-0002-001") }));
}

#[test]
fn what_is_wrong_is_named_with_the_nearest_and_all_others() {
    let says = |text: &str| Scenario::parse(text).unwrap_err().to_string();
    let unknown = says("rds-primry");
    assert!(unknown.starts_with("there is no scenario \"rds-primry\"; the nearest is \"rds-primary\". All: az, rds-primary, redis-node"));
    assert!(SCENARIOS.iter().all(|row| unknown.contains(row.name)));
    assert!(says("crashloop").contains("the nearest is \"crash-loop\""));
    assert!(says("").contains("there is no scenario \"\""));
    assert_eq!(says("az:d"), "scenario \"az\" knows no zone \"d\"; the nearest is \"a\". All: a, b, c");
    assert!(says("task:celery").contains("knows no service \"celery\"; the nearest is \"celery-worker\""));
    assert!(says("sg-closed:redi").contains("the nearest is \"redis\""));
    assert_eq!(says("db-cpu:high"), "scenario \"db-cpu\" takes no argument, and \"high\" was given");
    assert!(says(&"x".repeat(100_000)).len() < 101_000);
}
