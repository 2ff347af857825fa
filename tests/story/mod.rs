//! Small stories for the core, as text: what happened when, at whom, a line each.
//!
//! ```text
//! # time         what  peer               prefix           path          communities
//! 10:00:00       rib   192.0.2.1/64500    20.0.0.0/16      64500 3356 65
//! 10:00:00       eor   192.0.2.1/64500
//! 10:00:01 100/s A     192.0.2.1/64500    20.0.0.0/24*50   64500 701 15169 4713 [65535:666]
//! 10:05:00       W     192.0.2.1/64500    20.0.0.0/24*50
//! 10:06:00       down  192.0.2.1/64500
//! 11:30:00       wait
//! ```
//!
//! `A` announces, `W` withdraws, `rib` is an entry of a table dump, `eor` End-of-RIB of
//! both families (`eor4`, `eor6` of one), `up` and `down` are the session's, `lost` is the
//! router that cannot be heard, `wait` lets time pass second by second. `*50` means fifty prefixes of this length one after
//! another, `100/s` that so many come in a second (without it all at once, in one
//! UPDATE). In a path `1000+` counts up with each prefix, `1000+/10` with each tenth,
//! `65*252` stands 252 times, `{1,2}` is an `AS_SET`, `(65001 65002)` a confederation
//! sequence. `#7` after a prefix is a path identifier. `a = TEXT` names a text, which
//! `$a` stands for from there on. `192.0.2.1/64500@loc-rib` is another of the router's
//! tables, `192.0.2.1/64500%7` a peer in a VPN, `192.0.2.1/64500!192.0.2.9` one of a router that is
//! heard over BMP. Times are of 11 May 2026.
#![allow(
    dead_code,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "each test uses a part of it, and a story that cannot be read has failed"
)]

use std::{collections::HashMap, net::IpAddr, time::Duration};

use leakwatch::{
    bgp::{
        Afi, AsPath, Asn, Attributes, Batch, DownReason, Event, EventKind, Nlri, PeerKey, Prefix,
        RibView, Router, Span, SpecialCommunity, Timestamp,
    },
    config::Config,
    engine::Engine,
    incident::{IncidentEvent, Output, Severity, Standing, Step},
};

/// 2026-05-11T00:00:00Z.
const DAY: u64 = 1_778_457_600;

/// A core that stories are told to.
pub struct Stage {
    pub engine: Engine,
    /// All it said.
    pub said: Vec<Output>,
    names: HashMap<String, String>,
}

impl Default for Stage {
    fn default() -> Self {
        Stage::new(Config::default())
    }
}

impl Stage {
    pub fn new(config: Config) -> Self {
        Stage {
            engine: Engine::new(config.reference, config.detect, config.incident),
            said: Vec::new(),
            names: HashMap::new(),
        }
    }

    /// A core with a configuration as its users write it.
    pub fn configured(toml: &str) -> Self {
        Stage::new(Config::parse_text(toml).unwrap())
    }

    /// Tells a story; what the core says to it is returned and kept.
    pub fn tell(&mut self, story: &str) -> &[Output] {
        let before = self.said.len();
        for (number, line) in story.lines().enumerate() {
            let line = comment_cut(line).trim();
            if line.is_empty() {
                continue;
            }
            self.line(line)
                .unwrap_or_else(|| panic!("line {}: {line}", number + 1));
        }
        &self.said[before..]
    }

    fn line(&mut self, line: &str) -> Option<()> {
        if let Some((name, text)) = line.split_once(" = ") {
            let text = self.resolve(text);
            self.names.insert(name.trim().to_owned(), text);
            return Some(());
        }
        let line = self.resolve(line);
        let (time, rest) = word(&line);
        let mut time = clock(time)?;
        let (mut what, mut rest) = word(rest);
        let mut gap = None;
        if let Some(rate) = what.strip_suffix("/s") {
            gap = Some(1_000_000 / rate.parse::<u64>().ok()?);
            (what, rest) = word(rest);
        }
        if what == "wait" {
            self.wait(time);
            return Some(());
        }
        let (peer, rest) = word(rest);
        let (peer, rib) = peer.split_once('@').unwrap_or((peer, ""));
        let rib = match rib {
            "" => RibView::AdjRibInPre,
            "adj-rib-in-post" => RibView::AdjRibInPost,
            "loc-rib" => RibView::LocRib,
            "adj-rib-out-pre" => RibView::AdjRibOutPre,
            "adj-rib-out-post" => RibView::AdjRibOutPost,
            _ => return None,
        };
        let peer = self::peer(peer)?;
        let mut batch = Batch::default();
        let index = batch.peer_index(&peer)?;
        let begin = time;
        let single = |kind| Event {
            time: begin,
            peer: index,
            rib,
            kind,
            raw: Span::default(),
        };
        match what {
            "lost" => batch.events.push(single(EventKind::PeerLost)),
            "up" => batch.events.push(single(EventKind::PeerUp)),
            "down" => {
                let reason = match rest.split_once('/') {
                    Some((code, subcode)) => DownReason::Notification {
                        code: code.parse().ok()?,
                        subcode: subcode.parse().ok()?,
                    },
                    None => DownReason::State,
                };
                batch.events.push(single(EventKind::PeerDown(reason)));
            }
            "eor" | "eor4" | "eor6" => {
                for (afi, other) in [(Afi::Ipv4, "eor6"), (Afi::Ipv6, "eor4")] {
                    if what != other {
                        batch.events.push(single(EventKind::EndOfRib(afi)));
                    }
                }
            }
            "A" | "W" | "rib" => {
                let (prefixes, path) = word(rest);
                let prefixes = self::prefixes(prefixes)?;
                let mut last = None;
                for (nth, (prefix, path_id)) in prefixes.into_iter().enumerate() {
                    let path = expand(path, nth)?;
                    // One UPDATE for all that come at once with one path.
                    if gap.is_none() && last.as_ref() == Some(&path) {
                        extend(&mut batch, prefix, path_id)?;
                        continue;
                    }
                    let (afi, nlri) = push(&mut batch, prefix, path_id);
                    let kind = if what == "W" {
                        EventKind::Withdraw { afi, nlri }
                    } else {
                        let attributes = attributes(&mut batch, &path)?;
                        match what {
                            "A" => EventKind::Announce {
                                afi,
                                attributes,
                                nlri,
                            },
                            _ => EventKind::RibEntry {
                                afi,
                                attributes,
                                nlri,
                            },
                        }
                    };
                    batch.events.push(Event {
                        time,
                        ..single(kind)
                    });
                    last = Some(path);
                    time = Timestamp::from_micros(time.micros() + gap.unwrap_or(0));
                }
            }
            _ => return None,
        }
        self.engine.apply(&batch, &mut self.said);
        Some(())
    }

    fn resolve(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, meaning) in &self.names {
            text = text.replace(&format!("${name}"), meaning);
        }
        text.trim().to_owned()
    }

    /// Lets event time pass, second by second.
    pub fn wait(&mut self, until: Timestamp) {
        while self.engine.now() < until {
            let next = self.engine.now() + Duration::from_secs(1);
            self.engine.advance(next.min(until), &mut self.said);
        }
    }

    /// What was said of incidents.
    pub fn incidents(&self) -> impl Iterator<Item = &IncidentEvent> {
        self.said.iter().filter_map(|output| match output {
            Output::Incident(event) => Some(&**event),
            Output::Standing(_) => None,
        })
    }

    /// The summaries of what stood in tables.
    pub fn standing(&self) -> impl Iterator<Item = &Standing> {
        self.said.iter().filter_map(|output| match output {
            Output::Standing(standing) => Some(&**standing),
            Output::Incident(_) => None,
        })
    }

    /// What was said of incidents as `step severity id`.
    pub fn lives(&self) -> Vec<String> {
        self.incidents()
            .map(|one| {
                let step = match one.event {
                    Step::Opened => "opened",
                    Step::Updated => "updated",
                    Step::Resolved => "resolved",
                    Step::Reopened => "reopened",
                };
                let id = one.id.rsplit_once('-').map_or("", |(id, _)| id);
                format!("{step} {} {id}", one.severity.name())
            })
            .collect()
    }

    /// Names of incidents that were critical at any time.
    pub fn critical(&self) -> std::collections::BTreeSet<&str> {
        self.incidents()
            .filter(|one| one.severity == Severity::Critical)
            .map(|one| one.id.as_str())
            .collect()
    }
}

/// A time of the day, as event time.
pub fn at(text: &str) -> Timestamp {
    clock(text).unwrap()
}

/// `192.0.2.1/64500`, `192.0.2.1/64500%7`, `192.0.2.1/64500!192.0.2.9`.
pub fn peer(text: &str) -> Option<PeerKey> {
    let (address, rest) = text.split_once('/')?;
    let (rest, router) = rest.split_once('!').unwrap_or((rest, ""));
    let (asn, vpn) = rest.split_once('%').unwrap_or((rest, "0"));
    let mut peer = PeerKey::mrt(address.parse().ok()?, asn.parse().ok()?);
    peer.distinguisher = vpn.parse().ok()?;
    if !router.is_empty() {
        peer.router = Router::bmp(router.parse().ok()?);
    }
    Some(peer)
}

/// Where a comment begins; a path identifier is no comment.
fn comment_cut(line: &str) -> &str {
    let from = line
        .match_indices('#')
        .map(|(index, _)| index)
        .find(|&index| index == 0 || line[..index].ends_with(' '));
    from.map_or(line, |index| &line[..index])
}

fn word(text: &str) -> (&str, &str) {
    let text = text.trim();
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim()),
        None => (text, ""),
    }
}

fn clock(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = whole.split(':').map(str::parse::<u64>);
    let (hours, minutes, seconds) = (
        parts.next()?.ok()?,
        parts.next()?.ok()?,
        parts.next()?.ok()?,
    );
    let micros: u64 = format!("{fraction:0<6}").parse().ok()?;
    let seconds = DAY + hours * 3600 + minutes * 60 + seconds;
    Some(Timestamp::from_micros(seconds * 1_000_000 + micros))
}

fn prefixes(text: &str) -> Option<Vec<(Prefix, u32)>> {
    let (text, path_id) = match text.split_once('#') {
        Some((text, id)) => (text, id.parse().ok()?),
        None => (text, 0),
    };
    let (first, count) = match text.split_once('*') {
        Some((first, count)) => (first, count.parse().ok()?),
        None => (text, 1_u128),
    };
    let first: Prefix = first.parse().ok()?;
    let len = first.prefix_len();
    (0..count)
        .map(|nth| {
            let ip = match first.network() {
                IpAddr::V4(ip) => {
                    IpAddr::V4((ip.to_bits() + ((nth << (32 - u32::from(len))) as u32)).into())
                }
                IpAddr::V6(ip) => IpAddr::V6(
                    (ip.to_bits() + nth.checked_shl(128 - u32::from(len)).unwrap_or(0)).into(),
                ),
            };
            Some((Prefix::new(ip, len).ok()?, path_id))
        })
        .collect()
}

/// Counts up what counts up in a path, for the prefix of this number.
fn expand(path: &str, nth: usize) -> Option<String> {
    let mut words = Vec::new();
    for word in path.split_whitespace() {
        words.push(match word.split_once('+') {
            Some((from, each)) => {
                let each: usize = match each.strip_prefix('/') {
                    Some(each) => each.parse().ok()?,
                    None => 1,
                };
                (from.parse::<usize>().ok()? + nth / each).to_string()
            }
            None => word.to_owned(),
        });
    }
    Some(words.join(" "))
}

fn push(batch: &mut Batch, prefix: Prefix, path_id: u32) -> (Afi, Span) {
    match prefix.network() {
        IpAddr::V4(ip) => (
            Afi::Ipv4,
            batch.push_v4([Nlri::new(ip.to_bits(), prefix.prefix_len(), path_id)]),
        ),
        IpAddr::V6(ip) => (
            Afi::Ipv6,
            batch.push_v6([Nlri::new(ip.to_bits(), prefix.prefix_len(), path_id)]),
        ),
    }
}

/// Adds a prefix to the last event.
fn extend(batch: &mut Batch, prefix: Prefix, path_id: u32) -> Option<()> {
    push(batch, prefix, path_id);
    match &mut batch.events.last_mut()?.kind {
        EventKind::Announce { nlri, .. }
        | EventKind::RibEntry { nlri, .. }
        | EventKind::Withdraw { nlri, .. } => nlri.len += 1,
        _ => return None,
    }
    Some(())
}

/// `1299 65*3 {1,2} (65001 65002) [65535:666]`.
pub fn attributes(batch: &mut Batch, text: &str) -> Option<Attributes> {
    let (path, communities) = match text.split_once('[') {
        Some((path, communities)) => (path, communities.trim().strip_suffix(']')?),
        None => (text, ""),
    };
    let mut special = SpecialCommunity::default();
    let before = batch.communities.len() as u32;
    for community in communities.split_whitespace() {
        let (high, low) = community.split_once(':')?;
        let value = high.parse::<u32>().ok()? << 16 | low.parse::<u32>().ok()?;
        special.0 |= match value {
            0xFFFF_029A => SpecialCommunity::BLACKHOLE,
            0xFFFF_FF01 => SpecialCommunity::NO_EXPORT,
            0xFFFF_FF02 => SpecialCommunity::NO_ADVERTISE,
            0xFFFF_0000 | 0xFFFF_0006 => SpecialCommunity::LEAVING,
            _ => 0,
        };
        batch.communities.push(value);
    }
    let (words, segmented) = words(path)?;
    Some(Attributes {
        path: batch.push_path(&words),
        segmented,
        special,
        communities: Span {
            start: before,
            len: batch.communities.len() as u32 - before,
        },
        ..Attributes::default()
    })
}

/// A path as its words, and whether they carry segment headers.
pub fn words(path: &str) -> Option<(Vec<u32>, bool)> {
    let mut segments: Vec<(u8, Vec<u32>)> = Vec::new();
    let mut rest = path.trim();
    while let Some(first) = rest.chars().next() {
        let (kind, close) = match first {
            '{' => (AsPath::SET, '}'),
            '(' => (AsPath::CONFED_SEQUENCE, ')'),
            _ => {
                let (element, after) = word(rest);
                rest = after;
                let (asn, times) = match element.split_once('*') {
                    Some((asn, times)) => (asn, times.parse().ok()?),
                    None => (element, 1_usize),
                };
                let Asn(asn) = asn.parse().ok()?;
                if segments
                    .last()
                    .is_none_or(|(kind, _)| *kind != AsPath::SEQUENCE)
                {
                    segments.push((AsPath::SEQUENCE, Vec::new()));
                }
                segments
                    .last_mut()?
                    .1
                    .extend(std::iter::repeat_n(asn, times));
                continue;
            }
        };
        let (inside, after) = rest[1..].split_once(close)?;
        let members = inside.split([',', ' ']).filter(|member| !member.is_empty());
        let members = members.map(|member| member.trim().parse().ok());
        segments.push((kind, members.collect::<Option<_>>()?));
        rest = after.trim();
    }
    if segments.iter().all(|(kind, _)| *kind == AsPath::SEQUENCE) {
        return Some((
            segments.into_iter().flat_map(|(_, ases)| ases).collect(),
            false,
        ));
    }
    let mut words = Vec::new();
    for (kind, members) in segments {
        words.push(AsPath::header(kind, members.len() as u32));
        words.extend(members);
    }
    Some((words, true))
}
