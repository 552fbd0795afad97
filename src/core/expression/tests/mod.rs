//! Expressions over the example documents and over what is wrong with documents: what is not known is never false.

mod hostile;
mod schema;

use serde_json::{Value, json};

use super::{Answer, Expression, Facts, Language, Missing, Reading, Why};

fn healthy() -> Value {
    serde_json::from_str(include_str!("../../tests/documents/healthy.json")).unwrap()
}

fn decide(text: &str, document: &Value) -> Answer {
    Expression::compile(text).unwrap_or_else(|e| panic!("{text}: {e}")).decide(document).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn untold(text: &str, document: &Value) -> String {
    match decide(text, document) {
        Answer::CannotTell(missing) => missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_healthy_stack_answers_in_short_names() {
    let document = healthy();
    for text in [
        "db.status == \"available\" && db.secondary_zone != \"\"",
        "database.status == db.status && alb.state == \"active\" && redis.status == cache.status",
        "service[\"web\"].running == service[\"web\"].desired",
        "services.services.all(s, s.running == s.desired && s.pending == 0)",
        "nodes[\"svc/web\"].level == \"healthy\"",
        "metric[\"db/cpu\"] < 80 && metric[\"db/cpu\"] >= 0.5",
        "autoscaling[\"web\"].max >= autoscaling[\"web\"].min",
        "alarms.alarms.all(a, a.state != \"ALARM\" || a.name.startsWith(\"TargetTracking\"))",
        "cache.node_groups.all(g, g.members.size() >= 2)",
        "as_of - timestamp(db.latest_restorable) < duration(\"10m\")",
        "nat.gateways.filter(g, g.state == \"available\").size() == 3",
        "db.secondary_zone == \"\" ? false : true",
        "!has(db.cluster)",
        "redis.node_groups.all(g, g.members.all(m, cache_node[m.id].status == \"available\"))",
    ] {
        assert_eq!(decide(text, &document), Answer::True, "{text}");
    }
    for text in ["db.status == \"failed\"", "service[\"web\"].desired > 90", "counts.down > 0", "worst == \"down\""] {
        assert_eq!(decide(text, &document), Answer::False, "{text}");
    }
}

#[test]
fn what_aws_has_not_said_is_as_good_as_empty() {
    let mut document = healthy();
    document["sections"]["database"]["data"]["secondary_zone"] = Value::Null;
    assert_eq!(decide("db.secondary_zone != \"\"", &document), Answer::False);
    assert_eq!(decide("db.secondary_zone == \"\"", &document), Answer::True);
    assert_eq!(decide("db.secondary_zone == null", &document), Answer::True);
    assert_eq!(untold("database_settings.max_connections > 100", &document), "database_settings.max_connections: not known (null)");
    for text in [
        "tasks.tasks.all(t, timestamp(t.stopped_at) < as_of)",
        "tasks.tasks.exists(t, t.stopped_reason.contains(\"x\"))",
        "tasks.tasks.all(t, t.stopped_reason > \"x\")",
    ] {
        assert!(untold(text, &document).contains("null"), "{text}: {}", untold(text, &document));
    }
    document["sections"]["cdn"]["data"]["distribution"] = Value::Null;
    assert_eq!(untold("cdn.distribution.status == \"Deployed\"", &document), "cdn.distribution: not known (null)");
}

#[test]
fn what_is_denied_stale_or_not_read_is_never_false() {
    let table = [
        (
            "denied",
            json!({"kind": "denied", "headline": "denied", "hint": "", "permission": "rds:DescribeDBInstances"}),
            false,
            "database: access denied: rds:DescribeDBInstances",
        ),
        (
            "stale",
            json!({"kind": "timeout", "headline": "no answer", "hint": "", "permission": null}),
            true,
            "database: stale for 10m00s: no answer",
        ),
        (
            "missing",
            json!({"kind": "not_found", "headline": "DBInstanceNotFound", "hint": "", "permission": null}),
            false,
            "database: missing (DBInstanceNotFound)",
        ),
        ("failed", json!({"kind": "timeout", "headline": "no answer", "hint": "", "permission": null}), false, "database: no answer"),
        ("loading", Value::Null, false, "database: loading"),
        ("idle", Value::Null, false, "database: not loaded"),
    ];
    for (state, problem, keeps, why) in table {
        let mut document = healthy();
        let section = &mut document["sections"]["database"];
        section["state"] = json!(state);
        section["problem"] = problem;
        section["age_s"] = json!(600);
        if !keeps {
            section["data"] = Value::Null;
        }
        for text in [
            "db.status == \"available\"",
            "db.status != \"available\"",
            "has(db.status)",
            "db.status in [\"failed\"]",
            "!(db.zone == \"a\")",
        ] {
            assert_eq!(untold(text, &document), why, "{state}: {text}");
        }
        // What does not need it is decided.
        assert_eq!(decide("counts.down > 0 && db.status == \"available\"", &document), Answer::False);
        assert_eq!(decide("counts.down == 0 || db.status == \"available\"", &document), Answer::True);
    }
    let mut document = healthy();
    document["sections"].as_object_mut().unwrap().remove("database");
    document["sections"].as_object_mut().unwrap().remove("nat");
    assert_eq!(untold("db.status == \"available\" && nat.gateways.size() > 0", &document), "database: not loaded; nat: not loaded");
}

#[test]
fn a_part_that_could_not_be_read_is_not_told() {
    let mut document = healthy();
    let name = document["sections"]["buckets"]["data"]["buckets"][0]["name"].clone();
    let of = document["sections"]["buckets"]["data"]["buckets"][1]["name"].clone();
    document["sections"]["buckets"]["unread"] = json!([{"part": "versioning", "item": name, "field": "versioning", "why": "access denied: s3:GetBucketVersioning", "judged": true}]);
    let why = "versioning: access denied: s3:GetBucketVersioning";
    for text in ["buckets.buckets.all(b, b.versioning == \"Enabled\")", "has(buckets.buckets[0].versioning)"] {
        assert_eq!(untold(text, &document), why, "{text}");
    }
    assert_eq!(untold(&format!("bucket[{name}].versioning == \"Enabled\""), &document), why);
    assert_eq!(decide(&format!("bucket[{of}].versioning == \"Enabled\""), &document), Answer::True);
}

#[test]
fn a_list_that_lacks_what_could_not_be_read_is_not_counted_on() {
    let mut document = healthy();
    document["sections"]["buckets"]["unread"] =
        json!([{"part": "bucket secret", "item": "secret", "field": "", "why": "access denied: s3:ListBucket", "judged": true}]);
    let why = "bucket secret: access denied: s3:ListBucket";
    for text in [
        "buckets.buckets.all(b, b.exists)",
        "buckets.buckets.size() == 3",
        "buckets.buckets.exists(b, b.name == \"secret\")",
        "\"secret\" in bucket",
        "bucket.all(name, bucket[name].exists)",
    ] {
        assert_eq!(untold(text, &document), why, "{text}");
    }
    assert_eq!(untold("bucket[\"secret\"].exists", &document), "bucket[\"secret\"]: access denied: s3:ListBucket");
    let name = document["sections"]["buckets"]["data"]["buckets"][0]["name"].clone();
    assert_eq!(decide(&format!("bucket[{name}].exists && buckets.buckets[0].exists"), &document), Answer::True);
}

#[test]
fn health_that_is_not_known_is_not_told_unless_asked_for() {
    let mut document = healthy();
    document["nodes"]["db"]["level"] = json!("unknown");
    document["nodes"]["db"]["reasons"] = json!([{"level": "unknown", "text": "access denied: rds:DescribeDBInstances", "kind": "loading"}]);
    document["worst"] = json!("unknown");
    assert_eq!(untold("nodes[\"db\"].level == \"healthy\"", &document), "health not known: access denied: rds:DescribeDBInstances");
    assert_eq!(untold("worst == \"healthy\"", &document), "worst: some health is not known");
    assert_eq!(decide("nodes[\"db\"].level == \"unknown\"", &document), Answer::True);
    assert_eq!(decide("worst in [\"healthy\", \"unknown\"]", &document), Answer::True);
    assert_eq!(decide("nodes.exists(n, nodes[n].level == \"healthy\")", &document), Answer::True);
}

#[test]
fn what_is_not_known_of_a_node_is_not_among_its_reasons() {
    let unknown = json!({"level": "unknown", "text": "access denied: kms:DescribeKey"});
    let full = json!({"level": "degraded", "text": "connections 398 of 400 (99 %)"});
    let node = |level: &str, reasons: Value| {
        let mut document = healthy();
        document["nodes"]["db"]["level"] = json!(level);
        document["nodes"]["db"]["reasons"] = reasons;
        document
    };
    let lost = node("unknown", json!([unknown]));
    let part = node("degraded", json!([full, unknown]));
    let why = "health not known: access denied: kms:DescribeKey";
    for text in [
        "nodes[\"db\"].level in [\"down\", \"degraded\"]",
        "nodes[\"db\"].reasons.exists(r, r.level == \"down\")",
        "nodes[\"db\"].reasons.exists(r, r.level in [\"down\", \"degraded\"] && r.text.startsWith(\"connections \"))",
        "!nodes[\"db\"].reasons.exists(r, r.text.startsWith(\"0 connections\"))",
        "nodes[\"db\"].reasons.filter(r, r.level == \"down\").size() > 0",
        "nodes[\"db\"].reasons.size() == 0",
        "nodes.exists(n, nodes[n].reasons.exists(r, r.text.startsWith(\"0 connections\")))",
    ] {
        assert_eq!(untold(text, &lost), why, "{text}");
    }
    assert_eq!(untold("nodes[\"db\"].reasons.size() > 0", &node("unknown", json!([]))), "health not known: not judged yet");
    // A degraded node has the reasons that were seen, and may have another one.
    let seen = "nodes[\"db\"].reasons.exists(r, r.level in [\"down\", \"degraded\"] && r.text.startsWith(\"connections \"))";
    assert_eq!(decide(seen, &part), Answer::True);
    assert_eq!(decide("nodes[\"db\"].level in [\"down\", \"degraded\"]", &part), Answer::True);
    for text in ["nodes[\"db\"].reasons.exists(r, r.level == \"down\")", "!nodes[\"db\"].reasons.exists(r, r.text.contains(\"storage\"))"] {
        assert_eq!(untold(text, &part), why, "{text}");
    }
    // Who names the word asks for it.
    for (document, level) in [(&lost, "unknown"), (&part, "degraded")] {
        let text = format!(
            "nodes[\"db\"].level == \"{level}\" && nodes[\"db\"].reasons.exists(r, r.level == \"unknown\" && r.text.contains(\"denied\"))"
        );
        assert_eq!(decide(&text, document), Answer::True, "{text}");
    }
}

#[test]
fn a_figure_that_is_too_old_is_not_told() {
    let mut document = healthy();
    document["as_of"] = json!("2026-11-22T23:01:09Z");
    assert!(
        untold("metric[\"db/cpu\"] < 80", &document).starts_with("metric db/cpu: the newest value is of 2"),
        "{}",
        untold("metric[\"db/cpu\"] < 80", &document)
    );
    assert_eq!(untold("metric[\"db/cpuu\"] < 80", &healthy()), "no field `metric[\"db/cpuu\"]`");
}

#[test]
fn a_wrong_field_is_told_with_the_one_that_was_meant() {
    let document = healthy();
    for (text, why) in [
        ("db.statu == \"available\"", "no field `db.statu`: did you mean `db.status`?"),
        ("false && db.statu == \"available\"", "no field `db.statu`: did you mean `db.status`?"),
        ("services.services.all(s, s.runing == s.desired)", "no field `s.runing`: did you mean `s.running`?"),
        ("services.services.filter(s, s.running > 0)[0].dezired == 1", "no field `dezired`: did you mean `desired`?"),
        ("service[\"webb\"].running == 2", "no field `service[\"webb\"]`: did you mean `service[\"web\"]`?"),
        ("service[\"web\"].runnin == 2", "no field `service[\"web\"].runnin`: did you mean `service[\"web\"].running`?"),
        ("nodes[\"svc/webb\"].level == \"healthy\"", "no field `nodes[\"svc/webb\"]`: did you mean `nodes[\"svc/web\"]`?"),
        ("db.colour == \"red\"", "no field `db.colour`"),
        ("db.status.word == \"red\"", "no field `db.status.word`"),
        ("nat.gateways[9].state == \"available\"", "the list has no element 9"),
        ("db.cluster.status == \"available\"", "no field `db.cluster`"),
        ("cache_nodes.nodes[0].stat == \"available\"", "no field `cache_nodes.nodes[0].stat`: did you mean `cache_nodes.nodes[0].status`?"),
    ] {
        assert_eq!(untold(text, &document), why, "{text}");
    }
    let expression = Expression::compile("db.status == \"x\" &&\n  db.statu == \"available\"").unwrap();
    let told: Vec<String> = expression.unknown_fields().map(|w| w.to_string()).collect();
    assert_eq!(told, ["no field `db.statu`: did you mean `db.status`? (line 2, column 3)"]);
}

#[test]
fn an_expression_that_is_wrong_says_where() {
    for (text, why) in [
        ("db.status ==", "it ends too early (line 1, column 13)"),
        ("databse.status == \"available\"", "unknown name `databse`: did you mean `database`? (line 1, column 1)"),
        ("counts.down == 0 &&\n  frob(db)", "unknown function `frob`"),
        ("db.status", "returns type string, not true or false"),
        ("db.status > 3", "no matching overload"),
        ("", "line 1"),
    ] {
        let told = match Expression::compile(text) {
            Err(wrong) => wrong.to_string(),
            Ok(expression) => expression.decide(&healthy()).unwrap_err().to_string(),
        };
        assert!(told.contains(why), "{text}: {told}");
    }
}

#[test]
fn the_evidence_is_what_it_looked_at() {
    let document = healthy();
    let language = Language::new().unwrap();
    let reading = Reading::of(&document);
    let facts = Facts::of(&language, &reading);
    let expression =
        language.compile("db.status == \"available\" && service[\"web\"].running >= 2 && services.services.all(s, s.running > 0)").unwrap();
    let seen: Vec<String> = expression.evidence(&facts).into_iter().map(|e| format!("{} {}", e.what, e.value)).collect();
    assert_eq!(seen, ["db.status available", "service[\"web\"].running 2"]);
    assert_eq!(language.compile("service[\"web\"].running").unwrap().show(&facts), Ok(Ok("2".to_owned())));
    let missing = vec![Missing { what: "service[\"x\"]".to_owned(), why: Why::NoField(None) }];
    assert_eq!(language.compile("service[\"x\"].running").unwrap().show(&facts), Ok(Err(missing)));
}

#[test]
fn what_has_to_be_fetched_is_known_before() {
    let of = |text: &str| {
        let expression = Expression::compile(text).unwrap();
        (expression.sections().into_iter().collect::<Vec<_>>(), expression.reads_everything())
    };
    assert_eq!(
        of("db.status == \"a\" && service[\"web\"].running > 0 && metric[\"db/cpu\"] > 1"),
        (vec!["database", "metrics", "services"], false)
    );
    assert_eq!(of("nodes.all(n, nodes[n].level == \"healthy\")"), (vec![], true));
}

#[test]
fn a_rule_may_have_names_of_its_own() {
    let document = healthy();
    let it = json!({"service": "web", "least": 2});
    let language = Language::new().unwrap();
    let expression = language.compile_with("service[it.service].running >= it.least", &["it"]).unwrap();
    let reading = Reading::of(&document);
    assert_eq!(expression.decide_in(&Facts::of(&language, &reading).with("it", &it)), Ok(Answer::True));
    assert!(language.compile("it.least > 1").is_err());
}
