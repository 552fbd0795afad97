//! The log as it is read in trouble: filtered with context, searched, an event in full, traces folded, gaps, late lines, kinds of lines.

use std::sync::Arc;

use nextcore_core::input::{Code, Key};
use nextcore_core::model::log::{Followed, LogEvent, LogGap, LogTail};
use nextcore_core::session::{Msg, Session, update};
use nextcore_core::theme::{Depth, Glyphs, Theme};

use crate::fixture;
use crate::look::{agreed, body, draw, dump_of};

const TWO: [(u16, u16); 2] = [(80, 24), (120, 40)];

const JSON: &str = r#"{"time":"2026-11-22T22:00:39Z","level":"error","msg":"payment refused by provider","order":{"id":84213,"total":"129.00"},"provider":"acquirer","attempt":3,"note":"card issuer did not answer within the agreed time; the order is kept and tried again"}"#;

/// Sixty lines of two services, a trace in several lines, JSON, a late line, a gap.
fn trouble() -> LogTail {
    let now = fixture::now();
    let mut lines: Vec<(i64, &str, String)> = (0..60)
        .map(|i| {
            let text = if i % 20 == 7 {
                format!("WARNING slow query {}ms", i * 9)
            } else {
                format!("INFO GET /documents/{i}/ 200 {}ms", i * 7 % 90)
            };
            (i * 5, "web/app/0a1b", text)
        })
        .collect();
    lines.push((281, "control-plane/app/77", "ERROR unhandled exception in request 84213".to_owned()));
    for text in [
        "Traceback (most recent call last):",
        "  File \"/app/views.py\", line 41, in get",
        "    return self.load(pk)",
        "TimeoutError: timed out",
    ] {
        lines.push((281, "control-plane/app/77", text.to_owned()));
    }
    lines.push((288, "control-plane/app/77", JSON.to_owned()));
    lines.push((
        289,
        "web/app/0a1b",
        "java.lang.IllegalStateException: closed\n\tat com.x.A.b(A.java:12)\n\tat com.x.C.d(C.java:9)".to_owned(),
    ));
    lines.push((262, "web/app/0a1b", "INFO GET /late/ 200 1ms".to_owned()));
    let at = |second: i64| now - chrono::TimeDelta::seconds(300 - second);
    let mut events: Vec<Arc<LogEvent>> = lines
        .into_iter()
        .enumerate()
        .map(|(i, (second, stream, message))| {
            let late = message.contains("/late/");
            Arc::new(LogEvent {
                id: format!("39{i:06}"),
                seq: i as u64,
                at: at(second),
                stream: stream.into(),
                message,
                late,
                ..LogEvent::default()
            })
        })
        .collect();
    events.sort_by_key(|e| (e.arrived(), e.seq));
    let total = events.len() as u64;
    let groups = vec![
        Followed { name: "/ecs/production-nextcore".into(), problem: None, lateness_ms: Some(4200) },
        Followed {
            name: "/aws/rds/instance/db/postgresql".into(),
            problem: Some("access denied; logs:FilterLogEvents is missing".into()),
            lateness_ms: None,
        },
    ];
    let gaps = vec![LogGap { from: at(266), to: at(269), why: "more than 5 pages in one poll".into() }];
    LogTail { events: events.into(), total, groups, gaps, ..LogTail::default() }
}

fn session(size: (u16, u16)) -> Session {
    let mut world = fixture::healthy();
    world.edit::<LogTail>(|tail| *tail = trouble());
    let mut session = world.session(size);
    update(&mut session, Msg::Key(Key::char('a')));
    press(&mut session, "L");
    session
}

/// Characters as they are typed; `⏎` is Enter, `↑` and `↓` are arrows, `⇥` is Tab.
fn press(session: &mut Session, keys: &str) {
    for c in keys.chars() {
        let key = match c {
            '⏎' => Key::new(Code::Enter),
            '↑' => Key::new(Code::Up),
            '↓' => Key::new(Code::Down),
            '⇥' => Key::new(Code::Tab),
            c => Key::char(c),
        };
        update(session, Msg::Key(key));
    }
}

/// The whole screen but its header, after these keys, at two sizes.
fn shown(keys: &str) -> String {
    let one = |size: (u16, u16)| {
        let mut session = session(size);
        press(&mut session, keys);
        let buffer = draw(&session, &Theme::terminal(), size);
        let area = body(&buffer);
        let area = ratatui::layout::Rect { height: area.height + 1, ..area };
        format!("── {}×{}\n{}", size.0, size.1, dump_of(&buffer, area))
    };
    TWO.map(one).join("\n")
}

#[test]
fn the_log_looks_as_agreed() {
    for (name, keys) in [
        ("tail", ""),
        ("filter-context", "&slow⏎+"),
        ("search", "/documents/3⏎"),
        ("typing", "&level:nonsense"),
        ("time", "t14:0"),
        ("problems", "!↑"),
        ("detail-json", "↑↑↑⏎↓↓↓"),
        ("detail-trace", "!↑↑⏎↓"),
        ("wrapped", "w↑m"),
        ("sideways", ">"),
        ("patterns", "⇥"),
        ("ago", "TT"),
        ("help", "?"),
    ] {
        agreed(&format!("log-{name}"), &shown(keys));
    }
}

#[test]
fn a_terminal_without_unicode_says_the_same() {
    let mut session = session((120, 40));
    press(&mut session, "!/refused⏎m&level:error⏎+");
    let theme = Theme::dark().adapted(Depth::Mono, Glyphs::Ascii);
    let buffer = draw(&session, &theme, (120, 40));
    let text = dump_of(&buffer, body(&buffer));
    let rows: Vec<&str> = text.lines().filter(|l| !l.starts_with("    ⟨")).collect();
    assert!(rows.iter().all(|r| r.is_ascii() && !r.contains('?')), "{}", rows.join("\n"));
    let row = |word: &str| *rows.iter().find(|r| r.contains(word)).expect(word);
    assert!(row("payment refused").starts_with('>') && row("payment refused").contains(" X payment"), "{text}");
    assert!(row("INFO GET").starts_with('|'), "a line round a match: {text}");
}

#[test]
fn what_was_dropped_under_the_cursor_is_said() {
    let mut world = fixture::healthy();
    world.edit::<LogTail>(|tail| *tail = trouble());
    let mut session = world.clone().session((80, 24));
    press(&mut session, "aLg");
    world.edit::<LogTail>(|tail| {
        tail.events.drain(..20);
        tail.dropped = 20;
    });
    world.store.version += 1;
    update(&mut session, Msg::Observed(Arc::new(world.store), world.judgement));
    let buffer = draw(&session, &Theme::terminal(), (80, 24));
    let text = dump_of(&buffer, body(&buffer));
    assert!(text.contains("── 20 older lines were dropped, the one you were at among them"), "{text}");
}
