//! `/routes`: what stands around a prefix.

use std::fmt::Write as _;

use super::{lookup_form, page, text::Text};
use crate::{engine::Answer, http::Desk};

/// The page.
pub(in crate::http) fn lookup(
    desk: &Desk,
    asked: &str,
    drill: bool,
    answer: &Result<Answer, String>,
) -> String {
    let mut out = String::with_capacity(8 << 10);
    let _ = writeln!(out, "<h1>Routes</h1>");
    lookup_form(&mut out, asked, drill);
    if drill {
        out.push_str("<p class=\"drill\">These are the routes of a drill.</p>\n");
    }
    match answer {
        Err(problem) => {
            let _ = writeln!(out, "<p class=\"caution\">{}</p>", Text(problem));
        }
        Ok(answer) if answer.routes.is_empty() => {
            out.push_str("<p>No table has a route for it.</p>\n");
        }
        Ok(answer) => rows(&mut out, answer, drill),
    }
    page(desk, "Routes - leakwatch", &out)
}

fn rows(out: &mut String, answer: &Answer, drill: bool) {
    let drill = if drill { "?drill=true" } else { "" };
    out.push_str(
        "<div class=\"wide\"><table><thead><tr><th>Prefix</th><th>AS path</th><th>Peer</th>\
         <th>Router</th><th>Found</th></tr></thead><tbody>\n",
    );
    for route in &answer.routes {
        let incident = match &route.incident {
            Some(id) => format!(
                " <a href=\"/incidents/{id}{drill}\">{id}</a>",
                id = Text(id)
            ),
            None => String::new(),
        };
        let _ = writeln!(
            out,
            "<tr><td>{prefix}</td><td class=\"path\">{path}</td><td>{asn} \
             <span class=\"faint\">{peer}, {rib}</span></td><td>{router}</td>\
             <td>{found}{incident}</td></tr>",
            prefix = route.prefix,
            path = Text(&route.path),
            asn = route.peer_as,
            peer = Text(&route.peer),
            rib = crate::incident::advice::table(route.rib),
            router = Text(&route.router),
            found = route.findings.join(", "),
        );
    }
    out.push_str("</tbody></table></div>\n");
    if answer.truncated {
        out.push_str("<p>There are more; the interface gives up to 1,000.</p>\n");
    }
}
