//! The models of the two panes that tell a story across systems: the flows of the stack, and its availability zones.
//! Everything else that a pane needs it reads from the store itself. Called by `session::derived`.

pub(crate) mod flows;
pub(crate) mod zones;
