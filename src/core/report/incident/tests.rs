//! What the incident reports look like, that what is not known says so, and that hostile texts stay text.

use chrono::{TimeDelta, TimeZone, Utc};

use super::{Look, PostMortem, export, list, show};
use crate::incident::{Acknowledged, Confidence, Evidence, Incident, Phase, Severity, Symptom};
use crate::insight::fixture::World;
use crate::insight::{Event, EventKind, NodeId};
use crate::model::Time;
use crate::model::action::Request;
use crate::model::audit::{AuditEntry, Told, Who};
use crate::model::cache::DataEvent;
use crate::model::database::DatabaseEvents;
use crate::model::health::Level;
use crate::model::metric::{self, Metrics, Series};
use crate::model::stack::Stack;
use crate::model::system::System;

/// 21:40:10, twenty minutes before the moment of the fixture.
fn began() -> Time {
    Utc.with_ymd_and_hms(2026, 11, 22, 21, 40, 10).unwrap()
}

fn after(seconds: i64) -> Time {
    began() + TimeDelta::seconds(seconds)
}

/// An incident of which nothing is known but that it is.
fn bare(id: &str, name: &str) -> Incident {
    Incident {
        id: id.to_owned(),
        rule: "unexplained".to_owned(),
        of: String::new(),
        name: name.to_owned(),
        severity: Severity::Warning,
        phase: Phase::Open,
        since: began(),
        detected_at: began(),
        recovered_at: None,
        closed_at: None,
        evidence: Vec::new(),
        cause: String::new(),
        confidence: Confidence::Unknown,
        zone: String::new(),
        symptoms: Vec::new(),
        changes: Vec::new(),
        runbook: String::new(),
        values: std::collections::BTreeMap::new(),
        aws: String::new(),
        part_of: None,
        systems: Vec::new(),
        acknowledged: None,
    }
}

fn symptom(node: NodeId, level: Level, text: &str, since: i64, until: Option<i64>) -> Symptom {
    Symptom { node, level, since: Some(after(since)), text: text.to_owned(), until: until.map(after) }
}

/// A failover that is over, with everything in it.
fn failover() -> Incident {
    let evidence =
        |text: &str, at: i64| Evidence { text: text.to_owned(), source: "database, database events".to_owned(), at: Some(after(at)) };
    Incident {
        rule: "rds-failover".to_owned(),
        severity: Severity::Critical,
        phase: Phase::Closed,
        detected_at: after(14),
        recovered_at: Some(after(190)),
        closed_at: Some(after(250)),
        evidence: vec![
            evidence("RDS: The primary host of the RDS Multi-AZ instance is unhealthy.", 14),
            evidence("status is available, primary in ap-southeast-2b, standby in ap-southeast-2a", 170),
        ],
        cause: "the host of the primary failed; RDS promotes the standby".to_owned(),
        confidence: Confidence::Certain,
        zone: "ap-southeast-2a".to_owned(),
        symptoms: vec![
            symptom(NodeId::of(System::Database), Level::Down, "failover in progress 40s", 2, Some(80)),
            symptom(NodeId::service("web"), Level::Degraded, "1 of 2 targets unhealthy (Target.Timeout)", 25, Some(130)),
            symptom(NodeId::of(System::Balancer), Level::Degraded, "5xx 8.2 %", 30, Some(190)),
        ],
        changes: vec![Event {
            at: after(-1800),
            node: NodeId::service("web"),
            level: Level::Info,
            text: "deployment of production-nextcore-web:57 started".to_owned(),
            kind: EventKind::Deployment,
        }],
        runbook: "rds-failover".to_owned(),
        values: [("database".to_owned(), "production-nextcore-db".to_owned())].into(),
        aws: "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZ.Failover.html".to_owned(),
        acknowledged: Some(Acknowledged { by: "ana".to_owned(), at: after(65) }),
        ..bare("20261122-2140-rds-failover", "RDS failover")
    }
}

fn part() -> Incident {
    Incident {
        rule: "task-failure".to_owned(),
        of: "web".to_owned(),
        phase: Phase::Closed,
        detected_at: after(40),
        closed_at: Some(after(44)),
        cause: "its container exited; ECS starts another one".to_owned(),
        confidence: Confidence::Certain,
        evidence: vec![Evidence { text: "1 of 2 tasks run".to_owned(), source: "services".to_owned(), at: None }],
        part_of: Some("20261122-2140-rds-failover".to_owned()),
        ..bare("20261122-2140-task-failure-web", "web: a task failed")
    }
}

fn who(user: &str) -> Who {
    Who { user: user.to_owned(), ssh: None, arn: "arn:aws:sts::111122223333:assumed-role/ops/ana".to_owned() }
}

fn intent(id: &str, at: i64, stack: &str, request: Request) -> AuditEntry {
    let told = Told::Intent {
        who: who("ana"),
        pid: 7,
        request,
        title: "Redeploy web".to_owned(),
        resource: "arn:aws:ecs:ap-southeast-2:111122223333:service/production-nextcore/web".to_owned(),
        stack: stack.to_owned(),
        account: "111122223333".to_owned(),
        region: "ap-southeast-2".to_owned(),
        plan: "p".to_owned(),
        calls: Vec::new(),
    };
    AuditEntry { at: after(at), id: id.to_owned(), told }
}

fn outcome(id: &str, at: i64, result: &str) -> AuditEntry {
    let told = Told::Outcome { result: result.to_owned(), request_ids: Vec::new(), text: String::new(), millis: 120 };
    AuditEntry { at: after(at), id: id.to_owned(), told }
}

fn end(id: &str, at: i64, text: &str) -> AuditEntry {
    let told = Told::End { outcome: "done".to_owned(), text: text.to_owned(), seconds: 40 };
    AuditEntry { at: after(at), id: id.to_owned(), told }
}

fn audit() -> Vec<AuditEntry> {
    vec![
        intent("old", -3600, "production-nextcore", Request::new("scale", "web").with("count", "4")),
        outcome("old", -3599, "accepted"),
        intent("failed", 50, "production-nextcore", Request::new("redeploy", "web")),
        outcome("failed", 51, "failed"),
        intent("elsewhere", 55, "staging", Request::new("redeploy", "web")),
        outcome("elsewhere", 56, "accepted"),
        intent("good", 90, "production-nextcore", Request::new("redeploy", "web")),
        outcome("good", 91, "accepted"),
        end("good", 130, "2 of 2 tasks run"),
        AuditEntry {
            at: after(100),
            id: "r".to_owned(),
            told: Told::Refused { who: who("ben"), request: Request::new("failover", ""), text: "read-only".to_owned() },
        },
        intent("late", 4000, "production-nextcore", Request::new("redeploy", "web")),
    ]
}

/// A store that still knows the time: half an hour of figures, and what RDS said.
fn world() -> World {
    let mut world = World::healthy();
    let event = |at: i64, message: &str| DataEvent {
        source: "production-nextcore-db".into(),
        at: Some(after(at)),
        message: message.into(),
        categories: vec![],
    };
    world.put(DatabaseEvents {
        events: vec![
            event(77, "Multi-AZ instance failover completed."),
            event(5, "Multi-AZ instance failover started."),
            event(-4000, "Backing up DB instance"),
        ],
    });
    let minute = began().timestamp().div_euclid(60) * 60;
    let points = |value: fn(i64) -> f64| (-15..20).map(|i| (minute + 60 * i, value(i))).collect::<Vec<_>>();
    let gap = |points: Vec<(i64, f64)>| points.into_iter().filter(|p| !(minute..minute + 120).contains(&p.0)).collect::<Vec<_>>();
    world.edit::<Metrics>(|m| {
        let mut set = |id: &str, points, zero_fill| drop(m.series.insert(id.to_owned(), Series { points, zero_fill, every: 60 }));
        set("db/cpu", gap(points(|i| if i < 0 { 31.0 } else { 62.0 - i as f64 })), false);
        set("db/connections", points(|i| if (0..2).contains(&i) { 0.0 } else { 84.0 }), false);
        set("alb/requests", points(|_| 50_000.0), true);
        set("alb/target5xx", points(|i| if (0..3).contains(&i) { 4_100.0 } else { 0.0 }), true);
    });
    world
}

const TRANSCRIPT: &str = "# RDS failover\n\nRunbook `rds-failover`, started 2026-11-22 21:41:30 UTC by ana.\nResult: every step is done or skipped.\n\n## 1. Look\n\nDone 2026-11-22 21:42:00 UTC by ana.\n- 2026-11-22 21:41:40 UTC `check 'db.status == \"available\"'` → holds\n- 2026-11-22 21:41:55 UTC ana: the standby is up \\| writing\n";

fn document(incident: &Incident, parts: &[Incident], audit: &[AuditEntry], world: Option<&World>, transcripts: &[String]) -> String {
    let stack = world.map_or_else(Stack::default, |w| w.stack.clone());
    let now = World::healthy().now;
    export(&PostMortem { incident, parts, audit, store: world.map(|w| &w.store), stack: &stack, transcripts, now })
}

#[test]
fn a_post_mortem_of_a_failover() {
    let text = document(&failover(), &[part()], &audit(), Some(&world()), &[TRANSCRIPT.to_owned()]);
    insta::assert_snapshot!(text);
}

#[test]
fn one_incident_on_a_terminal() {
    insta::assert_snapshot!(show(&failover(), after(600)));
}

#[test]
fn the_list_has_parts_below_what_they_are_part_of() {
    let newer = Incident {
        since: after(3600),
        detected_at: after(3600),
        ..bare("20261122-2240-unexplained-cdn", "cdn is not well, and nothing says why")
    };
    let lost = Incident {
        part_of: Some("20261101-0000-gone".to_owned()),
        since: after(-60),
        phase: Phase::Closed,
        ..bare("20261122-2139-x", "x")
    };
    insta::assert_snapshot!(list(&[failover(), part(), lost, newer], after(3660), Look::default()), @r"
    ID                                SINCE                 LASTS  SEVERITY  PHASE                       NAME                                   ACKNOWLEDGED
    20261122-2240-unexplained-cdn     2026-11-22 22:40:10Z  1m00s  warning   open                        cdn is not well, and nothing says why  -
    20261122-2140-rds-failover        2026-11-22 21:40:10Z  3m10s  critical  closed                      RDS failover                           ana
      20261122-2140-task-failure-web  2026-11-22 21:40:10Z  44s    warning   part                        web: a task failed                     -
    20261122-2139-x                   2026-11-22 21:39:10Z  1h02m  warning   part of 20261101-0000-gone  x                                      -
    ");
    assert_eq!(list(&[], after(0), Look::default()), "no incidents\n");
}

#[test]
fn a_ring_of_parts_ends() {
    let ring = |id: &str, above: &str| Incident { part_of: Some(above.to_owned()), ..bare(id, id) };
    let text = list(&[ring("a", "b"), ring("b", "a"), ring("c", "c"), ring("d", "a")], after(60), Look::default());
    assert_eq!(text.lines().count(), 5, "{text}");
}

#[test]
fn what_is_not_known_says_so_and_why() {
    let open = document(&bare("x", "x"), &[], &[], None, &[]);
    for line in [
        "| Began | 2026-11-22 21:40:10Z | first seen by nextcore-top: AWS names no earlier moment |",
        "| Cause | not known: nothing that was read says one |",
        "| Acknowledged | not known: nobody has acknowledged it |",
        "| First own action | not known: the audit log has no action of its time that AWS accepted |",
        "| Recovered | not known: it has not recovered |",
        "| Closed | not known: it is not closed |",
        "| To detect | began, detected | not known: AWS does not say when it began |",
        "| To recover | began, recovered | not known: it has not recovered |",
        "| Runbook | none is known for it |",
        "None was kept.",
        "No metrics were read for this document.",
        "No transcript of its time was found.",
    ] {
        assert!(open.lines().any(|l| l.contains(line)), "{line}\n{open}");
    }
    assert!(!open.contains("## Against the objectives"), "no rule about the database found it");
    let unread = document(&failover(), &[], &[], None, &[]);
    assert!(
        unread.contains("| Database failover | about 30 s | not known | unknown | nothing of AWS was read for this document |"),
        "{unread}"
    );
    let early = Incident { acknowledged: Some(Acknowledged { by: "ana".to_owned(), at: after(-60) }), ..failover() };
    assert!(document(&early, &[], &[], None, &[]).contains("not known: the moments contradict each other"));
}

#[test]
fn the_first_own_action_is_one_that_aws_accepted_in_its_time_and_stack() {
    let first = |audit: &[AuditEntry]| {
        let text = document(&failover(), &[], audit, None, &[]);
        text.lines().find(|l| l.starts_with("| First own action")).unwrap().to_owned()
    };
    assert_eq!(first(&audit()), "| First own action | 2026-11-22 21:41:40Z | ana: redeploy web |");
    for (case, keep) in
        [("failed alone", "failed"), ("of another stack", "elsewhere"), ("before it", "old"), ("after it", "late"), ("refused", "r")]
    {
        let some: Vec<AuditEntry> = audit().into_iter().filter(|e| e.id == keep).collect();
        assert!(first(&some).contains("not known"), "{case}");
    }
    let text = document(&failover(), &[], &audit(), None, &[]);
    assert!(!text.contains("scale web") && text.matches("redeploy web").count() == 6, "{text}");
}

#[test]
fn charts_are_of_its_systems_and_of_its_time() {
    let mut world = world();
    let text = document(&failover(), &[], &[], Some(&world), &[]);
    for id in ["db/cpu", "db/connections", "alb/requests", "alb/target5xx"] {
        assert!(text.contains(&format!("\n{id}   least ")), "{id}\n{text}");
    }
    assert_eq!(text.matches("<svg ").count(), 4);
    world.edit::<Metrics>(|m| m.series.values_mut().for_each(|s| s.points.clear()));
    let empty = document(&failover(), &[], &[], Some(&world), &[]);
    assert!(empty.contains("Without a point of its time in what was read: db/cpu, db/connections"), "{empty}");
    world.forget(<Metrics as crate::model::section::Section>::KEY);
    assert!(document(&failover(), &[], &[], Some(&world), &[]).contains("The metrics could not be read."));
    let none = document(&bare("x", "x"), &[], &[], Some(&self::world()), &[]);
    assert!(none.contains("No metric belongs to its systems."), "{none}");
    let redis = Incident { of: "production-nextcore-redis-0001-001".to_owned(), rule: "redis-node".to_owned(), ..bare("r", "r") };
    let redis = document(&redis, &[], &[], Some(&self::world()), &[]);
    assert!(redis.contains(&metric::Redis::Memory.of("production-nextcore-redis-0001-001").to_string()), "{redis}");
}

#[test]
fn hostile_texts_stay_text() {
    let evil =
        "a|b `c` \u{1b}[31mred\u{1b}[0m \u{202e}x </svg><script>y</script> [l](javascript:z) ![i](http://e) # h\n## forged\n```\n| q |";
    let node = NodeId::named(System::Service, evil);
    let text = |s: &str| s.to_owned();
    let incident = Incident {
        id: text(evil),
        rule: text("rds-failover"),
        of: text(evil),
        name: text(evil),
        evidence: vec![Evidence { text: text(evil), source: text(evil), at: Some(after(1)) }],
        cause: text(evil),
        confidence: Confidence::Likely,
        zone: text(evil),
        symptoms: vec![Symptom { node: node.clone(), level: Level::Down, since: Some(after(1)), text: text(evil), until: Some(after(9)) }],
        changes: vec![Event { at: after(-9), node: node.clone(), level: Level::Info, text: text(evil), kind: EventKind::Note }],
        runbook: text(evil),
        values: [(text(evil), text(evil))].into(),
        aws: text(evil),
        part_of: Some(text(evil)),
        acknowledged: Some(Acknowledged { by: text(evil), at: after(3) }),
        ..bare("x", "x")
    };
    let mut world = world();
    world.stack.region = "ap-southeast-2".to_owned();
    let points: Vec<(i64, f64)> = (0..9).map(|i| (began().timestamp() + 60 * i, 5.0)).collect();
    world.edit::<Metrics>(|m| {
        m.series.retain(|id, _| !id.starts_with("db/"));
        m.series.insert(metric::Svc::Cpu.of(evil).to_string(), Series { points, zero_fill: false, every: 60 });
    });
    let mut told = audit();
    for entry in &mut told {
        if let Told::End { text, .. } | Told::Refused { text, .. } = &mut entry.told {
            evil.clone_into(text);
        }
    }
    let transcript = format!("# {evil}\n- 2026-11-22 21:41:40 UTC {evil}\n``````\n</details>");
    let written = document(&incident, &[Incident { ..incident.clone() }], &told, Some(&world), &[transcript]);
    let outside = outside_of_code(&written);
    let table: Vec<&str> = outside.iter().copied().filter(|l| l.starts_with('|')).collect();
    assert!(table.len() > 20);
    // Every row of a table has as many cells as its head, and nothing in it begins a tag, a link or code.
    let mut cells = 0;
    for (i, line) in table.iter().enumerate() {
        let bare = line.replace("\\\\", "").replace("\\|", "").replace("\\<", "").replace("\\`", "").replace("\\[", "").replace("<br>", "");
        if table.get(i + 1).is_some_and(|next| next.starts_with("|---")) {
            cells = bare.matches('|').count();
        }
        assert_eq!(bare.matches('|').count(), cells, "{line}");
        assert!(!bare.contains('<') && !bare.contains('`') && !bare.contains('['), "{line}");
        assert!(!line.replace("\\://", "").contains("://"), "{line}");
    }
    let control = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    for made in [&written, &show(&incident, after(60)), &list(std::slice::from_ref(&incident), after(60), Look::default())] {
        assert!(!made.contains(control), "{made}");
    }
    let drawn: Vec<&&str> = outside.iter().filter(|l| l.contains("svg>")).filter(|l| !l.starts_with('|') && !l.starts_with('#')).collect();
    assert!(!drawn.is_empty() && drawn.iter().all(|l| l.starts_with("<svg ") && l.ends_with("</svg>") && l.matches("</svg>").count() == 1));
    assert!(drawn.iter().all(|l| !l.contains("<script") && l.contains("&lt;script&gt;")), "{drawn:?}");
    let headings: Vec<&str> = outside.iter().filter_map(|l| l.strip_prefix("## ")).collect();
    assert_eq!(headings.first().zip(headings.last()), Some((&"Summary", &"What we change")), "{headings:?}");
    assert_eq!(headings.len(), 11, "{headings:?}");
}

/// The lines that Markdown reads: none of those in blocks of code.
fn outside_of_code(text: &str) -> Vec<&str> {
    let mut fence: Option<&str> = None;
    let mut lines = Vec::new();
    for line in text.lines() {
        let ticks = line.get(..line.len() - line.trim_start_matches('`').len()).unwrap();
        match fence {
            Some(open) if ticks.len() >= open.len() && line == ticks => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => lines.push(line),
        }
    }
    lines
}

#[test]
fn the_rules_about_what_is_promised_exist() {
    let rules = crate::incident::built_in().unwrap();
    assert!(super::export::PROMISED.iter().all(|id| rules.get(id).is_some()));
}
