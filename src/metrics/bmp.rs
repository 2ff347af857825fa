//! BMP sessions, and what is read from routers and files.

use prometheus::{IntCounter, IntCounterVec, IntGauge};

use super::catalogue::Maker;

/// BMP message types by number (RFC 7854 §4.1), and what is none of them.
const TYPES: [&str; 8] = [
    "route_monitoring",
    "statistics",
    "peer_down",
    "peer_up",
    "initiation",
    "termination",
    "route_mirroring",
    "unknown",
];

/// Sessions of routers.
#[derive(Debug)]
pub struct Bmp {
    /// Sessions open now.
    pub sessions: IntGauge,
    /// Sessions that may be open.
    pub sessions_limit: IntGauge,
    /// Peers that are up, of all routers.
    pub peers: IntGauge,
    /// Peers whose routes are held while their router is away.
    pub stale_peers: IntGauge,
    /// Peers that may be up or held, of all routers.
    pub peers_limit: IntGauge,
    /// Connections taken, before anything was said.
    pub connections: IntCounter,
    /// Connections open now.
    pub connections_open: IntGauge,
    /// Connections that may be open.
    pub connections_limit: IntGauge,
    /// Connections not taken; `reason`.
    pub connections_refused: IntCounterVec,
    /// Sessions that took over from an earlier one of the same router that was still up.
    pub take_overs: IntCounter,
    /// Failures to accept a connection.
    pub accept_errors: IntCounter,
    /// Attempts to connect to a router that waits for it; `result`.
    pub connects: IntCounterVec,
    /// Sessions that ended; `reason`.
    pub sessions_closed: IntCounterVec,
    /// Peers not taken because a limit was reached; `limit` is `router` or `total`.
    pub peers_refused: IntCounterVec,
    /// Octets read from routers.
    pub received_bytes: IntCounter,
    messages: Vec<IntCounter>,
}

impl Bmp {
    pub(super) fn new(make: &mut Maker) -> Bmp {
        let messages = make.counters(
            "leakwatch_bmp_messages_received_total",
            "BMP messages read, by type.",
            &["type"],
        );
        Bmp {
            sessions: make.gauge("leakwatch_bmp_sessions", "BMP sessions open now."),
            sessions_limit: make.gauge(
                "leakwatch_bmp_sessions_limit",
                "BMP sessions that may be open at once.",
            ),
            peers: make.gauge(
                "leakwatch_bmp_peers",
                "BGP peers that routers report as up.",
            ),
            stale_peers: make.gauge(
                "leakwatch_bmp_stale_peers",
                "BGP peers whose routes are held while their router is away.",
            ),
            peers_limit: make.gauge(
                "leakwatch_bmp_peers_limit",
                "BGP peers that are watched at once, of all routers.",
            ),
            connections: make.counter(
                "leakwatch_bmp_connections_total",
                "Connections accepted from allowed addresses.",
            ),
            connections_open: make.gauge(
                "leakwatch_bmp_connections_open",
                "Connections from routers that are open, whether they have said anything or not.",
            ),
            connections_limit: make.gauge(
                "leakwatch_bmp_connections_limit",
                "Connections from routers that may be open at once.",
            ),
            connections_refused: make.counters(
                "leakwatch_bmp_connections_refused_total",
                "Connections closed before a byte was read.",
                &["reason"],
            ),
            take_overs: make.counter(
                "leakwatch_bmp_take_overs_total",
                "BMP sessions that took over from one of the same router that was still up.",
            ),
            accept_errors: make.counter(
                "leakwatch_bmp_accept_errors_total",
                "Failures to accept a connection, such as when no file descriptor is left.",
            ),
            connects: make.counters(
                "leakwatch_bmp_connect_attempts_total",
                "Attempts to connect to routers that wait for it.",
                &["result"],
            ),
            sessions_closed: make.counters(
                "leakwatch_bmp_sessions_closed_total",
                "BMP sessions that ended, by why.",
                &["reason"],
            ),
            peers_refused: make.counters(
                "leakwatch_bmp_peers_refused_total",
                "Peers not watched because a limit on peers was reached.",
                &["limit"],
            ),
            received_bytes: make.counter(
                "leakwatch_bmp_received_bytes_total",
                "Octets read from routers.",
            ),
            messages: TYPES
                .iter()
                .map(|name| messages.with_label_values(&[*name]))
                .collect(),
        }
    }

    /// The counter of messages of a type, by its number in the common header.
    pub fn messages(&self, number: u8) -> &IntCounter {
        let last = self.messages.len() - 1;
        #[allow(
            clippy::indexing_slicing,
            reason = "the place is at most the last of a list that is never empty"
        )]
        &self.messages[usize::from(number).min(last)]
    }
}

/// What UPDATEs and files held, whoever brought them.
#[derive(Debug)]
pub struct Wire {
    /// UPDATE messages read.
    pub updates: IntCounter,
    /// Prefixes announced, table dumps of files included.
    pub announced: IntCounter,
    /// Prefixes withdrawn.
    pub withdrawn: IntCounter,
    /// Prefixes announced in malformed messages and therefore withdrawn (RFC 7606).
    pub treated_as_withdrawn: IntCounter,
    /// End-of-RIB markers.
    pub end_of_rib: IntCounter,
    /// What was wrong; `reason` is a name of `wire::Reason`. Whoever reads resolves all
    /// reasons once, so that each has a series from the start.
    pub decode_errors: IntCounterVec,
}

impl Wire {
    pub(super) fn new(make: &mut Maker) -> Wire {
        let nlri = make.counters(
            "leakwatch_nlri_received_total",
            "Prefixes in UPDATEs and table dumps, by what became of them.",
            &["change"],
        );
        Wire {
            updates: make.counter(
                "leakwatch_updates_received_total",
                "BGP UPDATE messages read.",
            ),
            announced: nlri.with_label_values(&["announced"]),
            withdrawn: nlri.with_label_values(&["withdrawn"]),
            treated_as_withdrawn: nlri.with_label_values(&["treated_as_withdrawn"]),
            end_of_rib: make.counter(
                "leakwatch_end_of_rib_received_total",
                "End-of-RIB markers read.",
            ),
            decode_errors: make.counters(
                "leakwatch_decode_errors_total",
                "Messages, attributes and records that were not taken as they stood.",
                &["reason"],
            ),
        }
    }
}
