//! The dashboard in this terminal: takes it, draws before there is any data, connects meanwhile, and gives it back on every way out.

use std::io::{self, IsTerminal};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use futures_util::stream::{self, Stream, StreamExt};
use futures_util::{FutureExt, future};
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::acts::{acts, walks, who};
use super::backend::{Demo, Target, is_another_account, watch_hope};
use super::failure::Failure;
use super::game::Game;
use super::glance::Glances;
use super::handoff;
use super::headless::print;
use super::incident::Watcher;
use super::incident::folder::Folder;
use super::incident::notify::Teller;
use super::keys::{self, Keyboard};
use super::leaving::leave;
use super::runbook::Keeper;
use super::session_loop::{self, Deed, Host, Parts, Screen};
use super::signals::{Ending, clear_the_way, ending};
use super::terminal::{Guard, copy};
use super::tty;
use crate::config::Settings;
use crate::config::args::Global;
use crate::config::environment::Environment;
use nextcore_core::incident::{Happening, Incident};
use nextcore_core::model::mode::Mode;
use nextcore_core::session::{Kept, Msg, Session, SessionOptions};
use nextcore_core::theme::Theme;
use nextcore_live::aws::action::Handoff;
use nextcore_live::aws::authority::Authority;
use nextcore_live::engine::action::Runner;
use nextcore_live::engine::clock::Clock;
use nextcore_live::engine::{self, Engine};
use nextcore_sim::world::Scenario;

/// The terminal, and what has to be put right before it is stopped.
struct Here<'a> {
    guard: Guard,
    runner: Arc<OnceLock<Runner>>,
    glances: Glances,
    keeper: Keeper,
    demo: Option<Demo>,
    game: Option<Game>,
    teller: Teller,
    /// Where files are saved that cannot be saved here.
    saved: Option<PathBuf>,
    next: &'a OnceLock<String>,
}

impl Host for Here<'_> {
    async fn suspend(&mut self) -> io::Result<Option<(u16, u16)>> {
        let promised = self.runner.get().filter(|r| !r.promises().is_empty());
        if let Some(runner) = promised {
            self.guard.let_go();
            leave(runner).await;
        }
        let size = self.guard.suspend().await;
        if let Some(runner) = self.runner.get() {
            runner.stay();
        }
        size.map(Some)
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        copy(text)
    }

    fn save(&mut self, name: &str, text: &str) -> Result<String, String> {
        super::saved::save(name, text, self.saved.as_deref())
    }

    fn news(&mut self, happenings: &[Happening]) {
        self.teller.tell(happenings);
        if let Some(game) = &self.game {
            game.told(happenings);
        }
    }

    fn person(&mut self, deed: &Deed<'_>, incidents: &[Arc<Incident>]) {
        if let Some(game) = &self.game {
            game.did(deed, incidents);
        }
    }

    fn glance(&mut self, stacks: Vec<String>) {
        self.glances.begin(stacks);
    }

    fn keep(&mut self, walk: Kept) -> Result<(), String> {
        self.keeper.keep(walk)
    }

    fn rehearse(&mut self, incident: Option<&str>) -> Result<String, String> {
        if self.game.is_some() {
            return Err("a game day: what happens is not yours to choose".to_owned());
        }
        let demo = self.demo.as_ref().ok_or("this is no embedded cloud: nothing is rehearsed here")?;
        let cloud = demo.cloud.get().ok_or("the embedded cloud is not there yet: try again")?;
        let Some(incident) = incident else {
            let over = cloud.in_force().into_iter().map(|f| f.name).collect::<Vec<_>>();
            cloud.heal();
            return Ok(if over.is_empty() { "nothing lasts".to_owned() } else { format!("healed: {}", over.join(", ")) });
        };
        let scenario = Scenario::parse(incident).map_err(|e| e.to_string())?;
        cloud.inject(&scenario);
        Ok(format!("injected {scenario}; :heal ends it"))
    }

    fn switch(&mut self, stack: String) {
        let _ = self.next.set(stack);
    }

    async fn hand_over(&mut self, session: &Handoff) -> io::Result<Result<Option<(u16, u16)>, String>> {
        let keys = self.guard.give()?;
        let stopped = async {
            match self.runner.get() {
                Some(runner) => runner.stopped(&session.task).await,
                None => future::pending().await,
            }
        };
        let ended = handoff::relayed(session, keys, stopped).await;
        let size = self.guard.take_back()?;
        Ok(ended.map(|()| Some(size)))
    }
}

impl Screen for Here<'_> {
    fn draw(&mut self, session: &Session, theme: &Theme) -> io::Result<()> {
        self.guard.mend()?;
        Screen::draw(&mut self.guard.terminal, session, theme)
    }
}

/// Runs the dashboard until the user leaves, the line closes, or nothing can be shown without a restart. Whatever may pass is waited for.
/// `next` is the stack that was chosen to be shown after it, if one was.
pub(super) async fn run(
    target: Target,
    flags: &Global,
    settings: &Settings,
    env: &Environment,
    next: &OnceLock<String>,
) -> Result<ExitCode, Failure> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Failure::cannot_tell("the dashboard needs a terminal\n  next: use 'nextcore-top snapshot' in scripts and pipes"));
    }
    let place = target.place(settings);
    let (feed, ends) = engine::channel_at(place.clone());
    let mode = target.mode(settings);
    let authority = Authority::querying(mode, settings.insights);
    let acts = acts(&target, settings, env, authority.clone());
    let parts = Parts {
        feed,
        clock: target.clock(),
        stack: target.stack(settings),
        theme: settings.theme.clone(),
        authority,
        watcher: Watcher::new(Folder::of(&target, settings, env), settings.incidents.rules.clone()),
        user: env.user.clone().unwrap_or_else(|| "somebody".to_owned()),
    };
    let (connecting, connected, clock) = (settings.clone(), target.clone(), parts.clock.clone());
    let runner: Arc<OnceLock<Runner>> = Arc::default();
    let slot = Arc::clone(&runner);
    let engine: JoinHandle<Result<Engine, _>> = tokio::spawn(async move {
        let engine = connected.start_at_last(&connecting, clock, ends, acts).await?;
        let _ = slot.set(engine.runner().clone());
        Ok(engine)
    });
    // Signals first: one that comes while the terminal is being taken must give it back, too.
    let signals = |e| Failure::cannot_tell(format!("signals: {e}"));
    let (continued, by) = (Arc::new(AtomicBool::new(false)), Arc::new(OnceLock::new()));
    let outside = outside(Arc::clone(&continued), Arc::clone(&by)).map_err(signals)?;
    let way = tokio::spawn(clear_the_way());
    let taken = |e| Failure::cannot_tell(format!("cannot open the terminal: {e}"));
    let (game, over) = play(&target, &parts.clock);
    let (glances, glanced) = Glances::of(flags, env);
    let (keeper, kept) = Keeper::start(settings.runbooks.clone(), walks(&target, env), parts.clock.clone());
    let (keyboard, reads) = Keyboard::open().map_err(taken)?;
    let mut here = Here {
        guard: Guard::take(keyboard, continued).map_err(taken)?,
        runner: Arc::clone(&runner),
        glances,
        keeper,
        demo: target.rehearsed(),
        game: game.clone(),
        teller: Teller::begin(settings.incidents.clone(), &parts.stack.name),
        saved: env.saved_folder(),
        next,
    };
    let session = session(&target, &parts, mode, settings).at(place).walking(&who(env).user);
    let ended = {
        let wrong = watch_hope(parts.feed.store.clone(), is_another_account);
        let session =
            AssertUnwindSafe(session_loop::run(&mut here, outside(reads, told([glanced, kept, over])), session, parts)).catch_unwind();
        tokio::pin!(session, wrong);
        let engine = failed(engine);
        tokio::pin!(engine);
        tokio::select! {
            ended = &mut session => ended.map(|ended| ended.map(|_| ()).or_else(gone)),
            reason = &mut engine => Ok(Err(reason)),
            // Nothing is asked of another account than the pinned one, and no wait changes whose these credentials are.
            reason = &mut wrong => Ok(Err(reason)),
        }
    };
    // Whatever giving the terminal back runs into must not skip what is owed.
    let _ = std::panic::catch_unwind(AssertUnwindSafe(|| drop(here)));
    let settled = match runner.get() {
        Some(runner) => leave(runner).await,
        None => true,
    };
    way.abort();
    if let Some(game) = game.filter(|_| matches!(ended, Ok(Ok(())))) {
        print(game.score().trim_end())?;
    }
    match ended {
        Ok(Ok(())) if settled => Ok(ExitCode::from(by.get().map_or(0, |ending: &Ending| ending.code()))),
        // What is left behind was said already.
        Ok(Ok(())) => Ok(ExitCode::from(3)),
        Ok(Err(why)) => Err(Failure::cannot_tell(why)),
        // What was promised has been put right before the panic goes on.
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// The session before any data.
fn session(target: &Target, parts: &Parts, mode: Mode, settings: &Settings) -> Session {
    let simulated = matches!(target, Target::Demo(_));
    let stack = parts.stack.clone();
    Session::new(SessionOptions { stack, mode, simulated, size: tty::size(), now: parts.clock.now() })
        .among(if simulated { Vec::new() } else { settings.choices.clone() })
        .querying(settings.queries.clone(), parts.authority.may_query())
        .rehearsing(target.rehearsals())
}

/// A terminal that was closed while a frame was written is no failure: it is the user who has gone.
fn gone(e: io::Error) -> Result<(), String> {
    let closed = e.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) || e.kind() == io::ErrorKind::BrokenPipe;
    if closed { Ok(()) } else { Err(format!("terminal lost: {e}")) }
}

/// Keeps a started engine alive for ever; resolves only with the reason why there is none.
async fn failed(engine: JoinHandle<Result<Engine, nextcore_live::aws::ConnectError>>) -> String {
    match engine.await {
        Ok(Ok(_engine)) => std::future::pending().await,
        Ok(Err(e)) => e.to_string(),
        Err(e) => format!("cannot start: {e}"),
    }
}

/// Keys, the window's size and the signals that end the program, as one stream; it ends when the terminal is closed or a signal says so,
/// and then it says by which.
fn outside(continued: Arc<AtomicBool>, by: Arc<OnceLock<Ending>>) -> io::Result<impl FnOnce(mpsc::Receiver<Vec<u8>>, Told) -> Input> {
    let ended = ending()?.map(move |which| {
        let _ = by.set(which);
    });
    let resized = signal(SignalKind::window_change())?;
    let cont = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
    let resized = stream::unfold(resized, |mut s| async { s.recv().await.map(|()| (Msg::Resize(tty::size().0, tty::size().1), s)) });
    let cont = stream::unfold(cont, |mut s| async { s.recv().await.map(|()| ((), s)) });
    let cont = cont.map(move |()| {
        continued.store(true, Ordering::SeqCst);
        Msg::Resize(tty::size().0, tty::size().1)
    });
    Ok(move |reads, glanced: Told| {
        // Only the end of the keys is the end: the others never end.
        let keys = keys::messages(reads).map(Some).chain(stream::once(future::ready(None)));
        let all = stream::select(keys, stream::select(stream::select(resized, cont), glanced).map(Some));
        let all = all.take_while(|msg| future::ready(msg.is_some())).filter_map(future::ready);
        Box::pin(all.take_until(ended)) as Input
    })
}

/// What other tasks of the dashboard have to say: how other stacks are, what is kept of walks, that a game is over.
fn told(all: [mpsc::Receiver<Msg>; 3]) -> Told {
    let of = |said| Box::pin(stream::unfold(said, |mut said: mpsc::Receiver<Msg>| async { said.recv().await.map(|msg| (msg, said)) }));
    Box::pin(stream::select_all(all.map(of)))
}

/// The game of the demo, if one is played, and the word that it is over.
fn play(target: &Target, clock: &Clock) -> (Option<Game>, mpsc::Receiver<Msg>) {
    let (over, told) = mpsc::channel(1);
    let demo = target.rehearsed();
    let game = demo.as_ref().and_then(|demo| demo.game).map(|seed| Game::begin(seed, clock.clone()));
    if let Some((game, demo)) = game.clone().zip(demo) {
        tokio::spawn(game.watch(demo.cloud, over));
    }
    (game, told)
}

type Told = std::pin::Pin<Box<dyn Stream<Item = Msg>>>;

/// What comes from outside.
type Input = std::pin::Pin<Box<dyn Stream<Item = Msg>>>;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use nextcore_core::model::Time;
    use ratatui::Terminal;
    use rustix::io::Errno;

    use super::super::tty::Mute;
    use super::*;

    /// Takes nothing, for this reason.
    struct Dead(Errno);

    impl Write for Dead {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    /// A frame that was on its way when the terminal closed: the exit code must not depend on who notices first.
    #[test]
    fn a_frame_into_a_closed_terminal_is_the_user_who_has_gone() {
        let theme = Theme::dark();
        let drawn = |why| {
            let stack = nextcore_core::model::stack::Stack::default();
            let (mode, now) = (Mode::Viewer, Time::default());
            let session = Session::new(SessionOptions { stack, mode, simulated: true, size: (80, 24), now });
            let mut terminal = Terminal::new(Mute::new(Dead(why))).unwrap();
            Screen::draw(&mut terminal, &session, &theme).unwrap_err()
        };
        for closed in [Errno::IO, Errno::PIPE] {
            assert_eq!(gone(drawn(closed)), Ok(()), "{closed}");
        }
        assert!(gone(drawn(Errno::NOSPC)).unwrap_err().starts_with("terminal lost"));
    }
}
