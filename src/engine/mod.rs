//! The whole core behind one struct: batches and time in, incidents out.
//!
//! One synchronous thread owns an [`Engine`]. It reads no clock and does no I/O: time
//! is what the batches say, so replaying a file gives what living through it gave.

mod baseline;
mod carried;
mod clock;
mod compare;
mod findings;
mod keep;
mod limits;
mod own;
mod peers;
mod question;
mod redump;
mod renew;
mod route;
mod snapshot;
mod view;

use std::{collections::VecDeque, time::Duration};

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use crate::{
    bgp::{Afi, Attributes, Batch, Event, EventKind, PeerKey, Prefix, Span, Timestamp},
    detect::{Phase, Verdict, settings},
    incident::{self, Folder, IncidentEvent, Output, World},
    reference::Reference,
    rib::{Marks, Rib, ViewId, ViewKey},
};

pub use baseline::{NotLearned, Writing};
pub use carried::Carried;
pub use limits::Limits;
pub use question::{Answer, Entry, Match, Question};
pub use snapshot::{Counters, Snapshot, ViewState};
use view::View;

/// The core.
#[derive(Debug)]
pub struct Engine {
    rib: Rib<Verdict>,
    views: Vec<View>,
    folder: Folder,
    reference: Reference,
    settings: settings::Settings,
    /// Event time: the latest seen.
    now: Timestamp,
    next_tick: Timestamp,
    /// A time far ahead that one event has claimed.
    leap: Option<Timestamp>,
    /// Longest path and longest run that a table showed, by who is behind them.
    stable: HashMap<u32, (u16, u16), RandomState>,
    /// Peers whose session began while we watched: what they first say is a table.
    came_up: HashSet<PeerKey, RandomState>,
    visibility: own::Visibility,
    /// View ids by (batch peer, RIB, family), for the batch at hand.
    resolved: Vec<u16>,
    /// Where the sweep of forgotten prefixes goes on, per family.
    sweep: [u32; 2],
    counters: Counters,
    limits: Limits,
    /// Views whose peers went down, and when, in this order.
    parted: VecDeque<(Timestamp, ViewId)>,
    /// What was kept before a restart was taken up, and no time was heard since.
    resumed: bool,
    /// Names of directories that it spoke of.
    names: keep::Names,
    /// What was learned before a restart.
    learned: baseline::Learned,
    /// Number of the event at hand.
    event: u64,
    /// The tick before which views were last forgotten out of turn.
    reaped: Timestamp,
}

const UNRESOLVED: u16 = u16::MAX;
/// A step of event time that is not believed at once.
const LEAP: Duration = Duration::from_secs(86_400);
/// Peers remembered as having come up; there can be no more views than this.
const MOST_PEERS: usize = 65_535;
const TICK: Duration = Duration::from_secs(1);
/// Seconds of a pause that are lived through: in less, an incident is resolved, may be
/// reopened and is forgotten.
const MOST_STEPS: u32 = 7200;
/// Paths whose use changed before counts are settled out of turn.
const MOST_UNSETTLED: usize = 1 << 20;

impl Engine {
    /// An engine that knows `reference` and no route.
    pub fn new(
        reference: Reference,
        settings: settings::Settings,
        incidents: incident::Settings,
    ) -> Self {
        Engine {
            rib: Rib::default(),
            views: Vec::new(),
            folder: Folder::new(incidents, settings.clone()),
            reference,
            settings,
            now: Timestamp::ZERO,
            next_tick: Timestamp::ZERO,
            leap: None,
            stable: HashMap::default(),
            came_up: HashSet::default(),
            visibility: own::Visibility::default(),
            resolved: Vec::new(),
            sweep: [0; 2],
            counters: Counters::default(),
            limits: Limits::default(),
            parted: VecDeque::new(),
            resumed: false,
            names: keep::Names::default(),
            learned: baseline::Learned::default(),
            event: 0,
            reaped: Timestamp::ZERO,
        }
    }

    /// All it is fed is a drill: its incidents say so.
    #[must_use]
    pub fn drill(mut self) -> Self {
        self.folder.drill = true;
        self
    }

    /// Applies a batch; what is to be told goes to `out`.
    pub fn apply(&mut self, batch: &Batch, out: &mut Vec<Output>) {
        self.resolved.clear();
        self.resolved.resize(batch.peers.len() * 10, UNRESOLVED);
        for event in &batch.events {
            self.advance(event.time, out);
            self.event += 1;
            self.event(batch, event, out);
        }
        if self.rib.paths.unsettled() > MOST_UNSETTLED {
            self.rib.settle();
        }
    }

    /// Lets event time pass without news. Time never goes back within a life; a leap of more than a
    /// day counts once a second event confirms it, since one bad clock or one damaged
    /// record must not end every incident.
    ///
    /// It passes by whole seconds, as by a clock: what is due in a pause of a recording
    /// happens when it is due, so that a replay says what living through it said. Of a
    /// long pause only the beginning is lived through.
    pub fn advance(&mut self, time: Timestamp, out: &mut Vec<Output>) {
        if std::mem::take(&mut self.resumed) {
            // However long we were gone, we did not live through it. The clock may have been
            // put right meanwhile, back as well as forth: until it had caught up with the other
            // life no second would pass, and no table be complete.
            if time < self.now {
                self.set_back(time, self.now.since(time));
            }
            self.next_tick = Timestamp::from_secs(time.secs());
            self.now = time;
        }
        if self.now > Timestamp::ZERO && time.since(self.now) > LEAP {
            let confirmed = self
                .leap
                .is_some_and(|leap| time >= leap && time.since(leap) < LEAP);
            self.leap = (!confirmed).then_some(time);
            if !confirmed {
                return;
            }
        }
        let due = Timestamp::from_secs(time.secs());
        // A pause is lived through; with thousands of views only its beginning is.
        let most = MOST_STEPS * 64 / (64 + self.views.len() as u32);
        let mut steps = 0;
        while self.next_tick < due && steps < most && !self.views.is_empty() {
            self.now = self.now.max(self.next_tick);
            self.tick(out);
            self.next_tick = self.next_tick + TICK;
            steps += 1;
        }
        if self.next_tick <= due {
            self.now = self.now.max(due);
            self.tick(out);
            self.next_tick = due + TICK;
        }
        self.now = self.now.max(time);
    }

    /// Whether an open incident would be resolved by waiting alone.
    pub fn is_settling(&self) -> bool {
        self.folder.is_settling(self.now)
    }

    /// Event time.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The routing table, to look at.
    pub fn rib(&self) -> &Rib<Verdict> {
        &self.rib
    }

    /// Incidents and findings, to look at.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// What should hold.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Ends every open incident now: whatever it was fed will not go on.
    pub fn close(&mut self, out: &mut Vec<Output>) {
        let (folder, mut world) = self.folding(out);
        folder.close(&mut world);
    }

    /// Open and lately resolved incidents as they stand, by their names; each with what
    /// was last told of it and when.
    pub fn incidents(&self) -> Vec<IncidentEvent> {
        self.folder.standing(&self.rib, &self.reference)
    }

    /// Every prefix that an incident, open or lately over, ever affected; none if it is not
    /// known. Some milliseconds for 100,000.
    pub fn affected(&self, id: &str) -> Option<Vec<Prefix>> {
        let mut places = self.folder.places();
        let (_, incident) = places.find(|(_, incident)| incident.id == id)?;
        let prefixes = incident.prefixes();
        Some(
            prefixes
                .filter_map(|(afi, row)| self.rib.prefix(afi, row))
                .collect(),
        )
    }

    /// Whether no view has had a table: only what needs no memory speaks.
    pub fn is_warming(&self) -> bool {
        let states = self.rib.views();
        let mut phases = states
            .filter_map(|(view, _)| Some(self.views.get(view.index())?.gate.phase))
            .peekable();
        phases.peek().is_some() && phases.all(|phase| phase == Phase::Warming)
    }

    fn event(&mut self, batch: &Batch, event: &Event, out: &mut Vec<Output>) {
        match event.kind {
            EventKind::Announce {
                afi,
                attributes,
                nlri,
            } => {
                let Some(view) = self.view(batch, event, afi, false) else {
                    return;
                };
                self.announced(batch, (view, afi), event, &attributes, nlri, out);
            }
            EventKind::RibEntry {
                afi,
                attributes,
                nlri,
            } => {
                let Some(view) = self.view(batch, event, afi, true) else {
                    return;
                };
                let now = self.now;
                if let Some(state) = self.views.get_mut(view.index()) {
                    state.gate.dump(now);
                }
                self.announced(batch, (view, afi), event, &attributes, nlri, out);
            }
            EventKind::Withdraw { afi, nlri } => {
                let Some(view) = self.view(batch, event, afi, false) else {
                    return;
                };
                match afi {
                    Afi::Ipv4 => self.withdrawn::<u32>(batch, view, nlri, out),
                    Afi::Ipv6 => self.withdrawn::<u128>(batch, view, nlri, out),
                }
            }
            EventKind::PeerUp => self.peer_up(batch, event),
            EventKind::PeerLost => self.peer_lost(batch, event),
            EventKind::PeerDown(reason) => self.peer_down(batch, event, reason, out),
            EventKind::EndOfRib(afi) => {
                let Some(view) = self.view(batch, event, afi, true) else {
                    return;
                };
                let now = self.now;
                let Some(state) = self.views.get_mut(view.index()) else {
                    return;
                };
                if state.lost.is_some() {
                    return;
                }
                let key = batch.peers.get(usize::from(event.peer));
                let live = key.is_some_and(|key| key.router.address().is_some());
                if live && (state.gate.phase == Phase::Dumping || state.redump.is_some()) {
                    state.progress.ended |= state.progress.begun;
                } else if state.gate.end_of_rib(now) {
                    self.went_live(view, out);
                } else {
                    self.end_redump(view);
                }
            }
        }
    }

    /// The view an event is about, resolved once per batch.
    fn view(&mut self, batch: &Batch, event: &Event, afi: Afi, by_dump: bool) -> Option<ViewId> {
        let place = usize::from(event.peer) * 10 + event.rib as usize * 2 + afi as usize;
        let known = self.resolved.get(place).copied()?;
        if known != UNRESOLVED {
            return Some(ViewId(known));
        }
        let key = ViewKey {
            peer: *batch.peers.get(usize::from(event.peer))?,
            rib: event.rib,
            afi,
        };
        let view = match self.rib.find_view(&key) {
            Some(view) => view,
            None => self.new_view(&key, by_dump)?,
        };
        if let Some(resolved) = self.resolved.get_mut(place) {
            *resolved = view.0;
        }
        Some(view)
    }

    fn new_view(&mut self, key: &ViewKey, by_dump: bool) -> Option<ViewId> {
        if !self.has_room_for_a_view() {
            self.counters.views_refused += 1;
            return None;
        }
        let view = self.rib.view(key)?;
        let by_dump = by_dump || self.came_up.contains(&key.peer);
        let mut state = View::new(key, by_dump, self.now, &self.reference, &self.settings);
        if let Some(learned) = self.learned.take(key) {
            state.growth = learned.growth;
            state.busiest = Some(learned.busiest);
            let comparable = learned.whole && self.learned.whole().is_some();
            state.news = comparable.then(Box::default);
        }
        match self.views.get_mut(view.index()) {
            Some(place) => *place = state,
            None => self.views.push(state),
        }
        Some(view)
    }

    fn announced(
        &mut self,
        batch: &Batch,
        (view, afi): (ViewId, Afi),
        event: &Event,
        attributes: &Attributes,
        nlri: Span,
        out: &mut Vec<Output>,
    ) {
        let path = batch.path(attributes);
        let mut special = attributes.special;
        if self.reference.blackhole_communities.len() > 1 {
            let wanted = &self.reference.blackhole_communities;
            let communities = attributes.communities.of(&batch.communities);
            if communities
                .iter()
                .any(|community| wanted.contains(community))
            {
                special.0 |= crate::bgp::SpecialCommunity::BLACKHOLE;
            }
        }
        let marks = Marks {
            segmented: attributes.segmented,
            special,
            otc: attributes.otc.map_or(0, |asn| asn.0),
        };
        let (reference, settings) = (&self.reference, &self.settings);
        let id = self.rib.paths.intern(path.words, marks, || {
            crate::detect::judge(path, reference, settings)
        });
        let raw = event.raw.of(&batch.raw);
        let news = route::News {
            raw,
            view,
            path: id,
            marks,
            time: self.now,
        };
        match afi {
            Afi::Ipv4 => self.routes::<u32>(batch, &news, nlri, out),
            Afi::Ipv6 => self.routes::<u128>(batch, &news, nlri, out),
        }
    }

    /// The folder, and the world it acts in.
    fn folding<'a>(&'a mut self, out: &'a mut Vec<Output>) -> (&'a mut Folder, World<'a>) {
        let world = World {
            now: self.now,
            rib: &mut self.rib,
            reference: &self.reference,
            out,
        };
        (&mut self.folder, world)
    }
}
