//! What a message says of the time: by the clock that events are stamped by, and to the other
//! side by the one on the wall.

use std::time::Duration;

use serde_json::Value;

use super::{
    super::{alertmanager, json, mail, samples, syslog},
    fact,
};
use crate::{bgp::Timestamp, incident::Severity};

const HOUR: Duration = Duration::from_secs(3600);

fn before(time: Timestamp, ago: Duration) -> Timestamp {
    Timestamp::from_secs(time.secs() - ago.as_secs())
}

/// The wall's clock an hour ahead of that of events, as after a pause of the machine, and an hour
/// behind it, as after it was set back.
fn walls(now: Timestamp) -> [Timestamp; 2] {
    [now + HOUR, before(now, HOUR)]
}

fn time(value: &Value) -> Timestamp {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn what_stands_stands_at_alertmanager_whatever_our_clock_of_events_shows() {
    for message in [samples::opened(), samples::updated()] {
        for wall in walls(message.now) {
            let told = samples::told_by(message.notice.clone(), message.now, wall);
            let alerts = alertmanager::shown(&told, Some(Severity::Warning));
            let (now, passed) = (&alerts[0], &alerts[1]);
            assert!(time(&now["endsAt"]) > wall, "it would come as over");
            assert!(time(&passed["endsAt"]) <= wall, "it would page for both");
            for alert in [now, passed] {
                assert!(time(&alert["startsAt"]) <= time(&alert["endsAt"]));
                assert!(time(&alert["startsAt"]) <= wall);
            }
        }
    }
}

#[test]
fn what_is_over_is_over_at_alertmanager_whatever_our_clock_of_events_shows() {
    let message = samples::resolved();
    for wall in walls(message.now) {
        let told = samples::told_by(message.notice.clone(), message.now, wall);
        let alerts = alertmanager::shown(&told, None);
        let (starts, ends) = (time(&alerts[0]["startsAt"]), time(&alerts[0]["endsAt"]));
        assert!(starts <= ends && ends <= wall, "{starts} {ends} {wall}");
    }
}

#[test]
fn the_other_side_is_told_the_time_on_the_wall() {
    let message = samples::opened();
    for (wall, date, stamp) in [
        (
            message.now + HOUR,
            "Date: Fri, 25 Aug 2017 04:22:11",
            "T04:22:11",
        ),
        (
            before(message.now, HOUR),
            "Date: Fri, 25 Aug 2017 02:22:11",
            "T02:22:11",
        ),
    ] {
        let told = samples::told_by(message.notice.clone(), message.now, wall);
        assert!(mail::shown(&told).contains(date));
        assert!(syslog::shown(&told).contains(stamp));
        let document: Value = serde_json::from_str(&json::document(&told).unwrap()).unwrap();
        assert_eq!(time(&document["told"]), wall);
        assert_eq!(time(&document["time"]), message.now);
    }
}

#[test]
fn a_clock_that_was_set_makes_nothing_late() {
    let message = samples::opened();
    for wall in walls(message.now) {
        let told = samples::told_by(message.notice.clone(), message.now, wall);
        assert_eq!(fact(&told, "Late"), None);
    }
}
