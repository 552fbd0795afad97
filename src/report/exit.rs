//! The exit code of `snapshot`: one number for scripts.

use crate::insight::{Judgement, NodeId};
use crate::model::health::Level;

/// 0 healthy (also changing on purpose, or absent), 1 degraded, 2 down, 3 cannot tell.
///
/// Down wins over degraded, degraded over unknown: what is known to be bad is not hidden by what is not known. Unknown counts for the
/// nodes that serve (`alb`, `tg/…`, `svc/…`, `redis`, `db`); `alarms` and `logs` only observe, and a cloud may do without them. A judgement
/// without nodes is 3.
pub fn exit_code(judgement: &Judgement) -> u8 {
    let any = |level: Level| judgement.nodes.values().any(|v| v.level == level);
    let blind = judgement.nodes.iter().any(|(id, v)| v.level == Level::Unknown && !observes(id));
    if any(Level::Down) {
        2
    } else if any(Level::Degraded) {
        1
    } else if blind || judgement.nodes.is_empty() {
        3
    } else {
        0
    }
}

fn observes(id: &NodeId) -> bool {
    *id == NodeId::alarms() || *id == NodeId::logs()
}
