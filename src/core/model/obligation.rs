//! Obligations: what is owed after an action, from before its first call until AWS shows that it was put right. Data for the keeper that
//! carries them, the folder that keeps them over the end of a process, the audit log and the screen. No clock, no I/O.

use serde::{Deserialize, Serialize};

use super::Time;
use super::action::Request;
use super::audit::{AuditEntry, Told, Who};
use super::text::sanitize;

/// What has to be put right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Owed {
    /// Alarm actions that are off for a while: they are switched on again by the program.
    AlarmActions {
        /// The alarm's name.
        alarm: String,
        /// For how long, in seconds.
        seconds: i64,
    },
    /// Autoscaling that is suspended until somebody resumes it.
    Autoscaling {
        /// The ECS cluster.
        cluster: String,
        service: String,
    },
    /// A zone whose way out leads through another zone until somebody leads it home.
    WayOut {
        /// The zone's letter.
        zone: String,
        /// Its route table.
        table: String,
        /// The zone's own NAT gateway.
        home: String,
        /// The letter of the zone that it leaves through.
        via: String,
    },
}

impl Owed {
    /// After how many seconds the program itself puts it right; `None` = a person does, this is a reminder.
    pub fn after(&self) -> Option<i64> {
        match self {
            Self::AlarmActions { seconds, .. } => Some(*seconds),
            Self::Autoscaling { .. } | Self::WayOut { .. } => None,
        }
    }

    /// What stands as it should not, for a line: `alarm actions of db-cpu-high are off`.
    pub fn words(&self) -> String {
        let text = match self {
            Self::AlarmActions { alarm, .. } => format!("alarm actions of {alarm} are off"),
            Self::Autoscaling { service, .. } => format!("autoscaling of {service} is suspended"),
            Self::WayOut { zone, via, .. } => format!("zone {zone} is rerouted via zone {via}"),
        };
        sanitize(&text)
    }

    /// The same once it is right again: `alarm actions of db-cpu-high are on`.
    pub fn righted(&self) -> String {
        let text = match self {
            Self::AlarmActions { alarm, .. } => format!("alarm actions of {alarm} are on"),
            Self::Autoscaling { service, .. } => format!("autoscaling of {service} is active"),
            Self::WayOut { zone, .. } => format!("zone {zone} uses its own NAT gateway"),
        };
        sanitize(&text)
    }

    /// What it is about, shortly: `db-cpu-high`.
    pub fn subject(&self) -> &str {
        match self {
            Self::AlarmActions { alarm, .. } => alarm,
            Self::Autoscaling { service, .. } => service,
            Self::WayOut { zone, .. } => zone,
        }
    }

    /// The action that puts it right.
    pub fn undo(&self) -> Request {
        match self {
            Self::AlarmActions { alarm, .. } => Request::new("alarm-actions on", alarm),
            Self::Autoscaling { service, .. } => Request::new("autoscaling resume", service),
            Self::WayOut { zone, .. } => Request::new("reroute", zone).with("via", zone.clone()),
        }
    }
}

/// How the process that made it reached AWS: whoever settles it later reaches the same account the same way.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reach {
    /// The named profile.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub profile: Option<String>,
    /// The endpoint instead of AWS.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub endpoint_url: Option<String>,
}

/// Something that is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obligation {
    /// The run that it comes from.
    pub id: String,
    /// What has to be put right.
    pub owed: Owed,
    /// When it was registered: before the first call.
    pub since: Time,
    /// When the program puts it right; `None` = a person does.
    pub due: Option<Time>,
    /// Who made it.
    pub who: Who,
    /// The process that made it.
    pub pid: u32,
    /// The stack's name.
    pub stack: String,
    pub account: String,
    pub region: String,
    /// How that account was reached.
    pub reach: Reach,
}

impl Obligation {
    /// Who put it right by the action of this program that does, in words, as the lines of the audit log since then tell: an intent is
    /// written before its call leaves, so it stands there before AWS can show anything. `None` = it was not done by this program here.
    pub fn put_right_by(&self, log: &[AuditEntry]) -> Option<String> {
        let undo = self.owed.undo();
        let failed = |id: &str| log.iter().any(|e| e.id == id && matches!(&e.told, Told::Outcome { result, .. } if result == "failed"));
        let by = log.iter().rev().find_map(|entry| match &entry.told {
            Told::Intent { who, request, stack, account, region, .. }
                if entry.at >= self.since
                    && (request.action == undo.action && request.target == undo.target)
                    && undo.args.iter().all(|(name, value)| request.arg(name) == Some(value))
                    && (stack, account, region) == (&self.stack, &self.account, &self.region)
                    && !failed(&entry.id) =>
            {
                Some(who)
            }
            _ => None,
        })?;
        let of = if by.user.is_empty() { String::new() } else { format!(" of {}", by.user) };
        Some(sanitize(&format!("restored by '{undo}'{of}")))
    }
}

/// Who carries an obligation at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// This process.
    Us,
    /// Another process, which lives.
    Other,
    /// Nobody: the process that made it has ended.
    Nobody,
}

/// How far an obligation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Phase {
    /// The action's own call is on its way.
    Sending,
    /// It waits until it is due, or for a person.
    Waiting,
    /// It is being put right, and AWS does not show it yet.
    Settling {
        /// Requests so far.
        attempts: u32,
        /// What went wrong with the last one or with looking; tried again.
        trouble: Option<String>,
    },
}

/// An obligation as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    #[serde(flatten)]
    pub obligation: Obligation,
    /// Who carries it.
    pub holder: Holder,
    /// How far it is.
    #[serde(flatten)]
    pub phase: Phase,
}

/// So long after its due time a promise counts as broken, also while its process lives: it may be stopped.
pub(crate) const OVERDUE: chrono::TimeDelta = chrono::TimeDelta::minutes(2);

impl Standing {
    /// Whether nobody takes care of it any more although somebody should: its process has ended, or does not move.
    pub fn is_left_behind(&self, now: Time) -> bool {
        let late = self.obligation.due.is_some_and(|due| now > due + OVERDUE);
        match self.holder {
            Holder::Us => false,
            Holder::Other => late,
            Holder::Nobody => self.obligation.due.is_some(),
        }
    }

    /// Whether it is only to be remembered: nothing puts it right by itself.
    pub fn is_reminder(&self) -> bool {
        self.obligation.due.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    fn standing(owed: Owed, holder: Holder) -> Standing {
        let due = owed.after().map(at);
        let obligation = Obligation {
            id: "r".into(),
            owed,
            since: at(0),
            due,
            who: Who::default(),
            pid: 1,
            stack: "s".into(),
            account: "1".into(),
            region: "r".into(),
            reach: Reach::default(),
        };
        Standing { obligation, holder, phase: Phase::Waiting }
    }

    #[test]
    fn what_nobody_carries_or_moves_is_left_behind() {
        let alarm = || Owed::AlarmActions { alarm: "a".into(), seconds: 600 };
        let scaling = || Owed::Autoscaling { cluster: "c".into(), service: "web".into() };
        for (owed, holder, now, left) in [
            (alarm(), Holder::Us, 9_999, false),
            (alarm(), Holder::Other, 600, false),
            (alarm(), Holder::Other, 721, true),
            (alarm(), Holder::Nobody, 1, true),
            (scaling(), Holder::Nobody, 9_999, false),
        ] {
            assert_eq!(standing(owed.clone(), holder).is_left_behind(at(now)), left, "{owed:?} {holder:?} {now}");
        }
    }

    fn intent(id: &str, seconds: i64, request: Request, stack: &str) -> AuditEntry {
        let who = Who { user: "kim".into(), ..Who::default() };
        let (account, region, text) = ("1".to_owned(), "r".to_owned(), String::new);
        let stack = stack.to_owned();
        let told =
            Told::Intent { who, pid: 2, request, title: text(), resource: text(), stack, account, region, plan: text(), calls: vec![] };
        AuditEntry { at: at(seconds), id: id.into(), told }
    }

    fn outcome(id: &str, result: &str) -> AuditEntry {
        let told = Told::Outcome { result: result.into(), request_ids: vec![], text: String::new(), millis: 1 };
        AuditEntry { at: at(99), id: id.into(), told }
    }

    #[test]
    fn who_put_it_right_is_who_asked_for_it_here() {
        let scaling = Owed::Autoscaling { cluster: "c".into(), service: "web".into() };
        let resume = || scaling.undo();
        let way = Owed::WayOut { zone: "a".into(), table: "rtb-1".into(), home: "nat-a".into(), via: "b".into() };
        let by_kim = Some("restored by 'autoscaling resume web' of kim");
        let table: &[(&str, &Owed, Vec<AuditEntry>, Option<&str>)] = &[
            ("nobody here", &scaling, vec![], None),
            ("on its way", &scaling, vec![intent("x", 9, resume(), "s")], by_kim),
            ("accepted", &scaling, vec![intent("x", 9, resume(), "s"), outcome("x", "accepted")], by_kim),
            ("refused by AWS", &scaling, vec![intent("x", 9, resume(), "s"), outcome("x", "failed")], None),
            ("before it was owed", &scaling, vec![intent("x", -9, resume(), "s")], None),
            ("another stack's service", &scaling, vec![intent("x", 9, resume(), "other")], None),
            ("another service", &scaling, vec![intent("x", 9, Request::new("autoscaling resume", "api"), "s")], None),
            ("another action", &scaling, vec![intent("x", 9, Request::new("redeploy", "web"), "s")], None),
            ("a way home", &way, vec![intent("x", 9, way.undo(), "s")], Some("restored by 'reroute a --via a' of kim")),
            ("a way elsewhere", &way, vec![intent("x", 9, Request::new("reroute", "a").with("via", "c"), "s")], None),
        ];
        for (name, owed, log, by) in table {
            let standing = standing((*owed).clone(), Holder::Us);
            assert_eq!(standing.obligation.put_right_by(log).as_deref(), *by, "{name}");
        }
    }

    #[test]
    fn each_names_the_action_that_puts_it_right() {
        let way = Owed::WayOut { zone: "a".into(), table: "rtb-1".into(), home: "nat-a".into(), via: "b".into() };
        assert_eq!(way.undo().to_string(), "reroute a --via a");
        assert_eq!(Owed::AlarmActions { alarm: "x".into(), seconds: 60 }.undo().to_string(), "alarm-actions on x");
        assert_eq!(Owed::Autoscaling { cluster: "c".into(), service: "web".into() }.undo().to_string(), "autoscaling resume web");
    }
}
