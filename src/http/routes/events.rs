//! `/api/v1/events`: what is told, as it is told (server-sent events).
//!
//! A reader has a place in the board's ring and fetches from there when it can take
//! more; nothing is queued for it. One that was away shorter than the ring is long
//! resumes with `Last-Event-ID`. One that falls behind further is told `missed` and
//! cut off; so is one whose connection takes nothing for half a minute.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::stream::{self, Stream};
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::{
    feed::intake::Realm,
    http::{Shared, Told, params::Params, problem::Problem},
};

/// A comment is sent when nothing else was for so long, so that both ends and the boxes
/// between them know that the other is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a client waits before it comes back.
const RETRY: Duration = Duration::from_secs(3);

pub(super) async fn follow(
    State(shared): State<Shared>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["drill"])?;
    let drill = params.flag("drill")?;
    let place = shared.followers.clone().try_acquire_owned().map_err(|_| {
        shared.refused("event_clients");
        Problem::busy("as many clients follow events as may; try again later")
    })?;
    let newest = shared.desk.board.watch();
    let now = *newest.borrow();
    let epoch = shared.desk.started.micros();
    let last = headers
        .get("last-event-id")
        .map(|id| id.to_str().unwrap_or_default());
    // What was seen before the daemon was started again is told by another one: all
    // that is told since is news to this reader.
    let seen = match last.map(|id| id.split_once('-')) {
        None => now,
        Some(Some((then, number))) if then.parse() == Ok(epoch) => {
            number.parse().map_or(0, |number: u64| number.min(now))
        }
        Some(_) => 0,
    };
    shared.desk.metrics.http.sse_clients.inc();
    let follower = Follower {
        newest,
        seen,
        epoch,
        drill,
        waiting: Vec::new().into_iter(),
        begun: false,
        ended: false,
        shared,
        _place: place,
    };
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("still here");
    Ok(Sse::new(events(follower))
        .keep_alive(keep_alive)
        .into_response())
}

struct Follower {
    shared: Shared,
    newest: watch::Receiver<u64>,
    seen: u64,
    epoch: u64,
    drill: Option<bool>,
    waiting: std::vec::IntoIter<Told>,
    begun: bool,
    ended: bool,
    _place: OwnedSemaphorePermit,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.shared.desk.metrics.http.sse_clients.dec();
    }
}

fn events(follower: Follower) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    })
}

impl Follower {
    async fn next(&mut self) -> Option<Event> {
        if self.ended {
            return None;
        }
        if !self.begun {
            self.begun = true;
            // Something at once, with an id to come back with.
            let id = format!("{}-{}", self.epoch, self.seen);
            let hello = format!("{{\"version\":\"{}\"}}", env!("CARGO_PKG_VERSION"));
            return Some(
                Event::default()
                    .event("hello")
                    .id(id)
                    .retry(RETRY)
                    .data(hello),
            );
        }
        loop {
            if let Some(told) = self.waiting.next() {
                self.seen = told.number;
                let is_drill = told.realm == Realm::Drill;
                if self.drill.is_some_and(|drill| drill != is_drill) {
                    continue;
                }
                let id = format!("{}-{}", self.epoch, told.number);
                return Some(Event::default().event(told.name).id(id).data(&*told.data));
            }
            match self.shared.desk.board.after(self.seen) {
                Ok(told) if !told.is_empty() => self.waiting = told.into_iter(),
                Ok(_) => {
                    let mut shared = self.shared.clone();
                    let seen = self.seen;
                    tokio::select! {
                        changed = self.newest.wait_for(|newest| *newest > seen) => {
                            changed.ok()?;
                        }
                        () = shared.stopped() => return None,
                    }
                }
                Err(oldest) => {
                    self.ended = true;
                    self.shared.desk.metrics.http.sse_dropped.inc();
                    let missed = oldest - self.seen - 1;
                    let data = format!("{{\"missed\":{missed}}}");
                    let id = format!("{}-{}", self.epoch, oldest - 1);
                    return Some(Event::default().event("missed").id(id).data(data));
                }
            }
        }
    }
}
