//! A webhook: the JSON document of docs/webhook.md, posted to an address.
//!
//! `Idempotency-Key` is the notice's key: a receiver that keeps the keys it has seen takes a
//! message that is sent twice as one. With a secret, `X-Leakwatch-Signature` is `v1=` and the
//! HMAC-SHA256 (RFC 2104) over the time of sending, a full stop and the body, in hexadecimal;
//! the time, in seconds, is in `X-Leakwatch-Timestamp`, so that an old message cannot be played
//! again.

use std::fmt::Write as _;

use ring::hmac;

use super::{
    Failure, Message, Sent, Sink, json,
    post::{self, Post},
    secret::{Secret, SecretFile},
};

/// `[[alert.webhook]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where to.
    pub url: Address,
    /// The secret that messages are signed with.
    pub secret_file: Option<SecretFile>,
    /// Headers that are sent along, such as `X-Tenant`.
    pub headers: Vec<(String, String)>,
    /// How.
    pub post: post::Settings,
}

/// An address, or the file that holds it where it is a secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// As it is.
    Url(String),
    /// In a file.
    File(SecretFile),
}

impl Address {
    /// The address, read from its file where it has one.
    ///
    /// # Errors
    /// In words for a person, without the address.
    pub fn read(&self) -> Result<String, String> {
        match self {
            Address::Url(url) => Ok(url.clone()),
            Address::File(file) => file.read().map(|secret| secret.expose().to_owned()),
        }
    }
}

/// Posts documents.
#[derive(Debug)]
pub struct Webhook {
    post: Post,
    secret: Option<Secret>,
    headers: Vec<(String, String)>,
}

impl Webhook {
    pub(super) fn open(settings: &Settings) -> Result<Webhook, String> {
        let secret = settings.secret_file.as_ref().map(SecretFile::read);
        Ok(Webhook {
            post: Post::new(&settings.url.read()?, &settings.post)?,
            secret: secret.transpose()?,
            headers: settings.headers.clone(),
        })
    }

    fn headers(&self, message: &Message, body: &str) -> Vec<(String, String)> {
        let mut headers = self.headers.clone();
        let mut add = |name: &str, value: String| headers.push((name.to_owned(), value));
        add("Idempotency-Key", visible(&message.notice.key));
        if let Some(secret) = &self.secret {
            let time = message.told.secs().to_string();
            add("X-Leakwatch-Signature", signature(secret, &time, body));
            add("X-Leakwatch-Timestamp", time);
        }
        headers
    }
}

/// A key as a header may hold it: visible ASCII, the rest percent-encoded.
fn visible(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    for octet in key.bytes() {
        if octet.is_ascii_graphic() && octet != b'%' {
            out.push(char::from(octet));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{octet:02X}");
        }
    }
    out
}

/// `v1=` and the signature.
fn signature(secret: &Secret, time: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let tag = hmac::sign(&key, format!("{time}.{body}").as_bytes());
    let mut text = "v1=".to_owned();
    for octet in tag.as_ref() {
        let _ = write!(text, "{octet:02x}");
    }
    text
}

impl Sink for Webhook {
    fn send(&mut self, message: &Message) -> Result<Sent, Failure> {
        let body = json::document(message).map_err(|error| Failure::give_up(error.to_string()))?;
        self.post.json(&body, &self.headers(message, &body))
    }

    fn deduplicates(&self) -> bool {
        true
    }

    fn preview(&self, message: &Message) -> String {
        json::pretty(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_over_time_and_body() {
        // From the key and data of RFC 4231, case 2, with the time in front.
        let file = std::env::temp_dir().join(format!("leakwatch-hmac-{}", std::process::id()));
        std::fs::write(&file, "Jefe\n").unwrap();
        let secret = SecretFile::Path(file.clone()).read().unwrap();
        std::fs::remove_file(file).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"Jefe");
        let plain = hmac::sign(&key, b"what do ya want for nothing?");
        assert_eq!(plain.as_ref()[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        let one = signature(&secret, "1503631321", "{}");
        assert_eq!(one.len(), 3 + 64);
        assert!(hmac::verify(&key, b"1503631321.{}", &unhex(&one[3..])).is_ok());
        assert_ne!(one, signature(&secret, "1503631322", "{}"));
        assert_ne!(one, signature(&secret, "1503631321", "{ }"));
    }

    #[test]
    fn a_key_fits_a_header() {
        assert_eq!(
            visible("leak-15169-via-701-417675/1"),
            "leak-15169-via-701-417675/1"
        );
        assert_eq!(visible("a\r\nX: é%"), "a%0D%0AX:%20%C3%A9%25");
    }

    fn unhex(text: &str) -> Vec<u8> {
        let pair = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len()).step_by(2).map(pair).collect()
    }
}
