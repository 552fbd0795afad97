//! Incidents of this stack on disk, for everybody who watches it with the same state folder: written when they change, read at start and when
//! somebody else has written. `watcher` runs the detector beside the screen.

pub(super) mod command;
pub(super) mod folder;
pub(super) mod notify;
pub(super) mod rules;
mod watcher;

pub use watcher::Watcher;
