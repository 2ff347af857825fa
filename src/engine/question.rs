//! Questions that need the routing table itself, answered within a budget.

use serde::Serialize;

use super::Engine;
use crate::{
    bgp::{Prefix, RibView, Timestamp},
    incident::window::RouteKey,
    rib::{Family, ViewId},
};

/// Which routes of a prefix are meant, as routers name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Match {
    /// The prefix itself.
    #[default]
    Exact,
    /// The longest prefix that covers it.
    Longest,
    /// Every prefix that covers it, itself included.
    Shorter,
    /// Every prefix within it, itself included.
    Longer,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Around this prefix.
    pub prefix: Prefix,
    /// Which of those around it.
    pub matching: Match,
    /// Entries in the answer at most: the engine does nothing else meanwhile.
    pub most: usize,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Prefix.
    pub prefix: Prefix,
    /// ADD-PATH identifier (RFC 7911); 0 where none was sent.
    pub path_id: u32,
    /// The router.
    pub router: String,
    /// The peer's address.
    pub peer: String,
    /// The peer's AS.
    pub peer_as: crate::bgp::Asn,
    /// Which RIB.
    pub rib: RibView,
    /// AS path, as routers print it.
    pub path: String,
    /// What is found wrong with it, by detector.
    pub findings: Vec<&'static str>,
    /// The open incident it belongs to.
    pub incident: Option<String>,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    /// Event time of the answer.
    pub time: Timestamp,
    /// Routes, by prefix and then by view.
    pub routes: Vec<Entry>,
    /// There are more than were asked for.
    pub truncated: bool,
}

/// Prefixes looked at for one answer: remembered ones that nobody has any more count
/// too. A millisecond or so.
const MOST_PREFIXES: usize = 65_536;
/// Cells looked at for one answer, prefixes times views. Some ten milliseconds.
const MOST_CELLS: usize = 1 << 20;

impl Engine {
    /// Answers a question about routes, within a budget of entries and of work.
    pub fn answer(&self, question: &Question) -> Answer {
        let mut answer = Answer {
            time: self.now,
            ..Answer::default()
        };
        match question.prefix {
            Prefix::V4(net) => {
                let addr = u32::from(net.network());
                self.gather(addr, net.prefix_len(), question, &mut answer);
            }
            Prefix::V6(net) => {
                let addr = u128::from(net.network());
                self.gather(addr, net.prefix_len(), question, &mut answer);
            }
        }
        answer
    }

    fn gather<A: Family>(&self, addr: A, len: u8, question: &Question, answer: &mut Answer)
    where
        (A, u8): prefix_trie::Prefix,
    {
        let table = self.rib.table::<A>();
        let held = |row: &u32| table.get(*row).is_some_and(|row| row.holders > 0);
        let prefixes: Vec<u32> = match question.matching {
            Match::Exact => table
                .row(crate::bgp::Nlri::new(addr, len, 0))
                .into_iter()
                .collect(),
            Match::Longest => table
                .shorter(addr, len)
                .filter(held)
                .last()
                .into_iter()
                .collect(),
            Match::Shorter => table.shorter(addr, len).filter(held).collect(),
            Match::Longer => {
                let mut looked = 0;
                let rows = table
                    .longer(addr, len)
                    .take(MOST_PREFIXES)
                    .inspect(|_| looked += 1);
                let rows = rows.filter(held).take(question.most + 1).collect();
                answer.truncated = looked == MOST_PREFIXES;
                rows
            }
        };
        let views: Vec<ViewId> = self
            .rib
            .views()
            .filter(|(view, key)| key.afi == A::AFI && self.rib.routes(*view) > 0)
            .map(|(view, _)| view)
            .collect();
        let mut cells = 0;
        for prefix in prefixes {
            let rows = table
                .rows_of(prefix)
                .take(1 + MOST_CELLS / views.len().max(1));
            let mut rows: Vec<(u32, u32)> = rows
                .filter_map(|row| Some((table.nlri(row)?.path_id, row)))
                .collect();
            rows.sort_unstable();
            for (_, row) in rows {
                for &view in &views {
                    cells += 1;
                    if cells > MOST_CELLS {
                        answer.truncated = true;
                        return;
                    }
                    let Some(entry) = self.entry::<A>(view, row) else {
                        continue;
                    };
                    if answer.routes.len() >= question.most {
                        answer.truncated = true;
                        return;
                    }
                    answer.routes.push(entry);
                }
            }
        }
    }

    /// A view's route to a row.
    fn entry<A: Family>(&self, view: ViewId, row: u32) -> Option<Entry>
    where
        (A, u8): prefix_trie::Prefix,
    {
        let cell = self.rib.column(view)?.get(row);
        if cell.path().is_none() {
            return None;
        }
        let nlri = self.rib.table::<A>().nlri(row)?;
        let key = self.rib.view_key(view)?;
        let afi = A::AFI;
        let found = self.folder.ledger.get(RouteKey { view, afi, row });
        let finds = found.map(|found| found.finds).unwrap_or_default();
        let incident = found.and_then(|found| self.folder.open_at(found.incident));
        Some(Entry {
            prefix: nlri.prefix(),
            path_id: nlri.path_id,
            router: key.peer.router.to_string(),
            peer: key.peer.address.to_string(),
            peer_as: key.peer.asn,
            rib: key.rib,
            path: self.rib.paths.path(cell.path()).to_string(),
            findings: finds
                .detectors()
                .map(crate::detect::Detector::name)
                .collect(),
            incident: incident.map(|incident| incident.id.clone()),
        })
    }
}
