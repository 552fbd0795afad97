//! The inside of the database: what is told apart adds up, and agrees with what CloudWatch says of the same minute.

use super::super::insight::{SAMPLE, STATEMENTS, WAITS};
use super::*;

const DB_DIMS: [(&str, &str); 1] = [("DBInstanceIdentifier", DB)];

/// The mean of `read` over the samples of the minute that begins at `t`.
fn minute(w: &World, t: Ms, read: impl Fn(&DbFigures) -> f64) -> f64 {
    let inside: Vec<f64> = w.rds.insight.samples.iter().filter(|s| s.t >= t && s.t < t + MIN).map(|s| read(&s.figures)).collect();
    assert_eq!(inside.len(), 6, "samples of a minute");
    inside.iter().sum::<f64>() / 6.0
}

fn host_events(w: &World) -> Vec<(Ms, serde_json::Value)> {
    let group = &w.logs.groups[OS_METRICS_GROUP];
    group.events.iter().map(|e| (e.timestamp, serde_json::from_str(&e.message).unwrap())).collect()
}

#[test]
fn the_load_of_a_minute_is_the_one_that_cloudwatch_has() {
    let w = quiet();
    for (name, read) in [
        ("DBLoad", DbFigures::load as fn(&DbFigures) -> f64),
        ("DBLoadCPU", |f| f.on_cpu),
        ("DBLoadNonCPU", DbFigures::waiting),
        ("CPUUtilization", |f| f.cpu_percent),
        ("DatabaseConnections", |f| f.connections),
        ("ReadIOPS", |f| f.reads),
        ("WriteIOPS", |f| f.writes),
    ] {
        let points = series(&w, "AWS/RDS", name, &DB_DIMS, "Average", w.now - HOUR);
        assert!(points.len() > 50, "{name}");
        for (t, value) in points {
            let mine = minute(&w, t, read);
            assert!((mine - value).abs() < 1e-6 * value.max(1.0), "{name}: {mine} in Performance Insights, {value} in CloudWatch");
        }
    }
    for (t, value) in series(&w, "AWS/RDS", "FreeableMemory", &DB_DIMS, "Average", w.now - HOUR) {
        assert!((minute(&w, t, |f| f.freeable) / value - 1.0).abs() < 0.15);
    }
}

#[test]
fn parts_add_up_to_the_load() {
    let w = quiet();
    assert!(
        WAITS
            .iter()
            .fold([0.0; 4], |sum, wait| std::array::from_fn(|i| sum[i] + wait.shares[i]))
            .iter()
            .all(|s: &f64| (s - 1.0).abs() < 1e-9)
    );
    for sample in &w.rds.insight.samples {
        let parts = sample.parts();
        let sum: f64 = parts.iter().map(|part| part.load).sum();
        assert!((sum - sample.figures.load()).abs() < 1e-9, "{sum}");
        let on_cpu: f64 = parts.iter().filter(|part| part.wait.name == "CPU").map(|part| part.load).sum();
        assert!((on_cpu - sample.figures.on_cpu).abs() < 1e-9);
    }
    assert!(w.rds.insight.samples.iter().zip(w.rds.insight.samples.iter().skip(1)).all(|(a, b)| b.t - a.t == SAMPLE));
}

#[test]
fn the_slow_queries_of_the_log_are_among_the_statements() {
    let w = quiet();
    let lines = w.logs.groups[LOG_GROUP].events.iter().filter_map(|e| e.message.split_once("slow query"));
    let mut count = 0;
    for (_, rest) in lines {
        let sql = rest.split_once("sql=\"").unwrap().1.trim_end_matches('"');
        assert!(STATEMENTS.iter().any(|statement| statement.sql == sql), "{sql}");
        count += 1;
    }
    assert!(count > 0);
    let ids: BTreeSet<String> = STATEMENTS.iter().map(super::super::insight::Statement::id).collect();
    assert_eq!(ids.len(), STATEMENTS.len());
}

#[test]
fn a_failover_shows_as_reads_into_a_cold_cache() {
    let mut w = quiet();
    let waits = |w: &World, name: &str| {
        let sample = w.rds.insight.samples.back().unwrap();
        sample.parts().iter().filter(|part| part.wait.name == name).map(|part| part.load).sum::<f64>()
    };
    let before = waits(&w, "IO:DataFileRead");
    let host = w.rds.insight.host_since;
    w.reboot_db(DB, true).unwrap();
    until(&mut w, 3 * MIN, "restarted", |w| w.rds.instance.cold > 0.8);
    run(&mut w, 20 * SEC);
    assert!(waits(&w, "IO:DataFileRead") > before + 0.15);
    until(&mut w, 3 * MIN, "swapped", |w| w.rds.instance.az == Az::B);
    assert_ne!(w.rds.insight.host_since, host, "the standby is another host");
}

#[test]
fn the_host_says_what_cloudwatch_says() {
    let w = quiet();
    let events = host_events(&w);
    assert!((170..=181).contains(&events.len()), "{}", events.len());
    let cpu = series(&w, "AWS/RDS", "CPUUtilization", &DB_DIMS, "Average", w.now - HOUR);
    let free = series(&w, "AWS/RDS", "FreeableMemory", &DB_DIMS, "Average", w.now - HOUR);
    for ((t, cpu), (_, freeable)) in cpu.into_iter().zip(free) {
        let (_, event) = events.iter().find(|(at, _)| *at == t + MIN).unwrap();
        let figure = |group: &str, name: &str| event[group][name].as_f64().unwrap();
        assert!((figure("cpuUtilization", "total") - cpu).abs() < 0.05);
        let split: f64 = ["user", "system", "steal", "wait", "idle"].iter().map(|name| figure("cpuUtilization", name)).sum();
        assert!((split - 100.0).abs() < 0.1, "{split}");
        let memory: f64 = ["free", "cached", "buffers"].iter().map(|name| figure("memory", name)).sum();
        assert!((memory * 1024.0 / freeable - 1.0).abs() < 0.15);
        assert!(figure("memory", "active") + figure("memory", "free") < figure("memory", "total"));
        let names: Vec<&str> = event["processList"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
        assert!(names.iter().any(|name| name.starts_with("postgres: nextcore_app")) && names.contains(&"OS processes"), "{names:?}");
    }
    let (_, last) = events.last().unwrap();
    assert_eq!(last["numVCPUs"], 2);
    assert_eq!(last["instanceResourceID"], w.rds.instance.resource_id.as_str());
    assert!(last["uptime"].as_str().unwrap().starts_with("41 days, "));
    let used = last["fileSys"][0]["usedPercent"].as_f64().unwrap();
    let free = w.rds.instance.free_storage / (f64::from(w.rds.instance.allocated_gib) * 1_073_741_824.0) * 100.0;
    assert!((100.0 - free - used).abs() < 2.0, "{used} used, {free} free");
}

#[test]
fn what_is_switched_off_is_silent() {
    let mut w = quiet();
    let change = ModifyDbInstance { monitoring_interval: Some(0), performance_insights: Some(false), ..Default::default() };
    w.modify_db(DB, change).unwrap();
    let since = |w: &World, from: Ms| host_events(w).iter().filter(|(at, _)| *at > from).count();
    let off = w.now;
    run(&mut w, 5 * MIN);
    assert!(w.rds.insight.samples.is_empty());
    assert_eq!(since(&w, off), 0);
    assert!(series(&w, "AWS/RDS", "DBLoad", &DB_DIMS, "Average", off).is_empty());
    assert!(!series(&w, "AWS/RDS", "CPUUtilization", &DB_DIMS, "Average", off).is_empty());
    let on = w.now;
    let change = ModifyDbInstance { monitoring_interval: Some(10), performance_insights: Some(true), ..Default::default() };
    w.modify_db(DB, change).unwrap();
    run(&mut w, 5 * MIN);
    assert_eq!(w.rds.insight.samples.len(), 30);
    assert_eq!(since(&w, on), 30);
    run(&mut w, 2 * HOUR);
    assert!(host_events(&w).len() <= 400);
}
