//! Junos, as `set` commands. Its path expressions are of whole AS numbers.

use super::{Filter, Session};
use crate::bgp::Afi;

pub(super) const REFRESH: &str = "It takes effect at commit. An `import` at the neighbour replaces \
                                  that of its group: name all policies that are in use. The \
                                  `delete` is there because `set` alone would put the new policy \
                                  last, behind those that accept; where there was no import here \
                                  it only warns.";

pub(super) fn lines(filter: &Filter, session: Session) -> Vec<String> {
    let name = filter.name();
    let neighbour = format!("set protocols bgp group GROUP neighbor {}", session.peer);
    let term = format!("set policy-options policy-statement {name} term refuse");
    let mut lines = Vec::new();
    match filter {
        Filter::PathsOver(most) => {
            let terms = format!(".{{{},}}", most.saturating_add(1));
            lines.push(format!("set policy-options as-path {name} \"{terms}\""));
            lines.push(format!("{term} from as-path {name}"));
        }
        Filter::Longer { .. } | Filter::Within(..) => {
            for (net, from, to) in filter.ranges() {
                lines.push(format!(
                    "{term} from route-filter {net} prefix-length-range /{from}-/{to}"
                ));
            }
        }
        Filter::Over(most) => {
            let family = match session.afi {
                Afi::Ipv4 => "inet",
                Afi::Ipv6 => "inet6",
            };
            let limit = format!("{neighbour} family {family} unicast prefix-limit");
            return vec![
                "# GROUP stands for the group of this neighbor. Families named at the neighbor \
                 replace"
                    .to_owned(),
                "# those of the group: name all that the session has, or set this at the group;"
                    .to_owned(),
                "# otherwise the session is reset without them.".to_owned(),
                format!("{limit} maximum {most}"),
                format!("{limit} teardown {} idle-timeout forever", super::WARNING),
            ];
        }
        Filter::Through(..) | Filter::Across(_) | Filter::From(_) => {
            let terms = filter.terms().unwrap_or_default();
            lines.push(format!("set policy-options as-path {name} \"{terms}\""));
            lines.push(format!("{term} from as-path {name}"));
        }
    }
    lines.extend([
        format!("{term} then reject"),
        "# GROUP and IN-USE stand for the group of this neighbor and the policies it imports by"
            .to_owned(),
        format!("delete {} import", neighbour.trim_start_matches("set ")),
        format!("{neighbour} import [ {name} IN-USE ]"),
    ]);
    lines
}
