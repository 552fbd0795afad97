//! What a terminal would obey, hide or turn around is seen; writing stays as it is.

use proptest::prelude::*;

use crate::log::clean::{Clean, clean, mark};
use crate::model::text::inert_lines;

#[test]
fn what_a_terminal_would_obey_is_seen_and_colours_are_gone() {
    for (raw, shown) in [
        ("plain", "plain"),
        ("\u{1b}[1;31mERROR\u{1b}[0m x\u{1b}(B", "ERROR x"),
        ("\u{1b}[38;2;255;0;0mred\u{1b}[m\u{1b}[K", "red"),
        ("\u{1b}[38:2::255:0:0mred", "red"),
        ("a\u{1b}[2Jb", "a␛[2Jb"),
        ("a\u{1b}[?1049hb", "a␛[?1049hb"),
        ("a\u{1b}]0;title\u{7}b", "a␛]0;title␇b"),
        ("a\u{1b}]8;;http://x\u{1b}\\b", "a␛]8;;http://x␛\\b"),
        ("a\u{1b}]0;the rest of the line", "a␛]0;the rest of the line"),
        ("a\u{1b}]52;c;cm0gLXJm\u{1b}[31m of it", "a␛]52;c;cm0gLXJm of it"),
        ("a\u{1b}Pq the rest", "a␛Pq the rest"),
        ("a\u{1b}[31", "a␛[31"),
        ("a\u{1b}[3é", "a␛[3é"),
        ("a\u{1b}", "a␛"),
        ("a\u{1b}\u{1b}[31mb", "a␛b"),
        ("a\u{9b}31mb\u{9d}0;x\u{9c}", "a⟨009B⟩31mb⟨009D⟩0;x⟨009C⟩"),
        ("nul\u{0}bell\u{7}back\u{8}del\u{7f}", "nul␀bell␇back␈del␡"),
        ("10%\r20%\r\n\tat x", "10%␍20%\n at x"),
        ("first\nsecond\n\n", "first\nsecond"),
        ("one\r\ntwo\r\n", "one\ntwo"),
        ("über die\r\nBrücke\r\n", "über die\nBrücke"),
        ("a\u{202e}b\u{2066}c\u{200b}d\u{feff}", "a⟨202E⟩b⟨2066⟩c⟨200B⟩d⟨FEFF⟩"),
        ("tag\u{e0041}", "tag⟨E0041⟩"),
        ("pay\u{200d}pal", "pay⟨200D⟩pal"),
        ("日本語 naïve می\u{200c}خواهم क्\u{200d}ष 👩\u{200d}💻", "日本語 naïve می\u{200c}خواهم क्\u{200d}ष 👩\u{200d}💻"),
    ] {
        assert_eq!(clean(raw, 1000).text, shown, "{raw:?}");
    }
}

#[test]
fn a_line_of_megabytes_is_clipped_at_a_character() {
    let long = "é".repeat(3 << 20);
    let Clean { text, more } = clean(&long, 1001);
    assert_eq!((text.len(), more), (1000, (6 << 20) - 1000));
    assert_eq!(mark(more), " … +6.0 MiB");
    assert_eq!(clean("abc", 3), Clean { text: "abc".into(), more: 0 });
    assert_eq!(clean("abc", 0).more, 3);
    // An escape that the limit cuts in two is seen.
    assert_eq!(clean("ab\u{1b}[31mred", 4).text, "ab␛[");
}

proptest! {
    /// Nothing is left for the pen to do: no control character, nothing that hides, no mark without a letter.
    #[test]
    fn what_is_shown_is_inert(raw in prop_oneof!["(\\PC|[\u{0}-\u{9f}\u{200b}-\u{202e}\u{2060}-\u{206f}\u{300}-\u{303}\u{1b}\\[\\]m;0-9]){0,60}", "[ -~\n\t\r\u{7}\u{1b}]{0,12}"], limit in 0usize..120) {
        let shown = clean(&raw, limit);
        prop_assert!(!shown.text.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
        prop_assert_eq!(inert_lines(&shown.text), shown.text.as_ref());
        prop_assert_eq!(clean(&shown.text, usize::MAX).text, shown.text.clone());
    }
}
