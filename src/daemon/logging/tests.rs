use std::{io::Write, sync::Mutex, time::Duration};

use super::{
    limit::{Cause, LINES_OF_A_CAUSE, LINES_OF_A_PLACE, Limiter, MOST_CAUSES, WINDOW},
    *,
};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Kept;
    fn make_writer(&'a self) -> Kept {
        self.clone()
    }
}

/// What `log` writes, and the metrics after it.
fn logged(form: Form, level: Configured, log: impl FnOnce(&Limits)) -> (String, Arc<Metrics>) {
    let metrics = Arc::new(Metrics::new());
    let kept = Kept::default();
    let limits = Limits::new(&metrics);
    let (least, _) = reload::Layer::new(targets(level));
    let subscriber = subscriber(least, text_or_json(form, kept.clone()), limits.clone());
    tracing::subscriber::with_default(subscriber, || log(&limits));
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    (text, metrics)
}

fn session_refused(router: &str) {
    tracing::warn!(router, octets = 7, "BMP session refused");
}

#[test]
fn a_json_line_has_a_constant_message_and_its_fields() {
    let (text, _) = logged(Form::Json, Configured::Info, |_| {
        tracing::info!(router = %"192.0.2.1", peers = 3, "BMP session up");
    });
    let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
    assert_eq!(line["message"], "BMP session up");
    assert_eq!(line["router"], "192.0.2.1");
    assert_eq!(line["peers"], 3);
    assert_eq!(line["level"], "INFO");
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn text_has_colours_only_where_they_are_understood() {
    let text = |colours| {
        logged(Form::Text { colours }, Configured::Info, |_| {
            tracing::info!(router = %"192.0.2.1", "BMP session up");
        })
        .0
    };
    assert!(text(true).contains('\u{1b}'));
    let plain = text(false);
    assert!(!plain.contains('\u{1b}'));
    assert!(
        plain.contains("INFO BMP session up router=192.0.2.1"),
        "{plain}"
    );
}

#[test]
fn what_strangers_wrote_stays_on_its_line_and_does_not_colour_it() {
    for form in [Form::Text { colours: false }, Form::Json] {
        let (text, _) = logged(form, Configured::Info, |_| {
            let name = crate::bgp::UntrustedText::new(b"a\r\nb\x1b[31m\xe2\x80\xa8c");
            tracing::info!(sys_name = %name, "BMP session up");
        });
        assert_eq!(text.trim_end().lines().count(), 1);
        assert!(!text.contains('\u{1b}') && !text.contains('\u{2028}'));
    }
}

#[test]
fn a_cause_is_told_a_few_times_then_how_many_more_there_were() {
    let (text, metrics) = logged(Form::Json, Configured::Info, |limits| {
        for _ in 0..1000 {
            session_refused("192.0.2.1");
        }
        session_refused("192.0.2.2");
        tell(limits.all());
    });
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), LINES_OF_A_CAUSE as usize + 2, "{text}");
    let last = lines.last().unwrap();
    assert_eq!(last["message"], "more of the same, not written");
    assert_eq!(last["line"], "BMP session refused");
    assert_eq!(last["about"], "router=192.0.2.1");
    assert_eq!(last["lines"], 1000 - LINES_OF_A_CAUSE);
    assert_eq!(last["level"], "WARN");
    assert_eq!(
        metrics.log.suppressed.get(),
        1000 - u64::from(LINES_OF_A_CAUSE)
    );
    assert_eq!(metrics.log.warnings.get(), lines.len() as u64);
}

#[test]
fn one_router_does_not_silence_another_but_many_together_are_bounded() {
    let (text, _) = logged(Form::Json, Configured::Info, |_| {
        for number in 0..1000 {
            session_refused(&format!("192.0.2.{number}"));
        }
    });
    assert_eq!(text.lines().count(), LINES_OF_A_PLACE as usize);
}

#[test]
fn incidents_and_what_was_asked_for_are_never_held_back() {
    let (text, _) = logged(Form::Json, Configured::Debug, |_| {
        for number in 0..200 {
            tracing::warn!(id = %number, "incident opened");
            tracing::debug!("a step");
        }
    });
    assert_eq!(text.lines().count(), 400);
}

#[test]
fn what_the_level_leaves_out_is_neither_counted_nor_held_back() {
    let (text, metrics) = logged(Form::Json, Configured::Error, |_| {
        for _ in 0..100 {
            session_refused("192.0.2.1");
        }
    });
    assert_eq!(text, "");
    assert_eq!(metrics.log.warnings.get() + metrics.log.suppressed.get(), 0);
}

#[test]
fn a_minute_later_a_cause_is_told_again() {
    let (mut limiter, cause, metadata) = limiter();
    let start = now();
    let admitted = |limiter: &mut Limiter, at| {
        (0..20)
            .filter(|_| limiter.admits(&cause, metadata, at, describe))
            .count()
    };
    assert_eq!(admitted(&mut limiter, start), LINES_OF_A_CAUSE as usize);
    assert!(limiter.over(start + WINDOW / 2).is_empty());
    let more = limiter.over(start + WINDOW);
    assert_eq!(more.len(), 1);
    assert_eq!(more[0].lines, 20 - u64::from(LINES_OF_A_CAUSE));
    assert_eq!(limiter.causes(), 0);
    assert_eq!(
        admitted(&mut limiter, start + WINDOW),
        LINES_OF_A_CAUSE as usize
    );
}

#[test]
fn the_table_of_causes_is_bounded() {
    let (mut limiter, cause, metadata) = limiter();
    for about in 1..=3 * MOST_CAUSES as u64 {
        let cause = Cause {
            about,
            ..cause.clone()
        };
        limiter.admits(&cause, metadata, now(), describe);
    }
    assert_eq!(limiter.causes(), MOST_CAUSES);
    limiter.over(now() + WINDOW + Duration::from_secs(1));
    assert_eq!(limiter.causes(), 0);
}

fn describe() -> (String, String) {
    ("message".to_owned(), "router=x".to_owned())
}

#[allow(clippy::disallowed_methods, reason = "some moment to start from")]
fn now() -> Instant {
    Instant::now()
}

/// A limiter, and a cause with the metadata of some place in the program.
fn limiter() -> (Limiter, Cause, &'static tracing::Metadata<'static>) {
    #[derive(Clone)]
    struct Find(Arc<Mutex<Option<&'static tracing::Metadata<'static>>>>);
    impl<S: Subscriber> Layer<S> for Find {
        fn on_event(
            &self,
            event: &tracing::Event<'_>,
            _: tracing_subscriber::layer::Context<'_, S>,
        ) {
            *self.0.lock().unwrap() = Some(event.metadata());
        }
    }
    let found = Find(Arc::default());
    tracing::subscriber::with_default(Registry::default().with(found.clone()), || {
        tracing::error!("some place");
    });
    let metadata = found.0.lock().unwrap().unwrap();
    let cause = Cause {
        place: metadata.callsite(),
        about: 1,
    };
    (Limiter::default(), cause, metadata)
}

#[test]
fn the_form_follows_the_setting_and_else_the_surroundings() {
    let terminal = Surroundings {
        terminal: true,
        colours: true,
        journal: false,
    };
    let service = Surroundings {
        terminal: false,
        colours: false,
        journal: true,
    };
    let pipe = Surroundings::default();
    assert_eq!(form(Format::Auto, &terminal), Form::Text { colours: true });
    assert_eq!(form(Format::Auto, &service), Form::Journal);
    assert_eq!(form(Format::Auto, &pipe), Form::Json);
    assert_eq!(form(Format::Text, &pipe), Form::Text { colours: false });
    assert_eq!(form(Format::Json, &terminal), Form::Json);
    assert_eq!(form(Format::Journal, &pipe), Form::Journal);
}

#[test]
fn an_inherited_journal_stream_is_not_ours() {
    assert!(is_stream("8:123", 8, 123));
    assert!(!is_stream("8:123", 8, 124));
    assert!(!is_stream("8", 8, 0));
    assert!(!is_stream("", 0, 0));
}
