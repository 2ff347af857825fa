//! FRR. It has no match on the length of a path; counting ASes by an expression costs it time on
//! every route.

use super::{Filter, Session, lengths, place, spelled};
use crate::bgp::Prefix;

pub(super) fn lines(filter: &Filter, session: Session) -> Vec<String> {
    let name = filter.name();
    let mut lines = Vec::new();
    let mut matches = Vec::new();
    match filter {
        Filter::Longer { .. } | Filter::Within(..) => {
            let (four, six): (Vec<_>, Vec<_>) = filter
                .ranges()
                .into_iter()
                .partition(|(net, _, _)| matches!(net, Prefix::V4(_)));
            for (word, ranges) in [("ip", four), ("ipv6", six)] {
                if ranges.is_empty() {
                    continue;
                }
                for (index, (net, from, to)) in ranges.iter().enumerate() {
                    let range = lengths(net, *from, *to);
                    let seq = 5 * (index + 1);
                    lines.push(format!(
                        "{word} prefix-list {name} seq {seq} permit {net}{range}"
                    ));
                }
                matches.push(format!("match {word} address prefix-list {name}"));
            }
        }
        Filter::Over(most) => {
            return vec![
                format!("router bgp {}", session.local_as()),
                format!(" address-family {} unicast", spelled(session.afi)),
                format!(
                    "  neighbor {} maximum-prefix {most} {}",
                    session.peer,
                    super::WARNING
                ),
                " exit-address-family".to_owned(),
            ];
        }
        Filter::PathsOver(most) => {
            // FRR takes the C library's expressions, and glibc matches `_`, which may stand for the
            // end, between any two digits once it is in a repeated group.
            lines.push(format!(
                "bgp as-path access-list {name} seq 5 permit ^([^ ]+ ){{{most}}}"
            ));
            matches.push(format!("match as-path {name}"));
        }
        Filter::Through(..) | Filter::Across(_) | Filter::From(_) => {
            for (index, expression) in filter.expressions().iter().enumerate() {
                lines.push(format!(
                    "bgp as-path access-list {name} seq {} permit {expression}",
                    5 * (index + 1)
                ));
            }
            matches.push(format!("match as-path {name}"));
        }
    }
    lines.extend(place('!', session, matches.len()));
    for (index, condition) in matches.iter().enumerate() {
        lines.push(format!("route-map IN-USE deny {}", index + 1));
        lines.push(format!(" {condition}"));
        lines.push("exit".to_owned());
    }
    lines
}

pub(super) fn refresh(session: Session) -> String {
    format!(
        "It takes effect after the route-map delay timer; at once with `clear bgp {} unicast {} \
         soft in`.",
        spelled(session.afi),
        session.peer
    )
}
