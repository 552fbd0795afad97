//! `screenshot`: the demo at a fixed seed and virtual time as SVG files, for the docs, or as state documents, for the tests of the view. The
//! same engine and loop as in the dashboard; only the clock is virtual. `--check` says which files are stale.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use futures_util::future::ready;
use futures_util::{StreamExt, stream};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::document;
use super::embedded::{Embedded, demo_start};
use super::failure::Failure;
use super::headless::print;
use super::incident::Watcher;
use super::session_loop::{self, Host, Parts, Screen};
use super::svg;
use crate::config::args::ScreenshotArgs;
use nextcore_core::input::{Code, Key};
use nextcore_core::model::mode::Mode;
use nextcore_core::model::stack::Stack;
use nextcore_core::runbook::Library;
use nextcore_core::session::{Msg, Session, SessionOptions};
use nextcore_core::theme::{Depth, Glyphs, Theme};
use nextcore_core::view;
use nextcore_live::aws::authority::Authority;
use nextcore_live::engine::action::Acts;
use nextcore_live::engine::clock::Clock;
use nextcore_live::engine::{Engine, channel};
use nextcore_sim::world::{Az, Scenario};
use tokio::time::sleep;

/// Where a picture's story stands when it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    /// A quiet morning.
    Calm,
    /// The web portal is being deployed.
    Deploying,
    /// The database's primary has failed a minute ago.
    Incident,
    /// A zone has lost power a minute ago.
    Outage,
}

/// One picture: file, size, story, keys pressed before it is taken, ASCII without colours.
struct Picture {
    file: &'static str,
    size: (u16, u16),
    story: Story,
    /// Keys pressed at the start: what their pane needs is asked for as long as it is watched.
    first: &'static [Key],
    keys: &'static [Key],
    /// Words typed after the keys; Enter is `⏎`, the right arrow `→`. Then the dashboard is armed, and what is sent is waited for.
    acts: Option<&'static str>,
    plain: bool,
}

const fn picture(file: &'static str, size: (u16, u16), story: Story, keys: &'static [Key]) -> Picture {
    Picture { file, size, story, first: &[], keys, acts: None, plain: false }
}

/// A picture of an action on the stack.
const fn acting(file: &'static str, size: (u16, u16), words: &'static str) -> Picture {
    Picture { acts: Some(words), ..picture(file, size, Story::Calm, &[]) }
}

const ENTER: Key = Key::new(Code::Enter);

const PICTURES: &[Picture] = &[
    picture("stack-80x24.svg", (80, 24), Story::Deploying, &[]),
    picture("stack-120x40.svg", (120, 40), Story::Deploying, &[]),
    picture("stack-200x60.svg", (200, 60), Story::Deploying, &[]),
    picture("incident-120x40.svg", (120, 40), Story::Incident, &[]),
    picture("incidents-80x24.svg", (80, 24), Story::Incident, &[Key::char('i')]),
    picture("incidents-120x40.svg", (120, 40), Story::Incident, &[Key::char('i')]),
    picture("runbook-80x24.svg", (80, 24), Story::Incident, &[Key::char('b')]),
    picture("service-120x40.svg", (120, 40), Story::Deploying, &[Key::char('3'), ENTER]),
    picture("database-120x40.svg", (120, 40), Story::Incident, &[Key::char('6'), ENTER]),
    picture("balancer-120x40.svg", (120, 40), Story::Calm, &[ENTER]),
    picture("alarms-120x40.svg", (120, 40), Story::Incident, &[Key::char('a')]),
    picture("logs-120x40.svg", (120, 40), Story::Calm, &[Key::char('L')]),
    picture("charts-120x40.svg", (120, 40), Story::Deploying, &[Key::char('c')]),
    picture("query-120x40.svg", (120, 40), Story::Calm, &[Key::char('Q'), Key::new(Code::Down), ENTER]),
    picture("network-120x40.svg", (120, 40), Story::Calm, &[Key::char('n')]),
    picture("zones-120x40.svg", (120, 40), Story::Incident, &[Key::char('z')]),
    picture("flows-120x40.svg", (120, 40), Story::Calm, &[Key::char('F')]),
    picture("flows-200x60.svg", (200, 60), Story::Incident, &[Key::char('F')]),
    picture("verify-120x40.svg", (120, 40), Story::Calm, &[Key::char('V')]),
    picture("help-120x40.svg", (120, 40), Story::Calm, &[Key::char('?')]),
    acting("actions-120x40.svg", (120, 40), "3x"),
    acting("plan-80x24.svg", (80, 24), "3xs⌫4⏎→"),
    acting("plan-120x40.svg", (120, 40), "3xs⌫4⏎→"),
    acting("confirm-80x24.svg", (80, 24), "6xfproduction-nextc"),
    acting("confirm-120x40.svg", (120, 40), "6xfproduction-nextc"),
    acting("watch-80x24.svg", (80, 24), "6xfproduction-nextcore-db⏎‥"),
    acting("watch-120x40.svg", (120, 40), "6xfproduction-nextcore-db⏎‥"),
    acting("outcome-80x24.svg", (80, 24), "3xs⌫4⏎→⏎…"),
    acting("outcome-120x40.svg", (120, 40), "3xs⌫4⏎→⏎…"),
    Picture { plain: true, ..picture("ascii-80x24.svg", (80, 24), Story::Deploying, &[]) },
];

/// How long the dashboard has been watching when the picture is taken.
const WATCHED: Duration = Duration::from_secs(70);
/// After the keys the engine answers what their pane needs, and a run has begun.
const AFTER_KEYS: Duration = Duration::from_secs(2);

/// The way to the database's pane.
const DATABASE: &[Key] = &[Key::char('6'), ENTER];

/// A document: the database's pane is open, so that everything is asked for.
const fn document(file: &'static str, story: Story) -> Picture {
    Picture { first: DATABASE, ..picture(file, (120, 40), story, &[]) }
}

/// What the tests of the view are drawn from.
const DOCUMENTS: &[Picture] =
    &[document("healthy.json", Story::Calm), document("deploying.json", Story::Deploying), document("incident.json", Story::Outage)];

/// Writes the pictures or the documents, or says which are stale.
pub(super) fn run(args: &ScreenshotArgs) -> Result<ExitCode, Failure> {
    let mut stale = Vec::new();
    let wanted = wanted(args)?;
    for (picture, text) in wanted.iter().zip(render(&wanted, args)) {
        let (path, text) = (args.out.join(picture.file), text?);
        if !args.check {
            write(&path, &text)?;
            print(&path.display().to_string())?;
        } else if fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
            stale.push(path.display().to_string());
        }
    }
    if stale.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let (what, again) = if args.documents { ("documents", "screenshot --documents' writes") } else { ("pictures", "screenshot' draws") };
    Err(Failure::no(format!("stale {what}: {}\n  next: 'nextcore-top {again} them again", stale.join(", "))))
}

/// Those that were asked for, in the order of the table.
fn wanted(args: &ScreenshotArgs) -> Result<Vec<&'static Picture>, Failure> {
    let all = if args.documents { DOCUMENTS } else { PICTURES };
    if let Some(unknown) = args.files.iter().find(|f| !all.iter().any(|p| p.file == **f)) {
        let known: Vec<_> = all.iter().map(|p| p.file).collect();
        return Err(Failure::usage(format!("no picture '{unknown}'\n  next: one of {}", known.join(", "))));
    }
    Ok(all.iter().filter(|p| args.files.is_empty() || args.files.iter().any(|f| f == p.file)).collect())
}

/// Their texts, in their order. Each has a world and a clock of its own, so they are drawn beside each other.
fn render(wanted: &[&'static Picture], args: &ScreenshotArgs) -> Vec<Result<String, Failure>> {
    let text = |picture: &Picture| {
        let session = live(picture, args.seed)?;
        Ok(if args.documents { document::of(&session) } else { draw(picture, &session) })
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let share = |first: usize| wanted.iter().enumerate().skip(first).step_by(workers).map(|(i, p)| (i, text(p))).collect::<Vec<_>>();
    let drawn = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|first| scope.spawn(move || share(first))).collect();
        workers.into_iter().map(ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    let mut texts: Vec<_> = drawn.into_iter().flat_map(|share| share.unwrap_or_else(|panic| resume_unwind(panic))).collect();
    texts.sort_by_key(|(i, _)| *i);
    texts.into_iter().map(|(_, text)| text).collect()
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |e| Failure::cannot_tell(format!("{}: {e}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}

/// One thread whose clock jumps from timer to timer: minutes pass in no time, and always in the same order.
fn live(picture: &Picture, seed: u64) -> Result<Session, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let runtime = runtime.map_err(|e| Failure::cannot_tell(format!("cannot start: {e}")))?;
    runtime.block_on(watch(picture, seed)).map_err(|e| Failure::cannot_tell(format!("{}: {e}", picture.file)))
}

fn draw(picture: &Picture, session: &Session) -> String {
    let (columns, rows) = picture.size;
    let area = Rect::new(0, 0, columns, rows);
    let mut buffer = Buffer::empty(area);
    view::draw(session, &look(picture), area, &mut buffer);
    svg::render(&buffer)
}

fn look(picture: &Picture) -> Theme {
    if picture.plain { Theme::terminal().adapted(Depth::Mono, Glyphs::Ascii) } else { Theme::dark().adapted(Depth::True, Glyphs::Unicode) }
}

/// The real engine and the real loop on the demo's world, up to the moment of the picture.
async fn watch(picture: &Picture, seed: u64) -> std::io::Result<Session> {
    let clock = Clock::virtual_from(demo_start(), 1.0);
    let embedded = Embedded::new(seed, clock.clone());
    match picture.story {
        Story::Calm => {}
        // The demo's routine deployment of the web portal begins 150 s after its start.
        Story::Deploying => sleep(Duration::from_secs(150)).await,
        Story::Incident => embedded.cloud.world(|w| w.inject(Scenario::RdsPrimaryFailure)),
        Story::Outage => embedded.cloud.world(|w| w.inject(Scenario::AzFailure { az: Az::B })),
    }
    let stack = Stack::default();
    let (feed, ends) = channel();
    let mode = if picture.acts.is_some() { Mode::Armed } else { Mode::Safe };
    let authority = Authority::new(mode);
    let acts = Acts { authority: authority.clone(), ..Acts::none() };
    let _engine = Engine::start(embedded.setup_with(&stack, acts), ends);
    let session = Session::new(SessionOptions { stack: stack.clone(), mode, simulated: true, size: picture.size, now: clock.now() });
    let session = session.querying(BTreeMap::new(), authority.may_query());
    // It begins when what comes before it is over: a picture that is taken in the instant of its last key shows what happened to be ready.
    let after = if picture.keys.is_empty() && picture.acts.is_none() { Duration::ZERO } else { AFTER_KEYS };
    let pause = |span| stream::once(Box::pin(async move { sleep(span).await })).filter_map(|()| ready(None::<Msg>));
    let first = stream::iter(picture.first).map(|key| Msg::Key(*key));
    let keys = stream::iter(picture.keys).map(|key| Msg::Key(*key));
    let words = stream::iter(picture.acts.unwrap_or_default().chars()).then(|c| async move {
        sleep(patience(c)).await;
        key_of(c).map(Msg::Key)
    });
    let books = stream::iter([Msg::Runbooks(Arc::new(Library::builtin()), Vec::new())]);
    let input = books.chain(first).chain(pause(WATCHED)).chain(keys).chain(words.filter_map(ready)).chain(pause(after));
    let (watcher, user) = (Watcher::forgetful(), "ops".to_owned());
    let parts = Parts { feed, clock, stack, theme: look(picture), authority, watcher, user };
    Box::pin(session_loop::run(&mut Canvas, Box::pin(input), session, parts)).await
}

/// A key by its sign.
fn key_of(c: char) -> Option<Key> {
    match c {
        '⏎' => Some(ENTER),
        '→' => Some(Key::new(Code::Right)),
        '⌫' => Some(Key::new(Code::Backspace)),
        '…' | '‥' => None,
        c => Some(Key::char(c)),
    }
}

/// How long it is waited before a key: a plan is read afresh before its buttons are there, and a run is waited for.
fn patience(c: char) -> Duration {
    match c {
        '→' | 'p' => Duration::from_secs(2),
        '‥' => Duration::from_secs(45),
        '…' => Duration::from_secs(150),
        _ => Duration::from_millis(50),
    }
}

/// Frames before the picture are not kept.
struct Canvas;

impl Screen for Canvas {
    fn draw(&mut self, _: &Session, _: &Theme) -> std::io::Result<()> {
        Ok(())
    }
}

impl Host for Canvas {}
