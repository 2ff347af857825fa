//! One incident: what is known of it and where it stands in its life.

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{
    evidence::{Counted, Evidence, Severity},
    report::Step,
    samples::Samples,
    settings::Settings,
    window::RouteKey,
};
use crate::{
    bgp::{Afi, Asn, Timestamp},
    detect::{Detector, Finds},
    rib::ViewId,
};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What sort of event it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind { $($(#[$doc])* $variant,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant,)*];

            /// As reports spell it.
            pub const fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name,)* }
            }
        }
    };
}

kinds! {
    /// Routes passed on against policy (RFC 7908).
    Leak = "leak",
    /// More-specifics nobody had announced before (RFC 7908 type 6), by shape or number alone.
    MoreSpecific = "more_specific",
    /// Prefixes announced by an AS they do not belong to (RFC 7908 type 5).
    Origin = "origin",
    /// Paths too long or with one AS too often.
    Path = "path",
    /// Prefixes too detailed for the global table.
    Specific = "specific",
    /// Special-purpose prefixes or AS numbers.
    Bogon = "bogon",
    /// Our own prefixes, announced otherwise than they should be.
    OwnPrefix = "own_prefix",
    /// Our own prefixes, gone from most of the views that had them.
    Visibility = "visibility",
    /// More changes than usual, nobody to name.
    Surge = "surge",
    /// Many withdrawals with the session up.
    Withdrawal = "withdrawal",
    /// A limit on the number of routes is near.
    MaximumPrefix = "maximum_prefix",
}

impl Kind {
    /// Whether a view as a whole is blamed for it, and no AS.
    pub const fn is_of_a_view(self) -> bool {
        matches!(
            self,
            Kind::Surge | Kind::Withdrawal | Kind::MaximumPrefix | Kind::Visibility
        )
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        let known = Kind::ALL.iter().find(|one| one.name() == name);
        known
            .copied()
            .ok_or_else(|| D::Error::custom(format!("`{name}` is no kind of incident")))
    }
}

/// Where an incident stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It goes on.
    Open,
    /// Nearly all of it is gone, since then.
    Receding(Timestamp),
    /// Over, since then.
    Resolved(Timestamp),
}

/// What tells an incident from another, the same for every daemon that sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// What it is.
    pub kind: Kind,
    /// Who did it; none for what only a view can be blamed for.
    pub offender: Option<Asn>,
    /// Who accepted it.
    pub neighbour: Option<Asn>,
    /// The view, where there is no offender.
    pub view: Option<ViewId>,
}

/// A view's share in an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Whose.
    pub view: ViewId,
    /// Routes of it that are affected now.
    pub active: u32,
    /// The peer is down or its router cannot be heard, since then: what it would say
    /// cannot be seen.
    pub unobservable: Option<Timestamp>,
}

/// Rows of both families, and how many views hold each.
pub(super) type Rows = HashMap<(Afi, u32), u32, RandomState>;

/// An incident.
#[derive(Debug)]
pub struct Incident {
    /// Deterministic name; see [`identity`].
    pub id: String,
    /// What and who.
    pub key: Key,
    /// Where it stands.
    pub state: State,
    /// First affected route.
    pub first_seen: Timestamp,
    /// Last affected route.
    pub last_seen: Timestamp,
    /// Affected prefixes and how many views hold each now; 0 keeps one that was.
    pub(super) rows: Rows,
    /// Prefixes affected now.
    pub active: u32,
    /// Most prefixes affected at once.
    pub peak: u32,
    /// Prefixes by origin.
    pub victims: HashMap<u32, u32, RandomState>,
    pub(super) covers: HashSet<(Afi, u32), RandomState>,
    /// Views it is seen in.
    pub views: Vec<Share>,
    /// Which detectors saw it.
    pub finds: Finds,
    /// What detectors of counts, not of routes, saw.
    pub also: Vec<Detector>,
    /// What speaks for it.
    pub evidence: Evidence,
    /// 0 to 1.
    pub confidence: f64,
    /// How bad.
    pub severity: Severity,
    /// Routes to show.
    pub samples: Samples,
    /// Which findings make a route through the offender part of it.
    pub absorbs: Finds,
    /// Any route that newly goes through the offender is part of it.
    pub absorbs_all: bool,
    /// Severity and peak as last told.
    pub told: (Severity, u32),
    /// What was last told of it, and when.
    pub last_told: Option<(Step, Timestamp)>,
    /// How often something was told of it.
    pub told_count: u32,
    /// What was counted of a view or of our own prefixes, now and at the worst: what is
    /// told in place of affected routes where there are none.
    pub counted: (u32, u32),
    /// For what a view as a whole is blamed for: whether it still holds.
    pub holds: Option<bool>,
    /// Something changed since it was last weighed.
    pub dirty: bool,
    /// It comes from before a restart, and routes of a first table that carry its findings over
    /// its edge are taken for its own.
    pub resumed: bool,
    /// How far what is kept of it is behind.
    pub written: Written,
}

/// How far what is kept of an incident for another life is behind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Written {
    /// When it was last written.
    pub at: Option<Timestamp>,
    /// Something has changed since.
    pub changed: bool,
    /// Something was told of it since.
    pub urgent: bool,
}

/// How long "first seen" may differ between two daemons that saw the same event.
const BUCKET_SECS: u64 = 3600;

/// The incident's name: kind, offender, neighbour and the hour it began. No host is
/// in it, so two daemons on the same feeds raise the same alert.
pub fn identity(key: &Key, view_name: Option<&str>, first_seen: Timestamp) -> String {
    use std::fmt::Write;
    let mut id = String::from(key.kind.name());
    if let Some(offender) = key.offender {
        let _ = write!(id, "-{}", offender.0);
    }
    if let Some(neighbour) = key.neighbour {
        let _ = write!(id, "-via-{}", neighbour.0);
    }
    if let Some(view) = view_name {
        let _ = write!(id, "-{view}");
    }
    let _ = write!(id, "-{}", first_seen.secs() / BUCKET_SECS);
    id
}

impl Incident {
    /// A new one, nothing absorbed yet.
    pub fn new(id: String, key: Key, evidence: Evidence, now: Timestamp) -> Self {
        Incident {
            id,
            key,
            state: State::Open,
            first_seen: now,
            last_seen: now,
            rows: Rows::default(),
            active: 0,
            peak: 0,
            victims: HashMap::default(),
            covers: HashSet::default(),
            views: Vec::new(),
            finds: Finds::NONE,
            also: Vec::new(),
            evidence,
            confidence: 0.0,
            severity: Severity::Info,
            samples: Samples::default(),
            absorbs: Finds::NONE,
            absorbs_all: false,
            told: (Severity::Info, 0),
            last_told: None,
            told_count: 0,
            counted: (0, 0),
            holds: None,
            dirty: true,
            resumed: false,
            written: Written::default(),
        }
    }

    /// One more route is affected. Returns whether its prefix was not before.
    pub fn absorb(&mut self, route: RouteKey, origin: Asn, finds: Finds, now: Timestamp) -> bool {
        let mut first = false;
        let holders = self.rows.entry((route.afi, route.row)).or_insert_with(|| {
            first = true;
            0
        });
        if *holders == 0 {
            self.active += 1;
            self.peak = self.peak.max(self.active);
        }
        *holders += 1;
        if first {
            *self.victims.entry(origin.0).or_insert(0) += 1;
        }
        match self.views.iter_mut().find(|share| share.view == route.view) {
            Some(share) => share.active += 1,
            None => {
                self.views.push(Share {
                    view: route.view,
                    active: 1,
                    unobservable: None,
                });
            }
        }
        self.finds |= finds;
        self.first_seen = self.first_seen.min(now);
        self.last_seen = self.last_seen.max(now);
        self.dirty = true;
        self.written.changed = true;
        first
    }

    /// What a view that is blamed for it shows now.
    pub fn recount(&mut self, counted: Counted) {
        let now = counted.count();
        self.written.changed |= now != self.counted.0;
        self.counted = (now, self.counted.1.max(now));
        // The evidence is of when it was worst.
        if now == self.counted.1 {
            self.evidence.counted = Some(counted);
        }
    }

    /// Whether the route's prefix was ever part of it.
    pub fn knows(&self, route: RouteKey) -> bool {
        self.rows.contains_key(&(route.afi, route.row))
    }

    /// More was found of the same offender: what was a note may be a leak after all.
    pub fn strengthen(&mut self, kind: Kind, seen: &Evidence) {
        let known = &mut self.evidence;
        known.gained = known.gained.max(seen.gained);
        known.odd_share = known.odd_share.max(seen.odd_share);
        known.displaced_share = known.displaced_share.max(seen.displaced_share);
        if known.burst == 0 {
            known.normal = seen.normal;
            known.burst = seen.burst;
        }
        if kind == Kind::Leak {
            self.key.kind = kind;
        }
    }

    /// A covering row of one of its more-specifics.
    pub fn cover(&mut self, afi: Afi, row: u32) {
        self.covers.insert((afi, row));
    }

    /// Distinct covering prefixes.
    pub fn covers(&self) -> u32 {
        self.covers.len() as u32
    }

    /// Every prefix that was ever part of it, by its row.
    pub fn prefixes(&self) -> impl Iterator<Item = (Afi, u32)> {
        self.rows.keys().copied()
    }

    /// Prefixes ever affected.
    pub fn total(&self) -> u32 {
        self.rows.len() as u32
    }

    /// A route is no longer affected.
    pub fn release(&mut self, route: RouteKey) {
        if let Some(holders) = self.rows.get_mut(&(route.afi, route.row))
            && *holders > 0
        {
            *holders -= 1;
            self.active -= u32::from(*holders == 0);
        }
        if let Some(share) = self.views.iter_mut().find(|share| share.view == route.view) {
            share.active = share.active.saturating_sub(1);
        }
        self.dirty = true;
        self.written.changed = true;
    }

    /// Whether a peer that took part is down, so that its silence means nothing.
    pub fn is_unobservable(&self) -> bool {
        self.views.iter().any(|share| share.unobservable.is_some())
    }

    /// Whether one is, and for so short a time that it is waited for.
    fn is_waited_for(&self, now: Timestamp, settings: &Settings) -> bool {
        self.views.iter().any(|share| {
            share
                .unobservable
                .is_some_and(|since| now.since(since) < settings.unseen_after)
        })
    }

    /// Whether nearly nothing of it is left to be seen.
    pub fn is_few(&self, now: Timestamp, settings: &Settings) -> bool {
        match self.holds {
            Some(holds) => !holds || (self.is_unobservable() && !self.is_waited_for(now, settings)),
            None => {
                self.active == 0
                    || f64::from(self.active)
                        < f64::from(self.peak) * settings.resolve_percent / 100.0
            }
        }
    }

    /// Moves through its life; returns whether it was resolved just now, and when.
    pub fn step(&mut self, now: Timestamp, settings: &Settings) -> Option<Timestamp> {
        let few = self.is_few(now, settings);
        let hidden = self.is_waited_for(now, settings);
        match self.state {
            State::Open if few && !hidden => {
                self.state = State::Receding(now);
                None
            }
            State::Receding(_) if !few => {
                self.state = State::Open;
                None
            }
            State::Receding(since) if now.since(since) >= settings.resolve_after && !hidden => {
                let at = since + settings.resolve_after;
                self.state = State::Resolved(at);
                Some(at)
            }
            _ => None,
        }
    }

    /// Detectors that took part, in order.
    pub fn detectors(&self) -> Vec<Detector> {
        let mut all: Vec<Detector> = self.finds.detectors().collect();
        all.extend(self.also.iter().copied());
        if self.evidence.is_surge() {
            all.push(Detector::Surge);
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The most affected origins, most routes first.
    pub fn top_victims(&self, most: usize) -> Vec<(Asn, u32)> {
        let mut order: Vec<(Asn, u32)> = self
            .victims
            .iter()
            .map(|(&asn, &count)| (Asn(asn), count))
            .collect();
        order.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        order.truncate(most);
        order
    }
}
