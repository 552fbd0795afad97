//! What lies above the body.

pub(super) mod help;
pub(super) mod too_small;
