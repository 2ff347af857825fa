//! Mails that some recipients have and others do not yet.
//!
//! A server may take a recipient later only: a mailbox is full, or it greylists whom it does not
//! know (RFC 6647). The notice is told then, since somebody has it, and keeps nothing behind it
//! waiting. Whoever lacks it is sent the same mail alone, when nothing else waits, for up to
//! [`PATIENCE`]; each recipient at a pace of its own. Who is refused for good is not waited for.
//!
//! All of it is in memory: whom we owe something when we end stands in the log.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

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
/// Mails owed, a few tens of thousands of octets each. Beyond it the oldest is given up.
const MOST: usize = 64;
/// The first wait, after which most greylists take whom they refused; each next is twice as long.
const FIRST: Duration = Duration::from_secs(60);
/// The longest.
const LONGEST: Duration = Duration::from_secs(900);

/// Who is still to get what.
#[derive(Debug, Default)]
pub(super) struct Owed {
    /// In the order in which they came to be owed.
    mails: VecDeque<Owing>,
    /// When recipients may be tried again.
    waits: BTreeMap<String, Wait>,
    /// Given up since last asked.
    missed: Vec<Missed>,
}

/// How long a recipient is left alone.
#[derive(Debug)]
struct Wait {
    /// Attempts in vain since one succeeded.
    attempts: u32,
    /// It is not tried before.
    until: Timestamp,
}

impl Owed {
    /// Owes a mail to those who were refused for now.
    pub fn add(&mut self, key: &str, sent: &Envelope, later: &[Refused], now: Timestamp) {
        for one in later {
            self.owe(Owing {
                key: key.to_owned(),
                to: one.to.email.to_string(),
                message: sent.octets.clone(),
                since: now,
                why: one.what.clone(),
            });
        }
    }

    /// Owes what another owed.
    pub fn owe(&mut self, one: Owing) {
        self.waits.entry(one.to.clone()).or_insert(Wait {
            attempts: 0,
            until: one.since + FIRST,
        });
        self.mails.push_back(one);
        if self.mails.len() > MOST {
            self.give_up(0);
        }
    }

    /// Takes out everything that is owed.
    pub fn take(&mut self) -> Vec<Owing> {
        self.waits.clear();
        self.mails.drain(..).collect()
    }

    /// What is to be tried at `now`: the oldest that is owed to somebody who may be tried.
    pub fn next(&self, now: Timestamp) -> Option<&Owing> {
        let due = |one: &&Owing| self.waits.get(&one.to).is_none_or(|wait| now >= wait.until);
        self.mails.iter().find(due)
    }

    /// It was tried to give `to` the mail of `key`, with this end.
    pub fn tried(&mut self, key: &str, to: &str, ended: Result<Ended, Failure>, now: Timestamp) {
        let Some(at) = self
            .mails
            .iter()
            .position(|one| one.key == key && one.to == to)
        else {
            return;
        };
        // For now, for good, or not at all.
        let refused = match ended {
            Ok(ended) => {
                let one = ended.refused.into_iter().next();
                one.map(|one| (one.later, one.what))
            }
            // What it has against the mail it did not hold against the others, who have it.
            Err(failure) => Some((failure.then != Then::GiveUp, failure.what)),
        };
        match refused {
            None => {
                self.mails.remove(at);
                self.waits.remove(to);
            }
            Some((later, what)) => {
                if let Some(one) = self.mails.get_mut(at) {
                    one.why = what;
                }
                if later {
                    self.wait(to, now);
                } else {
                    self.give_up(at);
                }
            }
        }
        let enough = |one: &Owing| now.since(one.since) >= PATIENCE;
        while let Some(at) = self.mails.iter().position(enough) {
            self.give_up(at);
        }
        let mails = &self.mails;
        self.waits
            .retain(|to, _| mails.iter().any(|one| one.to == *to));
    }

    fn wait(&mut self, to: &str, now: Timestamp) {
        let wait = self.waits.entry(to.to_owned()).or_insert(Wait {
            attempts: 0,
            until: now,
        });
        wait.attempts = wait.attempts.saturating_add(1);
        let doubled = 1_u32.checked_shl(wait.attempts).unwrap_or(u32::MAX);
        wait.until = now + FIRST.saturating_mul(doubled).min(LONGEST);
    }

    /// One of them is not waited for any more.
    fn give_up(&mut self, at: usize) {
        if let Some(one) = self.mails.remove(at) {
            self.missed.push(Missed {
                what: format!("{}: {}", one.to, one.why),
                key: one.key,
            });
        }
    }

    /// What was given up since last asked.
    pub fn missed(&mut self) -> Vec<Missed> {
        std::mem::take(&mut self.missed)
    }
}

#[cfg(test)]
mod tests;
