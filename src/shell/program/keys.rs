//! `keys`: the table of commands that the dashboard itself reads, as a table and as JSON lines.

use serde_json::json;

use crate::config::program::Listing;
use crate::shell::failure::Failure;
use crate::shell::headless::{print, print_lines};
use nextcore_core::input::{COMMANDS, Code, Command, Key};
use nextcore_core::report::{Look, rows};

/// Prints all of them, in the order of help.
pub(super) fn run(format: Listing, look: Look) -> Result<(), Failure> {
    let keys = |command: &Command| command.keys.iter().map(|key| name(*key)).collect::<Vec<_>>();
    match format {
        Listing::Json => {
            print_lines(COMMANDS.iter().map(|c| json!({ "group": c.group, "command": c.name, "keys": keys(c), "does": c.doc })))
        }
        Listing::Table => print(&rows(
            ["GROUP", "KEYS", "DOES", "COMMAND"],
            COMMANDS.iter().map(|c| [c.group.to_owned(), keys(c).join(" "), c.doc.to_owned(), c.name.to_owned()]),
            look,
        )),
    }
}

/// In words where the screen has a sign: what is read by programs and in mails is not to hang on a font.
fn name(key: Key) -> String {
    let word = match key.code {
        Code::Up => "Up",
        Code::Down => "Down",
        Code::Left => "Left",
        Code::Right => "Right",
        Code::BackTab => "Shift-Tab",
        _ => return key.to_string(),
    };
    word.to_owned()
}
