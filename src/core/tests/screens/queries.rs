//! Logs Insights: the queries that have a name, what one may cost before it runs, how far it is, what it found and in what order.

use std::collections::BTreeMap;
use std::fmt::Write;

use nextcore_core::input::{Code, Key};
use nextcore_core::model::query::{Answer, Ask, Asked, End, Estimate, News, Status};
use nextcore_core::session::{Effect, Msg, Session, update};
use nextcore_core::theme::Theme;

use crate::fixture;
use crate::look::{agreed, body, draw, dump_of};

const ENTER: Key = Key::new(Code::Enter);

fn press(session: &mut Session, keys: &[Key]) -> Vec<Effect> {
    keys.iter().flat_map(|key| update(session, Msg::Key(*key))).collect()
}

fn answer(status: Status, rows: usize) -> Answer {
    let row = |i: usize| {
        let cells = [
            ("@timestamp", format!("2026-11-22 22:0{i}:02.496")),
            ("ms", (1561 - i * 307 % 1000).to_string()),
            ("status", if i % 3 == 1 { "500" } else { "200" }.to_owned()),
            ("path", format!("/api/documents/{}/versions/latest/", i * 8191)),
            ("@logStream", format!("control-plane/control-plane/8d18266405a1edfa88f7eda925e3636{i}")),
        ];
        cells.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    };
    Answer { status, rows: (0..rows).map(row).collect(), matched: 6812.0, scanned: 10_140.0, bytes: 1_153_433.0 }
}

fn asked(effects: Vec<Effect>) -> Asked {
    let found = effects.into_iter().find_map(|e| if let Effect::Query(Ask::Estimate(asked)) = e { Some(asked) } else { None });
    found.expect("an estimate is asked for")
}

#[test]
fn a_query_from_its_name_to_its_rows() {
    let theme = Theme::terminal();
    for size in [(80, 24), (120, 40)] {
        let mut out = String::new();
        let mut session = fixture::healthy().session(size).querying(BTreeMap::new(), true);
        let mut show = |what: &str, session: &Session| {
            let buffer = draw(session, &theme, size);
            let _ = writeln!(out, "== {what}\n{}", dump_of(&buffer, body(&buffer)));
        };
        press(&mut session, &[Key::char('Q'), Key::new(Code::Down)]);
        show("names", &session);
        let asked = asked(press(&mut session, &[ENTER]));
        let estimate = Estimate { bytes: 2.7e9, unknown: vec!["/aws/rds/instance/db/postgresql".to_owned()] };
        update(&mut session, Msg::Queried(News::Estimated(asked, Ok(estimate))));
        show("cost", &session);
        press(&mut session, &[ENTER]);
        update(&mut session, Msg::Queried(News::Progress(answer(Status::Running, 0))));
        show("running", &session);
        update(&mut session, Msg::Queried(News::Ended(End::Over(answer(Status::Complete, 6)))));
        press(&mut session, &[Key::char('o'), Key::char('o'), Key::new(Code::Down)]);
        show("sorted", &session);
        press(&mut session, &[ENTER]);
        show("row", &session);
        agreed(&format!("query-{}x{}", size.0, size.1), &out);
    }
}
