//! The SSH line drops while alarm actions are off: the pseudo-terminal is closed with stdin, stdout and stderr on it, with or without a
//! hang-up, at different moments, under the dashboard and under a command. The alarm is on again, the log whole, nothing is left behind.

use std::process::Command;
use std::time::Duration;

use super::act_cli::Site;
use super::process::eventually;
use super::pty::{Answers, Belongs, Line};

const ALARM: &str = "production-nextcore-rds-cpu-high";
/// Longer than the way out may take.
const END: Duration = Duration::from_secs(40);

fn on_a_line(command: Command, belongs: Belongs) -> Line {
    Line::open(command, belongs, Answers::Never)
}

/// Nothing is left of it: asked of the cloud and of the state folder.
fn is_whole(site: &Site, when: &str) {
    let alarm = site.act(&format!("alarm-actions on {ALARM} --dry-run"));
    assert!(alarm.err.contains("already on"), "{when}: {alarm:#?}");
    site.act("obligations").ends(0, &["nothing owed"]);
    let words = site.words_told();
    let count = |word: &str| words.iter().filter(|w| **w == word).count();
    assert_eq!(count("intent"), count("outcome"), "{when}: {words:?}");
    assert_eq!(count("owed"), count("settled"), "{when}: {words:?}");
}

#[test]
fn a_dashboard_whose_line_drops_switches_alarm_actions_on_again() {
    for (belongs, sent) in [(Belongs::Controlling, true), (Belongs::Streams, true), (Belongs::Controlling, false)] {
        let site = Site::new("1");
        let mut line = on_a_line(site.command("--write"), belongs);
        line.shows("ARMED");
        line.until("the identity", |s| s.contains("OnCall") || s.contains("1111-2222-3333"));
        line.types(":");
        line.types(format!("alarm-actions off {ALARM} --for 10m"));
        line.types("\r");
        line.shows("[ Run ]");
        line.types("\t");
        line.types("\r");
        if sent {
            line.shows("1 owed");
        }
        line.close();
        line.ended(END);
        is_whole(&site, &format!("{belongs:?} {sent}"));
    }
}

#[test]
fn a_command_whose_line_drops_switches_alarm_actions_on_again() {
    for (belongs, until) in [(Belongs::Controlling, "are off until"), (Belongs::Controlling, "Disable actions")] {
        let site = Site::new("1");
        let mut line = on_a_line(site.command(&format!("alarm-actions off {ALARM} --for 10m --yes --write")), belongs);
        line.until(until, |s| s.contains(until) || s.to_lowercase().contains(&until.to_lowercase()));
        line.close();
        line.ended(END);
        is_whole(&site, until);
    }
}

/// Ctrl-Z: said first, and put right before the process stops.
#[test]
fn a_dashboard_that_is_stopped_puts_right_what_it_has_promised() {
    let site = Site::new("1");
    let mut line = on_a_line(site.command("--write"), Belongs::Controlling);
    line.shows("ARMED");
    line.until("the identity", |s| s.contains("OnCall") || s.contains("1111-2222-3333"));
    line.types(":");
    line.types(format!("alarm-actions off {ALARM} --for 10m"));
    line.types("\r");
    line.shows("[ Run ]");
    line.types("\t");
    line.types("\r");
    line.shows("1 owed");
    line.types("\x1a");
    line.shows("press Ctrl-Z again");
    line.types("\x1a");
    let on = || site.act(&format!("alarm-actions on {ALARM} --dry-run")).err.contains("already on").then_some(());
    eventually(END, on, || line.screen());
    line.close();
}

/// The next dashboard of the state folder offers what a killed one has left.
#[test]
fn the_next_dashboard_offers_what_a_killed_one_has_left_behind() {
    let site = Site::new("1");
    let process = site.muted("10m");
    super::process::signal(process.0.id(), rustix::process::Signal::KILL);
    drop(process);
    let mut line = on_a_line(site.command(""), Belongs::Controlling);
    line.shows("Orphaned");
    line.shows(&format!("alarm actions of {ALARM} are off"));
    line.shows("1 orphaned");
    line.types("\r");
    line.shows("Enable actions");
    line.shows("[ Cancel ]");
    line.types("\x1b");
    // A key right behind Esc would be one with Alt.
    line.until("no plan", |s| !s.contains("[ Cancel ]"));
    line.types("\x03");
    line.ended(END);
}
