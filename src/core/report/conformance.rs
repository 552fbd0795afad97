//! A verification as a table, as JSON and as Markdown: every statement under its heading with what was found, and an explanation where it
//! is not a plain pass. Pure: text out. Called by `verify`; decides nothing.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde_json::{Value, json as object};

use crate::insight::conformance::{Report, StatementResult};

use super::markdown::cell;
use super::table::{Look, to_ascii};

/// The table: the headline, the statements under their headings, the summary.
pub fn table(report: &Report, look: Look) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    if let Some(width) = look.width {
        table.set_width(width);
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    let plain = |text: String| if look.ascii { to_ascii(&text) } else { text };
    table.set_header(["RESULT", "ID", "STATEMENT", "FOUND"]);
    for (n, (group, rows)) in report.groups().into_iter().enumerate() {
        if n > 0 {
            table.add_row([""; 4]);
        }
        table.add_row([String::new(), String::new(), plain(group.to_uppercase()), String::new()]);
        for row in rows {
            let found = row.found.as_deref().into_iter().chain(row.notes()).collect::<Vec<_>>().join("\n");
            let (sign, ascii) = row.outcome.signs();
            let result = format!("{} {}", if look.ascii { ascii } else { sign }, row.outcome.word());
            // The sign is ours and stays; the rest may hold anything.
            table.add_row([result, plain(row.about.id.clone()), plain(title(row)), plain(found)]);
        }
    }
    let headline = format!("{} {}  {}", report.stack, report.region, report.as_of);
    let elsewhere = elsewhere(report).map(plain);
    [Some(plain(headline)), elsewhere, Some(table.trim_fmt()), Some(report.summary())].into_iter().flatten().collect::<Vec<_>>().join("\n")
        + "\n"
}

fn elsewhere(report: &Report) -> Option<String> {
    report.elsewhere.as_ref().map(|where_| format!("custom endpoint (not AWS): {where_}"))
}

/// `{stack, region, elsewhere, as_of, counts, rows: [{id, group, title, source, outcome, found, why, ...}], exit_code}`.
pub fn json(report: &Report) -> Value {
    let mut value = object!(report);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("exit_code".to_owned(), report.exit_code().into());
    }
    value
}

/// Markdown, for audits and pull requests: the summary first, then a table per heading.
pub fn markdown(report: &Report) -> String {
    let mut out = vec![format!("# {} {} {}", cell(&report.stack), report.region, report.as_of), String::new()];
    if let Some(elsewhere) = elsewhere(report) {
        out.extend([format!("**{}**", cell(&elsewhere)), String::new()]);
    }
    out.push(report.summary());
    for (group, rows) in report.groups() {
        out.extend([String::new(), format!("## {}", cell(group)), String::new()]);
        out.extend(["| Result | Id | Statement | Found |".to_owned(), "|---|---|---|---|".to_owned()]);
        for row in rows {
            let found: Vec<String> = row.found.as_deref().into_iter().chain(row.notes()).map(cell).collect();
            out.push(format!("| {} | {} | {} | {} |", row.outcome.word(), cell(&row.about.id), cell(&title(row)), found.join("<br>")));
        }
    }
    out.join("\n") + "\n"
}

fn title(row: &StatementResult) -> String {
    if row.about.inferred { format!("{} (inferred)", row.about.title) } else { row.about.title.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::conformance::{Only, Statements, verify};
    use crate::insight::fixture::World;
    use crate::model::database::Database;
    use crate::model::network::Network;
    use crate::model::section::{ProblemKind, Section};

    /// The state document as `snapshot` prints it, with a database that has drifted and a network that may not be read.
    fn report(only: &str) -> Report {
        let mut world = World::healthy();
        world.edit::<Database>(|d| {
            d.backup_retention = Some(1);
            d.latest_restorable = Some(world_ago(420));
            d.class = "db|t3".into();
        });
        world.forget(Network::KEY);
        world.fail(Network::KEY, ProblemKind::Denied, "ec2:DescribeVpcs: access denied");
        let document = crate::report::json(&world.store, &world.judge(), &world.stack, world.now);
        let statements = Statements::builtin().unwrap();
        verify(&statements, &document, &Only::parse(only, &statements).unwrap())
    }

    fn world_ago(seconds: i64) -> crate::model::Time {
        crate::insight::fixture::now() - chrono::TimeDelta::seconds(seconds)
    }

    #[test]
    fn the_table() {
        let report = report("D01,D08,D14,V01,H04");
        insta::assert_snapshot!(table(&report, Look { ascii: false, width: Some(110) }), @r#"
        production-nextcore ap-southeast-2  2026-11-22T22:01:09Z
         RESULT     ID   STATEMENT                            FOUND
                         VPC
         ? unknown  V01  VPC (10.0.0.0/16)                    network: access denied: ec2:DescribeVpcs

                         RDS POSTGRESQL
         ● pass     D01  RDS PostgreSQL 15                    postgres 15.7
         ✖ fail     D08  Automated backups (7-day retention)  1 day
                                                              More days than stated only cost money; fewer break the
                                                              stated retention; 0 disables backups.
         ▲ warn     D14  RPO: 5 minutes (RDS PITR)            PITR 7m00s behind
                                                              Logs are shipped about every 5 minutes: 5 to 7 minutes
                                                              behind is normal, more means that the backup has
                                                              stopped.

                         CLAIMS AND FAILURE SCENARIOS
         ▸ manual   H04  Deployment Time: 20-30 minutes       AWS does not show how long the whole stack took to
                                                              create. Measure the next complete deployment.
        5 statements: 1 pass, 1 warn, 1 fail, 1 unknown, 1 manual
        "#);
    }

    #[test]
    fn the_table_in_ascii_fits_its_width() {
        let text = table(&report("D,S,V,A"), Look { ascii: true, width: Some(80) });
        assert!(text.is_ascii(), "{text}");
        let wide: Vec<&str> = text.lines().filter(|l| l.len() > 80).collect();
        assert!(wide.is_empty(), "{wide:?}");
        assert!(text.contains("->") && text.contains("X fail") && text.contains("! warn"), "{text}");
    }

    #[test]
    fn the_markdown_keeps_its_cells() {
        let text = markdown(&report("D02,D08,V01"));
        insta::assert_snapshot!(text, @r#"
        # production-nextcore ap-southeast-2 2026-11-22T22:01:09Z

        3 statements: 2 fail, 1 unknown

        ## VPC

        | Result | Id | Statement | Found |
        |---|---|---|---|
        | unknown | V01 | VPC (10.0.0.0/16) | network: access denied: ec2:DescribeVpcs |

        ## RDS PostgreSQL

        | Result | Id | Statement | Found |
        |---|---|---|---|
        | fail | D02 | db.t3.large | db\|t3 |
        | fail | D08 | Automated backups (7-day retention) | 1 day<br>More days than stated only cost money; fewer break the stated retention; 0 disables backups. |
        "#);
    }

    #[test]
    fn the_json_has_every_field() {
        let value = json(&report("D08,V01"));
        assert_eq!(value["exit_code"], 1);
        assert_eq!(value["counts"]["fail"], 1);
        assert_eq!(value["rows"][0]["outcome"], "unknown");
        assert_eq!(value["rows"][0]["why"], "network: access denied: ec2:DescribeVpcs");
        assert_eq!(value["rows"][1]["id"], "D08");
        assert_eq!(value["rows"][1]["found"], "1 day");
        assert!(value["rows"][1]["source"].as_str().unwrap().starts_with("rds:DescribeDBInstances"));
    }
}
