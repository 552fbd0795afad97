//! Keys as the program names them, and the one table of commands that keys, help, hint line and palette read.
//! No crossterm types: the shell converts. Called by `session` (look up) and `view` (show).

mod command;
mod key;
mod table;

pub use command::{Command, Dir, Intent, Jump, Situation, lookup, lookup_in};
pub use key::{Code, Key};
pub use table::COMMANDS;
