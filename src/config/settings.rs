//! What a key of the file is, and what each table of such keys is for.

use toml::de::DeValue;

use super::{Config, thresholds::SETTINGS};

/// One key.
pub(super) struct Setting {
    /// The table it stands in.
    pub table: &'static str,
    /// Its name there.
    pub key: &'static str,
    /// What it does and where its default comes from.
    pub reason: &'static str,
    /// An example for a key whose default is to be left out.
    pub example: &'static str,
    /// Takes a value from the file.
    pub read: fn(&mut Config, &DeValue) -> Result<(), String>,
    /// The value in force as TOML; none if it is expressed by leaving the key out.
    pub write: fn(&Config) -> Option<String>,
}

impl Setting {
    /// The key as messages name it.
    pub(super) fn full(&self) -> String {
        format!("{}.{}", self.table, self.key)
    }
}

/// What a table is for, in the order in which they are printed.
pub(super) const TABLES: &[(&str, &str)] = &[
    (
        "detect.gate",
        "When a view (one table of one peer of one router) may speak. While it is first \
         filled, what is wrong in it is summed up once and never pages.",
    ),
    (
        "detect.specific",
        "Prefixes too specific for the global table.",
    ),
    (
        "detect.more_specific",
        "New more-specifics of known routes: how a leaked traffic-engineering table looks \
         (25 August 2017, 6 November 2017, 12 August 2014). All of the first two and one of \
         the last two must be reached on one AS edge. For own prefixes one is enough.",
    ),
    (
        "detect.path_length",
        "Long AS paths, counted after the AS4_PATH merge (RFC 6793); an AS_SET counts one, \
         confederation segments none.",
    ),
    (
        "detect.path_repeat",
        "One AS many times in a path: in a run (prepending), or at two separate places (a \
         loop or a poisoned path).",
    ),
    (
        "detect.origin",
        "A prefix gains an origin AS it did not have. For own prefixes one route is enough.",
    ),
    (
        "detect.surge",
        "More new routes, changed paths, changed origins or withdrawals than usual, each \
         measured apart by token buckets: per view, per origin, per AS edge and per three \
         ASes in a row. A bucket holds the burst and refills at the rate.",
    ),
    (
        "detect.maximum_prefix",
        "How full a session's maximum-prefix limit and the routers' tables are. A limit that \
         is passed takes the session down, so the warning must come before.",
    ),
    (
        "detect.withdrawal",
        "Routes that go away in numbers while the session stays up.",
    ),
    (
        "detect.valley",
        "Paths that go down to a customer and up again (RFC 7908, types 1 to 4). These are \
         for relations taken from a file or the built-in lists; where the role of a \
         neighbour is configured, one route is enough.",
    ),
    (
        "detect.never_transit",
        "A network that sells no transit in the middle of a path.",
    ),
    (
        "incident",
        "How findings become incidents and how those end.",
    ),
    ("alert", "When people hear of it."),
];

/// The keys that may stand in `table`, tables included.
pub(super) fn keys_of(table: &str) -> Vec<&'static str> {
    let inner = TABLES.iter().filter_map(|(full, _)| {
        let (outer, name) = full.rsplit_once('.')?;
        (outer == table).then_some(name)
    });
    SETTINGS
        .iter()
        .filter(|setting| setting.table == table)
        .map(|setting| setting.key)
        .chain(inner)
        .collect()
}
