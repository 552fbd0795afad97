//! The statements against a stack that is exactly as the architecture says, and against every way in which it can drift from it.

mod drifts;
mod files;
mod seed;
mod undecided;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use self::seed::Seed;
use super::catalogue::{BUILTIN, EXAMPLE};
use super::{Only, Outcome, Report, Statements, verify};
use crate::model::kinds::{KINDS, Kind};

/// What is not a plain pass on a stack that is exactly as the architecture says: where it contradicts itself, claims what cannot be
/// seen, or promises what it does not have.
const HONEST: &[(&str, &str)] = &[
    ("S09", "warn"),
    ("A13", "warn"),
    ("E36", "warn"),
    ("C09", "warn"),
    ("C10", "warn"),
    ("H01", "n/a"),
    ("H02", "warn"),
    ("H03", "fail"),
    ("H04", "manual"),
    ("H05", "warn"),
];

/// The built-in statements: compiled once, for that is most of what a test costs.
fn builtin() -> Statements {
    static COMPILED: LazyLock<Statements> = LazyLock::new(|| Statements::builtin().unwrap_or_else(|e| panic!("{e}")));
    COMPILED.clone()
}

fn run(statements: &Statements, seed: &Seed) -> Report {
    verify(statements, seed.document(), &Only::all())
}

fn outcomes(report: &Report) -> BTreeMap<String, &'static str> {
    report.rows.iter().map(|r| (r.about.id.clone(), r.outcome.word())).collect()
}

/// The ids of the built-in statements, in their order.
fn map_ids() -> Vec<String> {
    let spans = [
        ("G", 2),
        ("R", 2),
        ("CF", 3),
        ("V", 22),
        ("S", 20),
        ("A", 12),
        ("E", 35),
        ("C", 8),
        ("D", 14),
        ("B", 12),
        ("I", 3),
        ("K", 3),
        ("X", 3),
        ("P", 14),
        ("M", 7),
        ("H", 4),
    ];
    spans.iter().flat_map(|(letters, n)| (1..=*n).map(move |i| format!("{letters}{i:02}"))).collect()
}

#[test]
fn every_statement_of_the_map_is_there_in_its_order() {
    let statements = builtin();
    let ids: Vec<&str> = statements.rows().iter().map(|s| s.about().id.as_str()).collect();
    let of_map = map_ids();
    let kept: Vec<&str> = ids.iter().copied().filter(|id| of_map.iter().any(|m| m == id)).collect();
    assert_eq!(kept, of_map);
    let more: Vec<&str> = ids.iter().copied().filter(|id| !of_map.iter().any(|m| m == id)).collect();
    assert_eq!(more, ["A13", "E36", "C09", "C10", "H05", "H06", "H07", "H08", "H09"]);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

#[test]
fn a_stack_exactly_as_written_passes_but_for_what_the_architecture_gets_wrong() {
    let report = run(&builtin(), &Seed::new());
    let odd: Vec<(&str, &str)> =
        report.rows.iter().filter(|r| r.outcome != Outcome::Pass).map(|r| (r.about.id.as_str(), r.outcome.word())).collect();
    let why: Vec<_> = report.rows.iter().filter(|r| r.outcome == Outcome::Unknown).map(|r| (&r.about.id, &r.why)).collect();
    assert_eq!(odd, HONEST, "{why:?}");
    assert_eq!(report.exit_code(), 1);
    assert_eq!(report.summary(), "173 statements: 163 pass, 7 warn, 1 fail, 1 n/a, 1 manual");
}

#[test]
fn every_decided_statement_says_what_was_found() {
    let report = run(&builtin(), &Seed::new());
    let silent: Vec<_> = report.rows.iter().filter(|r| r.found.is_none()).map(|r| r.about.id.as_str()).collect();
    assert_eq!(silent, ["H04"]);
    let found = |id: &str| report.rows.iter().find(|r| r.about.id == id).and_then(|r| r.found.clone()).unwrap();
    for (id, words) in [
        ("V01", "10.0.0.0/16"),
        ("G02", "ap-southeast-2a, ap-southeast-2b, ap-southeast-2c"),
        ("R02", "production-nextcore-1487593026.ap-southeast-2.elb.amazonaws.com"),
        ("V21", "ap-southeast-2a nat-015e8c1d7a39b2f60, ap-southeast-2b nat-0b72d40f6e1c9a583, ap-southeast-2c nat-0c9f3a8e52d74b016"),
        ("V22", "ap-southeast-2a no default route, ap-southeast-2b no default route, ap-southeast-2c no default route"),
        ("S01", "tcp 80 0.0.0.0/0, tcp 443 0.0.0.0/0"),
        ("S20", "none"),
        ("A06", "/api/* to production-nextcore-api, default to production-nextcore-web"),
        ("A12", "control-plane 2 healthy, web 2 healthy"),
        ("E08", "1024 CPU units, 2048 MiB"),
        ("E13", "2 running, 2 desired"),
        ("C07", "0001: ap-southeast-2a ap-southeast-2b, 0002: ap-southeast-2b ap-southeast-2a"),
        ("C09", "cluster mode on, 2 shards"),
        ("C10", "ap-southeast-2a 2, ap-southeast-2b 2"),
        ("D08", "7 days"),
        ("D14", "PITR 4m09s behind"),
        ("P07", "sha256:42ccf4de45c6 COMPLETE"),
        ("P14", "Source CodeStarSourceConnection, Build CodeBuild, Build CodeBuild, Build CodeBuild, Deploy ECS, Deploy ECS, Deploy ECS"),
        ("M01", "/ecs/production-nextcore, kept for 30 days"),
        ("M02", "8 series"),
        ("H02", "not measured yet: no failover seen from start to end"),
        ("H03", "copies in another region: database no, buckets 0 of 3, images no"),
        ("H05", "nat-015e8c1d7a39b2f60 zonal, nat-0b72d40f6e1c9a583 zonal, nat-0c9f3a8e52d74b016 zonal"),
    ] {
        assert_eq!(found(id), words, "{id}");
    }
}

#[test]
fn what_the_architecture_gets_wrong_is_a_warning_that_explains() {
    let report = run(&builtin(), &Seed::new());
    // What the written architecture says and AWS does otherwise.
    for (id, words) in [
        ("H05", "manually (ec2:ReplaceRoute)"),
        ("H02", "60 to 120 s"),
        ("S09", "inter-task traffic is blocked"),
        ("C10", "at least four nodes"),
        ("E36", "two strategies"),
        ("A13", "matches only the root page"),
        ("C09", "no cluster mode support"),
    ] {
        let row = report.rows.iter().find(|r| r.about.id == id).unwrap();
        assert_eq!(row.outcome, Outcome::Warn, "{id}");
        assert!(row.notes().any(|note| note.contains(words)), "{id}: {:?}", row.notes().collect::<Vec<_>>());
    }
    // What is true of the same things is not held against the stack.
    for id in ["A07", "C02", "C05", "C07", "E22", "S14"] {
        assert_eq!(outcomes(&report)[id], "pass", "{id}");
    }
}

#[test]
fn what_is_not_a_pass_is_explained() {
    let report = run(&builtin(), &Seed::new());
    for row in report.rows.iter().filter(|r| r.outcome != Outcome::Pass) {
        assert!(row.notes().any(|n| n.len() > 20), "{}", row.about.id);
    }
    for statement in builtin().rows().iter().filter(|s| s.warn.is_some()) {
        assert!(statement.about().explain.is_some(), "{} warns and does not say of what", statement.about().id);
    }
    let passing = report.rows.iter().find(|r| r.about.id == "C07").unwrap();
    assert!(passing.about.explain.is_some() && passing.notes().next().is_none(), "a pass is quiet");
}

#[test]
fn every_statement_reads_sections_that_exist() {
    let statements = builtin();
    for statement in statements.rows() {
        let id = &statement.about().id;
        let needs = statements.needs(&Only::parse(id, &statements).unwrap());
        // H01 counts all of them.
        assert!(statement.pass.is_none() || !needs.is_empty() || id == "H01", "{id} reads nothing");
        assert!(needs.iter().all(|n| Kind::named(n).is_some()), "{id}: {needs:?}");
        assert!(!statement.about().source.is_empty() && !statement.about().title.is_empty(), "{id}");
    }
    let needs = |only: &str| statements.needs(&Only::parse(only, &statements).unwrap()).into_iter().collect::<Vec<_>>();
    assert_eq!(needs("V21"), ["nat", "network", "routes"], "through the names of [let]");
    assert_eq!(needs("D08,V01"), ["database", "network"]);
}

#[test]
fn every_section_of_the_model_is_a_variable() {
    let model = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("model");
    let mut keys = BTreeSet::new();
    for file in std::fs::read_dir(model).unwrap() {
        let path = file.unwrap().path();
        let path = if path.is_dir() { path.join("mod.rs") } else { path };
        let text = std::fs::read_to_string(path).unwrap_or_default();
        keys.extend(text.split("SectionKey(\"").skip(1).filter_map(|rest| rest.split('"').next()).map(ToOwned::to_owned));
    }
    assert!(keys.len() > 30);
    let readable: BTreeSet<String> = KINDS.iter().map(|kind| kind.key.0.to_owned()).collect();
    assert_eq!(keys, readable);
}

#[test]
fn the_example_works() {
    let statements = builtin().with_user(EXAMPLE, "example.toml").unwrap();
    let report = verify(&statements, Seed::new().document(), &Only::parse("OWN", &statements).unwrap());
    let rows: Vec<_> = report.rows.iter().map(|r| (r.about.id.as_str(), r.outcome.word(), r.about.group.as_str())).collect();
    assert_eq!(rows, [("OWN01", "pass", "Our own rules"), ("OWN02", "pass", "Our own rules"), ("OWN03", "pass", "Our own rules")]);
    let mut old = Seed::new();
    old.edit::<crate::model::service::Tasks>(|t| {
        t.tasks.iter_mut().find(|t| t.service == "web").unwrap().started_at = Some(seed::seconds_ago(91 * 86_400));
    });
    assert_eq!(outcomes(&run(&statements, &old))["OWN03"], "fail");
    let teaches = EXAMPLE.lines().take_while(|l| l.starts_with('#')).count();
    assert!((8..=20).contains(&teaches));
}

#[test]
fn statements_and_reports_can_go_to_another_thread() {
    fn goes<T: Send + Sync>() {}
    goes::<Statements>();
    goes::<Report>();
    assert!(!BUILTIN.is_empty());
}
