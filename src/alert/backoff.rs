//! How long to wait before a sink is tried again.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_secs(1);
/// The longest of our own: a sink that is back gets everything within five minutes.
const LONGEST: Duration = Duration::from_secs(60);

/// Twice as long each time, less up to a half of it by `draw` (0 to 1), so that not everybody
/// returns to a server in the moment in which it does.
pub fn backoff(attempts: u32, draw: f64) -> Duration {
    let doubled = FIRST.saturating_mul(
        1_u32
            .checked_shl(attempts.saturating_sub(1))
            .unwrap_or(u32::MAX),
    );
    let share = 1.0 - draw.clamp(0.0, 1.0) / 2.0;
    doubled.min(LONGEST).mul_f64(share)
}

/// The longest that a sink may ask us to wait (Retry-After, RFC 9110 §10.2.3).
pub const fn longest() -> Duration {
    Duration::from_secs(3600)
}

/// A draw between 0 and 1.
pub fn draw() -> f64 {
    use std::hash::{BuildHasher, Hasher};
    let bits = std::hash::RandomState::new().build_hasher().finish();
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_vary_by_half() {
        let whole = |attempts| backoff(attempts, 0.0).as_secs();
        assert_eq!([1, 2, 3, 7, 40, u32::MAX].map(whole), [1, 2, 4, 60, 60, 60]);
        assert_eq!(backoff(3, 1.0), Duration::from_secs(2));
        assert!(
            (0..100)
                .map(|_| draw())
                .all(|draw| (0.0..1.0).contains(&draw))
        );
    }
}
