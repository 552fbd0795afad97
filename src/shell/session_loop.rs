//! The only loop: input, stores and time go into a session; its effects go to the engine and the terminal; a frame is drawn when something
//! visible changed. Generic over the backend and the input, so that tests drive the real loop in virtual time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use ratatui::Terminal;
use ratatui::backend::Backend;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::incident::Watcher;
use chrono::{Local, TimeZone};
use nextcore_core::incident::{Happening, Incident};
use nextcore_core::insight::Watch;
use nextcore_core::model::Time;
use nextcore_core::model::action::Request;
use nextcore_core::model::log::LogTail;
use nextcore_core::model::section::Section;
use nextcore_core::model::stack::Stack;
use nextcore_core::session::{Effect, Kept, Msg, Session, Tone, update};
use nextcore_core::theme::Theme;
use nextcore_core::view;
use nextcore_live::aws::action::Handoff;
use nextcore_live::aws::authority::Authority;
use nextcore_live::engine::action::{Order, Report};
use nextcore_live::engine::clock::Clock;
use nextcore_live::engine::{Feed, Wish};

/// Frames are at least this far apart while data pours in; a key is drawn at once.
const FRAME_GAP: Duration = Duration::from_millis(33);
const TICK: Duration = Duration::from_secs(1);

/// What the loop asks of the one who owns the terminal.
pub trait Host {
    /// Stop until `fg`; the terminal's size after it, if there is a terminal.
    #[expect(async_fn_in_trait, reason = "awaited on the thread that owns the terminal, never sent to another")]
    async fn suspend(&mut self) -> io::Result<Option<(u16, u16)>> {
        Ok(None)
    }
    /// Put text on the clipboard.
    fn copy(&mut self, _text: &str) -> io::Result<()> {
        Ok(())
    }
    /// Write a file where the user keeps such files: where that is, or why not.
    fn save(&mut self, name: &str, _text: &str) -> Result<String, String> {
        Err(format!("{name} is not saved: this terminal keeps no files"))
    }
    /// Look at these other stacks once; what is seen comes with the input.
    fn glance(&mut self, _stacks: Vec<String>) {}
    /// Make an incident happen in the embedded cloud, or end all (`None`): what was done, or why not.
    fn rehearse(&mut self, _incident: Option<&str>) -> Result<String, String> {
        Err("incidents are rehearsed in 'nextcore-top demo'".to_owned())
    }
    /// The person has done something that matters in an incident, with what is known of those.
    fn person(&mut self, _deed: &Deed<'_>, _incidents: &[Arc<Incident>]) {}
    /// Something has begun or ended, for a title or a bell.
    fn news(&mut self, _happenings: &[Happening]) {}
    /// Keep a walk through a runbook.
    fn keep(&mut self, _walk: Kept) -> Result<(), String> {
        Ok(())
    }
    /// Another stack is to be shown after this session.
    fn switch(&mut self, _stack: String) {}
    /// Give the terminal to a session of ECS Exec, and take it back; the terminal's size after it, or why there was no session.
    #[expect(async_fn_in_trait, reason = "awaited on the thread that owns the terminal, never sent to another")]
    async fn hand_over(&mut self, _session: &Handoff) -> io::Result<Result<Option<(u16, u16)>, String>> {
        Ok(Ok(None))
    }
}

/// What a person does in an incident.
#[derive(Debug)]
pub enum Deed<'a> {
    Acknowledges,
    /// Opens or moves on in a runbook.
    Walks,
    /// Asks for a plan.
    Plans,
    /// Confirms one.
    Does(&'a Request),
}

impl<'a> Deed<'a> {
    fn of(effect: &'a Effect) -> Option<Self> {
        Some(match effect {
            Effect::Acknowledge(_) => Self::Acknowledges,
            Effect::Keep(_) => Self::Walks,
            Effect::Plan(_) => Self::Plans,
            Effect::Execute(plan, _) => Self::Does(&plan.request),
            _ => return None,
        })
    }
}

/// A terminal that frames are drawn on.
pub trait Screen {
    /// Draws one frame.
    fn draw(&mut self, session: &Session, theme: &Theme) -> io::Result<()>;
}

impl<B: Backend> Screen for Terminal<B>
where
    B::Error: Send + Sync + 'static,
{
    fn draw(&mut self, session: &Session, theme: &Theme) -> io::Result<()> {
        let drawn = Terminal::draw(self, |frame| {
            let area = frame.area();
            view::draw(session, theme, area, frame.buffer_mut());
        });
        drawn.map(|_| ()).map_err(|e| as_it_is(e.into()))
    }
}

/// An error of a terminal keeps its number: by that, one that was closed is told from one that failed.
fn as_it_is(e: Box<dyn std::error::Error + Send + Sync>) -> io::Error {
    e.downcast::<io::Error>().map_or_else(io::Error::other, |e| *e)
}

/// What a loop works with.
#[derive(Debug)]
pub struct Parts {
    /// The session's end of the engine.
    pub feed: Feed,
    /// The screen's clock.
    pub clock: Clock,
    /// The watched stack, for judgement.
    pub stack: Stack,
    /// The look.
    pub theme: Theme,
    /// What this process may do.
    pub authority: Authority,
    /// What tells what is happening.
    pub watcher: Watcher,
    /// Who sits here.
    pub user: String,
}

/// Runs a session until it quits or its input ends.
pub async fn run<T: Screen + Host>(
    screen: &mut T,
    mut input: impl Stream<Item = Msg> + Unpin,
    mut session: Session,
    parts: Parts,
) -> io::Result<Session> {
    let Parts { feed, clock, stack, mut theme, authority, watcher, user } = parts;
    let mut ends = Ends { feed, watcher, authority, user };
    let mut watch = Watch::default();
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut next_frame = Instant::now();
    let mut engine_alive = true;
    // Asked for each moment: an hour of summer time is right.
    session.set_zone(Arc::new(|at: Time| Local.offset_from_utc_datetime(&at.naive_utc())));
    update(&mut session, Msg::Incidents(ends.watcher.known()));
    screen.draw(&session, &theme)?;
    session.take_dirty();
    loop {
        let msg = tokio::select! {
            biased;
            msg = input.next() => match msg {
                // Input comes first and is drawn with the next frame, whatever else is going on.
                Some(msg) => { next_frame = Instant::now(); msg }
                None => return Ok(session),
            },
            () = sleep_until(next_frame), if session.dirty() => {
                screen.draw(&session, &theme)?;
                session.take_dirty();
                next_frame = Instant::now() + FRAME_GAP;
                continue;
            }
            changed = ends.feed.store.changed(), if engine_alive => {
                if changed.is_err() { engine_alive = false; continue; }
                let store = Arc::clone(&ends.feed.store.borrow_and_update());
                let judgement = watch.observe(&store, &stack, clock.now());
                ends.watcher.offer(&store, &judgement, &stack, clock.now());
                Msg::Observed(store, judgement)
            }
            found = ends.watcher.found() => {
                if let Some(why) = found.damage.first() {
                    update(&mut session, Msg::Flash(why.clone(), Tone::Error));
                }
                screen.news(&found.happenings);
                Msg::Incidents(found.incidents)
            }
            Some(report) = ends.feed.reports.recv() => match report {
                Report::News(news) => Msg::Acted(news),
                Report::Query(news) => Msg::Queried(news),
                Report::Handoff(handoff) => match screen.hand_over(&handoff).await? {
                    Ok(Some((columns, rows))) => Msg::Resize(columns, rows),
                    Ok(None) => continue,
                    Err(why) => Msg::Flash(why.replace('\n', " "), Tone::Error),
                },
            },
            _ = tick.tick() => Msg::Tick(clock.now()),
        };
        if matches!(msg, Msg::Key(_) | Msg::Paste(_)) {
            ends.authority.touch();
        }
        show(&ends.authority, &mut session);
        if let Msg::Focus(focused) = msg {
            ends.feed.wishes.make(Wish::Focus(focused));
        }
        for effect in update(&mut session, msg) {
            match effect {
                Effect::Quit => return Ok(session),
                Effect::Suspend => {
                    // A stopped job is not told that its window has changed.
                    if let Some((columns, rows)) = screen.suspend().await? {
                        update(&mut session, Msg::Resize(columns, rows));
                    }
                    screen.draw(&session, &theme)?;
                }
                Effect::Switch(stack) => {
                    screen.switch(stack);
                    return Ok(session);
                }
                Effect::Theme(name) => change(&mut theme, name.as_deref(), &mut session),
                effect => ends.carry(screen, &mut session, effect, clock.now())?,
            }
        }
        show(&ends.authority, &mut session);
    }
}

/// Where effects go that neither end the session nor take its terminal.
struct Ends {
    feed: Feed,
    watcher: Watcher,
    authority: Authority,
    user: String,
}

impl Ends {
    fn carry<T: Host>(&mut self, screen: &mut T, session: &mut Session, effect: Effect, now: Time) -> io::Result<()> {
        let Self { feed, watcher, authority, user } = self;
        if let Some(deed) = Deed::of(&effect) {
            screen.person(&deed, session.incidents());
        }
        match effect {
            Effect::Quit | Effect::Suspend | Effect::Switch(_) | Effect::Theme(_) => {}
            Effect::Copy(text) => screen.copy(&text)?,
            Effect::Save { name, text } => said(session, screen.save(&name, &text)),
            Effect::Acknowledge(id) => {
                let all = watcher.acknowledge(&id, user, now, session.incidents());
                update(session, Msg::Incidents(all));
            }
            Effect::Keep(walk) => kept(session, screen.keep(*walk)),
            Effect::Glance(stacks) => screen.glance(stacks),
            Effect::Inject(incident) => said(session, screen.rehearse(Some(&incident))),
            Effect::Heal => said(session, screen.rehearse(None)),
            Effect::Closely(closely) => feed.wishes.make(Wish::Closely(closely)),
            Effect::Needs { all, front, member } => feed.wishes.make(Wish::Needs { all, front, member }),
            Effect::Older(to) => {
                feed.wishes.make(Wish::Older(to));
                feed.wishes.make(Wish::Refresh([LogTail::KEY].into()));
            }
            Effect::Refresh(keys) => feed.wishes.make(Wish::Refresh(keys)),
            Effect::Plan(request) => order(feed, session, Order::Plan(request)),
            Effect::Execute(plan, typed) => order(feed, session, Order::Execute(plan, typed)),
            Effect::Seen(id) => order(feed, session, Order::Seen(id)),
            Effect::Query(ask) => order(feed, session, Order::Query(ask)),
            Effect::Arm => {
                if let Err(why) = authority.arm() {
                    update(session, Msg::Flash(why.to_string(), Tone::Error));
                }
            }
            Effect::Disarm => authority.disarm(),
        }
        Ok(())
    }
}

/// Draws with another theme from now on, and says with which.
fn change(theme: &mut Theme, name: Option<&str>, session: &mut Session) {
    let result = if let Some(other) = theme.other(name) {
        *theme = other;
        Ok(format!("theme {}: {}", theme.name, theme.about))
    } else {
        Err(format!("no theme '{}'; there are {}", name.unwrap_or_default(), Theme::names().collect::<Vec<_>>().join(", ")))
    };
    said(session, result);
}

/// The authority decides, the session shows: arming lapses by itself.
fn show(authority: &Authority, session: &mut Session) {
    if authority.mode() != session.mode() {
        update(session, Msg::Mode(authority.mode()));
    }
}

/// What was done, or why not, in the last row.
fn said(session: &mut Session, result: Result<String, String>) {
    let (text, tone) = match result {
        Ok(text) => (text, Tone::Done),
        Err(why) => (why.lines().next().unwrap_or_default().to_owned(), Tone::Error),
    };
    update(session, Msg::Flash(text, tone));
}

/// A walk that is not kept is said: another dashboard would not see it.
fn kept(session: &mut Session, result: Result<(), String>) {
    if let Err(why) = result {
        update(session, Msg::Flash(why, Tone::Error));
    }
}

/// An order that cannot be taken is said, never dropped silently.
fn order(feed: &Feed, session: &mut Session, order: Order) {
    if feed.orders.try_send(order).is_err() {
        update(session, Msg::Flash("not connected yet: nothing was sent, try again".to_owned(), Tone::Error));
    }
}
