//! The themes that come with the program: the files of `themes/`, built in, so that a name is enough. A user's own file is loaded the same way.

use super::Theme;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// Each by its name, with the text of its file, the default first.
        pub const SHIPPED: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../themes/", $name, ".toml")))),*];
    };
}

files!["terminal", "dark", "light", "high-contrast", "colour-blind", "solarized", "gruvbox", "mono"];

impl Theme {
    /// One of those that come with the program.
    pub fn shipped(name: &str) -> Option<Self> {
        let (_, text) = SHIPPED.iter().find(|(known, _)| *known == name)?;
        Self::load(text).ok()
    }

    /// Their names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::{Color, Modifier, Style};

    use super::*;
    use crate::theme::{Depth, Glyphs, Role};

    /// What WCAG asks of text.
    const READABLE: f64 = 4.5;
    /// Lines and placeholders carry no words: they are to be seen, not read.
    const VISIBLE: f64 = 1.5;

    fn luminance(colour: Color) -> Option<f64> {
        let Color::Rgb(r, g, b) = colour else { return None };
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.039_28 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        Some(0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b))
    }

    fn contrast(one: Color, other: Color) -> Option<f64> {
        let (one, other) = (luminance(one)?, luminance(other)?);
        Some((one.max(other) + 0.05) / (one.min(other) + 0.05))
    }

    fn all() -> impl Iterator<Item = Theme> {
        SHIPPED.iter().map(|(name, text)| {
            let theme = Theme::load(text).unwrap();
            assert_eq!(
                (theme.name.as_str(), theme.about.is_empty()),
                (*name, false),
                "a theme is named as its file, and says what it is for"
            );
            theme
        })
    }

    #[test]
    fn contrast_is_what_people_need() {
        assert_eq!(contrast(Color::Rgb(0, 0, 0), Color::Rgb(255, 255, 255)), Some(21.0));
        for theme in all() {
            for role in Role::ALL {
                let Style { fg: Some(fg), bg, .. } = theme.style(role) else { continue };
                // Where a theme sets one colour, the other is the background that it is made for.
                let (Some(behind), is_line) = (bg.or(theme.background), matches!(role, Role::Border | Role::Faint) && bg.is_none()) else {
                    continue;
                };
                let Some(found) = contrast(fg, behind) else { continue };
                let least = if is_line { VISIBLE } else { READABLE };
                assert!(found >= least, "{}: {} has {found:.2}:1, {least}:1 is needed", theme.name, role.name());
            }
        }
    }

    #[test]
    fn every_role_is_written_in_every_theme_that_comes_with_the_program() {
        for (name, text) in SHIPPED {
            let roles = toml::from_str::<toml::Table>(text).unwrap()["roles"].as_table().unwrap().clone();
            for role in Role::ALL {
                assert!(roles.contains_key(&role.name()), "{name}: {}", role.name());
            }
        }
    }

    #[test]
    fn levels_and_modes_differ_at_every_depth_where_there_are_colours() {
        for theme in all().filter(|theme| theme.name != "mono") {
            for depth in [Depth::True, Depth::Ansi256, Depth::Ansi16] {
                let theme = theme.clone().adapted(depth, Glyphs::Unicode);
                for roles in [&[Role::Ok, Role::Warn, Role::Crit][..], &[Role::BadgeSafe, Role::BadgeArmed], &[Role::Text, Role::Selection]]
                {
                    for (i, one) in roles.iter().enumerate() {
                        for other in roles.iter().skip(i + 1) {
                            assert_ne!(theme.style(*one), theme.style(*other), "{} at {depth:?}: {one:?} and {other:?}", theme.name);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_selection_whose_background_is_lost_is_still_one() {
        for theme in all() {
            for depth in [Depth::Ansi16, Depth::Mono] {
                let style = theme.clone().adapted(depth, Glyphs::Unicode).style(Role::Selection);
                let painted = style.bg.is_some_and(|bg| bg != Color::Reset);
                assert!(painted || style.add_modifier.contains(Modifier::REVERSED), "{} at {depth:?}: {style:?}", theme.name);
            }
        }
    }

    #[test]
    fn without_colours_every_theme_looks_the_same() {
        for theme in all() {
            for role in Role::ALL {
                assert_eq!(theme.clone().adapted(Depth::Mono, Glyphs::Unicode).style(role), role.mono(), "{}: {role:?}", theme.name);
            }
        }
        let mono = Theme::shipped("mono").unwrap();
        assert!(Role::ALL.iter().all(|role| mono.style(*role) == role.mono()), "it is the look of NO_COLOR");
    }
}
