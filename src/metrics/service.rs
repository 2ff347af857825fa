//! The daemon as a service: HTTP, log, configuration.

use prometheus::{Gauge, HistogramVec, IntCounter, IntCounterVec, IntGauge};

use super::catalogue::Maker;

/// Seconds to answer a request; an answer slower than ten is none.
const ANSWERS: [f64; 9] = [0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0];

/// The HTTP server.
#[derive(Debug)]
pub struct Http {
    /// Requests answered; `route` is the route's pattern, never the path asked for.
    pub requests: IntCounterVec,
    /// Seconds to the end of the answer's head; `route`.
    pub duration: HistogramVec,
    /// Connections open.
    pub connections: IntGauge,
    /// Connections that may be open.
    pub connections_limit: IntGauge,
    /// Connections and requests turned away; `reason`.
    pub refused: IntCounterVec,
    /// Clients that follow events.
    pub sse_clients: IntGauge,
    /// Clients that may follow events.
    pub sse_clients_limit: IntGauge,
    /// Clients cut off because they did not keep up.
    pub sse_dropped: IntCounter,
}

impl Http {
    pub(super) fn new(make: &mut Maker) -> Http {
        Http {
            requests: make.counters(
                "leakwatch_http_requests_total",
                "HTTP requests answered.",
                &["route", "code"],
            ),
            duration: make.histograms(
                "leakwatch_http_request_duration_seconds",
                "Seconds until an HTTP answer began.",
                &ANSWERS,
                &["route"],
            ),
            connections: make.gauge("leakwatch_http_connections", "HTTP connections open."),
            connections_limit: make.gauge(
                "leakwatch_http_connections_limit",
                "HTTP connections that may be open at once.",
            ),
            refused: make.counters(
                "leakwatch_http_refused_total",
                "HTTP connections and requests turned away.",
                &["reason"],
            ),
            sse_clients: make.gauge(
                "leakwatch_http_event_clients",
                "Clients that follow the stream of events.",
            ),
            sse_clients_limit: make.gauge(
                "leakwatch_http_event_clients_limit",
                "Clients that may follow the stream of events at once.",
            ),
            sse_dropped: make.counter(
                "leakwatch_http_event_clients_dropped_total",
                "Clients cut off because they did not read events fast enough.",
            ),
        }
    }
}

/// The log.
#[derive(Debug)]
pub struct Log {
    /// Lines of the level error.
    pub errors: IntCounter,
    /// Lines of the level warn.
    pub warnings: IntCounter,
    /// Lines of the other levels.
    pub others: IntCounter,
    /// Lines not written because their cause had been told often enough.
    pub suppressed: IntCounter,
    /// Lines lost because standard error did not take them.
    pub dropped: IntCounter,
    /// Causes remembered.
    pub causes: IntGauge,
    /// Causes that are told apart.
    pub causes_limit: IntGauge,
}

impl Log {
    pub(super) fn new(make: &mut Maker) -> Log {
        let lines = make.counters(
            "leakwatch_log_lines_total",
            "Log lines written, by level; info stands for all below warn.",
            &["level"],
        );
        Log {
            errors: lines.with_label_values(&["error"]),
            warnings: lines.with_label_values(&["warn"]),
            others: lines.with_label_values(&["info"]),
            suppressed: make.counter(
                "leakwatch_log_lines_suppressed_total",
                "Log lines not written because their cause had been told often enough.",
            ),
            dropped: make.counter(
                "leakwatch_log_lines_dropped_total",
                "Log lines lost because nobody read them.",
            ),
            causes: make.gauge(
                "leakwatch_log_causes",
                "Causes of log lines that are remembered.",
            ),
            causes_limit: make.gauge(
                "leakwatch_log_causes_limit",
                "Causes of log lines that are told apart.",
            ),
        }
    }
}

/// The configuration in force.
#[derive(Debug)]
pub struct Config {
    /// 1 if the last reload took effect, 0 if nothing changed because it was wrong.
    pub last_reload_successful: IntGauge,
    /// When settings last took effect, the start included.
    pub last_reload_success: Gauge,
    /// Reloads that took effect.
    pub reloads: IntCounter,
    /// Reloads that did not.
    pub reloads_failed: IntCounter,
}

impl Config {
    pub(super) fn new(make: &mut Maker) -> Config {
        let reloads = make.counters(
            "leakwatch_config_reloads_total",
            "Reloads of the configuration.",
            &["result"],
        );
        Config {
            last_reload_successful: make.gauge(
                "leakwatch_config_last_reload_successful",
                "Whether the configuration last read is the one in force.",
            ),
            last_reload_success: make.fine_gauge(
                "leakwatch_config_last_reload_success_timestamp_seconds",
                "When a configuration last took effect.",
            ),
            reloads: reloads.with_label_values(&["ok"]),
            reloads_failed: reloads.with_label_values(&["refused"]),
        }
    }
}
