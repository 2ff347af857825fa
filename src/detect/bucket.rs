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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_and_what_comes_beyond_does_not() {
        let now = Timestamp::from_secs(1000);
        let mut bucket = Bucket::full(10.0, now);
        assert!((0..10).all(|_| bucket.take(now, 10.0, 1.0)));
        assert!(!bucket.take(now, 10.0, 1.0));
        assert!(bucket.take(now + Duration::from_secs(3), 10.0, 1.0));
    }

    #[test]
    fn twice_the_burst_is_deep_until_time_has_passed() {
        let now = Timestamp::from_secs(1000);
        let mut bucket = Bucket::full(10.0, now);
        for _ in 0..20 {
            bucket.take(now, 10.0, 1.0);
        }
        assert!(bucket.is_deep(10.0));
        bucket.refill(now + Duration::from_secs(5), 10.0, 1.0);
        assert!(!bucket.is_deep(10.0));
    }

    #[test]
    fn debt_is_bounded_and_so_is_wealth() {
        let now = Timestamp::from_secs(1000);
        let mut bucket = Bucket::full(10.0, now);
        for _ in 0..100_000 {
            bucket.take(now, 10.0, 1.0);
        }
        let later = now + Duration::from_secs(71);
        assert!(bucket.take(later, 10.0, 1.0), "a minute and a burst later");
        bucket.refill(later + Duration::from_secs(1_000_000), 10.0, 1.0);
        let taken = (0..20).filter(|_| bucket.take(later, 10.0, 1.0)).count();
        assert_eq!(taken, 10);
    }

    #[test]
    fn time_that_goes_back_fills_nothing() {
        let now = Timestamp::from_secs(1000);
        let mut bucket = Bucket::full(1.0, now);
        assert!(bucket.take(now, 1.0, 1.0));
        assert!(!bucket.take(Timestamp::ZERO, 1.0, 1.0));
        assert!(!bucket.take(now, 1.0, 1.0));
    }
}
