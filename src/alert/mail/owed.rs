//! Mails that some recipients have and others do not yet.
//!
//! A server may take a recipient later only: a mailbox is full, or it greylists whom it does not
//! know (RFC 6647). The notice is told then, since somebody has it, and keeps nothing behind it
//! waiting. Those who lack it are sent the same mail alone, when nothing else waits, for up to
//! [`PATIENCE`]. Who is refused for good is not waited for.
//!
//! All of it is in memory: whom we owe something when we end stands in the log.

use std::{collections::VecDeque, time::Duration};

use lettre::message::Mailbox;

use super::session::{Ended, Envelope, Refused};
use crate::{
    alert::{
        Failure, Then,
        sink::{Missed, Owing},
    },
    bgp::Timestamp,
};

/// A recipient is waited for so long. Greylisting takes minutes, a full mailbox somebody who
/// wakes up.
const PATIENCE: Duration = Duration::from_secs(4 * 3600);
/// Mails kept, a few tens of thousands of octets each. Beyond it the oldest is given up.
const MOST: usize = 64;
/// The first wait, after which most greylists take whom they refused; each next is twice as long.
const FIRST: Duration = Duration::from_secs(60);
/// The longest.
const LONGEST: Duration = Duration::from_secs(900);

/// Who is still to get what.
#[derive(Debug, Default)]
pub(super) struct Owed {
    mails: VecDeque<Owing>,
    /// Nothing of it is tried before. One wait for all: a mailbox that is full is so for each.
    not_before: Timestamp,
    /// Attempts in vain since one succeeded.
    attempts: u32,
    /// Given up since last asked.
    missed: Vec<Missed>,
}

impl Owed {
    /// Whether something is to be tried at `now`, or said.
    pub fn is_due(&self, now: Timestamp) -> bool {
        !self.missed.is_empty() || (!self.mails.is_empty() && now >= self.not_before)
    }

    /// What is to be tried next; `to` has who is still a recipient.
    pub fn next(&self, now: Timestamp, to: &[Mailbox]) -> Option<Envelope> {
        let first = self.mails.front().filter(|_| now >= self.not_before)?;
        let owed = |one: &&Mailbox| first.to.contains(&one.email.to_string());
        Some(Envelope {
            to: to.iter().filter(owed).cloned().collect(),
            octets: first.message.clone(),
        })
    }

    /// Owes a mail to those who were refused for now.
    pub fn add(&mut self, key: &str, sent: &Envelope, later: &[Refused], now: Timestamp) {
        if self.mails.is_empty() {
            self.attempts = 0;
            self.not_before = now + FIRST;
        }
        self.owe(Owing {
            key: key.to_owned(),
            to: addresses(later),
            message: sent.octets.clone(),
            since: now,
            why: lines(later).join("; "),
        });
    }

    /// Owes what another owed.
    pub fn owe(&mut self, one: Owing) {
        self.mails.push_back(one);
        if self.mails.len() > MOST {
            self.give_up();
        }
    }

    /// Takes out everything that is owed.
    pub fn take(&mut self) -> Vec<Owing> {
        self.mails.drain(..).collect()
    }

    /// What [`Owed::next`] gave was tried, with this end.
    pub fn tried(&mut self, ended: Result<Ended, Failure>, now: Timestamp) {
        let Some(mut mail) = self.mails.pop_front() else {
            return;
        };
        let refused = match ended {
            Ok(ended) => ended.refused,
            Err(failure) => {
                // What it has against the mail it did not hold against the others, who have it.
                let later = failure.then != Then::GiveUp;
                mail.why = failure.what;
                self.mails.push_front(mail);
                if later {
                    self.wait(now);
                } else {
                    self.give_up();
                }
                return;
            }
        };
        let (later, never): (Vec<Refused>, Vec<Refused>) =
            refused.into_iter().partition(|one| one.later);
        let missed = lines(&never).into_iter().map(|what| Missed {
            key: mail.key.clone(),
            what,
        });
        self.missed.extend(missed);
        if later.is_empty() {
            self.attempts = 0;
            self.not_before = now;
            return;
        }
        mail.to = addresses(&later);
        mail.why = lines(&later).join("; ");
        self.mails.push_front(mail);
        self.wait(now);
    }

    /// The one that was tried comes last, and all of them later. Some have been waited for enough.
    fn wait(&mut self, now: Timestamp) {
        self.attempts = self.attempts.saturating_add(1);
        let doubled = FIRST.saturating_mul(1_u32.checked_shl(self.attempts).unwrap_or(u32::MAX));
        self.not_before = now + doubled.min(LONGEST);
        self.mails.rotate_left(1);
        while let Some(at) = self
            .mails
            .iter()
            .position(|one| now.since(one.since) >= PATIENCE)
        {
            self.mails.rotate_left(at);
            self.give_up();
        }
    }

    /// The first of them is not waited for any more.
    fn give_up(&mut self) {
        if let Some(one) = self.mails.pop_front() {
            self.missed.push(Missed {
                what: format!("{}: {}", one.to.join(", "), one.why),
                key: one.key,
            });
        }
    }

    /// What was given up since last asked.
    pub fn missed(&mut self) -> Vec<Missed> {
        std::mem::take(&mut self.missed)
    }
}

fn addresses(refused: &[Refused]) -> Vec<String> {
    let address = |one: &Refused| one.to.email.to_string();
    refused.iter().map(address).collect()
}

fn lines(refused: &[Refused]) -> Vec<String> {
    refused.iter().map(Refused::line).collect()
}

#[cfg(test)]
mod tests;
