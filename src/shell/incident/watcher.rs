//! The detector beside the screen: it works on a thread of its own, on the newest store, so that no frame and no key waits for it; and what it
//! finds is kept in the state folder, where others who watch the same stack see it. Used by the session loop and by `watch`.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::folder::Folder;
use nextcore_core::incident::{Acknowledged, Detector, Happening, Incident, built_in};
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

type Work = JoinHandle<(Detector, Vec<Happening>)>;

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
    rests: Option<Detector>,
    works: Option<Work>,
    folder: Folder,
    next: Instant,
    looked: Instant,
    damage: Vec<String>,
    /// Acknowledged while it worked.
    acknowledged: Vec<Incident>,
    /// What was written last of each, and when.
    kept: BTreeMap<String, (Arc<Incident>, Instant)>,
}

impl Watcher {
    /// With what the folder keeps.
    pub(in super::super) fn new(mut folder: Folder) -> Self {
        let kept = folder.read();
        let mut damage = kept.damage;
        let rests = match built_in() {
            Ok(rules) => Some(Detector::new(Arc::new(rules), kept.incidents)),
            Err(e) => {
                damage.push(format!("rules of incidents: {e}"));
                None
            }
        };
        Self {
            rests,
            works: None,
            folder,
            next: Instant::now(),
            looked: Instant::now(),
            damage,
            acknowledged: Vec::new(),
            kept: BTreeMap::new(),
        }
    }

    /// One that keeps nothing: for pictures and tests.
    pub fn forgetful() -> Self {
        Self::new(Folder::default())
    }

    /// What is known at the start.
    pub fn known(&self) -> Vec<Arc<Incident>> {
        self.rests.as_ref().map(|d| d.incidents().to_vec()).unwrap_or_default()
    }

    /// Shows it the newest store; one that comes while it works is passed over, for another one comes soon.
    pub fn offer(&mut self, store: &Arc<Store>, judgement: &Judgement, stack: &Stack, now: Time) {
        if Instant::now() < self.next {
            return;
        }
        let Some(mut detector) = self.rests.take() else { return };
        self.next = Instant::now() + GAP;
        if self.looked.elapsed() >= FOLDER {
            self.looked = Instant::now();
            let news = self.folder.news();
            detector.take_in(news.incidents);
            self.damage.extend(news.damage);
        }
        let (store, judgement, stack) = (Arc::clone(store), judgement.clone(), stack.clone());
        self.works = Some(tokio::task::spawn_blocking(move || {
            let happenings = detector.observe(&store, &judgement, &stack, now);
            (detector, happenings)
        }));
    }

    /// Resolves when it has looked at a store.
    pub async fn found(&mut self) -> Found {
        let Some(work) = self.works.as_mut() else { return pending().await };
        let done = work.await;
        self.works = None;
        let Ok((mut detector, happenings)) = done else {
            // A rule cannot panic; if one did, the rest of the program goes on without incidents and says so.
            return Found {
                damage: vec!["the rules of incidents have stopped: restart to have them again".to_owned()],
                ..Found::default()
            };
        };
        detector.take_in(std::mem::take(&mut self.acknowledged));
        let incidents = detector.incidents().to_vec();
        self.keep_all(&incidents, &happenings);
        self.rests = Some(detector);
        Found { incidents, happenings, damage: std::mem::take(&mut self.damage) }
    }

    /// Keeps that somebody took an incident on; all that are shown, with that.
    pub fn acknowledge(&mut self, id: &str, by: &str, now: Time, shown: &[Arc<Incident>]) -> Result<Vec<Arc<Incident>>, String> {
        let who = Acknowledged { by: by.to_owned(), at: now };
        self.folder.acknowledge(id, &who).map_err(|e| format!("acknowledging {id}: {e}"))?;
        let mut all = shown.to_vec();
        for incident in all.iter_mut().filter(|i| i.id == id) {
            Arc::make_mut(incident).acknowledged.get_or_insert_with(|| who.clone());
            // The detector may be at work: it is told when it rests.
            self.acknowledged.push(Incident::clone(incident));
        }
        Ok(all)
    }

    /// Keeps what has changed: an event at once, evidence and what follows a few times a minute.
    fn keep_all(&mut self, incidents: &[Arc<Incident>], happenings: &[Happening]) {
        for incident in incidents {
            let told = happenings.iter().any(|h| h.incident.id == incident.id);
            let kept = self.kept.get(&incident.id);
            let due = kept.is_none_or(|(old, at)| !Arc::ptr_eq(old, incident) && at.elapsed() >= KEEP);
            if !told && (!due || !incident.is_open()) {
                continue;
            }
            match self.folder.keep(incident) {
                Ok(()) => drop(self.kept.insert(incident.id.clone(), (Arc::clone(incident), Instant::now()))),
                Err(e) if told => self.damage.push(format!("incident {} is not kept: {e}", incident.id)),
                // It is tried again, and was said when it began.
                Err(_) => {}
            }
        }
    }
}
