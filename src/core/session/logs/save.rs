//! What is shown of the log as a file: every event with its time in full, its lines below it. Writing it is the shell's. Called by `update`.

use std::fmt::Write;

use super::LogView;
use super::place::event;
use crate::model::Time;
use crate::model::log::LogTail;

impl LogView {
    /// The name of the file, and its text.
    pub(crate) fn saved(&self, tail: &LogTail, now: Time) -> (String, String) {
        let name = format!("logs-{}.log", now.format("%Y-%m-%dT%H-%M-%SZ"));
        let mut out = String::new();
        for item in self.shown() {
            if item.is_apart {
                out.push_str("--\n");
            }
            let Some(event) = event(tail, item.place) else { continue };
            let at = event.at.format("%Y-%m-%dT%H:%M:%S%.3fZ");
            let text = self.text(tail, item.place).unwrap_or_default();
            let _ = writeln!(out, "{at} {} {} {text}", event.service(), event.stream);
        }
        (name, out)
    }
}
