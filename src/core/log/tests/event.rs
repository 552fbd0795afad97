//! Which lines are one event.

use proptest::prelude::*;

use crate::log::event::{Folder, MOST_LINES, Part, level_with};
use crate::log::level::Level;
use crate::model::Time;

fn part(folder: &mut Folder, stream: &str, at: Time, text: &str) -> Part {
    folder.part(stream, at, text, Level::of(text))
}

fn at(milliseconds: i64) -> Time {
    Time::from_timestamp_millis(1_796_000_000_000 + milliseconds).unwrap()
}

/// Lines of one stream; `>` before those that begin an event.
fn fold(text: &str) {
    let mut folder = Folder::default();
    for (i, line) in text.lines().enumerate() {
        let (expected, line) = match line.strip_prefix('>') {
            Some(line) => (Part::Head, line),
            None => (Part::Rest, line),
        };
        assert_eq!(part(&mut folder, "web/1", at(i as i64), line), expected, "{line:?} in\n{text}");
    }
}

#[test]
fn python() {
    fold(
        ">2026-11-30 10:00:00,123 ERROR django.request Internal Server Error: /x
Traceback (most recent call last):
  File \"/app/x.py\", line 3, in f
    return g()
  File \"/app/x.py\", line 7, in g
    raise KeyError('x')
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File \"/app/y.py\", line 3, in f
django.db.utils.IntegrityError: duplicate key value violates unique constraint
DETAIL:  Key (id)=(1) already exists.

>2026-11-30 10:00:01,123 INFO next
>plain line
>another",
    );
    fold(
        ">Traceback (most recent call last):
  File \"/app/x.py\", line 3, in f
ValueError: x
>Traceback (most recent call last):
  File \"/app/x.py\", line 3, in f
>2026-11-30 10:00:01,123 INFO cut short",
    );
    fold(
        ">error: x
  + Exception Group Traceback (most recent call last):
  |   File \"x\"
  | ExceptionGroup: y (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    +------------------------------------
>ok
>ValueError: one
>ValueError: another",
    );
    fold(
        ">INFO:root:fine
>Traceback (most recent call last):
  File \"/app/x.py\", line 3, in f
app.Custom: x
>next",
    );
}

#[test]
fn java_node_go_rust_ruby_dotnet() {
    fold(
        ">2026-11-30 10:00:00.123 ERROR 1 --- [main] c.x.Y : it broke
java.lang.IllegalStateException: x
\tat a.B.c(B.java:1)
\t... 12 more
Caused by: java.io.IOException: y
\tat a.B.d(B.java:9)
>2026-11-30 10:00:00.223  INFO 1 --- [main] c.x.Y : on",
    );
    fold(
        ">/app/server.js:10
    throw new Error('x')
    ^

Error: x
    at f (/app/server.js:10:11)
    at node:internal/main:1:2 {
  code: 'E'
}

Node.js v20.1.0
>listening on 3000",
    );
    fold(
        "> ⨯ Error: boom
    at f (/app/x.js:1:2) {
  digest: '123'
}
> GET /x 500 in 12ms
> ✓ Ready",
    );
    fold(
        ">panic: runtime error: index out of range [5]
[recovered]

goroutine 1 [running]:
main.f(0x1, 0x2)
\t/app/main.go:12 +0x1d
created by main.main
exit status 2
>2026/11/30 10:00:00 started"
            .replace("[recovered]\n", "\tpanic: x [recovered]\n")
            .as_str(),
    );
    fold(
        ">thread 'main' panicked at src/main.rs:1:1:
index out of bounds
note: run with `RUST_BACKTRACE=1` environment variable
>started",
    );
    fold(
        ">E, [2026-11-30T10:00:00.123 #1] ERROR -- : it broke
app/models/user.rb:12:in `save'
app/models/user.rb:14:in 'block in x'
>I, [2026-11-30T10:00:00.223 #1]  INFO -- : on",
    );
    fold(
        ">fail: App.Worker[0]
      it broke
      System.InvalidOperationException: x
         at App.Worker.Run() in /src/Worker.cs:line 12
--- End of stack trace from previous location ---
   at App.Main()
>info: App.Worker[0]
      on",
    );
}

#[test]
fn json_and_postgres() {
    fold(
        ">{
  \"level\": \"error\",
  \"a\": [
    \"}\"
  ]
}
>{\"a\":1}
>{\"a\":2}
>next",
    );
    fold(
        ">2026-11-30 10:00:00 UTC [12] ERROR:  duplicate key value
2026-11-30 10:00:00 UTC [12] DETAIL:  Key (id)=(1) already exists.
2026-11-30 10:00:00 UTC [12] STATEMENT:  insert into x
\tvalues (1)
>2026-11-30 10:00:00 UTC [12] LOG:  on
>2026-11-30 10:00:00 UTC [13] ERROR:  x
>2026-11-30 10:00:00 UTC [14] STATEMENT:  of another process",
    );
}

#[test]
fn plain_lines_are_events_of_their_own() {
    fold(
        ">one
>two
  indented
>three
>[error] four
>{\"a\":1}
>at noon
>}",
    );
}

#[test]
fn streams_gaps_and_bounds() {
    let mut folder = Folder::default();
    assert_eq!(part(&mut folder, "a", at(0), "Traceback (most recent call last):"), Part::Head);
    assert_eq!(part(&mut folder, "b", at(1), "  indented, but of another stream"), Part::Head);
    assert_eq!(part(&mut folder, "a", at(2), "  File \"x\", line 1, in f"), Part::Rest);
    assert_eq!(part(&mut folder, "a", at(60_000), "  File \"x\", line 1, in f"), Part::Head);
    assert_eq!(part(&mut folder, "c", at(0), "head\n  rest\nTraceback (most recent call last):\n  File \"x\", line 1"), Part::Head);
    assert_eq!(part(&mut folder, "c", at(1), "KeyError: 'x'"), Part::Rest);
    assert_eq!(part(&mut folder, "c", at(2), "next"), Part::Head);
    let heads = (0..3 * MOST_LINES).filter(|_| part(&mut folder, "d", at(0), "  x") == Part::Head).count();
    assert_eq!(heads, 3, "an event has an end");
    for i in 0..10_000 {
        part(&mut folder, &format!("s{i}"), at(i), "x");
    }
    assert_eq!(level_with(Level::None, "    at f (x.js:1:2)"), Level::Error);
    assert_eq!(level_with(Level::Warn, "    at f (x.js:1:2)"), Level::Warn);
    assert_eq!(level_with(Level::None, "  more"), Level::None);
}

proptest! {
    #[test]
    fn anything_is_a_head_or_the_rest(lines in prop::collection::vec("(\\PC|[ \\[\\]{}\"\n]|Traceback|panic: |at |ERROR|DETAIL:  ){0,20}", 0..40)) {
        let mut folder = Folder::default();
        let parts: Vec<Part> = lines.iter().map(|l| part(&mut folder, "s", at(0), l)).collect();
        prop_assert!(parts.first().is_none_or(|p| *p == Part::Head));
    }
}
