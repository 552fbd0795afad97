//! The table of boxes and the forms of the diagram, as data: which tiers stand in which bands at which size.
//! A new system is one BOXES row, and its tier one entry in each form when no other box stands there yet.

use crate::model::section::SectionKey;

/// A tier of the diagram, with the heading that the seed gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Public subnets.
    Public,
    /// Private subnets.
    Private,
    /// Database subnets.
    Database,
    /// Alarms.
    Alarms,
    /// What changed.
    Timeline,
    /// Log tail.
    Logs,
}

/// What a box shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The load balancer.
    Balancer,
    /// An ECS service; one box each.
    Service,
    /// Redis.
    Cache,
    /// The database.
    Database,
    /// Alarms.
    Alarms,
    /// What changed.
    Timeline,
    /// Log tail.
    Logs,
}

/// One row of the table of boxes.
#[derive(Debug, Clone, Copy)]
pub struct BoxSpec {
    /// What it shows.
    pub kind: Kind,
    /// Where it belongs.
    pub tier: Tier,
    /// The sections whose age the box shows, the one that makes it first.
    pub sections: &'static [SectionKey],
}

/// All boxes that have a source, in reading order.
pub const BOXES: &[BoxSpec] = &[
    BoxSpec { kind: Kind::Balancer, tier: Tier::Public, sections: &[SectionKey("balancer"), SectionKey("routing"), SectionKey("targets")] },
    BoxSpec { kind: Kind::Service, tier: Tier::Private, sections: &[SectionKey("services"), SectionKey("tasks")] },
    BoxSpec { kind: Kind::Cache, tier: Tier::Private, sections: &[SectionKey("cache"), SectionKey("cache_nodes")] },
    BoxSpec { kind: Kind::Database, tier: Tier::Database, sections: &[SectionKey("database")] },
    BoxSpec { kind: Kind::Alarms, tier: Tier::Alarms, sections: &[SectionKey("alarms")] },
    BoxSpec { kind: Kind::Timeline, tier: Tier::Timeline, sections: &[SectionKey("services"), SectionKey("database_events")] },
    BoxSpec { kind: Kind::Logs, tier: Tier::Logs, sections: &[SectionKey("logs")] },
];

/// One horizontal band of a form.
#[derive(Debug, Clone, Copy)]
pub(super) struct Band {
    /// What stands in it, from left to right, with shares of the width.
    pub(super) tiers: &'static [(Tier, u16)],
    /// In the right column.
    pub(super) side: bool,
    /// Rows that it needs, its rule included; of one row of boxes, where boxes are drawn.
    pub(super) min: u16,
    /// Its share of the rows that are left over.
    pub(super) share: u16,
    /// Bodies with fewer rows do without it.
    pub(super) from: u16,
}

const fn band(tiers: &'static [(Tier, u16)], side: bool, min: u16, share: u16, from: u16) -> Band {
    Band { tiers, side, min, share, from }
}

/// Lists that have few rows leave the rest to the log; in steps, so that one row more does not move what is below.
pub(super) const STEP: u16 = 4;

/// Lines under rules, one column. `min` is worked out from the lines.
pub(super) const LINES: &[Band] = &[
    band(&[(Tier::Public, 1)], false, 0, 0, 0),
    band(&[(Tier::Private, 1)], false, 0, 0, 0),
    band(&[(Tier::Database, 1)], false, 0, 0, 0),
    band(&[(Tier::Alarms, 1)], false, 0, 0, 0),
    band(&[(Tier::Timeline, 1)], false, 4, 2, 30),
    band(&[(Tier::Logs, 1)], false, 4, 3, 0),
];

/// Lines under rules, with a right column.
pub(super) const LINES_SIDE: &[Band] = &[
    band(&[(Tier::Public, 1)], false, 0, 0, 0),
    band(&[(Tier::Private, 1)], false, 0, 0, 0),
    band(&[(Tier::Database, 1)], false, 0, 0, 0),
    band(&[(Tier::Logs, 1)], false, 4, 1, 0),
    band(&[(Tier::Alarms, 1)], true, 4, 1, 0),
    band(&[(Tier::Timeline, 1)], true, 4, 2, 0),
];

/// The same when the services fill the left column: then the log moves to the right one.
pub(super) const LINES_FULL: &[Band] = &[
    band(&[(Tier::Public, 1)], false, 0, 0, 0),
    band(&[(Tier::Private, 1)], false, 0, 0, 0),
    band(&[(Tier::Database, 1)], false, 0, 0, 0),
    band(&[(Tier::Alarms, 1)], true, 4, 1, 0),
    band(&[(Tier::Timeline, 1)], true, 4, 2, 0),
    band(&[(Tier::Logs, 1)], true, 4, 3, 0),
];

/// Boxes, one column.
pub(super) const BOXED: &[Band] = &[
    band(&[(Tier::Public, 1)], false, 6, 0, 0),
    band(&[(Tier::Private, 1)], false, 9, 3, 0),
    band(&[(Tier::Database, 2), (Tier::Alarms, 1)], false, 7, 2, 0),
    band(&[(Tier::Timeline, 1)], false, 4, 2, 44),
    band(&[(Tier::Logs, 1)], false, 5, 3, 0),
];

/// Boxes, with a right column.
pub(super) const BOXED_SIDE: &[Band] = &[
    band(&[(Tier::Public, 1)], false, 7, 3, 0),
    band(&[(Tier::Private, 1)], false, 9, 5, 0),
    band(&[(Tier::Database, 1)], false, 7, 4, 0),
    band(&[(Tier::Alarms, 1)], true, 6, 2, 0),
    band(&[(Tier::Timeline, 1)], true, 6, 3, 0),
    band(&[(Tier::Logs, 1)], true, 6, 5, 0),
];

impl Tier {
    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Database => "database",
            Self::Alarms => "alarms",
            Self::Timeline => "timeline",
            Self::Logs => "logs",
        }
    }

    /// Its one box draws the rule itself, as its title.
    pub(super) fn titles_itself(self) -> bool {
        matches!(self, Self::Alarms | Self::Timeline | Self::Logs)
    }
}
