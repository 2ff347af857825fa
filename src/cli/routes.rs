//! `leakwatch routes`: what stands in the routing table around a prefix.

use std::io::Write;

use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::{
    Failure, Status,
    client::Daemon,
    columns::{Cell, Column, table},
    peers::short,
    sheet::{Ink, Sheet, escape},
};
use crate::{
    bgp::{Asn, Prefix, RibView},
    incident::examples::shorten,
};

/// Look a prefix or an address up in the routing tables.
#[derive(Args, Debug)]
pub(super) struct Routes {
    /// `192.0.2.0/24`; or an address, whose longest match is looked up.
    #[arg(value_name = "PREFIX|ADDRESS")]
    prefix: String,
    /// Which routes around it [default: exact, or longest for an address].
    #[arg(long = "match", value_enum)]
    matching: Option<Matching>,
    /// In the drill that is being played.
    #[arg(long)]
    drill: bool,
    /// Routes at most.
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    #[command(flatten)]
    daemon: Daemon,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Matching {
    /// The prefix itself.
    Exact,
    /// The longest prefix that covers it.
    Longest,
    /// Every prefix that covers it.
    Shorter,
    /// Every prefix within it.
    Longer,
}

#[derive(Deserialize)]
struct Told {
    routes: Vec<Row>,
    truncated: bool,
}

#[derive(Deserialize)]
struct Row {
    prefix: Prefix,
    path_id: u32,
    router: String,
    peer: String,
    peer_as: Asn,
    rib: RibView,
    path: String,
    findings: Vec<String>,
    incident: Option<String>,
}

const COLUMNS: [Column; 7] = [
    Column {
        head: "PREFIX",
        right: false,
        spare: 0,
    },
    Column {
        head: "FROM",
        right: false,
        spare: 1,
    },
    Column {
        head: "PEER",
        right: false,
        spare: 3,
    },
    Column {
        head: "ROUTER",
        right: false,
        spare: 5,
    },
    Column {
        head: "TABLE",
        right: false,
        spare: 4,
    },
    Column {
        head: "FOUND",
        right: false,
        spare: 2,
    },
    Column {
        head: "AS PATH",
        right: false,
        spare: 0,
    },
];

impl Routes {
    pub(super) fn run(&self, mut out: impl Write) -> Result<Status, Failure> {
        let matching = self.matching.and_then(|one| one.to_possible_value());
        let mut query = vec![
            ("prefix", self.prefix.clone()),
            ("limit", self.limit.to_string()),
        ];
        query.extend(matching.map(|one| ("match", one.get_name().to_owned())));
        if self.drill {
            query.push(("drill", "true".to_owned()));
        }
        if self.daemon.json {
            self.daemon.print("/api/v1/routes", &query, out)?;
            return Ok(Status::Done);
        }
        let told: Told = self.daemon.get("/api/v1/routes", &query)?;
        if told.routes.is_empty() {
            writeln!(out, "No table has a route for it.")?;
            return Ok(Status::Done);
        }
        let rows: Vec<Vec<Cell>> = told.routes.iter().map(Row::cells).collect();
        table(&mut out, &Sheet::standard_output(), &COLUMNS, &rows)?;
        if told.truncated {
            writeln!(out, "and more (--limit)")?;
        }
        let mut incidents: Vec<&String> = told
            .routes
            .iter()
            .filter_map(|row| row.incident.as_ref())
            .collect();
        incidents.dedup();
        for id in incidents {
            let drill = if self.drill { " --drill" } else { "" };
            writeln!(out, "See: leakwatch incidents {}{drill}", escape(id))?;
        }
        out.flush()?;
        Ok(Status::Done)
    }
}

impl Row {
    fn cells(&self) -> Vec<Cell> {
        let prefix = if self.path_id == 0 {
            self.prefix.to_string()
        } else {
            format!("{} #{}", self.prefix, self.path_id)
        };
        let found = escape(&self.findings.join(", "));
        vec![
            prefix.into(),
            self.peer_as.into(),
            escape(&self.peer).into(),
            escape(&self.router).into(),
            short(self.rib).into(),
            Cell(found, Some(Ink::Caution)),
            shorten(&self.path).into(),
        ]
    }
}
