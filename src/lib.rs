//! leakwatch: BGP route leaks, one incident each.
//!
//! This page is the map of the house. Bytes enter at the edge, become vocabulary,
//! change the routing table, are judged, are folded into incidents, and leave as
//! alerts. Nothing flows back.
//!
//! ```text
//! feed ──bytes──▶ wire ──Batch──▶ rib ──Change──▶ detect ──Finding──▶ incident ──event──▶ alert
//! (edge)               └────────── engine: one synchronous thread ──────────┘           (edge)
//! ```
//!
//! # The way of one route
//!
//! An MRT record or a BMP message is taken apart in `wire`, without a copy, into a
//! [`bgp::Batch`]: flat columns of prefixes, paths and events. The engine applies the
//! batch to the RIB, where a path is interned; what can be said of a path alone is
//! judged when it is first seen and kept beside it, so that a route of a
//! burst costs one look-up. Each route as it was and as
//! it is goes past the detectors, whose findings are raised and cleared in balance.
//! Findings become incidents: one for each event in the world, with the AS that leaked,
//! the neighbour that accepted it, and examples from before and after.
//!
//! # The daemon
//!
//! Sockets live on an asynchronous runtime of two threads. A BMP session is a pure
//! machine from octets to batches ([`feed::bmp::session`]); its task hands the batches to a
//! queue that holds so many bytes ([`feed::intake`]), and stops reading while it is full.
//! One plain thread takes them out, owns every routing table, and shows a copy of itself
//! about once a second. HTTP and metrics look at that copy; a question that needs the
//! tables themselves goes to the thread and is answered between two batches. Drills are
//! played into an engine of their own ([`feed::intake::Realm`]).
//!
//! # Rooms
//!
//! A room imports only from rooms with a smaller number; rooms of one number never
//! import each other. `tests/architecture.rs` reads this table and the sources.
//!
//! | No. | Room | What is in it |
//! |---|---|---|
//! | 1 | `bgp` | the vocabulary: AS numbers, paths, prefixes, peers, batches, event time |
//! | 2 | `rib` | every peer's routes in one table, interned AS paths |
//! | 2 | `reference` | what should hold: relations, roles, own prefixes, well-known networks, contacts |
//! | 3 | `detect` | one file per detector |
//! | 4 | `incident` | findings folded into incidents: key, attribution, lifecycle, report |
//! | 5 | `engine` | the whole core behind one struct |
//! | 6 | `wire` | bytes to vocabulary and back: UPDATE, MRT, BMP |
//! | 6 | `metrics` | every metric by name |
//! | 6 | `store` | what survives a restart: the journal, what is still to be told, what was learned |
//! | 7 | `feed` | where updates come from |
//! | 7 | `alert` | where incidents go: what an alert says, whom it is told, one file per sink |
//! | 7 | `report` | what operators, an authority and customers are told of an incident |
//! | 8 | `config` | the file as written, the settings as used |
//! | 9 | `drill` | historical leaks, reconstructed as MRT bytes |
//! | 9 | `http` | metrics, the JSON interface, the status page |
//! | 10 | `daemon` | the engine's thread and all that is wired to it; signals, reload, the log |
//! | 11 | `cli` | one file per subcommand |
//!
//! Rooms 1 to 5 are the core: synchronous and deterministic. There is no clock in them,
//! no file, no socket, no lock and no runtime; time is passed in. That is why a replay
//! of a recording gives the incidents that living through it gave, byte for byte. The
//! core cannot fail either: what a router sends may be wrong, and `wire` turns that
//! into a typed, counted event.

pub mod alert;
pub mod bgp;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod detect;
pub mod drill;
pub mod engine;
pub mod feed;
pub mod http;
pub mod incident;
pub mod metrics;
pub mod reference;
pub mod report;
pub mod rib;
pub mod store;
pub mod wire;
