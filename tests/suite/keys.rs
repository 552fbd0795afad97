//! Key sequences on the real loop, against the embedded cloud, in virtual time: what a user sees after what they typed.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use nextcore_core::input::{Code, Key};
use nextcore_core::model::mode::Mode;
use nextcore_core::model::stack::Stack;
use nextcore_core::session::{Msg, Session, SessionOptions};
use nextcore_core::theme::Theme;
use nextcore_live::aws::authority::Authority;
use nextcore_live::engine::action::Acts;
use nextcore_live::engine::clock::Clock;
use nextcore_live::engine::{Engine, channel};
use nextcore_sim::world::{Scenario, World};
use nextcore_sim::{ApiFault, FaultKind};
use nextcore_top::shell::session_loop::{Host, Parts, Screen, run};
use nextcore_top::shell::{Embedded, Watcher};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tokio::time::{Instant, sleep};

use super::support::start;

/// Every frame that was drawn, and when.
struct Recorder {
    terminal: Terminal<TestBackend>,
    began: Instant,
    frames: Vec<(Duration, String)>,
    copied: Vec<String>,
}

impl Screen for Recorder {
    fn draw(&mut self, session: &Session, theme: &Theme) -> io::Result<()> {
        Screen::draw(&mut self.terminal, session, theme)?;
        self.frames.push((self.began.elapsed(), self.terminal.backend().to_string()));
        Ok(())
    }
}

impl Host for Recorder {
    fn copy(&mut self, text: &str) -> io::Result<()> {
        self.copied.push(text.to_owned());
        Ok(())
    }
}

impl Recorder {
    fn last(&self) -> &str {
        &self.frames.last().unwrap().1
    }

    /// When something first was on the screen, from `after` on.
    fn first(&self, after: Duration, what: &str) -> Option<Duration> {
        self.frames.iter().find(|(at, text)| *at >= after && text.contains(what)).map(|(at, _)| *at)
    }
}

/// A step of a script: after this many seconds, this key.
type Step = (f64, Key);

const ENTER: Key = Key::new(Code::Enter);
const ESC: Key = Key::new(Code::Esc);

fn key(c: char) -> Key {
    Key::char(c)
}

/// Runs a script on a fresh world in SAFE mode; `prepare` may break something first. Ends three seconds after the last key.
async fn play(size: (u16, u16), script: &[Step], prepare: impl FnOnce(&Embedded)) -> (Recorder, Embedded, bool) {
    let script: Vec<(f64, Msg)> = script.iter().map(|(after, key)| (*after, Msg::Key(*key))).collect();
    play_as(Mode::Safe, size, script, prepare).await
}

/// The same in any mode, with any message.
async fn play_as(mode: Mode, size: (u16, u16), script: Vec<(f64, Msg)>, prepare: impl FnOnce(&Embedded)) -> (Recorder, Embedded, bool) {
    let steps = stream::iter(script).then(|(after, msg)| async move {
        sleep(Duration::from_secs_f64(after)).await;
        Some(msg)
    });
    let end = stream::once(async {
        sleep(Duration::from_secs(3)).await;
        None
    });
    let ran_out = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = ran_out.clone();
    let input = steps.chain(end).filter_map(move |msg| {
        flag.store(msg.is_none(), std::sync::atomic::Ordering::SeqCst);
        futures_util::future::ready(msg)
    });
    let (screen, embedded) = on_the_loop(mode, size, Box::pin(input), prepare).await;
    let quit = !ran_out.load(std::sync::atomic::Ordering::SeqCst);
    (screen, embedded, quit)
}

/// The real loop on a fresh world until its input ends.
async fn on_the_loop(
    mode: Mode,
    size: (u16, u16),
    input: impl futures_util::Stream<Item = Msg> + Unpin,
    prepare: impl FnOnce(&Embedded),
) -> (Recorder, Embedded) {
    let embedded = Embedded::new(7, Clock::virtual_from(start(), 1.0));
    prepare(&embedded);
    let (feed, ends) = channel();
    let authority = Authority::new(mode);
    let acts = Acts { authority: authority.clone(), ..Acts::none() };
    let _engine = Engine::start(embedded.setup_with(&Stack::default(), acts), ends);
    let session = Session::new(SessionOptions { stack: Stack::default(), mode, simulated: true, size, now: embedded.clock.now() });
    let session = session.querying(BTreeMap::new(), authority.may_query());
    let mut screen = Recorder {
        terminal: Terminal::new(TestBackend::new(size.0, size.1)).unwrap(),
        began: Instant::now(),
        frames: Vec::new(),
        copied: Vec::new(),
    };
    let parts = Parts {
        feed,
        clock: embedded.clock.clone(),
        stack: Stack::default(),
        theme: Theme::terminal(),
        authority,
        watcher: Watcher::forgetful(),
        user: "ops".to_owned(),
    };
    Box::pin(run(&mut screen, input, session, parts)).await.unwrap();
    (screen, embedded)
}

#[tokio::test(start_paused = true)]
async fn the_first_frame_comes_before_any_request() {
    let (screen, ..) = play((120, 40), &[], |cloud| assert!(cloud.cloud.requests().is_empty())).await;
    let (at, first) = &screen.frames[0];
    assert_eq!(*at, Duration::ZERO);
    assert!(first.contains("ALB") && first.contains("Loading"), "{first}");
    assert!(screen.first(Duration::ZERO, "targets 3/3").is_some(), "and then the data: {}", screen.last());
}

#[tokio::test(start_paused = true)]
async fn every_key_answers_in_the_next_frame_while_all_calls_hang() {
    let script = [(10.0, key('?')), (1.0, ESC), (1.0, key('3')), (0.0, ENTER), (1.0, key('a')), (1.0, key('L'))];
    let (screen, ..) = play((120, 40), &script, |e| e.cloud.faults(|f| f.add(ApiFault::always("*", "*", FaultKind::Timeout)))).await;
    for (at, what) in [(10.0, "quit"), (13.0, "Alarms"), (14.0, "logs:FilterLogEvents")] {
        let at = Duration::from_secs_f64(at);
        let seen = screen.first(at, what).unwrap_or_else(|| panic!("{what} never came: {}", screen.last()));
        assert!(
            seen.checked_sub(at).unwrap() <= Duration::from_millis(40),
            "{what} came {:?} after its key",
            seen.checked_sub(at).unwrap()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn enter_opens_the_selected_box_and_escape_leads_back_and_never_out() {
    let script = [(2.0, key('3')), (0.1, ENTER)];
    let (screen, _, quit) = play((120, 40), &script, |_| ()).await;
    assert!(screen.last().contains("Tasks") && screen.last().contains("production-nextcore-web:57"), "{}", screen.last());
    assert!(!quit);
    let script = [(2.0, key('3')), (0.1, ENTER), (0.5, ESC), (0.1, ESC), (0.1, ESC), (0.1, ESC)];
    let (screen, _, quit) = play((120, 40), &script, |_| ()).await;
    assert!(screen.last().contains("PostgreSQL"), "{}", screen.last());
    assert!(!quit, "Esc must never end the program");
    let (_, _, quit) = play((120, 40), &[(1.0, key('q'))], |_| ()).await;
    assert!(quit);
    let (_, _, quit) = play((120, 40), &[(1.0, key('3')), (0.1, ENTER), (0.1, Key::ctrl('c'))], |_| ()).await;
    assert!(quit);
}

#[tokio::test(start_paused = true)]
async fn arrows_move_by_place_on_the_screen() {
    // From the balancer: down to a service, right to its neighbours, down to the database.
    let arrows = |codes: &[Code]| codes.iter().map(|c| (0.5, Key::new(*c))).chain([(0.5, ENTER)]).collect::<Vec<_>>();
    for (codes, pane) in [
        (vec![], "Listeners"),
        (vec![Code::Down, Code::Down], "db.t3.large"),
        (vec![Code::Down, Code::Left, Code::Left, Code::Left], "control-plane"),
        (vec![Code::Down, Code::Right, Code::Right, Code::Right], "shard"),
    ] {
        let (screen, ..) = play((120, 40), &arrows(&codes), |_| ()).await;
        assert!(screen.last().contains(pane), "{codes:?} → {pane}: {}", screen.last());
    }
}

#[tokio::test(start_paused = true)]
async fn logs_pause_and_say_how_far_they_are_behind() {
    let script = [(3.0, key('L')), (1.0, key(' ')), (40.0, key('%'))];
    let (screen, ..) = play((120, 40), &script, |_| ()).await;
    assert!(screen.last().contains("paused") && screen.last().contains("new"), "{}", screen.last());
    let script = [(3.0, key('L')), (1.0, key(' ')), (40.0, key(' '))];
    let (screen, ..) = play((120, 40), &script, |_| ()).await;
    assert!(screen.last().contains("following"), "{}", screen.last());
}

/// The errors of the last ten minutes are there for who opens the log only now: asked of AWS, and Esc ends that.
#[tokio::test(start_paused = true)]
async fn older_lines_are_read_on_a_key_and_a_time_before_them_is_gone_to() {
    let oldest = |screen: &Recorder| screen.frames.iter().rev().find_map(|(_, text)| text.lines().nth(5).map(str::to_owned)).unwrap();
    let (screen, ..) = play((120, 40), &[(3.0, key('L')), (1.0, key('o')), (10.0, key('g'))], |_| ()).await;
    assert!(screen.first(Duration::ZERO, "reading back to").is_some(), "{}", screen.last());
    let news: u64 = screen.last().split(" new").next().unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    assert!(screen.last().contains("1/4") && news < 100, "thousands of lines, and those that are older are no news: {}", screen.last());
    let read = oldest(&screen);
    let (unread, ..) = play((120, 40), &[(3.0, key('L')), (11.0, key('g'))], |_| ()).await;
    assert!(read < oldest(&unread), "{read}\n{}", oldest(&unread));
    let typed = [(3.0, key('L')), (1.0, key('t')), (0.1, key('-')), (0.1, key('9')), (0.1, key('m')), (0.1, ENTER), (12.0, key('%'))];
    let (screen, ..) = play((120, 40), &typed, |_| ()).await;
    assert!(!screen.last().contains("nothing before that") && screen.last().contains("paused"), "{}", screen.last());
    let stopped = [(3.0, key('L')), (1.0, key('o')), (0.0, ESC), (10.0, key('g'))];
    let (screen, ..) = play((120, 40), &stopped, |_| ()).await;
    assert!(screen.first(Duration::ZERO, "no older lines are read").is_some(), "{}", screen.last());
    assert_eq!(oldest(&screen), oldest(&unread));
}

/// Two keys of money: nothing is billed before the second Enter, and Esc ends at AWS what goes on.
#[tokio::test(start_paused = true)]
async fn a_query_shows_its_cost_first_then_its_rows_and_escape_stops_it_at_aws() {
    let asked =
        |e: &Embedded, operation: &str| e.cloud.requests().iter().filter(|r| r.operation == operation).map(|r| r.count).sum::<u64>();
    let down = Key::new(Code::Down);
    let begun = [(2.0, key('Q')), (0.1, down), (0.1, ENTER)];
    let (screen, cloud, _) = play((120, 40), &begun, |_| ()).await;
    assert!(screen.last().contains("slow-requests") && screen.last().contains("rough estimate"), "{}", screen.last());
    assert_eq!(asked(&cloud, "StartQuery"), 0, "it costs money");
    let run = [&begun[..], &[(2.0, ENTER)]].concat();
    let (screen, cloud, _) = play((120, 40), &[&run[..], &[(20.0, key('o')), (0.5, key('y'))]].concat(), |_| ()).await;
    assert!(screen.last().contains("scanned") && screen.last().contains("▴") | screen.last().contains("▾"), "{}", screen.last());
    assert_eq!((asked(&cloud, "StartQuery"), asked(&cloud, "StopQuery")), (1, 0));
    assert!(screen.copied[0].starts_with('{') && screen.copied[0].contains(':'), "{:?}", screen.copied);
    for start_takes in [0, 2] {
        // Also who leaves before AWS has said that it began.
        let slow = FaultKind::Latency(Duration::from_secs(start_takes));
        let stopped = [&run[..], &[(0.5, ESC)]].concat();
        let (screen, cloud, _) = play((120, 40), &stopped, |e| e.cloud.faults(|f| f.add(ApiFault::always("*", "StartQuery", slow)))).await;
        assert!(screen.last().contains("stopped at AWS"), "{start_takes}: {}", screen.last());
        assert_eq!((asked(&cloud, "StartQuery"), asked(&cloud, "StopQuery")), (1, 1), "{start_takes}");
    }
}

#[tokio::test(start_paused = true)]
async fn copying_puts_the_selected_name_on_the_clipboard() {
    let (screen, ..) = play((120, 40), &[(2.0, key('6')), (0.1, key('y'))], |_| ()).await;
    assert_eq!(screen.copied.len(), 1, "{:?}", screen.copied);
    assert!(screen.copied[0].contains("production-nextcore-db"), "{:?}", screen.copied);
}

/// A failure is on the screen within one fast poll of the API showing it; when the API shows it, a twin of the world tells.
#[tokio::test(start_paused = true)]
async fn a_dead_task_is_on_the_screen_within_a_fast_poll() {
    const FAST_POLL: Duration = Duration::from_secs(5);
    let failure = || Scenario::TaskFailure { service: "web".to_owned() };
    let mut twin = World::new(7, start().timestamp_millis());
    twin.inject(failure());
    let short = |w: &World| w.ecs.services["web"].running_count < w.ecs.services["web"].desired_count;
    let shown = (0..60).find(|second| {
        twin.advance_to(start().timestamp_millis() + second * 1000);
        short(&twin)
    });
    let shown = Duration::from_secs(shown.expect("the task dies within a minute") as u64);
    let is_bad = |screen: &Recorder| screen.frames.iter().any(|(_, t)| t.contains('▲') || t.contains('✖'));
    let (calm, ..) = play((120, 40), &[(30.0, key('%'))], |_| ()).await;
    assert!(!is_bad(&calm), "the same world without the failure is healthy: {}", calm.last());
    let (screen, ..) = play((120, 40), &[(30.0, key('%'))], |e| e.cloud.world(|w| w.inject(failure()))).await;
    let seen = screen.frames.iter().find(|(_, t)| t.contains('▲') || t.contains('✖')).map(|(at, _)| *at);
    let late = FAST_POLL + Duration::from_millis(100);
    assert!(seen.is_some_and(|at| at <= shown + late), "the API shows it at {shown:?}, the screen at {seen:?}: {}", screen.last());
}

/// A script of keys and typed words: `<` begins the name of a key.
fn typed(after: f64, words: &[&str]) -> Vec<(f64, Msg)> {
    let named = |word: &str| match word {
        "<enter>" => Some(ENTER),
        "<esc>" => Some(ESC),
        "<right>" => Some(Key::new(Code::Right)),
        "<bs>" => Some(Key::new(Code::Backspace)),
        _ => None,
    };
    let keys = |word: &&str| named(word).map_or_else(|| word.chars().map(Key::char).collect(), |key| vec![key]);
    words
        .iter()
        .flat_map(|w| {
            keys(w).into_iter().enumerate().map(|(i, key)| (if i == 0 { after } else { 0.05 }, Msg::Key(key))).collect::<Vec<_>>()
        })
        .collect()
}

fn writes(embedded: &Embedded) -> Vec<(&'static str, u64)> {
    embedded.cloud.requests().into_iter().filter(|r| r.is_write).map(|r| (r.operation, r.count)).collect()
}

const NOTHING: (f64, Msg) = (240.0, Msg::Key(Key::char('%')));

#[tokio::test(start_paused = true)]
async fn a_service_is_scaled_by_what_the_screen_says() {
    let mut script = typed(2.0, &["3", "x", "s", "<bs>", "+1", "<enter>", "<right>", "<enter>"]);
    script.push(NOTHING);
    let (screen, embedded, _) = play_as(Mode::Armed, (80, 24), script, |_| ()).await;
    let at = |what: &str| screen.first(Duration::ZERO, what).unwrap_or_else(|| panic!("{what} never came: {}", screen.last()));
    for what in ["x actions", "Actions on web", "now ", "desired count  3  →  4", "[ Run ]", "in progress", "web runs 4 tasks"] {
        at(what);
    }
    assert!(screen.last().contains("undo") && screen.last().contains("scale web 3"), "{}", screen.last());
    assert_eq!(writes(&embedded), [("UpdateService", 1)]);
    embedded.cloud.world(|w| assert_eq!(w.ecs.services["web"].desired_count, 4));
}

/// Enter on a plan leaves it; held down, it sends nothing.
#[tokio::test(start_paused = true)]
async fn enter_again_and_again_sends_nothing() {
    let (_, embedded, quit) = play_as(
        Mode::Armed,
        (120, 40),
        typed(2.0, &["3", "x", "<enter>", "<bs>", "4", "<enter>", "<enter>", "<enter>", "<enter>"]),
        |_| (),
    )
    .await;
    assert!(writes(&embedded).is_empty() && !quit);
}

#[tokio::test(start_paused = true)]
async fn an_outage_takes_arming_and_the_name_and_arming_lapses() {
    let mut script = typed(2.0, &["6", "x", "f", "production-nextcore-db", "<enter>"]);
    script.extend(typed(2.0, &["production-nextcore-db", "<enter>", "<bs>"]));
    script.extend(typed(0.5, &["<esc>", "<enter>"]));
    script.extend(typed(0.5, &["production-nextcore", "<enter>", "<enter>"]));
    script.push(NOTHING);
    script.push((15.0 * 60.0 + 5.0, Msg::Resize(100, 30)));
    let (screen, embedded, _) = play_as(Mode::Safe, (100, 30), script, |_| ()).await;
    let at = |what: &str| screen.first(Duration::ZERO, what).unwrap_or_else(|| panic!("{what} never came: {}", screen.last()));
    assert!(at("Arm this dashboard") < at("ARMED"));
    at("wrong name");
    at("event: failover completed");
    assert_eq!(writes(&embedded), [("RebootDBInstance", 1)]);
    assert!(screen.last().contains("SAFE"), "fifteen idle minutes: {}", screen.last());
}

#[tokio::test(start_paused = true)]
async fn a_name_pasted_with_a_line_break_or_mistyped_confirms_nothing() {
    let name = "production-nextcore-db";
    for pasted in [format!("{name}\n"), format!("{name}\r"), format!("x\n{name}")] {
        let mut script = typed(2.0, &["6", "x", "f"]);
        script.push((2.0, Msg::Paste(pasted.clone())));
        script.extend(typed(1.0, &["<enter>"]));
        let (screen, embedded, _) = play_as(Mode::Armed, (120, 40), script, |_| ()).await;
        assert!(writes(&embedded).is_empty(), "{pasted:?}");
        assert!(screen.first(Duration::ZERO, "line break").is_some(), "{pasted:?}: {}", screen.last());
    }
    let (_, embedded, _) = play_as(Mode::Armed, (120, 40), typed(2.0, &["6", "x", "f", "production-nextcore-bd", "<enter>"]), |_| ()).await;
    assert!(writes(&embedded).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_viewer_looks_at_every_plan_and_sends_none() {
    let script = typed(
        2.0,
        &["6", "x", "f", "production-nextcore-db", "<enter>", ":", "scale web 5", "<enter>", "<right>", "<enter>", ":", "arm", "<enter>"],
    );
    let (screen, embedded, _) = play_as(Mode::Viewer, (120, 40), script, |_| ()).await;
    for what in ["VIEWER: read-only", "aws rds reboot-db-instance", "desired count  3  →  5", "this process cannot write"] {
        assert!(screen.first(Duration::ZERO, what).is_some(), "{what}: {}", screen.last());
    }
    assert!(writes(&embedded).is_empty());
}

#[tokio::test(start_paused = true)]
async fn leaving_while_something_is_under_way_takes_two_keys() {
    let script = typed(2.0, &["3", "x", "s", "<bs>", "5", "<enter>", "<right>", "<enter>", "<esc>", "q"]);
    let (screen, _, quit) = play_as(Mode::Armed, (120, 40), script.clone(), |_| ()).await;
    assert!(!quit && screen.last().contains("press q again to quit"), "{}", screen.last());
    let (_, _, quit) = play_as(Mode::Armed, (120, 40), [script, typed(0.5, &["q"])].concat(), |_| ()).await;
    assert!(quit);
}

/// Ten thousand random keys each as a viewer and as one who is safe: no panic, no end but by `q` or Ctrl-C, and not one write at the cloud.
#[tokio::test(start_paused = true)]
async fn random_keys_never_write_and_never_panic() {
    use rand::{Rng, SeedableRng};
    for (mode, seed) in [Mode::Viewer, Mode::Safe].into_iter().flat_map(|mode| [1_u64, 2, 3].map(|seed| (mode, seed))) {
        let mut rng = rand_pcg::Pcg32::seed_from_u64(seed);
        let pool: Vec<Key> = (' '..='~')
            .filter(|c| *c != 'q')
            .map(Key::char)
            .chain([
                ENTER,
                ESC,
                Key::new(Code::Tab),
                Key::new(Code::BackTab),
                Key::new(Code::Up),
                Key::new(Code::Down),
                Key::new(Code::Left),
                Key::new(Code::Right),
                Key::new(Code::PageUp),
                Key::new(Code::PageDown),
                Key::new(Code::Home),
                Key::new(Code::End),
                Key::new(Code::Backspace),
                Key::ctrl('d'),
                Key::ctrl('k'),
                Key::ctrl('r'),
                Key::ctrl('u'),
            ])
            .collect();
        let script = (0..3400).map(|_| (0.01, Msg::Key(pool[rng.random_range(0..pool.len())]))).collect();
        let (screen, embedded, quit) = play_as(mode, (100, 30), script, |_| ()).await;
        assert!(!quit, "seed {seed}: something other than q and Ctrl-C ended the program");
        assert!(screen.frames.len() > 100, "seed {seed}");
        let writes = embedded.cloud.requests().iter().filter(|r| r.is_write).count();
        assert_eq!(writes, 0, "seed {seed}");
    }
}

/// What a terminal sends, read by read, after these pauses in seconds.
type Reads = Vec<(f64, Vec<u8>)>;

/// The same as from a terminal: bytes as they come.
async fn play_bytes(reads: Reads) -> (Recorder, Embedded) {
    let (sender, receiver) = tokio::sync::mpsc::channel(64);
    tokio::spawn(async move {
        for (after, bytes) in reads {
            sleep(Duration::from_secs_f64(after)).await;
            if sender.send(bytes).await.is_err() {
                return;
            }
        }
        sleep(Duration::from_mins(4)).await;
    });
    let input = nextcore_top::shell::keys::messages(receiver);
    on_the_loop(Mode::Armed, (100, 30), Box::pin(input), |_| ()).await
}

/// Texts that would carry something out, if they were keys while a plan is open or while nothing is.
const FATAL: [&str; 6] = ["\t\r", "\r\t\r", "3xs\r\t\r", "x\t\ty\r", "\x1b[C\r", ":scale web 5\r\t\r"];

/// Keys that cannot confirm (no Tab, no arrow to the button that goes on), plans that are opened on the way, and between them pastes whose
/// text would confirm. As pastes they are cut into single bytes; `typed` sends the text alone, as a terminal without marks would.
fn armed_script(seed: u64, keys: usize, typed: bool) -> Reads {
    use rand::{Rng, SeedableRng};
    let mut rng = rand_pcg::Pcg32::seed_from_u64(seed);
    let harmless: Vec<char> = (' '..='~').filter(|c| *c != 'q').chain(['\r', '\u{7f}', '\u{15}']).collect();
    let mut reads: Reads = vec![(2.0, Vec::new())];
    let type_out = |reads: &mut Reads, bytes: &[u8], gap: f64| reads.extend(bytes.iter().map(|b| (gap, vec![*b])));
    let mut pressed = 0;
    while pressed < keys {
        match rng.random_range(0..60) {
            // A plan of a harmless kind on the screen: the web portal, scaled by one.
            0 => {
                for _ in 0..8 {
                    reads.push((0.5, vec![0x1b]));
                }
                reads.push((0.5, b"3".to_vec()));
                type_out(&mut reads, b"xs\x7f+1\r", 0.05);
                reads.push((2.5, Vec::new()));
                pressed += 15;
            }
            1..=3 => {
                let text = FATAL[rng.random_range(0..FATAL.len())];
                let bytes = if typed { text.to_owned() } else { format!("\x1b[200~{text}\x1b[201~") };
                type_out(&mut reads, bytes.as_bytes(), f64::from(rng.random_range(1..90)) / 1000.0);
                pressed += 1;
            }
            4 => {
                // A sequence that is no key at all, cut anywhere.
                let sequence = ["\x1b[I", "\x1b[O", "\x1b[12;40R", "\x1b[A", "\x1b[B", "\x1b[5~"][rng.random_range(0..6)];
                type_out(&mut reads, sequence.as_bytes(), 0.08);
                pressed += 1;
            }
            _ => {
                let mut utf8 = [0; 4];
                let c = harmless[rng.random_range(0..harmless.len())];
                reads.push((0.01, c.encode_utf8(&mut utf8).as_bytes().to_vec()));
                pressed += 1;
            }
        }
    }
    reads
}

/// Ten thousand keys while armed, pastes in pieces among them: plans are open when they come, and not one is carried out.
#[tokio::test(start_paused = true)]
async fn ten_thousand_armed_keys_with_pastes_in_pieces_send_nothing_that_was_not_confirmed() {
    for seed in [11_u64, 12, 13] {
        let (screen, embedded) = play_bytes(armed_script(seed, 3400, false)).await;
        let plans = screen.frames.iter().filter(|(_, text)| text.contains("[ Run ]")).count();
        assert!(plans > 20, "seed {seed}: plans were hardly ever open ({plans} frames): the test tests nothing");
        assert_eq!(writes(&embedded), [], "seed {seed}");
    }
}

/// What the test above would see if a paste became keys: without marks, and too slow to be told from typing, the same texts do confirm.
#[tokio::test(start_paused = true)]
async fn the_same_texts_as_keys_would_be_carried_out() {
    let (_, embedded) = play_bytes(armed_script(11, 3400, true)).await;
    assert!(!writes(&embedded).is_empty());
}

/// A terminal that marks no pastes: several lines at once are no keys either.
#[tokio::test(start_paused = true)]
async fn lines_that_come_at_once_without_marks_are_no_keys() {
    let open = [(2.0, b"3".to_vec()), (0.1, b"xs\x7f+1".to_vec()), (0.1, b"\r".to_vec())];
    let pasted = (3.0, b"some text\r\t\rand more\r".to_vec());
    let (screen, embedded) = play_bytes([&open[..], &[pasted]].concat()).await;
    assert!(screen.first(Duration::ZERO, "[ Run ]").is_some(), "{}", screen.last());
    assert!(writes(&embedded).is_empty(), "{:?}", writes(&embedded));
    // The same plan, confirmed by hand.
    let confirmed = [(3.0, b"\t".to_vec()), (0.2, b"\r".to_vec())];
    let (_, embedded) = play_bytes([&open[..], &confirmed].concat()).await;
    assert_eq!(writes(&embedded), [("UpdateService", 1)]);
}
