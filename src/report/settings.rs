//! Who reports, to whom what may be shown, and what is to be reported at all.

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde::Serialize;

use super::{
    customers::Customers,
    request::Sharing,
    template::Template,
    threshold::{Quarterly, Threshold, default_thresholds},
    zone::Zone,
};

/// Who reports. What is empty is left to be filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reporter {
    /// Our organisation.
    pub organisation: String,
    /// The part of it that answers.
    pub department: String,
    /// As dialled, at any hour.
    pub phone: String,
    /// Mail.
    pub mail: String,
}

/// `[report]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Who reports.
    pub reporter: Reporter,
    /// Times are told in it, beside UTC.
    pub time_zone: Zone,
    /// Who may know, where a report does not say otherwise.
    pub sharing: Sharing,
    /// Which service the thresholds are of.
    pub service: String,
    /// The thresholds of every service.
    pub thresholds: Vec<Threshold>,
    /// What a quarterly report covers.
    pub quarterly: Quarterly,
    /// A major accident is to be reported in detail within so long of its beginning.
    pub due: Duration,
    /// Our customers by prefix, as a file.
    pub customers_file: Option<PathBuf>,
    /// What was in it.
    pub customers: Option<Arc<Customers>>,
    /// What customers are told in English, as a file.
    pub customers_template_en: Option<PathBuf>,
    /// What was in it, or the built-in words.
    pub english: Template,
    /// What customers are told in Japanese, as a file.
    pub customers_template_ja: Option<PathBuf>,
    /// What was in it, or the built-in words.
    pub japanese: Template,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            reporter: Reporter::default(),
            time_zone: Zone::default(),
            sharing: Sharing::default(),
            service: "other".to_owned(),
            thresholds: default_thresholds(),
            quarterly: Quarterly::default(),
            due: Duration::from_secs(30 * 24 * 3600),
            customers_file: None,
            customers: None,
            customers_template_en: None,
            english: Template::english(),
            customers_template_ja: None,
            japanese: Template::japanese(),
        }
    }
}
