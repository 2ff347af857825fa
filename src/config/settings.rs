//! What a key of the file is, and what each table of such keys is for.
//!
//! The one list that `check` reads by, `show` prints from and the example is
//! tested against, so that none of them can know a key that another does not.

use toml::de::DeValue;

use super::{Config, incidents::INCIDENTS, report::REPORT, service::SERVICE, thresholds::DETECT};

/// Every key, by table in the order of [`TABLES`].
pub(super) fn all() -> impl Iterator<Item = &'static Setting> {
    [SERVICE, DETECT, INCIDENTS, REPORT].into_iter().flatten()
}

macro_rules! setting {
    ($table:literal, $key:literal, $($field:ident).+, $kind:expr, $reason:literal) => {
        setting!($table, $key, $($field).+, $kind, $reason, "")
    };
    ($table:literal, $key:literal, $($field:ident).+, $kind:expr, $reason:literal, $example:literal) => {
        $crate::config::settings::Setting {
            table: $table,
            key: $key,
            reason: $reason,
            example: $example,
            read: |config, value| {
                config.$($field).+ = $kind.read(value)?;
                Ok(())
            },
            write: |config| $kind.write(&config.$($field).+),
        }
    };
}
pub(super) use setting;

/// Seconds of an hour.
pub(super) const HOUR: u64 = 3600;
/// Seconds of a day.
pub(super) const DAY: u64 = 86_400;

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
        "bmp",
        "Where routers send BMP (RFC 7854), which of them, and how much of them is believed. What \
         is beyond a limit is refused and counted, and what is known stays.",
    ),
    (
        "http",
        "Where `/metrics`, the interface (`/api/v1`) and the status page are. It shows what our \
         routers know; all that can be changed by it is who hears of what, with a token.",
    ),
    ("log", "What is told while it runs."),
    (
        "state",
        "What survives a restart: incidents with their evidence, what is still to be told, mutes, \
         which routers were heard, how far watched directories were read. One daemon to a \
         directory, on a local disk: one that hangs would hold up alerts. A disk that is full or \
         fails does not: what happens meanwhile is kept in memory, and said to be so.",
    ),
    (
        "limits",
        "How much is kept, so that memory is bounded whatever is sent. What is new beyond a \
         limit is refused and counted; what is known stays and is watched.",
    ),
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
    (
        "alert.canary",
        "A small leak of our own, played now and then through everything that a real one passes, \
         from the BMP listener to one sink. Where it does not come out, the other sinks are told.",
    ),
    (
        "report",
        "What is told to other operators, an authority and customers (`leakwatch report`).",
    ),
];

/// The keys that may stand in `table`, tables included.
pub(super) fn keys_of(table: &str) -> Vec<&'static str> {
    let inner = TABLES.iter().filter_map(|(full, _)| {
        let (outer, name) = full.rsplit_once('.')?;
        (outer == table).then_some(name)
    });
    let sinks = super::sinks::TYPES.into_iter();
    all()
        .filter(|setting| setting.table == table)
        .map(|setting| setting.key)
        .chain(inner)
        .chain(sinks.filter(|_| table == "alert"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_stand_by_table_in_the_order_of_the_tables() {
        let order = |setting: &Setting| {
            TABLES
                .iter()
                .position(|(table, _)| *table == setting.table)
                .expect("every setting's table is described")
        };
        let places: Vec<usize> = all().map(order).collect();
        assert!(places.is_sorted());
        let mut names: Vec<String> = all().map(Setting::full).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all().count());
    }

    #[test]
    fn every_default_is_accepted_when_written_out() {
        let config = Config::default();
        for setting in all() {
            let Some(text) = (setting.write)(&config) else {
                assert!(!setting.example.is_empty(), "{}", setting.full());
                continue;
            };
            let value = DeValue::parse(&text).unwrap();
            let mut read = Config::default();
            (setting.read)(&mut read, value.get_ref())
                .unwrap_or_else(|problem| panic!("{}: {problem}", setting.full()));
            assert_eq!(read, config, "{}", setting.full());
        }
    }
}
