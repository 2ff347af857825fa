//! What the engine's thread does with what it is handed, and in which order.

use tokio::sync::watch;

use super::*;
use crate::daemon::recorder::Recorder;
use crate::{
    bgp::{Asn, Batch, Event, EventKind, PeerKey, RibView, Span, Timestamp},
    daemon::world::Shown,
    engine::Snapshot,
    feed::{
        intake::{Intake, Realm, queue},
        mrt::Bookmark,
    },
    http::{Board, Desk},
};

/// A thread's work without the thread, what feeds it, and what it shows.
fn turn() -> (Turn, Intake, watch::Receiver<Arc<Snapshot>>) {
    let (intake, outlet) = queue(1 << 20);
    let (live, shown) = watch::channel(Arc::new(Snapshot::default()));
    let (drill, _) = watch::channel(None);
    let (_, questions) = Desk::questions();
    let (_, commands) = mpsc::channel(1);
    let metrics = Arc::new(Metrics::new());
    let bench = Bench {
        worlds: Worlds::new(Rules::default(), Shown { live, drill }),
        clock: Clock::system(),
        outlet,
        questions,
        commands,
        teller: Teller {
            board: Board::default(),
            recorder: Recorder::new(Arc::clone(&metrics)),
            metrics: Arc::clone(&metrics),
        },
        memory: Memory::none(),
        metrics,
        heartbeat: Heartbeat::default(),
    };
    (Turn::new(bench), intake, shown)
}

/// A peer that comes up at `time`.
fn peer_up(time: Timestamp, number: u8) -> Batch {
    let mut batch = Batch::default();
    let address = std::net::IpAddr::from([192, 0, 2, number]);
    batch.peers.push(PeerKey::mrt(address, Asn(64_500)));
    batch.events.push(Event {
        time,
        peer: 0,
        rib: RibView::AdjRibInPre,
        kind: EventKind::PeerUp,
        raw: Span::default(),
    });
    batch
}

#[tokio::test]
async fn while_updates_wait_time_is_when_the_last_one_was_read() {
    // Far from what is late below, and farther than a machine stands still.
    let soon = Duration::from_secs(50);
    let (mut turn, intake, shown) = self::turn();
    turn.tick();
    let now = turn.bench.clock.now();
    assert!(now.since(shown.borrow().time) < soon);

    drop((turn, intake, shown));
    let (mut turn, intake, shown) = self::turn();
    let late = Duration::from_secs(100);
    turn.read = instant().checked_sub(late).unwrap();
    intake
        .send(Realm::Live, peer_up(now, 1), instant())
        .await
        .unwrap();
    turn.tick();
    let behind = turn.bench.clock.now().since(shown.borrow().time);
    assert!(behind >= late, "{behind:?}");
    turn.apply_slice();
    turn.tick();
    let behind = turn.bench.clock.now().since(shown.borrow().time);
    assert!(behind < soon, "{behind:?}");
}

#[tokio::test]
async fn what_waits_is_judged_before_the_end_and_no_longer_than_allowed() {
    for (allowed, judged) in [(Duration::from_secs(60), 5), (Duration::ZERO, 0)] {
        let (mut turn, intake, _shown) = turn();
        for number in 0..5 {
            let batch = peer_up(turn.bench.clock.now(), number);
            intake.send(Realm::Live, batch, instant()).await.unwrap();
        }
        turn.stop = Some(instant() + allowed);
        turn.finish();
        assert_eq!(turn.bench.metrics.engine.batches.get(), judged);
        assert_eq!(intake.held_bytes(), 0);
    }
}

#[tokio::test]
async fn how_far_a_directory_was_read_is_written_only_if_it_was_judged() {
    for (allowed, written) in [(Duration::from_secs(60), Some(1)), (Duration::ZERO, None)] {
        let (mut turn, intake, _shown) = turn();
        let bookmark = |second: u64| Bookmark {
            name: "rrc00".to_owned(),
            read_until: Timestamp::from_secs(second),
            until: Timestamp::from_secs(100),
        };
        for number in 1..=2 {
            let batch = peer_up(turn.bench.clock.now(), number);
            let marked = Some(bookmark(number.into()));
            intake.send_marked(batch, instant(), marked).await.unwrap();
        }
        turn.stop = Some(instant() + allowed);
        turn.finish();
        let recorder = &turn.bench.teller.recorder;
        recorder.end(Duration::ZERO);
        let rows: Vec<Write> = (recorder.take().into_iter().flatten())
            .flat_map(|entry| match entry {
                Entry::Rows(rows) => rows,
                entry => panic!("{entry:?}"),
            })
            .collect();
        // More of the second may be about to come.
        let expected: Vec<Write> = written.map(|one| bookmark(one).row()).into_iter().collect();
        assert_eq!(rows, expected);
    }
}

#[tokio::test]
async fn the_thread_ends_when_nobody_is_left_to_feed_it_and_says_so() {
    let (turn, intake, _shown) = turn();
    let ended = start(turn.bench).unwrap();
    drop(intake);
    ended.await.unwrap();
}
