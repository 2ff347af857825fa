//! Basic authentication (RFC 7617) against bcrypt hashes.
//!
//! One verification costs a good part of a second by design, so it is done off the
//! threads that serve, by one thread at a time; what was right once is remembered as a
//! keyed digest. A flood of wrong passwords keeps that one thread busy and nobody who
//! is known.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::{HeaderMap, StatusCode, header};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::{hmac, rand::SystemRandom};
use tokio::sync::Semaphore;

use super::problem::{Challenge, Problem};

/// Right credentials remembered.
const MOST_KNOWN: usize = 256;
/// Log-ins that may wait for their turn.
const MOST_WAITING: usize = 8;
/// bcrypt looks at 72 octets; nobody's password is much longer.
const MOST_PASSWORD: usize = 256;
/// Compared with when the name is unknown, so that this takes as long. Of no password.
const NOBODY: &str = "$2b$10$abcdefghijklmnopqrstuuEtzrrIz4b7LbZBAHSINM3NOxfPaeaQi";

/// Who may look.
pub(super) struct Users {
    hashes: Arc<BTreeMap<String, String>>,
    /// None if the system gives no randomness; then nothing is remembered.
    key: Option<hmac::Key>,
    known: Mutex<HashSet<Vec<u8>>>,
    turn: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::web_config::Secretless(&self.hashes).fmt(f)
    }
}

impl Users {
    pub(super) fn new(hashes: BTreeMap<String, String>) -> Self {
        Users {
            hashes: Arc::new(hashes),
            key: hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok(),
            known: Mutex::default(),
            turn: Arc::new(Semaphore::new(1)),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
        }
    }

    /// Whether anybody is named; nobody is asked otherwise.
    pub(super) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Lets a request pass that brings the right name and password.
    pub(super) async fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let refused = || {
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "a name and a password of web_config's basic_auth_users are needed",
            )
            .challenge(Challenge::Password)
        };
        let (name, password) = credentials(headers).ok_or_else(refused)?;
        let digest = self.digest(&name, &password);
        if digest.as_ref().is_some_and(|digest| self.is_known(digest)) {
            return Ok(());
        }
        let busy = || Problem::busy("too many log-ins at once");
        let _place = self.waiting.try_acquire().map_err(|_| busy())?;
        let turn = Arc::clone(&self.turn)
            .acquire_owned()
            .await
            .map_err(|_| busy())?;
        let hashes = Arc::clone(&self.hashes);
        let right = tokio::task::spawn_blocking(move || {
            let hash = hashes.get(&name);
            let hash_or = hash.map_or(NOBODY, String::as_str);
            let right = bcrypt::verify(&password, hash_or).unwrap_or(false);
            drop(turn);
            right && hash.is_some()
        })
        .await
        .unwrap_or(false);
        if !right {
            return Err(refused());
        }
        if let Some(digest) = digest {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= MOST_KNOWN {
                known.clear();
            }
            known.insert(digest);
        }
        Ok(())
    }

    fn digest(&self, name: &str, password: &[u8]) -> Option<Vec<u8>> {
        let mut context = hmac::Context::with_key(self.key.as_ref()?);
        context.update(name.as_bytes());
        context.update(b":");
        context.update(password);
        Some(context.sign().as_ref().to_vec())
    }

    fn is_known(&self, digest: &[u8]) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(digest)
    }
}

fn credentials(headers: &HeaderMap) -> Option<(String, Vec<u8>)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64_STANDARD.decode(encoded.trim()).ok()?;
    let colon = decoded.iter().position(|&octet| octet == b':')?;
    let (name, password) = decoded.split_at(colon);
    let password = password.get(1..)?;
    if password.len() > MOST_PASSWORD || password.contains(&0) {
        return None;
    }
    Some((String::from_utf8(name.to_vec()).ok()?, password.to_vec()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn an_unknown_name_takes_a_verification_as_well() {
        assert!(!bcrypt::verify("", NOBODY).unwrap());
    }

    #[test]
    fn credentials_are_taken_apart_at_the_first_colon() {
        let sent = |text: &[u8]| {
            let value = format!("bAsIc {}", BASE64_STANDARD.encode(text));
            let value = HeaderValue::from_str(&value).unwrap();
            credentials(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
        };
        let found = sent(b"oncall:a:b").unwrap();
        assert_eq!(found, ("oncall".to_owned(), b"a:b".to_vec()));
        assert_eq!(sent(b"oncall"), None);
        assert_eq!(sent(b"\xff:x"), None);
        assert_eq!(sent(&[&b"oncall:"[..], &[b'x'; 300]].concat()), None);
    }
}
