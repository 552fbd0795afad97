//! How the parts of a stack hang together: what is read from several sections at once, and is neither good nor bad by itself.
//! Called by the rules of health, by the models of the panes and by the reports.

pub mod egress;
pub mod entry;
pub(crate) mod images;
pub mod inventory;
pub mod paths;
pub mod roles;
