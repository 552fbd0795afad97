//! CloudWatch dashboards: which there are, and which namespaces their widgets show.

use serde::{Deserialize, Serialize};

use super::Time;
use super::section::{Section, SectionKey};
use super::state::states;
use super::system::System;

states! {
    /// `type` of a widget in the body of a CloudWatch dashboard.
    pub enum WidgetType {
        Alarm = "alarm",
        Custom = "custom",
        Explorer = "explorer",
        Log = "log",
        Metric = "metric",
        Text = "text",
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Widget {
    pub title: String,
    /// `metric`, `log`, `alarm`, `text`, ...
    pub kind: WidgetType,
    /// `AWS/RDS CPUUtilization`, ...
    pub metrics: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Dashboard {
    pub name: String,
    /// Last change.
    pub modified_at: Option<Time>,
    /// Namespaces of its metrics.
    pub namespaces: Vec<String>,
    /// Widgets in reading order.
    pub widgets: Vec<Widget>,
}

/// cloudwatch:ListDashboards and GetDashboard.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Dashboards {
    /// By name.
    pub dashboards: Vec<Dashboard>,
}

impl Section for Dashboards {
    const KEY: SectionKey = SectionKey("dashboards");
    const TITLE: &'static str = "dashboards";
    const OF: Option<System> = Some(System::Dashboards);
}
