//! The forms of the diagram, as data: which tiers stand in which bands at which size, and how their boxes look there.
//! A new tier is one variant and one entry in each form. Called by `plan`.

use crate::model::system::Tier;

/// How the boxes of a tier look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// With a border of their own.
    Boxed,
    /// As lines; narrow ones share a line.
    Lines,
    /// As a list whose heading is a rule of its own.
    Own,
    /// One line of few cells, on a rule or beside others.
    Chip,
}

/// Tiers under each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// From top to bottom.
    pub(super) parts: &'static [Tier],
    /// How they look.
    pub(super) look: Look,
    /// Its share of the width.
    pub(super) share: u16,
}

/// One horizontal band of a form.
#[derive(Debug, Clone, Copy)]
pub(super) struct Band {
    /// From left to right.
    pub(super) columns: &'static [Column],
    /// The tier whose boxes stand on the rule above it.
    pub(super) heads: Option<Tier>,
    /// In the right column of the screen.
    pub(super) side: bool,
    /// Rows that it needs, its rule included; of one row of boxes, where boxes are drawn.
    pub(super) min: u16,
    /// Its share of the rows that are left over.
    pub(super) share: u16,
    /// Bodies with fewer rows do without it.
    pub(super) from: u16,
    /// Bodies with fewer rows do without its rule.
    pub(super) ruled: u16,
    /// Its rule is headed by all four tiers of the bottom row, however many stand in it.
    pub(super) bottom: bool,
}

impl Band {
    /// All its boxes are lists under their own headings.
    pub(super) fn is_own(&self) -> bool {
        self.columns.iter().all(|c| c.look == Look::Own)
    }

    /// Whether it has a rule in a body of that height.
    pub(super) fn has_rule(&self, body: u16) -> bool {
        !self.is_own() && body >= self.ruled
    }
}

const BAND: Band = Band { columns: &[], heads: None, side: false, min: 0, share: 0, from: 0, ruled: 0, bottom: false };

const fn one(parts: &'static [Tier], look: Look, share: u16) -> Column {
    Column { parts, look, share }
}

const EDGE: &[Column] = &[one(&[Tier::Edge], Look::Lines, 1)];
const PUBLIC: &[Column] = &[one(&[Tier::Public, Tier::Exit], Look::Lines, 1)];
const PRIVATE: &[Column] = &[one(&[Tier::Private], Look::Lines, 1)];
const DATABASE: &[Column] = &[one(&[Tier::Database], Look::Lines, 1)];
const ALARMS: &[Column] = &[one(&[Tier::Alarms], Look::Own, 1)];
const TIMELINE: &[Column] = &[one(&[Tier::Timeline], Look::Own, 1)];
const LOGS: &[Column] = &[one(&[Tier::Logs], Look::Own, 1)];

/// The rows that a line form has in common.
const EDGE_LINES: Band = Band { columns: EDGE, ruled: 26, ..BAND };
const PUBLIC_LINES: Band = Band { columns: PUBLIC, heads: Some(Tier::Vpc), ..BAND };
const PRIVATE_LINES: Band = Band { columns: PRIVATE, ..BAND };
const DATABASE_LINES: Band = Band { columns: DATABASE, ..BAND };
const KEPT: Band = Band { columns: &[one(&[Tier::Storage, Tier::Security], Look::Lines, 1)], ruled: 17, bottom: true, ..BAND };

/// Lines under rules, one column. `min` is worked out from the lines.
pub(super) const LINES: &[Band] = &[
    EDGE_LINES,
    PUBLIC_LINES,
    PRIVATE_LINES,
    DATABASE_LINES,
    KEPT,
    Band { columns: &[one(&[Tier::Delivery, Tier::Alarms, Tier::Monitoring], Look::Lines, 1)], ruled: u16::MAX, ..BAND },
    Band { columns: TIMELINE, min: 4, share: 2, from: 30, ..BAND },
    Band { columns: LOGS, min: 3, share: 3, from: 17, ..BAND },
];

const MADE: Band = Band { columns: &[one(&[Tier::Delivery, Tier::Monitoring], Look::Lines, 1)], ruled: u16::MAX, ..BAND };

/// Lines under rules, with a right column.
pub(super) const LINES_SIDE: &[Band] = &[
    EDGE_LINES,
    PUBLIC_LINES,
    PRIVATE_LINES,
    DATABASE_LINES,
    KEPT,
    MADE,
    Band { columns: LOGS, min: 3, share: 1, from: 17, ..BAND },
    Band { columns: ALARMS, side: true, min: 4, share: 1, ..BAND },
    Band { columns: TIMELINE, side: true, min: 4, share: 2, ..BAND },
];

/// The same when the services fill the left column: then the log moves to the right one.
pub(super) const LINES_FULL: &[Band] = &[
    EDGE_LINES,
    PUBLIC_LINES,
    PRIVATE_LINES,
    DATABASE_LINES,
    KEPT,
    MADE,
    Band { columns: ALARMS, side: true, min: 4, share: 1, ..BAND },
    Band { columns: TIMELINE, side: true, min: 4, share: 2, ..BAND },
    Band { columns: LOGS, side: true, min: 4, share: 3, ..BAND },
];

const EDGE_BOXES: &[Column] = &[one(&[Tier::Edge], Look::Boxed, 1)];
const PUBLIC_BOXES: &[Column] = &[one(&[Tier::Public], Look::Boxed, 11), one(&[Tier::Exit], Look::Boxed, 4)];
const PRIVATE_BOXES: &[Column] = &[one(&[Tier::Private], Look::Boxed, 1)];
const DATABASE_BOXES: &[Column] = &[one(&[Tier::Database], Look::Boxed, 1)];
const BOTTOM: &[Column] = &[
    one(&[Tier::Storage], Look::Lines, 9),
    one(&[Tier::Security], Look::Lines, 9),
    one(&[Tier::Delivery], Look::Lines, 10),
    one(&[Tier::Alarms, Tier::Monitoring], Look::Lines, 11),
];

/// Boxes, one column.
pub(super) const BOXED: &[Band] = &[
    Band { columns: EDGE_BOXES, min: 4, ..BAND },
    Band { columns: PUBLIC_BOXES, heads: Some(Tier::Vpc), min: 6, ..BAND },
    Band { columns: PRIVATE_BOXES, min: 8, share: 1, ..BAND },
    Band { columns: DATABASE_BOXES, min: 6, share: 1, ..BAND },
    Band { columns: BOTTOM, min: 6, ..BAND },
    Band { columns: TIMELINE, min: 4, share: 2, from: 44, ..BAND },
    Band { columns: LOGS, min: 4, share: 3, ..BAND },
];

/// Boxes, with a right column.
pub(super) const BOXED_SIDE: &[Band] = &[
    Band { columns: EDGE_BOXES, min: 4, share: 1, ..BAND },
    Band { columns: PUBLIC_BOXES, heads: Some(Tier::Vpc), min: 7, share: 3, ..BAND },
    Band { columns: PRIVATE_BOXES, min: 9, share: 4, ..BAND },
    Band { columns: DATABASE_BOXES, min: 7, share: 4, ..BAND },
    Band { columns: BOTTOM, min: 7, share: 1, ..BAND },
    Band { columns: TIMELINE, side: true, min: 6, share: 3, ..BAND },
    Band { columns: LOGS, side: true, min: 6, share: 5, ..BAND },
];
