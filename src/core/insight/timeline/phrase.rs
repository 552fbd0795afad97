//! The sentences of AWS's events as rows: how to recognise one, how bad it is, and what to say in its place.
//! Matching is tolerant: case, trailing periods and `master`/`primary` drift. Called by the timeline, the rules and `roles`.

use crate::model::balancer::group_name;
use crate::model::health::Level;
use crate::model::text;

/// One kind of sentence.
pub(crate) struct Phrase {
    /// All of these occur in the sentence, in lower case.
    pub has: &'static [&'static str],
    /// How bad it is by itself.
    pub level: Level,
    /// The short form; `None` keeps the sentence.
    pub say: fn(&str) -> Option<String>,
    /// Another source, or another member of the group, tells of the same event in the same words.
    pub twice: bool,
}

const fn phrase(has: &'static [&'static str], level: Level, say: fn(&str) -> Option<String>) -> Phrase {
    Phrase { has, level, say, twice: false }
}

impl Phrase {
    const fn told_twice(self) -> Self {
        Self { twice: true, ..self }
    }
}

/// ECS service events, first match wins.
pub(crate) const SERVICE: &[Phrase] = &[
    phrase(&["steady state"], Level::Healthy, |_| Some("steady state".to_owned())),
    phrase(&["unable to consistently start"], Level::Degraded, |_| Some("unable to consistently start tasks".to_owned())),
    phrase(&["unable to place"], Level::Degraded, |m| Some(format!("unable to place a task: {}", after(m, "Reason:")?))),
    phrase(&["deployment failed"], Level::Degraded, |m| Some(format!("deployment failed: {}", after(m, "deployment failed:")?))),
    phrase(&["rolling back"], Level::Degraded, |m| Some(format!("rolling back to {}", paren(m, "deployment")?))),
    phrase(&["is unhealthy in"], Level::Degraded, |m| {
        let task = paren(m, "task").map_or_else(|| "a task".to_owned(), |t| format!("task {}", text::short_id(t)));
        Some(format!("{task} unhealthy: {}", paren(m, "reason").unwrap_or("no reason given")))
    }),
    phrase(&["failed container health checks"], Level::Degraded, |_| None),
    phrase(&["deployment completed"], Level::Healthy, |_| Some("deployment completed".to_owned())).told_twice(),
    phrase(&["has started", "task"], Level::Info, |m| Some(format!("started {}", tasks(m, "has started")?))),
    phrase(&["has stopped", "task"], Level::Info, |m| Some(format!("stopped {}", tasks(m, "has stopped")?))),
    phrase(&["deregistered", "target"], Level::Info, |m| Some(format!("deregistered {}", targets(m, "deregistered")?))),
    phrase(&["registered", "target"], Level::Info, |m| Some(format!("registered {}", targets(m, "registered")?))),
    phrase(&["begun draining"], Level::Info, |m| Some(format!("draining {}", tasks(m, "connections on")?))),
    phrase(&["not az balanced"], Level::Info, |m| {
        Some(format!("not zone balanced: {}", after(m, "AZ balanced with")?.split(". ").next()?))
    }),
    phrase(&["az balanced"], Level::Healthy, |_| Some("zone balanced".to_owned())),
];

/// RDS and ElastiCache events, first match wins.
pub(crate) const DATA: &[Phrase] = &[
    phrase(&["abandoning", "failover"], Level::Degraded, |_| Some("failover abandoned: too soon after the last one".to_owned())),
    phrase(&["started", "failover to db instance"], Level::Degraded, |m| Some(format!("failover to {} started", last_word(m)))),
    phrase(&["completed failover to db instance"], Level::Healthy, |m| Some(format!("failover to {} completed", last_word(m)))),
    phrase(&["promoting previous primary again"], Level::Degraded, |m| Some(format!("failover given up: {} writes again", last_word(m)))),
    phrase(&["storage-full", "shut down"], Level::Degraded, |_| Some("storage full: the database has been shut down".to_owned())),
    phrase(&["storage has been exhausted"], Level::Degraded, |_| Some("storage full: allocate more".to_owned())),
    phrase(&["free storage capacity", "is low"], Level::Degraded, |_| Some("free storage is low".to_owned())),
    phrase(&["replication has stopped"], Level::Degraded, |_| Some("replication has stopped".to_owned())),
    phrase(&["failover", "started"], Level::Degraded, |_| Some("failover started".to_owned())),
    phrase(&["failover from", "completed"], Level::Degraded, |m| {
        let (from, to) = failover(m)?;
        Some(format!("failed over: {from} → {to}"))
    })
    .told_twice(),
    phrase(&["failover", "completed"], Level::Healthy, |_| Some("failover completed".to_owned())),
    phrase(&["test failover"], Level::Info, |m| Some(format!("test failover of shard {}", last_word(m)))),
    phrase(&["requested a failover"], Level::Degraded, |_| Some("failover requested by a user".to_owned())),
    phrase(&["primary host", "unhealthy"], Level::Degraded, |_| Some("the primary host is unhealthy".to_owned())),
    phrase(&["primary host", "unreachable"], Level::Degraded, |_| Some("the primary host is unreachable".to_owned())),
    phrase(&["finished recovery"], Level::Healthy, |_| Some("finished recovery".to_owned())),
    phrase(&["recovering cache node"], Level::Degraded, |_| Some("recovering".to_owned())),
    phrase(&["finished", "backup"], Level::Info, |_| Some("backup finished".to_owned())),
    phrase(&["backing up"], Level::Info, |_| Some("backup started".to_owned())),
    phrase(&["restarted"], Level::Info, |_| Some("restarted".to_owned())),
    phrase(&["shutdown"], Level::Degraded, |_| Some("shut down".to_owned())),
    phrase(&["unable"], Level::Degraded, |_| None),
    phrase(&["fail"], Level::Degraded, |_| None),
    phrase(&["completed"], Level::Healthy, |_| None),
];

fn of<'a>(rows: &'a [Phrase], message: &str) -> Option<&'a Phrase> {
    let lower = message.to_lowercase();
    rows.iter().find(|p| p.has.iter().all(|h| lower.contains(h)))
}

/// Whether another source tells of the same event in the same words.
pub(crate) fn is_told_twice(rows: &[Phrase], message: &str) -> bool {
    of(rows, message).is_some_and(|p| p.twice)
}

/// Level and short form of a sentence; unknown sentences stay as they are, at Info.
pub(crate) fn read(rows: &[Phrase], message: &str) -> (Level, String) {
    match of(rows, message) {
        Some(row) => (row.level, (row.say)(message).unwrap_or_else(|| bare(message))),
        None => (Level::Info, bare(message)),
    }
}

/// Without the `(service x)` in front and the period at the end, at most 100 cells.
fn bare(message: &str) -> String {
    let sentence = match message.strip_prefix("(service ").and_then(|rest| rest.split_once(") ")) {
        Some((_, rest)) => rest,
        None => message,
    };
    text::clip(sentence.trim_end_matches('.').trim(), 100).into_owned()
}

/// (from, to) of an ElastiCache failover sentence.
pub(crate) fn failover(message: &str) -> Option<(&str, &str)> {
    let words: Vec<&str> = message.split_whitespace().collect();
    let at = |word: &str, from: usize| words.iter().skip(from).position(|w| w.eq_ignore_ascii_case(word)).map(|i| i + from);
    let start = at("failover", 0)?;
    let from = at("node", start)?;
    let to = at("node", from + 1)?;
    let id = |i: usize| words.get(i + 1).map(|w| w.trim_end_matches(['.', ',']));
    words.iter().skip(to).any(|w| w.starts_with("completed")).then_some(())?;
    Some((id(from)?, id(to)?))
}

/// `x` of `(key x)`.
fn paren<'a>(message: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(&format!("({key} "))?;
    rest.split_once(')').map(|(value, _)| value)
}

/// What follows `mark`, without the period at the end, shortened.
fn after(message: &str, mark: &str) -> Option<String> {
    let (_, rest) = message.split_once(mark)?;
    Some(text::clip(rest.trim().trim_end_matches('.'), 80).into_owned())
}

fn number(message: &str, mark: &str) -> Option<u32> {
    let (_, rest) = message.split_once(mark)?;
    rest.split_whitespace().next()?.parse().ok()
}

fn tasks(message: &str, mark: &str) -> Option<String> {
    Some(text::plural(number(message, mark)?, "task"))
}

fn targets(message: &str, mark: &str) -> Option<String> {
    let count = text::plural(number(message, mark)?, "target");
    let group = paren(message, "target-group").and_then(group_name);
    Some(group.map_or_else(|| count.clone(), |g| format!("{count} in {g}")))
}

fn last_word(message: &str) -> &str {
    message.trim_end_matches('.').rsplit(' ').next().unwrap_or(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_events_are_shortened() {
        let tg = "arn:aws:elasticloadbalancing:r:1:targetgroup/web/ab";
        for (message, level, text) in [
            ("(service web) has started 2 tasks: (task aa) (task bb).", Level::Info, "started 2 tasks"),
            ("(service web) has stopped 1 running tasks: (task aa).", Level::Info, "stopped 1 task"),
            ("(service web) has reached a steady state.", Level::Healthy, "steady state"),
            ("(service web) (deployment ecs-svc/123) deployment completed.", Level::Healthy, "deployment completed"),
            (&format!("(service web) registered 1 targets in (target-group {tg})"), Level::Info, "registered 1 target in web"),
            (&format!("(service web) deregistered 2 targets in (target-group {tg})"), Level::Info, "deregistered 2 targets in web"),
            ("(service web, taskSet ecs-svc/123) has begun draining connections on 1 tasks.", Level::Info, "draining 1 task"),
            (
                &format!(
                    "(service web) (task 0123456789ab) (port 8000) is unhealthy in (target-group {tg}) due to (reason Request timed out)."
                ),
                Level::Degraded,
                "task 01234567 unhealthy: Request timed out",
            ),
            (
                &format!("(service web) (port 8000) is unhealthy in (target-group {tg}) due to (reason Request timed out)."),
                Level::Degraded,
                "a task unhealthy: Request timed out",
            ),
            (
                "(service web) is unable to consistently start tasks successfully. For more information, see the guide.",
                Level::Degraded,
                "unable to consistently start tasks",
            ),
            (
                "service (web) is not AZ balanced with 2 tasks in a, 1 tasks in b and 0 in c. AZ Rebalancing in progress.",
                Level::Info,
                "not zone balanced: 2 tasks in a, 1 tasks in b and 0 in c",
            ),
            ("service (web) is AZ balanced with 1 tasks in a.", Level::Healthy, "zone balanced"),
            (
                "(service web) (deployment ecs-svc/1) deployment failed: tasks failed to start.",
                Level::Degraded,
                "deployment failed: tasks failed to start",
            ),
            ("(service web) rolling back to (deployment ecs-svc/122).", Level::Degraded, "rolling back to ecs-svc/122"),
            (
                "(service web) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again",
                Level::Degraded,
                "unable to place a task: Capacity is unavailable at this time. Please try again",
            ),
            ("(service web) does something new.", Level::Info, "does something new"),
        ] {
            assert_eq!(read(SERVICE, message), (level, text.to_owned()), "{message}");
        }
    }

    #[test]
    fn data_events_are_shortened() {
        for (message, level, text) in [
            ("Multi-AZ instance failover started", Level::Degraded, "failover started"),
            ("Multi-AZ instance failover completed.", Level::Healthy, "failover completed"),
            ("Started cross AZ failover to DB instance: shop-2", Level::Degraded, "failover to shop-2 started"),
            ("Completed failover to DB instance: shop-2", Level::Healthy, "failover to shop-2 completed"),
            ("Promoting previous primary again: shop-1", Level::Degraded, "failover given up: shop-1 writes again"),
            (
                "DB instance has reached the storage-full threshold, and the database has been shut down. Increase it.",
                Level::Degraded,
                "storage full: the database has been shut down",
            ),
            ("Replication has stopped.", Level::Degraded, "replication has stopped"),
            ("DB instance restarted", Level::Info, "restarted"),
            ("DB instance shutdown", Level::Degraded, "shut down"),
            ("The primary host of the RDS Multi-AZ instance is unhealthy.", Level::Degraded, "the primary host is unhealthy"),
            ("The user requested a failover of the DB instance.", Level::Degraded, "failover requested by a user"),
            ("Backing up DB instance", Level::Info, "backup started"),
            ("Finished DB Instance backup", Level::Info, "backup finished"),
            ("Test Failover API called for node group 0001", Level::Info, "test failover of shard 0001"),
            ("Failover from master node r-1 to replica node r-2 completed", Level::Degraded, "failed over: r-1 → r-2"),
            ("Recovering cache nodes 0001", Level::Degraded, "recovering"),
            ("Finished recovery for cache nodes 0001", Level::Healthy, "finished recovery"),
        ] {
            assert_eq!(read(DATA, message), (level, text.to_owned()), "{message}");
        }
    }

    #[test]
    fn a_failover_names_both_nodes() {
        assert_eq!(
            failover("Failover from primary node x-0001-001 to replica node x-0001-002 completed."),
            Some(("x-0001-001", "x-0001-002"))
        );
        assert_eq!(failover("Failover from primary node"), None);
        assert_eq!(failover("Multi-AZ instance failover completed"), None);
    }
}
