//! What the system says of this process, under the names every Prometheus user knows.
//!
//! Read from `/proc` at each scrape; where there is none, the series are missing.

use std::fs;

use prometheus::{
    core::{Collector, Desc},
    proto::MetricFamily,
};

use super::catalogue::{Family, Maker};

/// Kernel ticks in a second, as `/proc` counts them: 100 on every architecture Linux
/// shows to user space (`USER_HZ`).
const TICKS: f64 = 100.0;

struct Process {
    cpu: Family,
    resident: Family,
    virtual_: Family,
    start: Family,
    threads: Family,
    open_fds: Family,
    max_fds: Family,
}

impl Process {
    fn families(&self) -> [&Family; 7] {
        [
            &self.cpu,
            &self.resident,
            &self.virtual_,
            &self.start,
            &self.threads,
            &self.open_fds,
            &self.max_fds,
        ]
    }
}

pub(super) fn register(make: &mut Maker) {
    let process = Process {
        cpu: Family::counter(
            "process_cpu_seconds_total",
            "Total user and system CPU time spent in seconds.",
            &[],
        ),
        resident: Family::gauge(
            "process_resident_memory_bytes",
            "Resident memory size in bytes.",
            &[],
        ),
        virtual_: Family::gauge(
            "process_virtual_memory_bytes",
            "Virtual memory size in bytes.",
            &[],
        ),
        start: Family::gauge(
            "process_start_time_seconds",
            "Start time of the process since unix epoch in seconds.",
            &[],
        ),
        threads: Family::gauge("process_threads", "Number of OS threads.", &[]),
        open_fds: Family::gauge("process_open_fds", "Number of open file descriptors.", &[]),
        max_fds: Family::gauge(
            "process_max_fds",
            "Maximum number of open file descriptors.",
            &[],
        ),
    };
    let described = process.families().map(|family| family.described);
    make.collector(&described, process);
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.families().map(|family| &family.desc).to_vec()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let cpu = field(&stat, 14)
            .zip(field(&stat, 15))
            .map(|(user, system)| (user + system) / TICKS);
        let boot = fs::read_to_string("/proc/stat").ok().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("btime "))?;
            line.trim().parse::<f64>().ok()
        });
        let start = boot
            .zip(field(&stat, 22))
            .map(|(boot, ticks)| boot + ticks / TICKS);
        // Reading the directory opens one descriptor more.
        let open = fs::read_dir("/proc/self/fd")
            .ok()
            .map(|entries| entries.count().saturating_sub(1) as f64);
        let most = fs::read_to_string("/proc/self/limits")
            .ok()
            .and_then(|text| {
                let line = text
                    .lines()
                    .find_map(|line| line.strip_prefix("Max open files"))?;
                line.split_whitespace().next()?.parse::<f64>().ok()
            });
        [
            (&self.cpu, cpu),
            (&self.resident, kibibytes(&status, "VmRSS:")),
            (&self.virtual_, kibibytes(&status, "VmSize:")),
            (&self.start, start),
            (&self.threads, field(&stat, 20)),
            (&self.open_fds, open),
            (&self.max_fds, most),
        ]
        .into_iter()
        .filter_map(|(family, value)| Some(family.alone(value?)))
        .collect()
    }
}

/// A field of `/proc/self/stat` by its number in proc(5). The second, the program's
/// name, may hold spaces, so counting starts behind its closing bracket.
fn field(stat: &str, number: usize) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace()
        .nth(number.checked_sub(3)?)?
        .parse()
        .ok()
}

/// A line of `/proc/self/status` in bytes.
fn kibibytes(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_with_spaces_and_brackets_does_not_shift_the_fields() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 9 0 4242 1000";
        assert_eq!(field(stat, 14), Some(250.0));
        assert_eq!(field(stat, 20), Some(9.0));
        assert_eq!(field(stat, 22), Some(4242.0));
        assert_eq!(field("", 14), None);
    }

    #[test]
    fn this_process_has_memory_descriptors_and_a_start_after_1970() {
        let mut make = Maker::default();
        register(&mut make);
        let families = make.registry.gather();
        assert_eq!(families.len(), 7);
        for family in families {
            let metric = family.get_metric().first().unwrap();
            let value = metric.get_gauge().get_value() + metric.get_counter().get_value();
            let least = match family.name() {
                "process_cpu_seconds_total" => 0.0,
                "process_start_time_seconds" => 1.6e9,
                _ => 1.0,
            };
            assert!(value >= least, "{} is {value}", family.name());
        }
    }
}
