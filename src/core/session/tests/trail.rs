//! Back and forward over the places that were open.

use super::*;

fn here(s: &Session) -> String {
    s.screen().map_or_else(|| "stack".to_owned(), |s| format!("{:?} {} {}", s.pane, s.subject, s.panel).replace("  ", " "))
}

#[test]
fn one_goes_back_and_forward_over_what_was_open() {
    let mut s = session((120, 40));
    for (keys, place) in [
        ("6 enter", "Database 0"),
        ("a", "Alarms 0"),
        ("[", "Database 0"),
        ("[", "stack"),
        ("]", "Database 0"),
        ("]", "Alarms 0"),
        // Esc closes what is on top, and that is a place that one may come back from.
        ("esc", "Database 0"),
        ("esc", "stack"),
        ("[", "Database 0"),
        ("[", "Alarms 0"),
        // As it was: beneath the alarms is the database.
        ("esc", "Database 0"),
        ("[ [", "Database 0"),
        // The service cuts off what was forward.
        ("esc 2 enter", "Service control-plane 0"),
        ("[", "stack"),
        ("3 enter", "Service web 0"),
        ("[ [", "Database 0"),
        ("] ]", "Service web 0"),
    ] {
        press(&mut s, keys);
        assert_eq!(here(&s), place, "{keys}");
    }
    press(&mut s, "]");
    assert_eq!(s.flash.as_ref().map(|f| f.text.as_str()), Some("nothing further forward"));
}

#[test]
fn the_beginning_is_the_stack_view_and_its_end_is_said() {
    let mut s = session((120, 40));
    press(&mut s, "[");
    assert_eq!((here(&s).as_str(), s.flash.as_ref().map(|f| f.text.as_str())), ("stack", Some("nothing further back")));
}

#[test]
fn a_place_is_come_back_to_at_the_panel_that_it_was_left_at() {
    let mut s = session((120, 40));
    press(&mut s, "6 enter tab a [");
    assert_eq!(here(&s), "Database 1");
    press(&mut s, "[");
    assert_eq!(here(&s), "stack", "another panel is no place of its own");
    press(&mut s, ": i a m enter : k m s enter [");
    assert_eq!(here(&s), "Security 0", "but one that was gone to by its name is");
    press(&mut s, "]");
    assert_eq!(here(&s), "Security 1");
}

#[test]
fn fifty_places_are_kept() {
    let mut s = session((120, 40));
    for _ in 0..40 {
        press(&mut s, "a e");
    }
    let mut back = 0;
    while s.flash.is_none() && back < 100 {
        press(&mut s, "[");
        back += 1;
    }
    assert_eq!((back, here(&s).as_str()), (50, "Alarms 0"), "49 steps, and the end is said");
}
