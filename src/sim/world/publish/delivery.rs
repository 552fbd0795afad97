//! Metrics of CodeBuild: nothing is published for a minute in which no build began or ended.

use super::super::World;
use super::super::metrics::Stats;
use super::super::names::Ms;
use super::super::state::BuildMinute;

const NS: &str = "AWS/CodeBuild";

impl World {
    /// The minute of the builds.
    pub(super) fn publish_delivery(&mut self, t: Ms) {
        for (project, minute) in std::mem::take(&mut self.codebuild.minute) {
            self.publish_builds(t, &project, &minute);
        }
    }

    /// What happened to the builds of one project, under the project and under the account.
    pub(in super::super) fn publish_builds(&mut self, t: Ms, project: &str, minute: &BuildMinute) {
        let counts = [("Builds", minute.started), ("SucceededBuilds", minute.succeeded), ("FailedBuilds", minute.failed)];
        for dims in [&[("ProjectName", project)][..], &[]] {
            for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
                self.put(NS, name, dims, "Count", (t, Stats::events(f64::from(count))));
            }
            if let Some(stats) = minute.seconds.stats() {
                self.put(NS, "Duration", dims, "Seconds", (t, stats));
            }
        }
    }
}
