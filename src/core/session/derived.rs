//! What the panes of zones, flows and verification show: worked out once when something new has come, never while a frame is drawn.
//! Only what the open pane shows is kept current. Called by `update` as its last step; read by the rows of those panes and by `view`.

use std::sync::Arc;

use super::pane::PaneId;
use super::{Session, json};
use crate::insight::conformance::{Only, Report, Statement, Statements, state, verify};
use crate::insight::panes::flows::{Flows, flows};
use crate::insight::panes::zones::{ZoneMap, zones};
use crate::insight::{NodeId, document};

/// The moment that something was worked out for: the number of the news, and the second.
type Moment = (u64, i64);

/// The panes' models.
#[derive(Debug, Default)]
pub(crate) struct Derived {
    /// Counts stores and judgements that differed from the one before.
    pub(super) news: u64,
    /// The kinds of log lines were listed for it.
    kinds: Option<Moment>,
    zones: Option<(Moment, ZoneMap)>,
    flows: Option<(Moment, Flows)>,
    report: Option<(Moment, Report)>,
    /// The lines about a box, for the news of that number.
    json: Option<(u64, NodeId, Vec<json::Line>)>,
    statements: Option<Result<Arc<Statements>, String>>,
}

/// How long a verification holds while nothing new comes: only ages in words change.
const HOLDS: i64 = 60;
/// With a thousand tasks a verification takes longer than a frame: it is not done for every store that comes within so many seconds.
const RESTS: i64 = 2;

/// Brings what the open pane shows up to date.
pub(super) fn derive(session: &mut Session) {
    let Some((pane, panel)) = session.screen().map(|s| (s.pane, s.panel)) else { return };
    let moment = (session.derived.news, session.now.timestamp());
    let old = |of: Option<Moment>| of != Some(moment);
    match pane {
        PaneId::Zones if old(session.derived.zones.as_ref().map(|z| z.0)) => {
            let map = zones(&session.store, &session.judgement, &session.stack, session.now);
            session.derived.zones = Some((moment, map));
        }
        PaneId::Logs if panel == 1 && old(session.derived.kinds) => {
            let store = Arc::clone(&session.store);
            session.logs.list_kinds(&store, session.now);
            session.derived.kinds = Some(moment);
        }
        PaneId::Flows if old(session.derived.flows.as_ref().map(|f| f.0)) => {
            let flows = flows(&session.store, &session.judgement, &session.stack, session.now);
            session.derived.flows = Some((moment, flows));
        }
        PaneId::Json => derive_json(session, moment.0),
        PaneId::Verify => {
            let holds = |of: Moment| match moment.1 - of.1 {
                0..RESTS => true,
                age => of.0 == moment.0 && (0..HOLDS).contains(&age),
            };
            if !session.derived.report.as_ref().is_some_and(|r| holds(r.0)) {
                session.derived.report = report(session).map(|r| (moment, r));
            }
        }
        _ => {}
    }
}

/// Only for news: ages go on counting everywhere else.
fn derive_json(session: &mut Session, news: u64) {
    let Some(node) = session.json_of() else { return };
    if session.derived.json.as_ref().is_some_and(|(of, about, _)| *of == news && *about == node) {
        return;
    }
    let document = document::about(&session.store, &session.judgement, &node, session.now);
    session.derived.json = Some((news, node, json::lines(&document)));
}

fn report(session: &mut Session) -> Option<Report> {
    let stack = &session.stack;
    let built = || Statements::of(stack).map(Arc::new).map_err(|e| e.to_string());
    let statements = session.derived.statements.get_or_insert_with(built).as_ref().ok().map(Arc::clone)?;
    let all = Only::all();
    let document = state(&session.store, &session.judgement, &session.stack, session.now, &statements.needs(&all));
    Some(verify(&statements, &document, &all))
}

impl Session {
    /// The zones as the open pane shows them.
    pub fn zones(&self) -> Option<&ZoneMap> {
        self.derived.zones.as_ref().map(|z| &z.1)
    }

    /// The flows as the open pane shows them.
    pub fn flows(&self) -> Option<&Flows> {
        self.derived.flows.as_ref().map(|f| &f.1)
    }

    /// The box whose part of the state document is open.
    pub(crate) fn json_of(&self) -> Option<NodeId> {
        self.screen().filter(|s| s.pane == PaneId::Json)?.subject.parse().ok()
    }

    /// That part, line by line.
    pub(crate) fn json(&self) -> &[json::Line] {
        self.derived.json.as_ref().map(|j| j.2.as_slice()).unwrap_or_default()
    }

    /// The verification as the open pane shows it.
    pub fn report(&self) -> Option<&Report> {
        self.derived.report.as_ref().map(|r| &r.1)
    }

    /// A statement with its rule.
    pub fn statement(&self, id: &str) -> Option<&Statement> {
        self.derived.statements.as_ref()?.as_ref().ok()?.get(id)
    }

    /// Why there are no statements to verify.
    pub(crate) fn statements_refused(&self) -> Option<&str> {
        self.derived.statements.as_ref()?.as_ref().err().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::input::{Code, Key};
    use crate::insight::Judgement;
    use crate::model::Time;
    use crate::model::database::Database;
    use crate::model::mode::Mode;
    use crate::model::stack::Stack;
    use crate::model::store::Store;
    use crate::session::{Msg, SessionOptions, update};

    fn at(seconds: i64) -> Time {
        chrono::DateTime::from_timestamp(1_764_158_400 + seconds, 0).unwrap()
    }

    fn session() -> Session {
        Session::new(SessionOptions { stack: Stack::default(), mode: Mode::Safe, simulated: true, size: (120, 40), now: at(0) })
    }

    fn database_in(session: &mut Session, zone: &str) {
        let mut store = Store::clone(&session.store);
        store.put(Database { zone: zone.into(), ..Database::default() }, at(0), Duration::from_secs(5));
        update(session, Msg::Observed(Arc::new(store), Judgement::default()));
    }

    fn zone_names(session: &Session) -> Vec<&str> {
        session.zones().map_or_else(Vec::new, |m| m.zones.iter().map(|z| z.name.as_str()).collect())
    }

    #[test]
    fn nothing_is_worked_out_for_panes_that_are_closed() {
        let mut session = session();
        database_in(&mut session, "ap-southeast-2a");
        assert!(session.zones().is_none() && session.flows().is_none() && session.report().is_none());
    }

    #[test]
    fn an_open_pane_follows_every_store_and_a_closed_one_is_current_when_it_opens_again() {
        let mut session = session();
        database_in(&mut session, "ap-southeast-2a");
        update(&mut session, Msg::Key(Key::char('z')));
        assert_eq!(zone_names(&session), ["ap-southeast-2a"]);
        database_in(&mut session, "ap-southeast-2b");
        assert_eq!(zone_names(&session), ["ap-southeast-2b"]);
        update(&mut session, Msg::Key(Key::new(Code::Esc)));
        database_in(&mut session, "ap-southeast-2c");
        assert_eq!(zone_names(&session), ["ap-southeast-2b"], "nobody looks at it");
        update(&mut session, Msg::Key(Key::char('z')));
        assert_eq!(zone_names(&session), ["ap-southeast-2c"]);
    }

    #[test]
    fn a_verification_holds_for_its_minute_and_follows_the_store() {
        let mut session = session();
        update(&mut session, Msg::Key(Key::char('V')));
        let as_of = |s: &Session| s.report().map(|r| r.as_of.clone()).unwrap();
        let first = as_of(&session);
        update(&mut session, Msg::Tick(at(20)));
        assert_eq!(as_of(&session), first);
        update(&mut session, Msg::Tick(at(61)));
        let second = as_of(&session);
        assert_ne!(second, first);
        database_in(&mut session, "ap-southeast-2a");
        assert_eq!(as_of(&session), second, "it was verified in this very second");
        update(&mut session, Msg::Tick(at(63)));
        assert_ne!(as_of(&session), second);
    }
}
