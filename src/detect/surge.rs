//! `surge`: more new prefixes, path changes, origin changes or withdrawals than usual.
//!
//! Each is a stream of its own against its own bucket. The burst is a share of what
//! the stream's subject normally carries, so that a full feed's ordinary hour passes
//! and a small customer's doubling does not.

use super::{Bucket, settings};
use crate::bgp::Timestamp;

/// The streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Prefixes the view did not have.
    New,
    /// Other paths for prefixes it had.
    PathChange,
    /// Other origins.
    OriginChange,
    /// Withdrawals.
    Withdrawal,
}

/// NLRI that a subject carrying `routes` may change at once.
pub fn burst(routes: u32, settings: &settings::Surge) -> f64 {
    let routes_f = f64::from(routes);
    if routes < settings.small {
        (routes_f * settings.small_percent / 100.0).max(f64::from(settings.small_burst))
    } else {
        (routes_f * settings.burst_percent / 100.0).max(f64::from(settings.burst))
    }
}

/// One view's buckets, with a running estimate of its ordinary rate.
#[derive(Clone, Debug)]
pub struct Streams {
    buckets: [Bucket; 4],
    /// Events of each stream in the running minute.
    minute: [u32; 4],
    minute_began: Timestamp,
    /// Events of all streams in the minute before.
    last_minute: u32,
    /// The busiest minute of the baseline, per second, decaying by the day.
    busiest: [f64; 4],
    burst: f64,
}

impl Streams {
    /// Full buckets for a view that carries `routes`.
    pub fn new(now: Timestamp, routes: u32, settings: &settings::Surge) -> Self {
        let burst = burst(routes, settings);
        Streams {
            buckets: [Bucket::full(burst, now); 4],
            minute: [0; 4],
            minute_began: now,
            last_minute: 0,
            busiest: [0.0; 4],
            burst,
        }
    }

    /// The busiest minute of each stream, per second.
    pub fn busiest(&self) -> [f64; 4] {
        self.busiest
    }

    /// Goes on from the busiest minutes of another life.
    #[must_use]
    pub fn after(self, busiest: [f64; 4]) -> Self {
        Streams { busiest, ..self }
    }

    /// Counts one event; returns whether the stream is within its bucket.
    pub fn count(&mut self, stream: Stream, now: Timestamp, settings: &settings::Surge) -> bool {
        let index = stream as usize;
        let (Some(bucket), Some(minute), Some(&busiest)) = (
            self.buckets.get_mut(index),
            self.minute.get_mut(index),
            self.busiest.get(index),
        ) else {
            return true;
        };
        *minute += 1;
        bucket.take(now, self.burst, settings.rate.max(2.0 * busiest))
    }

    /// Lets time pass; closes a minute, and learns from it unless the baseline is `frozen`.
    pub fn tick(&mut self, now: Timestamp, routes: u32, frozen: bool, settings: &settings::Surge) {
        // A stream that has fallen silent is over its bucket no longer.
        for (bucket, busiest) in self.buckets.iter_mut().zip(self.busiest) {
            bucket.refill(now, self.burst, settings.rate.max(2.0 * busiest));
        }
        if now.since(self.minute_began).as_secs() < 60 {
            return;
        }
        self.last_minute = self.minute.iter().sum();
        for (minute, busiest) in self.minute.iter_mut().zip(&mut self.busiest) {
            // A maximum that fades by half in about a week of minutes stands in for
            // the 99th percentile minute of seven days.
            *busiest *= 0.99993;
            if !frozen {
                *busiest = busiest.max(f64::from(*minute) / 60.0);
            }
            *minute = 0;
        }
        if !frozen {
            self.burst = burst(routes, settings);
        }
        self.minute_began = now;
    }

    /// Whether a stream is far over its bucket: it has taken twice the burst.
    pub fn is_over(&self, stream: Stream) -> bool {
        self.buckets
            .get(stream as usize)
            .is_some_and(|bucket| bucket.is_deep(self.burst))
    }

    /// Events of all streams in the running minute or in the one before, whichever has
    /// more.
    pub fn changes(&self) -> u32 {
        self.minute.iter().sum::<u32>().max(self.last_minute)
    }

    /// Events of one stream that would be usual at once.
    pub fn usual(&self) -> u32 {
        self.burst as u32
    }

    /// Whether any stream is.
    pub fn any_over(&self) -> bool {
        self.buckets.iter().any(|bucket| bucket.is_deep(self.burst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_burst_is_a_share_of_what_is_carried_and_never_small() {
        let settings = settings::Surge::default();
        let is = |routes, wanted: f64| (burst(routes, &settings) - wanted).abs() < 0.5;
        assert!(is(0, 50.0) && is(100, 50.0));
        assert!(is(1_000, 200.0));
        assert!(is(5_000, 1_000.0) && is(200_000, 1_000.0));
        assert!(is(1_000_000, 5_000.0));
    }

    #[test]
    fn each_stream_has_a_bucket_of_its_own() {
        let settings = settings::Surge::default();
        let now = Timestamp::from_secs(1000);
        let mut streams = Streams::new(now, 100, &settings);
        for _ in 0..200 {
            streams.count(Stream::New, now, &settings);
        }
        assert!(streams.is_over(Stream::New));
        assert!(!streams.is_over(Stream::PathChange));
        assert!(streams.count(Stream::PathChange, now, &settings));
    }

    #[test]
    fn a_stream_that_falls_silent_is_over_no_more() {
        let settings = settings::Surge::default();
        let now = Timestamp::from_secs(1000);
        let mut streams = Streams::new(now, 100, &settings);
        for _ in 0..200 {
            streams.count(Stream::Withdrawal, now, &settings);
        }
        assert!(streams.any_over());
        streams.tick(Timestamp::from_secs(1090), 100, true, &settings);
        assert!(!streams.any_over());
    }
}
