//! From what is written down to what a sink is handed.

use std::{
    path::Path,
    sync::mpsc::{SyncSender, sync_channel},
};

use super::*;
use crate::{
    alert::{Failure, Sent, Trouble},
    bgp::Timestamp,
    daemon::recorder::Entry,
    feed::{
        clock::instant,
        intake,
        mrt::{self, Watches},
    },
    incident::{Severity, Step},
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

#[tokio::test]
async fn what_was_said_before_there_were_sinks_is_told_by_the_clock_on_the_wall() {
    let text = "[[alert.syslog]]\nname = \"desk\"\naddress = \"udp:127.0.0.1:514\"\n";
    let config = Config::parse(text, Path::new("/")).unwrap();
    let (clock, metrics) = (Clock::system(), Arc::new(Metrics::new()));
    let (_reference, shown) = watch::channel(Arc::default());
    let page = "http://127.0.0.1:11080".to_owned();
    let alerting = Alerting::open(&config, &clock, shown, page, &metrics).unwrap();
    let began = wall();
    let said = trouble(clock.now());
    alerting.recorder.put(Entry::Trouble(Box::new(said)));

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
        clock,
        metrics,
    };
    let board = Board::default();
    alerting
        .begin(&config, vec![sink], &board, watched)
        .unwrap();
    let message = told.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(message.title.contains("Router edge1"), "{}", message.title);
    assert!((began..=wall()).contains(&message.told));
    alerting
        .end(Duration::from_secs(5), Duration::from_secs(5))
        .await;
}

#[tokio::test]
async fn a_disk_that_hangs_holds_up_no_reload() {
    let (clock, metrics) = (Clock::system(), Arc::new(Metrics::new()));
    let config = Arc::new(Config::default());
    let (_reference, shown) = watch::channel(Arc::default());
    let page = "http://127.0.0.1:11080".to_owned();
    let mut alerting = Alerting::open(&config, &clock, shown, page, &metrics).unwrap();
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
