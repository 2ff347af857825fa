//! `/incidents/{id}`: all that is known of one, what to do first.

use std::{fmt::Write as _, sync::Arc};

use super::{
    overview::badge,
    page,
    quiet::hushed,
    text::{Text, ago, clock, count, counted, day_time, lasting},
};
use crate::{
    bgp::Asn,
    feed::intake::Realm,
    http::{Desk, Record},
    incident::{IncidentEvent, Step, advice, edges::Edges, examples, report::as_name},
    reference::Reference,
};

/// Views that are listed.
const MOST_VIEWS: usize = 20;

/// The page.
pub(in crate::http) fn incident(desk: &Desk, record: &Record) -> String {
    let reference = Arc::clone(&desk.reference.borrow());
    let event = &record.last;
    let now = (desk.clock)();
    let mut out = String::with_capacity(8 << 10);
    let state = match record.resolved {
        Some(time) => format!(
            "<span class=\"well\">over</span> since {} ({})",
            day_time(time),
            ago(now, time)
        ),
        None => format!(
            "<span class=\"alarm\">open</span> for {}",
            lasting(now.since(record.opened))
        ),
    };
    let _ = writeln!(
        out,
        "<p class=\"facts\">{}{state}</p>\n<h1>{}</h1>",
        badge(event.severity, record.realm),
        Text(event.summary.trim_end_matches("; over"))
    );
    hushed(&mut out, &desk.quiet.hush(event, (desk.wall)()));
    out.push_str("<section><h2>What to do</h2>\n<ol>\n");
    for step in advice::steps(event, &reference) {
        let _ = writeln!(out, "<li>{}</li>", Text(&step));
    }
    out.push_str("</ol></section>\n");
    facts(&mut out, record, &reference);
    samples(&mut out, record);
    evidence(&mut out, event);
    views(&mut out, event, &reference);
    timeline(&mut out, record);
    let _ = writeln!(
        out,
        "<p class=\"faint\">{id} &middot; <a href=\"/api/v1/incidents/{id}/report\">report for other \
         operators</a> &middot; <a href=\"/api/v1/incidents/{id}\">as JSON</a></p>",
        id = Text(&event.id)
    );
    page(desk, &format!("{} - leakwatch", event.id), &out)
}

fn facts(out: &mut String, record: &Record, reference: &Reference) {
    let event = &record.last;
    let name = |asn: Asn| Text(&as_name(asn, reference)).to_string();
    out.push_str("<dl>\n");
    let mut fact = |label: &str, value: String| {
        let _ = writeln!(out, "<div><dt>{label}</dt><dd>{value}</dd></div>");
    };
    if let Some(offender) = event.offender {
        fact("Who", name(offender));
    }
    let edges = Edges::of(event, reference.local_as);
    if !edges.takers.is_empty() {
        let takers: Vec<String> = edges.takers.iter().map(|asn| name(*asn)).collect();
        fact("Accepted by", takers.join(", "));
    }
    fact(
        "Routes",
        format!(
            "{} now, {} at the worst, {} in all",
            count(event.routes.active.into()),
            count(event.routes.peak.into()),
            count(event.routes.total.into())
        ),
    );
    if !event.victims.is_empty() {
        let mut whose: Vec<String> = event
            .victims
            .iter()
            .map(|victim| format!("{} of {}", count(victim.routes.into()), name(victim.asn)))
            .collect();
        let named = event.victims.len() as u32;
        if event.origins > named {
            let rest = u64::from(event.origins - named);
            whose.push(format!(
                "the rest of {}",
                counted(rest, "other network", "other networks")
            ));
        }
        fact("Whose", whose.join("<br>"));
    }
    fact(
        "Since",
        format!(
            "{} (first route); the last one changed at {}",
            day_time(event.first_seen),
            clock(event.last_seen)
        ),
    );
    out.push_str("</dl>\n");
}

fn samples(out: &mut String, record: &Record) {
    let samples = examples::choose(&record.last);
    if samples.is_empty() {
        return;
    }
    let drill = if record.realm == Realm::Drill {
        "&amp;drill=true"
    } else {
        ""
    };
    out.push_str("<section><h2>Examples</h2>\n<dl class=\"samples\">\n");
    for sample in samples {
        let before = match &sample.before {
            Some(path) => Text(&examples::shorten(path)).to_string(),
            None => "<span class=\"faint\">not in the table</span>".to_owned(),
        };
        let after = if sample.after.is_empty() {
            "<span class=\"faint\">withdrawn</span>".to_owned()
        } else {
            Text(&examples::shorten(&sample.after)).to_string()
        };
        let _ = writeln!(
            out,
            "<div><dt><a href=\"/routes?prefix={prefix}{drill}\">{prefix}</a> \
             <span class=\"faint\">{at}</span></dt>\
             <dd><i>before</i> {before}</dd><dd><i>after</i> {after}</dd></div>",
            prefix = sample.prefix,
            at = clock(sample.time),
        );
    }
    out.push_str("</dl></section>\n");
}

fn evidence(out: &mut String, event: &IncidentEvent) {
    let _ = writeln!(
        out,
        "<section><h2>Why <span class=\"faint\">confidence {:.2} of 1</span></h2>\n<ul>",
        event.confidence
    );
    for item in &event.evidence {
        let _ = writeln!(
            out,
            "<li>{} <span class=\"faint\">{}, {:.2}</span></li>",
            Text(&item.what),
            item.family,
            item.strength
        );
    }
    let names: Vec<&str> = event.detectors.iter().map(|one| one.name()).collect();
    if !names.is_empty() {
        let _ = writeln!(out, "<li>found by {}</li>", names.join(", "));
    }
    out.push_str("</ul></section>\n");
}

fn views(out: &mut String, event: &IncidentEvent, reference: &Reference) {
    if event.views.is_empty() {
        return;
    }
    out.push_str("<section><h2>Seen on</h2>\n<ul>\n");
    for view in event.views.iter().take(MOST_VIEWS) {
        let _ = writeln!(
            out,
            "<li>{}, {} <span class=\"faint\">router {}</span></li>",
            Text(&advice::session(view, reference)),
            advice::table(view.rib),
            Text(&view.router)
        );
    }
    if event.views.len() > MOST_VIEWS {
        let _ = writeln!(out, "<li>and {} more</li>", event.views.len() - MOST_VIEWS);
    }
    out.push_str("</ul></section>\n");
}

fn timeline(out: &mut String, record: &Record) {
    out.push_str("<section><h2>Course</h2>\n<ol class=\"course\">\n");
    for (index, stage) in record.timeline.iter().enumerate() {
        let what = match stage.event {
            Step::Opened => "opened",
            Step::Updated => "grew",
            Step::Resolved => "over",
            Step::Reopened => "back",
        };
        let _ = writeln!(
            out,
            "<li><time>{}</time> {what}, {} <span class=\"faint\">{}</span></li>",
            day_time(stage.time),
            counted(stage.routes.into(), "route", "routes"),
            stage.severity.name()
        );
        if index == 0 && record.omitted > 0 {
            let _ = writeln!(
                out,
                "<li class=\"faint\">{} steps left out</li>",
                record.omitted
            );
        }
    }
    out.push_str("</ol></section>\n");
}
