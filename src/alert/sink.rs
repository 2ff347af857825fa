//! What a sink is: something that can be handed a message and says how that went.

use std::{sync::Arc, time::Duration};

use super::Message;
use crate::bgp::Timestamp;

/// One place that messages go to. It is used by one thread, which waits for it; every call ends
/// within the sink's own time limit.
pub trait Sink: Send {
    /// Hands over one message.
    ///
    /// # Errors
    /// If it was not taken, with what to do about it.
    fn send(&mut self, message: &Message) -> Result<Sent, Failure>;

    /// Says again what stands and what is lately over, to a sink that forgets what it is not told
    /// again; `standing` is all of it. Called every [`Sink::forgets_after`].
    ///
    /// # Errors
    /// As [`Sink::send`].
    fn remind(&mut self, _standing: &[Message]) -> Result<(), Failure> {
        Ok(())
    }

    /// How often [`Sink::remind`] has to be called; none for a sink that remembers.
    fn forgets_after(&self) -> Option<Duration> {
        None
    }

    /// Begins to give what was told to those of its recipients who could not get it yet, or looks
    /// how that went, and says who never will. Called about once a second while nothing else is to
    /// be sent; does not wait.
    fn catch_up(&mut self, _now: Timestamp) -> Vec<Missed> {
        Vec::new()
    }

    /// Hands out what is still owed to somebody: the sink is to be used no more.
    fn hand_over(&mut self) -> Vec<Owing> {
        Vec::new()
    }

    /// Owes what the sink in whose place it is did.
    fn take_over(&mut self, _owed: Vec<Owing>) {}

    /// Whether the other side takes the same key twice as one.
    fn deduplicates(&self) -> bool;

    /// An end is not told before the beginning has stood for so long at this sink: some group
    /// what is new for a while, and would drop what is over by then.
    fn holds(&self) -> Duration {
        Duration::ZERO
    }

    /// What would be sent, for a person to look at; without secrets.
    fn preview(&self, message: &Message) -> String {
        message.title.clone()
    }
}

/// It was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// What the other side said, for a person who tries the sink: `250 2.0.0 Ok: queued as 4F2`.
    /// Of a stranger's making.
    pub answer: String,
    /// Recipients that will not get it although others do, and why; a line each.
    pub missed: Vec<String>,
}

impl Sent {
    /// It was taken, for everybody.
    pub fn to_all(answer: impl Into<String>) -> Sent {
        Sent {
            answer: answer.into(),
            missed: Vec::new(),
        }
    }
}

/// Something that some recipients of a sink have and others are still to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owing {
    /// The key of the notice.
    pub key: String,
    /// The address of who lacks it.
    pub to: String,
    /// The mail, as the others got it.
    pub message: Arc<[u8]>,
    /// Since when it is owed.
    pub since: Timestamp,
    /// What the other side said last.
    pub why: String,
}

/// Something that some recipients of a sink have and others will not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The key of the notice.
    pub key: String,
    /// Who, and why.
    pub what: String,
}

/// It was not taken, as far as we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happened, on one line, without secrets.
    pub what: String,
    /// What to do about it.
    pub then: Then,
    /// It was handed over, and only the answer is missing.
    pub may_have_arrived: bool,
    /// It may be this message that the other side stumbles over, and not the sink that fails.
    pub of_message: bool,
}

/// What to do about a message that was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Try again, not before so long where the other side asked for that (Retry-After).
    Retry(Option<Duration>),
    /// It will never be taken: this message is given up, and the next is tried.
    GiveUp,
}

impl Failure {
    /// Nothing was handed over; try again.
    pub fn retry(what: impl Into<String>) -> Failure {
        Failure {
            what: what.into(),
            then: Then::Retry(None),
            may_have_arrived: false,
            of_message: false,
        }
    }

    /// The message itself is refused.
    pub fn give_up(what: impl Into<String>) -> Failure {
        Failure {
            what: what.into(),
            then: Then::GiveUp,
            may_have_arrived: false,
            of_message: false,
        }
    }
}
