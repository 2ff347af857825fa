//! `/api/v1/routers` and `/api/v1/peers`.

use axum::{extract::State, http::Uri, response::Response};
use serde::Serialize;

use super::json;
use crate::{
    bgp::{Afi, Asn, RibView, Timestamp},
    detect::Phase,
    engine::{Snapshot, ViewState},
    feed::bmp::RouterState,
    http::{Shared, params::Params, problem::Problem},
};

/// Rows without `limit`, and at most.
const SOME: usize = 1000;
const MOST: usize = 100_000;

#[derive(Serialize)]
struct Routers {
    time: Timestamp,
    routers: Vec<RouterState>,
}

/// All of them: there is a cap on routers.
pub(super) async fn routers(State(shared): State<Shared>, uri: Uri) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["drill"])?;
    let drill = params.flag("drill")?;
    let mut routers = (shared.desk.routers)();
    routers.retain(|router| drill.is_none_or(|drill| drill == router.drill));
    Ok(json(&Routers {
        time: (shared.desk.clock)(),
        routers,
    }))
}

/// One table of one peer of one router.
#[derive(Serialize)]
pub(super) struct Row {
    pub router: String,
    pub peer: String,
    pub peer_as: Asn,
    pub name: String,
    pub distinguisher: String,
    pub rib: RibView,
    pub afi: &'static str,
    pub phase: &'static str,
    pub since: Timestamp,
    pub last_change: Timestamp,
    pub routes: u32,
    pub limit: Option<u32>,
    pub stale: bool,
    pub drill: bool,
}

#[derive(Serialize)]
struct List {
    time: Timestamp,
    peers: Vec<Row>,
    total: usize,
    truncated: bool,
}

pub(super) async fn peers(State(shared): State<Shared>, uri: Uri) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["router", "peer", "phase", "drill", "limit"])?;
    let phase = params.word(
        "phase",
        &[
            ("dumping", Phase::Dumping),
            ("warming", Phase::Warming),
            ("live", Phase::Live),
            ("down", Phase::Down),
        ],
    )?;
    let drill = params.flag("drill")?;
    let limit = params.limit(SOME, MOST)?;
    let live = shared.desk.live.borrow().clone();
    let drilled = shared.desk.drill.borrow().clone();
    let mut rows = Vec::new();
    let mut total = 0;
    let mut take = |snapshot: &Snapshot, is_drill: bool| {
        for view in &snapshot.views {
            let wanted = phase.is_none_or(|phase| view.phase == phase)
                && drill.is_none_or(|drill| drill == is_drill)
                && is(params.get("router"), &view.peer.router)
                && is(params.get("peer"), &view.peer.address);
            if wanted {
                total += 1;
                if rows.len() < limit {
                    rows.push(Row::of(view, is_drill));
                }
            }
        }
    };
    take(&live, false);
    if let Some(drilled) = &drilled {
        take(drilled, true);
    }
    Ok(json(&List {
        time: live.time,
        truncated: rows.len() < total,
        peers: rows,
        total,
    }))
}

fn is(wanted: Option<&str>, found: &impl ToString) -> bool {
    wanted.is_none_or(|wanted| wanted == found.to_string())
}

impl Row {
    pub(super) fn of(view: &ViewState, drill: bool) -> Row {
        Row {
            router: view.peer.router.to_string(),
            peer: view.peer.address.to_string(),
            peer_as: view.peer.asn,
            name: crate::http::show(&view.name),
            distinguisher: distinguisher(view.peer.distinguisher),
            rib: view.rib,
            afi: match view.afi {
                Afi::Ipv4 => "ipv4",
                Afi::Ipv6 => "ipv6",
            },
            phase: match view.phase {
                Phase::Dumping => "dumping",
                Phase::Warming => "warming",
                Phase::Live => "live",
                Phase::Down => "down",
            },
            since: view.since,
            last_change: view.last_change,
            routes: view.routes,
            limit: view.limit,
            stale: view.stale,
            drill,
        }
    }
}

/// A route distinguisher as routers print it (RFC 4364 §4.2); empty for the global table.
fn distinguisher(raw: u64) -> String {
    let low = raw & 0xffff_ffff_ffff;
    match raw >> 48 {
        _ if raw == 0 => String::new(),
        0 => format!("{}:{}", low >> 32, low as u32),
        1 => {
            let address = std::net::Ipv4Addr::from((low >> 16) as u32);
            format!("{address}:{}", low as u16)
        }
        2 => format!("{}:{}", (low >> 16) as u32, low as u16),
        _ => format!("{raw:#018x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::distinguisher;

    #[test]
    fn distinguishers_read_as_on_a_router() {
        assert_eq!(distinguisher(0), "");
        assert_eq!(distinguisher(0x0000_fbf4_0000_0064), "64500:100");
        assert_eq!(distinguisher(0x0001_c000_0201_0007), "192.0.2.1:7");
        assert_eq!(distinguisher(0x0002_0001_0000_0007), "65536:7");
        assert_eq!(distinguisher(0x0009_0000_0000_0001), "0x0009000000000001");
    }
}
