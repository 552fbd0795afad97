//! The detector beside the screen: it works on a thread of its own, on the newest store, so that no frame and no key waits for it; and what it
//! finds is kept in the state folder, where others who watch the same stack see it. Used by the session loop and by `watch`.

use std::collections::BTreeMap;
use std::future::pending;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::folder::Folder;
use super::rules::rules;
use nextcore_core::incident::{Acknowledged, Detector, Happening, Incident};
use nextcore_core::insight::Judgement;
use nextcore_core::model::Time;
use nextcore_core::model::stack::Stack;
use nextcore_core::model::store::Store;

/// Rules are not asked more often than this, however fast answers come.
const GAP: Duration = Duration::from_secs(2);
/// How often the folder is looked at for what others wrote.
const FOLDER: Duration = Duration::from_secs(2);
/// How often an incident that goes on is written down.
const KEEP: Duration = Duration::from_secs(15);

/// How long leaving waits for what was acknowledged to be written.
const PATIENCE: Duration = Duration::from_secs(2);

type Work = JoinHandle<Done>;

/// What comes back from its thread: all that works there, and what was found.
#[derive(Debug)]
struct Done {
    detector: Detector,
    keeper: Keeper,
    happenings: Vec<Happening>,
    damage: Vec<String>,
}

/// What the rules found at the newest store.
#[derive(Debug, Default)]
pub struct Found {
    /// All that are known, the newest first.
    pub incidents: Vec<Arc<Incident>>,
    pub happenings: Vec<Happening>,
    /// What could not be read or kept, to be said once.
    pub damage: Vec<String>,
}

/// The detector, at rest or at work.
#[derive(Debug)]
pub struct Watcher {
    /// None while it works, and where the rules cannot be read.
    rests: Option<(Detector, Keeper)>,
    works: Option<Work>,
    next: Instant,
    damage: Vec<String>,
    /// For what a person acknowledges: a small file, written beside everything else.
    folder: Folder,
    /// Those that are being written: each says when it is, and why not.
    writing: Vec<Receiver<Option<String>>>,
    /// Acknowledged while it worked.
    acknowledged: Vec<Incident>,
}

/// What stands in the folder: read and written on the detector's thread, for a home directory may be slow.
#[derive(Debug)]
struct Keeper {
    folder: Folder,
    looked: Instant,
    /// What was written last of each, and when.
    kept: BTreeMap<String, (Arc<Incident>, Instant)>,
}

impl Watcher {
    /// With what the folder keeps.
    pub(in super::super) fn new(mut folder: Folder, own: Option<PathBuf>) -> Self {
        let kept = folder.read();
        let mut damage = kept.damage;
        // A rule that cannot be read must not take the others away: it is said, and the program's own go on.
        let read = rules(own.as_deref()).or_else(|e| {
            damage.push(e.first_line().to_owned());
            rules(None)
        });
        let rests = match read {
            Ok(rules) => Some(Detector::new(Arc::new(rules), kept.incidents)),
            Err(e) => {
                damage.push(e.first_line().to_owned());
                None
            }
        };
        let writes = folder.clone();
        let keeper = Keeper { folder, looked: Instant::now(), kept: BTreeMap::new() };
        Self {
            rests: rests.map(|detector| (detector, keeper)),
            works: None,
            next: Instant::now(),
            damage,
            folder: writes,
            writing: Vec::new(),
            acknowledged: Vec::new(),
        }
    }

    /// One that keeps nothing: for pictures and tests.
    pub fn forgetful() -> Self {
        Self::new(Folder::default(), None)
    }

    /// What is known at the start.
    pub fn known(&self) -> Vec<Arc<Incident>> {
        self.rests.as_ref().map(|(d, _)| d.incidents().to_vec()).unwrap_or_default()
    }

    /// Shows it the newest store; one that comes while it works is passed over, for another one comes soon.
    pub fn offer(&mut self, store: &Arc<Store>, judgement: &Judgement, stack: &Stack, now: Time) {
        if Instant::now() < self.next {
            return;
        }
        let Some((mut detector, mut keeper)) = self.rests.take() else { return };
        self.next = Instant::now() + GAP;
        let (store, judgement, stack) = (Arc::clone(store), judgement.clone(), stack.clone());
        self.works = Some(tokio::task::spawn_blocking(move || {
            let mut damage = keeper.take_news(&mut detector);
            let happenings = detector.observe(&store, &judgement, &stack, now);
            damage.extend(keeper.keep_all(detector.incidents(), &happenings));
            Done { detector, keeper, happenings, damage }
        }));
    }

    /// Resolves when it has looked at a store.
    pub async fn found(&mut self) -> Found {
        let Some(work) = self.works.as_mut() else { return pending().await };
        let done = work.await;
        self.works = None;
        let Ok(Done { mut detector, keeper, happenings, damage }) = done else {
            // A rule cannot panic; if one did, the rest of the program goes on without incidents and says so.
            return Found {
                damage: vec!["the rules of incidents have stopped: restart to have them again".to_owned()],
                ..Found::default()
            };
        };
        detector.take_in(std::mem::take(&mut self.acknowledged));
        let incidents = detector.incidents().to_vec();
        self.rests = Some((detector, keeper));
        self.damage.extend(damage);
        self.writing.retain(|writing| match writing.try_recv() {
            Ok(why) => {
                self.damage.extend(why);
                false
            }
            Err(TryRecvError::Empty) => true,
            Err(TryRecvError::Disconnected) => false,
        });
        Found { incidents, happenings, damage: std::mem::take(&mut self.damage) }
    }

    /// Keeps that somebody took an incident on; all that are shown, with that. It is written beside the loop, and before the program ends.
    pub fn acknowledge(&mut self, id: &str, by: &str, now: Time, shown: &[Arc<Incident>]) -> Vec<Arc<Incident>> {
        let who = Acknowledged { by: by.to_owned(), at: now };
        let (folder, of, written) = (self.folder.clone(), id.to_owned(), who.clone());
        let (done, writing) = channel();
        std::thread::spawn(move || {
            let answer = folder.acknowledge(&of, &written);
            // Nobody waits for it any more where the program has ended.
            let _ = done.send(answer.err().map(|e| format!("acknowledging {of}: {e}")));
        });
        self.writing.push(writing);
        let mut all = shown.to_vec();
        for incident in all.iter_mut().filter(|i| i.id == id) {
            Arc::make_mut(incident).acknowledged.get_or_insert_with(|| who.clone());
            // The detector may be at work: it is told when it rests.
            self.acknowledged.push(Incident::clone(incident));
        }
        all
    }
}

/// Who acknowledged is on disk before the program ends, unless the disk does not answer.
impl Drop for Watcher {
    fn drop(&mut self) {
        for writing in &self.writing {
            let _ = writing.recv_timeout(PATIENCE);
        }
    }
}

impl Keeper {
    /// Shows the detector what others wrote; what could not be read.
    fn take_news(&mut self, detector: &mut Detector) -> Vec<String> {
        if self.looked.elapsed() < FOLDER {
            return Vec::new();
        }
        self.looked = Instant::now();
        let news = self.folder.news();
        detector.take_in(news.incidents);
        news.damage
    }

    /// Keeps what has changed: an event at once, evidence and what follows a few times a minute. What could not be written.
    fn keep_all(&mut self, incidents: &[Arc<Incident>], happenings: &[Happening]) -> Vec<String> {
        let mut damage = Vec::new();
        for incident in incidents {
            let told = happenings.iter().any(|h| h.incident.id == incident.id);
            let kept = self.kept.get(&incident.id);
            let due = kept.is_none_or(|(old, at)| !Arc::ptr_eq(old, incident) && at.elapsed() >= KEEP);
            if !told && (!due || !incident.is_open()) {
                continue;
            }
            match self.folder.keep(incident) {
                Ok(()) => drop(self.kept.insert(incident.id.clone(), (Arc::clone(incident), Instant::now()))),
                Err(e) if told => damage.push(format!("incident {} is not kept: {e}", incident.id)),
                // It is tried again, and was said when it began.
                Err(_) => {}
            }
        }
        damage
    }
}
