//! SIGHUP: the configuration anew, all of it or nothing.
//!
//! Everything is read and checked before anything is used: the file, what it names, the
//! certificates and passwords of HTTP. Then it takes effect everywhere; sessions, routes
//! and open incidents stay.

use std::{path::Path, sync::Arc};

use super::{Fault, alerting::Opened, world::Rules};
use crate::{alert::SinkSettings, config::Config, http::Access};

/// A configuration that has been checked, with all that it names.
pub struct Checked {
    /// As written.
    pub config: Config,
    /// Who may look.
    pub access: Access,
    /// Where alerts go, with the secrets that takes.
    pub sinks: Vec<Opened>,
}

impl Checked {
    /// Checks what a configuration names.
    ///
    /// # Errors
    /// If something of it cannot be used.
    pub fn new(config: Config) -> Result<Self, Fault> {
        let access = Access::new(&config.http).map_err(|error| Fault::Unusable {
            key: error.key(),
            message: error.to_string(),
        })?;
        let open = |one: &SinkSettings| match one.to.open() {
            Ok(sink) => Ok((one.clone(), sink)),
            Err(message) => Err(Fault::Unusable {
                key: "alert",
                message: format!("{}: {message}", one.name),
            }),
        };
        let sinks = config
            .alert
            .sinks
            .iter()
            .map(open)
            .collect::<Result<_, _>>()?;
        Ok(Checked {
            config,
            access,
            sinks,
        })
    }

    /// Reads and checks a file. Takes as long as reading what it names.
    ///
    /// # Errors
    /// With everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, Fault> {
        Checked::new(Config::load(path)?)
    }

    /// By what the engine judges.
    pub(super) fn rules(&self) -> Rules {
        Rules {
            reference: self.config.reference.clone(),
            detect: self.config.detect.clone(),
            incident: self.config.incident.clone(),
            limits: self.config.limits,
        }
    }
}

/// The keys that differ but hold only from the next start.
pub fn needs_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    [
        (old.bmp.listen != new.bmp.listen, "bmp.listen"),
        (old.bmp.queue != new.bmp.queue, "bmp.queue"),
        (old.http.listen != new.http.listen, "http.listen"),
        (old.log.format != new.log.format, "log.format"),
        (
            old.state.directory != new.state.directory,
            "state.directory",
        ),
    ]
    .into_iter()
    .filter_map(|(differs, key)| differs.then_some(key))
    .collect()
}

/// What cannot be changed while running, as it was, and the rest as it is to be: what is
/// in force after a reload.
pub fn in_force(old: &Config, mut new: Config) -> Arc<Config> {
    new.bmp.listen = old.bmp.listen;
    new.bmp.queue = old.bmp.queue;
    new.http.listen = old.http.listen;
    new.log.format = old.log.format;
    new.state.directory.clone_from(&old.state.directory);
    Arc::new(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_a_restart_is_named_and_stays_as_it_was() {
        let old = Config::default();
        let text = "[bmp]\nlisten = \"127.0.0.1:1\"\nhold_stale = \"1m\"\n[http]\nlisten = \"127.0.0.1:2\"\n[state]\ndirectory = \"x\"\nkeep = \"30d\"";
        let new = Config::parse_text(text).unwrap();
        assert_eq!(
            needs_restart(&old, &new),
            ["bmp.listen", "http.listen", "state.directory"]
        );
        let force = in_force(&old, new);
        assert_eq!(force.bmp.listen, old.bmp.listen);
        assert_eq!(force.http, old.http);
        assert_eq!(force.state.directory, None);
        assert_eq!(force.state.keep.as_secs(), 30 * 86_400);
        assert_eq!(force.bmp.hold_stale.as_secs(), 60);
        assert!(needs_restart(&old, &force).is_empty());
    }
}
