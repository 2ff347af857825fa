//! Syslog (RFC 5424), with structured data: over UDP (RFC 5426), TCP with octet counting
//! (RFC 6587 §3.4.1), or the socket of the local daemon.
//!
//! Syslog confirms nothing. Over TCP a peer that has closed is noticed before we write and a
//! moment after; what is lost beyond that is lost. The message is US-ASCII and UTF-8 without a
//! byte order mark (MSG-ANY), since common receivers show the mark.

use std::{
    fmt::{self, Write as _},
    io::{self, Write as _},
    net::{SocketAddr, TcpStream, ToSocketAddrs, UdpSocket},
    os::unix::net::UnixDatagram,
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use super::{Failure, Message, Sent, Sink, Subject, host};
use crate::{
    bgp::Timestamp,
    incident::{Severity, Step},
};

/// Octets of a datagram that receivers should take (RFC 5426 §3.2).
const UDP: usize = 2048;
/// Octets of a message over TCP or a socket, which common receivers take.
const LONGEST: usize = 8192;
/// So long after writing a peer is given to say that it has gone.
const LINGER: Duration = Duration::from_millis(50);

/// Where a receiver is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `udp:HOST:PORT`.
    Udp(String),
    /// `tcp:HOST:PORT`.
    Tcp(String),
    /// `unix:PATH`.
    Unix(PathBuf),
}

/// Text that is no address of a receiver.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not known; write \"udp:HOST:514\", \"tcp:HOST:601\" or \"unix:/dev/log\"")]
pub struct NoAddress(String);

impl FromStr for Address {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NoAddress(text.to_owned());
        let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
        let port = |rest: &str| {
            let (host, port) = rest.rsplit_once(':')?;
            (!host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0))
                .then(|| rest.to_owned())
        };
        match kind {
            "udp" => port(rest).map(Address::Udp),
            "tcp" => port(rest).map(Address::Tcp),
            "unix" if rest.starts_with('/') && !rest.contains('\0') => {
                Some(Address::Unix(PathBuf::from(rest)))
            }
            _ => None,
        }
        .ok_or_else(wrong)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Udp(host) => write!(f, "udp:{host}"),
            Address::Tcp(host) => write!(f, "tcp:{host}"),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A facility (RFC 5424 §6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facility(u8);

impl Default for Facility {
    fn default() -> Self {
        Facility(3)
    }
}

const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];

/// Text that is no facility.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no facility; write daemon, user or local0 to local7")]
pub struct NoFacility(String);

impl FromStr for Facility {
    type Err = NoFacility;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let place = FACILITIES.iter().position(|name| *name == text);
        let number = place.and_then(|place| u8::try_from(place).ok());
        number
            .map(Facility)
            .ok_or_else(|| NoFacility(text.to_owned()))
    }
}

impl fmt::Display for Facility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FACILITIES.get(usize::from(self.0)).unwrap_or(&"user"))
    }
}

/// `[[alert.syslog]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where to.
    pub address: Address,
    /// As what.
    pub facility: Facility,
    /// APP-NAME: up to 48 visible characters.
    pub app_name: String,
    /// Name of our structured data: a name, `@` and a private enterprise number. 32473 is the one
    /// for documentation (RFC 5612); a site that has its own puts it there.
    pub sd_id: String,
    /// Connecting and writing must each be done in this time.
    pub timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            address: Address::Unix(PathBuf::from("/dev/log")),
            facility: Facility::default(),
            app_name: "leakwatch".to_owned(),
            sd_id: "leakwatch@32473".to_owned(),
            timeout: Duration::from_secs(10),
        }
    }
}

/// Whether a text can stand in a message's head: visible ASCII, not too long (RFC 5424 §6).
pub fn is_head(text: &str, most: usize) -> bool {
    !text.is_empty() && text.len() <= most && text.bytes().all(|octet| octet.is_ascii_graphic())
}

/// Whether a text is a name of structured data of our own: `NAME@NUMBER`.
pub fn is_sd_id(text: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    is_head(text, 32)
        && !text.contains(['=', ']', '"'])
        && text
            .split_once('@')
            .is_some_and(|(name, rest)| !name.is_empty() && number(rest))
}

/// Writes syslog messages.
#[derive(Debug)]
pub struct Syslog {
    settings: Settings,
    host: String,
    stream: Option<TcpStream>,
    /// [`LINGER`]; a test may have more.
    linger: Duration,
}

impl Syslog {
    pub(super) fn open(settings: &Settings) -> Syslog {
        Syslog {
            settings: settings.clone(),
            host: host::name().unwrap_or_else(|| "-".to_owned()),
            stream: None,
            linger: LINGER,
        }
    }

    fn lines(&self, message: &Message, most: usize) -> Vec<u8> {
        let process = std::process::id().to_string();
        encode(message, &self.settings, &self.host, &process, most)
    }

    fn udp(&self, host: &str, message: &Message) -> io::Result<usize> {
        let address = resolve(host)?;
        let any = if address.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        let socket = UdpSocket::bind(any)?;
        socket.connect(address)?;
        socket.send(&self.lines(message, UDP))
    }

    fn unix(&self, path: &PathBuf, message: &Message) -> io::Result<usize> {
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(self.settings.timeout))?;
        socket.connect(path)?;
        socket.send(&self.lines(message, LONGEST))
    }

    fn tcp(&mut self, host: &str, message: &Message) -> Result<usize, Failure> {
        let failed = |error: io::Error| Failure::retry(format!("tcp:{host}: {error}"));
        let lines = self.lines(message, LONGEST);
        let mut frame = format!("{} ", lines.len()).into_bytes();
        frame.extend_from_slice(&lines);
        let held = self.stream.take().filter(is_open);
        let mut stream = match held {
            Some(stream) => stream,
            None => self.connect(host).map_err(failed)?,
        };
        let written = stream.write_all(&frame).and_then(|()| {
            stream.set_read_timeout(Some(self.linger))?;
            // A receiver says nothing, so anything but silence is its end.
            match stream.peek(&mut [0]) {
                Ok(0) => Err(io::ErrorKind::ConnectionAborted.into()),
                Err(error) if !is_silence(&error) => Err(error),
                _ => Ok(()),
            }
        });
        written.map_err(|error| Failure {
            may_have_arrived: true,
            ..failed(error)
        })?;
        self.stream = Some(stream);
        Ok(frame.len())
    }

    fn connect(&self, host: &str) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&resolve(host)?, self.settings.timeout)?;
        stream.set_write_timeout(Some(self.settings.timeout))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

fn resolve(host: &str) -> io::Result<SocketAddr> {
    host.to_socket_addrs()?
        .next()
        .ok_or_else(|| io::Error::other("no such host"))
}

fn is_silence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// Whether the other side has not closed, as far as is known here.
fn is_open(stream: &TcpStream) -> bool {
    if stream.set_nonblocking(true).is_err() {
        return false;
    }
    let open = match stream.peek(&mut [0]) {
        Ok(count) => count > 0,
        Err(error) => is_silence(&error),
    };
    stream.set_nonblocking(false).is_ok() && open
}

/// The message in at most `most` octets.
fn encode(
    message: &Message,
    settings: &Settings,
    host: &str,
    process: &str,
    most: usize,
) -> Vec<u8> {
    let severity = match (message.notice.step, message.severity) {
        (Step::Resolved, _) => 5,
        (_, Severity::Critical) => 2,
        (_, Severity::Warning) => 4,
        (_, Severity::Info) => 6,
    };
    let mut text = format!(
        "<{}>1 {} {host} {} {process} {} [{}",
        u16::from(settings.facility.0) * 8 + severity,
        time(message.told),
        settings.app_name,
        message.step(),
        settings.sd_id,
    );
    for (name, value) in data(message) {
        // Writing to a String cannot fail.
        let _ = write!(text, " {name}=\"{}\"", escape(&value));
    }
    text.push_str("] ");
    text.push_str(&message.title);
    for note in &message.notice.notes {
        let _ = write!(text, " | {note}");
    }
    if let Some(first) = message.actions.first() {
        let _ = write!(text, " | {first}");
    }
    for call in &message.calls {
        let _ = write!(text, " | {}", super::facts::line(call));
    }
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.into_bytes()
}

/// Structured data. Its values are short: numbers and names of ours.
fn data(message: &Message) -> Vec<(&'static str, String)> {
    let subject = &message.notice.subject;
    let mut data = vec![
        ("id", super::message::cut(subject.id(), 200)),
        ("severity", message.severity.name().to_owned()),
    ];
    match subject {
        Subject::Incident(event) => {
            data.push(("kind", event.kind.name().to_owned()));
            if let Some(offender) = event.offender {
                data.push(("offender", offender.0.to_string()));
            }
            if let Some(neighbour) = event.neighbour {
                data.push(("neighbour", neighbour.0.to_string()));
            }
            data.push(("routes", event.routes.active.to_string()));
            data.push(("peak", event.routes.peak.to_string()));
            data.push(("confidence", format!("{:.2}", event.confidence)));
        }
        Subject::Trouble(_) => data.push(("kind", "trouble".to_owned())),
    }
    for (name, set) in [
        ("drill", subject.is_drill()),
        ("test", message.notice.test),
        ("reminder", message.notice.reminder),
        ("maybe_repeat", message.notice.maybe_repeat),
    ] {
        if set {
            data.push((name, "true".to_owned()));
        }
    }
    data.push(("link", super::message::cut(&message.link, 300)));
    data
}

/// A value of structured data (RFC 5424 §6.3.3).
fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '"' | '\\' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// At most six digits after the second (RFC 5424 §6.2.3).
fn time(time: Timestamp) -> String {
    let micros = i64::try_from(time.micros()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_microsecond(micros).map_or_else(
        |_| "-".to_owned(),
        |time| time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
    )
}

impl Sink for Syslog {
    fn send(&mut self, message: &Message) -> Result<Sent, Failure> {
        let address = self.settings.address.clone();
        let failed = |error: io::Error| Failure::retry(format!("{address}: {error}"));
        let octets = match &address {
            Address::Udp(host) => self.udp(host, message).map_err(failed)?,
            Address::Unix(path) => self.unix(path, message).map_err(failed)?,
            Address::Tcp(host) => self.tcp(host, message)?,
        };
        Ok(Sent::to_all(format!(
            "{octets} octets to {address}; syslog confirms nothing"
        )))
    }

    fn deduplicates(&self) -> bool {
        false
    }

    fn preview(&self, message: &Message) -> String {
        String::from_utf8_lossy(&self.lines(message, LONGEST)).into_owned()
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) fn shown(message: &Message) -> String {
    let settings = tests::settings("unix:/dev/log");
    let octets = encode(message, &settings, "edge", "1", LONGEST);
    String::from_utf8(octets).unwrap()
}
