//! Texts that somebody wrote to break the program: each is refused with a clear word, soon, and none ends it.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::{Command, Progress, Runbook, Step, lint, transcript};
use super::{FRONT, told};
use crate::expression::Language;
use crate::model::Time;

fn refused(body: &str) -> String {
    let text = format!("{FRONT}{body}");
    let start = Instant::now();
    let faults = Runbook::parse("a.md", &text).map_or_else(|faults| told(&faults)[0].clone(), |_| String::new());
    assert!(start.elapsed() < Duration::from_secs(10), "took {:?}", start.elapsed());
    faults
}

#[test]
fn what_is_too_much_is_refused_with_a_word() {
    assert!(refused(&"x\n".repeat(6 << 20)).contains("larger than 1024 KiB"));
    assert!(refused(&"x".repeat(900_000)).contains("more than 4000 bytes"));
    assert!(refused(&"> ".repeat(500)).contains("nested deeper than 12"));
    assert!(refused(&">".repeat(3000)).contains("nested deeper than 12"));
    assert!(refused("## A\n\nx \u{1b}[2J\n").contains("a character that cannot be seen: U+001B"));
    assert!(refused("## A\n\nx \u{202e}\n").contains("a character that cannot be seen: U+202E"));
    assert!(refused("## A\n```nextcore-top\nevents `\n").contains("a block that is not closed"));
    assert_eq!(refused("## A\r\n\r\n```nextcore-top\r\nevents\r\n```\r\n"), "");
    let mut list = String::from("## A\n");
    for depth in 0..100 {
        writeln!(list, "{}- x", "  ".repeat(depth)).unwrap();
    }
    assert!(refused(&list).contains("nested deeper than 12"));
    assert!(refused(&"## A\n".repeat(201)).contains("more than 200 steps"));
    assert!(refused(&format!("## A\n```nextcore-top\n{}```\n", "events\n".repeat(51))).contains("more than 50 commands"));
    assert!(refused("## A\n```nextcore-top\nevents\n").contains("a block that is not closed"));
    assert!(refused("```nextcore-top\nevents\n```\n## A\n").contains("commands before the first step"));
    assert!(refused("## A\n- x\n\n  ```nextcore-top\n  events\n  ```\n").contains("commands inside a list or a quote"));
    assert!(refused("##\n\nx\n").contains("a step without a title"));
    for body in ["[".repeat(3999), "*a_".repeat(1300), "![a](".repeat(700), "`".repeat(3999), "<a ".repeat(1300), "|a".repeat(1900)] {
        assert_eq!(refused(&format!("## A\n\n{}", format!("{body}\n").repeat(240))), "", "{body}");
    }
}

/// Whatever is written, the way through to a transcript does not end the program.
fn walk(text: &str) {
    let Ok(book) = Runbook::parse("a.md", text) else { return };
    let Ok(language) = Language::new() else { return };
    let _ = lint(&book, &language, &|_, _| false);
    let filled = book.fill(&[("service".to_owned(), "web".to_owned())].into()).unwrap_or(book);
    filled.steps.iter().flat_map(Step::commands).for_each(|line| {
        let _ = Command::parse(&line.text);
    });
    let mut progress = Progress::start(&filled, "me", Time::default());
    let _ = progress.done(0, "me", Time::default());
    let _ = transcript(&filled, &progress);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        walk(&text);
        walk(&format!("{FRONT}{text}"));
    }

    #[test]
    fn any_mix_of_what_means_something_is_read_or_refused(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "---\n", "title: x\n", "when: y\n", "values:\n", "  a: text\n", "## A\n", "# B\n", "```nextcore-top\n", "```\n", "```sh\n", "~~~\n",
                "check db.statu == \"x\"\n", "wait '\n", "wait 'x' 5m\n", "scale {{a}} 1\n", "{{", "}}", "{{é}}", "> ", "- ", "  ", "[x](#a)", "[", "|", "\n", "\r\n", "\u{0}", "é", "🦀", "'", "\"", "\\",
            ]),
            0..40,
        ),
    ) {
        let text = parts.concat();
        walk(&text);
        walk(&format!("{FRONT}{text}"));
    }

    #[test]
    fn any_line_is_a_command_or_refused(line in "(check|wait|logs|open|scale|failover)? ?\\PC{0,60}") {
        let _ = Command::parse(&line);
    }
}
