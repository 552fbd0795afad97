//! `themes`: those that come with the program, and the looks of one. Colours only on a terminal, with as many as it has; a level has its sign
//! beside its colour here as everywhere.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use ratatui::backend::IntoCrossterm;
use ratatui::style::{Modifier, Style};
use serde_json::{Value, json};

use super::look;
use crate::config::args::Global;
use crate::config::environment::Environment;
use crate::config::program::{Listing, ThemesArgs};
use crate::config::theme;
use crate::shell::failure::Failure;
use crate::shell::headless::{print, print_lines};
use nextcore_core::model::health::Level;
use nextcore_core::report::{Look, rows};
use nextcore_core::theme::{Depth, Glyphs, Role, SHIPPED, Theme};

/// The levels, with the roles that they are drawn in.
const LEVELS: [(Level, Role); 4] =
    [(Level::Healthy, Role::Ok), (Level::Degraded, Role::Warn), (Level::Down, Role::Crit), (Level::Unknown, Role::Unknown)];

/// Lists them, or shows one.
pub(super) fn run(args: &ThemesArgs, flags: &Global, env: &Environment) -> Result<(), Failure> {
    let look = look(flags, env);
    // In a file or a pipe an escape sequence is noise.
    let depth = if io::stdout().is_terminal() { env.depth() } else { Depth::Mono };
    let show = Show { depth, look };
    match (&args.theme, args.format) {
        (None, Listing::Json) => {
            print_lines(all().map(|t| json!({ "name": t.name, "about": t.about, "background": t.background.map(|c| c.to_string()) })))
        }
        (None, Listing::Table) if depth == Depth::Mono => print(&rows(["NAME", "WHAT FOR"], all().map(|t| [t.name, t.about]), look)),
        (None, Listing::Table) => all().try_for_each(|theme| show.in_short(&theme)),
        (Some(name), format) => {
            let theme = theme(name).map_err(Failure::usage)?;
            match format {
                Listing::Json => print_lines(Role::ALL.into_iter().map(|role| as_json(role, theme.style(role)))),
                Listing::Table => show.whole(&theme),
            }
        }
    }
}

fn all() -> impl Iterator<Item = Theme> {
    SHIPPED.iter().filter_map(|(name, _)| Theme::shipped(name))
}

/// How it is shown here.
struct Show {
    depth: Depth,
    look: Look,
}

impl Show {
    /// Its name, what it is for, and how the levels look in it.
    fn in_short(&self, theme: &Theme) -> Result<(), Failure> {
        let adapted = theme.clone().adapted(self.depth, Glyphs::Unicode);
        let levels = LEVELS.map(|(level, role)| {
            let sign = if self.look.ascii { level.ascii_sign() } else { level.sign() };
            painted(adapted.style(role), &format!("{sign} {}", level.word()))
        });
        let others = [(Role::Key, "key"), (Role::Selection, " selection ")];
        let others = others.map(|(role, word)| painted(adapted.style(role), word));
        write(&format!("{:<15} {}\n{:15} {}  {}\n", theme.name, theme.about, "", levels.join("  "), others.join("  ")))
    }

    /// Every role: its name in its own look, and what that is.
    fn whole(&self, theme: &Theme) -> Result<(), Failure> {
        let background = theme.background.map_or_else(|| "any background".to_owned(), |colour| format!("for the background {colour}"));
        let adapted = theme.clone().adapted(self.depth, Glyphs::Unicode);
        let mut text = format!("{}: {}; {background}\n\n", theme.name, theme.about);
        for role in Role::ALL {
            let name = role.name();
            let gap = " ".repeat(20_usize.saturating_sub(name.len()));
            let shown = if self.depth == Depth::Mono { name } else { painted(adapted.style(role), &name) };
            let _ = writeln!(text, "{shown}{gap}{}", words(theme.style(role)));
        }
        write(&text)
    }
}

/// Text with the sequences of a style, which `print` would make inert; a closed pipe has enough.
fn write(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|e| Failure::cannot_tell(format!("stdout: {e}"))),
    }
}

fn painted(style: Style, text: &str) -> String {
    style.into_crossterm().apply(text).to_string()
}

/// What a style adds, by the words of theme files.
const MODIFIERS: [(Modifier, &str); 5] = [
    (Modifier::BOLD, "bold"),
    (Modifier::DIM, "dim"),
    (Modifier::ITALIC, "italic"),
    (Modifier::UNDERLINED, "underline"),
    (Modifier::REVERSED, "reverse"),
];

fn modifiers(style: Style) -> Vec<&'static str> {
    MODIFIERS.iter().filter(|(modifier, _)| style.add_modifier.contains(*modifier)).map(|(_, word)| *word).collect()
}

fn words(style: Style) -> String {
    let colours = [style.fg.map(|c| c.to_string()), style.bg.map(|c| format!("on {c}"))];
    let words: Vec<String> = colours.into_iter().flatten().chain(modifiers(style).into_iter().map(ToOwned::to_owned)).collect();
    if words.is_empty() { "as the terminal's text".to_owned() } else { words.join(" ") }
}

fn as_json(role: Role, style: Style) -> Value {
    let colour = |colour: Option<ratatui::style::Color>| colour.map(|c| c.to_string());
    json!({ "role": role.name(), "fg": colour(style.fg), "bg": colour(style.bg), "modifiers": modifiers(style) })
}
