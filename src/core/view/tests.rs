//! What the first screen says of trouble, drawn from the healthy stack with one thing broken.

use std::sync::Arc;

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::insight::fixture::{DISTRIBUTION, World, zone_name};
use crate::model::cache::ReplicationGroup;
use crate::model::database::{Database, DbCluster, DbMember};
use crate::model::metric;
use crate::model::mode::Mode;
use crate::model::network::{Network, SecurityGroups};
use crate::model::section::ProblemKind;
use crate::model::service::Tasks;
use crate::model::stack::AddressPlan;
use crate::session::pane::PaneId;
use crate::session::{Msg, Screen, Session, SessionOptions, update};
use crate::theme::Theme;

/// The three sizes that a person may have.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// The stack view of a world, a line of text for each row.
fn stack(world: &World, size: (u16, u16)) -> Vec<String> {
    pane(world, None, size)
}

/// A pane of a world, or the stack view.
fn pane(world: &World, pane: Option<PaneId>, size: (u16, u16)) -> Vec<String> {
    let options = SessionOptions { stack: world.stack.clone(), mode: Mode::Safe, simulated: true, size, now: world.now };
    let mut session = Session::new(options);
    update(&mut session, Msg::Tick(world.now));
    update(&mut session, Msg::Observed(Arc::new(world.store.clone()), world.judge()));
    session.screens.extend(pane.map(|pane| Screen { pane, subject: String::new(), panel: 0 }));
    let mut buffer = Buffer::empty(Rect { x: 0, y: 0, width: size.0, height: size.1 });
    super::draw(&session, &Theme::terminal(), buffer.area, &mut buffer);
    let row = |y: u16| (0..size.0).filter_map(|x| buffer.cell((x, y))).map(ratatui::buffer::Cell::symbol).collect();
    (0..size.1).map(row).collect()
}

fn says(rows: &[String], words: &str) -> bool {
    rows.iter().any(|row| row.contains(words))
}

#[test]
fn a_closed_path_is_named_on_the_first_screen() {
    let mut world = World::healthy();
    world.edit::<SecurityGroups>(|g| {
        g.groups[1].rules.retain(|r| r.from_port != 6379);
        g.groups[3].rules.clear();
    });
    for size in SIZES {
        let rows = stack(&world, size);
        let told = ["ECS → Redis 6379 missing", "ECS→Redis 6379 missing"].iter().any(|words| says(&rows, words));
        let named = ["✖ SG ", "✖ security groups "].iter().any(|name| says(&rows, name));
        assert!(told && named, "{size:?}\n{}", rows.join("\n"));
        assert!(says(&rows, "✖ Redis"), "{size:?}\n{}", rows.join("\n"));
    }
}

#[test]
fn boxes_are_titled_by_engine_and_a_cluster_shows_who_writes_where() {
    let member = |(i, zone): (usize, &str)| DbMember {
        id: format!("shop-{}", i + 1),
        writer: i == 0,
        tier: Some(i as i32),
        zone: format!("ap-southeast-2{zone}"),
        status: "available".into(),
        class: "db.r6g.large".into(),
    };
    let mut world = World::healthy();
    world.edit::<Database>(|d| {
        (d.engine, d.version) = ("aurora-postgresql".into(), "15.4".into());
        d.cluster = Some(DbCluster {
            id: "shop".into(),
            status: "available".into(),
            engine: "aurora-postgresql".into(),
            members: ["a", "b", "c"].into_iter().enumerate().map(member).collect(),
            ..DbCluster::default()
        });
    });
    world.edit::<ReplicationGroup>(|g| g.engine = "valkey".into());
    for size in SIZES {
        let rows = stack(&world, size);
        let title = if size.1 < 30 { "Aurora 15.4" } else { "Aurora PostgreSQL 15.4" };
        let members = if size.1 < 30 { "a ⇄ b c" } else { "writer a ⇄ readers b c" };
        for words in [title, members, "Valkey 7.0.7"] {
            assert!(says(&rows, words), "{words} {size:?}\n{}", rows.join("\n"));
        }
        assert!(!says(&rows, "PostgreSQL 15.7") && !says(&rows, "Redis 7"), "{size:?}");
    }
    world.edit::<Database>(|d| (d.cluster, d.engine, d.multi_az, d.secondary_zone) = (None, "mysql".into(), Some(false), None));
    for size in SIZES {
        let rows = stack(&world, size);
        assert!(says(&rows, "MySQL 15.4") && says(&rows, "a single-AZ"), "{size:?}\n{}", rows.join("\n"));
    }
}

#[test]
fn what_aws_does_not_say_of_a_database_is_not_shown_as_off() {
    let mut world = World::healthy();
    world.edit::<Database>(|d| (d.backup_retention, d.latest_restorable, d.multi_az, d.secondary_zone) = (None, None, None, None));
    for size in SIZES {
        let rows = stack(&world, size);
        // Where there is no room for it the reason stands in its place.
        let backups = if size.1 < 30 { "not known whether" } else { "(backups not known)" };
        assert!(says(&rows, "a Multi-AZ ?") && says(&rows, backups), "{size:?}\n{}", rows.join("\n"));
        assert!(!says(&rows, "no backups") && !says(&rows, "single-AZ"), "{size:?}\n{}", rows.join("\n"));
    }
}

/// A service of another stack may stand in two zones of three: a zone without a subnet of it misses no task.
#[test]
fn a_service_misses_no_task_in_a_zone_that_it_has_no_subnet_in() {
    let in_zones = |zones: &[&str]| {
        let mut world = World::healthy();
        let own = |zone: &str| zones.iter().any(|z| zone.ends_with(z));
        let subnets = world.store.get::<Network>().unwrap().subnets.clone();
        let own: Vec<String> = subnets.iter().filter(|s| own(&s.zone)).map(|s| s.id.clone()).collect();
        world.service("web", |s| s.subnets.retain(|id| own.contains(id)));
        world.edit::<Tasks>(|t| t.tasks.iter_mut().filter(|t| t.service == "web").for_each(|t| t.zone = zone_name("a")));
        stack(&world, (200, 60))
    };
    for (zones, there, not) in [
        (&["a", "b", "c"][..], "a ●●  b –  c –", "d –"),
        (&["a", "b"], "a ●●  b –", "a ●●  b –  c"),
        (&["a"], "a ●●", "a ●●  b"),
        // Subnets that are not known: the zones of its tasks are all that is.
        (&[], "a ●●", "a ●●  b"),
    ] {
        let rows = in_zones(zones);
        assert!(says(&rows, there) && !says(&rows, not), "{zones:?}\n{}", rows.join("\n"));
    }
}

/// Without any way out a private subnet is built so; with one beside it that has a way out it has lost its own. The written architecture
/// says that each has one.
#[test]
fn a_subnet_without_a_way_out_is_isolated_where_all_of_them_are() {
    let close = |zones: &[&str], written: bool| {
        let mut world = World::healthy();
        for zone in zones {
            world.table(&format!("private-{zone}"), |t| t.routes.retain(|r| r.destination != "0.0.0.0/0"));
        }
        if !written {
            world.stack.addresses = AddressPlan::default();
        }
        pane(&world, Some(PaneId::Network), (200, 60))
    };
    for (name, zones, written, seen) in [
        ("none leads out", &["a", "b", "c"][..], false, ["● a isolated", "● b isolated", "● c isolated"]),
        ("one has lost its way", &["b"], false, ["● a", "✖ b lost", "● c"]),
        ("as written, none", &["a", "b", "c"], true, ["✖ a lost", "✖ b lost", "✖ c lost"]),
        ("all lead out", &[], false, ["● a", "● b", "● c"]),
    ] {
        let rows = close(zones, written);
        let row = |row: &String| -> Option<String> {
            let [mark, "private", zone, ..] = row.split_whitespace().collect::<Vec<_>>()[..] else { return None };
            let way = match (row.contains("no default route (isolated)"), row.contains("no default route")) {
                (true, _) => " isolated",
                (false, true) => " lost",
                (false, false) => "",
            };
            (zone.len() == 1).then(|| format!("{mark} {zone}{way}"))
        };
        assert_eq!(rows.iter().filter_map(row).collect::<Vec<_>>(), seen, "{name}\n{}", rows.join("\n"));
    }
}

#[test]
fn the_errors_of_a_path_are_those_of_a_minute_that_is_over() {
    let mut world = World::healthy();
    world.counts(metric::Tg::Requests.of("production-nextcore-web"), &[600.0; 3]);
    // The minute that has just begun has a point, too: its counts do not belong together yet.
    world.counts(metric::Tg::Target5xx.of("production-nextcore-web"), &[66.0; 3]);
    world.counts(metric::Alb::Requests, &[600.0; 3]);
    world.counts(metric::Alb::Target5xx, &[78.0; 3]);
    for size in SIZES {
        let rows = stack(&world, size);
        assert!(says(&rows, "5xx   11 %"), "of the path, {size:?}\n{}", rows.join("\n"));
        assert!(says(&rows, "5xx   13 %"), "of the balancer, {size:?}\n{}", rows.join("\n"));
    }
}

/// The figures of one line are of one minute, and what is older says its age.
#[test]
fn figures_on_one_line_are_of_the_same_minute_or_say_their_age() {
    let mut world = World::healthy();
    let web = |metric: metric::Tg| metric.of("production-nextcore-web");
    // The last is the newest; none of them is of every minute.
    world.series(web(metric::Tg::P95), &[0.251, 0.252, 0.253]);
    world.counts(web(metric::Tg::Requests), &[600.0, 660.0, 720.0, 780.0]);
    world.counts(web(metric::Tg::Target5xx), &[6.0, 0.0, 36.0, 0.0]);
    let older = |world: &mut World, id: metric::Tg, minutes: i64| {
        world.edit::<crate::model::metric::Metrics>(|m| {
            let points = &mut m.series.get_mut(web(id).as_str()).unwrap().points;
            points.pop();
            for p in points.iter_mut() {
                p.0 -= 60 * minutes;
            }
        });
    };
    let rule =
        |world: &World| stack(world, (200, 60)).into_iter().find(|r| r.contains("/ ") && r.contains("web ") && r.contains("p95")).unwrap();
    older(&mut world, metric::Tg::P95, 1);
    let row = rule(&world);
    assert!(["12/s", "p95  253 ms  5xx 5.00 % "].iter().all(|words| row.contains(words)), "all of the minute before: {row}");
    older(&mut world, metric::Tg::P95, 5);
    let row = rule(&world);
    assert!(["13/s", "p95 252 ms 7m  5xx    0 %"].iter().all(|words| row.contains(words)), "{row}");
}

#[test]
fn a_bad_figure_is_loud_before_the_verdict_is() {
    let mut world = World::healthy();
    // One minute of it: the rule waits for ten.
    world.series(metric::Db::Cpu, &[20.0, 20.0, 97.0]);
    world.series(metric::Db::Connections, &[80.0; 3]);
    world.series(metric::Db::Storage, &[6.0e10; 3]);
    assert_eq!(crate::insight::fixture::look(&world.judge(), "db").0, "healthy");
    let options = SessionOptions { stack: world.stack.clone(), mode: Mode::Safe, simulated: true, size: (80, 24), now: world.now };
    let mut session = Session::new(options);
    update(&mut session, Msg::Observed(Arc::new(world.store.clone()), world.judge()));
    let theme = Theme::terminal();
    let mut buffer = Buffer::empty(Rect { x: 0, y: 0, width: 80, height: 24 });
    super::draw(&session, &theme, buffer.area, &mut buffer);
    let find = |text: &str| {
        (0..24).find_map(|y| {
            let row: Vec<&str> = (0..80).map(|x| buffer[(x, y)].symbol()).collect();
            (0..80 - text.len()).find(|x| row[*x..*x + text.len()].concat() == text).map(|x| buffer[(x as u16, y)].fg)
        })
    };
    assert_eq!(find("97 %"), theme.style(crate::theme::Role::Crit).fg, "the figure");
}

#[test]
fn requests_come_from_where_the_name_leads() {
    // The wire that ends at the balancer begins in the lower edge of a box: the first is Route 53's.
    let from = |world: &World, size: (u16, u16)| {
        let rows = stack(world, size);
        let y = rows.iter().position(|r| r.contains("ALB production")).unwrap();
        let border = &rows[y - 2];
        let before = border.split_once('┬').unwrap().0;
        if before.matches('╰').count() == 1 { "Route 53" } else { "CloudFront" }
    };
    let mut world = World::healthy();
    let led = |world: &World| SIZES[1..].iter().map(|size| from(world, *size)).collect::<Vec<_>>();
    assert_eq!(led(&world), ["Route 53", "Route 53"]);
    world.lead(DISTRIBUTION);
    assert_eq!(led(&world), ["CloudFront", "CloudFront"]);
}

/// A healthy picture of a laptop's emulator must not look like production, however small the screen is.
#[test]
fn an_endpoint_that_is_not_aws_is_in_the_first_row_at_every_size() {
    use crate::model::place::{Endpoint, EndpointUrl, Place};
    let endpoint = |url: &str, services: &[&str]| Endpoint {
        url: EndpointUrl::new(url),
        origin: "AWS_ENDPOINT_URL".into(),
        services: services.iter().map(|s| (*s).to_owned()).collect(),
    };
    let long = "https://vpce-0123456789abcdef0-abcdefgh.ecs.ap-southeast-2.vpce.amazonaws.com";
    for (endpoints, words) in [
        (vec![endpoint("http://ops:hunter2@127.0.0.1:4566", &[])], "endpoint 127.0.0.1:4566"),
        (vec![endpoint("http://127.0.0.1:4566", &["ECS"])], "ECS endpoint 127.0.0.1:4566"),
        (vec![endpoint(long, &[])], "endpoint vpce-0123"),
        (vec![endpoint("http://a", &["ECS", "RDS"]), endpoint("http://b", &["S3"])], "custom endpoints: 3 services"),
        (vec![endpoint("http://a", &[]), endpoint("http://b", &["S3"])], "custom endpoints: all services"),
    ] {
        let mut world = World::healthy();
        world.store.place = Arc::new(Place { endpoints, ..Place::default() });
        for size in SIZES.into_iter().chain([crate::session::SMALLEST]) {
            let rows = stack(&world, size);
            assert!(rows[0].contains(words) && !rows[0].contains("hunter2"), "{size:?} {words}: {}", rows[0]);
            assert!(rows[0].contains("SAFE"), "{size:?}: {}", rows[0]);
        }
    }
}

#[test]
fn what_contradicts_what_is_said_above_the_body_one_after_the_other_until_it_is_put_away() {
    use crate::input::{Code, Key};
    use crate::model::place::Place;
    let mut world = World::healthy();
    let notices = vec!["using region a, not b".to_owned(), "using profile c, not d".to_owned()];
    world.store.place = Arc::new(Place { notices, ..Place::default() });
    let options = SessionOptions { stack: world.stack.clone(), mode: Mode::Safe, simulated: true, size: (80, 24), now: world.now };
    let mut session = Session::new(options);
    update(&mut session, Msg::Observed(Arc::new(world.store.clone()), world.judge()));
    let mut shown = Vec::new();
    for _ in 0..3 {
        let mut buffer = Buffer::empty(Rect { x: 0, y: 0, width: 80, height: 24 });
        super::draw(&session, &Theme::terminal(), buffer.area, &mut buffer);
        let row: String = (0..80).filter_map(|x| buffer.cell((x, 1))).map(ratatui::buffer::Cell::symbol).collect();
        shown.push(row);
        update(&mut session, Msg::Key(Key::new(Code::Esc)));
    }
    assert!(shown[0].contains("▲ using region a") && shown[1].contains("▲ using profile c"), "{shown:#?}");
    assert!(!shown[2].contains("▲ "), "{shown:#?}");
}

/// A cloud that has stopped answering: said at once, and nothing of what was seen before is called fresh or healthy.
#[test]
fn when_every_call_fails_the_first_rows_say_so_and_nothing_is_called_fresh() {
    for kind in [ProblemKind::Timeout, ProblemKind::Service, ProblemKind::Throttled, ProblemKind::Malformed, ProblemKind::Denied] {
        let mut world = World::healthy();
        let fastest = world.store.entries().map(|(_, e)| e.interval).filter(|i| !i.is_zero()).min().unwrap();
        let fast: Vec<_> = world.store.entries().filter(|(_, e)| e.interval == fastest).map(|(key, _)| key).collect();
        world.now += TimeDelta::seconds(6);
        for key in &fast[1..] {
            world.fail(*key, kind, "x:Op: no");
        }
        let but_one = stack(&world, (120, 40));
        assert!(!but_one[1].contains("every AWS call fails"), "one section still answers: {}", but_one[1]);
        world.fail(fast[0], kind, "x:Op: no");
        for size in SIZES {
            let rows = stack(&world, size);
            assert!(rows[1].contains("▲ every AWS call fails: x:Op: no"), "{kind:?} {size:?}: {}", rows[1]);
            assert!(!rows[0].contains("fresh") && !rows[0].contains("healthy"), "{kind:?} {size:?}: {}", rows[0]);
            assert!(rows.iter().any(|r| r.contains("? control-plane")), "{kind:?} {size:?}: {rows:#?}");
        }
        world.now += TimeDelta::seconds(1);
        world.put(World::healthy().store.get::<SecurityGroups>().unwrap().clone());
        let back = stack(&world, (120, 40));
        assert!(!back[1].contains("every AWS call fails"), "an answer ends it: {}", back[1]);
    }
}
