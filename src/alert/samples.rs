//! Messages for tests: August 2017 as a border router with two transits sees it.

use super::{Destination, Message, Notice, Settings, SinkSettings, Subject, Trouble, Voice, trial};
use crate::{
    bgp::{Asn, Timestamp},
    incident::{Severity, Step},
    reference::{Contact, PeerPolicy, Platform, Reference},
};

/// A sink that wants warnings and what is worse.
pub(super) fn sink(name: &str, to: Destination) -> SinkSettings {
    SinkSettings {
        name: name.to_owned(),
        min_severity: Severity::Warning,
        kinds: Vec::new(),
        drills: false,
        resolved: true,
        troubles: true,
        repeat_interval: None,
        to,
    }
}

/// 03:22:11 on the day.
pub(super) const NOW: Timestamp = Timestamp::from_secs(1_503_631_331);

pub(super) fn reference() -> Reference {
    let policy = |name: &str, address: &str, platform| PeerPolicy {
        name: name.to_owned(),
        address: Some(address.parse().unwrap()),
        platform,
        ..PeerPolicy::default()
    };
    let mut reference = Reference {
        local_as: Some(Asn(64500)),
        peers: vec![
            policy("transit-a", "198.51.100.1", Some(Platform::IosXr)),
            policy("transit-b", "203.0.113.1", None),
        ],
        ..Reference::default()
    };
    let contact = |name: &str, phone: Option<&str>, mail: Option<&str>| Contact {
        name: name.to_owned(),
        phone: phone.map(str::to_owned),
        mail: mail.map(str::to_owned),
    };
    let verizon = contact(
        "Verizon NOC",
        Some("+1 555 0100"),
        Some("noc@transit-a.example"),
    );
    reference.contacts.insert(Asn(701), verizon);
    let ours = contact("当直 (on duty)", Some("+81 3 0000 0000"), None);
    reference.contacts.insert(Asn(64500), ours);
    reference
}

pub(super) fn told(notice: Notice, now: Timestamp) -> Message {
    told_by(notice, now, now)
}

/// Told where the clock of events shows `now`, and the one on the wall `wall`.
pub(super) fn told_by(notice: Notice, now: Timestamp, wall: Timestamp) -> Message {
    let settings = Settings {
        url: Some("https://leakwatch.example/".to_owned()),
        runbook: "https://wiki.example/runbook".to_owned(),
        ..Settings::default()
    };
    let reference = reference();
    let voice = Voice {
        wall,
        ..Voice::new(&settings, "http://127.0.0.1:11080", &reference, now)
    };
    Message::new(notice, &voice)
}

/// As it was, with a change.
pub(super) fn notice(step: Step, change: impl FnOnce(&mut Notice)) -> Message {
    let now = if step == Step::Resolved {
        NOW + std::time::Duration::from_secs(948)
    } else {
        NOW
    };
    let mut notice = trial(step, now);
    notice.test = false;
    if let Subject::Incident(event) = &mut notice.subject {
        event.id = "leak-15169-via-701-417675".to_owned();
        notice.key = format!("{}/1", event.id);
        notice.thread = format!("{}/1", event.id);
    }
    if step != Step::Opened {
        notice.key = super::subject::key("leak-15169-via-701-417675", 4, step, false);
    }
    change(&mut notice);
    told(notice, now)
}

pub(super) fn opened() -> Message {
    notice(Step::Opened, |_| {})
}

pub(super) fn updated() -> Message {
    notice(Step::Updated, |notice| {
        if let Subject::Incident(event) = &mut notice.subject {
            event.event = Step::Updated;
        }
    })
}

pub(super) fn resolved() -> Message {
    notice(Step::Resolved, |_| {})
}

pub(super) fn repeated() -> Message {
    notice(Step::Opened, |notice| notice.maybe_repeat = true)
}

pub(super) fn drill() -> Message {
    notice(Step::Opened, |notice| {
        if let Subject::Incident(event) = &mut notice.subject {
            event.drill = true;
            event.summary.insert_str(0, "DRILL: ");
        }
    })
}

pub(super) fn trouble(step: Step) -> Message {
    let trouble = Trouble {
        id: "feed-silent-192.0.2.1".to_owned(),
        event: step,
        severity: Severity::Warning,
        since: Timestamp::from_secs(NOW.secs() - 1200),
        time: NOW,
        summary: "Router edge1 (192.0.2.1) has sent no routes for 15 min; a leak there would not \
                  be seen"
            .to_owned(),
        details: vec!["It is connected, with 2 peers up.".to_owned()],
        actions: vec![
            "See on the router whether route monitoring is configured for its peers.".to_owned(),
        ],
        chapter: "feed-silent".to_owned(),
    };
    let key = "feed-silent-192.0.2.1/1".to_owned();
    told(
        Notice {
            thread: key.clone(),
            key,
            subject: Subject::Trouble(Box::new(trouble)),
            step,
            reminder: false,
            test: false,
            maybe_repeat: false,
            notes: Vec::new(),
        },
        NOW,
    )
}

/// Everything that some syntax would obey.
pub(super) const HOSTILE: &str = "a\r\nX-Evil: 1\r\n\r\n.\r\n\0\u{2028}\u{202e}\u{1b}[31m<!channel>\
    <b>&\"']\\`*_|{{x}}</b><https://evil.example|click> 日本語";

/// A trouble and an incident made of it.
pub(super) fn hostile() -> [Message; 2] {
    let evil = || HOSTILE.to_owned();
    let trouble = Trouble {
        id: evil(),
        event: Step::Opened,
        severity: Severity::Critical,
        since: NOW,
        time: NOW,
        summary: evil(),
        details: vec![evil(), "x".repeat(100_000)],
        actions: vec![evil(), "日".repeat(10_000)],
        chapter: evil(),
    };
    let message = told(
        Notice {
            key: evil(),
            subject: Subject::Trouble(Box::new(trouble)),
            step: Step::Opened,
            reminder: false,
            test: false,
            maybe_repeat: true,
            notes: Vec::new(),
            thread: "other".to_owned(),
        },
        NOW,
    );
    let incident = notice(Step::Opened, |notice| {
        if let Subject::Incident(event) = &mut notice.subject {
            event.summary = evil();
            event.id = evil();
            event.views[0].router = evil();
            event.views[0].peer = evil();
            event.samples[0].after = evil();
            event.evidence[0].what = evil();
        }
    });
    [message, incident]
}
