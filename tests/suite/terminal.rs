//! The dashboard in a real terminal (tmux): what it draws, how it leaves, what it does when stopped, resized, cut off or left alone.
//! Each test has a tmux server of its own and waits for conditions. Without tmux they are skipped aloud; NEXTCORE_REQUIRE_TMUX=1 forbids that.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::process::{CLOSED, CREDENTIALS, CloudProcess, Machine, NO_METADATA, PROGRAM, alive, eventually, signal};

const LIMIT: Duration = Duration::from_secs(15);
const PROMPT: &str = "ready> ";
/// What the shell has on its screen before the dashboard takes it.
const BEFORE: &str = "what-was-there-before";
/// Every part of the stack, as all three layouts show it.
const CORE: [&str; 8] = ["ALB", "control-plane", "web", "celery-worker", "Redis 7.0", "15.7", "alarms", "logs /ecs/production-nextcore"];
const HELP: &str = "Esc close";
/// What only the balancer's and the log's own panes say.
const SCHEME: &str = "scheme  ";
const LOGS: &str = "Patterns  ";

static SERVERS: AtomicU32 = AtomicU32::new(0);

/// A window with a shell in it; the server behind it ends with this value.
pub(crate) struct Window {
    socket: String,
    pub(crate) machine: Machine,
}

impl Window {
    /// `None`: there is no tmux.
    pub(crate) fn open(columns: u16, rows: u16) -> Option<Self> {
        if Command::new("tmux").arg("-V").output().is_err() {
            let required = std::env::var_os("NEXTCORE_REQUIRE_TMUX").is_some_and(|v| v == "1");
            assert!(!required, "tmux is not installed and NEXTCORE_REQUIRE_TMUX=1");
            // Past the test harness's capture: a skipped test must be seen.
            let _ =
                writeln!(std::io::stderr(), "\n*** SKIPPED: tmux is not installed, the terminal is NOT tested (apt-get install tmux) ***");
            return None;
        }
        let socket = format!("nextcore-test-{}-{}", std::process::id(), SERVERS.fetch_add(1, Ordering::Relaxed));
        let window = Self { socket, machine: Machine::new() };
        window.machine.file("tmux.conf", "set -g status off\nset -g default-terminal screen-256color\nset -s escape-time 0\n");
        // `watched` runs the dashboard without job control, so that no shell mends the terminal before it is examined.
        window.machine.file("top", &format!("echo $$ >pid\nexec '{PROGRAM}' \"$@\"\n"));
        window.machine.file("watched", "sh top \"$@\"\necho \"exit code $?\"\nstty -a >modes\n");
        let size = [columns.to_string(), rows.to_string()];
        let shell = ["env", &format!("PS1={PROMPT}"), "bash", "--norc", "--noprofile"];
        window.tmux(&[&["new-session", "-d", "-x", &size[0], "-y", &size[1]][..], &shell].concat());
        window.until("a prompt", |s| s.contains(PROMPT.trim_end()));
        window.line(&format!("echo {BEFORE}"));
        window.until("the echo", |s| s.lines().any(|l| l == BEFORE));
        Some(window)
    }

    /// One with the demo in it, all of it drawn.
    fn demo(columns: u16, rows: u16, args: &str) -> Option<Self> {
        let window = Self::open(columns, rows)?;
        window.line(&format!("sh watched demo {args}"));
        window.stack();
        Some(window)
    }

    fn try_tmux(&self, args: &[&str]) -> Option<String> {
        let mut command = self.machine.command("tmux");
        command.env("TMUX_TMPDIR", self.machine.home()).args(["-u", "-L", &self.socket, "-f", "tmux.conf"]).args(args);
        let output = command.output().ok().filter(|o| o.status.success())?;
        Some(String::from_utf8(output.stdout).unwrap())
    }

    #[track_caller]
    fn tmux(&self, args: &[&str]) -> String {
        self.try_tmux(args).unwrap_or_else(|| panic!("tmux {args:?} failed"))
    }

    pub(crate) fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Types a command.
    pub(crate) fn line(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
        self.tmux(&["send-keys", "Enter"]);
    }

    /// Presses keys, by tmux's names.
    pub(crate) fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"][..], keys].concat());
    }

    fn resize(&self, columns: u16, rows: u16) {
        self.tmux(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// The first screen that fulfils the condition.
    #[track_caller]
    fn until(&self, what: &str, fulfilled: impl Fn(&str) -> bool) -> String {
        self.until_within(LIMIT, what, fulfilled)
    }

    /// The same for what takes longer.
    #[track_caller]
    pub(crate) fn until_within(&self, limit: Duration, what: &str, fulfilled: impl Fn(&str) -> bool) -> String {
        let look = || Some(self.screen()).filter(|s| fulfilled(s));
        eventually(limit, look, || format!("no {what} on the screen:\n{}", self.screen()))
    }

    #[track_caller]
    pub(crate) fn shows(&self, what: &str) -> String {
        self.until(what, |s| s.contains(what))
    }

    /// Waits for the whole stack view with figures in it.
    #[track_caller]
    fn stack(&self) -> String {
        self.until("whole stack", whole_stack)
    }

    fn pid(&self) -> u32 {
        let read = || fs::read_to_string(self.machine.home().join("pid")).ok()?.trim().parse().ok();
        eventually(LIMIT, read, || "the dashboard never started".to_owned())
    }

    /// The alternate screen is left, the cursor shown, the shell's own text back.
    #[track_caller]
    fn given_back(&self) -> String {
        let screen = self.until("shell as it was", |s| s.lines().any(|l| l == BEFORE) && at_prompt(s));
        assert_eq!(self.tmux(&["display-message", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}"]).trim(), "0 1 0", "{screen}");
        assert!(!screen.contains("celery-worker"), "the dashboard is still to be seen:\n{screen}");
        screen
    }

    /// What `watched` noted after the dashboard had ended: the modes of a shell.
    #[track_caller]
    fn sane_modes(&self) {
        let modes = fs::read_to_string(self.machine.home().join("modes")).unwrap();
        let words: Vec<_> = modes.split([' ', ';', '\n']).collect();
        for mode in ["echo", "icanon", "isig", "icrnl", "opost", "ixon", "iexten"] {
            assert!(words.contains(&mode), "{mode} is off: {modes}");
        }
    }

    /// The fastest of several times from a key to what it shows: a loaded machine is slow now and then, a blocked program always.
    fn answer_time(&self) -> Duration {
        let once = || {
            let pressed = Instant::now();
            self.press(&["?"]);
            self.shows(HELP);
            let took = pressed.elapsed();
            self.press(&["Escape"]);
            self.until("end of help", |s| !s.contains(HELP));
            took
        };
        (0..5).map(|_| once()).min().unwrap()
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // Also ends what runs in it.
        let _ = self.try_tmux(&["kill-server"]);
    }
}

fn at_prompt(screen: &str) -> bool {
    screen.trim_end().lines().last().is_some_and(|l| l.trim_end() == PROMPT.trim_end())
}

/// Every part is there, every node is known, and the metrics have come.
fn whole_stack(screen: &str) -> bool {
    let rate = |w: &str| w.ends_with("/s") && w.starts_with(|c: char| c.is_ascii_digit());
    let parts = CORE.iter().all(|part| screen.contains(part)) && full_groups(screen) == 2;
    // A release is on its way while the demo begins: that is change, not trouble.
    let calm = ["all 29 healthy", "1 of 29 changing", "2 of 29 changing", "3 of 29 changing"].iter().any(|w| screen.contains(w));
    parts && calm && screen.split_whitespace().any(rate)
}

/// Target groups with all targets healthy. The cloud behind a wall clock has scaled out by midday: however many that are.
fn full_groups(screen: &str) -> usize {
    let words: Vec<&str> = screen.split_whitespace().collect();
    let is_full = |count: &str| count.split_once('/').is_some_and(|(up, all)| up == all && up.parse::<u8>().is_ok());
    words.windows(2).filter(|w| matches!(w, [count, "healthy"] if is_full(count))).count()
}

/// The text in the header that keeps changing while the screen lives.
fn clock(screen: &str) -> String {
    screen.lines().next().unwrap_or_default().split_whitespace().last().unwrap_or_default().to_owned()
}

// What is drawn.

#[test]
fn the_demo_shows_the_whole_stack_at_every_size() {
    for (columns, rows) in [(80, 24), (120, 40), (200, 60)] {
        let Some(window) = Window::demo(columns, rows, "") else { return };
        let screen = window.stack();
        assert!(screen.lines().next().unwrap().contains("SIM ARMED"), "{screen}");
        assert_eq!(screen.lines().count(), usize::from(rows), "{screen}");
        assert!(screen.lines().last().unwrap().contains("? help"), "{screen}");
        let widest = screen.lines().map(|l| l.chars().count()).max().unwrap();
        assert_eq!(widest, usize::from(columns), "a rule or a frame spans the screen: {screen}");
    }
}

#[test]
fn the_screen_follows_the_window_and_a_window_too_small_says_what_it_needs() {
    let Some(window) = Window::demo(80, 24, "") else { return };
    for (columns, rows) in [(200, 60), (60, 16), (120, 40), (80, 24)] {
        window.resize(columns, rows);
        window.until("new size", |s| {
            let lines: Vec<_> = s.lines().collect();
            let full = lines.iter().map(|l| l.chars().count()).max() == Some(columns.into());
            full && lines.len() == usize::from(rows) && lines.last().is_some_and(|l| l.contains("? help")) && s.contains("celery-worker")
        });
    }
    for (columns, rows) in [(59, 24), (80, 15), (30, 6)] {
        window.resize(columns, rows);
        let screen = window.shows(&format!("is {columns} × {rows}"));
        assert!(screen.contains("needs 60 × 16") && screen.contains("q quits"), "{screen}");
    }
    // As small as tmux goes: nothing to read, but nothing breaks either.
    window.resize(1, 1);
    window.resize(80, 24);
    window.stack();
    window.resize(30, 6);
    window.shows("is 30 × 6");
    window.press(&["q"]);
    window.shows("exit code 0");
}

#[test]
fn keys_drill_in_and_come_back() {
    let Some(window) = Window::demo(120, 40, "") else { return };
    for (keys, shown) in [
        (&["1", "Enter"][..], SCHEME),
        (&["2", "Enter"], "Deployments"),
        (&["6", "Enter"], "multi-AZ"),
        (&["a"], "Alarms 9 of 9"),
        (&["L"], LOGS),
        (&["e"], "Timeline"),
        (&["?"], HELP),
    ] {
        window.press(keys);
        let pane = window.shows(shown);
        assert!(shown == HELP || !whole_stack(&pane), "{keys:?}: {pane}");
        window.press(&["Escape"]);
        window.stack();
    }
    // By place on the screen: from the balancer down to a service, to its right neighbour, and up again.
    window.press(&["1", "Down", "Enter"]);
    window.shows("Deployments");
    window.press(&["Escape"]);
    window.stack();
    window.press(&["2", "Right", "Enter"]);
    window.shows("● web  2/2");
    window.press(&["Escape"]);
    window.stack();
    window.press(&["3", "Up", "Enter"]);
    window.shows(SCHEME);
    // A layer at a time: help over the pane, then the pane.
    window.press(&["?"]);
    window.shows(HELP);
    window.press(&["Escape"]);
    window.until("pane under help", |s| !s.contains(HELP) && s.contains(SCHEME));
    window.press(&["Escape"]);
    window.stack();
}

#[test]
fn no_color_means_no_colour_and_without_it_there_is_some() {
    let Some(window) = Window::demo(120, 40, "") else { return };
    assert!(colours(&window) > 0, "the check itself sees no colours");
    window.press(&["q"]);
    window.shows("exit code 0");
    window.line("NO_COLOR=1 sh watched demo --theme dark");
    window.stack();
    assert_eq!(colours(&window), 0, "{}", window.tmux(&["capture-pane", "-p", "-e"]));
    for keys in [&["3", "Enter"][..], &["?"]] {
        window.press(keys);
        window.until("pane", |s| s.contains("Deployments") || s.contains(HELP));
        assert_eq!(colours(&window), 0, "{keys:?}: {}", window.tmux(&["capture-pane", "-p", "-e"]));
    }
}

/// How often a colour is set on the screen.
fn colours(window: &Window) -> usize {
    let text = window.tmux(&["capture-pane", "-p", "-e"]);
    let codes = text.split("\u{1b}[").skip(1).filter_map(|rest| rest.split_once('m')).flat_map(|(codes, _)| codes.split([';', ':']));
    codes.filter_map(|c| c.parse::<u8>().ok()).filter(|c| matches!(c, 30..=38 | 40..=48 | 90..=97 | 100..=107)).count()
}

#[test]
fn ascii_means_that_no_other_character_is_drawn() {
    let Some(window) = Window::demo(120, 40, "--ascii") else { return };
    for (columns, rows) in [(200, 60), (80, 24), (120, 40)] {
        window.resize(columns, rows);
        let screen = window.until("new size", |s| s.lines().count() == usize::from(rows) && whole_stack(s));
        assert!(screen.is_ascii(), "{screen}");
    }
    for (keys, shown) in [
        (&["1", "Enter"][..], SCHEME),
        (&["2", "Enter"], "Deployments"),
        (&["5", "Enter"], "multi-AZ"),
        (&["6", "Enter"], "multi-AZ"),
        (&["a"], "Alarms 9 of 9"),
        (&["L"], LOGS),
        (&["e"], "Timeline"),
        (&["?"], HELP),
    ] {
        window.press(keys);
        let screen = window.shows(shown);
        assert!(screen.is_ascii(), "{keys:?}: {screen}");
        window.press(&["Escape"]);
        window.stack();
    }
    window.resize(40, 10);
    let screen = window.shows("needs 60");
    assert!(screen.is_ascii(), "{screen}");
}

// How it leaves.

#[test]
fn quitting_gives_the_terminal_back() {
    let Some(window) = Window::demo(80, 24, "") else { return };
    window.press(&["q"]);
    window.shows("exit code 0");
    window.given_back();
    window.sane_modes();
    // From within a pane, with help above it, by the other key.
    window.line("sh watched demo");
    window.stack();
    window.press(&["a", "?"]);
    window.shows(HELP);
    window.press(&["C-c"]);
    window.until("second end", |s| s.matches("exit code 0").count() == 2);
    window.given_back();
    window.sane_modes();
}

#[test]
fn ending_signals_give_the_terminal_back() {
    let Some(window) = Window::open(80, 24) else { return };
    for (n, which) in [Signal::TERM, Signal::HUP, Signal::INT].into_iter().enumerate() {
        window.line("sh watched demo");
        window.stack();
        let id = window.pid();
        signal(id, which);
        window.until("end", |s| s.matches("exit code").count() == n + 1);
        window.given_back();
        window.sane_modes();
        assert!(!alive(id), "{which:?}");
    }
}

#[test]
fn a_start_that_cannot_succeed_gives_the_terminal_back_and_says_why() {
    let Some(window) = Window::open(100, 30) else { return };
    let (keys, (name, metadata)) = (CREDENTIALS.map(|(k, v)| format!("{k}={v}")).join(" "), NO_METADATA);
    for (n, (command, words)) in [
        (format!("{keys} AWS_CA_BUNDLE=/nowhere.pem sh watched --endpoint-url {CLOSED}"), ["/nowhere.pem", "AWS_CA_BUNDLE"]),
        (format!("{keys} {name}={metadata} sh watched --endpoint-url nowhere"), ["'nowhere'", "--endpoint-url"]),
        (format!("{keys} sh watched --profile nobody"), ["unknown profile 'nobody'", "no profiles"]),
    ]
    .into_iter()
    .enumerate()
    {
        window.line(&command);
        let screen = window.until("end", |s| s.matches("exit code 3").count() == n + 1);
        for word in words {
            assert!(screen.contains(word), "{word}: {screen}");
        }
        window.given_back();
        window.sane_modes();
    }
}

#[test]
fn a_piped_dashboard_does_not_touch_the_terminal() {
    let Some(window) = Window::open(100, 30) else { return };
    window.line("sh top demo | cat; sh top demo </dev/null; stty -a >modes; echo done");
    let screen = window.until("end", |s| s.lines().any(|l| l == "done"));
    assert_eq!(screen.matches("needs a terminal").count(), 2, "{screen}");
    window.given_back();
    window.sane_modes();
}

#[test]
fn suspend_stops_the_process_with_a_sane_terminal_and_fg_draws_everything_again() {
    let Some(window) = Window::open(80, 24) else { return };
    window.line("sh top demo");
    window.stack();
    window.press(&["a"]);
    window.shows("Alarms 9 of 9");
    window.press(&["C-z"]);
    window.shows("Stopped");
    window.given_back();
    let stat = fs::read_to_string(format!("/proc/{}/stat", window.pid())).unwrap();
    assert!(stat.contains(") T "), "{stat}");
    window.line("stty -a >modes; echo noted");
    window.until("note", |s| s.lines().any(|l| l == "noted"));
    window.sane_modes();
    window.line("fg");
    let screen = window.until("same pane", |s| s.contains("Alarms 9 of 9") && s.contains("Esc back"));
    assert!(!screen.contains("Stopped") && !screen.contains(BEFORE), "{screen}");
    let before = clock(&screen);
    window.until("running clock", |s| clock(s) != before);
    window.press(&["Escape"]);
    window.stack();
    // Twice: what the first time left behind shows the second time.
    window.press(&["C-z"]);
    window.until("second stop", |s| s.matches("Stopped").count() == 2);
    window.given_back();
    window.line("fg");
    window.stack();
    window.press(&["q"]);
    window.given_back();
}

#[test]
fn a_window_resized_while_suspended_is_filled_after_fg() {
    let Some(window) = Window::open(80, 24) else { return };
    window.line("sh top demo");
    window.stack();
    window.press(&["C-z"]);
    window.shows("Stopped");
    window.resize(120, 40);
    window.line("fg");
    window.until("boxes of 120 × 40", |s| whole_stack(s) && s.lines().any(|l| l.starts_with('╭') && l.chars().count() == 120));
    window.press(&["C-z"]);
    window.shows("Stopped");
    window.resize(80, 24);
    window.line("fg");
    window.until("lines of 80 × 24", |s| whole_stack(s) && !s.contains('╭') && s.lines().last().is_some_and(|l| l.contains("? help")));
}

#[test]
fn a_closed_window_ends_the_process() {
    for close in ["kill-pane", "kill-session", "kill-server"] {
        let Some(window) = Window::demo(80, 24, "") else { return };
        let id = window.pid();
        assert!(alive(id));
        window.tmux(&[close]);
        eventually(Duration::from_secs(2), || (!alive(id)).then_some(()), || format!("{id} outlives {close}"));
    }
}

// Without the network.

#[test]
fn a_cloud_that_goes_away_leaves_the_last_values_with_a_notice_and_comes_back_by_itself() {
    let Some(window) = Window::open(120, 40) else { return };
    let cloud = CloudProcess::start(&window.machine);
    let address = cloud.address().to_owned();
    window.line(&format!("{} sh watched --endpoint-url {}", CREDENTIALS.map(|(k, v)| format!("{k}={v}")).join(" "), cloud.url));
    let screen = window.stack();
    assert!(screen.contains("ops@1111-2222-3333") && !screen.contains("SIM") && !screen.contains("cannot reach"), "{screen}");
    drop(cloud);
    let screen = window.shows("cannot reach the endpoint");
    assert!(CORE.iter().all(|part| screen.contains(part)) && full_groups(&screen) == 2, "the last values are gone:\n{screen}");
    let took = window.answer_time();
    assert!(took < Duration::from_millis(300), "a key took {took:?} while the network is gone");
    let before = clock(&window.screen());
    window.until("running clock", |s| clock(s) != before);
    let _again = CloudProcess::listen(&window.machine, &address);
    // Back-off may have reached its longest pause.
    let recovered = || Some(window.screen()).filter(|s| !s.contains("cannot reach") && !s.contains('◌') && whole_stack(s));
    eventually(Duration::from_secs(40), recovered, || format!("not recovered:\n{}", window.screen()));
    window.press(&["q"]);
    window.shows("exit code 0");
}

#[test]
fn keys_answer_at_once_while_every_call_hangs() {
    let Some(window) = Window::open(120, 40) else { return };
    // From the first frame on: a server that takes connections and says nothing.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let keys = CREDENTIALS.map(|(k, v)| format!("{k}={v}")).join(" ");
    window.line(&format!("{keys} sh watched --endpoint-url http://{}", mute.local_addr().unwrap()));
    window.shows("loading");
    window.press(&["?"]);
    window.shows(HELP);
    window.press(&["q"]);
    window.shows("exit code 0");
    drop(mute);
    // With values on the screen: a cloud that is stopped, not gone.
    let cloud = CloudProcess::start(&window.machine);
    window.line(&format!("{keys} sh watched --endpoint-url {}", cloud.url));
    window.stack();
    cloud.signal(Signal::STOP);
    window.press(&["R"]);
    let took = window.answer_time();
    assert!(took < Duration::from_millis(300), "a key took {took:?} while calls hang");
    window.press(&["2", "Enter"]);
    window.shows("Deployments");
    let pressed = Instant::now();
    window.press(&["q"]);
    window.until("end", |s| s.matches("exit code 0").count() == 2);
    assert!(pressed.elapsed() < Duration::from_secs(2), "quitting waited for calls: {:?}", pressed.elapsed());
    cloud.signal(Signal::CONT);
}

#[test]
fn one_changes_to_another_stack_by_a_list_that_says_how_it_is() {
    let Some(window) = Window::open(120, 40) else { return };
    let cloud = CloudProcess::start(&window.machine);
    let config = format!(
        "endpoint_url = \"http://{}\"\n[stacks.production]\nregion = \"ap-southeast-2\"\n[stacks.staging]\nregion = \"ap-southeast-2\"\n\
         cluster = \"not-there\"\nservices = [{{ name = \"shop\", role = \"api\" }}]\n",
        cloud.address()
    );
    window.machine.file("stacks.toml", &config);
    let keys = CREDENTIALS.map(|(k, v)| format!("{k}={v}")).join(" ");
    window.line(&format!("{keys} sh watched --config stacks.toml --stack production --write"));
    window.until("the stack's name and whole stack", |s| s.contains(" production ") && s.contains("ARMED") && whole_stack(s));
    window.press(&[":"]);
    window.line("stack");
    window.until("how the other is", |s| s.lines().any(|l| l.contains("staging") && l.contains("✖ ")));
    window.press(&["j", "Enter"]);
    let screen = window.until("the other stack", |s| s.lines().next().is_some_and(|l| l.contains(" staging ") && l.contains("SAFE")));
    assert!(!screen.contains("control-plane"), "nothing of the first is left:\n{screen}");
    window.press(&["q"]);
    window.shows("exit code 0");
}
