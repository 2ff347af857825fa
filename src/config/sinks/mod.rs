//! `[[alert.alertmanager]]`, `[[alert.webhook]]` and the other places alerts go to.

mod local;
mod mail;
mod shown;
mod web;

use std::time::Duration;

use toml::de::DeValue;

use super::{
    Config,
    kinds::{Kind as _, Span, string},
    problem::printable,
    reader::{Context, Reader, Value, flag, label, parsed},
    settings::DAY,
    tables,
    words::path,
};
use crate::{
    alert::{Destination, SinkSettings, post, secret::SecretFile},
    incident::{Kind, Severity},
};

pub(super) use shown::show;

/// The tables under `[alert]`, in the order in which they are shown.
pub(super) const TYPES: [&str; 7] = [
    "alertmanager",
    "webhook",
    "slack",
    "pagerduty",
    "mail",
    "syslog",
    "file",
];

/// Sinks at most: each has a thread and a queue.
const MOST: usize = 50;

/// The table of this name under `[alert]`, if it is one of ours.
pub(super) fn known(name: &str) -> Option<&'static str> {
    TYPES.into_iter().find(|one| *one == name)
}

/// Reads every `[[alert.NAME]]`.
pub(super) fn read<'t>(
    config: &mut Config,
    value: &Value<'t>,
    kind: &'static str,
    context: &mut Context<'t>,
) {
    let full = format!("alert.{kind}");
    tables::each(Some(value), &full, context, |reader, context| {
        one(config, kind, reader, context);
    });
}

/// By type, in the order in which they are shown; a file's tables come in another.
pub(super) fn sort(config: &mut Config) {
    let place = |sink: &SinkSettings| TYPES.iter().position(|one| *one == sink.to.kind());
    config.alert.sinks.sort_by_key(place);
}

fn one(config: &mut Config, kind: &'static str, mut reader: Reader, context: &mut Context) {
    let before = context.problems.count();
    let common = Common::read(kind, &mut reader, context);
    let destinations: Vec<(String, Destination)> = match kind {
        "alertmanager" => web::alertmanagers(&common.name, &mut reader, context),
        "webhook" => web::webhook(&mut reader, context)
            .into_iter()
            .map(named_as(&common))
            .collect(),
        "slack" => web::slack(&mut reader, context)
            .into_iter()
            .map(named_as(&common))
            .collect(),
        "pagerduty" => web::pagerduty(&mut reader, context)
            .into_iter()
            .map(named_as(&common))
            .collect(),
        "mail" => mail::read(&mut reader, context)
            .into_iter()
            .map(named_as(&common))
            .collect(),
        "syslog" => vec![(common.name.clone(), local::syslog(&mut reader, context))],
        _ => local::lines(&mut reader, context)
            .into_iter()
            .map(named_as(&common))
            .collect(),
    };
    for (name, mut to) in destinations {
        if let Some(base) = &context.base_dir {
            to.start_at(base);
            if context.problems.count() == before
                && let Err(error) = to.check()
            {
                reader.wrong(context, &printable(&error));
            }
        }
        let sinks = &mut config.alert.sinks;
        if sinks.iter().any(|sink| sink.name == name) {
            let message = format!(
                "a second sink of the name `{}`; give it a `name` of its own",
                printable(&name)
            );
            reader.wrong(context, &message);
        } else if sinks.len() == MOST {
            reader.wrong(context, &format!("more than {MOST} sinks"));
        } else {
            sinks.push(common.sink(name, to));
        }
    }
    reader.finish(context);
}

fn named_as(common: &Common) -> impl Fn(Destination) -> (String, Destination) + use<> {
    let name = common.name.clone();
    move |to| (name.clone(), to)
}

/// What every sink has.
struct Common {
    name: String,
    min_severity: Severity,
    kinds: Vec<Kind>,
    drills: bool,
    resolved: bool,
    troubles: bool,
    repeat_interval: Option<Duration>,
}

impl Common {
    fn read(kind: &'static str, reader: &mut Reader, context: &mut Context) -> Common {
        let least = match kind {
            "pagerduty" => Severity::Critical,
            "syslog" | "file" => Severity::Info,
            _ => Severity::Warning,
        };
        let name = reader.read(context, "name", label);
        let severity = |value: &DeValue| {
            let text = string(value, "a severity")?;
            let all = [Severity::Info, Severity::Warning, Severity::Critical];
            all.into_iter()
                .find(|one| one.name() == text)
                .ok_or_else(|| {
                    format!(
                        "`{}` is no severity; write info, warning or critical",
                        printable(text)
                    )
                })
        };
        let one_kind = |value: &DeValue| {
            let text = string(value, "a kind of incident")?;
            let known = Kind::ALL.iter().find(|kind| kind.name() == text);
            known.copied().ok_or_else(|| {
                let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
                format!(
                    "`{}` is no kind of incident; there are {}",
                    printable(text),
                    names.join(", ")
                )
            })
        };
        let span = |value: &DeValue| Span(0..=30 * DAY).read(value);
        Common {
            name: name.unwrap_or_else(|| kind.to_owned()),
            min_severity: reader
                .read(context, "min_severity", severity)
                .unwrap_or(least),
            kinds: reader.list(context, "kinds", one_kind).unwrap_or_default(),
            drills: reader.read(context, "drills", flag).unwrap_or(false),
            resolved: reader.read(context, "resolved", flag).unwrap_or(true),
            troubles: reader.read(context, "troubles", flag).unwrap_or(true),
            repeat_interval: reader.read(context, "repeat_interval", span),
        }
    }

    fn sink(&self, name: String, to: Destination) -> SinkSettings {
        SinkSettings {
            name,
            min_severity: self.min_severity,
            kinds: self.kinds.clone(),
            drills: self.drills,
            resolved: self.resolved,
            troubles: self.troubles,
            repeat_interval: self.repeat_interval,
            to,
        }
    }
}

fn secret(value: &DeValue) -> Result<SecretFile, String> {
    parsed(value, "the path of a file with the secret")
}

/// An address of HTTP without a password in it.
pub(super) fn url(value: &DeValue) -> Result<String, String> {
    let text = string(value, "an address such as \"https://alerts.example/hook\"")?;
    if post::host(text).is_none() || text.chars().any(char::is_control) {
        // What it is may be a password, and is not repeated.
        return Err(
            "is not an address; write it as \"https://alerts.example/hook\", without a password"
                .to_owned(),
        );
    }
    Ok(text.to_owned())
}

fn timeout(default: Duration, reader: &mut Reader, context: &mut Context) -> Duration {
    let span = |value: &DeValue| Span(1..=300).read(value);
    reader.read(context, "timeout", span).unwrap_or(default)
}

fn posted(reader: &mut Reader, context: &mut Context) -> post::Settings {
    let default = post::Settings::default();
    post::Settings {
        timeout: timeout(default.timeout, reader, context),
        ca_file: reader.read(context, "ca_file", path),
    }
}

/// A value that must be there; that it is not is said once.
fn needed<T>(reader: &Reader, context: &mut Context, key: &str, value: Option<T>) -> Option<T> {
    if value.is_none() && !reader.table.contains_key(key) {
        reader.wrong(context, &format!("needs `{key}`"));
    }
    value
}

#[cfg(test)]
mod tests;
