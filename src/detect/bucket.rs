//! A token bucket on event time: what `surge` measures rates against.

use crate::bgp::Timestamp;

/// Tokens are NLRI. It may run into debt, which tells how far a surge went beyond.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    tokens: f64,
    at: Timestamp,
}

impl Bucket {
    /// A full one.
    pub fn full(burst: f64, now: Timestamp) -> Self {
        Bucket {
            tokens: burst,
            at: now,
        }
    }

    /// Lets time pass.
    pub fn refill(&mut self, now: Timestamp, burst: f64, rate: f64) {
        let passed = now.since(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.tokens = rate.mul_add(passed, self.tokens).min(burst);
    }

    /// Takes one token; returns whether there was one.
    pub fn take(&mut self, now: Timestamp, burst: f64, rate: f64) -> bool {
        self.refill(now, burst, rate);
        self.tokens -= 1.0;
        // Debt is bounded, so that the end of a surge is noticed within a minute.
        self.tokens = self.tokens.max(-burst.max(60.0 * rate));
        self.tokens >= 0.0
    }

    /// Whether it is in debt by nearly a whole burst: twice what is usual came.
    pub fn is_deep(&self, burst: f64) -> bool {
        self.tokens <= -0.9 * burst
    }
}
