//! What is said under the title: the facts, the evidence, what to do and whom to call.

use std::time::Duration;

use super::{
    Notice, Subject, Trouble,
    message::{Call, Fact, Message, Voice},
};
use crate::{
    bgp::{Asn, Plain, RibView},
    incident::{
        IncidentEvent, Kind, Step, advice, examples, filters,
        report::{ViewName, as_name},
        telling::{self, clock, day_time, lasting},
    },
    reference::Reference,
};

/// Sessions and examples named; the page has all of them.
const SESSIONS: usize = 6;
const EXAMPLES: usize = 2;
/// Lines of a trouble's details.
const DETAILS: usize = 20;
/// What was so long ago when it is told is said to be late.
const LATE_AFTER: Duration = Duration::from_secs(300);
/// The fact that says so.
pub(super) const LATE: &str = "Late";

/// The facts, the most important first.
pub(super) fn facts(notice: &Notice, voice: &Voice) -> Vec<Fact> {
    let of_subject = match &notice.subject {
        Subject::Incident(event) => of_incident(event, notice, voice),
        Subject::Trouble(trouble) => of_trouble(trouble, notice),
    };
    // Why it is told at all, where somebody asked for quiet, comes first.
    let notes = notice.notes.iter().map(|note| Fact {
        name: "Note",
        value: note.clone(),
    });
    let mut facts: Vec<Fact> = notes.chain(of_subject).collect();
    let mut add = |name, value: &str| {
        facts.push(Fact {
            name,
            value: value.to_owned(),
        });
    };
    if notice.maybe_repeat {
        add(
            "Repeat",
            "we stopped or lost the connection before this was confirmed, so it may be here \
             already",
        );
    }
    let age = voice.now.since(notice.subject.time());
    if age > LATE_AFTER && !notice.reminder && !notice.subject.is_drill() {
        let age = lasting(Duration::from_secs(age.as_secs()));
        let text = format!("this is how it stood {age} ago; it could not be told before");
        add(LATE, &text);
    }
    facts
}

fn of_incident(event: &IncidentEvent, notice: &Notice, voice: &Voice) -> Vec<Fact> {
    let reference = voice.reference;
    let name = |asn: Asn| Plain(&as_name(asn, reference)).to_string();
    let mut facts = Vec::new();
    let mut add = |name, value: String| facts.push(Fact { name, value });
    if !event.kind.is_of_a_view() {
        add("Who", telling::who(event, &name, reference.local_as));
    }
    add("Routes", telling::routes(event));
    let whose = telling::whose(event, &name);
    if !whose.is_empty() {
        add("Whose", whose);
    }
    add("Since", telling::since(event));
    if notice.step == Step::Resolved {
        add("Until", day_time(event.time));
    } else if notice.reminder || event.event != Step::Opened {
        add("As of", day_time(event.time));
    }
    add("Seen on", seen_on(event, voice));
    for sample in examples::choose(event).into_iter().take(EXAMPLES) {
        let path = |path: &str| examples::shorten(path);
        let before = sample.before.as_deref();
        let before = before.map_or_else(|| "not in the table".to_owned(), path);
        let after = if sample.after.is_empty() {
            "withdrawn".to_owned()
        } else {
            path(&sample.after)
        };
        let at = clock(sample.time);
        add(
            "Example",
            format!("{} at {at}: before {before}; after {after}", sample.prefix),
        );
    }
    add(
        "How sure",
        // Never 100 %.
        format!(
            "{:.0} % that it is what it looks like; the evidence says why",
            (event.confidence * 100.0).floor().clamp(0.0, 99.0)
        ),
    );
    facts
}

fn of_trouble(trouble: &Trouble, notice: &Notice) -> Vec<Fact> {
    let mut facts = vec![Fact {
        name: "Since",
        value: day_time(trouble.since),
    }];
    let ended = notice.step == Step::Resolved;
    if ended || notice.reminder {
        facts.push(Fact {
            name: if ended { "Until" } else { "As of" },
            value: day_time(trouble.time),
        });
    }
    for detail in trouble.details.iter().take(DETAILS) {
        facts.push(Fact {
            name: "Detail",
            value: detail.clone(),
        });
    }
    facts
}

/// The sessions, by router.
fn seen_on(event: &IncidentEvent, voice: &Voice) -> String {
    let mut parts: Vec<String> = event
        .views
        .iter()
        .take(SESSIONS)
        .map(|view| at(view, voice))
        .collect();
    if event.views.len() > SESSIONS {
        parts.push(format!("and {} more", event.views.len() - SESSIONS));
    }
    if parts.is_empty() {
        return "no session in particular".to_owned();
    }
    parts.join("; ")
}

fn at(view: &ViewName, voice: &Voice) -> String {
    let named = advice::policy_name(view, voice.reference).filter(|name| !name.is_empty());
    let peer = format!("{} ({})", view.peer, view.peer_as);
    let session = match named {
        Some(name) => format!("{}, {peer}", Plain(&name)),
        None => peer,
    };
    let place = match view.router.as_str() {
        "mrt" => String::new(),
        router => format!(" of router {router}"),
    };
    format!("{session}{place}, {}", advice::table(view.rib))
}

/// Evidence, what to do, whom to call and filters.
pub(super) fn advise(message: &mut Message, voice: &Voice) {
    match message.notice.subject.clone() {
        Subject::Incident(event) => of_event(message, &event, voice),
        Subject::Trouble(trouble) => {
            if !message.is_over() {
                message.actions.clone_from(&trouble.actions);
            }
        }
    }
}

fn of_event(message: &mut Message, event: &IncidentEvent, voice: &Voice) {
    let reference = voice.reference;
    message.evidence = event
        .evidence
        .iter()
        .map(|item| format!("{} ({}, {:.2})", item.what, item.family, item.strength))
        .collect();
    if message.notice.test {
        message.actions = vec![
            "Do nothing: somebody tries whether this reaches you. What follows is how August 2017 \
             would have looked."
                .to_owned(),
        ];
    } else if event.drill && !message.is_over() {
        message.actions = vec![
            "Nothing of this is real: somebody plays a drill. Act as your exercise says, and \
             change no router."
                .to_owned(),
        ];
    }
    if message.is_over() {
        message.actions.extend(after(event, reference));
        return;
    }
    message.actions.extend(advice::measures(event, reference));
    let mut suggested = filters::suggest(event, reference);
    message.suggestions = std::mem::take(&mut suggested.filters);
    suggested.unknown.truncate(2);
    if !suggested.unknown.is_empty() && reference.local_as.is_some() {
        message.actions.push(format!(
            "For the filter in the router's own words, next time: set `platform` on the [[peer]] \
             of {}.",
            suggested.unknown.join(" and ")
        ));
    }
    let mut called = advice::callees(event, reference);
    if let Some(ours) = reference.local_as
        && reference.contacts.get(ours).is_some()
        && called.iter().all(|(asn, _)| *asn != ours)
    {
        called.push((ours, "our own people"));
    }
    // Nobody is to be called for what is made up.
    let made_up = message.notice.test || event.drill;
    message.calls = called
        .into_iter()
        .map(|(asn, why)| {
            let why = if made_up {
                format!("only if it were real: {why}")
            } else {
                why.to_owned()
            };
            call(asn, why, voice)
        })
        .collect();
}

/// What is left to do when it is over, or when no more of it can be seen.
fn after(event: &IncidentEvent, reference: &Reference) -> Vec<String> {
    let mut steps = Vec::new();
    let back = format!(
        "If it comes back within the hour you are told under the same name, {}.",
        event.id
    );
    if advice::is_ours(event, reference) {
        steps.push(
            "See at a looking glass that it is gone there too: it was our own network.".to_owned(),
        );
        steps.push(back);
        return steps;
    }
    let asked = advice::callees(event, reference).first().map(|(asn, _)| {
        let asn = Plain(&as_name(*asn, reference)).to_string();
        format!(" Ask {asn} before you take out what you filtered.")
    });
    let asked = asked.unwrap_or_default();
    if event.unobservable {
        steps.push(format!(
            "We do not know whether it is over: where it was seen it can no longer be seen.{asked}"
        ));
    } else if filters_help(event.kind) && is_seen_behind_policy(event) {
        steps.push(format!(
            "It is gone behind our own policy, and a filter of ours hides it as well as its end \
             does. See what the routers receive before policy.{asked}"
        ));
    }
    match event.kind {
        kind if filters_help(kind) => steps.push(
            "Take out again what you filtered or shut for this, one session at a time, and watch \
             its routes come back."
                .to_owned(),
        ),
        Kind::Path | Kind::Specific | Kind::Bogon => {
            steps.push("What you filtered for this can stay.".to_owned());
        }
        _ => {}
    }
    if event.kind == Kind::OwnPrefix {
        steps.push("Withdraw the more-specifics that you announced for this.".to_owned());
    }
    steps.push(back);
    steps
}

/// Whether a filter of ours hides it from every view that showed it.
fn is_seen_behind_policy(event: &IncidentEvent) -> bool {
    let behind = |view: &ViewName| matches!(view.rib, RibView::AdjRibInPost | RibView::LocRib);
    !event.views.is_empty() && event.views.iter().all(behind)
}

/// Whether it is held back by a filter that has to go when it is over.
const fn filters_help(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Leak | Kind::MoreSpecific | Kind::Origin | Kind::OwnPrefix
    )
}

fn call(asn: Asn, why: String, voice: &Voice) -> Call {
    let plain = |text: &String| Plain(text).to_string();
    let contact = voice.reference.contacts.get(asn);
    let (name, phone, mail) = match contact {
        Some(contact) => (
            plain(&contact.name),
            contact.phone.as_ref().map(plain),
            contact.mail.as_ref().map(plain),
        ),
        None => (as_name(asn, voice.reference), None, None),
    };
    Call {
        asn,
        name,
        phone,
        mail,
        why,
    }
}

/// A call on one line: `AS701 (Verizon NOC): +1 555 0100, noc@… - refusing it there …`.
pub(super) fn line(call: &Call) -> String {
    let asn = call.asn.to_string();
    let rest = call.name.strip_prefix(&asn);
    let named = if rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit())) {
        call.name.clone()
    } else {
        format!("{} ({})", call.asn, call.name)
    };
    let ways: Vec<&str> = [&call.phone, &call.mail]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let ways = if ways.is_empty() {
        format!(
            "no [[contact]] for it; PeeringDB lists its NOC under {}",
            call.asn
        )
    } else {
        ways.join(", ")
    };
    format!("{named}: {ways} ({})", call.why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::samples;

    /// What is left to do, of the sample's incident as `change` makes it.
    fn left(change: impl FnOnce(&mut IncidentEvent)) -> Vec<String> {
        let notice = samples::notice(Step::Resolved, |notice| {
            if let Subject::Incident(event) = &mut notice.subject {
                change(event);
            }
        });
        notice.actions
    }

    #[test]
    fn nobody_is_told_to_take_a_filter_out_where_it_may_be_what_hides_a_leak() {
        let steps = left(|_| {});
        assert!(steps[0].starts_with("Take out again"), "{steps:?}");
        let steps = left(|event| event.unobservable = true);
        assert!(
            steps[0].starts_with("We do not know whether it is over"),
            "{steps:?}"
        );
        assert!(steps[0].contains("Ask AS701"), "{steps:?}");
        let steps = left(|event| {
            for view in &mut event.views {
                view.rib = RibView::AdjRibInPost;
            }
        });
        assert!(
            steps[0].starts_with("It is gone behind our own policy"),
            "{steps:?}"
        );
    }

    #[test]
    fn what_may_stay_is_not_to_be_taken_out_and_what_was_announced_is() {
        let steps = left(|event| event.kind = Kind::Path);
        assert_eq!(steps[0], "What you filtered for this can stay.");
        let steps = left(|event| event.kind = Kind::OwnPrefix);
        assert!(
            steps[1].starts_with("Withdraw the more-specifics"),
            "{steps:?}"
        );
    }
}
