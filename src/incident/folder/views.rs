//! What a view as a whole shows, and what it would show if it could be seen.

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use super::{Folder, World};
use crate::{
    bgp::Timestamp,
    detect::{Detector, Verdict},
    incident::{
        evidence::{Counted, Evidence, Severity},
        ledger::Slot,
        record::{Key, Kind, Share, State},
    },
    rib::{Rib, ViewId},
};

impl Folder {
    /// What a view as a whole shows: too many routes, withdrawals, changes. Goes to
    /// the open incident that explains it, if one does.
    pub fn view_event(
        &mut self,
        view: ViewId,
        kind: Kind,
        severity: Severity,
        counted: Counted,
        world: &mut World<'_>,
    ) {
        let detector = match kind {
            Kind::MaximumPrefix => Detector::MaximumPrefix,
            Kind::Withdrawal => Detector::Withdrawal,
            _ => Detector::Surge,
        };
        let explained = (1_u16..)
            .zip(self.incidents.iter().skip(1))
            .find_map(|(index, one)| {
                let incident = one.as_ref()?;
                let seen = incident.views.iter().any(|share| share.view == view);
                let large = incident.peak >= 50 && !matches!(incident.state, State::Resolved(_));
                (incident.key.offender.is_some() && seen && large).then_some(Slot(index))
            });
        if let Some(slot) = explained {
            if let Some(incident) = self.incident(slot) {
                if !incident.also.contains(&detector) {
                    incident.also.push(detector);
                    incident.written.changed = true;
                }
                incident.evidence.headroom |= kind == Kind::MaximumPrefix;
                incident.dirty = true;
            }
            return;
        }
        if kind == Kind::Surge && self.incidents.iter().flatten().next().is_some() {
            // Rates are up everywhere in an incident's wake; it has been told.
            return;
        }
        let key = Key {
            kind,
            offender: None,
            neighbour: None,
            view: Some(view),
        };
        let slot = self.place(key, Evidence::default(), world);
        if let Some(incident) = self.incident(slot) {
            incident.recount(counted);
            if incident.views.is_empty() {
                incident.views.push(Share {
                    view,
                    active: 0,
                    unobservable: None,
                });
            }
            incident.holds = Some(true);
            incident.last_seen = world.now;
            incident.severity = incident.severity.max(severity);
            incident.also = vec![detector];
        }
        self.weigh(slot, world);
    }

    /// `lost` of our own prefixes are gone from more than half of the views that had them.
    pub fn own_lost(&mut self, lost: u32, world: &mut World<'_>) {
        let key = Key {
            kind: Kind::Visibility,
            offender: None,
            neighbour: None,
            view: None,
        };
        let known = self
            .incidents
            .iter()
            .flatten()
            .any(|incident| incident.key == key);
        if lost == 0 && !known {
            return;
        }
        let slot = if lost == 0 {
            (1_u16..)
                .zip(self.incidents.iter().skip(1))
                .find(|(_, one)| one.as_ref().is_some_and(|incident| incident.key == key))
                .map_or(Slot::NONE, |(index, _)| Slot(index))
        } else {
            let what = Evidence {
                own: lost,
                routes: lost,
                ..Evidence::default()
            };
            self.place(key, what, world)
        };
        let Some(incident) = self.incident(slot) else {
            return;
        };
        incident.holds = Some(lost > 0);
        incident.written.changed |= incident.counted.0 != lost;
        incident.counted = (lost, incident.counted.1.max(lost));
        if lost > 0 {
            incident.last_seen = world.now;
            incident.severity = Severity::Critical;
            incident.also = vec![Detector::OwnPrefix];
            self.weigh(slot, world);
        }
    }

    /// Whether a view as a whole is blamed for something.
    pub fn blames_views(&self) -> bool {
        self.incidents
            .iter()
            .flatten()
            .any(|incident| incident.key.view.is_some())
    }

    /// What a view that is blamed for something shows now.
    pub fn recount(&mut self, view: ViewId, kind: Kind, counted: Counted) {
        for incident in self.incidents.iter_mut().flatten() {
            if incident.key.view == Some(view) && incident.key.kind == kind {
                incident.recount(counted);
            }
        }
    }

    /// The view is well again in this respect.
    pub fn view_well(&mut self, view: ViewId, kind: Kind) {
        for incident in self.incidents.iter_mut().flatten() {
            if incident.key.view == Some(view) && incident.key.kind == kind {
                incident.holds = Some(false);
            }
        }
    }

    /// What a view would say cannot be seen since `hidden`: its peer is down, or its
    /// router not heard. With none it is back with its table complete.
    pub fn observe(&mut self, view: ViewId, hidden: Option<Timestamp>) {
        for incident in self.incidents.iter_mut().flatten() {
            let of_view = incident.key.view == Some(view);
            for share in &mut incident.views {
                if share.view != view {
                    continue;
                }
                let before = share.unobservable;
                share.unobservable = match hidden {
                    Some(since) if share.active > 0 || of_view => {
                        Some(share.unobservable.unwrap_or(since))
                    }
                    Some(_) => share.unobservable,
                    None => None,
                };
                incident.written.changed |= before != share.unobservable;
            }
        }
    }

    /// Views that an incident, open or lately over, tells of.
    pub fn views_spoken_of(&self) -> HashSet<ViewId, RandomState> {
        let incidents = self.incidents.iter().flatten();
        incidents
            .flat_map(|one| one.views.iter().map(|share| share.view).chain(one.key.view))
            .collect()
    }

    /// Forgets what waits of views that are kept no more.
    pub fn forget_views(&mut self, is_gone: impl Fn(ViewId) -> bool, rib: &mut Rib<Verdict>) {
        for one in self.window.take(|one| is_gone(one.route.view)) {
            self.window.let_go(&one, rib);
        }
    }
}
