//! The engine: one task per source, polling what somebody looks at, writing the store; and the runner of actions. It knows no screens.
//! `Engine::start` is called by the shell; sessions hold a `Feed`: the newest store to read, and the state of their wishes.

pub mod action;
pub mod clock;
pub mod obligation;
pub mod owner_only;
mod poll;
pub mod query;
pub mod schedule;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand_pcg::Pcg32;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::aws::Clients;
use crate::aws::meter::Meter;
use crate::aws::notice::Notices;
use crate::aws::source::{SOURCES, SourceRow};
use action::{Acts, Order, Report, Runner, Tools};
use clock::Clock;
use nextcore_core::model::Time;
use nextcore_core::model::identity::Identity;
use nextcore_core::model::place::Place;
use nextcore_core::model::section::{Problem, ProblemKind, Section, SectionKey};
use nextcore_core::model::stack::{Stack, is_own};
use nextcore_core::model::store::{SectionState, Store};
use nextcore_core::model::system::NodeId;
use schedule::Look;

type Keys = Arc<BTreeSet<SectionKey>>;

/// What a session may ask of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// These sections are read by something on the screen.
    Needs {
        /// All of them.
        all: BTreeSet<SectionKey>,
        /// Those that the open pane is about; empty on the stack view.
        front: BTreeSet<SectionKey>,
        /// Of which resource the open pane tells, where it is not the first of its kind.
        member: Option<NodeId>,
    },
    /// Something is not healthy: what decides that is asked for more often, until all is well.
    Closely(bool),
    /// Fetch these now.
    Refresh(BTreeSet<SectionKey>),
    /// Read the log back to there; `None` = no further.
    Older(Option<Time>),
    /// The terminal gained or lost the focus.
    Focus(bool),
}

/// What sessions wish, as a state: the newest wish of a kind stands until another is made, however busy the engine is, or not there yet.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    /// All sections, and those in front; none before a screen has said so.
    needs: Option<(Keys, Keys, Option<NodeId>)>,
    closely: bool,
    focused: bool,
    older: Option<Time>,
    /// With the number of the wish that asked for each last.
    refresh: BTreeMap<SectionKey, u64>,
    /// How often anything was asked for by hand.
    refreshes: u64,
}

/// A session's end of them.
#[derive(Debug)]
pub struct Wishes(watch::Sender<Wanted>);

impl Wishes {
    fn channel() -> (Self, watch::Receiver<Wanted>) {
        let nothing = Wanted { needs: None, closely: false, focused: true, older: None, refresh: BTreeMap::new(), refreshes: 0 };
        let (sender, receiver) = watch::channel(nothing);
        (Self(sender), receiver)
    }

    /// Makes a wish; it is never lost.
    pub fn make(&self, wish: Wish) {
        self.0.send_if_modified(|wanted| match wish {
            Wish::Needs { all, front, member } => replace(&mut wanted.needs, Some((Arc::new(all), Arc::new(front), member))),
            Wish::Closely(closely) => replace(&mut wanted.closely, closely),
            Wish::Focus(focused) => replace(&mut wanted.focused, focused),
            Wish::Older(to) => replace(&mut wanted.older, to),
            Wish::Refresh(keys) => {
                wanted.refreshes += 1;
                let number = wanted.refreshes;
                wanted.refresh.extend(keys.into_iter().map(|key| (key, number)));
                true
            }
        });
    }
}

/// Orders that may wait: a person gives them one by one.
const ORDERS: usize = 8;
/// Streams of noise for the polls of one resource beside the first of its kind.
const STREAMS: u64 = 1000;
/// Reports of actions that may wait for a slow session; the runner waits then, too.
const REPORTS: usize = 64;

/// A session's end of the engine.
#[derive(Debug)]
pub struct Feed {
    /// The newest store.
    pub store: watch::Receiver<Arc<Store>>,
    pub wishes: Wishes,
    /// Plans to make and to carry out.
    pub orders: mpsc::Sender<Order>,
    /// What became of them.
    pub reports: mpsc::Receiver<Report>,
}

/// The engine's end, made before there is an engine: the first frame does not wait for credentials.
#[derive(Debug)]
pub struct Ends {
    store: watch::Sender<Arc<Store>>,
    wishes: watch::Receiver<Wanted>,
    orders: mpsc::Receiver<Order>,
    reports: mpsc::Sender<Report>,
}

impl Ends {
    /// Shows why there is no engine yet, as a problem of who we are, and what is waited for; an engine begins anew.
    pub fn explain(&self, problem: Option<Problem>, notices: Vec<String>, now: Time) {
        self.store.send_modify(|store| {
            let store = Arc::make_mut(store);
            match problem {
                Some(problem) => store.fail(Identity::KEY, problem, now),
                None => store.version += 1,
            }
            store.notices = notices;
        });
    }
}

/// A feed and the ends that an engine will serve.
pub fn channel() -> (Feed, Ends) {
    channel_at(Place::default())
}

/// The same of an engine that looks at this place: it is known before there is an engine.
pub fn channel_at(place: Place) -> (Feed, Ends) {
    let (store_tx, store_rx) = watch::channel(Arc::new(Store::at_place(place)));
    let (wishes, wanted) = Wishes::channel();
    let (order_tx, order_rx) = mpsc::channel(ORDERS);
    let (report_tx, report_rx) = mpsc::channel(REPORTS);
    let feed = Feed { store: store_rx, wishes, orders: order_tx, reports: report_rx };
    (feed, Ends { store: store_tx, wishes: wanted, orders: order_rx, reports: report_tx })
}

/// Everything that the polling tasks share.
#[derive(Debug, Clone)]
struct Shared {
    clients: Clients,
    stack: Arc<Stack>,
    /// The resource that is polled in the place of the first of its kind; `stack` is as it sees it.
    member: Option<NodeId>,
    clock: Clock,
    meter: Meter,
    notices: Notices,
    store: Arc<Mutex<Store>>,
    publish: watch::Sender<Arc<Store>>,
}

impl Shared {
    /// Changes the store and shows it to everybody.
    fn change(&self, change: impl FnOnce(&mut Store)) {
        let snapshot = {
            let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
            match &self.member {
                None => change(&mut store),
                Some(node) => store.change_member(node, change),
            }
            store.usage = self.meter.usage(self.clock.speed());
            store.notices = self.notices.all();
            Arc::new(store.clone())
        };
        self.publish.send_replace(snapshot);
    }

    /// The store as the polls see it.
    fn snapshot(&self) -> Arc<Store> {
        let store = Arc::clone(&self.publish.borrow());
        self.member.as_ref().map_or_else(|| Arc::clone(&store), |node| Arc::new(store.of_member(node)))
    }

    /// The same engine, polling one resource beside the first of its kind; `None` where it is none.
    fn of_member(&self, node: NodeId) -> Option<Self> {
        let stack = Arc::new(self.stack.of_member(&node)?);
        Some(Self { stack, member: Some(node), ..self.clone() })
    }
}

/// What the screen looks at, as the polling tasks see it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Attention {
    needs: Arc<BTreeSet<SectionKey>>,
    front: Arc<BTreeSet<SectionKey>>,
    member: Option<NodeId>,
    focused: bool,
    closely: bool,
    older: Option<Time>,
}

impl Attention {
    /// How a section is looked at: that of the first resource of its kind, or of another.
    fn look(&self, row: &SourceRow, member: Option<&NodeId>) -> Look {
        let is_front = self.front.contains(&row.key);
        // A pane of another resource of the kind is open: what only panes read is not asked for this one.
        let of_another = is_front && self.member.as_ref() != member;
        match (self.needs.contains(&row.key) && !(of_another && row.on_demand), is_front, self.front.is_empty()) {
            (_, true, _) if !of_another => Look::Front,
            (true, _, true) => Look::Needed,
            (true, _, false) => Look::Behind,
            (false, ..) => Look::Idle,
        }
    }
}

/// A running engine; dropping it ends every poll.
#[derive(Debug)]
pub struct Engine {
    _tasks: JoinSet<()>,
    runner: Runner,
}

/// What an engine works with.
#[derive(Debug)]
pub struct Setup {
    /// Gated clients.
    pub clients: Clients,
    /// The stack's names.
    pub stack: Arc<Stack>,
    /// The clock that time stamps and intervals follow.
    pub clock: Clock,
    /// Counts what the clients send.
    pub meter: Meter,
    /// What the clients have to say beside their answers.
    pub notices: Notices,
    /// Where the jitter of the polls begins: random for a dashboard among others, fixed for pictures and tests.
    pub jitter: u64,
    /// Who may write, and where it is recorded.
    pub acts: Acts,
}

impl Engine {
    /// Starts polling every source; must be called inside a tokio runtime.
    pub fn start(setup: Setup, ends: Ends) -> Self {
        Self::start_with(SOURCES, setup, ends)
    }

    /// Starts polling these sources only.
    pub fn start_with(rows: &'static [SourceRow], setup: Setup, ends: Ends) -> Self {
        let Setup { clients, stack, clock, meter, notices, jitter, acts } = setup;
        let tools = Tools {
            clients: clients.clone(),
            stack: Arc::clone(&stack),
            clock: clock.clone(),
            meter: meter.clone(),
            acts,
            store: ends.store.subscribe(),
        };
        meter.budget().pace(clock.speed());
        let runner = Runner::new(tools);
        let store = Arc::new(Mutex::new(ends.store.borrow().anew()));
        let all: BTreeSet<SectionKey> = rows.iter().filter(|r| !r.on_demand && stack.reads(r.key)).map(|r| r.key).collect();
        let shared = Arc::new(Shared { clients, stack, member: None, clock, meter, notices, store, publish: ends.store });
        let (attention_tx, attention) = watch::channel(Attention {
            needs: Arc::new(all),
            front: Arc::default(),
            member: None,
            focused: true,
            closely: false,
            older: None,
        });
        let (refresh_tx, refresh) = watch::channel((0_u64, Arc::new(BTreeSet::new())));
        let mut tasks = JoinSet::new();
        // The streams are numbered before the choice: what a stack does not have does not move the polls of what it has.
        for (row, stream) in rows.iter().zip(0..).filter(|(row, _)| shared.stack.reads(row.key)) {
            let noise = Pcg32::new(jitter, stream);
            tasks.spawn(poll::run(*row, Arc::clone(&shared), attention.clone(), refresh.clone(), noise));
        }
        for (shared, nth) in shared.stack.members().filter_map(|node| shared.of_member(node)).zip(1..) {
            let shared = Arc::new(shared);
            let system = shared.member.as_ref().map(NodeId::system);
            for (row, stream) in rows.iter().zip(0..).filter(|(row, _)| system.is_some_and(|system| is_own(row.key, system))) {
                // Beyond those of the first resources, whatever their number.
                let noise = Pcg32::new(jitter, stream + nth * STREAMS);
                tasks.spawn(poll::run(*row, Arc::clone(&shared), attention.clone(), refresh.clone(), noise));
            }
        }
        tasks.spawn(notice(Arc::clone(&shared)));
        tasks.spawn(serve(ends.wishes, attention_tx, refresh_tx));
        tasks.spawn(runner.scan());
        tasks.spawn(runner.clone().serve(ends.orders, ends.reports));
        Self { _tasks: tasks, runner }
    }

    /// The runner of actions.
    pub fn runner(&self) -> &Runner {
        &self.runner
    }
}

/// Shows a notice at once: it may be about what keeps everything else from coming.
async fn notice(shared: Arc<Shared>) {
    let mut changes = shared.notices.subscribe();
    loop {
        changes.next().await;
        shared.change(|store| store.version += 1);
    }
}

/// Turns wishes into the two signals that polling tasks watch.
async fn serve(
    mut wishes: watch::Receiver<Wanted>,
    attention: watch::Sender<Attention>,
    refresh: watch::Sender<(u64, Arc<BTreeSet<SectionKey>>)>,
) {
    let mut refreshed = 0;
    loop {
        let wanted = wishes.borrow_and_update().clone();
        attention.send_if_modified(|a| {
            let (needs, front, member) = wanted.needs.unwrap_or_else(|| (Arc::clone(&a.needs), Arc::clone(&a.front), a.member.clone()));
            let seen = replace(&mut a.needs, needs) | replace(&mut a.front, front) | replace(&mut a.member, member);
            let seen = seen | replace(&mut a.older, wanted.older);
            seen | replace(&mut a.closely, wanted.closely) | replace(&mut a.focused, wanted.focused)
        });
        let keys: BTreeSet<SectionKey> = wanted.refresh.into_iter().filter(|(_, number)| *number > refreshed).map(|(key, _)| key).collect();
        refreshed = wanted.refreshes;
        if !keys.is_empty() {
            refresh.send_modify(|(n, k)| (*n, *k) = (*n + 1, Arc::new(keys)));
        }
        if wishes.changed().await.is_err() {
            break;
        }
    }
    // Without sessions the engine goes on by its last attention until it is dropped.
    std::future::pending::<()>().await;
}

fn replace<T: PartialEq>(place: &mut T, value: T) -> bool {
    let changed = *place != value;
    *place = value;
    changed
}

/// What may still come when it is asked for again, after so many failed polls.
fn may_come(problem: &Problem, failures: u64) -> bool {
    match problem.kind {
        ProblemKind::Timeout | ProblemKind::Throttled | ProblemKind::Offline | ProblemKind::Held | ProblemKind::Waiting(_) => true,
        ProblemKind::Malformed => failures < 3,
        ProblemKind::Denied
        | ProblemKind::Credentials
        | ProblemKind::WrongAccount
        | ProblemKind::Clock
        | ProblemKind::NotFound
        | ProblemKind::Service
        | ProblemKind::CutOff => false,
    }
}

/// The sources that are always asked and of which an answer may still come.
pub fn unanswered<'a>(store: &'a Store, stack: &'a Stack) -> impl Iterator<Item = &'static str> + 'a {
    let open = |entry: Option<&SectionState>| {
        entry.is_none_or(|e| e.value.is_none() && e.problem.as_ref().is_none_or(|p| may_come(p, e.failures)))
    };
    let rows = || SOURCES.iter().filter(|row| !row.on_demand);
    let first = rows().filter(move |row| stack.reads(row.key) && open(store.entry(row.key)));
    let others = stack.members().flat_map(move |node| {
        let own = rows().filter(|row| is_own(row.key, node.system()));
        own.filter(|row| open(store.entry_of(&node, row.key))).collect::<Vec<_>>()
    });
    first.chain(others).map(|row| row.title)
}

/// Waits until every source that is always asked has answered, or has said that it will not, or `patience` (on the wall) is over: what times
/// out or is throttled is asked again until then. For reports.
pub async fn settled(feed: &mut Feed, stack: &Stack, patience: Duration) -> Arc<Store> {
    let all_answered = |store: &Arc<Store>| unanswered(store, stack).next().is_none();
    if let Ok(Ok(store)) = tokio::time::timeout(patience, feed.store.wait_for(all_answered)).await {
        return Arc::clone(&store);
    }
    Arc::clone(&feed.store.borrow())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    #[test]
    fn a_pane_about_one_of_several_asks_for_that_one_closely_and_for_the_others_not_at_all() {
        use nextcore_core::model::database::Database;
        use nextcore_core::model::profile::DatabaseLoad;
        let row = |key| SOURCES.iter().find(|row| row.key == key).unwrap();
        let (load, database) = (row(DatabaseLoad::KEY), row(Database::KEY));
        let both = Arc::new(BTreeSet::from([DatabaseLoad::KEY, Database::KEY]));
        let reporting = NodeId::named(nextcore_core::model::system::System::Database, "reporting");
        let at = |member: Option<&NodeId>| Attention {
            needs: Arc::clone(&both),
            front: Arc::clone(&both),
            member: member.cloned(),
            focused: true,
            closely: false,
            older: None,
        };
        let (first, other) = (at(None), at(Some(&reporting)));
        let looks = [(&first, None), (&first, Some(&reporting)), (&other, None), (&other, Some(&reporting))];
        let looks = looks.map(|(attention, member)| [load, database].map(|row| attention.look(row, member)));
        let (front, behind) = ([Look::Front; 2], [Look::Idle, Look::Behind]);
        assert_eq!(looks, [front, behind, behind, front]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_newest_wish_of_a_kind_stands_however_many_were_made_meanwhile() {
        let (wishes, wanted) = Wishes::channel();
        let keys = |key: &'static str| BTreeSet::from([SectionKey(key)]);
        // The engine is not there yet: nobody takes them.
        for i in 0..1000 {
            wishes.make(Wish::Closely(i % 2 == 0));
            wishes.make(Wish::Refresh(keys("metrics")));
        }
        wishes.make(Wish::Refresh(keys("tasks")));
        wishes.make(Wish::Closely(true));
        wishes.make(Wish::Focus(false));
        let all = Attention {
            needs: Arc::new(keys("services")),
            front: Arc::default(),
            member: None,
            focused: true,
            closely: false,
            older: None,
        };
        let (attention_tx, attention) = watch::channel(all.clone());
        let (refresh_tx, refresh) = watch::channel((0, Arc::default()));
        let serving = tokio::spawn(serve(wanted, attention_tx, refresh_tx));
        sleep(Duration::from_millis(1)).await;
        assert_eq!(*attention.borrow(), Attention { focused: false, closely: true, ..all.clone() }, "what nobody said of needs stays");
        assert_eq!(*refresh.borrow().1, BTreeSet::from([SectionKey("metrics"), SectionKey("tasks")]), "the union of what was asked for");
        wishes.make(Wish::Refresh(keys("tasks")));
        wishes.make(Wish::Needs { all: keys("tasks"), front: keys("tasks"), member: None });
        sleep(Duration::from_millis(1)).await;
        assert_eq!((refresh.borrow().0, (*refresh.borrow().1).clone()), (2, keys("tasks")));
        drop(wishes);
        sleep(Duration::from_millis(1)).await;
        assert!(!serving.is_finished() && attention.borrow().closely && *attention.borrow().needs == keys("tasks"));
    }
}
