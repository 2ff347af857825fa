//! Arista EOS.

use super::{Filter, Session, lengths, place, spelled};
use crate::bgp::Prefix;

pub(super) fn lines(filter: &Filter, session: Session) -> Vec<String> {
    let name = filter.name();
    let mut lines = Vec::new();
    let mut matches = Vec::new();
    match filter {
        Filter::PathsOver(most) => matches.push(format!(
            "match as-path length >= {}",
            most.saturating_add(1)
        )),
        Filter::Longer { .. } | Filter::Within(..) => {
            let (four, six): (Vec<_>, Vec<_>) = filter
                .ranges()
                .into_iter()
                .partition(|(net, _, _)| matches!(net, Prefix::V4(_)));
            for (word, ranges) in [("ip", four), ("ipv6", six)] {
                if ranges.is_empty() {
                    continue;
                }
                lines.push(format!("{word} prefix-list {name}"));
                for (index, (net, from, to)) in ranges.iter().enumerate() {
                    let from = lengths(net, *from, *to);
                    lines.push(format!("   seq {} permit {net}{from}", 10 * (index + 1)));
                }
                matches.push(format!("match {word} address prefix-list {name}"));
            }
        }
        Filter::Over(most) => {
            return vec![
                format!("router bgp {}", session.local_as()),
                format!(
                    "   neighbor {} maximum-routes {most} warning-limit {} percent",
                    session.peer,
                    super::WARNING
                ),
            ];
        }
        Filter::Through(..) | Filter::Across(_) | Filter::From(_) => {
            for expression in filter.expressions() {
                lines.push(format!(
                    "ip as-path access-list {name} permit {expression} any"
                ));
            }
            matches.push(format!("match as-path {name}"));
        }
    }
    lines.extend(place('!', session, matches.len()));
    for (index, condition) in matches.iter().enumerate() {
        lines.push(format!("route-map IN-USE deny {}", index + 1));
        lines.push(format!("   {condition}"));
    }
    lines
}

pub(super) fn refresh(session: Session) -> String {
    format!(
        "For routes that are held already: `clear bgp {} unicast {} soft in`.",
        spelled(session.afi),
        session.peer
    )
}
