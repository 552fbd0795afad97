//! The embedded cloud behind the SDK: glues `sim`'s handler to `aws`'s in-process transport, on one virtual clock.
//! Called by the demo, the screenshots and the tests.

use std::sync::Arc;

use chrono::TimeZone;

use nextcore_core::model::Time;
use nextcore_core::model::stack::Stack;
use nextcore_live::aws::authority::Authority;
use nextcore_live::aws::meter::Meter;
use nextcore_live::aws::notice::Notices;
use nextcore_live::aws::transport::{Body, Handler, in_process};
use nextcore_live::aws::{Clients, connect_in_process};
use nextcore_live::engine::Setup;
use nextcore_live::engine::action::Acts;
use nextcore_live::engine::clock::Clock;
use nextcore_sim::Cloud;

/// When the demo's world begins: eight on a Monday morning in Sydney, the same in every picture: traffic is about to rise.
pub(super) fn demo_start() -> Time {
    chrono::Utc.with_ymd_and_hms(2026, 11, 22, 22, 0, 0).single().unwrap_or_default()
}

/// The embedded cloud and the clock that it lives by.
#[derive(Debug, Clone)]
pub struct Embedded {
    /// The cloud: tests look into its world and inject faults.
    pub cloud: Arc<Cloud>,
    /// Its virtual time.
    pub clock: Clock,
}

impl Embedded {
    /// A world of this seed that begins at this clock's now.
    pub fn new(seed: u64, clock: Clock) -> Self {
        let ticking = clock.clone();
        let cloud = Cloud::new(seed, Arc::new(move || ticking.now().timestamp_millis()));
        Self { cloud, clock }
    }

    /// What an engine needs to watch it: nobody may write.
    pub fn setup(&self, stack: &Stack) -> Setup {
        self.setup_with(stack, Acts::none())
    }

    /// What an engine needs to watch it and to act on it.
    pub fn setup_with(&self, stack: &Stack, acts: Acts) -> Setup {
        let meter = Meter::default();
        let clients = self.clients(&stack.region, &meter, &acts.authority);
        Setup { clients, stack: Arc::new(stack.clone()), clock: self.clock.clone(), meter, notices: Notices::default(), jitter: 0, acts }
    }

    /// The SDK's clients of this cloud, behind the gate, as the program itself builds them.
    pub fn clients(&self, region: &str, meter: &Meter, authority: &Authority) -> Clients {
        let cloud = Arc::clone(&self.cloud);
        let handler: Handler = Arc::new(move |request| {
            let cloud = Arc::clone(&cloud);
            Box::pin(async move { cloud.serve(request).await.map(Body::from_body_1_x) })
        });
        connect_in_process(in_process(handler), region, meter, authority)
    }
}
