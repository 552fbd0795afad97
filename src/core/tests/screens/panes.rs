//! Every pane in every state, text and styles, a file of its own for each; and what must hold for all of them at any size.

use std::fmt::Write;

use nextcore_core::input::{Code, Key};
use nextcore_core::model::limits::Limit;
use nextcore_core::session::{Msg, Session, update};
use nextcore_core::theme::{Depth, Glyphs, Theme};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Color;

use super::fixture::{self, World};
use super::look::{SIZES, agreed, body, draw, dump, dump_of, text};

/// The size at which most states are looked at.
const USUAL: (u16, u16) = (120, 40);

type State = (&'static str, fn() -> World);

const STATES: &[State] = &[
    ("healthy", fixture::healthy),
    ("deploying", fixture::deploying),
    ("incident", fixture::incident),
    ("loading", fixture::loading),
    ("empty", fixture::empty),
    ("denied", fixture::denied),
    ("failed", fixture::failed),
    ("stale", fixture::stale),
    ("huge", fixture::huge),
];

/// What happens, and the panes that tell of it.
const STORIES: &[(&str, &[&str])] = &[
    ("deploying", &["stack", "service", "balancer", "delivery", "logs", "zones", "flows"]),
    ("incident", &["stack", "service", "balancer", "database", "network", "alarms", "timeline", "charts", "zones", "flows", "verify"]),
];

/// How a pane is reached from the stack view.
enum Way {
    /// It is there.
    Here,
    /// Tab to the box of a node, then Enter.
    Box(&'static str),
    /// The second service, then Enter.
    Service,
    Key(char),
}

const PANES: &[(&str, Way)] = &[
    ("stack", Way::Here),
    ("service", Way::Service),
    ("balancer", Way::Box("alb")),
    ("cache", Way::Box("redis")),
    ("database", Way::Box("db")),
    ("edge", Way::Box("dns")),
    ("network", Way::Key('n')),
    ("storage", Way::Box("s3")),
    ("security", Way::Box("iam")),
    ("delivery", Way::Box("pipeline")),
    ("dashboards", Way::Box("dashboards")),
    ("alarms", Way::Key('a')),
    ("logs", Way::Key('L')),
    ("timeline", Way::Key('e')),
    ("charts", Way::Key('c')),
    ("json", Way::Key('J')),
    ("zones", Way::Key('z')),
    ("flows", Way::Key('F')),
    ("verify", Way::Key('V')),
];

fn open(session: &mut Session, way: &Way) {
    let mut press = |code| update(session, Msg::Key(Key::new(code)));
    match way {
        Way::Here => {}
        Way::Key(c) => {
            press(Code::Char(*c));
        }
        Way::Service => {
            press(Code::Char('3'));
            press(Code::Enter);
        }
        Way::Box(node) => {
            for _ in 0..200 {
                if session.selected().to_string() == *node {
                    break;
                }
                update(session, Msg::Key(Key::new(Code::Tab)));
            }
            assert_eq!(session.selected().to_string(), *node, "Tab goes round all boxes");
            update(session, Msg::Key(Key::new(Code::Enter)));
        }
    }
}

/// A pane in one state; the whole screen of the stack view, of all others what is between header and hints.
fn shown(pane: &str, way: &Way, (state, world): State, size: (u16, u16)) -> String {
    let mut session = world().session(size);
    open(&mut session, way);
    let buffer = draw(&session, &Theme::terminal(), size);
    let area = if pane == "stack" { buffer.area } else { body(&buffer) };
    format!("── {pane} · {state} · {}×{}\n{}", size.0, size.1, dump_of(&buffer, area))
}

fn state(name: &str) -> State {
    *STATES.iter().find(|(n, _)| *n == name).expect("a state")
}

#[test]
fn a_healthy_stack_looks_as_agreed_at_three_sizes() {
    for (pane, way) in PANES {
        let out = SIZES.map(|size| shown(pane, way, state("healthy"), size));
        agreed(&format!("{pane}-healthy"), &out.join("\n"));
    }
}

#[test]
fn what_happens_to_the_stack_looks_as_agreed_where_it_is_told() {
    for (story, panes) in STORIES {
        for (pane, way) in PANES.iter().filter(|(pane, _)| panes.contains(pane)) {
            let sizes = if *pane == "stack" { SIZES.as_slice() } else { &[USUAL] };
            let out: Vec<String> = sizes.iter().map(|size| shown(pane, way, state(story), *size)).collect();
            agreed(&format!("{pane}-{story}"), &out.join("\n"));
        }
    }
}

/// The heading has an arrow where its column is on the screen; the rule above says it in any case.
#[test]
fn a_sorted_table_says_by_which_column_and_which_way_round() {
    let mut out = String::new();
    for (way, keys, size) in [
        (Way::Service, "oooooooo", USUAL),
        (Way::Service, "oooooo", (80, 24)),
        (Way::Key('a'), "oooO", (200, 60)),
        (Way::Box("build"), "oooo", USUAL),
    ] {
        let mut session = fixture::incident().session(size);
        open(&mut session, &way);
        for key in keys.chars() {
            update(&mut session, Msg::Key(Key::char(key)));
        }
        let buffer = draw(&session, &Theme::terminal(), size);
        let _ = writeln!(out, "── {keys} · {}×{}\n{}", size.0, size.1, dump_of(&buffer, body(&buffer)));
    }
    agreed("sorted", &out);
}

#[test]
fn what_is_not_known_looks_as_agreed() {
    for (pane, way) in PANES {
        let mut out = String::new();
        for name in ["loading", "empty", "denied", "failed", "stale", "huge"] {
            let _ = writeln!(out, "{}", shown(pane, way, state(name), USUAL));
        }
        agreed(&format!("{pane}-states"), &out);
    }
}

#[test]
fn the_plain_and_the_ascii_looks_are_the_same_screen() {
    let theme = Theme::dark().adapted(Depth::Mono, Glyphs::Ascii);
    let session = fixture::incident().session((120, 40));
    let buffer = draw(&session, &theme, (120, 40));
    for cell in buffer.content() {
        // Wide characters of log lines become question marks too: nothing outside ASCII may reach such a terminal.
        assert!(cell.symbol().is_ascii(), "{:?}", cell.symbol());
        assert!(cell.fg == Color::Reset && cell.bg == Color::Reset);
    }
    agreed("stack-incident-ascii-mono", &dump(&buffer));
}

#[test]
fn no_size_and_no_state_panics_or_draws_outside() {
    let theme = Theme::terminal();
    for (_, world) in STATES.iter().filter(|(n, _)| *n != "huge") {
        for (_, way) in PANES {
            let mut session = world().session((80, 24));
            open(&mut session, way);
            for size in
                [(1, 1), (2, 60), (59, 24), (60, 16), (61, 17), (80, 16), (99, 33), (100, 33), (119, 32), (160, 31), (159, 80), (300, 100)]
            {
                update(&mut session, Msg::Resize(size.0, size.1));
                draw(&session, &theme, size);
            }
        }
    }
}

#[test]
fn too_small_says_what_it_needs() {
    let session = fixture::healthy().session((50, 12));
    let text = dump(&draw(&session, &Theme::terminal(), (50, 12)));
    assert!(text.contains("is 50 × 12") && text.contains("needs 60 × 16") && text.contains("q quits"), "{text}");
}

#[test]
fn a_healthy_screen_is_calm() {
    for size in SIZES {
        let session = fixture::healthy().session(size);
        let buffer = draw(&session, &Theme::terminal(), size);
        let coloured = buffer.content().iter().filter(|c| c.fg != Color::Reset && c.symbol() != " ").count();
        let share = coloured as f64 / buffer.content().len() as f64;
        assert!(share < 0.2, "{size:?}: {:.0} % of the cells have a colour", share * 100.0);
        // Errors in the log are the log's; nothing else may be red.
        let red = buffer.content().iter().filter(|c| c.fg == Color::Red && !"ERROR".contains(c.symbol())).count();
        assert_eq!(red, 0, "{size:?}");
    }
}

/// `[limits]` is one answer for the rule and for the colour of the figure.
#[test]
fn a_configured_limit_colours_its_figure_and_judges_its_box() {
    for size in SIZES {
        let red = |world: World| {
            let buffer = draw(&world.session(size), &Theme::terminal(), size);
            buffer.content().iter().filter(|c| c.fg == Color::Red).map(Cell::symbol).collect::<String>()
        };
        let usual = red(fixture::healthy());
        let strict = red(fixture::healthy().limited(Limit::CacheMemory, 1.0, 2.0));
        assert!(!usual.contains('%') && strict.contains('%') && strict.contains('✖'), "{size:?}: {usual} → {strict}");
        assert_eq!(red(fixture::healthy().limited(Limit::CacheMemory, 98.0, 99.0)), usual, "{size:?}");
    }
}

#[test]
fn every_system_of_the_architecture_is_on_the_first_screen() {
    for size in SIZES {
        let seen = text(&fixture::healthy().session(size), size);
        for word in [
            "Route 53",
            "CloudFront",
            "VPC 10.0.0.0/16",
            "ALB",
            "NAT",
            "control-plane",
            "web",
            "celery-worker",
            "Redis",
            "Postgre",
            "S3",
            "IAM",
            "KMS",
            "Secrets",
            "ECR",
            "uild",
            "ipeline",
            "alarms",
            "dashboards",
            "/ecs/production-nextcore",
        ] {
            assert!(seen.contains(word), "{size:?} without {word}:\n{seen}");
        }
    }
}

#[test]
fn the_network_shows_subnets_and_permitted_paths_at_the_first_look() {
    for size in [(120, 40), (200, 60)] {
        let mut session = fixture::healthy().session(size);
        open(&mut session, &Way::Key('n'));
        let seen = text(&session, size);
        for word in ["Subnets by tier and zone", "Permitted paths", "3000, 8000", "10.0.21.0/24"] {
            assert!(seen.contains(word), "{word} at {size:?}:\n{seen}");
        }
    }
}

#[test]
fn nat_gateways_are_told_apart_by_their_ids() {
    let size = (200, 60);
    let mut session = fixture::healthy().session(size);
    open(&mut session, &Way::Key('n'));
    let seen = text(&session, size);
    for id in ["015e8", "0b72d", "0c9f3"] {
        assert!(seen.lines().any(|l| l.contains(&format!("    {id}"))), "{id}:\n{seen}");
    }
}

#[test]
fn the_first_screen_has_the_internet_gateway_and_what_the_gateways_carry() {
    let size = (200, 60);
    let seen = text(&fixture::healthy().session(size), size);
    assert!(seen.contains("IGW ●"), "{seen}");
    assert!(seen.contains("a  88 conns") && seen.contains("IGW ● igw-"), "{seen}");
    for size in SIZES {
        let seen = text(&fixture::healthy().session(size), size);
        assert!(!seen.contains("0/9"), "alarms are counted one way at {size:?}:\n{seen}");
    }
}

#[test]
fn a_zone_that_lost_its_way_out_is_found_at_a_glance() {
    for size in SIZES {
        let world = fixture::incident();
        let zones = text(&world.session(size), size);
        assert!(zones.contains("a ●") && zones.contains("b ✖") && zones.contains("c ●"), "{size:?}:\n{zones}");
        let calm = text(&fixture::healthy().session(size), size);
        assert!(!calm.contains("b ✖"), "{size:?}");
    }
}

#[test]
fn what_is_optional_and_absent_says_so_and_is_no_trouble() {
    let session = fixture::empty().session((120, 40));
    let seen = text(&session, (120, 40));
    assert_eq!(
        seen.matches("○ Route 53").count() + seen.matches("○ CloudFront").count() + seen.matches("○ CodePipeline").count(),
        3,
        "{seen}"
    );
    assert_eq!(seen.matches("– not used").count(), 3, "{seen}");
}

#[test]
fn every_colour_has_a_glyph_or_a_word_beside_it() {
    let (terminal, mono) = (Theme::terminal(), Theme::terminal().adapted(Depth::Mono, Glyphs::Unicode));
    for (_, world) in STATES.iter().filter(|(n, _)| *n != "huge") {
        let session = world().session((120, 40));
        let text = |theme| draw(&session, theme, (120, 40)).content().iter().map(|c| c.symbol().to_owned()).collect::<String>();
        assert_eq!(text(&terminal), text(&mono), "the same words and glyphs with and without colours");
    }
}

#[test]
fn the_hint_line_always_ends_in_help_or_offers_it() {
    for width in (60..=200).step_by(10) {
        for (pane, way) in PANES {
            let mut session = fixture::healthy().session((width, 24));
            open(&mut session, way);
            let text = dump(&draw(&session, &Theme::terminal(), (width, 24)));
            let last = text.lines().rev().find(|l| !l.starts_with("    ⟨")).unwrap_or_default().to_owned();
            assert!(last.contains("? help"), "{pane} {width}: {last}");
        }
    }
}

#[test]
fn nothing_jumps_when_only_figures_change() {
    use nextcore_core::model::metric::Metrics;
    use nextcore_core::model::section::Section;
    let theme = Theme::terminal();
    for size in SIZES {
        let mut world = fixture::healthy();
        let mut metrics = world.store.get::<Metrics>().cloned().expect("metrics");
        for series in metrics.series.values_mut() {
            if let Some(point) = series.points.last_mut() {
                point.1 *= 0.93;
            }
        }
        let before = draw(&fixture::healthy().session(size), &theme, size);
        world.store.entry_mut(Metrics::KEY).value = Some(std::sync::Arc::new(metrics));
        let after = draw(&world.session(size), &theme, size);
        let labels = |b: &Buffer| {
            let mut found = Vec::new();
            for y in 0..b.area.height {
                let row: String =
                    (0..b.area.width).filter_map(|x| b.cell((x, y)).map(|c| c.symbol().chars().next().unwrap_or(' '))).collect();
                found.extend(
                    ["cpu", "mem", "p95", "5xx", "healthy", "connections", "PITR"]
                        .iter()
                        .filter_map(|w| row.find(w).map(|at| (y, *w, row.get(..at).unwrap_or_default().chars().count()))),
                );
            }
            found
        };
        assert_eq!(labels(&before), labels(&after), "{size:?}");
    }
}
