//! From what is written down to what a sink is handed.

use std::{
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

use super::*;
use crate::{
    alert::{
        Failure, Sent, Trouble,
        quiet::{Announced, Asked, Matches, Wanted},
    },
    bgp::Asn,
    daemon::recorder::Entry,
    feed::{
        clock::instant,
        intake,
        mrt::{self, Watches},
    },
    incident::{IncidentEvent, Output, Severity, Step, report::ViewName},
};

/// A sink that hands on what it is handed.
struct Hand(SyncSender<Message>);

impl Sink for Hand {
    fn send(&mut self, message: &Message) -> Result<Sent, Failure> {
        // The test may have ended.
        let _ = self.0.send(message.clone());
        Ok(Sent::to_all("ok"))
    }

    fn deduplicates(&self) -> bool {
        true
    }
}

fn trouble(time: Timestamp) -> Trouble {
    Trouble {
        id: "feed-silent-192.0.2.1".to_owned(),
        event: Step::Opened,
        severity: Severity::Critical,
        since: time,
        time,
        summary: "Router edge1 has sent no routes for 15 min".to_owned(),
        details: Vec::new(),
        actions: Vec::new(),
        chapter: "feed-silent".to_owned(),
    }
}

/// All of it with one sink that hands on what it is handed.
struct Office {
    alerting: Alerting,
    board: Board,
    clock: Clock,
    told: Receiver<Message>,
}

impl Office {
    /// `before` is done before there are any sinks.
    fn open(before: impl FnOnce(&Alerting, &Clock)) -> Office {
        let text = "[[alert.syslog]]\nname = \"desk\"\naddress = \"udp:127.0.0.1:514\"\n";
        let config = Config::parse(text, Path::new("/")).unwrap();
        let (clock, metrics) = (Clock::system(), Arc::new(Metrics::new()));
        let (_reference, shown) = watch::channel(Arc::default());
        let page = "http://127.0.0.1:11080".to_owned();
        let board = Board::default();
        let alerting = Alerting::open(&config, &clock, shown, page, &board, &metrics).unwrap();
        before(&alerting, &clock);

        let (sender, told) = sync_channel(10);
        let sink: Opened = (config.alert.sinks[0].clone(), Box::new(Hand(sender)));
        let (intake, _outlet) = intake::queue(1 << 20);
        let watches = Watches::new(intake, clock.clone(), tokio::runtime::Handle::current());
        let (engine, _commands) = mpsc::channel(1);
        let watched = Watched {
            bmp: None,
            routers: Routers::default(),
            directories: Directories::new(watches),
            engine,
            clock: clock.clone(),
            metrics,
        };
        alerting
            .begin(&config, vec![sink], &BTreeSet::new(), &board, watched)
            .unwrap();
        Office {
            alerting,
            board,
            clock,
            told,
        }
    }

    fn asked(&self) -> Asked<'static> {
        Asked {
            by: "mk",
            why: "a line card is swapped",
            now: self.clock.now(),
        }
    }

    /// An engine says this, and it is on the board.
    fn say(&self, event: &IncidentEvent) {
        let said = Output::Incident(Box::new(event.clone()));
        self.alerting.recorder.put(Entry::Said(Realm::Live, said));
        while self.board.incident(Realm::Live, &event.id).is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The next thing told within so long.
    fn next(&self, seconds: u64) -> Option<Message> {
        self.told.recv_timeout(Duration::from_secs(seconds)).ok()
    }

    async fn end(self) {
        let most = Duration::from_secs(5);
        self.alerting.end(most, most).await;
    }
}

fn view(peer: &str) -> ViewName {
    serde_json::from_value(serde_json::json!({
        "router": "192.0.2.1", "peer": peer, "peer_as": 701, "rib": "adj-rib-in-pre",
    }))
    .unwrap()
}

/// A leak by AS64500 of 4,500 routes that one peer sent.
fn leak(time: Timestamp) -> IncidentEvent {
    let json = serde_json::json!({
        "event": "opened", "id": "leak-1", "time": time, "kind": "leak", "severity": "critical",
        "confidence": 0.9, "offender": 64500, "neighbour": 701, "views": [view("198.51.100.1")],
        "routes": {"active": 4500, "peak": 4500, "total": 4500}, "origins": 9, "covers": 0,
        "first_seen": time, "last_seen": time, "detectors": ["valley"], "victims": [],
        "samples": [], "evidence": [], "summary": "AS64500 leaks 4,500 routes",
    });
    serde_json::from_value(json).unwrap()
}

#[tokio::test]
async fn what_was_said_before_there_were_sinks_is_told_by_the_clock_on_the_wall() {
    let began = wall();
    let office = Office::open(|alerting, clock| {
        let said = trouble(clock.now());
        alerting.recorder.put(Entry::Trouble(Box::new(said)));
    });
    let message = office.next(10).unwrap();
    assert!(message.title.contains("Router edge1"), "{}", message.title);
    assert!((began..=wall()).contains(&message.told));
    office.end().await;
}

#[tokio::test]
async fn a_mute_of_one_peer_ends_where_another_peer_comes_to_see_it_too() {
    let office = Office::open(|_, _| {});
    let wanted = Wanted {
        matches: Matches {
            peer: Some("198.51.100.1".to_owned()),
            ..Matches::default()
        },
        below_critical: false,
        from: None,
        until: office.clock.now() + Duration::from_secs(7200),
    };
    office.alerting.quiet.mute(wanted, &office.asked()).unwrap();
    let mut event = leak(office.clock.now());
    office.say(&event);
    assert!(office.next(1).is_none(), "it is seen there alone");
    // No step of the incident: nothing more is said of it.
    event.views.push(view("198.51.100.2"));
    office.board.refresh(Realm::Live, vec![event]);
    let message = office.next(10).unwrap();
    assert!(message.title.contains("AS64500"), "{}", message.title);
    office.end().await;
}

#[tokio::test]
async fn an_announced_change_that_becomes_more_than_was_announced_is_told() {
    let office = Office::open(|_, _| {});
    let announced = Announced {
        asn: Asn(64500),
        routes: 4000,
        margin: None,
        from: None,
        until: office.clock.now() + Duration::from_secs(7200),
        prefixes: Vec::new(),
        kinds: Vec::new(),
    };
    let asked = office.asked();
    office.alerting.quiet.expect(announced, &asked).unwrap();
    let mut event = leak(office.clock.now());
    office.say(&event);
    assert!(office.next(1).is_none(), "it was announced");
    // Not ten times as many, and no step of the incident.
    event.routes.peak = 44_000;
    office.board.refresh(Realm::Live, vec![event]);
    let message = office.next(10).unwrap();
    let notes = &message.notice.notes;
    assert!(
        notes[0].contains("expected +4,000, seen 44,000"),
        "{notes:?}"
    );
    office.end().await;
}

#[test]
fn what_is_judged_is_no_less_than_what_was_told_and_stays_the_news_that_it_was() {
    let board = Board::default();
    let mut event = leak(Timestamp::from_secs(1_800_000_000));
    board.tell(Realm::Live, &Output::Incident(Box::new(event.clone())));
    let judged = |event: &IncidentEvent| {
        let subject = Subject::Incident(Box::new(event.clone()));
        match as_it_is(&subject, &board, Duration::ZERO).into_owned() {
            Subject::Incident(event) => *event,
            Subject::Trouble(_) => unreachable!(),
        }
    };
    // The board lags.
    (event.event, event.routes.peak) = (Step::Updated, 50_000);
    event.time = event.time + Duration::from_secs(9);
    assert_eq!(judged(&event), event);
    // What is over is what it was, and a drill's incident is another one.
    (event.event, event.routes.peak) = (Step::Resolved, 7);
    assert_eq!(judged(&event), event);
    (event.event, event.drill) = (Step::Updated, true);
    assert_eq!(judged(&event), event);
}

#[test]
fn quiet_ends_by_the_clock_on_the_wall_and_is_waited_for_by_ours() {
    let quiet = Quiet::load(Store::in_memory(), Timestamp::ZERO);
    let board = Board::default();
    let wall = Timestamp::from_secs(1_800_000_000);
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    let wanted = Wanted {
        matches: Matches {
            offender: Some(Asn(64500)),
            ..Matches::default()
        },
        below_critical: false,
        from: None,
        until: wall + hours(6),
    };
    let asked = Asked {
        by: "mk",
        why: "until six",
        now: wall,
    };
    quiet.mute(wanted, &asked).unwrap();
    let subject = Subject::Incident(Box::new(leak(wall)));
    let at = |now, wall| judge(&quiet, &board, (&subject, "desk"), now, wall);
    // The machine was suspended for eight hours: our clock still shows when it was.
    assert!(at(wall + hours(1), wall + hours(9)).is_told());
    // The clock on the wall was put back.
    let until = at(wall + hours(9), wall + hours(5)).until();
    assert_eq!(until, Some(wall + hours(9) + hours(1)));
}

#[test]
fn a_change_that_is_announced_from_now_on_is_met_by_what_begins_now() {
    let (quiet, board) = (
        Quiet::load(Store::in_memory(), Timestamp::from_secs(0)),
        Board::default(),
    );
    let ours = Timestamp::from_secs(1_800_000_000);
    // The machine was suspended for two hours.
    let wall = ours + Duration::from_secs(7200);
    let announced = Announced {
        asn: Asn(64500),
        routes: 4000,
        from: Some(wall),
        until: wall + Duration::from_secs(3600),
        margin: None,
        prefixes: Vec::new(),
        kinds: Vec::new(),
    };
    let asked = Asked {
        by: "mk",
        why: "a customer moves here",
        now: wall,
    };
    quiet.expect(announced, &asked).unwrap();
    let mut event = leak(ours + Duration::from_secs(60));
    event.routes.peak = 4000;
    let subject = Subject::Incident(Box::new(event));
    let later = Duration::from_secs(61);
    let judgement = judge(
        &quiet,
        &board,
        (&subject, "desk"),
        ours + later,
        wall + later,
    );
    assert!(
        matches!(judgement, Judgement::Expected { .. }),
        "{judgement:?}"
    );
}

#[tokio::test]
async fn a_disk_that_hangs_holds_up_no_reload() {
    let (clock, metrics) = (Clock::system(), Arc::new(Metrics::new()));
    let config = Arc::new(Config::default());
    let (_reference, shown) = watch::channel(Arc::default());
    let page = "http://127.0.0.1:11080".to_owned();
    let board = Board::default();
    let mut alerting = Alerting::open(&config, &clock, shown, page, &board, &metrics).unwrap();
    let store = alerting.store.clone();
    let (hangs, hung) = sync_channel(0);
    let (answers, answered) = sync_channel::<()>(0);
    let disk = std::thread::spawn(move || {
        let held = store.hang();
        hangs.send(()).unwrap();
        // Until the test lets go of its end.
        let _ = answered.recv_timeout(Duration::from_secs(20));
        drop(held);
    });
    hung.recv().unwrap();
    let began = instant();
    let (intake, _outlet) = intake::queue(1 << 20);
    let runtime = tokio::runtime::Handle::current();
    let watches = Watches::new(intake, clock, runtime).remembering(alerting.store.clone());
    let directories = Directories::new(watches);
    directories.set(&[mrt::Settings {
        name: "rrc00".to_owned(),
        directory: "/nowhere".into(),
        ..mrt::Settings::default()
    }]);
    assert_eq!(directories.states().len(), 1);
    alerting.renew(&config, Vec::new()).await;
    assert!(began.elapsed() < Duration::from_secs(10));
    assert!(alerting.renewing.is_some(), "it did not hang");
    drop(answers);
    disk.join().unwrap();
    alerting.renew(&config, Vec::new()).await;
    assert!(alerting.renewing.is_none());
}
