//! Words of a language that stand by themselves: headings, names of facts, heads of tables.

/// All of one language's.
pub(super) struct Labels {
    /// Over a report on something made up.
    pub exercise: &'static str,
    /// The same over what customers are told.
    pub exercise_notice: &'static str,
    /// What stands over names and over values, where a form needs words there.
    pub over_facts: [&'static str; 2],
    /// What has to be written in by hand.
    pub fill_in: &'static str,
    /// Over the parts.
    pub headings: Headings,

    // How things are put together.
    /// Between names in a row.
    pub comma: &'static str,
    /// Between what stands side by side: an organisation and its department, telephone and mail.
    pub beside: &'static str,
    /// Before what says more.
    pub colon: &'static str,
    /// Between two sentences.
    pub between_sentences: &'static str,

    // Figures and times.
    /// After days, hours, minutes and seconds.
    pub units: [&'static str; 4],
    /// Between two of those.
    pub between_units: &'static str,
    /// A time of day to the minute, for `strftime`, and the same where it is UTC: those who do
    /// not compare logs need no more.
    pub minute: [&'static str; 2],
    /// Before and after the same time in UTC.
    pub in_utc: [&'static str; 2],
    /// A day and a time, for `strftime`, where the zone stands elsewhere.
    pub short: &'static str,

    // The head.
    /// Which incident.
    pub incident: &'static str,
    /// Which report.
    pub report: &'static str,
    /// When it was written.
    pub written: &'static str,
    /// Who reports.
    pub from: &'static str,
    /// How they are reached.
    pub contact: &'static str,
    /// Before a telephone number.
    pub telephone: &'static str,
    /// Before an address for mail.
    pub mail: &'static str,

    // The time.
    /// The first affected route.
    pub began: &'static str,
    /// When it was recognised.
    pub recognised: &'static str,
    /// When it was confirmed to be over.
    pub ended: &'static str,
    /// What stands there while it goes on; none leaves the fact out.
    pub not_ended: Option<&'static str>,
    /// How long it lasted.
    pub lasted: &'static str,
    /// How long it has gone on.
    pub lasts: &'static str,

    // The place.
    /// Our own network.
    pub our_network: &'static str,
    /// The sessions.
    pub seen_at: &'static str,

    // The situation.
    /// What sort of event.
    pub kind: &'static str,
    /// How bad.
    pub severity: &'static str,

    // The impact.
    /// For the authority: which service is concerned; only the operator knows.
    pub service_concerned: &'static str,
    /// For the authority: in which area; only the operator knows.
    pub area: &'static str,
    /// How many routes.
    pub routes: &'static str,
    /// How many networks' prefixes they are.
    pub networks: &'static str,
    /// Ours among them.
    pub own_prefixes: &'static str,
    /// Our customers among them.
    pub customers: &'static str,
    /// What it does to other operators.
    pub other_operators: &'static str,
    /// What it does to our users.
    pub users: &'static str,
    /// Of a table of networks: number, name, prefixes.
    pub networks_head: [&'static str; 3],
    /// Of a table of customers: name, prefix, users.
    pub customers_head: [&'static str; 3],
    /// After a prefix of which only a part is affected.
    pub in_part: &'static str,
    /// A customer whose users nobody counted.
    pub users_unknown: &'static str,
    /// Nobody said which prefixes are ours.
    pub own_prefixes_unknown: &'static str,
    /// Nobody said who our customers are.
    pub customers_unknown: &'static str,
    /// None of our prefixes, and that is certain.
    pub none: &'static str,
    /// What a number rests on: every affected prefix.
    pub looked_up_all: &'static str,
    /// Before a number that may be higher.
    pub at_least: &'static str,
    /// After a list that is cut.
    pub and_more: &'static str,

    // The response.
    /// The operator's note.
    pub note: &'static str,
    /// Without a note, afterwards.
    pub nothing_noted: &'static str,
    /// Without a note, while it goes on.
    pub nothing_yet: &'static str,
    /// For the authority: how customers were told; only the operator knows.
    pub customers_told: &'static str,
    /// When somebody took it on.
    pub taken_on: &'static str,
    /// What holds it back.
    pub suggested_filter: &'static str,
    /// Networks that can end it.
    pub can_end_it: &'static str,

    // The cause.
    /// The cause.
    pub cause: &'static str,
    /// Nobody knows it yet.
    pub cause_unknown: &'static str,
    /// How sure the incident is what it looks like.
    pub how_sure: &'static str,
    /// What speaks for it.
    pub evidence: &'static str,
    /// What routes do not show of whoever is blamed.
    pub no_intent: &'static str,

    // The thresholds.
    /// Which service.
    pub service: &'static str,
    /// Whether there is a reason to look closer.
    pub look_closer: &'static str,
    /// Whether the quarterly report covers it.
    pub quarterly: &'static str,
    /// What is due in the case of a major accident.
    pub due: &'static str,
    /// Of the table: duration, reached, users, reached, both.
    pub thresholds_head: [&'static str; 5],
    /// What thresholds are not.
    pub not_the_law: &'static str,

    // The course.
    /// Of the table, after the time: event, severity, routes.
    pub course_head: [&'static str; 3],

    // Examples.
    /// Before a route as it was; as wide as `after`.
    pub before: &'static str,
    /// Before a route as it is.
    pub after: &'static str,
    /// There was none.
    pub no_route: &'static str,

    // Who may see it.
    /// The public.
    pub public: &'static str,
    /// Consumer bodies.
    pub consumers: &'static str,
    /// Other operators.
    pub operators: &'static str,
    /// They may.
    pub yes: &'static str,
    /// They may not.
    pub no: &'static str,
}

/// Over the parts.
pub(super) struct Headings {
    pub time: &'static str,
    pub place: &'static str,
    pub situation: &'static str,
    pub impact: &'static str,
    pub response: &'static str,
    /// Where the operator states the cause.
    pub cause: &'static str,
    /// Where something is presumed.
    pub cause_presumed: &'static str,
    pub thresholds: &'static str,
    pub course: &'static str,
    pub examples: &'static str,
    /// Who may see the report.
    pub handling: &'static str,
}
