//! One session with the server, from the greeting to the end.

use std::sync::Arc;

use lettre::{
    message::Mailbox,
    transport::smtp::{
        Error,
        authentication::{Credentials, Mechanism},
        client::{SmtpConnection, TlsParameters},
        commands::{Data, Mail as From, Rcpt},
        extension::ClientId,
    },
};

use super::{Settings, Tls};
use crate::{
    alert::{Failure, host, message::cut, secret::Secret},
    bgp::Plain,
};

/// Characters of an answer that are told.
pub(super) const SHOWN: usize = 200;

/// What is sent, to whom and by way of which server.
pub(super) struct Session {
    pub settings: Settings,
    pub password: Option<Secret>,
    pub tls: Option<TlsParameters>,
    pub envelope: Envelope,
}

/// A mail, and to whom it goes.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    pub to: Vec<Mailbox>,
    pub octets: Arc<[u8]>,
}

/// What came of it where nothing went wrong with the session as such.
#[derive(Debug)]
pub(super) struct Ended {
    /// What the server said when it took the mail; none where it took none of the recipients.
    pub answer: Option<String>,
    /// Recipients that it did not take, in order.
    pub refused: Vec<Refused>,
}

/// A recipient that the server did not take.
#[derive(Debug)]
pub(super) struct Refused {
    /// Who.
    pub to: Mailbox,
    /// What it said, in words.
    pub what: String,
    /// It may take them later (RFC 5321 §4.2.1).
    pub later: bool,
}

impl Refused {
    /// Who and why.
    pub fn line(&self) -> String {
        format!("{}: {}", self.to.email, self.what)
    }
}

impl Session {
    pub fn run(&self) -> Result<Ended, Failure> {
        let settings = &self.settings;
        // A name that is no domain is refused by many; an address is not (RFC 5321 §4.1.4).
        let domain = host::name().filter(|name| name.contains('.'));
        let hello = domain.map_or_else(ClientId::default, ClientId::Domain);
        let first = self.tls.as_ref().filter(|_| settings.tls == Tls::Tls);
        let mut smtp = SmtpConnection::connect(
            (settings.server.as_str(), settings.port),
            Some(settings.timeout),
            &hello,
            first,
            None,
        )
        .map_err(|error| self.failure("", &error))?;
        let ended = self.deliver(&mut smtp, &hello);
        if ended.as_ref().is_ok_and(|ended| ended.answer.is_some()) {
            // It has it; whether it says goodbye does not matter.
            let _ = smtp.quit();
        } else {
            smtp.abort();
        }
        ended
    }

    fn deliver(&self, smtp: &mut SmtpConnection, hello: &ClientId) -> Result<Ended, Failure> {
        let settings = &self.settings;
        if settings.tls == Tls::StartTls
            && let Some(tls) = &self.tls
        {
            if !smtp.can_starttls() {
                return Err(Failure::retry(format!(
                    "{} does not offer STARTTLS, and nothing is sent in the clear; is port {} \
                     right?",
                    settings.server, settings.port
                )));
            }
            smtp.starttls(tls, hello)
                .map_err(|error| self.failure("STARTTLS", &error))?;
        }
        if let (Some((user, _)), Some(password)) = (&settings.login, &self.password) {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            smtp.auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                .map_err(|error| self.failure("AUTH", &error))?;
        }
        smtp.command(From::new(Some(settings.from.email.clone()), Vec::new()))
            .map_err(|error| self.failure("MAIL", &error))?;
        // Whom the server does not know must not keep it from the others.
        let mut refused = Vec::new();
        for to in &self.envelope.to {
            if let Err(error) = smtp.command(Rcpt::new(to.email.clone(), Vec::new())) {
                refused.push(Refused {
                    to: to.clone(),
                    what: self.failure("RCPT", &error).what,
                    later: !error.is_permanent(),
                });
            }
        }
        if refused.len() == self.envelope.to.len() {
            let answer = None;
            return Ok(Ended { answer, refused });
        }
        smtp.command(Data)
            .map_err(|error| self.failure("DATA", &error))?;
        let said = smtp
            .message(&self.envelope.octets)
            .map_err(|error| Failure {
                // Refused, or the answer is missing.
                may_have_arrived: error.status().is_none(),
                // It may be for what stands in the mail, and be so for ever.
                of_message: error.status().is_some(),
                ..self.failure("the end of DATA", &error)
            })?;
        let text = said.message().collect::<Vec<_>>().join(" ");
        let answer = Some(format!("{} {text}", said.code()));
        Ok(Ended { answer, refused })
    }

    /// What went wrong, before anything was handed over.
    fn failure(&self, command: &str, error: &Error) -> Failure {
        let server = &self.settings.server;
        let said = cut(&Plain(&error.to_string()).to_string(), SHOWN);
        let what = if command.is_empty() {
            format!("{server}: {said}")
        } else {
            format!("{server}, {command}: {said}")
        };
        // What a password or a recipient that is not known yet needs is a person, and then the
        // mail should go; only the mail itself can be refused for good.
        if error.is_permanent() && command == "the end of DATA" {
            Failure::give_up(what)
        } else {
            Failure::retry(what)
        }
    }
}
