//! Huawei VRP.

use super::{Filter, Session, place, spelled};
use crate::bgp::{Afi, Prefix};

pub(super) fn lines(filter: &Filter, session: Session) -> Vec<String> {
    let name = filter.name();
    let mut lines = Vec::new();
    let mut matches: Vec<String> = Vec::new();
    match filter {
        Filter::PathsOver(most) => matches.push(format!(
            "if-match as-path length greater-equal {}",
            most.saturating_add(1)
        )),
        Filter::Longer { .. } | Filter::Within(..) => {
            for (index, (net, from, to)) in filter.ranges().iter().enumerate() {
                let (list, condition) = match net {
                    Prefix::V4(_) => ("ip-prefix", format!("if-match ip-prefix {name}")),
                    Prefix::V6(_) => (
                        "ipv6-prefix",
                        format!("if-match ipv6 address prefix-list {name}"),
                    ),
                };
                lines.push(format!(
                    "ip {list} {name} index {} permit {} {} greater-equal {from} less-equal {to}",
                    10 * (index + 1),
                    net.addr(),
                    net.prefix_len()
                ));
                if !matches.contains(&condition) {
                    matches.push(condition);
                }
            }
        }
        Filter::Over(most) => {
            return vec![
                format!("bgp {}", session.local_as()),
                format!(" {}-family unicast", spelled(session.afi)),
                format!(
                    "  peer {} route-limit {most} {} idle-forever",
                    session.peer,
                    super::WARNING
                ),
            ];
        }
        Filter::Through(..) | Filter::Across(_) | Filter::From(_) => {
            for (index, expression) in filter.expressions().iter().enumerate() {
                lines.push(format!(
                    "ip as-path-filter {name} index {} permit {expression}",
                    10 * (index + 1)
                ));
            }
            matches.push(format!("if-match as-path-filter {name}"));
        }
    }
    lines.extend(place('#', session, matches.len()));
    for (index, condition) in matches.iter().enumerate() {
        lines.push(format!("route-policy IN-USE deny node {}", index + 1));
        lines.push(format!(" {condition}"));
        lines.push(" quit".to_owned());
    }
    lines
}

pub(super) fn refresh(session: Session) -> String {
    let family = match session.afi {
        Afi::Ipv4 => "",
        Afi::Ipv6 => "ipv6 ",
    };
    format!(
        "Commit where the system asks for it; for routes that are held already: `refresh bgp \
         {family}{} import`.",
        session.peer
    )
}
