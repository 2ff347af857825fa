//! A mute: what matches it is not told for a while.
//!
//! It keeps alerts from sinks and from nothing else. The status page, the interface, the log
//! and the journal show a muted incident like any other, and say who muted it and why.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{
    super::Subject,
    words::{self, Asked, MOST_NAME, Refusal},
};
use crate::{
    bgp::{Asn, Timestamp},
    incident::{IncidentEvent, Kind, Severity},
};

/// Days that a mute lasts at most.
pub const MOST_DAYS: u64 = 30;
/// Octets of an incident's name at most.
const MOST_ID: usize = 200;

/// What is not told for a while, on whose word and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// `m-1`, `m-2`, …; never used twice.
    pub id: String,
    /// What it mutes.
    pub matches: Matches,
    /// What is critical is told all the same.
    #[serde(default)]
    pub below_critical: bool,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    /// Who asked for it.
    pub by: String,
    /// Why.
    pub why: String,
    /// When it was asked for.
    pub created: Timestamp,
}

/// What a mute matches: all that is set must hold, and something must be set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matches {
    /// The incident or trouble of this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// Incidents of this offender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offender: Option<Asn>,
    /// Incidents that this network let through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub neighbour: Option<Asn>,
    /// Incidents of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Incidents that are seen at this peer and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// Incidents that are seen at this router and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub router: Option<String>,
    /// At this sink; everywhere where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sink: Option<String>,
}

/// A mute that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What is to be muted.
    pub matches: Matches,
    /// What is critical is to be told all the same.
    pub below_critical: bool,
    /// From when; at once where nothing is said.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Timestamp,
}

impl Wanted {
    /// The mute, if it can be had.
    pub(super) fn granted(self, id: String, asked: &Asked) -> Result<Mute, Refusal> {
        let (by, why) = asked.checked()?;
        let from = self.from.unwrap_or(asked.now);
        words::span(from, self.until, asked.now, MOST_DAYS)?;
        self.matches.check()?;
        Ok(Mute {
            id,
            matches: self.matches.spelled(),
            below_critical: self.below_critical,
            from,
            until: self.until,
            by,
            why,
            created: asked.now,
        })
    }
}

impl Mute {
    /// Whether it keeps `subject` from being told at `sink` at that time.
    pub fn holds(&self, subject: &Subject, sink: &str, now: Timestamp) -> bool {
        let here = self.matches.sink.as_deref().is_none_or(|one| one == sink);
        here && self.covers(subject, now)
    }

    /// Whether it mutes `subject` at that time, at some sink at least.
    pub fn covers(&self, subject: &Subject, now: Timestamp) -> bool {
        let spared = self.below_critical && subject.severity() >= Severity::Critical;
        self.from <= now && now < self.until && !spared && self.matches.fit(subject)
    }

    /// What it mutes, in words: `leak of AS64500 at the sink pager, below critical`.
    pub fn what(&self) -> String {
        let mut text = self.matches.words();
        if self.below_critical {
            text.push_str(", below critical");
        }
        text
    }
}

impl Matches {
    fn check(&self) -> Result<(), Refusal> {
        if *self == Matches::default() {
            return Err(Refusal::field(
                "matches",
                "needs one of `incident`, `offender`, `neighbour`, `kind`, `peer`, `router` and \
                 `sink` at least",
            ));
        }
        for (field, value, most) in [
            ("matches.incident", &self.incident, MOST_ID),
            ("matches.peer", &self.peer, MOST_NAME),
            ("matches.router", &self.router, MOST_NAME),
            ("matches.sink", &self.sink, MOST_NAME),
        ] {
            if let Some(value) = value {
                words::text(field, value, most)?;
            }
        }
        Ok(())
    }

    /// As incidents and sinks spell it, addresses too.
    fn spelled(mut self) -> Matches {
        for text in [
            &mut self.incident,
            &mut self.peer,
            &mut self.router,
            &mut self.sink,
        ] {
            *text = text.as_deref().map(str::trim).map(str::to_owned);
        }
        for place in [&mut self.peer, &mut self.router] {
            let address = place.as_deref().map(str::parse::<IpAddr>);
            if let Some(Ok(address)) = address {
                *place = Some(address.to_string());
            }
        }
        self
    }

    /// Whether it is about this, whatever the sink.
    fn fit(&self, subject: &Subject) -> bool {
        let named = self.incident.as_deref();
        if named.is_some_and(|id| id != subject.id()) {
            return false;
        }
        match subject {
            Subject::Incident(event) => self.fit_incident(event),
            // A trouble has no offender and no peer to be matched by.
            Subject::Trouble(_) => {
                self.offender.is_none()
                    && self.neighbour.is_none()
                    && self.kind.is_none()
                    && self.peer.is_none()
                    && self.router.is_none()
            }
        }
    }

    fn fit_incident(&self, event: &IncidentEvent) -> bool {
        let is = |wanted: Option<Asn>, found: Option<Asn>| wanted.is_none() || wanted == found;
        let at = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found)
        };
        let by_place = self.peer.is_some() || self.router.is_some();
        // One peer that misbehaves must not hide what others see too.
        let only_there = !event.views.is_empty()
            && event
                .views
                .iter()
                .all(|view| at(&self.peer, &view.peer) && at(&self.router, &view.router));
        is(self.offender, event.offender)
            && is(self.neighbour, event.neighbour)
            && self.kind.is_none_or(|kind| kind == event.kind)
            && (!by_place || only_there)
    }

    /// It in words.
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        if let Some(id) = &self.incident {
            parts.push(id.clone());
        }
        if let Some(kind) = self.kind {
            parts.push(format!("incidents of the kind {}", kind.name()));
        }
        if let Some(asn) = self.offender {
            parts.push(format!("incidents of {asn}"));
        }
        if let Some(asn) = self.neighbour {
            parts.push(format!("what {asn} accepted"));
        }
        if let Some(peer) = &self.peer {
            parts.push(format!("seen at the peer {peer} alone"));
        }
        if let Some(router) = &self.router {
            parts.push(format!("seen at the router {router} alone"));
        }
        if let Some(sink) = &self.sink {
            if parts.is_empty() {
                parts.push("everything".to_owned());
            }
            parts.push(format!("at the sink {sink}"));
        }
        parts.join(", ")
    }
}
