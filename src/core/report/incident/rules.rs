//! The rules of incidents as a table and as JSON lines: which there are, whose, and what leads on from them. Called by `incident rules`.

use serde_json::json;

use super::super::Look;
use super::super::rows::{laid_out, whole};
use crate::incident::{Rule, Rules};
use crate::model::text::sanitize;

/// Whose rule it is: the program's, or the file of a team's own folder.
fn whose<'o>(rule: &Rule, own: &'o [String]) -> &'o str {
    own.iter().find(|file| file.strip_suffix(".toml") == Some(rule.id.as_str())).map_or("built in", String::as_str)
}

/// One row per rule, in the order in which they are asked. `own` are the names of a team's files.
pub fn table(rules: &Rules, own: &[String], look: Look) -> String {
    let mut table = laid_out(look);
    table.set_header(["ID", "SEVERITY", "NAME", "RUNBOOK", "FROM"]);
    for rule in rules.rows() {
        let runbook = if rule.runbook.is_empty() { "-" } else { rule.runbook.as_str() };
        let cells = [rule.id.as_str(), rule.severity.word(), rule.name.as_str(), runbook, whose(rule, own)];
        table.add_row(cells.map(sanitize));
    }
    whole(&mut table, &[0, 3]);
    table.trim_fmt() + "\n"
}

/// One JSON object per rule.
pub fn lines(rules: &Rules, own: &[String]) -> Vec<String> {
    let line = |rule: &Rule| {
        json!({
            "id": rule.id, "name": rule.name, "severity": rule.severity, "runbook": rule.runbook, "aws": rule.aws, "from": whose(rule, own),
        })
        .to_string()
    };
    rules.rows().iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::with_own;

    const OWN: &str = "id = \"ID\"\nname = \"Queue stuck\"\nseverity = \"warning\"\nsystems = [\"db\"]\nopens = 'db.status == \"failed\"'\ncloses = 'db.status == \"available\"'\n";

    #[test]
    fn a_teams_rule_stands_among_the_others_and_takes_the_place_of_one_with_its_name() {
        let own = |name: &str| vec![(format!("{name}.toml"), OWN.replace("ID", name))];
        let names = vec!["queue-stuck.toml".to_owned()];
        let rules = with_own(&own("queue-stuck")).unwrap();
        let listed = table(&rules, &names, Look::default());
        let row = listed.lines().find(|l| l.starts_with(" queue-stuck") || l.starts_with("queue-stuck")).unwrap();
        assert!(row.contains("Queue stuck") && row.ends_with("queue-stuck.toml"), "{listed}");
        assert_eq!(rules.rows().last().map(|r| r.id.as_str()), Some("unexplained"), "what nothing explains is asked last");
        assert_eq!(lines(&rules, &names).len(), with_own(&[]).unwrap().rows().len() + 1);
        let taken = with_own(&own("database-cpu")).unwrap();
        assert_eq!(taken.get("database-cpu").map(|r| r.name.as_str()), Some("Queue stuck"));
        assert_eq!(taken.rows().len(), with_own(&[]).unwrap().rows().len());
    }

    #[test]
    fn a_bad_rule_is_named_with_its_file_and_line() {
        let text = OWN.replace("ID", "queue-stuck").replace("db.status == \"failed\"", "db.stattus == \"failed\"");
        let why = with_own(&[("queue-stuck.toml".to_owned(), text)]).unwrap_err().to_string();
        assert!(why.contains("queue-stuck.toml:5") && why.contains("status"), "{why}");
        let other = with_own(&[("queue-stuck.toml".to_owned(), OWN.replace("ID", "queue"))]).unwrap_err().to_string();
        assert!(other.contains("it must be `queue-stuck`"), "{other}");
    }
}
