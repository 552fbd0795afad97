//! The network's rows in a build without the `ec2` feature: each section says that this build leaves it out, instead of being missing.

use std::sync::Arc;
use std::time::Duration;

use super::{Context, SLOW};
use crate::aws::op::Op;
use nextcore_core::model::kinds::Known;
use nextcore_core::model::network::{NatGateways, Network, Routes, SecurityGroups, Zones};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::store::Store;

/// A source that only says that it is not there.
pub(super) struct Absent<T>(std::marker::PhantomData<T>);

pub(super) type VpcSource = Absent<Network>;
pub(super) type ZonesSource = Absent<Zones>;
pub(super) type NatSource = Absent<NatGateways>;
pub(super) type RoutesSource = Absent<Routes>;
pub(super) type GroupsSource = Absent<SecurityGroups>;

impl<T: Known> super::Source for Absent<T> {
    type Out = T;
    const READS: &'static [Op] = &[];

    fn every(_: &Store) -> Duration {
        SLOW
    }

    async fn poll(_: Arc<Context>) -> Result<T, Problem> {
        Err(Problem {
            kind: ProblemKind::Service,
            headline: format!("{}: built without Amazon EC2", T::TITLE),
            hint: "build with the default features to see the network".to_owned(),
            permission: None,
        })
    }
}
