//! The exit code of `snapshot`: one number for scripts.

use crate::insight::Judgement;
use crate::model::health::Level;

/// 0 healthy (also changing on purpose, or absent), 1 degraded, 2 down, 3 cannot tell.
///
/// Down wins over degraded, degraded over unknown: what is known to be bad is not hidden by what is not known. What only observes or
/// delivers (`SystemSpec::serves`) never makes it 2 or 3 by itself: a stack whose alarms cannot be read still serves, and one whose builds fail
/// is degraded at most. A judgement without nodes is 3.
pub fn exit_code(judgement: &Judgement) -> u8 {
    let any = |level: Level| judgement.nodes.values().any(|v| v.level == level);
    let serving = |level: Level| judgement.nodes.iter().any(|(id, v)| v.level == level && id.system().spec().serves);
    if serving(Level::Down) {
        2
    } else if any(Level::Degraded) || any(Level::Down) {
        1
    } else if serving(Level::Unknown) || judgement.nodes.is_empty() {
        3
    } else {
        0
    }
}
