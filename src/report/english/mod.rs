//! A report in English.

mod words;

use std::fmt::Write as _;

use words::{effect, kind, lasting, minute, moment, name, names, reached, routes, service, short};
pub(super) use words::{percent, thousands};

use super::{
    cause::Cause,
    document::{Block, Document, Facts as Gathered, Table},
    impact::{Basis, OwnCustomers, OwnPrefixes},
    request::{Audience, Sort},
    settings::Settings,
    template::Values,
    threshold::Assessment,
    value::{Facts, Report, Session},
    zone::Zone,
};
use crate::incident::{Step, advice, report::grouped};

/// What has to be written in by hand.
const FILL_IN: &str = "[to be filled in]";
/// Networks named in the table of whose routes they are.
const MOST_WHOSE: usize = 10;

/// The whole report.
pub(super) fn document(report: &Report, settings: &Settings) -> Document {
    let zone = &settings.time_zone;
    let mut document = Document {
        warning: report
            .drill
            .then(|| "EXERCISE: none of this happened".to_owned()),
        over_facts: ["What", "As known"],
        ..Document::default()
    };
    let Some(facts) = &report.facts else {
        let notice = report.notice.as_deref().unwrap_or_default();
        let mut lines = notice.lines();
        lines
            .next()
            .unwrap_or_default()
            .clone_into(&mut document.title);
        document.head = super::template::paragraphs(lines);
        return document;
    };
    let sort = sort(report.sort);
    document.title = format!("{sort} (No. {}): {}", report.number, facts.summary);
    document.head = vec![head(report, zone)];
    document.section("Time", vec![time(report, zone)]);
    document.section("Place", place(facts));
    document.section("Situation", situation(report, facts, zone));
    document.section("Impact", impact(facts, report.audience));
    document.section("Response", response(report, facts, zone));
    document.section("Cause", cause(facts));
    if let Some(assessment) = &facts.assessment {
        document.section("Reporting thresholds", thresholds(assessment, zone));
    }
    if facts.timeline.len() > 1 {
        document.section("Course", course(facts, zone));
    }
    if report.audience == Audience::Operators {
        document.section("Examples", examples(facts));
    }
    document.section("Who may see this report", handling(report));
    document
}

/// What customers are told.
pub(super) fn notice(report: &Report, settings: &Settings) -> String {
    let zone = &settings.time_zone;
    let reporter = &report.reporter;
    let time = &report.time;
    let or_fill_in = |text: &str| if text.is_empty() { FILL_IN } else { text }.to_owned();
    let values: Values = [
        or_fill_in(&reporter.organisation),
        reporter.department.clone(),
        reporter.phone.clone(),
        reporter.mail.clone(),
        minute(time.began, zone),
        time.ended
            .map(|ended| minute(ended, zone))
            .unwrap_or_default(),
        lasting(time.seconds),
        minute(report.written, zone),
        report.number.to_string(),
        names(&report.public_networks),
        report.note.clone().unwrap_or_default(),
    ];
    settings.english.fill(time.ended.is_some(), &values)
}

const fn sort(sort: Sort) -> &'static str {
    match sort {
        Sort::First => "First report",
        Sort::FollowUp => "Follow-up report",
        Sort::Restoration => "Restoration notice",
    }
}

fn head(report: &Report, zone: &Zone) -> Block {
    let mut facts = Gathered::default();
    facts.add("Incident", report.incident.clone().unwrap_or_default());
    facts.add(
        "Report",
        format!(
            "No. {}, {}",
            report.number,
            sort(report.sort).to_lowercase()
        ),
    );
    facts.add("Written", moment(report.written, zone));
    let reporter = &report.reporter;
    let who = match (&*reporter.organisation, &*reporter.department) {
        ("", _) => FILL_IN.to_owned(),
        (organisation, "") => organisation.to_owned(),
        (organisation, department) => format!("{organisation}, {department}"),
    };
    facts.add("From", who);
    let reach: Vec<String> = [("telephone", &reporter.phone), ("mail", &reporter.mail)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    facts.add(
        "Contact",
        if reach.is_empty() {
            FILL_IN.to_owned()
        } else {
            reach.join(", ")
        },
    );
    facts.block()
}

fn time(report: &Report, zone: &Zone) -> Block {
    let time = &report.time;
    let mut facts = Gathered::default();
    facts.add(
        "Began",
        format!("{} (first affected route)", moment(time.began, zone)),
    );
    facts.add("Recognised", moment(time.recognised, zone));
    match time.ended {
        Some(ended) => {
            facts.add("Confirmed over", moment(ended, zone));
            facts.add(
                "Lasted",
                format!(
                    "{}, until it was confirmed to be over",
                    lasting(time.seconds)
                ),
            );
        }
        None => facts.add(
            "Not over",
            format!("goes on for {} now", lasting(time.seconds)),
        ),
    }
    facts.block()
}

fn place(facts: &Facts) -> Vec<Block> {
    let mut gathered = Gathered::default();
    if let Some(local) = &facts.local {
        gathered.add("Our network", name(local));
    }
    gathered.lines("Seen at", facts.sessions.iter().map(session).collect());
    vec![gathered.block()]
}

fn session(session: &Session) -> String {
    let peer = match &session.name {
        Some(known) => format!("{known} ({}, {})", session.peer, name(&session.network)),
        None => format!("{} ({})", session.peer, name(&session.network)),
    };
    let router = match &session.router {
        Some(router) => format!(", on router {router}"),
        None => ", in a route collector's recording".to_owned(),
    };
    format!("{peer}{router}: routes {}", advice::table(session.rib))
}

fn situation(report: &Report, facts: &Facts, zone: &Zone) -> Vec<Block> {
    let now = match report.time.ended {
        Some(ended) => format!("It is over, as confirmed at {}.", moment(ended, zone)),
        None => format!(
            "It goes on: {} now.",
            routes(facts.routes.active, "affected route", "affected routes")
        ),
    };
    let mut gathered = Gathered::default();
    gathered.add("Sort of event", kind(facts.kind));
    gathered.add("Severity", facts.severity.name());
    vec![
        Block::Paragraph(format!("{}. {now}", facts.summary)),
        gathered.block(),
    ]
}

fn impact(facts: &Facts, audience: Audience) -> Vec<Block> {
    let mut gathered = Gathered::default();
    let count = facts.routes;
    let mut many = format!(
        "{} at the worst, {} now, {} in all",
        grouped(count.peak),
        grouped(count.active),
        grouped(count.total)
    );
    if facts.covers > 0 {
        // Writing to a String cannot fail.
        let _ = write!(
            many,
            "; more specific than {} that stood before",
            grouped(facts.covers)
        );
    }
    gathered.add("Routes", many);
    if facts.origins > 0 {
        gathered.add(
            "Networks",
            format!("{} whose prefixes they are", grouped(facts.origins)),
        );
    }
    gathered.add("Our prefixes", own_prefixes(&facts.own_prefixes, facts));
    gathered.add("Our customers", customers(&facts.customers, facts));
    gathered.add("Other operators", effect(facts.kind));
    gathered.add(
        "Our users",
        "access to the affected destinations may be, or have been, slow or impossible; how many \
         users noticed, routes do not tell",
    );
    let mut blocks = vec![gathered.block()];
    if !facts.whose.is_empty() {
        let rows = facts.whose.iter().take(MOST_WHOSE).map(|one| {
            vec![
                one.network.asn.to_string(),
                one.network.name.clone().unwrap_or_default(),
                grouped(one.routes),
            ]
        });
        blocks.push(Block::Table(Table {
            head: ["Network", "Name", "Prefixes"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
            numbers: vec![false, false, true],
        }));
    }
    if audience == Audience::Authority && !facts.customers.names.is_empty() {
        let rows = facts.customers.names.iter().map(|one| {
            vec![
                one.name.clone(),
                one.prefix.to_string(),
                one.users.map_or_else(|| "not known".to_owned(), thousands),
            ]
        });
        blocks.push(Block::Table(Table {
            head: ["Customer", "Prefix", "Users"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
            numbers: vec![false, false, true],
        }));
    }
    blocks
}

fn rests_on(basis: Basis, looked_up: u32, facts: &Facts) -> String {
    match basis {
        Basis::All => "looked up for every affected prefix".to_owned(),
        _ => format!(
            "looked up for {} of {} affected prefixes only",
            grouped(looked_up),
            grouped(facts.routes.total)
        ),
    }
}

fn own_prefixes(own: &OwnPrefixes, facts: &Facts) -> String {
    let least = if own.basis == Basis::Examples {
        "at least "
    } else {
        ""
    };
    match (own.basis, own.count) {
        (Basis::Nothing, _) => "not known".to_owned(),
        (Basis::All, 0) => "none".to_owned(),
        (_, 0) => format!("none found ({})", rests_on(own.basis, own.looked_up, facts)),
        (_, count) => {
            let shown: Vec<String> = own.prefixes.iter().map(ToString::to_string).collect();
            let more = if own.prefixes.len() < count as usize {
                ", …"
            } else {
                ""
            };
            format!("{least}{}: {}{more}", grouped(count), shown.join(", "))
        }
    }
}

fn customers(customers: &OwnCustomers, facts: &Facts) -> String {
    let basis = customers.basis;
    if basis == Basis::Nothing {
        return "not known yet".to_owned();
    }
    let rests = rests_on(basis, customers.looked_up, facts);
    if customers.count == 0 {
        return format!("none found ({rests})");
    }
    let least = if basis == Basis::Examples {
        "at least "
    } else {
        ""
    };
    let mut text = format!(
        "{least}{}, {} users ({rests})",
        routes(customers.count, "customer", "customers"),
        thousands(customers.users)
    );
    if customers.without_users > 0 {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "; of {} the number of users is not known",
            routes(customers.without_users, "entry", "entries")
        );
    }
    text
}

fn response(report: &Report, facts: &Facts, zone: &Zone) -> Vec<Block> {
    let response = &facts.response;
    let mut gathered = Gathered::default();
    match &report.note {
        Some(note) => gathered.lines(
            "From the operator",
            note.lines().map(str::to_owned).collect(),
        ),
        None if report.time.ended.is_some() => {
            gathered.add("From the operator", "nothing is noted");
        }
        None => gathered.add("From the operator", "nothing yet; being looked into"),
    }
    if let (Some(by), Some(at)) = (&response.acknowledged_by, response.acknowledged_at) {
        let why = response.acknowledged_why.as_deref().unwrap_or_default();
        let why = if why.is_empty() {
            String::new()
        } else {
            format!(": {why}")
        };
        gathered.add("Taken on", format!("by {by} at {}{why}", moment(at, zone)));
    }
    let over = report.time.ended.is_some();
    if let Some(filter) = &response.suggested_filter {
        let what = if over {
            format!(
                "{filter} as an AS path to be refused; where that was set, it can go once nothing \
                 comes back"
            )
        } else {
            format!("refuse routes whose AS path matches {filter} until it is over")
        };
        gathered.add("Suggested filter", what);
    }
    if !over && !response.can_end_it.is_empty() {
        gathered.add("Can end it", names(&response.can_end_it));
    }
    vec![gathered.block()]
}

fn cause(facts: &Facts) -> Vec<Block> {
    let presumed = &facts.cause;
    let mut gathered = Gathered::default();
    match (presumed.stated, presumed.cause) {
        (true, cause) => gathered.add(
            "Cause",
            format!("{}, as the operator states", cause.english()),
        ),
        (false, Cause::Unknown) => gathered.add("Cause", "unknown; being looked into"),
        (false, cause) => gathered.add(
            "Cause",
            format!(
                "presumed: {}; not confirmed by that operator",
                cause.english()
            ),
        ),
    }
    gathered.add(
        "How sure",
        format!(
            "{} % that the event is what it looks like",
            percent(presumed.confidence)
        ),
    );
    gathered.lines(
        "Evidence",
        presumed
            .evidence
            .iter()
            .map(|item| item.what.clone())
            .collect(),
    );
    let mut blocks = vec![gathered.block()];
    if facts.offender.is_some() {
        blocks.push(Block::Paragraph(
            "Routes show who passed them on. Whether by mistake or on purpose, they do not show."
                .to_owned(),
        ));
    }
    blocks
}

fn thresholds(assessment: &Assessment, zone: &Zone) -> Vec<Block> {
    let rows = assessment.rows.iter().map(|row| {
        vec![
            format!("{} or longer", lasting(row.duration)),
            reached(row.duration_reached).to_owned(),
            format!("{} or more", thousands(row.users)),
            reached(row.users_reached).to_owned(),
            reached(row.reached).to_owned(),
        ]
    });
    let mut gathered = Gathered::default();
    gathered.add("Service", service(&assessment.service));
    gathered.add("Look closer", reached(assessment.look_closer));
    gathered.add(
        "Quarterly report",
        format!(
            "{} ({} or longer, or {} users or more)",
            reached(assessment.quarterly),
            lasting(assessment.quarterly_duration),
            thousands(assessment.quarterly_users.into())
        ),
    );
    gathered.add(
        "Detailed report",
        format!(
            "if it is reportable, due by {}",
            moment(assessment.due, zone)
        ),
    );
    vec![
        gathered.block(),
        Block::Table(Table {
            head: ["Duration", "Reached", "Users", "Reached", "Both"]
                .map(str::to_owned)
                .to_vec(),
            rows: rows.collect(),
            numbers: vec![false; 5],
        }),
        Block::Paragraph(
            "Thresholds say whether to look closer and are never the legal answer. A best-effort \
             session that stays up is not \"stopped\", however slow it is; whether the service was \
             stopped or degraded in the sense of the law is to be found out apart from this."
                .to_owned(),
        ),
    ]
}

fn course(facts: &Facts, zone: &Zone) -> Vec<Block> {
    let rows = facts.timeline.iter().map(|stage| {
        let event = match stage.event {
            Step::Opened => "recognised",
            Step::Updated => "grew or became worse",
            Step::Resolved => "confirmed over",
            Step::Reopened => "came back",
        };
        vec![
            short(stage.time, zone),
            event.to_owned(),
            stage.severity.name().to_owned(),
            grouped(stage.routes),
        ]
    });
    let mut blocks = vec![Block::Table(Table {
        head: vec![
            format!("Time ({zone})"),
            "What".to_owned(),
            "Severity".to_owned(),
            "Routes then".to_owned(),
        ],
        rows: rows.collect(),
        numbers: vec![false, false, false, true],
    })];
    if facts.timeline_omitted > 0 {
        blocks.push(Block::Paragraph(format!(
            "{} after the first are left out.",
            routes(facts.timeline_omitted, "step", "steps")
        )));
    }
    blocks
}

fn examples(facts: &Facts) -> Vec<Block> {
    let mut gathered = Gathered::default();
    for sample in &facts.examples {
        let before = sample.before.as_deref().unwrap_or("not in the table");
        gathered.lines(
            &sample.prefix.to_string(),
            vec![
                format!("before  {}", before),
                format!("after   {}", sample.after),
            ],
        );
    }
    if facts.examples.is_empty() {
        return Vec::new();
    }
    vec![gathered.block()]
}

fn handling(report: &Report) -> Vec<Block> {
    let sharing = report.sharing;
    let word = |may: bool| if may { "yes" } else { "no" };
    let mut gathered = Gathered::default();
    gathered.add("The public", word(sharing.public));
    gathered.add("Consumer bodies", word(sharing.consumers));
    gathered.add("Other operators", word(sharing.operators));
    vec![gathered.block()]
}
