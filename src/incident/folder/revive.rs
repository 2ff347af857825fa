//! Incidents of another life, taken up again.

use super::{Folder, MOST_HELD};
use crate::{
    bgp::{Afi, AsPath, Nlri, Prefix},
    detect::Verdict,
    incident::{
        kept::{Example, Path, Remembered},
        ledger::Slot,
        messages::Message,
        record::{Incident, Key, Share, State},
        samples::{Sampled, Samples},
        window::{Candidate, RouteKey},
    },
    rib::{Family, PathId, Rib, ViewId, seconds},
};

/// Judges a path.
pub type Judge<'a> = &'a dyn Fn(AsPath<'_>) -> Verdict;

impl Folder {
    /// Takes an incident up again. `views` are those it names, as they are numbered now;
    /// views that cannot be had any more are left out. Nobody is told. `most` is how many
    /// prefixes more there is room for. `apart` is how many routes of a view were known to carry
    /// findings against its offender without being part of it: where they are not few, a route
    /// of a table is taken in only once the table is compared with what was learned.
    pub fn revive(
        &mut self,
        one: &Remembered,
        views: &[Option<ViewId>],
        rib: &mut Rib<Verdict>,
        judge: Judge<'_>,
        most: usize,
        apart: u32,
    ) {
        self.keeps = true;
        let view = |place: u32| views.get(place as usize).copied().flatten();
        let blamed = one.blamed.map(view);
        let known = |held: &Incident| held.id == one.id;
        if blamed == Some(None)
            || self.incidents.len() >= MOST_HELD
            || self.incidents.iter().flatten().any(known)
        {
            return;
        }
        let key = Key {
            kind: one.kind,
            offender: one.offender,
            neighbour: one.neighbour,
            view: blamed.flatten(),
        };
        let mut incident = Incident::new(one.id.clone(), key, one.evidence.clone(), one.first_seen);
        incident.state = one.resolved.map_or(State::Open, State::Resolved);
        incident.last_seen = one.last_seen;
        incident.peak = one.peak;
        incident.severity = one.severity;
        incident.confidence = one.confidence;
        incident.finds = one.finds;
        incident.also.clone_from(&one.also);
        incident.absorbs = one.absorbs;
        incident.absorbs_all = one.absorbs_all;
        incident.told = one.told;
        incident.last_told = one.last_told;
        incident.told_count = one.told_count;
        incident.counted = one.counted;
        incident.holds = one.holds;
        incident.victims = one.victims.iter().copied().collect();
        incident.resumed = apart.saturating_mul(20) <= one.peak;
        incident.dirty = false;
        // It is on the disk as it is.
        incident.written.at = Some(one.time);
        incident.views = one
            .shares
            .iter()
            .filter_map(|&(place, since)| {
                Some(Share {
                    view: view(place)?,
                    active: 0,
                    unobservable: Some(since),
                })
            })
            .collect();
        let left = seconds(one.time);
        let mut room = most;
        for (family, set) in [
            (Afi::Ipv4, true),
            (Afi::Ipv6, true),
            (Afi::Ipv4, false),
            (Afi::Ipv6, false),
        ] {
            let sets = if set { &one.prefixes } else { &one.covers };
            let rows = match family {
                Afi::Ipv4 => remember_rows(&sets.v4, left, &mut room, rib),
                Afi::Ipv6 => remember_rows(&sets.v6, left, &mut room, rib),
            };
            if set {
                incident
                    .rows
                    .extend(rows.into_iter().map(|row| ((family, row), 0)));
            } else {
                incident
                    .covers
                    .extend(rows.into_iter().map(|row| (family, row)));
            }
        }
        let [first, drawn, last] = &one.samples;
        let mut sampled = |samples: &[Example]| -> Vec<Sampled> {
            let revived = |one| revive_example(one, &view, left, rib, judge);
            samples.iter().filter_map(revived).collect()
        };
        incident.samples =
            Samples::revived(sampled(first), sampled(drawn), sampled(last), one.drawing);
        let free = self.incidents.iter().skip(1).position(Option::is_none);
        let slot = free.map_or(self.incidents.len(), |free| free + 1);
        if slot == self.incidents.len() {
            self.incidents.push(None);
        }
        if let Some(place) = self.incidents.get_mut(slot) {
            *place = Some(incident);
        }
        if one.resolved.is_none() {
            for asn in &one.offenders {
                self.offenders.insert(asn.0, Slot(slot as u16));
            }
            self.new_generation();
        }
    }
}

fn remember_rows<A: Family>(
    prefixes: &[Nlri<A>],
    left: u32,
    room: &mut usize,
    rib: &mut Rib<Verdict>,
) -> Vec<u32>
where
    (A, u8): prefix_trie::Prefix,
{
    let taken = prefixes.len().min(*room);
    *room -= taken;
    let table = A::table_mut(rib);
    let prefixes = prefixes.iter().take(taken);
    prefixes.map(|nlri| table.remember(*nlri, left)).collect()
}

fn revive_example(
    one: &Example,
    view: &dyn Fn(u32) -> Option<ViewId>,
    left: u32,
    rib: &mut Rib<Verdict>,
    judge: Judge<'_>,
) -> Option<Sampled> {
    let view = view(one.view)?;
    let (prefix, path_id) = one.route;
    let (afi, row) = remember_prefix(prefix, path_id, left, rib);
    if rib.view_key(view).is_none_or(|key| key.afi != afi) {
        return None;
    }
    let cover = match one.cover {
        Some(cover) => remember_prefix(cover, 0, left, rib).1,
        None => u32::MAX,
    };
    let mut intern = |path: &Path| {
        rib.paths.intern(&path.words, path.marks, || {
            judge(AsPath {
                words: &path.words,
                segmented: path.marks.segmented,
            })
        })
    };
    let new = intern(&one.new);
    let old = one.old.as_ref().map_or(PathId::NONE, intern);
    let candidate = Candidate {
        time: one.time,
        route: RouteKey { view, afi, row },
        old,
        new,
        finds: one.finds,
        cover,
        message: Message::NONE,
    };
    Samples::pin(&candidate, rib);
    Some(Sampled {
        candidate,
        message: one.message.as_deref().map(Box::from),
    })
}

fn remember_prefix(prefix: Prefix, path_id: u32, left: u32, rib: &mut Rib<Verdict>) -> (Afi, u32) {
    match prefix {
        Prefix::V4(net) => {
            let nlri = Nlri::new(u32::from(net.network()), net.prefix_len(), path_id);
            (Afi::Ipv4, u32::table_mut(rib).remember(nlri, left))
        }
        Prefix::V6(net) => {
            let nlri = Nlri::new(u128::from(net.network()), net.prefix_len(), path_id);
            (Afi::Ipv6, u128::table_mut(rib).remember(nlri, left))
        }
    }
}
