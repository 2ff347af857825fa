//! `/`: what is open, what feeds us, and figures.

use std::{fmt::Write as _, sync::Arc};

use super::{
    lookup_form, page,
    quiet::{hushed, quiet},
    telling::{telling, troubles},
    text::{Text, ago, bytes, count, counted, day_time, lasting},
};
use crate::{
    bgp::{Afi, RibView, Timestamp},
    detect::Phase,
    engine::ViewState,
    feed::{
        bmp::{RouterState, Standing},
        intake::Realm,
    },
    http::{Desk, Record, routes::Status, routes::order},
    incident::Severity,
};

/// Open incidents shown; the interface has them all.
const MOST_OPEN: usize = 100;
/// Incidents shown that are over.
const MOST_OVER: usize = 10;
/// Routers and tables shown, those in trouble first.
const MOST_ROWS: usize = 200;

/// The page.
pub(in crate::http) fn overview(desk: &Desk) -> String {
    let status = Status::of(desk);
    let mut records = desk.board.incidents();
    order(&mut records);
    let mut main = String::with_capacity(16 << 10);
    let told = desk.telling.borrow().clone();
    headline(&mut main, &status, told.troubles.len());
    incidents(&mut main, desk, &records);
    troubles(&mut main, &told, (desk.clock)());
    waiting(&mut main, &status);
    quiet(&mut main, desk);
    feeds(&mut main, desk);
    tables(&mut main, desk);
    telling(&mut main, &told, (desk.clock)());
    figures(&mut main, &status);
    let open = status.incidents.critical + status.incidents.warning;
    let title = if open > 0 {
        format!("({open}) leakwatch")
    } else {
        "leakwatch".to_owned()
    };
    page(desk, &title, &main)
}

fn headline(out: &mut String, status: &Status, troubles: usize) {
    let open = &status.incidents;
    let (class, text) = if open.critical > 0 {
        let many = counted(open.critical.into(), "incident", "incidents");
        ("alarm", format!("{many} to be woken for"))
    } else if open.warning > 0 {
        let many = counted(open.warning.into(), "warning", "warnings");
        ("caution", many)
    } else if troubles > 0 {
        (
            "caution",
            "No incident is open, but the watch itself is in trouble".to_owned(),
        )
    } else if status.engine.routes == 0 {
        (
            "caution",
            "No incident is open: nothing is seen yet".to_owned(),
        )
    } else if !status.ready {
        (
            "caution",
            "No incident is open, but not all is seen yet".to_owned(),
        )
    } else {
        ("well", "No incident is open".to_owned())
    };
    let _ = writeln!(out, "<h1 class=\"{class}\">{text}</h1>");
    if let Some(drill) = &status.drill {
        let many = u64::from(drill.incidents.critical + drill.incidents.warning);
        let _ = writeln!(
            out,
            "<p class=\"drill\">A drill is being played: {}, marked as such. Nothing of it is \
             real.</p>",
            counted(many, "incident of it is open", "incidents of it are open")
        );
    }
}

fn incidents(out: &mut String, desk: &Desk, records: &[Arc<Record>]) {
    let now = (desk.clock)();
    let split = records.partition_point(|one| one.resolved.is_none());
    let (open, over) = records.split_at(split);
    for record in open.iter().take(MOST_OPEN) {
        card(out, record, desk, now);
    }
    if open.len() > MOST_OPEN {
        let _ = writeln!(
            out,
            "<p>and <a href=\"/api/v1/incidents?state=open&amp;limit=10000\">{} more</a></p>",
            count((open.len() - MOST_OPEN) as u64)
        );
    }
    if over.is_empty() {
        return;
    }
    out.push_str("<section><h2>Over</h2>\n<ul class=\"over\">\n");
    for record in over.iter().take(MOST_OVER) {
        let _ = writeln!(
            out,
            "<li>{badge}<a href=\"{href}\">{summary}</a> <span class=\"faint\">{when}</span></li>",
            badge = badge(record.worst, record.realm),
            href = href(record),
            summary = Text(record.last.summary.trim_end_matches("; over")),
            when = ago(now, record.resolved.unwrap_or_default()),
        );
    }
    out.push_str("</ul></section>\n");
}

/// Where an incident's own page is.
fn href(record: &Record) -> String {
    let drill = if record.realm == Realm::Drill {
        "?drill=true"
    } else {
        ""
    };
    format!("/incidents/{}{drill}", Text(&record.last.id))
}

pub(super) fn badge(severity: Severity, realm: Realm) -> String {
    let (class, word) = match severity {
        Severity::Critical => ("alarm", "critical"),
        Severity::Warning => ("caution", "warning"),
        Severity::Info => ("note", "info"),
    };
    let drill = if realm == Realm::Drill {
        "<b class=\"badge drill\">drill</b> "
    } else {
        ""
    };
    format!("<b class=\"badge {class}\">{word}</b> {drill}")
}

fn card(out: &mut String, record: &Record, desk: &Desk, now: Timestamp) {
    let event = &record.last;
    let class = match event.severity {
        Severity::Critical => "alarm",
        Severity::Warning => "caution",
        Severity::Info => "note",
    };
    let routes = if event.routes.peak > event.routes.active {
        format!(
            "{} now, {} at the worst",
            counted(event.routes.active.into(), "route", "routes"),
            count(event.routes.peak.into())
        )
    } else {
        counted(event.routes.active.into(), "route", "routes")
    };
    let _ = writeln!(
        out,
        "<article class=\"{class}\"><p class=\"facts\">{badge}<time>{since}</time></p>\
         <h2><a href=\"{href}\">{summary}</a></h2>\
         <p class=\"facts\">{routes} &middot; confidence {confidence:.2} &middot; seen on \
         {views}</p>",
        badge = badge(event.severity, record.realm),
        since = ago(now, record.opened),
        href = href(record),
        summary = Text(&event.summary),
        confidence = event.confidence,
        views = counted(event.views.len() as u64, "table", "tables"),
    );
    hushed(out, &desk.quiet.hush(event, (desk.wall)()));
    out.push_str("</article>\n");
}

fn waiting(out: &mut String, status: &Status) {
    if status.ready {
        return;
    }
    out.push_str("<section><h2>Not seen yet</h2>\n<ul>\n");
    for reason in &status.waiting {
        let _ = writeln!(out, "<li>{}</li>", Text(reason));
    }
    out.push_str("</ul></section>\n");
}

/// How a router stands, in a word, and how much it needs looking at, the most first.
fn standing(router: &RouterState) -> (u8, &'static str, &'static str) {
    match router.state {
        Standing::Stale => (0, "alarm", "lost"),
        Standing::Up if router.silent => (1, "caution", "silent"),
        Standing::Up if router.desynchronised > 0 => (2, "caution", "out of step"),
        Standing::Connecting => (3, "caution", "connecting"),
        Standing::Gone => (4, "faint", "gone"),
        Standing::Up => (5, "well", "up"),
    }
}

fn feeds(out: &mut String, desk: &Desk) {
    let mut routers = (desk.routers)();
    let now = (desk.clock)();
    if routers.is_empty() {
        return;
    }
    routers.sort_by_cached_key(|router| (standing(router).0, router.router.clone()));
    let _ = writeln!(
        out,
        "<section><h2>Routers <span class=\"faint\">{}</span></h2>\n<div class=\"wide\"><table>\
         <thead><tr><th>Router</th><th>State</th><th class=\"number\">Peers</th>\
         <th class=\"number\">Last update</th></tr></thead><tbody>",
        count(routers.len() as u64)
    );
    for router in routers.iter().take(MOST_ROWS) {
        let (_, class, word) = standing(router);
        let drill = if router.drill {
            "<b class=\"badge drill\">drill</b> "
        } else {
            ""
        };
        let error = match (&router.last_error, router.state) {
            (Some(error), state) if state != Standing::Up => {
                format!("<br><span class=\"faint\">{}</span>", Text(error))
            }
            _ => String::new(),
        };
        let stale = if router.stale_peers > 0 {
            format!(
                " <span class=\"faint\">{} held</span>",
                count(router.stale_peers.into())
            )
        } else {
            String::new()
        };
        let _ = writeln!(
            out,
            "<tr><td>{drill}{name} <span class=\"faint\">{address}</span></td>\
             <td><span class=\"{class}\">{word}</span> <span class=\"faint\">{since}</span>{error}\
             </td><td class=\"number\">{peers}{stale}</td><td class=\"number\">{update}</td></tr>",
            name = Text(&router.sys_name.to_string()),
            address = Text(&router.router),
            since = lasting(now.since(router.since)),
            peers = count(router.peers.into()),
            update = ago(now, router.last_update.unwrap_or_default()),
        );
    }
    out.push_str("</tbody></table></div>\n");
    if routers.len() > MOST_ROWS {
        let _ = writeln!(
            out,
            "<p>and <a href=\"/api/v1/routers\">{} more</a></p>",
            count((routers.len() - MOST_ROWS) as u64)
        );
    }
    out.push_str("</section>\n");
}

/// How much a table needs looking at, the most first.
fn trouble(view: &ViewState) -> u8 {
    match view.phase {
        _ if view.stale => 0,
        Phase::Down => 1,
        Phase::Dumping => 2,
        Phase::Warming => 3,
        Phase::Live => 4,
    }
}

fn tables(out: &mut String, desk: &Desk) {
    let snapshot = desk.live.borrow().clone();
    let mut views: Vec<&ViewState> = snapshot.views.iter().collect();
    if views.is_empty() {
        return;
    }
    views.sort_by_key(|view| (trouble(view), view.peer.router, view.peer.address));
    let _ = writeln!(
        out,
        "<section><h2>Tables <span class=\"faint\">{}</span></h2>\n<div class=\"wide\"><table>\
         <thead><tr><th>Peer</th><th>Router</th><th>Table</th><th>State</th>\
         <th class=\"number\">Routes</th><th class=\"number\">Changed</th></tr></thead><tbody>",
        count(views.len() as u64)
    );
    for view in views.iter().take(MOST_ROWS) {
        let (class, state) = match view.phase {
            _ if view.stale => ("caution", "held"),
            Phase::Dumping => ("note", "arriving"),
            Phase::Warming => ("note", "warming"),
            Phase::Live => ("well", "live"),
            Phase::Down => ("alarm", "down"),
        };
        let limit = view.limit.map_or(String::new(), |limit| {
            format!(" <span class=\"faint\">of {}</span>", count(limit.into()))
        });
        let name = if view.name.is_empty() {
            format!(
                "{} <span class=\"faint\">{}</span>",
                view.peer.asn, view.peer.address
            )
        } else {
            format!(
                "{} <span class=\"faint\">{} {}</span>",
                Text(&view.name),
                view.peer.asn,
                view.peer.address
            )
        };
        let _ = writeln!(
            out,
            "<tr><td>{name}</td><td>{router}</td><td>{table}</td>\
             <td><span class=\"{class}\">{state}</span> <span class=\"faint\">{since}</span></td>\
             <td class=\"number\">{routes}{limit}</td><td class=\"number\">{change}</td></tr>",
            router = view.peer.router,
            table = table(view.rib, view.afi),
            since = lasting(snapshot.time.since(view.since)),
            routes = count(view.routes.into()),
            change = ago(snapshot.time, view.last_change),
        );
    }
    out.push_str("</tbody></table></div>\n");
    if views.len() > MOST_ROWS {
        let _ = writeln!(
            out,
            "<p>and <a href=\"/api/v1/peers?limit=100000\">{} more</a></p>",
            count((views.len() - MOST_ROWS) as u64)
        );
    }
    out.push_str("</section>\n");
}

pub(super) fn table(rib: RibView, afi: Afi) -> String {
    let family = match afi {
        Afi::Ipv4 => "IPv4",
        Afi::Ipv6 => "IPv6",
    };
    let rib = match rib {
        RibView::AdjRibInPre => "received",
        RibView::AdjRibInPost => "after policy",
        RibView::LocRib => "Loc-RIB",
        RibView::AdjRibOutPre => "to be sent",
        RibView::AdjRibOutPost => "sent",
    };
    format!("{family} {rib}")
}

fn figures(out: &mut String, status: &Status) {
    let engine = &status.engine;
    out.push_str("<section><h2>Figures</h2>\n");
    lookup_form(out, "", status.drill.is_some() && engine.routes == 0);
    out.push_str("<dl>\n");
    let mut figure = |name: &str, value: String| {
        let _ = writeln!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    };
    figure("Routes", count(engine.routes));
    figure(
        "Prefixes",
        format!(
            "{} IPv4, {} IPv6",
            count(engine.prefixes.ipv4.into()),
            count(engine.prefixes.ipv6.into())
        ),
    );
    if let Some(drill) = &status.drill {
        figure("Routes of the drill", count(drill.engine.routes));
    }
    figure("AS paths", count(engine.paths as u64));
    figure("Routing table", bytes(engine.memory_bytes as u64));
    let standing: u64 = engine.findings.values().map(|one| u64::from(*one)).sum();
    let named: Vec<String> = engine
        .findings
        .iter()
        .map(|(name, number)| format!("{name} {}", count((*number).into())))
        .collect();
    let detail = if named.is_empty() {
        String::new()
    } else {
        format!(" <span class=\"faint\">{}</span>", named.join(", "))
    };
    figure(
        "Findings that stand",
        format!("{}{detail}", count(standing)),
    );
    figure(
        "Running since",
        format!(
            "{} <span class=\"faint\">{}</span>",
            day_time(status.started),
            lasting(std::time::Duration::from_secs(status.uptime_seconds))
        ),
    );
    out.push_str("</dl></section>\n");
}
