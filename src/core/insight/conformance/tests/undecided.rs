//! What cannot be told, and why: sections that are not there, aspects that could not be read, expressions that go wrong. And exit codes.

use serde_json::json;

use crate::model::alarm::Alarms;
use crate::model::balancer::Targets;
use crate::model::cache::ReplicationGroup;
use crate::model::cdn::Cdn;
use crate::model::database::{Database, DatabaseEvents};
use crate::model::delivery::Builds;
use crate::model::network::Routes;
use crate::model::service::{Services, TaskDefinitions};
use crate::model::storage::Buckets;

use super::super::{Only, Outcome, Report, StatementResult, Statements, verify};
use super::seed::Seed;
use super::{builtin, run};

fn row<'a>(report: &'a Report, id: &str) -> &'a StatementResult {
    report.rows.iter().find(|r| r.about.id == id).unwrap()
}

fn verdict(report: &Report, id: &str) -> (&'static str, String) {
    let row = row(report, id);
    (row.outcome.word(), row.why.clone().unwrap_or_default())
}

fn said(outcome: &'static str, why: &str) -> (&'static str, String) {
    (outcome, why.to_owned())
}

#[test]
fn a_section_that_could_not_be_read_makes_its_statements_unknown_by_name() {
    type Loss = (&'static str, fn(&mut Seed), &'static str, &'static str);
    let losses: &[Loss] = &[
        (
            "denied",
            |s| {
                s.lose::<Database>(
                    "denied",
                    json!({"kind": "denied", "headline": "denied", "hint": "", "permission": "rds:DescribeDBInstances"}),
                );
            },
            "unknown",
            "database: access denied: rds:DescribeDBInstances",
        ),
        (
            "failed",
            |s| {
                s.lose::<Database>(
                    "failed",
                    json!({"kind": "timeout", "headline": "rds:DescribeDBInstances: no answer", "hint": "", "permission": null}),
                );
            },
            "unknown",
            "database: rds:DescribeDBInstances: no answer",
        ),
        (
            "missing",
            |s| {
                s.lose::<Database>(
                    "missing",
                    json!({"kind": "not_found", "headline": "DBInstanceNotFound", "hint": "", "permission": null}),
                );
            },
            "fail",
            "database: missing (DBInstanceNotFound)",
        ),
        ("loading", |s| s.lose::<Database>("loading", json!(null)), "unknown", "database: loading"),
        ("never asked", |s| s.forget::<Database>(), "unknown", "database: not loaded"),
    ];
    let statements = builtin();
    for (name, lose, outcome, why) in losses {
        let mut seed = Seed::new();
        lose(&mut seed);
        let report = run(&statements, &seed);
        for id in ["D02", "D08", "D11", "H09"] {
            assert_eq!(verdict(&report, id), said(outcome, why), "{name}: {id}");
            assert_eq!(row(&report, id).found, None, "{name}: {id}");
        }
        assert_eq!(row(&report, "V01").outcome, Outcome::Pass, "{name}");
    }
}

#[test]
fn what_an_answer_does_not_say_is_not_that_it_is_off() {
    type Silence = (&'static str, fn(&mut Seed), &'static [&'static str]);
    let silences: &[Silence] = &[
        ("backups", |s| s.edit::<Database>(|d| d.backup_retention = None), &["D08"]),
        ("Multi-AZ", |s| s.edit::<Database>(|d| (d.multi_az, d.secondary_zone) = (None, None)), &["D05", "H09"]),
        ("encryption", |s| s.edit::<Database>(|d| (d.encrypted, d.kms_key) = (None, None)), &["D07"]),
        ("the internet", |s| s.edit::<Database>(|d| d.public = None), &["D13"]),
        ("storage", |s| s.edit::<Database>(|d| d.allocated_gib = None), &["D03"]),
        ("monitoring", |s| s.edit::<Database>(|d| (d.monitoring_interval, d.monitoring_role) = (None, None)), &["D09"]),
        ("insights", |s| s.edit::<Database>(|d| (d.performance_insights, d.insights_mode) = (None, "standard".into())), &["D10"]),
        ("cluster mode", |s| s.edit::<ReplicationGroup>(|g| g.cluster_enabled = None), &["C02"]),
        ("the token", |s| s.edit::<ReplicationGroup>(|g| g.auth_token = None), &["C04"]),
        ("TLS", |s| s.edit::<ReplicationGroup>(|g| g.transit_encryption = None), &["C04"]),
        ("docker", |s| s.edit::<Builds>(|b| b.projects.iter_mut().for_each(|p| p.privileged = None)), &["P10"]),
        ("alarm actions", |s| s.edit::<Alarms>(|a| a.alarms.iter_mut().for_each(|a| a.actions_enabled = None)), &["M03", "M04"]),
    ];
    for (name, change, ids) in silences {
        let mut seed = Seed::new();
        change(&mut seed);
        let report = run(&builtin(), &seed);
        for id in *ids {
            assert_eq!(row(&report, id).outcome, Outcome::Unknown, "{name}: {id}: {:?}", row(&report, id).why);
        }
    }
}

#[test]
fn a_name_of_a_let_passes_the_reason_on() {
    let mut seed = Seed::new();
    seed.lose::<Routes>("denied", json!({"headline": "x", "permission": "ec2:DescribeRouteTables"}));
    let report = run(&builtin(), &seed);
    for id in ["V15", "V21", "V22"] {
        assert_eq!(verdict(&report, id), said("unknown", "routes: access denied: ec2:DescribeRouteTables"), "{id}");
    }
    assert_eq!(row(&report, "V20").outcome, Outcome::Pass);
}

#[test]
fn old_data_decides_nothing_but_is_shown_as_what_it_is() {
    let mut seed = Seed::new();
    seed.age::<Database>(840, "rds:DescribeDBInstances: timed out");
    let report = run(&builtin(), &seed);
    assert_eq!(verdict(&report, "D08"), said("unknown", "database: stale for 14m00s: rds:DescribeDBInstances: timed out"));
    assert_eq!(row(&report, "D08").found.as_deref(), Some("last seen: 7 days"));
    assert_eq!(row(&report, "V01").found.as_deref(), Some("10.0.0.0/16"));
}

#[test]
fn what_an_expression_did_not_need_may_be_missing() {
    let mut seed = Seed::new();
    seed.forget::<Cdn>();
    let report = run(&builtin(), &seed);
    assert_eq!(row(&report, "R02").outcome, Outcome::Pass, "the alias leads to the balancer: the distribution does not matter");
    assert_eq!(verdict(&report, "CF01"), said("unknown", "cdn: not loaded"));
}

#[test]
fn an_aspect_of_a_bucket_that_could_not_be_read_concerns_its_own_statement() {
    let mut seed = Seed::new();
    seed.edit::<Buckets>(|x| {
        x.buckets[0].versioning = "".into();
        x.buckets[0].unread.push(("versioning".into(), "access denied: s3:GetBucketVersioning".into()));
        x.buckets[1].region.clear();
        x.buckets[1].unread.push(("bucket".into(), "access denied: s3:ListBucket".into()));
        x.buckets[2].unread.push(("replication".into(), "access denied: s3:GetReplicationConfiguration".into()));
    });
    let report = run(&builtin(), &seed);
    assert_eq!(verdict(&report, "B04"), said("unknown", "versioning: access denied: s3:GetBucketVersioning"));
    assert_eq!(verdict(&report, "B02"), said("unknown", "bucket: access denied: s3:ListBucket"));
    assert_eq!(verdict(&report, "H03"), said("unknown", "replication: access denied: s3:GetReplicationConfiguration"));
    for id in ["B01", "B03", "B05", "B06", "B07", "B10"] {
        assert_eq!(row(&report, id).outcome, Outcome::Pass, "{id}");
    }
}

#[test]
fn a_part_of_a_section_that_was_not_read_concerns_its_own_statement() {
    let mut document = Seed::new().document().clone();
    let part = json!({"part": "scanning of nextcore/web", "item": "nextcore/web", "field": "scan_frequency",
        "why": "access denied: ecr:BatchGetRepositoryScanningConfiguration", "judged": false});
    document["sections"]["repositories"]["unread"] = json!([part]);
    let report = verify(&builtin(), &document, &Only::all());
    let unknown: Vec<_> = report.rows.iter().filter(|r| r.outcome == Outcome::Unknown).map(|r| r.why.clone().unwrap_or_default()).collect();
    assert_eq!(unknown, ["scanning of nextcore/web: access denied: ecr:BatchGetRepositoryScanningConfiguration"]);
}

#[test]
fn what_is_unknown_states_nothing_as_found() {
    let mut seed = Seed::new();
    seed.edit::<Buckets>(|x| {
        for bucket in &mut x.buckets {
            bucket.versioning = "".into();
            bucket.encryption = "".into();
            bucket.lifecycle.clear();
            bucket.cors.clear();
            bucket.region.clear();
            for aspect in ["versioning", "encryption", "lifecycle", "cors", "bucket"] {
                bucket.unread.push((aspect.into(), "access denied".into()));
            }
        }
    });
    let claims = |seed: &Seed| -> Vec<(String, String)> {
        let unknown = run(&builtin(), seed).rows.into_iter().filter(|r| r.outcome == Outcome::Unknown);
        unknown.filter_map(|r| Some((r.about.id.clone(), r.found?))).collect()
    };
    assert_eq!(claims(&seed), [], "an empty field that could not be read is not a finding");
    let report = run(&builtin(), &seed);
    for n in 1..=12 {
        assert_eq!(row(&report, &format!("B{n:02}")).outcome, Outcome::Unknown, "B{n:02}");
    }
    // What was not allowed when it was last read stays unsaid when that has become old.
    seed.age::<Buckets>(7200, "s3:ListBuckets: timed out");
    assert_eq!(claims(&seed).into_iter().filter(|(id, _)| id.starts_with('B')).collect::<Vec<_>>(), []);
    // A user's statement that reads the field as it is gets no further.
    let mine = "[[statement]]\nid = \"X\"\ntitle = \"x\"\npass = 'read(buckets.buckets[0], \"versioning\") == \"\"'\nfound = 'buckets.buckets[0].versioning'\n";
    let statements = builtin().with_user(mine, "mine.toml").unwrap();
    seed.edit::<Buckets>(|x| x.buckets[0].name.push('x'));
    let report = verify(&statements, seed.document(), &Only::parse("X", &statements).unwrap());
    assert_eq!((row(&report, "X").outcome, row(&report, "X").found.as_deref()), (Outcome::Unknown, None));
}

#[test]
fn a_resource_that_another_section_does_not_know_is_named() {
    let mut seed = Seed::new();
    seed.edit::<TaskDefinitions>(|x| {
        drop(x.definitions.remove("arn:aws:ecs:ap-southeast-2:111122223333:task-definition/production-nextcore-web:57"));
    });
    let (outcome, why) = verdict(&run(&builtin(), &seed), "E30");
    assert_eq!(outcome, "unknown");
    assert!(why.contains("no field `arn:aws:ecs:ap-southeast-2:111122223333:task-definition/production-nextcore-web:57`"), "{why}");
    let mut seed = Seed::new();
    seed.edit::<Targets>(|x| x.groups.clear());
    assert_eq!(verdict(&run(&builtin(), &seed), "A12").0, "unknown");
}

#[test]
fn an_expression_that_goes_wrong_says_where() {
    let file = |pass: &str| format!("[[statement]]\nid = \"X\"\ntitle = \"x\"\npass = '''{pass}'''\n");
    let cases = [
        ("database.nope == 1", "pass: no field `nope` (line 1, column 9)"),
        ("true &&\n  database.clas == 'x'", "pass: no field `clas` (line 2, column 11)"),
        ("database.backup_retention", "pass: returns type int, not bool"),
        ("nonsense(database.class)", "pass: unknown function `nonsense` (line 1, column 9)"),
        ("database.class > 7", "pass: found no matching overload for '_>_' applied to '(string, int)' (line 1, column 16)"),
        ("cannot_tell('only the owner knows')", "only the owner knows"),
        ("database.subnets[9][0] == 'x'", "the list has no element 9"),
        ("timestamp(database.class) < as_of", "pass: "),
    ];
    for (pass, why) in cases {
        let statements = builtin().with_user(&file(pass), "mine.toml").unwrap();
        let report = verify(&statements, Seed::new().document(), &Only::parse("X", &statements).unwrap());
        let (outcome, said) = verdict(&report, "X");
        assert_eq!(outcome, "unknown", "{pass}");
        assert!(said.starts_with(why), "{pass}: {said}");
    }
}

#[test]
fn the_exit_code_is_1_for_a_failure_and_3_for_doubt() {
    let statements = builtin();
    let exit = |seed: &Seed, only: &str| verify(&statements, seed.document(), &Only::parse(only, &statements).unwrap()).exit_code();
    let healthy = Seed::new();
    assert_eq!(exit(&healthy, "V,D"), 0);
    assert_eq!(exit(&healthy, "S,H04,H02,C09"), 0, "warnings, manual and not applicable are no failure");
    for undecided in ["H01", "H04", "H01,H04"] {
        assert_eq!(exit(&healthy, undecided), 3, "{undecided}: nothing was decided");
    }
    assert_eq!(exit(&healthy, "H04,H02"), 0, "a warning is a decision");
    assert_eq!(exit(&healthy, "H03"), 1);
    let mut dim = Seed::new();
    dim.forget::<DatabaseEvents>();
    assert_eq!(exit(&dim, "H02"), 3);
    assert_eq!(exit(&dim, "H02,H03"), 1, "what is known to be wrong is not hidden by what is not known");
    assert_eq!(verify(&statements, &json!({}), &Only::all()).exit_code(), 3);
    let nothing = Report {
        stack: String::new(),
        region: String::new(),
        elsewhere: None,
        as_of: String::new(),
        counts: super::super::Counts::default(),
        rows: vec![],
    };
    assert_eq!((nothing.exit_code(), nothing.summary().as_str()), (3, "0 statements: nothing to verify"));
}

#[test]
fn a_document_without_a_member_is_unknown_not_a_panic() {
    for document in [json!(null), json!([]), json!({"sections": {"services": {"state": "ready", "data": null}}}), json!({"sections": 3})] {
        let report = verify(&builtin(), &document, &Only::all());
        assert_eq!(report.counts.pass + report.counts.fail + report.counts.warn, 0, "{document}");
        assert_eq!(report.counts.total(), 173);
    }
    let mut seed = Seed::new();
    seed.edit::<Services>(|x| x.services.clear());
    let report = run(&builtin(), &seed);
    assert_eq!(row(&report, "E22").outcome, Outcome::Fail, "no service at all conforms to nothing");
}

#[test]
fn letters_choose_groups_and_numbers_choose_statements() {
    let statements = builtin();
    let chosen = |only: &str| -> Vec<String> {
        let only = Only::parse(only, &statements).unwrap();
        statements.rows().iter().map(|s| s.about().id.clone()).filter(|id| only.includes(id)).collect()
    };
    assert_eq!(chosen("G,cf"), ["G01", "G02", "CF01", "CF02", "CF03"]);
    assert_eq!(chosen("C").len(), 10, "C is not CF");
    assert_eq!(chosen("D14, V01"), ["V01", "D14"]);
    assert_eq!(chosen("D1"), ["D10", "D11", "D12", "D13", "D14"]);
    assert_eq!(chosen("D01"), ["D01"]);
    let refused = |only: &str| Only::parse(only, &statements).unwrap_err();
    assert_eq!(refused("D,Z9"), "no statement Z9: use ids (D14) or groups (G, R, CF, V, S, A, E, C, D, B, I, K, X, P, M, H)");
    assert!(refused(" , ").starts_with("no statement given"));
    assert_eq!(Statements::builtin().unwrap().get("d14").unwrap().about().id, "D14");
}
