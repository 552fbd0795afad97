//! Theme files: TOML with a name, what it is for, the background that it is made for, a palette of names and one table per role. Unknown roles, colours and modifiers are errors.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use super::{Glyphs, Role, Theme};

/// Why a theme file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// Not TOML, or not the shape of a theme.
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
    /// The same of the background that it is made for.
    #[error("background: unknown colour {colour:?} (a palette entry, one of the sixteen names, or \"#rrggbb\")")]
    Background {
        /// What was written.
        colour: String,
    },
    /// A colour that is neither in the palette, nor a name, nor `#rrggbb`.
    #[error("role {role}: unknown colour {colour:?} (a palette entry, one of the sixteen names, or \"#rrggbb\")")]
    Colour {
        /// Where.
        role: String,
        /// What was written.
        colour: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    #[serde(default)]
    about: String,
    background: Option<String>,
    #[serde(default)]
    palette: BTreeMap<String, String>,
    roles: BTreeMap<Role, Look>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Look {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    reverse: bool,
}

pub(super) fn parse(text: &str) -> Result<Theme, ThemeError> {
    let file: File = toml::from_str(text)?;
    let mut found = BTreeMap::new();
    for (role, look) in &file.roles {
        found.insert(*role, style(&file, *role, look)?);
    }
    let styles = Role::ALL.map(|role| {
        let mut at = Some(role);
        while let Some(role) = at {
            if let Some(style) = found.get(&role) {
                return *style;
            }
            at = role.fallback();
        }
        Style::default()
    });
    let background =
        file.background.as_ref().map(|name| resolve(&file, name).ok_or_else(|| ThemeError::Background { colour: name.clone() }));
    Ok(Theme {
        background: background.transpose()?,
        name: file.name,
        about: file.about,
        glyphs: Glyphs::Unicode,
        depth: super::Depth::True,
        styles,
    })
}

fn style(file: &File, role: Role, look: &Look) -> Result<Style, ThemeError> {
    let colour = |name: &Option<String>| {
        name.as_ref()
            .map(|name| resolve(file, name).ok_or_else(|| ThemeError::Colour { role: role.name(), colour: name.clone() }))
            .transpose()
    };
    let mut style = Style { fg: colour(&look.fg)?, bg: colour(&look.bg)?, ..Style::default() };
    for (wanted, modifier) in [
        (look.bold, Modifier::BOLD),
        (look.dim, Modifier::DIM),
        (look.italic, Modifier::ITALIC),
        (look.underline, Modifier::UNDERLINED),
        (look.reverse, Modifier::REVERSED),
    ] {
        if wanted {
            style = style.add_modifier(modifier);
        }
    }
    Ok(style)
}

fn resolve(file: &File, name: &str) -> Option<Color> {
    let name = file.palette.get(name).map_or(name, String::as_str);
    name.parse().ok()
}
