//! The settings of the service itself: sockets, their limits, the log. As in `thresholds`.

use super::{
    kinds::{Count, Kind, Span},
    settings::{DAY, HOUR, Setting, setting},
    words::{File, Listed, Listen, Size, Word},
};

/// All of them, by table in the order of `TABLES`.
pub(super) const SERVICE: &[Setting] = &[
    setting!(
        "bmp",
        "listen",
        bmp.listen,
        Listen,
        "Address and port at which routers connect, or \"off\". Beyond loopback, as with \
         \"[::]:11019\", `allow` is needed."
    ),
    setting!(
        "bmp",
        "allow",
        bmp.allow,
        Listed("a network such as \"192.0.2.0/24\""),
        "Networks from which routers may connect, such as \"192.0.2.0/24\"; others are turned \
         away. BMP knows no password, and who may send routes may also set off alarms."
    ),
    setting!(
        "bmp",
        "connect",
        bmp.connect,
        Listed("an address with its port such as \"192.0.2.1:11019\""),
        "Routers that wait for us to connect, as \"192.0.2.1:11019\"; RFC 7854, section 3.2, \
         leaves both ways open."
    ),
    setting!(
        "bmp",
        "hold_stale",
        bmp.hold_stale,
        Span(0..=DAY),
        "The routes of a router that is lost stay for so long, stale. Long enough for a restart \
         of the router's BMP process or of ours, so that neither looks like a withdrawal."
    ),
    setting!(
        "bmp",
        "stall",
        bmp.stall,
        Span(1..=3600),
        "A message must be whole so long after its first octet, or the session is closed. Between \
         messages a router may be silent for ever."
    ),
    setting!(
        "bmp",
        "silent_after",
        bmp.silent_after,
        Span(0..=DAY),
        "A router with peers that sends no routes for so long is told of as silent; \"0s\" tells of \
         none. A full table is never without a change for a quarter of an hour."
    ),
    setting!(
        "bmp",
        "most_routers",
        bmp.most_routers,
        Count(1..=100_000),
        "Sessions at once. Each costs a descriptor and a buffer."
    ),
    setting!(
        "bmp",
        "most_peers",
        bmp.most_peers,
        Count(1..=60_000),
        "Peers at once, of all routers together. Each may have several views, of which there can \
         be 65,534."
    ),
    setting!(
        "bmp",
        "most_router_peers",
        bmp.most_router_peers,
        Count(1..=60_000),
        "Peers at once of one router; route servers of the largest exchanges have some 2,000."
    ),
    setting!(
        "bmp",
        "most_message",
        bmp.most_message,
        Size(4096..=(64 << 20)),
        "The longest BMP message; what claims to be longer ends the session. A route message \
         carries one UPDATE of at most 64 KiB (RFC 8654), and texts are short."
    ),
    setting!(
        "bmp",
        "queue",
        bmp.queue,
        Size((1 << 20)..=(16 << 30)),
        "Updates that may wait to be judged. Beyond this no socket is read until there is room, \
         and nothing is lost: TCP holds the routers back."
    ),
    setting!(
        "http",
        "listen",
        http.listen,
        Word("an address with its port such as \"127.0.0.1:11080\""),
        "Address and port. Beyond loopback everybody who reaches it may read, unless `web_config` \
         asks for a password."
    ),
    setting!(
        "http",
        "hosts",
        http.hosts,
        Listed("a host name"),
        "Names by which it is reached from elsewhere, such as \"leakwatch.example\". Requests for \
         other names are refused, since any web page could send them (DNS rebinding). Its \
         addresses and \"localhost\" are always known."
    ),
    setting!(
        "http",
        "web_config",
        http.web_config,
        File,
        "TLS and passwords, in the form of Prometheus's exporters (exporter-toolkit's \
         `web.config`); a relative path starts at this file.",
        "\"web.yml\""
    ),
    setting!(
        "http",
        "token_file",
        http.token_file,
        File,
        "The token of those who may mute alerts, acknowledge incidents and announce changes, or \
         several, one a line; without it nobody may. A relative path starts at this file; \
         \"credential:NAME\" is what systemd's `LoadCredential=` hands over. Make one with \
         `openssl rand -hex 32`.",
        "\"token\""
    ),
    setting!(
        "http",
        "most_connections",
        http.most_connections,
        Count(4..=100_000),
        "Connections at once; more wait to be accepted."
    ),
    setting!(
        "log",
        "level",
        log.level,
        Word("a level"),
        "The least that is told: \"error\", \"warn\", \"info\", \"debug\" or \"trace\"."
    ),
    setting!(
        "log",
        "format",
        log.format,
        Word("a format"),
        "\"text\", \"json\" (one object a line), \"journal\" (the fields of the systemd journal) \
         or \"auto\": text on a terminal, the journal's form where systemd has it, JSON \
         otherwise."
    ),
    setting!(
        "state",
        "directory",
        state.directory,
        File,
        "Where; a relative path starts at this file, and it is made where it is missing. The \
         systemd unit names one itself (`StateDirectory=`), so that there this can be left out; \
         elsewhere nothing is kept without it.",
        "\"/var/lib/leakwatch\""
    ),
    setting!(
        "state",
        "keep",
        state.keep,
        Span(HOUR..=100 * 366 * DAY),
        "Incidents that are over are kept for so long, 100,000 of them and 1 GiB at most. Longer \
         than a year, so that a comparison with the year before has all of it."
    ),
    setting!(
        "limits",
        "routes",
        limits.routes,
        Count(1000..=u32::MAX),
        "Routes of all views. One more view of a full table costs a few octets a route, so these \
         are 60 full tables or more, in 2 GB."
    ),
    setting!(
        "limits",
        "prefixes",
        limits.prefixes,
        Count(1000..=u32::MAX),
        "Prefixes of both families, those included that nobody has any more and that are \
         remembered. Six times the Internet's, in about 1 GB."
    ),
    setting!(
        "limits",
        "views",
        limits.views,
        Count(10..=65_534),
        "Views: one table of one peer of one router in one family."
    ),
];
