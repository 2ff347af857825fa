//! The notice by which a sink is tried: what August 2017 would have looked like, marked as a test.

use super::{Notice, Subject};
use crate::{
    bgp::{Asn, RibView, Timestamp},
    detect::Detector,
    incident::{
        IncidentEvent, Kind, Severity, Step,
        evidence::Item,
        report::{Routes, Sample, Victim, ViewName},
        seen::Seen,
    },
};

/// A test as of `now`; `step` is opened, or resolved to see the end.
pub fn trial(step: Step, now: Timestamp) -> Notice {
    let event = incident(step, now);
    Notice {
        // Each attempt is its own, or who keeps keys would say nothing.
        key: format!("test-{}/{}", event.id, now.secs()),
        subject: Subject::Incident(Box::new(event)),
        step,
        reminder: false,
        test: true,
        maybe_repeat: false,
        notes: Vec::new(),
        thread: "test".to_owned(),
    }
}

fn incident(step: Step, now: Timestamp) -> IncidentEvent {
    let before = |secs: u64| Timestamp::from_micros(now.micros().saturating_sub(secs * 1_000_000));
    let over = step == Step::Resolved;
    let first_seen = before(if over { 958 } else { 10 });
    let view = |peer: &str, peer_as| ViewName {
        router: "192.0.2.1".to_owned(),
        peer: peer.to_owned(),
        peer_as: Asn(peer_as),
        rib: RibView::AdjRibInPre,
    };
    let routes = 160_000;
    let evidence = |family, strength, seen: Seen| Item {
        family,
        strength,
        seen,
        what: seen.to_string(),
    };
    let victim = |asn, routes| Victim {
        asn: Asn(asn),
        routes,
    };
    let samples = [
        ("167.242.192.0/20", None, "701 15169 4713"),
        ("171.5.0.0/17", Some("701 2914 45629"), "701 15169 45629"),
    ];
    let samples = samples.into_iter().filter_map(|(prefix, before, after)| {
        Some(Sample {
            prefix: prefix.parse().ok()?,
            time: first_seen,
            before: before.map(str::to_owned),
            after: after.to_owned(),
        })
    });
    let end = if over { "; over" } else { "" };
    IncidentEvent {
        event: step,
        drill: false,
        number: 1,
        // Each test is its own, or a sink that knows the last one would say nothing.
        // Always the same, so that a later end finds its beginning.
        id: "leak-15169-via-701-417675".to_owned(),
        time: now,
        kind: Kind::Leak,
        severity: Severity::Critical,
        confidence: 0.98,
        offender: Some(Asn(15169)),
        neighbour: Some(Asn(701)),
        views: vec![view("198.51.100.1", 701), view("203.0.113.1", 1299)],
        afi: None,
        unobservable: false,
        routes: Routes {
            active: if over { 0 } else { 160_000 },
            peak: 160_000,
            total: 160_000,
        },
        origins: 8847,
        covers: 71_434,
        normal: Some(640),
        first_seen,
        last_seen: before(if over { 600 } else { 1 }),
        detectors: vec![
            Detector::MoreSpecific,
            Detector::Surge,
            Detector::NeverTransit,
        ],
        victims: vec![victim(4713, 25_828), victim(7922, 4233)],
        samples: samples.collect(),
        evidence: vec![
            evidence(
                "novelty",
                0.8,
                Seen::MoreSpecific {
                    routes,
                    covers: 71_434,
                    origins: 8847,
                },
            ),
            evidence("policy", 0.75, Seen::NeverTransit { routes }),
            evidence(
                "volume",
                0.65,
                Seen::Gained {
                    routes,
                    normal: 640,
                    usual: 128,
                },
            ),
        ],
        summary: format!(
            "AS15169 (Google) leaks 160,000 routes of 8,847 origins through AS701 (Verizon \
             Business (UUNET)){end}"
        ),
    }
}
