//! What goes on is told again: as it was last heard of, and that this was then.

use std::time::Duration;

use super::{
    super::{Message, Notice, alertmanager, samples},
    fact,
};
use crate::incident::Step;

const HOURS: Duration = Duration::from_secs(4 * 3600);

/// Told again four hours after it was last heard of.
fn reminded(mut notice: Notice) -> Message {
    notice.step = Step::Updated;
    notice.reminder = true;
    let last = notice.subject.time();
    samples::told(notice, last + HOURS)
}

#[test]
fn a_reminder_says_how_long_it_has_gone_on_and_of_when_its_numbers_are() {
    let incident = reminded(samples::opened().notice);
    assert!(
        incident.title.starts_with("STILL GOING ON after 4 h"),
        "{}",
        incident.title
    );
    assert_eq!(fact(&incident, "As of"), Some("2017-08-25 03:22:11 UTC"));
    assert_eq!(fact(&incident, "Late"), None);
    let trouble = reminded(samples::trouble(Step::Opened).notice);
    assert!(
        trouble.title.starts_with("STILL GOING ON after 4 h 20 min"),
        "{}",
        trouble.title
    );
    assert_eq!(fact(&trouble, "As of"), Some("2017-08-25 03:22:11 UTC"));
}

#[test]
fn what_alertmanager_is_told_again_reads_as_it_did() {
    let first = samples::opened();
    let again = samples::told(first.notice.clone(), first.now + HOURS);
    assert!(fact(&again, "Late").is_some(), "other sinks say so");
    let annotations =
        |message: &Message| alertmanager::shown(message, None)[0]["annotations"].clone();
    assert_eq!(annotations(&again), annotations(&first));
}
