//! The configuration: one TOML file, read completely or not at all.
//!
//! Every problem of a file is reported at once, with its line and key; a
//! deserialiser that stops at the first one would make people repair a file by
//! trial. So the text is parsed into spanned values and read by the list in
//! `thresholds` (single values with their reasons) and by `tables` (what should
//! hold). Relative paths in a file start at the directory it is in.

mod directory;
mod http;
mod incidents;
mod kinds;
mod log;
mod problem;
mod reader;
mod relations_file;
mod report;
mod service;
mod settings;
mod show;
mod sinks;
mod tables;
mod thresholds;
mod words;

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use toml::de::DeTable;

pub use http::Http;
pub use kinds::duration as read_duration;
pub use log::{Format as LogFormat, Level as LogLevel, Log};
pub use problem::{ConfigError, Problem};
use problem::{Problems, unknown};
use reader::{Context, Reader, Value, asn};

use crate::{
    alert, detect, engine, feed, incident,
    reference::{Reference, Roles},
    store,
};

/// The commented file with every default; what `config example` prints.
pub const EXAMPLE: &str = include_str!("../../config/leakwatch.toml");

/// Larger files are refused: a hundred thousand own prefixes take 5 MB.
const MOST_BYTES: u64 = 16 << 20;

/// Everything the configuration decides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// What should hold.
    pub reference: Reference,
    /// Thresholds of the detectors.
    pub detect: detect::settings::Settings,
    /// The life of incidents.
    pub incident: incident::settings::Settings,
    /// The relationship file, as written.
    pub relations_file: Option<PathBuf>,
    /// Where routers are heard.
    pub bmp: feed::bmp::Settings,
    /// Directories in which MRT files appear.
    pub mrt: Vec<feed::mrt::Settings>,
    /// Where metrics, the interface and the status page are.
    pub http: Http,
    /// What is logged.
    pub log: Log,
    /// What survives a restart.
    pub state: store::Settings,
    /// How much the engine keeps.
    pub limits: engine::Limits,
    /// Who is told of incidents.
    pub alert: alert::Settings,
    /// What others are told of an incident.
    pub report: crate::report::Settings,
}

impl Config {
    /// Reads a file, and the relationship file that it names.
    ///
    /// # Errors
    /// If it cannot be read, or with all problems found in it.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let read = |source| ConfigError::Read {
            path: path.to_owned(),
            source,
        };
        let mut text = String::new();
        let file = File::open(path).map_err(read)?;
        file.take(MOST_BYTES + 1)
            .read_to_string(&mut text)
            .map_err(read)?;
        if text.len() as u64 > MOST_BYTES {
            return Err(read(std::io::Error::other("is larger than 16 MiB")));
        }
        let base = path.parent().unwrap_or(Path::new(""));
        Config::parse(&text, base).map_err(|error| match error {
            ConfigError::Invalid { problems, .. } => ConfigError::Invalid {
                path: Some(path.to_owned()),
                problems,
            },
            other @ ConfigError::Read { .. } => other,
        })
    }

    /// Reads a text; the relationship file it names is looked for from `base_dir`.
    ///
    /// # Errors
    /// With all problems found in it.
    pub fn parse(text: &str, base_dir: &Path) -> Result<Config, ConfigError> {
        Config::read(text, Some(base_dir))
    }

    /// Reads a text and opens no file: the relations stay empty.
    ///
    /// # Errors
    /// With all problems found in it.
    pub fn parse_text(text: &str) -> Result<Config, ConfigError> {
        Config::read(text, None)
    }

    /// The settings in force, as a commented file that says the same.
    pub fn to_toml(&self) -> String {
        show::show(self)
    }

    fn read(text: &str, base_dir: Option<&Path>) -> Result<Config, ConfigError> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let mut context = Context {
            problems: Problems::new(text),
            base_dir: base_dir.map(Path::to_owned),
        };
        for error in &errors {
            let span = error.span().unwrap_or(0..0);
            context.problems.add(&span, "", error.message());
        }
        // What follows a slip of syntax would only be misread.
        context.problems.finish()?;
        let mut config = Config::default();
        let mut reader = Reader::new(root.get_ref(), "", 0..0);
        // First, because `[[own]]` falls back to it.
        config.reference.local_as = reader.read(&mut context, "local_as", asn);
        let own = reader.get("own");
        tables::each(own, "own", &mut context, |reader, context| {
            tables::own(&mut config, reader, context);
        });
        let peers = reader.get("peer");
        tables::each(peers, "peer", &mut context, |reader, context| {
            tables::peer(&mut config, reader, context);
        });
        config.reference.roles = Roles::of(&config.reference.peers);
        let contacts = reader.get("contact");
        tables::each(contacts, "contact", &mut context, |reader, context| {
            tables::contact(&mut config, reader, context);
        });
        if let Some(value) = reader.get("relations")
            && let Some(reader) = Reader::open(value, "relations", &mut context)
        {
            tables::relations(&mut config, reader, &mut context);
        }
        if let Some(value) = reader.get("lists")
            && let Some(reader) = Reader::open(value, "lists", &mut context)
        {
            tables::lists(&mut config, reader, &mut context);
        }
        let directories = reader.get("mrt");
        tables::each(directories, "mrt", &mut context, |reader, context| {
            directory::mrt(&mut config, reader, context);
        });
        for name in [
            "bmp", "http", "log", "state", "limits", "detect", "incident", "alert", "report",
        ] {
            if let Some(value) = reader.get(name) {
                config.read_settings(value, name, &mut context);
            }
        }
        report::finish(&mut config.report, &reader, &mut context);
        sinks::sort(&mut config);
        config.check_order(&reader, &mut context);
        config.check_exposure(&reader, &mut context);
        reader.finish(&mut context);
        context.problems.finish()?;
        if let Some(base) = base_dir {
            config.start_paths_at(base);
        }
        Ok(config)
    }

    /// Reads a table of settings and the tables in it. As deep as the list of
    /// settings goes, however deep the file is.
    fn read_settings<'t>(&mut self, value: &Value<'t>, path: &str, context: &mut Context<'t>) {
        let Some(reader) = Reader::open(value, path, context) else {
            return;
        };
        for (key, value) in reader.table {
            let name = key.get_ref().as_ref();
            let full = reader.full(name);
            let setting =
                settings::all().find(|setting| setting.table == path && setting.key == name);
            if let Some(setting) = setting {
                if let Err(message) = (setting.read)(self, value.get_ref()) {
                    context.problems.add(&value.span(), &full, message);
                }
            } else if settings::TABLES.iter().any(|(table, _)| *table == full) {
                self.read_settings(value, &full, context);
            } else if let Some(kind) = sinks::known(name).filter(|_| path == "alert") {
                sinks::read(self, value, kind, context);
            } else {
                context.problems.add_with(&key.span(), &full, || {
                    let known = settings::keys_of(path);
                    unknown(name, path, &known, &reader::everywhere())
                });
            }
        }
    }

    /// Thresholds that make sense only in one order.
    fn check_order(&self, reader: &Reader, context: &mut Context) {
        let (detect, gate) = (&self.detect, &self.detect.gate);
        let (length, repeat) = (&detect.path_length, &detect.path_repeat);
        let limit = &detect.maximum_prefix;
        for (ordered, key, message) in [
            (
                gate.quiet <= gate.longest,
                "gate",
                "`quiet` must not be longer than `longest`",
            ),
            (
                length.warn <= length.page,
                "path_length",
                "`warn` must not be above `page`",
            ),
            (
                repeat.info <= repeat.warn && repeat.warn <= repeat.page,
                "path_repeat",
                "`info`, `warn` and `page` must ascend",
            ),
            (
                limit.warning_percent <= limit.critical_percent,
                "maximum_prefix",
                "`warning_percent` must not be above `critical_percent`",
            ),
        ] {
            if !ordered {
                let span = place(reader, "detect", key);
                context
                    .problems
                    .add(&span, &format!("detect.{key}"), message);
            }
        }
    }

    /// Strangers who could send routes could set off alarms, or hide one in a flood.
    fn check_exposure(&self, reader: &Reader, context: &mut Context) {
        let bmp = &self.bmp;
        if let Err(refusal) = bmp.check() {
            let span = place(reader, "bmp", "listen");
            context
                .problems
                .add(&span, "bmp.listen", refusal.to_string());
        }
        let canary = &self.alert.canary.sink;
        if let Some(sink) = canary {
            let (span, known) = (place(reader, "alert", "canary"), &self.alert.sinks);
            if !known.iter().any(|one| one.name == *sink) {
                let names: Vec<&str> = known.iter().map(|one| one.name.as_str()).collect();
                let message = format!(
                    "no sink is called \"{}\"; there are: {}",
                    problem::printable(sink),
                    names.join(", ")
                );
                context.problems.add(&span, "alert.canary.sink", message);
            } else if bmp.listen.is_none() {
                let message = "needs `bmp.listen`: a canary comes over BMP";
                context.problems.add(&span, "alert.canary.sink", message);
            }
        }
        if bmp.most_router_peers > bmp.most_peers {
            let span = place(reader, "bmp", "most_router_peers");
            let message = "must not be above `most_peers`";
            context
                .problems
                .add(&span, "bmp.most_router_peers", message);
        }
    }

    /// Relative paths start at the directory of the file that names them.
    fn start_paths_at(&mut self, base: &Path) {
        if let Some(file) = &mut self.http.web_config {
            *file = base.join(&file);
        }
        if let Some(file) = &mut self.http.token_file
            && !file.to_string_lossy().starts_with("credential:")
        {
            *file = base.join(&file);
        }
        if let Some(directory) = &mut self.state.directory {
            *directory = base.join(&directory);
        }
        for directory in &mut self.mrt {
            directory.directory = base.join(&directory.directory);
        }
    }
}

/// Where `table.key` stands in the file; the top, where it does not.
fn place(reader: &Reader, table: &str, key: &str) -> std::ops::Range<usize> {
    let table = reader.table.get(table).map(toml::Spanned::get_ref);
    table
        .and_then(|table| table.as_table()?.get(key))
        .map_or(0..0, toml::Spanned::span)
}

#[cfg(test)]
mod tests;
