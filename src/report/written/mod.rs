//! A report in words: what stands where, in whichever language.

mod figures;
mod impact;

use std::time::Duration;

pub(super) use figures::thousands;
use figures::{day, lasting, minute, moment, percent, short};

use super::{
    cause::Cause,
    document::{Block, Document, Facts as Gathered, Table},
    request::Audience,
    settings::Settings,
    template::{Values, paragraphs},
    threshold::Assessment,
    value::{Facts, Network, Report},
    words::{self, Words},
    zone::Zone,
};
use crate::{
    bgp::Timestamp,
    incident::{Kind, report::grouped},
};

/// The whole report.
pub(super) fn document(report: &Report, settings: &Settings) -> Document {
    let words = words::of(report.language);
    let labels = words.labels();
    let zone = &settings.time_zone;
    let mut document = Document {
        warning: report.drill.then(|| labels.exercise.to_owned()),
        over_facts: labels.over_facts,
        ..Document::default()
    };
    let Some(facts) = &report.facts else {
        document.warning = report.drill.then(|| labels.exercise_notice.to_owned());
        let notice = report.notice.as_deref().unwrap_or_default();
        let mut lines = notice.lines();
        lines
            .next()
            .unwrap_or_default()
            .clone_into(&mut document.title);
        document.head = paragraphs(lines);
        return document;
    };
    let headings = &labels.headings;
    document.title = words.title(report, facts);
    document.head = vec![head(words, report, zone)];
    document.section(headings.time, vec![time(words, report, zone)]);
    document.section(headings.place, vec![place(words, facts)]);
    document.section(headings.situation, situation(words, report, facts, zone));
    let impact = impact::impact(words, facts, report.audience);
    document.section(headings.impact, impact);
    document.section(
        headings.response,
        vec![response(words, report, facts, zone)],
    );
    let over_cause = if facts.cause.stated || facts.cause.cause == Cause::Unknown {
        headings.cause
    } else {
        headings.cause_presumed
    };
    document.section(over_cause, cause(words, facts));
    if let Some(assessment) = &facts.assessment {
        let began = report.time.began;
        let thresholds = thresholds(words, assessment, began, zone);
        document.section(headings.thresholds, thresholds);
    }
    if facts.timeline.len() > 1 {
        document.section(headings.course, course(words, facts, zone));
    }
    if report.audience == Audience::Operators && !facts.examples.is_empty() {
        document.section(headings.examples, vec![examples(words, facts)]);
    }
    document.section(headings.handling, vec![handling(words, report)]);
    document
}

/// What customers are told.
pub(super) fn notice(report: &Report, kind: Kind, settings: &Settings) -> String {
    let words = words::of(report.language);
    let zone = &settings.time_zone;
    let reporter = &report.reporter;
    let time = &report.time;
    let organisation = match &*reporter.organisation {
        "" => words.labels().fill_in,
        organisation => organisation,
    };
    let values: Values = [
        organisation.to_owned(),
        reporter.department.clone(),
        reporter.phone.clone(),
        reporter.mail.clone(),
        minute(words, time.began, zone),
        time.ended
            .map(|ended| minute(words, ended, zone))
            .unwrap_or_default(),
        lasting(words, time.seconds),
        minute(words, report.written, zone),
        report.number.to_string(),
        names(words, &report.public_networks),
        words
            .effect_on_customers(kind, time.ended.is_some())
            .to_owned(),
        report.note.clone().unwrap_or_default(),
    ];
    let template = words.template(settings);
    template.fill(time.ended.is_some(), &values)
}

fn names(words: &dyn Words, networks: &[Network]) -> String {
    let names: Vec<String> = networks.iter().map(|one| words.name(one)).collect();
    names.join(words.labels().comma)
}

fn head(words: &dyn Words, report: &Report, zone: &Zone) -> Block {
    let labels = words.labels();
    let mut facts = Gathered::default();
    facts.add(labels.incident, report.incident.clone().unwrap_or_default());
    facts.add(labels.report, words.which(report));
    facts.add(labels.written, moment(words, report.written, zone));
    let reporter = &report.reporter;
    let who = match (&*reporter.organisation, &*reporter.department) {
        ("", _) => labels.fill_in.to_owned(),
        (organisation, "") => organisation.to_owned(),
        (organisation, department) => [organisation, department].join(labels.beside),
    };
    facts.add(labels.from, who);
    let reach: Vec<String> = [
        (labels.telephone, &reporter.phone),
        (labels.mail, &reporter.mail),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(before, value)| format!("{before}{value}"))
    .collect();
    facts.add(
        labels.contact,
        if reach.is_empty() {
            labels.fill_in.to_owned()
        } else {
            reach.join(labels.beside)
        },
    );
    facts.block()
}

fn time(words: &dyn Words, report: &Report, zone: &Zone) -> Block {
    let labels = words.labels();
    let time = &report.time;
    let duration = lasting(words, time.seconds);
    let moment = |time| moment(words, time, zone);
    let mut facts = Gathered::default();
    facts.add(labels.began, words.began(&moment(time.began)));
    facts.add(labels.recognised, moment(time.recognised));
    if let Some(ended) = time.ended {
        facts.add(labels.ended, words.ended(&moment(ended)));
        facts.add(labels.lasted, words.lasted(&duration));
    } else {
        if let Some(not_ended) = labels.not_ended {
            facts.add(labels.ended, not_ended);
        }
        facts.add(labels.lasts, words.lasts(&duration));
    }
    facts.block()
}

fn place(words: &dyn Words, facts: &Facts) -> Block {
    let labels = words.labels();
    let mut gathered = Gathered::default();
    if let Some(local) = &facts.local {
        gathered.add(labels.our_network, words.name(local));
    }
    let sessions = facts.sessions.iter().map(|one| words.session(one));
    gathered.lines(labels.seen_at, sessions.collect());
    gathered.block()
}

fn situation(words: &dyn Words, report: &Report, facts: &Facts, zone: &Zone) -> Vec<Block> {
    let labels = words.labels();
    let now = match report.time.ended {
        Some(ended) => words.over(&moment(words, ended, zone)),
        None => words.goes_on(facts.routes.active),
    };
    let sentences = [words.happened(facts), now];
    let mut gathered = Gathered::default();
    gathered.add(labels.kind, words.kind(facts.kind));
    gathered.add(labels.severity, words.severity(facts.severity));
    vec![
        Block::Paragraph(sentences.join(labels.between_sentences)),
        gathered.block(),
    ]
}

fn response(words: &dyn Words, report: &Report, facts: &Facts, zone: &Zone) -> Block {
    let labels = words.labels();
    let response = &facts.response;
    let over = report.time.ended.is_some();
    let mut gathered = Gathered::default();
    match &report.note {
        Some(note) => gathered.lines(labels.note, note.lines().map(str::to_owned).collect()),
        None if over => gathered.add(labels.note, labels.nothing_noted),
        None => gathered.add(labels.note, labels.nothing_yet),
    }
    if report.audience == Audience::Authority {
        gathered.add(labels.customers_told, labels.fill_in);
    }
    if let Some(at) = response.acknowledged_at {
        gathered.add(labels.taken_on, moment(words, at, zone));
    }
    if let Some(filter) = &response.suggested_filter {
        let what = if over {
            words.lift_filter(filter)
        } else {
            words.set_filter(filter)
        };
        gathered.add(labels.suggested_filter, what);
    }
    if !over && !response.can_end_it.is_empty() {
        gathered.add(labels.can_end_it, names(words, &response.can_end_it));
    }
    gathered.block()
}

fn cause(words: &dyn Words, facts: &Facts) -> Vec<Block> {
    let labels = words.labels();
    let presumed = &facts.cause;
    let mut gathered = Gathered::default();
    let cause = match (presumed.stated, presumed.cause) {
        (true, cause) => words.stated(words.cause(cause)),
        (false, Cause::Unknown) => labels.cause_unknown.to_owned(),
        (false, cause) => words.presumed(words.cause(cause)),
    };
    gathered.add(labels.cause, cause);
    gathered.add(
        labels.how_sure,
        words.how_sure(percent(presumed.confidence)),
    );
    gathered.lines(labels.evidence, words.evidence(facts));
    let mut blocks = vec![gathered.block()];
    if facts.offender.is_some() {
        blocks.push(Block::Paragraph(labels.no_intent.to_owned()));
    }
    blocks
}

/// What is due later than this is told by its day: the time of day says no more.
const DUE_BY_DAY: Duration = Duration::from_secs(7 * 86_400);

fn thresholds(
    words: &dyn Words,
    assessment: &Assessment,
    began: Timestamp,
    zone: &Zone,
) -> Vec<Block> {
    let labels = words.labels();
    let mut gathered = Gathered::default();
    gathered.add(labels.service, words.service(&assessment.service));
    gathered.add(
        labels.look_closer,
        words.look_closer(assessment.look_closer),
    );
    gathered.add(
        labels.quarterly,
        words.quarterly(
            assessment.quarterly,
            &lasting(words, assessment.quarterly_duration),
            assessment.quarterly_users,
        ),
    );
    let due = if assessment.due.since(began) >= DUE_BY_DAY {
        day(words, assessment.due, zone)
    } else {
        moment(words, assessment.due, zone)
    };
    gathered.add(labels.due, words.due(&due));
    let rows = assessment.rows.iter().map(|row| {
        vec![
            words.so_long(&lasting(words, row.duration)),
            words.reached(row.duration_reached).to_owned(),
            words.so_many(row.users),
            words.reached(row.users_reached).to_owned(),
            words.reached(row.reached).to_owned(),
        ]
    });
    vec![
        gathered.block(),
        Block::Table(Table {
            head: labels.thresholds_head.map(str::to_owned).to_vec(),
            rows: rows.collect(),
            numbers: vec![false; 5],
        }),
        Block::Paragraph(labels.not_the_law.to_owned()),
    ]
}

fn course(words: &dyn Words, facts: &Facts, zone: &Zone) -> Vec<Block> {
    let rows = facts.timeline.iter().map(|stage| {
        vec![
            short(words, stage.time, zone),
            words.step(stage.event).to_owned(),
            words.severity(stage.severity).to_owned(),
            grouped(stage.routes),
        ]
    });
    let [event, severity, routes] = words.labels().course_head.map(str::to_owned);
    let mut blocks = vec![Block::Table(Table {
        head: vec![words.time_in(zone), event, severity, routes],
        rows: rows.collect(),
        numbers: vec![false, false, false, true],
    })];
    if facts.timeline_omitted > 0 {
        blocks.push(Block::Paragraph(words.omitted(facts.timeline_omitted)));
    }
    blocks
}

fn examples(words: &dyn Words, facts: &Facts) -> Block {
    let labels = words.labels();
    let mut gathered = Gathered::default();
    for sample in &facts.examples {
        let before = sample.before.as_deref().unwrap_or(labels.no_route);
        gathered.lines(
            &sample.prefix.to_string(),
            vec![
                format!("{}{before}", labels.before),
                format!("{}{}", labels.after, sample.after),
            ],
        );
    }
    gathered.block()
}

fn handling(words: &dyn Words, report: &Report) -> Block {
    let labels = words.labels();
    let sharing = report.sharing;
    let word = |may: bool| if may { labels.yes } else { labels.no };
    let mut gathered = Gathered::default();
    gathered.add(labels.public, word(sharing.public));
    gathered.add(labels.consumers, word(sharing.consumers));
    gathered.add(labels.operators, word(sharing.operators));
    gathered.block()
}
