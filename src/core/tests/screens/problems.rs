//! Problems as they are drawn, text and styles: everything wrong at once, with an incident that explains a part of it, and nothing wrong.

use std::fmt::Write;
use std::sync::Arc;

use nextcore_core::incident::{Detector, built_in};
use nextcore_core::input::{Code, Key};
use nextcore_core::session::{Msg, Session, update};
use nextcore_core::theme::{Depth, Glyphs, Theme};

use super::fixture::{self, World};
use super::look::{SIZES, agreed, body, draw, dump_of, text};

/// A session that has seen this world, and the incidents that its rules find in it.
fn seen(world: World, size: (u16, u16)) -> Session {
    let mut detector = Detector::new(Arc::new(built_in().unwrap()), Vec::new());
    for second in -12..=0 {
        detector.observe(&world.store, &world.judgement, &world.stack, world.now + chrono::TimeDelta::seconds(second));
    }
    let mut session = world.session(size);
    update(&mut session, Msg::Incidents(detector.incidents().to_vec()));
    session
}

fn press(session: &mut Session, keys: &[Code]) {
    for code in keys {
        update(session, Msg::Key(Key::new(*code)));
    }
}

type Made = fn() -> World;

const PROBLEMS: Code = Code::Char('!');

#[test]
fn problems_look_as_agreed() {
    let mut out = String::new();
    let worlds: [(&str, Made); 3] = [("incident", fixture::incident), ("denied", fixture::denied), ("healthy", fixture::healthy)];
    for (name, world) in worlds {
        for size in if name == "incident" { SIZES.as_slice() } else { &SIZES[..2] } {
            let mut session = seen(world(), *size);
            press(&mut session, &[PROBLEMS, Code::Down]);
            let buffer = draw(&session, &Theme::terminal(), *size);
            let _ = writeln!(out, "── problems · {name} · {}×{}\n{}", size.0, size.1, dump_of(&buffer, body(&buffer)));
        }
    }
    agreed("problems", &out);
}

#[test]
fn every_box_that_is_not_well_can_be_scrolled_to_and_none_is_listed_twice() {
    for size in SIZES {
        let mut session = seen(fixture::incident(), size);
        press(&mut session, &[PROBLEMS]);
        let mut shown = Vec::new();
        for _ in 0..40 {
            let buffer = draw(&session, &Theme::terminal(), size);
            let selected: String = (0..size.1)
                .filter(|y| {
                    buffer[(1, *y)].bg != ratatui::style::Color::Reset
                        || buffer[(1, *y)].modifier.contains(ratatui::style::Modifier::REVERSED)
                })
                .filter(|y| *y > 1 && *y + 1 < size.1)
                .map(|y| (0..size.0).map(|x| buffer[(x, y)].symbol()).collect::<String>())
                .collect();
            assert!(!selected.is_empty(), "the selection is in sight at {size:?}\n{}", text(&session, size));
            shown.push(selected);
            press(&mut session, &[Code::Down]);
        }
        shown.dedup();
        let unique: std::collections::BTreeSet<_> = shown.iter().collect();
        assert!(shown.len() > 5 && unique.len() == shown.len(), "{size:?} {shown:#?}");
    }
}

#[test]
fn no_size_panics_and_plain_terminals_get_plain_characters() {
    let plain = Theme::dark().adapted(Depth::Mono, Glyphs::Ascii);
    for world in [fixture::incident, fixture::empty, fixture::loading, fixture::failed, fixture::stale, fixture::huge] {
        let mut session = seen(world(), (120, 40));
        press(&mut session, &[PROBLEMS, Code::End]);
        for size in [(1, 1), (59, 24), (60, 16), (80, 16), (99, 33), (300, 100)] {
            update(&mut session, Msg::Resize(size.0, size.1));
            let buffer = draw(&session, &plain, size);
            assert!(buffer.content().iter().all(|c| c.symbol().is_ascii()), "{size:?}");
        }
    }
}
