//! The pane of delivery: the pipeline's stages from left to right, its actions and executions, builds with their phases,
//! and the images with who runs them.

mod builds;
mod images;
mod pipeline;

use crate::model::system::System;
use ratatui::layout::Rect;

use super::detail::{Columns, Detail, over, selected, spread};
use super::{Panels, heading, spacious, split};
use crate::insight::NodeId;
use crate::model::delivery::{Builds, Pipeline, Repositories};
use crate::model::section::Section;
use crate::session::Screen;
use crate::session::pane::delivery as rows;
use crate::theme::Role;
use crate::view::View;
use crate::view::state::freshness;
use crate::view::widget::{Ink, Phrase};

const ACTIONS: usize = 0;
const BUILDS: usize = 1;
const IMAGES: usize = 2;
const EXECUTIONS: usize = 3;

/// Draws the pane.
pub(super) fn draw(v: &View<'_>, screen: &Screen, area: Rect, ink: &mut Ink<'_>) {
    let nodes = [System::Pipeline, System::Builds, System::Repositories].map(NodeId::of);
    let fresh = v.age(&[Pipeline::KEY, Builds::KEY, Repositories::KEY]);
    let inner = heading(v, &nodes, Phrase::of("Delivery", Role::Title), &fresh, area, ink);
    let height = pipeline::height(v, inner);
    let (top, lists) = split(inner, height);
    pipeline::stages(v, top, ink);
    let beneath = if spacious(area) {
        let (left, right) = spread(v, screen, &PANELS, COLUMNS, lists, ink);
        // Beside the focused list: builds and images belong together, so the other one's row stands there too.
        let other = if screen.panel == BUILDS { IMAGES } else { BUILDS };
        if let Some(found) = detail(v, screen, other) {
            found.draw(left, ink);
        }
        right
    } else {
        over(v, screen, &PANELS, lists, ink)
    };
    if let Some(found) = detail(v, screen, screen.panel) {
        found.draw(beneath, ink);
    }
}

const COLUMNS: &Columns = &Columns { left: &[ACTIONS, BUILDS, EXECUTIONS], right: &[IMAGES], percent: 50 };

const PANELS: Panels = Panels {
    fresh: |v, panel| match panel {
        BUILDS => freshness::<Builds>(v),
        IMAGES => freshness::<Repositories>(v),
        _ => freshness::<Pipeline>(v),
    },
    draw: |v, screen, index, area, ink| match index {
        ACTIONS => pipeline::actions(v, screen, area, ink),
        BUILDS => builds::list(v, screen, area, ink),
        IMAGES => images::list(v, screen, area, ink),
        _ => pipeline::executions(v, screen, area, ink),
    },
};

/// The selected row of a list.
fn detail<'a>(v: &View<'a>, screen: &Screen, panel: usize) -> Option<Detail<'a>> {
    let order = v.session.list(screen.pane, &screen.subject, panel);
    let at = selected(v, screen, panel);
    match panel {
        ACTIONS => rows::actions(v.store, &order).get(at).map(|(stage, action)| pipeline::detail(v, stage, action)),
        BUILDS => rows::builds(v.store, &order).get(at).map(|b| builds::detail(v, b)),
        IMAGES => rows::images(v.session, &order).get(at).map(|row| images::detail(v, row)),
        EXECUTIONS => rows::executions(v.store, &order).get(at).map(|e| pipeline::execution(v, e)),
        _ => None,
    }
}
