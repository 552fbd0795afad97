//! Every pane in every state at three sizes, text and styles; and what must hold for all of them at any size.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "test data is known to be there")]

use std::fmt::Write;

use nextcore_core::input::{Code, Key};
use nextcore_core::session::{Msg, Session, update};
use nextcore_core::theme::{Depth, Glyphs, Theme};
use nextcore_core::view;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use crate::fixture::{self, World};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

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

/// How a pane is reached from the stack view.
enum Way {
    /// It is there.
    Here,
    /// Tab to the box of a node, then Enter.
    Box(&'static str),
    /// The second service, then Enter.
    Service,
    /// A key.
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
                if session.selected().0 == *node {
                    break;
                }
                update(session, Msg::Key(Key::new(Code::Tab)));
            }
            assert_eq!(session.selected().0, *node, "Tab goes round all boxes");
            update(session, Msg::Key(Key::new(Code::Enter)));
        }
    }
}

pub(crate) fn draw(session: &Session, theme: &Theme, size: (u16, u16)) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    view::draw(session, theme, buffer.area, &mut buffer);
    buffer
}

/// Text rows, each followed by the style runs that differ from the default: `column+length:style`.
pub(crate) fn dump(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut row = String::new();
        let mut runs: Vec<(u16, u16, String)> = Vec::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let cell = buffer.cell((x, y)).expect("inside");
            if skip == 0 {
                row.push_str(cell.symbol());
                skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).max(1);
            }
            skip -= 1;
            let style = style(cell.fg, cell.bg, cell.modifier);
            match runs.last_mut() {
                Some(run) if run.2 == style && run.0 + run.1 == x => run.1 += 1,
                _ if style.is_empty() => {}
                _ => runs.push((x, 1, style)),
            }
        }
        out.push_str(row.trim_end());
        out.push('\n');
        if !runs.is_empty() {
            let runs: Vec<String> = runs.into_iter().map(|(x, n, s)| format!("{x}+{n}:{s}")).collect();
            let _ = writeln!(out, "    ⟨{}⟩", runs.join(" "));
        }
    }
    out
}

fn style(fg: Color, bg: Color, modifier: Modifier) -> String {
    let mut parts = Vec::new();
    if fg != Color::Reset {
        parts.push(format!("{fg:?}").to_lowercase());
    }
    if bg != Color::Reset {
        parts.push(format!("on-{bg:?}").to_lowercase());
    }
    for (flag, name) in [(Modifier::BOLD, "b"), (Modifier::DIM, "d"), (Modifier::REVERSED, "r"), (Modifier::UNDERLINED, "u")] {
        if modifier.contains(flag) {
            parts.push(name.to_owned());
        }
    }
    parts.join("/")
}

#[test]
fn every_pane_in_every_state_looks_as_agreed() {
    let theme = Theme::terminal();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (state, world) in STATES {
            for (pane, way) in PANES {
                let mut out = String::new();
                for size in SIZES {
                    // One size is enough for the panes of the huge world: what differs is the number of rows.
                    if *state == "huge" && *pane != "stack" && size != (120, 40) {
                        continue;
                    }
                    let mut session = world().session(size);
                    open(&mut session, way);
                    let _ = writeln!(out, "── {pane} · {state} · {}×{}\n{}", size.0, size.1, dump(&draw(&session, &theme, size)));
                }
                insta::assert_snapshot!(format!("{pane}-{state}"), out);
            }
        }
    });
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
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("stack-incident-ascii-mono", dump(&buffer)));
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

/// The text of a screen without its styles.
fn text(session: &Session, size: (u16, u16)) -> String {
    dump(&draw(session, &Theme::terminal(), size)).lines().filter(|l| !l.starts_with("    ⟨")).fold(String::new(), |all, l| all + l + "\n")
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
    for id in ["0a1b2", "0b1b2", "0c1b2"] {
        assert!(seen.lines().any(|l| l.contains(&format!("    {id}"))), "{id}:\n{seen}");
    }
}

#[test]
fn the_first_screen_has_the_internet_gateway_and_what_the_gateways_carry() {
    let size = (200, 60);
    let seen = text(&fixture::healthy().session(size), size);
    assert!(seen.contains("IGW ●"), "{seen}");
    assert!(seen.contains("424 conns") && seen.contains("IGW ● igw-"), "{seen}");
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
        world.store.put(metrics, fixture::now() - chrono::TimeDelta::seconds(20), std::time::Duration::from_mins(1));
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
