//! Cisco IOS XR: the routing policy language. `passes-through` matches ASes in a row anywhere in
//! the path, and costs less than a regular expression.

use super::{Filter, Session, spelled};
use crate::bgp::Asn;

pub(super) fn lines(filter: &Filter, session: Session) -> Vec<String> {
    let name = filter.name();
    let mut lines = Vec::new();
    let condition = match filter {
        Filter::Through(takers, asn) => {
            let edge = |taker: &Asn| format!("as-path passes-through '{} {}'", taker.0, asn.0);
            let edges: Vec<String> = takers.iter().map(edge).collect();
            edges.join(" or ")
        }
        Filter::Across(asn) => format!("as-path passes-through '{}'", asn.0),
        Filter::From(asn) => format!("as-path originates-from '{}'", asn.0),
        Filter::PathsOver(most) => format!("as-path length ge {}", most.saturating_add(1)),
        Filter::Longer { .. } | Filter::Within(..) => {
            let ranges = filter.ranges();
            lines.push(format!("prefix-set {name}"));
            for (index, (net, from, to)) in ranges.iter().enumerate() {
                let comma = if index + 1 < ranges.len() { "," } else { "" };
                lines.push(format!("  {net} ge {from} le {to}{comma}"));
            }
            lines.push("end-set".to_owned());
            format!("destination in {name}")
        }
        Filter::Over(most) => {
            return vec![
                format!("router bgp {}", session.local_as()),
                format!(" neighbor {}", session.peer),
                format!("  address-family {} unicast", spelled(session.afi)),
                format!("   maximum-prefix {most} {}", super::WARNING),
            ];
        }
    };
    lines.extend([
        format!("route-policy {name}"),
        format!("  if {condition} then"),
        "    drop".to_owned(),
        "  endif".to_owned(),
        "end-policy".to_owned(),
        format!(
            "! Then make this the first line of the route-policy that {} has inbound.",
            session.peer
        ),
        "! Use `edit route-policy`: what is entered as `route-policy NAME` replaces all of it."
            .to_owned(),
        format!("  apply {name}"),
    ]);
    lines
}

pub(super) fn refresh(session: Session) -> String {
    format!(
        "It takes effect at commit; if the neighbour cannot refresh its routes, `clear bgp {} \
         unicast {} soft in`.",
        spelled(session.afi),
        session.peer
    )
}
