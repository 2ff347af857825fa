//! Every drill through the real reader and the real core, from both vantages.
//!
//! A leak is one critical incident, of the right AS through the right neighbour, told
//! within a thousand affected routes, of the right size, and over when it is over. An
//! exercise is nothing to wake anyone for, nor to look at. One test for each drill;
//! the last one to end writes what failed anywhere as one table.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fmt::Write as _,
    io::{Cursor, Write as _},
    path::Path,
    sync::Mutex,
    time::Duration,
};

use leakwatch::{
    bgp::{Asn, Batch, EventKind, Nlri, Timestamp},
    config::Config,
    drill::{self, Drill, Expected, Options, Recording, Timing, Vantage},
    engine::Engine,
    incident::{IncidentEvent, Output, Severity, Step},
    wire::mrt::{Input, MrtReader, Status},
};

/// Affected routes within which a leak must be told.
const WITHIN: usize = 1_000;
/// Percent by which the number of routes may be off.
const OFF: u32 = 10;

/// When each prefix was first announced through a truth's offender.
struct Affected {
    offender: Asn,
    from: Timestamp,
    seen: HashSet<Nlri<u32>>,
    times: Vec<Timestamp>,
}

impl Affected {
    fn note(&mut self, batch: &Batch) {
        for event in &batch.events {
            let EventKind::Announce {
                attributes, nlri, ..
            } = event.kind
            else {
                continue;
            };
            if event.time < self.from {
                continue;
            }
            let path = batch.path(&attributes);
            if path.sequence_hops().all(|asn| asn != self.offender) {
                continue;
            }
            for one in nlri.of(&batch.v4) {
                if self.seen.insert(*one) {
                    self.times.push(event.time);
                }
            }
        }
    }

    fn until(&self, time: Timestamp) -> usize {
        self.times.partition_point(|&one| one <= time)
    }
}

/// What the core said, and how many routes each leak had touched by when.
struct Played {
    events: Vec<IncidentEvent>,
    affected: Vec<Affected>,
}

fn play(recording: &Recording) -> Played {
    let config = Config::parse(&recording.config, Path::new(".")).unwrap();
    let mut engine = Engine::new(config.reference, config.detect, config.incident);
    let mut affected: Vec<Affected> = recording
        .truth
        .incidents
        .iter()
        .map(|one| Affected {
            offender: one.offender,
            from: one.first,
            seen: HashSet::new(),
            times: Vec::new(),
        })
        .collect();
    let mut out = Vec::new();
    let mut batch = Batch::default();
    for (name, bytes) in [("rib", &recording.rib), ("updates", &recording.updates)] {
        let input = Input::from_reader(Path::new(name), Cursor::new(bytes.clone()), None).unwrap();
        let mut reader = MrtReader::new(input);
        loop {
            batch.clear();
            let status = reader.read_batch(&mut batch);
            for one in &mut affected {
                one.note(&batch);
            }
            engine.apply(&batch, &mut out);
            if status == Status::End {
                break;
            }
        }
        assert_eq!(reader.problem_count(), 0, "{name} is sound");
    }
    for _ in 0..3600 {
        if !engine.is_settling() {
            break;
        }
        engine.advance(engine.now() + Duration::from_secs(1), &mut out);
    }
    let events = out
        .into_iter()
        .filter_map(|output| match output {
            Output::Incident(event) => Some(*event),
            Output::Standing(_) => None,
        })
        .collect();
    Played { events, affected }
}

/// What is wrong with what was said, and one line of figures.
fn judge(drill: &Drill, recording: &Recording, played: &Played) -> (Vec<String>, String) {
    let mut wrong = Vec::new();
    let mut figures = String::new();
    let of = |severity: Severity| -> BTreeSet<&str> {
        let events = played.events.iter().filter(|one| one.severity >= severity);
        events.map(|one| one.id.as_str()).collect()
    };
    let (critical, warned) = (of(Severity::Critical), of(Severity::Warning));
    let wanted = match drill.expected {
        Expected::Incidents(count) => count,
        Expected::Quiet => 0,
    };
    if critical.len() != wanted {
        wrong.push(format!("{} critical, not {wanted}", critical.len()));
    }
    if drill.expected == Expected::Quiet && !warned.is_empty() {
        wrong.push(format!("{} warnings or worse, not 0", warned.len()));
    }
    let extra = warned.len().saturating_sub(critical.len());
    let _ = write!(
        figures,
        "{} critical, {extra} other warnings",
        critical.len()
    );
    for (truth, affected) in recording.truth.incidents.iter().zip(&played.affected) {
        let mut lives: BTreeMap<&str, Vec<&IncidentEvent>> = BTreeMap::new();
        for event in &played.events {
            if event.offender == Some(truth.offender) && critical.contains(event.id.as_str()) {
                lives.entry(&event.id).or_default().push(event);
            }
        }
        let Some(life) = lives.values().next() else {
            wrong.push(format!("nothing critical of {}", truth.offender));
            continue;
        };
        let (opened, last) = (life[0], life[life.len() - 1]);
        let paged = life.iter().find(|one| one.severity == Severity::Critical);
        let paged = paged.expect("it is critical").time;
        let routes = affected.until(paged);
        let after = paged.since(truth.first).as_millis();
        let _ = write!(
            figures,
            "; {} page after {routes} routes, {after} ms; total {} of {}",
            truth.offender, last.routes.total, truth.routes
        );
        if routes > WITHIN {
            wrong.push(format!(
                "paged after {routes} routes, more than {WITHIN} (opened after {})",
                affected.until(opened.time)
            ));
        }
        if truth.neighbour.is_some() && last.neighbour != truth.neighbour {
            wrong.push(format!(
                "neighbour {:?}, not {:?}",
                last.neighbour, truth.neighbour
            ));
        }
        if last.routes.total.abs_diff(truth.routes) * 100 > truth.routes * OFF {
            wrong.push(format!(
                "{} routes in total, not {}",
                last.routes.total, truth.routes
            ));
        }
        if last.event != Step::Resolved {
            wrong.push(format!("not over: {} active", last.routes.active));
        } else if last.time < truth.last_withdrawn {
            wrong.push("over before it was over".to_owned());
        }
    }
    if !wrong.is_empty() {
        for event in &played.events {
            let _ = write!(
                figures,
                "\n        {} {:?} {:?} {} conf {} active {} peak {} total {}: {}",
                event.time,
                event.event,
                event.severity,
                event.id,
                event.confidence,
                event.routes.active,
                event.routes.peak,
                event.routes.total,
                event.summary
            );
        }
    }
    (wrong, figures)
}

/// How many tests have ended, and what each had to say.
static TABLE: Mutex<(usize, BTreeMap<String, String>)> = Mutex::new((0, BTreeMap::new()));

fn check(name: &str, options: &Options) {
    let drill = drill::find(name).unwrap();
    let recording = drill::play(drill, options);
    let played = play(&recording);
    let (wrong, figures) = judge(drill, &recording, &played);
    let full = if options.table.is_none() {
        ", full"
    } else {
        ""
    };
    let title = format!("{name} ({:?}{full})", options.vantage);
    let mut row = format!("{title:45} {figures}");
    for one in &wrong {
        let _ = write!(row, "\n    !!  {one}");
    }
    let mut table = TABLE.lock().unwrap();
    table.0 += 1;
    // Without `LEAKWATCH_ALL` only what failed is shown.
    if !wrong.is_empty() || std::env::var_os("LEAKWATCH_ALL").is_some() {
        table.1.insert(title, row.clone());
    }
    if table.0 == TESTS && !table.1.is_empty() {
        let rows: Vec<&str> = table.1.values().map(String::as_str).collect();
        // Past the capture of the test harness, which would drop or scatter it.
        let _ = writeln!(std::io::stderr(), "\n{}\n", rows.join("\n"));
    }
    drop(table);
    assert!(wrong.is_empty(), "\n{row}\n");
}

macro_rules! drills {
    ($($(#[$attribute:meta])* $test:ident: $name:literal, $vantage:ident, $options:expr;)*) => {
        $(
            $(#[$attribute])*
            #[test]
            fn $test() {
                check($name, &Options { vantage: Vantage::$vantage, ..$options });
            }
        )*
        const TESTS: usize = [$($name,)*].len();
    };
}

/// As published, on that day's table.
const FULL: Options = Options {
    seed: 1,
    routes: None,
    rate: None,
    vantage: Vantage::Border,
    nlri_per_update: None,
    table: None,
    timing: Timing::RECORDED,
};
/// A leak of 6,000 routes on a table of 150,000, at the drill's own rate.
const SMALL: Options = Options {
    table: Some(150_000),
    routes: Some(6_000),
    ..FULL
};
/// On a table of 150,000, with the drill's own number of routes.
const SMALL_TABLE: Options = Options {
    table: Some(150_000),
    ..FULL
};

drills! {
    google_2017_at_full_size: "google-2017", Border, FULL;
    google_2017_from_a_border: "google-2017", Border, SMALL;
    google_2017_from_a_collector: "google-2017", Collector, SMALL;
    level3_2017_from_a_border: "level3-2017", Border, SMALL_TABLE;
    level3_2017_from_a_collector: "level3-2017", Collector, SMALL_TABLE;
    telekom_malaysia_2015_from_a_border: "telekom-malaysia-2015", Border, SMALL;
    telekom_malaysia_2015_from_a_collector: "telekom-malaysia-2015", Collector, SMALL;
    verizon_2014_from_a_border: "verizon-2014", Border, SMALL;
    verizon_2014_from_a_collector: "verizon-2014", Collector, SMALL;
    dery_2012_from_a_border: "dery-2012", Border, SMALL;
    dery_2012_from_a_collector: "dery-2012", Collector, SMALL;
    dodo_2012_from_a_border: "dodo-2012", Border, SMALL;
    dodo_2012_from_a_collector: "dodo-2012", Collector, SMALL;
    dodo_2012_reoriginated_from_a_border: "dodo-2012-reoriginated", Border, SMALL;
    dodo_2012_reoriginated_from_a_collector: "dodo-2012-reoriginated", Collector, SMALL;
    supronet_2009_from_a_border: "supronet-2009", Border, SMALL_TABLE;
    supronet_2009_from_a_collector: "supronet-2009", Collector, SMALL_TABLE;
    indosat_2014_from_a_border: "indosat-2014", Border, SMALL;
    indosat_2014_from_a_collector: "indosat-2014", Collector, SMALL;
    allegheny_2019_from_a_border: "allegheny-2019", Border, SMALL;
    allegheny_2019_from_a_collector: "allegheny-2019", Collector, SMALL;
    safehost_2019_from_a_border: "safehost-2019", Border, SMALL;
    safehost_2019_from_a_collector: "safehost-2019", Collector, SMALL;
    idea_2017_from_a_border: "idea-2017", Border, SMALL;
    idea_2017_from_a_collector: "idea-2017", Collector, SMALL;
    two_leaks_from_a_border: "two-leaks", Border, SMALL;
    two_leaks_from_a_collector: "two-leaks", Collector, SMALL;
    session_reset_from_a_border: "session-reset", Border, SMALL_TABLE;
    session_reset_from_a_collector: "session-reset", Collector, SMALL_TABLE;
    route_refresh_from_a_border: "route-refresh", Border, SMALL_TABLE;
    route_refresh_from_a_collector: "route-refresh", Collector, SMALL_TABLE;
    blackhole_wave_from_a_border: "blackhole-wave", Border, SMALL_TABLE;
    blackhole_wave_from_a_collector: "blackhole-wave", Collector, SMALL_TABLE;
    planned_deaggregation_from_a_border: "planned-deaggregation", Border, SMALL_TABLE;
    planned_deaggregation_from_a_collector: "planned-deaggregation", Collector, SMALL_TABLE;
    provider_failover_from_a_border: "provider-failover", Border, SMALL;
    provider_failover_from_a_collector: "provider-failover", Collector, SMALL;
    quiet_churn_from_a_border: "quiet-churn", Border, SMALL_TABLE;
    quiet_churn_from_a_collector: "quiet-churn", Collector, SMALL_TABLE;
}
