//! What happens because time passes: views go live, rates and limits are checked, and
//! prefixes nobody has any more are forgotten.

use std::time::Duration;

use super::Engine;
use crate::{
    bgp::Timestamp,
    detect::{Detector, Phase, maximum_prefix},
    incident::{Counted, Kind, Output, Severity, Standing, report::name_view},
    rib::{Family, ViewId},
};

/// Rows looked at by the sweep in a tick.
const SWEEP: u32 = 4096;
/// Absent prefixes remembered, beyond as many as are present: a month of ordinary
/// churn is well below it, a flood of made-up prefixes is not.
const MOST_ABSENT: usize = 1 << 20;
/// How long absent prefixes are remembered in a flood.
const FLOODED_HISTORY: Duration = Duration::from_secs(600);

impl Engine {
    /// A view's table is complete.
    pub(super) fn went_live(&mut self, view: ViewId, out: &mut Vec<Output>) {
        self.end_redump(view);
        self.rib.settle();
        let routes = self.rib.routes(view);
        let (now, limits) = (self.now, self.settings.maximum_prefix.clone());
        let Some(state) = self.views.get_mut(view.index()) else {
            return;
        };
        state.streams = crate::detect::surge::Streams::new(now, routes, &self.settings.surge);
        if let Some(busiest) = state.busiest.take() {
            state.streams = state.streams.clone().after(busiest);
        }
        state.withdrawals.reset(now);
        if let Some(limit) = state.policy.limit {
            // What is so at the start is for the summary, not for a page at night.
            state.headroom =
                maximum_prefix::judge(routes, limit, state.policy.warning_percent, &limits);
            if state.headroom > maximum_prefix::Headroom::Fine
                && let Some(count) = state.standing.get_mut(Detector::MaximumPrefix as usize)
            {
                *count = routes;
            }
        }
        let violations = state.take_standing();
        let afi = state.afi;
        self.compare(view, out);
        self.folder.observe(view, None);
        if violations.is_empty() {
            return;
        }
        if let Some(name) = name_view(&self.rib, view) {
            let standing = Standing {
                time: now,
                view: name,
                afi,
                routes,
                violations,
            };
            out.push(Output::Standing(Box::new(standing)));
        }
    }

    pub(super) fn tick(&mut self, out: &mut Vec<Output>) {
        let now = self.now;
        let frozen = self.folder.any_open();
        let blamed = self.folder.blames_views();
        for index in 0..self.views.len() {
            let view = ViewId(index as u16);
            self.check_redump(view);
            let routes = self.rib.routes(view);
            let Some(state) = self.views.get_mut(index) else {
                break;
            };
            if state.lost.is_some() {
                // Nothing can be told from its silence.
                continue;
            }
            if state.progress.is_complete() {
                state.progress.ended = false;
                if state.gate.end_of_rib(now) {
                    self.went_live(view, out);
                } else {
                    self.end_redump(view);
                }
                continue;
            }
            if state.gate.tick(now, &self.settings.gate) {
                self.went_live(view, out);
                continue;
            }
            if state.gate.phase != Phase::Live {
                continue;
            }
            if state.streams.any_over() {
                let changed = state.changed();
                self.view_event(view, Kind::Surge, Severity::Info, changed, out);
            } else {
                self.folder.view_well(view, Kind::Surge);
            }
            if let Some(state) = self.views.get_mut(index) {
                state
                    .streams
                    .tick(now, routes, frozen, &self.settings.surge);
                if state.redump.is_none() {
                    state.growth.note(now, routes);
                }
            }
            self.check_headroom(view, routes, out);
            self.check_withdrawals(view, routes);
            if blamed {
                self.recount(view, routes);
            }
        }
        self.check_visibility(out);
        let (folder, mut world) = self.folding(out);
        folder.tick(&mut world);
        if self.rib.paths.unsettled() > 0 {
            self.rib.settle();
        }
        self.sweep();
        self.reap();
    }

    pub(super) fn view_event(
        &mut self,
        view: ViewId,
        kind: Kind,
        severity: Severity,
        counted: Counted,
        out: &mut Vec<Output>,
    ) {
        let (folder, mut world) = self.folding(out);
        folder.view_event(view, kind, severity, counted, &mut world);
    }

    fn check_headroom(&mut self, view: ViewId, routes: u32, out: &mut Vec<Output>) {
        let Some(state) = self.views.get_mut(view.index()) else {
            return;
        };
        let Some(limit) = state.policy.limit else {
            // There may have been one in another life.
            self.folder.view_well(view, Kind::MaximumPrefix);
            return;
        };
        let near = maximum_prefix::judge(
            routes,
            limit,
            state.policy.warning_percent,
            &self.settings.maximum_prefix,
        );
        let before = std::mem::replace(&mut state.headroom, near);
        if near > before {
            let severity = match near {
                maximum_prefix::Headroom::Critical | maximum_prefix::Headroom::Over => {
                    Severity::Critical
                }
                _ => Severity::Warning,
            };
            let days = state.growth.days_to(self.now, routes, limit);
            let counted = Counted::Routes {
                routes,
                limit,
                days,
            };
            self.view_event(view, Kind::MaximumPrefix, severity, counted, out);
        } else if near == maximum_prefix::Headroom::Fine {
            self.folder.view_well(view, Kind::MaximumPrefix);
        }
    }

    /// Keeps the figures of what the view is blamed for up to date.
    fn recount(&mut self, view: ViewId, routes: u32) {
        let Some(state) = self.views.get(view.index()) else {
            return;
        };
        let now = self.now;
        if let Some(limit) = state.policy.limit {
            let days = state.growth.days_to(now, routes, limit);
            let counted = Counted::Routes {
                routes,
                limit,
                days,
            };
            self.folder.recount(view, Kind::MaximumPrefix, counted);
        }
        let withdrawn = state.withdrawn(now, routes, &self.settings.withdrawal);
        self.folder.recount(view, Kind::Withdrawal, withdrawn);
        self.folder.recount(view, Kind::Surge, state.changed());
    }

    fn check_withdrawals(&mut self, view: ViewId, routes: u32) {
        let Some(state) = self.views.get(view.index()) else {
            return;
        };
        let settings = &self.settings.withdrawal;
        if state.withdrawals.is_over(self.now, routes, settings) {
            self.folder.view_well(view, Kind::Withdrawal);
        }
    }

    /// Forgets prefixes that nobody has had for as long as history goes, a few at a
    /// time; sooner when a flood of prefixes has come and gone.
    fn sweep(&mut self) {
        let (v4, v6) = self.rib.prefixes();
        let [cursor4, cursor6] = self.sweep;
        self.sweep = [
            self.sweep_family::<u32>(v4, cursor4),
            self.sweep_family::<u128>(v6, cursor6),
        ];
    }

    fn sweep_family<A: Family>(&mut self, present: u32, cursor: u32) -> u32
    where
        (A, u8): prefix_trie::Prefix,
    {
        let absent = self
            .rib
            .table::<A>()
            .known()
            .saturating_sub(present as usize);
        // Near the limit what is remembered stands in the way of what is there.
        let full = self.rib.known() / 7 * 8 >= self.limits.prefixes;
        // What was learned is remembered until its routers have sent their tables.
        let ordinary = (MOST_ABSENT + self.learned.rows).max(present as usize);
        let flooded = full || absent > ordinary;
        let history = if flooded {
            FLOODED_HISTORY
        } else {
            self.settings.gate.history
        };
        let micros = u64::try_from(history.as_micros()).unwrap_or(u64::MAX);
        let before = Timestamp::from_micros(self.now.micros().saturating_sub(micros));
        let budget = if flooded { SWEEP * 64 } else { SWEEP };
        A::table_mut(&mut self.rib)
            .forget(before, cursor, budget)
            .unwrap_or(0)
    }
}
