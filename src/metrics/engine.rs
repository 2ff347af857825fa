//! The engine, the queue before it, and the incidents behind it.

use prometheus::{Counter, Gauge, Histogram, IntCounter, IntCounterVec, IntGauge};

use super::catalogue::Maker;
use crate::incident::{Kind, Severity};

/// Latency buckets in seconds: from a tenth of a millisecond, in which a quiet engine
/// answers, to ten seconds, when an operator would have noticed without us.
const LATENCY: [f64; 16] = [
    0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];

/// The engine and its queue. What the engine itself counts comes with each snapshot.
#[derive(Debug)]
pub struct Engine {
    /// Bytes of batches that wait for the engine.
    pub queue_bytes: IntGauge,
    /// Bytes that may wait; beyond them no socket is read.
    pub queue_limit: IntGauge,
    /// How often a reader had to wait; a sum kept elsewhere, see [`super::raise`].
    pub queue_waits: IntCounter,
    /// Batches applied.
    pub batches: IntCounter,
    /// Seconds spent applying batches, passing time and answering.
    pub busy: Counter,
    /// Wall clock of the last turn of the engine's loop.
    pub last_tick: Gauge,
    /// First byte of a batch read until all its routes were judged.
    pub detection_latency: Histogram,
    /// First byte of the batch that brought it until an incident was told.
    pub incident_latency: Histogram,
    /// Routes that may be kept.
    pub routes_limit: IntGauge,
    /// Views that may be kept.
    pub views_limit: IntGauge,
    /// Open incidents that may be kept apart.
    pub incidents_limit: IntGauge,
    /// Incidents that opened; `detector` is the kind of incident, `severity` the one it
    /// opened with, `drill` is `true` or `false`.
    pub incidents_opened: IntCounterVec,
    /// Drills whose sessions are open.
    pub drills: IntGauge,
    /// Steps of the wall clock.
    pub clock_steps: IntCounter,
    /// The engine's clock before the wall clock, in seconds.
    pub clock_offset: Gauge,
    /// Questions to the routing table; `result` is `whole`, `truncated` or `abandoned`.
    pub questions: IntCounterVec,
}

/// Every sort of incident.
pub(super) fn sorts() -> impl Iterator<Item = (Kind, Severity)> + Clone {
    Kind::ALL.iter().flat_map(|&kind| {
        [Severity::Info, Severity::Warning, Severity::Critical].map(|severity| (kind, severity))
    })
}

impl Engine {
    pub(super) fn new(make: &mut Maker) -> Engine {
        let incidents_opened = make.counters(
            "leakwatch_incidents_opened_total",
            "Incidents that opened or came back.",
            &["detector", "severity", "drill"],
        );
        // An increase is only seen of a series that was there before.
        for (kind, severity) in sorts() {
            for drill in ["false", "true"] {
                incidents_opened.with_label_values(&[kind.name(), severity.name(), drill]);
            }
        }
        let questions = make.counters(
            "leakwatch_engine_questions_total",
            "Questions to the routing table.",
            &["result"],
        );
        for result in ["whole", "truncated", "abandoned"] {
            questions.with_label_values(&[result]);
        }
        Engine {
            queue_bytes: make.gauge(
                "leakwatch_engine_queue_bytes",
                "Bytes of updates that wait for the engine.",
            ),
            queue_limit: make.gauge(
                "leakwatch_engine_queue_limit_bytes",
                "Bytes of updates that may wait; beyond them no socket is read.",
            ),
            queue_waits: make.counter(
                "leakwatch_engine_queue_waits_total",
                "Times a reader stopped reading because the queue was full.",
            ),
            batches: make.counter("leakwatch_engine_batches_total", "Batches applied."),
            busy: make.seconds(
                "leakwatch_engine_busy_seconds_total",
                "Seconds the engine's thread has worked.",
            ),
            last_tick: make.fine_gauge(
                "leakwatch_engine_last_tick_timestamp_seconds",
                "When the engine's thread last went round its loop.",
            ),
            detection_latency: make.histogram(
                "leakwatch_detection_latency_seconds",
                "From the first byte of a batch read to all its routes judged.",
                &LATENCY,
            ),
            incident_latency: make.histogram(
                "leakwatch_incident_latency_seconds",
                "From the first byte of the batch that brought it read to an incident told.",
                &LATENCY,
            ),
            routes_limit: make.gauge(
                "leakwatch_rib_routes_limit",
                "Routes that may be kept, of all peers.",
            ),
            views_limit: make.gauge(
                "leakwatch_rib_views_limit",
                "Tables (one family of one RIB of one peer) that may be kept.",
            ),
            incidents_limit: make.gauge(
                "leakwatch_incidents_limit",
                "Open incidents that are kept apart.",
            ),
            incidents_opened,
            drills: make.gauge(
                "leakwatch_drill_active",
                "Sessions of drills that are open.",
            ),
            clock_steps: make.counter(
                "leakwatch_engine_clock_steps_total",
                "Steps of the wall clock that the engine's clock did not follow at once.",
            ),
            clock_offset: make.fine_gauge(
                "leakwatch_engine_clock_offset_seconds",
                "The engine's clock before (positive) or behind the wall clock.",
            ),
            questions,
        }
    }
}
