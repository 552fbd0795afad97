//! Looks by role: which style each role has, at which colour depth, with which glyphs. Loaded from `themes/*.toml`.
//! Knows nothing of what is drawn; the only place that names colours. Called by `shell` (load) and `view` (use).

mod depth;
mod glyph;
mod load;
mod role;
mod shipped;

pub use depth::Depth;
pub use glyph::Glyphs;
pub use load::ThemeError;
pub use role::Role;
pub use shipped::SHIPPED;

use ratatui::style::{Color, Modifier, Style};

/// One style per role, ready for the terminal at hand.
#[derive(Debug, Clone)]
pub struct Theme {
    /// Its name in its file.
    pub name: String,
    /// What it is for, in a line.
    pub about: String,
    /// The background that it is made for; it is never painted.
    pub background: Option<Color>,
    /// What the terminal can show.
    pub glyphs: Glyphs,
    /// The colours that it was made to fit.
    depth: Depth,
    styles: [Style; Role::COUNT],
}

impl Theme {
    /// Reads a theme file; roles that it leaves out take their fallback role's style.
    pub fn load(text: &str) -> Result<Self, ThemeError> {
        load::parse(text)
    }

    /// The same theme as a terminal of this depth and glyph set can show it.
    #[must_use]
    pub fn adapted(mut self, depth: Depth, glyphs: Glyphs) -> Self {
        for role in Role::ALL {
            if let Some(style) = self.styles.get_mut(role as usize) {
                *style = match (depth, depth.lower(*style)) {
                    (Depth::Mono, _) => role.mono(),
                    // A tint that sixteen colours do not have: what it said is said as without colours.
                    (_, lowered) if lost(style.bg, lowered.bg) => lowered.add_modifier(role.mono().add_modifier),
                    (_, lowered) => lowered,
                };
            }
        }
        (self.glyphs, self.depth) = (glyphs, depth);
        self
    }

    /// Another of those that come with the program, for the same terminal: by its name, or the next one.
    pub fn other(&self, name: Option<&str>) -> Option<Self> {
        let next = || {
            let after = Self::names().skip_while(|n| *n != self.name).nth(1);
            after.or_else(|| Self::names().next())
        };
        Self::shipped(name.or_else(next)?).map(|theme| theme.adapted(self.depth, self.glyphs))
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// The role's style with everything else set back: what was drawn before must not shine through.
    pub fn whole(&self, role: Role) -> Style {
        let style = self.style(role);
        Style {
            fg: Some(style.fg.unwrap_or(Color::Reset)),
            bg: Some(style.bg.unwrap_or(Color::Reset)),
            sub_modifier: Modifier::all().difference(style.add_modifier),
            ..style
        }
    }

    /// The theme that uses the terminal's own sixteen colours; the default.
    pub fn terminal() -> Self {
        Self::shipped("terminal").unwrap_or_else(Self::plain)
    }

    /// The RGB theme for dark backgrounds.
    pub fn dark() -> Self {
        Self::shipped("dark").unwrap_or_else(Self::plain)
    }

    /// Bold, dim and reverse only: what is left when a file cannot be used, and the look of `NO_COLOR`.
    pub fn plain() -> Self {
        let (name, about) = ("plain".to_owned(), String::new());
        Self { name, about, background: None, glyphs: Glyphs::Unicode, depth: Depth::True, styles: Role::ALL.map(Role::mono) }
    }
}

/// Whether a background that was painted is none any more.
fn lost(before: Option<Color>, after: Option<Color>) -> bool {
    before.is_some_and(|colour| colour != Color::Reset) && after == Some(Color::Reset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_theme_never_paints_text_in_colours_that_vanish() {
        let theme = Theme::terminal();
        for role in Role::ALL {
            let fg = theme.style(role).fg;
            assert!(!matches!(fg, Some(Color::White | Color::DarkGray | Color::Gray | Color::Blue | Color::Rgb(..))), "{role:?}: {fg:?}");
            assert!(fg != Some(Color::Black) || theme.style(role).bg.is_some(), "{role:?}");
        }
    }

    #[test]
    fn all_themes_are_gone_through_and_each_fits_the_terminal_that_the_first_was_made_for() {
        let mut theme = Theme::terminal().adapted(Depth::Mono, Glyphs::Ascii);
        let mut seen = Vec::new();
        for _ in Theme::names() {
            theme = theme.other(None).unwrap();
            seen.push(theme.name.clone());
            assert!(
                Role::ALL.iter().all(|role| theme.style(*role).fg.is_none_or(|fg| fg == Color::Reset)) && theme.glyphs == Glyphs::Ascii
            );
        }
        seen.sort();
        let mut all: Vec<&str> = Theme::names().collect();
        all.sort_unstable();
        assert_eq!(seen, all);
        assert_eq!(theme.other(Some("gruvbox")).unwrap().name, "gruvbox");
        assert!(theme.other(Some("nope")).is_none());
    }

    #[test]
    fn mono_has_no_colour_at_all() {
        let theme = Theme::dark().adapted(Depth::Mono, Glyphs::Ascii);
        for role in Role::ALL {
            let style = theme.style(role);
            assert!(matches!(style.fg, None | Some(Color::Reset)) && matches!(style.bg, None | Some(Color::Reset)), "{role:?}");
        }
    }

    #[test]
    fn a_bad_theme_names_the_role_and_the_colour() {
        let error = Theme::load("name = \"x\"\n[roles]\ncrit = { fg = \"rde\" }\n").unwrap_err().to_string();
        assert!(error.contains("crit") && error.contains("rde"), "{error}");
        let error = Theme::load("name = \"x\"\n[roles]\ncirt = {}\n").unwrap_err().to_string();
        assert!(error.contains("cirt"), "{error}");
    }
}
