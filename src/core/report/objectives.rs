//! What was promised about loss and recovery, and how it stands, as a table or as Markdown. Called by `verify`.

use comfy_table::Table;
use comfy_table::presets::NOTHING;

use super::markdown::promised;
use crate::insight::objectives::Objective;
use crate::model::text;

/// With a heading; nothing where nothing was promised.
pub fn objectives(all: &[Objective], markdown: bool) -> String {
    if all.is_empty() {
        return String::new();
    }
    if markdown {
        return format!("\n## Objectives\n\n{}\n", promised(all).join("\n"));
    }
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(["OBJECTIVE", "WANTED", "MEASURED", "LEVEL", "WHAT AWS SAYS"]);
    for o in all {
        let says = text::inert(&o.says);
        table.add_row([o.name, o.wanted, o.measured.as_deref().unwrap_or("not known"), o.level.word(), says.as_ref()]);
    }
    format!("\n{}\n", table.trim_fmt())
}

#[cfg(test)]
mod tests {
    use super::objectives;
    use crate::insight::fixture::World;
    use crate::insight::objectives::objectives as stand;

    #[test]
    fn every_objective_has_a_row_in_both_forms_and_a_stack_without_database_has_none() {
        let world = World::healthy();
        let all = stand(&world.store, &world.stack, world.now);
        for markdown in [false, true] {
            let told = objectives(&all, markdown);
            for o in &all {
                assert!(told.lines().any(|l| l.contains(o.name) && l.contains(o.wanted) && l.contains(o.level.word())), "{told}");
            }
        }
        assert!(!all.is_empty() && objectives(&[], true).is_empty());
    }
}
