//! The boxes of monitoring that are lines: alarms with those that fire, dashboards with Container Insights.

use super::small::{Small, fact, no_charts};
use crate::model::alarm::{AlarmState, Alarms};
use crate::model::dashboard::Dashboards;
use crate::model::service::Cluster;
use crate::session::ListState;
use crate::session::pane::alarms as alarm_rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::pane::alarms as alarm_pane;
use crate::view::state::{Missing, known};
use crate::view::widget::{Fact, Phrase};

pub(super) const ALARMS: Small =
    Small { name: "alarms", short: ("alarms", 0), framed: true, facts: alarms, more: firing, charts: no_charts };

pub(super) const DASHBOARDS: Small =
    Small { name: "dashboards", short: ("dash", 15), framed: true, facts: dashboards, more: insights, charts: no_charts };

fn alarms<'a>(v: &View<'a>, room: usize) -> Result<Vec<Fact<'a>>, Missing<'a>> {
    let alarms = known::<Alarms>(v)?;
    let total = alarms.for_people().count();
    let firing = alarms.for_people().filter(|a| a.state == AlarmState::Alarm).count();
    if total == 0 {
        return Ok(vec![fact(0, if room < 4 { "0" } else { "none" }, Role::Muted)]);
    }
    if room >= 16 {
        let line = alarm_pane::summary(alarms);
        return Ok(vec![Fact::new(0, Phrase { runs: line.runs.into_iter().skip(1).collect() })]);
    }
    // As the long words count: what fires, or else what is well.
    let (said, role) = if firing > 0 {
        (vec![format!("{firing}/{total} in alarm"), format!("{firing}/{total}")], Role::Warn)
    } else {
        let well = alarms.for_people().filter(|a| alarm_pane::is_well(a)).count();
        (vec![format!("{well}/{total} ok"), format!("{well} ok"), "ok".to_owned()], Role::Text)
    };
    let shortest = said.last().cloned().unwrap_or_default();
    Ok(vec![fact(0, said.into_iter().find(|words| words.len() <= room).unwrap_or(shortest), role)])
}

/// The alarms by name, the worst first.
fn firing<'a>(v: &View<'a>, width: usize) -> Vec<Phrase<'a>> {
    alarm_rows::alarms(v.store, false, &ListState::default()).into_iter().map(|a| alarm_pane::short_row(v, a, width)).collect()
}

/// Whether Container Insights measures the cluster's tasks.
pub(crate) fn container_insights<'a>(v: &View<'a>) -> Phrase<'a> {
    match v.store.get::<Cluster>().and_then(Cluster::container_insights) {
        Some(setting) if setting.is_on() => Phrase::of("on", Role::Text),
        Some(_) => Phrase::of("off", Role::Warn),
        None => Phrase::of("?", Role::Unknown),
    }
}

fn dashboards<'a>(v: &View<'a>, _: usize) -> Result<Vec<Fact<'a>>, Missing<'a>> {
    let count = known::<Dashboards>(v)?.dashboards.len();
    Ok(vec![fact(0, count.to_string(), if count == 0 { Role::Warn } else { Role::Text })])
}

fn insights<'a>(v: &View<'a>, width: usize) -> Vec<Phrase<'a>> {
    let label = if width >= 22 { "Container Insights " } else { "insights " };
    vec![Phrase::of(label, Role::Muted).then(container_insights(v))]
}
