//! What the engine keeps of each view beside its routes.

use std::{collections::BTreeMap, time::Duration};

use super::{compare::News, redump::Redump};
use crate::{
    bgp::{Afi, Asn, RibView, Timestamp},
    detect::{
        Detector, Finds, Gate, Verdict,
        maximum_prefix::{Growth, Headroom},
        outbound, peerlock, settings,
        surge::Streams,
        withdrawal::Withdrawals,
    },
    incident::Counted,
    reference::{Reference, Role},
    rib::ViewKey,
};

/// Whose addresses a view speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// The Internet's: what is special-purpose must not be there.
    Internet,
    /// Ours, or a neighbour's with which private addresses and AS numbers are agreed.
    Private,
    /// A VPN's, which has nothing to do with the others (RFC 4364 §4).
    Vpn,
}

/// What is configured and known of a view: how its routes are judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The configured name of the peer, or nothing.
    pub name: String,
    /// What we are to the peer.
    pub local_role: Option<Role>,
    /// The peer may send routes through our own AS (allowas-in).
    pub allow_own_as: bool,
    /// Whose addresses it speaks of.
    pub space: Space,
    /// The peer is transit-free.
    pub from_tier1: bool,
    /// Routes it may have, from the peer's or the hardware's limit.
    pub limit: Option<u32>,
    /// The peer's own warning share.
    pub warning_percent: Option<u8>,
}

impl Policy {
    /// That of a view.
    pub fn of(key: &ViewKey, reference: &Reference, settings: &settings::Settings) -> Self {
        let policy = reference.peer_policy(&key.peer);
        let session = policy.and_then(|policy| policy.maximum_prefix(key.afi));
        let hardware = match key.afi {
            Afi::Ipv4 => settings.maximum_prefix.table_ipv4,
            Afi::Ipv6 => settings.maximum_prefix.table_ipv6,
        };
        // Inside our own network they are at home. A Loc-RIB's peer is the router itself
        // (RFC 9069 §4.2), and what is in it has come from everywhere.
        let internal = key.rib != RibView::LocRib && reference.local_as == Some(key.peer.asn);
        Policy {
            name: policy.map(|policy| policy.name.clone()).unwrap_or_default(),
            local_role: policy.and_then(|policy| policy.local_role),
            // Only a peer's routes can be wrong in this way; ours to it carry our AS.
            allow_own_as: !key.rib.is_in() || policy.is_some_and(|policy| policy.allow_own_as),
            space: if key.peer.distinguisher != 0 {
                Space::Vpn
            } else if internal || policy.is_some_and(|policy| policy.private) {
                Space::Private
            } else {
                Space::Internet
            },
            from_tier1: key.peer.asn != Asn(0) && reference.tier1.contains(key.peer.asn),
            limit: session.into_iter().chain(hardware).min(),
            warning_percent: policy.and_then(|policy| policy.warning_percent),
        }
    }

    /// What is wrong with a path here, in this table of the peer's.
    pub fn judge(&self, verdict: &Verdict, rib: RibView) -> Finds {
        let mut finds = verdict.finds;
        finds |= match rib {
            RibView::AdjRibOutPost => outbound::judge(verdict, self.local_role),
            // The policy that has to drop what must not be sent is yet to come.
            RibView::AdjRibOutPre => Finds::NONE,
            _ => peerlock::judge(verdict, self.local_role, self.from_tier1),
        };
        if verdict.through_us && !self.allow_own_as {
            finds |=
                Finds::of(Detector::PathRepeat) | Finds::SEPARATE | Finds::NOTABLE | Finds::EXTREME;
        }
        // What a neighbour of ours has by a private AS is at home with us, and not outside.
        let at_home = verdict.bogon_at_home && rib != RibView::AdjRibOutPost;
        if self.space != Space::Internet || at_home {
            finds = finds.without(Finds::of(Detector::Bogon));
        }
        finds
    }
}

/// The state of one view.
#[derive(Clone, Debug)]
pub struct View {
    /// How its routes are judged.
    pub policy: Policy,
    /// When it may speak.
    pub gate: Gate,
    /// Its rates.
    pub streams: Streams,
    /// Its withdrawals.
    pub withdrawals: Withdrawals,
    /// Its routes day by day.
    pub growth: Growth,
    /// How near the limit was when last told.
    pub headroom: Headroom,
    /// Findings of the running dump, by detector.
    pub standing: [u32; 16],
    /// Which RIB.
    pub rib: RibView,
    /// Family.
    pub afi: Afi,
    /// When a route of it last changed.
    pub last_change: Timestamp,
    /// Since when the router cannot be heard and its routes are held all the same.
    pub lost: Option<Timestamp>,
    /// Its table is being sent once more, over routes that it has.
    pub redump: Option<Box<Redump>>,
    /// How far the table that is being sent has come.
    pub progress: Progress,
    /// Its busiest minutes of another life, until its table is whole.
    pub busiest: Option<[f64; 4]>,
    /// What its first table has that the baseline of another life has not.
    pub news: Option<Box<News>>,
    /// Routes that it has withdrawn, and that may come back.
    pub gone: Gone,
}

/// How many routes a view has withdrawn while its session was up. So many may come back before
/// anything that it announces is new to it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gone {
    count: u32,
    /// When the last one went.
    last: Timestamp,
}

/// What has not come back after so long will not.
const GONE_FOR_GOOD: Duration = Duration::from_secs(86_400);

impl Gone {
    /// One more went.
    pub fn add(&mut self, now: Timestamp) {
        if now.since(self.last) > GONE_FOR_GOOD {
            self.count = 0;
        }
        self.last = now;
        self.count = self.count.saturating_add(1);
    }

    /// One is there that was not. Returns whether it may be one that went.
    pub fn take(&mut self, now: Timestamp) -> bool {
        if self.count == 0 || now.since(self.last) > GONE_FOR_GOOD {
            return false;
        }
        self.count -= 1;
        true
    }
}

/// How far a table has come, where End-of-RIB is not to be taken at its word.
///
/// A router may say End-of-RIB of a table that it has yet to receive: FRR 8.4 does so as
/// soon as BMP connects, and the table follows. So a live router's End-of-RIB counts once
/// something was sent, and in the first second in which hardly anything follows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Something of the table has come.
    pub begun: bool,
    /// End-of-RIB was said of it.
    pub ended: bool,
    /// Routes heard of for the first time, since the last tick.
    fresh: u32,
}

/// More new routes than this within a second are a table that is still coming. Full
/// tables come at thousands a second; their everyday churn brings a few.
const MOST_FRESH: u32 = 100;

impl Progress {
    /// Routes were heard of for the first time.
    pub fn heard(&mut self, routes: u32) {
        self.begun = true;
        self.fresh = self.fresh.saturating_add(routes);
    }

    /// A second has passed. Returns whether the table is complete by it.
    pub fn is_complete(&mut self) -> bool {
        let fresh = std::mem::take(&mut self.fresh);
        self.ended && fresh <= MOST_FRESH
    }
}

impl View {
    /// A view first heard of at `now`.
    pub fn new(
        key: &ViewKey,
        by_dump: bool,
        now: Timestamp,
        reference: &Reference,
        settings: &settings::Settings,
    ) -> Self {
        View {
            policy: Policy::of(key, reference, settings),
            gate: Gate::new(now, by_dump),
            streams: Streams::new(now, 0, &settings.surge),
            withdrawals: Withdrawals::new(now),
            growth: Growth::default(),
            headroom: Headroom::Fine,
            standing: [0; 16],
            rib: key.rib,
            afi: key.afi,
            last_change: now,
            lost: None,
            redump: None,
            progress: Progress::default(),
            busiest: None,
            news: None,
            gone: Gone::default(),
        }
    }

    /// What it withdrew of late.
    pub fn withdrawn(&self, now: Timestamp, left: u32, settings: &settings::Withdrawal) -> Counted {
        Counted::Withdrawn {
            routes: self.withdrawals.lost(now, settings).round() as u32,
            left,
        }
    }

    /// What it changed in the running minute.
    pub fn changed(&self) -> Counted {
        Counted::Changed {
            nlri: self.streams.changes(),
            usual: self.streams.usual(),
        }
    }

    /// Whether our own policy has let in what is here.
    pub fn is_past_policy(&self) -> bool {
        self.rib != RibView::AdjRibInPre
    }

    /// Counts what stands on a route of the table being sent.
    pub fn stands(&mut self, finds: Finds) {
        for detector in finds.detectors() {
            if let Some(count) = self.standing.get_mut(detector as usize) {
                *count += 1;
            }
        }
    }

    /// Takes the counts of the dump that is over.
    pub fn take_standing(&mut self) -> BTreeMap<&'static str, u32> {
        let counts = std::mem::take(&mut self.standing);
        Detector::ALL
            .iter()
            .filter_map(|&detector| {
                let count = *counts.get(detector as usize)?;
                (count > 0).then_some((detector.name(), count))
            })
            .collect()
    }
}
