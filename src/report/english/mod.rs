//! A report in English.

mod events;

use super::{
    cause::Cause,
    impact::Basis,
    labels::{Headings, Labels},
    request::Sort,
    settings::Settings,
    template::Template,
    threshold::Reached,
    value::{Facts, Network, Report, Session},
    words::Words,
    written::thousands,
    zone::Zone,
};
use crate::incident::{
    Kind, Severity, Step, advice,
    report::{Routes, grouped},
};

/// The language.
pub(super) struct English;

const FILL_IN: &str = "[to be filled in]";

const LABELS: Labels = Labels {
    exercise: "EXERCISE: none of this happened",
    exercise_notice: "EXERCISE: none of this happened",
    over_facts: ["What", "As known"],
    fill_in: FILL_IN,
    headings: Headings {
        time: "Time",
        place: "Place",
        situation: "Situation",
        impact: "Impact",
        response: "Response",
        cause: "Cause",
        cause_presumed: "Cause",
        thresholds: "Reporting thresholds",
        course: "Course",
        examples: "Examples",
        handling: "Who may see this report",
    },
    comma: ", ",
    beside: ", ",
    colon: ": ",
    between_sentences: " ",
    units: [" d", " h", " min", " s"],
    between_units: " ",
    minute: ["%H:%M (%:z)", "%H:%M (UTC)"],
    in_utc: [" (", " UTC)"],
    short: "%Y-%m-%d %H:%M:%S",
    incident: "Incident",
    report: "Report",
    written: "Written",
    from: "From",
    contact: "Contact",
    telephone: "telephone ",
    mail: "mail ",
    began: "Began",
    recognised: "Recognised",
    ended: "Confirmed over",
    not_ended: None,
    lasted: "Lasted",
    lasts: "Not over",
    our_network: "Our network",
    seen_at: "Seen at",
    kind: "Sort of event",
    severity: "Severity",
    service_concerned: "Service concerned",
    area: "Area",
    routes: "Routes",
    networks: "Networks",
    own_prefixes: "Our prefixes",
    customers: "Our customers",
    other_operators: "Other operators",
    users: "Our users",
    networks_head: ["Network", "Name", "Prefixes"],
    customers_head: ["Customer", "Prefix", "Users"],
    in_part: " (in part)",
    users_unknown: "not known",
    own_prefixes_unknown: "not known [to be filled in]",
    customers_unknown: "not known [to be filled in]",
    none: "none",
    looked_up_all: "looked up for every affected prefix",
    at_least: "at least ",
    and_more: ", …",
    note: "From the operator",
    nothing_noted: FILL_IN,
    nothing_yet: "nothing yet; being looked into",
    customers_told: "Customers told",
    taken_on: "Taken on",
    suggested_filter: "Suggested filter",
    can_end_it: "Can end it",
    cause: "Cause",
    cause_unknown: "unknown; being looked into",
    how_sure: "How sure",
    evidence: "Evidence",
    no_intent: "Routes show who passed them on. Whether by mistake or on purpose, they do not \
                show.",
    service: "Service",
    look_closer: "Look closer",
    quarterly: "Quarterly report",
    due: "If a major accident",
    thresholds_head: ["Duration", "Reached", "Users", "Reached", "Both"],
    not_the_law: "Thresholds say whether to look closer and are never the legal answer. A \
                  best-effort session that stays up is not \"stopped\", however slow it is; \
                  whether the service was stopped or degraded in the sense of the law is to be \
                  found out apart from this.",
    course_head: ["What", "Severity", "Routes then"],
    before: "before  ",
    after: "after   ",
    no_route: "not in the table",
    public: "The public",
    consumers: "Consumer bodies",
    operators: "Other operators",
    yes: "yes",
    no: "no",
};

impl Words for English {
    fn labels(&self) -> &'static Labels {
        &LABELS
    }

    fn template<'s>(&self, settings: &'s Settings) -> &'s Template {
        &settings.english
    }

    fn kind(&self, kind: Kind) -> &'static str {
        events::kind(kind)
    }

    fn effect(&self, kind: Kind) -> &'static str {
        events::effect(kind)
    }

    fn effect_on_users(&self, kind: Kind) -> &'static str {
        events::effect_on_users(kind)
    }

    fn effect_on_customers(&self, kind: Kind, over: bool) -> &'static str {
        events::effect_on_customers(kind, over)
    }

    fn severity(&self, severity: Severity) -> &'static str {
        severity.name()
    }

    fn step(&self, step: Step) -> &'static str {
        match step {
            Step::Opened => "recognised",
            Step::Updated => "grew or became worse",
            Step::Resolved => "confirmed over",
            Step::Reopened => "came back",
        }
    }

    fn cause(&self, cause: Cause) -> &'static str {
        match cause {
            Cause::NaturalFailure => "natural failure of equipment",
            Cause::SoftwareDefect => "software defect",
            Cause::AbnormalTraffic => "abnormal traffic",
            Cause::HumanError => "human error",
            Cause::OtherWholesaler => "another operator's fault (wholesaler)",
            Cause::OtherInterconnected => "another operator's fault (interconnected)",
            Cause::OtherOperator => "another operator's fault (other)",
            Cause::PowerCut => "power cut",
            Cause::NaturalDisaster => "natural disaster",
            Cause::Fire => "fire",
            Cause::RoadWorks => "third party (road works)",
            Cause::Vehicles => "third party (vehicles)",
            Cause::ThirdParty => "third party (other)",
            Cause::CyberAttack => "transmission-type cyber-attack on telecommunications equipment",
            Cause::Unknown => "unknown",
            Cause::Other => "other",
        }
    }

    fn reached(&self, reached: Reached) -> &'static str {
        match reached {
            Reached::Yes => "yes",
            Reached::No => "no",
            Reached::Unknown => "not known yet",
        }
    }

    fn service<'n>(&self, name: &'n str) -> &'n str {
        match name {
            "voice-emergency" => "voice with emergency calls",
            "voice" => "voice without emergency calls",
            "free-internet" => "free Internet services",
            "other" => "other (data, Internet access)",
            "lpwa" => "LPWA (low-power wide-area; users are contracts)",
            own => own,
        }
    }

    fn name(&self, network: &Network) -> String {
        match &network.name {
            Some(name) => format!("{} ({name})", network.asn),
            None => network.asn.to_string(),
        }
    }

    /// `2017-08-25 `.
    fn date(&self, day: &jiff::Zoned) -> String {
        day.strftime("%Y-%m-%d ").to_string()
    }

    fn title(&self, report: &Report, facts: &Facts) -> String {
        let sort = sort(report.sort);
        format!("{sort} (No. {}): {}", report.number, facts.summary)
    }

    fn which(&self, report: &Report) -> String {
        let sort = sort(report.sort).to_lowercase();
        format!("No. {}, {sort}", report.number)
    }

    fn began(&self, moment: &str) -> String {
        format!("{moment} (first affected route)")
    }

    fn ended(&self, moment: &str) -> String {
        moment.to_owned()
    }

    fn lasted(&self, duration: &str) -> String {
        format!("{duration}, until it was confirmed to be over")
    }

    fn lasts(&self, duration: &str) -> String {
        format!("goes on for {duration} now")
    }

    fn session(&self, session: &Session) -> String {
        let network = self.name(&session.network);
        let peer = match &session.name {
            Some(known) => format!("{known} ({}, {network})", session.peer),
            None => format!("{} ({network})", session.peer),
        };
        let router = match &session.router {
            Some(router) => format!(", on router {router}"),
            None => ", in a route collector's recording".to_owned(),
        };
        format!("{peer}{router}: routes {}", advice::table(session.rib))
    }

    fn happened(&self, facts: &Facts) -> String {
        format!("{}.", facts.summary)
    }

    fn over(&self, moment: &str) -> String {
        format!("It is over, as confirmed at {moment}.")
    }

    fn goes_on(&self, active: u32) -> String {
        let routes = counted(active, "affected route", "affected routes");
        format!("It goes on: {routes} now.")
    }

    fn routes(&self, routes: Routes) -> String {
        format!(
            "{} at the worst, {} now, {} in all",
            grouped(routes.peak),
            grouped(routes.active),
            grouped(routes.total)
        )
    }

    fn within(&self, covers: u32) -> String {
        format!("; more specific than {} that stood before", grouped(covers))
    }

    fn origins(&self, count: u32, listed: Option<u32>) -> String {
        let count = grouped(count);
        let below = listed.map_or_else(String::new, |most| {
            format!("; below, the {} with the most", grouped(most))
        });
        format!("{count} whose prefixes they are{below}")
    }

    fn looked_up(&self, some: u32, of_all: u32) -> String {
        format!(
            "looked up for {} of {} affected prefixes only",
            grouped(some),
            grouped(of_all)
        )
    }

    fn none_found(&self, _: Basis, rests: &str) -> String {
        format!("none found ({rests})")
    }

    fn own_prefixes(&self, count: u32) -> String {
        grouped(count)
    }

    fn customers(&self, count: u32, users: u64, rests: &str) -> String {
        let customers = counted(count, "customer", "customers");
        format!("{customers}, {} users ({rests})", thousands(users))
    }

    fn customers_partly(&self, count: u32, users: u64, rests: &str) -> String {
        let customers = counted(count, "customer", "customers");
        format!(
            "{customers}; {} users of the prefixes concerned, of some of which only a part is \
             affected ({rests})",
            thousands(users)
        )
    }

    fn without_users(&self, count: u32) -> String {
        let entries = counted(count, "entry", "entries");
        format!("; of {entries} the number of users is not known")
    }

    fn set_filter(&self, filter: &str) -> String {
        format!("refuse routes whose AS path matches {filter} until it is over")
    }

    fn lift_filter(&self, filter: &str) -> String {
        format!(
            "{filter} as an AS path to be refused; where that was set, it can go once nothing \
             comes back"
        )
    }

    fn stated(&self, cause: &str) -> String {
        format!("{cause}, as the operator states")
    }

    fn presumed(&self, cause: &str) -> String {
        format!("presumed: {cause}; not confirmed by that operator")
    }

    fn how_sure(&self, percent: u32) -> String {
        format!("{percent} % that the event is what it looks like")
    }

    fn evidence(&self, facts: &Facts) -> Vec<String> {
        let evidence = facts.cause.evidence.iter();
        evidence.map(|item| item.what.clone()).collect()
    }

    fn so_long(&self, duration: &str) -> String {
        format!("{duration} or longer")
    }

    fn so_many(&self, users: u64) -> String {
        format!("{} or more", thousands(users))
    }

    fn quarterly(&self, reached: Reached, duration: &str, users: u32) -> String {
        format!(
            "{} ({duration} or longer, or {} users or more)",
            self.reached(reached),
            grouped(users)
        )
    }

    fn due(&self, moment: &str) -> String {
        format!("first report at once, detailed report by {moment}")
    }

    fn time_in(&self, zone: &Zone) -> String {
        format!("Time ({zone})")
    }

    fn omitted(&self, steps: u32) -> String {
        let steps = counted(steps, "step", "steps");
        format!("{steps} after the first are left out.")
    }
}

const fn sort(sort: Sort) -> &'static str {
    match sort {
        Sort::First => "First report",
        Sort::FollowUp => "Follow-up report",
        Sort::Restoration => "Restoration notice",
    }
}

fn counted(count: u32, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}
