//! `leakwatch alert test | show`: whether alerts would arrive, and what they would say.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use clap::{Args, Subcommand};

use super::{
    Failure, Status,
    sheet::{Ink, Sheet, escape, lasting},
};
use crate::{
    alert::{self, Message, SinkSettings, Then, Voice, trial},
    bgp::Timestamp,
    config::Config,
    incident::Step,
};

const TEST: &str = "\
Nothing is queued and no daemon is needed: each sink is tried once, from here, with the secrets of \
the configuration, whatever its filters are. The message says in its title that it is a test; what \
follows is how August 2017 would have looked. A pager pages, and where one incident pages once, \
a second test is silent until the first is over: --resolved ends it.

Exit status: 0 every sink took it; 1 one did not; 2 wrong usage or configuration.";

const SHOW: &str = "\
What is printed is what would be sent, without secrets.";

/// Where the package puts the configuration.
const INSTALLED: &str = "/etc/leakwatch/leakwatch.toml";

/// Try where alerts go.
#[derive(Debug, Subcommand)]
pub(super) enum Alert {
    /// Send a marked test through each sink, and say what the other side answers.
    #[command(after_help = TEST)]
    Test(Which),
    /// Print the test as each sink would send it, and send nothing.
    #[command(after_help = SHOW)]
    Show(Which),
}

/// Which sinks, and as what.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Only this sink, by its name; all without it.
    sink: Option<String>,
    /// The configuration; without it the one that `LEAKWATCH_CONFIG` names in the environment, or
    /// /etc/leakwatch/leakwatch.toml.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The end of the test, in place of its beginning.
    #[arg(long)]
    resolved: bool,
}

impl Alert {
    pub(super) fn run(&self, out: &mut impl Write) -> Result<Status, Failure> {
        let sheet = Sheet::standard_output();
        match self {
            Alert::Test(which) => {
                which.each(out, |out, sink, message| test(out, &sheet, sink, message))
            }
            Alert::Show(which) => {
                which.each(out, |out, sink, message| show(out, &sheet, sink, message))
            }
        }
    }
}

impl Which {
    /// Does something with each sink; whether it could be done with all of them.
    fn each<W: Write>(
        &self,
        out: &mut W,
        mut with: impl FnMut(&mut W, &SinkSettings, &Message) -> io::Result<bool>,
    ) -> Result<Status, Failure> {
        let named = self.config.clone().or_else(super::run::named);
        let file = configuration(named, Path::new(INSTALLED)).ok_or_else(|| {
            Failure::Usage(format!(
                "name the configuration: --config FILE (there is no {INSTALLED})"
            ))
        })?;
        let config = Config::load(&file)?;
        let sinks = self.chosen(&file, &config.alert)?;
        let own = format!("http://{}", config.http.listen);
        let step = if self.resolved {
            Step::Resolved
        } else {
            Step::Opened
        };
        let mut all = true;
        for sink in sinks {
            let now = now();
            let voice = Voice::new(&config.alert, &own, &config.reference, now);
            let message = Message::new(trial(step, now), &voice);
            all &= with(out, sink, &message)?;
            out.flush()?;
        }
        Ok(if all { Status::Done } else { Status::Partly })
    }

    fn chosen<'s>(
        &self,
        file: &Path,
        settings: &'s alert::Settings,
    ) -> Result<Vec<&'s SinkSettings>, Failure> {
        if settings.sinks.is_empty() {
            return Err(Failure::Usage(format!(
                "{} has no [[alert.…]]: alerts go nowhere but into the log; `leakwatch config \
                 example` shows how each is written",
                file.display()
            )));
        }
        let Some(wanted) = &self.sink else {
            return Ok(settings.sinks.iter().collect());
        };
        let chosen: Vec<&SinkSettings> = settings
            .sinks
            .iter()
            // `alertmanager` is all of `alertmanager/host:port`.
            .filter(|sink| {
                let rest = sink.name.strip_prefix(wanted.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
            .collect();
        if chosen.is_empty() {
            let names: Vec<String> = settings
                .sinks
                .iter()
                .map(|sink| escape(&sink.name))
                .collect();
            return Err(Failure::Usage(format!(
                "there is no sink `{}`; there are {}",
                escape(wanted),
                names.join(", ")
            )));
        }
        Ok(chosen)
    }
}

/// The configuration that is named, or else that of the service.
fn configuration(named: Option<PathBuf>, installed: &Path) -> Option<PathBuf> {
    named.or_else(|| installed.exists().then(|| installed.to_owned()))
}

/// Sends one, and says how that went.
fn test(
    out: &mut impl Write,
    sheet: &Sheet,
    settings: &SinkSettings,
    message: &Message,
) -> io::Result<bool> {
    let name = format!("{} ({})", escape(&settings.name), settings.to.kind());
    let (begun, sent) = match settings.to.open() {
        Ok(mut sink) => (clock(), sink.send(message)),
        Err(error) => {
            result(out, sheet, &name, Ink::Alarm, "cannot be used")?;
            sheet.entry(out, &escape(&error))?;
            return Ok(false);
        }
    };
    let took = lasting(begun.elapsed().max(Duration::from_millis(1)));
    match sent {
        Ok(sent) => {
            result(
                out,
                sheet,
                &name,
                Ink::Well,
                &format!("taken, after {took}"),
            )?;
            sheet.entry(out, &escape(&sent.answer))?;
            Ok(true)
        }
        Err(failure) => {
            result(
                out,
                sheet,
                &name,
                Ink::Alarm,
                &format!("NOT TAKEN, after {took}"),
            )?;
            sheet.entry(out, &escape(&failure.what))?;
            let next = match failure.then {
                Then::Retry(None) => "The daemon would try it again.".to_owned(),
                Then::Retry(Some(wait)) => {
                    format!(
                        "The daemon would try it again, not before {}.",
                        lasting(wait)
                    )
                }
                Then::GiveUp => {
                    "The daemon would give this message up and say so: put right what is named \
                     above."
                        .to_owned()
                }
            };
            sheet.entry(out, &next)?;
            if failure.may_have_arrived {
                sheet.entry(out, "It may have arrived all the same: look there.")?;
            }
            Ok(false)
        }
    }
}

fn result(out: &mut impl Write, sheet: &Sheet, name: &str, ink: Ink, text: &str) -> io::Result<()> {
    writeln!(
        out,
        "{}: {}",
        sheet.ink(Ink::Strong, name),
        sheet.ink(ink, text)
    )
}

/// Prints one as it would be sent.
fn show(
    out: &mut impl Write,
    sheet: &Sheet,
    settings: &SinkSettings,
    message: &Message,
) -> io::Result<bool> {
    sheet.rule(out, &escape(&settings.name))?;
    match settings.to.open() {
        Ok(sink) => {
            for line in sink.preview(message).lines() {
                writeln!(out, "{}", escape(line))?;
            }
            Ok(true)
        }
        Err(error) => {
            sheet.entry(out, &escape(&error))?;
            Ok(false)
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "an edge: a test is sent now, and signed and dated so"
)]
fn now() -> Timestamp {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp::from_micros(now.map_or(0, |now| now.as_micros() as u64))
}

#[expect(
    clippy::disallowed_methods,
    reason = "an edge: how long the other side took is measured"
)]
fn clock() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_s_configuration_is_taken_where_none_is_named() {
        let here = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let nowhere = Path::new("/nowhere/leakwatch.toml");
        let named = || Some(PathBuf::from("named.toml"));
        assert_eq!(configuration(named(), here), named());
        assert_eq!(configuration(None, here).as_deref(), Some(here));
        assert_eq!(configuration(None, nowhere), None);
    }
}
