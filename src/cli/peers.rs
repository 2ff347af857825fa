//! `leakwatch peers`: the tables a daemon holds.

use std::io::Write;

use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::{
    Failure, Status,
    client::{Daemon, ago},
    columns::{Cell, Column, table},
    sheet::{Ink, Sheet, counted, escape, grouped},
};
use crate::bgp::{Asn, RibView, Timestamp};

/// List the tables of every router's peers, and what they may do.
#[derive(Args, Debug)]
pub(super) struct Peers {
    #[command(flatten)]
    daemon: Daemon,
    /// Of this router only.
    #[arg(long, value_name = "ADDRESS")]
    router: Option<String>,
    /// Of this peer only.
    #[arg(long, value_name = "ADDRESS")]
    peer: Option<String>,
    /// Only those in this phase.
    #[arg(long, value_enum)]
    phase: Option<Phase>,
    /// Rows at most.
    #[arg(long, value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Phase {
    /// Their table is being sent.
    Dumping,
    /// There is no table to compare with yet.
    Warming,
    /// Everything may speak.
    Live,
    /// Their peer is down.
    Down,
}

#[derive(Deserialize)]
struct Told {
    time: Timestamp,
    peers: Vec<Row>,
    total: u64,
}

#[derive(Deserialize)]
struct Row {
    router: String,
    peer: String,
    peer_as: Asn,
    name: String,
    distinguisher: String,
    rib: RibView,
    afi: String,
    phase: String,
    since: Timestamp,
    routes: u64,
    limit: Option<u64>,
    stale: bool,
    drill: bool,
}

const COLUMNS: [Column; 9] = [
    Column {
        head: "PEER",
        right: false,
        spare: 0,
    },
    Column {
        head: "AS",
        right: false,
        spare: 1,
    },
    Column {
        head: "NAME",
        right: false,
        spare: 3,
    },
    Column {
        head: "ROUTER",
        right: false,
        spare: 4,
    },
    Column {
        head: "TABLE",
        right: false,
        spare: 2,
    },
    Column {
        head: "STATE",
        right: false,
        spare: 0,
    },
    Column {
        head: "FOR",
        right: false,
        spare: 5,
    },
    Column {
        head: "ROUTES",
        right: true,
        spare: 0,
    },
    Column {
        head: "LIMIT",
        right: true,
        spare: 6,
    },
];

impl Peers {
    pub(super) fn run(&self, mut out: impl Write) -> Result<Status, Failure> {
        let phase = self.phase.and_then(|phase| phase.to_possible_value());
        let mut query = vec![("limit", self.limit.to_string())];
        for (name, value) in [
            ("router", self.router.clone()),
            ("peer", self.peer.clone()),
            ("phase", phase.map(|phase| phase.get_name().to_owned())),
        ] {
            query.extend(value.map(|value| (name, value)));
        }
        if self.daemon.json {
            self.daemon.print("/api/v1/peers", &query, out)?;
            return Ok(Status::Done);
        }
        let told: Told = self.daemon.get("/api/v1/peers", &query)?;
        if told.peers.is_empty() {
            writeln!(out, "No table: no router has connected, or none fits.")?;
            return Ok(Status::Done);
        }
        let rows: Vec<Vec<Cell>> = told.peers.iter().map(|row| row.cells(told.time)).collect();
        table(&mut out, &Sheet::standard_output(), &COLUMNS, &rows)?;
        let more = told.total.saturating_sub(rows.len() as u64);
        if more > 0 {
            writeln!(
                out,
                "and {} (--limit)",
                counted(more, "table more", "tables more")
            )?;
        }
        out.flush()?;
        Ok(Status::Done)
    }
}

impl Row {
    fn cells(&self, now: Timestamp) -> Vec<Cell> {
        let (ink, state) = match self.phase.as_str() {
            _ if self.stale => (Ink::Alarm, "held".to_owned()),
            "live" => (Ink::Well, "live".to_owned()),
            "down" => (Ink::Alarm, "down".to_owned()),
            other => (Ink::Caution, escape(other)),
        };
        let mut peer = escape(&self.peer);
        if !self.distinguisher.is_empty() {
            peer = format!("{} {peer}", escape(&self.distinguisher));
        }
        if self.drill {
            peer.push_str(" (drill)");
        }
        let family = if self.afi == "ipv6" { "IPv6" } else { "IPv4" };
        vec![
            peer.into(),
            self.peer_as.into(),
            escape(&self.name).into(),
            escape(&self.router).into(),
            format!("{family} {}", short(self.rib)).into(),
            Cell(state, Some(ink)),
            ago(now, Some(self.since)).into(),
            grouped(self.routes).into(),
            self.limit.map(grouped).unwrap_or_default().into(),
        ]
    }
}

/// A table in a word or two.
pub(super) const fn short(rib: RibView) -> &'static str {
    match rib {
        RibView::AdjRibInPre => "received",
        RibView::AdjRibInPost => "after policy",
        RibView::LocRib => "Loc-RIB",
        RibView::AdjRibOutPre => "to be sent",
        RibView::AdjRibOutPost => "sent",
    }
}
