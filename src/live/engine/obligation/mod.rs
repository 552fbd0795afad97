//! The keeper of obligations: registers one on disk and in the audit log before its first call leaves, and has it carried by a task of its
//! own until AWS shows that it was put right. It knows no screens; sessions and commands read `standing`. The runner of actions owns it.

mod carrier;
pub mod files;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::action::audit::Audit;
use super::clock::Clock;
use crate::aws::Clients;
use crate::aws::authority::Operator;
use crate::aws::obligation::{Shown, look};
use carrier::Carrier;
use files::{Files, Hold};
use nextcore_core::model::audit::{AuditEntry, Told};
use nextcore_core::model::identity::Identity;
use nextcore_core::model::obligation::{Holder, Obligation, Phase, Standing};
use nextcore_core::model::store::Store;

/// How often the folder is looked at for what other processes have left.
const SCAN: Duration = Duration::from_secs(30);

/// What the keeper works with.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    /// Gated clients.
    pub(crate) clients: Clients,
    pub(crate) clock: Clock,
    /// Where it is recorded.
    pub(crate) audit: Audit,
    /// Where obligations live.
    pub(crate) files: Files,
}

/// What became of the action's own call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// AWS has accepted it.
    Accepted,
    /// AWS said no: nothing is owed.
    Refused(String),
    /// Nobody knows: what is owed has to be looked at.
    Open,
}

/// Held by the run whose call makes the obligation; dropped without an answer, the call counts as unknown.
#[derive(Debug)]
pub(crate) struct Ticket(watch::Sender<Option<Answer>>);

impl Ticket {
    /// Says what became of the call.
    pub(crate) fn answered(&self, answer: Answer) {
        self.0.send_replace(Some(answer));
    }
}

#[derive(Debug)]
struct Inner {
    tools: Tools,
    all: Mutex<BTreeMap<String, Standing>>,
    standing: watch::Sender<Arc<Vec<Standing>>>,
    /// What would be put right later is put right now.
    hurry: watch::Sender<bool>,
    /// Something was done that may have settled one: look now.
    poke: watch::Sender<u64>,
}

/// Registers and carries; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Keeper(Arc<Inner>);

impl Keeper {
    pub(crate) fn new(tools: Tools) -> Self {
        let standing = watch::channel(Arc::default()).0;
        Self(Arc::new(Inner { tools, all: Mutex::default(), standing, hurry: watch::channel(false).0, poke: watch::channel(0).0 }))
    }

    /// Puts it on disk, then into the audit log, and has it carried; only then may the first call leave.
    pub(crate) async fn register(&self, obligation: Obligation, operator: &Operator) -> io::Result<Ticket> {
        let tools = &self.0.tools;
        let hold = {
            let obligation = obligation.clone();
            tools.files.aside(move |files| files.register(&obligation)).await?
        };
        let told = Told::Owed { obligation: Box::new(obligation.clone()) };
        if let Err(e) = self.record(&obligation.id, told).await {
            // Nothing has left: nothing is owed.
            let _ = tools.files.settle(&hold);
            return Err(e);
        }
        let (answer, answered) = watch::channel(None);
        self.carry(obligation, hold, Some(operator.clone()), answered, Phase::Sending);
        Ok(Ticket(answer))
    }

    /// Takes over what another process has left, or does not carry in time, and puts it right now; `false` = it is settled.
    pub(crate) async fn adopt(&self, left: &Standing, operator: &Operator) -> io::Result<bool> {
        let (obligation, held) = (left.obligation.clone(), left.holder == Holder::Other);
        let id = obligation.id.clone();
        let hold = self.0.tools.files.aside(move |files| if held { files.seize(&id) } else { files.take(&id) }).await?;
        let Some(hold) = hold else { return Ok(false) };
        let due = Obligation { due: Some(self.0.tools.clock.now()), ..obligation };
        let (_, answered) = watch::channel(Some(Answer::Open));
        tracing::info!(id = due.id, "taken over");
        self.carry(due, hold, Some(operator.clone()), answered, Phase::Waiting);
        Ok(true)
    }

    fn carry(
        &self,
        obligation: Obligation,
        hold: Hold,
        operator: Option<Operator>,
        answered: watch::Receiver<Option<Answer>>,
        phase: Phase,
    ) {
        self.show(Standing { obligation: obligation.clone(), holder: Holder::Us, phase });
        let carrier = Carrier::new(self.clone(), obligation, hold, operator);
        // Detached: neither a slow session nor an end of the run that made it stops it.
        tokio::spawn(carrier.run(answered));
    }

    /// Everything that is owed, as it changes.
    pub(crate) fn standing(&self) -> watch::Receiver<Arc<Vec<Standing>>> {
        self.0.standing.subscribe()
    }

    /// What this process has promised and not yet put right; reminders are not promises.
    pub(crate) fn promises(&self) -> Vec<Standing> {
        let mine = |s: &&Standing| s.holder == Holder::Us && !s.is_reminder();
        self.lock().values().filter(mine).cloned().collect()
    }

    /// Whatever waits to be put right is put right now.
    pub(crate) fn hurry(&self) {
        self.0.hurry.send_replace(true);
    }

    /// It is not the end after all (Ctrl-Z, and back): what is registered from now on waits again.
    pub(crate) fn calm(&self) {
        self.0.hurry.send_replace(false);
    }

    /// Something was done: whoever waits looks again.
    pub(crate) fn poke(&self) {
        self.0.poke.send_modify(|n| *n += 1);
    }

    /// Watches the folder for what other processes have left, and closes what AWS shows to be right; for dashboards.
    pub(crate) async fn scan(self, store: watch::Receiver<Arc<Store>>) {
        let mut poked = self.0.poke.subscribe();
        loop {
            let found = self.0.tools.files.aside(|files| Ok(files.list())).await.unwrap_or_default();
            let known = store.borrow().get::<Identity>().map(|i| i.account.clone());
            let mut others = BTreeMap::new();
            for (obligation, held) in found.obligations {
                if self.carries(&obligation.id) {
                    continue;
                }
                let ours_to_see = known.as_ref() == Some(&obligation.account);
                if !held && ours_to_see && self.close_if_right(&obligation).await {
                    continue;
                }
                let holder = if held { Holder::Other } else { Holder::Nobody };
                others.insert(obligation.id.clone(), Standing { obligation, holder, phase: Phase::Waiting });
            }
            self.change(|all| {
                all.retain(|_, s| s.holder == Holder::Us);
                for (id, standing) in others {
                    all.entry(id).or_insert(standing);
                }
            });
            // Before the account is known nothing can be closed: then soon again.
            let span = if known.is_some() { SCAN } else { Duration::from_secs(2) };
            tokio::select! {
                biased;
                () = tokio::time::sleep(span) => {}
                _ = poked.changed() => {}
            }
        }
    }

    /// Nobody carries it, and AWS shows that it is right: it is closed. Nothing is written to AWS here.
    async fn close_if_right(&self, obligation: &Obligation) -> bool {
        let tools = &self.0.tools;
        let text = match look(&tools.clients, &obligation.owed).await {
            Ok(Shown::Right) => {
                let by = self.put_right_by(obligation).await;
                by.unwrap_or_else(|| "already restored by someone else".to_owned())
            }
            Ok(Shown::Gone) => "the resource is gone".to_owned(),
            Ok(Shown::Owed) | Err(_) => return false,
        };
        let id = obligation.id.clone();
        let Ok(Some(hold)) = tools.files.aside(move |files| files.take(&id)).await else { return false };
        self.record(&obligation.id, Told::Settled { text }).await.is_ok() && tools.files.settle(&hold).is_ok()
    }

    /// Who of the people who use this program on this machine put it right, if one of them did.
    async fn put_right_by(&self, obligation: &Obligation) -> Option<String> {
        let (log, _) = self.0.tools.audit.read_aside(Some(obligation.since)).await;
        obligation.put_right_by(&log)
    }

    fn carries(&self, id: &str) -> bool {
        self.lock().get(id).is_some_and(|s| s.holder == Holder::Us)
    }

    async fn record(&self, id: &str, told: Told) -> io::Result<()> {
        let tools = &self.0.tools;
        tools.audit.write(&AuditEntry { at: tools.clock.now(), id: id.to_owned(), told }).await
    }

    fn show(&self, standing: Standing) {
        self.change(|all| {
            all.insert(standing.obligation.id.clone(), standing);
        });
    }

    fn forget(&self, id: &str) {
        self.change(|all| {
            all.remove(id);
        });
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Standing>)) {
        let mut all = self.lock();
        change(&mut all);
        let mut list: Vec<Standing> = all.values().cloned().collect();
        list.sort_by(|a, b| (a.obligation.since, &a.obligation.id).cmp(&(b.obligation.since, &b.obligation.id)));
        self.0.standing.send_if_modified(|now| {
            let changed = **now != list;
            *now = Arc::new(list);
            changed
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Standing>> {
        self.0.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
