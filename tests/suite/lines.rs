//! The dashboard and its shells on lines that are slow, mute, broken or hostile: the terminal is given back, and survives. Each test has a
//! pseudo-terminal of its own and waits for conditions.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use rustix::termios::Termios;

use super::act_cli::Site;
use super::process::{Machine, PROGRAM, alive, eventually};
use super::pty::{Answers, Belongs, Line};

/// On a machine with other work, too.
const SOON: Duration = Duration::from_secs(20);
/// What the whole stack has on it.
const STACK: &str = "celery-worker";
const HELP: &str = "Esc close";
const ALARMS: &str = "Alarms 9 of 9";
/// What asks a terminal something that it answers on stdin.
const QUESTIONS: [&[u8]; 5] = [b"\x1b[6n", b"\x1b[5n", b"\x1b[c", b"\x1b[?u", b"\x1b]11;?"];

fn demo(machine: &Machine) -> Line {
    let line = Line::top(machine, &["demo", "--seed", "7"]);
    line.shows(STACK);
    line
}

#[track_caller]
fn asks_nothing(line: &Line) {
    let raw = line.raw();
    for question in QUESTIONS {
        assert!(!raw.windows(question.len()).any(|w| w == question), "asks {:?}", String::from_utf8_lossy(question));
    }
}

/// Everything that was switched on is off.
#[track_caller]
fn given_back(line: &Line, before: &Termios) {
    line.is_given_back();
    let off = |s: &vt100::Screen| {
        let mouse = s.mouse_protocol_mode() == vt100::MouseProtocolMode::None;
        (s.alternate_screen(), s.hide_cursor(), s.bracketed_paste(), s.application_cursor(), s.application_keypad(), mouse)
    };
    assert_eq!(line.state(off), (false, false, false, false, false, true), "{}", line.screen());
    let now = line.modes();
    let same = (now.input_modes, now.output_modes, now.control_modes, now.local_modes)
        == (before.input_modes, before.output_modes, before.control_modes, before.local_modes);
    assert!(same, "{before:?}\n{now:?}");
}

/// A shell with job control in which a program runs.
fn shell(machine: &Machine, answers: Answers) -> Line {
    let mut command = machine.command("bash");
    command.args(["--norc", "--noprofile", "-i"]).env("PS1", "ready> ").env("TOP", PROGRAM);
    let line = Line::open(command, Belongs::Controlling, answers);
    line.shows("ready>");
    line
}

#[test]
fn stop_and_go_on_ask_the_terminal_nothing_and_type_nothing() {
    for answers in [Answers::Never, Answers::After(Duration::from_millis(2500))] {
        let machine = Machine::new();
        let line = shell(&machine, answers);
        line.types("\"$TOP\" demo --seed 7\r");
        line.shows(STACK);
        for _ in 0..2 {
            line.types("\x1a");
            line.until("stopped job", |s| s.contains("Stopped") && s.trim_end().ends_with("ready>"));
            line.types("fg\r");
            line.until("stack", |s| s.contains(STACK) && !s.contains("Stopped"));
        }
        line.types("a");
        line.shows(ALARMS);
        line.types("q");
        line.until("prompt", |s| s.trim_end().ends_with("ready>"));
        asks_nothing(&line);
        line.types("echo code $?\r");
        line.shows("code 0");
    }
}

#[test]
fn stopped_from_outside_it_draws_itself_again_in_modes_of_its_own() {
    let machine = Machine::new();
    let line = shell(&machine, Answers::Never);
    machine.file("top", "echo $$ >pid\nexec \"$TOP\" demo --seed 7\n");
    line.types("sh top\r");
    line.shows(STACK);
    let id = noted_pid(&machine);
    super::process::signal(id, Signal::STOP);
    line.shows("Stopped");
    line.types("stty sane\r");
    line.types("fg\r");
    line.until("stack", |s| s.contains(STACK) && !s.contains("Stopped"));
    eventually(SOON, || (!line.is_cooked()).then_some(()), || "the terminal is not raw".to_owned());
    line.types("a");
    line.shows(ALARMS);
}

#[test]
fn every_signal_that_ends_it_gives_the_terminal_back() {
    for (which, code) in [
        (Signal::TERM, 0),
        (Signal::HUP, 0),
        (Signal::INT, 0),
        (Signal::QUIT, 131),
        (Signal::ABORT, 134),
        (Signal::USR1, 138),
        (Signal::USR2, 140),
        (Signal::ALARM, 142),
        (Signal::XCPU, 152),
        (Signal::XFSZ, 153),
        (Signal::VTALARM, 154),
        (Signal::POWER, 158),
    ] {
        let machine = Machine::new();
        let mut command = machine.command(PROGRAM);
        command.args(["demo", "--seed", "7"]);
        let mut line = Line::open(command, Belongs::Streams, Answers::Never);
        line.until("first frame", |s| s.contains("ALB"));
        line.signal(which);
        let status = line.ended(SOON);
        assert_eq!(status.code(), Some(code), "{which:?}: {status:?}");
        line.is_given_back();
    }
}

#[test]
fn a_terminal_that_closes_ends_the_program_with_or_without_a_hang_up() {
    for belongs in [Belongs::Controlling, Belongs::Streams] {
        let machine = Machine::new();
        let mut command = machine.command(PROGRAM);
        command.args(["demo", "--seed", "7"]);
        let mut line = Line::open(command, belongs, Answers::Never);
        line.shows(STACK);
        // A frame may be on its way when it closes.
        line.types("?\x1b?\x1b?");
        line.close();
        // Two seconds on a quiet machine; one that spins on a closed terminal uses a processor for as long as it lasts.
        let (status, used) = line.ended_having_used(SOON);
        assert_eq!(status.code(), Some(0), "{belongs:?}: {status:?}");
        assert!(used < 1.5, "{belongs:?}: {used} s of a processor");
    }
}

/// Frozen, not closed: the frame that is being written is never taken.
#[test]
fn a_line_that_stands_still_does_not_keep_a_program_that_is_to_end() {
    let machine = Machine::new();
    let mut line = demo(&machine);
    line.stalls();
    for keys in ["?\r", "\ra", "\x1b[I", "L"].into_iter().cycle().take(400) {
        line.types(keys);
        super::pty::idle();
    }
    line.signal(Signal::TERM);
    assert_eq!(line.ended(SOON).code(), Some(0));
    eventually(SOON, || line.is_cooked().then_some(()), || "the terminal stays raw".to_owned());
}

#[test]
fn one_key_stays_one_key_and_a_paste_is_no_row_of_keys_on_a_slow_line() {
    let machine = Machine::new();
    let mut line = demo(&machine);
    let gap = Duration::from_millis(80);
    // A layer that Esc would close.
    line.types(":");
    line.shows("Esc");
    let open = line.screen();
    for sequence in ["\x1b[I", "\x1b[O", "\x1b[I", "\x1b[A", "\x1bOB"] {
        line.drips(sequence, gap);
    }
    line.drips("\x1b[200~alarms\x1b[201~", gap);
    line.until("pasted word in the palette", |s| s.contains("alarms") && !s.contains(ALARMS));
    assert!(open.contains("Esc"));
    line.types("\x1b");
    line.until("stack without the palette", |s| !s.contains("alarms\u{2588}") && s.contains("? help"));
    // With nothing open that takes text, a paste is nothing: not a, ?, :, x, q.
    line.drips("\x1b[200~a?:xq\rq\r\x1b[201~", gap);
    line.shows("ignored");
    assert!(line.alive() && !line.screen().contains(ALARMS) && !line.screen().contains(HELP), "{}", line.screen());
    line.types("a");
    line.shows(ALARMS);
    line.types("q");
    assert_eq!(line.ended(SOON).code(), Some(0));
}

// Shells in containers.

/// A plugin that is this script.
fn plugin(machine: &Machine, script: &str) -> String {
    let file = machine.file("bin/session-manager-plugin", &format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:/usr/bin:/bin", machine.home().join("bin").display())
}

/// Broken modes, and everything on that a program can leave on.
const UNTIDY: &str = "stty raw -echo; stty -icanon -echo -isig </dev/tty; printf '\\033[?1049h\\033[?1000h\\033[?1003h\\033[?1006h\\033[?2004h\\033[?1h\\033=\\033[?25l\\033[3;5r\\033[?6h\\033[31m\\016\\033(0'; echo $$ >\"$HOME/pid\"; echo open";

/// The demo in which a shell is being opened in a task of the web portal.
fn dashboard_shell(machine: &Machine, script: &str) -> Line {
    let mut command = machine.command(PROGRAM);
    command.args(["demo", "--seed", "7"]).env("PATH", plugin(machine, script));
    let line = Line::open(command, Belongs::Controlling, Answers::Never);
    line.until("whole stack", |s| s.contains(STACK) && s.contains("2/2 healthy"));
    line.types("3");
    line.types("\r");
    line.until("a task", has_task);
    line.types("xe");
    line.shows("/bin/sh");
    line.types("\r");
    line.shows("[ Run ]");
    line.types("\t");
    line.types("\r");
    line
}

/// A list of tasks has come.
fn has_task(screen: &str) -> bool {
    let ids = screen.lines().filter_map(|l| l.trim_start().strip_prefix("●  ")?.get(..7));
    ids.into_iter().any(|id| id.chars().all(|c| c.is_ascii_hexdigit()))
}

/// The process that has noted its number.
fn noted_pid(machine: &Machine) -> u32 {
    let read = || fs::read_to_string(machine.home().join("pid")).ok()?.trim().parse().ok();
    eventually(SOON, read, || "it never began".to_owned())
}

#[test]
fn a_shell_that_leaves_everything_on_leaves_nothing_on() {
    let machine = Machine::new();
    let line = dashboard_shell(&machine, &format!("{UNTIDY}; exit 0"));
    let mut line = line;
    line.until("dashboard again", |s| s.contains("was opened") && s.contains("fresh"));
    let ours = |s: &vt100::Screen| (s.alternate_screen(), s.hide_cursor(), s.bracketed_paste(), s.application_cursor());
    eventually(SOON, || (line.state(ours) == (true, true, true, false)).then_some(()), || line.screen());
    // Arrow keys, pasted text, the layout: all of it is as before.
    line.types("\x1b");
    line.until("end of the dialog", |s| !s.contains("was opened"));
    line.types("q");
    assert_eq!(line.ended(SOON).code(), Some(0));
    asks_nothing(&line);
    line.is_given_back();
    let off = |s: &vt100::Screen| (s.hide_cursor(), s.bracketed_paste(), s.application_keypad());
    assert_eq!(line.state(off), (false, false, false));
    assert!(line.screen().lines().next().unwrap_or_default().starts_with("shell in task"), "{}", line.screen());
}

#[test]
fn a_shell_that_hangs_is_left_by_the_keys_that_were_said_and_all_of_it_ends() {
    let machine = Machine::new();
    let script = "trap '' INT TERM HUP QUIT; stty raw -echo; sleep 1000 & echo $! >\"$HOME/child\"; echo $$ >\"$HOME/pid\"; while :; do sleep 1; done";
    let mut line = dashboard_shell(&machine, script);
    line.shows("press Ctrl-] three times");
    let id = noted_pid(&machine);
    line.types("\x03\x03qq\r");
    line.drips("\x1d\x1d\x1d", Duration::from_millis(80));
    line.until("dashboard", |s| s.contains("fresh") && s.contains("left with Ctrl-]"));
    let child = fs::read_to_string(machine.home().join("child")).unwrap().trim().parse().unwrap();
    eventually(SOON, || (!alive(id) && !alive(child)).then_some(()), || "the plugin outlives its shell".to_owned());
    line.shows("was opened");
    line.types("\x1b");
    line.until("end of the dialog", |s| !s.contains("was opened"));
    line.types("q");
    line.ended(SOON);
}

#[test]
fn a_shell_whose_task_stops_ends_with_the_reason() {
    let site = Site::new("8");
    let path = plugin(&site.machine, "trap '' INT TERM HUP; echo $$ >\"$HOME/pid\"; echo open; while :; do sleep 1; done");
    let task = site.task();
    let mut command = site.command(&format!("exec {task} --yes --write"));
    command.env("PATH", &path);
    let mut line = Line::open(command, Belongs::Controlling, Answers::Never);
    let before = line.modes();
    line.shows("press Ctrl-] three times");
    line.shows("open");
    let id = noted_pid(&site.machine);
    site.act(&format!("stop-task {task} --yes --write --no-wait"));
    line.shows(&format!("task {task} stopped: "));
    assert_eq!(line.ended(SOON * 2).code(), Some(1));
    assert!(!alive(id), "the plugin outlives its task");
    given_back(&line, &before);
}

#[test]
fn a_shell_gets_what_is_typed_and_the_size_and_its_interrupts() {
    let site = Site::new("1");
    let script = "echo $$ >\"$HOME/pid\"; trap 'echo interrupted' INT; stty size; while read -r line; do [ \"$line\" = leave ] && exit 0; echo \"got $line\"; done; read -r line; echo \"got $line\"";
    let path = plugin(&site.machine, script);
    let mut command = site.command(&format!("exec {} --yes --write", site.task()));
    command.env("PATH", &path);
    let mut line = Line::open(command, Belongs::Controlling, Answers::Never);
    let before = line.modes();
    line.shows("30 100");
    line.types("hello\r");
    line.shows("got hello");
    line.types("\x03");
    line.shows("interrupted");
    line.types("leave\r");
    line.types("leave\r");
    let code = line.ended(SOON).code();
    assert!(code == Some(0), "{code:?}: {}", line.screen());
    given_back(&line, &before);
}

/// The terminal closes while a shell is open: the plugin ends, and so do we.
#[test]
fn a_terminal_that_closes_on_a_shell_ends_both() {
    for belongs in [Belongs::Controlling, Belongs::Streams] {
        let site = Site::new("1");
        let path = plugin(&site.machine, "trap '' INT TERM HUP; echo $$ >\"$HOME/pid\"; while :; do sleep 1; done");
        let mut command: Command = site.command(&format!("exec {} --yes --write", site.task()));
        command.env("PATH", &path);
        let mut line = Line::open(command, belongs, Answers::Never);
        line.shows("Ctrl-]");
        let id = noted_pid(&site.machine);
        line.close();
        line.ended(SOON);
        eventually(SOON, || (!alive(id)).then_some(()), || "the plugin outlives its terminal".to_owned());
    }
}
