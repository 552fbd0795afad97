//! The pane of one box's charts in full: its row. Which chart, which stretch of time and which moment stand in `session::window`.

use super::{PaneId, PaneRow, Panel};
use crate::insight::NodeId;
use crate::model::system::System;

pub(super) const ROW: &PaneRow = &PaneRow {
    id: PaneId::Charts,
    place: None,
    needs: &[],
    panels: &[Panel { title: "Charts", rows: None, enter: None, is: None, columns: &[] }],
};

/// The box of this system that has charts, where the system itself has none: the pipeline has no figures, the gateways measure for the VPC.
pub(crate) fn charted(node: &NodeId) -> Option<NodeId> {
    match node.system() {
        System::Service | System::Database | System::Cache | System::Balancer | System::Nat | System::Cdn => Some(node.clone()),
        System::Vpc => Some(NodeId::of(System::Nat)),
        System::Dns => Some(NodeId::of(System::Cdn)),
        _ => None,
    }
}
