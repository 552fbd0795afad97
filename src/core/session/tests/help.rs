//! Help as a layer: typing finds rows, and every way out of it closes it and nothing else.

use super::*;
use crate::session::help::HelpLine;

fn shown(s: &Session) -> Vec<String> {
    let name = |line: &HelpLine| match line {
        HelpLine::Heading(text) => format!("# {text}"),
        HelpLine::Row(command, _) => command.name.to_owned(),
        HelpLine::Step(command, _) => format!("> {}", command.name),
    };
    s.help_page().lines.iter().map(name).collect()
}

#[test]
fn help_begins_with_what_can_be_done_here_then_the_way_through_an_incident_then_the_rest() {
    let mut s = session((200, 60));
    press(&mut s, "?");
    let lines = shown(&s);
    let at = |line: &str| lines.iter().position(|l| l == line).unwrap_or_else(|| panic!("{line}: {lines:?}"));
    assert_eq!(lines[0], "# Move");
    let (incident, rest) = (at("# In an incident"), at("# Elsewhere"));
    assert!(at("open") < incident && at("quit") < incident && incident < rest && rest < at("search"), "{lines:?}");
    let steps: Vec<&str> = lines[incident + 1..rest].iter().map(String::as_str).collect();
    assert_eq!(steps.join(" "), "> problems > incidents > acknowledge > open > events > charts > logs > runbook > actions");
    press(&mut s, "esc L ?");
    let lines = shown(&s);
    let at = |line: &str| lines.iter().position(|l| l == line).unwrap();
    assert!(at("search") < at("# In an incident") && at("# Elsewhere") < at("filter"), "in the log its own keys are what works here");
}

#[test]
fn typing_narrows_help_and_each_way_out_closes_one_thing() {
    let mut s = session((120, 40));
    press(&mut s, "? z o n");
    assert_eq!(shown(&s), ["zones"]);
    press(&mut s, "esc");
    assert!(s.help.as_ref().is_some_and(|help| help.typed.is_none()) && shown(&s).len() > 20, "all rows again");
    press(&mut s, "/ q u i t");
    assert_eq!(shown(&s), ["quit"], "after / every letter is one");
    press(&mut s, "esc esc");
    assert!(s.help.is_none() && s.screen().is_none());
    press(&mut s, "? ?");
    assert!(s.help.is_none());
    press(&mut s, "? a");
    assert!(s.help.is_some() && s.screen().is_none(), "a letter finds, it opens nothing behind the layer");
    press(&mut s, "enter ?");
    assert_eq!(press(&mut s, "q"), [Effect::Quit], "nothing typed: it means what it means elsewhere");
}

#[test]
fn what_does_not_fit_stands_on_further_pages() {
    let mut s = session((80, 24));
    press(&mut s, "?");
    let pages = s.help_page().of;
    assert!(pages > 1);
    let mut all = shown(&s);
    for at in 1..pages {
        press(&mut s, "down");
        assert_eq!(s.help_page().at, at);
        all.extend(shown(&s));
    }
    press(&mut s, "down down");
    assert_eq!(s.help_page().at, pages - 1, "the last page is the last");
    for command in crate::input::COMMANDS.iter().filter(|c| !c.hint.is_empty()) {
        assert!(all.iter().any(|line| line == command.name), "{}", command.name);
    }
    press(&mut s, "pgup pgup pgup up up");
    assert_eq!(s.help_page().at, 0);
}
