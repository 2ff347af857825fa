//! Who may change anything: whoever holds a token (RFC 6750).
//!
//! Only a digest of each token is kept, under a key made at each start, and compared in
//! constant time. A wrong token is answered late, one at a time, and few may wait for that;
//! whoever brings a right one does not wait at all.

use std::{
    env, fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use axum::http::{HeaderMap, StatusCode, header};
use ring::{hmac, rand::SystemRandom};
use tokio::{sync::Semaphore, time::sleep};

use super::{
    problem::{Challenge, Problem},
    web_config::{WebConfigError, read},
};

/// The setting that names the file.
pub(super) const KEY: &str = "http.token_file";
/// Tokens in a file: an old one and a new one while they are changed, and a few users.
const MOST: usize = 16;
/// A shorter one can be guessed.
const SHORTEST: usize = 16;
/// A longer one does not fit a header that is still taken.
const LONGEST: usize = 1024;
/// A wrong token is answered after this.
const LATE: Duration = Duration::from_millis(500);
/// Wrong tokens that may wait for their answer.
const MOST_WAITING: usize = 8;

/// Tokens that were given away; none changes nothing.
pub(super) struct Tokens {
    key: hmac::Key,
    tags: Vec<hmac::Tag>,
    turn: Semaphore,
    waiting: Semaphore,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("number", &self.tags.len())
            .finish_non_exhaustive()
    }
}

impl Tokens {
    /// Nobody's.
    pub(super) fn none() -> Tokens {
        Tokens {
            // Without randomness the digests are no secret, and the tokens still are.
            key: hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
                .unwrap_or_else(|_| hmac::Key::new(hmac::HMAC_SHA256, &[])),
            tags: Vec::new(),
            turn: Semaphore::new(1),
            waiting: Semaphore::new(MOST_WAITING),
        }
    }

    /// Those of a file, one on each line; empty lines and those that begin with `#` are
    /// passed over.
    pub(super) fn load(path: &Path) -> Result<Tokens, WebConfigError> {
        let path = resolved(path)?;
        let wrong = |what: String| WebConfigError::new(&path, what).of(KEY);
        let text = read(&path).map_err(|error| error.of(KEY))?;
        let mut tokens = Tokens::none();
        for (index, line) in text.lines().enumerate() {
            let token = line.trim();
            if token.is_empty() || token.starts_with('#') {
                continue;
            }
            let line = index + 1;
            if token.len() < SHORTEST {
                return Err(wrong(format!(
                    "line {line}: a token of fewer than {SHORTEST} characters can be guessed; \
                     make one with `openssl rand -hex 32`"
                )));
            }
            if token.len() > LONGEST || !token.bytes().all(is_of_a_token) {
                return Err(wrong(format!(
                    "line {line}: is no bearer token (RFC 6750): up to {LONGEST} letters, digits \
                     and -._~+/=; make one with `openssl rand -hex 32`"
                )));
            }
            tokens.tags.push(hmac::sign(&tokens.key, token.as_bytes()));
        }
        match tokens.tags.len() {
            0 => Err(wrong(
                "no token is in it; make one with `openssl rand -hex 32`".to_owned(),
            )),
            1..=MOST => Ok(tokens),
            more => Err(wrong(format!("{more} tokens are in it; {MOST} may be"))),
        }
    }

    /// Whether anybody may change anything.
    pub(super) fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    /// Lets a request pass that brings a token.
    pub(super) async fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if self.is_empty() {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "nothing can be changed here; to allow it, write a token (`openssl rand -hex 32`) \
                 to a file that only the daemon and you can read, set `token_file` in the table \
                 [http] of the configuration to it, and reload",
            ));
        }
        let Some(token) = bearer(headers) else {
            return Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "a change needs a token of `http.token_file`, sent as `Authorization: Bearer …`",
            )
            .challenge(Challenge::Token));
        };
        if self.knows(token) {
            return Ok(());
        }
        let busy = || Problem::busy("too many wrong tokens are being refused; try again later");
        let _place = self.waiting.try_acquire().map_err(|_| busy())?;
        let _turn = self.turn.acquire().await.map_err(|_| busy())?;
        sleep(LATE).await;
        Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "the token is not one of `http.token_file`",
        )
        .challenge(Challenge::OtherToken))
    }

    fn knows(&self, token: &[u8]) -> bool {
        // All of them are looked at, so that nothing shows which one it was near to.
        let is = |tag: &&hmac::Tag| hmac::verify(&self.key, token, tag.as_ref()).is_ok();
        self.tags.iter().filter(is).count() > 0
    }
}

fn is_of_a_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~+/=".contains(&octet)
}

/// The token of a request, if it brings one.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim().as_bytes())
}

/// The file itself: `credential:NAME` is what systemd was told to hand over as NAME
/// (`LoadCredential=`).
fn resolved(path: &Path) -> Result<PathBuf, WebConfigError> {
    let name = path
        .to_str()
        .and_then(|text| text.strip_prefix("credential:"));
    let Some(name) = name else {
        return Ok(path.to_owned());
    };
    let wrong = |what: &str| WebConfigError::new(path, what).of(KEY);
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        return Err(wrong("is not the name of a credential"));
    }
    match env::var_os("CREDENTIALS_DIRECTORY") {
        Some(directory) => Ok(Path::new(&directory).join(name)),
        None => Err(wrong(
            "the service manager handed no credentials over; see LoadCredential= in \
             systemd.exec(5), or name a file",
        )),
    }
}
