//! How the parts of a stack hang together: what is read from several sections at once, and is neither good nor bad by itself.
//! Called by the rules of health, by the models of the panes and by the reports.

pub(crate) mod egress;
pub(crate) mod entry;
pub(crate) mod images;
pub(crate) mod inventory;
pub(crate) mod paths;
pub(crate) mod roles;
pub(crate) mod unplaced;
