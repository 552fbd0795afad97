//! The world's random streams: one generator per concern, so that a user's action (which draws task lives and ids)
//! never changes the traffic. Used by every physics module; nothing else in the world is random.

use std::fmt::Write as _;

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::names::Ms;

/// The independent streams.
#[derive(Debug, Clone)]
pub struct Rngs {
    /// Demand: draws the same number every second, so that it is the same whatever happens to the stack.
    pub traffic: Dice,
    /// Arrivals, errors and latencies.
    pub requests: Dice,
    /// Ids and UUIDs.
    pub ids: Dice,
    /// Task lives, failovers, delays.
    pub life: Dice,
    /// Log lines.
    pub log: Dice,
    /// Small noise on gauges.
    pub noise: Dice,
    /// The edge and storage: checks from outside, invalidations, requests.
    pub edge: Dice,
    /// Commits, builds, images and their scans.
    pub delivery: Dice,
    /// What only injected failures draw, so that without them nothing else is drawn differently.
    pub scenes: Dice,
}

impl Rngs {
    /// The streams of `seed`.
    pub fn new(seed: u64) -> Self {
        let stream = |k: u64| Dice(Pcg64Mcg::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (k << 56) ^ k));
        Self {
            traffic: stream(1),
            ids: stream(2),
            life: stream(3),
            log: stream(4),
            noise: stream(5),
            requests: stream(6),
            delivery: stream(7),
            edge: stream(8),
            scenes: stream(9),
        }
    }
}

/// One stream with the draws the world needs.
#[derive(Debug, Clone)]
pub struct Dice(Pcg64Mcg);

impl Dice {
    /// Uniform in 0..1.
    pub fn unit(&mut self) -> f64 {
        self.0.random::<f64>()
    }

    /// Uniform in `lo..hi`.
    pub fn between(&mut self, lo: f64, hi: f64) -> f64 {
        lo + (hi - lo) * self.unit()
    }

    /// Uniform whole seconds in `lo..=hi`, as milliseconds.
    pub fn seconds(&mut self, lo: i64, hi: i64) -> Ms {
        self.0.random_range(lo..=hi) * 1_000
    }

    /// Uniform index below `n` (0 when `n` is 0).
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { self.0.random_range(0..n) }
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Standard normal, near enough: the sum of four uniforms, cheap because it is drawn often.
    pub fn normal(&mut self) -> f64 {
        let sum = self.unit() + self.unit() + self.unit() + self.unit();
        (sum - 2.0) * 1.732_050_8
    }

    /// Standard normal with true tails, for latencies (Box-Muller).
    pub fn gauss(&mut self) -> f64 {
        let u = self.unit().max(1e-12);
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Poisson count of mean `lambda`.
    pub fn poisson(&mut self, lambda: f64) -> u32 {
        if lambda <= 0.0 {
            return 0;
        }
        if lambda > 12.0 {
            return (lambda + lambda.sqrt() * self.normal()).round().max(0.0) as u32;
        }
        let limit = (-lambda).exp();
        let mut product = self.unit();
        let mut count = 0;
        while product > limit && count < 100 {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// How many of `n` events with probability `p` each happen.
    pub fn binomial(&mut self, n: u32, p: f64) -> u32 {
        self.poisson(f64::from(n) * p.clamp(0.0, 1.0)).min(n)
    }

    /// `n` lower-case hex digits.
    pub fn hex(&mut self, n: usize) -> String {
        let mut out = String::with_capacity(n);
        for _ in 0..n {
            out.push(char::from(b"0123456789abcdef"[self.0.random_range(0..16)]));
        }
        out
    }

    /// `n` decimal digits, the first not zero.
    pub fn digits(&mut self, n: usize) -> String {
        let mut out = String::with_capacity(n);
        for i in 0..n {
            let digit = self.0.random_range(u8::from(i == 0)..10);
            out.push(char::from(b'0' + digit));
        }
        out
    }

    /// `n` letters and digits of mixed case.
    pub fn alnum(&mut self, n: usize) -> String {
        const SET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..n).map(|_| char::from(SET[self.0.random_range(0..62)])).collect()
    }

    /// A version 4 UUID.
    pub fn uuid(&mut self) -> String {
        let (hi, lo) = (self.0.random::<u64>(), self.0.random::<u64>());
        let mut out = String::with_capacity(36);
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            hi >> 32,
            (hi >> 16) & 0xffff,
            hi & 0xfff,
            0x8000 | ((lo >> 48) & 0x3fff),
            lo & 0xffff_ffff_ffff
        );
        out
    }
}
