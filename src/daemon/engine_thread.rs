//! The engine's thread: the one owner of every routing table.
//!
//! It takes batches as they come, lets time pass once a second, answers questions between
//! batches, and shows a copy of itself about once a second. It is a plain thread: what it
//! does takes as long as it takes, and no socket waits for it but through the queue.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, oneshot},
    time::{MissedTickBehavior, interval},
};

use super::{
    Heartbeat,
    judged::Judged,
    memory::{self, Memory},
    recorder::Entry,
    told::Teller,
    world::{Rules, Said, Worlds},
};
use crate::{
    alert::is_canary,
    bgp::{Asn, Prefix},
    engine::Carried,
    feed::{
        clock::{Clock, Watched, instant},
        intake::{Outlet, Parcel, Realm},
    },
    http::Asked,
    incident::Output,
    metrics::{Metrics, raise},
    store::Write,
};

/// What the thread is told to do.
#[derive(Debug)]
pub enum Command {
    /// Judge by other rules; the answer comes when it is done.
    Renew(Box<Rules>, oneshot::Sender<()>),
    /// How many prefixes this AS has now?
    Count(Asn, oneshot::Sender<Carried>),
    /// Which prefixes did this incident ever affect?
    Affected(Realm, String, oneshot::Sender<Option<Vec<Prefix>>>),
    /// Apply what waits, for so long at most, and end.
    Stop(Duration),
}

/// What it works with.
#[derive(Debug)]
pub struct Bench {
    /// Both worlds.
    pub worlds: Worlds,
    /// What time it is.
    pub clock: Clock,
    /// Batches.
    pub outlet: Outlet,
    /// Questions to the routing tables.
    pub questions: mpsc::Receiver<Asked>,
    /// Orders.
    pub commands: mpsc::Receiver<Command>,
    /// Where incidents go.
    pub teller: Teller,
    /// Where what was learned goes.
    pub memory: Memory,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Says that the thread is alive.
    pub heartbeat: Heartbeat,
}

/// Time passes, and copies are shown, so often.
const TURN: Duration = Duration::from_secs(1);
/// After an incident a copy is shown at once, but not more often than this.
const SOON: Duration = Duration::from_millis(100);
/// Batches are applied for so long before anything else is looked at.
const SLICE: Duration = Duration::from_millis(20);

/// Starts the thread. What is returned is told, or dropped, when it ends.
///
/// # Errors
/// If the system gives no thread or no timer.
pub fn start(bench: Bench) -> std::io::Result<oneshot::Receiver<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let (end, ended) = oneshot::channel();
    thread::Builder::new()
        .name("engine".to_owned())
        .spawn(move || {
            let mut turn = Turn::new(bench);
            runtime.block_on(turn.run());
            // Nobody waits where the process ends anyway.
            let _ = end.send(());
        })?;
    Ok(ended)
}

struct Turn {
    bench: Bench,
    said: Said,
    watched: Watched,
    shown: Instant,
    /// When the last applied batch was read.
    read: Instant,
    stop: Option<Instant>,
    judged: Judged,
}

impl Turn {
    fn new(bench: Bench) -> Self {
        let now = instant();
        Turn {
            bench,
            said: Vec::new(),
            watched: Watched::default(),
            shown: now,
            read: now,
            stop: None,
            judged: Judged::default(),
        }
    }

    async fn run(&mut self) {
        let mut turns = interval(TURN);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.stop.is_none() {
            tokio::select! {
                biased;
                command = self.bench.commands.recv() => match command {
                    Some(Command::Renew(rules, done)) => self.work(|turn| {
                        turn.bench.worlds.renew(*rules);
                        turn.show();
                        // Whoever waited may have given up.
                        let _ = done.send(());
                    }),
                    // Who asked may have given up.
                    Some(Command::Count(asn, answer)) => self.work(|turn| {
                        let _ = answer.send(turn.bench.worlds.live().carried(asn));
                    }),
                    Some(Command::Affected(realm, id, answer)) => self.work(|turn| {
                        let _ = answer.send(turn.bench.worlds.affected(realm, &id));
                    }),
                    Some(Command::Stop(most)) => self.stop = Some(instant() + most),
                    None => self.stop = Some(instant()),
                },
                _ = turns.tick() => self.work(Turn::tick),
                Some(asked) = self.bench.questions.recv() => self.work(|turn| {
                    turn.answer(asked);
                    // So that no flood of questions keeps updates waiting.
                    turn.apply_slice();
                }),
                parcel = self.bench.outlet.next() => match parcel {
                    Some(parcel) => self.work(|turn| {
                        turn.apply(parcel);
                        turn.apply_slice();
                    }),
                    None => self.stop = Some(instant()),
                },
            }
        }
        self.finish();
    }

    /// Does a piece of work and counts its time.
    fn work(&mut self, piece: impl FnOnce(&mut Self)) {
        let began = instant();
        piece(self);
        let ended = instant();
        let busy = ended.saturating_duration_since(began);
        self.bench.metrics.engine.busy.inc_by(busy.as_secs_f64());
        self.bench.heartbeat.beat();
    }

    fn tick(&mut self) {
        let now = self.bench.clock.now();
        // While batches wait, time is when the last applied one was read: what waits must
        // be judged before what follows from its absence.
        let now = if self.bench.outlet.is_empty() {
            now
        } else {
            let age = instant().saturating_duration_since(self.read);
            let age = u64::try_from(age.as_micros()).unwrap_or(u64::MAX);
            crate::bgp::Timestamp::from_micros(now.micros().saturating_sub(age))
        };
        self.bench.worlds.advance(now, &mut self.said);
        self.tell(None);
        let kept = memory::keep(self.bench.worlds.live());
        let idle = self.bench.outlet.is_empty();
        let judged = self.judged.tick(self.bench.clock.now(), idle);
        let entries = kept.into_iter().chain(judged).collect();
        self.bench.teller.tell(entries, None);
        self.bench.memory.tick(self.bench.worlds.live());
        // By the wall clock, as whoever compares it with theirs: after a pause ours is behind.
        let now = self.bench.clock.now().micros();
        let wall = now.saturating_add_signed(self.bench.clock.watched().behind);
        let engine = &self.bench.metrics.engine;
        engine.last_tick.set(wall as f64 / 1e6);
        self.look_at_the_clock();
        self.show();
        for (realm, incidents) in self.bench.worlds.incidents() {
            self.bench.teller.refresh(realm, incidents);
        }
    }

    fn apply_slice(&mut self) {
        let until = instant() + SLICE;
        while let Some(parcel) = self.bench.outlet.try_next() {
            self.apply(parcel);
            if instant() >= until {
                return;
            }
        }
    }

    fn apply(&mut self, mut parcel: Parcel) {
        let realm = parcel.world;
        self.bench
            .worlds
            .apply(realm, &parcel.batch, &mut self.said);
        if parcel.last {
            self.bench.worlds.end_drill(&mut self.said);
        }
        let received = parcel.received;
        self.read = received;
        let metrics = &self.bench.metrics.engine;
        metrics.batches.inc();
        let latency = instant().saturating_duration_since(received);
        metrics.detection_latency.observe(latency.as_secs_f64());
        let bookmark = parcel.bookmark.take();
        self.bench.outlet.done(parcel);
        self.tell(Some(received));
        if let Some(bookmark) = bookmark {
            self.judged.put(bookmark, self.bench.clock.now());
        }
    }

    /// Passes on what the engines said, with what is to be kept of it. `received` is when the
    /// batch was read that made them say it.
    fn tell(&mut self, received: Option<Instant>) {
        if self.said.is_empty() {
            return;
        }
        let mut entries: Vec<Entry> = self
            .said
            .drain(..)
            .map(|(realm, output)| Entry::Said(realm, output))
            .collect();
        let slices = |entry: &Entry| match entry {
            Entry::Said(Realm::Drill, Output::Incident(event)) if !is_canary(event) => {
                memory::slice(self.bench.worlds.drill()?, &event.id, true)
            }
            _ => None,
        };
        let slices: Vec<Write> = entries.iter().filter_map(slices).collect();
        if !slices.is_empty() {
            entries.push(Entry::Rows(slices));
        }
        entries.extend(memory::keep(self.bench.worlds.live()));
        self.bench.teller.tell(entries, received);
        if instant().saturating_duration_since(self.shown) >= SOON {
            self.show();
        }
    }

    fn answer(&mut self, asked: Asked) {
        let count = |result| {
            let questions = &self.bench.metrics.engine.questions;
            questions.with_label_values(&[result]).inc();
        };
        if asked.reply.is_closed() {
            return count("abandoned");
        }
        let answer = self.bench.worlds.answer(asked.realm, &asked.question);
        count(if answer.truncated {
            "truncated"
        } else {
            "whole"
        });
        // Whoever asked may have given up meanwhile.
        let _ = asked.reply.send(answer);
    }

    fn show(&mut self) {
        let (live, drill) = self.bench.worlds.show();
        self.bench.metrics.observe(&live);
        self.bench.metrics.observe_drill(drill.as_ref());
        let drills = i64::from(drill.is_some());
        self.bench.metrics.engine.drills.set(drills);
        self.shown = instant();
    }

    fn look_at_the_clock(&mut self) {
        let watched = self.bench.clock.watched();
        if watched.steps > self.watched.steps {
            tracing::warn!(
                seconds = watched.last_step / 1_000_000,
                "the host's clock was set; times follow it by a twentieth"
            );
        }
        if watched.gaps > self.watched.gaps {
            tracing::warn!(
                seconds = watched.last_gap.as_secs(),
                "we did not run; the time counts once what was missed is read"
            );
        }
        let metrics = &self.bench.metrics.engine;
        raise(&metrics.clock_steps, watched.steps);
        metrics.clock_offset.set(0.0 - watched.behind as f64 / 1e6);
        self.watched = watched;
    }

    /// Applies what waits until there is nothing or no time left.
    fn finish(&mut self) {
        let until = self.stop.unwrap_or_else(instant);
        let mut left = 0_u64;
        while let Some(parcel) = self.bench.outlet.try_next() {
            if instant() < until {
                self.apply(parcel);
            } else {
                left += 1;
            }
            self.bench.heartbeat.beat();
        }
        if left > 0 {
            tracing::warn!(batches = left, "stopped before everything read was judged");
        }
        self.bench.worlds.end_drill(&mut self.said);
        self.tell(None);
        let kept = memory::keep(self.bench.worlds.live());
        let judged = self.judged.finish(self.bench.clock.now(), left == 0);
        let entries = kept.into_iter().chain(judged).collect();
        self.bench.teller.tell(entries, None);
        self.bench.memory.finish(self.bench.worlds.live());
        self.show();
    }
}

#[cfg(test)]
mod tests;
