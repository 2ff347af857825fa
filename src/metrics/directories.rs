//! Series of each watched directory of MRT files, made at each scrape from the list last
//! handed over.

use std::sync::{Arc, PoisonError, RwLock};

use prometheus::{
    core::{Collector, Desc},
    proto::MetricFamily,
};

use super::{
    catalogue::{Family, Maker},
    routers::flag,
};

/// One watched directory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directory {
    /// As the configuration calls it.
    pub name: String,
    /// It could be listed when last looked at.
    pub reachable: bool,
    /// What lay there at the start has been read, a table among it.
    pub caught_up: bool,
    /// Files that wait to be read.
    pub files_waiting: usize,
    /// Files read to their end, damaged ones among them.
    pub files_read: u64,
    /// Files of which some part could not be read.
    pub files_damaged: u64,
    /// Files that were not read, by the reason's name.
    pub files_passed: Vec<(&'static str, u64)>,
    /// Octets read, as they lie on disk.
    pub bytes_read: u64,
    /// When the last record was recorded, in seconds, by the recorder's clock.
    pub last_record: Option<f64>,
    /// How long after it was recorded it was handed on, in seconds.
    pub lag: f64,
}

pub(super) type Directories = Arc<RwLock<Vec<Directory>>>;

struct Files {
    directories: Directories,
    reachable: Family,
    caught_up: Family,
    pending: Family,
    read: Family,
    damaged: Family,
    passed: Family,
    bytes: Family,
    last_record: Family,
    lag: Family,
}

impl Files {
    fn families(&self) -> [&Family; 9] {
        [
            &self.reachable,
            &self.caught_up,
            &self.pending,
            &self.read,
            &self.damaged,
            &self.passed,
            &self.bytes,
            &self.last_record,
            &self.lag,
        ]
    }
}

pub(super) fn register(make: &mut Maker) -> Directories {
    const DIRECTORY: &[&str] = &["directory"];
    let directories = Directories::default();
    let files = Files {
        directories: Arc::clone(&directories),
        reachable: Family::gauge(
            "leakwatch_mrt_directory_reachable",
            "Whether the directory could be listed when last looked at.",
            DIRECTORY,
        ),
        caught_up: Family::gauge(
            "leakwatch_mrt_directory_caught_up",
            "Whether what lay in the directory at the start has been read.",
            DIRECTORY,
        ),
        pending: Family::gauge(
            "leakwatch_mrt_files_pending",
            "MRT files seen and not read yet.",
            DIRECTORY,
        ),
        read: Family::counter(
            "leakwatch_mrt_files_read_total",
            "MRT files read to their end, damaged ones among them.",
            DIRECTORY,
        ),
        damaged: Family::counter(
            "leakwatch_mrt_files_damaged_total",
            "MRT files of which some part could not be read.",
            DIRECTORY,
        ),
        passed: Family::counter(
            "leakwatch_mrt_files_passed_total",
            "Files and other entries that were not read, by why.",
            &["directory", "reason"],
        ),
        bytes: Family::counter(
            "leakwatch_mrt_read_bytes_total",
            "Octets of MRT files read, as they lie on disk.",
            DIRECTORY,
        ),
        last_record: Family::gauge(
            "leakwatch_mrt_last_record_timestamp_seconds",
            "Time of the last MRT record read, by the recorder's clock.",
            DIRECTORY,
        ),
        lag: Family::gauge(
            "leakwatch_mrt_lag_seconds",
            "How long after it was recorded the last record was handed to the engine.",
            DIRECTORY,
        ),
    };
    let described = files.families().map(|family| family.described);
    make.collector(&described, files);
    directories
}

impl Collector for Files {
    fn desc(&self) -> Vec<&Desc> {
        self.families().map(|family| &family.desc).to_vec()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let directories = self
            .directories
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let each = |family: &Family, value: &dyn Fn(&Directory) -> Option<f64>| {
            family.filled(
                directories
                    .iter()
                    .filter_map(|one| Some(([one.name.as_str()], value(one)?))),
            )
        };
        let passed = directories.iter().flat_map(|one| {
            let of_one = one.files_passed.iter();
            of_one.map(|&(reason, files)| ([one.name.as_str(), reason], files as f64))
        });
        vec![
            each(&self.reachable, &|one| Some(flag(one.reachable))),
            each(&self.caught_up, &|one| Some(flag(one.caught_up))),
            each(&self.pending, &|one| Some(one.files_waiting as f64)),
            each(&self.read, &|one| Some(one.files_read as f64)),
            each(&self.damaged, &|one| Some(one.files_damaged as f64)),
            self.passed.filled(passed),
            each(&self.bytes, &|one| Some(one.bytes_read as f64)),
            each(&self.last_record, &|one| one.last_record),
            each(&self.lag, &|one| one.last_record.map(|_| one.lag)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn a_directory_has_its_series_while_it_is_watched() {
        let metrics = Metrics::new();
        metrics.directories(vec![Directory {
            name: "rrc00".to_owned(),
            files_read: 3,
            files_passed: vec![("late", 2), ("odd", 0)],
            last_record: Some(1.5e9),
            ..Directory::default()
        }]);
        let text = metrics.text().unwrap();
        assert!(text.contains("leakwatch_mrt_files_read_total{directory=\"rrc00\"} 3\n"));
        assert!(
            text.contains(
                "leakwatch_mrt_files_passed_total{directory=\"rrc00\",reason=\"late\"} 2\n"
            )
        );
        metrics.directories(Vec::new());
        assert!(!metrics.text().unwrap().contains("rrc00"));
    }
}
