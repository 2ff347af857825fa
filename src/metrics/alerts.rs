//! What is told, and what survives.

use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use super::catalogue::Maker;

/// Notifications, by sink. The names of sinks are the configuration's.
#[derive(Debug)]
pub struct Alerts {
    /// Attempts and what came of them; `result` is `delivered`, `missed` (by one of several
    /// recipients), `retried`, `given_up`, `dropped` or `quieted`.
    pub notifications: IntCounterVec,
    /// Notices that wait.
    pub queue: IntGaugeVec,
    /// Notices that may wait; `sink`.
    pub queue_limit: IntGaugeVec,
    /// Seconds for which the oldest notice that is due has waited.
    pub oldest: IntGaugeVec,
    /// 1 while a sink does not take what it is sent.
    pub failing: IntGaugeVec,
}

/// The journal.
#[derive(Debug)]
pub struct Journal {
    /// 1 while what is written outlives us, or nothing was to be kept.
    pub durable: IntGauge,
    /// What the engine said and nobody wrote down, because too much of it waited.
    pub dropped: IntCounter,
    /// Octets of the database.
    pub bytes: IntGauge,
    /// Steps, documents and slips written.
    pub rows: IntCounter,
    /// Times that the disk failed.
    pub failures: IntCounter,
}

impl Alerts {
    pub(super) fn new(make: &mut Maker) -> Alerts {
        Alerts {
            notifications: make.counters(
                "leakwatch_notifications_total",
                "Notices that sinks were to take, by what came of it.",
                &["sink", "result"],
            ),
            queue: make.gauges(
                "leakwatch_notification_queue_length",
                "Notices that wait for a sink.",
                &["sink"],
            ),
            queue_limit: make.gauges(
                "leakwatch_notification_queue_limit",
                "Notices that may wait for a sink.",
                &["sink"],
            ),
            oldest: make.gauges(
                "leakwatch_notification_oldest_seconds",
                "How long the oldest notice that is due has waited for a sink.",
                &["sink"],
            ),
            failing: make.gauges(
                "leakwatch_notification_sink_failing",
                "Whether the last attempt at a sink failed.",
                &["sink"],
            ),
        }
    }
}

impl Journal {
    pub(super) fn new(make: &mut Maker) -> Journal {
        Journal {
            durable: make.gauge(
                "leakwatch_journal_durable",
                "Whether incidents and what is to be told of them would survive our end.",
            ),
            dropped: make.counter(
                "leakwatch_journal_dropped_total",
                "Steps in incidents' lives not written down, because too many waited.",
            ),
            bytes: make.gauge(
                "leakwatch_journal_bytes",
                "Octets of the journal's database.",
            ),
            rows: make.counter(
                "leakwatch_journal_rows_total",
                "Rows written to the journal.",
            ),
            failures: make.counter(
                "leakwatch_journal_failures_total",
                "Times that the disk failed the journal.",
            ),
        }
    }
}
