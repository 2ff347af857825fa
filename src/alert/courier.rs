//! What carries notices to one sink: a thread that waits for it, so that nobody else has to.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

use super::{
    Failure, Message, Notice, Sink, Then,
    backoff::draw,
    dispatcher::{Desk, Office, Renewed},
    queue::{Failing, Next},
    sink::Missed,
};
use crate::bgp::Timestamp;

/// The longest sleep: mutes end, and the clock may be drawn, while nobody rings.
const NAP: Duration = Duration::from_secs(1);

/// The notice in words. A sink that `deduplicates` shows a repeat once, so that it may be one is
/// data there and not said.
pub(super) fn worded(
    mut notice: Notice,
    deduplicates: bool,
    render: &(impl Fn(Notice) -> Message + ?Sized),
) -> Message {
    let maybe_repeat = notice.maybe_repeat;
    notice.maybe_repeat &= !deduplicates;
    let mut message = render(notice);
    message.notice.maybe_repeat = maybe_repeat;
    message
}

/// The courier of one sink.
pub(super) struct Courier {
    desk: Arc<Desk>,
    sink: Box<dyn Sink>,
    office: Office,
    name: String,
    reminded: Option<Timestamp>,
    /// What stands could not be said again: what is new goes first, once.
    stumbled: bool,
}

impl Courier {
    pub fn new(desk: Arc<Desk>, sink: Box<dyn Sink>, office: Office, name: String) -> Courier {
        Courier {
            desk,
            sink,
            office,
            name,
            reminded: None,
            stumbled: false,
        }
    }

    /// Carries until the desk is closed.
    pub fn run(mut self) {
        while let Some(notice) = self.wait() {
            self.carry(*notice);
        }
        let ends = if self.desk.ending.load(Ordering::Relaxed) {
            "leakwatch ends"
        } else {
            "the sink is used no more"
        };
        for owed in self.sink.hand_over() {
            self.misses(&Missed {
                what: format!("{}: {ends}, and {}", owed.to, owed.why),
                key: owed.key,
            });
        }
        self.desk.closed.store(true, Ordering::Relaxed);
    }

    /// Waits until something is to be sent, which is marked as under way; none at the end.
    fn wait(&mut self) -> Option<Box<Notice>> {
        loop {
            self.take_new_sink();
            self.remind();
            let now = (self.office.clock)();
            let judge = |subject: &_| (self.office.judge)(subject, &self.name, now);
            let mut rows = Vec::new();
            let mut queue = self.desk.queue();
            if self.desk.closed.load(Ordering::Relaxed) {
                return None;
            }
            let next = queue.next(now, &judge, &mut rows);
            let sending = match &next {
                Next::Send(notice) => {
                    rows.push(queue.begin(&notice.subject.key()));
                    true
                }
                Next::Wait(_) if self.desk.ending.load(Ordering::Relaxed) => return None,
                Next::Wait(_) => false,
            };
            if !rows.is_empty() {
                self.office.store.write(&rows, now);
            }
            match next {
                Next::Send(notice) if sending => return Some(notice),
                Next::Send(_) => {}
                Next::Wait(until) => {
                    if !queue.is_put_off(now) {
                        for missed in self.sink.catch_up(now) {
                            self.misses(&missed);
                        }
                    }
                    let nap = until.map_or(NAP, |until| until.since(now).min(NAP));
                    let nap = nap.max(Duration::from_millis(5));
                    drop(
                        self.desk
                            .bell
                            .wait_timeout(queue, nap)
                            .unwrap_or_else(PoisonError::into_inner),
                    );
                }
            }
        }
    }

    fn take_new_sink(&mut self) {
        let mut renewed = self
            .desk
            .renewed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(Renewed(sink)) = renewed.take() {
            let owed = self.sink.hand_over();
            self.sink = sink;
            self.sink.take_over(owed);
            self.reminded = None;
        }
    }

    fn carry(&mut self, notice: Notice) {
        let key = notice.subject.key();
        let message = worded(notice, self.sink.deduplicates(), &*self.office.render);
        let result = self.sink.send(&message);
        let now = (self.office.clock)();
        let fails = |failing: &Failing| !failing.is_doubt();
        let was_failing = self.desk.queue().failing().is_some_and(fails);
        match result {
            Ok(sent) => {
                let mut queue = self.desk.queue();
                if let Some(row) = queue.delivered(&key, now) {
                    self.office.store.write(&[row], now);
                }
                let waiting = queue.len();
                drop(queue);
                self.count("delivered");
                if was_failing {
                    tracing::info!(sink = self.name, waiting, "the sink takes alerts again");
                }
                tracing::debug!(
                    sink = self.name,
                    key = message.notice.key,
                    "alert delivered"
                );
                for what in sent.missed {
                    let key = message.notice.key.clone();
                    self.misses(&Missed { key, what });
                }
                (self.office.taken)(&self.name, &message.notice);
            }
            Err(failure) => {
                let mut queue = self.desk.queue();
                if let Some(row) = queue.failed(&key, &failure, now, draw()) {
                    self.office.store.write(&[row], now);
                }
                drop(queue);
                self.tell_of(&failure, &message.notice.key, was_failing);
            }
        }
    }

    fn misses(&self, missed: &Missed) {
        self.count("missed");
        tracing::warn!(
            sink = self.name,
            key = missed.key,
            missed = missed.what,
            "a recipient does not get an alert that others got"
        );
    }

    fn tell_of(&self, failure: &Failure, key: &str, was_failing: bool) {
        let (sink, why) = (&self.name, &failure.what);
        match failure.then {
            Then::GiveUp => {
                self.count("given_up");
                tracing::error!(
                    sink,
                    key,
                    why,
                    "the sink refuses an alert; it is not sent again"
                );
            }
            Then::Retry(_) => {
                self.count("retried");
                if was_failing {
                    tracing::debug!(sink, key, why, "the sink still fails");
                } else {
                    tracing::warn!(
                        sink,
                        key,
                        why,
                        "the sink fails; alerts wait and are tried again"
                    );
                }
            }
        }
    }

    fn count(&self, result: &str) {
        let notifications = &self.office.metrics.alerts.notifications;
        notifications
            .with_label_values(&[self.name.as_str(), result])
            .inc();
    }

    /// Says again what stands, to a sink that forgets.
    fn remind(&mut self) {
        let Some(every) = self.sink.forgets_after() else {
            return;
        };
        let now = (self.office.clock)();
        if self.reminded.is_some_and(|at| now.since(at) < every) {
            return;
        }
        let standing = {
            let queue = self.desk.queue();
            if queue.is_put_off(now) {
                return;
            }
            if std::mem::take(&mut self.stumbled) {
                return;
            }
            queue.standing(now)
        };
        self.reminded = Some(now);
        if standing.is_empty() {
            return;
        }
        let messages: Vec<_> = standing
            .into_iter()
            .map(|notice| (self.office.render)(notice))
            .collect();
        let result = self.sink.remind(&messages);
        let now = (self.office.clock)();
        if let Err(failure) = result {
            let Then::Retry(after) = failure.then else {
                // Said again with the next turn; what is new is not kept waiting for it.
                self.desk.queue().refuses_what_stands(&failure.what, now);
                tracing::error!(
                    sink = self.name,
                    why = failure.what,
                    "the sink refuses to be told again what stands: it may take it for over"
                );
                return;
            };
            self.stumbled = true;
            let mut queue = self.desk.queue();
            let was_failing = queue.failing().is_some();
            queue.put_off(&failure.what, after, now, draw());
            drop(queue);
            if !was_failing {
                tracing::warn!(
                    sink = self.name,
                    why = failure.what,
                    "the sink fails; what stands is said again later"
                );
            }
            // Sooner than the next turn: what it forgets looks as if it were over.
            self.reminded = None;
        } else if self.desk.queue().works() {
            tracing::info!(sink = self.name, "the sink takes alerts again");
        }
    }
}
