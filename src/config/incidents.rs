//! The settings of an incident's life and of its telling, as in `thresholds`.

use super::{
    kinds::{Count, Kind, Number, Span},
    settings::{DAY, HOUR, Setting, setting},
    words::{Name, Text, Url},
};

/// All of them, by table in the order of `TABLES`.
pub(super) const INCIDENTS: &[Setting] = &[
    setting!(
        "incident",
        "resolve_percent",
        incident.resolve_percent,
        Number(0.0..=50.0),
        "An incident is over when fewer than this percent of its peak are left. A leak leaves \
         stuck routes behind that would keep it open for days."
    ),
    setting!(
        "incident",
        "reopen_within",
        incident.reopen_within,
        Span(0..=DAY),
        "The same event within this long after its end is the same incident again: leaks come \
         in waves (five in 74 minutes on 12 November 2018)."
    ),
    setting!(
        "incident",
        "unseen_after",
        incident.unseen_after,
        Span(60..=30 * DAY),
        "A peer that goes down in an incident hides it, which is no end. When it has not come \
         back for this long, the incident is closed and says that it could not be seen."
    ),
    setting!(
        "incident",
        "most_open",
        incident.most_open,
        Count(1..=60_000),
        "Open incidents at most, which bounds memory whatever a stranger sends. What comes \
         beyond is gathered into one incident of each kind that names nobody."
    ),
    setting!(
        "incident",
        "page_confidence",
        incident.page_confidence,
        Number(0.0..=1.0),
        "Confidence, from 0 to 1, from which an incident pages. 0.8 takes two independent \
         kinds of evidence, such as many new more-specifics and a network that sells no \
         transit."
    ),
    setting!(
        "incident",
        "page_routes",
        incident.page_routes,
        Count(1..=100_000_000),
        "Routes from which a confident incident pages. Smaller ones warn, unless they are \
         ours."
    ),
    setting!(
        "alert",
        "resolve_after",
        incident.resolve_after,
        Span(0..=DAY),
        "For this long it must stay so before people are told that it is over: route flap \
         damping and a second attempt at the same mistake take minutes."
    ),
    setting!(
        "alert",
        "group_window",
        alert.group_window,
        Span(0..=3600),
        "What follows the first word of an incident is gathered for so long and told as one: a \
         leak grows tenfold several times in its first minute."
    ),
    setting!(
        "alert",
        "repeat_interval",
        alert.repeat_interval,
        Span(0..=30 * DAY),
        "What goes on is told again after so long, where the sink has no such setting of its own; \
         \"0s\" never."
    ),
    setting!(
        "alert",
        "url",
        alert.url,
        Url,
        "How people reach the status page, for links in alerts. Left out: its own address, which \
         leads somewhere on this host only.",
        "\"https://leakwatch.example\""
    ),
    setting!(
        "alert",
        "runbook",
        alert.runbook,
        Text("where people read the runbook"),
        "Where people read the runbook: an address or a file, to which `#chapter` is added."
    ),
    setting!(
        "alert.canary",
        "sink",
        alert.canary.sink,
        Name,
        "The sink that has to take it, by its name. It should be one that nobody is woken by, such \
         as a file or a webhook. Left out: no canary is sent.",
        "\"file\""
    ),
    setting!(
        "alert.canary",
        "every",
        alert.canary.every,
        Span(60..=30 * DAY),
        "How often one is sent. What broke since the last one is known no sooner."
    ),
    setting!(
        "alert.canary",
        "patience",
        alert.canary.patience,
        Span(10..=HOUR),
        "It has to be taken within this time. It needs some five seconds, and more only where \
         the engine or the sink is busy."
    ),
];
