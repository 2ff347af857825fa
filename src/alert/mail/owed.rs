//! Mails that some recipients have and others do not.
//!
//! A server may take a recipient later only: a mailbox is full, or it greylists who it does not
//! know (RFC 6647). Those alone are tried again with the same mail, and the notice does not count
//! as told before. It must not keep what follows waiting for ever either, so they are waited for no
//! longer than [`PATIENCE`], and who was waited for in vain is not waited for again until the
//! server takes them. Who is refused for good is not waited for at all.
//!
//! All of it is in memory: what was under way when we ended is sent to everybody again, which it
//! says.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use lettre::Address;

use super::session::{Ended, Envelope, Refused, SHOWN};
use crate::{
    alert::{Failure, Message, Sent, Then, message::cut},
    bgp::{Plain, Timestamp},
};

/// A recipient is waited for so long. Greylisting mostly takes five minutes.
const PATIENCE: Duration = Duration::from_secs(600);
/// Mails kept, a few tens of thousands of octets each. Beyond it the oldest is forgotten, and sent
/// to everybody again.
const MOST: usize = 64;

/// Who is still to get what.
#[derive(Debug, Default)]
pub(super) struct Owed {
    /// By the key of the notice.
    mails: BTreeMap<String, Partly>,
    /// Recipients that were waited for in vain.
    tired: BTreeSet<Address>,
}

/// A mail that some have.
#[derive(Debug)]
struct Partly {
    /// It, and who is to get it.
    envelope: Envelope,
    /// Of when it speaks: a key may come again where a queue has forgotten that it was used.
    time: Timestamp,
    /// When the first of them got it.
    since: Timestamp,
    /// What the server said then.
    answer: String,
    /// Who will not get it, and why.
    missed: Vec<String>,
}

impl Owed {
    /// What is still to be sent of a message; none if nobody has it yet.
    pub fn of(&self, message: &Message) -> Option<Envelope> {
        let mail = self.mails.get(&message.notice.key)?;
        mail.is_of(message).then(|| mail.envelope.clone())
    }

    /// What it means for a message that the session ended in which it was sent.
    ///
    /// # Errors
    /// If it was not taken, or has to be tried with some again.
    pub fn conclude(
        &mut self,
        message: &Message,
        sent: Envelope,
        ended: Result<Ended, Failure>,
    ) -> Result<Sent, Failure> {
        let known = self.mails.remove(&message.notice.key);
        let Some(mut mail) = known.filter(|mail| mail.is_of(message)) else {
            let Ended { answer, refused } = ended?;
            let Some(answer) = answer else {
                // What is wrong with all of them is mended by a person, and then it should go.
                let last = refused.into_iter().next_back();
                return Err(Failure::retry(
                    last.map_or_else(String::new, |one| one.what),
                ));
            };
            let mail = Partly {
                envelope: sent,
                time: message.notice.subject.time(),
                since: message.now,
                answer,
                missed: Vec::new(),
            };
            return self.settle(message, mail, refused);
        };
        let refused = match ended {
            Ok(ended) => ended.refused,
            // What it has against the mail it did not hold against the others, who have it.
            Err(failure) if failure.then == Then::GiveUp => {
                let all = sent.to.into_iter();
                all.map(|to| Refused {
                    to,
                    what: failure.what.clone(),
                    later: false,
                })
                .collect()
            }
            Err(failure) => {
                mail.envelope = sent;
                self.keep(message, mail);
                return Err(failure);
            }
        };
        self.settle(message, mail, refused)
    }

    /// Some have it; `refused` are those who were to get it now and did not.
    fn settle(
        &mut self,
        message: &Message,
        mut mail: Partly,
        refused: Vec<Refused>,
    ) -> Result<Sent, Failure> {
        let (later, never): (Vec<Refused>, Vec<Refused>) =
            refused.into_iter().partition(|one| one.later);
        mail.missed.extend(never.iter().map(Refused::line));
        let tried = &mail.envelope.to;
        self.tired.retain(|tired| {
            tried.iter().all(|to| to.email != *tired)
                || later.iter().any(|one| one.to.email == *tired)
        });
        let patient = message.now.since(mail.since) < PATIENCE;
        let fresh = |one: &Refused| !self.tired.contains(&one.to.email);
        if !patient || !later.iter().any(fresh) {
            mail.missed.extend(later.iter().map(Refused::line));
            self.tired.extend(later.into_iter().map(|one| one.to.email));
            return Ok(mail.sent());
        }
        let lines: Vec<String> = later.iter().map(Refused::line).collect();
        mail.envelope.to = later.into_iter().map(|one| one.to).collect();
        self.keep(message, mail);
        Err(Failure {
            // So that it stays what the others have, and keeps nothing waiting that is behind it.
            may_have_arrived: true,
            of_message: true,
            ..Failure::retry(format!(
                "not yet to {}; the others have it",
                lines.join("; ")
            ))
        })
    }

    fn keep(&mut self, message: &Message, mail: Partly) {
        if self.mails.len() >= MOST {
            let oldest = self.mails.iter().min_by_key(|(_, mail)| mail.since);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.mails.remove(&key);
            }
        }
        self.mails.insert(message.notice.key.clone(), mail);
    }
}

impl Partly {
    fn is_of(&self, message: &Message) -> bool {
        self.time == message.notice.subject.time()
    }

    fn sent(self) -> Sent {
        let mut answer = self.answer;
        for missed in &self.missed {
            answer = format!("{answer}; but not to {missed}");
        }
        Sent {
            answer: cut(&Plain(&answer).to_string(), 2 * SHOWN),
            missed: self.missed,
        }
    }
}

#[cfg(test)]
mod tests;
