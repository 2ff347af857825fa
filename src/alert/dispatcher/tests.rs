use std::{
    collections::BTreeSet,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

use super::{
    super::{Destination, Failure, Sent, alertmanager, file, post, samples},
    *,
};
use crate::incident::{Severity, Step};

/// What a sink did: its name, what, and the name of the subject.
type Heard = (String, &'static str, String);

/// A sink that says what it is told; `stands` is what it answers when told again what stands.
struct Ear {
    name: String,
    heard: SyncSender<Heard>,
    stands: Option<Result<(), Failure>>,
}

impl Ear {
    fn hears(&self, what: &'static str, id: &str) {
        // The test may have heard enough.
        let _ = self.heard.send((self.name.clone(), what, id.to_owned()));
    }
}

impl Sink for Ear {
    fn send(&mut self, message: &Message) -> Result<Sent, Failure> {
        let notice = &message.notice;
        let what = if notice.step == Step::Resolved {
            "resolved"
        } else {
            "opened"
        };
        self.hears(what, notice.subject.id());
        Ok(Sent::to_all(""))
    }

    fn remind(&mut self, standing: &[Message]) -> Result<(), Failure> {
        for message in standing {
            self.hears("stands", message.notice.subject.id());
        }
        self.stands.clone().unwrap_or(Ok(()))
    }

    fn forgets_after(&self) -> Option<Duration> {
        self.stands.is_some().then_some(Duration::from_millis(1))
    }

    fn deduplicates(&self) -> bool {
        true
    }
}

fn dispatcher() -> Dispatcher {
    dispatcher_where(Vec::new)
}

/// One that knows of incidents that are open.
fn dispatcher_where(open: impl Fn() -> Vec<Subject> + Send + Sync + 'static) -> Dispatcher {
    Dispatcher::new(Office {
        store: Store::in_memory(),
        metrics: Arc::new(Metrics::new()),
        clock: Arc::new({
            let clock = crate::feed::clock::Clock::system();
            move || clock.now()
        }),
        judge: Arc::new(|_, _, _| Judgement::Tell { notes: Vec::new() }),
        render: Arc::new(|notice| samples::told(notice, samples::NOW)),
        taken: Arc::new(|_, _| ()),
        open: Arc::new(open),
    })
}

/// A sink of this name, an Alertmanager by its settings.
fn sink(
    name: &str,
    heard: &SyncSender<Heard>,
    stands: Option<Result<(), Failure>>,
) -> (SinkSettings, Box<dyn Sink>) {
    let to = Destination::Alertmanager(alertmanager::Settings {
        url: "http://192.0.2.1:9093".to_owned(),
        resend: Duration::from_secs(60),
        hold: Duration::ZERO,
        login: alertmanager::Login::Nobody,
        post: post::Settings::default(),
    });
    let settings = samples::sink(name, to);
    let ear = Ear {
        name: name.to_owned(),
        heard: heard.clone(),
        stands,
    };
    (settings, Box::new(ear))
}

fn subject(step: Step) -> Subject {
    samples::trouble(step).notice.subject
}

const ID: &str = "feed-silent-192.0.2.1";

fn heard(sink: &str, what: &'static str) -> Heard {
    (sink.to_owned(), what, ID.to_owned())
}

/// The next `count`, in the order of names.
fn next(receiver: &Receiver<Heard>, count: usize) -> Vec<Heard> {
    let most = Duration::from_secs(60);
    let mut all: Vec<Heard> = (0..count)
        .map(|_| receiver.recv_timeout(most).expect("a sink is told"))
        .collect();
    all.sort();
    all
}

/// Waits until nothing of a sink is under way.
fn settled(dispatcher: &Dispatcher) {
    while dispatcher.states().iter().any(|sink| sink.waiting > 0) {
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn an_alertmanager_that_gets_a_second_member_goes_on_with_what_stands() {
    let dispatcher = dispatcher();
    let (sender, receiver) = sync_channel(16);
    let settings = Settings::default();
    let alone = vec![sink("alertmanager", &sender, None)];
    dispatcher.configure(&settings, alone).unwrap();
    dispatcher.tell(&[subject(Step::Opened)], Vec::new());
    assert_eq!(next(&receiver, 1), [heard("alertmanager", "opened")]);
    settled(&dispatcher);

    let members = ["alertmanager/a", "alertmanager/b"];
    let both = members.map(|name| sink(name, &sender, None));
    dispatcher.configure(&settings, both.into()).unwrap();
    let rows = dispatcher.0.office.store.slips();
    let names: Vec<&str> = rows.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, members, "so it is kept");
    dispatcher.tell(&[subject(Step::Resolved)], Vec::new());
    assert_eq!(
        next(&receiver, 2),
        members.map(|name| heard(name, "resolved")),
        "neither hears of its beginning a second time"
    );
}

/// A sink that appends to this file by its settings.
fn to_file(name: &str, path: &str, heard: &SyncSender<Heard>) -> (SinkSettings, Box<dyn Sink>) {
    let mut made = sink(name, heard, None);
    made.0.to = Destination::File(file::Settings { path: path.into() });
    made
}

#[test]
fn a_sink_that_is_renamed_goes_on_with_what_was_told() {
    let dispatcher = dispatcher();
    let (sender, receiver) = sync_channel(16);
    let settings = Settings::default();
    let first = vec![to_file("pager", "/a", &sender)];
    dispatcher.configure(&settings, first).unwrap();
    dispatcher.tell(&[subject(Step::Opened)], Vec::new());
    assert_eq!(next(&receiver, 1), [heard("pager", "opened")]);
    settled(&dispatcher);
    let renamed = vec![to_file("duty", "/a", &sender)];
    dispatcher.configure(&settings, renamed).unwrap();
    let rows = dispatcher.0.office.store.slips();
    let names: Vec<&str> = rows.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["duty"]);
    dispatcher.tell(&[subject(Step::Resolved)], Vec::new());
    assert_eq!(next(&receiver, 1), [heard("duty", "resolved")]);
}

#[test]
fn a_sink_that_was_left_out_for_a_while_hears_of_the_end_when_it_is_back() {
    let dispatcher = dispatcher();
    let (sender, receiver) = sync_channel(16);
    let settings = Settings::default();
    let pager = || vec![to_file("pager", "/a", &sender)];
    dispatcher.configure(&settings, pager()).unwrap();
    dispatcher.tell(&[subject(Step::Opened)], Vec::new());
    next(&receiver, 1);
    settled(&dispatcher);
    dispatcher.configure(&settings, Vec::new()).unwrap();
    dispatcher.tell(&[subject(Step::Resolved)], Vec::new());
    dispatcher.tidy();
    // Also over a restart that comes meanwhile.
    let again = Dispatcher::new(dispatcher.0.office.clone());
    again.configure(&settings, Vec::new()).unwrap();
    for dispatcher in [dispatcher, again] {
        dispatcher.configure(&settings, pager()).unwrap();
        assert_eq!(next(&receiver, 1), [heard("pager", "resolved")]);
    }
}

#[test]
fn a_new_sink_hears_of_what_no_other_sink_wanted_but_not_of_what_is_about_to_end() {
    let dispatcher = dispatcher_where(|| vec![subject(Step::Opened)]);
    let (sender, receiver) = sync_channel(16);
    let settings = Settings::default();
    let ended = BTreeSet::from([subject(Step::Opened).key()]);
    let first = vec![to_file("early", "/a", &sender)];
    dispatcher.begin(&settings, first, &ended).unwrap();
    settled(&dispatcher);
    assert!(receiver.try_recv().is_err());
    let both = ["early", "late"].map(|name| to_file(name, "/a", &sender));
    dispatcher.configure(&settings, both.into()).unwrap();
    assert_eq!(next(&receiver, 1), [heard("late", "opened")]);
}

#[test]
fn a_trouble_that_only_a_sink_knows_of_that_is_not_there_stands() {
    let dispatcher = dispatcher();
    let (sender, receiver) = sync_channel(16);
    let settings = Settings::default();
    let pager = vec![to_file("pager", "/a", &sender)];
    dispatcher.configure(&settings, pager).unwrap();
    let trouble = samples::trouble(Step::Opened).notice.subject;
    dispatcher.tell(&[trouble], Vec::new());
    next(&receiver, 1);
    settled(&dispatcher);
    dispatcher.configure(&settings, Vec::new()).unwrap();
    assert_eq!(dispatcher.standing_troubles().len(), 1);
}

#[test]
fn a_new_sink_hears_from_its_beginning_of_what_goes_on_where_it_wants_to() {
    let dispatcher = dispatcher();
    let (sender, receiver) = sync_channel(16);
    let settings = Settings::default();
    let all = |names: &[&str]| -> Vec<(SinkSettings, Box<dyn Sink>)> {
        let one = |name: &&str| to_file(name, name, &sender);
        names.iter().map(one).collect()
    };
    dispatcher.configure(&settings, all(&["a"])).unwrap();
    dispatcher.tell(&[subject(Step::Opened)], Vec::new());
    assert_eq!(next(&receiver, 1), [heard("a", "opened")]);
    settled(&dispatcher);
    // One beside it, one that is told of worse only, and then one in its place.
    let mut sinks = all(&["a", "b", "worse"]);
    sinks[2].0.min_severity = Severity::Critical;
    dispatcher.configure(&settings, sinks).unwrap();
    assert_eq!(next(&receiver, 1), [heard("b", "opened")]);
    settled(&dispatcher);
    dispatcher.configure(&settings, all(&["c"])).unwrap();
    assert_eq!(next(&receiver, 1), [heard("c", "opened")]);
    dispatcher.tell(&[subject(Step::Resolved)], Vec::new());
    assert_eq!(next(&receiver, 1), [heard("c", "resolved")]);
    settled(&dispatcher);
    dispatcher.configure(&settings, all(&["d"])).unwrap();
    assert_eq!(dispatcher.states()[0].waiting, 0, "it is over");
}

#[test]
fn a_trouble_whose_end_a_sink_is_not_told_does_not_stand() {
    let dispatcher = dispatcher();
    let (sender, receiver) = sync_channel(16);
    let mut deaf = sink("slack", &sender, None);
    deaf.0.resolved = false;
    let settings = Settings::default();
    dispatcher.configure(&settings, vec![deaf]).unwrap();
    dispatcher.tell(&[subject(Step::Opened)], Vec::new());
    assert_eq!(dispatcher.standing_troubles().len(), 1);
    next(&receiver, 1);
    settled(&dispatcher);
    dispatcher.tell(&[subject(Step::Resolved)], Vec::new());
    assert_eq!(dispatcher.standing_troubles(), []);
}

#[test]
fn what_stands_and_cannot_be_said_again_does_not_keep_what_is_new() {
    let refused = Failure::give_up("413 Payload Too Large");
    let stumbles = Failure::retry("500 Internal Server Error");
    for failure in [refused, stumbles] {
        let dispatcher = dispatcher();
        let (sender, receiver) = sync_channel(16);
        let sinks = vec![sink("pager", &sender, Some(Err(failure)))];
        dispatcher.configure(&Settings::default(), sinks).unwrap();
        dispatcher.tell(&[subject(Step::Opened)], Vec::new());
        // Whatever is said again in between.
        let hears = |what| {
            let deadline = std::time::Duration::from_secs(60);
            let one = || receiver.recv_timeout(deadline).expect("it is told").1;
            let told = (0..1000).any(|_| one() == what);
            assert!(told, "{what} is never told");
        };
        hears("opened");
        hears("stands");
        hears("stands");
        dispatcher.tell(&[subject(Step::Resolved)], Vec::new());
        hears("resolved");
    }
}
