//! Where state is kept and for how long.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    path::PathBuf,
    time::Duration,
};

/// `[state]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The directory; none keeps nothing. Where none is configured, the one that systemd made
    /// for the service (`StateDirectory=`) is used.
    pub directory: Option<PathBuf>,
    /// Incidents that are over are kept for so long.
    pub keep: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            directory: None,
            keep: Duration::from_secs(400 * 86_400),
        }
    }
}

impl Settings {
    /// The directory in force: the configured one, or else the one that systemd made for us
    /// (`StateDirectory=`, which it names in `$STATE_DIRECTORY`; of several the first).
    pub fn directory(&self) -> Option<PathBuf> {
        self.directory_or(std::env::var_os("STATE_DIRECTORY"))
    }

    fn directory_or(&self, given: Option<OsString>) -> Option<PathBuf> {
        let given = || {
            let given = given?;
            let first = given.as_bytes().split(|octet| *octet == b':').next()?;
            (!first.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(first)))
        };
        self.directory.clone().or_else(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configured_directory_comes_before_the_one_of_systemd() {
        let directory = |configured: Option<&str>, given: Option<&str>| {
            let settings = Settings {
                directory: configured.map(PathBuf::from),
                ..Settings::default()
            };
            let found = settings.directory_or(given.map(OsString::from));
            found.map(|found| found.display().to_string())
        };
        assert_eq!(directory(None, None), None);
        assert_eq!(directory(None, Some("")), None);
        assert_eq!(
            directory(None, Some("/var/lib/a:/var/lib/b")).as_deref(),
            Some("/var/lib/a")
        );
        assert_eq!(directory(Some("/b"), Some("/a")).as_deref(), Some("/b"));
    }
}
