//! Writes the settings in force as a file that says the same, each with its
//! default and the reason for it.

use std::fmt::Write as _;

use super::{
    Config, kinds,
    settings::{TABLES, all},
    sinks,
};
use crate::{
    bgp::Asn,
    feed,
    reference::{AsSet, Own, PeerPolicy, PrefixRange, lists},
};

const WIDTH: usize = 86;

const HEAD: &str = "\
leakwatch: the configuration, with every setting, its default and the reason for it. What is \
left out has its default; a file with nothing in it is complete. Unknown keys are refused.

AS numbers are written 64500 or \"AS64500\", durations \"30s\", \"5m\", \"1h30m\", rates \
\"200/s\". Prefixes are counted once each, however often they are announced.";

/// The whole file.
pub(super) fn show(config: &Config) -> String {
    let mut out = String::new();
    for (index, paragraph) in HEAD.split("\n\n").enumerate() {
        if index > 0 {
            out.push_str("#\n");
        }
        comment(&mut out, paragraph);
    }
    out.push('\n');
    comment(
        &mut out,
        "Our own AS. Default: none, for reading a collector's files.",
    );
    match config.reference.local_as {
        Some(Asn(local)) => line(&mut out, &format!("local_as = {local}")),
        None => line(&mut out, "# local_as = 64500"),
    }
    settings(&mut out, config, |table| table == "bmp");
    directories(&mut out, config);
    settings(&mut out, config, |table| {
        matches!(table, "http" | "log" | "state" | "limits")
    });
    own(&mut out, config);
    peers(&mut out, config);
    contacts(&mut out, config);
    relations(&mut out, config);
    known_lists(&mut out, config);
    settings(&mut out, config, |table| {
        !matches!(table, "bmp" | "http" | "log" | "state" | "limits")
    });
    sinks::show(&mut out, config);
    out
}

fn own(out: &mut String, config: &Config) {
    heading(
        out,
        "Our own prefixes. `^24-28` after one names the lengths that may be seen (RFC 2622; \
         also `^28`, `^+` for it and all within, `^-` for all within). One route with another \
         origin, length or upstream is an incident. `origins` defaults to `local_as`; \
         `upstreams`, the ASes that may stand next to the origin, to any. Default: none.",
    );
    if config.reference.own.is_empty() {
        line(
            out,
            "# [[own]]\n\
             # prefixes = [\"192.0.2.0/24^24-28\", \"2001:db8::/32^32-48\"]\n\
             # origins = [64500]\n\
             # upstreams = [64510, 64511]",
        );
    }
    // One table for all prefixes of which the same is expected.
    let mut rest: Vec<&Own> = config.reference.own.iter().collect();
    while let Some(first) = rest.first().copied() {
        let (same, other): (Vec<&Own>, Vec<&Own>) = rest
            .into_iter()
            .partition(|own| own.origins == first.origins && own.upstreams == first.upstreams);
        let ranges = same.iter().map(|own| {
            let range = PrefixRange {
                prefix: own.prefix,
                min_len: own.min_len,
                max_len: own.max_len,
            };
            quoted(&range.to_string())
        });
        line(out, "[[own]]");
        list(out, "prefixes", ranges);
        list(out, "origins", numbers(&first.origins));
        if !first.upstreams.is_empty() {
            list(out, "upstreams", numbers(&first.upstreams));
        }
        out.push('\n');
        rest = other;
    }
}

fn peers(out: &mut String, config: &Config) {
    heading(
        out,
        "Neighbours. `match` names them by address, AS and the router that monitors them; the \
         entry that names most applies. `local_role` is what we are to them (RFC 9234): \
         customer, provider, peer, rs-server or rs-client. `maximum_prefix` is the limit at \
         which the router drops the session; as a number it is that of the address's family. \
         `private` neighbours may send private prefixes and AS numbers, and `allow_own_as` \
         lets routes through our own AS come back. `platform` is what our router on this session \
         runs, for filters in its words: ios-xr, junos, eos, frr, vrp or sr-os. Default: none.",
    );
    if config.reference.peers.is_empty() {
        line(
            out,
            "# [[peer]]\n\
             # match = { address = \"198.51.100.1\", as = 64510, router = \"192.0.2.1\" }\n\
             # name = \"transit-a\"\n\
             # local_role = \"customer\"\n\
             # maximum_prefix = { ipv4 = 1300000, ipv6 = 300000 }\n\
             # warning_percent = 75\n\
             # private = false\n\
             # allow_own_as = false\n\
             # platform = \"ios-xr\"",
        );
    }
    for policy in &config.reference.peers {
        peer(out, policy);
    }
}

fn peer(out: &mut String, policy: &PeerPolicy) {
    let wanted = [
        policy
            .address
            .map(|address| format!("address = \"{address}\"")),
        policy.asn.map(|asn| format!("as = {}", asn.0)),
        policy
            .router
            .map(|address| format!("router = \"{address}\"")),
    ];
    let wanted: Vec<String> = wanted.into_iter().flatten().collect();
    line(
        out,
        &format!("[[peer]]\nmatch = {{ {} }}", wanted.join(", ")),
    );
    if !policy.name.is_empty() {
        line(out, &format!("name = {}", quoted(&policy.name)));
    }
    if let Some(role) = policy.local_role {
        line(out, &format!("local_role = \"{role}\""));
    }
    let limits = [
        policy
            .maximum_prefix_ipv4
            .map(|limit| format!("ipv4 = {limit}")),
        policy
            .maximum_prefix_ipv6
            .map(|limit| format!("ipv6 = {limit}")),
    ];
    let limits: Vec<String> = limits.into_iter().flatten().collect();
    if !limits.is_empty() {
        line(
            out,
            &format!("maximum_prefix = {{ {} }}", limits.join(", ")),
        );
    }
    if let Some(percent) = policy.warning_percent {
        line(out, &format!("warning_percent = {percent}"));
    }
    if let Some(platform) = policy.platform {
        line(out, &format!("platform = \"{platform}\""));
    }
    line(
        out,
        &format!(
            "private = {}\nallow_own_as = {}\n",
            policy.private, policy.allow_own_as
        ),
    );
}

fn contacts(out: &mut String, config: &Config) {
    heading(
        out,
        "Whom to call when an AS leaks; an incident says so. Default: none.",
    );
    if config.reference.contacts.iter().next().is_none() {
        line(
            out,
            "# [[contact]]\n\
             # as = 64510\n\
             # name = \"Transit A, NOC\"\n\
             # phone = \"+1 555 0100\"\n\
             # mail = \"noc@transit-a.example\"",
        );
    }
    for (asn, contact) in config.reference.contacts.iter() {
        line(
            out,
            &format!(
                "[[contact]]\nas = {}\nname = {}",
                asn.0,
                quoted(&contact.name)
            ),
        );
        for (key, value) in [("phone", &contact.phone), ("mail", &contact.mail)] {
            if let Some(value) = value {
                line(out, &format!("{key} = {}", quoted(value)));
            }
        }
        out.push('\n');
    }
}

fn relations(out: &mut String, config: &Config) {
    heading(out, "Who is whose customer.");
    line(out, "[relations]");
    comment(
        out,
        "Links between ASes in CAIDA's serial-1 (`provider|customer|-1`, `peer|peer|0`) or \
         serial-2 form, plain, gzip or bzip2; a relative path starts at this file. Without one \
         only the roles of the peers and the lists below are known. Default: none.",
    );
    match &config.relations_file {
        Some(path) => line(out, &format!("file = {}", quoted(&path.to_string_lossy()))),
        None => line(out, "# file = \"as-rel.txt.gz\""),
    }
}

fn known_lists(out: &mut String, config: &Config) {
    let reference = &config.reference;
    heading(out, "Well-known networks.");
    line(out, "[lists]");
    comment(
        out,
        "Networks that buy transit from nobody. Two of them are peers, and none of them stands \
         behind a customer. A list here replaces the built-in one, which is as of 2026 and \
         stands here where nothing else is configured.",
    );
    annotated(out, "tier1", &reference.tier1);
    comment(
        out,
        "Networks that sell no transit, in mid-path only by mistake; their own further ASes \
         are known and stay quiet. Left out are those whose customers bring an AS of their own, \
         and scrubbing networks. A list here replaces the built-in one.",
    );
    annotated(out, "never_transit", &reference.never_transit);
    comment(
        out,
        "AS numbers of one owner, between which every route may pass, in groups such as \
         [64500, 64501]. Added to the built-in ones:",
    );
    let built_in = crate::reference::Siblings::default().groups();
    for group in &built_in {
        let members: Vec<String> = group.iter().map(ToString::to_string).collect();
        line(out, &format!("# {}", members.join(" ")));
    }
    let groups = reference.siblings.groups();
    let added = groups.iter().filter(|group| !built_in.contains(group));
    let added = added.map(|group| {
        let members: Vec<String> = numbers(group).collect();
        format!("[{}]", members.join(", "))
    });
    list(out, "siblings", added);
    comment(
        out,
        "Route servers that leave their AS in the path (RFC 7947 advises against it). Such an \
         AS is no network of its own. Default: none.",
    );
    list(
        out,
        "route_servers",
        numbers(&reference.route_servers.sorted()),
    );
    comment(
        out,
        "Communities that ask for a blackhole, which excuse a route that is too specific: \
         BLACKHOLE (RFC 7999); add those of the upstreams.",
    );
    let communities = reference.blackhole_communities.iter();
    list(
        out,
        "blackhole_communities",
        communities.map(|community| format!("\"{}:{}\"", community >> 16, community & 0xFFFF)),
    );
}

/// Directories to be watched.
fn directories(out: &mut String, config: &Config) {
    heading(
        out,
        "Directories in which routers or mirrors of collectors leave MRT files (RFC 6396). A \
         file is read once it is complete: when its size has not changed for `stable`, looked \
         at every `poll`; with `follow` the newest one is read while it grows, as a router's own \
         dump does. What is older than `backlog` when we start is left alone. `name` defaults \
         to the directory's. Default: none.",
    );
    let default = feed::mrt::Settings::default();
    if config.mrt.is_empty() {
        let span = |duration| kinds::write_duration(duration);
        line(
            out,
            &format!(
                "# [[mrt]]\n\
                 # directory = \"/var/spool/mrt/rrc00\"\n\
                 # name = \"rrc00\"\n\
                 # poll = \"{}\"\n\
                 # stable = \"{}\"\n\
                 # backlog = \"{}\"\n\
                 # follow = {}",
                span(default.poll),
                span(default.stable),
                span(default.backlog),
                default.follow,
            ),
        );
    }
    for one in &config.mrt {
        let directory = quoted(&one.directory.to_string_lossy());
        line(out, &format!("[[mrt]]\ndirectory = {directory}"));
        line(out, &format!("name = {}", quoted(&one.name)));
        for (key, value) in [
            ("poll", one.poll),
            ("stable", one.stable),
            ("backlog", one.backlog),
        ] {
            line(
                out,
                &format!("{key} = \"{}\"", kinds::write_duration(value)),
            );
        }
        line(out, &format!("follow = {}\n", one.follow));
    }
}

fn settings(out: &mut String, config: &Config, wanted: impl Fn(&str) -> bool) {
    let defaults = Config::default();
    for (table, reason) in TABLES.iter().filter(|(table, _)| wanted(table)) {
        heading(out, reason);
        line(out, &format!("[{table}]"));
        let here = all().filter(|setting| setting.table == *table);
        for (index, setting) in here.enumerate() {
            if index > 0 {
                out.push('\n');
            }
            let default = (setting.write)(&defaults);
            let shown = match default.as_deref() {
                Some(rows) if rows.contains('\n') => "the built-in rows",
                Some(value) => value,
                None => "none",
            };
            comment(out, &format!("{} Default: {shown}.", setting.reason));
            match (setting.write)(config) {
                Some(value) => line(out, &format!("{} = {value}", setting.key)),
                None => line(out, &format!("# {} = {}", setting.key, setting.example)),
            }
        }
    }
}

/// One member a line, with its name where it is known.
fn annotated(out: &mut String, key: &str, set: &AsSet) {
    line(out, &format!("{key} = ["));
    for asn in set.sorted() {
        let name = lists::name(asn).map(|name| format!(" # {name}"));
        line(out, &format!("  {},{}", asn.0, name.unwrap_or_default()));
    }
    line(out, "]");
}

fn numbers(members: &[Asn]) -> impl Iterator<Item = String> + '_ {
    members.iter().map(|asn| asn.0.to_string())
}

fn list(out: &mut String, key: &str, elements: impl Iterator<Item = String>) {
    let elements: Vec<String> = elements.collect();
    let short = format!("{key} = [{}]", elements.join(", "));
    if short.len() <= WIDTH {
        line(out, &short);
    } else {
        line(out, &format!("{key} = [\n  {},\n]", elements.join(",\n  ")));
    }
}

/// A TOML basic string.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

pub(super) fn heading(out: &mut String, text: &str) {
    out.push('\n');
    comment(out, text);
}

/// A comment, broken between words.
pub(super) fn comment(out: &mut String, text: &str) {
    let mut row = String::from("#");
    for word in text.split_whitespace() {
        if row.chars().count() + 1 + word.chars().count() > WIDTH {
            line(out, &row);
            "#".clone_into(&mut row);
        }
        row.push(' ');
        row.push_str(word);
    }
    line(out, &row);
}

pub(super) fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}
