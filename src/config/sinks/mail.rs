//! Mail: the server, who we are there, and whom it goes to.

use std::{net::Ipv6Addr, time::Duration};

use lettre::message::Mailbox;
use toml::de::DeValue;

use super::{
    super::{
        kinds::{Count, Kind as _, string},
        problem::printable,
        reader::{Context, Reader, flag, label},
        words::path,
    },
    needed, secret, timeout,
};
use crate::alert::{
    Destination,
    mail::{Settings, Tls, is_loopback},
};

pub(super) fn read(reader: &mut Reader, context: &mut Context) -> Option<Destination> {
    let before = context.problems.count();
    let host = |value: &DeValue| {
        let text = string(value, "a host")?;
        let right = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        if text.is_empty() || text.len() > 253 || !text.chars().all(right) {
            return Err(format!("`{}` is no host", printable(text)));
        }
        if text.contains(':') && text.parse::<Ipv6Addr>().is_err() {
            return Err(format!(
                "`{}` is no host; write the port as `port`",
                printable(text)
            ));
        }
        Ok(text.to_owned())
    };
    let server = reader.read(context, "server", host);
    let server = needed(reader, context, "server", server);
    let tls = |value: &DeValue| {
        let text = string(value, "a word")?;
        let found = Tls::NAMES.iter().find(|(name, ..)| *name == text);
        found.map(|(_, tls, _)| *tls).ok_or_else(|| {
            format!(
                "`{}` is not known; write starttls, tls or none",
                printable(text)
            )
        })
    };
    let tls = reader.read(context, "tls", tls).unwrap_or_default();
    let usual = Tls::NAMES.iter().find(|(_, one, _)| *one == tls);
    let port = |value: &DeValue| Count(1..=65_535).read(value);
    let port = reader.read(context, "port", port);
    let insecure = reader.read(context, "insecure", flag).unwrap_or(false);
    let username = reader.read(context, "username", label);
    let password_file = reader.read(context, "password_file", secret);
    let from = reader.read(context, "from", mailbox);
    let from = needed(reader, context, "from", from);
    let to = reader.list(context, "to", mailbox);
    let to = needed(reader, context, "to", to).unwrap_or_default();
    let prefix = |value: &DeValue| match string(value, "a text")? {
        "" => Ok(String::new()),
        _ => label(value),
    };
    let prefix = reader.read(context, "subject_prefix", prefix);
    let ca_file = reader.read(context, "ca_file", path);
    let timeout = timeout(Duration::from_secs(30), reader, context);
    if username.is_some() != password_file.is_some() {
        reader.wrong(
            context,
            "write both `username` and `password_file`, or neither",
        );
    }
    if let Some(server) = &server
        && tls == Tls::Off
        && !insecure
        && !is_loopback(server)
    {
        let message = "`tls = \"none\"` is for a server on this host; what is sent to another can \
                       be read and changed on the way, which `insecure = true` allows";
        reader.wrong(context, message);
    }
    if to.is_empty() && context.problems.count() == before {
        reader.wrong(context, "needs `to`, at least one");
    }
    Some(Destination::Mail(Box::new(Settings {
        server: server?,
        port: port.or(usual.map(|(.., port)| *port)).unwrap_or(25),
        tls,
        insecure,
        login: username.zip(password_file),
        from: from?,
        to,
        subject_prefix: prefix.unwrap_or_else(|| "[leakwatch] ".to_owned()),
        ca_file,
        timeout,
    })))
}

/// A mailbox, in ASCII: other addresses need an extension that few servers have.
fn mailbox(value: &DeValue) -> Result<Mailbox, String> {
    let text = string(value, "an address such as \"noc@noc.example\"")?;
    let mailbox: Option<Mailbox> = text.parse().ok();
    mailbox
        .filter(|mailbox| {
            let address: &str = mailbox.email.as_ref();
            address.is_ascii() && !text.chars().any(char::is_control)
        })
        .ok_or_else(|| {
            format!(
                "`{}` is no mail address; write \"noc@noc.example\" or \"NOC <noc@noc.example>\"",
                printable(text)
            )
        })
}
