//! Every key, paste and focus event comes out as the one that it is, however its bytes are cut and however late they come.

use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg32;

use super::*;

/// Feeds reads that come after these pauses, as `keys` does.
fn decoded(reads: &[(Duration, Vec<u8>)]) -> Vec<Input> {
    let (mut decoder, mut inputs) = (Decoder::default(), Vec::new());
    for (pause, bytes) in reads {
        silence(&mut decoder, *pause, &mut inputs);
        inputs.extend(decoder.feed(bytes));
    }
    silence(&mut decoder, Duration::from_mins(1), &mut inputs);
    inputs
}

fn silence(decoder: &mut Decoder, mut pause: Duration, inputs: &mut Vec<Input>) {
    while let Some(patience) = decoder.patience().filter(|patience| *patience < pause) {
        inputs.extend(decoder.expire());
        pause -= patience;
    }
}

fn at_once(bytes: &[u8]) -> Vec<Input> {
    decoded(&[(Duration::ZERO, bytes.to_vec())])
}

/// One byte a read, so far apart.
fn dripped(bytes: &[u8], gap: Duration) -> Vec<Input> {
    decoded(&bytes.iter().map(|b| (gap, vec![*b])).collect::<Vec<_>>())
}

fn of(code: Code, alt: bool, ctrl: bool) -> Vec<Input> {
    vec![Input::Key(Key { code, ctrl, alt })]
}

/// What terminals send, and what it is.
fn table() -> Vec<(Vec<u8>, Vec<Input>)> {
    let plain = |bytes: &str, code: Code| (bytes.as_bytes().to_vec(), of(code, false, false));
    let mut rows = vec![
        plain("\x1b[A", Code::Up),
        plain("\x1bOB", Code::Down),
        plain("\x1b[1;1C", Code::Right),
        plain("\x1bOD", Code::Left),
        plain("\x1b[H", Code::Home),
        plain("\x1b[4~", Code::End),
        plain("\x1b[5~", Code::PageUp),
        plain("\x1b[6~", Code::PageDown),
        plain("\x1b[3~", Code::Delete),
        plain("\x1b[Z", Code::BackTab),
        plain("\x1bOP", Code::F(1)),
        plain("\x1b[15~", Code::F(5)),
        plain("\x1b[24~", Code::F(12)),
        plain("\x1b[[A", Code::F(1)),
        plain("\x1b[113u", Code::Char('q')),
        plain("\x1b[27u", Code::Esc),
        plain("\r", Code::Enter),
        plain("\x1bOM", Code::Enter),
        plain("\x7f", Code::Backspace),
        plain("é", Code::Char('é')),
        plain("日", Code::Char('日')),
        plain("🚀", Code::Char('🚀')),
        (b"\x1b[1;5A".to_vec(), of(Code::Up, false, true)),
        (b"\x1b[1;3D".to_vec(), of(Code::Left, true, false)),
        (b"\x1b\x1b[A".to_vec(), of(Code::Up, true, false)),
        (b"\x03".to_vec(), of(Code::Char('c'), false, true)),
        (b"\x1b[99;5u".to_vec(), of(Code::Char('c'), false, true)),
        (b"\x1b[27;5;99~".to_vec(), of(Code::Char('c'), false, true)),
        (b"\x1b[I".to_vec(), vec![Input::Focus(true)]),
        (b"\x1b[O".to_vec(), vec![Input::Focus(false)]),
        (b"\x1b[200~q\rx\x1b[A\x1b[201~".to_vec(), vec![Input::Paste("q\rx\x1b[A".to_owned())]),
        (b"\x1b[200~\x1b[201~".to_vec(), vec![Input::Paste(String::new())]),
        (b"\x1b[200~a\x1b[20\x1b[201~".to_vec(), vec![Input::Paste("a\x1b[20".to_owned())]),
    ];
    // Nothing of these is a key: answers, the mouse, releases, keys with Super, keys that nobody knows, an end mark without a beginning.
    for nothing in [
        "\x1b[12;40R",
        "\x1b[?62;4c",
        "\x1b[?0u",
        "\x1b[<0;10;5M",
        "\x1b[<0;10;5m",
        "\x1b[M !!",
        "\x1b[97;1:3u",
        "\x1b[1;9A",
        "\x1b[2~",
        "\x1b[57399u",
        "\x1b]11;rgb:1c1c/1c1c/1c1c\x07",
        "\x1b]4;1;q\x1b\\",
        "\x1bP1+r544e=qqq\x1b\\",
        "\x1b_Gi=1;OK\x1b\\",
        "\x1b[201~",
        "\x1b[8;24;80t",
    ] {
        rows.push((nothing.as_bytes().to_vec(), Vec::new()));
    }
    rows
}

#[test]
fn what_terminals_send_is_what_was_pressed_at_once_and_byte_by_byte() {
    for (bytes, expected) in table() {
        assert_eq!(at_once(&bytes), expected, "{:?}", String::from_utf8_lossy(&bytes));
        for gap in [1, 80, 200] {
            let found = dripped(&bytes, Duration::from_millis(gap));
            assert_eq!(found, expected, "{:?}, {gap} ms apart", String::from_utf8_lossy(&bytes));
        }
    }
}

#[test]
fn alt_and_a_key_come_at_once_and_a_key_soon_after_escape_is_one_of_its_own() {
    let (esc, x) = (Input::Key(Key::new(Code::Esc)), Input::Key(Key::char('x')));
    let alt = Input::Key(Key { alt: true, ..Key::char('x') });
    assert_eq!(at_once(b"\x1bx"), [alt]);
    for gap in [1, 30, 100, 200] {
        let found = dripped(b"\x1bx", Duration::from_millis(gap));
        assert_eq!(found, [esc.clone(), x.clone()], "{gap} ms apart");
    }
    assert_eq!(dripped(b"\x1b\r", Duration::from_millis(50)), [esc, Input::Key(Key::new(Code::Enter))]);
}

#[test]
fn escape_by_itself_is_a_key_and_what_follows_late_is_no_row_of_keys() {
    let esc = Input::Key(Key::new(Code::Esc));
    let s = Duration::from_secs(1);
    assert_eq!(at_once(b"\x1b"), std::slice::from_ref(&esc));
    assert_eq!(at_once(b"\x1b\x1b\x1b"), [esc.clone(), esc.clone(), esc.clone()]);
    assert_eq!(decoded(&[(s, b"\x1b".to_vec()), (s * 2, b"q".to_vec())]), [esc.clone(), Input::Key(Key::char('q'))]);
    // Half a second after ESC: once an Esc key too many, and never the keys [ and A; from then on the line is known to be slow.
    let half = Duration::from_millis(500);
    assert_eq!(dripped(b"\x1b[A\x1b[B", half), [esc.clone(), Input::Key(Key::new(Code::Up)), Input::Key(Key::new(Code::Down))]);
    assert_eq!(dripped(b"\x1b[200~q\rq\x1b[201~", half), [esc.clone(), Input::Paste("q\rq".to_owned())]);
    // There, too, Esc and another key a moment later are two keys.
    let mut reads: Vec<(Duration, Vec<u8>)> = b"\x1b[A".iter().map(|b| (half, vec![*b])).collect();
    reads.extend([(s, b"\x1b".to_vec()), (half, b"q".to_vec())]);
    assert_eq!(decoded(&reads), [esc.clone(), Input::Key(Key::new(Code::Up)), esc, Input::Key(Key::char('q'))]);
}

#[test]
fn half_a_sequence_is_dropped_and_half_a_paste_is_thrown_away() {
    let (s, minute) = (Duration::from_secs(1), Duration::from_mins(1));
    for half in ["\x1b[", "\x1b[20", "\x1b[1;", "\x1bO", "\x1b]11;rgb", "\x1bPq", "\u{e9}"] {
        let half = half.as_bytes().get(..half.len() - usize::from(!half.is_ascii())).unwrap();
        let found = decoded(&[(s, half.to_vec()), (minute, b"q".to_vec())]);
        assert_eq!(found, [Input::Key(Key::char('q'))], "{half:?}");
    }
    // The rest of a paste that stood still is no row of keys either; its end, Esc or a long silence gives the keyboard back.
    let begun = (s, b"\x1b[200~name".to_vec());
    for (rest, pause) in [(&b"\rq\r\x1b[201~"[..], s * 10), (b"\x1b", s * 10), (b"", minute)] {
        let found = decoded(&[begun.clone(), (pause, rest.to_vec()), (s * 5, b"q".to_vec())]);
        assert_eq!(found, [Input::LostPaste, Input::Key(Key::char('q'))], "{rest:?}");
    }
    // Ctrl-C gets through a string that never ends, and a key breaks off what cannot go on.
    assert_eq!(at_once(b"\x1b]11;\x03"), [Input::Key(Key::ctrl('c'))]);
    assert_eq!(at_once(b"\x1b]11;\x1b[A"), [Input::Key(Key::new(Code::Up))]);
    assert_eq!(at_once(b"\x1b[1;\r"), [Input::Key(Key::new(Code::Enter))]);
    assert_eq!(at_once(b"\xff\x80\xc3q"), [Input::Key(Key::char('q'))]);
}

#[test]
fn text_with_line_breaks_in_one_read_is_a_paste_and_a_word_with_enter_is_typed() {
    let s = Duration::from_secs(1);
    let keys = |text: &str| text.chars().map(|c| Input::Key(sequence::plain(c).unwrap())).collect::<Vec<_>>();
    for typed in ["scale web 3\r", "3\rx", "production-nextcore-db\r", "jjjjjjjjjjjj", ":arm\r"] {
        assert_eq!(at_once(typed.as_bytes()), keys(typed), "{typed:?}");
    }
    for pasted in ["kubectl get\rpods\r", "line one\nline two", "a\tb\tc\td\te\tf\tg\th\r\r\tx\r"] {
        assert_eq!(at_once(pasted.as_bytes()), [Input::Paste(pasted.to_owned())], "{pasted:?}");
    }
    // Cut in two: what follows at once belongs to it.
    let found = decoded(&[(s, b"line one\rli".to_vec()), (Duration::from_millis(50), b"ne two\r".to_vec()), (s, b"q".to_vec())]);
    assert_eq!(found, [Input::Paste("line one\rline two\r".to_owned()), Input::Key(Key::char('q'))]);
}

#[test]
fn a_paste_is_bounded() {
    let text = "x".repeat(LONGEST_PASTE * 3);
    let found = at_once(format!("\x1b[200~{text}\x1b[201~q").as_bytes());
    assert!(matches!(&found[..], [Input::Paste(kept), Input::Key(_)] if kept.len() == LONGEST_PASTE), "{}", found.len());
}

/// Ten thousand events, cut at random places into reads that come up to a fifth of a second apart.
#[test]
fn ten_thousand_events_cut_anywhere_are_the_events_that_they_were() {
    for seed in 1..=5 {
        let mut rng = Pcg32::seed_from_u64(seed);
        let table = table();
        let (mut reads, mut expected): (Vec<(Duration, Vec<u8>)>, Vec<Input>) = Default::default();
        let mut bytes = Vec::new();
        for _ in 0..10_000 {
            match rng.random_range(0..10) {
                0..=3 => {
                    let c = char::from(rng.random_range(b' '..=b'~'));
                    bytes.push(c as u8);
                    expected.push(Input::Key(Key::char(c)));
                }
                4 => {
                    let text: String =
                        (0..rng.random_range(0..40)).map(|_| char::from(b"qx:sY\r\n\t [O0~"[rng.random_range(0..13)])).collect();
                    bytes.extend(format!("\x1b[200~{text}\x1b[201~").into_bytes());
                    expected.push(Input::Paste(text));
                }
                // Esc by itself needs a pause, as a person leaves one.
                5 => {
                    bytes.push(ESC);
                    expected.push(Input::Key(Key::new(Code::Esc)));
                    reads.extend(cut(&std::mem::take(&mut bytes), &mut rng));
                    reads.push((Duration::from_secs(2), Vec::new()));
                }
                _ => {
                    let (sent, meant) = &table[rng.random_range(0..table.len())];
                    bytes.extend(sent);
                    expected.extend(meant.iter().cloned());
                }
            }
        }
        reads.extend(cut(&bytes, &mut rng));
        let found = decoded(&reads);
        let wrong = found.iter().zip(&expected).position(|(f, e)| f != e);
        assert!(
            wrong.is_none() && found.len() == expected.len(),
            "seed {seed}: {wrong:?} {:?} {:?}",
            wrong.map(|i| &found[i]),
            wrong.map(|i| &expected[i])
        );
    }
}

const ESC: u8 = sequence::ESC;

/// Never so that text around a line break comes in one read: that is another kind of paste.
fn cut(bytes: &[u8], rng: &mut Pcg32) -> Vec<(Duration, Vec<u8>)> {
    let mut reads = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (read, after) = rest.split_at(rng.random_range(1..=rest.len().min(7)));
        reads.push((Duration::from_millis(rng.random_range(0..200)), read.to_vec()));
        rest = after;
    }
    reads
}
