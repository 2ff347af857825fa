//! Incidents written down for another life, and taken up again in it.

use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::Folder;
use crate::{
    bgp::{Afi, Nlri, Prefix, Timestamp},
    detect::Verdict,
    incident::{
        kept::{Example, Kept, Path, Remembered, Sets},
        ledger::Slot,
        messages::Recorded,
        record::{Kind, State, Written},
        samples::Sampled,
        window::Candidate,
    },
    rib::{PathId, Rib, ViewKey},
};

/// An incident of which nothing was told is written again after so long, for each so many
/// prefixes that it has: a large one takes some milliseconds.
const AGAIN: Duration = Duration::from_secs(10);
const PREFIXES_A_TURN: u32 = 1 << 18;
/// One that does not change is written so often, for the time until which it was seen.
const ANYWAY: Duration = Duration::from_secs(300);

impl Folder {
    /// Hands out what is to be kept of incidents that have changed: at once where something
    /// was told, else now and then. `held` are the own prefixes that views had.
    pub fn keep(
        &mut self,
        rib: &Rib<Verdict>,
        now: Timestamp,
        held: &dyn Fn() -> Vec<(Prefix, ViewKey)>,
        out: &mut Vec<Kept>,
    ) {
        self.keeps = true;
        out.extend(self.gone.drain(..).map(|id| Kept {
            id,
            state: Vec::new(),
            gone: true,
        }));
        for index in 1..self.incidents.len() {
            let slot = Slot(index as u16);
            let Some(incident) = self.incident(slot) else {
                continue;
            };
            let written = incident.written;
            let turn = AGAIN * (1 + incident.total() / PREFIXES_A_TURN);
            let after = match (written.at, written.urgent, written.changed) {
                (None, ..) | (_, true, _) => Duration::ZERO,
                (_, _, true) => turn,
                _ if matches!(incident.state, State::Resolved(_)) => continue,
                _ => ANYWAY.max(turn),
            };
            let due = written.at.is_none_or(|at| now.since(at) >= after);
            if incident.id.is_empty() || !due {
                continue;
            }
            incident.written = Written {
                at: Some(now),
                changed: false,
                urgent: false,
            };
            if let Some(one) = self.remember(slot, rib, now, held) {
                out.push(Kept {
                    state: one.write(),
                    id: one.id,
                    gone: false,
                });
            }
        }
    }

    /// The clock was put back between two lives: nothing that is remembered is later than now.
    pub fn set_back(&mut self, now: Timestamp) {
        for incident in self.incidents.iter_mut().flatten() {
            incident.first_seen = incident.first_seen.min(now);
            incident.last_seen = incident.last_seen.min(now);
            incident.written.at = incident.written.at.map(|at| at.min(now));
            incident.last_told = (incident.last_told).map(|(step, time)| (step, time.min(now)));
            if let State::Resolved(at) = &mut incident.state {
                *at = (*at).min(now);
            }
            for share in &mut incident.views {
                share.unobservable = share.unobservable.map(|since| since.min(now));
            }
        }
    }

    /// An incident as it is to be remembered.
    fn remember(
        &self,
        slot: Slot,
        rib: &Rib<Verdict>,
        now: Timestamp,
        held: &dyn Fn() -> Vec<(Prefix, ViewKey)>,
    ) -> Option<Remembered> {
        let incident = self.incidents.get(usize::from(slot.0))?.as_ref()?;
        let mut views = Views::default();
        let shares = incident
            .views
            .iter()
            .filter_map(|share| {
                let view = views.place(rib.view_key(share.view)?);
                // From now on nothing is heard of it, as far as whoever reads this knows.
                Some((view, share.unobservable.unwrap_or(now)))
            })
            .collect();
        let blamed = match incident.key.view {
            Some(view) => Some(views.place(rib.view_key(view)?)),
            None => None,
        };
        let mut offenders: Vec<_> = self
            .offenders
            .iter()
            .filter(|(_, of)| **of == slot)
            .map(|(&asn, _)| crate::bgp::Asn(asn))
            .collect();
        offenders.sort_unstable();
        let mut victims: Vec<_> = incident
            .victims
            .iter()
            .map(|(&asn, &count)| (asn, count))
            .collect();
        victims.sort_unstable();
        let samples = &incident.samples;
        let mut example = |one: &Sampled| self.example(one, rib, &mut views);
        let samples = [
            samples.first.iter().filter_map(&mut example).collect(),
            samples.drawn.iter().filter_map(&mut example).collect(),
            samples.last.iter().filter_map(&mut example).collect(),
        ];
        let held = if incident.key.kind == Kind::Visibility {
            held()
        } else {
            Vec::new()
        };
        let held = held
            .into_iter()
            .map(|(prefix, view)| (prefix, views.place(&view)))
            .collect();
        Some(Remembered {
            time: now,
            id: incident.id.clone(),
            kind: incident.key.kind,
            offender: incident.key.offender,
            neighbour: incident.key.neighbour,
            blamed,
            resolved: match incident.state {
                State::Resolved(at) => Some(at),
                // Whether it recedes has to be seen anew.
                State::Open | State::Receding(_) => None,
            },
            first_seen: incident.first_seen,
            last_seen: incident.last_seen,
            peak: incident.peak,
            severity: incident.severity,
            confidence: incident.confidence,
            finds: incident.finds,
            also: incident.also.clone(),
            evidence: incident.evidence.clone(),
            absorbs: incident.absorbs,
            absorbs_all: incident.absorbs_all,
            told: incident.told,
            last_told: incident.last_told,
            told_count: incident.told_count,
            counted: incident.counted,
            holds: incident.holds,
            offenders,
            shares,
            victims,
            prefixes: sets(incident.rows.keys().copied(), rib),
            covers: sets(incident.covers.iter().copied(), rib),
            samples,
            drawing: (incident.samples.seen, incident.samples.state),
            held,
            views: views.keys,
        })
    }

    fn example(&self, one: &Sampled, rib: &Rib<Verdict>, views: &mut Views) -> Option<Example> {
        let Candidate {
            time,
            route,
            old,
            new,
            finds,
            cover,
            message,
        } = one.candidate;
        let path = |id: PathId| Path {
            words: rib.paths.path(id).words.to_vec(),
            marks: rib.paths.marks(id),
        };
        let path_id = match route.afi {
            Afi::Ipv4 => rib.table::<u32>().nlri(route.row)?.path_id,
            Afi::Ipv6 => rib.table::<u128>().nlri(route.row)?.path_id,
        };
        let copied = one.message.as_deref();
        Some(Example {
            time,
            view: views.place(rib.view_key(route.view)?),
            route: (rib.prefix(route.afi, route.row)?, path_id),
            old: old.is_some().then(|| path(old)),
            new: path(new),
            finds,
            cover: rib.prefix(route.afi, cover),
            message: copied
                .or_else(|| self.messages.get(message))
                .map(<[u8]>::to_vec),
        })
    }
}

/// The views that a document names, each once.
#[derive(Default)]
struct Views {
    keys: Vec<ViewKey>,
    places: HashMap<ViewKey, u32, RandomState>,
}

impl Views {
    fn place(&mut self, key: &ViewKey) -> u32 {
        *self.places.entry(*key).or_insert_with(|| {
            self.keys.push(*key);
            self.keys.len() as u32 - 1
        })
    }
}

fn sets(rows: impl Iterator<Item = (Afi, u32)>, rib: &Rib<Verdict>) -> Sets {
    // IPv4 prefixes as one word each: there may be many, and words are sorted fastest.
    let (mut v4, mut v6): (Vec<u64>, Vec<Nlri<u128>>) = (Vec::new(), Vec::new());
    for (afi, row) in rows {
        match afi {
            Afi::Ipv4 => {
                let contents = rib.table::<u32>().get(row);
                v4.extend(contents.map(|row| u64::from(row.addr) << 8 | u64::from(row.len)));
            }
            Afi::Ipv6 => {
                let contents = rib.table::<u128>().get(row);
                v6.extend(contents.map(|row| Nlri::new(row.addr, row.len, 0)));
            }
        }
    }
    v4.sort_unstable();
    v4.dedup();
    v6.sort_unstable();
    v6.dedup();
    let prefix = |word: u64| Nlri::new((word >> 8) as u32, word as u8, 0);
    Sets {
        v4: v4.into_iter().map(prefix).collect(),
        v6,
    }
}

impl Folder {
    /// The messages of an incident's examples, in order of time, each once.
    pub fn messages_of(&self, id: &str, rib: &Rib<Verdict>) -> Vec<Recorded> {
        let known = self.incidents.iter().flatten().find(|one| one.id == id);
        let Some(incident) = known else {
            return Vec::new();
        };
        let mut all: Vec<Recorded> = incident
            .samples
            .all()
            .filter_map(|one| self.recorded(one, rib))
            .collect();
        let order = |one: &Recorded| (one.time, one.peer, one.rib);
        all.sort_by(|a, b| (order(a), &a.message).cmp(&(order(b), &b.message)));
        all.dedup();
        all
    }

    fn recorded(&self, one: &Sampled, rib: &Rib<Verdict>) -> Option<Recorded> {
        let Candidate {
            time,
            route,
            message,
            ..
        } = one.candidate;
        let key = rib.view_key(route.view)?;
        let copied = one.message.as_deref();
        Some(Recorded {
            time,
            peer: key.peer,
            rib: key.rib,
            add_path: rib.primary(route.afi, route.row) != route.row,
            message: copied.or_else(|| self.messages.get(message))?.to_vec(),
        })
    }
}
