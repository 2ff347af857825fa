//! `drill --bmp`: the drill told to a running daemon, over a BMP session of its own.

use std::{
    fmt::Write as _,
    io::{self, Write},
    net::{SocketAddr, ToSocketAddrs},
    time::Duration,
};

use clap::{Args, value_parser};
use serde::Serialize;

use super::{
    super::{
        Failure, Status,
        progress::Progress,
        replay::now,
        sheet::{Sheet, escape, grouped, lasting},
        told::Format,
    },
    Drill,
    wire::Wire,
};
use crate::drill::{Drill as Played, Expected, Recording, Speaker, Timing, Truth};

/// Where the daemon listens unless told otherwise.
const PORT: u16 = 11019;
/// The options of it.
#[derive(Debug, Args)]
pub(super) struct ToDaemon {
    /// Play it to a running daemon at this address, as the router that recorded it;
    /// ordinary waits are shortened.
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) bmp: Option<String>,
    /// With --bmp: so many times as fast.
    #[arg(long, value_name = "N", requires = "bmp", value_parser = value_parser!(u32).range(1..=100))]
    speed: Option<u32>,
    /// With --bmp: with all its waits, most of an hour.
    #[arg(long, requires = "bmp")]
    real_time: bool,
    /// With --bmp: also to another host. A collector that does not know drills would take
    /// it for real.
    #[arg(long, requires = "bmp")]
    remote: bool,
}

impl ToDaemon {
    /// How long the ordinary parts take.
    pub(super) fn timing(&self) -> Timing {
        if self.bmp.is_some() && !self.real_time {
            Timing::WATCHED
        } else {
            Timing::RECORDED
        }
    }
}

/// What was played, for programs.
#[derive(Debug, Serialize)]
struct Performance<'a> {
    drill: &'a str,
    reconstruction: bool,
    target: SocketAddr,
    router: String,
    routes: usize,
    bytes: u64,
    seconds: f64,
    incidents: Vec<Leak>,
}

/// What the daemon has to find.
#[derive(Debug, Serialize)]
struct Leak {
    offender: crate::bgp::Asn,
    neighbour: Option<crate::bgp::Asn>,
    routes: u32,
}

impl Drill {
    /// Opens the session at `target`, before there is anything to play: whether somebody
    /// listens is worth knowing first.
    pub(super) fn connect(&self, target: &str, drill: &Played) -> Result<Wire, Failure> {
        let address = resolve(target)?;
        if !address.ip().to_canonical().is_loopback() && !self.live.remote {
            return Err(Failure::Usage(format!(
                "{address} is another host: a collector there that does not know drills would \
                 take this one for real; --remote plays it all the same"
            )));
        }
        let mut wire = Wire::connect(address)?;
        let mut initiation = Vec::new();
        Speaker::introduce(drill, &mut initiation);
        wire.send(&initiation).map_err(|error| wire.lost(error))?;
        Ok(wire)
    }

    /// Plays a drill to a daemon.
    pub(super) fn play_to(
        &self,
        mut wire: Wire,
        drill: &Played,
        recording: Recording,
        mut out: impl Write,
        quiet: bool,
    ) -> Result<Status, Failure> {
        let address = wire.address;
        let truth = recording.truth.clone();
        let waiting = Progress::waiting("prepare", drill.title, quiet);
        let speaker = Speaker::new(recording).map_err(played)?;
        let duration = speaker.duration().map_err(played)?;
        drop(waiting);

        let speed = self.live.speed.unwrap_or(1);
        let sheet = Sheet::standard_output();
        let text = self.format == Format::Text;
        if text {
            self.announce(&mut out, &sheet, drill, address, duration / speed)?;
        }
        let started = now();
        let mut opening = Vec::new();
        speaker.begin(&mut opening);
        wire.send(&opening).map_err(|error| wire.lost(error))?;
        send_tables(&speaker, &mut wire, quiet)?;
        let say = |out: &mut dyn Write, progress: &Progress, line: &str| -> io::Result<()> {
            if text {
                progress.aside(|| writeln!(out, "  {line}").and_then(|()| out.flush()))?;
            }
            Ok(())
        };
        let progress = Progress::lasting("play", duration.as_secs(), quiet);
        let table = format!(
            "{} the tables are sent, {} routes",
            clock(started.elapsed()),
            grouped(speaker.routes() as u64)
        );
        say(&mut out, &progress, &table)?;
        let mut phases = phases(&speaker, &truth);
        let mut updates = speaker.updates().map_err(played)?;
        let mut message = Vec::new();
        let begun = now();
        let mut what = "the ordinary day before".to_owned();
        while let Some(at) = updates.next(&mut message) {
            let due = at / speed;
            let elapsed = begun.elapsed();
            if due > elapsed || wire.waiting() >= Wire::PORTION {
                wire.flush().map_err(|error| wire.lost(error))?;
                wire.wait_until(begun + due, &mut || {
                    let seconds = begun.elapsed().as_secs() * u64::from(speed);
                    progress.reached(seconds, &what);
                })?;
            }
            while phases.last().is_some_and(|(from, _)| *from <= at) {
                if let Some((_, phase)) = phases.pop() {
                    let line = format!("{} {phase}", clock(started.elapsed()));
                    say(&mut out, &progress, &line)?;
                    what = phase;
                }
            }
            wire.hold(&message);
            message.clear();
        }
        wire.flush().map_err(|error| wire.lost(error))?;
        speaker.end(&mut message);
        wire.send(&message).map_err(|error| wire.lost(error))?;
        drop(progress);
        wire.close();
        let seconds = started.elapsed().as_secs_f64();
        if text {
            writeln!(out, "  {} the session is ended", clock(started.elapsed()))?;
            writeln!(out)?;
            expectation(&mut out, &sheet, drill, &truth)?;
        } else {
            let leaks = truth.incidents.iter().map(|one| Leak {
                offender: one.offender,
                neighbour: one.neighbour,
                routes: one.routes,
            });
            let performance = Performance {
                drill: drill.name,
                reconstruction: true,
                target: address,
                router: Speaker::sys_name(drill),
                routes: speaker.routes(),
                bytes: wire.sent,
                seconds: (seconds * 1e3).round() / 1e3,
                incidents: leaks.collect(),
            };
            serde_json::to_writer(&mut out, &performance).map_err(io::Error::from)?;
            writeln!(out)?;
        }
        out.flush()?;
        Ok(Status::Done)
    }

    /// What is about to be played, to whom, and for how long.
    fn announce(
        &self,
        out: &mut impl Write,
        sheet: &Sheet,
        drill: &Played,
        address: SocketAddr,
        duration: Duration,
    ) -> io::Result<()> {
        sheet.headline(out, &format!("Drill {}: {}", drill.name, drill.title))?;
        let mut text = format!(
            "{}. Played to {address} as the router {}, for {} after its tables are sent.",
            self.played(),
            Speaker::sys_name(drill),
            lasting(duration)
        );
        if !self.live.real_time {
            text.push_str(
                " The leak itself keeps its pace; the ordinary 20 minutes before it are cut to \
                 5 seconds, what it stays once complete to 20 seconds, the half hour after it to 10.",
            );
        }
        sheet.paragraph(out, &text)?;
        sheet.paragraph(
            out,
            "Meanwhile look at `leakwatch incidents`, at the daemon's page and log, at /metrics.",
        )?;
        writeln!(out)?;
        out.flush()
    }
}

/// The address of a daemon; the port may be left out.
fn resolve(target: &str) -> Result<SocketAddr, Failure> {
    let wrong = |why: &str| {
        let target = escape(target);
        Failure::Usage(format!("--bmp {target}: {why}; write HOST:PORT"))
    };
    if let Ok(ip) = target.parse() {
        return Ok(SocketAddr::new(ip, PORT));
    }
    let addresses = if target.rsplit_once(':').is_some() {
        target.to_socket_addrs()
    } else {
        (target, PORT).to_socket_addrs()
    };
    let mut addresses = addresses.map_err(|error| wrong(&error.to_string()))?;
    addresses.next().ok_or_else(|| wrong("no such host"))
}

fn played(error: io::Error) -> Failure {
    Failure::Input(anyhow::Error::new(error).context("the drill's own recording"))
}

fn send_tables(speaker: &Speaker, wire: &mut Wire, quiet: bool) -> Result<(), Failure> {
    let progress = Progress::waiting("send table", "", quiet);
    let outcome = speaker.tables(&mut |bytes| {
        wire.send(bytes)?;
        progress.reached(0, &format!("{} MB", wire.sent >> 20));
        Ok(())
    });
    outcome.map_err(|error| wire.lost(error))
}

/// What happens when, the last first.
fn phases(speaker: &Speaker, truth: &Truth) -> Vec<(Duration, String)> {
    let mut phases = Vec::new();
    for one in &truth.incidents {
        let mut who = one.offender.to_string();
        if let Some(neighbour) = one.neighbour {
            let _ = write!(who, " through {neighbour}");
        }
        let routes = grouped(one.routes.into());
        let mut phase = |time, what| phases.push((speaker.offset(time), what));
        phase(one.first, format!("the leak begins: {who}"));
        phase(
            one.last,
            format!("all {routes} routes of {} are out", one.offender),
        );
        phase(
            one.last_withdrawn,
            format!("the leak of {} is over", one.offender),
        );
    }
    phases.sort_by(|one, other| other.cmp(one));
    phases
}

/// What the daemon has to make of it.
fn expectation(
    out: &mut impl Write,
    sheet: &Sheet,
    drill: &Played,
    truth: &Truth,
) -> io::Result<()> {
    sheet.rule(out, "What had to come out")?;
    if drill.expected == Expected::Quiet {
        sheet.entry(out, "Nobody woken.")?;
    }
    for one in &truth.incidents {
        let neighbour = one
            .neighbour
            .map_or(String::new(), |asn| format!(" accepted by {asn},"));
        let routes = grouped(one.routes.into());
        let text = format!(
            "One critical incident: {},{neighbour} {routes} routes.",
            one.offender
        );
        sheet.entry(out, &text)?;
    }
    sheet.entry(out, "What did: `leakwatch incidents`.")
}

fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
