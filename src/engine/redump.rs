//! A table that is sent once more, over one that we have.
//!
//! A router that was lost and is heard again, or a session that comes up without having
//! gone down for us, sends its whole table. What is as it was says nothing; what is not is
//! a change like any other, so that a leak that began meanwhile is found. What is not
//! sent again is gone since nobody knows when, and is taken out in silence.

use super::{
    Engine,
    view::{Gone, Progress},
};
use crate::{
    bgp::{Afi, Timestamp},
    detect::{Phase, settings},
    incident::window::RouteKey,
    rib::ViewId,
};

/// The rows heard of since it began, a bit for each.
#[derive(Clone, Debug)]
pub struct Redump {
    heard: Vec<u64>,
    /// How many.
    pub count: u32,
    began: Timestamp,
    /// When one was last heard of for the first time.
    last: Option<Timestamp>,
}

impl Redump {
    fn new(now: Timestamp) -> Self {
        Redump {
            heard: Vec::new(),
            count: 0,
            began: now,
            last: None,
        }
    }

    /// A row was announced.
    pub fn mark(&mut self, row: u32, now: Timestamp) {
        let word = row as usize / 64;
        if word >= self.heard.len() {
            self.heard.resize(word + 1, 0);
        }
        if let Some(bits) = self.heard.get_mut(word) {
            let bit = 1 << (row % 64);
            if *bits & bit == 0 {
                *bits |= bit;
                self.last = Some(now);
                self.count += 1;
            }
        }
    }

    fn has(&self, row: u32) -> bool {
        self.heard
            .get(row as usize / 64)
            .is_some_and(|bits| bits & 1 << (row % 64) != 0)
    }

    /// When a row was last heard of for the first time.
    pub fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// Whether it ends without End-of-RIB: nothing more comes, or it takes too long.
    fn is_over(&self, now: Timestamp, settings: &settings::Gate) -> bool {
        self.last
            .is_some_and(|last| now.since(last) >= settings.quiet)
            || now.since(self.began) >= settings.longest
    }
}

impl Engine {
    /// A view's table is about to be sent, for the first time or once more.
    pub(super) fn begin_dump(&mut self, view: ViewId) {
        let (now, routes) = (self.now, self.rib.routes(view));
        let Some(state) = self.views.get_mut(view.index()) else {
            return;
        };
        state.lost = None;
        state.progress = Progress::default();
        if let Some(news) = &mut state.news {
            news.forget();
        }
        state.redump = (routes > 0).then(|| Box::new(Redump::new(now)));
        // With a whole table to compare with, what differs is news.
        if routes == 0 || state.gate.phase != Phase::Live || !state.gate.had_table {
            state.gate.begin(now);
            state.gone = Gone::default();
        }
    }

    /// Ends a second dump that has fallen silent or takes too long.
    pub(super) fn check_redump(&mut self, view: ViewId) {
        let now = self.now;
        let over = self.views.get(view.index()).is_some_and(|state| {
            let redump = state.redump.as_ref();
            redump.is_some_and(|redump| redump.is_over(now, &self.settings.gate))
        });
        if over {
            self.end_redump(view);
        }
    }

    /// A second dump is over: what was not in it is gone.
    pub(super) fn end_redump(&mut self, view: ViewId) {
        let now = self.now;
        let Some(state) = self.views.get_mut(view.index()) else {
            return;
        };
        let Some(redump) = state.redump.take() else {
            return;
        };
        let afi = state.afi;
        let mut rows = self
            .rib
            .column(view)
            .map(crate::rib::Column::rows)
            .unwrap_or_default();
        rows.retain(|&row| !redump.has(row));
        if !rows.is_empty() {
            state.last_change = now;
        }
        self.counters.swept += rows.len() as u64;
        self.take_out(view, afi, &rows);
        self.visibility.forget(|of| of == view);
        self.folder.observe(view, None);
    }

    /// Takes routes out of a view, and what was found on them; nobody is told.
    pub(super) fn take_out(&mut self, view: ViewId, afi: Afi, rows: &[u32]) {
        let now = self.now;
        for &row in rows {
            let change = match afi {
                Afi::Ipv4 => self.rib.withdraw_row::<u32>(view, row, now),
                Afi::Ipv6 => self.rib.withdraw_row::<u128>(view, row, now),
            };
            if change.is_some_and(|change| change.old.found()) {
                self.folder.clear(RouteKey { view, afi, row });
            }
        }
    }
}
