//! An account of an incident turned into a report for one audience.

use std::time::Duration;

use super::{
    account::Account,
    cause::{ours, presume},
    impact, markdown,
    request::{Audience, Format, MOST_NOTE, Refusal, Request, Sort},
    settings::Settings,
    text,
    threshold::{Lasted, assess},
    value::{Facts, Network, Presumed, Report, Response, SCHEMA, Session, Times, Whose},
    written,
};
use crate::{
    bgp::{Asn, Plain},
    incident::{
        IncidentEvent, Kind, Step, advice,
        edges::Edges,
        examples::choose,
        report::{ViewName, as_name},
    },
    reference::Reference,
};

impl Report {
    /// Makes a report of what is known.
    ///
    /// # Errors
    /// If it would contradict itself or what is known.
    pub fn new(
        account: &Account,
        request: &Request,
        reference: &Reference,
        settings: &Settings,
    ) -> Result<Report, Refusal> {
        let sharing = request.sharing(settings.sharing);
        if request.audience == Audience::Operators && !sharing.operators {
            return Err(Refusal::NotForOperators);
        }
        let note = request.note.as_deref().map(str::trim);
        let note = note.filter(|note| !note.is_empty());
        if note.is_some_and(|note| note.chars().count() > MOST_NOTE) {
            return Err(Refusal::NoteTooLong);
        }
        let (sort, number) = place(account, request)?;
        let last = account.last;
        let until = account.resolved.unwrap_or(account.now.max(last.time));
        let mut report = Report {
            schema: SCHEMA,
            incident: Some(last.id.clone()),
            number,
            sort,
            audience: request.audience,
            language: request.language,
            drill: last.drill,
            written: account.now,
            reporter: settings.reporter.clone(),
            sharing,
            time: Times {
                began: last.first_seen,
                recognised: account.opened,
                ended: account.resolved,
                seconds: until.since(last.first_seen).as_secs(),
                zone: settings.time_zone.to_string(),
            },
            note: note.map(lines_of),
            notice: None,
            public_networks: Vec::new(),
            facts: None,
        };
        if request.audience == Audience::Customers {
            if sharing.public {
                let who = [last.offender, last.neighbour].into_iter().flatten();
                report.public_networks = who.map(|asn| network(asn, reference)).collect();
            } else {
                report.incident = None;
            }
            report.notice = Some(written::notice(&report, last.kind, settings));
        } else {
            let facts = facts(account, request, reference, settings, &report.time);
            report.facts = Some(Box::new(facts));
        }
        Ok(report)
    }

    /// Writes it down.
    pub fn write(&self, format: Format, settings: &Settings) -> String {
        match format {
            // Nothing in it can fail to be written; an empty object would say so.
            Format::Json => {
                serde_json::to_string_pretty(self).unwrap_or_else(|_| "{}".to_owned()) + "\n"
            }
            Format::Text => text::lay_out(&written::document(self, settings).plain()),
            Format::Markdown => markdown::lay_out(&written::document(self, settings).plain()),
        }
    }
}

/// Which sort it is and its number.
fn place(account: &Account, request: &Request) -> Result<(Sort, u32), Refusal> {
    let over = account.resolved.is_some();
    let steps = account.step_count().max(1);
    let sort = request.sort.unwrap_or(match (over, steps) {
        (true, _) => Sort::Restoration,
        (false, 1) if request.number.is_none_or(|number| number == 1) => Sort::First,
        (false, _) => Sort::FollowUp,
    });
    if sort == Sort::Restoration && !over {
        return Err(Refusal::NotOver);
    }
    let number = match (sort, request.number) {
        (Sort::First, None | Some(1)) => 1,
        (Sort::First, Some(_)) | (_, Some(0)) | (Sort::FollowUp, Some(1)) => {
            return Err(Refusal::Number);
        }
        (_, Some(number)) => number,
        (Sort::FollowUp, None) => steps.max(2),
        // One that was over before anybody wrote has its first report as its last.
        (Sort::Restoration, None) => steps,
    };
    Ok((sort, number))
}

fn facts(
    account: &Account,
    request: &Request,
    reference: &Reference,
    settings: &Settings,
    time: &Times,
) -> Facts {
    let last = account.last;
    let for_authority = request.audience == Audience::Authority;
    let (prefixes, basis) = impact::affected(account);
    let customers = impact::customers(
        &prefixes,
        basis,
        settings.customers.as_deref(),
        for_authority,
    );
    let lasted = Lasted {
        began: time.began,
        so_far: Duration::from_secs(time.seconds),
        over: time.ended.is_some(),
    };
    let assessment = for_authority.then(|| {
        assess(
            &settings.service,
            &settings.thresholds,
            settings.quarterly,
            settings.due,
            lasted,
            customers.as_users(),
        )
    });
    Facts {
        kind: last.kind,
        severity: account
            .steps
            .iter()
            .map(|step| step.severity)
            .fold(last.severity, Ord::max),
        summary: summary(last),
        local: reference.local_as.map(|asn| network(asn, reference)),
        offender: last.offender.map(|asn| network(asn, reference)),
        neighbour: last.neighbour.map(|asn| network(asn, reference)),
        sessions: last
            .views
            .iter()
            .map(|view| session(view, reference))
            .collect(),
        routes: last.routes,
        origins: last.origins,
        covers: last.covers,
        whose: last
            .victims
            .iter()
            .map(|victim| Whose {
                network: network(victim.asn, reference),
                routes: victim.routes,
            })
            .collect(),
        own_prefixes: impact::own_prefixes(&prefixes, basis, reference),
        customers,
        response: response(account, reference),
        cause: Presumed {
            cause: request.cause.unwrap_or_else(|| presume(last, reference)),
            stated: request.cause.is_some(),
            confidence: last.confidence,
            detectors: last.detectors.clone(),
            evidence: last.evidence.clone(),
        },
        assessment,
        examples: choose(last).into_iter().cloned().collect(),
        timeline: account.steps.to_vec(),
        timeline_omitted: account.omitted,
    }
}

fn response(account: &Account, reference: &Reference) -> Response {
    let last = account.last;
    let foreign = |asn: &Asn| {
        !reference
            .local_as
            .is_some_and(|local| ours(local, *asn, reference))
    };
    // Whoever accepted it can end it for everybody behind.
    let can_end_it = [last.neighbour, last.offender].into_iter().flatten();
    Response {
        acknowledged_at: account.acknowledged,
        suggested_filter: filter(last, reference),
        can_end_it: if last.kind.is_of_a_view() {
            Vec::new()
        } else {
            can_end_it
                .filter(foreign)
                .map(|asn| network(asn, reference))
                .collect()
        },
    }
}

/// As [`advice::steps`] words it, for the kinds that one expression holds back.
fn filter(event: &IncidentEvent, reference: &Reference) -> Option<String> {
    let held_back = match event.kind {
        Kind::Origin => true,
        Kind::Leak | Kind::MoreSpecific => {
            let edges = Edges::of(event, reference.local_as);
            !edges.takers.is_empty() || !advice::is_direct(event, reference)
        }
        _ => false,
    };
    let ours = advice::is_ours(event, reference);
    let expression = advice::expression(event, reference);
    expression.filter(|_| held_back && !ours)
}

/// The incident's sentence, without what a report says in its own place.
fn summary(event: &IncidentEvent) -> String {
    let text = event
        .summary
        .strip_prefix("DRILL: ")
        .unwrap_or(&event.summary);
    let text = match event.event {
        Step::Resolved => text
            .rsplit_once("; ")
            .map_or(text, |(sentence, _)| sentence),
        _ => text,
    };
    plain(text)
}

fn network(asn: Asn, reference: &Reference) -> Network {
    let full = as_name(asn, reference);
    let name = full
        .strip_prefix(&format!("{asn} ("))
        .and_then(|name| name.strip_suffix(')'))
        .map(plain);
    Network { asn, name }
}

fn session(view: &ViewName, reference: &Reference) -> Session {
    let name = advice::policy_name(view, reference).filter(|name| !name.is_empty());
    Session {
        router: (view.router != "mrt").then(|| plain(&view.router)),
        name: name.map(|name| plain(&name)),
        peer: plain(&view.peer),
        network: network(view.peer_as, reference),
        rib: view.rib,
    }
}

/// On one line, without what does not show.
pub(super) fn plain(text: &str) -> String {
    Plain(text).to_string()
}

/// A note keeps its lines and blanks, and nothing else that does not show.
fn lines_of(note: &str) -> String {
    let line = |line: &str| plain(&line.trim_end().replace('\t', " "));
    let lines: Vec<String> = note.lines().map(line).collect();
    lines.join("\n")
}
