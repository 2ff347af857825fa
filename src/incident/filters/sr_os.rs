//! Nokia SR OS, in the model-driven command line. Its path expressions are of whole AS numbers.

use super::{Filter, Session, spelled};

pub(super) const REFRESH: &str = "It takes effect at commit. The list of import policies at the \
                                  neighbour replaces that of its group: name all that are in use, \
                                  in their order. The `delete` is there because without it the \
                                  new policy would come last, behind those that accept.";

pub(super) fn lines(filter: &Filter, session: Session) -> Vec<String> {
    let name = filter.name();
    let neighbour = format!(
        "/configure router \"Base\" bgp neighbor \"{}\"",
        session.peer
    );
    let policy = format!("/configure policy-options policy-statement \"{name}\"");
    let mut lines = Vec::new();
    match filter {
        Filter::PathsOver(most) => {
            let length = format!("{policy} entry 10 from as-path length");
            lines.push(format!("{length} value {}", most.saturating_add(1)));
            lines.push(format!("{length} qualifier or-higher"));
        }
        Filter::Longer { .. } | Filter::Within(..) => {
            for (net, from, to) in filter.ranges() {
                let list = format!("/configure policy-options prefix-list \"{name}\" prefix {net}");
                lines.push(format!("{list} type range start-length {from}"));
                lines.push(format!("{list} type range end-length {to}"));
            }
            lines.push(format!("{policy} entry 10 from prefix-list [\"{name}\"]"));
        }
        Filter::Over(most) => {
            let limit = format!("{neighbour} prefix-limit {}", spelled(session.afi));
            return vec![
                format!("{limit} maximum {most}"),
                format!("{limit} threshold {}", super::WARNING),
            ];
        }
        Filter::Through(..) | Filter::Across(_) | Filter::From(_) => {
            let terms = filter.terms().unwrap_or_default();
            lines.push(format!(
                "/configure policy-options as-path \"{name}\" expression \"{terms}\""
            ));
            lines.push(format!("{policy} entry 10 from as-path name \"{name}\""));
        }
    }
    lines.extend([
        format!("{policy} entry 10 action action-type reject"),
        format!("{policy} default-action action-type next-policy"),
        "# Put the policies that this neighbor imports by, in order, in place of IN-USE; do not commit"
            .to_owned(),
        "# before: IN-USE may be accepted without being there.".to_owned(),
        neighbour,
        "delete import".to_owned(),
        format!("import policy [\"{name}\" \"IN-USE\"]"),
    ]);
    lines
}
