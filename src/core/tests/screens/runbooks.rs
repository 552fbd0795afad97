//! The list of runbooks and a walk through one, text and styles: live answers, every state of a step, values, skipping, and what is not read.

use std::fmt::Write;
use std::sync::Arc;

use nextcore_core::input::{Code, Key};
use nextcore_core::runbook::Library;
use nextcore_core::session::{Msg, Session, update};
use nextcore_core::theme::{Depth, Glyphs, Theme};

use super::fixture::{self, World};
use super::look::{agreed, body, draw, dump_of, text};

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

const ODD: &str = "---\ntitle: A title that is longer than any list of runbooks has room for on one line of a small screen\nwhen: Never.\n---\n\n\
                   ## A step whose title is longer than the column of titles of any screen that people have\n\n- one\n  - two\n\n\
                   ```sh\naws rds restore-db-instance-to-point-in-time --source-db-instance-identifier DB --target-db-instance-identifier DB-restored\n```\n\n\
                   ```nextcore-top\nfrobnicate db\ncheck db.status == \"available\"\n```\n";

/// A session that has read its runbooks.
fn session(world: World, size: (u16, u16)) -> Session {
    let mut session = world.session(size).walking("maya");
    let own = vec![("odd.md".to_owned(), ODD.to_owned())];
    update(&mut session, Msg::Runbooks(Arc::new(Library::with(own)), Vec::new()));
    session
}

/// Enter, Esc, arrow down, page down: `⏎`, `⎋`, `↓`, `⇟`.
fn press(session: &mut Session, text: &str) {
    for c in text.chars() {
        let key = match c {
            '⏎' => Key::new(Code::Enter),
            '⎋' => Key::new(Code::Esc),
            '↓' => Key::new(Code::Down),
            '⇟' => Key::new(Code::PageDown),
            c => Key::char(c),
        };
        update(session, Msg::Key(key));
    }
}

type Scene = (&'static str, fn() -> World, &'static str);

const SCENES: &[Scene] = &[
    ("list", fixture::healthy, "b"),
    ("list of walks", fixture::incident, ":runbook rds-failover⏎⏎⎋:runbook redis-node⏎sno Redis here⏎⎋b"),
    ("fresh", fixture::healthy, ":runbook rds-failover⏎"),
    ("first check", fixture::incident, ":runbook rds-failover⏎⏎"),
    ("waiting, skipped, noted", fixture::incident, ":runbook rds-failover⏎⏎snot needed tonight⏎ncalled Ben, he looks at the app⏎↓↓↓⏎"),
    ("long text", fixture::healthy, ":runbook crash-loop service=web⏎↓↓↓⇟"),
    ("odd", fixture::healthy, ":runbook odd⏎⏎"),
    ("values", fixture::healthy, "3:runbook crash-loop⏎"),
    ("skip", fixture::healthy, ":runbook rds-failover⏎s⏎"),
    ("not known", fixture::loading, ":runbook rds-failover⏎⏎"),
];

fn shown((name, world, keys): &Scene, size: (u16, u16)) -> String {
    let mut session = session(world(), size);
    press(&mut session, keys);
    let buffer = draw(&session, &Theme::terminal(), size);
    format!("── {name} · {}×{}\n{}", size.0, size.1, dump_of(&buffer, body(&buffer)))
}

#[test]
fn runbooks_look_as_agreed() {
    let (lists, walks): (Vec<_>, Vec<_>) = SCENES.iter().partition(|(name, ..)| name.starts_with("list"));
    for (file, scenes) in [("runbooks", lists), ("runbook", walks)] {
        let mut out = String::new();
        for scene in scenes {
            for size in SIZES {
                let _ = writeln!(out, "{}", shown(scene, size));
            }
        }
        agreed(file, &out);
    }
}

#[test]
fn no_size_panics_and_all_is_plain_in_ascii() {
    let plain = Theme::dark().adapted(Depth::Mono, Glyphs::Ascii);
    for (name, world, keys) in SCENES {
        let mut session = session(world(), (120, 40));
        press(&mut session, keys);
        for size in [(1, 1), (59, 24), (60, 16), (61, 17), (80, 16), (99, 33), (100, 17), (160, 31), (300, 100)] {
            update(&mut session, Msg::Resize(size.0, size.1));
            let buffer = draw(&session, &plain, size);
            assert!(buffer.content().iter().all(|c| c.symbol().is_ascii()), "{name} at {size:?}");
        }
    }
}

/// What is cut at the end of the screen says so, and the keys that work are in the last row.
#[test]
fn what_does_not_fit_is_said_and_the_keys_are_there() {
    let mut session = session(fixture::healthy(), (80, 20));
    press(&mut session, ":runbook crash-loop service=web⏎↓↓↓");
    let seen = text(&session, (80, 20));
    assert!(seen.contains("PgUp PgDn 1-"), "{seen}");
    for word in ["Enter run", "s skip", "n note", "Esc back", "? help"] {
        assert!(seen.contains(word), "{word}:\n{seen}");
    }
    update(&mut session, Msg::Resize(80, 24));
    press(&mut session, "?");
    let help = text(&session, (80, 24));
    for word in ["In a runbook", "skip the step", "begin anew", "quit"] {
        assert!(help.contains(word), "{word}:\n{help}");
    }
}

#[test]
fn before_they_are_read_the_list_says_that_it_reads() {
    let mut session = fixture::healthy().session((80, 24));
    press(&mut session, "b");
    assert!(text(&session, (80, 24)).contains("Loading runbooks"));
    let refused = vec!["/books/big.md: larger than 1 MiB: not read".to_owned()];
    let broken = vec![("mine.md".to_owned(), "no front matter".to_owned())];
    update(&mut session, Msg::Runbooks(Arc::new(Library::with(broken)), refused));
    let seen = text(&session, (80, 24));
    assert!(seen.contains("not read: /books/big.md: larger than 1 MiB") && seen.contains("+1 more"), "{seen}");
}
