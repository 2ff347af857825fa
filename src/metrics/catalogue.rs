//! How a metric comes to be: made, put into the registry, and entered in a list that
//! the documentation, the alert rules and the dashboard are tested against.

use prometheus::{
    Counter, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
    core::{Collector, Desc},
    proto,
};

/// What a metric does over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// It only grows, from 0 at the start.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Counts by size, with their sum.
    Histogram,
}

impl Type {
    /// As the exposition format spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram => "histogram",
        }
    }
}

/// A metric by name, whether it has series at the moment or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// As scraped.
    pub name: &'static str,
    /// Its `HELP` line.
    pub help: &'static str,
    /// Its `TYPE` line.
    pub kind: Type,
    /// Its labels' names, in order.
    pub labels: &'static [&'static str],
}

/// What prometheus refuses is a wrong name or the same name twice: a slip of ours that
/// shows in the first test that makes the metrics.
#[allow(clippy::expect_used, reason = "names are constants of this room")]
pub(super) fn sound<T>(made: prometheus::Result<T>) -> T {
    made.expect("a metric's name is well formed and its own")
}

/// Makes metrics and keeps the list of them.
#[derive(Debug, Default)]
pub(super) struct Maker {
    pub registry: Registry,
    pub catalogue: Vec<Described>,
}

impl Maker {
    fn enter<M: Collector + Clone + 'static>(&mut self, described: Described, metric: M) -> M {
        sound(self.registry.register(Box::new(metric.clone())));
        self.catalogue.push(described);
        metric
    }

    /// A collector of its own families.
    pub fn collector<C: Collector + 'static>(&mut self, described: &[Described], collector: C) {
        sound(self.registry.register(Box::new(collector)));
        self.catalogue.extend_from_slice(described);
    }

    pub fn counter(&mut self, name: &'static str, help: &'static str) -> IntCounter {
        self.enter(
            described(Type::Counter, name, help, &[]),
            sound(IntCounter::new(name, help)),
        )
    }

    /// A counter of seconds.
    pub fn seconds(&mut self, name: &'static str, help: &'static str) -> Counter {
        self.enter(
            described(Type::Counter, name, help, &[]),
            sound(Counter::new(name, help)),
        )
    }

    pub fn counters(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> IntCounterVec {
        self.enter(
            described(Type::Counter, name, help, labels),
            sound(IntCounterVec::new(Opts::new(name, help), labels)),
        )
    }

    pub fn gauge(&mut self, name: &'static str, help: &'static str) -> IntGauge {
        self.enter(
            described(Type::Gauge, name, help, &[]),
            sound(IntGauge::new(name, help)),
        )
    }

    /// A gauge with a fraction.
    pub fn fine_gauge(&mut self, name: &'static str, help: &'static str) -> Gauge {
        self.enter(
            described(Type::Gauge, name, help, &[]),
            sound(Gauge::new(name, help)),
        )
    }

    pub fn gauges(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> IntGaugeVec {
        self.enter(
            described(Type::Gauge, name, help, labels),
            sound(IntGaugeVec::new(Opts::new(name, help), labels)),
        )
    }

    pub fn histogram(
        &mut self,
        name: &'static str,
        help: &'static str,
        buckets: &[f64],
    ) -> Histogram {
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.enter(
            described(Type::Histogram, name, help, &[]),
            sound(Histogram::with_opts(options)),
        )
    }

    pub fn histograms(
        &mut self,
        name: &'static str,
        help: &'static str,
        buckets: &[f64],
        labels: &'static [&'static str],
    ) -> HistogramVec {
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        self.enter(
            described(Type::Histogram, name, help, labels),
            sound(HistogramVec::new(options, labels)),
        )
    }
}

const fn described(
    kind: Type,
    name: &'static str,
    help: &'static str,
    labels: &'static [&'static str],
) -> Described {
    Described {
        name,
        help,
        kind,
        labels,
    }
}

/// A family that a collector fills anew at each scrape: what is gone has no series.
#[derive(Debug)]
pub(super) struct Family {
    pub described: Described,
    pub desc: Desc,
}

impl Family {
    pub fn gauge(
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> Family {
        Family::new(described(Type::Gauge, name, help, labels))
    }

    pub fn counter(
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> Family {
        Family::new(described(Type::Counter, name, help, labels))
    }

    fn new(described: Described) -> Family {
        let labels = described.labels.iter().map(|&name| name.into()).collect();
        let desc = sound(Desc::new(
            described.name.into(),
            described.help.into(),
            labels,
            std::collections::HashMap::new(),
        ));
        Family { described, desc }
    }

    /// The family with these series; each has the labels' values in order, and a label
    /// with an empty value is left out, which to Prometheus is the same.
    pub fn filled<L: AsRef<[V]>, V: AsRef<str>>(
        &self,
        series: impl IntoIterator<Item = (L, f64)>,
    ) -> proto::MetricFamily {
        let Described {
            name,
            help,
            kind,
            labels,
        } = self.described;
        let metrics = series
            .into_iter()
            .map(|(values, value)| {
                let pairs = labels
                    .iter()
                    .zip(values.as_ref())
                    .filter(|(_, value)| !value.as_ref().is_empty())
                    .map(|(&name, value)| {
                        let mut pair = proto::LabelPair::default();
                        pair.set_name(name.into());
                        pair.set_value(value.as_ref().into());
                        pair
                    })
                    .collect();
                let mut metric = proto::Metric::from_label(pairs);
                if kind == Type::Counter {
                    let mut counter = proto::Counter::default();
                    counter.set_value(value);
                    metric.set_counter(counter);
                } else {
                    let mut gauge = proto::Gauge::default();
                    gauge.set_value(value);
                    metric.set_gauge(gauge);
                }
                metric
            })
            .collect();
        let mut family = proto::MetricFamily::default();
        family.set_name(name.into());
        family.set_help(help.into());
        family.set_field_type(if kind == Type::Counter {
            proto::MetricType::COUNTER
        } else {
            proto::MetricType::GAUGE
        });
        family.set_metric(metrics);
        family
    }

    /// The family with one series without labels.
    pub fn alone(&self, value: f64) -> proto::MetricFamily {
        self.filled([([""; 0], value)])
    }
}
