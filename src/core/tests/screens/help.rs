//! Help as it is drawn, text and styles: its pages on a small screen, and what is found by typing.

use std::fmt::Write;

use nextcore_core::input::{Code, Key};
use nextcore_core::session::{Msg, update};
use nextcore_core::theme::Theme;

use super::fixture;
use super::look::{agreed, changed, draw, dump_of, text};

#[test]
fn help_looks_as_agreed() {
    let mut out = String::new();
    for (name, size, keys) in [
        ("what can be done here", (80, 24), &[][..]),
        ("the next page", (80, 24), &[Code::Down]),
        ("found by words", (80, 24), &[Code::Char('r'), Code::Char('u'), Code::Char('n')]),
        ("found by key", (120, 40), &[Code::Char('!')]),
    ] {
        let mut session = fixture::incident().session(size);
        let before = draw(&session, &Theme::terminal(), size);
        for code in [Code::Char('?')].iter().chain(keys) {
            update(&mut session, Msg::Key(Key::new(*code)));
        }
        let buffer = draw(&session, &Theme::terminal(), size);
        let _ = writeln!(out, "── {name} · {}×{}\n{}", size.0, size.1, dump_of(&buffer, changed(&before, &buffer)));
    }
    agreed("help", &out);
}

#[test]
fn no_size_panics_whatever_is_typed() {
    for keys in ["?", "?z", "?qqq", "?//////"] {
        let mut session = fixture::incident().session((120, 40));
        keys.chars().for_each(|c| drop(update(&mut session, Msg::Key(Key::char(c)))));
        for size in [(1, 1), (59, 24), (60, 16), (61, 17), (80, 16), (99, 33), (300, 100)] {
            update(&mut session, Msg::Resize(size.0, size.1));
            update(&mut session, Msg::Key(Key::new(Code::PageDown)));
            text(&session, size);
        }
    }
}
