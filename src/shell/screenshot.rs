//! `screenshot`: the demo at a fixed seed and virtual time as SVG files, for the docs. The same code draws, judges and polls as in the
//! dashboard; only the clock stands still. `--check` says which files are stale.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::embedded::{Embedded, demo_start};
use super::failure::Failure;
use super::headless::print;
use super::svg;
use crate::config::args::ScreenshotArgs;
use crate::engine::clock::Clock;
use crate::engine::oneshot::poll_all;
use crate::input::{Code, Key};
use crate::insight::Watch;
use crate::model::mode::Mode;
use crate::model::stack::Stack;
use crate::model::store::Store;
use crate::session::{Msg, Session, SessionOptions, update};
use crate::sim::world::Scenario;
use crate::theme::{Depth, Glyphs, Theme};
use crate::view;

/// Where a picture's story stands when it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    /// A quiet morning.
    Calm,
    /// The web portal is being deployed.
    Deploying,
    /// The database's primary has failed a minute ago.
    Incident,
}

/// One picture: file, size, story, keys pressed before it is taken, ASCII without colours.
struct Picture {
    file: &'static str,
    size: (u16, u16),
    story: Story,
    keys: &'static [Key],
    plain: bool,
}

const fn picture(file: &'static str, size: (u16, u16), story: Story, keys: &'static [Key]) -> Picture {
    Picture { file, size, story, keys, plain: false }
}

const ENTER: Key = Key::new(Code::Enter);
const DOWN: Key = Key::new(Code::Down);
const RIGHT: Key = Key::new(Code::Right);

const PICTURES: &[Picture] = &[
    picture("stack-80x24.svg", (80, 24), Story::Deploying, &[]),
    picture("stack-120x40.svg", (120, 40), Story::Deploying, &[]),
    picture("stack-200x60.svg", (200, 60), Story::Deploying, &[]),
    picture("incident-120x40.svg", (120, 40), Story::Incident, &[]),
    picture("service-120x40.svg", (120, 40), Story::Deploying, &[DOWN, RIGHT, ENTER]),
    picture("balancer-120x40.svg", (120, 40), Story::Calm, &[ENTER]),
    picture("alarms-120x40.svg", (120, 40), Story::Incident, &[Key::char('a')]),
    picture("logs-120x40.svg", (120, 40), Story::Calm, &[Key::char('l')]),
    picture("help-120x40.svg", (120, 40), Story::Calm, &[Key::char('?')]),
    Picture { plain: true, ..picture("ascii-80x24.svg", (80, 24), Story::Deploying, &[]) },
];

/// How long the dashboard has been watching when the picture is taken, and how often it looked.
const LOOKS: i32 = 14;
const BETWEEN_LOOKS: TimeDelta = TimeDelta::seconds(5);

/// Writes the pictures, or says which are stale.
pub(super) async fn run(args: &ScreenshotArgs) -> Result<ExitCode, Failure> {
    let mut stale = Vec::new();
    for story in [Story::Calm, Story::Deploying, Story::Incident] {
        let scene = Scene::of(story, args.seed).await;
        for picture in PICTURES.iter().filter(|p| p.story == story) {
            let text = scene.draw(picture);
            let path = args.out.join(picture.file);
            if args.check {
                if fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
                    stale.push(path.display().to_string());
                }
            } else {
                write(&path, &text)?;
                print(&path.display().to_string())?;
            }
        }
    }
    if stale.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::no(format!("stale pictures: {}\n  next: 'nextcore-top screenshot' draws them again", stale.join(", "))))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |e| Failure::cannot_tell(format!("{}: {e}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}

/// What a session has seen by the time of the picture.
struct Scene {
    seen: Vec<(Arc<Store>, crate::insight::Judgement)>,
    stack: Stack,
    clock: Clock,
}

impl Scene {
    async fn of(story: Story, seed: u64) -> Self {
        let clock = Clock::manual(demo_start());
        let embedded = Embedded::new(seed, clock.clone());
        let stack = Stack::default();
        let setup = embedded.setup(&stack);
        match story {
            Story::Calm => clock.advance(TimeDelta::minutes(1)),
            // The demo's routine deployment of the web portal begins 150 s after its start.
            Story::Deploying => clock.advance(TimeDelta::seconds(150)),
            Story::Incident => {
                clock.advance(TimeDelta::minutes(1));
                embedded.cloud.world(|w| w.inject(Scenario::RdsPrimaryFailure));
            }
        }
        let mut watch = Watch::default();
        let mut store = Store::default();
        let mut seen = Vec::new();
        for _ in 0..LOOKS {
            clock.advance(BETWEEN_LOOKS);
            store = poll_all(&setup, store).await;
            let judgement = watch.observe(&store, &stack, clock.now());
            seen.push((Arc::new(store.clone()), judgement));
        }
        Self { seen, stack, clock }
    }

    fn draw(&self, picture: &Picture) -> String {
        let (columns, rows) = picture.size;
        let mut session = Session::new(SessionOptions {
            stack: self.stack.clone(),
            mode: Mode::Safe,
            simulated: true,
            size: picture.size,
            now: self.clock.now(),
        });
        for (store, judgement) in &self.seen {
            update(&mut session, Msg::Observed(Arc::clone(store), judgement.clone()));
        }
        for key in picture.keys {
            update(&mut session, Msg::Key(*key));
        }
        let theme = if picture.plain {
            Theme::terminal().adapted(Depth::Mono, Glyphs::Ascii)
        } else {
            Theme::dark().adapted(Depth::True, Glyphs::Unicode)
        };
        let area = Rect::new(0, 0, columns, rows);
        let mut buffer = Buffer::empty(area);
        view::draw(&session, &theme, area, &mut buffer);
        svg::render(&buffer)
    }
}
