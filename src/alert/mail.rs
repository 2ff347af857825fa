//! Mail, over SMTP. One incident is one thread.
//!
//! The `Message-ID` comes from the notice's key and every later message refers to the first, so
//! that mail programs put them together, also over a restart and from either of two daemons. A
//! mail that is sent twice is still two mails.
//!
//! Each command of the protocol has a time limit, and a server that answers an octet at a time
//! could stretch a session without end, so a session runs on a thread of its own and is waited for
//! no longer than the limit. There is never more than one, and one for whom we owe something: while
//! the last one hangs, no other is begun.
//!
//! A mail that some recipients have is told; those who could not take it yet are tried again alone,
//! while nothing else waits.

use std::{
    fs,
    net::IpAddr,
    path::PathBuf,
    sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, sync_channel},
    thread,
    time::{Duration, SystemTime},
};

use lettre::{
    Message as Letter,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::client::{Certificate, CertificateStore, TlsParameters},
};
use ring::digest;

use super::{
    Failure, Message, Sent, Sink, html,
    message::cut,
    secret::{Secret, SecretFile},
    sink::{Missed, Owing},
    text,
};
use crate::{
    bgp::{Plain, Timestamp},
    incident::Severity,
};

mod owed;
mod session;

use owed::Owed;
use session::{Ended, Envelope, Refused, SHOWN, Session};

/// Longest subject; mail programs show less.
const SUBJECT: usize = 200;

/// Whether the session is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// After the greeting, or not at all: nothing is sent in the clear (RFC 3207).
    #[default]
    StartTls,
    /// From the first octet (RFC 8314).
    Tls,
    /// No.
    Off,
}

impl Tls {
    /// All of them, as spelled in the configuration, with the port that is usual.
    pub const NAMES: [(&'static str, Tls, u16); 3] = [
        ("starttls", Tls::StartTls, 587),
        ("tls", Tls::Tls, 465),
        ("none", Tls::Off, 25),
    ];
}

/// `[[alert.mail]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The server.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// Whether the session is encrypted.
    pub tls: Tls,
    /// Without encryption also to another host.
    pub insecure: bool,
    /// Who we are, and the file that holds the password.
    pub login: Option<(String, SecretFile)>,
    /// From whom.
    pub from: Mailbox,
    /// To whom.
    pub to: Vec<Mailbox>,
    /// What every subject begins with.
    pub subject_prefix: String,
    /// Certificates (PEM) that are trusted beside the usual ones.
    pub ca_file: Option<PathBuf>,
    /// All of one session must be done in this time.
    pub timeout: Duration,
}

/// Whether a server is on this host.
pub fn is_loopback(server: &str) -> bool {
    server == "localhost"
        || server
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Sends mail.
pub struct Mail {
    settings: Settings,
    password: Option<Secret>,
    tls: Option<TlsParameters>,
    /// The session that has not ended yet.
    pending: Option<Pending>,
    /// What some have and others do not yet.
    owed: Owed,
    /// The session for one of those.
    trial: Option<Trial>,
}

/// A session in which a recipient is sent what the others have.
struct Trial {
    key: String,
    to: String,
    ended: Receiver<Result<Ended, Failure>>,
}

fn is_of(recipient: &Mailbox, owing: &Owing) -> bool {
    recipient.email.to_string() == owing.to
}

/// A session that nobody waits for any more.
struct Pending {
    /// The key of what it sends.
    key: String,
    envelope: Envelope,
    ended: Receiver<Result<Ended, Failure>>,
}

impl Mail {
    pub(super) fn open(settings: &Settings) -> Result<Mail, String> {
        let password = settings.login.as_ref().map(|(_, file)| file.read());
        Ok(Mail {
            password: password.transpose()?,
            tls: encryption(settings)?,
            settings: settings.clone(),
            pending: None,
            owed: Owed::default(),
            trial: None,
        })
    }

    /// The last session that hung, if it has ended by now.
    fn settle(&mut self, message: &Message) -> Option<Result<Sent, Failure>> {
        let pending = self.pending.take()?;
        match pending.ended.try_recv() {
            Err(TryRecvError::Empty) => {
                self.pending = Some(pending);
                Some(Err(self.hangs()))
            }
            // It arrived after all.
            Ok(Ok(ended)) if pending.key == message.notice.key => {
                Some(self.conclude(message, &pending.envelope, ended))
            }
            _ => None,
        }
    }

    /// What it means for a message that its session ended like this.
    fn conclude(
        &mut self,
        message: &Message,
        sent: &Envelope,
        ended: Ended,
    ) -> Result<Sent, Failure> {
        let Ended { answer, refused } = ended;
        let Some(mut answer) = answer else {
            // What is wrong with all of them is mended by a person, and then it should go.
            let last = refused.into_iter().next_back();
            return Err(Failure::retry(
                last.map_or_else(String::new, |one| one.what),
            ));
        };
        let (later, never): (Vec<Refused>, Vec<Refused>) =
            refused.into_iter().partition(|one| one.later);
        let missed: Vec<String> = never.iter().map(Refused::line).collect();
        for line in &missed {
            answer = format!("{answer}; but not to {line}");
        }
        for one in &later {
            answer = format!("{answer}; not yet to {}", one.line());
        }
        if !later.is_empty() {
            let key = &message.notice.key;
            self.owed.add(key, sent, &later, message.now);
        }
        Ok(Sent {
            answer: cut(&Plain(&answer).to_string(), 2 * SHOWN),
            missed,
        })
    }

    /// Begins a session.
    fn begin(&self, envelope: &Envelope) -> Result<Receiver<Result<Ended, Failure>>, Failure> {
        let session = Session {
            settings: self.settings.clone(),
            password: self.password.clone(),
            tls: self.tls.clone(),
            envelope: envelope.clone(),
        };
        let (sender, receiver) = sync_channel(1);
        thread::Builder::new()
            .name("mail".to_owned())
            .spawn(move || {
                // Nobody may be waiting any more.
                let _ = sender.send(session.run());
            })
            .map_err(|error| Failure::retry(format!("no thread for a session: {error}")))?;
        Ok(receiver)
    }

    fn hangs(&self) -> Failure {
        let what = format!("{} does not end the session in time", self.settings.server);
        Failure {
            may_have_arrived: true,
            ..Failure::retry(what)
        }
    }
}

fn encryption(settings: &Settings) -> Result<Option<TlsParameters>, String> {
    if settings.tls == Tls::Off {
        return Ok(None);
    }
    let mut tls = TlsParameters::builder(settings.server.clone())
        .certificate_store(CertificateStore::WebpkiRoots);
    if let Some(file) = &settings.ca_file {
        let named = |error: String| format!("{}: {error}", file.display());
        let pem = fs::read(file).map_err(|error| named(error.to_string()))?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| named(error.to_string()))?;
        tls = tls.add_root_certificate(certificate);
    }
    tls.build().map(Some).map_err(|error| error.to_string())
}

/// The `Message-ID` of a key, the same for every daemon.
fn message_id(key: &str, domain: &str) -> String {
    use std::fmt::Write as _;
    let digest = digest::digest(&digest::SHA256, key.as_bytes());
    let mut id = "<leakwatch.".to_owned();
    for octet in digest.as_ref().iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(id, "{octet:02x}");
    }
    let _ = write!(id, "@{domain}>");
    id
}

/// The mail as it is sent.
fn letter(message: &Message, settings: &Settings) -> Result<Letter, String> {
    let domain = settings.from.email.domain();
    // A thread of its own where only one is tried, or a drill is played.
    let id = message_id(
        &format!("{}/{}", message.identity(), message.notice.key),
        domain,
    );
    let first = message_id(
        &format!("{}/{}", message.identity(), message.notice.thread),
        domain,
    );
    let subject = format!("{}{}", settings.subject_prefix, message.title);
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(message.told.secs());
    let mut builder = Letter::builder()
        .from(settings.from.clone())
        .subject(cut(&subject, SUBJECT))
        .date(date)
        .message_id(Some(id.clone()));
    for to in &settings.to {
        builder = builder.to(to.clone());
    }
    if id != first {
        builder = builder.in_reply_to(first.clone()).references(first);
    }
    let mut headers = vec![("Auto-Submitted", "auto-generated")];
    if message.severity == Severity::Critical && !message.is_over() {
        headers.push(("Importance", "high"));
    }
    for (name, value) in headers {
        let name =
            HeaderName::new_from_ascii(name.to_owned()).map_err(|error| error.to_string())?;
        builder = builder.raw_header(HeaderValue::new(name, value.to_owned()));
    }
    builder
        .multipart(MultiPart::alternative_plain_html(
            text::plain(message),
            html::page(message),
        ))
        .map_err(|error| error.to_string())
}

impl Sink for Mail {
    fn send(&mut self, message: &Message) -> Result<Sent, Failure> {
        if let Some(ended) = self.settle(message) {
            return ended;
        }
        let envelope = Envelope {
            to: self.settings.to.clone(),
            octets: letter(message, &self.settings)
                .map_err(Failure::give_up)?
                .formatted()
                .into(),
        };
        let receiver = self.begin(&envelope)?;
        match receiver.recv_timeout(self.settings.timeout) {
            Ok(ended) => self.conclude(message, &envelope, ended?),
            Err(RecvTimeoutError::Disconnected) => Err(Failure::retry("the session broke off")),
            Err(RecvTimeoutError::Timeout) => {
                self.pending = Some(Pending {
                    key: message.notice.key.clone(),
                    envelope,
                    ended: receiver,
                });
                Err(self.hangs())
            }
        }
    }

    fn catch_up(&mut self, now: Timestamp) -> Vec<Missed> {
        if let Some(trial) = self.trial.take() {
            match trial.ended.try_recv() {
                Err(TryRecvError::Empty) => self.trial = Some(trial),
                Ok(ended) => self.owed.tried(&trial.key, &trial.to, ended, now),
                Err(TryRecvError::Disconnected) => {
                    let ended = Err(Failure::retry("the session broke off"));
                    self.owed.tried(&trial.key, &trial.to, ended, now);
                }
            }
        }
        // While one hangs, no other is begun.
        if self.trial.is_none()
            && self.pending.is_none()
            && let Some(owing) = self.owed.next(now).cloned()
        {
            let mut to = self.settings.to.iter();
            let envelope = Envelope {
                to: to
                    .find(|one| is_of(one, &owing))
                    .cloned()
                    .into_iter()
                    .collect(),
                octets: owing.message,
            };
            match self.begin(&envelope) {
                Ok(ended) => {
                    self.trial = Some(Trial {
                        key: owing.key,
                        to: owing.to,
                        ended,
                    });
                }
                Err(failure) => self.owed.tried(&owing.key, &owing.to, Err(failure), now),
            }
        }
        self.owed.missed()
    }

    fn hand_over(&mut self) -> Vec<Owing> {
        self.owed.take()
    }

    fn take_over(&mut self, owed: Vec<Owing>) {
        for one in owed {
            if self.settings.to.iter().any(|to| is_of(to, &one)) {
                self.owed.owe(one);
            }
        }
    }

    fn deduplicates(&self) -> bool {
        false
    }

    fn preview(&self, message: &Message) -> String {
        let letter = letter(message, &self.settings);
        letter.map_or_else(
            |error| error,
            |letter| String::from_utf8_lossy(&letter.formatted()).into_owned(),
        )
    }
}

#[cfg(test)]
mod tests;

/// The mail with its boundaries named, which are made up anew for each.
#[cfg(test)]
pub(super) fn shown(message: &Message) -> String {
    let mail = letter(message, &tests::settings(25)).unwrap().formatted();
    let mail = String::from_utf8(mail).unwrap();
    let boundary = mail
        .split("boundary=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    mail.replace(boundary.unwrap(), "BOUNDARY")
}
