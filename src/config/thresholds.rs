//! Every threshold of the detectors: its key, how it is written, and why its default is
//! what it is.

use super::{
    kinds::{Count, Kind, Number, Optional, Rate, Span},
    settings::{DAY, HOUR, Setting, setting},
};

/// All of them, by table in the order of `TABLES`.
pub(super) const DETECT: &[Setting] = &[
    setting!(
        "detect.gate",
        "quiet",
        detect.gate.quiet,
        Span(1..=HOUR),
        "Without End-of-RIB (RFC 4724, which not every router sends) a first table counts as \
         complete after this long without a new prefix. Full tables arrive in minutes without \
         pauses of seconds."
    ),
    setting!(
        "detect.gate",
        "longest",
        detect.gate.longest,
        Span(1..=DAY),
        "A first table counts as complete after this long in any case, so that a peer that \
         never falls silent is watched all the same. Even a slow router has sent a full table \
         by then."
    ),
    setting!(
        "detect.gate",
        "warming",
        detect.gate.warming,
        Span(0..=DAY),
        "An update file without a table before it knows no old routes: this much of its time \
         only fills the table, and only rules that need no memory speak. A quarter of an hour is three of RIPE RIS's update files."
    ),
    setting!(
        "detect.gate",
        "history",
        detect.gate.history,
        Span(0..=365 * DAY),
        "A prefix that was seen within this time is not new when it returns. A month holds \
         the backup routes of ordinary maintenance."
    ),
    setting!(
        "detect.gate",
        "resume",
        detect.gate.resume,
        Span(0..=DAY),
        "After a restart the first table of a peer is compared with what was learned before, \
         if that was written less than this long ago: a leak that began while nobody watched \
         is told then. What hours of ordinary growth bring cannot be told from a small leak."
    ),
    setting!(
        "detect.specific",
        "ipv4",
        detect.specific.ipv4,
        Count(8..=32),
        "IPv4 prefixes longer than this do not belong in the global table: the customary \
         filter (RFC 7454, section 6.1.3)."
    ),
    setting!(
        "detect.specific",
        "ipv6",
        detect.specific.ipv6,
        Count(16..=128),
        "The same for IPv6 (RFC 7454, section 6.1.3)."
    ),
    setting!(
        "detect.specific",
        "prefixes",
        detect.specific.prefixes,
        Count(1..=10_000_000),
        "On what a peer sends before our filters a few are everyday; so many distinct ones on \
         one AS edge are an incident."
    ),
    setting!(
        "detect.more_specific",
        "prefixes",
        detect.more_specific.prefixes,
        Count(1..=10_000_000),
        "Distinct new more-specifics. A network that splits its own block stays below; \
         those leaks counted thousands to 160,000."
    ),
    setting!(
        "detect.more_specific",
        "window",
        detect.more_specific.window,
        Span(1..=HOUR),
        "Within this time. A leaked table arrives as fast as the session carries it; a minute \
         also catches one that a slow router trickles out."
    ),
    setting!(
        "detect.more_specific",
        "covers",
        detect.more_specific.covers,
        Count(1..=1_000_000),
        "Under at least so many covering prefixes. One network under attack splits one or two \
         of its own blocks, a leak touches many."
    ),
    setting!(
        "detect.more_specific",
        "origins",
        detect.more_specific.origins,
        Count(1..=1_000_000),
        "And of at least so many origin ASes: nobody splits the blocks of ten others on purpose. \
         One origin alone needs five times the covers instead."
    ),
    setting!(
        "detect.path_length",
        "warn",
        detect.path_length.warn,
        Count(1..=65_535),
        "Longer paths are reported. Over 25 ASes is one route in 10,000; 50 has no known \
         legitimate use, and some routers reset the session at 75."
    ),
    setting!(
        "detect.path_length",
        "page",
        detect.path_length.page,
        Count(1..=65_535),
        "Longer paths page: 100 is the customary filter. On 16 February 2009 one route with a \
         path of 256 reset sessions all over the world."
    ),
    setting!(
        "detect.path_repeat",
        "info",
        detect.path_repeat.info,
        Count(2..=65_535),
        "An AS so often in a row is worth a note: more prepends than this change nothing, \
         since hardly any path is that long."
    ),
    setting!(
        "detect.path_repeat",
        "warn",
        detect.path_repeat.warn,
        Count(2..=65_535),
        "So often is worth a warning: usually a number typed where a list of ASes was meant."
    ),
    setting!(
        "detect.path_repeat",
        "page",
        detect.path_repeat.page,
        Count(2..=65_535),
        "So often pages: with a few hops more the path nears the length at which some routers \
         reset the session."
    ),
    setting!(
        "detect.path_repeat",
        "separate",
        detect.path_repeat.separate,
        Count(1..=10_000_000),
        "Prefixes whose path holds one AS at two separate places, from which it pages. Single \
         ones are experiments and poisoned paths."
    ),
    setting!(
        "detect.origin",
        "pending",
        detect.origin.pending,
        Span(0..=DAY),
        "A new origin must stay this long before it is reported, unless enough peers see it: \
         most conflicts of a moment are somebody's maintenance."
    ),
    setting!(
        "detect.origin",
        "peers",
        detect.origin.peers,
        Count(1..=65_535),
        "Seen at so many peers it is reported at once: then it is no slip of one session."
    ),
    setting!(
        "detect.origin",
        "learned",
        detect.origin.learned,
        Span(60..=365 * DAY),
        "An origin seen this long with a prefix belongs to it. A week outlasts a hijack that \
         anyone notices."
    ),
    setting!(
        "detect.surge",
        "burst",
        detect.surge.burst,
        Count(1..=100_000_000),
        "Least burst, in prefixes. Ordinary churn is some 16 operations a second on a full \
         IPv4 table over all its edges (a day of one RIPE RIS peer, May 2026)."
    ),
    setting!(
        "detect.surge",
        "burst_percent",
        detect.surge.burst_percent,
        Number(0.0..=100.0),
        "Burst as a share of the routes normally carried, in percent; the larger one counts. \
         Half a percent of a full table is 5,000 prefixes."
    ),
    setting!(
        "detect.surge",
        "small_burst",
        detect.surge.small_burst,
        Count(1..=100_000_000),
        "Least burst where few routes are normally carried: a customer of ten prefixes that \
         sends sixty is news."
    ),
    setting!(
        "detect.surge",
        "small_percent",
        detect.surge.small_percent,
        Number(0.0..=100.0),
        "Burst as a share, in percent, where few routes are normally carried."
    ),
    setting!(
        "detect.surge",
        "small",
        detect.surge.small,
        Count(0..=100_000_000),
        "Fewer routes than this are few."
    ),
    setting!(
        "detect.surge",
        "rate",
        detect.surge.rate,
        Rate(0.001),
        "Least refill of a bucket. The ordinary churn of a full table, spread over its edges, \
         leaves each of them far below; busier ones learn their own rate."
    ),
    setting!(
        "detect.maximum_prefix",
        "warning_percent",
        detect.maximum_prefix.warning_percent,
        Count(1..=100),
        "Percent of a limit that warns, as routers do by default (`maximum-prefix N 75`); \
         `warning_percent` of a [[peer]] overrides it."
    ),
    setting!(
        "detect.maximum_prefix",
        "critical_percent",
        detect.maximum_prefix.critical_percent,
        Count(1..=100),
        "Percent of a limit that pages: the rest is gone within seconds in a leak."
    ),
    setting!(
        "detect.maximum_prefix",
        "table_ipv4",
        detect.maximum_prefix.table_ipv4,
        Optional(1..=u32::MAX),
        "IPv4 routes that the smallest of the routers can hold in hardware, from its data \
         sheet. On 12 August 2014 15,000 leaked routes passed the 524,288 of a whole \
         generation of routers. Left out: unknown, and not watched.",
        "1048576"
    ),
    setting!(
        "detect.maximum_prefix",
        "table_ipv6",
        detect.maximum_prefix.table_ipv6,
        Optional(1..=u32::MAX),
        "The same for IPv6.",
        "262144"
    ),
    setting!(
        "detect.withdrawal",
        "percent",
        detect.withdrawal.percent,
        Number(0.01..=100.0),
        "Percent of a view's routes. The loss of one large network behind a peer is below, \
         that of a region is above."
    ),
    setting!(
        "detect.withdrawal",
        "routes",
        detect.withdrawal.routes,
        Count(1..=100_000_000),
        "And at least so many routes, so that a small peer's maintenance stays quiet."
    ),
    setting!(
        "detect.withdrawal",
        "window",
        detect.withdrawal.window,
        Span(1..=HOUR),
        "Withdrawn within this time: path hunting after one failure is over in about a minute."
    ),
    setting!(
        "detect.valley",
        "prefixes",
        detect.valley.prefixes,
        Count(1..=10_000_000),
        "Distinct prefixes. Relations in a file are inferred, and wrong for some links; a \
         wrong one shows a few prefixes, a leak hundreds."
    ),
    setting!(
        "detect.valley",
        "origins",
        detect.valley.origins,
        Count(1..=1_000_000),
        "Of so many origin ASes, since one network's unusual arrangement concerns its own \
         prefixes."
    ),
    setting!(
        "detect.never_transit",
        "prefixes",
        detect.never_transit.prefixes,
        Count(1..=10_000_000),
        "Distinct prefixes behind it that are not its own. Fewer are networks it has bought \
         and not listed yet."
    ),
];
