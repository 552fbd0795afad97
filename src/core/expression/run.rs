//! What one evaluation may cost, and how it reads levels. The document's lists count every element that is walked over, so that a loop over
//! loops ends with an error instead of never. Called by the lazy values of the document.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How many elements of the document one evaluation may walk over.
pub(super) const STEPS: u64 = 300_000;
/// The same where every element is compared with every other.
pub(super) const STEPS_SQUARED: u64 = 10_000;

/// One evaluation.
#[derive(Debug, Default)]
pub(super) struct Run {
    left: AtomicU64,
    over: AtomicBool,
    /// A level that is `unknown` is a value like any other: the expression asks for it by name.
    plain: AtomicBool,
    /// It walked over a list in which something is missing that could not be read.
    partial: AtomicBool,
}

impl Run {
    pub(super) fn begin(&self, steps: u64, plain: bool) {
        self.left.store(steps, Ordering::Relaxed);
        self.over.store(false, Ordering::Relaxed);
        self.plain.store(plain, Ordering::Relaxed);
        self.partial.store(false, Ordering::Relaxed);
    }

    /// Takes so many steps; false when there are none left.
    pub(super) fn take(&self, steps: u64) -> bool {
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(steps));
        if taken.is_err() {
            self.over.store(true, Ordering::Relaxed);
        }
        taken.is_ok()
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    pub(super) fn walks_partial(&self) {
        self.partial.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_partial(&self) -> bool {
        self.partial.load(Ordering::Relaxed)
    }

    pub(super) fn is_plain(&self) -> bool {
        self.plain.load(Ordering::Relaxed)
    }
}
