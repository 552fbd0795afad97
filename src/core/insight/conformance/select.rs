//! Which statements to verify: `--only D,S14` as a value. Ids and groups of ids are checked against the statements, by name.
//! Called by `verify`'s front ends.

use super::statements::Statements;

/// Some of the statements.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Only {
    /// Letters of ids (`D`, `CF`), ids (`D14`) or beginnings of ids (`D1`), in capitals; none = all.
    wanted: Vec<String>,
}

impl Only {
    /// Every statement.
    pub fn all() -> Self {
        Self::default()
    }

    /// From `D,S14`; what no statement is called is refused by name.
    pub fn parse(text: &str, statements: &Statements) -> Result<Self, String> {
        let mut wanted = Vec::new();
        for word in text.split([',', ' ']).map(str::trim).filter(|w| !w.is_empty()) {
            let word = word.to_ascii_uppercase();
            if !statements.rows().iter().any(|s| fits(&word, &s.about().id)) {
                let mut groups: Vec<&str> = statements.rows().iter().map(|s| letters(&s.about().id)).collect();
                groups.dedup();
                return Err(format!("no statement {word}: use ids (D14) or groups ({})", groups.join(", ")));
            }
            wanted.push(word);
        }
        if wanted.is_empty() { Err("no statement given: use ids (D14) or groups (D)".to_owned()) } else { Ok(Self { wanted }) }
    }

    /// Whether the statement of this id is wanted.
    pub(crate) fn includes(&self, id: &str) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|w| fits(w, id))
    }
}

/// `C` is C01 but not CF01; `D1` is D10 to D14; `D01` is itself.
fn fits(word: &str, id: &str) -> bool {
    let id = id.to_ascii_uppercase();
    letters(&id) == word || id == word || (word.ends_with(|c: char| c.is_ascii_digit()) && id.starts_with(word))
}

fn letters(id: &str) -> &str {
    id.split(|c: char| !c.is_alphabetic()).next().unwrap_or(id)
}
